"""Answers: sure, in doubt between two, or no digit; and their calibration."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.recognition.answer import (
    HIGHEST,
    LOWEST,
    PAIR,
    SURE,
    answer_from,
    apply_temperature,
    empty_answer,
    expected_calibration_error,
    fit_temperature,
)
from mnist_draw.recognition.rejection import object_to_ink

PICTURE = np.zeros((28, 28), np.float32)


def probabilities(**digits: float) -> np.ndarray:
    """Return ten probabilities: those given as ``d3=0.7``, the rest spread evenly."""
    values = np.full(10, np.nan)
    for name, value in digits.items():
        values[int(name[1])] = value
    values[np.isnan(values)] = (1 - sum(digits.values())) / (10 - len(digits))
    return values.astype(np.float32)


@pytest.mark.parametrize(
    ("given", "text", "digit", "reason"),
    [
        ({"d3": SURE + 0.01, "d8": 0.2}, "3", 3, "66 % for 3, 20 % for 8"),
        ({"d8": 0.41, "d3": 0.43}, "3 or 8", 3, "close"),
        ({"d3": 0.4, "d8": PAIR - 0.41}, "?", None, "40 % for 3"),
    ],
)
def test_one_digit_two_or_none(
    given: dict[str, float], text: str, digit: int | None, reason: str
) -> None:
    answer = answer_from(probabilities(**given), PICTURE)
    assert (answer.text, answer.digit) == (text, digit)
    assert {int(answer.probabilities.argmax()), answer.second} == {3, 8}
    assert answer.confidence == pytest.approx(max(given.values()))
    assert answer.is_sure == (text == "3")
    assert reason in answer.reason


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


@pytest.mark.parametrize(
    ("ink", "word"),
    [
        *((ink, "filled") for ink in (disc(2), disc(4), disc(9), disc(100), bar(200, 200))),
        (bar(60, 40), "filled"),
        (bar(20, 200), "level"),
        (bar(200, 20), ""),
        (disc(100) - disc(75), ""),
    ],
)
def test_the_shape_of_ink_that_is_no_digit(ink: np.ndarray, word: str) -> None:
    for scaled in (ink, ink.astype(np.float32) / 255 * 0.4):
        reason = object_to_ink(scaled)
        assert word in reason
        assert bool(word) == bool(reason)


def test_mnist_is_hardly_ever_objected_to() -> None:
    pictures = load_dataset().test_images[:1000, 0]
    assert sum(bool(object_to_ink(picture)) for picture in pictures) <= 1


# -- calibration


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def sample(count: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Return scores, and labels drawn with exactly the probabilities of these scores."""
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(count, 10)) * 3
    labels = (softmax(scores).cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return scores, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 4.0])
def test_known_temperature_is_found(temperature: float) -> None:
    scores, labels = sample()
    assert fit_temperature(softmax(scores * temperature), labels) == pytest.approx(
        temperature, rel=0.03
    )


def test_calibration_brings_confidence_and_accuracy_together() -> None:
    scores, labels = sample()
    overconfident = softmax(scores * 2.5)
    calibrated = apply_temperature(overconfident, fit_temperature(overconfident, labels))
    correct = overconfident.argmax(axis=1) == labels
    assert expected_calibration_error(overconfident.max(axis=1), correct) > 0.05
    assert expected_calibration_error(calibrated.max(axis=1), correct) < 0.012


def test_order_stays_and_sums_are_one() -> None:
    probabilities = softmax(sample(100)[0]).astype(np.float32)
    for temperature in (0.3, 1.0, 5.0):
        found = apply_temperature(probabilities, temperature)
        assert found.dtype == np.float32
        assert found.sum(axis=1) == pytest.approx(np.ones(100), abs=1e-5)
        assert np.array_equal(found.argmax(axis=1), probabilities.argmax(axis=1))


def test_exact_zeros_and_ones_stay_finite() -> None:
    certain = np.eye(10, dtype=np.float32)
    assert np.isfinite(apply_temperature(certain, 3.0)).all()
    assert LOWEST <= fit_temperature(certain, np.arange(10)) <= HIGHEST
    assert fit_temperature(certain, np.arange(10)[::-1]) > 5


def test_calibration_error_by_hand() -> None:
    confidences = np.array([0.9, 0.9, 0.3, 1.0])
    correct = np.array([True, False, False, True])
    # Bins: two answers at 0.9 (one right): |1 - 1.8|; one at 0.3 (wrong): 0.3; one at 1 (right): 0.
    assert expected_calibration_error(confidences, correct) == pytest.approx((0.8 + 0.3) / 4)


def test_arrays_that_do_not_belong_together() -> None:
    with pytest.raises(ValueError, match="2 probabilities for 3 labels"):
        fit_temperature(np.ones((2, 10)), np.zeros(3, int))
    with pytest.raises(ValueError, match="0 confidences"):
        expected_calibration_error(np.zeros(0), np.zeros(0, bool))
