"""Normalise ink of any size to the network's 28×28: one function for every picture.

MNIST's digits were made like this: the ink's bounding box was scaled so that its longer side is
20 pixels, with gray levels at the edges, and placed so that the center of mass is in the middle
of 28×28. :func:`normalise_ink` does the same to drawings, photographs and augmented training
pictures. On MNIST's own pictures it changes next to nothing: there the box already measures
20 pixels and the center of mass lies within half a pixel of index 14.

Size and place carry no meaning here, by intent: a dot becomes a disc of 20 pixels. The rejection
rule, which sees the original, decides whether it is a digit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Ink = npt.NDArray[Any]
FloatImage = npt.NDArray[np.float32]

#: Side of the network's picture, and of the box that the ink is scaled to, in pixels.
SIDE = 28
BOX = 20
#: Index of the center of mass (MNIST: 13.996 down, 14.007 across).
CENTRE = 14.0
#: The largest value of the result: full ink, 255, in MNIST's scale of 1/256.
FULL = np.float32(255 / 256)
#: The bounding box ignores ink fainter than this part of the darkest: the noise of a camera or the
#: soft rim of a brush must not widen it. Of MNIST's 70,000 pictures none has an outer row this
#: faint (at 25/255 the first four do).
FAINT = 16 / 255
#: A picture whose darkest point is fainter than this part of full ink is empty.
EMPTY = 8 / 255


def ink_within(ink: Ink, box: tuple[int, int, int, int]) -> Ink:
    """Return the ink of a picture within a box (left, top, width, height), and no other."""
    left, top, wide, high = box
    alone = np.zeros_like(ink)
    place = np.s_[top : top + high, left : left + wide]
    alone[place] = ink[place]
    return alone


def has_ink(ink: Ink) -> bool:
    """Tell whether there is ink on a picture (H, W), as for :func:`normalise_ink`."""
    return bool(ink.size) and float(ink.max()) > EMPTY * _full_ink(ink)


def ink_box(ink: Ink) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of the ink, or raise ValueError; see `normalise_ink`."""
    if ink.ndim != 2:
        raise ValueError(f"ink is a picture of rows and columns, got the shape {ink.shape}")
    if not has_ink(ink):
        raise ValueError("there is no ink on the picture")
    across = ink.max(axis=1)
    darkest = float(across.max())
    if not math.isfinite(darkest):
        raise ValueError(f"the picture holds values that are not finite: {darkest}")
    threshold = darkest * FAINT
    rows = np.flatnonzero(across > threshold)
    # Only the rows with ink: that halves the time for a small digit on a large canvas.
    top = int(rows[0])
    bottom = int(rows[-1]) + 1
    columns = np.flatnonzero(ink[top:bottom].max(axis=0) > threshold)
    return top, int(columns[0]), bottom, int(columns[-1]) + 1


def usual_side(pictures: npt.NDArray[np.uint8]) -> int:
    """Return the median longer side of the ink of uint8 (N, 28, 28); 20 also for 19 and 21."""
    threshold = pictures.max(axis=(1, 2), keepdims=True) * FAINT
    inked = pictures > threshold
    longest = np.zeros(len(pictures))
    for axis in (1, 2):
        across = inked.any(axis=axis)
        length = SIDE - across.argmax(axis=1) - across[:, ::-1].argmax(axis=1)
        longest = np.maximum(longest, np.where(across.any(axis=1), length, 0))
    longest = longest[longest > 0]
    side = round(float(np.median(longest))) if len(longest) else BOX
    return BOX if abs(side - BOX) <= 1 else side


def normalise_ink(ink: Ink, side: int = BOX) -> FloatImage:
    """Crop to the ink, scale to 20 pixels, and center on 28×28.

    Parameters
    ----------
    ink : numpy.ndarray, shape (H, W)
        High values are ink. Unsigned integers and booleans reach from 0 to the type's
        largest value; floats from 0 to 1, or from 0 to 255 if any value exceeds 1.5.
    side : int
        The longer side of the result, in pixels, 1 to 28: larger than MNIST's for networks that
        were trained on such pictures.

    Returns
    -------
    numpy.ndarray, float32, shape (28, 28)
        From 0 to 255/256 (as MNIST divided by 256), the darkest pixel at 255/256. The ratio of
        width to height is kept. The center of mass is at index 14 in both directions:
        to a fraction of a pixel if the ink was scaled, to the nearest whole pixel if it already
        had the right size (as in MNIST), and as near as possible if it would not fit otherwise.

    Raises
    ------
    ValueError
        There is no ink (see :func:`has_ink`), a value is not finite, or `ink` is not
        two-dimensional.
    """
    top, left, bottom, right = ink_box(ink)
    box = ink[top:bottom, left:right].astype(np.float32)
    np.maximum(box, 0, out=box)
    height, width = box.shape
    scale = side / max(height, width)
    mass = float(box.sum(dtype=np.float64))
    down = _offset(box.sum(axis=1), mass, scale)
    across = _offset(box.sum(axis=0), mass, scale)
    result = _resampling(height, scale, down) @ box @ _resampling(width, scale, across).T
    return result / result.max() * FULL


def as_bytes(picture: FloatImage) -> npt.NDArray[np.uint8]:
    """Convert the network's input, 0 to 255/256, to gray levels."""
    # The network's scale is 1/256, so that these are whole numbers but for rounding.
    return np.clip(np.rint(picture * 256), 0, 255).astype(np.uint8)


def _full_ink(ink: Ink) -> float:
    if ink.dtype == np.bool_:
        return 1.0
    if ink.dtype.kind in "ui":
        return float(np.iinfo(ink.dtype).max)
    return 255.0 if float(ink.max()) > 1.5 else 1.0


def _offset(profile: FloatImage, mass: float, scale: float) -> float:
    """Return where the box begins on the 28 pixels for its center of mass to be centered."""
    places = np.arange(len(profile)) + 0.5
    center = float(profile @ places) / mass * scale
    offset = CENTRE + 0.5 - center
    if scale == 1:
        # Whole pixels only, as MNIST's makers did it: the picture's own pixels are kept.
        offset = float(np.round(offset))
    # All of the ink stays on the picture, however lopsided it is.
    return min(max(offset, 0.0), SIDE - len(profile) * scale)


def _resampling(length: int, scale: float, offset: float) -> FloatImage:
    """Return the matrix that takes `length` pixels to the 28 of the result.

    Shrinking averages over areas: pixel i of the result covers an interval of the source,
    and each source pixel counts with the part of it that lies inside. Enlarging interpolates
    linearly between pixel centers. With scale 1 and a whole offset both are a plain copy.
    """
    if scale <= 1:
        edges = (np.arange(SIDE + 1) - offset) / scale
        inside = np.clip(edges[:, None] - np.arange(length), 0, 1)
        weights = np.diff(inside, axis=0) * scale
    else:
        centers = (np.arange(SIDE) + 0.5 - offset) / scale - 0.5
        weights = np.clip(1 - np.abs(centers[:, None] - np.arange(length)), 0, 1)
    return weights.astype(np.float32)
