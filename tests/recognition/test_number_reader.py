"""Numbers: cut from ink or read from strokes, and one digit never made several."""

from dataclasses import replace

import numpy as np
import pytest
from linear_network import linear_model
from pen_drawing import DIGITS, board, number, smooth

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.library.networks import default_model
from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer
from mnist_draw.recognition.lines import SEVERAL_LINES
from mnist_draw.recognition.number_reader import MAX_PIECES, read_number
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.recognition.stroke_reader import curved
from mnist_draw.storage import ModelFile

PEN = 13.0


@pytest.fixture(scope="module")
def recogniser():
    return Recogniser(linear_model())


def _enlarged(image, times=6):
    return np.kron(image, np.ones((times, times), np.uint8))


@pytest.mark.parametrize("text", ["10", "2026", "31", "700", "11", "42"])
def test_numbers_with_clear_gaps_have_their_digits_in_place(recogniser, text):
    # How many digits and where is the matter here: what each one is depends on the network.
    ink, spans = number(text, PEN)
    answer = read_number(recogniser, ink)
    assert len(answer.digits) == len(text)
    for part, (left, right) in zip(answer.digits, spans, strict=True):
        x, y, width, height = part.box
        assert (x, x + width) == pytest.approx((left, right), abs=4)
        assert (y, y + height) == pytest.approx((150 - PEN / 2, 250 + PEN / 2), abs=12)


def test_numbers_of_mnist_digits_are_read(recogniser):
    data = load_dataset()
    probabilities = recogniser.predict(data.test_images[:400].astype(np.float32) / 256)
    sure = np.flatnonzero(
        (probabilities.argmax(axis=1) == data.test_labels[:400])
        & (probabilities.max(axis=1) > 0.85),
    )
    right = 0
    for start in range(0, 60, 3):
        chosen = sure[start : start + 3]
        ink = np.zeros((200, 600), np.uint8)
        for place, index in enumerate(chosen):
            digit = _enlarged(data.test_images[index, 0])
            ink[16:184, 20 + 180 * place : 188 + 180 * place] = digit
        answer = read_number(recogniser, ink)
        right += answer.text == "".join(str(data.test_labels[index]) for index in chosen)
    assert right >= 17


def test_a_first_stroke_is_one_digit_and_each_of_a_number_says_what_was_seen(recogniser):
    ink, _ = number("42", PEN)
    alone = recogniser.recognise_ink(ink)
    answer = read_number(recogniser, ink, alone, beginning=True)
    assert [part.digit for part in answer.digits] == [alone.digit]
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    left, top, width, height = answer.digits[0].box
    assert (left, left + width) == (columns[0], columns[-1] + 1)
    assert (top, top + height) == (rows[0], rows[-1] + 1)
    for beginning in (False, True):
        empty = np.zeros((9, 9), np.uint8)
        assert read_number(recogniser, empty, beginning=beginning) == NumberAnswer("", ())
    ink, _ = number("42", PEN)
    answer = read_number(recogniser, ink)
    assert len(answer.digits) == 2
    for part in answer.digits:
        x, y, width, height = part.box
        alone = recogniser.recognise_ink(ink[y : y + height, x : x + width])
        # Numbers are cut on a coarser grid.
        alike = np.corrcoef(part.network_input.ravel(), alone.network_input.ravel())[0, 1]
        assert alike > 0.98
        assert part.probabilities.argmax() == part.digit
        assert part.probabilities.max() == pytest.approx(part.confidence)
        assert part.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_touching_digits_are_cut_and_one_digit_is_not(recogniser):
    images = load_dataset().test_images[:200, 0]
    answers = [read_number(recogniser, _enlarged(image)) for image in images]
    assert sum(len(answer.digits) > 1 for answer in answers) <= 2
    alone = recogniser.recognise_ink(_enlarged(images[0]))
    assert answers[0].text == str(alone.digit) == "7"
    assert answers[0].digits[0].confidence == pytest.approx(alone.confidence)
    assert not answers[0].is_number
    inks = [number(text, PEN, height=150, gap=-6)[0] for text in ("10", "30", "02", "38")]
    assert [len(read_number(recogniser, ink).digits) for ink in inks].count(2) >= 3


