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
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import has_ink, ink_box, normalise_ink
from mnist_draw.recognition.answer import NOT_A_DIGIT, Answer, DigitAnswer, NumberAnswer
from mnist_draw.recognition.certainty import two_best
from mnist_draw.recognition.pieces import (
    Box,
    Group,
    Reading,
    Row,
    cheapest_reading,
    cut_in_pieces,
    digit_costs,
)
from mnist_draw.recognition.rejection import lean
from mnist_draw.recognition.stroke_reader import (
    MAX_PIECES,
    PAPER,
    PenStroke,
    are_short,
    cut_strokes,
    draw_strokes,
    read_strokes,
)

if TYPE_CHECKING:
    from mnist_draw.recognition.recogniser import Recogniser

#: Ink with such log odds of being one digit, and such confidence, is not cut, …
_SURE_LOG_ODDS = 3.0
_SURE_CONFIDENCE = 0.8
#: … nor ink with lower log odds of being several digits.
_SEVERAL = -2.2
#: The most pieces of one digit, and its largest width in heights of the line, also if it is cut out
#: of connected ink.
_MAX_IN_DIGIT = 8
_MAX_WIDTH = 1.9
_MAX_CUT_WIDTH = 1.3
#: Strokes that are no number are cut if their log odds of being several digits are so high, or if
#: they are so many times wider than high: of letters, hardly any.
_SEVERAL_JOINED = -0.5
_WIDE = 2.0
#: The network does not read what is less probably a digit.
_MIN_LOG_ODDS = -2.5
#: So much paper between two pieces, in heights, separates two digits.
_CLEAR = 0.3
#: The cost of a cut through ink, as a logarithm: one digit is not divided without a good reason.
_PER_CUT = 0.2
#: Many ways to cut ink give the same digits: their share counts with this power. It was fitted to
#: numbers of two and three digits that the 88 fitted writers drew.
_ALIKE = 0.25
#: The further cost of a part that is refused.
_PER_REFUSED = 2.0
#: By how many log odds the rejection threshold is lower for a part of a number than for a digit
#: alone, if at least half of the parts would not be refused alone.
_SHIFT = 3.0
#: Groups of strokes are a number, not a letter, a word or a drawing, if their log odds are so far
#: above the threshold in the mean, in which none counts for more than the second; or only above it,
#: where the log odds of all strokes of being several digits are so high: of letters of several
#: strokes 0.2 % are. In the mean, a plain digit speaks for a strange one beside it: 77, 88, 16.
_PLAIN = 1.8
_PLAINEST = 5.0
_PLAINLY_SEVERAL = 1.0
#: So few strokes with such low log odds of being several digits are one digit.
_FEW = 3
_HARDLY_SEVERAL = -5.0
#: So few groups of strokes, without paper between them and with such low log odds of being several
#: digits, are a letter or a sign: 0.1 % of the numbers of two and three touching digits are below
#: (benchmarks/drawn_numbers.py, the writers whose letters the rule is fitted on), and a third of
#: the letters that would be read as numbers. With paper between them they may be digits: a 10 that
#: is written wide looks like nothing.
_RATHER_A_LETTER = -4.0
#: Ink with lower log odds of being several digits is one sign; 5 % of digits beside signs are so.
_RATHER_A_SIGN = -3.0
#: Ink beside a digit, with so much paper between the middles of their lines, in heights of the
#: line, is not its own if the digit is read without it, too; with more paper, it never is.
_LOOSE = 0.15
_FAR = 0.25
#: Pieces of this height are digits or parts of them; lower ones, with so much paper beside them,
#: may be signs.
_TALL = 0.45
_BESIDE = 0.06
#: Points are lower and narrower than a dot, commas so high, a minus so many times wider than high.
#: The middles of points and commas are below this part of the digit beside them.
_DOT = 0.2
_COMMA = 0.12
_LEVEL = 3.0
_LOW = 0.75
#: Between digits, what is straight (its width as a share of its length) and read as 1 is a slash if
#: it leans so many degrees, or so many more than another 1.
_STRAIGHT = 0.13
_SLASH = 40.0
_SLANT = 20.0
#: The share of signs that are read rightly.
_SIGN_CONFIDENCE = 0.97
#: Neighbours in one line share at least so much of the height that they take together.
_SHARED = 0.5
#: Groups of strokes of which one is above or below such a share of the width of the other are no
#: digits, but a sign, such as # and $: of 500 numbers of touching digits, no two share 0.75.
_COVERED = 0.8
#: A group with such a share of its width above another is in a line above it.
_ABOVE = 0.5


