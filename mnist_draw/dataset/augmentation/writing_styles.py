"""Rare ways to write a digit, which MNIST hardly has.

These apply to any digit: an end prolonged or cut short, a gap.
`mnist_draw.dataset.augmentation.digit_styles` has those of single digits, such as the bar of a 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.digit_styles import (
    SHORT,
    Digit,
    Floats,
    add_curve,
    between,
    erase,
    style,
    values_of,
)
from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.augmentation.numba_loops import Compiled, has_numba, inlined
from mnist_draw.dataset.augmentation.skeleton import Strokes

Labels = NDArray[np.integer[Any]]
#: Share of digits that are trimmed, that get a tail, and whose line has a gap.
TRIMMED, TAILED, TORN = 0.12, 0.15, 0.1


def restyle(strokes: Strokes, labels: Labels, random: HashedRandom) -> None:
    """Write random digits in another style, in place; labels are integers (n,), 0 to 9."""
    # Drawn for all pictures, so that a picture's numbers do not depend on its neighbours.
    amounts = np.ascontiguousarray(random.uniforms(20, 0, 1).T)
    run = _restyle_compiled if has_numba() else _restyle_loops
    run(strokes.points, strokes.used, labels.astype(np.int32), amounts)


def _restyle_loops(points: Any, used: Any, labels: Any, amounts: Any) -> None:
    for picture in range(len(used)):
        digit = (points, picture, used[picture])
        chances = amounts[picture]
        pen = _mean_radius(digit)
        _trim(digit, chances[:3])
        style(labels[picture], digit, chances[3:13], pen)
        _tail(digit, chances[13:17], pen)
        if labels[picture] != 1:  # it would become an i
            _gap(digit, chances[17:])


_restyle_compiled = Compiled(_restyle_loops)


@inlined
def _mean_radius(digit: Digit) -> Any:
    radius = values_of(digit, 2)
    total, count = np.float32(0), 0
    for point in range(len(radius)):
        if radius[point] > 0:
            total += radius[point]
            count += 1
    return total / np.float32(max(count, 1))


@inlined
def _trim(digit: Digit, amounts: Floats) -> None:
    """Cut one end short: a tail that is hardly there."""
    if amounts[0] < TRIMMED:
        end = _one_end(digit, amounts[1])
        if end >= 0:
            x, y = values_of(digit, 0)[end], values_of(digit, 1)[end]
            erase(digit, x, y, between(amounts[2], 0.5, 3.0))


@inlined
def _tail(digit: Digit, amounts: Floats, pen: Any) -> None:
    """Prolong one end of a line by a little, slightly bent."""
    if amounts[0] >= TAILED or values_of(digit, 2)[-SHORT:].any():
        return
    end = _one_end(digit, amounts[1])
    if end >= 0:
        x, y = values_of(digit, 0)[end], values_of(digit, 1)[end]
        reach = between(amounts[2], 1.0, 3.5)
        go_x, go_y = reach * values_of(digit, 4)[end], reach * values_of(digit, 5)[end]
        turn, half = between(amounts[3], -0.6, 0.6), np.float32(0.5)
        to_x, to_y = x + go_x - turn * go_y, y + go_y + turn * go_x
        add_curve(digit, SHORT, SHORT // 2, x, y, x + half * go_x, y + half * go_y, to_x, to_y, pen)


@inlined
def _gap(digit: Digit, amounts: Floats) -> None:
    """Lift the pen for a moment."""
    if amounts[0] >= TORN:
        return
    radius = values_of(digit, 2)
    point = _ranked(radius > 0, amounts[1])
    # The pen's round ends fill the gap again, up to its radius from either side.
    reach = radius[point] + between(amounts[2], 0.3, 1.2)
    erase(digit, values_of(digit, 0)[point], values_of(digit, 1)[point], reach)


@inlined
def _one_end(digit: Digit, share: Any) -> int:
    """Pick one of the line's ends; -1 where it has none."""
    end_x, end_y = values_of(digit, 4), values_of(digit, 5)
    ends = ((end_x != 0) | (end_y != 0)) & (values_of(digit, 2) > 0)
    return _ranked(ends, share) if ends.any() else -1


@inlined
def _ranked(chosen: NDArray[np.bool_], share: Any) -> int:
    """Return the place of the chosen one that a share of 0 to 1 falls on."""
    rank = int(share * np.float32(chosen.sum()))
    for place in range(len(chosen)):
        if chosen[place]:
            rank -= 1
            if rank < 0:
                return place
    return 0
