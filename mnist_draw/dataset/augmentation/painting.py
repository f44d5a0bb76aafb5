"""Paint ink on 28×28: discs of a pen along a line.

A sketch of half as many rows and columns gives the center of mass of the ink beforehand.
`Placement` crops, scales and centers discs by their places and radii as
`mnist_draw.dataset.normalise` does ink: a digit is painted only once, at its final place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_draw.arrays import Bytes, Flags, Floats, Places
from mnist_draw.dataset.augmentation.numba_loops import Compiled, inlined
from mnist_draw.dataset.augmentation.skeleton import FAR, MIDDLE, Strokes

SIDE = 28
#: Rows and columns of a sketch.
SKETCH = SIDE // 2


def center_of(images: Bytes) -> Floats:
    """Return x and y of the centers of mass of pictures, from index 14: float32 (2, n)."""
    result = np.empty((2, len(images)), np.float32)
    _center(images, result)
    return result


@Compiled
def _center(images: Any, center: Any) -> None:
    rows = np.empty(SIDE * SIDE, np.int32)
    columns = np.empty(SIDE * SIDE, np.int32)
    for place in range(SIDE * SIDE):
        rows[place] = place // SIDE
        columns[place] = place % SIDE
    for picture in range(len(images)):
        levels = images[picture].reshape(SIDE * SIDE)
        total: Any = np.int32(0)
        down = across = np.int32(0)
        for place in range(np.uint64(SIDE * SIDE)):
            level = np.int32(levels[place])
            total += level
            down += rows[place] * level
            across += columns[place] * level
        mass = np.float32(max(total, 1))
        center[0, picture] = np.float32(across) / mass - np.float32(SIDE // 2)
        center[1, picture] = np.float32(down) / mass - np.float32(SIDE // 2)


@inlined
def note_center(columns: Any, down: Any, first: Any, center: Any) -> None:
    """Write a sketch's center of mass to `center`, float32 (2,).

    It takes the ink of each column, the sum of each row's ink times its index, and the place of the
    sketch's first column and row on the picture, in pixels.
    """
    total = across = np.float32(0)
    for column in range(SKETCH):
        total += columns[column]
        across += np.float32(column) * columns[column]
    total = max(total, np.float32(1e-3))
    offset = first - np.float32(SIDE // 2)
    center[0] = across / total * np.float32(2) + offset
    center[1] = down / total * np.float32(2) + offset


#: Columns painted at a time for each row of a disc: a whole number of vector registers.
WINDOW = 8
#: Larger discs would not fit the window; no pen is that wide.
MAX_RADIUS = 3.2


def paint(x: Floats, y: Floats, radius: Floats) -> Bytes:
    """Paint discs with gray edges on uint8 (n, 28, 28); each picture's darkest pixel becomes 255.

    `x`, `y` and `radius` are in pixels, float32 (n, discs); index 0 is the center of the first
    pixel. A disc of radius 0 or less is none, one beyond the picture is cut off.
    """
    result = np.empty((len(x), SIDE, SIDE), np.uint8)
    radius = np.minimum(radius, np.float32(MAX_RADIUS))
    _paint(x, y, radius, result)
    return result


def painted_center(x: Floats, y: Floats, radius: Floats) -> Floats:
    """Return the centers of mass of what `paint` would paint, to a tenth of a pixel: (2, n)."""
    result = np.empty((2, len(x)), np.float32)
    _sketch(x, y, radius, result)
    return result


@inlined
def _stamp(field: Any, wide: int, x: Any, y: Any, radius: Any) -> None:
    """Write how far each pixel of a square is inside the nearest disc to `field`.

    Places are unsigned numbers, for Numba checks signed ones for counting from the end, and no
    vectors come of it; nor do they where the number of rows is known before.
    """
    half = np.float32(0.5)
    one = np.float32(1)
    field[:] = -half
    for disc in range(np.uint64(len(x))):
        r = radius[disc]
        if r <= 0:
            continue
        cx = x[disc]
        cy = y[disc]
        first = min(max(int(cx - r), 0), wide - WINDOW)
        top = max(int(cy - r + half), 0)
        left = np.float32(first) - cx
        down = np.float32(top) - cy
        lowest = min(r + half, np.float32(wide) - cy)
        start = np.uint64(top * wide + first)
        while down < lowest:
            squared = down * down
            for column in range(WINDOW):
                across = np.float32(column) + left
                inside = r - np.sqrt(across * across + squared)
                place = start + np.uint64(column)
                field[place] = max(inside, field[place])
            down += one
            start += np.uint64(wide)


@Compiled
def _paint(x: Any, y: Any, radius: Any, result: Any) -> None:
    one = np.float32(1)
    half = np.float32(0.5)
    full = np.float32(255)
    field = np.empty(SIDE * SIDE, np.float32)
    peaks = np.empty(SIDE, np.float32)
    for picture in range(x.shape[0]):
        _stamp(field, SIDE, x[picture], y[picture], radius[picture])
        peaks[:] = 0
        for row in range(np.uint64(SIDE)):
            # Column by column: one maximum after the other would not go into vectors.
            for column in range(np.uint64(SIDE)):
                peaks[column] = max(peaks[column], field[row * np.uint64(SIDE) + column])
        scale = full / min(peaks.max() + half, one)
        levels = result[picture].reshape(SIDE * SIDE)
        for place in range(np.uint64(SIDE * SIDE)):
            level = min(field[place] + half, one)
            levels[place] = np.uint8(np.int32(level * scale + half))


@Compiled
def _sketch(x: Any, y: Any, radius: Any, center: Any) -> None:
    one = np.float32(1)
    half = np.float32(0.5)
    field = np.empty(SKETCH * SKETCH, np.float32)
    columns = np.empty(SKETCH, np.float32)
    # Not rows of one array: Numba would not know that their numbers are contiguous.
    across = np.empty(x.shape[1], np.float32)
    downwards = np.empty_like(across)
    widths = np.empty_like(across)
    for picture in range(x.shape[0]):
        for disc in range(np.uint64(x.shape[1])):
            # A pixel of the sketch covers two: its index 0 lies between their indices 0 and 1.
            across[disc] = (x[picture, disc] - half) * half
            downwards[disc] = (y[picture, disc] - half) * half
            r = min(max(radius[picture, disc], np.float32(0)), np.float32(MAX_RADIUS)) * half
            # A line that is narrower than a pixel of the sketch would have too much ink: the gray
            # edges alone have (r + 1/2)^2 where 2 r is right.
            widths[disc] = np.sqrt(r + r) - half if r < half else r
        _stamp(field, SKETCH, across, downwards, widths)
        columns[:] = 0
        down = np.float32(0)
        for row in range(np.uint64(SKETCH)):
            mass = np.float32(0)
            for column in range(np.uint64(SKETCH)):
                level = min(field[row * np.uint64(SKETCH) + column] + half, one)
                columns[column] += level
                mass += level
            down += np.float32(row) * mass
        note_center(columns, down, half, center[:, picture])


# -- place a digit as a drawing is normalised

#: Longer side of the normalised ink, in pixels.
BOX = np.float32(20)
#: Where the picture begins and ends, in pixels from its middle at index 14.
LOW = np.float32(-14.5)
HIGH = np.float32(13.5)

#: Pixels that the center of mass of written digits may be off in either direction.
TOLERANCE = 0.1


class Placement:
    """The place and size of n digits on the picture; arrays are (n,), float32 in pixels.

    Their strokes have radii as they would be painted without scaling. `size` is the longer side of
    the ink; `to_x` and `to_y` are the center of mass from the middle. As for a drawing, all of the
    ink stays on the picture, however lopsided it is. `round_pen` tells which digits a round pen
    paints, and `pen` its radius.
    """

    def __init__(
        self,
        strokes: Strokes,
        size: Floats,
        to_x: Floats,
        to_y: Floats,
        round_pen: Flags | None = None,
        pen: Floats | None = None,
    ) -> None:
        box, inked, center = measure(strokes)
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
        self._from_x, self._from_y = center
        left, top, right, bottom = (box + beyond - center[[0, 1, 0, 1]]) * self.scale
        self._limits_x = LOW - left, HIGH - right
        self._limits_y = LOW - top, HIGH - bottom
        self._goal_x = to_x
        self._goal_y = to_y
        self._to_x = np.clip(to_x, *self._limits_x)
        self._to_y = np.clip(to_y, *self._limits_y)

    def recenter(self, center: Floats, tolerance: float = 0.0) -> Places:
        """Correct the places by the centers of mass of the painted ink, float32 (2, n).

        The points' center of mass is only nearly the ink's: warps stretch lines, and crossings
        count twice. Returns the digits that were more than `tolerance` pixels off.
        """
        to_x = np.clip(self._to_x + self._goal_x - center[0], *self._limits_x)
        to_y = np.clip(self._to_y + self._goal_y - center[1], *self._limits_y)
        off = np.maximum(np.abs(to_x - self._to_x), np.abs(to_y - self._to_y))
        self._to_x = np.where(off > tolerance, to_x, self._to_x)
        self._to_y = np.where(off > tolerance, to_y, self._to_y)
        return np.flatnonzero(off > tolerance)

    def place(
        self,
        strokes: Strokes,
        rows: Places | None = None,
    ) -> tuple[Floats, Floats, Floats]:
        """Return x, y and radius of the points of some digits, in pixels of the picture."""
        if rows is None:
            rows = np.arange(len(self.scale))
        to_x = MIDDLE + self._to_x - self._from_x * self.scale
        to_y = MIDDLE + self._to_y - self._from_y * self.scale
        result = np.zeros((3, len(rows), strokes.x.shape[1]), np.float32)
        points = strokes.x, strokes.y, strokes.radius
        _place(*points, strokes.used, rows, self.scale, self._radius, to_x, to_y, result)
        return result[0], result[1], result[2]

    def origin(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Map places on the picture (points,) to places before (n, points)."""
        scale = 1 / self.scale[:, None]
        return (
            (x - self._to_x[:, None]) * scale + self._from_x[:, None],
            (y - self._to_y[:, None]) * scale + self._from_y[:, None],
        )


