"""Long curves in few points, with no peak lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.app.series import Envelope


def test_a_short_curve_is_kept_as_it_is() -> None:
    curve = Envelope()
    for n in range(100):
        curve.append(n, n * n)
    assert curve.points() == (list(map(float, range(100))), [float(n * n) for n in range(100)])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=500))
def test_a_long_curve_keeps_its_lowest_and_highest(values: list[float]) -> None:
    curve = Envelope(buckets=16)
    for n, value in enumerate(values):
        curve.append(n, value)
    xs, ys = curve.points()
    assert len(curve) <= 16
    assert (min(ys), max(ys)) == (min(values), max(values))
    assert xs == sorted(xs)


def test_a_million_points_stay_few() -> None:
    curve = Envelope()
    for n in range(1_000_000):
        curve.append(n, n % 7)
    assert len(curve) <= 1024
