"""How sure an answer is, in words: five states, the same everywhere."""

from __future__ import annotations

import string

import numpy as np
import pytest

from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer, answer_from, empty_answer
from mnist_draw.recognition.certainty import (
    REFUSED,
    State,
    certainty_of,
    certainty_of_number,
)

PICTURE = np.zeros((28, 28), np.float32)


def probabilities(best, second, classes=10, first=3, other=8):
    """Return probabilities of which two are given; the rest is spread evenly."""
    values = np.full(classes, (1 - best - second) / (classes - 2), np.float32)
    values[first], values[other] = best, second
    return values


@pytest.mark.parametrize(
    ("best", "second", "state", "named", "text", "line"),
    [
        (0.978, 0.01, State.SURE, (3,), "3", "97.8 % for 3"),
        (0.70, 0.25, State.FAIRLY_SURE, (3,), "3", "70.0 % for 3"),
        (0.54, 0.38, State.UNCLEAR, (3, 8), "3 or 8", "54 % for 3, 38 % for 8"),
        (0.45, 0.30, State.NOT_SURE, (), "3", "Perhaps 3 or 8"),
    ],
)
def test_a_digit(best, second, state, named, text, line):
    found = certainty_of(answer_from(probabilities(best, second), PICTURE))
    assert (found.state, found.named, found.text, found.line) == (state, named, text, line)
    assert found.word == state.value
    assert found.label == ("3 ?" if state is State.NOT_SURE else text)
    assert line in found.sentence


def test_refused_ink_and_none():
    found = certainty_of(answer_from(probabilities(0.99, 0.01), PICTURE, "A filled area."))
    assert (found.state, found.text, found.named) == (State.NOT_A_DIGIT, REFUSED, ())
    assert found.sentence == "Not a digit: A filled area."
    found = certainty_of(empty_answer())
    assert (found.state, found.text, found.sentence) == (State.NOTHING, "", "")


def test_other_classes_have_the_same_words():
    names = tuple(string.ascii_uppercase)
    answer = answer_from(probabilities(0.5, 0.45, 26), PICTURE, names=names)
    assert certainty_of(answer).text == "D or I"
    refused = answer_from(probabilities(0.5, 0.4, 26), PICTURE, "No letter.", names)
    assert certainty_of(refused).word == "Not a class"


def part(digit, best=0.99, second=0.005, other=1):
    values = np.full(10, (1 - best - second) / 8, np.float32)
    values[digit if digit is not None else 0], values[other] = best, second
    return DigitAnswer(digit, best if digit is not None else 0.0, (0, 0, 9, 9), values)


def number(*parts, share=1.0):
    text = "".join("?" if found.digit is None else str(found.digit) for found in parts)
    return certainty_of_number(NumberAnswer(text, parts, share))


def test_a_number_is_as_sure_as_all_of_it():
    found = number(part(3, 0.999), part(7, 0.999))
    assert (found.state, found.text, found.line) == (State.SURE, "37", "99.8 % for 37")
    found = number(part(3, 0.9), part(7, 0.9))
    assert found.state is State.FAIRLY_SURE
    found = number(part(9, 0.55, 0.4, 4), part(3))
    assert (found.state, found.line) == (State.UNCLEAR, "54 % for 93, 40 % for 43")
    assert [told.is_named_alone for told in found.parts] == [False, True]


def test_a_doubtful_number_names_its_sure_digits_only():
    found = number(part(9, 0.52, 0.25, 4), part(3, 0.88))
    assert (found.state, found.text, found.line) == (State.NOT_SURE, "93", "93 or 43?")
    assert [told.named for told in found.parts] == [(), (3,)]
    assert [told.label for told in found.parts] == ["9 ?", "3"]


def test_nothing_is_named_where_the_division_into_digits_is_in_doubt():
    # "93", 6.3 % sure, was in the accent's colour.
    found = number(part(9), part(3), share=0.064)
    assert found.state is State.NOT_SURE
    assert not any(told.named for told in found.parts)
    # So were the letters BM, read as "13?".
    found = number(part(1, other=2), part(3), part(None))
    assert (found.text, found.line) == (f"13{REFUSED}", "1 part is not a digit")
    assert not any(told.named for told in found.parts)
    assert found.parts[2].is_refused
    assert found.parts[2].label == REFUSED
