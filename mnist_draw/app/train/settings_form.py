"""The fields of all training settings, which follow what is chosen and what a run takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QAbstractSpinBox, QApplication, QWidget

from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.number_fields import NumberBox
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain
from mnist_draw.app.train.form_state import Chosen, FormState, batch_size_problem
from mnist_draw.app.train.network_fields import NetworkFields
from mnist_draw.app.train.setting_fields import FileCombo, RuleFields, build_field
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, joined, number
from mnist_draw.library.network_data import remember_data
from mnist_draw.library.stored_network import StoredNetwork, load_trained
from mnist_draw.networks import parse_network
from mnist_draw.training.expectation import TRAINING
from mnist_draw.training.presets import Preset
from mnist_draw.training.repeat import settings_at_start
from mnist_draw.training.run import Run
from mnist_draw.training.setting import WholeNumber
from mnist_draw.training.settings import SETTINGS, TrainingSettings

notifier = Notifier("settings", "train")
#: What becomes of a run's changes is another subject than problems with the fields.
_after_run = Notifier("live settings", "train")


def _read_data(path: str) -> str | None:
    # Inside can show networks trained on it from now on.
    remember_data(path, load_dataset(path))
    return None


#: Reads a path when the user picks it, to report a wrong one at once; returns the network that the
#: path requires, if any.
_READ_WHEN_PICKED: dict[str, Callable[[str], str | None]] = {
    "start_model": lambda path: load_trained(path).network,
    "data_folder": _read_data,
}
#: Networks in the menu of weights to start from; the dialog finds more.
_MAX_OFFERED = 30


def _classes_of(network: str) -> int:
    try:
        return parse_network(network).classes
    except UserError:
        return 0


class SettingsForm(QObject):
    """A field for every training setting; pages place the fields."""

    #: A setting of the run in training.
    changed = Signal(str, object)
    #: Any value, its usual one, or what can be taken back.
    edited = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fields = {name: build_field(setting) for name, setting in SETTINGS.items()}
        self.state = FormState()
        #: The settings in the fields.
        self._shown = self.settings()
        #: Whether the fields are being set: that is no change by the user.
        self._showing = False
        self._background = Background(self)
        self._networks: tuple[StoredNetwork, ...] = ()
        for name, field in self.fields.items():
            field.show_value(getattr(self._shown, name))
            field.changed.connect(lambda *__, name=name: self._note(name))
        for name in _READ_WHEN_PICKED:
            files = self.fields[name].widget
            assert isinstance(files, FileCombo)
            # Before the path is read: its own problem must stay.
            files.path_changed.connect(notifier.forget)
            files.picked.connect(partial(self._read_picked, name))
        self._limit_pictures()
        for follow in (self._limit_pictures, self._offer_networks):
            self.fields["data_folder"].changed.connect(follow)
        self.restore(TrainingSettings())

    def follow(self, page: QWidget, show: Callable[[], object]) -> None:
        """Call a function after each edit while a page is visible; the page calls it when shown."""
        self.edited.connect(lambda: show() if page.isVisible() else None)

    # -- values

    def settings(self) -> TrainingSettings:
        """Return the settings in the fields; during a run, those of the run."""
        return self.state.settings

    def confirm(self) -> bool:
        """Commit the focused field when a key starts the run; return whether all are valid."""
        layers = self.fields["network"].widget
        assert isinstance(layers, NetworkFields)
        if layers.list.error is not None:
            return False
        box = QApplication.focusWidget()
        if not isinstance(box, QAbstractSpinBox):
            return True
        good = box.hasAcceptableInput()
        box.interpretText()
        return good

    def apply(self, name: str, value: Any) -> None:
        """Change one setting, unless it is fixed."""
        if name not in self.state.fixed:
            self._change(name, value)

    def show_settings(self, settings: TrainingSettings, title: str = "") -> None:
        """Show settings of a run or a file, or with a title those of a preset."""
        nearest = self.state.nearest(settings)
        base = settings if title else nearest.settings
        self._replace(Chosen(title or nearest.title, base, settings))

    def repeat(self, run: Run) -> None:
        """Show the settings with which a run began; its changes are made again."""
        settings = settings_at_start(run)
        nearest = self.state.nearest(settings)
        self._replace(Chosen(nearest.title, nearest.settings, settings, run))

    def choose_preset(self, preset: Preset) -> None:
        settings = self.state.settings_of(preset)
        self._replace(Chosen(preset.title, preset.settings, settings))

    def restore(self, settings: TrainingSettings) -> None:
        """Begin with settings; nothing can be taken back."""
        self.state.restore(settings)
        self._clear_errors()
        self._show()

    def reset_all(self) -> None:
        """Go back to the values of the card."""
        chosen = self.state.chosen
        self._choose(Chosen(chosen.title, chosen.base, chosen.base))

    def reset_to_lesson(self) -> None:
        lesson = self.state.lesson
        if lesson is not None:
            self._choose(Chosen(lesson.title, lesson.settings, lesson.settings))

    def undo(self) -> None:
        if self.state.can_undo:
            self.state.undo()
            notifier.forget()
            self._clear_errors()
            self._show()

    def _replace(self, chosen: Chosen) -> None:
        """Show other settings; say how many changes they replace, and offer to take that back."""
        lost = len(self.state.differences)
        before = self.state.settings
        self._choose(chosen)
        if lost and self.state.settings != before:
            sentence = counted(
                "{title} replaces {count} change.",
                "{title} replaces {count} changes.",
                lost,
                title=chosen.title,
            )
            notifier.undo(sentence, self.undo)

    def _choose(self, chosen: Chosen) -> None:
        self.state.choose(chosen)
        self._clear_errors()
        self._show()

    def _note(self, name: str) -> None:
        if not self._showing:
            value = self.fields[name].read()
            self._shown = self._shown.replace(**{name: value})
            self._change(name, value)

    def _change(self, name: str, value: Any) -> None:
        self.state.change(name, value)
        self._clear_errors(leave=name)
        self._show()
        if self.running:
            self.changed.emit(name, value)
        elif name in ("batch_size", "training_examples"):
            self.show_error("batch_size", batch_size_problem(self.state.settings))

    # -- fields

    def _clear_errors(self, leave: str = "") -> None:
        for name, field in self.fields.items():
            if name != leave:
                field.show_error("")

    def _show(self) -> None:
        settings = self.state.settings
        rule = self.fields["update_parameters"].widget
        assert isinstance(rule, RuleFields)
        self._showing = True
        if settings.update != rule.rule.name:
            rule.show_rule(settings.update)
            rule.show_changes(settings.update_parameters)
        for name, field in self.fields.items():
            if getattr(self._shown, name) != getattr(settings, name):
                field.show_value(getattr(settings, name))
        self._shown = settings
        self._showing = False
        found = self.state.differences
        for name, field in self.fields.items():
            field.mark(name in found)
        self.edited.emit()

    def _limit_pictures(self) -> None:
        field = self.fields["training_examples"]
        assert isinstance(field.widget, NumberBox)
        assert isinstance(field.setting, WholeNumber)
        is_mnist = self.fields["data_folder"].read() is None
        field.widget.setMaximum(TRAINING if is_mnist else field.setting.high)

    def offer_networks(self, networks: Iterable[StoredNetwork]) -> None:
        self._networks = tuple(networks)
        self._offer_networks()

    def _offer_networks(self) -> None:
        files = self.fields["start_model"].widget
        assert isinstance(files, FileCombo)
        # The classes of own data are unknown until they are read.
        digits = self.fields["data_folder"].read() is None
        fitting = [
            stored
            for stored in self._networks
            if stored.network and (not digits or _classes_of(stored.network) == len(DIGITS))
        ]
        files.offer((str(stored.path), stored.label) for stored in fitting[:_MAX_OFFERED])

    def _read_picked(self, name: str, path: str, before: str) -> None:
        """Read a picked path; adopt its network, or restore the path before."""

        def is_chosen() -> bool:
            return bool(self.fields[name].read() == path)

        def read(network: str | None) -> None:
            if network is not None and is_chosen():
                self.apply("network", network)

        def refuse(error: Exception) -> None:
            if is_chosen():
                self.apply(name, before or None)
                self.show_error(name, _("Not accepted."))
            notifier.problem(joined(reporter.sentence(error), _("The settings are unchanged.")))

        self._background.run(partial(_READ_WHEN_PICKED[name], path), read, refuse)

    def show_error(self, name: str, sentence: str) -> None:
        """Say at a field, if one is named, why no run starts, until a setting is changed."""
        if name:
            self.fields[name].show_error(sentence)

    def fix(self, fixed: frozenset[str], hidden: frozenset[str]) -> None:
        self.state.fixed = fixed | hidden
        for name in hidden:
            self.fields[name].hide()
        self._enable()
        self.edited.emit()

    # -- a run

    @property
    def running(self) -> bool:
        return self.state.run is not None

    def show_run(self, settings: TrainingSettings) -> None:
        """Show the settings of a run that is continued, until it ends."""
        self.set_running(True)
        self.state.run = settings
        self._show()

    def follow_change(self, name: str, value: Any) -> None:
        """Show a change that a run makes by itself."""
        self.state.change(name, value)
        self._show()

    def show_effective(self, name: str, value: Any) -> None:
        """Show the value that a run takes instead of the chosen one."""
        chosen = getattr(self.state.settings, name)
        self.follow_change(name, value)
        field = self.fields[name]
        said = _(
            "This run uses {taken} instead of {chosen}.",
            taken=number(value),
            chosen=number(chosen),
        )
        explain(field.widget, field.setting.title, joined(field.setting.sentence, said))

    def set_running(self, running: bool, keeps: bool = True) -> None:
        """During a run only the settings that are declared as live can be changed.

        Unless it diverged, its changes can be kept for the next run.
        """
        if running == self.running:
            return
        if running:
            self.state.run = self.state.settings
            self._clear_errors()
            _after_run.forget()
        else:
            self._end_run(keeps)
        self._enable()
        self._show()

    def _end_run(self, keeps: bool) -> None:
        kept = self.state.end_run()
        batch = self.fields["batch_size"]
        explain(batch.widget, batch.setting.title, batch.setting.sentence)
        if kept and keeps:
            self._offer_live_changes(kept)

    def _offer_live_changes(self, kept: dict[str, Any]) -> None:
        chosen = self.state.chosen

        def keep() -> None:
            now = self.state.chosen
            self._choose(Chosen(now.title, now.base, now.settings.replace(**kept)))

        name = next(iter(kept))
        setting = SETTINGS[name]
        sentence = _(
            "{setting} goes back to {value} for the next run.",
            setting=setting.title,
            value=setting.format_value(getattr(chosen.settings, name)),
        )
        button = _("Keep {value}", value=setting.format_value(kept[name]))
        if len(kept) > 1:
            sentence = counted(
                "{count} setting goes back to what it was for the next run.",
                "{count} settings go back to what they were for the next run.",
                len(kept),
            )
            button = _("Keep them")
        _after_run.undo(sentence, keep, button)

    def _enable(self) -> None:
        for name, field in self.fields.items():
            free = name not in self.state.fixed
            field.widget.setEnabled(free and (field.setting.live or not self.running))
