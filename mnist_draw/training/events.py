"""Events of a run: small frozen records of the loop, of its files and of requests of the user.

All of them are applied to a `mnist_draw.training.run.Run`, in the thread that trains and in the
window.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnist_draw.arrays import Doubles, Floats, Integers
from mnist_draw.i18n import _, number

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile
    from mnist_draw.training.checkpoint import Checkpoint
    from mnist_draw.training.history import History
    from mnist_draw.training.settings import TrainingSettings

Parameters = tuple[Floats, ...]
Reason = Literal["completed", "stopped", "diverged", "early", "target"]


@dataclass(frozen=True)
class BatchSizeChosen:
    """The pictures are fewer than the usual batch size; the run has a smaller one from here on."""

    batch_size: int
    usual: int
    training_examples: int

    @property
    def message(self) -> str:
        return _(
            "The batch size is {size} instead of the usual {usual}: there are {pictures} "
            "training pictures.",
            size=number(self.batch_size),
            usual=number(self.usual),
            pictures=number(self.training_examples),
        )


@dataclass(frozen=True)
class Compiling:
    """A function is about to be compiled: number ``done + 1`` of ``total``, ``stage`` in words."""

    stage: str
    done: int
    total: int

    @property
    def count(self) -> str:
        """The function's number, such as ``1 of 2``; empty for the only one."""
        if self.total < 2:
            return ""
        return _("{done} of {total}", done=self.done + 1, total=self.total)


@dataclass(frozen=True)
class Started:
    """All is loaded and compiled; the first minibatch comes next.

    ``first_epoch`` is 1 unless a run is continued; ``batches`` are those of one epoch.
    """

    first_epoch: int
    epochs: int
    batches: int


@dataclass(frozen=True)
class BatchFinished:
    """One minibatch was learned; epochs and batches count from 1.

    ``loss`` is its mean cross-entropy in nats, ``accuracy`` its share of right answers (0 to 1),
    both with dropout and before the update; ``seconds`` is what the step took.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Snapshot:
    """Copies of the weights after a minibatch, for those who watch the run."""

    epoch: int
    batch: int
    parameters: Parameters = field(repr=False)


@dataclass(frozen=True)
class Validating:
    """The epoch's minibatches are done and the validation pictures come next."""


@dataclass(frozen=True)
class Testing:
    """Training is over and the test pictures come next."""


@dataclass(frozen=True)
class Paused:
    """The loop waits."""


@dataclass(frozen=True)
class Resumed:
    """The loop goes on."""


@dataclass(frozen=True)
class SettingChanged:
    """A setting was changed during the run; the given minibatch is the first to follow it.

    ``name`` is a field of `TrainingSettings` that is declared as live; ``before`` and ``value``
    are what it was and what it is now.
    """

    epoch: int
    batch: int
    batches: int
    name: str
    before: float | str
    value: float | str

    @property
    def place(self) -> float:
        """The position of the change on an axis of epochs."""
        return self.epoch - 1 + (self.batch - 1) / self.batches


@dataclass(frozen=True)
class EpochFinished:
    """One pass over the training pictures and one over the validation pictures are done.

    Losses are mean cross-entropies in nats, accuracies shares from 0 to 1; the training figures
    are means over the epoch's minibatches, with dropout. ``is_best``: no epoch before had a
    lower validation loss. ``parameters`` are copies, in Lasagne's order. ``seconds`` covers
    both passes, ``images_per_second`` the training pass alone.
    """

    epoch: int
    epochs: int
    seconds: float
    training_loss: float
    training_accuracy: float
    validation_loss: float
    validation_accuracy: float
    images_per_second: float
    is_best: bool
    parameters: Parameters = field(repr=False)


@dataclass(frozen=True)
class Checkpointed:
    """All that it takes to continue after this epoch is on disk."""

    path: Path
    epoch: int


@dataclass(frozen=True)
class CheckpointFailed:
    """A checkpoint could not be written; training goes on. ``message`` says why.

    ``checkpoint`` is what was to be written, to continue the run from memory.
    """

    message: str
    checkpoint: Checkpoint | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class WeakestClass:
    """The class with the smallest share of right answers, from 0 to 1.

    ``taken_for`` is the class that most of the wrong answers name; empty where none has most.
    """

    name: str
    right: float
    taken_for: str = ""


@dataclass(frozen=True)
class Tested:
    """The network was tried on the test pictures: mean cross-entropy and share of right answers.

    ``seconds`` have passed since the functions were compiled.
    """

    loss: float
    accuracy: float
    seconds: float = field(default=0.0, compare=False)
    weakest: WeakestClass | None = None


