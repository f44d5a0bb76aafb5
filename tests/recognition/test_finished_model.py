"""What is found out about a network before it is saved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnist_draw.recognition.finished_model import calibrated
from mnist_draw.recognition.rejection import RejectionRule
from mnist_draw.storage import ModelFile

RNG = np.random.default_rng(3)
PICTURES = RNG.integers(0, 256, (30, 1, 28, 28)).astype(np.uint8)
LABELS = RNG.integers(0, 10, 30).astype(np.uint8)


def parameters(scale: float) -> tuple[np.ndarray[Any, np.dtype[np.float32]], ...]:
    weights = RNG.normal(0, scale, (784, 4)), np.zeros(4), RNG.normal(size=(4, 10)), np.zeros(10)
    return tuple(array.astype(np.float32) for array in weights)


def test_the_rule_is_asked_once_about_the_pictures_of_a_data_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    log_odds = RejectionRule.log_odds

    def noted(self: RejectionRule, inputs: Any) -> Any:
        asked.append(len(inputs))
        return log_odds(self, inputs)

    monkeypatch.setattr(RejectionRule, "log_odds", noted)
    shares = [
        calibrated(ModelFile("layers:4", parameters(scale)), PICTURES, LABELS).info.refused
        for scale in (0.01, 0.1)
    ]
    assert asked == [30]
    assert shares[0] == shares[1] > 0
    # Of other pictures it is asked anew.
    calibrated(ModelFile("layers:4", parameters(0.01)), PICTURES[:20], LABELS[:20])
    assert asked == [30, 20]
