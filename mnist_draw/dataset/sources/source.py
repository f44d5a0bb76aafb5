"""What a reader of training data finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The most pictures of a part: 300 MB of pixels.
MAX_PICTURES = 400_000


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures with their labels.

    Attributes
    ----------
    images : numpy.ndarray, uint8, shape (N, 28, 28)
        Ink high.
    labels : numpy.ndarray, integer, shape (N,)
        As the source has them, not from 0 on.
    path : pathlib.Path
        Where the labels come from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[Any]
    path: Path


@dataclass(frozen=True, eq=False)
class Source:
    """What was found at a place."""

    place: Path
    train: Part
    test: Part | None = None
    validation: Part | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    shuffled: bool = False
    told: tuple[str, ...] = ()
