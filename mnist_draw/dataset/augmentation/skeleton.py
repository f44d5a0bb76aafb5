"""Digits as lines: their skeletons, how far the ink's edge is from them, and a store of both.

Pictures are enlarged to 56×56 and turned into ink or paper; thinning peels the ink until a line of
one pixel is left. Discs of the distances to the edge along it (the medial axis) paint the digit
again, other discs paint it with another pen. A row of 56 pixels is one 64-bit word: every operation
treats 56 pixels of hundreds of pictures at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.arrays import Bytes, Flags, Floats, Places
from mnist_draw.dataset.augmentation.numba_loops import Compiled

Bits = NDArray[np.unsignedinteger[Any]]

#: Rows and columns of the enlarged picture, and its pixels per pixel of the original.
GRID = 56
FINENESS = 2
#: Gray level, of 255, from which on a pixel of the enlarged picture is ink.
INK = 105
#: Distances are sought up to here, in pixels of the enlarged picture.
FARTHEST = 11
#: How far the ink's edge lies before the nearest pixel that is paper, in pixels of the enlarged
#: picture: half a pixel, less what a line is wider on its other side where its width is even.
EDGE_BEFORE = np.float32(0.25)
#: Rounds in which every point moves half-way towards its neighbors: the grid's steps vanish.
SMOOTHING = 3
#: The eight neighbors, rows then columns.
_NEIGHBORS = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
_ONE = np.uint64(1)


def skeletons(images: Bytes) -> tuple[Places, Floats]:
    """Find the skeletons of pictures, uint8 (n, 28, 28), ink high, as points in no order.

    Return the index of each point's picture, ascending, and its six values as in `Strokes`, float32
    (6, points), x and y from index 0: the length is half of the way to its neighbors.
    """
    ink = _pack(_enlarge(images))
    line = thin(ink)
    on = np.unpackbits(line.view(np.uint8), axis=1, bitorder="little")
    picture, place = np.nonzero(on.reshape(len(images), -1))
    row = place // 64
    column = place % 64
    distance = _distances(ink, picture, row, column)
    neighbors, found = _links(len(images), picture, row, column)
    # From the grid to the picture: a pixel's middle is an index, and its sides lie half beside.
    half = np.float32(0.5)
    finer = np.float32(1 / FINENESS)
    x = _smooth((column.astype(np.float32) + half) * finer - half, neighbors, found)
    y = _smooth((row.astype(np.float32) + half) * finer - half, neighbors, found)
    radius = _smooth((distance - EDGE_BEFORE) * finer, neighbors, found)
    across = x[neighbors] - x
    down = y[neighbors] - y
    length = (np.sqrt(across**2 + down**2) * found).sum(axis=0) * half
    return picture, np.stack([x, y, radius, length, *_ends(x, y, neighbors, found)])


def thin(ink: Bits) -> Bits:
    """Peel ink until lines of one pixel are left, with Guo and Hall's conditions (1989).

    `ink` is uint64 (n, rows), a bit for each pixel, the lowest for the first column; so is the
    result, a part of `ink` with the same connections.
    """
    ink = ink.copy()
    result = np.zeros_like(ink)
    places = np.arange(len(ink))
    while len(places):
        before = ink
        for turn in (0, 1):
            n, ne, e, se, s, sw, w, nw = _around(ink)
            a = ne | e
            b = se | s
            c = sw | w
            d = nw | n
            # The ink around forms one piece: exactly one of these four steps begins one.
            begins = (~n & a, ~e & b, ~s & c, ~w & d)
            either = begins[0] | begins[1]
            other = begins[2] | begins[3]
            one = ((begins[0] ^ begins[1]) & ~other) | ((begins[2] ^ begins[3]) & ~either)
            first = _several(d, a, b, c)
            second = _several(n | ne, e | se, s | sw, w | nw)
            peel = one & first[0] & second[0] & ~(first[1] & second[1])
            peel &= ~((s | sw | ~nw) & w) if turn == 0 else ~((n | ne | ~se) & e)
            ink = ink & ~peel
        changed = (ink != before).any(axis=1)
        result[places[~changed]] = ink[~changed]
        ink = ink[changed]
        places = places[changed]
    return result


def _several(a: Bits, b: Bits, c: Bits, d: Bits) -> tuple[Bits, Bits]:
    """Return where at least two, and where all, of four are set."""
    several: Any = (a & b) | (c & d) | ((a | b) & (c | d))
    return several, a & b & c & d


def _around(ink: Bits) -> tuple[Bits, ...]:
    """Return each pixel's eight neighbors, clockwise from north."""
    north = np.zeros_like(ink)
    south = np.zeros_like(ink)
    north[:, 1:] = ink[:, :-1]
    south[:, :-1] = ink[:, 1:]
    return (
        north,
        north >> _ONE,
        ink >> _ONE,
        south >> _ONE,
        south,
        south << _ONE,
        ink << _ONE,
        north << _ONE,
    )


