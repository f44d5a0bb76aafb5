"""Whole numbers: cut, read from left to right, and one digit never made several."""

from __future__ import annotations

import numpy as np
import pytest
from linear_network import linear_model
from pen_drawing import DIGITS, board, number

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer
from mnist_draw.recognition.number_reader import MAX_PIECES, read_number
from mnist_draw.recognition.pieces import cut_in_pieces, find_seams
from mnist_draw.recognition.recogniser import Recogniser

PEN = 13.0


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    return Recogniser(linear_model())


def _enlarged(image: np.ndarray, times: int = 6) -> np.ndarray:
    return np.kron(image, np.ones((times, times), np.uint8))


def test_nothing(recogniser: Recogniser) -> None:
    assert read_number(recogniser, np.zeros((300, 300), np.uint8)) == NumberAnswer("", ())


@pytest.mark.parametrize("text", ["10", "2026", "31", "700", "11", "42"])
def test_numbers_with_clear_gaps_have_their_digits_in_place(
    recogniser: Recogniser, text: str
) -> None:
    # How many digits and where is the matter here: what each one is depends on the network.
    ink, spans = number(text, PEN)
    answer = read_number(recogniser, ink)
    assert len(answer.digits) == len(text)
    for part, (left, right) in zip(answer.digits, spans, strict=True):
        x, y, width, height = part.box
        assert abs(x - left) <= 4
        assert abs(x + width - right) <= 4
        assert abs(y - (200 - 50 - PEN / 2)) <= 12
        assert abs(y + height - (200 + 50 + PEN / 2)) <= 12