def paint_centered(strokes: Strokes, placement: Placement) -> Bytes:
    """Paint digits, uint8 (n, 28, 28), with the center of mass of their ink in place."""
    placement.recenter(painted_center(*placement.place(strokes)))
    images = paint(*placement.place(strokes))
    # The sketch is right to a tenth of a pixel in nine of ten digits.
    wrong = placement.recenter(center_of(images), TOLERANCE)
    images[wrong] = paint(*placement.place(strokes, wrong))
    return images


def measure(strokes: Strokes) -> tuple[Floats, Floats, Floats]:
    """Return the boxes (left, top, right, bottom) of points and of ink, and the centers of mass."""
    box, inked = np.empty((2, 4, len(strokes.x)), np.float32)
    center = np.empty((2, len(strokes.x)), np.float32)
    points = strokes.x, strokes.y, strokes.radius, strokes.length
    _measure(*points, strokes.used, box, inked, center)
    return box, inked, center


@Compiled
def _measure(
    x: Any,
    y: Any,
    radius: Any,
    length: Any,
    used: Any,
    box: Any,
    inked: Any,
    center: Any,
) -> None:
    for picture in range(x.shape[0]):
        left = top = inked_left = inked_top = FAR
        right = bottom = inked_right = inked_bottom = -FAR
        total = sum_x = sum_y = np.float32(0)
        for point in range(np.uint64(used[picture])):
            r = radius[picture, point]
            px = x[picture, point]
            py = y[picture, point]
            if r > 0:
                left = min(left, px)
                right = max(right, px)
                top = min(top, py)
                bottom = max(bottom, py)
                inked_left = min(inked_left, px - r)
                inked_right = max(inked_right, px + r)
                inked_top = min(inked_top, py - r)
                inked_bottom = max(inked_bottom, py + r)
                mass = r * length[picture, point]
                total += mass
                sum_x += mass * px
                sum_y += mass * py
        box[0, picture] = left
        box[1, picture] = top
        box[2, picture] = right
        box[3, picture] = bottom
        inked[0, picture] = inked_left
        inked[1, picture] = inked_top
        inked[2, picture] = inked_right
        inked[3, picture] = inked_bottom
        total = max(total, np.float32(1e-3))
        center[0, picture] = sum_x / total
        center[1, picture] = sum_y / total


@Compiled
def _place(
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
        by = scale[row]
        right = to_x[row]
        down = to_y[row]
        wide = pen[row]
        for point in range(np.uint64(used[row])):
            result[0, number, point] = x[row, point] * by + right
            result[1, number, point] = y[row, point] * by + down
            before = radius[row, point]
            after = wide if wide > 0 else before * by
            result[2, number, point] = after if before > 0 else np.float32(0)
