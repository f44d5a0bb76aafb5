"""A run: all that is known of it, changed by events alone.

The thread that trains, the window and the Library use the same class: the first two apply the
events of the run as they happen, the last reads what they have written.
"""

from __future__ import annotations

import time
from array import array
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mnist_draw.errors import one_line, plain_name
from mnist_draw.i18n import _, counted, joined, number, pgettext
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import Dense
from mnist_draw.training import hints
from mnist_draw.training.events import (
    BatchFinished,
    BatchSizeChosen,
    Checkpointed,
    CheckpointFailed,
    Compiling,
    Continued,
    DataLoaded,
    Deleted,
    DigitsMissing,
    Diverged,
    EpochAdded,
    EpochFinished,
    Event,
    Failed,
    Finished,
    Interrupted,
    KeptElsewhere,
    LayerFigures,
    Loaded,
    Parameters,
    Paused,
    Queued,
    Renamed,
    Requested,
    Rescued,
    Restored,
    Resumed,
    RunMessage,
    Saved,
    SettingChanged,
    Snapshot,
    Started,
    StopRequested,
    Tested,
    Testing,
    Validating,
    WeakestClass,
)
from mnist_draw.training.failure import Divergence, why_it_failed
from mnist_draw.training.history import EpochFigures, History
from mnist_draw.training.presets import course_of, run_name
from mnist_draw.training.setting import MODEL_OF_RUN
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.twelve_digits import DigitsRead, TwelveDigits
from mnist_draw.training.updates import learning_rate_at

if TYPE_CHECKING:
    from mnist_draw.training.checkpoint import Checkpoint

RunEvent = (
    Event
    | Queued
    | Requested
    | StopRequested
    | Renamed
    | RunMessage
    | Continued
    | DataLoaded
    | KeptElsewhere
    | Saved
    | Rescued
    | Failed
    | Interrupted
    | Loaded
    | Deleted
    | Restored
    | DigitsMissing
    | LayerFigures
    | TwelveDigits
    | DigitsRead
)

RECORD = "run.json"
CHECKPOINT = "checkpoint.npz"
HISTORY = "history.npz"
MODEL = MODEL_OF_RUN
MAX_NAME_LENGTH = 200
TIME = "%Y-%m-%d %H:%M:%S"
#: What starts runs, as records and the search of the Library call it.
ORIGINS = ("window", "command", "python")
#: Figures of a record.
FIGURES = ("training_loss", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy")
#: States of a run that is trained now; a waiting one starts when the taught digits are learned.
RUNNING = (
    "waiting",
    "loading",
    "compiling",
    "training",
    "paused",
    "validating",
    "testing",
    "stopping",
)
#: The states of a run in its record, and their words on the screen. ``running`` in a record whose
#: program is gone means that the run was cut off; ``interrupted``, that the window was closed.
STATE_WORDS = {
    "running": _("can be continued"),
    "interrupted": _("can be continued"),
    "stopped": pgettext("run", "stopped"),
    "completed": pgettext("run", "completed"),
    "early": pgettext("run", "completed early"),
    "target": pgettext("run", "reached its target"),
    "diverged": pgettext("run", "diverged"),
    "failed": pgettext("run", "failed"),
}
#: States from which the program offers to continue.
UNFINISHED = ("running", "interrupted")
#: States of a run that came to its end by itself.
_FINISHED = ("completed", "early", "target")
_LABELS = {
    "idle": _("Ready"),
    "loading": _("Getting ready"),
    "stopping": _("Stopping"),
    **dict.fromkeys(_FINISHED, _("Completed")),
    "diverged": _("Stopped: the loss grew without limit"),
    "failed": _("Not started"),
}
#: What the latest minibatches show is the mean or median over this many.
LATEST = 10
#: Before the first validation, its part of the time of an epoch's minibatches.
_VALIDATION_PART = 0.1
#: The expected time of an epoch changes by at most this part with each epoch, of these many.
_STEADY = 1 / 3
_STEADY_OVER = 20


@dataclass(frozen=True)
class Summary:
    """The figures of a record: complete epochs, seconds without pauses, last values by name."""

    epochs_done: int = 0
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)


