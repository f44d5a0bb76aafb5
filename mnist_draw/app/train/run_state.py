"""What the training loop's events mean for the screen, without any Qt.

:class:`RunState` takes events one by one and holds the figures, the progress and the state in
words that the labels show.
"""

from __future__ import annotations

from collections import deque
from typing import assert_never

from mnist_draw.app.kit.words import clock
from mnist_draw.app.train.run_events import Continued, Failed, Rescued, RunEvent, Saved
from mnist_draw.training.events import (
    BatchFinished,
    BatchSizeChosen,
    Checkpointed,
    CheckpointFailed,
    Compiling,
    Diverged,
    EpochFinished,
    Finished,
    Paused,
    Resumed,
    SettingChanged,
    Started,
    Tested,
    Testing,
    Validating,
)
from mnist_draw.training.layer_inspection import LayerFigures

#: The speed is the mean over this many minibatches.
_SPEED_OVER = 50

#: States in which a run is going on.
BUSY = ("loading", "compiling", "training", "paused", "validating", "testing", "stopping")

#: How sure the network may be is found on the validation pictures before it is saved.
_FINISHING = "Finishing: measuring and saving …"

_ENDS = {
    "completed": ("finished", "Finished"),
    "stopped": ("stopped", "Stopped"),
    "early": ("finished", "Finished early: the validation loss fell no more"),
    "target": ("finished", "Finished: the accuracy aimed at is reached"),
    "diverged": ("failed", "Diverged: the steps were too large"),
}


