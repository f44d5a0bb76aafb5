"""What a run tells the window: the loop's events, and those of the run's thread and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_draw.training.events import Event, SettingChanged
from mnist_draw.training.layer_inspection import LayerFigures


@dataclass(frozen=True)
class Saved:
    """The run's network is on disk."""

    path: Path


@dataclass(frozen=True)
class Failed:
    """The run ended with an error; ``sentence`` is for the user."""

    sentence: str


@dataclass(frozen=True, eq=False)
class Continued:
    """Figures of a continued run's earlier part.

    Attributes
    ----------
    batch_losses, batch_accuracies : numpy.ndarray
        One figure for each minibatch: in nats, and from 0 to 1.
    epochs : numpy.ndarray
        Of shape (epochs, 7), columns as in `mnist_draw.training.runs.history.EpochFigures`.
    changes : tuple of SettingChanged
        The settings changed in it.
    """

    batch_losses: NDArray[np.float64]
    batch_accuracies: NDArray[np.float64]
    epochs: NDArray[np.float64]
    changes: tuple[SettingChanged, ...] = ()


RunEvent = Event | LayerFigures | Saved | Failed | Continued
