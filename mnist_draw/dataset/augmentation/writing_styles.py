"""Ways to write a digit that the writers of MNIST rarely used.

Here is what may happen to any digit: an end prolonged or cut short, a gap left.
`mnist_draw.dataset.augmentation.digit_styles` holds what belongs to one of them, as the bar of a 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.digit_styles import STYLES
from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.augmentation.skeleton_store import Strokes
from mnist_draw.dataset.augmentation.stroke_edits import (
    SHORT,
    Floats,
    Rows,
    add,
    between,
    curve,
    erase,
)

Labels = NDArray[np.integer[Any]]


def restyle(strokes: Strokes, labels: Labels, random: HashedRandom) -> None:
    """Write some of the digits in another style.

    Parameters
    ----------
    strokes : Strokes
        Changed in place.
    labels : numpy.ndarray
        Integers (n,), 0 to 9.
    random : HashedRandom
        Decides which digits, and by how much.
    """
    pen = strokes.pen()
    _trim(strokes, random)
    # Drawn for all pictures, so that a picture's numbers do not depend on its neighbours.
    amounts = random.uniforms(10, 0, 1)
    for digit, style in STYLES.items():
        rows = np.flatnonzero(labels == digit)
        if len(rows):
            style(strokes, rows, amounts, pen)
    _tails(strokes, random, pen)
    _gaps(strokes, random, labels)


def _trim(strokes: Strokes, random: HashedRandom) -> None:
    """Cut one end short: a tail that is hardly there."""
    chosen = random.happens(0.12)
    which, long = random.uniforms(2, 0, 1)
    rows, ends = _one_end(strokes, which, chosen)
    reach = between(long[rows], 0.5, 3.0)
    erase(strokes, rows, strokes.x[rows, ends], strokes.y[rows, ends], reach)


def _tails(strokes: Strokes, random: HashedRandom, pen: Floats) -> None:
    """Prolong one end of a line by a little, slightly bent."""
    chosen = random.happens(0.15)
    which, long, bend = random.uniforms(3, 0, 1)
    used = strokes.radius[:, -SHORT:].any(axis=1)
    rows, ends = _one_end(strokes, which, chosen & ~used)
    x, y = strokes.x[rows, ends], strokes.y[rows, ends]
    go_x, go_y = strokes.end_x[rows, ends], strokes.end_y[rows, ends]
    reach = between(long[rows], 1.0, 3.5)
    turn = between(bend[rows], -0.6, 0.6) * reach
    x, y = curve(
        (x, y),
        (x + go_x * reach / 2, y + go_y * reach / 2),
        (x + go_x * reach - go_y * turn, y + go_y * reach + go_x * turn),
        SHORT // 2,
    )
    add(strokes, rows, SHORT, x, y, pen)


def _gaps(strokes: Strokes, random: HashedRandom, labels: Labels) -> None:
    """Lift the pen for a moment; not in a 1, which would become an i."""
    rows = np.flatnonzero(random.happens(0.1) & (labels != 1))
    where, long = random.uniforms(2, 0, 1)[:, rows]
    inside = strokes.radius[rows] > 0
    rank = (where * inside.sum(axis=1)).astype(np.intp)
    points = (np.cumsum(inside, axis=1) > rank[:, None]).argmax(axis=1)
    # The pen's round ends fill the gap again, up to its radius from either side.
    reach = strokes.radius[rows, points] + between(long, 0.3, 1.2)
    erase(strokes, rows, strokes.x[rows, points], strokes.y[rows, points], reach)


def _one_end(strokes: Strokes, which: Floats, chosen: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Pick one of the line ends of each chosen digit that has any: rows, and their points."""
    ends = (strokes.end_x != 0) | (strokes.end_y != 0)
    ends &= strokes.radius > 0
    rows = np.flatnonzero(chosen & ends.any(axis=1))
    ends = ends[rows]
    rank = (which[rows] * ends.sum(axis=1)).astype(np.intp)
    return rows, (np.cumsum(ends, axis=1) > rank[:, None]).argmax(axis=1)
