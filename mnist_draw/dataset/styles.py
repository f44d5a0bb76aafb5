"""Ways to write a digit that the writers of MNIST rarely used.

Each style changes the lines of some digits of one class, or of any: a stroke is added, an end
prolonged or cut short, a gap left. Amounts are parts of the digit's own size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.chance import Chance
from mnist_draw.dataset.strokes import EXTRA, FAR, Strokes

Floats = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]
Rows = NDArray[np.intp]

#: Half of the places for added strokes; two short strokes or a long one fit.
SHORT = EXTRA // 2


def restyle(strokes: Strokes, labels: Labels, chance: Chance) -> None:
    """Write some of the digits in another style.

    Parameters
    ----------
    strokes
        Changed in place.
    labels
        Integers (n,), 0 to 9.
    chance
        Decides which digits, and by how much.
    """
    pen = strokes.pen()
    _trim(strokes, chance, labels)
    for digit, style in (
        (0, _slash),
        (1, _flag_and_foot),
        (4, _close),
        (5, _detach),
        (7, _bar),
        (9, _curl),
    ):
        # Drawn for all pictures, so that a picture's numbers do not depend on its neighbours.
        amounts = chance.uniforms(8, 0, 1)
        style(strokes, np.flatnonzero(labels == digit), amounts, pen)
    _tails(strokes, chance, pen)
    _gaps(strokes, chance, labels)


def _between(share: Floats, low: float, high: float) -> Floats:
    return np.float32(low) + share * np.float32(high - low)


def _add(strokes: Strokes, rows: Rows, first: int, x: Floats, y: Floats, pen: Floats) -> None:
    """Add one stroke to each digit of `rows`: points (rows, count) from place `first` on."""
    start = strokes.x.shape[1] - EXTRA + first
    places = slice(start, start + x.shape[1])
    strokes.x[rows, places] = x
    strokes.y[rows, places] = y
    strokes.radius[rows, places] = pen[rows, None]
    steps = np.sqrt(np.diff(x, axis=1) ** 2 + np.diff(y, axis=1) ** 2)
    lengths = np.zeros_like(x)
    lengths[:, 1:] += steps / 2
    lengths[:, :-1] += steps / 2
    strokes.length[rows, places] = lengths


def _curve(
    from_x: Floats,
    from_y: Floats,
    by_x: Floats,
    by_y: Floats,
    to_x: Floats,
    to_y: Floats,
    count: int,
) -> tuple[Floats, Floats]:
    """Return points of quadratic curves (rows, count), pulled towards the middle control point."""
    t = np.linspace(0, 1, count, dtype=np.float32)
    a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
    x = from_x[:, None] * a + by_x[:, None] * b + to_x[:, None] * c
    y = from_y[:, None] * a + by_y[:, None] * b + to_y[:, None] * c
    return x, y


def _line(
    from_x: Floats, from_y: Floats, to_x: Floats, to_y: Floats, count: int
) -> tuple[Floats, Floats]:
    return _curve(from_x, from_y, (from_x + to_x) / 2, (from_y + to_y) / 2, to_x, to_y, count)


def _slash(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """0 with a slash, within the ring or beyond it."""
    rows = rows[amounts[0, rows] < 0.3]
    left, top, right, bottom = strokes.part(rows).box()
    over, steep, shift = amounts[1:4, rows]
    reach = _between(over, 0.3, 0.75)
    width, height = right - left, bottom - top
    x, y = (left + right) / 2 + _between(shift, -0.08, 0.08) * width, (top + bottom) / 2
    across = reach * np.maximum(width, 0.45 * height) * _between(steep, 0.55, 1.0)
    down = reach * height
    _add(strokes, rows, 0, *_line(x - across, y + down, x + across, y - down, EXTRA), pen)


def _flag_and_foot(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """1 with an upstroke to its tip, a foot, or both."""
    part = strokes.part(rows)
    x, y, inside = part.x, part.y, part.radius > 0
    left, top, right, bottom = part.box()
    height = bottom - top
    # Only a plain bar: what is wider has its flag already.
    plain = (right - left) < 0.45 * height
    number = np.arange(len(rows))
    highest = np.where(inside, y, FAR).argmin(axis=1)
    tip_x, tip_y = x[number, highest], y[number, highest]
    has_flag = plain & (amounts[0, rows] < 0.4)
    angle = _between(amounts[1, rows], 0.45, 1.15)
    long = _between(amounts[2, rows], 0.15, 0.48) * height
    sag = _between(amounts[3, rows], -0.05, 0.12) * height
    to_x, to_y = tip_x - long * np.sin(angle), tip_y + long * np.cos(angle)
    middle_x, middle_y = (tip_x + to_x) / 2, (tip_y + to_y) / 2 + sag
    points = _curve(tip_x, tip_y, middle_x, middle_y, to_x, to_y, SHORT)
    _add(strokes, rows[has_flag], 0, points[0][has_flag], points[1][has_flag], pen)
    lowest = np.where(inside, y, -FAR).argmax(axis=1)
    foot_x, foot_y = x[number, lowest], y[number, lowest]
    has_foot = plain & (amounts[4, rows] < 0.25)
    half = _between(amounts[5, rows], 0.14, 0.36) * height
    tilt = _between(amounts[6, rows], -0.06, 0.06) * height
    uneven = _between(amounts[7, rows], -0.3, 0.3) * half
    points = _line(
        foot_x - half + uneven, foot_y + tilt, foot_x + half + uneven, foot_y - tilt, SHORT
    )
    _add(strokes, rows[has_foot], SHORT, points[0][has_foot], points[1][has_foot], pen)


def _close(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """4 whose left stroke begins at, or near, the top of its stem: closed as in print."""
    rows = rows[amounts[0, rows] < 0.3]
    part = strokes.part(rows)
    x, y, inside = part.x, part.y, part.radius > 0
    left, top, right, bottom = part.box()
    right_half = inside & (x > ((left + right) / 2)[:, None])
    stem = np.where(right_half, y, FAR).argmin(axis=1)
    number = np.arange(len(rows))
    crossing = top + 0.55 * (bottom - top)
    # The higher above the crossing, the closer to the top of the stem.
    share = (crossing[:, None] - y) / np.maximum(crossing - top, 1)[:, None]
    lean = np.clip(share, 0, 1) * _between(amounts[1, rows], 0.7, 1.0)[:, None]
    strokes.x[rows] += inside * lean * (x[number, stem][:, None] - x)


def _detach(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """5 whose bar, a stroke of its own, does not meet the rest."""
    rows = rows[amounts[0, rows] < 0.25]
    part = strokes.part(rows)
    x, y, inside = part.x, part.y, part.radius > 0
    left, top, right, bottom = part.box()
    width, height = right - left, bottom - top
    share_x = (x - left[:, None]) / np.maximum(width, 1)[:, None]
    share_y = (y - top[:, None]) / np.maximum(height, 1)[:, None]
    # A 5 leans: its bar reaches lower the farther left it is.
    bar = inside & (share_y < 0.24 + 0.1 * (1 - share_x)) & (share_x > 0.3)
    across = _between(amounts[1, rows], 0.0, 0.22) * width
    down = _between(amounts[2, rows], -0.12, 0.06) * height
    strokes.x[rows] += bar * across[:, None]
    strokes.y[rows] += bar * down[:, None]


def _bar(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """7 with a bar through its stem."""
    rows = rows[amounts[0, rows] < 0.35]
    part = strokes.part(rows)
    x, y, inside = part.x, part.y, part.radius > 0
    _, top, _, bottom = part.box()
    height = bottom - top
    level = top + _between(amounts[1, rows], 0.4, 0.62) * height
    near = inside & (np.abs(y - level[:, None]) < 0.07 * height[:, None])
    stem = (x * near).sum(axis=1) / np.maximum(near.sum(axis=1), 1)
    found = near.any(axis=1)
    half = _between(amounts[2, rows], 0.14, 0.34) * height
    tilt = _between(amounts[3, rows], -0.06, 0.1) * height
    middle = stem + _between(amounts[4, rows], -0.25, 0.25) * half
    points = _line(middle - half, level + tilt, middle + half, level - tilt, SHORT)
    _add(strokes, rows[found], 0, points[0][found], points[1][found], pen)


def _curl(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """9 whose tail curls to the left, as in a printed one or a g."""
    rows = rows[amounts[0, rows] < 0.3]
    part = strokes.part(rows)
    x, y, inside = part.x, part.y, part.radius > 0
    left, top, right, bottom = part.box()
    width, height = right - left, bottom - top
    number = np.arange(len(rows))
    lowest = np.where(inside, y, -FAR).argmax(axis=1)
    from_x, from_y = x[number, lowest], y[number, lowest]
    wide = _between(amounts[1, rows], 0.35, 0.95) * np.maximum(width, 0.4 * height)
    deep = _between(amounts[2, rows], 0.05, 0.28) * height
    rise = _between(amounts[3, rows], -0.05, 0.22) * height
    points = _curve(
        from_x, from_y, from_x - 0.3 * wide, from_y + deep, from_x - wide, from_y - rise, SHORT
    )
    _add(strokes, rows, 0, *points, pen)


def _tails(strokes: Strokes, chance: Chance, pen: Floats) -> None:
    """Prolong one end of a line by a little, slightly bent."""
    chosen = chance.happens(0.15)
    which, long, bend = chance.uniforms(3, 0, 1)
    used = strokes.radius[:, -SHORT:].any(axis=1)
    rows, ends = _one_end(strokes, which, chosen & ~used)
    x, y = strokes.x[rows, ends], strokes.y[rows, ends]
    go_x, go_y = strokes.end_x[rows, ends], strokes.end_y[rows, ends]
    reach = _between(long[rows], 1.0, 3.5)
    turn = _between(bend[rows], -0.6, 0.6) * reach
    points = _curve(
        x,
        y,
        x + go_x * reach / 2,
        y + go_y * reach / 2,
        x + go_x * reach - go_y * turn,
        y + go_y * reach + go_x * turn,
        SHORT // 2,
    )
    _add(strokes, rows, SHORT, *points, pen)


def _trim(strokes: Strokes, chance: Chance, labels: Labels) -> None:
    """Cut one end short: a stem that hardly crosses its bar, a tail that is hardly there."""
    # The stem of a 4 varies most.
    chosen = chance.uniform(0, 1) < np.where(labels == 4, 0.3, 0.1)
    which, long = chance.uniforms(2, 0, 1)
    rows, ends = _one_end(strokes, which, chosen)
    reach = np.where(labels[rows] == 4, _between(long[rows], 1, 4), _between(long[rows], 0.5, 2.5))
    _erase(strokes, rows, strokes.x[rows, ends], strokes.y[rows, ends], reach)


def _gaps(strokes: Strokes, chance: Chance, labels: Labels) -> None:
    """Lift the pen for a moment; not in a 1, which would become an i."""
    rows = np.flatnonzero(chance.happens(0.1) & (labels != 1))
    where, long = chance.uniforms(2, 0, 1)[:, rows]
    inside = strokes.radius[rows] > 0
    rank = (where * inside.sum(axis=1)).astype(np.intp)
    points = (np.cumsum(inside, axis=1) > rank[:, None]).argmax(axis=1)
    # The pen's round ends fill the gap again, up to its radius from either side.
    reach = strokes.radius[rows, points] + _between(long, 0.3, 1.2)
    _erase(strokes, rows, strokes.x[rows, points], strokes.y[rows, points], reach)


def _one_end(strokes: Strokes, which: Floats, chosen: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Pick one of the line ends of each chosen digit that has any: rows, and their points."""
    ends = (strokes.end_x != 0) | (strokes.end_y != 0)
    ends &= strokes.radius > 0
    rows = np.flatnonzero(chosen & ends.any(axis=1))
    ends = ends[rows]
    rank = (which[rows] * ends.sum(axis=1)).astype(np.intp)
    return rows, (np.cumsum(ends, axis=1) > rank[:, None]).argmax(axis=1)


def _erase(strokes: Strokes, rows: Rows, x: Floats, y: Floats, reach: Floats) -> None:
    """Take away the points within `reach` of a place, unless hardly any would be left."""
    squared = (strokes.x[rows] - x[:, None]) ** 2 + (strokes.y[rows] - y[:, None]) ** 2
    near = squared < (reach**2)[:, None]
    left = (strokes.radius[rows] > 0) & ~near
    near &= (left.sum(axis=1) >= 12)[:, None]
    for values in (strokes.radius, strokes.length, strokes.end_x, strokes.end_y):
        values[rows] = np.where(near, 0, values[rows])
