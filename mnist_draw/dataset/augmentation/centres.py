"""Where the centre of mass of ink lies: on a picture, and on a sketch of half as many pixels."""

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
    """Return the centres of mass of pictures.

    Returns
    -------
    ndarray of float32 (2, n)
        x and y in pixels from the middle of the picture, which has the index 14.
    """
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
