"""Connects the Train tab to the training service."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from mnist_draw.analysis.layer_inspection import LayerFigures
from mnist_draw.app.kit.learning import Learning
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.train.run_state import Continued, Failed, Rescued, RunEvent, RunState, Saved
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.app.train.training import Training
from mnist_draw.errors import UserError
from mnist_draw.networks import parse_network
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import hints
from mnist_draw.training.control import Change
from mnist_draw.training.events import (
    BatchFinished,
    BatchSizeChosen,
    CheckpointFailed,
    Diverged,
    EpochFinished,
    Finished,
    Parameters,
    Paused,
    SettingChanged,
    Started,
)
from mnist_draw.training.history import History
from mnist_draw.training.network_places import fallback_key
from mnist_draw.training.record import Run, with_figures
from mnist_draw.training.settings import SETTINGS, TrainingSettings

notifier = Notifier("run")

#: Seconds between updates of curves and figures by minibatches: painting takes time from the
#: training. Other events are shown at once.
_CURVES_EVERY = 0.3
_FIGURES_EVERY = 0.1


@dataclass
class _Due:
    """Updates to show once for a batch of events."""

    curves: bool = False
    figures: bool = False
    hint: bool = False
    parameters: Parameters | None = None


class RunController(QObject):
    """Starts, pauses and stops runs for the Train tab, and shows their events on it."""

    state_changed = pyqtSignal()
    #: An epoch and the parameters after it; what was measured of them.
    epoch_learnt = pyqtSignal(int, tuple)
    layers_measured = pyqtSignal(LayerFigures)
    rescued = pyqtSignal(str)
    unsaved = pyqtSignal(ModelFile)
    saved = pyqtSignal()

    def __init__(
        self,
        tab: TrainTab,
        training: Training,
        preferences: Preferences,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.tab = tab
        self.training = training
        self.state = RunState()
        #: What a run waits for, where there is learning.
        self.learning: Learning | None = None
        self._preferences = preferences
        self._curves_drawn = self._figures_shown = 0.0
        #: A requested run without events yet.
        self._awaited: RunState | None = None
        #: Its messages so far.
        self._told = ""
        tab.start_requested.connect(self.start)
        tab.pause_requested.connect(self.pause)
        tab.stop_requested.connect(self.stop)
        tab.epoch_requested.connect(self.one_epoch_more)
        tab.settings.changed.connect(self._change)
        training.happened.connect(self._happened)
        training.ended.connect(self._ended)
        self._restore()
        self.show()

    # -- requests of the user

    def start(self) -> None:
        """Start a new run with the settings of the form."""
        settings = self.tab.settings.settings()
        start, name = partial(self._start, settings), parse_network(settings.network).title
        if not self.training.running and not self._waits(name, start):
            start()

    def _start(self, settings: TrainingSettings) -> None:
        try:
            self.training.start(settings)
        except UserError as error:
            notifier.problem(reporter.sentence(error))
            return
        self._preferences.set("training", settings.to_json())
        # The next start of the program offers it again.
        self.tab.offer.withdraw()
        self._begin(settings.epochs)

    def _waits(self, name: str, start: Callable[[], object]) -> bool:
        """Start a run later where digits are being learnt now; tell whether it waits."""
        learning = self.learning
        if learning is None or not learning.running:
            return False
        learning.start_after(name, start)
        notifier.undo(f"{name} starts after learning.", learning.cancel_queued, "Cancel")
        return True

    def pause(self) -> None:
        """Pause or resume the run."""
        controls = self.training.controls
        if controls is None:
            return
        if controls.paused:
            controls.resume()
        else:
            controls.pause()

    def stop(self) -> None:
        """End the run after its minibatch."""
        if self.training.running and self.state.state != "testing":
            self.training.stop()
            self.state.stopping()
            self.show()

    def one_epoch_more(self) -> None:
        """Add an epoch to the plan, or continue the last run for one."""
        if not self.tab.step_button.isEnabled():
            return
        controls = self.training.controls
        if controls is not None:
            controls.add_epoch()
            return
        if self._waits("1 epoch more", self.one_epoch_more):
            return
        epochs = self.state.epochs_done + 1
        self.training.continue_for(epochs)
        self._begin(epochs).test_accuracy = self.state.test_accuracy

    def continue_run(self, run: Run) -> None:
        """Continue a run of the list, from its last complete epoch to its planned end."""
        if self.training.running:
            notifier.problem("A run is going on; stop it before another one is continued.")
            return
        if self._waits(run.title, partial(self.continue_run, run)):
            return
        settings = run.settings
        if run.epochs_done >= settings.epochs:
            settings = settings.replace(epochs=run.epochs_done + 1)
        self.tab.settings.show_run(settings)
        self.training.continue_run(replace(run, settings=settings))
        self._begin(settings.epochs)

    def _begin(self, epochs: int) -> RunState:
        """Await a run's first events; keep showing the last run until then."""
        self._awaited = awaited = RunState()
        awaited.epochs = epochs
        self._told = ""
        self.state.begin()
        notifier.forget()
        Notifier("settings").forget()
        self.show()
        self.tab.show_page("run")
        return awaited

    def _clear(self, awaited: RunState) -> None:
        """Clear the screen for the run whose first event has arrived."""
        stopping = self.state.state == "stopping"
        self.state, self._awaited = awaited, None
        self.state.begin()
        if stopping:
            self.state.stopping()
        settings = self.tab.settings.settings()
        self.tab.hint.show_hint(hints.read_curves([], settings))
        for card in (self.tab.loss, self.tab.accuracy):
            card.show_history(self.state.history, awaited.epochs)
        self.tab.accuracy.compare_with_tutorial(settings)

    def _change(self, change: Change) -> None:
        """Change a setting of the active run."""
        controls = self.training.controls
        if controls is None:
            return
        try:
            controls.change(change.name, change.value)
        except UserError as error:
            notifier.problem(f"{error} The run goes on as before.")

    # -- events of the run

    @pyqtSlot(list)
    def _happened(self, events: list[RunEvent]) -> None:
        due = _Due()
        for event in events:
            if (
                self._awaited is not None
                and isinstance(event, Continued)
                and len(event.history.epochs) < self.state.epochs_done
            ):
                # It continues from an earlier epoch than the last test.
                self._awaited.test_accuracy = None
            if self._awaited is not None and isinstance(event, Started | Continued):
                self._clear(self._awaited)
            self.state.apply(event)
            if self._awaited is not None and isinstance(event, Failed):
                self.state.show_failed_start()
            self._show_event(event, due)
        # Once for all events: a hint reads every epoch so far.
        if due.hint:
            self._hint()
        if due.parameters is not None:
            self.epoch_learnt.emit(self.state.epoch, due.parameters)
        now = time.monotonic()
        if due.curves or now - self._curves_drawn > _CURVES_EVERY:
            self._draw_curves()
        if due.figures or now - self._figures_shown > _FIGURES_EVERY:
            self.show()

    def _show_event(self, event: RunEvent, due: _Due) -> None:
        """Show an event, and note what to show once for all."""
        tab = self.tab
        due.figures = due.figures or not isinstance(event, BatchFinished)
        match event:
            case EpochFinished():
                due.parameters = event.parameters
                due.curves = due.hint = True
            case SettingChanged():
                self._mark(event)
                due.curves = True
            case Continued():
                if event.settings is not None:
                    tab.settings.show_run(event.settings)
                self._show_earlier()
                due.parameters = event.parameters
                due.curves = due.hint = True
            case LayerFigures():
                self.layers_measured.emit(event)
                due.hint = True
            case Diverged():
                due.hint = False
                tab.hint.show_hint(hints.diverged(event.message, tab.settings.settings()))
                notifier.problem(event.message)
            case BatchSizeChosen():
                tab.settings.show_effective("batch_size", event.batch_size)
                self._tell(event.message)
            case CheckpointFailed():
                self._tell(event.message)
            case Failed():
                notifier.problem(event.sentence)
                if event.setting:
                    tab.settings.show_error(event.setting, event.sentence)
                if event.unsaved is not None:
                    self.unsaved.emit(event.unsaved)
            case Rescued():
                notifier.problem(event.sentence)
                self.saved.emit()
                self.rescued.emit(fallback_key(event.path))
            case Paused():
                due.curves = True
            case Finished():
                due.curves = True
                self._tell_of_broken_epoch()
                self.state.finishing()
            case Saved():
                self.saved.emit()

    def _tell(self, sentence: str) -> None:
        """Report a problem; those before the first event are joined."""
        if self._awaited is not None:
            self._told = f"{self._told} {sentence}".strip()
            sentence = self._told
        notifier.problem(sentence)

    def _tell_of_broken_epoch(self) -> None:
        """Say what happened to the epoch in which the run was stopped."""
        number = self.state.broken_off
        if not number:
            return
        if not self.state.epochs_done:
            notifier.problem(
                "The run was stopped before its first epoch was complete: nothing of it is kept."
            )
            return
        network = "The network is as that epoch left it."
        if self.tab.settings.settings().keep_best:
            network = "The network is that of the best epoch."
        notifier.problem(
            f"Epoch {number} was broken off. {network} If the run is continued, epoch {number} "
            "begins again."
        )

    def _show_earlier(self) -> None:
        """Show the earlier part of a continued run."""
        for card in (self.tab.loss, self.tab.accuracy):
            card.show_history(self.state.history, self.state.epochs)
        for change in self.state.history.changes:
            self._mark(change)

    def _mark(self, change: SettingChanged) -> None:
        setting = SETTINGS[change.name]
        text = f"{setting.mark} {setting.format_value(change.value)}"
        for card in (self.tab.loss, self.tab.accuracy):
            card.mark(change.name, change.place, text)

    def shows(self, run: Run) -> bool:
        """Whether a run is active in this window."""
        return self.training.running and run.folder == self.training.folder

    def with_newest_figures(self, run: Run) -> Run:
        """Return a run, with its newest figures if it is active here."""
        if not self.shows(run) or self._awaited is not None:
            return run
        epochs = self.state.epochs or run.settings.epochs
        return replace(
            with_figures(run, self.state.history),
            settings=run.settings.replace(epochs=epochs),
            seconds=self.state.elapsed,
        )

    def history(self) -> History:
        """Return a copy of the shown run's figures."""
        return History.from_arrays(*self.state.history.to_arrays())

    def _hint(self) -> None:
        if self.state.state != "failed":
            settings = self.tab.settings.settings()
            self.tab.hint.show_hint(
                hints.read_curves(self.state.history.epochs, settings, self.state.dead)
            )

    def _draw_curves(self) -> None:
        self._curves_drawn = time.monotonic()
        for card in (self.tab.loss, self.tab.accuracy):
            card.set_planned(self.state.epochs)
            card.redraw()

    def _ended(self) -> None:
        self._awaited = None
        self.state.over()
        self._draw_curves()
        self.show()

    def show(self) -> None:
        """Show the state of the run, and enable what it allows."""
        self._figures_shown = time.monotonic()
        running = self.training.running
        self.tab.show_state(self.state, running, not running and self.training.can_continue)
        self.state_changed.emit()

    def _restore(self) -> None:
        stored = self._preferences.get("training", {})
        if stored:
            try:
                self.tab.settings.restore(TrainingSettings.from_json(stored))
            except UserError as error:
                notifier.problem(f"The settings of the last run are not used: {error}")
