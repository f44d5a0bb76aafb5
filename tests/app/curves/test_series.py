"""Long curves in few points, with no peak lost."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.app.curves.series import Curve


def test_a_short_curve_is_kept_as_it_is() -> None:
    curve = Curve()
    for n in range(100):
        curve.append(n, n * n)
    xs, ys = curve.points()
    np.testing.assert_array_equal(xs, np.arange(100.0))
    np.testing.assert_array_equal(ys, np.arange(100.0) ** 2)


def test_nothing_gives_nothing() -> None:
    assert [len(part) for part in Curve().points()] == [0, 0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500))
def test_a_long_curve_keeps_its_lowest_and_highest(values: list[float]) -> None:
    curve = Curve(stretches=16)
    for n, value in enumerate(values):
        curve.append(n, value)
    xs, ys = curve.points()
    assert len(xs) == len(ys) <= 34
    assert (ys.min(), ys.max()) == (min(values), max(values)) == (curve.low, curve.high)
    assert (np.diff(xs) >= 0).all()


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    st.floats(-10, 310),
    st.floats(0, 100),
)
def test_a_part_has_all_that_lies_in_it(values: list[float], first: float, width: float) -> None:
    curve = Curve(stretches=16)
    for n, value in enumerate(values):
        curve.append(n, value)
    last = first + width
    xs, ys = curve.points(first, last)
    assert len(xs) <= 36
    visible = values[max(0, math.ceil(first)) : max(0, math.floor(last) + 1)]
    if visible:
        assert ys.min() <= min(visible)
        assert ys.max() >= max(visible)


def test_zoomed_in_every_point_is_there() -> None:
    curve = Curve()
    for n in range(1_000_000):
        curve.append(n, n % 7)
    assert len(curve.points()[0]) <= 2050
    xs, ys = curve.points(500_000, 500_500)
    np.testing.assert_array_equal(xs, np.arange(499_999, 500_501))
    np.testing.assert_array_equal(ys, xs % 7)
