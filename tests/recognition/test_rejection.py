"""The rule that ships: digits pass, letters and scribbles do not; and the file is checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition import rejection as module
from mnist_draw.recognition.answer import Scores
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.rejection import (
    KINDS,
    NETWORK,
    UNLIKE_A_DIGIT,
    RejectionRule,
    shipped_rule,
)
from mnist_draw.storage import ModelFile, ModelFileError, save_model


@pytest.fixture(scope="module")
def rule() -> RejectionRule:
    rule = shipped_rule()
    assert rule is not None
    return rule


def test_digits_pass(rule: RejectionRule) -> None:
    log_odds, _ = rule.log_odds(scale(load_dataset().test_images[:2000]))
    assert np.mean(log_odds < rule.threshold) < 0.02


def test_odds_are_those_of_the_scores(rule: RejectionRule) -> None:
    inputs = scale(load_dataset().test_images[:5])
    scores = rule.scores(inputs).astype(np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = powers / powers.sum(axis=1, keepdims=True)
    one = shares[:, :10].sum(axis=1)
    assert rule.log_odds(inputs)[0] == pytest.approx(
        np.log(one / shares[:, 10:].sum(axis=1)), rel=1e-3
    )


def test_of_few_pixels_less_is_asked(monkeypatch: pytest.MonkeyPatch, rule: RejectionRule) -> None:
    recogniser = Recogniser(linear_model())
    doubtful = np.array([rule.threshold - 0.5], np.float32)
    probabilities = np.eye(10, dtype=np.float32)[3:4]
    monkeypatch.setattr(recogniser, "read", lambda _: Scores(probabilities, doubtful, -doubtful))
    small = np.zeros((8, 8), np.uint8)
    small[1:7, 2:6] = 255
    small[2:6, 3:5] = 0
    assert recogniser.recognise_ink(np.kron(small, np.ones((35, 35), np.uint8))).digit == 3
    sharp = np.zeros((280, 280), np.uint8)
    sharp[31:250, 70:210] = 255
    sharp[64:217, 103:177] = 0
    assert recogniser.recognise_ink(sharp).reason == UNLIKE_A_DIGIT


def test_a_cross_is_refused_unless_the_network_reads_other_classes() -> None:
    model = linear_model()
    cross = np.zeros((120, 120), np.uint8)
    cross[55:65, 20:100] = 255
    cross[20:100, 55:65] = 255
    recogniser = Recogniser(ModelFile(model.network, model.parameters, {"refused": 0.9}))
    assert np.isinf(recogniser.read(np.zeros((1, 1, 28, 28), np.float32)).log_odds).all()
    assert recogniser.recognise_ink(cross).reason != UNLIKE_A_DIGIT
    recogniser.use(model)
    answer = recogniser.recognise_ink(cross)
    assert (answer.digit, answer.text, answer.confidence) == (None, "?", 0.0)
    assert answer.reason == UNLIKE_A_DIGIT


def _file(
    network: str = f"{NETWORK}:2,3,4", threshold: object = 0.5, kinds: int = KINDS
) -> ModelFile:
    shapes = ((2, 1, 5, 5), (2,), (3, 2, 3, 3), (3,), (75, 4), (4,), (4, kinds), (kinds,))
    arrays = tuple(np.zeros(shape, np.float32) for shape in shapes)
    return ModelFile(network, arrays, {"threshold": threshold})


def test_a_sound_file() -> None:
    rule = RejectionRule.from_model(_file())
    assert rule.log_odds(np.zeros((2, 1, 28, 28)))[0] == pytest.approx([np.log(5.0)] * 2)
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
        RejectionRule.from_model(model)


def test_the_shipped_file_is_optional_and_named_when_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "resource_path", lambda *names: tmp_path / names[-1])
    shipped_rule.cache_clear()
    try:
        assert shipped_rule() is None
        assert not Recogniser(linear_model()).refuses(-100)
        shipped_rule.cache_clear()
        save_model(tmp_path / "digit_or_not.npz", linear_model())
        # Neither an answer nor a network that has just been trained is lost.
        assert shipped_rule() is None
        assert not Recogniser(linear_model()).refuses(-100)
        (told,) = caplog.messages
        assert "digit_or_not.npz cannot be used" in told
    finally:
        shipped_rule.cache_clear()