def read_number(
    recogniser: Recogniser,
    ink: npt.NDArray[Any],
    alone: Answer | None = None,
    beginning: bool = False,
    strokes: Sequence[PenStroke] | None = None,
    decimals: bool = False,
) -> NumberAnswer:
    """Read one line of digits, ink as `normalise_ink` takes it, from left to right.

    `alone` is the answer for this ink as one digit, if it is known already; `strokes` are its pen
    strokes in the order in which they were drawn, if they are. The `beginning` of a first stroke,
    which is still being drawn, is read as one digit: its cuts would change with every point. With
    `decimals` a decimal point or comma and a minus in front are read; else they are no digits.
    """
    if not has_ink(ink):
        return NumberAnswer("", ())
    count = len(strokes or ())
    is_plain = alone is not None and count == 1 and _is_one_digit(alone, count)
    if beginning or not recogniser.reads_digits or is_plain or count > MAX_PIECES:
        return _answer([_whole(alone or recogniser.recognise_ink(ink), ink)])
    together = alone or recogniser.recognise_ink(ink, strokes)
    if strokes:
        row = together.strokes or draw_strokes(strokes)
    else:
        row = cut_in_pieces(ink, ink_box(ink), partial(_stay_whole, recogniser))
    signs = find_signs(row)
    parts = [_sign(row, [n]) for n in signs]
    # A number has one point or comma at the most.
    decimals = decimals and sum(part.sign in (".", ",") for part in parts) <= 1
    alone = together
    if signs:
        rest = [n for n in range(len(row)) if n not in signs]
        row = row.part(rest)
        ink = ink.copy()
        strokes = [strokes[n] for n in rest] if strokes else None
        for left, top, width, height in (part.box for part in parts):
            ink[max(top, 0) : top + height, max(left, 0) : left + width] = 0
        alone = recogniser.recognise_ink(ink, strokes)
    read = _of_strokes if strokes else _of_pieces
    found = read(recogniser, row, alone) if 1 < len(row) <= MAX_PIECES else None
    if strokes and (found.strange if found else _may_be_joined(row, alone)):
        cut = cut_strokes(strokes)
        found = (cut and _of_strokes(recogniser, cut, alone)) or found
    is_one = together.digit is None and together.several < _RATHER_A_SIGN
    if found is None:
        whole = _whole(alone, ink)
        found = _answer([whole] if is_one else _owned(recogniser, row, (0, len(row)), whole))
    only_strange = parts and not (decimals and any(part.sign != NOT_A_DIGIT for part in parts))
    too_short = strokes and {part.digit for part in found.digits} == {1} and are_short(strokes)
    if too_short or (is_one and only_strange and len(found.digits) == 1):
        # Rather a sign of several parts, such as an exclamation or quotation mark.
        return _answer([_whole(together, ink)])
    parts += found.digits
    if not decimals:
        parts = [replace(p, sign=NOT_A_DIGIT, confidence=0.0) if p.sign else p for p in parts]
    return _answer(parts, found.share)


def _may_be_joined(strokes: Row, alone: Answer) -> bool:
    """Whether strokes that are no number may hold several digits each."""
    left, top, right, bottom = strokes.spans.T
    is_wide = np.ptp([left, right]) > _WIDE * np.ptp([top, bottom])
    return alone.several >= _SEVERAL_JOINED or (alone.digit is None and bool(is_wide))


def _of_pieces(recogniser: Recogniser, pieces: Row, alone: Answer) -> NumberAnswer | None:
    groups = _groups(pieces)
    inputs = np.stack([normalise_ink(pieces.group(*group)) for group in groups])[:, None]
    scores = recogniser.read(inputs, _MIN_LOG_ODDS)
    # A strange part is more likely a digit among digits than alone.
    refused = recogniser.margins(scores.log_odds) < -_SHIFT
    costs = digit_costs(pieces, groups, scores)
    costs += [_PER_CUT * pieces.cut[first] for first, _ in groups]
    costs += _PER_REFUSED * refused
    _, found = cheapest_reading(pieces, groups, inputs[:, 0], scores, costs)
    if len(found.groups) == 1 or _in_two_lines(found):
        return None
    are_digits = recogniser.margins(found.scores.log_odds) >= 0
    shift = _SHIFT if are_digits.mean() >= 0.5 else 0.0
    return _parts(recogniser, replace(found, share=found.share**_ALIKE), shift)


def _is_one_digit(alone: Answer, strokes: int) -> bool:
    """Whether few strokes are plainly one digit, so that nothing else need be read."""
    most = _SEVERAL_JOINED if strokes == 1 else _HARDLY_SEVERAL
    return alone.digit is not None and strokes <= _FEW and -np.inf < alone.several < most


