"""Divide a board or a picture into lines of digits, and read each of them.

Strokes of a pen, or parts of a picture's ink that do not touch, are known by their boxes alone:
left, top, right and bottom, float (N, 4).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mnist_draw.arrays import Array, Doubles
from mnist_draw.i18n import _
from mnist_draw.recognition.answer import NumberAnswer
from mnist_draw.recognition.glyphs import stroke_boxes
from mnist_draw.recognition.pieces import CORE, connected

if TYPE_CHECKING:
    from mnist_draw.recognition.recogniser import Recogniser
    from mnist_draw.recognition.stroke_reader import PenStroke

SEVERAL_LINES = _("It is several lines of digits.")
FRACTION = _("Fractions, and numbers above a bar, are not read.")
COLUMNS = _("Numbers in columns are not read.")
TOO_MANY = _("Only twelve lines are read.")
MOST_LINES = 12
#: Boxes at least so high, in heights of the highest, make lines: others are hats, bars and dots.
_HIGH = 0.5
#: Paper between two lines, and between two columns, in heights of their boxes.
_BETWEEN = 0.15
_BETWEEN_COLUMNS = 1.5
#: A bar is this many times wider than high, and covers this part of what is above and below.
_LEVEL = 4.0
_COVERED = 0.6
#: The middle of a line below digits is at least so far below them, in their heights.
_BELOW = 0.02
#: Parts with less ink than this share of the largest are specks.
_SPECK = 0.01


@dataclass(frozen=True)
class Lines:
    """Which boxes belong to each line, from the top; `objection` says why they are not read."""

    members: list[list[int]]
    objection: str = ""

    @property
    def are_several(self) -> bool:
        return len(self.members) > 1


def divide(boxes: Doubles) -> Lines:
    """Divide boxes into lines, one above the other, of which one holds two digits or more.

    A digit of parts that lie above each other, such as an 8 of two circles, is no line of its own.
    """
    whole = Lines([list(range(len(boxes)))])
    if len(boxes) < 2:
        return whole
    heights = boxes[:, 3] - boxes[:, 1]
    high = np.flatnonzero(heights >= _HIGH * heights.max())
    high = high[np.argsort(boxes[high, 1] + boxes[high, 3])]
    height = float(np.median(heights[high]))
    lines = _apart(boxes, high, _BETWEEN * height)
    bars = [n for n in range(len(boxes)) if n not in high and _is_bar(boxes, n, lines)]
    if bars:
        return Lines(whole.members, FRACTION)
    if len(lines) < 2 or not any(_are_beside(boxes[line]) for line in lines):
        return whole
    if len(lines) > MOST_LINES:
        return Lines(lines, TOO_MANY)
    if _are_columns(boxes, lines, _BETWEEN_COLUMNS * height):
        return Lines(lines, COLUMNS)
    middles = [float(np.mean(boxes[line][:, 1::2])) for line in lines]
    for n in set(range(len(boxes))) - set(high.tolist()):
        middle = float(np.mean(boxes[n, 1::2]))
        lines[int(np.abs(np.subtract(middles, middle)).argmin())].append(n)
    return Lines([sorted(line) for line in lines])


def _apart(boxes: Doubles, high: Array, paper: float) -> list[list[int]]:
    """Divide boxes, ordered by their middles, where there is paper below those before."""
    lines: list[list[int]] = []
    bottom = -math.inf
    for n in high.tolist():
        if boxes[n, 1] > bottom + paper:
            lines.append([])
            bottom = -math.inf
        lines[-1].append(n)
        bottom = max(bottom, float(boxes[n, 3]))
    return lines


def _is_bar(boxes: Doubles, n: int, lines: list[list[int]]) -> bool:
    """Whether a box is a level bar between two lines, as of a fraction."""
    left, top, right, bottom = boxes[n]
    if right - left < _LEVEL * (bottom - top):
        return False
    ends = [
        (boxes[line][:, 0].min(), boxes[line][:, 1].min(), *boxes[line][:, 2:].max(axis=0))
        for line in lines
    ]
    covered = [
        (up, down)
        for start, up, end, down in ends
        if min(right, end) - max(left, start) > _COVERED * (end - start)
    ]
    return any(down <= top for _, down in covered) and any(up >= bottom for up, _ in covered)


def _are_beside(line: Doubles) -> bool:
    """Whether there is paper between two boxes of a line."""
    return len(_gaps(line, 0.0)) > 0


def _gaps(line: Doubles, paper: float) -> Doubles:
    """Return where more paper than so is between neighbors of a line, (gaps, 2)."""
    ordered = line[np.argsort(line[:, 0])]
    reach = np.maximum.accumulate(ordered[:, 2])[:-1]
    gaps: Doubles = np.stack([reach, ordered[1:, 0]], axis=1)
    return gaps[gaps[:, 1] - gaps[:, 0] > paper]


def _are_columns(boxes: Doubles, lines: list[list[int]], paper: float) -> bool:
    """Whether the same wide paper divides two lines and is crossed by none."""
    every = np.concatenate([boxes[line] for line in lines])
    for left, right in _gaps(every, paper):
        sides = [(boxes[line][:, 2] <= left, boxes[line][:, 0] >= right) for line in lines]
        if sum(bool(before.any() and after.any()) for before, after in sides) > 1:
            return True
    return False


# -- strokes and pictures


@dataclass(frozen=True, eq=False)
class InkParts:
    """Parts of a picture's ink that do not touch: their numbers, (H, W) from 1, and boxes."""

    labels: Array
    kept: Array
    boxes: Doubles

    @classmethod
    def of(cls, ink: Array) -> InkParts:
        labels, sizes, boxes = connected(ink, CORE * float(ink.max()))
        kept = np.flatnonzero(sizes >= _SPECK * sizes.max(initial=0))
        places = np.array(boxes, np.float64).reshape(-1, 4)[kept]
        return cls(labels, kept + 1, places[:, [1, 0, 3, 2]])

    def ink_of(self, ink: Array, members: list[int]) -> Array:
        """Return the ink of some parts alone, with the soft rim around them."""
        from scipy import ndimage

        mask = np.isin(self.labels, self.kept[members])
        return np.where(ndimage.binary_dilation(mask, iterations=2), ink, 0).astype(ink.dtype)


