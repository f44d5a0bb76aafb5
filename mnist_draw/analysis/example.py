"""The picture that goes through all views of a network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

#: Who says what a picture shows: the user, the data set that it is from, or nobody, so that the
#: network's own answer stands in for it.
LabelSource = Literal["user", "data", "answer"]


@dataclass(frozen=True, eq=False)
class Example:
    """One picture, as the network sees it, and where it is from."""

    #: float32 (28, 28): 0 is paper and 255/256 is full ink, as in MNIST when it is scaled for the
    #: network.
    picture: npt.NDArray[np.float32] = field(repr=False)
    #: What the picture shows, 0 to 9; None where nobody can say, not even the network.
    label: int | None = None
    #: Who says so.
    label_source: LabelSource = "answer"
    #: Where the picture is from, in words: ``"drawing"``, ``"MNIST test 1,234"``.
    source: str = "drawing"
    #: Its place in the set that it is from, counted from 0; None for a drawing.
    index: int | None = None
    #: Whether the program takes it for a digit at all.
    is_digit: bool = True

    @property
    def is_drawing(self) -> bool:
        """Whether this is what the drawing board shows, which may change at any moment."""
        return self.source == "drawing"
