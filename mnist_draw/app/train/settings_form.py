"""The training settings as the user fills them in: fields, changes, undo, a run's live values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QAbstractSpinBox, QApplication

from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.number_fields import NumberBox
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain
from mnist_draw.app.train.setting_fields import FileCombo, RuleFields, build_field
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, joined, number
from mnist_draw.library.network_data import remember_data
from mnist_draw.library.stored_network import StoredNetwork, load_trained
from mnist_draw.networks import parse_network
from mnist_draw.training.events import BatchSizeChosen
from mnist_draw.training.expectation import TRAINING
from mnist_draw.training.presets import PRESETS, Preset, differences, nearest_preset
from mnist_draw.training.run_start import batch_size_for
from mnist_draw.training.setting import WholeNumber
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.updates import usual_learning_rate

notifier = Notifier("settings", "train")
#: What a run's changes become is told apart from problems with the fields.
_after_run = Notifier("live settings", "train")


def _data_in(path: str) -> str | None:
    # Inside can show networks trained on it from now on.
    remember_data(path, load_dataset(path))
    return None


#: Reads a path when the user picks it, to report a wrong one at once; returns the network that the
#: path requires, if any.
_READ_WHEN_PICKED: dict[str, Callable[[str], str | None]] = {
    "start_model": lambda path: load_trained(path).network,
    "data_folder": _data_in,
}
#: Networks in the menu of weights to start from; the dialog finds more.
_MAX_OFFERED = 30
#: Steps that can be taken back.
_MAX_UNDO = 100


def _classes_of(network: str) -> int:
    try:
        return parse_network(network).classes
    except UserError:
        return 0


@dataclass(frozen=True)
class Chosen:
    """The settings, and those that they were changed from, with their title among the presets."""

    title: str
    base: TrainingSettings
    settings: TrainingSettings


class SettingsForm(QObject):
    """A field for every training setting; pages place the fields.

    A value that is changed during a run belongs to that run: afterwards the fields are as before.
    """

    #: A setting that can change during a run.
    changed = pyqtSignal(str, object)
    #: Any value, its usual one, or what can be taken back.
    edited = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fields = {name: build_field(setting) for name, setting in SETTINGS.items()}
        self.fixed: frozenset[str] = frozenset()
        #: Whether the learning rate is the user's own, not the usual one of rule or preset.
        self._own_rate = False
        self._at_once = False
        self.choice = Chosen("", TrainingSettings(), TrainingSettings())
        self._undo: list[Chosen] = []
        #: The field of the last step, which goes on while the keyboard is in it.
        self._last = ""
        #: What is said of a minibatch for which there are too few pictures.
        self._too_few = ""
        #: What was chosen before the run that goes on.
        self._before_run: Chosen | None = None
        self._background = Background(self)
        self._networks: tuple[StoredNetwork, ...] = ()
        self._connect()
        self._limit_pictures()
        self.restore(TrainingSettings())

    def _connect(self) -> None:
        for name, field in self.fields.items():
            if field.setting.live:
                field.changed.connect(
                    lambda *__, name=name, read=field.read: self.changed.emit(name, read()),
                )
            field.reset_requested.connect(partial(self.reset, name))
        self.fields["update"].changed.connect(self._follow_rule)
        self.fields["learning_rate"].changed.connect(self._note_rate)
        self.fields["data_folder"].changed.connect(self._offer_networks)
        self.fields["data_folder"].changed.connect(self._limit_pictures)
        for name in _READ_WHEN_PICKED:
            files = self.fields[name].widget
            assert isinstance(files, FileCombo)
            # Before the path is read: its own problem must stay.
            files.path_changed.connect(notifier.forget)
            files.picked.connect(partial(self._read_picked, name))
        for name, field in self.fields.items():
            field.changed.connect(lambda *__, name=name: self._note(name))

    # -- values

    def settings(self) -> TrainingSettings:
        """Return the settings in the fields; during a run, those of the run."""
        return TrainingSettings(**{name: field.read() for name, field in self.fields.items()})

    def confirm(self) -> bool:
        """Commit the focused field when a key starts the run; return whether it is valid."""
        box = QApplication.focusWidget()
        if not isinstance(box, QAbstractSpinBox):
            return True
        good = box.hasAcceptableInput()
        box.interpretText()
        return good

    def chosen(self) -> TrainingSettings:
        """Return the settings for the next run."""
        return self._before_run.settings if self._before_run else self.settings()

    @property
    def preset(self) -> Preset:
        """The preset with a card that they are, or are nearest to."""
        base = self.choice.base
        known = (preset for preset in PRESETS.values() if preset.settings == base)
        return next(known, None) or nearest_preset(base)

    def differences(self) -> dict[str, str]:
        """Return what was changed, and can be changed back."""
        found = differences(self.settings(), self.choice.base)
        return {name: text for name, text in found.items() if name not in self.fixed}

    def usual(self, name: str) -> Any:
        """Return the value that a setting is reset to."""
        if name == "learning_rate":
            return self._usual_rate()
        base = self.choice.base
        if name == "update_parameters" and self.fields["update"].read() != base.update:
            return {}
        return getattr(base, name)

    def apply(self, name: str, value: Any) -> None:
        """Show another value of one setting, unless it is fixed."""
        if name not in self.fixed:
            self.fields[name].show_value(value)

    def show_settings(self, settings: TrainingSettings, title: str = "") -> None:
        """Show settings of a run or a file, or with a title those of a preset."""
        nearest = nearest_preset(settings)
        base = settings if title else nearest.settings
        self._replace(title or nearest.title, base, settings)

    def choose_preset(self, preset: Preset) -> None:
        self._replace(preset.title, preset.settings, self.settings_of(preset))

    def settings_of(self, preset: Preset) -> TrainingSettings:
        """Return the settings with a preset chosen: what is fixed, and the data set, stay."""
        kept = {name: self.fields[name].read() for name in {"data_folder", *self.fixed}}
        return preset.settings.replace(**kept)

    def offers(self, preset: Preset) -> bool:
        """Whether a preset trains the kind of network that is fixed, or is chosen."""
        wanted = self.settings_of(preset).network, preset.settings.network
        kinds = {parse_network(network).kind for network in wanted}
        return len(kinds) == 1 or preset is self.preset

    def _replace(self, title: str, base: TrainingSettings, settings: TrainingSettings) -> None:
        """Show other settings; tell how many changes they replace, and how to take that back."""
        lost = len(self.differences())
        before = self.choice
        self._take_step(Chosen(title, base, settings))
        if lost and self.choice.settings != before.settings:
            sentence = counted(
                "{title} replaces {count} change.",
                "{title} replaces {count} changes.",
                lost,
                title=title,
            )
            notifier.undo(sentence, self.undo)

    def restore(self, settings: TrainingSettings) -> None:
        preset = nearest_preset(settings)
        self._take_step(Chosen(preset.title, preset.settings, settings))
        self._undo.clear()
        self.edited.emit()

    def _show(self, settings: TrainingSettings) -> None:
        values = settings.to_json()
        self._at_once = True
        try:
            # The rule brings its parameters and its rate, which come after it.
            for name in sorted(values, key=lambda name: name != "update"):
                self.apply(name, values[name])
        finally:
            self._at_once = False

    def _take_step(self, chosen: Chosen) -> None:
        """Show other settings, but what is fixed, in one step that can be taken back."""
        before = self.choice
        self.choice = replace(chosen, settings=before.settings)
        self._show(chosen.settings)
        self._note_rate()
        self._clear_errors()
        self.choice = replace(chosen, settings=self.settings())
        self._last = ""
        if before != self.choice:
            self._undo = [*self._undo, before][-_MAX_UNDO:]
        self.edited.emit()

    # -- taking back

    @property
    def can_undo(self) -> bool:
        return bool(self._undo) and self._before_run is None

    def undo(self) -> None:
        if not self.can_undo:
            return
        before = self._undo.pop()
        kept = list(self._undo)
        self._take_step(before)
        self._undo = kept
        notifier.forget()
        self.edited.emit()

    def reset(self, name: str) -> None:
        self.apply(name, self.usual(name))

    def reset_all(self) -> None:
        self._take_step(replace(self.choice, settings=self.choice.base))

    def _note(self, name: str) -> None:
        """Note a change of a field as a step, or as part of the one that goes on."""
        if self._at_once:
            return
        if self._before_run is None:
            now = self.settings()
            if now == self.choice.settings:
                return
            focus = QApplication.focusWidget()
            widget = self.fields[name].widget
            inside = focus is not None and (focus is widget or widget.isAncestorOf(focus))
            if not (inside and name == self._last):
                self._undo = [*self._undo, self.choice][-_MAX_UNDO:]
            # Its own error may be that of the value that was replaced just now.
            self._clear_errors(leave="" if isinstance(widget, FileCombo) else name)
            self._last = name
            self.choice = replace(self.choice, settings=now)
            if name in ("batch_size", "training_examples"):
                self._check_batch_size(now)
        self.edited.emit()

    def _check_batch_size(self, settings: TrainingSettings) -> None:
        """Say that the chosen pictures are too few for a minibatch."""
        before, self._too_few = self._too_few, ""
        pictures = settings.training_examples
        # How many extra digits there are is unknown.
        if pictures is not None and settings.extra_folder is None:
            try:
                size = batch_size_for(settings, pictures)
                if size != settings.batch_size:
                    self._too_few = BatchSizeChosen(size, settings.batch_size, pictures).message
            except UserError as error:
                self._too_few = str(error)
        # What else is said of the value stays.
        if self._too_few or self.fields["batch_size"].remark.text() == before:
            self.show_error("batch_size", self._too_few)

    def _clear_errors(self, leave: str = "") -> None:
        for name, field in self.fields.items():
            if name != leave:
                field.show_error("")

    # -- consequences of a field

    def _usual_rate(self) -> float:
        rule = self.fields["update"].read()
        base = self.choice.base
        return base.learning_rate if rule == base.update else usual_learning_rate(rule)

    def _follow_rule(self) -> None:
        """Show the update rule's parameters and, unless the user has an own one, its rate."""
        parameters = self.fields["update_parameters"].widget
        assert isinstance(parameters, RuleFields)
        parameters.show_rule(self.fields["update"].read())
        if not self._own_rate:
            self.apply("learning_rate", self._usual_rate())

    def _note_rate(self) -> None:
        usual = self._usual_rate(), usual_learning_rate(self.fields["update"].read())
        self._own_rate = self.fields["learning_rate"].read() not in usual

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

    def _limit_pictures(self) -> None:
        """Take no more pictures than MNIST has; data of one's own are counted by their run."""
        field = self.fields["training_examples"]
        assert isinstance(field.widget, NumberBox)
        assert isinstance(field.setting, WholeNumber)
        is_mnist = self.fields["data_folder"].read() is None
        field.widget.setMaximum(TRAINING if is_mnist else field.setting.high)

    def _read_picked(self, name: str, path: str, before: str) -> None:
        """Read a picked path; adopt its network, or restore the path before."""

        def read(network: str | None) -> None:
            if network is not None and self.fields[name].read() == path:
                self.apply("network", network)

        def refuse(error: Exception) -> None:
            if self.fields[name].read() == path:
                self.apply(name, before or None)
                self.fields[name].show_error(_("Not taken."))
            notifier.problem(joined(reporter.sentence(error), _("The settings are as before.")))

        self._background.run(partial(_READ_WHEN_PICKED[name], path), read, refuse)

    # -- a run

    def show_error(self, name: str, sentence: str) -> None:
        """Say at a field, if one is named, why no run starts, until a setting is changed."""
        if name:
            self.fields[name].show_error(sentence)

    def fix(self, fixed: frozenset[str], hidden: frozenset[str]) -> None:
        self.fixed = fixed | hidden
        for name in hidden:
            self.fields[name].cell.hide()
        self._enable()
        self.edited.emit()

    @property
    def running(self) -> bool:
        return self._before_run is not None

    def show_run(self, settings: TrainingSettings) -> None:
        """Show the settings of a run that is continued, until it ends."""
        self.set_running(True)
        self._show(settings)
        self.edited.emit()

    def show_effective(self, name: str, value: Any) -> None:
        """Show the value that a run takes instead of the chosen one."""
        field = self.fields[name]
        chosen = self.fields[name].read()
        field.show_value(value)
        said = _(
            "The run takes {taken}, not {chosen} as chosen.",
            taken=number(value),
            chosen=number(chosen),
        )
        explain(field.widget, field.setting.title, joined(field.setting.sentence, said))

    def set_running(self, running: bool, keeps: bool = True) -> None:
        """During a run only the settings that are declared as live can be changed.

        Unless it diverged, its changes can be kept for the next run.
        """
        if running and self._before_run is None:
            self._before_run = self.choice
            self._clear_errors()
            _after_run.forget()
        elif not running and self._before_run is not None:
            self._end_run(self._before_run, keeps)
        else:
            return
        self._enable()
        self.edited.emit()

    def _end_run(self, before: Chosen, keeps: bool) -> None:
        """Show the settings from before the run; offer to keep its live changes."""
        live = [
            name
            for name, field in self.fields.items()
            if field.setting.live and field.read() != getattr(before.settings, name)
        ]
        kept = {name: self.fields[name].read() for name in live}
        self._show(before.settings)
        self._before_run = None
        self._note_rate()
        batch = self.fields["batch_size"]
        explain(batch.widget, batch.setting.title, batch.setting.sentence)
        if kept and keeps:
            self._tell_of_live(kept, before.settings)

    def _tell_of_live(self, kept: dict[str, Any], before: TrainingSettings) -> None:
        def keep() -> None:
            self._take_step(replace(self.choice, settings=self.settings().replace(**kept)))

        name = next(iter(kept))
        setting = SETTINGS[name]
        was, now = (setting.format_value(value) for value in (getattr(before, name), kept[name]))
        sentence = _(
            "{setting} goes back to {value} for the next run.",
            setting=setting.title,
            value=was,
        )
        button = _("Keep {value}", value=now)
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
            free = name not in self.fixed
            field.widget.setEnabled(free and (field.setting.live or not self.running))
            field.reset.setEnabled(field.widget.isEnabled())
