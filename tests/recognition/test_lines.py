"""Several lines of digits are told from one, and from digits of parts above each other."""

from __future__ import annotations

import numpy as np
import pytest
from pen_drawing import DIGITS, board, smooth

from mnist_draw.library.networks import default_network
from mnist_draw.recognition.glyphs import stroke_boxes
from mnist_draw.recognition.lines import (
    COLUMNS,
    FRACTION,
    SEVERAL_LINES,
    TOO_MANY,
    divide,
    page_of,
    read_lines,
    split,
)
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.stroke_reader import PenStroke


@pytest.fixture(scope="module")
def shipped() -> Recogniser:
    return Recogniser(default_network(print)[1], compiled=False)


def one(left: float, top: float, high: float = 100.0, lean: float = 0.0) -> PenStroke:
    """Return a stroke from top to bottom, as of a 1."""
    steps = np.linspace(0, 1, 20)
    return np.stack([left + lean * steps, top + high * steps, np.full(20, 12.0)], axis=1)


def written(digits: list[int], top: float) -> list[PenStroke]:
    """Return the strokes of a line of digits."""
    found = []
    for place, digit in enumerate(digits):
        for line in DIGITS[digit]:
            points = smooth(np.array(line)) * 100 + (110 * place + 20, top + 20)
            found.append(np.column_stack([points, np.full(len(points), 10.0)]))
    return found


def board_of(strokes: list[PenStroke]) -> np.ndarray:
    return board([stroke[:, :2] for stroke in strokes], 10.0, side=420)


def circle(x: float, y: float, radius: float) -> PenStroke:
    angles = np.linspace(0, 2 * np.pi, 30)
    across = x + radius * np.cos(angles)
    down = y + radius * np.sin(angles)
    return np.stack([across, down, np.full(30, 12.0)], axis=1)


NINE = [one(60 * column, 160 * row) for row in range(3) for column in range(3)]


@pytest.mark.parametrize(
    ("strokes", "lines"),
    [
        ([], 1),
        ([one(0, 0)], 1),
        ([one(60 * column, 0) for column in range(5)], 1),
        (NINE, 3),
        (NINE[:6], 2),
        # Lines need not have equal numbers of digits.
        ([*NINE[:3], one(0, 160), one(60, 160)], 2),
        # One digit above another may be one of two parts.
        ([circle(50, 25, 25), circle(50, 75, 25)], 1),
        # So may two of them: the circles of 88 touch.
        ([circle(x, y, 25) for x in (50, 150) for y in (25, 75)], 1),
        # The hats of two fives are too low for a line.
        ([one(0, 20), one(0, 0, 5, 40), one(90, 20), one(90, 0, 5, 40)], 1),
        # A number that climbs.
        ([one(60 * column, 400 - 60 * column) for column in range(5)], 1),
    ],
)
def test_lines_are_counted(strokes: list[PenStroke], lines: int) -> None:
    assert len(divide(stroke_boxes(strokes)).members) == lines


def test_lines_are_named_with_the_reason_why_they_are_not_read(shipped: Recogniser) -> None:
    ink = np.zeros((500, 300), np.uint8)
    for stroke in NINE:
        rows = np.rint(stroke[:, 1]).astype(int) + 10
        column = int(stroke[0, 0]) + 10
        ink[rows.min() : rows.max(), column : column + 12] = 255
    answer = shipped.recognise_ink(ink, NINE)
    assert answer.digit is None
    assert answer.certainty.word == "3 lines"
    assert answer.certainty.line == SEVERAL_LINES
    assert not shipped.read_number(ink, answer, strokes=NINE).is_number


BAR = np.stack([np.linspace(0, 140, 20), np.full(20, 130.0), np.full(20, 12.0)], axis=1)