def test_numbers_of_mnist_digits_are_read(recogniser: Recogniser) -> None:
    data = load_dataset()
    probabilities = recogniser.predict(data.test_images[:400].astype(np.float32) / 256)
    sure = np.flatnonzero(
        (probabilities.argmax(axis=1) == data.test_labels[:400])
        & (probabilities.max(axis=1) > 0.85)
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


def test_a_first_stroke_is_one_digit_until_it_ends(recogniser: Recogniser) -> None:
    ink, _ = number("42", PEN)
    alone = recogniser.recognise_ink(ink)
    answer = read_number(recogniser, ink, alone, beginning=True)
    assert [part.digit for part in answer.digits] == [alone.digit]
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    left, top, width, height = answer.digits[0].box
    assert (left, left + width) == (columns[0], columns[-1] + 1)
    assert (top, top + height) == (rows[0], rows[-1] + 1)
    assert read_number(recogniser, np.zeros((9, 9), np.uint8), beginning=True).text == ""


def test_each_digit_of_a_number_says_what_the_network_saw(recogniser: Recogniser) -> None:
    ink, _ = number("42", PEN)
    answer = read_number(recogniser, ink)
    assert len(answer.digits) == 2
    for part in answer.digits:
        x, y, width, height = part.box
        alone = recogniser.recognise_ink(ink[y : y + height, x : x + width])
        assert part.network_input is not None
        assert alone.network_input is not None
        # Numbers are cut on a coarser grid.
        alike = np.corrcoef(part.network_input.ravel(), alone.network_input.ravel())[0, 1]
        assert alike > 0.98
        assert part.probabilities.argmax() == part.digit
        assert part.probabilities.max() == pytest.approx(part.confidence)
        assert part.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_one_digit_is_not_made_several(recogniser: Recogniser) -> None:
    images = load_dataset().test_images[:200, 0]
    answers = [read_number(recogniser, _enlarged(image)) for image in images]
    assert sum(len(answer.digits) > 1 for answer in answers) <= 2
    alone = recogniser.recognise_ink(_enlarged(images[0]))
    assert answers[0].text == str(alone.digit) == "7"
    assert answers[0].digits[0].confidence == pytest.approx(alone.confidence)
    assert not answers[0].is_number


@pytest.mark.parametrize("gap", [1.5, 8.0])
def test_strokes_of_one_digit_stay_together(recogniser: Recogniser, gap: float) -> None:
    body, bar = DIGITS[5]
    detached = [body, [(x + 0.1, y - gap / 100) for x, y in bar]]
    assert len(read_number(recogniser, board(detached, 10, scale=150, at=(80, 80))).digits) == 1
    corner, stem = DIGITS[4]
    open_four = [[(x - gap / 100, y) for x, y in corner[:4]], stem]
    assert len(read_number(recogniser, board(open_four, 10, scale=150, at=(80, 80))).digits) == 1


def test_touching_digits_are_cut(recogniser: Recogniser) -> None:
    inks = [number(text, PEN, height=150, gap=-6)[0] for text in ("10", "30", "02", "38")]
    assert [len(read_number(recogniser, ink).digits) for ink in inks].count(2) >= 3


def test_junk_is_no_number(recogniser: Recogniser) -> None:
    turns = np.linspace(0, 2 * np.pi, 30)
    face = [
        [(0.5 + 0.5 * np.cos(t), 0.5 + 0.5 * np.sin(t)) for t in turns],
        [(0.35, 0.3), (0.35, 0.4)],
        [(0.65, 0.3), (0.65, 0.4)],
        [(0.3, 0.65), (0.5, 0.8), (0.7, 0.65)],
    ]
    answer = read_number(recogniser, board(face, 8, scale=180, at=(60, 60)))
    assert (answer.text, answer.is_number, answer.digits[0].confidence) == ("?", False, 0)
    square = np.zeros((300, 300), np.uint8)
    square[50:250, 50:250] = 255
    assert read_number(recogniser, square).text == "?"


def test_many_specks_are_no_number(recogniser: Recogniser) -> None:
    ink = np.zeros((300, 300), np.uint8)
    for row in range(20, 280, 40):
        for column in range(20, 280, 40):
            ink[row : row + 14, column : column + 14] = 255
    assert read_number(recogniser, ink).text == "?"
    wide = np.zeros((60, 2000), np.uint8)
    wide[10:50, 10:1990:40] = 255
    assert MAX_PIECES < 1990 // 40
    assert read_number(recogniser, wide).text == "?"


def test_place_and_size_do_not_matter(recogniser: Recogniser) -> None:
    ink, _ = number("207", PEN)
    expected = read_number(recogniser, ink)
    moved = read_number(recogniser, np.pad(ink, ((300, 0), (0, 500))))
    larger = read_number(recogniser, np.kron(ink, np.ones((3, 3), np.uint8)))
    bright = read_number(recogniser, ink.astype(np.float32) / 510)
    assert expected.text == moved.text == larger.text == bright.text
    for part, other in zip(expected.digits, moved.digits, strict=True):
        assert other.box == (part.box[0], part.box[1] + 300, *part.box[2:])
        assert other.confidence == pytest.approx(part.confidence, abs=1e-3)


def test_confidence_of_a_number_is_that_of_all_its_digits() -> None:
    one, two = DigitAnswer(1, 0.9, (0, 0, 1, 1)), DigitAnswer(2, 0.5, (2, 0, 1, 1))
    odd = DigitAnswer(None, 0.0, (4, 0, 1, 1))
    assert NumberAnswer("12", (one, two)).confidence == pytest.approx(0.45)
    assert NumberAnswer("12", (one, two), share=0.5).confidence == pytest.approx(0.225)
    assert NumberAnswer("12?", (one, two, odd)).confidence == NumberAnswer("", ()).confidence == 0
    numbers = {"12": (one, two), "12?": (one, two, odd), "1?": (one, odd), "1??": (one, odd, odd)}
    found = {text for text, parts in numbers.items() if NumberAnswer(text, parts).is_number}
    assert found == {"12", "12?"}


def test_pieces_cover_all_ink_once() -> None:
    ink, _ = number("2026", PEN)
    pieces = cut_in_pieces(ink, (0, 0, *ink.shape), lambda inks: [False] * len(inks))
    assert len(pieces) >= 4
    assert (pieces.owner[pieces.ink > 0.1] >= 0).all()
    total = sum(pieces.group(n, n + 1).sum() for n in range(len(pieces)))
    assert total == pytest.approx(pieces.group(0, len(pieces)).sum(), rel=1e-5)


def test_seams_go_between_and_cost_least() -> None:
    ink = np.zeros((40, 54), np.float32)
    ink[:, 5:25] = 1
    ink[:, 29:49] = 1
    ink[18:22, 25:29] = 1
    seams = find_seams(ink, 40)
    assert len(seams) == 1
    assert ((seams >= 25) & (seams <= 29)).all()
    assert seams.shape[1] == 40
    assert len(find_seams(ink[:, :5], 40)) == 0
