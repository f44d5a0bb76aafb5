"""Read a number from its pen strokes: groups of neighboring strokes, read by the same network.

A person nearly always lifts the pen between two digits, so a digit consists of whole strokes: of
4,000 digits that 67 people wrote, 87% have one stroke and 12.9% more, two strokes of one digit
overlap (the median by 0.39 of the digit's height), and only 3% leave paper between them. So
touching digits need no cut, and strokes are cut only if they can be read in no other way. Each
stroke is drawn here once more, small and with a pen that suits the line's height: the pen that
suits one large digit would close the loops of small ones, and what is read shall not depend on the
pen that was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from mnist_draw.dataset.normalise import normalise_ink
from mnist_draw.recognition.answer import NOT_A_DIGIT, Answer, Scores
from mnist_draw.recognition.glyphs import (
    NEUTRAL,
    best_signs,
    in_line,
    in_place,
    line_of,
    stroke_boxes,
)
from mnist_draw.recognition.pieces import (
    HEIGHT,
    Box,
    Group,
    Plane,
    Reading,
    Row,
    cheapest_reading,
    digit_costs,
)

if TYPE_CHECKING:
    from mnist_draw.recognition.recogniser import Recogniser

Floats = npt.NDArray[np.float64]

#: A stroke of the pen: float (n, 3), each point's x, y and the pen's width there, in pixels of
#: the ink picture; at least one point.
PenStroke = npt.NDArray[np.floating]

#: The finest and the widest pen, in heights of the line: MNIST's strokes are about that wide.
FINEST_PEN = 1 / 10
WIDEST_PEN = 1 / 8
#: Points nearer than this to the one before are left out, in pixels of the reduced picture.
_NEAREST = 2.0
#: Strokes are drawn this many times larger first, so that their edges become gray.
_FINER = 4
#: Points further apart, in parts of the drawing's longer side, are joined by curves.
_FAR = 0.08
#: Paper around each stroke's own box, in pixels.
_AROUND = 1

# The constants below were chosen on numbers composed of the digits of the 88 writers whose letters
# the rejection rule is fitted on: those that read most numbers rightly, cut no single digit and
# make no numbers of letters. The writers that the benchmarks call left out were not among them.

#: Letters and signs seldom leave so much paper between strokes, in heights of the line.
PAPER = 0.05
#: The most strokes of one digit, and the costs of one, two, three and four, as logarithms.
MAX_STROKES = 4
_PER_STROKES = np.array([0.0, 0.25, 2.0, 3.5])
#: Further costs of each digit with one stroke, and with several: half of minus the logarithm of the
#: share that people drew so (91% of fours have several, 0.4% of sixes). Few people give a one a
#: foot or a flag of its own, but those always do. They count so many times where one digit is told
#: from another (a 5 whose top is a stroke of its own is no 3), and for a digit alone.
_DIGIT_OF_ONE = np.array([0.0, 0.0, 0.0, 0.0, 1.2, 0.45, 0.0, 0.25, 0.05, 0.05])
_DIGIT_OF_MORE = np.array([1.35, 0.25, 2.25, 2.0, 0.05, 0.25, 2.25, 0.45, 1.25, 1.0])
_AMONG_DIGITS = 1.5
#: The costs of a sign, and of a letter or any other symbol among digits, as logarithms.
_PER_SIGN = 0.4
_PER_OTHER = 4.0
#: By how much a letter or a symbol is more probable if nothing else is there.
_NOTHING_ELSE = 2.0
#: More paper than this between two strokes (negative if they overlap), in heights of the line,
#: makes one digit costly: from where, the slope, the most.
_JOINED_FROM = -0.1
_JOINED_SLOPE = 9.0
_JOINED_MOST = 7.0
#: Strokes that cost so much to join are no digit: the network does not read them.
_NEVER_JOINED = 5.0
#: Less paper than this in any row makes two digits costly: from where, the slope, the most.
_APART_FROM = -0.05
_APART_SLOPE = 10.0
_APART_MOST = 6.0
#: The cost of two digits where such a share of the narrower stroke is above or below the other: a 4
#: is often written so, and $.
_COVERED = 0.9
_PER_COVERED = 3.0
#: Several strokes that look like a digit are seldom two: log odds above this count for them, by
#: this factor, at most so much. An open 4 is not 21, nor a 7 with a bar 17.
_UNITED_FROM = 2.0
_UNITED = 0.3
_UNITED_MOST = 1.2
#: Rows so far above or below a stroke, in heights of the line, see the box around it: a 5 and its
#: top, or the two circles of an 8, share no row.
_BEYOND = 0.15
#: Strokes of this width may hold several digits. They are cut where so little of what was drawn
#: before reaches over what follows, not nearer to an end; a link so long may belong to either side.
#: All in heights of the line. The cost of a cut, as a logarithm.
_WIDE = 0.6
_OVERLAP = 0.12
_END = 0.3
_LONG = 0.3
_PER_CUT = 2.0
#: More pieces are no number: a drawing, a page of text.
MAX_PIECES = 32
#: The network does not read what is less probably a digit.
_MIN_LOG_ODDS = -5.0
#: The most that counts, as a logarithm, as evidence that all strokes together are something else
#: than several digits, such as a letter; and the most with paper between all of them: 11 looks like
#: a sign, but letters and signs seldom leave paper.
_NO_NUMBER = 14.0
_NO_NUMBER_APART = 4.0


def cut_strokes(strokes: Sequence[PenStroke]) -> Row | None:
    """Draw strokes that are cut where they may hold several digits; None without such places."""
    height = max(1e-6, *(float(np.ptp(stroke[:, 1])) for stroke in strokes))
    parts: list[PenStroke] = []
    cut: list[bool] = []
    for stroke in strokes:
        pieces = np.split(stroke, _cuts(stroke, height))
        parts += pieces
        cut += [n > 0 for n in range(len(pieces))]
    if not 1 < len(parts) <= MAX_PIECES or not any(cut):
        return None
    return replace(draw_strokes(parts), cut=tuple(cut))


def _cuts(stroke: PenStroke, height: float) -> list[int]:
    """Return places in a stroke with what was drawn before at the left, and the rest at the right.

    Where a line goes on to the right, these are its two ends and its middle.
    """
    x = stroke[:, 0]
    if np.ptp(x) < _WIDE * height:
        return []
    steps = np.hypot(*np.diff(stroke[:, :2], axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)]) / height
    overlap = (np.maximum.accumulate(x)[:-1] - np.minimum.accumulate(x[::-1])[::-1][1:]) / height
    places = np.flatnonzero(overlap < _OVERLAP) + 1
    found: list[int] = []
    for run in np.split(places, np.flatnonzero(np.diff(places) > 1) + 1):
        if not len(run):
            continue
        middle = int(run[np.abs(along[run] - along[run].mean()).argmin()])
        ends = [int(run[0]), middle, int(run[-1])] if np.ptp(along[run]) > _LONG else [middle]
        found += [n for n in ends if _END < along[n] < along[-1] - _END]
    return sorted(set(found))


def curved(strokes: Sequence[PenStroke]) -> list[PenStroke]:
    """Join points that are far apart, as of a fast pen, by curves instead of lines.

    The curves are splines through all points (E. Catmull, R. Rom, 1974), centripetal, so that they
    have no loops at corners.
    """
    if not strokes:
        return []
    points = np.concatenate([stroke[:, :2] for stroke in strokes])
    far = _FAR * max(float(np.ptp(points, axis=0).max()), 1e-6)
    return [_curved(np.asarray(stroke, np.float64), far) for stroke in strokes]


def _curved(stroke: Floats, far: float) -> Floats:
    steps = np.hypot(*np.diff(stroke[:, :2], axis=0).T)
    if len(stroke) < 3 or steps.max() <= far:
        return stroke
    times = np.concatenate([[0.0], np.cumsum(np.sqrt(np.maximum(steps, 1e-6)))])
    slopes = np.gradient(stroke, times, axis=0)
    counts = (steps / far).astype(int) + 1
    n = np.repeat(np.arange(len(steps)), counts)
    first = np.cumsum(counts) - counts
    at = ((np.arange(len(n)) - first[n] + 1) / counts[n])[:, None]
    time = np.diff(times)[n][:, None]
    between: Floats = (
        stroke[n] * (1 + 2 * at) * (1 - at) ** 2
        + stroke[n + 1] * (3 - 2 * at) * at**2
        + slopes[n] * time * at * (1 - at) ** 2
        - slopes[n + 1] * time * at**2 * (1 - at)
    )
    return np.concatenate([stroke[:1], between])


def draw_strokes(strokes: Sequence[PenStroke]) -> Row:
    """Draw each stroke separately; at least one."""
    lines = stroke_boxes(strokes)
    tallest = float((lines[:, 3] - lines[:, 1]).max())
    pen = max(float(np.median(np.concatenate(strokes)[:, 2])), 1e-6)
    # Parts of the height with the pen, which small digits shall not owe to the pen that was chosen.
    finest, widest = (tallest * share / (1 - share) for share in (FINEST_PEN, WIDEST_PEN))
    # All widths change alike, so that pressure still shows.
    factor = min(max(pen, finest), widest) / pen if widest > 1e-3 * pen else 1.0
    height = tallest + pen * factor
    scale = height / HEIGHT
    left, top = lines[:, :2].min(axis=0) - pen * factor / 2
    drawn = [_drawn((s[:, :2] - (left, top)) / scale, s[:, 2] * factor / scale) for s in strokes]
    planes, places = zip(*drawn, strict=True)
    spans = lines / max(tallest, 1e-6)
    whole = (False,) * len(strokes)
    corner = float(top), float(left)
    return Row(planes, places, spans, whole, float(HEIGHT), scale, corner, tuple(strokes))


def _drawn(points: npt.NDArray[np.floating], widths: npt.NDArray[np.floating]) -> tuple[Plane, Box]:
    """Draw a line with round ends through points; return its ink and box."""
    reach = float(widths.max()) / 2 + _AROUND
    low = np.floor(points.min(axis=0) - reach).astype(int)
    high = np.ceil(points.max(axis=0) + reach).astype(int)
    width, height = (int(side) * _FINER for side in high - low)
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    kept = _spaced(points)
    fine = ((points[kept] - low) * _FINER).tolist()
    wide = np.maximum(widths[kept] * _FINER, 1).tolist()
    for n, (x, y) in enumerate(fine):
        half = wide[n] / 2
        draw.ellipse((x - half, y - half, x + half, y + half), fill=255)
        if n:
            between = round((wide[n - 1] + wide[n]) / 2)
            draw.line((*fine[n - 1], x, y), fill=255, width=between)
    plane = np.asarray(image.reduce(_FINER), np.float32) / np.float32(255)
    return plane, (int(low[1]), int(low[0]), int(high[1]), int(high[0]))


def _spaced(points: npt.NDArray[np.floating]) -> list[int]:
    """Select the points to draw: the first, the last, and those far enough from the one before."""
    kept = [0]
    x, y = points[0]
    for n, (to_x, to_y) in enumerate(points.tolist()):
        if abs(to_x - x) >= _NEAREST or abs(to_y - y) >= _NEAREST:
            kept.append(n)
            x = to_x
            y = to_y
    if kept[-1] != len(points) - 1:
        kept.append(len(points) - 1)
    return kept


# -- reading


def are_dots(strokes: Sequence[PenStroke]) -> bool:
    """Whether strokes are lower than the pen is wide."""
    points = np.concatenate(strokes)
    return bool(np.ptp(points[:, 1]) <= np.median(points[:, 2]))


class ReadCache:
    """Groups of strokes, each read once, also if it is a group in both orders.

    `alone` is the answer for all strokes as one digit.
    """

    def __init__(self, drawn: Row, alone: Answer) -> None:
        assert alone.network_input is not None
        self._drawn = drawn
        self._alone = alone
        self._rows = {frozenset(range(len(drawn))): 0}
        self._inputs = [alone.network_input]

    def rows_of(self, order: list[int], pieces: Row, groups: list[Group]) -> list[int]:
        """Return the row of each group of strokes in an order, after adding those that are new."""
        rows = []
        for first, last in groups:
            strokes = frozenset(order[first:last])
            if strokes not in self._rows:
                self._rows[strokes] = len(self._inputs)
                self._inputs.append(normalise_ink(pieces.group(first, last)))
            rows.append(self._rows[strokes])
        return rows

    def read(self, recogniser: Recogniser) -> tuple[Plane, Scores]:
        """Return the pictures and the scores of all groups, by their rows."""
        pictures = np.stack(self._inputs)
        lines = [self._strokes_of(sorted(group)) for group in self._rows]
        glyphs = recogniser.read_glyphs(lines, line_of(self._drawn.lines))
        # A cut stroke begins and ends where no pen did.
        glyphs[[self._is_partial(group) for group in self._rows]] = NEUTRAL
        others = recogniser.read(pictures[1:, None], _MIN_LOG_ODDS)
        known = (self._alone.probabilities, self._alone.log_odds, self._alone.several)
        every = [np.concatenate([[one], rest]) for one, rest in zip(known, others, strict=False)]
        weights = np.where(self._have_several(), _DIGIT_OF_MORE, _DIGIT_OF_ONE)
        shares = every[0] * np.exp(-_AMONG_DIGITS * weights)
        shares /= shares.sum(axis=1, keepdims=True)
        return pictures, Scores(shares.astype(np.float32), every[1], every[2], glyphs)

    def _strokes_of(self, group: list[int]) -> list[PenStroke]:
        """Return the strokes of pieces, put together again where they were cut."""
        strokes: list[PenStroke] = []
        for n in group:
            if self._drawn.cut[n] and n - 1 in group:
                strokes[-1] = np.concatenate([strokes[-1], self._drawn.lines[n]])
            else:
                strokes.append(self._drawn.lines[n])
        return strokes

    def _is_partial(self, group: frozenset[int]) -> bool:
        """Whether a stroke of a group goes on beyond it."""
        cut = self._drawn.cut
        return any(is_cut and (n in group) != (n - 1 in group) for n, is_cut in enumerate(cut))

    def _have_several(self) -> npt.NDArray[np.bool_]:
        """Tell for which groups the pen was lifted, (groups, 1); a cut is none."""
        cut = self._drawn.cut
        strokes = [sum(not cut[n] or n - 1 not in group for n in group) for group in self._rows]
        return np.array(strokes)[:, None] > 1


def read_strokes(recogniser: Recogniser, drawn: Row, alone: Answer) -> Reading:
    """Read strokes, in the order of drawing, as digits from left to right.

    `alone` is the answer for all of them as one digit.
    """
    cache = ReadCache(drawn, alone)
    orders = []
    for order in _orders(drawn):
        pieces = drawn.part(order)
        groups = _groups(pieces)
        orders.append((pieces, groups, cache.rows_of(order, pieces, groups)))
    pictures, scores = cache.read(recogniser)
    ways = []
    for pieces, groups, rows in orders:
        own = Scores(*(values[rows] for values in scores))
        own = own._replace(glyphs=in_place(own.glyphs, groups, len(pieces)))
        costs, signs = _costs(pieces, groups, own)
        ways.append(cheapest_reading(pieces, groups, pictures[rows], own, costs, signs))
    return min(ways, key=lambda way: way.cost)


def _orders(drawn: Row) -> list[list[int]]:
    """Return the order in time, and the order from left to right if it differs.

    Strokes of a digit follow each other in time; a bar that was added late is found by its place.
    """
    in_time = list(range(len(drawn)))
    middles = drawn.spans[:, 0] + drawn.spans[:, 2]
    from_left = [int(n) for n in np.argsort(middles, kind="stable")]
    return [in_time] if from_left == in_time else [in_time, from_left]


def _groups(pieces: Row) -> list[Group]:
    """List the groups of neighboring strokes that may be one digit, and all strokes."""
    count = len(pieces)
    joined, _ = _of_gaps(pieces)
    lifts = np.cumsum(~np.array(pieces.cut))
    return [
        (first, last)
        for first in range(count)
        for last in range(first + 1, count + 1)
        if last - first in (1, count)
        or (
            lifts[last - 1] - lifts[first] < MAX_STROKES
            and joined[first : last - 1].sum() < _NEVER_JOINED
        )
    ]


def _costs(pieces: Row, groups: list[Group], scores: Scores) -> tuple[Floats, list[str]]:
    """Return minus the logarithm of each group's probability, and what it is.

    That is empty for a digit, else a sign, or "?" for a letter and the like.
    """
    said = in_line(scores.glyphs).astype(np.float64)
    as_digits = digit_costs(pieces, groups, scores) - said[:, 0]
    digits = scores.probabilities.argmax(axis=1)
    joined, gaps = _of_gaps(pieces)
    apart = np.clip((_APART_FROM - _row_gaps(pieces)) * _APART_SLOPE, 0, _APART_MOST)
    left, _, right, _ = pieces.spans.T
    overlap = np.minimum(right[:-1], right[1:]) - np.maximum(left[:-1], left[1:])
    narrower = np.minimum((right - left)[:-1], (right - left)[1:])
    apart += _PER_COVERED * (overlap >= _COVERED * narrower)
    apart[np.array(pieces.cut[1:], bool)] = _PER_CUT
    no_number = _NO_NUMBER_APART if (gaps >= PAPER).all() else _NO_NUMBER
    lifts = np.cumsum(~np.array(pieces.cut))
    lifted = np.array([lifts[last - 1] - lifts[first] for first, last in groups])
    as_digits += _PER_STROKES[np.minimum(lifted, MAX_STROKES - 1)]
    as_digits += np.where(lifted > 0, _DIGIT_OF_MORE[digits], _DIGIT_OF_ONE[digits])
    ways = np.stack([as_digits, _PER_SIGN - said[:, 1], _PER_OTHER - said[:, 2]], axis=1)
    texts = [("", sign, NOT_A_DIGIT) for sign in best_signs(scores.glyphs)]
    signs = [text[way] for text, way in zip(texts, ways.argmin(axis=1), strict=True)]
    costs = ways.min(axis=1)
    for row, (first, last) in enumerate(groups):
        costs[row] += joined[first : last - 1].sum()
        if first:
            costs[row] += apart[first - 1]
        if last - first == len(pieces):
            # This group is the only reading as one digit; all others are several digits.
            several = float(scores.several[row])
            costs[row] -= min(np.logaddexp(0, -several), no_number)
            costs[row] -= _NOTHING_ELSE * (signs[row] == NOT_A_DIGIT)
        elif lifted[row]:
            costs[row] -= np.clip(_UNITED * (scores.log_odds[row] - _UNITED_FROM), 0, _UNITED_MOST)
    return costs, signs


def _of_gaps(pieces: Row) -> tuple[Floats, Floats]:
    """Return the costs of joining neighbors, and the paper between them."""
    spans = pieces.spans
    # Without the pen's width: where the middles of the lines are.
    right = np.maximum.accumulate(spans[:, 2])[:-1]
    left = np.minimum.accumulate(spans[::-1, 0])[::-1][1:]
    gaps = left - right
    joined = np.clip((gaps - _JOINED_FROM) * _JOINED_SLOPE, 0, _JOINED_MOST)
    joined[np.array(pieces.cut[1:], bool)] = 0
    return joined, gaps


def _row_gaps(pieces: Row) -> Floats:
    """Return the least paper between neighbors in any row; leaning digits have it between them."""
    top, _, bottom, _ = pieces.box(0, len(pieces))
    every = np.arange(top, bottom)
    lefts = []
    rights = []
    for plane, (up, left, _, right) in zip(pieces.planes, pieces.boxes, strict=True):
        ink = plane >= plane.max() / 2
        inked = np.flatnonzero(ink.any(axis=1)) + up
        nearest = np.clip(every, inked[0], inked[-1])
        is_beyond = np.abs(every - nearest) > _BEYOND * pieces.height
        starts = left + ink.argmax(axis=1)
        ends = right - ink[:, ::-1].argmax(axis=1)
        rows = nearest - up
        lefts.append(np.where(is_beyond, starts[inked - up].min(), starts[rows]))
        rights.append(np.where(is_beyond, ends[inked - up].max(), ends[rows]))
    left_of_rest = np.minimum.accumulate(lefts[::-1])[::-1][1:]
    gaps = (left_of_rest - np.maximum.accumulate(rights)[:-1]).min(axis=1)
    # Without the pen's width, as spans are.
    without_pen: Floats = gaps / pieces.height + (FINEST_PEN + WIDEST_PEN) / 2
    return without_pen
