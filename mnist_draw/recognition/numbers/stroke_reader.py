"""Read a number from its pen strokes: groups of neighbouring strokes, read by the same network.

A number has no more digits than strokes, for people lift the pen between digits: of 4,000
digits that 67 people wrote, 87 % have one stroke and 12.9 % more, two strokes of one digit
overlap (the median by 0.39 of the digit's height), and only 3 % leave paper between them. So a
letter drawn in one go is never cut into digits, and touching digits need no cut at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import normalise_ink
from mnist_draw.recognition.numbers.partition import Group, cheapest
from mnist_draw.recognition.numbers.stroke_pieces import PenStroke, StrokePieces, draw_strokes
from mnist_draw.recognition.recogniser import Reading

if TYPE_CHECKING:
    from mnist_draw.recognition.answer import Answer
    from mnist_draw.recognition.recogniser import Recogniser

Floats = npt.NDArray[np.float64]

# The constants below were chosen on numbers composed of the digits of the 88 writers whose letters
# the rule is fitted on, from those that read most of them rightly, cut no single digit and made no
# numbers of letters; the writers that the benchmarks call left out were not among them.

#: So much paper between strokes, in heights of the line, makes a letter or a sign improbable.
PAPER = 0.05
#: Strokes of one digit, at most, and what it costs that it has one, two, three or four, as
#: logarithms.
MAX_STROKES = 4
_PER_STROKES = np.array([0.0, 0.25, 2.0, 3.5])
#: What that costs for each digit, beyond this: half of minus the logarithm of how many of those
#: that people drew have one stroke (91 % of fours have more), and several (0.4 % of sixes have).
#: Few give a one a foot or a flag of its own, but those always do.
_DIGIT_OF_ONE = np.array([0.0, 0.0, 0.0, 0.0, 1.2, 0.45, 0.0, 0.25, 0.05, 0.05])
_DIGIT_OF_MORE = np.array([1.35, 0.25, 2.25, 2.0, 0.05, 0.25, 2.25, 0.45, 1.25, 1.0])
#: More strokes are no number: a drawing, a page of text.
MAX_COUNT = 32
#: Paper between two strokes, in heights of the line (negative where they overlap), from which on
#: it costs to take them for one digit, how much for each height, and the most.
_JOINED_FROM, _JOINED_SLOPE, _JOINED_MOST = -0.1, 9.0, 7.0
#: Strokes that it costs as much to join are no digit: the network is not asked about them.
_NEVER_JOINED = 5.0
#: Below this paper it costs to take them for two.
_APART_FROM, _APART_SLOPE, _APART_MOST = -0.05, 10.0, 6.0
#: The network is not asked about what looks so little like a digit, as log odds.
_HOPELESS = -5.0
#: No reading of a group is less probable than this, as a logarithm.
_WORST = -9.0
#: A digit lower than this, in heights of the line, costs as much for each tenth that it lacks.
_LOW, _PER_TENTH = 0.5, 1.0
#: The evidence that a few strokes together are something else than several digits, a letter for
#: example, counts up to this logarithm; where paper lies between all of them, up to another: 11
#: looks like a sign, but letters and signs seldom leave paper.
_NO_NUMBER, _NO_NUMBER_APART = 14.0, 4.0


@dataclass(frozen=True, eq=False)
class StrokeReading:
    """The most probable way to read strokes as digits from left to right.

    Attributes
    ----------
    groups : list of tuple of int
        The digits, as first and end in `pieces`.
    pieces : StrokePieces
    inputs : numpy.ndarray, float32, shape (len(groups), 28, 28)
        What the network saw of each.
    reading : Reading
        What is known of each.
    share : float
        The probability that the strokes belong together like this, 0 to 1.
    """

    groups: list[Group]
    pieces: StrokePieces
    inputs: npt.NDArray[np.float32]
    reading: Reading
    share: float


def read_strokes(
    recogniser: Recogniser, strokes: Sequence[PenStroke], alone: Answer | None = None
) -> StrokeReading:
    """Find the digits that strokes make.

    Parameters
    ----------
    recogniser : Recogniser
    strokes : sequence of numpy.ndarray, float, shape (n, 3)
        From one to :data:`MAX_COUNT`, in the order in which they were drawn; see
        :data:`mnist_draw.recognition.numbers.stroke_pieces.PenStroke`.
    alone : Answer, optional
        What the recogniser said of all of them as one digit, where that is known already.

    Returns
    -------
    StrokeReading
    """
    drawn = draw_strokes(strokes)
    orders = [(order, drawn.ordered(order)) for order in _orders(drawn)]
    # Most groups are the same in both orders: each is read once.
    rows: dict[frozenset[int], int] = {}
    inputs: list[npt.NDArray[np.float32]] = []
    if alone is not None and alone.network_input is not None:
        rows[frozenset(range(len(drawn)))] = 0
        inputs.append(alone.network_input)
    for order, pieces in orders:
        for first, last in _groups(pieces):
            if rows.setdefault(frozenset(order[first:last]), len(rows)) == len(inputs):
                inputs.append(normalise_ink(pieces.group(first, last)))
    pictures = np.stack(inputs)
    reading = _read(recogniser, pictures, alone)
    ways = []
    for order, pieces in orders:
        known = [rows[frozenset(order[first:last])] for first, last in _groups(pieces)]
        ways.append(_best_way(pieces, pictures[known], Reading(*(part[known] for part in reading))))
    return min(ways, key=lambda way: way[0])[1]


def _read(
    recogniser: Recogniser, pictures: npt.NDArray[np.float32], alone: Answer | None
) -> Reading:
    """Return what is known of each picture; the first need not be asked about again."""
    if alone is None or alone.network_input is None:
        return recogniser.read(pictures[:, None], _HOPELESS)
    others = recogniser.read(pictures[1:, None], _HOPELESS)
    first = (alone.probabilities, alone.likeness, alone.several)
    return Reading(
        *(np.concatenate([[one], rest]) for one, rest in zip(first, others, strict=True))
    )


def _orders(drawn: StrokePieces) -> list[list[int]]:
    """Return the order in time, and from left to right where that is another.

    Of a number that was written from left to right, the strokes of a digit follow each other in
    time, whatever lies above what; a bar that was added in the end is found by its place.
    """
    in_time = list(range(len(drawn)))
    middles = drawn.spans[:, 0] + drawn.spans[:, 2]
    from_left = [int(n) for n in np.argsort(middles, kind="stable")]
    return [in_time] if from_left == in_time else [in_time, from_left]


def _groups(pieces: StrokePieces) -> list[Group]:
    """List the groups of neighbouring strokes that may be one digit, and all strokes."""
    count = len(pieces)
    joined, _, _ = _of_gaps(pieces)
    return [
        (first, last)
        for first in range(count)
        for last in range(first + 1, min(first + MAX_STROKES, count) + 1)
        if last - first in (1, count) or joined[first : last - 1].sum() < _NEVER_JOINED
    ]


def _best_way(
    pieces: StrokePieces, pictures: npt.NDArray[np.float32], reading: Reading
) -> tuple[float, StrokeReading]:
    """Return the cost of the best way in one order of the strokes, and that way.

    `pictures` and `reading` belong to the groups that :func:`_groups` lists.
    """
    groups = _groups(pieces)
    costs = _costs(pieces, groups, reading)
    chosen, share = cheapest(len(pieces), groups, costs)
    cost = float(costs[chosen].sum())
    chosen.sort(key=lambda row: pieces.box(*groups[row])[1])
    best = StrokeReading(
        [groups[row] for row in chosen],
        pieces,
        # Copies: rows would keep all groups alive.
        pictures[chosen].copy(),
        Reading(*(part[chosen] for part in reading)),
        share,
    )
    return cost, best


def _costs(pieces: StrokePieces, groups: list[Group], reading: Reading) -> Floats:
    """Return what each group costs as one digit: minus the logarithm of its probability."""
    best = reading.probabilities.max(axis=1).astype(np.float64)
    costs: Floats = -np.log(np.maximum(best, np.exp(_WORST)))
    # The probability that it is a digit at all, from its log odds.
    costs += np.minimum(np.logaddexp(0, -reading.likeness.astype(np.float64)), -_WORST)
    digits = reading.probabilities.argmax(axis=1)
    joined, apart, gaps = _of_gaps(pieces)
    no_number = _NO_NUMBER_APART if (gaps >= PAPER).all() else _NO_NUMBER
    for row, (first, last) in enumerate(groups):
        top, _, bottom, _ = pieces.box(first, last)
        lacking = _LOW - (bottom - top) / pieces.height
        costs[row] += max(0.0, lacking) * 10 * _PER_TENTH
        costs[row] += _PER_STROKES[last - first - 1]
        costs[row] += (_DIGIT_OF_MORE if last - first > 1 else _DIGIT_OF_ONE)[digits[row]]
        costs[row] += joined[first : last - 1].sum()
        if first:
            costs[row] += apart[first - 1]
        if last - first == len(pieces):
            # One group stands for one digit or none, all other ways for several digits.
            several = float(reading.several[row])
            costs[row] -= min(np.logaddexp(0, -several), no_number)
    return costs


def _of_gaps(pieces: StrokePieces) -> tuple[Floats, Floats, Floats]:
    """Return what it costs, between neighbours, to join and to part them, and the paper there."""
    spans = pieces.spans
    # Without the pen's width: where the middles of the lines are.
    right = np.maximum.accumulate(spans[:, 2])[:-1]
    left = np.minimum.accumulate(spans[::-1, 0])[::-1][1:]
    gaps = left - right
    joined = np.clip((gaps - _JOINED_FROM) * _JOINED_SLOPE, 0, _JOINED_MOST)
    apart = np.clip((_APART_FROM - gaps) * _APART_SLOPE, 0, _APART_MOST)
    return joined, apart, gaps
