"""Styles of single digits: the slash of a 0, the flag of a 1, the bar of a 7.

First the edits that they consist of: add a stroke, rub some ink out. Then one function a digit,
which takes the digit, ten random numbers of 0 to 1 (10,), and the radius of the digit's ink.
Compiled loops call all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.numba_loops import inlined
from mnist_draw.dataset.augmentation.skeleton import EXTRA, FAR

Floats = NDArray[np.floating[Any]]
#: The points of all digits (6, n, points), the index of this one, and the number of its places, of
#: which the last `EXTRA` are for added strokes. Compiled code counts references to arrays: passing
#: six rows from function to function would cost more than the work.
Digit = tuple[Floats, int, int]

#: Points of a short stroke: two of them, or one of `EXTRA` points, can be added to a digit.
SHORT = EXTRA // 2
#: No digit is left with fewer points than this.
MIN_POINTS = 12


@inlined
def values_of(digit: Digit, column: int) -> Floats:
    """Return x, y, radius, length, end_x or end_y of a digit's places: a view (places,)."""
    points, picture, places = digit
    return points[column, picture, :places]


@inlined
def between(share: Any, low: float, high: float) -> Any:
    """Take a share of 0 to 1 to the range from `low` to `high`."""
    return np.float32(low) + share * np.float32(high - low)


@inlined
def box(digit: Digit) -> tuple[Any, Any, Any, Any]:
    """Return left, top, right and bottom of the points."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    left = top = FAR
    right = bottom = -FAR
    for point in range(len(x)):
        if radius[point] > 0:
            left = min(left, x[point])
            right = max(right, x[point])
            top = min(top, y[point])
            bottom = max(bottom, y[point])
    return left, top, right, bottom


@inlined
def extreme(digit: Digit, across: float, down: float, beyond: Any) -> int:
    """Return the point with the least ``across * x + down * y`` of those with x above `beyond`."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    best = FAR
    found = 0
    for point in range(len(x)):
        value = np.float32(across) * x[point] + np.float32(down) * y[point]
        if radius[point] > 0 and x[point] > beyond and value < best:
            best = value
            found = point
    return found


@inlined
def put(digit: Digit, first: int, count: int, pen: Any) -> None:
    """Make a stroke of places whose x and y are set already."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    length = values_of(digit, 3)
    start = len(x) - EXTRA + first
    half = np.float32(0.5)
    length[start : start + count] = 0
    for point in range(start, start + count):
        radius[point] = pen
        if point > start:
            across = x[point] - x[point - 1]
            down = y[point] - y[point - 1]
            step = half * np.sqrt(across * across + down * down)
            length[point - 1] += step
            length[point] += step


@inlined
def add_curve(
    digit: Digit,
    first: int,
    count: int,
    start_x: Any,
    start_y: Any,
    pull_x: Any,
    pull_y: Any,
    end_x: Any,
    end_y: Any,
    pen: Any,
) -> None:
    """Add a quadratic Bézier curve, given its three control points; the others as for `put`."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    start = len(x) - EXTRA + first
    one = np.float32(1)
    step = np.float32(1 / (count - 1))
    for point in range(count):
        t = np.float32(point) * step
        a = (one - t) * (one - t)
        b = (t + t) * (one - t)
        c = t * t
        x[start + point] = start_x * a + pull_x * b + end_x * c
        y[start + point] = start_y * a + pull_y * b + end_y * c
    put(digit, first, count, pen)


@inlined
def add_line(
    digit: Digit,
    first: int,
    count: int,
    start_x: Any,
    start_y: Any,
    end_x: Any,
    end_y: Any,
    pen: Any,
) -> None:
    """Add a straight line; as `add_curve`."""
    half = np.float32(0.5)
    pull_x = (start_x + end_x) * half
    pull_y = (start_y + end_y) * half
    add_curve(digit, first, count, start_x, start_y, pull_x, pull_y, end_x, end_y, pen)


