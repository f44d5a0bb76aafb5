"""Add strokes to digits, and rub some of them out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.skeleton_store import EXTRA, Strokes

Floats = NDArray[np.floating[Any]]
Rows = NDArray[np.intp]
Place = tuple[Floats, Floats]

#: Points of a short stroke: two of them, or one of `EXTRA` points, can be added to a digit.
SHORT = EXTRA // 2
#: No digit is left with fewer points than this.
FEWEST = 12


def between(share: Floats, low: float, high: float) -> Floats:
    """Take shares of 0 to 1 to the range from `low` to `high`."""
    return np.float32(low) + share * np.float32(high - low)


def add(strokes: Strokes, rows: Rows, first: int, x: Floats, y: Floats, pen: Floats) -> None:
    """Add one stroke to each of the digits `rows`.

    Parameters
    ----------
    strokes : Strokes
        Changed in place.
    rows : numpy.ndarray
        Which digits, intp (rows,).
    first : int
        Which of the `EXTRA` places the stroke begins at.
    x, y : numpy.ndarray
        Its points (rows, count).
    pen : numpy.ndarray
        Radius of every digit's ink, (n,).
    """
    start = strokes.x.shape[1] - EXTRA + first
    places = slice(start, start + x.shape[1])
    strokes.x[rows, places] = x
    strokes.y[rows, places] = y
    strokes.radius[rows, places] = pen[rows, None]
    steps = np.sqrt(np.diff(x, axis=1) ** 2 + np.diff(y, axis=1) ** 2)
    lengths = np.zeros_like(x)
    lengths[:, 1:] += steps / 2
    lengths[:, :-1] += steps / 2
    strokes.length[rows, places] = lengths


def curve(start: Place, pull: Place, end: Place, count: int) -> Place:
    """Return points of quadratic Bézier curves.

    Parameters
    ----------
    start, pull, end : tuple of numpy.ndarray
        x and y of the three control points, (rows,) each.
    count : int
        Points of each curve.

    Returns
    -------
    x, y
        (rows, count) each.
    """
    t = np.linspace(0, 1, count, dtype=np.float32)
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return (
        start[0][:, None] * a + pull[0][:, None] * b + end[0][:, None] * c,
        start[1][:, None] * a + pull[1][:, None] * b + end[1][:, None] * c,
    )


def line(start: Place, end: Place, count: int) -> Place:
    """Return points of straight lines; as `curve`."""
    return curve(start, ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2), end, count)


def erase(strokes: Strokes, rows: Rows, x: Floats, y: Floats, reach: Floats) -> None:
    """Take away the points within `reach` of a place, unless hardly any would be left.

    Parameters
    ----------
    strokes : Strokes
        Changed in place.
    rows : numpy.ndarray
        Which digits, intp (rows,).
    x, y, reach : numpy.ndarray
        Middle and radius of the rubber in pixels, (rows,).
    """
    squared = (strokes.x[rows] - x[:, None]) ** 2 + (strokes.y[rows] - y[:, None]) ** 2
    near = squared < (reach**2)[:, None]
    left = (strokes.radius[rows] > 0) & ~near
    near &= (left.sum(axis=1) >= FEWEST)[:, None]
    for values in (strokes.radius, strokes.length, strokes.end_x, strokes.end_y):
        values[rows] = np.where(near, 0, values[rows])
