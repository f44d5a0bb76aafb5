"""Normalise lines as a drawing is normalised, before they are painted.

A drawing's ink is cropped, scaled and centred (see `mnist_draw.dataset.normalise`). For discs
along a line the same follows from their places and radii: where the ink ends on each side, and
where its centre of mass lies. So a digit is painted only once, at its final place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.numba_loops import Compiled, has_numba
from mnist_draw.dataset.augmentation.painting import centre_of, paint, painted_centre
from mnist_draw.dataset.augmentation.skeleton import FAR, MIDDLE, Strokes

Floats = NDArray[np.float32]

#: Longer side of the normalised ink, in pixels.
BOX = np.float32(20)
#: Where the picture begins and ends, in pixels from its middle at index 14.
LOW, HIGH = np.float32(-14.5), np.float32(13.5)

#: Pixels that the centre of mass of written digits may be off in either direction.
TOLERANCE = 0.1


class Placement:
    """The place and size of n digits on the picture.

    Parameters
    ----------
    strokes : Strokes
        The digits before; radii as they would be painted without scaling.
    size : numpy.ndarray
        Longer side of the ink on the picture, in pixels: float32 (n,).
    to_x, to_y : numpy.ndarray
        The centre of mass, in pixels from the middle: float32 (n,). As for a drawing, all of the
        ink stays on the picture, however lopsided it is.
    round_pen, pen : numpy.ndarray or None
        Which digits a round pen paints, bool (n,), and its radius in pixels, float32 (n,).
    """

    def __init__(
        self,
        strokes: Strokes,
        size: Floats,
        to_x: Floats,
        to_y: Floats,
        round_pen: NDArray[np.bool_] | None = None,
        pen: Floats | None = None,
    ) -> None:
        box, inked, centre = measure(strokes)
        widest = np.maximum(inked[2:] - inked[:2], 1).max(axis=0)
        self.scale = size / widest
        beyond = inked - box
        if round_pen is not None and pen is not None:
            bare = np.maximum(box[2:] - box[:2], 1).max(axis=0)
            # The pen's own width does not grow with the line.
            self.scale = np.where(round_pen, (size - 2 * pen) / bare, self.scale)
            around = pen / self.scale
            beyond = np.where(round_pen, np.stack([-around, -around, around, around]), beyond)
            self._radius = np.where(round_pen, pen, 0)
        else:
            self._radius = np.zeros_like(self.scale)
        self._from_x, self._from_y = centre
        left, top, right, bottom = (box + beyond - centre[[0, 1, 0, 1]]) * self.scale
        self._limits_x = LOW - left, HIGH - right
        self._limits_y = LOW - top, HIGH - bottom
        self._goal_x, self._goal_y = to_x, to_y
        self._to_x = np.clip(to_x, *self._limits_x)
        self._to_y = np.clip(to_y, *self._limits_y)

    def recentre(self, centre: Floats, tolerance: float = 0.0) -> NDArray[np.intp]:
        """Correct the places by the centres of mass of the painted ink, float32 (2, n).

        The points' centre of mass is only nearly the ink's: warps stretch lines, and crossings
        count twice. Returns the digits that were more than `tolerance` pixels off.
        """
        to_x = np.clip(self._to_x + self._goal_x - centre[0], *self._limits_x)
        to_y = np.clip(self._to_y + self._goal_y - centre[1], *self._limits_y)
        off = np.maximum(np.abs(to_x - self._to_x), np.abs(to_y - self._to_y))
        self._to_x = np.where(off > tolerance, to_x, self._to_x)
        self._to_y = np.where(off > tolerance, to_y, self._to_y)
        return np.flatnonzero(off > tolerance)

    def place(
        self, strokes: Strokes, rows: NDArray[np.intp] | None = None
    ) -> tuple[Floats, Floats, Floats]:
        """Return the points' x, y and radius on the picture in pixels: float32 (rows, points).

        Index 0 is the centre of the first pixel. `rows` are the digits, by default all.
        """
        if rows is None:
            rows = np.arange(len(self.scale))
        to_x = MIDDLE + self._to_x - self._from_x * self.scale
        to_y = MIDDLE + self._to_y - self._from_y * self.scale
        result = np.zeros((3, len(rows), strokes.x.shape[1]), np.float32)
        run = _place_compiled if has_numba() else _place_numpy
        points = strokes.x, strokes.y, strokes.radius
        run(*points, strokes.used, rows, self.scale, self._radius, to_x, to_y, result)
        return result[0], result[1], result[2]

    def origin(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Map places on the picture (points,) to places before (n, points)."""
        scale = 1 / self.scale[:, None]
        return (
            (x - self._to_x[:, None]) * scale + self._from_x[:, None],
            (y - self._to_y[:, None]) * scale + self._from_y[:, None],
        )