@pytest.mark.parametrize("gap", [1.5, 8.0])
def test_strokes_of_one_digit_stay_together(recogniser, gap):
    (body, bar), (corner, stem) = DIGITS[5], DIGITS[4]
    detached = [body, [(x + 0.1, y - gap / 100) for x, y in bar]]
    for digit in (detached, [[(x - gap / 100, y) for x, y in corner[:4]], stem]):
        ink = board(digit, 10, scale=150, at=(80, 80))
        assert len(read_number(recogniser, ink).digits) == 1


def test_junk_is_no_number_and_place_and_size_do_not_matter(recogniser):
    turns = np.linspace(0, 2 * np.pi, 30)
    face = [
        [(0.5 + 0.5 * np.cos(t), 0.5 + 0.5 * np.sin(t)) for t in turns],
        [(0.35, 0.3), (0.35, 0.4)],
        [(0.65, 0.3), (0.65, 0.4)],
        [(0.3, 0.65), (0.5, 0.8), (0.7, 0.65)],
    ]
    answer = read_number(recogniser, board(face, 8, scale=180, at=(60, 60)))
    assert (answer.text, answer.is_number, answer.digits[0].confidence) == ("?", False, 0)
    square, wide = np.zeros((300, 300), np.uint8), np.zeros((60, 2000), np.uint8)
    square[50:250, 50:250] = 255
    wide[10:50, 10:1990:40] = 255
    assert MAX_PIECES < 1990 // 40
    specks = np.zeros((300, 300), np.uint8)
    for row in range(20, 280, 40):
        for column in range(20, 280, 40):
            specks[row : row + 14, column : column + 14] = 255
    for ink in (square, specks, wide):
        assert read_number(recogniser, ink).text == "?"
    ink, _ = number("207", PEN)
    expected = read_number(recogniser, ink)
    moved = read_number(recogniser, np.pad(ink, ((300, 0), (0, 500))))
    larger = read_number(recogniser, np.kron(ink, np.ones((3, 3), np.uint8)))
    bright = read_number(recogniser, ink.astype(np.float32) / 510)
    assert expected.text == moved.text == larger.text == bright.text
    for part, other in zip(expected.digits, moved.digits, strict=True):
        assert other.box == (part.box[0], part.box[1] + 300, *part.box[2:])
        assert other.confidence == pytest.approx(part.confidence, abs=1e-3)


def test_confidence_of_a_number_is_that_of_all_its_digits():
    one, two = DigitAnswer(1, 0.9, (0, 0, 1, 1)), DigitAnswer(2, 0.5, (2, 0, 1, 1))
    odd = DigitAnswer(None, 0.0, (4, 0, 1, 1))
    assert NumberAnswer("12", (one, two)).confidence == pytest.approx(0.45)
    assert NumberAnswer("12", (one, two), share=0.5).confidence == pytest.approx(0.225)
    assert NumberAnswer("12?", (one, two, odd)).confidence == NumberAnswer("", ()).confidence == 0
    numbers = {"12": (one, two), "12?": (one, two, odd), "1?": (one, odd), "1??": (one, odd, odd)}
    found = {text for text, parts in numbers.items() if NumberAnswer(text, parts).is_number}
    assert found == {"12", "12?"}


# -- from strokes


LINE = 18.0


@pytest.fixture(scope="module")
def shipped():
    return Recogniser(default_model())


def written(text, gap, height=100.0, pen=LINE):
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


def inked(strokes, pen=LINE):
    return board([[tuple(point) for point in stroke[:, :2]] for stroke in strokes], pen, side=700)


def read(shipped, strokes, **changes):
    """Read as the board does: after all ink was recognised as one digit."""
    ink = inked(strokes, strokes[0][0, 2])
    alone = replace(shipped.recognise_ink(ink, strokes), **changes)
    return shipped.read_number(ink, alone, strokes=strokes)


@pytest.mark.parametrize("text", ["4", "5", "10", "100", "166", "2026", "457", "314159"])
@pytest.mark.parametrize("gap", [0.12, 0.4])
def test_digits_are_read_however_close(shipped, text, gap):
    strokes = written(text, gap)
    answer = shipped.read_number(inked(strokes), strokes=strokes)
    assert answer.text == text
    assert {part.network_input.shape for part in answer.digits} == {(28, 28)}


