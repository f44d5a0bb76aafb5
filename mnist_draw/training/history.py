"""The figures of a run, batch by batch and epoch by epoch."""

from __future__ import annotations

import contextlib
import copy
import os
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_draw.arrays import Doubles, Integers
from mnist_draw.errors import DamagedError, MissingPackageError, StorageError
from mnist_draw.i18n import _
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.csv_table import csv_table
from mnist_draw.storage.document import Fields
from mnist_draw.training.events import BatchFinished, EpochFinished, Event, SettingChanged, Tested
from mnist_draw.training.setting import RealNumber
from mnist_draw.training.settings import SETTINGS


@dataclass(frozen=True)
class EpochFigures:
    """One epoch in numbers; see `mnist_draw.training.events.EpochFinished`."""

    epoch: int
    seconds: float
    training_loss: float
    training_accuracy: float
    validation_loss: float
    validation_accuracy: float
    images_per_second: float


class History:
    """A listener of the training loop that keeps every figure.

    ``batch_losses`` and ``batch_accuracies`` have one double for each minibatch learned: nats, and
    shares from 0 to 1. ``batches`` is the number of an epoch's minibatches, 1 while that is not
    known. The figures of the test are None before the end of the run.
    """

    def __init__(self) -> None:
        self.batch_losses = array("d")
        self.batch_accuracies = array("d")
        self.batches = 1
        #: Whether the only epoch is a first one that was stopped within.
        self.is_within_first = False
        self.epochs: list[EpochFigures] = []
        self.changes: list[SettingChanged] = []
        self.test_loss: float | None = None
        self.test_accuracy: float | None = None

    def add(self, event: object) -> None:
        """Take one event of the loop; those without figures are ignored."""
        if isinstance(event, BatchFinished):
            self.batch_losses.append(event.loss)
            self.batch_accuracies.append(event.accuracy)
            self.batches = event.batches
        elif isinstance(event, EpochFinished):
            self.is_within_first = 0 < len(self.batch_losses) < self.batches
            self.epochs.append(EpochFigures(*(getattr(event, name) for name in EPOCH_COLUMNS)))
        elif isinstance(event, SettingChanged):
            self.changes.append(event)
        elif isinstance(event, Tested):
            self.test_loss = event.loss
            self.test_accuracy = event.accuracy

    @property
    def epochs_done(self) -> int:
        """Complete epochs: a first one that was stopped within is none."""
        return 0 if self.is_within_first else len(self.epochs)

    @property
    def incomplete(self) -> int:
        """Minibatches after the last epoch."""
        return max(0, len(self.batch_losses) - len(self.epochs) * self.batches)

    def drop_incomplete(self) -> None:
        """Forget the minibatches after the last epoch: their weights are not kept."""
        first = len(self.batch_losses) - self.incomplete
        del self.batch_losses[first:]
        del self.batch_accuracies[first:]

    def copy(self) -> History:
        other = copy.copy(self)
        other.batch_losses = self.batch_losses[:]
        other.batch_accuracies = self.batch_accuracies[:]
        other.epochs = list(self.epochs)
        other.changes = list(self.changes)
        return other

    def epoch_table(self) -> Doubles:
        """Return the epochs as an array (epochs, 7), columns as in `EpochFigures`."""
        rows = [list(vars(figures).values()) for figures in self.epochs]
        return np.array(rows, dtype=np.float64).reshape(-1, len(EPOCH_COLUMNS))

    def epochs_csv(self) -> bytes:
        """Return one line for each epoch, with a heading."""
        return figures_table(EPOCH_COLUMNS, (vars(figures).values() for figures in self.epochs))

    def minibatches_csv(self) -> bytes:
        """Return one line for each minibatch, from 1, with a heading; its epoch is the last."""
        batches = enumerate(zip(self.batch_losses, self.batch_accuracies, strict=True))
        rows = ((n + 1, *figures, n // self.batches + 1) for n, figures in batches)
        return figures_table(("minibatch", "training_loss", "training_accuracy", "epoch"), rows)

    def to_arrays(self) -> tuple[Doubles, Doubles, Doubles]:
        """Return copies of the losses (B,) and accuracies (B,) of batches, and of `epoch_table`."""
        return np.array(self.batch_losses), np.array(self.batch_accuracies), self.epoch_table()

    @classmethod
    def from_arrays(
        cls,
        batch_losses: Doubles,
        batch_accuracies: Doubles,
        epoch_table: Doubles,
    ) -> History:
        """Rebuild what `to_arrays` gave; `DamagedError` if the arrays do not fit together."""
        losses, accuracies, table = (
            np.ascontiguousarray(values, np.float64)
            for values in (batch_losses, batch_accuracies, epoch_table)
        )
        if losses.ndim != 1 or losses.shape != accuracies.shape:
            raise DamagedError("not one loss and one accuracy for each batch")
        if table.ndim != 2 or table.shape[1] != len(EPOCH_COLUMNS):
            raise DamagedError("not a row of figures for each epoch")
        if not np.array_equal(table[:, 0], np.arange(1, len(table) + 1)):
            raise DamagedError("not one epoch after the other")
        # A loss may be infinite. What an epoch took cannot, and is summed up.
        if not (np.isfinite(table[:, 1]).all() and (table[:, 1] >= 0).all()):
            raise DamagedError("epochs without a duration")
        history = cls()
        history.batch_losses = array("d", losses.tobytes())
        history.batch_accuracies = array("d", accuracies.tobytes())
        history.batches = max(1, len(losses) // max(1, len(table)))
        history.epochs = [
            EpochFigures(int(row[0]), *(float(value) for value in row[1:])) for row in table
        ]
        return history


EPOCH_COLUMNS = tuple(EpochFigures.__dataclass_fields__)


def read_change(entry: object) -> SettingChanged:
    """Return a change of a setting from a record's fields by name or a checkpoint's in order.

    Raises `DamagedError` if it is none, or of a setting that is not live, and `UserError` if a
    value is out of range.
    """
    names = tuple(SettingChanged.__dataclass_fields__)
    if isinstance(entry, list) and len(entry) == len(names):
        entry = dict(zip(names, entry, strict=True))
    if not isinstance(entry, dict):
        raise DamagedError(f"{str(entry)[:60]!r} is no change of a setting")
    fields = Fields(entry)
    name = fields.get_choice("name", tuple(known for known in SETTINGS if SETTINGS[known].live))
    epoch, batch, batches = (fields.get_int(place, 0, 2**31) for place in names[:3])
    if not batches:
        raise DamagedError("a change of a setting is in an epoch without minibatches")
    setting = SETTINGS[name]
    if not isinstance(setting, RealNumber):
        # A name of another version's is no reason to refuse the run.
        before = fields.get_text("before", 40)
        value = fields.get_text("value", 40)
        return SettingChanged(epoch, batch, batches, name, before, value)
    numbers = fields.get_float("before", -1e300, 1e300), fields.get_float("value", -1e300, 1e300)
    for number in numbers:
        setting.check(name, number)
    return SettingChanged(epoch, batch, batches, name, *numbers)


def figures_table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    # Seven digits are those of float32: 0.137, not 0.13699999824166298.
    rounded = (
        [float(f"{one:.7g}") if isinstance(one, float) else one for one in row] for row in rows
    )
    return csv_table([columns, *rounded]).encode()


class LossHistory(History):
    """Losses and accuracies of a run, epoch by epoch, as arrays.

    It listens to `mnist_draw.run_network` (``history=``), and to the loop, where it is called with
    each event. What belongs to single minibatches it has from `History`.

    Examples
    --------
    >>> from mnist_draw import LossHistory, load_data, run_network
    >>> history = LossHistory()
    >>> network = run_network(num_epochs=2, training_examples=2000, history=history, verbose=False)
    >>> history.epoch
    array([1, 2])
    >>> history.validation_loss.shape
    (2,)
    >>> bool(history.training_loss[1] < history.training_loss[0])
    True
    """

    __module__ = "mnist_draw"  # what pickles name, wherever this module is

    def __call__(self, event: Event) -> None:
        """Take one event of the loop."""
        self.add(event)

    @property
    def epoch(self) -> Integers:
        """The numbers of the complete epochs, from 1, int64 (E,)."""
        return np.array([figures.epoch for figures in self.epochs], np.int64)

    @property
    def training_loss(self) -> Doubles:
        """Mean cross-entropy in nats over an epoch's minibatches, with dropout, float64 (E,)."""
        return self._column("training_loss")

    @property
    def training_accuracy(self) -> Doubles:
        """Share of right answers (0 to 1) over an epoch's minibatches, float64 (E,)."""
        return self._column("training_accuracy")

    @property
    def validation_loss(self) -> Doubles:
        """Mean cross-entropy in nats on the validation pictures after each epoch, float64 (E,)."""
        return self._column("validation_loss")

    @property
    def validation_accuracy(self) -> Doubles:
        """Share of right answers (0 to 1) on the validation pictures, float64 (E,)."""
        return self._column("validation_accuracy")

    def plot(self, axes: Any = None) -> Any:
        """Draw loss and accuracy over the epochs; in a notebook they appear below the cell.

        Parameters
        ----------
        axes : pair of matplotlib.axes.Axes, optional
            Where to draw the loss, and where the accuracy; a new figure has both side by side.

        Returns
        -------
        pair of matplotlib.axes.Axes
            Those that were drawn into; a figure that is returned a notebook would show twice.

        Raises
        ------
        MissingPackageError
            Matplotlib is not installed.
        """
        try:
            from matplotlib import pyplot
            from matplotlib.ticker import MaxNLocator
        except ImportError as error:
            raise MissingPackageError("history.plot()", "matplotlib", "plot") from error
        if axes is None:
            axes = pyplot.subplots(1, 2, figsize=(10, 3.5), layout="constrained")[1]
        titles = {"loss": _("Cross-entropy (nats)"), "accuracy": _("Accuracy")}
        parts = {"training": _("training"), "validation": _("validation")}
        for panel, (quantity, title) in zip(axes, titles.items(), strict=True):
            for part, name in parts.items():
                values = self._column(f"{part}_{quantity}")
                panel.plot(self.epoch, values, marker=".", label=name)
            panel.set(xlabel=_("Epoch"), title=title)
            panel.xaxis.set_major_locator(MaxNLocator(integer=True))
            panel.legend()
        return axes

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line for each epoch, with a heading; only a table of these is replaced.

        Parameters
        ----------
        path : str or os.PathLike

        Raises
        ------
        StorageError
            The file cannot be written, or it holds something else.
        """
        _replace_table(path, self.epochs_csv())

    def write_minibatches_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line for each minibatch, with a heading, as `write_csv` does for epochs."""
        _replace_table(path, self.minibatches_csv())

    def __repr__(self) -> str:
        """Return how far the run came, and how well it reads."""
        if not self.epochs:
            return "<LossHistory: no epoch yet>"
        last = self.epochs[-1]
        many = "" if last.epoch == 1 else "s"
        return (
            f"<LossHistory: {last.epoch} epoch{many}, validation loss {last.validation_loss:.4f}, "
            f"accuracy {last.validation_accuracy:.2%}>"
        )

    def _column(self, name: str) -> Doubles:
        return np.array([getattr(figures, name) for figures in self.epochs], np.float64)


def _replace_table(path: str | os.PathLike[str], table: bytes) -> None:
    """Write a table, and refuse a file that does not begin with its heading."""
    # That of a version before may have fewer columns.
    heading = b",".join(table.splitlines()[0].split(b",")[:3])
    found = b""
    # What cannot be read is told when it is written.
    with contextlib.suppress(OSError, ValueError):
        if Path(path).is_file():
            with Path(path).open("rb") as file:
                found = file.read(len(heading))
    if found not in (b"", heading):
        raise StorageError(
            "{path} does not contain the figures of a run. It is unchanged. Delete it or choose "
            "another name.",
            path=os.fspath(path),
        )
    write_atomically(path, table)
