"""What a run tells the window: the loop's events, and those of the run's thread and files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mnist_draw.analysis.layer_inspection import LayerFigures
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.events import Event, Parameters
from mnist_draw.training.history import History


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


@dataclass(frozen=True, eq=False)
class Continued:
    """A continued run as it was left."""

    history: History
    parameters: Parameters


RunEvent = Event | LayerFigures | Saved | Rescued | Failed | Continued
