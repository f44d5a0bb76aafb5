"""Numbers from pen strokes: whole strokes make digits, wherever they touch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from linear_network import linear_model
from pen_drawing import DIGITS, board, smooth

from mnist_draw.library.networks import default_model
from mnist_draw.recognition.answer import NumberAnswer, Scores
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


def read(recogniser: Recogniser, strokes: list[np.ndarray], **changes: float) -> NumberAnswer:
    """Read as the board does: after all ink was recognised as one digit."""
    ink = inked(strokes, strokes[0][0, 2])
    alone = replace(recogniser.recognise_ink(ink, strokes), **changes)
    return recogniser.read_number(ink, alone, strokes=strokes)


@pytest.mark.parametrize("text", ["4", "5", "10", "100", "166", "2026", "457", "314159"])
@pytest.mark.parametrize("gap", [0.12, 0.2, 0.3, 0.4])
def test_digits_are_read_however_close(recogniser: Recogniser, text: str, gap: float) -> None:
    strokes = written(text, gap)
    answer = recogniser.read_number(inked(strokes), strokes=strokes)
    assert answer.text == text
    assert {part.network_input.shape for part in answer.digits} == {(28, 28)}


@pytest.mark.parametrize("text", ["10", "11", "12", "13", "17", "71", "101", "110", "111"])
@pytest.mark.parametrize("gap", [0.2, 0.3, 0.6])
def test_ones_are_read_beside_wide_paper(recogniser: Recogniser, text: str, gap: float) -> None:
    assert read(recogniser, written(text, gap)).text == text


def test_boxes_lie_around_the_digits(recogniser: Recogniser) -> None:
    strokes = written("37", 0.4)
    for part, stroke in zip(read(recogniser, strokes).digits, strokes, strict=True):
        left, top, width, height = part.box
        points = stroke[:, :2]
        assert np.abs(points.min(axis=0) - (left, top)).max() < PEN
        assert np.abs(points.max(axis=0) - (left + width, top + height)).max() < PEN


def test_one_stroke_is_never_cut(recogniser: Recogniser) -> None:
    wave = np.linspace(0, 1, 120)
    letter_m = np.column_stack(
        [60 + 300 * wave, 150 - 80 * np.abs(np.sin(2.5 * np.pi * wave)), np.full(120, PEN)]
    )
    assert len(read(recogniser, [letter_m]).digits) == 1


def test_one_plain_digit_is_not_read_again(
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
    asked = []
    compute = recogniser.read

    def counting(inputs: np.ndarray, min_log_odds: float = -np.inf) -> Scores:
        asked.append(len(inputs))
        return compute(inputs, min_log_odds)

    monkeypatch.setattr(recogniser, "read", counting)
    without = read_number(recogniser, inked(strokes), strokes=strokes)
    given = read(recogniser, strokes)
    assert without.text == given.text == text
    assert given.confidence == pytest.approx(without.confidence, abs=1e-4)
    assert asked[1] == 1
    if len(strokes) <= MAX_STROKES:
        assert asked[2] == asked[0] - 1


def test_plain_several_digits_need_not_be_plain_digits(
    recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = written("37", 0.3)
    parts = [recogniser.recognise_ink(inked(strokes), [stroke]) for stroke in strokes]
    # One part looks like a digit, but hardly more than it must.
    least = min(part.log_odds for part in parts) - 0.5
    monkeypatch.setattr(recogniser, "refuses", lambda log_odds: log_odds < least)
    assert len(read(recogniser, strokes, several=-5.0).text) == 1
    assert read(recogniser, strokes, several=5.0).text == "37"


@pytest.mark.parametrize(
    ("text", "gap", "count"),
    # Many digits may look like none, and paper separates digits.
    [("37", 0.02, 1), ("37", 0.3, 2), ("11", 0.02, 1), ("11", 0.3, 2), ("4261", 0.02, 4)],
)
def test_few_strokes_that_are_hardly_several_digits_are_no_number(
    recogniser: Recogniser, text: str, gap: float, count: int
) -> None:
    assert len(read(recogniser, written(text, gap), several=-4.5).digits) == count


def test_a_percent_sign_is_no_number_but_a_line_may_rise(recogniser: Recogniser) -> None:
    pen, turn, along = 6.0, np.linspace(-np.pi / 2, 1.5 * np.pi, 60), np.linspace(0, 1, 60)

    def text_of(*lines: tuple[np.ndarray, np.ndarray]) -> str:
        return read(recogniser, [np.column_stack([*line, np.full(60, pen)]) for line in lines]).text

    bar = 150 - 60 * along, 50 + 120 * along
    round_about = 22 * np.cos(turn), 20 * np.sin(turn)
    assert text_of(bar) == "1"
    circles = [(x + round_about[0], y + round_about[1]) for x, y in ((60, 64), (182, 156))]
    assert text_of(circles[0], bar, circles[1]) == "?"
    zeros = [(x + 1.5 * round_about[0], 110 + 2 * round_about[1]) for x in (50, 190)]
    assert text_of(zeros[0], bar, zeros[1]) == "010"
    rising = written("17", 0.4)
    for stroke in rising:
        stroke[:, 1] += 110 - 0.8 * stroke[:, 0].mean()
    assert read_number(recogniser, inked(rising), strokes=rising).text == "17"


def test_two_lines_are_no_number(recogniser: Recogniser) -> None:
    above, below = written("12", 0.45), written("34", 0.45)
    high, wide = (np.ptp(np.concatenate(above)[:, axis]) for axis in (1, 0))
    for stroke in below:
        stroke[:, 1] += 1.3 * high
    assert read(recogniser, [*above, *below]).text == "?"
    # Beside each other they are one number.
    for stroke in below:
        stroke[:, :2] += 1.2 * wide, -1.3 * high
    strokes = [*above, *below]
    assert read_number(recogniser, inked(strokes), strokes=strokes).text == "1234"


@pytest.mark.parametrize("wide", [20, 30])
def test_a_one_with_a_flag_of_its_own_is_no_eleven(recogniser: Recogniser, wide: int) -> None:
    stem, *others = written("17", 0.45)
    x, y = stem[0, :2]
    along = np.linspace(0, 1, 30)
    flag = np.column_stack([x - wide * (1 - along), y + 20 * (1 - along), np.full(30, PEN)])
    assert read(recogniser, [flag, stem, *others]).text == "17"


def test_a_bar_that_is_added_at_the_end_finds_its_digit(recogniser: Recogniser) -> None:
    first, bar, *others = written("57", 0.3)
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
    assert (answer.text, answer.is_number, answer.strange) == ("23?", True, 1)
    assert answer.confidence == 0


def test_many_strokes_are_no_number(recogniser: Recogniser) -> None:
    assert len(read(recogniser, written("1" * (MAX_COUNT + 1), 0.1, 20, 3)).digits) == 1


def test_networks_of_other_classes_read_no_numbers() -> None:
    model = linear_model()
    clothes = Recogniser(ModelFile(model.network, model.parameters, {"refused": 0.9}))
    assert len(read(clothes, written("37", 0.4)).digits) == 1


@pytest.mark.parametrize("digit", [0, 2, 4, 5, 8])
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
