"""Pictures of few pixels, enlarged or not: find these pixels and smooth them.

Between the centers of large pixels, a smooth surface is nearer to the writer's line than blocks or
straight slopes. `benchmarks/hard_pictures.py` measures the effect for scikit-learn's digits of 8×8.

Pixels enlarged to blocks are found by their edges. Bilinear, bicubic and Lanczos enlargement keep
the values in the centers of the pixels. These are read for every number of pixels that the picture
could have had, and enlarged again: if that gives the same picture, they are the original pixels.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

from mnist_draw.arrays import Array, Floats, Places
from mnist_draw.dataset.normalise import ink_box

#: Array with fewer pixels than this on its longer side is coarse: MNIST's has 20.
_COARSE = 14
#: Enlargement of coarse ink, and paper left around it, in its own pixels.
_TIMES = 4
_PAPER = 2


class InkPixels:
    """The original pixels of a picture (H, W) with ink on it, which may have been enlarged."""

    def __init__(self, ink: Array) -> None:
        self._ink = ink
        blocks = without_blocks(ink)
        self._box = _ink_alone(ink if blocks is None else blocks)
        if blocks is None and self.are_few():
            before = before_enlarging(ink)
            if before is not None:
                self._box = _ink_alone(before)

    def smoothed(self) -> Array:
        """Crop coarse ink and enlarge it smoothly to float32, 0 to 1; else return the picture."""
        if max(self._box.shape) >= _COARSE:
            return self._ink
        box = np.pad(self._box, _PAPER)
        width = box.shape[1] * _TIMES
        height = box.shape[0] * _TIMES
        fine = Image.fromarray(box / box.max()).resize((width, height), Image.Resampling.BICUBIC)
        return np.clip(np.asarray(fine), 0, 1)

    def are_few(self) -> bool:
        """Tell whether a picture shows no more than some pixels could, however it was enlarged.

        Then the ink nowhere turns from paper to its darkest within a fifteenth of its longer side:
        pictures of 8×8 pixels have at most 14 such steps, those of MNIST at least 16, drawings more
        than a hundred.
        """
        box = self._box
        steepest = max(float(np.abs(np.diff(box, axis=axis)).max(initial=0)) for axis in (0, 1))
        return bool(steepest * max(box.shape) < (_COARSE + 1) * float(box.max()))


def _ink_alone(picture: Array) -> Floats:
    top, left, bottom, right = ink_box(picture)
    return picture[top:bottom, left:right].astype(np.float32)


_WAYS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
#: Pixels on the longer side: less are no digit, more are not coarse.
_MIN_COUNT = 5
_MAX_COUNT = 16
#: Two pictures are the same up to this root mean square of their difference: rounding to bytes,
#: and clipping Lanczos' overshoot beyond black and white, makes up to 0.010.
_SAME = 0.012
#: The longer side of the picture that is searched; a larger one is reduced first.
_SEARCHED = 160


def without_blocks(ink: Array) -> Array | None:
    """Return one pixel of each block of equal ones, of the same type; None without blocks.

    Any number of blocks of one size is found; blocks whose sizes differ by one, as the picture is
    no multiple of them, only if there are 5 to 16 on the longer side.
    """
    side = most = 0
    for axis in (0, 1):
        changes = np.flatnonzero((np.diff(ink, axis=axis) != 0).any(axis=1 - axis)) + 1
        side = math.gcd(side, ink.shape[axis], *changes.tolist())
        most = max(most, len(changes))
    if side > 1:
        return ink[::side, ::side]
    return _without_uneven_blocks(ink) if most < _MAX_COUNT else None


def _without_uneven_blocks(ink: Array) -> Array | None:
    height, width = ink.shape
    for count in range(_MIN_COUNT, min(_MAX_COUNT, max(ink.shape) // 2) + 1):
        rows, columns = (max(1, round(side * count / max(ink.shape))) for side in ink.shape)
        small = ink[np.ix_(_evenly(rows, height, 0.5), _evenly(columns, width, 0.5))]
        # Pillow looks for the block of a pixel in its middle, and rounds in a way of its own;
        # OpenCV looks at its edge.
        numbers = Image.fromarray(np.arange(small.size, dtype=np.int32).reshape(small.shape))
        by_centers = np.asarray(numbers.resize((width, height), Image.Resampling.NEAREST))
        by_edges = np.ix_(_evenly(height, rows, 0.0), _evenly(width, columns, 0.0))
        if np.array_equal(small.ravel()[by_centers], ink) or np.array_equal(small[by_edges], ink):
            return small
    return None


def _evenly(count: int, length: int, at: float) -> Places:
    """Return the index at a share of each of so many equal parts of a length."""
    return ((np.arange(count) + at) * length / count).astype(np.intp)


def before_enlarging(ink: npt.NDArray[np.generic]) -> Floats | None:
    """Return the 5 to 16 pixels a side, float32 (h, w) to 1, of an enlarged picture."""
    scaled = ink.astype(np.float32)
    scaled /= scaled.max()
    picture = Image.fromarray(scaled)
    if max(picture.size) >= 2 * _SEARCHED:
        picture = picture.reduce(max(picture.size) // _SEARCHED)
        scaled = np.asarray(picture)
    longer = max(scaled.shape)
    top, left, bottom, right = ink_box(scaled)
    for count in range(_MIN_COUNT, min(_MAX_COUNT, longer // 2) + 1):
        height, width = (round(side * count / longer) for side in scaled.shape)
        if min(height, width) < 2:
            continue
        centers = _at_centers(scaled, height, width)
        for way in _WAYS:
            # A center between two pixels is a little less than the peak there.
            missing = scaled - _enlarged(centers, scaled, way)
            small: Floats = centers + _at_centers(missing, height, width)
            # Where ink is: on much paper, little ink would make little difference.
            differing = (_enlarged(small, scaled, way) - scaled)[top:bottom, left:right]
            if np.sqrt(np.mean(differing**2)) < _SAME:
                return np.clip(small, 0, 1)
    return None


def _enlarged(small: Floats, like: Floats, way: Image.Resampling) -> Floats:
    height, width = like.shape
    larger: Floats = np.asarray(Image.fromarray(small).resize((width, height), way))
    return np.clip(larger, 0, 1)


def _at_centers(ink: Floats, height: int, width: int) -> Floats:
    """Interpolate a picture linearly at the centers of height × width equal parts."""
    rows, down = _centers(height, ink.shape[0])
    columns, right = _centers(width, ink.shape[1])
    lines: Floats = ink[rows] * (1 - down)[:, None] + ink[rows + 1] * down[:, None]
    return lines[:, columns] * (1 - right) + lines[:, columns + 1] * right


def _centers(parts: int, length: int) -> tuple[Places, Floats]:
    """Return the pixel before the center of each part, and the distance to it."""
    centers = np.clip((np.arange(parts) + 0.5) * length / parts - 0.5, 0, length - 1)
    before = np.minimum(centers.astype(np.intp), length - 2)
    return before, (centers - before).astype(np.float32)