@inlined
def erase(digit: Digit, at_x: Any, at_y: Any, reach: Any) -> None:
    """Remove the points within `reach` pixels of a place, unless hardly any would be left."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    squared = reach * reach
    left = 0
    for point in range(len(x)):
        across = x[point] - at_x
        down = y[point] - at_y
        if radius[point] > 0 and across * across + down * down >= squared:
            left += 1
    if left < MIN_POINTS:
        return
    for point in range(len(x)):
        across = x[point] - at_x
        down = y[point] - at_y
        if across * across + down * down < squared:
            for column in range(2, 6):
                values_of(digit, column)[point] = 0


@inlined
def style(label: int, digit: Digit, amounts: Floats, pen: Any) -> None:
    """Write a digit in another style, or leave it; 3 and 6 have none."""
    if label == 0:
        _zero(digit, amounts, pen)
    elif label == 1:
        _one(digit, amounts, pen)
    elif label == 2:
        _two(digit, amounts, pen)
    elif label == 4:
        _four(digit, amounts)
    elif label == 5:
        _five(digit, amounts)
    elif label == 7:
        _seven(digit, amounts, pen)
    elif label == 8:
        _eight(digit, amounts)
    elif label == 9:
        _nine(digit, amounts, pen)


@inlined
def _share(value: Any, low: Any, high: Any) -> Any:
    """Return a value's share of a range, clipped: 0 at its beginning, 1 at its end."""
    return min(max((value - low) / (high - low), np.float32(0)), np.float32(1))


@inlined
def _highest(digit: Digit) -> int:
    return extreme(digit, 0, 1, -FAR)


@inlined
def _lowest(digit: Digit) -> int:
    return extreme(digit, 0, -1, -FAR)


@inlined
def _zero(digit: Digit, amounts: Floats, pen: Any) -> None:
    """0 with a slash at any slant, within the ring or beyond it; left open; or flat and wide."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    if amounts[5] < 0.15:
        x *= between(amounts[6], 1.15, 1.9)
    if amounts[0] < 0.35:
        left, top, right, bottom = box(digit)
        angle = between(amounts[1], 0.25, 1.7)
        # Few slash the other way.
        across = np.cos(angle) if amounts[4] >= 0.1 else -np.cos(angle)
        up = np.sin(angle)
        half = np.float32(0.5)
        ring = ((right - left) * abs(across) + (bottom - top) * up) * half
        reach = between(amounts[2], 0.65, 1.6) * ring
        middle_x = (left + right) * half + between(amounts[3], -0.08, 0.08) * (bottom - top)
        middle_y = (top + bottom) * half
        across = across * reach
        up = up * reach
        add_line(
            digit,
            0,
            EXTRA,
            middle_x - across,
            middle_y + up,
            middle_x + across,
            middle_y - up,
            pen,
        )
    if amounts[0] > 0.85:
        _, top, _, bottom = box(digit)
        height = bottom - top
        tip = _highest(digit)
        at_x = x[tip] + between(amounts[1], -0.35, 0.35) * height
        reach = between(amounts[2], 0.12, 0.28) * height
        erase(digit, at_x, y[tip] + np.float32(0.05) * height, reach)


@inlined
def _one(digit: Digit, amounts: Floats, pen: Any) -> None:
    """1 with an upstroke to its tip, as long as its stem or flat as a roof, a foot, or a hook."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    tip = _highest(digit)
    end = _lowest(digit)
    tip_x = x[tip]
    tip_y = y[tip]
    end_x = x[end]
    end_y = y[end]
    long = max(np.hypot(tip_x - end_x, tip_y - end_y), np.float32(1))
    # Only a plain bar: every other shape has its flag or foot already.
    beside = np.float32(0)
    for point in range(len(x)):
        if radius[point] > 0:
            way = (x[point] - tip_x) * (end_y - tip_y) - (y[point] - tip_y) * (end_x - tip_x)
            beside = max(beside, abs(way))
    if beside >= np.float32(0.14) * long * long:
        return
    flag = amounts[0]
    flag_angle = amounts[1]
    flag_long = amounts[2]
    flag_sag = amounts[3]
    foot = amounts[4]
    foot_long = amounts[5]
    tilt = amounts[6]
    uneven = amounts[7]
    if flag < 0.5:
        reach = between(flag_long, 0.12, 0.95) * long
        # A long upstroke begins below: it lies closer to the stem, or the digit were a 7 or a
        # lambda.
        steep = np.float32(1.45) - np.float32(0.9) * reach / long
        angle = min(between(flag_angle, 0.3, 1.25), steep)
        to_x = tip_x - reach * np.sin(angle)
        to_y = tip_y + reach * np.cos(angle)
        half = np.float32(0.5)
        pull_x = (tip_x + to_x) * half
        pull_y = (tip_y + to_y) * half + between(flag_sag, -0.05, 0.12) * long
        add_curve(digit, 0, SHORT, tip_x, tip_y, pull_x, pull_y, to_x, to_y, pen)
    if foot < 0.25:
        half = between(foot_long, 0.14, 0.45) * long
        slope = between(tilt, -0.06, 0.06) * long
        middle = end_x + between(uneven, -0.3, 0.3) * half
        add_line(
            digit,
            SHORT,
            SHORT,
            middle - half,
            end_y + slope,
            middle + half,
            end_y - slope,
            pen,
        )
    if foot > 0.8:
        out = between(foot_long, 0.08, 0.3) * long
        # Mostly to the right, where the next digit will be.
        if uneven >= 0.75:
            out = -out
        pull_x = end_x + np.float32(0.4) * out
        to_y = end_y - between(tilt, 0.02, 0.36) * long
        add_curve(digit, SHORT, SHORT, end_x, end_y, pull_x, end_y, end_x + out, to_y, pen)


