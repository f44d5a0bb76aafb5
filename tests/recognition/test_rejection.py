"""The rule that ships: digits pass, letters and scribbles do not; and the file is checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition import rejection as module
from mnist_draw.recognition.recogniser import Reading, Recogniser
from mnist_draw.recognition.rejection import (
    KINDS,
    NETWORK,
    UNLIKE_A_DIGIT,
    Refusal,
    shipped_refusal,
)
from mnist_draw.storage import ModelFile, ModelFileError, save_model


@pytest.fixture(scope="module")
def rule() -> Refusal:
    rule = shipped_refusal()
    assert rule is not None
    return rule


def test_digits_pass(rule: Refusal) -> None:
    likeness = rule.likeness(scale(load_dataset().test_images[:2000]))
    assert np.mean(likeness < rule.threshold) < 0.02


def test_odds_are_those_of_the_scores(rule: Refusal) -> None:
    inputs = scale(load_dataset().test_images[:5])
    scores = rule.scores(inputs).astype(np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    one = shares[:, :10].sum(axis=1)
    assert rule.likeness(inputs) == pytest.approx(
        np.log(one / shares[:, 10:].sum(axis=1)), rel=1e-3
    )


def test_the_rule_refuses_and_says_why(rule: Refusal) -> None:
    recogniser = Recogniser(linear_model())
    cross = np.zeros((120, 120), np.uint8)
    cross[55:65, 20:100] = 255
    cross[20:100, 55:65] = 255
    answer = recogniser.recognise_ink(cross)
    assert (answer.digit, answer.text, answer.confidence) == (None, "?", 0.0)
    assert "digit" in answer.reason


def test_of_few_pixels_less_is_asked(monkeypatch: pytest.MonkeyPatch, rule: Refusal) -> None:
    recogniser = Recogniser(linear_model())
    doubtful = np.array([rule.threshold - 0.5], np.float32)
    probabilities = np.eye(10, dtype=np.float32)[3:4]
    monkeypatch.setattr(recogniser, "read", lambda _: Reading(probabilities, doubtful, -doubtful))
    small = np.zeros((8, 8), np.uint8)
    small[1:7, 2:6] = 255
    small[2:6, 3:5] = 0
    assert recogniser.recognise_ink(np.kron(small, np.ones((35, 35), np.uint8))).digit == 3
    sharp = np.zeros((280, 280), np.uint8)
    sharp[31:250, 70:210] = 255
    sharp[64:217, 103:177] = 0
    assert recogniser.recognise_ink(sharp).reason == UNLIKE_A_DIGIT


def test_networks_for_other_things_are_not_overruled() -> None:
    model = linear_model()
    cross = np.zeros((120, 120), np.uint8)
    cross[55:65, 20:100] = 255
    cross[20:100, 55:65] = 255
    clothes = ModelFile(model.network, model.parameters, {"refused": 0.9})
    recogniser = Recogniser(clothes)
    assert np.isinf(recogniser.read(np.zeros((1, 1, 28, 28), np.float32))[1]).all()
    assert recogniser.recognise_ink(cross).reason != UNLIKE_A_DIGIT
    recogniser.use(model)
    assert recogniser.recognise_ink(cross).reason == UNLIKE_A_DIGIT


def _file(
    network: str = f"{NETWORK}:2,3,4", threshold: object = 0.5, kinds: int = KINDS
) -> ModelFile:
    shapes = ((2, 1, 5, 5), (2,), (3, 2, 3, 3), (3,), (75, 4), (4,), (4, kinds), (kinds,))
    arrays = tuple(np.zeros(shape, np.float32) for shape in shapes)
    return ModelFile(network, arrays, {"threshold": threshold})


def test_a_sound_file() -> None:
    rule = Refusal.from_model(_file())
    assert rule.likeness(np.zeros((2, 1, 28, 28))) == pytest.approx([np.log(5.0)] * 2)
    assert not rule.refuses(0.5)
    assert rule.refuses(0.4)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (_file("mlp"), "holds the network 'mlp'"),
        (_file(f"{NETWORK}:a"), "no such widths"),
        (_file(f"{NETWORK}:3,4"), "no such widths"),
        (_file(f"{NETWORK}:2,3,5"), "75×5"),
        (_file(kinds=11), "4×12"),
        (_file(threshold=True), "threshold is True"),
        (_file(threshold=None), "threshold is None"),
    ],
)
def test_unsound_files(model: ModelFile, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        Refusal.from_model(model)


def test_the_shipped_file_is_optional_and_named_when_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "resource_path", lambda *names: tmp_path / names[-1])
    shipped_refusal.cache_clear()
    try:
        assert shipped_refusal() is None
        assert not Recogniser(linear_model()).refuses(-100)
        shipped_refusal.cache_clear()
        save_model(tmp_path / "digit_or_not.npz", linear_model())
        # Neither an answer nor a network that has just been trained is lost.
        assert shipped_refusal() is None
        assert not Recogniser(linear_model()).refuses(-100)
        (told,) = caplog.messages
        assert "digit_or_not.npz cannot be used" in told
    finally:
        shipped_refusal.cache_clear()
