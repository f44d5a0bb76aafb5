"""Sure, in doubt between two, or no digit: thresholds and words."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.recognition.answer import answer_from, empty_answer
from mnist_draw.recognition.rejection.thresholds import PAIR, SURE, object_to_ink

PICTURE = np.zeros((28, 28), np.float32)


def probabilities(**digits: float) -> np.ndarray:
    """Return ten probabilities: those given as ``d3=0.7``, the rest spread evenly."""
    values = np.full(10, np.nan)
    for name, value in digits.items():
        values[int(name[1])] = value
    values[np.isnan(values)] = (1 - sum(digits.values())) / (10 - len(digits))
    return values.astype(np.float32)


def test_sure() -> None:
    answer = answer_from(probabilities(d3=SURE + 0.01, d8=0.2), PICTURE)
    assert (answer.text, answer.digit, answer.second) == ("3", 3, 8)
    assert answer.confidence == pytest.approx(SURE + 0.01)
    assert answer.is_sure
    assert "66 % for 3, 20 % for 8" in answer.reason


def test_two_are_close() -> None:
    answer = answer_from(probabilities(d8=0.41, d3=0.43), PICTURE)
    assert (answer.text, answer.digit, answer.second) == ("3 or 8", 3, 8)
    assert not answer.is_sure
    assert "close" in answer.reason


def test_nothing_stands_out() -> None:
    answer = answer_from(probabilities(d3=0.4, d8=PAIR - 0.41), PICTURE)
    assert (answer.text, answer.digit) == ("?", None)
    assert answer.confidence == pytest.approx(0.4)
    assert not answer.is_sure
    assert "40 % for 3" in answer.reason


def test_objection_beats_a_sure_network() -> None:
    answer = answer_from(probabilities(d8=0.999), PICTURE, "A filled area is no digit.")
    assert (answer.text, answer.digit, answer.confidence) == ("?", None, 0.0)
    assert answer.reason == "A filled area is no digit."
    assert answer.probabilities.argmax() == 8


def test_empty() -> None:
    answer = empty_answer()
    assert (answer.text, answer.digit, answer.confidence) == ("", None, 0.0)
    assert answer.is_empty
    assert answer.probabilities.sum() == pytest.approx(1)


def disc(radius: float) -> np.ndarray:
    """Draw a disc with soft edges."""
    down, across = np.ogrid[:300, :300]
    inside = radius + 0.5 - np.hypot(down - 150.3, across - 100.8)
    return (np.clip(inside, 0, 1) * 255).astype(np.uint8)


def bar(height: int, width: int) -> np.ndarray:
    ink = np.zeros((300, 300), np.uint8)
    ink[20 : 20 + height, 30 : 30 + width] = 255
    return ink


@pytest.mark.parametrize("ink", [disc(2), disc(4), disc(9), disc(100), bar(200, 200), bar(60, 40)])
def test_dots_and_filled_areas_are_no_digits(ink: np.ndarray) -> None:
    assert "filled" in object_to_ink(ink)
    assert "filled" in object_to_ink(ink.astype(np.float32) / 255 * 0.4)


def test_level_line_is_no_digit() -> None:
    assert "level" in object_to_ink(bar(20, 200))


def test_upright_line_and_ring_may_be_digits() -> None:
    assert object_to_ink(bar(200, 20)) == ""
    assert object_to_ink(disc(100) - disc(75)) == ""


def test_mnist_is_hardly_ever_objected_to() -> None:
    pictures = load_dataset().test_images[:3000, 0]
    assert sum(bool(object_to_ink(picture)) for picture in pictures) <= 3