@inlined
def _two(digit: Digit, amounts: Floats, pen: Any) -> None:
    """2 whose last stroke rises, or that turns around in a loop."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    left, top, right, bottom = box(digit)
    width = max(right - left, np.float32(1))
    height = max(bottom - top, np.float32(1))
    if amounts[0] > 0.75:
        # The corner: of the lower half, what lies farthest to the left and lowest.
        best = FAR
        corner = 0
        for point in range(len(x)):
            down = (y[point] - top) / height
            value = (x[point] - left) / width - np.float32(0.7) * down
            if radius[point] > 0 and down > 0.55 and value < best:
                best = value
                corner = point
        corner_x = x[corner]
        corner_y = y[corner]
        size = between(amounts[1], 0.08, 0.2) * height
        wide = size * between(amounts[2], 0.8, 1.5)
        high = size * between(amounts[2], 1.0, 0.5)
        slope = between(amounts[3], -0.2, 0.8)
        start = len(x) - EXTRA
        for point in range(SHORT):
            turn = np.float32(np.pi / 2 + 2 * np.pi * point / (SHORT - 1))
            up = high * (np.float32(1) - np.sin(turn))
            # The ring rests on the corner and leans to the left.
            x[start + point] = corner_x + wide * np.cos(turn) - slope * up
            y[start + point] = corner_y - up
        put(digit, 0, SHORT, pen)
    elif amounts[0] < 0.3:
        rise = between(amounts[1], 0.1, 0.42) * height
        for point in range(len(x)):
            low = _share((y[point] - top) / height, np.float32(0.6), np.float32(0.8))
            late = _share((x[point] - left) / width, np.float32(0.25), np.float32(1))
            y[point] -= low * late * rise


@inlined
def _four(digit: Digit, amounts: Floats) -> None:
    """4 closed at its top as in print, wide open, or with a stem that hardly rises."""
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    left, top, right, bottom = box(digit)
    middle = (left + right) * np.float32(0.5)
    stem_x = x[extreme(digit, 0, 1, middle)]
    crossing = top + np.float32(0.55) * (bottom - top)
    high = max(crossing - top, np.float32(1))
    kind = amounts[0]
    amount = amounts[1]
    # The higher above the crossing, the closer to the top of the stem. The left arm falls back to
    # the left, and so do both, as parallel strokes, of some.
    lean = np.float32(0)
    keep = np.float32(1)
    if kind < 0.25:
        lean = between(amount, 0.7, 1.0)
    elif 0.25 < kind < 0.5:
        lean = -between(amount, 0.1, 0.5)
    elif kind > 0.7:
        keep = between(amount, 0.0, 0.7)
    for point in range(len(x)):
        above = crossing - y[point]
        if radius[point] > 0 and above > 0:
            on_stem = x[point] > middle
            x[point] += lean * min(above / high, np.float32(1)) * (stem_x - x[point])
            if on_stem:
                y[point] = crossing - keep * above


@inlined
def _five(digit: Digit, amounts: Floats) -> None:
    """5 whose bar, a stroke of its own, does not meet the rest."""
    if amounts[0] >= 0.35:
        return
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    left, top, right, bottom = box(digit)
    width = max(right - left, np.float32(1))
    height = max(bottom - top, np.float32(1))
    to_x = between(amounts[1], -0.05, 0.4) * width
    to_y = between(amounts[2], -0.25, 0.06) * height
    # Where the short stem begins.
    best = FAR
    first = 0
    for point in range(len(x)):
        if radius[point] > 0:
            right_of = (x[point] - left) / width
            down = (y[point] - top) / height
            # A 5 leans: its bar reaches lower the farther left it is.
            limit = np.float32(0.24) + np.float32(0.1) * (1 - right_of)
            value = x[point] + np.float32(0.5) * y[point]
            if down < limit and right_of > 0.3:
                x[point] += to_x
                y[point] += to_y
            elif value < best:
                best = value
                first = point
    # Of some, the short stem is hardly more than the belly's beginning.
    if amounts[3] < 0.5:
        erase(digit, x[first], y[first], between(amounts[4], 0.06, 0.22) * height)


@inlined
def _seven(digit: Digit, amounts: Floats, pen: Any) -> None:
    """7 with a bar through its stem."""
    if amounts[0] >= 0.35:
        return
    x = values_of(digit, 0)
    y = values_of(digit, 1)
    radius = values_of(digit, 2)
    _, top, _, bottom = box(digit)
    height = bottom - top
    level = top + between(amounts[1], 0.38, 0.72) * height
    total = np.float32(0)
    found = 0
    for point in range(len(x)):
        if radius[point] > 0 and abs(y[point] - level) < np.float32(0.07) * height:
            total += x[point]
            found += 1
    if found:
        half = between(amounts[2], 0.14, 0.42) * height
        tilt = between(amounts[3], -0.08, 0.16) * height
        middle = total / np.float32(found) + between(amounts[4], -0.25, 0.25) * half
        add_line(digit, 0, SHORT, middle - half, level + tilt, middle + half, level - tilt, pen)


@inlined
def _eight(digit: Digit, amounts: Floats) -> None:
    """8 whose upper ring is left open where the pen began and ended."""
    if amounts[0] >= 0.2:
        return
    _, top, _, bottom = box(digit)
    height = bottom - top
    tip = _highest(digit)
    at_x = values_of(digit, 0)[tip] + between(amounts[1], -0.1, 0.3) * height
    at_y = values_of(digit, 1)[tip] + np.float32(0.06) * height
    erase(digit, at_x, at_y, between(amounts[2], 0.08, 0.2) * height)


@inlined
def _nine(digit: Digit, amounts: Floats, pen: Any) -> None:
    """9 whose tail curls to the left, as in print or in a g."""
    if amounts[0] >= 0.3:
        return
    left, top, right, bottom = box(digit)
    width = max(right - left, np.float32(1))
    height = max(bottom - top, np.float32(1))
    tip = _lowest(digit)
    x = values_of(digit, 0)[tip]
    y = values_of(digit, 1)[tip]
    wide = between(amounts[1], 0.35, 0.95) * max(width, np.float32(0.4) * height)
    deep = between(amounts[2], 0.05, 0.28) * height
    rise = between(amounts[3], -0.05, 0.22) * height
    add_curve(digit, 0, SHORT, x, y, x - np.float32(0.3) * wide, y + deep, x - wide, y - rise, pen)
