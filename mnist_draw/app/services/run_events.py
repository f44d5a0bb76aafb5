"""What a run tells the window: the loop's events, and those of the run's thread and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mnist_draw.storage.models import ModelFile
from mnist_draw.training.events import Event, Parameters
from mnist_draw.training.layer_inspection import LayerFigures
from mnist_draw.training.runs.history import History


@dataclass(frozen=True)
class Saved:
    """The run's network is on disk."""

    path: Path


@dataclass(frozen=True)
class Rescued:
    """The run's network is on disk, but not with its run.

    Attributes
    ----------
    path : Path
    sentence : str
        Why, and where it is, for the user.
    """

    path: Path
    sentence: str


@dataclass(frozen=True, eq=False)
class Failed:
    """The run ended with an error.

    Attributes
    ----------
    sentence : str
        For the user.
    unsaved : ModelFile or None
        What was learnt, where only the memory has it.
    """

    sentence: str
    unsaved: ModelFile | None = None


@dataclass(frozen=True, eq=False)
class Continued:
    """A continued run as it was left.

    Attributes
    ----------
    history : History
        Its figures and the settings that were changed; whoever takes them may add to them.
    parameters : tuple of numpy.ndarray
        Of its network, in Lasagne's order.
    """

    history: History
    parameters: Parameters


RunEvent = Event | LayerFigures | Saved | Rescued | Failed | Continued
