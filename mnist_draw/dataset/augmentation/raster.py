"""Put ink on 28×28: discs of a pen along a line, or grey levels moved by a warp.

Each of the two has a loop that Numba compiles and a NumPy twin that gives the same grey levels,
to one of 255, where there is no Numba. Of each there is a sketch too, of half as many rows and
columns, which tells where the ink's centre of mass comes to lie.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.numba_loops import Compiled, has_numba, inlined

Floats = NDArray[np.float32]
Images = NDArray[np.uint8]

SIDE = 28
#: Columns painted at a time for each row of a disc: a whole number of vector registers.
WINDOW = 8
#: Larger discs would not fit the window; no pen is that wide.
LARGEST_RADIUS = 3.2
#: Rows and columns of a sketch.
SKETCH = SIDE // 2
#: Nodes of a map's lattice in each direction, and pixels from one to the next.
NODES = 8
SPACING = 4
#: Interpolation softens edges; grey levels are drawn this much apart to restore them.
CONTRAST = 1.25


def paint(x: Floats, y: Floats, radius: Floats) -> Images:
    """Paint discs, with grey edges; the darkest pixel of each picture becomes 255.

    Parameters
    ----------
    x, y : numpy.ndarray
        Middles in pixels, index 0 being the middle of the first pixel: float32 (n, discs). What
        lies beyond the picture is left out.
    radius : numpy.ndarray
        In pixels, up to `LARGEST_RADIUS`; a disc of radius 0 or less is none.

    Returns
    -------
    ndarray of uint8 (n, 28, 28)
    """
    result = np.empty((len(x), SIDE, SIDE), np.uint8)
    radius = np.minimum(radius, np.float32(LARGEST_RADIUS))
    (_paint_compiled if has_numba() else _paint_numpy)(x, y, radius, result)
    return result


def painted_centre(x: Floats, y: Floats, radius: Floats) -> Floats:
    """Tell where the centre of mass of what `paint` would paint lies, to a tenth of a pixel.

    Returns
    -------
    ndarray of float32 (2, n)
        x and y in pixels from the middle of the picture, which has the index 14.
    """
    result = np.empty((2, len(x)), np.float32)
    (_sketch_compiled if has_numba() else _sketch_numpy)(x, y, radius, result)
    return result


def move(images: Images, x: Floats, y: Floats) -> Images:
    """Move grey levels: each pixel takes the level at the place it comes from.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (n, 28, 28).
    x, y : numpy.ndarray
        Where the nodes of a lattice come from, in pixels: float32 (n, 64), rows after one
        another. The nodes lie at the indices 0, 4, … 28 in both directions; between them the
        map is interpolated.

    Returns
    -------
    ndarray of uint8 (n, 28, 28)
    """
    result = np.empty((len(images), SIDE, SIDE), np.uint8)
    (_move_compiled if has_numba() else _move_numpy)(images, x, y, result)
    return result


def centre_of(images: Images) -> Floats:
    """Return the centre of mass of pictures that are there; as `painted_centre`."""
    result = np.empty((2, len(images)), np.float32)
    (_centre_compiled if has_numba() else _centre_numpy)(images, result)
    return result


def moved_centre(images: Images, x: Floats, y: Floats) -> Floats:
    """Tell where the centre of mass of what `move` would make lies; as `painted_centre`."""
    result = np.empty((2, len(images)), np.float32)
    (_moved_centre_compiled if has_numba() else _moved_centre_numpy)(images, x, y, result)
    return result


@inlined
def _stamp(field: Any, wide: int, x: Any, y: Any, radius: Any) -> None:
    """Note for each pixel of a square how far it lies inside the nearest disc.

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
            r = min(max(radius[picture, disc], np.float32(0)), np.float32(LARGEST_RADIUS)) * half
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
        _note_centre(columns, down, half, centre[:, picture])