@pytest.mark.parametrize(
    ("strokes", "objection"),
    [
        ([*NINE[:2], BAR, *NINE[3:5]], FRACTION),
        # A bar below all is a line below the digits.
        ([*NINE[:2], BAR], ""),
        ([one(x, 160 * row) for row in range(3) for x in (0, 60, 400, 460)], COLUMNS),
        # Only one line has the gap: it is a space.
        ([*NINE, one(400, 0)], ""),
        ([one(60 * column, 160 * row) for row in range(13) for column in (0, 1)], TOO_MANY),
    ],
)
def test_what_is_not_read_line_by_line_is_refused_with_a_reason(
    strokes: list[PenStroke],
    objection: str,
) -> None:
    assert divide(stroke_boxes(strokes)).objection == objection


def test_dots_and_hats_belong_to_the_nearest_line() -> None:
    dot = one(30, 95, 5)
    hat = one(60, 150, 4, 40)
    assert divide(stroke_boxes([*NINE[:6], dot, hat])).members == [[0, 1, 2, 6], [3, 4, 5, 7]]


def test_a_page_is_read_line_by_line(shipped: Recogniser) -> None:
    first = written([7, 2], 0)
    second = written([4, 0, 3], 180)
    strokes = [*first, *second]
    ink = board_of(strokes)
    lines = read_lines(shipped, ink)
    assert [line.text for line in lines] == ["72", "403"]
    of_strokes = [shipped.read_number(own, strokes=drawn) for own, drawn in split(ink, strokes)]
    assert [line.text for line in of_strokes] == ["72", "403"]
    assert page_of(lines).text == "72\n403"
    assert not split(board_of(first), first)


def test_a_number_whose_end_stands_lower_is_one_line_on_request(shipped: Recogniser) -> None:
    lower = [stroke + np.array([220, 0, 0]) for stroke in written([4, 0], 140)]
    strokes = [*written([7, 2], 0), *lower]
    ink = board_of(strokes)
    assert shipped.recognise_ink(ink, strokes).lines == 2
    answer = shipped.recognise_ink(ink, strokes, is_one_line=True)
    assert answer.lines == 1
    assert shipped.read_number(ink, answer, strokes=strokes).text == "7240"


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("digits", [[3], [7, 2]])
def test_what_is_underlined_is_read(
    shipped: Recogniser,
    digits: list[int],
    lines: int,
    known: bool,
) -> None:
    strokes = written(digits, 0)
    right = 110.0 * len(digits) + 10
    for place in range(lines):
        below = np.stack([np.linspace(10, right, 20), np.full(20, 145.0 + 30 * place)], axis=1)
        strokes.append(np.column_stack([below, np.full(20, 10.0)]))
    ink = board_of(strokes)
    drawn = strokes if known else None
    answer = shipped.recognise_ink(ink, drawn)
    text = "".join(map(str, digits))
    assert shipped.read_number(ink, answer, strokes=drawn).text == text
    assert len(digits) > 1 or answer.text == text


def test_a_low_bar_of_a_sign_is_no_line_below_it(shipped: Recogniser) -> None:
    equals = [one(0, 0)[:, [1, 0, 2]] + (20, 60 * row + 60, 0) for row in (0, 1)]
    assert shipped.recognise_ink(board_of(equals), equals).text == "?"
    corner = [one(60, 20), one(0, 0)[:, [1, 0, 2]] + (60, 125, 0)]
    assert shipped.recognise_ink(board_of(corner), corner).rest is None


@pytest.mark.parametrize("known", [True, False])
def test_the_foot_of_a_digit_is_no_line_below_it(shipped: Recogniser, known: bool) -> None:
    neck = [(0.2, 0.25), (0.35, 0.05), (0.6, 0.05), (0.7, 0.25), (0.55, 0.55), (0.2, 0.95)]
    foot = [(0.15, 1.05), (0.75, 1.05)]
    curves = [smooth(np.array(line)) * 100 + 20 for line in (neck, foot)]
    strokes = [np.column_stack([points, np.full(len(points), 10.0)]) for points in curves]
    ink = board_of(strokes)
    drawn = strokes if known else None
    answer = shipped.recognise_ink(ink, drawn)
    assert answer.certainty.is_named_alone
    assert shipped.read_number(ink, answer, strokes=drawn).text == answer.text == "2"
