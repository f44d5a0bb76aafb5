"""Answers and their certainty in words; their calibration; the rule that refuses."""

import string

import numpy as np
import pytest
from linear_network import linear_model
from scipy.special import softmax

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition import rejection as module
from mnist_draw.recognition.answer import (
    Answer,
    DigitAnswer,
    NumberAnswer,
    Scores,
    apply_temperature,
    fit_temperature,
)
from mnist_draw.recognition.certainty import (
    FAIRLY_SURE,
    REFUSED,
    UNCLEAR,
    UNLIKE_A_DIGIT,
    State,
    certainty_of_number,
    label_of_record,
)
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.rejection import (
    KINDS,
    NETWORK,
    RejectionRule,
    object_to_ink,
    shipped_rule,
)
from mnist_draw.storage import ModelFile, ModelFileError, save_model
from mnist_draw.storage.models import MAX_TEMPERATURE, MIN_TEMPERATURE

PICTURE = np.zeros((28, 28), np.float32)


def probabilities(best, second, classes=10, first=3, other=8):
    """Return probabilities of which two are given; the rest is spread evenly."""
    values = np.full(classes, (1 - best - second) / (classes - 2), np.float32)
    values[first], values[other] = best, second
    return values


@pytest.mark.parametrize(
    ("best", "second", "state", "named", "text", "line"),
    [
        (0.978, 0.01, State.SURE, (3,), "3", "97.8% for 3"),
        (FAIRLY_SURE + 0.01, 0.25, State.FAIRLY_SURE, (3,), "3", "66.0% for 3"),
        (0.54, 0.38, State.UNCLEAR, (3, 8), "3 or 8", "54% for 3, 38% for 8"),
        (0.41, UNCLEAR - 0.42, State.NOT_SURE, (), "3", "Perhaps 3 or 8"),
    ],
)
def test_one_digit_two_or_none(best, second, state, named, text, line):
    answer = Answer(probabilities(best, second), PICTURE)
    is_unsure = state is State.NOT_SURE
    assert (answer.text, answer.digit) == (("?", None) if is_unsure else (text, 3))
    assert {int(answer.probabilities.argmax()), answer.second} == {3, 8}
    assert answer.confidence == pytest.approx(best)
    found = answer.certainty
    assert (found.state, found.named, found.text, found.line) == (state, named, text, line)
    assert found.word == state.word
    assert found.label == ("3 ?" if is_unsure else text)
    assert label_of_record(found.record) == found.label
    assert line in found.sentence


def test_objection_beats_a_sure_network_and_no_ink_is_no_answer():
    answer = Answer(probabilities(0.01, 0.98), PICTURE, "A filled area is no digit.")
    assert (answer.text, answer.digit, answer.confidence) == ("?", None, 0.0)
    assert answer.objection == "A filled area is no digit."
    assert answer.probabilities.argmax() == 8
    found = answer.certainty
    assert (found.state, found.text, found.named) == (State.NOT_A_DIGIT, REFUSED, ())
    assert found.sentence == "Not a digit: A filled area is no digit."
    answer = Answer(np.full(10, 0.1, np.float32))
    assert (answer.text, answer.digit, answer.confidence) == ("", None, 0.0)
    assert answer.is_empty
    assert answer.probabilities.sum() == pytest.approx(1)
    found = answer.certainty
    assert (found.state, found.text, found.sentence) == (State.NOTHING, "", "")


def test_other_classes_have_the_same_words():
    names = tuple(string.ascii_uppercase)
    answer = Answer(probabilities(0.5, 0.45, 26), PICTURE, names=names)
    assert answer.certainty.text == "D or I"
    refused = Answer(probabilities(0.5, 0.4, 26), PICTURE, "No letter.", names)
    assert refused.certainty.word == "Not a class"


def part(digit, best=0.99, second=0.005, other=1):
    values = np.full(10, (1 - best - second) / 8, np.float32)
    values[digit if digit is not None else 0], values[other] = best, second
    return DigitAnswer(digit, best if digit is not None else 0.0, (0, 0, 9, 9), values)


def number(*parts, share=1.0):
    text = "".join(found.text for found in parts)
    return certainty_of_number(NumberAnswer(text, parts, share))