def _of_strokes(recogniser: Recogniser, strokes: Row, alone: Answer) -> NumberAnswer | None:
    if _is_one_digit(alone, len(strokes)):
        return None
    found = read_strokes(recogniser, strokes, alone)
    if len(found.groups) == 1 or _rather_a_sign(found, alone) or _in_two_lines(found):
        return None
    margins = recogniser.margins(found.scores.log_odds)
    is_plain = alone.several >= _PLAINLY_SEVERAL and not any(strokes.cut)
    least = 0.0 if is_plain else _PLAIN
    mean = np.clip(margins, -_SHIFT, _PLAINEST).mean()
    if mean < least or (margins >= -_SHIFT).sum() < 2:
        return None
    return _parts(recogniser, found, _SHIFT)


def _parts(recogniser: Recogniser, found: Reading, shift: float) -> NumberAnswer:
    """Return the digits of a reading, and the ink that they do not own."""
    row = found.pieces
    scores = found.scores
    ones = scores.probabilities.argmax(axis=1) == 1
    leans = [
        lean(row.group(*group), _STRAIGHT) if is_one and len(ones) > 2 else np.nan
        for group, is_one in zip(found.groups, ones, strict=True)
    ]
    upright = np.fmin.reduce([*leans, _SLASH - _SLANT])
    parts: list[DigitAnswer] = []
    for n, *covered in _runs(found):
        is_slash = 0 < n < len(leans) - 1 and leans[n] > upright + _SLANT
        if covered or is_slash:
            pieces = [piece for m in (n, *covered) for piece in range(*found.groups[m])]
            parts.append(_sign(row, pieces))
            continue
        group = found.groups[n]
        is_refused = recogniser.refuses(float(scores.log_odds[n]) + shift)
        place = row.in_picture(*group)
        part = _digit(is_refused, scores.probabilities[n], place, found.inputs[n])
        parts += _owned(recogniser, row, group, part)
    return _answer(parts, found.share)


def _owned(recogniser: Recogniser, row: Row, group: Group, part: DigitAnswer) -> list[DigitAnswer]:
    """Return a digit, or the one plain digit of refused ink, apart from what it does not need."""
    far = _clusters(row, group, _FAR)
    clusters = _clusters(row, group, _LOOSE)
    if any(row.cut[group[0] + 1 : group[1]]) or not 1 < len(clusters) <= MAX_PIECES:
        return [part]
    is_far = len(far) > 1
    clusters = far if is_far else clusters
    rows = [row.part(cluster) for cluster in clusters]
    pictures = np.stack([normalise_ink(ink.all_ink()) for ink in rows])
    scores = recogniser.read(pictures[:, None])
    margins = recogniser.margins(scores.log_odds)
    digits = scores.probabilities.argmax(axis=1)
    if part.digit is None:
        is_high = [np.ptp(ink.spans[:, 1::2]) >= _TALL for ink in rows]
        is_own = (margins >= _PLAIN) & is_high
    else:
        amounts = [ink.all_ink().sum() for ink in rows]
        is_own = is_far | ((margins >= -_SHIFT) & (digits == part.digit))
        is_own &= amounts == np.max(amounts)
    if is_own.sum() != 1:
        return [part]
    n = int(is_own.argmax())
    digit = _digit(False, scores.probabilities[n], rows[n].in_picture(), pictures[n])
    others = clusters[:n] + clusters[n + 1 :]
    return [digit, *(_sign(row, cluster) for cluster in others)]


def _clusters(row: Row, group: Group, paper: float) -> list[list[int]]:
    """Return the pieces of a group, divided where there is more paper between them."""
    first, *others = sorted(range(*group), key=lambda n: float(row.spans[n, 0]))
    clusters = [[first]]
    reach = row.spans[first, 2]
    for n in others:
        if row.spans[n, 0] - reach > paper:
            clusters.append([])
        clusters[-1].append(n)
        reach = max(reach, row.spans[n, 2])
    return clusters


def _sign(row: Row, pieces: list[int]) -> DigitAnswer:
    """Return pieces as a sign, or as ink that no digit owns."""
    sign = (_sign_of(row, pieces[0]) if len(pieces) == 1 else "") or NOT_A_DIGIT
    confidence = 0.0 if sign == NOT_A_DIGIT else _SIGN_CONFIDENCE
    return DigitAnswer(None, confidence, row.part(pieces).in_picture(), sign=sign)


