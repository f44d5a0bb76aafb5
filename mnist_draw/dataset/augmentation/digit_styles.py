"""Styles of single digits: the slash of a 0, the flag of a 1, the bar of a 7.

Lengths are parts of the digit's own height, written h below. Each function takes the strokes,
the digits that it may change (intp), ten random numbers for each picture, 0 to 1 (10, n), and
the radius of each picture's ink (n,).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.skeleton_store import EXTRA, FAR, Strokes
from mnist_draw.dataset.augmentation.stroke_edits import (
    SHORT,
    Floats,
    Place,
    Rows,
    add,
    between,
    curve,
    erase,
    line,
)

Style = Callable[[Strokes, Rows, Floats, Floats], None]


def _shares(part: Strokes) -> tuple[Floats, Floats, Floats, Floats]:
    """Return x and y as parts of the box (rows, points), and the box's width and height."""
    left, top, right, bottom = part.box()
    width, height = np.maximum(right - left, 1), np.maximum(bottom - top, 1)
    return (
        (part.x - left[:, None]) / width[:, None],
        (part.y - top[:, None]) / height[:, None],
        width,
        height,
    )


def _tip(part: Strokes, chosen: NDArray[np.bool_], lowest: bool = False) -> Place:
    """Return the highest, or lowest, of the chosen points of each digit."""
    sign = np.float32(-1 if lowest else 1)
    point = np.where(chosen, sign * part.y, FAR).argmin(axis=1)
    number = np.arange(len(point))
    return part.x[number, point], part.y[number, point]


