"""Events of a run, and the run's state computed from them; without Qt."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from mnist_draw.analysis.layer_inspection import LayerFigures
from mnist_draw.i18n import _, counted, number
from mnist_draw.recognition.twelve_digits import DigitsRead, TwelveDigits
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.events import (
    BatchFinished,
    BatchSizeChosen,
    Checkpointed,
    CheckpointFailed,
    Compiling,
    Diverged,
    EpochFinished,
    Event,
    Finished,
    Parameters,
    Paused,
    Resumed,
    SettingChanged,
    Started,
    Tested,
    Testing,
    Validating,
)
from mnist_draw.training.history import EpochFigures, History
from mnist_draw.training.record import Run
from mnist_draw.training.settings import PICTURES, PLACES, TrainingSettings


@dataclass(frozen=True)
class Saved:
    """The run's network is on disk."""

    path: Path


@dataclass(frozen=True)
class Rescued:
    """The run's network is on disk, but not with its run."""

    path: Path
    sentence: str


@dataclass(frozen=True, eq=False)
class Failed:
    """The run ended with an error."""

    sentence: str
    unsaved: ModelFile | None = None
    #: The setting that must be another one for the run to start; empty if none is known.
    setting: str = ""


@dataclass(frozen=True, eq=False)
class Continued:
    """A continued run as it was left."""

    history: History
    parameters: Parameters
    #: Those of the run, changes during it included.
    settings: TrainingSettings | None = None


#: Test accuracy of the tutorial's network after 20 epochs, in percent.
TUTORIAL_ACCURACY = 98.29
#: Settings that change the network or its data from the tutorial's.
_TUTORIAL = {"network", *PICTURES, *PLACES}


def is_like_tutorial(settings: TrainingSettings) -> bool:
    """Whether network and data are the tutorial's."""
    usual = TrainingSettings()
    return all(getattr(settings, name) == getattr(usual, name) for name in _TUTORIAL)


RunEvent = Event | LayerFigures | Saved | Rescued | Failed | Continued | TwelveDigits | DigitsRead


#: The speed is the mean over this many minibatches.
_SPEED_OVER = 50

#: States of an active run; a waiting one starts when the taught digits are learnt.
BUSY = (
    "waiting",
    "loading",
    "compiling",
    "training",
    "paused",
    "validating",
    "testing",
    "stopping",
)
#: States that are usually over at once; their words appear where they last.
PASSING = ("loading", "compiling", "testing", "stopping")
_GETTING_READY = _("Getting ready")


