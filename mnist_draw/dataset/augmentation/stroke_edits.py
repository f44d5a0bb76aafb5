"""Add strokes to a digit, and rub some of it out.

All of these functions take one digit of `Strokes`, a `Digit`. They are compiled into the loops that
call them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.numba_loops import inlined
from mnist_draw.dataset.augmentation.skeleton_store import EXTRA, FAR

Floats = NDArray[np.floating[Any]]
#: What `Strokes` holds of all digits, (6, n, points), which one of them it is, and how many places
#: it has; the last `EXTRA` of them are for strokes that are added. Compiled code counts who holds
#: an array: six rows, handed from function to function, would cost more than what is done to them.
Digit = tuple[Floats, int, int]

#: Points of a short stroke: two of them, or one of `EXTRA` points, can be added to a digit.
SHORT = EXTRA // 2
#: No digit is left with fewer points than this.
FEWEST = 12


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
    x, y, radius = values_of(digit, 0), values_of(digit, 1), values_of(digit, 2)
    left = top = FAR
    right = bottom = -FAR
    for point in range(len(x)):
        if radius[point] > 0:
            left, right = min(left, x[point]), max(right, x[point])
            top, bottom = min(top, y[point]), max(bottom, y[point])
    return left, top, right, bottom


@inlined
def extreme(digit: Digit, across: float, down: float, beyond: Any) -> int:
    """Return the point with the least ``across * x + down * y`` of those with x above `beyond`."""
    x, y, radius = values_of(digit, 0), values_of(digit, 1), values_of(digit, 2)
    best, found = FAR, 0
    for point in range(len(x)):
        value = np.float32(across) * x[point] + np.float32(down) * y[point]
        if radius[point] > 0 and x[point] > beyond and value < best:
            best, found = value, point
    return found


@inlined
def put(digit: Digit, first: int, count: int, pen: Any) -> None:
    """Make a stroke of places whose x and y are set."""
    x, y = values_of(digit, 0), values_of(digit, 1)
    radius, length = values_of(digit, 2), values_of(digit, 3)
    start = len(x) - EXTRA + first
    half = np.float32(0.5)
    length[start : start + count] = 0
    for point in range(start, start + count):
        radius[point] = pen
        if point > start:
            across, down = x[point] - x[point - 1], y[point] - y[point - 1]
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
    x, y = values_of(digit, 0), values_of(digit, 1)
    start = len(x) - EXTRA + first
    one, step = np.float32(1), np.float32(1 / (count - 1))
    for point in range(count):
        t = np.float32(point) * step
        a, b, c = (one - t) * (one - t), (t + t) * (one - t), t * t
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
    pull_x, pull_y = (start_x + end_x) * half, (start_y + end_y) * half
    add_curve(digit, first, count, start_x, start_y, pull_x, pull_y, end_x, end_y, pen)


@inlined
def erase(digit: Digit, at_x: Any, at_y: Any, reach: Any) -> None:
    """Take away the points within `reach` pixels of a place, unless hardly any would be left."""
    x, y, radius = values_of(digit, 0), values_of(digit, 1), values_of(digit, 2)
    squared = reach * reach
    left = 0
    for point in range(len(x)):
        across, down = x[point] - at_x, y[point] - at_y
        if radius[point] > 0 and across * across + down * down >= squared:
            left += 1
    if left < FEWEST:
        return
    for point in range(len(x)):
        across, down = x[point] - at_x, y[point] - at_y
        if across * across + down * down < squared:
            for column in range(2, 6):
                values_of(digit, column)[point] = 0
