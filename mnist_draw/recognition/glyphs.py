"""Say what pen strokes are: a digit, a sign, a letter, a part of one of them, or several.

A picture does not show where a pen began, turned and ended, nor how high a stroke is beside its
neighbours. So a small network sees the strokes themselves, as online recognisers do: the directions
of the pen on a coarse grid (Z.-L. Bai, Q. Huo, "A study on the use of 8-directional features for
online handwritten Chinese character recognition", 2005), points in order, and the size and place
in the line. ``tools/fit_glyphs.py`` fits it on what people drew.
"""

from __future__ import annotations

import logging
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import reason_of
from mnist_draw.library.networks import GLYPHS_FILE
from mnist_draw.storage import ModelFile, ModelFileError, load_model, resource_path
from mnist_draw.storage.models import DamagedModelError

_logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]
#: Strokes as float (n, 2 or 3), at least one point.
Strokes = Sequence[npt.NDArray[np.floating]]

NETWORK = "glyphs"
#: What the network tells apart: digits, letters, symbols, a part of one of them, several.
PART = "part"
SEVERAL = "several"
CLASSES = (*string.digits, *string.ascii_letters, *string.punctuation, PART, SEVERAL)
#: The signs of numbers.
SIGNS = "/-().,:$%+="
#: Letters and a symbol that are often written exactly like a digit.
LOOKALIKES = "OoIlZzSsGbBgq|"
PLACES = {text: place for place, text in enumerate(CLASSES)}

_SIGNS = [PLACES[sign] for sign in SIGNS]
_CLEAR = [PLACES[text] for text in string.ascii_letters if text not in LOOKALIKES]
_ALIKE = [PLACES[text] for text in LOOKALIKES if text.isalpha()]
#: Letters that a digit is taken for, if it is one; 0 and O, 1 and l, 2 and Z, 5 and S are the same.
_LETTERS_LIKE = {3: "B", 4: "A", 6: "Gb", 7: "T", 8: "B", 9: "gq"}
#: From these log odds on a letter is mentioned. Chosen on a third of the fitted writers, whom a
#: network fitted on the others had not seen: 0.2% of their digits, in the mean over writers, lose
#: "Sure" so, and of the B's that look like a digit 88%.
_MENTIONED = 3.0
_READ = string.digits + SIGNS + LOOKALIKES
_OTHERS = [n for n, text in enumerate(CLASSES[:-2]) if text not in _READ]
#: No digit counts as less probable, as a logarithm, and nothing less probable is a sign.
_MOST = 9.0
_HARDLY = np.log(0.2)
#: Among what the network was fitted on, digits and signs were four times as frequent as letters.
_FEWER_LETTERS = 4.0
#: So probable is anything: no single group makes a word, or a number, of all others.
_SLIPS = 0.03
#: Signs that begin or end no line, beside brackets without another, and by how many log odds what
#: looks like one there is rather something else: of numbers composed of digits of writers whom the
#: network had not seen, 1% more are read so, and no fewer strings with signs.
_BEGIN_NONE = [PLACES[sign] for sign in "/,:%="]
_END_NONE = [PLACES[sign] for sign in "/+"]
_OPEN = PLACES["("]
_CLOSE = PLACES[")"]
_MISPLACED = np.float32(2.0)
_PERHAPS = np.log(0.1)
#: What is said of strokes where nothing can be said: that they are some digit.
NEUTRAL = np.full(len(CLASSES), -7.0, np.float32)
NEUTRAL[:10] = np.log(0.09)
_LIKE_DIGITS = [PLACES[text] for text in string.digits + LOOKALIKES]

#: Points along all strokes, and how many of them the network sees in order.
POINTS = 64
_SEEN = 32
#: Sides of the grid, and the directions on it.
GRID = 7
DIRECTIONS = 8
#: The length that a stroke has at least, as a share of all: a dot counts, too.
_SHORTEST = 0.02
#: Figures of the whole: see `_figures`.
FIGURES = 14
FEATURES = DIRECTIONS * GRID * GRID + 5 * _SEEN + FIGURES