class RunState:
    """Figures, progress and state of the active or last run."""

    def __init__(self, settings: TrainingSettings | None = None) -> None:
        self.state = "idle"
        self.label = _("Ready")
        #: With the part before the run was continued.
        self.history = History()
        #: Shares of each layer's silent units after the last epoch.
        self.dead: tuple[float, ...] = ()
        self.epoch = self.batch = self.batches = self.batch_size = 0
        self.epochs = 0 if settings is None else settings.epochs
        self._has_own_data = settings is not None and settings.data_folder is not None
        self.test_accuracy: float | None = None
        #: The epoch in which the run was stopped, if it was.
        self.broken_off = 0
        #: Minibatches learnt of an epoch that is not complete.
        self._learnt = 0
        self._seconds: deque[float] = deque(maxlen=_SPEED_OVER)
        self._epoch_seconds: float | None = None
        self._since_epoch = 0.0
        self._done = False
        #: Why the run ended: one of `mnist_draw.training.record.STATE_WORDS`, empty before.
        self.reason = ""
        #: The test digits that are read after each epoch, what was read, and which turned right.
        self.twelve: TwelveDigits | None = None
        self.read: DigitsRead | None = None
        #: Whether the data set is gone, and with it these digits.
        self.has_no_digits = False

    @classmethod
    def of_run(cls, run: Run, history: History) -> RunState:
        state = cls(run.settings)
        state._take_earlier(history)
        state.broken_off = int(state.has_learnt and not run.epochs_done)
        state.test_accuracy = history.test_accuracy
        state.end(run.state)
        return state

    @property
    def tested_on(self) -> tuple[int, bool]:
        """How many test pictures there are, 0 where that is not known; whether they are digits."""
        if self.twelve is not None:
            return self.twelve.of, self.twelve.shows_digits
        return (0, False) if self._has_own_data else (10_000, True)

    @property
    def has_learnt(self) -> bool:
        """Whether there is a network with figures, if only from within epoch 1."""
        return bool(self.history.epochs)

    @property
    def epochs_done(self) -> int:
        """Complete epochs, as in the list of runs: a first one that was stopped within is none."""
        return 0 if self.broken_off == 1 else len(self.history.epochs)

    @property
    def training_loss(self) -> float | None:
        """Mean loss of the epoch's minibatches so far, in nats."""
        return self._mean_so_far(self.history.batch_losses, "training_loss")

    @property
    def training_accuracy(self) -> float | None:
        """Share of right answers in the epoch's minibatches so far, 0 to 1."""
        return self._mean_so_far(self.history.batch_accuracies, "training_accuracy")

    @property
    def validation_loss(self) -> float | None:
        return self._of_last_epoch("validation_loss")

    @property
    def validation_accuracy(self) -> float | None:
        return self._of_last_epoch("validation_accuracy")

    @property
    def best(self) -> EpochFigures | None:
        """The complete epoch with the highest validation accuracy, the first of equal ones."""
        rows = self.history.epochs[: self.epochs_done]
        return max(rows, key=lambda row: row.validation_accuracy, default=None)

    def _mean_so_far(self, values: array[float], figure: str) -> float | None:
        if not self._learnt:
            return self._of_last_epoch(figure)
        return sum(values[-self._learnt :]) / self._learnt

    def _of_last_epoch(self, figure: str) -> float | None:
        return getattr(self.history.epochs[-1], figure) if self.history.epochs else None

    @property
    def busy(self) -> bool:
        return self.state in BUSY

    @property
    def epoch_part(self) -> float:
        return self.batch / self.batches if self.batches else 0.0

    @property
    def run_part(self) -> float:
        if self._done and self.state == "finished":
            return 1.0
        if not self.epochs:
            return 0.0
        return min(1.0, max(0, self.epoch - 1 + self.epoch_part) / self.epochs)

    @property
    def speed(self) -> float | None:
        """Training pictures per second in the last epoch."""
        return self._of_last_epoch("images_per_second")

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds to the end of the run; None if unknown."""
        if self._done:
            return 0.0 if self._seconds or self.state != "failed" else None
        each = self._epoch_seconds
        if each is None:
            if not self._seconds or not self.batches:
                return None
            each = self.batches * sum(self._seconds) / len(self._seconds)
        return each * max(0.0, self.epochs - (self.epoch - 1 + self.epoch_part))

    @property
    def elapsed(self) -> float:
        return sum(row.seconds for row in self.history.epochs) + self._since_epoch

    def wait(self) -> None:
        """A run is requested, which starts when the taught digits are learnt."""
        self._set("waiting", _("Starts after learning"))

    def begin(self) -> None:
        """A run is requested; it has no events yet."""
        self._set("loading", _GETTING_READY)

    def add_epoch(self) -> None:
        """Count one more epoch while paused; a running run reports its own number."""
        if self.state == "paused":
            self.epochs += 1
            self._show_paused()

    def stopping(self) -> None:
        if self.busy:
            self._set("stopping", _("Stopping"))

    def apply(self, event: RunEvent) -> None:
        self.history.add(event)
        match event:
            case Compiling():
                # The validation function is compiled after minibatches, as is the augmentation.
                stage = _("Compiling {stage} ...", stage=event.stage)
                self._progress("compiling", stage if self.batch else _GETTING_READY)
            case Started():
                self._started(event)
            case BatchFinished():
                self._add_batch(event)
            case Validating():
                self._progress("validating", self._words())
            case EpochFinished():
                self._add_epoch(event)
            case Continued():
                self._take_earlier(event.history)
            case Paused():
                self._show_paused()
            case Resumed():
                self._show_training()
            case Testing():
                of = self.tested_on[0]
                said = counted("Reading {count} test picture", "Reading {count} test pictures", of)
                self._set("testing", said)
            case Tested():
                self.test_accuracy = event.accuracy
            case Finished():
                self._finish(event)
            case Failed():
                self.end("failed")
            case TwelveDigits():
                self.twelve = event
            case DigitsRead():
                self.read = event.after(self.read)
            case LayerFigures():
                self.dead = event.dead
            case BatchSizeChosen() | SettingChanged() | Checkpointed() | Saved() | Rescued():
                pass
            case CheckpointFailed() | Diverged():
                pass
            case _:
                assert_never(event)

    def _started(self, event: Started) -> None:
        self.epoch = event.first_epoch
        self.epochs = event.epochs
        self.batches = event.batches
        self.batch_size = event.batch_size
        self.batch = 0
        self._show_training()

    def _add_batch(self, event: BatchFinished) -> None:
        begins = event.epoch != self.epoch or event.batch == 1
        changed = begins or self.state != "training" or self.epochs != event.epochs
        self._learnt = 1 if begins else self._learnt + 1
        self.epoch = event.epoch
        self.epochs = event.epochs
        self.batch = event.batch
        self.batches = event.batches
        self._seconds.append(event.seconds)
        self._since_epoch += event.seconds
        if changed:
            self._show_training()

    def _add_epoch(self, event: EpochFinished) -> None:
        self.epoch = event.epoch
        self.epochs = event.epochs
        if event.epoch == 1 and 0 < self.batch < self.batches:
            self.broken_off = 1
        self.batch = self.batches
        self._learnt = 0
        self._since_epoch = 0.0
        self._epoch_seconds = event.seconds
        self._show_training()

    def _take_earlier(self, history: History) -> None:
        """Show the earlier part of a continued run until there are newer figures."""
        self.history = history
        self.epoch = len(history.epochs)
        self.batch = 1
        self.batches = 1
        self._epoch_seconds = history.epochs[-1].seconds if history.epochs else None

    def _finish(self, event: Finished) -> None:
        if event.reason == "stopped" and self.epoch > event.epochs_done and self.batch:
            self.broken_off = self.epoch
        # As in the list of runs, an incomplete epoch does not count.
        self.epoch = event.epochs_done
        self.batch = self.batches if event.epochs_done else 0
        if not event.epochs_done:
            # Of what is not kept no figures remain.
            self.history = History()
            self.test_accuracy = None
            self._seconds.clear()
        self.end(event.reason)

    def end(self, reason: str) -> None:
        """Note why the run ended, one of `mnist_draw.training.record.STATE_WORDS`."""
        self.reason = reason
        self._done = True
        # An incomplete epoch is not in the run's files.
        self._learnt = 0
        self._since_epoch = 0.0
        done = number(self.epochs_done)
        stopped = counted(
            "Stopped after {done} of {count} epoch.",
            "Stopped after {done} of {count} epochs.",
            self.epochs,
            done=done,
        )
        if reason in ("completed", "early", "target"):
            self._set("finished", _("Completed"))
        elif reason == "stopped":
            if not self.has_learnt:
                stopped = _("Stopped before the first epoch")
            elif self.broken_off == 1:
                stopped = _("Stopped within epoch 1.")
            self._set("stopped", stopped)
        elif reason == "diverged":
            self._set("failed", _("Stopped: the loss grew without limit"))
        elif reason == "failed":
            self._set("failed", stopped if self.epochs_done else _("Not started"))
        else:
            left = counted(
                "Can go on after {done} of {count} epoch.",
                "Can go on after {done} of {count} epochs.",
                self.epochs,
                done=done,
            )
            self._set("stopped", left)

    def _numbers(self) -> dict[str, str]:
        return {"epoch": number(self.epoch), "epochs": number(self.epochs)}

    def _words(self) -> str:
        return _("Epoch {epoch} of {epochs}", **self._numbers())

    def _show_training(self) -> None:
        self._progress("training", self._words())

    def _show_paused(self) -> None:
        self._progress("paused", _("Paused at {epoch} of {epochs}", **self._numbers()))

    def _progress(self, state: str, label: str) -> None:
        """Change the state, except that a requested stop stays visible until it happens."""
        if self.state != "stopping":
            self._set(state, label)

    def _set(self, state: str, label: str) -> None:
        self.state = state
        self.label = label
