"""Temperature: the same order, other confidence, fitted where it is known."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.recognition.calibration import (
    HIGHEST,
    LOWEST,
    apply_temperature,
    expected_calibration_error,
    fit_temperature,
)


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