def _enlarge(images: Bytes) -> Flags:
    """Double the pictures' sides by linear interpolation, and tell ink from paper."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.uint16)
    rows = np.empty((len(images), GRID, 30), np.uint16)
    middle = 3 * padded[:, 1:-1]
    rows[:, ::2] = middle + padded[:, :-2]
    rows[:, 1::2] = middle + padded[:, 2:]
    result = np.empty((len(images), GRID, GRID), np.bool_)
    middle = 3 * rows[:, :, 1:-1]
    result[:, :, ::2] = middle + rows[:, :, :-2] >= 16 * INK
    result[:, :, 1::2] = middle + rows[:, :, 2:] >= 16 * INK
    return result


def _pack(pixels: Flags) -> Bits:
    wide = np.zeros((*pixels.shape[:2], 64), np.bool_)
    wide[:, :, :GRID] = pixels
    packed = np.packbits(wide, axis=2, bitorder="little")
    return packed.view("<u8")[:, :, 0].astype(np.uint64)


@lru_cache(maxsize=1)
def _rings() -> tuple[tuple[float, tuple[tuple[int, int], ...]], ...]:
    """List the offsets to other pixels by their distance, nearest first."""
    side = range(-FARTHEST, FARTHEST + 1)
    rings: dict[int, list[tuple[int, int]]] = {}
    for down in side:
        for across in side:
            squared = down * down + across * across
            if 0 < squared <= FARTHEST**2:
                rings.setdefault(squared, []).append((down, across))
    return tuple((squared**0.5, tuple(rings[squared])) for squared in sorted(rings))


def _distances(
    ink: Bits,
    picture: Places,
    row: Places,
    column: Places,
) -> Floats:
    """Return each point's distance to the nearest pixel that is paper."""
    padded = np.zeros((len(ink), GRID + 2 * FARTHEST), np.uint64)
    padded[:, FARTHEST:-FARTHEST] = ink
    result = np.full(len(picture), FARTHEST, np.float32)
    left = np.arange(len(picture))
    for distance, offsets in _rings():
        inside = np.full_like(ink, 2**64 - 1)
        for down, across in offsets:
            rows = padded[:, FARTHEST + down : FARTHEST + down + GRID]
            inside &= rows >> np.uint64(across) if across >= 0 else rows << np.uint64(-across)
        word = inside[picture[left], row[left]]
        reached = (word >> column[left].astype(np.uint64)) & _ONE == 0
        result[left[reached]] = distance
        left = left[~reached]
        if len(left) == 0:
            break
    return result


def _links(
    pictures: int,
    picture: Places,
    row: Places,
    column: Places,
) -> tuple[Places, Flags]:
    """Return each point's neighbors (8, points), else its own number, and which of them exist."""
    side = GRID + 2
    own = np.arange(len(picture))
    numbers = np.full(pictures * side * side, -1, np.int32)
    place = (picture * side + row + 1) * side + column + 1
    numbers[place] = own
    linked = np.stack([numbers[place + down * side + across] for down, across in _NEIGHBORS])
    found = linked >= 0
    return np.where(found, linked, own), found


def _smooth(values: Floats, neighbors: Places, found: Flags) -> Floats:
    """Move every point half-way towards its neighbors' mean; ends stay."""
    count = found.sum(axis=0)
    weight = np.where(count >= 2, np.float32(0.5) / np.maximum(count, 1), 0).astype(np.float32)
    for _ in range(SMOOTHING):
        # A missing neighbor is the point itself and adds nothing.
        values = values + weight * (values[neighbors] - values).sum(axis=0)
    return values


def _ends(
    x: Floats,
    y: Floats,
    neighbors: Places,
    found: Flags,
) -> tuple[Floats, Floats]:
    """Return unit vectors that point outwards at the ends of lines, 0 elsewhere."""
    end = np.flatnonzero(found.sum(axis=0) == 1)
    inner = end
    # Six steps inwards: the last pixels of a thinned line lean to the corners of its tip.
    before = end
    for _ in range(6):
        ahead = neighbors[:, inner]
        fresh = found[:, inner] & (ahead != before)
        # Of several, the one farthest from where the walk began.
        way = np.where(fresh, (x[ahead] - x[end]) ** 2 + (y[ahead] - y[end]) ** 2, -1)
        best = way.argmax(axis=0)
        moved = np.where(
            way[best, np.arange(len(end))] >= 0,
            ahead[best, np.arange(len(end))],
            inner,
        )
        before, inner = inner, moved
    across = x[end] - x[inner]
    down = y[end] - y[inner]
    length = np.maximum(np.sqrt(across**2 + down**2), np.float32(1e-3))
    end_x = np.zeros_like(x)
    end_y = np.zeros_like(y)
    end_x[end] = across / length
    end_y[end] = down / length
    return end_x, end_y


