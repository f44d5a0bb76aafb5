"""Move gray levels on 28×28 by a warp, with a sketch as in `painting`."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_draw.arrays import Bytes, Floats
from mnist_draw.dataset.augmentation.numba_loops import Compiled, inlined
from mnist_draw.dataset.augmentation.painting import (
    SIDE,
    SKETCH,
    note_center,
)

#: Nodes of a map's lattice in each direction, and pixels from one to the next.
NODES = 8
SPACING = 4
#: Interpolation softens edges; gray levels are drawn this much apart to restore them.
CONTRAST = 1.25


def move(images: Bytes, x: Floats, y: Floats) -> Bytes:
    """Move the gray levels of uint8 (n, 28, 28): each pixel takes the level at its origin.

    `x` and `y` are the origins of the nodes of a lattice, in pixels: float32 (n, 64), row by row.
    The nodes are at the indices 0, 4, … 28 in both directions; the map between them is
    interpolated.
    """
    result = np.empty((len(images), SIDE, SIDE), np.uint8)
    _move(images, x, y, result)
    return result


def moved_center(images: Bytes, x: Floats, y: Floats) -> Floats:
    """Return the centers of mass of the result of `move`, as `painted_center`."""
    result = np.empty((2, len(images)), np.float32)
    _moved_center(images, x, y, result)
    return result


@inlined
def _corners(image: Any, padded: Any, quads: Any) -> None:
    """Pack each pixel and its neighbors to the right and below into a word.

    With a ring of paper around it, a picture (side, side) becomes uint32 ((side + 2) ** 2,).
    `padded` is a buffer: zeros, uint32, and side + 3 longer.
    """
    one = np.uint64(1)
    side = np.uint64(len(image))
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
    """Interpolate one coordinate of the pixels' origins, on a picture with its ring."""
    line = np.empty(NODES, np.float32)
    one = np.float32(1)
    none = np.float32(0)
    last = np.float32(SIDE + 0.999)
    start = np.uint64(0)
    for row in range(0, SIDE, every):
        down = np.float32(row % SPACING) / np.float32(SPACING)
        first = np.uint64(row // SPACING * NODES)
        for node in range(np.uint64(NODES)):
            above = nodes[first + node]
            line[node] = above + down * (nodes[first + node + np.uint64(NODES)] - above)
        for node in range(np.uint64(NODES - 1)):
            left = line[node]
            right = line[node + np.uint64(1)]
            for step in range(SPACING // every):
                across = np.float32(step * every) / np.float32(SPACING)
                # Beyond the picture's rim there is a ring of paper.
                value = max(left + across * (right - left) + one, none)
                places[start + np.uint64(step)] = min(value, last)
            start += np.uint64(SPACING // every)


@inlined
def _look_up(quads: Any, wide: int, xs: Any, ys: Any, found: Any, levels: Any) -> None:
    """Interpolate gray levels, 0 to 255, at places of a picture with its ring.

    Three loops: only the second, which looks words up, cannot use vectors. `found` is a buffer:
    uint32, one for each place.
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


@Compiled
def _move(images: Any, x: Any, y: Any, result: Any) -> None:
    half = np.float32(0.5)
    middle = np.float32(127.5)
    full = np.float32(255)
    quads = np.empty((SIDE + 2) * (SIDE + 2), np.uint32)
    padded = np.zeros(len(quads) + SIDE + 3, np.uint32)
    xs = np.empty(SIDE * SIDE, np.float32)
    ys = np.empty(SIDE * SIDE, np.float32)
    levels = np.empty(SIDE * SIDE, np.float32)
    found = np.empty(SIDE * SIDE, np.uint32)
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


@Compiled
def _moved_center(images: Any, x: Any, y: Any, center: Any) -> None:
    half = np.float32(0.5)
    quarter = np.float32(0.25)
    small = np.empty((SKETCH, SKETCH), np.int32)
    quads = np.empty((SKETCH + 2) * (SKETCH + 2), np.uint32)
    padded = np.zeros(len(quads) + SKETCH + 3, np.uint32)
    xs = np.empty(SKETCH * SKETCH, np.float32)
    ys = np.empty(SKETCH * SKETCH, np.float32)
    levels = np.empty(SKETCH * SKETCH, np.float32)
    found = np.empty(SKETCH * SKETCH, np.uint32)
    columns = np.empty(SKETCH, np.float32)
    for picture in range(images.shape[0]):
        image = images[picture]
        for row in range(np.uint64(SKETCH)):
            for column in range(np.uint64(SKETCH)):
                above = row + row
                left = column + column
                below = above + np.uint64(1)
                right = left + np.uint64(1)
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
        note_center(columns, down, np.float32(0), center[:, picture])
