"""Numbers from pen strokes: whole strokes make digits, wherever they touch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from linear_network import linear_model
from pen_drawing import DIGITS, board, smooth

from mnist_draw.library.networks import default_model
from mnist_draw.recognition.answer import Scores
from mnist_draw.recognition.number_reader import read_number
from mnist_draw.recognition.pieces import cheapest
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.stroke_reader import MAX_COUNT, MAX_STROKES, draw_strokes
from mnist_draw.storage import ModelFile

PEN = 18.0


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(default_model())


def written(text: str, gap: float, height: float = 100.0, pen: float = PEN) -> list[np.ndarray]:
    """Return the strokes of digits side by side, with so much between their lines, in heights."""
    x, strokes = 30.0, []
    for character in text:
        digit = [smooth(np.array(stroke)) for stroke in DIGITS[int(character)]]
        points = np.concatenate(digit)
        left, right = points[:, 0].min(), points[:, 0].max()
        for stroke in digit:
            placed = (stroke - (left, 0)) * height + (x, 60)
            strokes.append(np.column_stack([placed, np.full(len(placed), pen)]))
        x += (right - left + gap) * height
    return strokes


def inked(strokes: list[np.ndarray], pen: float = PEN) -> np.ndarray:
    return board([[tuple(point) for point in stroke[:, :2]] for stroke in strokes], pen, side=700)


@pytest.mark.parametrize("text", ["10", "100", "166", "2026", "457", "314159"])
@pytest.mark.parametrize("gap", [0.12, 0.2, 0.3, 0.4])
def test_digits_are_read_however_close(recogniser: Recogniser, text: str, gap: float) -> None:
    strokes = written(text, gap)
    answer = read_number(recogniser, inked(strokes), strokes=strokes)
    assert answer.text == text
    assert len(answer.digits) == len(text)
    for part in answer.digits:
        assert part.network_input is not None
        assert part.network_input.shape == (28, 28)


@pytest.mark.parametrize("text", ["10", "11", "12", "13", "17", "71", "101", "110", "111"])
@pytest.mark.parametrize("gap", [0.2, 0.3, 0.6])
def test_ones_are_read_beside_wide_paper(recogniser: Recogniser, text: str, gap: float) -> None:
    """As the board asks: after all ink was looked at as one digit."""
    strokes = written(text, gap)
    ink = inked(strokes)
    alone = recogniser.recognise_ink(ink, strokes)
    assert read_number(recogniser, ink, alone, strokes=strokes).text == text


def test_boxes_lie_around_the_digits(recogniser: Recogniser) -> None:
    strokes = written("37", 0.4)
    answer = read_number(recogniser, inked(strokes), strokes=strokes)
    for part, stroke in zip(answer.digits, strokes, strict=True):
        left, top, width, height = part.box
        low, high = stroke[:, :2].min(axis=0), stroke[:, :2].max(axis=0)
        assert abs(left - low[0]) < PEN
        assert abs(top - low[1]) < PEN
        assert abs(left + width - high[0]) < PEN
        assert abs(top + height - high[1]) < PEN


def test_one_stroke_is_never_cut(recogniser: Recogniser) -> None:
    wave = np.linspace(0, 1, 120)
    letter_m = np.column_stack(
        [60 + 300 * wave, 150 - 80 * np.abs(np.sin(2.5 * np.pi * wave)), np.full(120, PEN)]
    )
    answer = read_number(recogniser, inked([letter_m]), strokes=[letter_m])
    assert len(answer.digits) == 1


@pytest.mark.parametrize("digit", [4, 5])
def test_strokes_of_one_digit_stay_together(recogniser: Recogniser, digit: int) -> None:
    strokes = written(str(digit), 0.3)
    assert len(strokes) == 2
    answer = read_number(recogniser, inked(strokes), strokes=strokes)
    assert answer.text == str(digit)


def test_one_digit_beyond_doubt_is_not_read_again(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = written("4", 0.3)
    ink = inked(strokes)
    alone = recogniser.recognise_ink(ink, strokes)
    monkeypatch.setattr(recogniser, "read", None)
    answer = read_number(recogniser, ink, alone, strokes=strokes)
    assert (answer.text, len(answer.digits)) == ("4", 1)


@pytest.mark.parametrize("text", ["37", "457"])
def test_the_whole_is_not_read_twice(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    strokes = written(text, 0.3)
    ink = inked(strokes)
    asked = []
    read = recogniser.read

    def counting(inputs: np.ndarray, min_log_odds: float = -np.inf) -> Scores:
        asked.append(len(inputs))
        return read(inputs, min_log_odds)

    monkeypatch.setattr(recogniser, "read", counting)
    without = read_number(recogniser, ink, strokes=strokes)
    alone = recogniser.recognise_ink(ink, strokes)
    given = read_number(recogniser, ink, alone, strokes=strokes)
    assert without.text == given.text == text
    assert given.confidence == pytest.approx(without.confidence, abs=1e-4)
    assert asked[1] == 1
    if len(strokes) <= MAX_STROKES:
        assert asked[2] == asked[0] - 1


def test_what_is_plainly_several_digits_need_not_be_beyond_doubt(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = written("37", 0.3)
    ink = inked(strokes)
    alone = recogniser.recognise_ink(ink, strokes)
    parts = [recogniser.recognise_ink(ink, [stroke]) for stroke in strokes]
    # One part looks like a digit, but hardly more than it must.
    least = min(part.log_odds for part in parts) - 0.5
    monkeypatch.setattr(recogniser, "refuses", lambda log_odds: log_odds < least)
    texts = [
        read_number(recogniser, ink, replace(alone, several=several), strokes=strokes).text
        for several in (-5.0, 5.0)
    ]
    assert len(texts[0]) == 1
    assert texts[1] == "37"


@pytest.mark.parametrize(
    ("text", "gap", "read"),
    [("37", 0.02, 1), ("37", 0.3, 2), ("11", 0.02, 1), ("11", 0.3, 2), ("4261", 0.02, 4)],
)
def test_few_strokes_that_hardly_look_like_several_digits_are_no_number(
    recogniser: Recogniser, text: str, gap: float, read: int
) -> None:
    strokes = written(text, gap)
    ink = inked(strokes)
    alone = replace(recogniser.recognise_ink(ink, strokes), several=-4.5)
    # Many digits may look like none, and paper parts digits.
    assert len(read_number(recogniser, ink, alone, strokes=strokes).digits) == read


def test_a_percent_sign_is_no_number_but_a_line_may_rise(recogniser: Recogniser) -> None:
    pen, turn, along = 6.0, np.linspace(-np.pi / 2, 1.5 * np.pi, 60), np.linspace(0, 1, 60)

    def read(*lines: tuple[np.ndarray, np.ndarray]) -> str:
        strokes = [np.column_stack([*line, np.full(60, pen)]) for line in lines]
        ink = inked(strokes, pen)
        alone = recogniser.recognise_ink(ink, strokes)
        return read_number(recogniser, ink, alone, strokes=strokes).text

    bar = 150 - 60 * along, 50 + 120 * along
    round_about = 22 * np.cos(turn), 20 * np.sin(turn)
    assert read(bar) == "1"
    circles = [(x + round_about[0], y + round_about[1]) for x, y in ((60, 64), (182, 156))]
    assert read(circles[0], bar, circles[1]) == "?"
    zeros = [(x + 1.5 * round_about[0], 110 + 2 * round_about[1]) for x in (50, 190)]
    assert read(zeros[0], bar, zeros[1]) == "010"
    rising = written("17", 0.4)
    for stroke in rising:
        stroke[:, 1] += 110 - 0.8 * stroke[:, 0].mean()
    assert read_number(recogniser, inked(rising), strokes=rising).text == "17"


def test_two_lines_are_no_number(recogniser: Recogniser) -> None:
    above, below = written("12", 0.45), written("34", 0.45)
    high = np.ptp(np.concatenate(above)[:, 1])
    for stroke in below:
        stroke[:, 1] += 1.3 * high
    strokes = [*above, *below]
    ink = inked(strokes)
    alone = recogniser.recognise_ink(ink, strokes)
    assert read_number(recogniser, ink, alone, strokes=strokes).text == "?"
    # One beside the other they are one.
    for stroke in below:
        stroke[:, 0] += 1.2 * np.ptp(np.concatenate(above)[:, 0])
        stroke[:, 1] -= 1.3 * high
    assert read_number(recogniser, inked(strokes), strokes=strokes).text == "1234"


@pytest.mark.parametrize("wide", [20, 30])
def test_a_one_with_a_flag_of_its_own_is_no_eleven(recogniser: Recogniser, wide: int) -> None:
    stem, *others = written("17", 0.45)
    x, y = stem[0, :2]
    along = np.linspace(0, 1, 30)
    flag = np.column_stack([x - wide * (1 - along), y + 20 * (1 - along), np.full(30, PEN)])
    strokes = [flag, stem, *others]
    alone = recogniser.recognise_ink(inked(strokes), strokes)
    assert read_number(recogniser, inked(strokes), alone, strokes=strokes).text == "17"


def test_a_bar_that_is_added_in_the_end_finds_its_digit(recogniser: Recogniser) -> None:
    first, *others = written("57", 0.3)
    bar = others.pop(0)
    strokes = [first, *others, bar]
    assert read_number(recogniser, inked(strokes), strokes=strokes).text == "57"


def test_a_strange_part_does_not_hide_the_others(recogniser: Recogniser) -> None:
    strokes = written("23", 0.4)
    right = strokes[-1][:, 0].max() + 50
    corners = np.array([(0, 0), (22, 95), (45, 30), (68, 95), (90, 0)]) + np.array([right, 62])
    along = np.linspace(0, 4, 80)
    letter_w = np.column_stack(
        [np.interp(along, np.arange(5), corners[:, axis]) for axis in (0, 1)] + [np.full(80, PEN)]
    )
    strokes.append(letter_w)
    answer = read_number(recogniser, inked(strokes), strokes=strokes)
    assert answer.text == "23?"
    assert answer.is_number
    assert answer.strange == 1
    assert answer.confidence == 0


def test_many_strokes_are_no_number(recogniser: Recogniser) -> None:
    strokes = written("1" * (MAX_COUNT + 1), 0.1, height=20, pen=3)
    assert len(read_number(recogniser, inked(strokes, 3), strokes=strokes).digits) == 1


def test_networks_of_other_things_read_no_numbers() -> None:
    model = linear_model()
    clothes = Recogniser(ModelFile(model.network, model.parameters, {"refused": 0.9}))
    strokes = written("37", 0.4)
    assert len(read_number(clothes, inked(strokes), strokes=strokes).digits) == 1


@pytest.mark.parametrize("digit", [0, 2, 4, 8])
def test_the_pen_that_was_chosen_changes_nothing(recogniser: Recogniser, digit: int) -> None:
    answers = []
    for pen in (4.0, 10.0, 18.0, 40.0):
        strokes = written(str(digit), 0.3, height=160, pen=pen)
        answers.append(recogniser.recognise_ink(inked(strokes, pen), strokes))
    assert {answer.text for answer in answers} == {str(digit)}
    for answer in answers[1:]:
        assert np.abs(answer.network_input - answers[0].network_input).mean() < 0.1


def test_a_pen_is_drawn_as_it_suits_the_height() -> None:
    for pen in (4.0, 14.0, 48.0):
        pieces = draw_strokes(written("11", 0.8, pen=pen))
        plane = pieces.group(0, 1)
        wide = plane[len(plane) // 2].sum() / pieces.height
        assert 1 / 10 - 0.03 <= wide <= 1 / 8 + 0.03


def test_the_cheapest_way_and_its_share() -> None:
    groups = [(0, 1), (0, 2), (1, 2)]
    chosen, share = cheapest(2, groups, np.array([1.0, 1.5, 1.0]))
    assert chosen == [1]
    assert share == pytest.approx(np.exp(-1.5) / (np.exp(-1.5) + np.exp(-2.0)))
    chosen, share = cheapest(2, groups, np.array([0.1, 9.0, 0.1]))
    assert chosen == [0, 2]
    assert share > 0.99