def find_signs(row: Row) -> list[int]:
    """Return the pieces that are too small for a digit, clear of all others."""
    left, top, right, bottom = row.spans.T
    is_cut = np.array([*row.cut, False])
    small = (bottom - top < _TALL) & ~is_cut[:-1] & ~is_cut[1:]
    found = []
    for n in np.flatnonzero(small).tolist():
        paper = np.maximum(np.delete(left, n) - right[n], left[n] - np.delete(right, n))
        is_beside = (paper > _BESIDE).all()
        sign = _sign_of(row, n)
        if sign and (is_beside or (row.is_clear(n) and sign != NOT_A_DIGIT)):
            found.append(n)
    return found


def _sign_of(row: Row, piece: int) -> str:
    """Return the sign that a low piece beside others is; "?" for a dot elsewhere, else empty."""
    tall = row.spans[np.ptp(row.spans[:, 1::2], axis=1) >= _TALL]
    left, top, right, bottom = row.spans[piece]
    wide = right - left
    high = bottom - top
    middle = (left + right) / 2
    is_below = (tall[:, 3] < top) & (tall[:, 0] <= middle) & (middle <= tall[:, 2])
    if not len(tall) or is_below.any():
        return ""
    beside = tall[np.abs((tall[:, 0] + tall[:, 2]) / 2 - middle).argmin()]
    # From 0 at the top of the nearest digit to 1 at its bottom.
    depth = ((top + bottom) / 2 - beside[1]) / (beside[3] - beside[1])
    if depth > _LOW and high >= max(_COMMA, wide):
        return ","
    if max(wide, high) < _DOT:
        return "." if depth > _LOW else NOT_A_DIGIT
    is_first = right < np.delete(row.spans[:, 0], piece).min()
    return "-" if is_first and wide > _LEVEL * high and 1 - _LOW < depth < _LOW else ""


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


def _runs(found: Reading) -> list[list[int]]:
    """List the groups from left to right, those that cover each other together."""
    spans = [found.pieces.spans[slice(*group)] for group in found.groups]
    sides = np.array([(span[:, 0].min(), span[:, 2].max()) for span in spans])
    (lefts, rights) = sides.T
    widths = np.ptp(sides, axis=1)
    shared = np.minimum(rights[:-1], rights[1:]) - np.maximum(lefts[:-1], lefts[1:])
    apart = np.flatnonzero(shared < _COVERED * np.minimum(widths[:-1], widths[1:])) + 1
    return [run.tolist() for run in np.split(np.arange(len(spans)), apart)]


def _rather_a_sign(found: Reading, alone: Answer) -> bool:
    """Whether a few groups of strokes are, together, rather a letter or a sign.

    As in %, one is far below the one before; lines may rise, but seldom fall so steeply.
    """
    if len(found.groups) > _FEW:
        return False
    spans = [found.pieces.box(*group)[::2] for group in found.groups]
    for (top, bottom), (above, below) in pairwise(spans):
        shared = (min(bottom, below) - max(top, above)) / (max(bottom, below) - min(top, above))
        if shared < _SHARED and above + below > top + bottom:
            return True
    clusters = _clusters(found.pieces, (0, len(found.pieces)), PAPER)
    return alone.several < _RATHER_A_LETTER and len(clusters) < len(found.groups)


def _in_two_lines(found: Reading) -> bool:
    """Whether a group is above another: from left to right, two lines would mix."""
    boxes = [found.pieces.box(*group) for group in found.groups]
    return any(
        bottom <= below
        and min(right, end) - max(left, start) > _ABOVE * min(right - left, end - start)
        for _, left, bottom, right in boxes
        for below, start, _, end in boxes
    )


def _stay_whole(recogniser: Recogniser, inks: list[npt.NDArray[np.float32]]) -> list[bool]:
    """Tell which parts are plainly one digit, or hardly several."""
    inputs = np.stack([normalise_ink(ink) for ink in inks])[:, None]
    scores = recogniser.read(inputs, _SURE_LOG_ODDS)
    sure = scores.log_odds >= _SURE_LOG_ODDS
    sure &= scores.probabilities.max(axis=1) >= _SURE_CONFIDENCE
    return [bool(value) for value in sure | (scores.several < _SEVERAL)]


def _whole(answer: Answer, ink: npt.NDArray[Any]) -> DigitAnswer:
    top, left, bottom, right = ink_box(ink)
    place = (left, top, right - left, bottom - top)
    return _digit(answer.digit is None, answer.probabilities, place, answer.network_input)


def _answer(parts: list[DigitAnswer], share: float = 1.0) -> NumberAnswer:
    parts.sort(key=lambda part: 2 * part.box[0] + part.box[2])
    text = "".join(part.text for part in parts)
    return NumberAnswer(text if text.strip("?.,-") else NOT_A_DIGIT, tuple(parts), share)


def _groups(pieces: Row) -> list[tuple[int, int]]:
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