@pytest.mark.parametrize("text", ["10", "11", "12", "13", "17", "71", "101", "110", "111"])
@pytest.mark.parametrize("gap", [0.2, 0.6])
def test_ones_are_read_beside_wide_paper(shipped, text, gap):
    assert read(shipped, written(text, gap)).text == text


@pytest.mark.parametrize("text", ["10", "71", "211", "911", "3131"])
def test_leaning_digits_are_apart_where_their_boxes_overlap(shipped, text):
    strokes = written(text, 0.12)
    for stroke in strokes:
        stroke[:, 0] += 0.45 * (160 - stroke[:, 1])
    assert read(shipped, strokes).text == text


def test_a_stroke_of_its_own_at_the_top_makes_a_five(shipped):
    along, turn = np.linspace(0, 1, 40), np.linspace(-2.0, 2.4, 40)
    bow = np.concatenate([205 - 2 * along, 230 + 28 * np.cos(turn)])
    down = np.concatenate([78 + 25 * along, 125 + 35 * np.sin(turn)])
    lines = [
        (100 + 0 * along, 60 + 100 * along),
        (bow, down),
        (205 + 55 * along, 75 + 0 * along),
    ]
    strokes = [np.column_stack([*line, np.full(len(line[0]), 14.0)]) for line in lines]
    assert read(shipped, strokes).text == "15"


@pytest.mark.parametrize(
    ("known", "degrees", "text"),
    [
        *[
            (False, -35, "?"),
            (False, -15, "1"),
            (False, 0, "1"),
            (False, 35, "1"),
            (False, 55, "?"),
        ],
        *[(True, -35, "?"), (True, -15, "1"), (True, 0, "1"), (True, 20, "1"), (True, 80, "?")],
    ],
)
def test_a_line_alone_that_leans_far_is_no_one(shipped, known, degrees, text):
    along = np.linspace(100, 0, 40)
    x, y = np.sin(np.radians(degrees)), -np.cos(np.radians(degrees))
    strokes = [np.column_stack([150 + x * along, 160 + y * along, np.full(40, 12.0)])]
    ink = inked(strokes, 12.0)
    assert shipped.recognise_ink(ink, strokes if known else None).text == text


def test_a_digit_of_a_number_that_is_written_like_a_letter_names_it(shipped):
    digits = written("34", 1.6)
    bows = ((0, 0), (50, 3), (62, 27), (45, 48), (5, 55), (58, 68), (70, 88), (50, 98), (0, 100))
    stem = smooth(np.array([(0, 0), (0, 100)]))
    left = min(float(stroke[:, 0].max()) for stroke in digits) + 45
    top = min(float(stroke[:, 1].min()) for stroke in digits)
    place = np.array([left, top])
    strokes = [stem, smooth(np.array(bows, float))]
    letter = [np.column_stack([s + place, np.full(len(s), LINE)]) for s in strokes]
    found = read(shipped, [digits[0], *letter, *digits[1:]])
    assert (found.text, [part.letter for part in found.digits]) == ("384", ["", "B", ""])


def test_boxes_lie_around_the_digits_and_no_stroke_is_cut(shipped):
    strokes = written("37", 0.4)
    for part, stroke in zip(read(shipped, strokes).digits, strokes, strict=True):
        left, top, width, height = part.box
        points = stroke[:, :2]
        assert np.abs(points.min(axis=0) - (left, top)).max() < LINE
        assert np.abs(points.max(axis=0) - (left + width, top + height)).max() < LINE
    wave = np.linspace(0, 1, 120)
    letter_m = np.column_stack(
        [60 + 300 * wave, 150 - 80 * np.abs(np.sin(2.5 * np.pi * wave)), np.full(120, LINE)],
    )
    assert len(read(shipped, [letter_m]).digits) == 1
    # Nor are many strokes a number, or what a network of other classes reads.
    assert len(read(shipped, written("1" * (MAX_PIECES + 1), 0.1, 20, 3)).digits) == 1
    model = linear_model()
    clothes = Recogniser(ModelFile(model.network, model.parameters, {"refused": 0.9}))
    assert len(read(clothes, written("37", 0.4)).digits) == 1