class Underlined(NamedTuple):
    """A picture, or known strokes, above level lines that underline them."""

    ink: Array
    strokes: Sequence[PenStroke]
    lines: int


def without_underlines(
    ink: Array,
    strokes: Sequence[PenStroke],
) -> Underlined:
    """Return a picture's ink, or strokes if they are known, without lines below all others."""
    parts, boxes = _boxes_of(ink, strokes)
    kept = _not_underlines(boxes)
    lines = len(boxes) - len(kept)
    if parts is None:
        return Underlined(ink, [strokes[n] for n in kept], lines)
    return Underlined(parts.ink_of(ink, kept) if lines else ink, (), lines)


def _boxes_of(ink: Array, strokes: Sequence[PenStroke]) -> tuple[InkParts | None, Doubles]:
    """Return the boxes of strokes, or of the parts of a picture, with the parts."""
    if strokes:
        return None, stroke_boxes(strokes)
    parts = InkParts.of(ink)
    return parts, parts.boxes


def _not_underlines(boxes: Doubles) -> list[int]:
    kept: list[int] = np.argsort(boxes[:, 1::2].sum(axis=1)).tolist()
    while len(kept) > 1 and _is_underline(boxes[kept[-1]], boxes[kept[:-1]]):
        kept.pop()
    return sorted(kept)


def _is_underline(line: Doubles, others: Doubles) -> bool:
    """Whether a box is a level line below the middle of others, of which one is upright."""
    left, top, right, bottom = line
    start, up, _, _ = others.min(axis=0)
    _, _, end, down = others.max(axis=0)
    width = right - left
    is_level = width > _LEVEL * (bottom - top)
    is_below = (top + bottom) / 2 > down + _BELOW * (down - up)
    is_in_the_middle = abs(left + right - start - end) < width / 2
    wide, high = (others[:, 2:] - others[:, :2]).T
    is_upright = (high > wide / 2).any()
    return bool(is_level and is_below and is_in_the_middle and is_upright)


def lines_of(ink: Array, strokes: Sequence[PenStroke]) -> Lines:
    """Divide strokes, or the ink of a picture, into lines."""
    return divide(_boxes_of(ink, strokes)[1])


def split(
    ink: Array,
    strokes: Sequence[PenStroke] | None = None,
) -> list[tuple[Array, list[PenStroke]]]:
    """Return the ink and the strokes of each line; none if it is one, or not to be read."""
    strokes = strokes or ()
    parts, boxes = _boxes_of(ink, strokes)
    lines = divide(boxes)
    if not lines.are_several or lines.objection:
        return []
    if parts is not None:
        return [(parts.ink_of(ink, members), []) for members in lines.members]
    found = []
    for members in lines.members:
        own = [strokes[n] for n in members]
        half = max(float(stroke[:, 2].max()) for stroke in own) / 2 + 1
        top = boxes[members, 1].min() - half
        bottom = boxes[members, 3].max() + half
        alone = np.zeros_like(ink)
        rows = slice(max(math.floor(top), 0), math.ceil(bottom))
        alone[rows] = ink[rows]
        found.append((alone, own))
    return found


def read_lines(recogniser: Recogniser, ink: Array, decimals: bool = False) -> list[NumberAnswer]:
    """Read each line of a picture; none if it is a single line, or not to be read."""
    if not recogniser.reads_digits or not ink.any():
        return []
    return [recogniser.read_number(alone, decimals=decimals) for alone, _ in split(ink)]


def page_of(lines: Sequence[NumberAnswer]) -> NumberAnswer:
    """Return all lines as one answer, with ends of lines in its text."""
    digits = tuple(digit for line in lines for digit in line.digits)
    share = math.prod(line.share for line in lines)
    return NumberAnswer("\n".join(line.text for line in lines), digits, share)
