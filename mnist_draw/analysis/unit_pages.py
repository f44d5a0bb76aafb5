"""What each unit of a network is about: which digit excites it, which pictures do most.

Found by showing the network pictures that it was trained with, and kept for the next time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.anatomy import Anatomy, Floats
from mnist_draw.analysis.cache import cached, fingerprint
from mnist_draw.dataset.mnist import load_dataset, scale

#: So many training pictures are shown: enough for 500 of each digit. Convolutions cost more.
PICTURES, CONVOLUTION_PICTURES = 5000, 1000
#: Pictures kept for each unit.
BEST = 6
_VERSION = 1


@dataclass(frozen=True, eq=False)
class UnitPages:
    """What is known about the units of each layer, the answer's layer last.

    Attributes
    ----------
    means : tuple of numpy.ndarray, float32, shape (10, units)
        Mean output over the training pictures of each digit; of a map, its mean strongest.
    best : tuple of numpy.ndarray, int64, shape (units, 6)
        The training pictures that excite a unit most, counted from 0, strongest first.
    heights : tuple of numpy.ndarray, float32, shape (units, 6)
        What it puts out for them; of an output, its logit.
    """

    means: tuple[Floats, ...] = field(repr=False)
    best: tuple[npt.NDArray[np.int64], ...] = field(repr=False)
    heights: tuple[Floats, ...] = field(repr=False)

    def rows(self, layer: int) -> npt.NDArray[np.int64]:
        """Return for each unit of a layer the digit that excites it most, int64 (units,)."""
        rows: npt.NDArray[np.int64] = self.means[layer].argmax(axis=0)
        return rows


class _StoppedError(Exception):
    """Nobody wants the pages any more."""


def unit_pages(anatomy: Anatomy, stopped: Callable[[], bool] = lambda: False) -> UnitPages | None:
    """Find the pages of a network's units, or read what was kept.

    Parameters
    ----------
    anatomy : Anatomy
    stopped : callable
        Asked now and then; when it returns True, the search is given up.

    Returns
    -------
    UnitPages or None
        None if it was given up.
    """
    layers = len(anatomy.layers)

    def compute() -> dict[str, npt.NDArray[np.generic]]:
        pages = _find(anatomy, stopped)
        arrays: dict[str, npt.NDArray[np.generic]] = {}
        for n in range(layers):
            arrays[f"means_{n}"] = pages.means[n]
            arrays[f"best_{n}"] = pages.best[n]
            arrays[f"heights_{n}"] = pages.heights[n]
        return arrays

    try:
        kept = cached("units", _VERSION, fingerprint(anatomy.model), compute)
    except _StoppedError:
        return None

    def all_of(name: str) -> tuple[npt.NDArray[np.generic], ...]:
        return tuple(kept[f"{name}_{n}"] for n in range(layers))

    return UnitPages(all_of("means"), all_of("best"), all_of("heights"))  # type: ignore[arg-type]


def training_pictures() -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the pictures that pages speak of, float32 (N, 1, 28, 28), and their labels."""
    data = load_dataset()
    labels = data.train_labels[:PICTURES].astype(np.int64)
    return scale(data.train_images[:PICTURES]), labels


def _find(anatomy: Anatomy, stopped: Callable[[], bool]) -> UnitPages:
    pictures, labels = training_pictures()
    if any(layer.convolves for layer in anatomy.layers):
        pictures, labels = pictures[:CONVOLUTION_PICTURES], labels[:CONVOLUTION_PICTURES]
    heights = [np.empty((len(pictures), layer.units), np.float32) for layer in anatomy.layers]
    for where, passed in anatomy.run_many(pictures):
        for kept, values in zip(heights, (*passed.a, passed.logits), strict=True):
            kept[where] = values.reshape(*values.shape[:2], -1).max(axis=2)
        if stopped():
            raise _StoppedError
    means, best, highest = [], [], []
    for values in heights:
        means.append(np.stack([values[labels == digit].mean(axis=0) for digit in range(10)]))
        order = np.argpartition(-values, BEST, axis=0)[:BEST]
        chosen = np.take_along_axis(values, order, axis=0)
        places = np.argsort(-chosen, axis=0, kind="stable")
        best.append(np.take_along_axis(order, places, axis=0).T.astype(np.int64))
        highest.append(np.take_along_axis(chosen, places, axis=0).T.copy())
    return UnitPages(tuple(means), tuple(best), tuple(highest))
