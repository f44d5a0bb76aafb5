"""Paint ink on 28×28: discs of a pen along a line.

Each loop that Numba compiles has a NumPy twin that gives the same grey levels, to one of 255. A
sketch of half as many rows and columns tells the centre of mass of the ink beforehand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.numba_loops import Compiled, has_numba, inlined

Floats = NDArray[np.float32]
Images = NDArray[np.uint8]

SIDE = 28
#: Rows and columns of a sketch.
SKETCH = SIDE // 2


def centre_of(images: Images) -> Floats:
    """Return x and y of the centres of mass of pictures, from index 14: float32 (2, n)."""
    result = np.empty((2, len(images)), np.float32)
    (_centre_compiled if has_numba() else _centre_numpy)(images, result)
    return result


def _centre_loops(images: Any, centre: Any) -> None:
    rows, columns = np.empty(SIDE * SIDE, np.int32), np.empty(SIDE * SIDE, np.int32)
    for place in range(SIDE * SIDE):
        rows[place], columns[place] = place // SIDE, place % SIDE
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
        centre[0, picture] = np.float32(across) / mass - np.float32(SIDE // 2)
        centre[1, picture] = np.float32(down) / mass - np.float32(SIDE // 2)


@inlined
def note_centre(columns: Any, down: Any, first: Any, centre: Any) -> None:
    """Write a sketch's centre of mass to `centre`, float32 (2,).

    `columns` is the ink of each column, float32 (SKETCH,), `down` the sum of each row's ink times
    its index, `first` the place of the sketch's first column and row on the picture, in pixels.
    """
    total = across = np.float32(0)
    for column in range(SKETCH):
        total += columns[column]
        across += np.float32(column) * columns[column]
    total = max(total, np.float32(1e-3))
    offset = first - np.float32(SIDE // 2)
    centre[0] = across / total * np.float32(2) + offset
    centre[1] = down / total * np.float32(2) + offset


_centre_compiled = Compiled(_centre_loops)


def _centre_numpy(images: Images, centre: Floats) -> None:
    places = np.arange(SIDE)
    across, down = images.sum(axis=1, dtype=np.int64), images.sum(axis=2, dtype=np.int64)
    mass = np.maximum(across.sum(axis=1), 1).astype(np.float32)
    centre[0] = (across @ places).astype(np.float32) / mass - np.float32(SIDE // 2)
    centre[1] = (down @ places).astype(np.float32) / mass - np.float32(SIDE // 2)


def sketched_centre(levels: Floats, first: float) -> Floats:
    places = np.arange(SKETCH, dtype=np.float32)
    total = np.maximum(levels.sum(axis=(1, 2)), np.float32(1e-3))
    sums = np.stack([levels.sum(axis=1) @ places, levels.sum(axis=2) @ places])
    centre: Floats = sums / total * 2 + np.float32(first - SIDE // 2)
    return centre


#: Columns painted at a time for each row of a disc: a whole number of vector registers.
WINDOW = 8
#: Larger discs would not fit the window; no pen is that wide.
MAX_RADIUS = 3.2


def paint(x: Floats, y: Floats, radius: Floats) -> Images:
    """Paint discs with grey edges on uint8 (n, 28, 28); each picture's darkest pixel becomes 255.

    `x`, `y` and `radius` are in pixels, float32 (n, discs); index 0 is the centre of the first
    pixel. A disc of radius 0 or less is none, one beyond the picture is cut off.
    """
    result = np.empty((len(x), SIDE, SIDE), np.uint8)
    radius = np.minimum(radius, np.float32(MAX_RADIUS))
    (_paint_compiled if has_numba() else _paint_numpy)(x, y, radius, result)
    return result


def painted_centre(x: Floats, y: Floats, radius: Floats) -> Floats:
    """Return the centres of mass of what `paint` would paint, to a tenth of a pixel: (2, n)."""
    result = np.empty((2, len(x)), np.float32)
    (_sketch_compiled if has_numba() else _sketch_numpy)(x, y, radius, result)
    return result


@inlined
def _stamp(field: Any, wide: int, x: Any, y: Any, radius: Any) -> None:
    """Write how far each pixel of a square is inside the nearest disc to `field`.

    Places are unsigned numbers, for Numba checks signed ones for counting from the end, and no
    vectors come of it; nor do they where the number of rows is known before.
    """
    half, one = np.float32(0.5), np.float32(1)
    field[:] = -half
    for disc in range(np.uint64(len(x))):
        r = radius[disc]
        if r <= 0:
            continue
        cx, cy = x[disc], y[disc]
        first = min(max(int(cx - r), 0), wide - WINDOW)
        top = max(int(cy - r + half), 0)
        left, down = np.float32(first) - cx, np.float32(top) - cy
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


def _paint_loops(x: Any, y: Any, radius: Any, result: Any) -> None:
    one, half, full = np.float32(1), np.float32(0.5), np.float32(255)
    field, peaks = np.empty(SIDE * SIDE, np.float32), np.empty(SIDE, np.float32)
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


def _sketch_loops(x: Any, y: Any, radius: Any, centre: Any) -> None:
    one, half = np.float32(1), np.float32(0.5)
    field = np.empty(SKETCH * SKETCH, np.float32)
    columns = np.empty(SKETCH, np.float32)
    # Not rows of one array: Numba would not know that their numbers lie side by side.
    across = np.empty(x.shape[1], np.float32)
    downwards, widths = np.empty_like(across), np.empty_like(across)
    for picture in range(x.shape[0]):
        for disc in range(np.uint64(x.shape[1])):
            # A pixel of the sketch covers two: its index 0 lies between their indices 0 and 1.
            across[disc] = (x[picture, disc] - half) * half
            downwards[disc] = (y[picture, disc] - half) * half
            r = min(max(radius[picture, disc], np.float32(0)), np.float32(MAX_RADIUS)) * half
            # A line that is narrower than a pixel of the sketch would have too much ink: the grey
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
        note_centre(columns, down, half, centre[:, picture])


_paint_compiled, _sketch_compiled = Compiled(_paint_loops), Compiled(_sketch_loops)


def _field_numpy(x: Floats, y: Floats, radius: Floats, side: int) -> Floats:
    """Return the field of `_stamp`: float32 (n, side, side)."""
    field = np.full((len(x), side * side), -0.5, np.float32)
    window = np.arange(WINDOW)
    for disc in range(x.shape[1]):
        chosen = np.flatnonzero(radius[:, disc] > 0)
        r = radius[chosen, disc][:, None]
        cx, cy = x[chosen, disc][:, None], y[chosen, disc][:, None]
        columns = np.clip((cx - r).astype(np.intp), 0, side - WINDOW) + window
        rows = np.clip((cy - r).astype(np.intp), 0, side - WINDOW) + window
        across, down = (columns - cx).astype(np.float32), (rows - cy).astype(np.float32)
        inside = r[:, :, None] - np.sqrt(across[:, None, :] ** 2 + down[:, :, None] ** 2)
        places = rows[:, :, None] * side + columns[:, None, :]
        picture = chosen[:, None, None]
        field[picture, places] = np.maximum(field[picture, places], inside)
    return field.reshape(-1, side, side)


def _paint_numpy(x: Floats, y: Floats, radius: Floats, result: Images) -> None:
    field = _field_numpy(x, y, radius, SIDE)
    darkest = np.minimum(field.max(axis=(1, 2)).clip(0) + np.float32(0.5), 1)
    levels = np.minimum(field + np.float32(0.5), 1) * (255 / darkest)[:, None, None]
    result[...] = (levels + np.float32(0.5)).astype(np.uint8)


def _sketch_numpy(x: Floats, y: Floats, radius: Floats, centre: Floats) -> None:
    half = np.float32(0.5)
    radius = np.clip(radius, 0, np.float32(MAX_RADIUS)) * half
    radius = np.where(radius < half, np.sqrt(radius + radius) - half, radius)
    places = (x - half) * half, (y - half) * half
    field = _field_numpy(*places, radius, SKETCH)
    centre[...] = sketched_centre(np.minimum(field + np.float32(0.5), 1), 0.5)