@dataclass(frozen=True)
class Diverged:
    """The loss is no number or beyond all bounds; the last good epoch's weights were put back.

    ``batch`` counts within the epoch; ``message`` says so in words and what to try.
    """

    epoch: int
    batch: int
    loss: float
    message: str


@dataclass(frozen=True)
class Finished:
    """The end of the run; nothing comes after it.

    ``epochs_done`` counts complete epochs, earlier parts of a continued run included, and a first
    epoch that was stopped within;
    ``parameters`` are those that the network holds now; ``epochs`` is the planned number, added
    ones included.
    """

    reason: Reason
    epochs_done: int
    parameters: Parameters = field(repr=False)
    epochs: int


@dataclass(frozen=True)
class EpochAdded:
    """The run is longer than planned, by request."""

    #: All planned epochs.
    epochs: int


Event = (
    BatchSizeChosen
    | Compiling
    | Started
    | BatchFinished
    | Snapshot
    | Validating
    | Testing
    | Paused
    | Resumed
    | EpochAdded
    | SettingChanged
    | EpochFinished
    | Checkpointed
    | CheckpointFailed
    | Tested
    | Diverged
    | Finished
)


# -- requests of the user, shown before the loop answers


@dataclass(frozen=True)
class Queued:
    """The run starts when the taught digits are learned; what is expected of it then."""

    expected_seconds: float | None = None
    expected_accuracy: float | None = None


@dataclass(frozen=True)
class Requested:
    """The run starts, or goes on, in a thread of its own; how long it is expected to take."""

    settings: TrainingSettings
    expected_seconds: float | None = None


@dataclass(frozen=True)
class StopRequested:
    """The run is to end after its minibatch."""


@dataclass(frozen=True)
class Renamed:
    """The user has named the run; an empty name lets it be called by its settings."""

    name: str


# -- what the session of a run reports


@dataclass(frozen=True)
class RunMessage:
    """A sentence about the run: its data set, its record, its end."""

    text: str
    severity: Literal["note", "problem"]


@dataclass(frozen=True, eq=False)
class Continued:
    """A run goes on from a checkpoint, with its figures, parameters and settings."""

    history: History
    parameters: Parameters = field(repr=False)
    settings: TrainingSettings


@dataclass(frozen=True)
class DataLoaded:
    """The data set is read; the settings now have its folder and number of classes.

    ``made_with`` is what the figures depend on besides: versions, and the data's fingerprint.
    """

    settings: TrainingSettings
    made_with: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KeptElsewhere:
    """The checkpoint is written to a file outside the folder of the run."""

    path: Path


@dataclass(frozen=True)
class Saved:
    """The run's network is in its file."""


@dataclass(frozen=True)
class Rescued:
    """The run's network is in a file elsewhere, found by ``key``; ``message`` says why."""

    path: Path
    key: str
    message: str


@dataclass(frozen=True, eq=False)
class Failed:
    """The run ended with an error.

    ``unsaved`` is its network where it is in no file; ``setting`` has to be another one for the run
    to start, and is empty if none is known.
    """

    message: str
    unsaved: ModelFile | None = None
    setting: str = ""


@dataclass(frozen=True)
class Interrupted:
    """The run was ended with its program and can go on."""


# -- what a disk says of a run that is shown


@dataclass(frozen=True, eq=False)
class Loaded:
    """All figures of a stored run are read; its network was saved after the last epoch or not."""

    history: History
    has_model: bool


@dataclass(frozen=True)
class Deleted:
    """The folder of the run is gone."""


@dataclass(frozen=True)
class Restored:
    """The folder of the run is back."""

    has_checkpoint: bool
    has_model: bool


@dataclass(frozen=True)
class DigitsMissing:
    """The data set is gone, and with it the twelve test digits."""


@dataclass(frozen=True, eq=False)
class LayerFigures:
    """What was measured of a network's layers after an epoch, from 1.

    ``names`` has one for each layer with weights, the output last. ``updates`` are each layer's
    update in this epoch, as a part of its weights' length; empty without the epoch before.
    ``dead`` are the shares of each hidden layer's units that are 0 for all ``pictures``; empty
    without pictures. ``counts`` and ``edges`` are a histogram of all weights without biases.
    """

    epoch: int
    names: tuple[str, ...]
    updates: tuple[float, ...]
    dead: tuple[float, ...]
    pictures: int
    counts: Integers
    edges: Doubles