@inlined
def _note_centre(columns: Any, down: Any, first: Any, centre: Any) -> None:
    """Find a sketch's centre of mass.

    Parameters
    ----------
    columns : numpy.ndarray
        The ink of each column, float32 (SKETCH,).
    down : float
        The sum of each row's ink times its index.
    first : float
        Where the sketch's first column and row lie on the picture, in pixels.
    centre : numpy.ndarray
        Where the result goes: x and y, float32 (2,).
    """
    total = across = np.float32(0)
    for column in range(SKETCH):
        total += columns[column]
        across += np.float32(column) * columns[column]
    total = max(total, np.float32(1e-3))
    offset = first - np.float32(SIDE // 2)
    centre[0] = across / total * np.float32(2) + offset
    centre[1] = down / total * np.float32(2) + offset


@inlined
def _corners(image: Any, padded: Any, quads: Any) -> None:
    """Put each pixel and its neighbours to the right and below into the bytes of a word.

    There is a ring of paper around the picture: of (side, side) pixels become uint32
    ((side + 2) * (side + 2),). `padded` is for use in between: zeros, uint32, and side + 3 longer.
    """
    one, side = np.uint64(1), np.uint64(len(image))
    wide = side + np.uint64(2)
    for row in range(side):
        for column in range(side):
            padded[(row + one) * wide + one + column] = np.uint32(image[row, column])
    for place in range(wide * wide):
        below = place + wide
        upper = padded[place] | padded[place + one] << np.uint32(8)
        quads[place] = upper | padded[below] << np.uint32(16) | padded[below + one] << np.uint32(24)


@inlined
def _come_from(nodes: Any, every: int, places: Any) -> None:
    """Interpolate one coordinate of a map: where pixels come from, on a picture with its ring.

    Parameters
    ----------
    nodes : numpy.ndarray
        float32 (64,), as for `move`.
    every : int
        1 for all of the pixels, 2 for every other one in both directions.
    places : numpy.ndarray
        Where the result goes: float32 ((28 / every) ** 2,).
    """
    line = np.empty(NODES, np.float32)
    one, none, last = np.float32(1), np.float32(0), np.float32(SIDE + 0.999)
    start = np.uint64(0)
    for row in range(0, SIDE, every):
        down = np.float32(row % SPACING) / np.float32(SPACING)
        first = np.uint64(row // SPACING * NODES)
        for node in range(np.uint64(NODES)):
            above = nodes[first + node]
            line[node] = above + down * (nodes[first + node + np.uint64(NODES)] - above)
        for node in range(np.uint64(NODES - 1)):
            left, right = line[node], line[node + np.uint64(1)]
            for step in range(SPACING // every):
                across = np.float32(step * every) / np.float32(SPACING)
                # Beyond the picture's rim there is a ring of paper.
                value = max(left + across * (right - left) + one, none)
                places[start + np.uint64(step)] = min(value, last)
            start += np.uint64(SPACING // every)


@inlined
def _look_up(quads: Any, wide: int, xs: Any, ys: Any, found: Any, levels: Any) -> None:
    """Interpolate grey levels, 0 to 255, at places of a picture with its ring.

    Three loops, for only the one in the middle, which looks words up, cannot use vectors.
    `found` is for use in between: uint32, as many as there are places.
    """
    byte = np.uint32(255)
    for place in range(np.uint64(len(levels))):
        found[place] = np.uint32(np.int32(ys[place]) * np.int32(wide) + np.int32(xs[place]))
    for place in range(np.uint64(len(levels))):
        found[place] = quads[found[place]]
    for place in range(np.uint64(len(levels))):
        fx = xs[place] - np.float32(np.int32(xs[place]))
        fy = ys[place] - np.float32(np.int32(ys[place]))
        quad = found[place]
        here = np.float32(np.int32(quad & byte))
        right = np.float32(np.int32((quad >> np.uint32(8)) & byte))
        below = np.float32(np.int32((quad >> np.uint32(16)) & byte))
        beyond = np.float32(np.int32(quad >> np.uint32(24)))
        upper = here + fx * (right - here)
        lower = below + fx * (beyond - below)
        levels[place] = upper + fy * (lower - upper)


def _move_loops(images: Any, x: Any, y: Any, result: Any) -> None:
    half, middle, full = np.float32(0.5), np.float32(127.5), np.float32(255)
    quads = np.empty((SIDE + 2) * (SIDE + 2), np.uint32)
    padded = np.zeros(len(quads) + SIDE + 3, np.uint32)
    xs, ys = np.empty(SIDE * SIDE, np.float32), np.empty(SIDE * SIDE, np.float32)
    levels, found = np.empty(SIDE * SIDE, np.float32), np.empty(SIDE * SIDE, np.uint32)
    for picture in range(images.shape[0]):
        _corners(images[picture], padded, quads)
        _come_from(x[picture], 1, xs)
        _come_from(y[picture], 1, ys)
        _look_up(quads, SIDE + 2, xs, ys, found, levels)
        flat = result[picture].reshape(SIDE * SIDE)
        for place in range(np.uint64(SIDE * SIDE)):
            level = (levels[place] - middle) * np.float32(CONTRAST) + middle
            level = min(max(level, np.float32(0)), full)
            flat[place] = np.uint8(np.int32(level + half))


def _moved_centre_loops(images: Any, x: Any, y: Any, centre: Any) -> None:
    half, quarter = np.float32(0.5), np.float32(0.25)
    small = np.empty((SKETCH, SKETCH), np.int32)
    quads = np.empty((SKETCH + 2) * (SKETCH + 2), np.uint32)
    padded = np.zeros(len(quads) + SKETCH + 3, np.uint32)
    xs, ys = np.empty(SKETCH * SKETCH, np.float32), np.empty(SKETCH * SKETCH, np.float32)
    levels, found = np.empty(SKETCH * SKETCH, np.float32), np.empty(SKETCH * SKETCH, np.uint32)
    columns = np.empty(SKETCH, np.float32)
    for picture in range(images.shape[0]):
        image = images[picture]
        for row in range(np.uint64(SKETCH)):
            for column in range(np.uint64(SKETCH)):
                above, left = row + row, column + column
                below, right = above + np.uint64(1), left + np.uint64(1)
                upper = np.int32(image[above, left]) + np.int32(image[above, right])
                lower = np.int32(image[below, left]) + np.int32(image[below, right])
                small[row, column] = (upper + lower) // np.int32(4)
        _corners(small, padded, quads)
        _come_from(x[picture], 2, xs)
        _come_from(y[picture], 2, ys)
        for place in range(np.uint64(SKETCH * SKETCH)):
            # A pixel of the small picture covers two; both have a ring.
            xs[place] = xs[place] * half + quarter
            ys[place] = ys[place] * half + quarter
        _look_up(quads, SKETCH + 2, xs, ys, found, levels)
        columns[:] = 0
        down = np.float32(0)
        for row in range(np.uint64(SKETCH)):
            mass = np.float32(0)
            for column in range(np.uint64(SKETCH)):
                level = levels[row * np.uint64(SKETCH) + column]
                columns[column] += level
                mass += level
            down += np.float32(row) * mass
        _note_centre(columns, down, np.float32(0), centre[:, picture])


_centre_compiled = Compiled(_centre_loops)
_paint_compiled, _sketch_compiled = Compiled(_paint_loops), Compiled(_sketch_loops)
_move_compiled, _moved_centre_compiled = Compiled(_move_loops), Compiled(_moved_centre_loops)


def _field_numpy(x: Floats, y: Floats, radius: Floats, side: int) -> Floats:
    """Return what `_stamp` notes: float32 (n, side, side)."""
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
    radius = np.clip(radius, 0, np.float32(LARGEST_RADIUS)) * half
    radius = np.where(radius < half, np.sqrt(radius + radius) - half, radius)
    places = (x - half) * half, (y - half) * half
    field = _field_numpy(*places, radius, SKETCH)
    centre[...] = _sketched_centre(np.minimum(field + np.float32(0.5), 1), 0.5)


def _centre_numpy(images: Images, centre: Floats) -> None:
    places = np.arange(SIDE)
    across, down = images.sum(axis=1, dtype=np.int64), images.sum(axis=2, dtype=np.int64)
    mass = np.maximum(across.sum(axis=1), 1).astype(np.float32)
    centre[0] = (across @ places).astype(np.float32) / mass - np.float32(SIDE // 2)
    centre[1] = (down @ places).astype(np.float32) / mass - np.float32(SIDE // 2)


def _sketched_centre(levels: Floats, first: float) -> Floats:
    places = np.arange(SKETCH, dtype=np.float32)
    total = np.maximum(levels.sum(axis=(1, 2)), np.float32(1e-3))
    sums = np.stack([levels.sum(axis=1) @ places, levels.sum(axis=2) @ places])
    centre: Floats = sums / total * 2 + np.float32(first - SIDE // 2)
    return centre


def _move_numpy(images: Images, x: Floats, y: Floats, result: Images) -> None:
    levels = _levels_numpy(images, *_places_numpy(x, y, 1))
    levels = np.clip((levels - 127.5) * CONTRAST + 127.5, 0, 255)
    result[...] = (levels + np.float32(0.5)).astype(np.uint8)


def _moved_centre_numpy(images: Images, x: Floats, y: Floats, centre: Floats) -> None:
    pairs = images.reshape(-1, SKETCH, 2, SKETCH, 2)
    small = pairs.sum(axis=(2, 4), dtype=np.int32) // 4
    half, quarter = np.float32(0.5), np.float32(0.25)
    px, py = _places_numpy(x, y, 2)
    levels = _levels_numpy(small, px * half + quarter, py * half + quarter)
    centre[...] = _sketched_centre(levels, 0)


def _places_numpy(x: Floats, y: Floats, every: int) -> tuple[Floats, Floats]:
    nodes = np.arange(0, SIDE, every) / SPACING
    weights = np.clip(1 - np.abs(nodes[:, None] - np.arange(NODES)), 0, 1).astype(np.float32)
    across, down = (weights @ v.reshape(-1, NODES, NODES) @ weights.T + 1 for v in (x, y))
    return np.clip(across, 0, SIDE + 0.999), np.clip(down, 0, SIDE + 0.999)


def _levels_numpy(images: NDArray[Any], px: Floats, py: Floats) -> Floats:
    wide = images.shape[1] + 2
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    padded = padded.reshape(len(images), -1)
    column, row = px.astype(np.intp), py.astype(np.intp)
    across, down = px - column, py - row
    picture = np.arange(len(images))[:, None, None]
    corner = row * wide + column
    upper = padded[picture, corner] * (1 - across) + padded[picture, corner + 1] * across
    corner += wide
    lower = padded[picture, corner] * (1 - across) + padded[picture, corner + 1] * across
    levels: Floats = upper * (1 - down) + lower * down
    return levels
