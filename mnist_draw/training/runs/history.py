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

from mnist_draw.storage.atomic import write_atomically
from mnist_draw.training.events import (
    BatchFinished,
    EpochFinished,
    Event,
    SettingChanged,
    Tested,
)


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
    batch_losses, batch_accuracies
        One double for each minibatch learnt, in order.
    epochs
        One `EpochFigures` for each complete epoch.
    changes
        Every `SettingChanged`, in order.
    test_loss, test_accuracy
        Of the end of the run; None before.
    """

    def __init__(self) -> None:
        self.batch_losses = array("d")
        self.batch_accuracies = array("d")
        self.epochs: list[EpochFigures] = []
        self.changes: list[SettingChanged] = []
        self.test_loss: float | None = None
        self.test_accuracy: float | None = None

    def add(self, event: Event) -> None:
        """Take one event of the loop; those without figures are ignored."""
        if isinstance(event, BatchFinished):
            self.batch_losses.append(event.loss)
            self.batch_accuracies.append(event.accuracy)
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
        _write_table(path, EPOCH_COLUMNS, (vars(figures).values() for figures in self.epochs))

    def write_minibatches_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line for each minibatch learnt, counted from 1, with a heading.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        numbers = range(1, len(self.batch_losses) + 1)
        rows = zip(numbers, self.batch_losses, self.batch_accuracies, strict=True)
        _write_table(path, ("minibatch", "training_loss", "training_accuracy"), rows)

    def to_arrays(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return copies of batch losses, batch accuracies and the epochs' table."""
        return np.array(self.batch_losses), np.array(self.batch_accuracies), self.epoch_table()

    @classmethod
    def from_arrays(
        cls,
        batch_losses: NDArray[np.float64],
        batch_accuracies: NDArray[np.float64],
        epoch_table: NDArray[np.float64],
    ) -> History:
        """Rebuild what `to_arrays` gave."""
        history = cls()
        history.batch_losses = array("d", np.asarray(batch_losses, np.float64).tobytes())
        history.batch_accuracies = array("d", np.asarray(batch_accuracies, np.float64).tobytes())
        history.epochs = [
            EpochFigures(int(row[0]), *(float(value) for value in row[1:])) for row in epoch_table
        ]
        return history


EPOCH_COLUMNS = tuple(EpochFigures.__dataclass_fields__)


def _write_table(
    path: str | os.PathLike[str], columns: Iterable[str], rows: Iterable[Iterable[object]]
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode())
