"""Connects the Train tab to the training service."""

from __future__ import annotations

import copy
from functools import partial

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from mnist_draw.app.kit.learning import WorkQueue
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.waiting import Waiting
from mnist_draw.app.train.run_words import RUN_IN_PROGRESS
from mnist_draw.app.train.train_tab import PageName, TrainTab
from mnist_draw.app.train.training import Training, list_with_cut_off, read_digits
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.recognition.run_session import in_use
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.events import (
    BatchFinished,
    BatchSizeChosen,
    Checkpointed,
    Continued,
    Deleted,
    EpochAdded,
    EpochFinished,
    Failed,
    LayerFigures,
    Queued,
    Renamed,
    Requested,
    Rescued,
    Restored,
    Saved,
    SettingChanged,
    Started,
    StopRequested,
    Validating,
)
from mnist_draw.training.hints import Hint
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.record import load_run
from mnist_draw.training.run import Run, RunEvent, now
from mnist_draw.training.run_list import new_run_folder
from mnist_draw.training.setting import LiveValue
from mnist_draw.training.settings import SettingsError, TrainingSettings
from mnist_draw.training.twelve_digits import DigitsRead

notifier = Notifier("run", "train")
#: Tells what is refused while a run is active; its end withdraws it.
refusal = Notifier("active run", "train")

#: The preference that names the newest run that was cut off and has been offered.
_CUT_OFF = "cut_off_run"
#: So many milliseconds frequent events wait until curves, figures, and the header while the tab is
#: hidden are updated: painting takes time from the training.
_CURVES_MS = 400
_FIGURES_MS = 100
_HEADER_MS = 900


def changed_by(event: RunEvent) -> frozenset[str]:
    """Return which facts of `AppState` an event of the run changes."""
    match event:
        case BatchFinished() | Validating():
            return frozenset({"progress", "curves"})
        case EpochFinished() | Checkpointed() | LayerFigures():
            return frozenset({"progress", "curves", "epoch"})
        case DigitsRead():
            return frozenset({"digits"})
        case Continued():
            return frozenset({"run", "history"})
    return frozenset({"run", "curves"})