def test_plain_several_digits_need_not_be_plain_digits(shipped, monkeypatch):
    strokes = written("37", 0.3)
    weakest = min(shipped.recognise_ink(inked([s]), [s]).log_odds for s in strokes)
    # All parts look like digits, but hardly more than they must.
    monkeypatch.setattr(shipped, "margins", lambda by: np.minimum(by.log_odds - weakest + 0.5, 0.5))
    assert len(read(shipped, strokes, several=-5.0).text) == 1
    assert read(shipped, strokes, several=5.0).text == "37"
    # A plain digit speaks for one beside it that would be refused alone.
    monkeypatch.setattr(shipped, "margins", lambda by: 9 * (by.log_odds - weakest) - 0.1)
    assert read(shipped, strokes, several=-1.0).text == "37"


@pytest.mark.parametrize(
    ("corner", "stem"),
    [
        ([(30, 60), (30, 75), (30, 125), (50, 125)], [(57, 75), (27, 160)]),
        ([(40, 60), (38, 75), (30, 100), (60, 100)], [(44, 60), (34, 160)]),
        # Beside each other, but together more like a digit than each is.
        ([(70, 60), (62, 75), (30, 120), (75, 120)], [(84, 60), (84, 160)]),
    ],
)
def test_two_strokes_of_a_four_stay_together(shipped, corner, stem):
    four = [smooth(np.array(points)) for points in (corner, stem)]
    strokes = [np.column_stack([points, np.full(len(points), LINE)]) for points in four]
    (three,) = written("3", 0)
    three[:, 0] += 88
    assert read(shipped, [*strokes, three]).text == "43"


def test_a_percent_sign_and_two_lines_are_no_number(shipped):
    pen, turn, along = 6.0, np.linspace(-np.pi / 2, 1.5 * np.pi, 60), np.linspace(0, 1, 60)

    def text_of(*lines):
        return read(shipped, [np.column_stack([*line, np.full(60, pen)]) for line in lines]).text

    bar = 150 - 60 * along, 50 + 120 * along
    round_about = 22 * np.cos(turn), 20 * np.sin(turn)
    assert text_of(bar) == "1"
    circles = [(x + round_about[0], y + round_about[1]) for x, y in ((60, 64), (182, 156))]
    assert text_of(circles[0], bar, circles[1]) == "?"
    zeros = [(x + 1.5 * round_about[0], 110 + 2 * round_about[1]) for x in (50, 190)]
    assert text_of(zeros[0], bar, zeros[1]) == "0?0"
    rising = written("17", 0.4)
    for stroke in rising:
        stroke[:, 1] += 110 - 0.8 * stroke[:, 0].mean()
    assert read_number(shipped, inked(rising), strokes=rising).text == "17"
    above, below = written("12", 0.45), written("34", 0.45)
    high, wide = (np.ptp(np.concatenate(above)[:, axis]) for axis in (1, 0))
    for stroke in below:
        stroke[:, 1] += 1.3 * high
    lines = [*above, *below]
    assert read(shipped, lines).text == "?"
    # So it is on a picture, and the answer says why.
    assert read_number(shipped, inked(lines)).text == "?"
    assert shipped.recognise_ink(inked(lines), lines).objection == SEVERAL_LINES
    # Beside each other they are one number.
    for stroke in below:
        stroke[:, :2] += 1.2 * wide, -1.3 * high
    strokes = [*above, *below]
    assert read_number(shipped, inked(strokes), strokes=strokes).text == "1234"


@pytest.mark.parametrize("wide", [20, 30])
def test_a_one_with_a_flag_of_its_own_is_no_eleven(shipped, wide):
    stem, *others = written("17", 0.45)
    x, y = stem[0, :2]
    along = np.linspace(0, 1, 30)
    flag = np.column_stack([x - wide * (1 - along), y + 20 * (1 - along), np.full(30, LINE)])
    assert read(shipped, [flag, stem, *others]).text == "17"


def test_late_bars_and_strange_parts(shipped):
    first, bar, *others = written("57", 0.3)
    strokes = [first, *others, bar]
    assert read_number(shipped, inked(strokes), strokes=strokes).text == "57"
    strokes = written("23", 0.4)
    right = strokes[-1][:, 0].max() + 50
    corners = np.array([(0, 0), (22, 95), (45, 30), (68, 95), (90, 0)]) + np.array([right, 62])
    along = np.linspace(0, 4, 80)
    letter_w = np.column_stack(
        [np.interp(along, np.arange(5), corners[:, axis]) for axis in (0, 1)] + [np.full(80, LINE)],
    )
    strokes.append(letter_w)
    answer = read_number(shipped, inked(strokes), strokes=strokes)
    assert (answer.text, answer.is_number, answer.strange) == ("23?", True, 1)
    assert answer.confidence == 0