def paint_centred(strokes: Strokes, placement: Placement) -> NDArray[np.uint8]:
    """Paint digits, uint8 (n, 28, 28), with the centre of mass of their ink in place."""
    placement.recentre(painted_centre(*placement.place(strokes)))
    images = paint(*placement.place(strokes))
    # The sketch is right to a tenth of a pixel in nine of ten digits.
    wrong = placement.recentre(centre_of(images), TOLERANCE)
    images[wrong] = paint(*placement.place(strokes, wrong))
    return images


def measure(strokes: Strokes) -> tuple[Floats, Floats, Floats]:
    """Return the boxes (left, top, right, bottom) of the points and of their ink, and the centres.

    The boxes are float32 (4, n), the centres of mass (x, y) float32 (2, n).
    """
    box, inked = np.empty((2, 4, len(strokes.x)), np.float32)
    centre = np.empty((2, len(strokes.x)), np.float32)
    run = _measure_compiled if has_numba() else _measure_numpy
    points = strokes.x, strokes.y, strokes.radius, strokes.length
    run(*points, strokes.used, box, inked, centre)
    return box, inked, centre


def _measure_loops(
    x: Any, y: Any, radius: Any, length: Any, used: Any, box: Any, inked: Any, centre: Any
) -> None:
    for picture in range(x.shape[0]):
        left = top = inked_left = inked_top = FAR
        right = bottom = inked_right = inked_bottom = -FAR
        total = sum_x = sum_y = np.float32(0)
        for point in range(np.uint64(used[picture])):
            r, px, py = radius[picture, point], x[picture, point], y[picture, point]
            if r > 0:
                left, right = min(left, px), max(right, px)
                top, bottom = min(top, py), max(bottom, py)
                inked_left, inked_right = min(inked_left, px - r), max(inked_right, px + r)
                inked_top, inked_bottom = min(inked_top, py - r), max(inked_bottom, py + r)
                mass = r * length[picture, point]
                total += mass
                sum_x += mass * px
                sum_y += mass * py
        box[0, picture], box[1, picture] = left, top
        box[2, picture], box[3, picture] = right, bottom
        inked[0, picture], inked[1, picture] = inked_left, inked_top
        inked[2, picture], inked[3, picture] = inked_right, inked_bottom
        total = max(total, np.float32(1e-3))
        centre[0, picture], centre[1, picture] = sum_x / total, sum_y / total


_measure_compiled = Compiled(_measure_loops)


def _measure_numpy(
    x: Floats,
    y: Floats,
    radius: Floats,
    length: Floats,
    used: NDArray[np.intp],
    box: Floats,
    inked: Floats,
    centre: Floats,
) -> None:
    points = radius > 0
    for result, around in ((box, np.float32(0)), (inked, radius)):
        result[0] = np.where(points, x - around, FAR).min(axis=1)
        result[1] = np.where(points, y - around, FAR).min(axis=1)
        result[2] = np.where(points, x + around, -FAR).max(axis=1)
        result[3] = np.where(points, y + around, -FAR).max(axis=1)
    mass = radius * length
    total = np.maximum(mass.sum(axis=1), np.float32(1e-3))
    centre[0] = (mass * x).sum(axis=1) / total
    centre[1] = (mass * y).sum(axis=1) / total


def _place_loops(
    x: Any,
    y: Any,
    radius: Any,
    used: Any,
    rows: Any,
    scale: Any,
    pen: Any,
    to_x: Any,
    to_y: Any,
    result: Any,
) -> None:
    for number in range(len(rows)):
        row = rows[number]
        by, right, down, wide = scale[row], to_x[row], to_y[row], pen[row]
        for point in range(np.uint64(used[row])):
            result[0, number, point] = x[row, point] * by + right
            result[1, number, point] = y[row, point] * by + down
            before = radius[row, point]
            after = wide if wide > 0 else before * by
            result[2, number, point] = after if before > 0 else np.float32(0)


_place_compiled = Compiled(_place_loops)


def _place_numpy(
    x: Floats,
    y: Floats,
    radius: Floats,
    used: NDArray[np.intp],
    rows: NDArray[np.intp],
    scale: Floats,
    pen: Floats,
    to_x: Floats,
    to_y: Floats,
    result: Floats,
) -> None:
    scale, pen, before = scale[rows, None], pen[rows, None], radius[rows]
    result[0] = x[rows] * scale + to_x[rows, None]
    result[1] = y[rows] * scale + to_y[rows, None]
    result[2] = np.where(before > 0, np.where(pen > 0, pen, before * scale), 0)