class RunController(QObject):
    """Starts, pauses and stops runs for the Train tab, and shows them on it.

    `show_run` shows any run as it was, `show_current` the one that is trained, or the last one.
    """

    rescued = Signal(str)
    unsaved = Signal(ModelFile)
    saved = Signal()
    #: What was asked for is on Train.
    train_requested = Signal()
    #: The class whose mistakes are wanted, by its name.
    mistakes_requested = Signal(str)

    def __init__(
        self,
        tab: TrainTab,
        training: Training,
        preferences: Preferences,
        parent: QObject | None = None,
        queue: WorkQueue | None = None,
    ) -> None:
        super().__init__(parent)
        self.tab = tab
        self.state = tab.state
        self._queue = queue or WorkQueue(self.state)
        self.training = training
        #: Whether the last run is shown at the start.
        self.shows_last = True
        self._preferences = preferences
        self.background = Background(self)
        #: What has happened is shown then, also if nothing more happens.
        self._curves_due = QTimer(self)
        self._figures_due = QTimer(self)
        #: The facts of it.
        self._changed: frozenset[str] = frozenset()
        #: The run before a requested one that has not started yet.
        self._before: Run | None = None
        self._connect()
        self._restore()

    def _connect(self) -> None:
        tab = self.tab
        page = self.tab.run_page
        tab.start_button.clicked.connect(self.start)
        tab.main.triggered.connect(self._start_or_pause)
        tab.stop.triggered.connect(self.stop)
        tab.step.triggered.connect(self.one_epoch_more)
        tab.settings.changed.connect(self._change)
        page.new_button.clicked.connect(self.show_new)
        page.hint.remedy_chosen.connect(self._apply)
        page.finished.continue_requested.connect(self._train_on)
        page.failed.remedy_chosen.connect(self._apply)
        page.finished.remedy_chosen.connect(self._apply)
        page.failed.settings_requested.connect(self._change_settings)
        for due, show in (
            (self._curves_due, partial(self.state.announce, "curves")),
            (self._figures_due, self._announce),
        ):
            due.setSingleShot(True)
            due.timeout.connect(show)
        self.training.happened.connect(self._happened)
        self.training.ended.connect(self._ended)
        self.state.follow(["entries"], self._take_entries)

    # -- requests of the user

    def start(self) -> None:
        if not self.training.running and self.tab.settings.confirm():
            form = self.tab.settings.state
            self._start(form.settings, form.chosen.like)

    def _start(self, settings: TrainingSettings, like: Run | None) -> None:
        if self._waits(settings, partial(self._start, settings, like)):
            return
        try:
            settings.validate()
            run = Run(
                new_run_folder(),
                settings,
                started=now(),
                lesson=self.state.lesson,
                origin="window",
            )
        except UserError as error:
            notifier.problem(reporter.sentence(error))
            if isinstance(error, SettingsError):
                self.tab.settings.show_error(error.setting, str(error))
            return
        self._preferences.set("training", settings.to_json())
        self._begin(run, Requested(settings, self.tab.new_run.expectation.seconds), like=like)

    def _waits(self, settings: TrainingSettings, start: partial[None], key: str = "") -> bool:
        """Start a run later where something is in its way now; return whether it waits."""
        reason = self._queue.reason
        if reason is None:
            return False
        run = Run(settings=settings)
        expectation = self.tab.new_run.expectation
        twelve = self.tab.new_run.digits.grid.twelve
        if twelve is not None:
            run.apply(twelve)
        run.apply(Queued(expectation.seconds, expectation.share))
        self._queue.put(Waiting("run", run.title, start, reason, key))
        self.state.set(run=run, shown_run=run)
        self.tab.show_page("run")
        return True

    def _start_or_pause(self) -> None:
        """Do what the button that names this key does."""
        finished = self.tab.run_page.finished
        if self.training.running or self.state.run.is_running:
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
        if self.state.run.state == "waiting":
            self._queue.cancel()
            run = Run()
            self.state.set(run=run, shown_run=run)
            self.tab.show_page("new")
        elif self.training.running and self.state.run.state != "testing":
            self.training.stop()
            self.state.run.apply(StopRequested())
            self.state.announce("run")

    def one_epoch_more(self) -> None:
        if not self.tab.step_button.isEnabled():
            return
        controls = self.training.controls
        if controls is not None:
            controls.add_epoch()
            self.state.run.apply(EpochAdded(self.state.run.epochs + 1))
            self.state.announce("run", "curves")
        else:
            self._train_on(self.state.run.epochs_done + 1)

    def _train_on(self, epochs: int) -> None:
        self.continue_run(self.state.shown_run, epochs)

    def continue_run(self, run: Run, epochs: int | None = None) -> None:
        """Continue a run from its last complete epoch, to its planned end or another one."""
        if self.training.running:
            refusal.problem(RUN_IN_PROGRESS)
            return
        settings = run.settings.replace(epochs=epochs or max(run.epochs, run.epochs_done + 1))
        if self._waits(settings, partial(self.continue_run, run, epochs), run.key):
            return
        if in_use(run.folder):
            notifier.problem(_("This run is in progress in another program; nothing was changed."))
            return
        self.tab.settings.show_run(settings)
        shown = self.state.shown_run if run.folder == self.state.shown_run.folder else run
        # The run stays as it is where it cannot be continued.
        self._begin(copy.copy(shown), Requested(settings), resume=True)

    def _begin(
        self,
        run: Run,
        requested: Requested,
        resume: bool = False,
        like: Run | None = None,
    ) -> None:
        """Show a requested run without events yet; one that is continued as it was left."""
        self._before = Run() if self.state.run.state == "waiting" else self.state.shown_run
        run.apply(requested)
        self.state.set(run=run, shown_run=run, is_training=True)
        self.training.start(run, resume, like)
        notifier.forget()
        Notifier("settings").forget()
        self.tab.show_page("run")

    def _change(self, name: str, value: LiveValue) -> None:
        controls = self.training.controls
        if controls is None:
            return
        try:
            controls.change(name, value)
        except UserError as error:
            notifier.problem(joined(str(error), _("The run continues.")))

    def _apply(self, hint: Hint) -> None:
        """Do what a hint proposes; the keyboard goes to what was made of it."""
        if hint.action == "stop":
            self.stop()
        elif hint.action == "mistakes":
            self.mistakes_requested.emit(str(hint.value))
        elif hint.action == "more":
            self._train_more(int(hint.value or 0))
        elif hint.action == "preset":
            self.tab.settings.choose_preset(PRESETS[str(hint.value)])
            self.tab.show_page("new")
            self.tab.focus_first()
        else:
            if self.state.shown_run.exists and not self.training.running:
                self.tab.settings.show_settings(self.state.shown_run.settings)
                self.tab.show_page("new")
            self.tab.settings.apply(hint.name, hint.value)
            self.tab.focus_first()

    def _train_more(self, epochs: int) -> None:
        if not self.training.running:
            self._train_on(self.state.shown_run.epochs_done + epochs)
            return
        for __ in range(epochs):
            self.one_epoch_more()

    def _change_settings(self, name: str) -> None:
        self.tab.settings.show_settings(self.state.shown_run.settings)
        self.tab.show_setting(name)

    # -- runs of before

    def show_last_run(self) -> None:
        """Show the newest run, unless another is shown; offer once one that was cut off before."""
        self.background.run(list_with_cut_off, self._offer_last_run)

    def _offer_last_run(self, listed: tuple[list[Run], Run | None]) -> None:
        runs, cut_off = listed
        if not runs or not self.shows_last:
            return
        offered = self._preferences.get(_CUT_OFF, "")
        if cut_off is not None and cut_off is not runs[0] and cut_off.folder.name != offered:
            self._preferences.set(_CUT_OFF, cut_off.folder.name)
            sentence = _("{run} was interrupted; it can be continued.", run=cut_off.title)
            notifier.undo(sentence, partial(self.show_run, cut_off), _("Show"))
        # What of it is damaged was told already.
        self.background.run(partial(load_run, runs[0].folder), self._show_last, lambda __: None)

    def _show_last(self, run: Run) -> None:
        if not self.state.run.exists and not self._is_active:
            self._show_loaded(run, to_front=self.tab.page == "new")

    def show_run(self, run: Run) -> None:
        def unread(error: Exception) -> None:
            notifier.problem(reporter.sentence(error))

        if self.shows(run):
            self.show_current()
        else:
            show = partial(self._show_loaded, to_front=True)
            self.background.run(partial(load_run, run.folder), show, unread)

    def show_current(self) -> None:
        self.state.set(shown_run=self.state.run)
        self.tab.show_page("run")

    def take_up(self, page: PageName) -> None:
        """Show the run in progress on rebuilt pages."""
        if self.training.running:
            self.tab.settings.show_run(self.state.run.settings)
        self.tab.show_page(page)

    def show_new(self) -> None:
        """Show the page of a new run; while a run is trained or waits, that run."""
        if self._is_active:
            self.show_current()
        else:
            self.tab.show_page("new")
            self.train_requested.emit()

    def _show_loaded(self, run: Run, to_front: bool) -> None:
        if not self._is_active:
            self.state.set(run=run)
        self.state.set(shown_run=run)
        self._read_digits(run)
        if to_front:
            self.tab.show_page("run")

    def _read_digits(self, run: Run) -> None:
        """Have the twelve digits read by the network of a run that has ended."""
        if not run.exists or (run.read and run.twelve):
            return

        def take(events: list[RunEvent]) -> None:
            for event in events:
                run.apply(event)
            self.state.announce("run")

        self.background.run(partial(read_digits, run), take)

    def _take_entries(self) -> None:
        """Take names from the Library, and what another window or the user has changed there."""
        listed = {entry.run.folder: entry for entry in self.state.entries if entry.run}
        for run in (self.state.run, self.state.shown_run):
            entry = listed.get(run.folder)
            if entry is not None and entry.run is not None:
                run.apply(Renamed(entry.run.name))
                if run.is_deleted:
                    run.apply(Restored(entry.run.has_checkpoint, entry.has_network))
                if self._is_outdated(run, entry.run):
                    self.background.run(partial(load_run, run.folder), self._renew)
            elif run.exists and not self.training.running:
                run.apply(Deleted())
        self.state.announce("run")

    def _is_outdated(self, run: Run, stored: Run) -> bool:
        """Whether another window or a command has changed a run since it was read."""
        is_same = (run.state, run.epochs_done, run.epochs) == (
            stored.state,
            stored.epochs_done,
            stored.epochs,
        )
        # Where its files cannot be written, this window alone knows it.
        is_kept_here = run.message is not None and run.message.severity == "problem"
        return not (is_same or is_kept_here or self.shows(run))

    def _renew(self, stored: Run) -> None:
        """Show a run as its files are now, unless they were read for nothing."""
        state = self.state
        for name, run in (("run", state.run), ("shown_run", state.shown_run)):
            if run.folder == stored.folder and self._is_outdated(run, stored):
                state.set(**{name: stored})
        if state.shown_run is stored:
            self._read_digits(stored)

    # -- events of the run

    @Slot(list)
    def _happened(self, events: list[RunEvent]) -> None:
        controls = self.training.controls
        if controls is not None:
            controls.is_watched = self.tab.isVisible()
        for event in events:
            self.state.run.apply(event)
            self._changed |= changed_by(event)
            self._pass_on(event)
            if self.state.shown_run is self.state.run:
                self._show_event(event)
        self._pulse(events)
        if "run" in self._changed:
            self._announce()
            return
        figures_ms = _FIGURES_MS if self.tab.isVisible() else _HEADER_MS
        for due, wait in ((self._curves_due, _CURVES_MS), (self._figures_due, figures_ms)):
            if not due.isActive():
                due.start(wait)

    def _announce(self) -> None:
        """Show what has happened; the curves, which take time, only with what is rare."""
        changed = self._changed
        self._changed = frozenset()
        self._figures_due.stop()
        if "run" in changed:
            self._curves_due.stop()
        else:
            changed -= {"curves"}
        self.state.announce(*changed)

    def _pass_on(self, event: RunEvent) -> None:
        """Tell the rest of the window what an event means for it."""
        match event:
            case Started():
                self._before = None
            case SettingChanged():
                controls = self.training.controls
                # Unless the user has asked for another value meanwhile.
                if controls is not None and controls.changes.get(event.name) == event.value:
                    self.tab.settings.follow_change(event.name, event.value)
            case Continued():
                self.tab.settings.show_run(event.settings)
            case Failed():
                self.tab.settings.show_error(event.setting, event.message)
                if event.unsaved is not None:
                    self.unsaved.emit(event.unsaved)
            case Rescued():
                self.saved.emit()
                self.rescued.emit(event.key)
                if not self.tab.isVisible():
                    notifier.problem(event.message)
            case Saved():
                self.saved.emit()

    def _pulse(self, events: list[RunEvent]) -> None:
        """Mark a new best epoch; asked once for all events, as it looks at every epoch."""
        ended = [event.epoch for event in events if isinstance(event, EpochFinished)]
        if not ended or self.state.shown_run is not self.state.run:
            return
        best = self.state.run.best
        if best is not None and best.epoch >= ended[0]:
            self.tab.accuracy.pulse()

    def _show_event(self, event: RunEvent) -> None:
        match event:
            case SettingChanged():
                self.tab.run_page.mark(event)
            case BatchSizeChosen():
                self.tab.settings.show_effective("batch_size", event.batch_size)

    # -- what is shown

    @property
    def _is_active(self) -> bool:
        """Whether a run waits, is trained or is being saved."""
        return self.training.running or self.state.run.is_running

    def shows(self, run: Run) -> bool:
        """Whether a run is trained in this window."""
        return self.training.running and run.folder == self.state.run.folder

    @property
    def follows_layers(self) -> bool:
        """Whether Inside has the layers of the shown run, which was trained here."""
        return self.state.shown_run is self.state.run and self.state.shown_run.was_trained_here

    def _ended(self) -> None:
        refusal.forget()
        ended = self.state.run
        self.state.set(has_unseen_end=not self.tab.isVisible())
        before = self._before
        self._before = None
        if ended.is_running:
            ended.apply(Failed(""))
        if before is not None or (ended.state in ("failed", "stopped") and not ended.has_learned):
            self._leave(ended, before or Run())
            return
        self._read_digits(ended)
        self.state.set(is_training=False)
        # An incomplete epoch is dropped.
        self.state.announce("run", "history")

    def _leave(self, ended: Run, before: Run) -> None:
        """Tell why a run has learned nothing, and show the one before."""
        if ended.message is not None:
            is_problem = ended.message.severity == "problem"
            report = notifier.problem if is_problem else notifier.message
            report(ended.message.text)
        was_shown = self.state.shown_run is ended
        shown = before if was_shown else self.state.shown_run
        self.state.set(run=before, shown_run=shown, is_training=False)
        if was_shown and before.folder != ended.folder:
            self.tab.leave_run()

    def _restore(self) -> None:
        stored = self._preferences.get("training", {})
        if stored:
            try:
                self.tab.settings.restore(TrainingSettings.from_json(stored))
            except UserError as error:
                notifier.problem(
                    joined(_("The settings of the last run are not used."), str(error)),
                )
