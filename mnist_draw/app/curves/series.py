"""Curves of any length, drawn from few points, without Qt."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np

Row = TypeVar("Row")

#: A logarithmic axis shows no loss below this: a network that is this sure makes no mistakes.
LOWEST_LOSS = 1e-6
#: Stretches drawn at most: about two for each pixel of a plot.
_STRETCHES = 1024


class Curve:
    """Every point of a curve (16 bytes each), of which a plot is given as many as it can show.

    Where there are more, neighbouring points are taken together and their lowest and highest
    value stand for them: no peak is lost.

    Attributes
    ----------
    low, high : float
        The lowest and the highest value of all; infinite while there is none.
    """

    def __init__(self, stretches: int = _STRETCHES) -> None:
        self._most = stretches
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._x = array("d")
        self._y = array("d")
        self.low, self.high = math.inf, -math.inf

    def __len__(self) -> int:
        return len(self._x)

    def append(self, x: float, y: float) -> None:
        """Add a point right of all others."""
        self._x.append(x)
        self._y.append(y)
        self.low, self.high = min(self.low, y), max(self.high, y)

    def points(
        self, first: float = -math.inf, last: float = math.inf
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of a line through what lies between two places, or through all.

        The line reaches one stretch beyond both places. Stretches have a power of two of points
        and begin at multiples of it, so that a curve does not flicker while it grows or moves.
        """
        import numpy as np

        if not self._x:
            return np.zeros(0), np.zeros(0)
        places, values = np.frombuffer(self._x), np.frombuffer(self._y)
        start, stop = (int(n) for n in np.searchsorted(places, (first, last)))
        start, stop = max(start - 1, 0), min(stop + 1, len(places))
        step = 1
        while (stop - start) > step * self._most:
            step *= 2
        if step == 1:
            return places[start:stop].copy(), values[start:stop].copy()
        starts = np.arange(start - start % step, stop, step)
        stop = min(int(starts[-1]) + step, len(places))
        inside = values[starts[0] : stop]
        offsets = starts - starts[0]
        extremes = (np.minimum.reduceat(inside, offsets), np.maximum.reduceat(inside, offsets))
        return np.repeat(places[starts], 2), np.stack(extremes, axis=1).ravel()


def log_loss(loss: float) -> float:
    """Return where a loss lies on a logarithmic axis."""
    return math.log10(max(loss, LOWEST_LOSS))


def thinned(rows: Sequence[Row], most: int = 2000) -> Sequence[Row]:
    """Return at most about ``most`` rows, evenly chosen, the last one always."""
    step = math.ceil(len(rows) / most) or 1
    if step == 1:
        return rows
    chosen = list(rows[::step])
    return chosen if chosen[-1] is rows[-1] else [*chosen, rows[-1]]
