"""The figures of a run, batch by batch and epoch by epoch."""

from __future__ import annotations

import csv
import io
import os
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_draw.errors import DocumentError
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Fields
from mnist_draw.training.events import (
    BatchFinished,
    EpochFinished,
    SettingChanged,
    Tested,
)
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

    Attributes
    ----------
    batch_losses, batch_accuracies : array.array
        One double for each minibatch learnt, in order: nats, and shares from 0 to 1.
    batches : int
        Minibatches of an epoch; 1 while that is not known.
    epochs : list of EpochFigures
        One `EpochFigures` for each complete epoch.
    changes : list of SettingChanged
        Every `SettingChanged`, in order.
    test_loss, test_accuracy : float or None
        Of the end of the run; None before.
    """

    def __init__(self) -> None:
        self.batch_losses = array("d")
        self.batch_accuracies = array("d")
        self.batches = 1
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
            self.epochs.append(
                EpochFigures(
                    event.epoch,
                    event.seconds,
                    event.training_loss,
                    event.training_accuracy,
                    event.validation_loss,
                    event.validation_accuracy,
                    event.images_per_second,
                )
            )
        elif isinstance(event, SettingChanged):
            self.changes.append(event)
        elif isinstance(event, Tested):
            self.test_loss, self.test_accuracy = event.loss, event.accuracy

    def epoch_table(self) -> NDArray[np.float64]:
        """Return the epochs as an array (epochs, 7), columns as in `EpochFigures`."""
        rows = [list(vars(figures).values()) for figures in self.epochs]
        return np.array(rows, dtype=np.float64).reshape(-1, len(EPOCH_COLUMNS))

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line for each epoch, with a heading.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        write_atomically(path, self.epochs_csv())

    def epochs_csv(self) -> bytes:
        """Return what `write_csv` writes."""
        return _table(EPOCH_COLUMNS, (vars(figures).values() for figures in self.epochs))

    def write_minibatches_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line for each minibatch learnt, counted from 1, with a heading.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        write_atomically(path, self.minibatches_csv())

    def minibatches_csv(self) -> bytes:
        """Return what `write_minibatches_csv` writes."""
        numbers = range(1, len(self.batch_losses) + 1)
        rows = zip(numbers, self.batch_losses, self.batch_accuracies, strict=True)
        return _table(("minibatch", "training_loss", "training_accuracy"), rows)

    def to_arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return copies of the losses (B,) and accuracies (B,) of batches, and of `epoch_table`."""
        return np.array(self.batch_losses), np.array(self.batch_accuracies), self.epoch_table()

    @classmethod
    def from_arrays(
        cls,
        batch_losses: NDArray[np.float64],
        batch_accuracies: NDArray[np.float64],
        epoch_table: NDArray[np.float64],
    ) -> History:
        """Rebuild what `to_arrays` gave.

        Parameters
        ----------
        batch_losses, batch_accuracies : numpy.ndarray, float64, shape (B,)
        epoch_table : numpy.ndarray, float64, shape (E, 7)

        Raises
        ------
        ValueError
            The arrays do not fit together, or the epochs are not 1, 2, 3 and so on.
        """
        losses, accuracies, table = (
            np.ascontiguousarray(values, np.float64)
            for values in (batch_losses, batch_accuracies, epoch_table)
        )
        if losses.ndim != 1 or losses.shape != accuracies.shape:
            raise ValueError("its figures are not one loss and one accuracy for each batch")
        if table.ndim != 2 or table.shape[1] != len(EPOCH_COLUMNS):
            raise ValueError("its figures are not a row for each epoch")
        if not np.array_equal(table[:, 0], np.arange(1, len(table) + 1)):
            raise ValueError("its figures are not those of one epoch after the other")
        # A loss may be infinite. What an epoch took cannot, and is summed up.
        if not (np.isfinite(table[:, 1]).all() and (table[:, 1] >= 0).all()):
            raise ValueError("its epochs took no time that a clock shows")
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
    """Return a change of a setting from its fields by name, or from their values in order.

    Parameters
    ----------
    entry : object
        What a record (an object) or a checkpoint (a list) holds.

    Raises
    ------
    DocumentError
        It is none, or of a setting that cannot be changed during a run.
    UserError
        A value is out of range.
    """
    names = tuple(SettingChanged.__dataclass_fields__)
    if isinstance(entry, list) and len(entry) == len(names):
        entry = dict(zip(names, entry, strict=True))
    if not isinstance(entry, dict):
        raise DocumentError(f"{str(entry)[:60]!r} is no change of a setting")
    fields = Fields(entry)
    name = fields.get_choice("name", tuple(known for known in SETTINGS if SETTINGS[known].live))
    epoch, batch, batches = (fields.get_int(place, 0, 2**31) for place in names[:3])
    if not batches:
        raise DocumentError("a change of a setting lies in an epoch without minibatches")
    setting = SETTINGS[name]
    if not isinstance(setting, RealNumber):
        # A name of another version's is no reason to refuse the run.
        before, value = fields.get_text("before", 40), fields.get_text("value", 40)
        return SettingChanged(epoch, batch, batches, name, before, value)
    numbers = fields.get_float("before", -1e300, 1e300), fields.get_float("value", -1e300, 1e300)
    for number in numbers:
        setting.check(number)
    return SettingChanged(epoch, batch, batches, name, *numbers)


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
