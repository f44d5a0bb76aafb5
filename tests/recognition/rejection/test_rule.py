"""The rule that ships: digits pass, letters and scribbles do not; and the file is checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition.recogniser import Reading, Recogniser
from mnist_draw.recognition.rejection import rule as module
from mnist_draw.recognition.rejection.made_up import junk, several
from mnist_draw.recognition.rejection.rule import KINDS, NETWORK, Refusal, shipped_refusal
from mnist_draw.recognition.rejection.thresholds import UNLIKE_A_DIGIT
from mnist_draw.storage import ModelFile, ModelFileError, save_model


@pytest.fixture(scope="module")
def rule() -> Refusal:
    rule = shipped_refusal()
    assert rule is not None
    return rule


def test_digits_pass(rule: Refusal) -> None:
    likeness = rule.likeness(scale(load_dataset().test_images[:2000]))
    assert np.mean(likeness < rule.threshold) < 0.02


def test_junk_is_refused(rule: Refusal) -> None:
    data = load_dataset()
    images = data.test_images[:2000, 0]
    pictures = junk(600, 12345, images, data.test_labels[:2000])
    assert np.mean(rule.likeness(scale(pictures[:, None])) < rule.threshold) > 0.85


def test_several_digits_are_told_apart_from_one(rule: Refusal) -> None:
    data = load_dataset()
    pictures = several(300, 54321, data.test_images[:2000, 0], data.test_labels[:2000])
    likeness, many = rule.kinds(scale(pictures[:, None]))
    assert np.mean(likeness < rule.threshold) > 0.85
    one = rule.kinds(scale(data.test_images[:300]))[1]
    assert np.median(many) > 2 > -2 > np.median(one)


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


def test_scores_are_those_of_the_layers_in_lasagne() -> None:
    import lasagne

    from mnist_draw.recognition.rejection.fit import network_of
    from mnist_draw.training.functions import compile_predict

    lasagne.random.set_rng(np.random.RandomState(1))
    network = network_of(lasagne, (2, 3), 4)
    values = lasagne.layers.get_all_param_values(network)
    rng = np.random.default_rng(2)
    values = [rng.normal(0, 0.3, value.shape).astype(np.float32) for value in values]
    lasagne.layers.set_all_param_values(network, values)
    inputs = scale(load_dataset().test_images[:7])
    scores = Refusal(tuple(values), 0.0).scores(inputs).astype(np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = compile_predict(network)(inputs)
    assert powers / powers.sum(axis=1, keepdims=True) == pytest.approx(expected, abs=1e-4)


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
