"""The losses and accuracies of a run as arrays, and as curves in a notebook."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.errors import MissingPackageError, StorageError
from mnist_draw.training.events import Event
from mnist_draw.training.runs.history import History


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

    def __call__(self, event: Event) -> None:
        """Take one event of the loop."""
        self.add(event)

    @property
    def epoch(self) -> NDArray[np.int64]:
        """The numbers of the complete epochs, from 1, int64 (E,)."""
        return np.array([figures.epoch for figures in self.epochs], np.int64)

    @property
    def training_loss(self) -> NDArray[np.float64]:
        """Mean cross-entropy in nats over an epoch's minibatches, with dropout, float64 (E,)."""
        return self._column("training_loss")

    @property
    def training_accuracy(self) -> NDArray[np.float64]:
        """Share of right answers (0 to 1) over an epoch's minibatches, float64 (E,)."""
        return self._column("training_accuracy")

    @property
    def validation_loss(self) -> NDArray[np.float64]:
        """Mean cross-entropy in nats on the validation pictures after each epoch, float64 (E,)."""
        return self._column("validation_loss")

    @property
    def validation_accuracy(self) -> NDArray[np.float64]:
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
            _, axes = pyplot.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
        for panel, quantity, title in zip(
            axes, ("loss", "accuracy"), ("Cross-entropy (nats)", "Accuracy"), strict=True
        ):
            for part in ("training", "validation"):
                values = self._column(f"{part}_{quantity}")
                panel.plot(self.epoch, values, marker=".", label=part)
            panel.set(xlabel="Epoch", title=title)
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
        _refuse_foreign(path, self.epochs_csv())
        super().write_csv(path)

    def write_minibatches_csv(self, path: str | os.PathLike[str]) -> None:
        """Write one line for each minibatch, with a heading; only a table of these is replaced.

        Parameters
        ----------
        path : str or os.PathLike

        Raises
        ------
        StorageError
            The file cannot be written, or it holds something else.
        """
        _refuse_foreign(path, self.minibatches_csv())
        super().write_minibatches_csv(path)

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

    def _column(self, name: str) -> NDArray[np.float64]:
        return np.array([getattr(figures, name) for figures in self.epochs], np.float64)


def _refuse_foreign(path: str | os.PathLike[str], table: bytes) -> None:
    """Refuse a file that does not begin with the heading of a table."""
    heading = table.splitlines()[0]
    found = b""
    # What cannot be read is told when it is written.
    with contextlib.suppress(OSError, ValueError):
        if Path(path).is_file():
            with Path(path).open("rb") as file:
                found = file.read(len(heading))
    if found not in (b"", heading):
        raise StorageError(
            f"{os.fspath(path)} holds something else than the figures of a run and is unchanged. "
            "Delete it or choose another name."
        )
