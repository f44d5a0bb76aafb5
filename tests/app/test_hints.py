"""What the curves say."""

from __future__ import annotations

import pytest

from mnist_draw.app.hints import diverged, read_curves
from mnist_draw.training.history import EpochFigures


def epochs(training: list[float], validation: list[float]) -> list[EpochFigures]:
    """Return epochs with these losses."""
    return [
        EpochFigures(n + 1, 1.0, t, 0.9, v, 0.9, 1e4)
        for n, (t, v) in enumerate(zip(training, validation, strict=True))
    ]


@pytest.mark.parametrize(
    ("training", "validation", "says", "has_remedy"),
    [
        ([], [], "Only the second counts", False),
        ([1.0], [0.9], "Each epoch shows", False),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.9, 0.7, 0.6, 0.5, 0.4], "Both losses fall", False),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.5, 0.5, 0.51, 0.52, 0.53], "by heart", False),
        ([0.5, 0.5, 0.6, 0.7, 0.8], [0.5, 0.5, 0.5, 0.5, 0.5], "has risen", True),
        ([0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5, 0.5], "Neither loss", True),
    ],
)
def test_reading(
    training: list[float], validation: list[float], says: str, has_remedy: bool
) -> None:
    hint = read_curves(epochs(training, validation), 0.01)
    assert says in hint.sentence
    assert bool(hint.remedy) == (hint.learning_rate is not None) == has_remedy


def test_remedies_lower_the_learning_rate() -> None:
    assert diverged(0.5).learning_rate == pytest.approx(0.05)
    hint = read_curves(epochs([0.5] * 5, [0.5] * 5), 0.01)
    assert hint.learning_rate is not None
    assert hint.learning_rate < 0.01
    assert f"{hint.learning_rate:g}" in hint.remedy
