"""Synthetic negatives: pictures that are no digits, from strokes and from mangled digits.

They represent everything that people may draw and that no data set of digits holds. The rule
that refuses (:mod:`mnist_draw.recognition.rejection`) is fitted to tell them from digits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sign_strokes import DIGITS, LETTERS, SIGNS, smooth, strokes_of

from mnist_draw.dataset.augmentation.painting import BOX, Placement, paint_centered
from mnist_draw.dataset.augmentation.skeleton import Strokes
from mnist_draw.dataset.augmentation.warp import HashedRandom, Warp, WarpRange
from mnist_draw.dataset.normalise import normalise_ink

Images = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
Generator = np.random.Generator

#: Discs that one picture is painted from, and how far apart they are in boxes of 1 × 1.
POINTS = 400
_STEP = 0.028
#: Radius of the pens in pixels of the normalised picture: the widest and the finest that the
#: Draw tab offers, on digits of the size that people draw.
PENS = (0.2, 2.6)
_WARP = WarpRange(rotation=14, shear=0.3, aspect=0.5, bend=1.5, waves=((0.9, 12.0, 32.0),))
#: Digits are deformed less.
_DIGIT_WARP = WarpRange(rotation=8, shear=0.2, aspect=0.3, bend=1.0, waves=((0.8, 12.0, 32.0),))

#: Digits that turned by a quarter or a half, or seen in a mirror, are no digits any more.
_QUARTER = (2, 3, 4, 5, 6, 7, 9)
_HALF = (3, 4, 7)
_MIRRORED = (3, 4, 7, 9)
#: Share of each kind.
SHARES = {
    "letters": 0.42,
    "signs": 0.10,
    "lines": 0.17,
    "coils": 0.05,
    "corners": 0.08,
    "rings": 0.05,
    "fields": 0.04,
    "mangled": 0.09,
}


def synthetic_negatives(
    count: int,
    seed: int,
    images: Images,
    labels: npt.NDArray[np.integer[Any]],
) -> Images:
    """Make pictures that are no digits.

    Parameters
    ----------
    count : int
    seed : int
        The same seed gives the same pictures.
    images : numpy.ndarray, uint8, shape (N, 28, 28)
        Digits to mangle, normalised.
    labels : numpy.ndarray, shape (N,)

    Returns
    -------
    numpy.ndarray, uint8, shape (count, 28, 28)
        Normalised as drawings are, in random order.
    """
    rng = np.random.default_rng((seed, 6))
    kinds = rng.choice(list(SHARES), size=count, p=list(SHARES.values()))
    result = np.empty((count, 28, 28), np.uint8)
    drawn: list[tuple[Points, ...]] = []
    places = []
    for place, kind in enumerate(kinds):
        if kind in _DRAWN:
            drawn.append(_DRAWN[kind](rng))
            places.append(place)
        else:
            result[place] = _mangled(rng, images, labels)
    result[places] = painted(drawn, seed)
    return result


def rare_digits(count: int, seed: int) -> tuple[Images, npt.NDArray[np.intp]]:
    """Make digits in rare styles: pictures, uint8 (count, 28, 28), and which digits."""
    rng = np.random.default_rng((seed, 8))
    names = rng.choice(list(DIGITS), size=count)
    pictures = painted([_varied(rng, DIGITS[name]) for name in names], seed, _DIGIT_WARP)
    return pictures, np.array([int(name[0]) for name in names])


def painted(drawings: list[tuple[Points, ...]], seed: int, limits: WarpRange = _WARP) -> Images:
    """Deform synthetic drawings and paint them with pens of random widths, normalised.

    Parameters
    ----------
    drawings : list of tuple of numpy.ndarray
        Each one's strokes, float (n, 2), in a box of about 1 × 1.
    seed : int
    limits : WarpRange

    Returns
    -------
    numpy.ndarray, uint8, shape (len(drawings), 28, 28)
    """
    random = HashedRandom(seed, 0, np.arange(len(drawings)))
    return written(lines_of(drawings), random, limits)


def lines_of(drawings: list[tuple[Points, ...]]) -> Strokes:
    """Return drawings, as :func:`painted` takes them, as places along their lines."""
    count = len(drawings)
    points = np.zeros((6, count, POINTS), np.float32)
    x, y, radius, length = points[:4]
    for row, strokes in enumerate(drawings):
        discs, steps = _discs(strokes)
        x[row, : len(steps)], y[row, : len(steps)] = (discs.T - 0.5) * float(BOX)
        radius[row, : len(steps)] = 1
        length[row, : len(steps)] = steps * float(BOX)
    return Strokes(points, np.full(count, POINTS))


def written(
    strokes: Strokes,
    random: HashedRandom,
    limits: WarpRange,
    pens: tuple[float, float] = PENS,
) -> Images:
    """Deform lines and paint them with round pens of any width, normalised.

    Parameters
    ----------
    strokes : Strokes
        Of n pictures; changed in place.
    random : HashedRandom
    limits : WarpRange
    pens : tuple of float
        The finest and the widest radius, in pixels of the normalised picture.

    Returns
    -------
    numpy.ndarray, uint8, shape (n, 28, 28)
    """
    warp = Warp(random, limits)
    strokes.points[:2] = warp.forward(strokes.x, strokes.y, strokes.used)
    # Fine pens are as frequent as wide ones: a line of twice the width differs as much.
    pen = pens[0] + (pens[1] - pens[0]) * random.uniform(0, 1) ** np.float32(1.5)
    size = BOX * (1 + random.uniform(-0.05, 0.05))
    to_x, to_y = random.uniforms(2, -0.5, 0.5)
    placement = Placement(strokes, size, to_x, to_y, np.ones(len(pen), np.bool_), pen)
    return paint_centered(strokes, placement)


def _discs(strokes: tuple[Points, ...]) -> tuple[Points, npt.NDArray[np.float64]]:
    """Return evenly spaced places along strokes, at most POINTS, and the length each has."""
    lengths = [np.hypot(*np.diff(stroke, axis=0).T).sum() for stroke in strokes]
    step = max(_STEP, sum(lengths) / (POINTS - 2 * len(strokes)))
    places, steps = [], []
    for stroke, total in zip(strokes, lengths, strict=True):
        along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
        at = np.linspace(0, total, max(2, int(total / step) + 1))
        places.append(
            np.stack([np.interp(at, along, stroke[:, 0]), np.interp(at, along, stroke[:, 1])], 1),
        )
        steps.append(np.full(len(at), max(total / len(at), 1e-3)))
    return np.concatenate(places)[:POINTS], np.concatenate(steps)[:POINTS]


def _letter(rng: Generator) -> tuple[Points, ...]:
    return _sign_of(rng, LETTERS)


def _sign(rng: Generator) -> tuple[Points, ...]:
    return _sign_of(rng, SIGNS)


def _sign_of(rng: Generator, signs: dict[str, tuple[str, ...]]) -> tuple[Points, ...]:
    names = list(signs)
    return _varied(rng, signs[names[rng.integers(len(names))]])


def _varied(rng: Generator, sign: tuple[str, ...]) -> tuple[Points, ...]:
    narrow = np.array([rng.uniform(0.5, 1.1), 1.0])
    # Every stroke a little off its place, its ends a little longer or shorter.
    return tuple(
        (stroke + rng.normal(0, 0.025, 2)) * narrow + rng.normal(0, 0.012, stroke.shape)
        for stroke in strokes_of(sign)
    )


def _lines(rng: Generator) -> tuple[Points, ...]:
    """Draw random curves, corners and loops, one to four of them, some joined."""
    strokes: list[Points] = []
    for _ in range(rng.choice([1, 2, 3, 4], p=[0.35, 0.35, 0.2, 0.1])):
        count = int(rng.integers(2, 5))
        if not strokes:
            # Few turns look like signs, many like scribbles.
            count = int(rng.integers(3, 10) if rng.random() < 0.6 else rng.integers(10, 30))
        size = 1.0 if not strokes else rng.uniform(0.2, 1)
        kind = rng.random()
        if kind < 0.45:
            points = rng.random((count, 2)) * size
        elif kind < 0.7:
            points = np.cumsum(rng.normal(0, 0.3, (count, 2)), axis=0) * size
        else:
            turns = np.cumsum(rng.uniform(0.5, 1.6, count + 2)) * rng.choice([-1, 1])
            spiral = size * np.linspace(0.5, rng.uniform(0.05, 0.6), count + 2)[:, None]
            points = 0.5 + spiral * np.stack([np.cos(turns), np.sin(turns)], 1)
        stroke = smooth(points) if rng.random() < 0.7 else points
        if strokes and rng.random() < 0.6:
            other = strokes[rng.integers(len(strokes))]
            stroke = stroke - stroke[rng.integers(len(stroke))] + other[rng.integers(len(other))]
        strokes.append(stroke)
    return tuple(strokes)


def _coil(rng: Generator) -> tuple[Points, ...]:
    """Draw round and round while the hand wanders, as when a pen is tried out."""
    turns = np.linspace(0, 2 * np.pi * rng.uniform(1.7, 7), 160) * rng.choice([-1, 1])
    turns += rng.uniform(0, 2 * np.pi)
    wander = smooth(rng.normal(0, rng.uniform(0.1, 0.7), (int(rng.integers(3, 7)), 2)))
    along = np.linspace(0, len(wander) - 1, len(turns))
    middle = np.stack([np.interp(along, np.arange(len(wander)), side) for side in wander.T], 1)
    radius = 0.3 * smooth(rng.uniform(0.3, 1, (6, 2)))
    radius = np.stack(
        [np.interp(along, np.linspace(0, along[-1], len(radius)), side) for side in radius.T],
        1,
    )
    return (middle + radius * np.stack([np.cos(turns), np.sin(turns)], 1),)


def _corner(rng: Generator) -> tuple[Points, ...]:
    """Draw two lines that meet, open to the top or to the right; 1 and 7 open elsewhere."""
    middle = np.radians(rng.uniform(-30, 140))
    half = np.radians(rng.uniform(12, 60))
    ends = [
        rng.uniform(low, 1) * np.array([np.cos(angle), -np.sin(angle)])
        for low, angle in ((0.2, middle + half), (0.9, middle - half))
    ]
    if rng.random() < 0.3:
        ends = [ends[0] / np.hypot(*ends[0]), ends[1] * rng.uniform(0.3, 1)]
    points = np.array([ends[0], [0.0, 0.0], ends[1]])
    return (smooth(points) if rng.random() < 0.3 else points,)


def _ring(rng: Generator) -> tuple[Points, ...]:
    """Draw something round with two to five marks in it."""
    turns = np.linspace(0, 2 * np.pi * rng.uniform(0.95, 1.05), 40) + rng.uniform(0, 2 * np.pi)
    strokes: list[Points] = [0.5 + 0.5 * np.stack([np.cos(turns), np.sin(turns)], 1)]
    for _ in range(rng.integers(2, 6)):
        marks = rng.normal(0, rng.choice([0.02, 0.08, 0.16]), (int(rng.integers(2, 5)), 2))
        strokes.append(smooth(marks) + rng.uniform(0.25, 0.75, 2))
    return tuple(strokes)


def _field(rng: Generator) -> tuple[Points, ...]:
    """Hatch an area, tightly or loosely: a filled shape, or a scribble to and fro."""
    rows = int(rng.integers(3, 14))
    height = np.linspace(0, 1, 2 * rows)
    kind = rng.random()
    half = np.full(2 * rows, 0.5)
    if kind < 0.35:
        half = np.sqrt(np.maximum(0.25 - (height - 0.5) ** 2, 0.001))
    elif kind < 0.5:
        half = 0.02 + height / 2
    half = half * rng.uniform(0.4, 1.2) * rng.uniform(0.8, 1.1, 2 * rows)
    side = np.where(np.arange(2 * rows) % 2, 1, -1)
    points = np.stack([0.5 + side * half, height], 1)
    if rng.random() < 0.5:
        points = points[:, ::-1]
    return ((smooth(points) if rng.random() < 0.5 else points),)


def _mangled(rng: Generator, images: Images, labels: npt.NDArray[np.integer[Any]]) -> Images:
    """Turn a digit, or show it in a mirror."""
    while True:
        index = int(rng.integers(len(images)))
        label, image = int(labels[index]), images[index]
        turned = int(rng.integers(3))
        if turned == 0 and label in _QUARTER:
            return _normalised(np.rot90(image, rng.choice([1, 3])))
        if turned == 1 and label in _HALF:
            return _normalised(image[::-1, ::-1])
        if turned == 2 and label in _MIRRORED:
            return _normalised(image[:, ::-1])


def several(count: int, seed: int, images: Images, labels: npt.NDArray[np.integer[Any]]) -> Images:
    """Make pictures of two or three digits, or of one and a part of the next.

    Parameters and result are those of :func:`synthetic_negatives`.
    """
    rng = np.random.default_rng((seed, 7))
    return np.stack([_several(rng, images) for _ in range(count)])


def _several(rng: Generator, images: Images) -> Images:
    """Write digits side by side: most touch, some overlap or have a gap."""
    chosen = rng.integers(len(images), size=rng.choice([2, 3], p=[0.8, 0.2]))
    board = np.zeros((36, 28 * 4), np.uint8)
    for rank, index in enumerate(chosen):
        image = images[index]
        columns = np.flatnonzero(image.max(axis=0) > 40)
        digit = image[:, columns[0] : columns[-1] + 1]
        if rank and len(chosen) == 2 and rng.random() < 0.2:
            # A part of the next digit that was not cut off.
            digit = digit[:, : max(3, int(digit.shape[1] * rng.uniform(0.3, 0.7)))]
        digit = np.pad(digit, ((4, 4), (0, 0)))
        digit = np.roll(digit, int(rng.integers(-3, 4)), axis=0)
        at = 2 if not rank else _beside(board, digit) + round(rng.uniform(-3.5, 1.5))
        if rng.random() < 0.15:
            at += int(rng.integers(0, 5))
        at = min(max(at, 0), board.shape[1] - digit.shape[1])
        place = board[:, at : at + digit.shape[1]]
        np.maximum(place, digit, out=place)
    return _normalised(board)


def _beside(board: Images, digit: Images) -> int:
    """Return the column from which a digit's ink just touches what is on the board."""
    reach = np.where(board > 60, np.arange(board.shape[1]), -1).max(axis=1)
    indent = np.where(digit > 60, np.arange(digit.shape[1]), digit.shape[1]).min(axis=1)
    return int((reach + 1 - indent).max())


def _normalised(picture: Images) -> Images:
    return np.rint(normalise_ink(picture) * 256).astype(np.uint8)


_DRAWN = {
    "coils": _coil,
    "letters": _letter,
    "signs": _sign,
    "lines": _lines,
    "corners": _corner,
    "rings": _ring,
    "fields": _field,
}
assert {*_DRAWN, "mangled"} == set(SHARES)