@dataclass
class Run:
    """A run that is trained, shown or stored; `apply` alone changes it.

    The name of its ``folder`` tells runs apart; ``name`` is what the user calls it, if anything.
    ``settings`` are those that it has now, after the changes during the run, with all planned
    epochs. ``started`` is the local date and time, as ``2026-11-25 14:03:22``; older records have
    no seconds. ``state`` is ``idle``, one of `RUNNING` or of `STATE_WORDS`. ``summary`` is what its
    record says of figures, until ``history`` is read. ``checkpoint_elsewhere`` is the file outside
    the folder in which the user wanted the checkpoint, if any.
    """

    folder: Path = Path()
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    name: str = ""
    started: str = ""
    state: str = "idle"
    summary: Summary = field(default_factory=Summary)
    history: History = field(default_factory=History, repr=False, compare=False)
    checkpoint_elsewhere: str = ""
    #: The title of the lesson in which it was started, if any.
    lesson: str = ""
    #: What started it, one of `ORIGINS`; empty in older records.
    origin: str = ""
    #: What a script calls the runs that belong together, if anything.
    group: str = ""
    #: What its figures depend on besides its settings: versions, and the data's fingerprint.
    made_with: dict[str, str] = field(default_factory=dict, compare=False)

    # What its files were when they were read or written last.
    has_checkpoint: bool = field(default=False, compare=False)
    #: Whether there is a file of its network as it is now, not of an earlier epoch.
    has_model: bool = field(default=False, compare=False)
    is_deleted: bool = field(default=False, compare=False)
    #: Where its loss grew without limit; None if it did not, or older records do not say.
    divergence: Divergence | None = field(default=None, compare=False)
    #: Of the test; None before it, or where older records do not say.
    weakest: WeakestClass | None = field(default=None, compare=False)
    #: Where its network is saved, if not in its folder.
    rescued: Rescued | None = field(default=None, compare=False)
    #: The last checkpoint, where it could not be written.
    unsaved: Checkpoint | None = field(default=None, repr=False, compare=False)

    # What it does.
    #: Whether it was trained since the program began: its network is known, saved or not.
    was_trained_here: bool = field(default=False, compare=False)
    epoch: int = field(default=0, compare=False)
    batch: int = field(default=0, compare=False)
    #: Seconds of its last minibatches since it was started or continued.
    _batch_seconds: deque[float] = field(
        default_factory=lambda: deque(maxlen=LATEST),
        repr=False,
        compare=False,
    )
    #: What the run was expected to take before it began; None if unknown.
    expected_seconds: float | None = field(default=None, compare=False)
    #: The accuracy that a run which waits is expected to reach, 0 to 1.
    expected_accuracy: float | None = field(default=None, compare=False)
    #: Seconds of the minibatches after the last complete epoch.
    _seconds_since: float = field(default=0.0, repr=False, compare=False)
    #: What takes the place of the hint.
    message: RunMessage | None = field(default=None, compare=False)

    # What its network was tried on.
    #: Its parameters after the last epoch that was trained here, and what they do in each layer.
    parameters: Parameters = field(default=(), repr=False, compare=False)
    layers: LayerFigures | None = field(default=None, repr=False, compare=False)
    twelve: TwelveDigits | None = field(default=None, repr=False, compare=False)
    read: DigitsRead | None = field(default=None, repr=False, compare=False)
    #: Whether the data set is gone, and with it these digits.
    has_no_digits: bool = field(default=False, compare=False)

    # -- events

    def apply(self, event: RunEvent) -> None:
        self.history.add(event)
        match event:
            case Queued():
                self.state = "waiting"
                self.expected_seconds = event.expected_seconds
                self.expected_accuracy = event.expected_accuracy
            case Requested():
                self._request(event)
            case EpochAdded():
                self._plan(event.epochs)
            case StopRequested():
                self._ask_to_stop()
            case Renamed():
                self.name = plain_name(event.name)[:MAX_NAME_LENGTH]
            case Continued():
                self._continue(event)
            case DataLoaded():
                self.settings = event.settings.replace(epochs=self.settings.epochs)
                self.made_with = {**self.made_with, **event.made_with}
            case BatchSizeChosen():
                self.settings = self.settings.replace(batch_size=event.batch_size)
                self._report(RunMessage(event.message, "note"))
            case SettingChanged():
                self.settings = self.settings.replace(**{event.name: event.value})
            case Compiling():
                self._go_on("compiling")
            case Started():
                self._start(event)
            case BatchFinished():
                self._add_batch(event)
            case Paused():
                self._go_on("paused")
            case Resumed():
                self._go_on("training")
            case Validating():
                self._go_on("validating")
            case EpochFinished():
                self._add_epoch(event)
            case Testing():
                self.state = "testing"
            case Checkpointed():
                self.has_checkpoint = True
                self.unsaved = None
                self.message = None
            case CheckpointFailed():
                self.unsaved = event.checkpoint or self.unsaved
                self._report(RunMessage(event.message, "problem"))
            case RunMessage():
                self._report(event)
            case KeptElsewhere():
                self.checkpoint_elsewhere = str(event.path)
            case Finished():
                self._finish(event)
            case Interrupted():
                self._end("interrupted")
            case Failed():
                # That its network cannot be saved does not change how it ended.
                if self.is_running or self.state in UNFINISHED:
                    self._end("failed")
                self.message = RunMessage(event.message, "problem")
            case Saved():
                self.has_model = True
                self.rescued = None
            case Rescued():
                self.rescued = event
                self.message = RunMessage(event.message, "problem")
            case Loaded():
                self._load(event)
            case Deleted():
                self.is_deleted = True
                self.has_checkpoint = False
                self.has_model = False
            case Restored():
                self.is_deleted = False
                self.has_checkpoint = event.has_checkpoint
                self.has_model = event.has_model
            case LayerFigures():
                self.layers = event
            case TwelveDigits():
                self.twelve = event
                self.has_no_digits = False
            case DigitsRead():
                self.read = event.after(self.read)
            case DigitsMissing():
                self.has_no_digits = self.twelve is None
            case Diverged():
                self.divergence = Divergence.after(event, self.history)
            case Tested():
                self.weakest = event.weakest
            case Snapshot():
                pass

    def _request(self, event: Requested) -> None:
        self.state = "loading"
        self.settings = event.settings
        self.was_trained_here = True
        self.message = None
        self.rescued = None
        self.divergence = None
        self.weakest = None
        self._batch_seconds = deque(maxlen=LATEST)
        self.expected_seconds = event.expected_seconds

    def _plan(self, epochs: int) -> None:
        """Lengthen the run; an event from before an epoch was added has fewer."""
        if epochs > self.settings.epochs:
            self.settings = self.settings.replace(epochs=epochs)

    def _ask_to_stop(self) -> None:
        if self.is_running:
            self.state = "stopping"

    def _continue(self, event: Continued) -> None:
        self.settings = event.settings
        self.summary = Summary()
        # The thread that trains and the window get the same event.
        self.history = event.history.copy()
        self.parameters = event.parameters
        self.epoch = len(event.history.epochs)
        self.batch = event.history.batches
        self._seconds_since = 0.0

    def _start(self, event: Started) -> None:
        self._plan(event.epochs)
        self.history.batches = event.batches
        self.epoch = event.first_epoch
        self.batch = 0
        self._go_on("training")

    def _add_batch(self, event: BatchFinished) -> None:
        self._plan(event.epochs)
        self.epoch = event.epoch
        self.batch = event.batch
        self._batch_seconds.append(event.seconds)
        self._seconds_since += event.seconds
        self._go_on("training")

    def _add_epoch(self, event: EpochFinished) -> None:
        self._plan(event.epochs)
        self.epoch = event.epoch
        self.batch = self.history.batches
        self.parameters = event.parameters
        self._seconds_since = 0.0
        self.has_model = False
        self.message = None
        self._go_on("training")

    def _finish(self, event: Finished) -> None:
        unfinished = self._unfinished_epoch() if event.reason == "stopped" else 0
        self.settings = self.settings.replace(epochs=event.epochs)
        if not event.epochs_done:
            # Of what is not kept no figures remain.
            self.history = History()
            self._batch_seconds.clear()
        self._end(event.reason)
        if not self.has_learned:
            text = _("Nothing was learned, so nothing is kept.")
            self.message = RunMessage(text, "note")
        elif unfinished:
            self.message = self._describe_unfinished(unfinished)

    def _end(self, state: str) -> None:
        self.state = state
        # An incomplete epoch is in none of the run's files.
        self.history.drop_incomplete()
        self.epoch = len(self.history.epochs)
        self.batch = self.history.batches if self.epoch else 0
        self._seconds_since = 0.0

    def _load(self, event: Loaded) -> None:
        self.history = event.history
        self.has_model = event.has_model
        self._end(self.state)
        if self.history.is_within_first:
            self.message = self._describe_unfinished(1)

    def _go_on(self, state: str) -> None:
        """Change the state, except that a requested stop stays visible until it happens."""
        if self.state != "stopping":
            self.state = state

    def _report(self, message: RunMessage) -> None:
        """Show a message in place of the last one; those before the first minibatch are joined."""
        if self.message is not None and not self.has_begun:
            text = joined(self.message.text, message.text)
            message = RunMessage(text, message.severity)
        self.message = message

    def _unfinished_epoch(self) -> int:
        """Return the epoch that the run is within; 0 between epochs."""
        if self.history.is_within_first:
            return 1
        return len(self.history.epochs) + 1 if self.history.incomplete else 0

    def _describe_unfinished(self, epoch: int) -> RunMessage:
        weights = _("The network has its weights from its best epoch.")
        if epoch == 1:
            weights = _("The network and its figures are from the middle of epoch 1.")
        elif not self.settings.keep_best:
            weights = _("The weights of epoch {epoch} were kept.", epoch=number(epoch - 1))
        again = _(
            "{button} restarts epoch {epoch}.",
            button=_("Continue"),
            epoch=number(epoch),
        )
        return RunMessage(joined(weights, again), "note")

    # -- names

    @property
    def title(self) -> str:
        """The name, or where it has none its preset and what differs from it."""
        return self.name or one_line(run_name(self.settings, self.changes))

    @property
    def full_title(self) -> str:
        """The title and when it was started, for sentences."""
        if not self.started:
            return self.title
        return _("{title} ({started})", title=self.title, started=self.started)

    @property
    def started_at(self) -> float:
        """When it was started, in seconds since 1970; 0 if it does not say."""
        try:
            # Older records have no seconds.
            return time.mktime(time.strptime(f"{self.started}:00"[:19], TIME))
        except (ValueError, OverflowError):
            return 0.0

    @property
    def changes(self) -> tuple[SettingChanged, ...]:
        return tuple(self.history.changes)

    def describe_setting(self, name: str) -> str:
        return course_of(name, self.settings, self.changes)

    # -- files

    @property
    def exists(self) -> bool:
        """Whether there is a run: that of the window is none before the first one."""
        return self.folder != Path()

    @property
    def checkpoint(self) -> Path:
        """The file to continue from; it need not exist."""
        return self.folder / CHECKPOINT

    @property
    def model(self) -> Path:
        """The file of the run's network; it need not exist."""
        return self.folder / MODEL

    @property
    def network_file(self) -> Path | None:
        """The file of the network as it is now, None if there is none."""
        if self.rescued is not None:
            return self.rescued.path
        return self.model if self.has_model else None

    @property
    def key(self) -> str:
        return f"run:{self.folder.name}" if self.exists else ""

    @property
    def network_key(self) -> str:
        """The key of its network, which is another one where that is saved elsewhere."""
        return self.key if self.rescued is None else self.rescued.key

    @property
    def can_continue(self) -> bool:
        """Whether it can be trained on, from a checkpoint on disk or in memory."""
        has_any = self.has_checkpoint or self.unsaved is not None
        return has_any and not self.is_running and not self.is_deleted

    @property
    def can_be_tried(self) -> bool:
        known_here = self.was_trained_here and self.has_learned
        return known_here or self.network_file is not None

    # -- how far it is

    @property
    def has_begun(self) -> bool:
        """Whether a minibatch was learned since it was started or continued."""
        return bool(self._batch_seconds)

    @property
    def is_running(self) -> bool:
        return self.state in RUNNING

    @property
    def is_finished(self) -> bool:
        return self.state in _FINISHED

    @property
    def is_whole(self) -> bool:
        """Whether the run came to its end; else it can go on."""
        return self.is_finished or self.state == "diverged"

    @property
    def has_ended(self) -> bool:
        return self.state in STATE_WORDS

    @property
    def has_failed(self) -> bool:
        """Whether it did not start, or its loss grew without limit."""
        return self.state in ("failed", "diverged")

    @property
    def epochs(self) -> int:
        """Planned epochs, added ones included."""
        return self.settings.epochs

    @property
    def batches(self) -> int:
        return self.history.batches

    @property
    def has_learned(self) -> bool:
        """Whether there is a network with figures, if only from within epoch 1."""
        return bool(self.history.epochs)

    @property
    def epochs_done(self) -> int:
        """Complete epochs: a first one that was stopped within is none."""
        return self.history.epochs_done if self.has_learned else self.summary.epochs_done

    @property
    def seconds(self) -> float:
        """What its minibatches and complete epochs took, without pauses."""
        if not self.has_learned:
            return self.summary.seconds + self._seconds_since
        return sum(row.seconds for row in self.history.epochs) + self._seconds_since

    @property
    def epoch_part(self) -> float:
        return self.batch / self.batches

    @property
    def run_part(self) -> float:
        if self.is_finished:
            return 1.0
        return min(1.0, max(0, self.epoch - 1 + self.epoch_part) / self.epochs)

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds to the end of the run; None if unknown."""
        each = self._seconds_of_epoch()
        if each is None:
            return self.expected_seconds
        return each * max(0.0, self.epochs - (self.epoch - 1 + self.epoch_part))

    @property
    def seconds_to_validation(self) -> float | None:
        """Estimated seconds to the end of the epoch's minibatches; None if unknown."""
        if len(self._batch_seconds) < LATEST:
            return None
        return float(np.median(self._batch_seconds)) * (self.batches - self.batch)

    def _seconds_of_epoch(self) -> float | None:
        if not self.has_learned:
            if len(self._batch_seconds) < LATEST:
                return None
            batches = self.batches * float(np.median(self._batch_seconds))
            return batches * (1 + _VALIDATION_PART)
        first, *others = self.history.epochs[-_STEADY_OVER:]
        each = first.seconds
        for row in others:
            each = min(max(row.seconds, (1 - _STEADY) * each), (1 + _STEADY) * each)
        return each

    # -- figures

    @property
    def figures(self) -> dict[str, float]:
        """The last values by name, of `FIGURES`: losses in nats, accuracies from 0 to 1."""
        if not self.has_learned:
            return self.summary.figures
        values = {name: self._of_last_epoch(name) for name in FIGURES[:3]}
        values["test_loss"] = self.history.test_loss
        values["test_accuracy"] = self.history.test_accuracy
        known = {name: value for name, value in values.items() if value is not None}
        return {name: value for name, value in known.items() if np.isfinite(value)}

    @property
    def training_loss(self) -> float | None:
        """Mean loss of the epoch's minibatches so far, in nats."""
        return self._mean_so_far("training_loss", self.history.batch_losses)

    @property
    def training_accuracy(self) -> float | None:
        """Share of right answers in the epoch's minibatches so far, 0 to 1."""
        return self._mean_so_far("training_accuracy", self.history.batch_accuracies)

    @property
    def latest_accuracy(self) -> float | None:
        """Share of right answers in the last minibatches after the last epoch, 0 to 1."""
        latest = self.history.batch_accuracies[-min(LATEST, self.history.incomplete) :]
        return sum(latest) / len(latest) if self.history.incomplete else None

    @property
    def learning_rate(self) -> float:
        """The learning rate of the last minibatch, as its schedule has lowered it."""
        done = (max(1, self.epoch) - 1) * self.batches + max(1, self.batch) - 1
        progress = done / (self.epochs * self.batches)
        return learning_rate_at(self.settings.learning_rate, self.settings.schedule, progress)

    @property
    def guessing(self) -> float:
        """The accuracy of guessing among the classes, 0 to 1."""
        output = parse_network(self.settings.network).operations[-1]
        return 1 / output.units if isinstance(output, Dense) else 0.1

    @property
    def validation_loss(self) -> float | None:
        return self._of_last_epoch("validation_loss")

    @property
    def validation_accuracy(self) -> float | None:
        return self._of_last_epoch("validation_accuracy")

    @property
    def test_accuracy(self) -> float | None:
        return self.history.test_accuracy

    @property
    def best(self) -> EpochFigures | None:
        """The complete epoch with the highest validation accuracy, the first of equal ones."""
        rows = self.history.epochs[: self.epochs_done]
        return max(rows, key=lambda row: row.validation_accuracy, default=None)

    @property
    def kept(self) -> EpochFigures | None:
        """The epoch of *Keep the best epoch*: the first with the lowest validation loss."""
        if not self.settings.keep_best:
            return None
        rows = self.history.epochs[: self.epochs_done]
        return min(rows, key=lambda row: row.validation_loss, default=None)

    @property
    def tested_on(self) -> tuple[int, bool]:
        """How many test pictures there are, 0 where that is not known; whether they are digits."""
        if self.twelve is not None:
            return self.twelve.of, self.twelve.shows_digits
        return (10_000, True) if self.settings.data_folder is None else (0, False)

    @property
    def validated_on(self) -> int:
        """How many validation pictures there are; 0 where that is not known."""
        if self.twelve is not None:
            return self.twelve.validated_on
        return 10_000 if self.settings.data_folder is None else 0

    def _mean_so_far(self, figure: str, values: array[float]) -> float | None:
        count = self.history.incomplete
        return sum(values[-count:]) / count if count else self._of_last_epoch(figure)

    def _of_last_epoch(self, figure: str) -> float | None:
        return getattr(self.history.epochs[-1], figure) if self.has_learned else None

    # -- words

    @property
    def label(self) -> str:
        """What it does, or how it ended."""
        if self.state == "compiling" and not self.has_begun:
            return _("Getting ready")
        numbers = {"epoch": number(self.epoch), "epochs": number(self.epochs)}
        if self.state in ("waiting", "compiling", "training", "validating"):
            # The validation function is compiled after minibatches, as is the augmentation.
            return _("Epoch {epoch} of {epochs}", **numbers)
        if self.state == "paused":
            return _("Paused at {epoch} of {epochs}", **numbers)
        if self.state == "testing":
            return counted(
                "Checking {count} picture",
                "Checking {count} pictures",
                self.tested_on[0],
            )
        if self.state in UNFINISHED:
            return counted(
                "Can be continued after {done} of {count} epoch.",
                "Can be continued after {done} of {count} epochs.",
                self.epochs,
                done=number(self.epochs_done),
            )
        if self.state == "stopped" or (self.state == "failed" and self.epochs_done):
            return self._describe_stop()
        return _LABELS[self.state]

    def _describe_stop(self) -> str:
        if not self.has_learned:
            return _("Stopped before the first epoch")
        return _(
            "Stopped in epoch {epoch} of {epochs}.",
            epoch=number(min(self.epochs_done + 1, self.epochs)),
            epochs=number(self.epochs),
        )

    @property
    def hint(self) -> hints.Hint:
        """Its message, or what its curves show."""
        if self.state == "diverged":
            return why_it_failed(self)
        if self.message is not None:
            return hints.Hint(self.message.text)
        if self.state == "waiting":
            sentence = _("You can keep drawing: the network that answers stays the same.")
            return hints.Hint(sentence)
        began = self.settings
        for change in reversed(self.changes):
            began = began.replace(**{change.name: change.before})
        facts = hints.Facts(
            self.history.epochs,
            self.settings,
            began,
            () if self.layers is None else self.layers.dead,
            self.guessing,
            self.batches,
            self.is_running,
            self.is_finished,
            self.seconds_left if self.is_running else None,
            frozenset(change.name for change in self.changes),
            self.validated_on,
            self.weakest,
            self.test_accuracy,
        )
        return hints.read_curves(facts)


def now() -> str:
    return time.strftime(TIME)