@dataclass(frozen=True)
class Line:
    """The line that strokes stand on: its top and height, in pixels."""

    top: float
    height: float


ALONE = Line(np.nan, np.nan)


def stroke_boxes(strokes: Strokes) -> npt.NDArray[np.float64]:
    """Return left, top, right and bottom of each stroke, (N, 4)."""
    boxes = [[*stroke[:, :2].min(axis=0), *stroke[:, :2].max(axis=0)] for stroke in strokes]
    return np.array(boxes, np.float64).reshape(-1, 4)


def line_of(strokes: Strokes) -> Line:
    """Return the line of strokes: where those stand that are tall."""
    spans = stroke_boxes(strokes)
    heights = spans[:, 3] - spans[:, 1]
    tall = spans[heights >= TALL * heights.max()]
    top = float(np.median(tall[:, 1]))
    return Line(top, max(float(np.median(tall[:, 3])) - top, 1e-6))


#: Strokes of this height, in heights of the tallest, tell where the line is.
TALL = 0.45


def along(strokes: Strokes) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return `POINTS` places evenly along strokes, (points, 2), and which begin a new stroke."""
    lengths = []
    for stroke in strokes:
        steps = np.hypot(*np.diff(stroke[:, :2], axis=0).T)
        lengths.append(np.concatenate([[0.0], np.cumsum(steps)]))
    total = max(sum(float(length[-1]) for length in lengths), 1e-6)
    reach = 0.0
    places = []
    for length in lengths:
        least = _SHORTEST * total
        if length[-1] < least:
            length = np.linspace(0, least, len(length)) if len(length) > 1 else np.array([least])
        places.append(length + reach)
        reach = float(places[-1][-1])
    ends = np.array([place[-1] for place in places])
    at = (np.arange(POINTS) + 0.5) / POINTS * reach
    every = np.concatenate(places)
    points = np.concatenate([stroke[:, :2] for stroke in strokes])
    found = np.stack([np.interp(at, every, points[:, axis]) for axis in (0, 1)], axis=1)
    of_stroke = np.searchsorted(ends, at)
    begins = np.concatenate([[True], np.diff(of_stroke) > 0])
    return found.astype(np.float32), begins


def features(
    points: Floats,
    begins: npt.NDArray[np.bool_],
    strokes: npt.NDArray[np.integer],
    pens: npt.NDArray[np.floating],
    lines: npt.NDArray[np.floating],
) -> Floats:
    """Return what the network sees of N drawings, float32 (N, FEATURES).

    `points` and `begins` are those of `along`, `strokes` their numbers, `pens` the widths of their
    pens, and `lines` tops and heights of their lines, NaN where they are alone.
    """
    low = points.min(axis=1)
    size = points.max(axis=1) - low
    longest = np.maximum(size.max(axis=1), 1e-6)
    # The middle of the box at 0, its longer side from -1 to 1.
    own = (points - (low + size / 2)[:, None]) * (2 / longest)[:, None, None]
    ways = _ways(own, begins)
    seen = own[:, :: POINTS // _SEEN], ways[:, :: POINTS // _SEEN]
    begun = begins.reshape(len(begins), _SEEN, -1).any(axis=2)
    ordered = [*(part.reshape(len(points), -1) for part in seen), begun]
    figures = _figures(own, low, size, strokes, pens, lines)
    return np.concatenate([_map(own, ways), *ordered, figures], axis=1).astype(np.float32)


def _ways(own: Floats, begins: npt.NDArray[np.bool_]) -> Floats:
    """Return the direction of the pen at each point, as a vector of length 1, or 0 at a dot."""
    steps = np.diff(own, axis=1)
    steps[begins[:, 1:]] = 0
    zero = np.zeros_like(own[:, :1])
    both = np.concatenate([zero, steps], axis=1) + np.concatenate([steps, zero], axis=1)
    length = np.hypot(both[..., 0], both[..., 1])[..., None]
    ways: Floats = both / np.maximum(length, 1e-3)
    return ways


def _map(own: Floats, ways: Floats) -> Floats:
    """Return how much of the lines goes into each direction in each cell, (N, all cells)."""
    count = len(own)
    angle = np.arctan2(ways[..., 1], ways[..., 0]) / (2 * np.pi) * DIRECTIONS
    strength = np.hypot(ways[..., 0], ways[..., 1])
    place = (own + 1) / 2 * (GRID - 1)
    result = np.zeros((count, DIRECTIONS, GRID, GRID), np.float32)
    rows = np.broadcast_to(np.arange(count)[:, None], angle.shape)
    column = np.clip(np.floor(place).astype(int), 0, GRID - 2)
    part = place - column
    first = np.floor(angle).astype(int)
    turn = angle - first
    for direction in (0, 1):
        of_way = strength * (turn if direction else 1 - turn)
        number = (first + direction) % DIRECTIONS
        for right in (0, 1):
            across = part[..., 0] if right else 1 - part[..., 0]
            for under in (0, 1):
                down = part[..., 1] if under else 1 - part[..., 1]
                at = rows, number, column[..., 1] + under, column[..., 0] + right
                np.add.at(result, at, of_way * across * down)
    return np.sqrt(np.maximum(result, 0)).reshape(count, -1)


def _figures(
    own: Floats,
    low: Floats,
    size: Floats,
    strokes: npt.NDArray[np.integer],
    pens: npt.NDArray[np.floating],
    lines: npt.NDArray[np.floating],
) -> npt.NDArray[np.floating]:
    longest = np.maximum(size.max(axis=1), 1e-6)
    steps = np.diff(own, axis=1)
    way = np.hypot(steps[..., 0], steps[..., 1]).sum(axis=1)
    top, height = lines.T
    is_alone = np.isnan(top)
    place = [
        (low[:, 1] - top) / height,
        (low[:, 1] + size[:, 1] - top) / height,
        size[:, 0] / height,
        size[:, 1] / height,
    ]
    of_line = [np.where(is_alone, 0, np.clip(value, -1, 2.5)) for value in place]
    small = np.where(is_alone, 0, np.log(np.clip(longest / height, 0.02, 3)))
    return np.stack(
        [
            *(size / longest[:, None]).T,
            np.log(way + 0.1),
            np.log(np.clip(longest / np.maximum(pens, 1e-6), 0.1, 16)),
            *(strokes == number for number in (1, 2, 3)),
            strokes > 3,
            is_alone,
            *of_line,
            small,
        ],
        axis=1,
    )


@dataclass(frozen=True, eq=False)
class GlyphNetwork:
    """The fitted network: weights and biases of its dense layers by turns, float32."""

    layers: tuple[Floats, ...]

    @classmethod
    def from_model(cls, model: ModelFile) -> GlyphNetwork:
        """Create it from its file, after checking it."""
        name, _, units = model.network.partition(":")
        if name != NETWORK:
            raise DamagedModelError(f"it holds the network {model.network!r}, not {NETWORK!r}")
        sides = [FEATURES, *(int(count) for count in units.split(",")), len(CLASSES)]
        model.require_shapes([shape for pair in pairwise(sides) for shape in (pair, pair[1:])])
        return cls(model.parameters)

    def read(self, groups: Sequence[Strokes], line: Line = ALONE) -> Floats:
        """Say what groups of strokes are that stand on one line, or alone."""
        points, begins = zip(*(along(strokes) for strokes in groups), strict=True)
        count = len(groups)
        pen = float(np.median(np.concatenate([stroke[:, 2] for stroke in groups[0]])))
        seen = features(
            np.stack(points),
            np.stack(begins),
            np.array([len(strokes) for strokes in groups]),
            np.full(count, pen),
            np.tile(np.array([line.top, line.height]), (count, 1)),
        )
        return self.log_probabilities(seen)

    def log_probabilities(self, values: Floats) -> Floats:
        """Return the logarithms of the probabilities of `CLASSES`, float32 (N, classes)."""
        for weights, bias in zip(self.layers[:-2:2], self.layers[1:-2:2], strict=True):
            values = np.maximum(values @ weights + bias, np.float32(0))
        scores = values @ self.layers[-2] + self.layers[-1]
        every: Floats = np.logaddexp.reduce(scores, axis=1)[:, None]
        return scores - every


def digit_odds(glyphs: Floats) -> Floats:
    """Return the log odds of being a digit, or a letter like it."""
    others = np.delete(np.arange(len(CLASSES)), _LIKE_DIGITS)
    return _log_of(glyphs, _LIKE_DIGITS) - _log_of(glyphs, others)


def letter_like(digit: int, glyphs: Floats) -> str:
    """Return the letter that a drawing, (1, classes), rather is than a digit; empty if none."""
    letters = _LETTERS_LIKE.get(digit, "") if glyphs.size else ""
    odds = [float(glyphs[0, PLACES[letter]] - glyphs[0, digit]) for letter in letters]
    return max(zip(odds, letters, strict=True))[1] if max(odds, default=0) > _MENTIONED else ""


def in_line(glyphs: Floats) -> Floats:
    """Return the logarithms of being a digit, a sign and something else of a line, (N, 3).

    Signs and others that are hardly probable are none: minus infinity.
    """
    digits = np.maximum(_log_of(glyphs, _LIKE_DIGITS), -_MOST)
    found = [_log_of(glyphs, kind) for kind in (_SIGNS, _OTHERS)]
    likely = [np.where(logs < _HARDLY, -np.inf, logs) for logs in found]
    return np.stack([digits, *likely], axis=1)


def in_place(glyphs: Floats, groups: Sequence[tuple[int, int]], pieces: int) -> Floats:
    """Return what groups of a line are, now that their first pieces and ends are known.

    A slash stands between digits, and a bracket opens before another closes.
    """
    first, end = np.array(groups).T
    opened = end[glyphs[:, _OPEN] > _PERHAPS].min(initial=pieces + 1)
    closed = first[glyphs[:, _CLOSE] > _PERHAPS].max(initial=-1)
    misplaced = np.zeros(glyphs.shape, bool)
    misplaced[:, _BEGIN_NONE] = (first == 0)[:, None]
    misplaced[:, _END_NONE] |= (end == pieces)[:, None]
    misplaced[:, _OPEN] = end > closed
    misplaced[:, _CLOSE] = first < opened
    misplaced[end - first == pieces] = False
    said: Floats = np.where(misplaced, glyphs - _MISPLACED, glyphs)
    every: Floats = np.logaddexp.reduce(said, axis=1)[:, None]
    return said - every


def best_signs(glyphs: Floats) -> list[str]:
    return [SIGNS[n] for n in glyphs[:, _SIGNS].argmax(axis=1)]


def word_odds(glyphs: Floats) -> float:
    """Return the log odds of groups being letters, and not digits and signs."""
    number, alike, clear = (
        np.exp(_log_of(glyphs, kind)) for kind in ([*range(10), *_SIGNS], _ALIKE, _CLEAR)
    )
    letters = _FEWER_LETTERS * clear + alike + _SLIPS
    return float(np.log(letters / (number + alike + _SLIPS)).sum())


def _log_of(glyphs: Floats, places: Sequence[int] | npt.NDArray[np.intp]) -> Floats:
    found: Floats = np.logaddexp.reduce(glyphs[:, places], axis=1)
    return found


@lru_cache(maxsize=1)
def shipped_glyphs() -> GlyphNetwork | None:
    """Read the network that ships; None if it is missing, or damaged, which is reported once."""
    path = resource_path("models", GLYPHS_FILE)
    if not path.exists():
        return None
    try:
        return GlyphNetwork.from_model(load_model(path))
    except ModelFileError as error:
        reason = reason_of(error)
        _logger.warning("The file %s cannot be used: %s. Signs are not read.", path, reason)
        return None
