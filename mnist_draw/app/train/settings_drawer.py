"""The drawer of the Train tab: every setting of a run, what was changed, and the presets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
from qtpy.QtCore import QRectF, Qt, Signal
from qtpy.QtGui import QPainter, QPaintEvent, QShowEvent
from qtpy.QtWidgets import QFrame, QInputDialog, QScrollArea, QToolButton, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command, icon_button
from mnist_draw.app.kit.controls import button_menu
from mnist_draw.app.kit.files import SETTINGS as FILES
from mnist_draw.app.kit.files import ask_open, ask_save
from mnist_draw.app.kit.layout import column, row, scrolled
from mnist_draw.app.kit.painters import image_of
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import NewestOnly
from mnist_draw.app.kit.widgets import ComboBox, explain, label, no_key, push_button
from mnist_draw.app.train.lesson_maker import LESSONS
from mnist_draw.app.train.run_words import RUN_IN_PROGRESS
from mnist_draw.app.train.setting_fields import START, SettingsSection
from mnist_draw.app.train.settings_form import SettingsForm, notifier
from mnist_draw.dataset.augmentation.augmenter import preview
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, joined, listed, pgettext
from mnist_draw.training.presets import (
    AS_IN_THE_TUTORIAL,
    Preset,
    delete_preset,
    load_settings,
    own_presets,
    save_preset,
    save_settings,
)
from mnist_draw.training.settings import SETTINGS, TrainingSettings

_EXAMPLE_COLUMNS = 8
_EXAMPLE_ROWS = 2
_TILE = 24
_GAP = 4
#: Pictures of which the sixteen are chosen.
_POOL = 2000

_Recipe = tuple[str, str | None, int]


def make_examples(recipe: str, folder: str | None, seed: int) -> np.ndarray:
    """Return sixteen varied pictures, uint8 of shape (16, 28, 28)."""
    from mnist_draw.training.epoch_pictures import digits_shown, side_of_ink

    data = load_dataset(folder)
    images = data.train_images[:_POOL]
    labels = digits_shown(data)[:_POOL]
    count = _EXAMPLE_COLUMNS * _EXAMPLE_ROWS
    return preview(recipe, images, labels, seed, count, side_of_ink(data))[:, 0]


class AugmentationView(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("augmentationView")
        sentence = _("Sixteen of the training pictures as the network will see them.")
        explain(self, _("Varied pictures"), sentence)
        self.setFixedHeight(_EXAMPLE_ROWS * (_TILE + _GAP) - _GAP)
        self.pictures: np.ndarray | None = None
        self._shown_recipe: _Recipe | None = None
        self._job = NewestOnly(lambda recipe: make_examples(*recipe), self)
        self._job.answered.connect(self._show)
        self._job.failed.connect(notifier.problem)
        self.hide()

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
                painter.fillRect(place, theme.color("track"))
            else:
                painter.drawImage(place, image_of(self.pictures[number]))


#: Columns in a row of the form.
_COLUMNS = 12
_TITLES = {
    "network": _("Network"),
    "learning": _("Learning"),
    "data": _("Data"),
    "stop": _("Stop early"),
}
_LIVE = _("Gray fields can't be changed during training.")


@contextlib.contextmanager
def _report_problems(ending: str = "") -> Iterator[None]:
    try:
        yield
    except UserError as error:
        notifier.problem(joined(str(error), ending))


class SettingsDrawer(QWidget):
    """Every setting but those of the start bar, in sections that the user opens and closes."""

    files_chosen = Signal(list)

    def __init__(self, form: SettingsForm | None = None) -> None:
        super().__init__()
        self.form = form or SettingsForm(self)
        self.setObjectName("settingsDrawer")
        self.setAccessibleName(_("All settings"))
        self.setProperty("look", "side")
        self.setAttribute(Qt.WA_StyledBackground)
        theme.follow(self, lambda: self.setFixedWidth(theme.scaled(Size.DRAWER)))
        self.close_button = icon_button("closeSettingsButton", "x", _("Close"), shortcut="F4")
        self._note = label(_LIVE, "muted", "liveNote", wraps=True)
        self.examples = AugmentationView()
        self.sections: dict[str, SettingsSection] = {}
        self._own: dict[str, TrainingSettings] = {}
        area = self._build_area()
        head = column(
            row((label(_("All settings"), "surer"), 1), self._build_files(), self.close_button),
            row(label(_("Preset"), "muted"), (self._build_presets(), 1)),
            self._build_strip(),
            self._note,
            margins=(Size.MARGIN, Size.CARD_GAP, Size.MARGIN, Size.FIELD_GAP),
        )
        column(head, (area, 1), gap=0, margins=(0, 0, 1, Size.GRID), owner=self)
        self.undo = Command(self, _("Undo"), "Ctrl+Z", self.form.undo)
        self.undo.setShortcutContext(Qt.WidgetWithChildrenShortcut)
        self.undo.serve(self.undo_button)
        self._is_beside_run = False
        self.form.follow(self, self._renew)
        self.list_presets()
        self._renew()

    # -- building

    def _build_area(self) -> QScrollArea:
        inner = QWidget()
        lines = column(
            gap=Size.CARD_GAP,
            margins=(Size.MARGIN, 0, Size.MARGIN, Size.MARGIN),
            owner=inner,
        )
        taken: dict[str, int] = {}
        for field in self.form.fields.values():
            group = field.setting.group
            columns = field.setting.columns
            if group == START:
                continue
            if group not in self.sections:
                self.sections[group] = SettingsSection(_TITLES[group], group)
                lines.addWidget(self.sections[group])
            section = self.sections[group]
            if taken.get(group, _COLUMNS) + columns > _COLUMNS:
                cells = row()
                section.rows.addLayout(cells)
                taken[group] = 0
            cells.addWidget(field, columns)
            taken[group] += columns
        self.sections["data"].rows.addWidget(self.examples)
        # What is off is folded.
        self.sections["stop"].show_body(False)
        lines.addStretch(1)
        area = scrolled(inner)
        area.setObjectName("settingsArea")
        bar = area.verticalScrollBar()

        def make_room(__: int, most: int) -> None:
            # The scroll bar takes its room from the margin, not from the fields.
            right = Size.MARGIN - (bar.sizeHint().width() if most else 0)
            lines.setContentsMargins(Size.MARGIN, 0, right, Size.MARGIN)

        bar.rangeChanged.connect(make_room)
        return area

    def _build_files(self) -> QToolButton:
        button = icon_button(
            "settingsFileButton",
            "dots-three",
            _("Settings file"),
        )
        menu = self._files = button_menu(button)
        self._open = menu.addAction(_("Open settings…"), self.open_file)
        menu.addAction(_("Save settings…"), self.save_file)
        menu.addAction(_("Open lesson…"), self._open_lesson)
        self._save_preset = menu.addAction(_("Save as preset…"), self.save_as_preset)
        self.delete = menu.addAction(_("Delete this preset"), self.delete_own_preset)
        return button

    def offer_lesson(self, make: Command) -> None:
        """Offer what makes a lesson of the settings."""
        self._files.insertAction(self._save_preset, make)

    def _build_presets(self) -> ComboBox:
        sentence = _("Set everything except the data set in one go.")
        self.presets = ComboBox("presetCombo", _("Preset"), sentence)
        self.presets.activated.connect(self._choose_preset)
        return self.presets

    def _build_strip(self) -> QFrame:
        self.strip = QFrame()
        self.strip.setObjectName("changedStrip")
        self.strip.setProperty("look", "tinted")
        self.count = FittedLabel(look="accent", name="changedLabel")
        self.undo_button = icon_button(
            "undoSettingsButton",
            "arrow-u-up-left",
            look="inline",
        )
        reset = self.form.reset_all
        self.reset_button = push_button(
            "resetSettingsButton",
            _("Reset all"),
            look="link",
            act=reset,
        )
        margins = (Size.CARD_GAP, Size.GRID, Size.GRID, Size.GRID)
        row((self.count, 1), self.undo_button, self.reset_button, margins=margins, owner=self.strip)
        # What comes and goes in it moves no field.
        theme.follow(self.strip, self._fit_strip)
        return self.strip

    def _fit_strip(self) -> None:
        self.reset_button.ensurePolished()
        high = max(self.reset_button.sizeHint().height(), self.undo_button.sizeHint().height())
        self.strip.setFixedHeight(high + 2 * Size.GRID)

    def showEvent(self, event: QShowEvent) -> None:
        # Some may have been saved in another window.
        self._own = own_presets()
        self.list_presets()
        self._renew()

    # -- showing

    def show_beside(self, a_run: bool) -> None:
        """Say next to a finished run whose settings these are."""
        self._is_beside_run = a_run
        self._renew()

    def focus_first(self) -> None:
        rate = self.form.fields["learning_rate"].widget
        (self.presets if self.presets.isEnabled() else rate).setFocus()

    def _renew(self) -> None:
        """Say what differs from the card, and at the sections from the tutorial."""
        form = self.form
        self.undo.setEnabled(form.state.can_undo)
        running = form.running
        found = form.state.differences
        said = _("Same as {preset}", preset=form.state.chosen.title)
        if found:
            said = counted("{count} changed", "{count} changed", len(found))
        self.count.setText(said)
        explain(self.count, said, listed(found.values()))
        self.strip.setVisible(not running)
        self.undo_button.setVisible(form.state.can_undo)
        self.reset_button.setVisible(bool(found))
        notes = [_LIVE] if running else [_("For the next run")] * self._is_beside_run
        if form.state.fixed:
            notes.append(_("The lesson has fixed some settings."))
        self._note.setText(joined(*notes))
        self._note.setVisible(bool(notes))
        self.presets.setEnabled(not running)
        self._open.setEnabled(not running)
        self._show_states()
        shown = form.settings()
        self.examples.show_recipe(shown.augmentation, shown.data_folder, shown.seed)
        self._show_preset()

    def _show_states(self) -> None:
        """List at each section the settings that differ from the tutorial's."""
        usual = TrainingSettings()
        shown = self.form.settings()
        for group, section in self.sections.items():
            texts = [
                setting.brief(getattr(shown, name))
                for name, setting in SETTINGS.items()
                if setting.group == group and getattr(shown, name) != getattr(usual, name)
            ]
            off = pgettext("setting", "off") if group == "stop" else ""
            section.state.setText(listed(texts) or off)

    # -- presets

    def list_presets(self) -> None:
        self.presets.clear()
        state = self.form.state
        for preset in filter(state.offers, state.presets):
            self.presets.addItem(preset.title, preset)
        if state.lesson is None:
            self.presets.insertSeparator(self.presets.count())
            for name, settings in {AS_IN_THE_TUTORIAL: TrainingSettings(), **self._own}.items():
                self.presets.addItem(name, settings)
        self._show_preset()

    def _show_preset(self) -> None:
        chosen = self.form.state.chosen
        self.presets.setCurrentIndex(self.presets.findText(chosen.title))
        # A preset of the program may have the same name in this language.
        self.delete.setVisible(self._own.get(chosen.title) == chosen.base)

    def _choose_preset(self, index: int) -> None:
        title = self.presets.itemText(index)
        chosen = self.presets.itemData(index)
        if isinstance(chosen, Preset):
            self.form.choose_preset(chosen)
        else:
            self.form.show_settings(chosen, title if title in self._own else "")

    def save_as_preset(self) -> None:
        name, chosen = QInputDialog.getText(self, _("Save as preset…"), _("Name of the preset"))
        if not chosen or not name.strip():
            return
        with _report_problems():
            name = save_preset(name, self.form.settings())
            self._own = own_presets()
            self.form.show_settings(self.form.settings(), name)
            self.list_presets()

    def delete_own_preset(self) -> None:
        name = self.form.state.chosen.title
        settings = self.form.settings()
        with _report_problems():
            delete_preset(name)
            del self._own[name]
            self.form.show_settings(settings)
            self.list_presets()
            notifier.message(_("{name} was deleted.", name=no_key(name)))

    # -- files

    def open_file(self) -> None:
        path = ask_open(self, _("Open settings…"), FILES)
        if path:
            self.open_settings(path)

    def open_settings(self, path: str) -> None:
        if not self._open.isEnabled():
            notifier.problem(RUN_IN_PROGRESS)
            return
        with _report_problems(_("The settings are unchanged.")):
            self.form.show_settings(load_settings(path))

    def _open_lesson(self) -> None:
        path = ask_open(self, _("Open lesson…"), LESSONS)
        if path:
            self.files_chosen.emit([path])

    def save_file(self) -> None:
        path = ask_save(self, _("Save settings…"), "settings.json", FILES)
        if path:
            with _report_problems():
                save_settings(path, self.form.settings())
                notifier.message(_("Saved {path}.", path=path))
