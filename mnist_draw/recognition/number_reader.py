"""Read a number: several digits written from left to right.

If the pen strokes are known, digits consist of whole strokes (see
:mod:`mnist_draw.recognition.stroke_reader`). If only pixels are known, the ink is cut into more
pieces than needed, all groups of neighboring pieces that could be one digit are read in one batch,
and the most probable combination of groups is chosen
(over-segmentation and dynamic programming, as in Y. LeCun, L. Bottou, Y. Bengio, P. Haffner,
"Gradient-based learning applied to document recognition", 1998).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mnist_draw.arrays import Array, Doubles, Floats
from mnist_draw.dataset.normalise import has_ink, ink_box, normalise_ink
from mnist_draw.recognition.answer import NOT_A_DIGIT, Answer, DigitAnswer, NumberAnswer
from mnist_draw.recognition.glyphs import in_line, letter_like, word_odds
from mnist_draw.recognition.lines import FRACTION
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
    PenStroke,
    are_dots,
    curved,
    cut_strokes,
    draw_strokes,
    read_strokes,
)

if TYPE_CHECKING:
    from mnist_draw.recognition.recogniser import Recogniser


# Log odds are natural logarithms. Lengths are in heights of the line, unless a comment says
# otherwise. Most limits were chosen on numbers composed of digits of the 88 fitted writers
# (`benchmarks/drawn_numbers.py`).

# -- what is not cut

#: Ink with such log odds of being one digit and such confidence is not cut, …
_SURE_LOG_ODDS = 3.0
_SURE_CONFIDENCE = 0.8
#: … nor is ink with lower log odds of being several digits.
_SEVERAL = -2.2
#: Refused strokes are cut from these log odds of being several digits on: of letters, hardly
#: any; or if they are this many times wider than high.
_SEVERAL_JOINED = -0.5
_WIDE = 2.0

# -- groups of pieces

#: The most pieces of a digit.
_MAX_PIECES = 8
#: The largest width of a digit, and of one that is cut out of connected ink.
_MAX_WIDTH = 1.9
_MAX_CUT_WIDTH = 1.3
#: The network does not read groups with lower log odds of being a digit.
_MIN_LOG_ODDS = -2.5
#: Paper of this width between two pieces separates two digits.
_CLEAR = 0.3
#: Cost of a cut through ink, as a logarithm: one digit is not divided without a good reason.
_PER_CUT = 0.2
#: Further cost of a part that is refused, as a logarithm.
_PER_REFUSED = 2.0
#: Many ways to cut ink give the same digits: their share counts with this power. It was fitted
#: to numbers of two and three digits of the 88 writers.
_ALIKE = 0.25

# -- which readings are numbers

#: By how many log odds the rejection threshold is lower for a part of a number than for a digit
#: alone, if at least half of the parts would not be refused alone.
_SHIFT = 3.0
#: Groups of strokes are a number if the mean of their log odds is this far above the threshold,
#: in which none counts for more than the second value: a plain digit speaks for a strange one
#: beside it, as in 77, 88, 16.
_PLAIN = 1.8
_PLAINEST = 5.0
#: From these log odds of being several digits on, the mean need only be above the threshold: of
#: letters of several strokes 0.2% are.
_PLAINLY_SEVERAL = 1.0
#: Strokes with higher log odds of being a word are not cut; one letter may be joined digits.
_PLAINLY_A_WORD = 5.0
#: Ink with lower log odds of being several digits is one sign; 5% of digits beside signs are.
_RATHER_A_SIGN = -3.0
#: A group with this part of its width above another is in a line above it.
_ABOVE = 0.5
#: Groups of which one is above or below this part of the width of the other are no digits, but
#: a sign, such as # and $: of 500 numbers of touching digits, no two share 0.75.
_COVERED = 0.8

# -- signs

#: Ink beside a digit, with this much paper between the middles of their lines, is not its own
#: if the digit is read without it, too; with the second width, it never is.
_LOOSE = 0.15
_FAR = 0.25
#: Pieces of this height are digits or parts of them; lower ones, with this much paper beside
#: them, may be signs.
_TALL = 0.45
_BESIDE = 0.06
#: Points are lower and narrower than a dot, commas at least this high; a minus is this many
#: times wider than high.
_DOT = 0.2
_COMMA = 0.12
_LEVEL = 3.0
#: The middles of points and commas are below this part of the digit beside them.
_LOW = 0.75
#: The log odds of ink between digits being a slash, if it is that or a 1: for each degree by
#: which it leans further than half of the median of all parts, for its height in medians of
#: theirs, for its width as a share of its length, and in general. Close to a logistic
#: regression on lines that were composed of what 33 of the fitted writers drew: of their
#: slashes 90% have more than 0, of their ones 0.7%.
_SLASH_LEAN = 0.35
_SLASH_HEIGHT = 11.0
_SLASH_WIDTH = -26.0
_SLASH = -15.0
#: The share of signs that are read rightly.
_SIGN_CONFIDENCE = 0.97
SLASH = "/"
#: How sure signs are that the strokes' network does not decide on.
_SURE = {NOT_A_DIGIT: 0.0, SLASH: _SIGN_CONFIDENCE}


@dataclass(frozen=True, eq=False)
class Line:
    """One line of ink, (H, W): its pieces, and the answer for all of it as one digit."""

    ink: Array
    pieces: Row
    alone: Answer


def read_number(
    recogniser: Recogniser,
    ink: Array,
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
    together = alone or recogniser.recognise_ink(ink, strokes)
    if together.rest is not None:
        ink, strokes, _ = together.rest
    strokes = curved(strokes or ())
    number = None
    is_one_line = together.lines == 1 and together.objection != FRACTION
    if not beginning and is_one_line and len(strokes) <= MAX_PIECES and recogniser.reads_digits:
        of_strokes = partial(_of_strokes, recogniser, strokes, together)
        of_picture = partial(_of_picture, recogniser, ink, together)
        number = (of_strokes if strokes else of_picture)(decimals)
    return number or _join([_whole(together, ink)])


# -- from strokes


def _of_strokes(
    recogniser: Recogniser,
    strokes: list[PenStroke],
    alone: Answer,
    decimals: bool,
) -> NumberAnswer | None:
    """Read several digits and signs from strokes; None if there are none."""
    is_plain = len(strokes) == 1 and alone.digit is not None
    if are_dots(strokes) or (is_plain and alone.several < _SEVERAL_JOINED):
        return None
    found = read_strokes(recogniser, alone.strokes or draw_strokes(strokes), alone)
    word = word_odds(found.scores.glyphs)
    if word > _PLAINLY_A_WORD:
        return None
    cut = cut_strokes(strokes) if _may_be_joined(recogniser, found, alone) else None
    if cut is not None:
        divided = read_strokes(recogniser, cut, alone)
        if divided.cost < found.cost and not any(_are_strange(recogniser, divided)):
            found = divided
            word = 0.0
    if len(found.groups) == 1:
        return _beside_one_digit(recogniser, found, alone, decimals)
    if word > 0 or not _is_number(recogniser, found, alone):
        return None
    return _parts(recogniser, found, _SHIFT, decimals)


def _beside_one_digit(
    recogniser: Recogniser,
    found: Reading,
    alone: Answer,
    decimals: bool,
) -> NumberAnswer | None:
    """Return one digit and the ink that it does not own; None without such ink."""
    if alone.network_input is None or found.signs[0] or alone.several < _RATHER_A_SIGN:
        return None
    place = found.pieces.in_picture()
    whole = _digit(alone.digit is None, alone.probabilities, place, alone.network_input)
    parts = _owned(recogniser, found.pieces, found.groups[0], whole)
    return _join(parts, decimals=decimals) if len(parts) > 1 else None


def _may_be_joined(recogniser: Recogniser, found: Reading, alone: Answer) -> bool:
    """Whether strokes may hold several digits each."""
    if len(found.groups) > 1:
        return any(_are_strange(recogniser, found))
    left, top, right, bottom = found.pieces.spans.T
    is_wide = np.ptp([left, right]) > _WIDE * np.ptp([top, bottom])
    return alone.several >= _SEVERAL_JOINED or (alone.digit is None and bool(is_wide))


def _are_strange(recogniser: Recogniser, found: Reading) -> list[bool]:
    """Tell which groups are neither digits nor signs."""
    refused = recogniser.margins(found.scores) < -_SHIFT
    pairs = zip(found.signs, refused, strict=True)
    return [sign == NOT_A_DIGIT or (not sign and bool(is_refused)) for sign, is_refused in pairs]


def _is_number(recogniser: Recogniser, found: Reading, alone: Answer) -> bool:
    """Whether groups of strokes are, together, a number: no letter, no word, no lines of them."""
    are_digits = np.array([not sign for sign in found.signs])
    if not are_digits.any() or _in_two_lines(found):
        return False
    is_cut = any(found.pieces.cut)
    margins = recogniser.margins(found.scores)
    least = 0.0 if alone.several >= _PLAINLY_SEVERAL and not is_cut else _PLAIN
    mean = np.clip(margins[are_digits], -_SHIFT, _PLAINEST).mean()
    return bool(mean >= least)


# -- from a picture


def _of_picture(
    recogniser: Recogniser,
    ink: Array,
    together: Answer,
    decimals: bool,
) -> NumberAnswer:
    """Read digits and signs from a picture."""
    pieces = cut_in_pieces(ink, ink_box(ink), partial(_stay_whole, recogniser))
    signs, line = _take_signs(recogniser, Line(ink, pieces, together))
    found = _read_pieces(recogniser, line.pieces, line.alone)
    is_one_sign = together.digit is None and together.several < _RATHER_A_SIGN
    if found is None:
        whole = _whole(line.alone, line.ink)
        everything = (0, len(line.pieces))
        one = [whole] if is_one_sign else _owned(recogniser, line.pieces, everything, whole)
        found = NumberAnswer("", tuple(one))
    # A number has one point or comma at the most.
    decimals = decimals and sum(part.sign in (".", ",") for part in signs) <= 1
    only_strange = signs and not (decimals and any(part.sign != NOT_A_DIGIT for part in signs))
    if is_one_sign and only_strange and len(found.digits) == 1:
        # Rather a sign of several parts, such as an exclamation mark.
        return _join([_whole(together, line.ink)])
    return _join([*signs, *found.digits], found.share, decimals)


def _stay_whole(recogniser: Recogniser, inks: list[Floats]) -> list[bool]:
    """Tell which parts are plainly one digit, or hardly several."""
    inputs = np.stack([normalise_ink(ink) for ink in inks])[:, None]
    scores = recogniser.read(inputs, _SURE_LOG_ODDS)
    sure = scores.log_odds >= _SURE_LOG_ODDS
    sure &= scores.probabilities.max(axis=1) >= _SURE_CONFIDENCE
    return [bool(value) for value in sure | (scores.several < _SEVERAL)]


def _take_signs(recogniser: Recogniser, line: Line) -> tuple[list[DigitAnswer], Line]:
    """Return the signs, and the line without them."""
    numbers = find_signs(line.pieces)
    if not numbers:
        return [], line
    signs = [_sign(line.pieces, [number]) for number in numbers]
    rest = [number for number in range(len(line.pieces)) if number not in numbers]
    ink = line.ink.copy()
    for left, top, width, height in (sign.box for sign in signs):
        ink[max(top, 0) : top + height, max(left, 0) : left + width] = 0
    alone = recogniser.recognise_ink(ink)
    return signs, Line(ink, line.pieces.part(rest), alone)


def _read_pieces(recogniser: Recogniser, pieces: Row, alone: Answer) -> NumberAnswer | None:
    """Read several digits from pieces of a picture; None if there are none."""
    if not 1 < len(pieces) <= MAX_PIECES:
        return None
    groups = _groups(pieces)
    inputs = np.stack([normalise_ink(pieces.group(*group)) for group in groups])[:, None]
    scores = recogniser.read(inputs, _MIN_LOG_ODDS)
    # A strange part is more likely a digit among digits than alone.
    refused = recogniser.margins(scores) < -_SHIFT
    costs = digit_costs(pieces, groups, scores)
    costs += [_PER_CUT * pieces.cut[first] for first, _ in groups]
    costs += _PER_REFUSED * refused
    none = [""] * len(groups)
    found = cheapest_reading(pieces, groups, inputs[:, 0], scores, costs, none)
    if len(found.groups) == 1 or _in_two_lines(found):
        return None
    are_digits = recogniser.margins(found.scores) >= 0
    shift = _SHIFT if are_digits.mean() >= 0.5 else 0.0
    return _parts(recogniser, replace(found, share=found.share**_ALIKE), shift)


def _join(parts: list[DigitAnswer], share: float = 1.0, decimals: bool = True) -> NumberAnswer:
    """Order parts from left to right; without `decimals`, signs are no digits."""
    if not decimals:
        parts = [replace(p, sign=NOT_A_DIGIT, confidence=0.0) if p.sign else p for p in parts]
    parts = sorted(parts, key=lambda part: 2 * part.box[0] + part.box[2])
    text = "".join(part.text for part in parts)
    return NumberAnswer(text if text.strip("?.,-") else NOT_A_DIGIT, tuple(parts), share)


# -- one digit


def _whole(answer: Answer, ink: Array) -> DigitAnswer:
    top, left, bottom, right = ink_box(ink)
    place = (left, top, right - left, bottom - top)
    return _digit(answer.digit is None, answer.probabilities, place, answer.network_input)


def _digit(
    is_refused: bool,
    probabilities: Floats,
    box: Box,
    network_input: Floats | None,
) -> DigitAnswer:
    if is_refused:
        return DigitAnswer(None, 0.0, box, probabilities, network_input)
    digit = int(probabilities.argmax())
    return DigitAnswer(digit, float(probabilities[digit]), box, probabilities, network_input)


# -- the parts of a number


def _parts(
    recogniser: Recogniser,
    found: Reading,
    shift: float,
    decimals: bool = True,
) -> NumberAnswer:
    """Return the digits and signs of a reading, and the ink that they do not own."""
    row = found.pieces
    refused = recogniser.margins(found.scores) < -shift
    slashes = _slash_odds(found)
    said = np.exp(in_line(found.scores.glyphs)) if row.lines else np.empty((0, 3))
    # Parts of digits were other ways to read the line.
    said /= said.sum(axis=1, keepdims=True)
    parts: list[DigitAnswer] = []
    for n, *covered in _runs(found):
        group = found.groups[n]
        if covered:
            pieces = [piece for m in (n, *covered) for piece in range(*found.groups[m])]
            parts.append(_sign(row, pieces))
            continue
        place = row.in_picture(*group)
        sign = found.signs[n]
        if sign in ("", SLASH):
            sign = SLASH if slashes[n] > 0 else ""
        if sign:
            sure = _SURE[sign] if sign in _SURE else float(said[n, 1])
            parts.append(DigitAnswer(None, sure, place, sign=sign))
            continue
        part = _digit(bool(refused[n]), found.scores.probabilities[n], place, found.inputs[n])
        if row.lines and part.digit is not None:
            part = replace(part, letter=letter_like(part.digit, found.scores.glyphs[[n]]))
        parts += _owned(recogniser, row, group, part)
    return _join(parts, found.share, decimals)


def _slash_odds(found: Reading) -> Doubles:
    """Return the log odds of each group of a reading being a slash, which stands between others."""
    inks = [found.pieces.group(*group) for group in found.groups]
    leans, widths = np.array([lean(ink) for ink in inks]).T
    heights = np.array([len(ink) for ink in inks])
    odds: Doubles = (
        _SLASH_LEAN * (leans - np.median(leans) / 2)
        + _SLASH_HEIGHT * heights / np.median(heights)
        + _SLASH_WIDTH * widths
        + _SLASH
    )
    odds[found.scores.probabilities.argmax(axis=1) != 1] = -np.inf
    odds[[0, -1]] = -np.inf
    return odds


def _runs(found: Reading) -> list[list[int]]:
    """List the groups from left to right, those that cover each other together."""
    spans = [found.pieces.spans[slice(*group)] for group in found.groups]
    lefts = np.array([span[:, 0].min() for span in spans])
    rights = np.array([span[:, 2].max() for span in spans])
    widths = rights - lefts
    shared = np.minimum(rights[:-1], rights[1:]) - np.maximum(lefts[:-1], lefts[1:])
    narrower = np.minimum(widths[:-1], widths[1:])
    apart = np.flatnonzero(shared < _COVERED * narrower) + 1
    return [run.tolist() for run in np.split(np.arange(len(spans)), apart)]


def _owned(recogniser: Recogniser, row: Row, group: Group, part: DigitAnswer) -> list[DigitAnswer]:
    """Return a digit, or the one plain digit of refused ink, apart from what it does not need."""
    far = _clusters(row, group, _FAR)
    is_far = len(far) > 1
    clusters = far if is_far else _clusters(row, group, _LOOSE)
    if any(row.cut[group[0] + 1 : group[1]]) or not 1 < len(clusters) <= MAX_PIECES:
        return [part]
    rows = [row.part(cluster) for cluster in clusters]
    inks = [cluster.all_ink() for cluster in rows]
    pictures = np.stack([normalise_ink(ink) for ink in inks])
    scores = recogniser.read(pictures[:, None])
    margins = recogniser.margins(scores)
    if part.digit is None:
        is_high = [np.ptp(cluster.spans[:, 1::2]) >= _TALL for cluster in rows]
        is_own = (margins >= _PLAIN) & is_high
    else:
        digits = scores.probabilities.argmax(axis=1)
        amounts = [ink.sum() for ink in inks]
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


# -- signs


@dataclass(frozen=True)
class SmallInk:
    """A low piece of a line: its size, and its place at the nearest digit.

    `depth` is 0 at the top of that digit and 1 at its bottom.
    """

    width: float
    height: float
    depth: float
    is_first: bool

    def is_comma(self) -> bool:
        return self.depth > _LOW and self.height >= max(_COMMA, self.width)

    def is_dot(self) -> bool:
        return max(self.width, self.height) < _DOT

    def is_point(self) -> bool:
        return self.is_dot() and self.depth > _LOW

    def is_minus(self) -> bool:
        is_level = self.width > _LEVEL * self.height
        return self.is_first and is_level and 1 - _LOW < self.depth < _LOW

    def sign(self) -> str:
        """Return its sign, ``"?"`` for a dot elsewhere; empty if it is none."""
        if self.is_comma():
            return ","
        if self.is_point():
            return "."
        if self.is_dot():
            return NOT_A_DIGIT
        return "-" if self.is_minus() else ""


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
    """Return the sign that a low piece beside digits is, as `SmallInk.sign`; else empty."""
    tall = row.spans[np.ptp(row.spans[:, 1::2], axis=1) >= _TALL]
    left, top, right, bottom = row.spans[piece]
    middle = (left + right) / 2
    is_below = (tall[:, 3] < top) & (tall[:, 0] <= middle) & (middle <= tall[:, 2])
    if not len(tall) or is_below.any():
        return ""
    nearest = tall[np.abs((tall[:, 0] + tall[:, 2]) / 2 - middle).argmin()]
    depth = ((top + bottom) / 2 - nearest[1]) / (nearest[3] - nearest[1])
    is_first = right < np.delete(row.spans[:, 0], piece).min()
    return SmallInk(right - left, bottom - top, depth, is_first).sign()


def _sign(row: Row, pieces: list[int]) -> DigitAnswer:
    """Return pieces as a sign, or as ink that no digit owns."""
    sign = (_sign_of(row, pieces[0]) if len(pieces) == 1 else "") or NOT_A_DIGIT
    confidence = 0.0 if sign == NOT_A_DIGIT else _SIGN_CONFIDENCE
    return DigitAnswer(None, confidence, row.part(pieces).in_picture(), sign=sign)


def _in_two_lines(found: Reading) -> bool:
    """Whether a group is above another: from left to right, two lines would mix."""
    pairs = zip(found.groups, found.signs, strict=True)
    boxes = [found.pieces.box(*group) for group, sign in pairs if not sign]
    return any(
        bottom <= below
        and min(right, end) - max(left, start) > _ABOVE * min(right - left, end - start)
        for _, left, bottom, right in boxes
        for below, start, _, end in boxes
    )


def _groups(pieces: Row) -> list[Group]:
    """List the groups of neighboring pieces that may be one digit, as first and end."""
    groups = []
    for first in range(len(pieces)):
        # A single piece is always a group, so that all pieces can be covered.
        groups.append((first, first + 1))
        for last in range(first + 2, min(first + _MAX_PIECES, len(pieces)) + 1):
            _, left, _, right = pieces.box(first, last)
            _, _, _, before = pieces.box(first, last - 1)
            paper = pieces.boxes[last - 1][1] - before
            width = (right - left) / pieces.height
            if width > _MAX_WIDTH or paper > _CLEAR * pieces.height:
                break
            is_cut = pieces.cut[first] or (last < len(pieces) and pieces.cut[last])
            if not is_cut or width <= _MAX_CUT_WIDTH:
                groups.append((first, last))
    return groups
