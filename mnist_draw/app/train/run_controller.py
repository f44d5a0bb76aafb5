"""Connects the Train tab to the training service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from mnist_draw.analysis.layer_inspection import LayerFigures
from mnist_draw.app.kit.learning import Learning
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.train.run_state import Continued, Failed, Rescued, RunEvent, RunState, Saved
from mnist_draw.app.train.shown_run import EarlierRuns, ShownRun, notifier, refusal
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.app.train.training import Training
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.library.entries import Entry
from mnist_draw.library.fallbacks import fallback_key
from mnist_draw.recognition.run_session import in_use
from mnist_draw.recognition.twelve_digits import DigitsRead
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.events import (
    BatchFinished,
    BatchSizeChosen,
    Checkpointed,
    CheckpointFailed,
    EpochFinished,
    Finished,
    SettingChanged,
    Started,
    Validating,
)
from mnist_draw.training.hints import Hint
from mnist_draw.training.history import History
from mnist_draw.training.record import Run, now, with_figures
from mnist_draw.training.setting import LiveValue
from mnist_draw.training.settings import SettingsError, TrainingSettings

#: So many milliseconds frequent events wait until curves and hint, figures, and the header while
#: the tab is hidden are updated: painting takes time from the training.
_CURVES_MS = 400
_FIGURES_MS = 100
_HEADER_MS = 900
#: After other events all is updated at once.
_FREQUENT = BatchFinished | Validating | EpochFinished | Checkpointed | DigitsRead | LayerFigures


class RunController(QObject):
    """Starts, pauses and stops runs for the Train tab, and shows them on it.

    `state` is that of the run that goes on, or of the last one. Another one that was opened
    meanwhile may be in front: `show_run` shows any run as it was, `show_current` this one again.
    """

    state_changed = pyqtSignal()
    #: An epoch and the parameters after it; what was measured of them.
    epoch_learnt = pyqtSignal(int, tuple)
    layers_measured = pyqtSignal(LayerFigures)
    rescued = pyqtSignal(str)
    unsaved = pyqtSignal(ModelFile)
    saved = pyqtSignal()
    #: What was asked for is on Train.
    train_requested = pyqtSignal()

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
        self._current = self.front = ShownRun(RunState())
        #: Whether the last run is shown at the start.
        self.shows_last = True
        #: What a run waits for, where there is learning.
        self.learning: Learning | None = None
        self._preferences = preferences
        self.earlier = EarlierRuns(preferences, self._show_loaded, self)
        #: What has happened is shown then, also if nothing more happens.
        self._curves_due = QTimer(self)
        self._figures_due = QTimer(self)
        #: The run before a requested one that has not started yet.
        self._before: ShownRun | None = None
        self._connect()
        self._restore()
        self.show()

    def _connect(self) -> None:
        tab = self.tab
        page = self.tab.run_page
        tab.start_button.clicked.connect(self.start)
        tab.main.triggered.connect(self._start_or_pause)
        tab.stop.triggered.connect(self.stop)
        tab.step.triggered.connect(self.one_epoch_more)
        tab.settings.changed.connect(self._change)
        tab.page_shown.connect(self.show)
        page.new_button.clicked.connect(self.show_new)
        page.hint.remedy_chosen.connect(self._apply)
        page.finished.continue_requested.connect(self._train_on)
        for due, show in ((self._curves_due, self._draw_curves), (self._figures_due, self.show)):
            due.setSingleShot(True)
            due.timeout.connect(show)
        self.training.happened.connect(self._happened)
        self.training.ended.connect(self._ended)

    @property
    def state(self) -> RunState:
        """The state of the run that goes on, or of the last one."""
        return self._current.state

    # -- requests of the user

    def start(self) -> None:
        if not self.training.running and self.tab.settings.confirm():
            self._start(self.tab.settings.settings())

    def _start(self, settings: TrainingSettings) -> None:
        if self._waits(settings, partial(self._start, settings)):
            return
        try:
            self.training.start(settings)
        except UserError as error:
            notifier.problem(reporter.sentence(error))
            if isinstance(error, SettingsError):
                self.tab.settings.show_error(error.setting, str(error))
            return
        self._preferences.set("training", settings.to_json())
        assert self.training.folder is not None
        self._begin(Run(self.training.folder, settings, started=now()))

    def _waits(self, settings: TrainingSettings, start: Callable[[], object]) -> bool:
        """Start a run later where digits are being learnt now; tell whether it waits."""
        learning = self.learning
        if learning is None or not learning.running:
            return False
        run = Run(Path(), settings)
        self._current = self.front = ShownRun(RunState(), run)
        self.state.wait()
        learning.start_after(run.title, start)
        self._show_front()
        self.tab.show_page("run")
        return True

    def _start_or_pause(self) -> None:
        """Do what the button that names this key does."""
        finished = self.tab.run_page.finished
        if self.training.running or self.state.busy:
            self.pause()
        elif self.tab.work_page == "new":
            self.start()
            self.train_requested.emit()
        elif finished.goes_on:
            finished.on_button.click()
            self.train_requested.emit()
        else:
            self.show_new()

    def pause(self) -> None:
        controls = self.training.controls
        if controls is None:
            return
        if controls.paused:
            controls.resume()
        else:
            controls.pause()

    def stop(self) -> None:
        """End the run after its minibatch; a run that waits does not start."""
        if self.state.state == "waiting" and self.learning is not None:
            self.learning.cancel_queued()
            self._current = self.front = ShownRun(RunState())
            self._show_front()
            self.tab.show_page("new")
        elif self.training.running and self.state.state != "testing":
            self.training.stop()
            self.state.stopping()
            self.show()

    def one_epoch_more(self) -> None:
        if not self.tab.step_button.isEnabled():
            return
        controls = self.training.controls
        if controls is not None:
            controls.add_epoch()
            self.state.add_epoch()
            self._draw_curves()
            self.show()
        else:
            self._train_on(self.state.epochs_done + 1)

    def _train_on(self, epochs: int) -> None:
        if self.front.run is not None:
            self.continue_run(self.front.run, epochs)

    def can_go_on(self, run: Run) -> bool:
        """Whether there is something to continue a run from."""
        own = run.folder == self.training.folder and self.training.can_continue
        return own or run.checkpoint.exists()

    def continue_run(self, run: Run, epochs: int | None = None) -> None:
        """Continue a run from its last complete epoch, to its planned end or another one."""
        if self.training.running:
            refusal.problem(_("A run is going on; stop it before another one is continued."))
            return
        epochs = epochs or max(run.settings.epochs, run.epochs_done + 1)
        settings = run.settings.replace(epochs=epochs)
        if self._waits(settings, partial(self.continue_run, run, epochs)):
            return
        if in_use(run.folder):
            notifier.problem(_("This run is going on elsewhere; nothing was changed."))
            return
        run = replace(run, settings=settings)
        self.tab.settings.show_run(settings)
        self.training.continue_run(run)
        self._begin(run)

    def _begin(self, run: Run) -> None:
        """Show a requested run without events yet; one that is continued as it was left."""
        before = ShownRun(RunState()) if self.state.state == "waiting" else self.front
        self._before = before
        self._current = self.front = ShownRun(RunState(run.settings), run, is_new=True)
        if before.run is not None and before.run.folder == run.folder:
            self.state.apply(Continued(before.state.history, ()))
            self.state.twelve = before.state.twelve
            self.state.read = before.state.read
        self.state.begin()
        notifier.forget()
        Notifier("settings").forget()
        self._show_front()
        self.tab.show_page("run")

    def _change(self, name: str, value: LiveValue) -> None:
        controls = self.training.controls
        if controls is None:
            return
        try:
            controls.change(name, value)
        except UserError as error:
            notifier.problem(joined(str(error), _("The run goes on as before.")))

    def _apply(self, hint: Hint) -> None:
        """Do what a hint proposes; the keyboard goes to what was made of it."""
        if self.front.run is not None and not self.training.running:
            self.tab.settings.show_settings(self.front.run.settings)
            self.tab.show_page("new")
        self.tab.settings.apply(hint.name, hint.value)
        self.tab.focus_first()

    @property
    def key(self) -> str:
        """By which the network of the run that goes on, or of the last one, is found."""
        return self._current.key

    # -- runs of before

    def show_last_run(self) -> None:
        """Show the newest run, unless a run was started meanwhile."""
        self.earlier.load_last(lambda: self.shows_last, self.show_run)

    def show_run(self, run: Run) -> None:
        if self.shows(run):
            self.show_current()
        else:
            self.earlier.load(run)

    def show_current(self) -> None:
        self.front = self._current
        self._show_front()
        self.tab.show_page("run")

    def show_new(self) -> None:
        """Show the page of a new run; while a run goes on, that run."""
        if self.training.running:
            self.show_current()
        else:
            self.tab.show_page("new")
            self.train_requested.emit()

    def _show_loaded(self, shown: ShownRun, asked: bool) -> None:
        if not asked and (self.training.running or self._current.run is not None):
            return
        assert shown.run is not None
        self.front = shown
        if not self.training.running:
            self._current = shown
            self.training.take(shown.run)
        self._show_front()
        self.earlier.read_digits(shown, self._show_read)
        if asked or self.tab.page == "new":
            self.tab.show_page("run")

    def take_names(self, entries: Sequence[Entry]) -> None:
        """Name runs as in the Library, where equal names have numbers."""
        page = self.tab.run_page
        listed = [(one.run, one.name) for one in entries if one.run]
        page.names = {(run.folder, run.title): name for run, name in listed}
        names = {run.folder: run.name for run, __ in listed}
        for shown in (self._current, self.front):
            if shown.run is not None and shown.run.folder in names:
                shown.run = replace(shown.run, name=names[shown.run.folder])
        page.show_run(self.front.run, self.training.running and self.front is self._current)

    # -- events of the run

    @pyqtSlot(list)
    def _happened(self, events: list[RunEvent]) -> None:
        for event in events:
            self.state.apply(event)
            self._note(event)
            if self.front is self._current:
                self._show_event(event)
        learnt = [event for event in events if isinstance(event, EpochFinished | Continued)]
        if learnt:
            self.epoch_learnt.emit(self.state.epoch, learnt[-1].parameters)
        if not all(isinstance(event, _FREQUENT) for event in events):
            self._draw_curves()
            self.show()
            return
        figures_ms = _FIGURES_MS if self.tab.isVisible() else _HEADER_MS
        for due, wait in ((self._curves_due, _CURVES_MS), (self._figures_due, figures_ms)):
            if not due.isActive():
                due.start(wait)

    def _draw_curves(self) -> None:
        self._curves_due.stop()
        if self.front is self._current:
            self.tab.run_page.draw_curves(self.state)
            # A hint reads every epoch so far.
            self._hint()

    def _note(self, event: RunEvent) -> None:
        """Note what an event means for the run's record, its files and its troubles."""
        current = self._current
        run = self._current.run
        match event:
            case SettingChanged() if run is not None:
                settings = run.settings.replace(**{event.name: event.value})
                changes = tuple(self.state.history.changes)
                current.run = replace(run, settings=settings, changes=changes)
            case Started():
                self._before = None
            case BatchSizeChosen():
                if run is not None:
                    settings = run.settings.replace(batch_size=event.batch_size)
                    current.run = replace(run, settings=settings)
                current.trouble = joined(current.trouble, event.message)
            case CheckpointFailed():
                # Those before the first event are joined.
                current.trouble = joined(current.trouble if self._before else "", event.message)
            case Checkpointed() | EpochFinished():
                current.trouble = ""
            case Continued() if event.settings is not None:
                self.tab.settings.show_run(event.settings)
            case Failed():
                current.trouble = event.sentence
                self.tab.settings.show_error(event.setting, event.sentence)
                if event.unsaved is not None:
                    self.unsaved.emit(event.unsaved)
            case Rescued():
                current.trouble = event.sentence
                current.rescued = event.path
                self.saved.emit()
                self.rescued.emit(fallback_key(event.path))
                if not self.tab.isVisible():
                    notifier.problem(event.sentence)
            case LayerFigures():
                self.layers_measured.emit(event)
            case Finished():
                current.tell_of_broken_epoch()
            case Saved():
                self.saved.emit()

    def _show_event(self, event: RunEvent) -> None:
        match event:
            case EpochFinished():
                best = self.state.best
                if best is not None and best.epoch == event.epoch:
                    self.tab.accuracy.pulse()
            case SettingChanged():
                self.tab.run_page.mark(event)
            case Continued():
                self.tab.run_page.show_curves(self.state)
            case BatchSizeChosen():
                self.tab.settings.show_effective("batch_size", event.batch_size)

    # -- what is shown

    def shows(self, run: Run) -> bool:
        """Whether a run is active in this window."""
        return self.training.running and run.folder == self.training.folder

    def with_newest_figures(self, run: Run) -> Run:
        """Return a run, with its newest figures if it is active here."""
        if not self.shows(run):
            return run
        epochs = self.state.epochs or run.settings.epochs
        return replace(
            with_figures(run, self.state.history),
            settings=run.settings.replace(epochs=epochs),
            seconds=self.state.elapsed,
        )

    @property
    def follows_layers(self) -> bool:
        """Whether Inside has the layers of the run in front, which was trained here."""
        return self.front is self._current and self.front.is_new

    def history(self) -> History:
        return History.from_arrays(*self.front.state.history.to_arrays())

    def _show_front(self) -> None:
        run = self.front.run
        going_on = self.training.running and self.front is self._current
        self.tab.run_page.show_run(run, going_on)
        self.tab.run_page.show_curves(self.front.state)
        self._show_read()

    def _hint(self) -> None:
        hint = self.front.hint(self.tab.settings.settings())
        if self.training.running and (hint.is_afresh or self.front is not self._current):
            # The fields are those of the run that goes on.
            hint = Hint(hint.sentence)
        self.tab.hint.show_hint(hint)

    def _ended(self) -> None:
        refusal.forget()
        shown, before, self._before = self._current, self._before, None
        shown.end()
        learnt_nothing = self.state.reason in ("failed", "stopped") and not self.state.has_learnt
        if before is not None or learnt_nothing:
            self._leave(shown, before or ShownRun(RunState()))
            return
        self.earlier.read_digits(shown, self._show_read)
        self._show_front()

    def _leave(self, shown: ShownRun, before: ShownRun) -> None:
        """Tell why a run has learnt nothing, and show the one before."""
        tell = notifier.problem if shown.state.reason == "failed" else notifier.message
        tell(shown.trouble)
        was_front = self.front is shown
        self._current = before
        is_other = before.run is None or before.run.folder != self.training.folder
        if before.run is not None and is_other:
            self.training.take(before.run)
        if was_front:
            self.front = before
        self._show_front()
        if was_front and is_other:
            self.tab.leave_run()

    def _show_read(self) -> None:
        self._hint()
        self.show()

    def show(self) -> None:
        self._figures_due.stop()
        running = self.training.running
        shown = self.front
        run = self._current.run
        epochs = self.state.epochs
        if running and run is not None and epochs > run.settings.epochs:
            self._current.run = replace(run, settings=run.settings.replace(epochs=epochs))
            self.tab.run_page.show_run(shown.run, going_on=shown is self._current)
        can_continue = not running and self.training.can_continue and shown is self._current
        if not (running and shown is self._current) and shown.run is not None:
            self.tab.run_page.show_result(shown, can_continue)
        self.tab.run_page.show_way_inside(shown)
        self.tab.show_state(self.state, shown.state, running, can_continue)
        self.state_changed.emit()

    def _restore(self) -> None:
        stored = self._preferences.get("training", {})
        if stored:
            try:
                self.tab.settings.restore(TrainingSettings.from_json(stored))
            except UserError as error:
                notifier.problem(
                    joined(_("The settings of the last run are not used."), str(error)),
                )
