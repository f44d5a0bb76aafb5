"""Cut ink into pieces that are digits or parts of digits, and find the cheapest way to join them.

Strokes that do not touch are pieces of their own, and what is too wide for one digit is cut
along seams. More cuts are made than are needed: which pieces belong together is decided by
reading them. A seam runs from top to bottom, crosses as little ink as possible, and may lean and
bend a little (S. Avidan and A. Shamir, "Seam carving", 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mnist_draw.arrays import Array, Doubles, Flags, Floats, Places
from mnist_draw.recognition.answer import Scores

Plane = Floats
Columns = Places
Box = tuple[int, int, int, int]
#: First piece and end of some neighbors.
Group = tuple[int, int]

#: Ink is reduced to at most this height and width before it is cut.
HEIGHT = 48
WIDTH = 480
#: Pixels with at least so much ink belong to a stroke's core.
CORE = 0.25
#: Paper around a piece that is clear of all others, in pixels of the reduced picture.
_CLEAR = 1
#: Parts with less ink than this share of the line's height squared are specks.
_SPECK = 0.002
#: A part lower than this, in heights of the line, is no digit: it joins the part that is above or
#: below at least half of its width.
_FRAGMENT = 0.45
_OVERLAP = 0.5
#: A part wider than this, in heights of the line, may be more than one digit.
_WIDE = 0.6
#: Seams start at such distances, in heights of the line, …
_GRID = 0.06
#: … stay within this distance of their start, …
_BAND = 0.07
#: … and cross at most so much ink.
_MAX_CROSSED = 0.5
#: The least distance of seams from each other and from the ink's ends.
_APART = 0.1
#: Half of the width of a usual line, in heights of the line.
_HALF_PEN = 0.045
#: Cost of a step to the side, in pixels of ink.
_STEP_COST = 0.3

#: No reading of a group is less probable than this, as a logarithm.
_WORST = -9.0
#: A digit lower than this, in heights of the line, costs as much for each tenth that it lacks.
_LOW = 0.5
_PER_TENTH = 1.0


def box_around(boxes: Sequence[Box]) -> Box:
    tops, lefts, bottoms, rights = zip(*boxes, strict=True)
    return min(tops), min(lefts), max(bottoms), max(rights)


@dataclass(frozen=True, eq=False)
class Row:
    """Pieces of a line of digits, each with its own ink.

    `planes` is the ink of each, float32 from 0 to 1, cropped to its box in pixels of the reduced
    picture. `spans`, float64 (n, 4), are left, top, right and bottom of the middles of its lines,
    in heights of the line. `cut` tells whether a cut through ink, not paper or the pen's lifting,
    parts a piece from the one before. `scale` is how many pixels of the picture a reduced one
    covers, and `corner` the row and column there. `lines` are the strokes where they are known.
    """

    planes: tuple[Plane, ...]
    boxes: tuple[Box, ...]
    spans: Doubles
    cut: tuple[bool, ...]
    height: float
    scale: float
    corner: tuple[float, float]
    lines: tuple[npt.NDArray[np.floating], ...] = ()

    def __len__(self) -> int:
        return len(self.boxes)

    def box(self, first: int, last: int | None) -> Box:
        """Return top, left, bottom and right of the pieces `first` to `last - 1`."""
        return box_around(self.boxes[first:last])

    def part(self, order: Sequence[int]) -> Row:
        """Return some of the pieces, in another order."""
        return replace(
            self,
            planes=tuple(self.planes[n] for n in order),
            boxes=tuple(self.boxes[n] for n in order),
            lines=tuple(self.lines[n] for n in order if self.lines),
            spans=self.spans[list(order)],
            cut=tuple(
                self.cut[n] and before == n - 1
                for before, n in zip([-1, *order], order, strict=False)
            ),
        )

    def group(self, first: int, last: int) -> Plane:
        """Return the ink of the pieces `first` to `last - 1` alone, cropped."""
        top, left, bottom, right = self.box(first, last)
        result = np.zeros((bottom - top, right - left), np.float32)
        for plane, (up, at, down, end) in zip(
            self.planes[first:last],
            self.boxes[first:last],
            strict=True,
        ):
            window = result[up - top : down - top, at - left : end - left]
            np.maximum(window, plane, out=window)
        return result

    def is_clear(self, piece: int) -> bool:
        """Whether there is paper all around a piece."""
        top, left, bottom, right = self.boxes[piece]
        around = top - _CLEAR, left - _CLEAR, bottom + _CLEAR, right + _CLEAR
        for n, (plane, (up, at, _, _)) in enumerate(zip(self.planes, self.boxes, strict=True)):
            rows = slice(max(around[0] - up, 0), max(around[2] - up, 0))
            columns = slice(max(around[1] - at, 0), max(around[3] - at, 0))
            if n != piece and (plane[rows, columns] >= CORE).any():
                return False
        return True

    def all_ink(self) -> Plane:
        """Return the ink of all pieces, cropped."""
        return self.group(0, len(self))

    def in_picture(self, first: int = 0, last: int | None = None) -> Box:
        """Return left, top, width and height of some or all pieces in pixels of the picture."""
        top, left, bottom, right = (side * self.scale for side in self.box(first, last))
        x = left + self.corner[1]
        y = top + self.corner[0]
        return round(x), round(y), round(right - left), round(bottom - top)


@dataclass(frozen=True, eq=False)
class Reading:
    """The most probable way to read pieces as digits from left to right.

    `groups` are the digits and signs as first and end in `pieces`, `signs` the text of those that
    are signs, else empty, `inputs` the network's, float32 (groups, 28, 28), `share` the probability
    that the pieces belong together like this, and `cost` minus the logarithm of all probabilities.
    """

    groups: list[Group]
    pieces: Row
    inputs: Plane
    scores: Scores
    signs: list[str]
    share: float
    cost: float


def cut_in_pieces(
    ink: Array,
    box: Box,
    stays_whole: Callable[[list[Plane]], list[bool]],
) -> Row:
    """Cut ink, (H, W) with all of it in `box`, into pieces, at least one.

    `stays_whole` tells for the ink of each wide part whether it is not cut.
    """
    top, left, bottom, right = box
    scale = max(1, -(-(bottom - top) // HEIGHT), -(-(right - left) // WIDTH))
    reduced = _reduced(ink[top:bottom, left:right], scale)
    labels, sizes, boxes = connected(reduced, CORE)
    height = float(max(bottom - top for top, _, bottom, _ in boxes))
    # Specks have no owner.
    kept = [n for n in range(len(boxes)) if sizes[n] >= min(_SPECK * height**2, sizes.max())]
    parts = _parts(reduced, labels, kept, boxes, height)
    wide = [part for part in parts if part.mask.shape[1] > _WIDE * height]
    are_whole = stays_whole([part.ink for part in wide]) if wide else []
    to_cut = [part for part, is_whole in zip(wide, are_whole, strict=True) if not is_whole]
    owner = np.full(labels.shape, -1, np.intp)
    found: list[tuple[float, int, bool]] = []
    for part in parts:
        pieces = part.cut(height) if part in to_cut else [part.mask]
        for rank, piece in enumerate(pieces):
            columns = np.flatnonzero(piece.any(axis=0)) + part.window[1].start
            owner[part.window][piece] = len(found)
            found.append((float(columns[0] + columns[-1]) / 2, len(found), rank > 0))
    return _in_order(reduced, owner, found, height, scale, (top, left))


def connected(ink: Array, least: float) -> tuple[Columns, Columns, list[Box]]:
    """Find parts of ink, at least so dark, that do not touch.

    Returns their numbers from 1 on, (H, W), how many pixels each has, and their boxes.
    """
    # Slow to import, and not needed for a first stroke.
    from scipy import ndimage

    labels, _ = ndimage.label(ink >= least, np.ones((3, 3), int))
    return labels, np.bincount(labels.ravel())[1:], _boxes(labels)


def _boxes(labels: Places) -> list[Box]:
    """Return the boxes of the labels from 1 on."""
    from scipy import ndimage

    return [
        (rows.start, columns.start, rows.stop, columns.stop)
        for rows, columns in ndimage.find_objects(labels)
    ]


def _reduced(ink: Array, scale: int) -> Plane:
    """Average blocks of pixels; the darkest becomes 1."""
    rows, columns = (-(-side // scale) for side in ink.shape)
    padded = np.zeros((rows * scale, columns * scale), np.float32)
    padded[: ink.shape[0], : ink.shape[1]] = ink
    blocks: Plane = padded.reshape(rows, scale, columns, scale).mean(axis=(1, 3))
    np.maximum(blocks, 0, out=blocks)
    blocks /= blocks.max()
    return blocks


@dataclass(frozen=True, eq=False)
class Part:
    """Connected ink with its fragments: its window, and there its pixels and their ink."""

    window: tuple[slice, slice]
    mask: Flags
    ink: Plane

    def cut(self, height: float) -> list[Flags]:
        """Return the pixels of each piece between seams, from left to right."""
        seams = find_seams(self.ink, height)
        columns = np.arange(self.mask.shape[1])
        ranks = (columns >= seams[:, :, None]).sum(axis=0)
        return [self.mask & (ranks == rank) for rank in np.unique(ranks[self.mask])]


def _parts(
    reduced: Plane,
    labels: Places,
    kept: list[int],
    boxes: list[Box],
    height: float,
) -> list[Part]:
    """Return connected ink, each with the fragments that join it."""
    hosts = _hosts(kept, boxes, height)
    parts = []
    for host in (number for number in kept if hosts[number] == number):
        members = [number for number in kept if hosts[number] == host]
        top, left, bottom, right = box_around([boxes[number] for number in members])
        window = (slice(top, bottom), slice(left, right))
        mask = np.isin(labels[window], np.array(members) + 1)
        parts.append(Part(window, mask, np.where(mask, reduced[window], np.float32(0))))
    return parts


def _hosts(parts: list[int], boxes: list[Box], height: float) -> dict[int, int]:
    """Map each part to the part that it joins: itself, unless it is a fragment."""
    hosts = {part: part for part in parts}
    for part in parts:
        top, left, bottom, right = boxes[part]
        if bottom - top >= _FRAGMENT * height:
            continue
        shared = {
            other: min(right, boxes[other][3]) - max(left, boxes[other][1])
            for other in parts
            if other != part and boxes[other][2] - boxes[other][0] >= _FRAGMENT * height
        }
        best = max(shared, key=lambda other: shared[other], default=part)
        if best != part and shared[best] >= _OVERLAP * (right - left):
            hosts[part] = best
    return hosts


def _in_order(
    reduced: Plane,
    owner: Places,
    found: list[tuple[float, int, bool]],
    height: float,
    scale: int,
    corner: tuple[int, int],
) -> Row:
    """Number the pieces from left to right and add the faint rims of their strokes."""
    from scipy import ndimage

    found = sorted(found)
    rank = np.full(len(found) + 1, -1, np.intp)
    rank[[number for _, number, _ in found]] = np.arange(len(found))
    owner = rank[owner]
    for _ in range(2):
        rim = (owner < 0) & (reduced > 0)
        owner = np.where(rim, ndimage.maximum_filter(owner, 3), owner)
    boxes = _boxes(owner + 1)
    planes = tuple(
        np.where(owner[top:bottom, left:right] == n, reduced[top:bottom, left:right], np.float32(0))
        for n, (top, left, bottom, right) in enumerate(boxes)
    )
    spans = np.array(boxes, float)[:, [1, 0, 3, 2]]
    # Without the half of a pen's width at each side.
    pens = np.minimum(_HALF_PEN * height, (spans[:, 2:] - spans[:, :2] - 1) / 2)
    spans = (spans + np.hstack([pens, -pens])) / height
    cut = tuple(is_cut for _, _, is_cut in found)
    return Row(planes, tuple(boxes), spans, cut, height, scale, corner)


def find_seams(ink: Plane, height: float) -> Columns:
    """Find seams through ink, float32 (H, W), on a line of digits of this height in pixels.

    Returns int (seams, H): for each row the first column to the right of the seam.
    """
    rows, columns = ink.shape
    edge = _APART * height
    count = int((columns - 2 * edge) / (_GRID * height)) + 1
    if columns <= 2 * edge or count < 1:
        return np.empty((0, rows), np.intp)
    centers = np.rint(np.linspace(edge, columns - edge, count)).astype(np.intp)
    reach = max(2, round(_BAND * height))
    # Seams must not evade the ink through the columns beyond it.
    padded = np.pad(ink, ((0, 0), (reach, reach + 1)), constant_values=float(rows))
    windows = centers[:, None] + np.arange(2 * reach + 1)
    crossed, paths = _cheapest(padded[:, windows])
    places = paths + centers[:, None] - reach
    middles = places.mean(axis=1)
    order = np.argsort(crossed, kind="stable")
    kept: list[int] = []
    for seam in order:
        if crossed[seam] > _MAX_CROSSED * height:
            break
        if not edge <= middles[seam] <= columns - edge:
            continue
        if (np.abs(middles[seam] - middles[kept]) >= edge).all():
            kept.append(int(seam))
    kept.sort(key=lambda seam: float(middles[seam]))
    return places[kept]


def _cheapest(costs: Plane) -> tuple[Plane, Columns]:
    rows, windows, width = costs.shape
    steps = np.zeros((rows, windows, width), np.int8)
    # One more column on each side that no path takes.
    total = np.full((windows, width + 2), np.inf, np.float32)
    total[:, 1:-1] = costs[0]
    step = np.float32(_STEP_COST)
    for row in range(1, rows):
        left = total[:, :-2] + step
        straight = total[:, 1:-1]
        right = total[:, 2:] + step
        best = np.minimum(left, right)
        aside = best < straight
        steps[row] = aside * np.where(left <= right, -1, 1)
        total[:, 1:-1] = np.where(aside, best, straight) + costs[row]
    total = total[:, 1:-1]
    at = total.argmin(axis=1)
    every = np.arange(windows)
    crossed: Plane = total[every, at]
    paths = np.empty((windows, rows), np.intp)
    for row in range(rows - 1, -1, -1):
        paths[:, row] = at
        if row:
            at = at + steps[row, every, at]
    return crossed, paths


# -- groups of pieces


def digit_costs(pieces: Row, groups: Sequence[Group], scores: Scores) -> Doubles:
    """Return minus the logarithm of each group's probability of being one digit."""
    best = scores.probabilities.max(axis=1).astype(np.float64)
    costs: Doubles = -np.log(np.maximum(best, np.exp(_WORST)))
    # The probability that it is a digit at all, from its log odds.
    costs += np.minimum(np.logaddexp(0, -scores.log_odds.astype(np.float64)), -_WORST)
    for row, (first, last) in enumerate(groups):
        top, _, bottom, _ = pieces.box(first, last)
        lacking = _LOW - (bottom - top) / pieces.height
        costs[row] += max(0.0, lacking) * 10 * _PER_TENTH
    return costs


