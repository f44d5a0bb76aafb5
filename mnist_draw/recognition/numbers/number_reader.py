"""Read a whole number: several digits written from left to right.

Where the strokes of the pen are known, whole strokes make the digits (see
:mod:`mnist_draw.recognition.numbers.stroke_reader`). Of a picture only its pixels are known: the
ink is cut into more pieces than needed, all groups of neighbouring pieces that could be one
digit are read at once, and of all ways to put the pieces together the most probable is taken
(over-segmentation and dynamic programming, as in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner,
"Gradient-based learning applied to document recognition", 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import SIDE, has_ink, ink_box, normalise_ink
from mnist_draw.recognition.answer import Answer, DigitAnswer, NumberAnswer
from mnist_draw.recognition.numbers.partition import cheapest
from mnist_draw.recognition.numbers.pieces import Pieces, cut_in_pieces
from mnist_draw.recognition.numbers.stroke_pieces import PenStroke
from mnist_draw.recognition.numbers.stroke_reader import (
    MAX_COUNT,
    PAPER,
    StrokeReading,
    read_strokes,
)

if TYPE_CHECKING:
    from mnist_draw.recognition.recogniser import Recogniser

#: What looks so much like a digit (as log odds) and is read with so much confidence is not cut.
_SURE_LIKENESS, _SURE_CONFIDENCE = 3.0, 0.8
#: … nor is what looks less like several digits than this, as log odds.
_SEVERAL = -1.5
#: Pieces that one digit may consist of, and how wide it may be, in heights of the line: less
#: where it is cut out of connected ink.
_MAX_IN_DIGIT = 8
_WIDEST, _WIDEST_CUT = 1.9, 1.15
#: The network is not asked about what looks so little like a digit, as log odds.
_HOPELESS = -4.0
#: Paper as wide as this between two pieces, in heights, lies between two digits.
_CLEAR = 0.3
#: More pieces are no number: a drawing, a page of text.
MAX_PIECES = 32
#: What no reading of a group is less probable than, as a logarithm.
_WORST = -9.0
#: What it costs to read one more digit, and to cut through ink, as logarithms: one digit is
#: not made two of without a good reason.
_PER_DIGIT = 0.0
_PER_CUT = 1.0
#: What a part costs beyond its probability that is refused.
_PER_REFUSED = 2.0
#: By how many log odds less a part of a number must look like a digit than a digit alone, where
#: at least half of the parts would not be refused alone.
_LENIENCE = 3.0
#: By how many log odds more most of the groups of strokes must look like digits, unless all
#: strokes together look so much like several digits: of letters of several strokes 0.2 % do, of
#: digits none.
_STRICTNESS = 1.0
_PLAINLY_SEVERAL = 1.0
#: So few strokes that look so little like several digits and like one are one.
_FEW, _HARDLY_SEVERAL = 3, -5.0
#: So few groups of strokes without paper between them that look, all together, so little like
#: several digits are a letter or a sign: of the numbers of two and three digits that touch 0.1 %
#: do (benchmarks/drawn_numbers.py, the writers whose letters the rule is fitted on), of the letters
#: that would be read as numbers a third. With paper between them they may be digits: a 10 that is
#: written wide looks like nothing.
_RATHER_A_LETTER = -4.0
#: So many times higher than its neighbour, a digit or the bar of % is taller.
_TALLER = 1.5
#: What has so much of its width above another digit is in a line above it.
_ABOVE = 0.5
#: A digit lower than this, in heights of the line, costs as much for each tenth that it lacks.
_LOW = 0.5
_PER_TENTH = 1.0


def read_number(
    recogniser: Recogniser,
    ink: npt.NDArray[Any],
    alone: Answer | None = None,
    beginning: bool = False,
    strokes: Sequence[PenStroke] | None = None,
) -> NumberAnswer:
    """Read the digits on a picture from left to right.

    Parameters
    ----------
    recogniser : Recogniser
    ink : numpy.ndarray, shape (H, W)
        As :func:`mnist_draw.dataset.normalise.normalise_ink` takes it; one line of digits.
    alone : Answer, optional
        What the recogniser said of this ink as one digit, where that is known already.
    beginning : bool
        Whether the ink is a first stroke that is still being drawn. It is read as one digit: what
        such a stroke could be cut into changes with every point of it.
    strokes : sequence of numpy.ndarray, float, shape (n, 3), optional
        The pen strokes that all of the ink consists of, in the order in which they were drawn;
        see :data:`mnist_draw.recognition.numbers.stroke_pieces.PenStroke`. Default: they are not
        known.

    Returns
    -------
    NumberAnswer
    """
    if not has_ink(ink):
        return NumberAnswer("", ())
    whole = ink_box(ink)
    if beginning or not recogniser.reads_digits:
        return _single(alone or recogniser.recognise_ink(ink), whole)
    if strokes:
        number = None if _is_one_digit(alone, strokes) else _of_strokes(recogniser, strokes, alone)
        return number or _single(alone or recogniser.recognise_ink(ink, strokes), whole)
    pieces = cut_in_pieces(ink, whole, partial(_not_to_cut, recogniser))
    if len(pieces) == 1 or len(pieces) > MAX_PIECES:
        return _single(alone or recogniser.recognise_ink(ink), whole)
    groups = _groups(pieces)
    inputs = np.empty((len(groups), 1, SIDE, SIDE), np.float32)
    for row, (first, last) in enumerate(groups):
        inputs[row, 0] = normalise_ink(pieces.group(first, last))
    probabilities, likeness, _ = recogniser.read(inputs, _HOPELESS)
    # Among digits a strange one is more likely a digit than alone on the board.
    refused = np.array([recogniser.refuses(float(value) + _LENIENCE) for value in likeness])
    costs = _costs(pieces, groups, probabilities, likeness)
    costs += _PER_REFUSED * refused
    chosen, share = cheapest(len(pieces), groups, costs)
    if len(chosen) == 1:
        return _single(alone or recogniser.recognise_ink(ink), whole)
    if sum(recogniser.refuses(float(likeness[row])) for row in chosen) > len(chosen) / 2:
        refused = np.array([recogniser.refuses(float(value)) for value in likeness])
    digits = []
    for row in chosen:
        digit = int(probabilities[row].argmax())
        digits.append(
            DigitAnswer(
                None if refused[row] else digit,
                0.0 if refused[row] else float(probabilities[row, digit]),
                pieces.in_picture(*groups[row]),
                # Copies: rows would keep all groups alive.
                probabilities[row].copy(),
                inputs[row, 0].copy(),
            )
        )
    return _answer(tuple(digits), share)


def _is_one_digit(alone: Answer | None, strokes: Sequence[PenStroke]) -> bool:
    """Tell whether few strokes are one digit and hardly several: no other way need be read."""
    return (
        alone is not None
        and alone.digit is not None
        and len(strokes) <= _FEW
        and -np.inf < alone.several < _HARDLY_SEVERAL
    )


def _of_strokes(
    recogniser: Recogniser, strokes: Sequence[PenStroke], alone: Answer | None
) -> NumberAnswer | None:
    """Return the number that strokes are; None where they are one digit, or no number."""
    if not 1 < len(strokes) <= MAX_COUNT:
        return None
    found = read_strokes(recogniser, strokes, alone)
    if len(found.groups) == 1 or _hardly_several(found, alone):
        return None
    if _like_percent(found) or _in_two_lines(found):
        return None
    refused = [recogniser.refuses(float(value) + _LENIENCE) for value in found.reading.likeness]
    # Two thirds of what is written must be digits beyond doubt: else it is a letter, a word or a
    # drawing. A half without such strictness lets three times as many letters through.
    plain = alone is not None and alone.several >= _PLAINLY_SEVERAL
    strictness = -_LENIENCE if plain else _STRICTNESS
    strange = sum(recogniser.refuses(float(value) - strictness) for value in found.reading.likeness)
    if strange * 3 > len(refused) or len(refused) - sum(refused) < 2:
        return None
    digits = []
    for row, group in enumerate(found.groups):
        probabilities = found.reading.probabilities[row]
        digit = int(probabilities.argmax())
        digits.append(
            DigitAnswer(
                None if refused[row] else digit,
                0.0 if refused[row] else float(probabilities[digit]),
                found.pieces.in_picture(*group),
                probabilities,
                found.inputs[row],
            )
        )
    return _answer(tuple(digits), found.share)


def _hardly_several(found: StrokeReading, alone: Answer | None) -> bool:
    """Tell whether a few groups of strokes are, together, rather a letter or a sign."""
    if alone is None or len(found.groups) > _FEW or alone.several >= _RATHER_A_LETTER:
        return False
    return min(found.pieces.gaps(found.groups)) < PAPER


def _like_percent(found: StrokeReading) -> bool:
    """Tell whether one of a few groups stands beside the upper or lower half of a taller neighbour.

    Digits of one line stand beside each other's middle, also where the line rises or falls; the
    circles of % do not.
    """
    spans = [found.pieces.box(*group)[::2] for group in found.groups]
    if len(spans) > _FEW:
        return False
    pairs = [*pairwise(spans), *pairwise(reversed(spans))]
    return any(
        (below - above) > _TALLER * (bottom - top)
        and min(bottom, below) - max(top, above) > (bottom - top) / 2
        and not top <= (above + below) / 2 <= bottom
        for (top, bottom), (above, below) in pairs
    )


def _in_two_lines(found: StrokeReading) -> bool:
    """Tell whether a group stands above another: read from left to right, lines would mix."""
    boxes = [found.pieces.box(*group) for group in found.groups]
    return any(
        one[2] <= other[0] and _overlap(one[1::2], other[1::2]) > _ABOVE
        for one in boxes
        for other in boxes
    )


def _overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return which part of the shorter of two spans the other covers; negative between them."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / max(1, min(one[1] - one[0], other[1] - other[0]))


def _not_to_cut(recogniser: Recogniser, inks: list[npt.NDArray[np.float32]]) -> list[bool]:
    """Tell which parts are one digit without doubt, or do not look like several."""
    reading = recogniser.read(np.stack([normalise_ink(ink) for ink in inks])[:, None])
    sure = reading.likeness >= _SURE_LIKENESS
    sure &= reading.probabilities.max(axis=1) >= _SURE_CONFIDENCE
    return [bool(value) for value in sure | (reading.several < _SEVERAL)]


def _single(answer: Answer, box: tuple[int, int, int, int]) -> NumberAnswer:
    """Take what the recogniser alone says."""
    top, left, bottom, right = box
    confidence = answer.confidence if answer.digit is not None else 0.0
    digit = DigitAnswer(
        answer.digit,
        confidence,
        (left, top, right - left, bottom - top),
        answer.probabilities,
        answer.network_input,
    )
    return _answer((digit,))


def _answer(digits: tuple[DigitAnswer, ...], share: float = 1.0) -> NumberAnswer:
    text = "".join("?" if part.digit is None else str(part.digit) for part in digits)
    return NumberAnswer("?" if not text.strip("?") else text, digits, share)


def _groups(pieces: Pieces) -> list[tuple[int, int]]:
    """List the groups of neighbouring pieces that may be one digit, as first and end."""
    groups = []
    for first in range(len(pieces)):
        # A single piece is always there: what is left over must belong somewhere.
        groups.append((first, first + 1))
        for last in range(first + 2, min(first + _MAX_IN_DIGIT, len(pieces)) + 1):
            _, left, _, right = pieces.box(first, last)
            _, _, _, before = pieces.box(first, last - 1)
            paper = pieces.boxes[last - 1][1] - before
            wide = (right - left) / pieces.height
            if wide > _WIDEST or paper > _CLEAR * pieces.height:
                break
            is_cut = pieces.cut[first] or (last < len(pieces) and pieces.cut[last])
            if not is_cut or wide <= _WIDEST_CUT:
                groups.append((first, last))
    return groups


def _costs(
    pieces: Pieces,
    groups: list[tuple[int, int]],
    probabilities: npt.NDArray[np.float32],
    likeness: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """Return what each group costs as one digit: minus the logarithm of its probability."""
    floor = np.exp(_WORST)
    costs: npt.NDArray[np.float64] = -np.log(
        np.maximum(probabilities.max(axis=1).astype(np.float64), floor)
    )
    # log of the probability that it is a digit at all, from its log odds.
    costs += np.minimum(np.logaddexp(0, -likeness.astype(np.float64)), -_WORST)
    costs += _PER_DIGIT
    for row, (first, last) in enumerate(groups):
        top, _, bottom, _ = pieces.box(first, last)
        lacking = _LOW - (bottom - top) / pieces.height
        costs[row] += max(0.0, lacking) * 10 * _PER_TENTH
        costs[row] += _PER_CUT * pieces.cut[first]
    return costs
