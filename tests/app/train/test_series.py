"""Long curves in few points, with no peak lost."""

from __future__ import annotations

import math
from array import array

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.app.train.series import Curve


def test_a_short_curve_is_kept_as_it_is() -> None:
    curve = Curve(array("d", (n * n for n in range(100))))
    xs, ys = curve.points(10)
    np.testing.assert_array_equal(xs, np.arange(1, 101) / 10)
    np.testing.assert_array_equal(ys, np.arange(100.0) ** 2)


def test_nothing_gives_nothing() -> None:
    assert [len(part) for part in Curve().points(10)] == [0, 0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500))
def test_a_long_curve_keeps_its_lowest_and_highest(values: list[float]) -> None:
    curve = Curve(array("d", values), stretches=16)
    xs, ys = curve.points(1)
    assert len(xs) == len(ys) <= 34
    assert (ys.min(), ys.max()) == (min(values), max(values)) == curve.range()
    assert (np.diff(xs) >= 0).all()


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    st.floats(-10, 310),
    st.floats(0, 100),
)
def test_a_part_has_all_that_lies_in_it(values: list[float], first: float, width: float) -> None:
    curve = Curve(array("d", values), stretches=16)
    last = first + width
    xs, ys = curve.points(1, first, last)
    assert len(xs) <= 36
    # The first value lies at 1.
    visible = values[max(0, math.ceil(first) - 1) : max(0, math.floor(last))]
    if visible:
        assert ys.min() <= min(visible)
        assert ys.max() >= max(visible)


def test_zoomed_in_every_point_is_there() -> None:
    curve = Curve(array("d", (n % 7 for n in range(1, 1_000_001))))
    assert len(curve.points(1)[0]) <= 2050
    xs, ys = curve.points(1, 500_000, 500_500)
    np.testing.assert_array_equal(xs, np.arange(499_999, 500_502))
    np.testing.assert_array_equal(ys, xs % 7)


def test_values_that_are_added_are_seen() -> None:
    values = array("d", [2.0])
    curve = Curve(values)
    assert curve.range() == (2.0, 2.0)
    curve.points(1)
    values.append(1.0)
    assert curve.range() == (1.0, 2.0)
    assert curve.points(4)[0].tolist() == [0.25, 0.5]
