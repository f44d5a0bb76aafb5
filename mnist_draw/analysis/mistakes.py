"""Find the test digits that a network misreads.

A digit that the network misreads in MNIST may be read rightly on the drawing board, a fraction of a
pixel to the side; it is no example of a mistake there. So each candidate is read again as the board
shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.results import count_results
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage.models import ModelFile

#: Turns a picture of MNIST, uint8 of shape (28, 28), into the ink of the drawing board.
AsDrawn = Callable[[npt.NDArray[np.uint8]], npt.NDArray[Any]]


@dataclass(frozen=True)
class Mistake:
    """A test digit, by its index from 0, that the network reads as another, or as ``"4 or 9"``."""

    index: int
    label: int
    read: str


def find_mistakes(
    model: ModelFile, recogniser: Recogniser, pictures: Pictures, as_drawn: AsDrawn
) -> tuple[Mistake, ...]:
    """Find labelled pictures that a network, which the recogniser uses, misreads on the board."""
    *_, results = count_results(model, pictures)
    assert pictures.labels is not None
    found = []
    for index in map(int, results.mistakes()):
        answer = recogniser.recognise_ink(as_drawn(pictures.images[index, 0]))
        label = int(pictures.labels[index])
        if answer.digit not in (None, label):
            found.append(Mistake(index, label, answer.text))
    return tuple(found)
