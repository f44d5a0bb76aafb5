"""Put ink on 28×28: discs of a pen along a line, or grey levels moved by a warp.

Each of the two has a loop that Numba compiles and a NumPy twin that gives the same grey levels,
to one of 255, where there is no Numba.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.numba_loops import Compiled, has_numba

Floats = NDArray[np.float32]
Images = NDArray[np.uint8]

SIDE = 28
#: Columns and rows around the picture that discs may reach into.
MARGIN = 12
#: Columns painted at a time for each row of a disc: a whole number of vector registers.
WINDOW = 8
#: Larger discs would not fit the window; no pen is that wide.
LARGEST_RADIUS = 3.2
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
        Middles in pixels, index 0 being the middle of the first pixel: float32 (n, discs). All
        discs lie within `MARGIN` / 2 pixels of the picture.
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


def _paint_loops(x: Any, y: Any, radius: Any, result: Any) -> None:
    one, half, full = np.float32(1), np.float32(0.5), np.float32(255)
    wide = SIDE + 2 * MARGIN
    # For each pixel, how far it lies inside the nearest disc. Places are unsigned numbers, for
    # Numba checks signed ones for counting from the end, and no vector loop comes of it.
    field = np.empty(wide * wide, np.float32)
    peaks = np.empty(SIDE, np.float32)
    for picture in range(x.shape[0]):
        field[:] = -half
        for disc in range(x.shape[1]):
            r = radius[picture, disc]
            if r <= 0:
                continue
            cx = x[picture, disc] + np.float32(MARGIN)
            cy = y[picture, disc] + np.float32(MARGIN)
            first = min(max(int(cx - r), 0), wide - WINDOW)
            top = max(int(cy - r + half), 0)
            bottom = min(int(cy + r + half), wide - 1)
            left = np.float32(first) - cx
            for row in range(top, bottom + 1):
                down = np.float32(row) - cy
                squared = down * down
                start = np.uint64(row * wide + first)
                for column in range(WINDOW):
                    across = np.float32(column) + left
                    inside = r - np.sqrt(across * across + squared)
                    place = start + np.uint64(column)
                    field[place] = max(inside, field[place])
        peaks[:] = 0
        for row in range(SIDE):
            start = np.uint64((row + MARGIN) * wide + MARGIN)
            for column in range(SIDE):
                peaks[column] = max(peaks[column], field[start + np.uint64(column)])
        scale = full / min(peaks.max() + half, one)
        for row in range(SIDE):
            start = np.uint64((row + MARGIN) * wide + MARGIN)
            for column in range(SIDE):
                level = min(field[start + np.uint64(column)] + half, one)
                result[picture, row, column] = np.uint8(np.int32(level * scale + half))


def _move_loops(images: Any, x: Any, y: Any, result: Any) -> None:
    half, full, contrast = np.float32(0.5), np.float32(255), np.float32(CONTRAST)
    middle = np.float32(127.5)
    padded = np.zeros((SIDE + 2, SIDE + 2), np.float32)
    xs = np.empty((SIDE, SIDE), np.float32)
    ys = np.empty((SIDE, SIDE), np.float32)
    for picture in range(images.shape[0]):
        for row in range(SIDE):
            for column in range(SIDE):
                padded[row + 1, column + 1] = np.float32(images[picture, row, column])
        for row in range(SIDE):
            node_row = row // SPACING
            down = np.float32(row % SPACING) / np.float32(SPACING)
            for node in range(NODES - 1):
                place = node_row * NODES + node
                left_x = x[picture, place]
                left_x += down * (x[picture, place + NODES] - left_x)
                right_x = x[picture, place + 1]
                right_x += down * (x[picture, place + NODES + 1] - right_x)
                left_y = y[picture, place]
                left_y += down * (y[picture, place + NODES] - left_y)
                right_y = y[picture, place + 1]
                right_y += down * (y[picture, place + NODES + 1] - right_y)
                for step in range(SPACING):
                    across = np.float32(step) / np.float32(SPACING)
                    column = node * SPACING + step
                    # Beyond the picture's rim there is a ring of paper.
                    xs[row, column] = min(
                        max(left_x + across * (right_x - left_x) + 1, np.float32(0)),
                        np.float32(SIDE + 0.999),
                    )
                    ys[row, column] = min(
                        max(left_y + across * (right_y - left_y) + 1, np.float32(0)),
                        np.float32(SIDE + 0.999),
                    )
        for row in range(SIDE):
            for column in range(SIDE):
                px, py = xs[row, column], ys[row, column]
                ix, iy = int(px), int(py)
                fx, fy = px - np.float32(ix), py - np.float32(iy)
                upper = padded[iy, ix] + fx * (padded[iy, ix + 1] - padded[iy, ix])
                lower = padded[iy + 1, ix] + fx * (padded[iy + 1, ix + 1] - padded[iy + 1, ix])
                level = (upper + fy * (lower - upper) - middle) * contrast + middle
                level = min(max(level, np.float32(0)), full)
                result[picture, row, column] = np.uint8(np.int32(level + half))


_paint_compiled = Compiled(_paint_loops)
_move_compiled = Compiled(_move_loops)


def _paint_numpy(x: Floats, y: Floats, radius: Floats, result: Images) -> None:
    wide = SIDE + 2 * MARGIN
    field = np.full((len(x), wide * wide), -0.5, np.float32)
    window = np.arange(WINDOW)
    for disc in range(x.shape[1]):
        chosen = np.flatnonzero(radius[:, disc] > 0)
        r = radius[chosen, disc][:, None]
        cx, cy = x[chosen, disc][:, None] + MARGIN, y[chosen, disc][:, None] + MARGIN
        columns = np.clip((cx - r).astype(np.intp), 0, wide - WINDOW) + window
        rows = np.clip((cy - r).astype(np.intp), 0, wide - WINDOW) + window
        across, down = (columns - cx).astype(np.float32), (rows - cy).astype(np.float32)
        inside = r[:, :, None] - np.sqrt(across[:, None, :] ** 2 + down[:, :, None] ** 2)
        places = rows[:, :, None] * wide + columns[:, None, :]
        picture = chosen[:, None, None]
        field[picture, places] = np.maximum(field[picture, places], inside)
    picked = field.reshape(-1, wide, wide)[:, MARGIN:-MARGIN, MARGIN:-MARGIN]
    darkest = np.minimum(picked.max(axis=(1, 2)).clip(0) + 0.5, 1)
    levels = np.minimum(picked + np.float32(0.5), 1) * (255 / darkest)[:, None, None]
    result[...] = (levels + np.float32(0.5)).astype(np.uint8)


def _move_numpy(images: Images, x: Floats, y: Floats, result: Images) -> None:
    nodes = np.arange(SIDE) / SPACING
    weights = np.clip(1 - np.abs(nodes[:, None] - np.arange(NODES)), 0, 1).astype(np.float32)
    places = []
    for values in (x, y):
        lattice = values.reshape(-1, NODES, NODES)
        places.append(np.clip(weights @ lattice @ weights.T + 1, 0, SIDE + 0.999))
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    padded = padded.reshape(len(images), -1)
    column, row = (values.astype(np.intp) for values in places)
    across, down = places[0] - column, places[1] - row
    picture = np.arange(len(images))[:, None, None]
    corner = row * (SIDE + 2) + column
    upper = padded[picture, corner] * (1 - across) + padded[picture, corner + 1] * across
    corner += SIDE + 2
    lower = padded[picture, corner] * (1 - across) + padded[picture, corner + 1] * across
    levels = (upper * (1 - down) + lower * down - 127.5) * CONTRAST + 127.5
    result[...] = (np.clip(levels, 0, 255) + 0.5).astype(np.uint8)