#: Index of the middle of the picture; coordinates are relative to it.
MIDDLE = np.float32(14)
#: Points of a skeleton; MNIST's have 68 on the average.
MAX_POINTS = 128
#: Places behind a digit's own points for strokes that a style adds.
EXTRA = 32
#: Farther than any point, in pixels.
FAR = np.float32(1e3)
#: Pictures thinned at once: their words fit the processor's cache.
AT_ONCE = 250
#: Steps per pixel of stored places, and of stored radii and lengths.
_PLACE_STEPS = 8
_SIZE_STEPS = 32
#: A step of each of a point's five bytes: in pixels, and radians for the last.
_UNITS = np.array([1 / 8, 1 / 8, 1 / 32, 1 / 32, 2 * np.pi / 254], np.float32)


@dataclass(eq=False)
class Strokes:
    """The points of n digits, coordinates from the middle.

    `points` is float32 (6, n, points): x and y (downwards), radius of the ink and length of line at
    the point, in pixels (0 without a point), and x and y of unit vectors outwards at the ends of
    lines, else 0. `used`, (n,), is how many places of each digit count; the last `EXTRA` of them
    are for strokes that a style adds.
    """

    points: Floats
    used: Places

    @property
    def x(self) -> Floats:
        return self._values(0)

    @property
    def y(self) -> Floats:
        return self._values(1)

    @property
    def radius(self) -> Floats:
        return self._values(2)

    @property
    def length(self) -> Floats:
        return self._values(3)

    def _values(self, place: int) -> Floats:
        return self.points[place]

    def part(self, rows: Places) -> Strokes:
        """Return copies of the digits `rows`."""
        return Strokes(self.points[:, rows], self.used[rows])


class StrokeStore:
    """The skeletons of uint8 (N, 28, 28), found at the first request of any thread, then stored."""

    def __init__(self, images: Bytes) -> None:
        self._images = images
        # Place, size and direction of the end, if it is one; 32 MB for 50,000 digits.
        self._bytes = np.zeros((len(images), 5, MAX_POINTS), np.uint8)
        # A missing point is in the middle, so that no warp takes it far away.
        self._bytes[:, :2] = MIDDLE * _PLACE_STEPS
        self._count = np.zeros(len(images), np.uint8)
        self._known = np.zeros(len(images), np.bool_)

    def strokes(self, indices: Places) -> Strokes:
        """Return the digits at `indices`, with `EXTRA` empty places behind the points."""
        self._prepare(indices)
        used = self._count[indices].astype(np.intp) + EXTRA
        points = np.zeros((6, len(indices), used.max(initial=EXTRA)), np.float32)
        _unpack(self._bytes, indices, used, points)
        return Strokes(points, used)

    def has_points(self, indices: Places) -> Flags:
        """Tell which digits have ink enough for a skeleton: bool (n,)."""
        self._prepare(indices)
        return self._count[indices] > 0

    def _prepare(self, indices: Places) -> None:
        missing = indices[~self._known[indices]]
        for start in range(0, len(missing), AT_ONCE):
            self._find(missing[start : start + AT_ONCE])

    def _find(self, indices: Places) -> None:
        picture, (x, y, radius, length, end_x, end_y) = skeletons(self._images[indices])
        first = np.searchsorted(picture, np.arange(len(indices)))
        rank = np.arange(len(picture)) - first[picture]
        fits = rank < MAX_POINTS
        turn = np.arctan2(end_y, end_x) / (2 * np.pi) % 1
        is_end = (end_x != 0) | (end_y != 0)
        columns = (
            x * _PLACE_STEPS,
            y * _PLACE_STEPS,
            np.maximum(radius * _SIZE_STEPS, 1),
            length * _SIZE_STEPS,
            np.where(is_end, np.maximum(turn * 254, 1), 0),
        )
        for column, values in enumerate(columns):
            levels = np.clip(np.rint(values[fits]), 0, 255).astype(np.uint8)
            self._bytes[indices[picture[fits]], column, rank[fits]] = levels
        points = np.bincount(picture, minlength=len(indices))
        self._count[indices] = np.minimum(points, MAX_POINTS)
        self._known[indices] = True


@Compiled
def _unpack(stored: Any, indices: Any, used: Any, points: Any) -> None:
    for row in range(len(indices)):
        found = stored[indices[row]]
        count = np.uint64(used[row] - EXTRA)
        for column in range(4):
            unit = _UNITS[column]
            first = MIDDLE if column < 2 else np.float32(0)
            for point in range(count):
                points[column, row, point] = np.float32(found[column, point]) * unit - first
        for point in range(count):
            if found[4, point] > 0:
                angle = np.float32(found[4, point]) * _UNITS[4]
                points[4, row, point] = np.cos(angle)
                points[5, row, point] = np.sin(angle)
