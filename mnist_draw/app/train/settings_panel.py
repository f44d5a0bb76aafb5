"""The training settings: the fields of the Train tab's side panel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt5.QtCore import QRectF, QSize, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.files import SETTINGS, ask_open, ask_save
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.latest_job import LatestJob
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain, push_button, set_look
from mnist_draw.app.train.setting_fields import (
    FileCombo,
    RuleFields,
    SettingField,
    SettingsSection,
    build_field,
)
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.errors import UserError
from mnist_draw.networks import parse_network
from mnist_draw.training.control import Change
from mnist_draw.training.presets import PRESETS, load_settings, save_settings
from mnist_draw.training.setting import settings_of
from mnist_draw.training.settings import PICTURES, TrainingSettings
from mnist_draw.training.updates import usual_learning_rate

if TYPE_CHECKING:
    from mnist_draw.library.stored_network import StoredNetwork

notifier = Notifier("settings")

_EXAMPLE_COLUMNS, _EXAMPLE_ROWS = 8, 2
_TILE = 24
_GAP = 4
#: Pictures of which the sixteen are chosen.
_POOL = 2000

_Recipe = tuple[str, str | None, int]


def make_examples(recipe: str, folder: str | None, seed: int) -> np.ndarray:
    """Return sixteen varied pictures, uint8 of shape (16, 28, 28)."""
    from mnist_draw.dataset.augmentation.augmenter import preview
    from mnist_draw.dataset.mnist import load_dataset
    from mnist_draw.training.epoch_pictures import digits_shown, side_of_ink

    data = load_dataset(folder)
    images, labels = data.train_images[:_POOL], digits_shown(data)[:_POOL]
    count = _EXAMPLE_COLUMNS * _EXAMPLE_ROWS
    return preview(recipe, images, labels, seed, count, side_of_ink(data))[:, 0]


class AugmentationView(QWidget):
    """Shows examples of an augmentation; hidden if there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augmentationView")
        explain(
            self,
            "Varied pictures",
            "Sixteen of the training pictures as the network will see them.",
        )
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setFixedHeight(self.sizeHint().height())
        self.pictures: np.ndarray | None = None
        self._shown_recipe: _Recipe | None = None
        self._job = LatestJob(lambda recipe: make_examples(*recipe), self)
        self._job.answered.connect(self._show)
        self._job.failed.connect(notifier.problem)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(
            _EXAMPLE_COLUMNS * (_TILE + _GAP) - _GAP,
            _EXAMPLE_ROWS * (_TILE + _GAP) - _GAP,
        )

    def show_recipe(self, recipe: str, folder: str | None, seed: int) -> None:
        """Show examples of a recipe once they are computed; none for ``"off"``."""
        request = (recipe, folder, seed)
        if request == self._shown_recipe:
            return
        self._shown_recipe = request
        self.setVisible(recipe != "off")
        if recipe == "off":
            self._job.stop()
        else:
            self._job.ask(request)

    def _show(self, pictures: np.ndarray) -> None:
        self.pictures = pictures
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        for number in range(_EXAMPLE_COLUMNS * _EXAMPLE_ROWS):
            row, column = divmod(number, _EXAMPLE_COLUMNS)
            place = QRectF(column * (_TILE + _GAP), row * (_TILE + _GAP), _TILE, _TILE)
            if self.pictures is None:
                painter.fillRect(place, theme.colour("track"))
                continue
            painter.drawImage(place, image_of(self.pictures[number]))


def _network_in(path: str) -> str | None:
    from mnist_draw.library.stored_network import load_trained

    return load_trained(path).network


def _data_in(path: str) -> str | None:
    from mnist_draw.dataset.mnist import load_dataset
    from mnist_draw.library.network_data import remember_data

    # Inside can show networks trained on it from now on.
    remember_data(path, load_dataset(path))
    return None


#: Reads a path when the user picks it, to report a wrong one at once; returns the network that the
#: path requires, if any.
_READ_WHEN_PICKED = {"start_model": _network_in, "data_folder": _data_in}
#: Columns in a row of the form.
_COLUMNS = 12


#: Networks in the menu of weights to start from; the dialog finds more.
_MAX_OFFERED = 30


def _classes_of(network: str) -> int:
    try:
        return parse_network(network).classes
    except UserError:
        return 0