def marked(text, gap=0.35):
    """Return the strokes of digits with points, commas, minuses and slashes between them."""
    along, strokes, x = np.linspace(0, 1, 20), [], 30.0
    signs = {
        ".": (0 * along, 0.97 + 0.03 * along),
        ",": (0.08 - 0.08 * along, 0.9 + 0.25 * along),
        "-": (0.4 * along, 0.5 + 0 * along),
        "/": (0.75 * along, 1.1 - 1.2 * along),
    }
    for character in text:
        if character in signs:
            across, down = signs[character]
            part = [np.column_stack([100 * across, 60 + 100 * down, np.full(20, 10.0)])]
        else:
            part = [stroke - (30, 0, 0) for stroke in written(character, 0, pen=10)]
        strokes += [np.add(stroke, (x, 0, 0)) for stroke in part]
        x = max(stroke[:, 0].max() for stroke in strokes) + 100 * gap
    return strokes


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("text", ["2.5", "12.50", "3,8", "-12", "-0.5", "7.", "0.07"])
def test_signs_are_read_where_they_are_wanted_and_never_lost(shipped, text, known):
    strokes = marked(text)
    ink = inked(strokes, 10.0)
    strokes = strokes if known else None
    answer = shipped.read_number(ink, strokes=strokes, decimals=True)
    assert (answer.text, answer.is_number, answer.strange) == (text, True, 0)
    assert answer.confidence > 0.5
    answer = shipped.read_number(ink, strokes=strokes)
    assert answer.text == text.translate(dict.fromkeys(map(ord, ".,-"), "?"))
    assert (answer.is_number, answer.confidence) == (True, 0)


@pytest.mark.parametrize("text", ["1.2.3", "12-3", "4-"])
def test_strokes_show_every_sign_and_a_picture_that_of_a_number(shipped, text):
    strokes = marked(text)
    ink = inked(strokes, 10.0)
    assert shipped.read_number(ink, strokes=strokes, decimals=True).text == text
    answer = shipped.read_number(ink, decimals=True)
    assert answer.text == text.translate(dict.fromkeys(map(ord, ".-"), "?"))


@pytest.mark.parametrize("known", [True, False])
def test_a_slash_between_digits_is_no_one(shipped, known):
    strokes = marked("1/2", gap=0.2)
    answer = shipped.read_number(inked(strokes, 10.0), strokes=strokes if known else None)
    assert (answer.text, answer.confidence) == ("1?2", 0)


def sheared(strokes, slant):
    """Return strokes that lean by so much of their height to the right."""
    return [stroke - (slant * (stroke[:, 1:2] - 160)) * (1, 0, 0) for stroke in strokes]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("slant", [-0.2, 0.2])
@pytest.mark.parametrize("text", ["4/2", "12/24", "3/14"])
def test_a_slash_is_told_by_its_lean_and_height_beside_the_digits(shipped, text, slant, known):
    strokes = sheared(marked(text, gap=0.2), slant)
    ink = inked(strokes, 10.0)
    strokes = strokes if known else None
    assert shipped.read_number(ink, strokes=strokes).text == text.replace("/", "?")
    assert shipped.read_number(ink, strokes=strokes, decimals=True).text == text


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("text", ["412", "2114", "711"])
def test_a_one_that_leans_as_its_neighbors_do_is_no_slash(shipped, text, known):
    strokes = sheared(written(text, 0.25, pen=10.0), 0.35)
    ink = inked(strokes, 10.0)
    assert shipped.read_number(ink, strokes=strokes if known else None).text == text