def test_a_number_is_as_sure_as_all_of_it():
    found = number(part(3, 0.999), part(7, 0.999))
    assert (found.state, found.text, found.line) == (State.SURE, "37", "99.8% for 37")
    found = number(part(3, 0.9), part(7, 0.9))
    assert found.state is State.FAIRLY_SURE
    found = number(part(9, 0.55, 0.4, 4), part(3))
    assert (found.state, found.line) == (State.UNCLEAR, "54% for 93, 40% for 43")
    assert [told.is_named_alone for told in found.parts] == [False, True]
    found = number(part(9, 0.52, 0.25, 4), part(3, 0.88))
    assert (found.state, found.text, found.line) == (State.NOT_SURE, "93", "93 or 43?")
    assert [told.named for told in found.parts] == [(), (3,)]
    assert [told.label for told in found.parts] == ["9 ?", "3"]
    # "93", 6.3% sure, was in the accent's color.
    found = number(part(9), part(3), share=0.064)
    assert found.state is State.NOT_SURE
    assert not any(told.named for told in found.parts)
    # So were the letters BM, read as "13?".
    found = number(part(1, other=2), part(3), part(None))
    assert (found.text, found.line) == (f"13{REFUSED}", "1 part is not a digit")
    assert not any(told.named for told in found.parts)
    assert found.parts[2].is_refused
    assert found.parts[2].label == REFUSED


def test_a_point_is_part_of_a_number_and_no_digit():
    point = DigitAnswer(None, 0.98, (9, 9, 1, 1), sign=".")
    found = number(part(2), point, part(5))
    assert (found.state, found.text) == (State.SURE, "2.5")
    assert [told.text for told in found.parts] == ["2", ".", "5"]
    assert found.parts[1].is_refused
    assert "sign ." in found.parts[1].line
    assert certainty_of_number(NumberAnswer("2.", (part(2), point))).is_named_alone
    lost = DigitAnswer(None, 0.0, (9, 9, 1, 1), sign="?")
    found = NumberAnswer("2?", (part(2), lost))
    assert (found.is_number, found.strange, found.confidence) == (True, 1, 0)
    assert certainty_of_number(found).text == f"2{REFUSED}"


def disc(radius):
    """Draw a disc with soft edges."""
    down, across = np.ogrid[:300, :300]
    inside = radius + 0.5 - np.hypot(down - 150.3, across - 100.8)
    return (np.clip(inside, 0, 1) * 255).astype(np.uint8)


def bar(height, width):
    ink = np.zeros((300, 300), np.uint8)
    ink[20 : 20 + height, 30 : 30 + width] = 255
    return ink


@pytest.mark.parametrize(
    ("ink", "word"),
    [
        *((ink, "filled") for ink in (disc(2), disc(4), disc(9), disc(100), bar(200, 200))),
        (bar(60, 40), "filled"),
        (bar(20, 200), "horizontal"),
        (bar(200, 20), ""),
        (disc(100) - disc(75), ""),
    ],
)
def test_the_shape_of_ink_that_is_no_digit(ink, word):
    for scaled in (ink, ink.astype(np.float32) / 255 * 0.4):
        reason = object_to_ink(scaled)
        assert word in reason
        assert bool(word) == bool(reason)


# -- calibration


def sample(count=20_000):
    """Return scores, and labels drawn with exactly the probabilities of these scores."""
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(count, 10)) * 3
    labels = (softmax(scores, axis=1).cumsum(axis=1) > rng.random((count, 1))).argmax(axis=1)
    return scores, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7, 4.0])
def test_known_temperature_is_found(temperature):
    scores, labels = sample()
    assert fit_temperature(softmax(scores * temperature, axis=1), labels) == pytest.approx(
        temperature,
        rel=0.03,
    )


def test_order_stays_and_sums_are_one():
    probabilities = softmax(sample(100)[0], axis=1).astype(np.float32)
    for temperature in (0.3, 1.0, 5.0):
        found = apply_temperature(probabilities, temperature)
        assert found.dtype == np.float32
        assert found.sum(axis=1) == pytest.approx(np.ones(100), abs=1e-5)
        assert np.array_equal(found.argmax(axis=1), probabilities.argmax(axis=1))
    # Exact zeros and ones stay finite.
    certain = np.eye(10, dtype=np.float32)
    assert np.isfinite(apply_temperature(certain, 3.0)).all()
    assert MIN_TEMPERATURE <= fit_temperature(certain, np.arange(10)) <= MAX_TEMPERATURE
    assert fit_temperature(certain, np.arange(10)[::-1]) > 5


# -- the rejection rule


@pytest.fixture(scope="module")
def rule():
    return shipped_rule()