class SettingsPanel(QWidget):
    """A field for every training setting; reads and shows ``TrainingSettings``."""

    changed = pyqtSignal(Change)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, SettingField] = {
            name: build_field(setting) for name, setting in settings_of(TrainingSettings).items()
        }
        #: Whether the learning rate differs from the update rule's usual one.
        self._own_rate = False
        self._fixed: frozenset[str] = frozenset()
        #: Effective and chosen value of settings that a run changed.
        self._effective: dict[str, tuple[Any, Any]] = {}
        self._background = Background(self)
        self._networks: tuple[StoredNetwork, ...] = ()
        self.examples = AugmentationView()
        self.sections = self._build_sections()
        margins = (Size.MARGIN, Size.CARD_GAP, Size.MARGIN, Size.FIELD_GAP)
        column(*self.sections.values(), 1, margins=margins, owner=self)
        self.sections["network"].move_summary_below()
        self._build_presets(self.sections["network"].head)
        self._build_files(self.sections["network"].head)
        self.sections["data"].rows.addWidget(self.examples)
        self.sections["network"].lead_keyboard()
        self._connect()
        self.show_settings(TrainingSettings())

    # -- building

    def _build_sections(self) -> dict[str, SettingsSection]:
        """Put the fields into rows, in the order of their declaration."""
        sections: dict[str, SettingsSection] = {}
        taken: dict[str, int] = {}
        for field in self.fields.values():
            group, columns = field.setting.group, field.setting.columns
            section = sections.setdefault(group, SettingsSection(group.capitalize(), group))
            if taken.get(group, _COLUMNS) + columns > _COLUMNS:
                cells = row()
                section.rows.addLayout(cells)
                taken[group] = 0
            cells.addWidget(field.cell, columns)
            taken[group] += columns
        return sections

    def _build_presets(self, head: QHBoxLayout) -> None:
        """Put a button for each preset into a heading."""
        self.presets: dict[str, QPushButton] = {}
        for name, preset in PRESETS.items():
            button = push_button(
                f"{preset.widget}Button",
                preset.title,
                f"Set every field: {preset.meaning}.",
                look="link",
            )
            button.clicked.connect(lambda _, preset=preset: self.show_settings(preset.settings))
            head.addWidget(button)
            button.setMinimumWidth(1)
            button.setHidden(len(self.presets) > 1)
            self.presets[name] = button

    def _build_files(self, head: QHBoxLayout) -> None:
        """Put the menu for settings files into a heading."""
        button = QToolButton()
        button.setObjectName("settingsFileButton")
        button.setProperty("look", "small")
        explain(
            button,
            "Settings file",
            "Open or save all settings as a file, which mnist-draw train --config reads too.",
        )
        set_icon(button, "dots-three", Size.SMALL_ICON)
        menu = QMenu(button)
        self.open_action = menu.addAction("Open settings …")
        self.open_action.triggered.connect(self.open_file)
        menu.addAction("Save settings …").triggered.connect(self.save_file)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.InstantPopup)
        head.addWidget(button)

    def _connect(self) -> None:
        for name, field in self.fields.items():
            if field.setting.live:
                field.changed.connect(lambda *_, name=name: self.changed.emit(self._change(name)))
            field.changed.connect(self._show_summaries)
        self.fields["update"].changed.connect(self._follow_rule)
        self.fields["learning_rate"].changed.connect(self._note_rate)
        for name in _READ_WHEN_PICKED:
            files = self.fields[name].widget
            assert isinstance(files, FileCombo)
            # Before the path is read: its own problem must stay.
            files.path_changed.connect(notifier.forget)
            files.picked.connect(partial(self._read_picked, name))
        self.fields["data_folder"].changed.connect(self._offer_networks)
        for name in ("augmentation", "data_folder", "seed"):
            self.fields[name].changed.connect(self._show_examples)
        # A change of these ends what the last run took instead of the chosen settings.
        for name in PICTURES:
            self.fields[name].changed.connect(self.show_requested)

    # -- consequences of a field

    def _show_summaries(self) -> None:
        """Summarise each section's differences from the tutorial in its heading."""
        usual = TrainingSettings().to_json()
        changes: dict[str, list[str]] = {group: [] for group in self.sections}
        for name, field in self.fields.items():
            if field.read() != usual[name]:
                setting = field.setting
                changes[setting.group].append(setting.with_mark(setting.format_value(field.read())))
        for group, section in self.sections.items():
            section.summary.setText(", ".join(changes[group]) or "as in the tutorial")

    def offer_networks(self, networks: Iterable[StoredNetwork]) -> None:
        """Offer weights to start from."""
        self._networks = tuple(networks)
        self._offer_networks()

    def _offer_networks(self) -> None:
        files = self.fields["start_model"].widget
        assert isinstance(files, FileCombo)
        # The classes of own data are unknown until they are read.
        digits = self.fields["data_folder"].read() is None
        fitting = [
            stored for stored in self._networks
            if stored.network and (not digits or _classes_of(stored.network) == len(DIGITS))
        ]  # fmt: skip
        files.offer((str(stored.path), stored.label) for stored in fitting[:_MAX_OFFERED])

    def _show_examples(self) -> None:
        values = {name: field.read() for name, field in self.fields.items()}
        self.examples.show_recipe(values["augmentation"], values["data_folder"], values["seed"])

    def _follow_rule(self) -> None:
        """Show the update rule's parameters and, unless it was changed, its usual rate."""
        rule = self.fields["update"].read()
        parameters = self.fields["update_parameters"].widget
        assert isinstance(parameters, RuleFields)
        parameters.show_rule(rule)
        if not self._own_rate:
            self.apply("learning_rate", usual_learning_rate(rule))

    def _note_rate(self) -> None:
        usual = usual_learning_rate(self.fields["update"].read())
        self._own_rate = self.fields["learning_rate"].read() != usual

    def _read_picked(self, name: str, path: str, before: str) -> None:
        """Read a picked path; adopt its network, or restore the path before."""

        def read(network: str | None) -> None:
            if network is not None and self.fields[name].read() == path:
                self.apply("network", network)

        def refuse(error: Exception) -> None:
            if self.fields[name].read() == path:
                self.apply(name, before or None)
            notifier.problem(f"{reporter.sentence(error)} The settings are as before.")

        self._background.run(partial(_READ_WHEN_PICKED[name], path), read, refuse)

    # -- settings files

    def open_file(self) -> None:
        """Let the user choose a settings file and fill the fields from it."""
        path = ask_open(self, "Open settings", SETTINGS)
        if not path:
            return
        try:
            self.show_settings(load_settings(path))
        except UserError as error:
            notifier.problem(f"{error} The fields are unchanged.")

    def save_file(self) -> None:
        """Let the user choose where to save the settings as a file."""
        path = ask_save(self, "Save settings", "settings.json", SETTINGS)
        if not path:
            return
        try:
            save_settings(path, self.settings())
        except UserError as error:
            notifier.problem(str(error))
        else:
            notifier.message(f"Saved {path}.")

    # -- values

    def settings(self) -> TrainingSettings:
        """Return the settings in the fields."""
        return TrainingSettings(**{name: self._chosen(name) for name in self.fields})

    def _chosen(self, name: str) -> Any:
        """Return the chosen value, not the one that a run took instead."""
        shown = self.fields[name].read()
        taken, chosen = self._effective.get(name, (shown, shown))
        return chosen if shown == taken else shown

    def show_effective(self, name: str, value: Any) -> None:
        """Show the value that a run takes instead of the chosen one."""
        field, chosen = self.fields[name], self._chosen(name)
        field.show(value)
        self._effective[name] = (value, chosen)
        sentence = f"{field.setting.sentence} The run takes {value:,}, not {chosen:,} as chosen."
        explain(field.widget, field.setting.title, sentence)

    def show_requested(self) -> None:
        """Show the chosen values instead of the effective ones."""
        for name in list(self._effective):
            chosen = self._chosen(name)
            self._forget_effective(name)
            self.fields[name].show(chosen)

    def _forget_effective(self, name: str) -> None:
        if self._effective.pop(name, None) is not None:
            field = self.fields[name]
            explain(field.widget, field.setting.title, field.setting.sentence)

    def show_settings(self, settings: TrainingSettings) -> None:
        for name, value in settings.to_json().items():
            self.apply(name, value)
        self._note_rate()

    def apply(self, name: str, value: Any) -> None:
        """Show another value of one setting, unless it is fixed."""
        if name not in self._fixed:
            self._forget_effective(name)
            self.fields[name].show(value)

    def fix(self, fixed: frozenset[str], hidden: frozenset[str]) -> None:
        """Lock some settings, and hide some of these."""
        self._fixed = fixed | hidden
        for name in hidden:
            self.fields[name].cell.hide()
        self.set_running(False)

    def live(self) -> Iterator[Change]:
        """Return the settings that can change during a run, with their values."""
        return (self._change(name) for name, field in self.fields.items() if field.setting.live)

    def _change(self, name: str) -> Change:
        return Change(name, self.fields[name].read())

    def set_running(self, running: bool) -> None:
        """During a run only the settings that are declared as live can be changed."""
        self.open_action.setEnabled(not running)
        for button in self.presets.values():
            button.setEnabled(not running)
        for name, field in self.fields.items():
            free = name not in self._fixed
            field.widget.setEnabled(free and (field.setting.live or not running))
            if field.setting.live:
                set_look(field.widget, "live" if running else "")
