"""From ink to an answer through a real compiled network."""

import numpy as np
import pytest
from linear_network import linear_model
from made_networks import flat_model, random_model
from pen_drawing import DIGITS, board, smooth
from scipy.special import softmax

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.normalise import normalise_ink
from mnist_draw.errors import UserError
from mnist_draw.library.networks import default_model
from mnist_draw.recognition.certainty import State
from mnist_draw.recognition.recogniser import (
    CompiledNetwork,
    Recogniser,
    calibrated,
)
from mnist_draw.recognition.rejection import shipped_rule
from mnist_draw.storage import ModelFile, ModelFileError


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser(linear_model())


@pytest.fixture(scope="module")
def shipped():
    return Recogniser(default_model())


def test_the_network_sees_what_it_was_trained_on(recogniser):
    picture = load_dataset().test_images[0]
    answer = recogniser.recognise_ink(picture[0])
    unchanged = recogniser.predict(scale(picture)[None])[0]
    assert np.allclose(answer.probabilities, unchanged, atol=0.01)
    assert answer.digit == 7
    assert answer.probabilities.dtype == np.float32
    assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert answer.network_input.shape == (28, 28)
    # Probabilities are the softmax of the layers.
    weights, bias = linear_model().parameters
    pictures = scale(load_dataset().test_images[:20])
    expected = softmax(pictures.reshape(20, 784) @ weights + bias, axis=1)
    assert np.allclose(recogniser.predict(pictures), expected, atol=1e-5)


@pytest.mark.parametrize("value", [None, "2", True, 0, -1, 1e9, [1]])
def test_nonsense_temperature_counts_as_none(value):
    model = ModelFile("mlp", (np.ones(1),), {"temperature": value, "lenience": value})
    assert (model.info.temperature, model.info.lenience) == (1.0, 0.0)


def test_another_model_is_used_or_changes_nothing():
    model = linear_model()
    picture = load_dataset().test_images[0, 0]
    recogniser = Recogniser(model)
    cold = recogniser.recognise_ink(picture)
    recogniser.use(ModelFile(model.network, model.parameters, {"temperature": 3.0}))
    warm = recogniser.recognise_ink(picture)
    assert warm.confidence < cold.confidence
    assert warm.probabilities.argmax() == cold.digit == 7
    weights, bias = model.parameters
    order = np.roll(np.arange(10), 1)
    recogniser.use(ModelFile("custom_mlp:0, 1, 0, 0", (weights[:, order], bias[order])))
    assert recogniser.temperature == 1.0
    assert recogniser.recognise_ink(picture).digit == 8
    with pytest.raises(ModelFileError, match="network 'mlp'"):
        recogniser.use(ModelFile("mlp", model.parameters))
    model = linear_model()
    recogniser = Recogniser(model)
    weights, bias = model.parameters
    picture = scale(load_dataset().test_images[:1])
    before = recogniser.predict(picture)
    for wrong in ((weights,), (weights, bias[:9]), (weights * np.nan, bias)):
        with pytest.raises(ModelFileError):
            recogniser.use(ModelFile(model.network, wrong))
    assert np.array_equal(recogniser.predict(picture), before)
    with pytest.raises(ValueError, match=r"\(28, 28\)"):
        recogniser.predict(np.zeros((28, 28), np.float32))
    with pytest.raises(UserError, match="there is no 'abacus'"):
        Recogniser(ModelFile("abacus", (np.ones(1),)))
    with pytest.raises(ModelFileError, match="has 6 parameters, but 1 were found"):
        Recogniser(ModelFile("mlp", (np.ones(1),)))


@pytest.mark.parametrize("compiled", [False, True])
def test_overflowing_network_is_reported(compiled):
    weights, bias = linear_model().parameters
    huge = np.where(weights > 0, np.float32(3e38), np.float32(-3e38))
    recogniser = Recogniser(ModelFile(linear_model().network, (huge, bias)), compiled)
    with pytest.raises(ModelFileError, match="far too large"), np.errstate(all="ignore"):
        recogniser.predict(np.full((1, 1, 28, 28), 0.9, np.float32))


@pytest.mark.parametrize("network", ["mlp", "deep_cnn"])
def test_without_a_compiled_function_it_answers_the_same(network):
    model, other = random_model(network, 4), random_model(network, 5)
    pictures = scale(load_dataset().test_images[:5])
    plain = Recogniser(model, compiled=False)
    found = plain.predict(pictures)
    # What has been learned while the function was compiled counts.
    plain.use(other)
    changed = plain.predict(pictures)
    plain.adopt(CompiledNetwork(model))
    np.testing.assert_allclose(plain.predict(pictures), changed, atol=1e-5)
    plain.use(model)
    np.testing.assert_allclose(plain.predict(pictures), found, atol=1e-5)
    with pytest.raises(ModelFileError, match="layers:3"):
        plain.adopt(CompiledNetwork(flat_model("layers:3", 1.0)))