class RunState:
    """The figures of the run that is going on, or of the last one."""

    def __init__(self) -> None:
        self.state = "idle"
        self.words = "Ready"
        self.message = ""
        self.epoch = self.epochs = self.batch = self.batches = self.batch_size = 0
        self.training_loss: float | None = None
        self.training_accuracy: float | None = None
        self.batch_loss: float | None = None
        self.validation_loss: float | None = None
        self.validation_accuracy: float | None = None
        self.best_loss: float | None = None
        self.best_accuracy: float | None = None
        self.test_accuracy: float | None = None
        self.broken_off = 0
        self.compiled = (0, 0)
        self._losses = self._accuracies = 0.0
        self._summed = 0
        self._seconds: deque[float] = deque(maxlen=_SPEED_OVER)
        self._epoch_seconds: float | None = None
        #: Of all complete epochs, those before the run was continued included.
        self._epochs_took = 0.0
        self._since_epoch = 0.0
        self._done = False
        self._outcome = ""

    @property
    def busy(self) -> bool:
        """Whether a run is going on."""
        return self.state in BUSY

    @property
    def epoch_part(self) -> float:
        """How much of the epoch is done, 0 to 1."""
        return self.batch / self.batches if self.batches else 0.0

    @property
    def run_part(self) -> float:
        """How much of the run is done, 0 to 1."""
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
        """Estimated seconds to the end of the run, None while nothing is known."""
        if self._done and (self._seconds or self.state != "failed"):
            return 0.0
        if not self._seconds or not self.batches:
            return None
        training = self.batches * sum(self._seconds) / len(self._seconds)
        each = training if self._epoch_seconds is None else self._epoch_seconds
        return each * max(0.0, self.epochs - (self.epoch - 1 + self.epoch_part))

    @property
    def seconds_planned(self) -> float | None:
        """Estimated seconds of the whole run, what is done included."""
        left = self.seconds_left
        return None if left is None else self.elapsed + left

    @property
    def elapsed(self) -> float:
        """Seconds of complete epochs, and of the one that is going on."""
        return self._epochs_took + self._since_epoch

    def begin(self) -> None:
        """Note that a run was asked for, before its first event."""
        self._set("loading", "Loading pictures and libraries")

    def keep_figures(self) -> None:
        """Note that the run which was asked for failed before its first figures."""
        if self.epoch:
            self._set(self.state, "Failed at the start · the figures are those of the run before")

    def stopping(self) -> None:
        """Note that a stop was asked for."""
        if self.busy:
            self._set("stopping", "Stopping after this minibatch")

    def finishing(self) -> None:
        """Note that the run is over, but not all of it is saved."""
        if self._done and self.state != "failed":
            self._outcome = self.words
            self.words = _FINISHING

    def over(self) -> None:
        """Note that all of the run is saved."""
        if self.words == _FINISHING:
            self.words = self._outcome

    def take(self, event: RunEvent) -> None:
        """Take one event of the loop or of the worker."""
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
                self._progress("paused", self._pause_words(event))
            case Resumed():
                self._training_words()
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
            case BatchSizeChosen() | SettingChanged() | Checkpointed() | LayerFigures() | Saved():
                pass
            case _:
                assert_never(event)

    def _pause_words(self, event: Paused) -> str:
        if event.batch:
            return f"Paused in epoch {event.epoch} after minibatch {event.batch} of {self.batches}"
        # Figures and bars are still those of the epoch before.
        if event.epoch > 1:
            return f"Paused between epoch {event.epoch - 1} and epoch {event.epoch}"
        return "Paused before the first minibatch"

    def _started(self, event: Started) -> None:
        self.epoch, self.epochs = event.first_epoch, event.epochs
        self.batches, self.batch_size = event.batches, event.batch_size
        self.batch = 0
        self._training_words()

    def _add_batch(self, event: BatchFinished) -> None:
        if event.epoch != self.epoch or event.batch == 1:
            self._losses = self._accuracies = 0.0
            self._summed = 0
        self.epoch, self.epochs = event.epoch, event.epochs
        self.batch, self.batches = event.batch, event.batches
        self._losses += event.loss
        self._accuracies += event.accuracy
        self._summed += 1
        self.batch_loss = event.loss
        self.training_loss = self._losses / self._summed
        self.training_accuracy = self._accuracies / self._summed
        self._seconds.append(event.seconds)
        self._since_epoch += event.seconds
        self._training_words()

    def _add_epoch(self, event: EpochFinished) -> None:
        self.epoch, self.epochs = event.epoch, event.epochs
        self.batch = self.batches
        self.training_loss, self.training_accuracy = event.training_loss, event.training_accuracy
        self.validation_loss = event.validation_loss
        self.validation_accuracy = event.validation_accuracy
        self._note_best(event.validation_loss, event.validation_accuracy)
        self._epochs_took += event.seconds
        self._since_epoch = 0.0
        self._epoch_seconds = event.seconds
        self._training_words()

    def _take_earlier(self, event: Continued) -> None:
        """Show the figures of a continued run's earlier part until there are newer ones."""
        for row in event.history.epochs:
            self.epoch = row.epoch
            self.training_loss, self.training_accuracy = row.training_loss, row.training_accuracy
            self.validation_loss = row.validation_loss
            self.validation_accuracy = row.validation_accuracy
            self._note_best(row.validation_loss, row.validation_accuracy)
            self._epochs_took += row.seconds

    def _note_best(self, loss: float, accuracy: float) -> None:
        self.best_loss = min(loss, self.best_loss or loss)
        self.best_accuracy = max(accuracy, self.best_accuracy or 0.0)

    def _finish(self, event: Finished) -> None:
        state, words = _ENDS[event.reason]
        self._done = True
        self._since_epoch = 0.0
        if event.reason == "stopped" and self.epoch > event.epochs_done and self.batch:
            self.broken_off = self.epoch
        # The epoch that was broken off does not count; the list of runs counts the same.
        self.epoch, self.batch = event.epochs_done, self.batches if event.epochs_done else 0
        done = f"{event.epochs_done} epochs"
        if event.epochs_done != self.epochs:
            done = f"{event.epochs_done} of {self.epochs} epochs"
        elif event.epochs_done == 1:
            done = "1 epoch"
        if event.epochs_done:
            # Of an epoch that was broken off nothing is counted, its time neither.
            done += f" in {clock(self._epochs_took)}"
        self._set(state, f"{words} · {done}")

    def _training_words(self) -> None:
        self._progress("training", f"Training · epoch {self.epoch} of {self.epochs}")

    def _progress(self, state: str, words: str) -> None:
        """Change the state, except that a stop asked for stays visible until it happens."""
        if self.state != "stopping":
            self._set(state, words)

    def _set(self, state: str, words: str) -> None:
        self.state, self.words = state, words
