"""Runs of before, read off the GUI thread: as they were, and what their networks read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.analysis.layer_inspection import CONVOLUTION_PICTURES, dead_shares
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.run_state import RunState, ShownRun
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.i18n import _
from mnist_draw.library.stored_network import load_trained
from mnist_draw.recognition.run_session import in_use
from mnist_draw.recognition.twelve_digits import DigitsRead, TwelveDigits, choose_twelve
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import run_list
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.record import UNFINISHED, Run, load_history

notifier = Notifier("run")

#: The preference that names the newest run that was cut off and has been offered.
_CUT_OFF = "cut_off_run"


class EarlierRuns(QObject):
    #: A run as it was, and whether it was asked for.
    loaded = pyqtSignal(ShownRun, bool)

    def __init__(self, preferences: Preferences, parent: QObject) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.background = Background(self)

    def load(self, run: Run) -> None:
        def unread(error: Exception) -> None:
            notifier.problem(reporter.sentence(error))

        self.background.run(lambda: _load(run), lambda shown: self.loaded.emit(shown, True), unread)

    def load_last(self, wanted: Callable[[], bool], show: Callable[[Run], object]) -> None:
        """Load the newest run if it is wanted; offer to show one that was cut off before, once."""

        def found(listed: tuple[list[Run], Run | None]) -> None:
            runs, cut = listed
            if not runs or not wanted():
                return
            told = self._preferences.get(_CUT_OFF, "")
            if cut is not None and cut is not runs[0] and cut.folder.name != told:
                self._preferences.set(_CUT_OFF, cut.folder.name)
                sentence = _("{run} was cut off; it can go on.", run=cut.title)
                notifier.undo(sentence, partial(show, cut), _("Show"))
            # What of it is damaged was told already.
            self.background.run(
                lambda: _load(runs[0]), lambda last: self.loaded.emit(last, False), lambda __: None
            )

        self.background.run(_list_with_cut_off, found)

    def read_digits(self, shown: ShownRun, then: Callable[[], object]) -> None:
        """Have the twelve digits read by the network of a run that has ended."""
        run, state = shown.run, shown.state
        # Stopped within an epoch, the network is another one than after the epoch before.
        if run is None or (state.read and state.twelve and not state.broken_off):
            return
        folder, seed, path = run.settings.data_folder, run.settings.seed, shown.model

        def read() -> tuple[TwelveDigits, DigitsRead | None, tuple[float, ...]]:
            data = load_dataset(folder)
            twelve = choose_twelve(data, seed)
            try:
                if path is not None:
                    model = load_trained(path)
                    network, parameters = model.network, model.parameters
                else:
                    network = run.settings.network
                    parameters = load_checkpoint(run.checkpoint).parameters
            except UserError:
                # The digits are shown, unread.
                return twelve, None, ()
            pictures = scale(data.validation_images[:CONVOLUTION_PICTURES])
            dead = dead_shares(network, parameters, pictures)
            return twelve, twelve.read(network, parameters), dead

        def take(answer: tuple[TwelveDigits, DigitsRead | None, tuple[float, ...]]) -> None:
            state.twelve, state.read, state.dead = answer
            then()

        def unread(__: Exception) -> None:
            # A data set that is gone says so where it is chosen.
            state.has_no_digits = state.twelve is None
            then()

        self.background.run(read, take, unread)


def _list_with_cut_off() -> tuple[list[Run], Run | None]:
    """List all runs, and return the newest that was cut off and can go on."""
    runs = run_list.list_runs()[0]
    left = (run for run in runs if run.state in UNFINISHED and run.checkpoint.exists())
    return runs, next((run for run in left if not in_use(run.folder)), None)


def _load(run: Run) -> ShownRun:
    """Return a run with its figures; one that was cut off is as its checkpoint has it."""
    if run.state == "running":
        run = run_list.cut_off(run)
    return ShownRun(RunState.of_run(run, load_history(run)), run)
