"""The same answer wherever and however large a digit is drawn, with any pen the tab offers.

The pens are the Draw tab's: 8 to 96 board units wide, 36 unless it is changed, on a board of 600;
the ink picture has half a pixel for each unit.
"""

from __future__ import annotations

import numpy as np
import pytest
from linear_network import linear_model
from pen_drawing import DIGITS, board

from mnist_draw.dataset.normalise import normalise_ink
from mnist_draw.library.networks import default_model, list_shipped
from mnist_draw.recognition.number_reader import read_number
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.rejection import RejectionRule, shipped_rule

FINEST, USUAL, WIDEST = 4.0, 18.0, 48.0
#: Heights of digits in pixels of the ink picture of 300, and where they begin.
HEIGHTS = (60, 110, 200)
PLACES = ((0.1, 0.1), (0.5, 0.5), (0.95, 0.2))


def _drawn(digit: int, height: float, pen: float, place: tuple[float, float]) -> np.ndarray:
    room = 300 - pen - np.array([0.7, 1.0]) * height - 2
    x, y = np.array(place) * room + pen / 2 + 1
    return board(DIGITS[digit], pen, scale=height, at=(float(x), float(y)))


@pytest.fixture(scope="module")
def rule() -> RejectionRule:
    rule = shipped_rule()
    assert rule is not None
    return rule


@pytest.fixture(scope="module")
def shipped() -> Recogniser:
    if not list_shipped():
        pytest.skip("no trained network is in resources/models yet")
    return Recogniser(default_model())


@pytest.mark.parametrize("digit", range(10))
def test_place_changes_nothing(digit: int) -> None:
    recogniser = Recogniser(linear_model())
    first = recogniser.recognise_ink(_drawn(digit, 110, USUAL, PLACES[0]))
    for place in PLACES[1:]:
        other = recogniser.recognise_ink(_drawn(digit, 110, USUAL, place))
        assert other.text == first.text
        assert np.abs(other.probabilities - first.probabilities).max() < 0.06


@pytest.mark.parametrize("digit", range(10))
def test_size_changes_nothing_when_the_pen_grows_with_it(digit: int) -> None:
    inputs = [
        normalise_ink(_drawn(digit, height, height / 8, (0.5, 0.5))) for height in (60, 120, 240)
    ]
    for picture in inputs[1:]:
        assert np.abs(picture - inputs[0]).mean() < 0.03


@pytest.mark.parametrize("digit", range(10))
def test_digits_are_no_junk_in_any_size_with_any_pen(rule: RejectionRule, digit: int) -> None:
    pictures = [
        normalise_ink(_drawn(digit, height, pen, place))
        for height in HEIGHTS
        for pen in (FINEST, 10.0, USUAL, 30.0, WIDEST)
        for place in PLACES[:2]
        # A pen wider than a quarter of the digit leaves no digit: its loops close.
        if pen <= height / 4
    ]
    log_odds, _ = rule.log_odds(np.stack(pictures)[:, None])
    assert (log_odds >= rule.threshold).mean() >= 0.9


@pytest.mark.parametrize("digit", range(10))
def test_the_network_that_ships_reads_them_all(shipped: Recogniser, digit: int) -> None:
    for height in HEIGHTS:
        for pen in (FINEST, 10.0, USUAL, 30.0, WIDEST):
            if pen > height / 4:
                continue
            for place in PLACES:
                ink = _drawn(digit, height, pen, place)
                answer = shipped.recognise_ink(ink)
                assert int(answer.probabilities.argmax()) == digit, (height, pen, place)
                assert len(read_number(shipped, ink).digits) == 1