def test_digits_pass(rule):
    images = load_dataset().test_images[:2000]
    log_odds, _ = rule.log_odds(scale(images))
    assert np.mean(log_odds < rule.threshold) < 0.02
    assert sum(bool(object_to_ink(picture)) for picture in images[:1000, 0]) <= 1


def test_of_few_pixels_less_is_asked(monkeypatch, rule):
    recogniser = Recogniser(linear_model())
    doubtful = np.array([rule.threshold - 0.5], np.float32)
    probabilities = np.eye(10, dtype=np.float32)[3:4]
    scores = Scores(probabilities, doubtful, -doubtful, np.zeros((1, 0), np.float32))
    monkeypatch.setattr(recogniser, "read", lambda _: scores)
    small = np.zeros((8, 8), np.uint8)
    small[1:7, 2:6] = 255
    small[2:6, 3:5] = 0
    assert recogniser.recognise_ink(np.kron(small, np.ones((35, 35), np.uint8))).digit == 3
    sharp = np.zeros((280, 280), np.uint8)
    sharp[31:250, 70:210] = 255
    sharp[64:217, 103:177] = 0
    assert recogniser.recognise_ink(sharp).objection == UNLIKE_A_DIGIT


def test_a_cross_is_refused_unless_the_network_reads_other_classes():
    model = linear_model()
    cross = np.zeros((120, 120), np.uint8)
    cross[55:65, 20:100] = 255
    cross[20:100, 55:65] = 255
    recogniser = Recogniser(ModelFile(model.network, model.parameters, {"refused": 0.9}))
    assert np.isinf(recogniser.read(np.zeros((1, 1, 28, 28), np.float32)).log_odds).all()
    assert recogniser.recognise_ink(cross).objection != UNLIKE_A_DIGIT
    recogniser.use(model)
    answer = recogniser.recognise_ink(cross)
    assert (answer.digit, answer.text, answer.confidence) == (None, "?", 0.0)
    assert answer.objection == UNLIKE_A_DIGIT


def test_a_tap_that_slips_a_little_is_a_dot(monkeypatch):
    recogniser = Recogniser(linear_model())
    monkeypatch.setattr(recogniser, "margins", lambda scores: np.array([-1.0]))
    rows, columns = np.mgrid[:300, :300]
    said = set()
    for slip in (0, 3):
        from_line = np.maximum(np.abs(columns - 150 - slip / 2) - slip / 2, 0)
        ink = np.uint8(255 * (np.hypot(rows - 150, from_line) < 9))
        tap = np.array([[300.0, 300, 36], [300.0 + 2 * slip, 300, 36]])
        said.add(recogniser.recognise_ink(ink, [tap]).objection)
    assert said == {object_to_ink(ink)}


def _file(network=f"{NETWORK}:2,3,4", threshold=0.5, kinds=KINDS):
    shapes = ((2, 1, 5, 5), (2,), (3, 2, 3, 3), (3,), (75, 4), (4,), (4, kinds), (kinds,))
    arrays = tuple(np.zeros(shape, np.float32) for shape in shapes)
    return ModelFile(network, arrays, {"threshold": threshold})


def test_a_sound_file():
    rule = RejectionRule.from_model(_file())
    assert rule.log_odds(np.zeros((2, 1, 28, 28)))[0] == pytest.approx([np.log(5.0)] * 2)
    assert rule.threshold == 0.5


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (_file("mlp"), "holds the network 'mlp'"),
        (_file(f"{NETWORK}:3,4"), "no such widths"),
        (_file(f"{NETWORK}:2,3,5"), "75×5"),
        (_file(kinds=11), "4×12"),
        (_file(threshold=True), "threshold is True"),
    ],
)
def test_unsound_files(model, message):
    with pytest.raises(ModelFileError, match=message):
        RejectionRule.from_model(model)


def _refuses_a_cross():
    recogniser = Recogniser(linear_model())
    return recogniser.refuses(recogniser.read(np.eye(28, dtype=np.float32)[None, None]))


def test_the_shipped_file_is_optional_and_named_when_damaged(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(module, "resource_path", lambda *names: tmp_path / names[-1])
    shipped_rule.cache_clear()
    try:
        assert shipped_rule() is None
        assert not _refuses_a_cross()
        shipped_rule.cache_clear()
        save_model(tmp_path / "digit_or_not.npz", linear_model())
        # Neither an answer nor a network that has just been trained is lost.
        assert shipped_rule() is None
        assert not _refuses_a_cross()
        (told,) = caplog.messages
        assert "digit_or_not.npz cannot" in told
    finally:
        shipped_rule.cache_clear()
