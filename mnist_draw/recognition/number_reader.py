"""Read a number: several digits written from left to right.

If the pen strokes are known, digits consist of whole strokes (see
:mod:`mnist_draw.recognition.stroke_reader`). If only pixels are known, the ink is cut into more
pieces than needed, all groups of neighbouring pieces that could be one digit are read in one batch,
and the most probable combination of groups is chosen
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
from mnist_draw.recognition.certainty import two_best
from mnist_draw.recognition.pieces import Box, Pieces, cheapest, cut_in_pieces, digit_costs
from mnist_draw.recognition.stroke_reader import (
    MAX_COUNT,
    PAPER,
    PenStroke,
    StrokeReading,
    read_strokes,
)

if TYPE_CHECKING:
    from mnist_draw.recognition.recogniser import Recogniser

#: Ink with such log odds of being one digit, and such confidence, is not cut, …
_SURE_LOG_ODDS, _SURE_CONFIDENCE = 3.0, 0.8
#: … nor ink with lower log odds of being several digits.
_SEVERAL = -1.5
#: The most pieces of one digit, and its largest width in heights of the line, also if it is cut out
#: of connected ink.
_MAX_IN_DIGIT = 8
_MAX_WIDTH, _MAX_CUT_WIDTH = 1.9, 1.15
#: The network does not read what is less probably a digit.
_MIN_LOG_ODDS = -4.0
#: So much paper between two pieces, in heights, separates two digits.
_CLEAR = 0.3
#: More pieces are no number: a drawing, a page of text.
MAX_PIECES = 32
#: The cost of a cut through ink, as a logarithm: one digit is not divided without a good reason.
_PER_CUT = 1.0
#: The further cost of a part that is refused.
_PER_REFUSED = 2.0
#: By how many log odds the rejection threshold is lower for a part of a number than for a digit
#: alone, if at least half of the parts would not be refused alone.
_SHIFT = 3.0
#: By how many log odds the threshold is higher for most of the groups of strokes, unless the log
#: odds of all strokes of being several digits are so high: of letters of several strokes 0.2 % are,
#: of digits none.
_STRICTNESS = 1.0
_PLAINLY_SEVERAL = 1.0
#: So few strokes with such low log odds of being several digits are one digit.
_FEW, _HARDLY_SEVERAL = 3, -5.0
#: So few groups of strokes, without paper between them and with such low log odds of being several
#: digits, are a letter or a sign: 0.1 % of the numbers of two and three touching digits are below
#: (benchmarks/drawn_numbers.py, the writers whose letters the rule is fitted on), and a third of
#: the letters that would be read as numbers. With paper between them they may be digits: a 10 that
#: is written wide looks like nothing.
_RATHER_A_LETTER = -4.0
#: From this ratio of heights a digit, or the bar of %, counts as taller than its neighbour.
_TALLER = 1.5
#: A group with such a share of its width above another is in a line above it.
_ABOVE = 0.5


def read_number(
    recogniser: Recogniser,
    ink: npt.NDArray[Any],
    alone: Answer | None = None,
    beginning: bool = False,
    strokes: Sequence[PenStroke] | None = None,
) -> NumberAnswer:
    """Read one line of digits, ink as `normalise_ink` takes it, from left to right.

    `alone` is the answer for this ink as one digit, if it is known already; `strokes` are its pen
    strokes in the order in which they were drawn, if they are. The `beginning` of a first stroke,
    which is still being drawn, is read as one digit: its cuts would change with every point.
    """
    if not has_ink(ink):
        return NumberAnswer("", ())
    whole = ink_box(ink)
    if beginning or not recogniser.reads_digits:
        return _single(alone or recogniser.recognise_ink(ink), whole)
    if strokes:
        number = None if _is_one_digit(alone, strokes) else _of_strokes(recogniser, strokes, alone)
        return number or _single(alone or recogniser.recognise_ink(ink, strokes), whole)
    pieces = cut_in_pieces(ink, whole, partial(_stay_whole, recogniser))
    if len(pieces) == 1 or len(pieces) > MAX_PIECES:
        return _single(alone or recogniser.recognise_ink(ink), whole)
    groups = _groups(pieces)
    inputs = np.empty((len(groups), 1, SIDE, SIDE), np.float32)
    for row, (first, last) in enumerate(groups):
        inputs[row, 0] = normalise_ink(pieces.group(first, last))
    scores = recogniser.read(inputs, _MIN_LOG_ODDS)
    # A strange part is more likely a digit among digits than alone.
    refused = np.array([recogniser.refuses(float(odds) + _SHIFT) for odds in scores.log_odds])
    costs = digit_costs(pieces, groups, scores)
    costs += [_PER_CUT * pieces.cut[first] for first, _ in groups]
    costs += _PER_REFUSED * refused
    chosen, share = cheapest(len(pieces), groups, costs)
    if len(chosen) == 1:
        return _single(alone or recogniser.recognise_ink(ink), whole)
    if sum(recogniser.refuses(float(scores.log_odds[row])) for row in chosen) > len(chosen) / 2:
        refused = np.array([recogniser.refuses(float(odds)) for odds in scores.log_odds])
    digits = tuple(
        # Copies: rows would keep all groups alive.
        _digit(
            bool(refused[row]),
            scores.probabilities[row].copy(),
            pieces.in_picture(*groups[row]),
            inputs[row, 0].copy(),
        )
        for row in chosen
    )
    return _answer(digits, share)


def _is_one_digit(alone: Answer | None, strokes: Sequence[PenStroke]) -> bool:
    """Whether few strokes are plainly one digit, so that nothing else need be read."""
    return (
        alone is not None
        and alone.digit is not None
        and len(strokes) <= _FEW
        and -np.inf < alone.several < _HARDLY_SEVERAL
    )


def _of_strokes(
    recogniser: Recogniser, strokes: Sequence[PenStroke], alone: Answer | None
) -> NumberAnswer | None:
    if not 1 < len(strokes) <= MAX_COUNT:
        return None
    found = read_strokes(recogniser, strokes, alone)
    if len(found.groups) == 1 or _hardly_several(found, alone):
        return None
    if _like_percent(found) or _in_two_lines(found):
        return None
    refused = [recogniser.refuses(float(odds) + _SHIFT) for odds in found.scores.log_odds]
    # Two thirds of the groups must be plain digits: else they are a letter, a word or a drawing. A
    # half without the stricter threshold lets three times as many letters pass.
    plain = alone is not None and alone.several >= _PLAINLY_SEVERAL
    strictness = -_SHIFT if plain else _STRICTNESS
    strange = sum(recogniser.refuses(float(odds) - strictness) for odds in found.scores.log_odds)
    if strange * 3 > len(refused) or len(refused) - sum(refused) < 2:
        return None
    boxes = (found.pieces.in_picture(*group) for group in found.groups)
    parts = zip(refused, found.scores.probabilities, boxes, found.inputs, strict=True)
    return _answer(tuple(_digit(*part) for part in parts), found.share)


def _digit(
    is_refused: bool,
    probabilities: npt.NDArray[np.float32],
    box: Box,
    network_input: npt.NDArray[np.float32] | None,
) -> DigitAnswer:
    digit, _ = two_best(probabilities.tolist())
    if is_refused:
        return DigitAnswer(None, 0.0, box, probabilities, network_input)
    return DigitAnswer(digit, float(probabilities[digit]), box, probabilities, network_input)


def _hardly_several(found: StrokeReading, alone: Answer | None) -> bool:
    """Whether a few groups of strokes are, together, rather a letter or a sign."""
    if alone is None or len(found.groups) > _FEW or alone.several >= _RATHER_A_LETTER:
        return False
    return min(found.pieces.gaps(found.groups)) < PAPER


def _like_percent(found: StrokeReading) -> bool:
    """Whether one of a few groups is beside the upper or lower half of a taller neighbour.

    Digits of one line, even if it rises or falls, are beside each other's middle.
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
    """Whether a group is above another: from left to right, two lines would mix."""
    boxes = [found.pieces.box(*group) for group in found.groups]
    return any(
        one[2] <= other[0] and _overlap(one[1::2], other[1::2]) > _ABOVE
        for one in boxes
        for other in boxes
    )