@pytest.mark.parametrize("count", [0, 1, 3, 8, 65])
def test_batches_of_every_size_give_each_picture_its_own_answer(recogniser, count):
    inputs = load_dataset().test_images[:count].astype(np.float32) / 256
    found = recogniser.predict(inputs)
    assert found.shape == (count, 10)
    for picture, probabilities in zip(inputs, found, strict=True):
        alone = recogniser.predict(picture[None])[0]
        assert probabilities == pytest.approx(alone, abs=1e-5)


def test_the_network_is_not_asked_about_what_is_hardly_a_digit(recogniser, monkeypatch):
    digit = load_dataset().test_images[:1].astype(np.float32) / 256
    inputs = np.concatenate([digit, np.full_like(digit, 0.9)])
    scores = recogniser.read(inputs, min_log_odds=0.0)
    assert scores.log_odds[0] > 0 > scores.log_odds[1]
    assert scores.probabilities[1] == pytest.approx([0.1] * 10)
    assert scores.probabilities[0] == pytest.approx(recogniser.predict(digit)[0], abs=1e-5)
    monkeypatch.setattr(recogniser, "_predict", None)
    assert recogniser.recognise_ink(np.zeros((300, 300), np.uint8)).text == ""
    assert recogniser.recognise_ink(np.zeros((28, 28), np.float32)).is_empty


def test_the_share_that_is_refused_is_that_of_the_pictures():
    rule, test = shipped_rule(), load_dataset().test_images[:30]
    noise = np.random.default_rng(3).integers(0, 256, (30, 1, 28, 28)).astype(np.uint8)
    for pictures in (test, noise, noise, test[:20]):
        found = calibrated(random_model("layers:4"), pictures, np.arange(len(pictures)) % 10)
        refused = np.mean(rule.log_odds(scale(pictures))[0] < rule.threshold)
        assert found.info.refused == pytest.approx(refused)


# -- wherever and however large a digit is drawn, with any pen

#: The pens of the Draw tab, in pixels of the ink picture of 300: 8 to 96 board units of 600.
PENS = (4.0, 10.0, 18.0, 30.0, 48.0)
#: Heights of digits in pixels of the ink picture of 300, and where they begin.
HEIGHTS = (60, 110, 200)
PLACES = ((0.1, 0.1), (0.5, 0.5), (0.95, 0.2))


def _drawn(digit, height, pen, place):
    room = 300 - pen - np.array([0.7, 1.0]) * height - 2
    x, y = np.array(place) * room + pen / 2 + 1
    return board(DIGITS[digit], pen, scale=height, at=(float(x), float(y)))


@pytest.mark.parametrize("digit", range(10))
def test_digits_of_any_size_are_read_with_any_pen(shipped, digit):
    rule = shipped_rule()
    pictures = []
    # A pen wider than a quarter of the digit leaves no digit: its loops close.
    for height, pen in ((height, pen) for height in HEIGHTS for pen in PENS if pen <= height / 4):
        for place in PLACES:
            ink = _drawn(digit, height, pen, place)
            pictures.append(normalise_ink(ink))
            answer = shipped.recognise_ink(ink)
            assert int(answer.probabilities.argmax()) == digit, (height, pen, place)
            assert len(shipped.read_number(ink).digits) == 1
    log_odds, _ = rule.log_odds(np.stack(pictures)[:, None])
    assert (log_odds >= rule.threshold).mean() >= 0.9


@pytest.mark.parametrize(("stem", "state"), [(True, State.NOT_SURE), (False, State.SURE)])
def test_an_eight_with_a_straight_stem_may_be_a_letter(shipped, stem, state):
    lines = DIGITS[8]
    if stem:
        lines = [
            [(0.1, 0), (0.1, 0.5), (0.1, 1)],
            [(0.1, 0), (0.6, 0.05), (0.6, 0.42), (0.15, 0.48)],
            [(0.15, 0.48), (0.7, 0.55), (0.7, 0.97), (0.1, 1)],
        ]
    drawn = [smooth(np.array(line)) * 100 + 60 for line in lines]
    strokes = [np.column_stack([line, np.full(len(line), 9.0)]) for line in drawn]
    answer = shipped.recognise_ink(board(lines, 9.0, scale=100), strokes)
    assert (answer.text, answer.certainty.state) == ("8", state)
    assert ("letter B" in answer.certainty.line) == stem
