"""Digits as lines: skeletons kept compactly, and handed out for minibatches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.numba_loops import Compiled, has_numba
from mnist_draw.dataset.augmentation.skeleton import skeletons

Floats = NDArray[np.float32]
Images = NDArray[np.uint8]

#: Index of the middle of the picture; coordinates are relative to it.
MIDDLE = np.float32(14)
#: Points of a skeleton that are kept; MNIST's have 68 on the average.
MAX_POINTS = 128
#: Places behind a digit's own points for strokes that a style adds.
EXTRA = 32
#: Farther than any point, in pixels.
FAR = np.float32(1e3)
#: Pictures whose skeletons are found at once: their words fit the processor's cache.
AT_ONCE = 250
#: Steps per pixel in which the bytes keep places, and radii and lengths.
_PLACE_STEPS, _SIZE_STEPS = 8, 32
#: What a step of each of a point's five bytes means: pixels, and radians for the last.
_UNITS = np.array([1 / 8, 1 / 8, 1 / 32, 1 / 32, 2 * np.pi / 254], np.float32)


@dataclass(eq=False)
class Strokes:
    """The points of n digits, coordinates from the middle.

    Attributes
    ----------
    points : numpy.ndarray
        float32 (6, n, points): what follows, in this order.
    used : numpy.ndarray
        How many places of each digit count, intp (n,): there is nothing behind them. The last
        `EXTRA` of them are for strokes that a style adds.
    x, y : numpy.ndarray
        Places in pixels, y downwards.
    radius : numpy.ndarray
        Of the ink around the point in pixels; 0 where there is no point.
    length : numpy.ndarray
        Pixels of line that the point stands for; 0 where there is no point.
    end_x, end_y : numpy.ndarray
        Unit vectors outwards at the ends of lines, else 0.
    """

    points: Floats
    used: NDArray[np.intp]

    @property
    def x(self) -> Floats:
        return self._values(0)

    @property
    def y(self) -> Floats:
        return self._values(1)

    @property
    def radius(self) -> Floats:
        return self._values(2)

    @property
    def length(self) -> Floats:
        return self._values(3)

    @property
    def end_x(self) -> Floats:
        return self._values(4)

    @property
    def end_y(self) -> Floats:
        return self._values(5)

    def _values(self, place: int) -> Floats:
        values: Floats = self.points[place]
        return values

    def part(self, rows: NDArray[np.intp]) -> Strokes:
        """Return copies of the digits `rows`."""
        return Strokes(self.points[:, rows], self.used[rows])


class StrokeStore:
    """The skeletons of a data set: found when first asked for, then kept in a few bytes.

    Two threads may ask at once, as long as they ask for different pictures.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (N, 28, 28).
    """

    def __init__(self, images: Images) -> None:
        self._images = images
        # Place, size and direction of the end, if it is one; 32 MB for 50,000 digits.
        self._bytes = np.zeros((len(images), 5, MAX_POINTS), np.uint8)
        # Where there is no point, it is in the middle, so that no warp takes it far away.
        self._bytes[:, :2] = MIDDLE * _PLACE_STEPS
        self._count = np.zeros(len(images), np.uint8)
        self._known = np.zeros(len(images), np.bool_)

    def strokes(self, indices: NDArray[np.intp]) -> Strokes:
        """Return the digits at `indices`, with `EXTRA` empty places behind the points."""
        self._prepare(indices)
        used = self._count[indices].astype(np.intp) + EXTRA
        kept = np.zeros((6, len(indices), used.max(initial=EXTRA)), np.float32)
        run = _unpack_compiled if has_numba() else _unpack_numpy
        run(self._bytes, indices, used, kept)
        return Strokes(kept, used)

    def has_points(self, indices: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which digits have ink enough for a skeleton: bool (n,)."""
        self._prepare(indices)
        return self._count[indices] > 0

    def _prepare(self, indices: NDArray[np.intp]) -> None:
        missing = indices[~self._known[indices]]
        for start in range(0, len(missing), AT_ONCE):
            self._find(missing[start : start + AT_ONCE])

    def _find(self, indices: NDArray[np.intp]) -> None:
        found = skeletons(self._images[indices])
        first = np.searchsorted(found.picture, np.arange(len(indices)))
        rank = np.arange(len(found.picture)) - first[found.picture]
        fits = rank < MAX_POINTS
        turn = np.arctan2(found.end_y, found.end_x) / (2 * np.pi) % 1
        is_end = (found.end_x != 0) | (found.end_y != 0)
        columns = (
            found.x * _PLACE_STEPS,
            found.y * _PLACE_STEPS,
            np.maximum(found.radius * _SIZE_STEPS, 1),
            found.length * _SIZE_STEPS,
            np.where(is_end, np.maximum(turn * 254, 1), 0),
        )
        picture = indices[found.picture[fits]]
        for column, values in enumerate(columns):
            levels = np.clip(np.rint(values[fits]), 0, 255).astype(np.uint8)
            self._bytes[picture, column, rank[fits]] = levels
        points = np.bincount(found.picture, minlength=len(indices))
        self._count[indices] = np.minimum(points, MAX_POINTS)
        self._known[indices] = True


def _unpack_loops(stored: Any, indices: Any, used: Any, kept: Any) -> None:
    for row in range(len(indices)):
        found = stored[indices[row]]
        points = np.uint64(used[row] - EXTRA)
        for column in range(4):
            unit, first = _UNITS[column], MIDDLE if column < 2 else np.float32(0)
            for point in range(points):
                kept[column, row, point] = np.float32(found[column, point]) * unit - first
        for point in range(points):
            if found[4, point] > 0:
                angle = np.float32(found[4, point]) * _UNITS[4]
                kept[4, row, point] = np.cos(angle)
                kept[5, row, point] = np.sin(angle)


_unpack_compiled = Compiled(_unpack_loops)


def _unpack_numpy(stored: Images, indices: NDArray[np.intp], used: Any, kept: Floats) -> None:
    width = kept.shape[2] - EXTRA
    found = stored.take(indices, axis=0)[:, :, :width].transpose(1, 0, 2)
    own = kept[:, :, :width]
    np.multiply(found[:4], _UNITS[:4, None, None], out=own[:4])
    own[:2] -= MIDDLE
    ends = found[4] > 0
    angle = found[4][ends] * _UNITS[4]
    own[4][ends], own[5][ends] = np.cos(angle), np.sin(angle)