def _overlap(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return the share of the shorter of two spans that the other covers; negative if apart."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / max(1, min(one[1] - one[0], other[1] - other[0]))


def _stay_whole(recogniser: Recogniser, inks: list[npt.NDArray[np.float32]]) -> list[bool]:
    """Tell which parts are plainly one digit, or hardly several."""
    scores = recogniser.read(np.stack([normalise_ink(ink) for ink in inks])[:, None])
    sure = scores.log_odds >= _SURE_LOG_ODDS
    sure &= scores.probabilities.max(axis=1) >= _SURE_CONFIDENCE
    return [bool(value) for value in sure | (scores.several < _SEVERAL)]


def _single(answer: Answer, box: Box) -> NumberAnswer:
    top, left, bottom, right = box
    place = (left, top, right - left, bottom - top)
    is_none = answer.digit is None
    return _answer((_digit(is_none, answer.probabilities, place, answer.network_input),))


def _answer(digits: tuple[DigitAnswer, ...], share: float = 1.0) -> NumberAnswer:
    text = "".join("?" if part.digit is None else str(part.digit) for part in digits)
    return NumberAnswer("?" if not text.strip("?") else text, digits, share)


def _groups(pieces: Pieces) -> list[tuple[int, int]]:
    """List the groups of neighbouring pieces that may be one digit, as first and end."""
    groups = []
    for first in range(len(pieces)):
        # A single piece is always a group, so that all pieces can be covered.
        groups.append((first, first + 1))
        for last in range(first + 2, min(first + _MAX_IN_DIGIT, len(pieces)) + 1):
            _, left, _, right = pieces.box(first, last)
            _, _, _, before = pieces.box(first, last - 1)
            paper = pieces.boxes[last - 1][1] - before
            wide = (right - left) / pieces.height
            if wide > _MAX_WIDTH or paper > _CLEAR * pieces.height:
                break
            is_cut = pieces.cut[first] or (last < len(pieces) and pieces.cut[last])
            if not is_cut or wide <= _MAX_CUT_WIDTH:
                groups.append((first, last))
    return groups
