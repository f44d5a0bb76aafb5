"""Events of a run, and the run's state computed from them; without Qt."""

from __future__ import annotations

from array import array
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from mnist_draw.analysis.layer_inspection import LayerFigures
from mnist_draw.app.kit.formatting import format_duration
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
from mnist_draw.training.settings import TrainingSettings


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


RunEvent = Event | LayerFigures | Saved | Rescued | Failed | Continued


#: The speed is the mean over this many minibatches.
_SPEED_OVER = 50

#: States of an active run.
BUSY = ("loading", "compiling", "training", "paused", "validating", "testing", "stopping")

#: The confidence is calibrated on the validation pictures before the network is saved.
_FINISHING = "Finishing: measuring and saving …"

_ENDS = {
    "completed": ("finished", "Finished"),
    "stopped": ("stopped", "Stopped"),
    "early": ("finished", "Finished early: the validation loss fell no more"),
    "target": ("finished", "Finished: the accuracy aimed at is reached"),
    "diverged": ("failed", "Diverged: the steps were too large"),
}


class RunState:
    """Figures, progress and state of the active or last run."""

    def __init__(self) -> None:
        self.state = "idle"
        self.label = "Ready"
        self.message = ""
        #: With the part before the run was continued.
        self.history = History()
        #: Shares of each layer's silent units after the last epoch.
        self.dead: tuple[float, ...] = ()
        self.epoch = self.epochs = self.batch = self.batches = self.batch_size = 0
        self.batch_loss: float | None = None
        self.best_loss: float | None = None
        self.best_accuracy: float | None = None
        self.test_accuracy: float | None = None
        #: The epoch in which the run was stopped, if it was.
        self.broken_off = 0
        #: Minibatches learnt of an epoch that is not complete.
        self._learnt = 0
        self._seconds: deque[float] = deque(maxlen=_SPEED_OVER)
        self._epoch_seconds: float | None = None
        #: Seconds of all complete epochs, also before the run was continued.
        self._epochs_took = 0.0
        self._since_epoch = 0.0
        self._done = False
        self._outcome = ""

    @property
    def epochs_done(self) -> int:
        """Complete epochs."""
        return len(self.history.epochs)

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
        """Of the last complete epoch, in nats."""
        return self._of_last_epoch("validation_loss")

    @property
    def validation_accuracy(self) -> float | None:
        """Of the last complete epoch, 0 to 1."""
        return self._of_last_epoch("validation_accuracy")

    def _mean_so_far(self, values: array[float], figure: str) -> float | None:
        if not self._learnt:
            return self._of_last_epoch(figure)
        return sum(values[-self._learnt :]) / self._learnt

    def _of_last_epoch(self, figure: str) -> float | None:
        return getattr(self.history.epochs[-1], figure) if self.history.epochs else None

    @property
    def busy(self) -> bool:
        """Whether a run is active."""
        return self.state in BUSY

    @property
    def epoch_part(self) -> float:
        """Complete share of the epoch, 0 to 1."""
        return self.batch / self.batches if self.batches else 0.0

    @property
    def run_part(self) -> float:
        """Complete share of the run, 0 to 1."""
        if self._done and self.state == "finished":
            return 1.0
        if not self.epochs:
            return 0.0
        return min(1.0, max(0, self.epoch - 1 + self.epoch_part) / self.epochs)

    @property
    def speed(self) -> float | None:
        """Training pictures per second over the last minibatches."""
        total = sum(self._seconds)
        return self.batch_size * len(self._seconds) / total if total else None

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds to the end of the run; None if unknown."""
        if self._done and (self._seconds or self.state != "failed"):
            return 0.0
        if not self._seconds or not self.batches:
            return None
        training = self.batches * sum(self._seconds) / len(self._seconds)
        each = training if self._epoch_seconds is None else self._epoch_seconds
        return each * max(0.0, self.epochs - (self.epoch - 1 + self.epoch_part))

    @property
    def seconds_planned(self) -> float | None:
        """Estimated seconds of the whole run."""
        left = self.seconds_left
        return None if left is None else self.elapsed + left

    @property
    def elapsed(self) -> float:
        """Seconds of training so far."""
        return self._epochs_took + self._since_epoch

    def begin(self) -> None:
        """A run is requested; it has no events yet."""
        self._set("loading", "Loading pictures and libraries")

    def show_failed_start(self) -> None:
        """The requested run failed before its first figures."""
        if self.epoch:
            self._set(self.state, "Failed at the start · the figures are those of the run before")

    def stopping(self) -> None:
        """A stop is requested."""
        if self.busy:
            self._set("stopping", "Stopping after this minibatch")

    def finishing(self) -> None:
        """The run has ended, but is not saved completely."""
        if self._done and self.state != "failed":
            self._outcome = self.label
            self.label = _FINISHING

    def over(self) -> None:
        """The run is saved completely."""
        if self.label == _FINISHING:
            self.label = self._outcome

    def apply(self, event: RunEvent) -> None:
        """Apply one event of the loop or of the worker."""
        self.history.add(event)
        match event:
            case Compiling():
                self.compiled = (event.done, event.total)
                which = f", {event.count}" if event.count else ""
                self._progress("compiling", f"Compiling {event.stage}{which}")
            case Started():
                self._started(event)
            case BatchFinished():
                self._add_batch(event)
            case Validating():
                self._progress("validating", f"Validating epoch {event.epoch} of {self.epochs}")
            case EpochFinished():
                self._add_epoch(event)
            case Continued():
                self._take_earlier(event)
            case Paused():
                self._progress("paused", self._describe_pause(event))
            case Resumed():
                self._show_training()
            case Testing():
                self._set("testing", "Testing on 10,000 pictures")
            case Tested():
                self.test_accuracy = event.accuracy
            case CheckpointFailed() | Diverged():
                self.message = event.message
            case Rescued():
                self.message = event.sentence
            case Finished():
                self._finish(event)
            case Failed():
                self.message = event.sentence
                self._done = True
                self._set("failed", "Failed")
            case LayerFigures():
                self.dead = event.dead
            case BatchSizeChosen() | SettingChanged() | Checkpointed() | Saved():
                pass
            case _:
                assert_never(event)

    def _describe_pause(self, event: Paused) -> str:
        if event.batch:
            return f"Paused in epoch {event.epoch} after minibatch {event.batch} of {self.batches}"
        # Figures and bars still show the epoch before.
        if event.epoch > 1:
            return f"Paused between epoch {event.epoch - 1} and epoch {event.epoch}"
        return "Paused before the first minibatch"

    def _started(self, event: Started) -> None:
        self.epoch, self.epochs = event.first_epoch, event.epochs
        self.batches, self.batch_size = event.batches, event.batch_size
        self.batch = 0
        self._show_training()

    def _add_batch(self, event: BatchFinished) -> None:
        begins = event.epoch != self.epoch or event.batch == 1
        self._learnt = 1 if begins else self._learnt + 1
        self.epoch, self.epochs = event.epoch, event.epochs
        self.batch, self.batches = event.batch, event.batches
        self.batch_loss = event.loss
        self._seconds.append(event.seconds)
        self._since_epoch += event.seconds
        self._show_training()

    def _add_epoch(self, event: EpochFinished) -> None:
        self.epoch, self.epochs = event.epoch, event.epochs
        self.batch = self.batches
        self._learnt = 0
        self._count(self.history.epochs[-1])
        self._since_epoch = 0.0
        self._epoch_seconds = event.seconds
        self._show_training()

    def _take_earlier(self, event: Continued) -> None:
        """Show the earlier part of a continued run until there are newer figures."""
        self.history = event.history
        for row in self.history.epochs:
            self.epoch = row.epoch
            self._count(row)

    def _count(self, row: EpochFigures) -> None:
        self.best_loss = min(row.validation_loss, self.best_loss or row.validation_loss)
        self.best_accuracy = max(row.validation_accuracy, self.best_accuracy or 0.0)
        self._epochs_took += row.seconds

    def _finish(self, event: Finished) -> None:
        state, label = _ENDS[event.reason]
        self._done = True
        self._since_epoch = 0.0
        if event.reason == "stopped" and self.epoch > event.epochs_done and self.batch:
            self.broken_off = self.epoch
        # As in the list of runs, an incomplete epoch does not count.
        self.epoch, self.batch = event.epochs_done, self.batches if event.epochs_done else 0
        done = f"{event.epochs_done} epochs"
        if event.epochs_done != self.epochs:
            done = f"{event.epochs_done} of {self.epochs} epochs"
        elif event.epochs_done == 1:
            done = "1 epoch"
        if event.epochs_done:
            done += f" in {format_duration(self._epochs_took)}"
        self._set(state, f"{label} · {done}")

    def _show_training(self) -> None:
        self._progress("training", f"Training · epoch {self.epoch} of {self.epochs}")

    def _progress(self, state: str, label: str) -> None:
        """Change the state, except that a requested stop stays visible until it happens."""
        if self.state != "stopping":
            self._set(state, label)

    def _set(self, state: str, label: str) -> None:
        self.state, self.label = state, label
