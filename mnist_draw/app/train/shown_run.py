"""A run as it is shown: record, state, messages; and the reader of earlier runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject

from mnist_draw.analysis.layer_inspection import CONVOLUTION_PICTURES, dead_shares
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.run_state import RunState
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined, number
from mnist_draw.library.fallbacks import fallback_key
from mnist_draw.library.stored_network import RUN, StoredNetwork, load_trained, network_of_run
from mnist_draw.recognition.run_session import in_use
from mnist_draw.recognition.twelve_digits import DigitsRead, TwelveDigits, choose_twelve
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import hints, run_list
from mnist_draw.training.hints import Hint
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.record import UNFINISHED, Run, load_history, with_figures
from mnist_draw.training.settings import TrainingSettings

notifier = Notifier("run", "train")
#: Tells what is refused while a run is active; its end withdraws it.
refusal = Notifier("active run", "train")

#: The preference that names the newest run that was cut off and has been offered.
_CUT_OFF = "cut_off_run"


@dataclass
class ShownRun:
    """A run with its state, and a network that was saved elsewhere than with it."""

    state: RunState
    run: Run | None = None
    rescued: Path | None = None
    #: Whether it was trained since the program began: its network is known, saved or not.
    is_new: bool = False
    #: What troubles it; this takes the place of the hint.
    trouble: str = ""

    @property
    def key(self) -> str:
        """By which its network is found."""
        if self.rescued is not None:
            return fallback_key(self.rescued)
        return "" if self.run is None else StoredNetwork(self.run.model, RUN, self.run.title).key

    @property
    def model(self) -> Path | None:
        if self.rescued is not None:
            return self.rescued
        stored = None if self.run is None else network_of_run(self.run)
        return stored.path if stored is not None and stored.is_saved else None

    @property
    def is_deleted(self) -> bool:
        return self.run is not None and self.rescued is None and not self.run.folder.is_dir()

    @property
    def can_be_tried(self) -> bool:
        return (self.is_new and self.state.has_learnt) or self.model is not None

    @property
    def is_whole(self) -> bool:
        """Whether the run came to its end; else it can go on."""
        return self.state.state == "finished" or self.state.reason == "diverged"

    @property
    def kept(self) -> EpochFigures | None:
        """The epoch of *Keep the best epoch*: the first with the lowest validation loss."""
        if self.run is None or not self.run.settings.keep_best:
            return None
        rows = self.state.history.epochs[: self.state.epochs_done]
        return min(rows, key=lambda row: row.validation_loss, default=None)

    def hint(self, settings: TrainingSettings) -> Hint:
        """Return its trouble, or what its curves show; the settings are those without a run."""
        state = self.state
        if self.run is not None:
            settings = self.run.settings
        if state.reason == "diverged":
            return hints.diverged(state.epoch + 1, settings)
        if self.trouble:
            return Hint(self.trouble)
        rates = [c.before for c in state.history.changes if c.name == "learning_rate"]
        began = settings.replace(learning_rate=rates[0]) if rates else settings
        return hints.read_curves(state.history.epochs, settings, state.dead, began)

    def tell_of_broken_epoch(self) -> None:
        """Say what a run that was stopped within an epoch has kept."""
        broken = self.state.broken_off
        run = self.run
        if not self.state.has_learnt:
            self.trouble = _("Stopped before the first epoch. Nothing to keep.")
        elif broken:
            weights = _("The network has its weights from its best epoch.")
            if broken == 1:
                weights = _("The network and its figures are from the middle of epoch 1.")
            elif run is None or not run.settings.keep_best:
                weights = _("The weights of epoch {epoch} were kept.", epoch=number(broken - 1))
            again = _(
                "{button} begins epoch {epoch} again.",
                button=_("Go on"),
                epoch=number(broken),
            )
            self.trouble = joined(weights, again)

    def end(self) -> None:
        """Note in the record how far the run came, and why it ended."""
        if self.run is not None:
            planned = self.run.settings.replace(epochs=max(1, self.state.epochs))
            run = replace(self.run, settings=planned, state=self.state.reason or "failed")
            self.run = with_figures(run, self.state.history)


class EarlierRuns:
    """Reads runs; ``show`` gets one as it was, and whether it was asked for."""

    def __init__(
        self,
        preferences: Preferences,
        show: Callable[[ShownRun, bool], object],
        owner: QObject,
    ) -> None:
        self._preferences = preferences
        self._show = show
        self.background = Background(owner)

    def load(self, run: Run) -> None:
        def unread(error: Exception) -> None:
            notifier.problem(reporter.sentence(error))

        self.background.run(lambda: _load(run), lambda shown: self._show(shown, True), unread)

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
                lambda: _load(runs[0]),
                lambda last: self._show(last, False),
                lambda __: None,
            )

        self.background.run(_list_with_cut_off, found)

    def read_digits(self, shown: ShownRun, then: Callable[[], object]) -> None:
        """Have the twelve digits read by the network of a run that has ended."""
        run = shown.run
        state = shown.state
        # Stopped within an epoch, the network is another one than after the epoch before.
        if run is None or (state.read and state.twelve and not state.broken_off):
            return
        folder = run.settings.data_folder
        seed = run.settings.seed
        rescued = shown.rescued

        def read() -> tuple[TwelveDigits, DigitsRead | None, tuple[float, ...]]:
            data = load_dataset(folder)
            twelve = choose_twelve(data, seed)
            try:
                model = load_trained(rescued) if rescued else network_of_run(run).load()
            except UserError:
                # The digits are shown, unread.
                return twelve, None, ()
            pictures = scale(data.validation_images[:CONVOLUTION_PICTURES])
            dead = dead_shares(model.network, model.parameters, pictures)
            return twelve, twelve.read(model.network, model.parameters), dead

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
    run = run_list.cut_off(run)
    shown = ShownRun(RunState.of_run(run, load_history(run)), run)
    if shown.state.broken_off:
        shown.tell_of_broken_epoch()
    return shown
