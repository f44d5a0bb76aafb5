"""Curves of any length in bounded memory, without Qt."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import TypeVar

Row = TypeVar("Row")

#: Buckets kept at most: about two for each pixel of a plot.
_BUCKETS = 1024


class Envelope:
    """The lowest and highest value of each stretch of a curve.

    While there are few points each is its own stretch. When there are too many, neighbouring
    stretches are merged in pairs, so that a run of any length is drawn from the same number of
    points and no peak is lost.
    """

    def __init__(self, buckets: int = _BUCKETS) -> None:
        self._limit = buckets
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._x = array("d")
        self._low = array("d")
        self._high = array("d")
        self._per_bucket = 1
        self._in_last = 0

    def __len__(self) -> int:
        return len(self._x)

    def append(self, x: float, y: float) -> None:
        """Add a point right of all others."""
        if self._x and self._in_last < self._per_bucket:
            self._low[-1] = min(self._low[-1], y)
            self._high[-1] = max(self._high[-1], y)
            self._in_last += 1
            return
        if len(self._x) >= self._limit:
            self._merge()
            self.append(x, y)
            return
        self._x.append(x)
        self._low.append(y)
        self._high.append(y)
        self._in_last = 1

    def _merge(self) -> None:
        self._x = self._x[::2]
        self._low = array("d", map(min, self._low[::2], self._low[1::2]))
        self._high = array("d", map(max, self._high[::2], self._high[1::2]))
        self._per_bucket *= 2
        self._in_last = self._per_bucket

    def points(self) -> tuple[list[float], list[float]]:
        """Return x and y of a line that goes through the lows and highs in turn."""
        if self._per_bucket == 1:
            return list(self._x), list(self._low)
        xs: list[float] = []
        ys: list[float] = []
        for x, low, high in zip(self._x, self._low, self._high, strict=True):
            xs += (x, x)
            ys += (low, high)
        return xs, ys


def thinned(rows: Sequence[Row], most: int = 2000) -> Sequence[Row]:
    """Return at most about ``most`` rows, evenly chosen, the last one always."""
    step = math.ceil(len(rows) / most) or 1
    if step == 1:
        return rows
    chosen = list(rows[::step])
    return chosen if chosen[-1] is rows[-1] else [*chosen, rows[-1]]