def _zero(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """0 with a slash at any slant, within the ring or beyond it; left open; or flat and wide."""
    flat = rows[amounts[5, rows] < 0.15]
    strokes.x[flat] *= between(amounts[6, flat], 1.15, 1.9)[:, None]
    slashed = rows[amounts[0, rows] < 0.35]
    left, top, right, bottom = strokes.part(slashed).box()
    slant, over, shift, other = amounts[1:5, slashed]
    angle = between(slant, 0.25, 1.7)
    across, up = np.cos(angle), np.sin(angle)
    # Few slash the other way.
    across = np.where(other < 0.1, -across, across)
    ring = ((right - left) * np.abs(across) + (bottom - top) * up) / 2
    reach = between(over, 0.65, 1.6) * ring
    x = (left + right) / 2 + between(shift, -0.08, 0.08) * (bottom - top)
    y = (top + bottom) / 2
    points = line((x - across * reach, y + up * reach), (x + across * reach, y - up * reach), EXTRA)
    add(strokes, slashed, 0, *points, pen)
    opened = rows[amounts[0, rows] > 0.85]
    part = strokes.part(opened)
    height = part.box()[3] - part.box()[1]
    at_x, at_y = _tip(part, part.radius > 0)
    where, wide = amounts[1:3, opened]
    erase(
        strokes,
        opened,
        at_x + between(where, -0.35, 0.35) * height,
        at_y + 0.05 * height,
        between(wide, 0.12, 0.28) * height,
    )


def _one(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """1 with an upstroke to its tip, as long as its stem or flat as a roof, a foot, or a hook."""
    part = strokes.part(rows)
    inside = part.radius > 0
    (tip_x, tip_y), (end_x, end_y) = _tip(part, inside), _tip(part, inside, lowest=True)
    long = np.maximum(np.hypot(tip_x - end_x, tip_y - end_y), 1)
    # Only a plain bar: every other shape has its flag or foot already.
    beside = (part.x - tip_x[:, None]) * (end_y - tip_y)[:, None]
    beside -= (part.y - tip_y[:, None]) * (end_x - tip_x)[:, None]
    beside = np.where(inside, np.abs(beside), 0).max(axis=1) / long
    plain = beside < 0.14 * long
    flag, flag_angle, flag_long, flag_sag, foot, foot_long, tilt, uneven = amounts[:8, rows]

    flagged = plain & (flag < 0.5)
    reach, angle = between(flag_long, 0.12, 0.95) * long, between(flag_angle, 0.3, 1.25)
    # A long upstroke begins below: it lies closer to the stem, or the digit were a 7 or a lambda.
    angle = np.minimum(angle, np.float32(1.45) - np.float32(0.9) * reach / long)
    to_x, to_y = tip_x - reach * np.sin(angle), tip_y + reach * np.cos(angle)
    sag = between(flag_sag, -0.05, 0.12) * long
    x, y = curve(
        (tip_x, tip_y), ((tip_x + to_x) / 2, (tip_y + to_y) / 2 + sag), (to_x, to_y), SHORT
    )
    add(strokes, rows[flagged], 0, x[flagged], y[flagged], pen)

    footed = plain & (foot < 0.25)
    half = between(foot_long, 0.14, 0.45) * long
    slope, middle = between(tilt, -0.06, 0.06) * long, end_x + between(uneven, -0.3, 0.3) * half
    x, y = line((middle - half, end_y + slope), (middle + half, end_y - slope), SHORT)
    add(strokes, rows[footed], SHORT, x[footed], y[footed], pen)

    hooked = plain & (foot > 0.8)
    # Mostly to the right, where the next digit will be.
    side = np.where(uneven < 0.75, 1, -1)
    out, up = between(foot_long, 0.08, 0.3) * long * side, between(tilt, 0.02, 0.36) * long
    x, y = curve((end_x, end_y), (end_x + 0.4 * out, end_y), (end_x + out, end_y - up), SHORT)
    add(strokes, rows[hooked], SHORT, x[hooked], y[hooked], pen)


def _two(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """2 whose last stroke rises, or that turns around in a loop."""
    looped = rows[amounts[0, rows] > 0.75]
    part = strokes.part(looped)
    share_x, share_y, _, height = _shares(part)
    # The corner: of the lower half, what lies farthest to the left and lowest.
    inside = (part.radius > 0) & (share_y > 0.55)
    corner = np.where(inside, share_x - 0.7 * share_y, FAR).argmin(axis=1)
    number = np.arange(len(looped))
    x, y = part.x[number, corner], part.y[number, corner]
    long, flat, lean = amounts[1:4, looped]
    size, slope = between(long, 0.08, 0.2) * height, between(lean, -0.2, 0.8)
    turn = np.linspace(0, 2 * np.pi, SHORT, dtype=np.float32) + np.float32(np.pi / 2)
    across = size[:, None] * np.cos(turn) * between(flat, 0.8, 1.5)[:, None]
    up = size[:, None] * between(flat, 1.0, 0.5)[:, None] * (1 - np.sin(turn))
    # The ring stands on the corner and leans to the left.
    add(strokes, looped, 0, x[:, None] + across - slope[:, None] * up, y[:, None] - up, pen)

    rows = rows[amounts[0, rows] < 0.3]
    part = strokes.part(rows)
    share_x, share_y, _, height = _shares(part)
    low = np.clip((share_y - 0.6) / 0.2, 0, 1) * np.clip((share_x - 0.25) / 0.75, 0, 1)
    strokes.y[rows] -= low * (between(amounts[1, rows], 0.1, 0.42) * height)[:, None]


def _four(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """4 closed at its top as in print, wide open, or with a stem that hardly rises."""
    part = strokes.part(rows)
    x, y, inside = part.x, part.y, part.radius > 0
    left, top, right, bottom = part.box()
    right_half = inside & (x > ((left + right) / 2)[:, None])
    stem_x, _ = _tip(part, right_half)
    crossing = (top + 0.55 * (bottom - top))[:, None]
    above = np.clip((crossing - y) / np.maximum(crossing - top[:, None], 1), 0, 1)
    amount = amounts[1, rows]
    closed = amounts[0, rows] < 0.25
    # The higher above the crossing, the closer to the top of the stem.
    opened = (amounts[0, rows] > 0.25) & (amounts[0, rows] < 0.5)
    lean = np.where(closed, between(amount, 0.7, 1.0), 0)
    # The left arm falls back to the left, and so do both, as parallel strokes, of some.
    lean = (lean - np.where(opened, between(amount, 0.1, 0.5), 0))[:, None] * above * inside
    strokes.x[rows] += lean * (stem_x[:, None] - x)
    short = amounts[0, rows] > 0.7
    keep = np.where(short, between(amount, 0.0, 0.7), 1)[:, None]
    strokes.y[rows] = np.where(right_half & (y < crossing), crossing - keep * (crossing - y), y)


def _five(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """5 whose bar, a stroke of its own, does not meet the rest."""
    rows = rows[amounts[0, rows] < 0.35]
    part = strokes.part(rows)
    share_x, share_y, width, height = _shares(part)
    # A 5 leans: its bar reaches lower the farther left it is.
    bar = (part.radius > 0) & (share_y < 0.24 + 0.1 * (1 - share_x)) & (share_x > 0.3)
    strokes.x[rows] += bar * (between(amounts[1, rows], -0.05, 0.4) * width)[:, None]
    strokes.y[rows] += bar * (between(amounts[2, rows], -0.25, 0.06) * height)[:, None]
    # Of some, the short stem is hardly more than the belly's beginning.
    stem = amounts[3, rows] < 0.5
    first = np.where((part.radius > 0) & ~bar, part.x + 0.5 * part.y, FAR).argmin(axis=1)
    number = np.arange(len(rows))
    erase(
        strokes,
        rows[stem],
        part.x[number, first][stem],
        part.y[number, first][stem],
        (between(amounts[4, rows], 0.06, 0.22) * height)[stem],
    )


def _seven(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """7 with a bar through its stem."""
    rows = rows[amounts[0, rows] < 0.35]
    part = strokes.part(rows)
    _, top, _, bottom = part.box()
    height = bottom - top
    level = top + between(amounts[1, rows], 0.38, 0.72) * height
    near = np.abs(part.y - level[:, None]) < 0.07 * height[:, None]
    near &= part.radius > 0
    stem = (part.x * near).sum(axis=1) / np.maximum(near.sum(axis=1), 1)
    found = near.any(axis=1)
    half = between(amounts[2, rows], 0.14, 0.42) * height
    tilt = between(amounts[3, rows], -0.08, 0.16) * height
    middle = stem + between(amounts[4, rows], -0.25, 0.25) * half
    x, y = line((middle - half, level + tilt), (middle + half, level - tilt), SHORT)
    add(strokes, rows[found], 0, x[found], y[found], pen)


def _eight(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """8 whose upper ring is left open where the pen began and ended."""
    rows = rows[amounts[0, rows] < 0.2]
    part = strokes.part(rows)
    height = part.box()[3] - part.box()[1]
    x, y = _tip(part, part.radius > 0)
    where, wide = amounts[1:3, rows]
    x = x + between(where, -0.1, 0.3) * height
    erase(strokes, rows, x, y + 0.06 * height, between(wide, 0.08, 0.2) * height)


def _nine(strokes: Strokes, rows: Rows, amounts: Floats, pen: Floats) -> None:
    """9 whose tail curls to the left, as in print or in a g."""
    rows = rows[amounts[0, rows] < 0.3]
    part = strokes.part(rows)
    _, _, width, height = _shares(part)
    x, y = _tip(part, part.radius > 0, lowest=True)
    wide = between(amounts[1, rows], 0.35, 0.95) * np.maximum(width, 0.4 * height)
    deep = between(amounts[2, rows], 0.05, 0.28) * height
    rise = between(amounts[3, rows], -0.05, 0.22) * height
    points = curve((x, y), (x - 0.3 * wide, y + deep), (x - wide, y - rise), SHORT)
    add(strokes, rows, 0, *points, pen)


STYLES: dict[int, Style] = {
    0: _zero,
    1: _one,
    2: _two,
    4: _four,
    5: _five,
    7: _seven,
    8: _eight,
    9: _nine,
}
