"""The strokes behind an answer: parts that add up, ink that lifts, sentences about them."""

import numpy as np
import pytest
from linear_network import linear_model
from made_networks import random_model

from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.analysis.strokes import (
    Strokes,
    describe_place,
    describe_stroke,
    describe_sum,
    describe_without,
    find_strokes,
    headline,
)
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition.certainty import Certainty, State, certainty_from

NETWORKS = [
    "custom_mlp:2,16",
    "custom_mlp:0,1",
    "layers:12@tanh,8@elu",
    "layers:12@sigmoid,9@leaky",
    "custom_mlp:1,64#26",
    pytest.param("cnn", marks=pytest.mark.slow),
]


@pytest.fixture(scope="module")
def picture():
    return scale(load_dataset().test_images[4, 0])


@pytest.mark.parametrize("text", NETWORKS)
def test_the_parts_of_all_units_are_the_difference_of_the_last_sums(text, picture):
    probe = NetworkProbe(random_model(text, temperature=1.4))
    passed = probe.run(picture[None, None])
    strokes = find_strokes(probe, picture)
    assert strokes.answer == passed.p[0].argmax()
    assert strokes.rival == passed.p[0].argsort()[-2]
    for_answer, for_rival = strokes.bundles()
    bias = strokes.bias[strokes.answer] - strokes.bias[strokes.rival]
    difference = passed.logits[0, strokes.answer] - passed.logits[0, strokes.rival]
    assert for_answer - for_rival + bias == pytest.approx(difference, abs=1e-4)
    np.testing.assert_allclose(strokes.probabilities(), passed.p[0], atol=1e-5)
    # The largest come first, and no part is on the wrong side.
    for some, sign in ((strokes.most, 1), (strokes.least, -1)):
        parts = [sign * stroke.part for stroke in some]
        assert parts == sorted(parts, reverse=True)
        assert not parts or parts[-1] > 0
    assert len(strokes.most) <= 6
    assert len(strokes.least) <= 3


@pytest.mark.parametrize("text", [each for each in NETWORKS if each != "custom_mlp:0,1"])
def test_a_stroke_is_the_ink_that_lifts_its_unit(text, picture):
    probe = NetworkProbe(random_model(text))
    stroke = find_strokes(probe, picture).most[0]
    pixels = np.argwhere(picture > 0)
    step = 2e-3
    changed = np.repeat(picture[None, None], 2 * len(pixels), axis=0)
    for number, (row, column) in enumerate(pixels):
        changed[number, 0, row, column] += step
        changed[len(pixels) + number, 0, row, column] -= step
    hidden = probe.run(changed).a[-1]
    values = hidden.reshape(len(hidden), hidden.shape[1], -1).sum(axis=2)[:, stroke.units[0]]
    slopes = (values[: len(pixels)] - values[len(pixels) :]) / (2 * step)
    lifting = np.zeros_like(picture)
    lifting[tuple(pixels.T)] = np.maximum(slopes, 0) * picture[tuple(pixels.T)]
    padded = np.pad(lifting, 1)
    mean = sum(padded[y : y + 28, x : x + 28] for y in range(3) for x in range(3)) / 9
    assert np.corrcoef(stroke.ink.ravel(), (mean / mean.max()).ravel())[0, 1] > 0.98
    assert stroke.ink.max() == 1


def test_without_a_unit_the_answer_is_that_of_a_network_whose_unit_gives_0(picture):
    probe = NetworkProbe(random_model("custom_mlp:2,16"))
    strokes = find_strokes(probe, picture)
    unit = int(strokes.most[0].units[0])
    gates = probe.open_gates(1)
    gates[-1][0, unit] = 0
    np.testing.assert_allclose(
        strokes.probabilities([unit]),
        probe.run(picture[None, None], gates).p[0],
        atol=1e-5,
    )
    assert strokes.bundles([unit])[0] == pytest.approx(
        strokes.bundles()[0] - strokes.most[0].part,
        abs=1e-4,
    )


def test_without_a_hidden_layer_the_pixels_speak(picture):
    strokes = find_strokes(NetworkProbe(linear_model()), picture)
    assert len(strokes.most) == len(strokes.least) == 1
    assert strokes.most[0].part == pytest.approx(strokes.bundles()[0], rel=1e-4)
    assert strokes.least[0].part == pytest.approx(-strokes.bundles()[1], rel=1e-4)
    assert headline(strokes)[0] == "784 pixels"


def made(values, activation="rectify"):
    none = np.zeros((len(values), 10), np.float32)
    return Strokes(4, 9, none, none[0], 1.0, np.array(values), (), (), activation)


@pytest.mark.parametrize(
    ("strokes", "words"),
    [
        (made([0, 1, 2, 0]), "2 of 4 units found strokes they know."),
        (made([0.0] * 3), "0 of 3 units found strokes they know."),
        (made([-1.0, 2.0], "elu"), "1 of 2 units found strokes they know."),
        (made([0.5] * 300, "tanh"), "Of 300 units the strongest 0."),
        (made([0.5] * 1200, "sigmoid"), "Of 1,200 units the strongest 0."),
        (made([0.0] * 784, ""), "784 pixels speak directly: no unit is in between."),
    ],
)
def test_the_headline_counts_what_found_something(strokes, words):
    assert " ".join(headline(strokes)) == words


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ((0.95, 0.03), "Added up, A wins."),
        ((0.70, 0.20), "Added up, A wins."),
        ((0.50, 0.45), "Added up, A and B are nearly equal."),
        ((0.30, 0.25), "Added up, nothing stands out."),
    ],
)
def test_the_sum_is_said_as_sure_as_the_answer_is(shares, words):
    rest = (1 - sum(shares)) / 8
    p = np.array([*shares, *[rest] * 8], np.float32)
    assert describe_sum(certainty_from(p, "ABCDEFGHIJ")) == words


def test_an_answer_without_a_stroke_is_named_with_its_share():
    certainty = Certainty(State.SURE, "Sure", "4", "", (4,))
    assert describe_without(certainty, 0.917, False) == "Without this one: 4, 91.7%"
    assert describe_without(certainty, 0.937, True) == "With this one: 4, 93.7%"


@pytest.mark.parametrize(
    ("rows", "columns", "words"),
    [
        (slice(0, 9), slice(0, 9), "top, left"),
        (slice(10, 18), slice(20, 28), "middle, right"),
        (slice(20, 28), slice(0, 28), "bottom"),
        (slice(0, 28), slice(0, 28), ""),
    ],
)
def test_ink_is_where_a_third_of_the_picture_holds_half_of_it(rows, columns, words):
    ink = np.zeros((28, 28), np.float32)
    ink[rows, columns] = 1
    assert describe_place(ink) == words


def test_a_stroke_is_described_with_its_part_of_the_whole(picture):
    probe = NetworkProbe(random_model("custom_mlp:2,16"))
    strokes = find_strokes(probe, picture)
    count = len(strokes.most) + len(strokes.least)
    words = describe_stroke(strokes, 0, str)
    assert f"1 of {count}" in words
    assert f"for {strokes.answer}: part {strokes.most[0].part:.2f}" in words
    words = describe_stroke(strokes, count - 1, str)
    assert f"for {strokes.rival}: part {-strokes.least[-1].part:.2f}" in words
