"""Find the few pixels that a picture was made of before it was enlarged.

With each pixel a block, the blocks are found by their edges. Bilinear, bicubic and Lanczos
enlargement keep the values in the middles of the pixels. So those are read there, for every number
of pixels that the picture could have had, and enlarged again: where that gives the same picture,
they are the ones. Once they are known, the way in which somebody enlarged a picture makes no
difference to what is read in it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float32]

_WAYS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
#: Pixels on the longer side that are looked for: less are no digit, more are not coarse.
_FEWEST, _MAX_COUNT = 5, 16
#: Root mean square of the difference up to which two pictures are the same: rounding to bytes, and
#: cutting off what Lanczos adds beyond black and white, makes up to 0.010.
_SAME = 0.012
#: The longer side of the picture that is searched; a larger one is reduced first.
_SEARCHED = 160


def without_blocks(ink: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    """Return one pixel of each block of equal ones.

    Parameters
    ----------
    ink : numpy.ndarray, shape (H, W)
        With ink on it.

    Returns
    -------
    numpy.ndarray, shape (h, w), or None
        Of the same type. Blocks of one size are found whatever their number; blocks whose sizes
        differ by one, for the picture is no whole multiple of them, where there are 5 to 16 on the
        longer side. None where there are no blocks.
    """
    side = most = 0
    for axis in (0, 1):
        changes = np.flatnonzero((np.diff(ink, axis=axis) != 0).any(axis=1 - axis)) + 1
        side = math.gcd(side, ink.shape[axis], *changes.tolist())
        most = max(most, len(changes))
    if side > 1:
        return ink[::side, ::side]
    return _without_uneven_blocks(ink) if most < _MAX_COUNT else None


def _without_uneven_blocks(ink: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    height, width = ink.shape
    for count in range(_FEWEST, min(_MAX_COUNT, max(ink.shape) // 2) + 1):
        rows, columns = (max(1, round(side * count / max(ink.shape))) for side in ink.shape)
        small = ink[np.ix_(_evenly(rows, height, 0.5), _evenly(columns, width, 0.5))]
        # Pillow looks for the block of a pixel in its middle, and rounds in a way of its own;
        # OpenCV looks at its edge.
        numbers = Image.fromarray(np.arange(small.size, dtype=np.int32).reshape(small.shape))
        by_middles = np.asarray(numbers.resize((width, height), Image.Resampling.NEAREST))
        by_edges = np.ix_(_evenly(height, rows, 0.0), _evenly(width, columns, 0.0))
        if np.array_equal(small.ravel()[by_middles], ink) or np.array_equal(small[by_edges], ink):
            return small
    return None


def _evenly(count: int, length: int, at: float) -> npt.NDArray[np.intp]:
    """Return where places lie, one in each of so many equal parts of a length."""
    return ((np.arange(count) + at) * length / count).astype(np.intp)


def before_enlarging(ink: npt.NDArray[np.generic]) -> Floats | None:
    """Return the pixels of a picture before it was enlarged.

    Parameters
    ----------
    ink : numpy.ndarray, shape (H, W)
        With ink on it, high values are ink.

    Returns
    -------
    numpy.ndarray, float32, shape (h, w), or None
        0 to 1; the longer side is from 5 to 16. None where no such pixels make this picture.
    """
    scaled = ink.astype(np.float32)
    scaled /= scaled.max()
    picture = Image.fromarray(scaled)
    if max(picture.size) >= 2 * _SEARCHED:
        picture = picture.reduce(max(picture.size) // _SEARCHED)
        scaled = np.asarray(picture)
    longer = max(scaled.shape)
    for count in range(_FEWEST, min(_MAX_COUNT, longer // 2) + 1):
        height, width = (round(side * count / longer) for side in scaled.shape)
        if min(height, width) < 2:
            continue
        middles = _in_the_middles(scaled, height, width)
        for way in _WAYS:
            # A middle between two pixels is a little less than the peak there.
            missing = scaled - _enlarged(middles, scaled, way)
            small: Floats = middles + _in_the_middles(missing, height, width)
            if np.sqrt(np.mean((_enlarged(small, scaled, way) - scaled) ** 2)) < _SAME:
                return np.clip(small, 0, 1)
    return None


def _enlarged(small: Floats, like: Floats, way: Image.Resampling) -> Floats:
    height, width = like.shape
    larger: Floats = np.asarray(Image.fromarray(small).resize((width, height), way))
    return np.clip(larger, 0, 1)


def _in_the_middles(ink: Floats, height: int, width: int) -> Floats:
    """Return what lies in the middles of height × width equal parts, between pixels linearly."""
    rows, down = _middles(height, ink.shape[0])
    columns, right = _middles(width, ink.shape[1])
    lines: Floats = ink[rows] * (1 - down)[:, None] + ink[rows + 1] * down[:, None]
    return lines[:, columns] * (1 - right) + lines[:, columns + 1] * right


def _middles(parts: int, length: int) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return the pixel before the middle of each part, and how far beyond it that lies."""
    middles = np.clip((np.arange(parts) + 0.5) * length / parts - 0.5, 0, length - 1)
    before = np.minimum(middles.astype(np.intp), length - 2)
    return before, (middles - before).astype(np.float32)