def beside(sign, digits, is_first):
    """Return a sign of straight lines beside digits on a line 100 high."""
    lines = {
        "+": [((0, 50), (60, 50)), ((30, 20), (30, 80))],
        "=": [((0, 35), (55, 35)), ((0, 65), (55, 65))],
        "-": [((0, 50), (45, 50))],
        "#": [
            *[((25, 0), (15, 100)), ((60, 0), (50, 100))],
            *[((0, 35), (75, 35)), ((0, 68), (75, 68))],
        ],
    }[sign]
    drawn = [np.linspace(*line, 30) + np.array([0, 60]) for line in lines]
    strokes = [np.column_stack([line, np.full(len(line), 10.0)]) for line in drawn]
    number = written(digits, 0.3, pen=10)
    groups = [strokes, number] if is_first else [number, strokes]
    x = 30.0
    for group in groups:
        every = np.concatenate(group)
        for stroke in group:
            stroke[:, 0] += x - every[:, 0].min()
        x += np.ptp(every[:, 0]) + 32
    return [*groups[0], *groups[1]]


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("digits", ["3", "28"])
@pytest.mark.parametrize("sign", ["+", "=", "-", "#"])
def test_a_sign_beside_digits_is_not_their_own(shipped, sign, digits, is_first):
    strokes = beside(sign, digits, is_first)
    answer = read(shipped, strokes)
    assert answer.text == (f"?{digits}" if is_first else f"{digits}?")
    assert (answer.is_number, answer.confidence) == (True, 0)
    # The sign alone is refused.
    alone = beside(sign, "3", True)[: -len(written("3", 0))]
    assert read(shipped, alone).text == "?"


@pytest.mark.parametrize("count", [1, 2])
def test_a_line_shorter_than_the_pen_is_wide_is_no_one(shipped, count):
    def answers(length, pen):
        along = np.linspace(0, length, 15)
        stroke = np.column_stack([150 + 0.1 * along, 160 + along, np.full(15, pen)])
        strokes = [stroke + np.array([2 * pen * n, 0, 0]) for n in range(count)]
        ink = inked(strokes, pen)
        alone = shipped.recognise_ink(ink, strokes)
        number = shipped.read_number(ink, alone, strokes=strokes)
        return number.text if number.is_number else alone.text

    for pen in (8.0, 18.0):
        assert [answers(length * pen, pen) for length in (0.3, 0.6, 0.9)] == ["?"] * 3
        assert count > 1 or answers(3 * pen, pen) == "1"


@pytest.mark.parametrize("known", [True, False])
def test_small_ink_beside_a_digit_is_not_its_own(shipped, known):
    (eight,), (one,) = written("8", 0, height=200), written("1", 0, height=60)
    one = np.add(one, (eight[:, 0].max() + 40 - one[:, 0].min(), 0, 0))
    strokes = [eight, one]
    answer = shipped.read_number(inked(strokes), strokes=strokes if known else None)
    assert answer.is_number
    assert answer.text in ("8?", "81")
    assert answer.digits[0].digit == 8


@pytest.mark.parametrize("text", ["20", "36", "203", "6028"])
def test_a_stroke_may_hold_several_digits(shipped, text):
    strokes = written(text, 0.3)
    link = np.linspace(strokes[0][-1], strokes[1][0], 12)[1:-1]
    strokes[:2] = [np.concatenate([strokes[0], link, strokes[1]])]
    answer = read(shipped, strokes)
    assert answer.text == text
    first, second = (part.box for part in answer.digits[:2])
    assert first[0] < second[0]
    assert first[0] + first[2] < second[0] + second[2]


def test_an_exclamation_mark_is_no_number(shipped):
    pen, along = 10.0, np.linspace(0, 1, 20)
    line, dot = (
        np.column_stack([80 + x + 0 * along, y, np.full(20, pen)])
        for x, y in ((0, 100 * along), (0, 130 + along))
    )
    assert read(shipped, [line, dot]).text == "?"


@pytest.mark.parametrize("digit", [0, 2, 4, 5, 8])
def test_the_pen_that_was_chosen_changes_nothing(shipped, digit):
    answers = []
    for pen in (4.0, 10.0, 18.0, 40.0):
        strokes = written(str(digit), 0.3, height=160, pen=pen)
        answers.append(shipped.recognise_ink(inked(strokes, pen), strokes))
    assert {answer.text for answer in answers} == {str(digit)}
    for answer in answers[1:]:
        assert np.abs(answer.network_input - answers[0].network_input).mean() < 0.1


