"""The example: the picture that all views of a network show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

#: The source of a label: the user, the data set, or in place of both the network's own answer.
LabelSource = Literal["user", "data", "answer"]


@dataclass(frozen=True, eq=False)
class Example:
    """One picture, as the network sees it, with its label and source."""

    #: float32 (28, 28): 0 is paper and 255/256 is full ink, as in MNIST when it is scaled for the
    #: network.
    picture: npt.NDArray[np.float32] = field(repr=False)
    #: The class that the picture shows, from 0; None if unknown.
    label: int | None = None
    #: The source of the label.
    label_source: LabelSource = "answer"
    #: The source of the picture: ``"drawing"``, ``"MNIST test 1,234"``.
    source: str = "drawing"
    #: Its index in its data set; None for a drawing.
    index: int | None = None
    #: Whether the rejection rule accepts it as a digit.
    is_digit: bool = True

    @property
    def is_drawing(self) -> bool:
        """Whether this is what the drawing board shows, which may change at any moment."""
        return self.source == "drawing"
