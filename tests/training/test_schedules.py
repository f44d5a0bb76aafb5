"""The learning rate along a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.training.schedules import SCHEDULES, learning_rate_at


def test_constant() -> None:
    assert {learning_rate_at(0.3, "constant", part) for part in (0, 0.5, 0.99, 1, 7)} == {0.3}


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0, 1), (0.499, 1), (0.5, 1 / 3), (0.749, 1 / 3), (0.75, 0.1), (1, 0.1), (2, 0.1)],
)
def test_step(progress: float, factor: float) -> None:
    assert learning_rate_at(0.6, "step", progress) == pytest.approx(0.6 * factor)


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(-1, 1), (0, 1), (0.25, 0.853553), (0.5, 0.5), (0.75, 0.146447), (1, 1e-4), (3, 1e-4)],
)
def test_cosine(progress: float, factor: float) -> None:
    assert learning_rate_at(2.0, "cosine", progress) == pytest.approx(2 * factor, rel=1e-5)


@given(
    name=st.sampled_from(sorted(SCHEDULES)),
    first=st.floats(0, 1),
    second=st.floats(0, 1),
    base=st.floats(1e-6, 10),
)
def test_it_never_rises_and_never_ends(name: str, first: float, second: float, base: float) -> None:
    earlier, later = sorted((first, second))
    before, after = (learning_rate_at(base, name, part) for part in (earlier, later))
    assert base >= before >= after > 0