def cheapest_reading(
    pieces: Row,
    groups: list[Group],
    inputs: Plane,
    scores: Scores,
    costs: Doubles,
    signs: Sequence[str],
) -> Reading:
    """Return the groups that cover all pieces at the lowest cost, by dynamic programming.

    `groups` are sorted by the first piece; `costs` are minus the logarithms of their probabilities.
    """
    count = len(pieces)
    best = [0.0] + [np.inf] * count
    # Minus the logarithm of the probability of all ways to here.
    every = [0.0] + [np.inf] * count
    via = [-1] * (count + 1)
    # Groups are sorted by their first piece: each is final before it is used.
    for row, (first, last) in enumerate(groups):
        cost = float(costs[row])
        if best[first] + cost < best[last]:
            best[last] = best[first] + cost
            via[last] = row
        every[last] = -float(np.logaddexp(-every[last], -(every[first] + cost)))
    chosen = []
    at = count
    while at:
        chosen.append(via[at])
        at = groups[via[at]][0]
    chosen.sort(key=lambda row: pieces.box(*groups[row])[1])
    share = float(np.exp(every[count] - best[count]))
    # Copies: rows would keep all groups alive.
    of_groups = Scores(*(part[chosen] for part in scores))
    taken = [groups[row] for row in chosen]
    said = [signs[row] for row in chosen]
    return Reading(taken, pieces, inputs[chosen].copy(), of_groups, said, share, best[count])