@pytest.mark.parametrize("text", ["1", "2", "3", "5", "7", "8"])
def test_a_small_digit_owes_nothing_to_the_pen_that_was_chosen(shipped, text):
    fine, wide = (written(text, 0.3, height=24, pen=pen) for pen in (3.0, 18.0))
    answers = [
        shipped.recognise_ink(inked(strokes, strokes[0][0, 2]), strokes) for strokes in (fine, wide)
    ]
    assert [answer.text for answer in answers] == [text] * 2


def test_points_far_apart_are_joined_by_curves():
    turn = np.linspace(0, 2 * np.pi, 8)
    circle = np.column_stack([200 + 50 * np.cos(turn), 200 + 50 * np.sin(turn), np.full(8, 9.0)])
    (smoothed,) = curved([circle])
    radii = np.hypot(*(smoothed[:, :2] - 200).T)
    assert len(smoothed) > 20
    # Lines would be 5 nearer to the middle.
    assert np.abs(radii - 50).max() < 4
    # What has many points stays as it is.
    assert len(curved([smoothed])[0]) == len(smoothed)


#: Lines of signs and letters, the line from 0 to 1.
SHAPES = {
    "/": [[(0.55, -0.15), (0, 1.2)]],
    "%": [
        [(0.2, 0.05), (0.05, 0.2), (0.2, 0.35), (0.33, 0.2), (0.2, 0.05)],
        [(0.75, 0), (0.05, 1)],
        [(0.7, 0.65), (0.55, 0.8), (0.7, 0.97), (0.85, 0.8), (0.7, 0.65)],
    ],
    "(": [[(0.3, -0.15), (0.05, 0.25), (0.02, 0.7), (0.28, 1.2)]],
    ")": [[(0, -0.15), (0.25, 0.25), (0.28, 0.7), (0.02, 1.2)]],
    "$": [
        [(0.55, 0.15), (0.3, 0), (0.05, 0.2), (0.3, 0.5), (0.6, 0.75), (0.3, 1), (0, 0.85)],
        [(0.3, -0.2), (0.3, 1.2)],
    ],
    ":": [[(0, 0.35), (0.02, 0.38)], [(0, 0.9), (0.02, 0.93)]],
    "+": [[(0.3, 0.2), (0.3, 0.8)], [(0, 0.5), (0.6, 0.5)]],
    "=": [[(0, 0.4), (0.55, 0.4)], [(0, 0.65), (0.55, 0.65)]],
    "h": [[(0, 0), (0, 1)], [(0, 0.6), (0.3, 0.45), (0.45, 0.6), (0.45, 1)]],
    "a": [[(0.4, 0.5), (0.1, 0.45), (0, 0.8), (0.2, 1), (0.4, 0.8), (0.42, 0.45), (0.5, 1)]],
    "v": [[(0, 0.4), (0.22, 1), (0.45, 0.4)]],
    "e": [[(0.02, 0.7), (0.4, 0.65), (0.3, 0.42), (0.05, 0.55), (0.1, 0.95), (0.45, 0.95)]],
}


def signed(text, gap=0.25):
    """Return the strokes of digits, signs and letters side by side."""
    strokes, x = [], 30.0
    for character in text:
        if character in SHAPES:
            lines = [smooth(np.array(line, float)) * 100 + (0, 60) for line in SHAPES[character]]
            part = [np.column_stack([line, np.full(len(line), 10.0)]) for line in lines]
        else:
            part = [stroke - (30, 0, 0) for stroke in written(character, 0, pen=10)]
        strokes += [np.add(stroke, (x, 0, 0)) for stroke in part]
        x = max(stroke[:, 0].max() for stroke in strokes) + 100 * gap
    return strokes


@pytest.mark.parametrize("text", ["09/18/93", "60%", "(40)", "$57", "8:45", "5+4=9"])
def test_signs_are_no_digits(shipped, text):
    strokes = signed(text)
    answer = shipped.read_number(inked(strokes, 10.0), strokes=strokes)
    assert answer.text == "".join(c if c.isdigit() else "?" for c in text)
    assert answer.confidence == 0
    assert shipped.read_number(inked(strokes, 10.0), strokes=strokes, decimals=True).text == text


def test_a_word_is_no_number(shipped):
    strokes = signed("have")
    answer = shipped.read_number(inked(strokes, 10.0), strokes=strokes)
    assert (answer.text, answer.is_number) == ("?", False)
