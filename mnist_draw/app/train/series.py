"""Curves of any length, drawn from few points; the colors and lines of compared runs."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from qtpy.QtCore import QLineF, Qt
from qtpy.QtGui import QColor, QIcon, QPainter, QPen, QPixmap

from mnist_draw.app.kit import theme
from mnist_draw.i18n import number, percent

Row = TypeVar("Row")

#: The lowest loss on a logarithmic axis; a network below it makes no mistakes.
LOWEST_LOSS = 1e-6
#: Stretches of a curve, at most: about two for each pixel of a plot.
_STRETCHES = 1024
#: Points of a curve over epochs, at most.
_MAX_ROWS = 2000
#: Values before and after each that its running mean takes in.
_EACH_SIDE = 4
STYLES = (Qt.SolidLine, Qt.DashLine, Qt.DotLine, Qt.DashDotLine, Qt.SolidLine, Qt.DashLine)
#: Size of a swatch, in pixels.
SWATCH = (24, 12)


class Curve:
    """One value for each minibatch, reduced to as many points as a plot can show.

    Lowest and highest value represent neighboring points: no peak is lost.
    """

    def __init__(self, values: array[float] | None = None, stretches: int = _STRETCHES) -> None:
        self._values = array("d") if values is None else values
        self._most = stretches
        self._seen = 0
        self._low = math.inf
        self._high = -math.inf

    def __len__(self) -> int:
        return len(self._values)

    def range(self) -> tuple[float, float]:
        for value in self._values[self._seen :]:
            self._low = min(self._low, value)
            self._high = max(self._high, value)
        self._seen = len(self._values)
        return self._low, self._high

    def means(self, per_epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of the running mean of nine values, or of as many as there are."""
        count = len(self._values)
        if not count:
            return np.zeros(0), np.zeros(0)
        sums = np.concatenate([[0.0], np.cumsum(np.frombuffer(self._values))])
        places = np.arange(0, count, math.ceil(count / self._most))
        first = np.maximum(places - _EACH_SIDE, 0)
        last = np.minimum(places + _EACH_SIDE + 1, count)
        return (places + 1) / per_epoch, (sums[last] - sums[first]) / (last - first)

    def points(
        self,
        per_epoch: int,
        first: float = -math.inf,
        last: float = math.inf,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y of the curve between two epochs.

        The line reaches one stretch beyond both places. Stretches have a power of two of points
        and begin at multiples of it, so that a curve does not flicker while it grows or moves.
        """
        count = len(self._values)
        if not count:
            return np.zeros(0), np.zeros(0)
        values = np.frombuffer(self._values)
        start = math.ceil(first * per_epoch) - 2 if first > 0 else 0
        stop = math.floor(last * per_epoch) + 1 if last < count / per_epoch else count
        start = min(max(start, 0), count - 1)
        stop = min(max(stop, 1), count)
        step = 1
        while (stop - start) > step * self._most:
            step *= 2
        if step == 1:
            return np.arange(start + 1, stop + 1) / per_epoch, values[start:stop].copy()
        starts = np.arange(start - start % step, stop, step)
        stop = min(int(starts[-1]) + step, count)
        inside = values[starts[0] : stop]
        offsets = starts - starts[0]
        extremes = (np.minimum.reduceat(inside, offsets), np.maximum.reduceat(inside, offsets))
        return np.repeat((starts + 1) / per_epoch, 2), np.stack(extremes, axis=1).ravel()


def axis_epochs(done: int, planned: int) -> int:
    """Return how many epochs an axis shows: it grows when an epoch ends, at most to the plan."""
    if not done or done >= planned:
        return max(done, 1)
    size = 2
    while size <= done:
        # 2, 5, 10, 20, 50 …
        size = round(2.5 * size) if str(size).startswith("2") else 2 * size
    return min(size, planned)


def on_axis(values: Any, is_loss: bool) -> Any:
    """Return where values are on their axis: losses logarithmic, accuracies in percent."""
    return np.log10(np.maximum(values, LOWEST_LOSS)) if is_loss else 100 * values


def tick_text(value: float, is_loss: bool) -> str:
    return number(10**value, ".3g") if is_loss else percent(value / 100, None)


def thinned(rows: Sequence[Row]) -> Sequence[Row]:
    """Return at most about `_MAX_ROWS` rows, evenly chosen, the last one always."""
    step = math.ceil(len(rows) / _MAX_ROWS) or 1
    if step == 1:
        return rows
    chosen = list(rows[::step])
    return chosen if chosen[-1] is rows[-1] else [*chosen, rows[-1]]


def series_color(place: int) -> QColor:
    return QColor(theme.theme().colors.series[place])


def swatch(place: int) -> QIcon:
    pixmap = QPixmap(*SWATCH)
    pixmap.fill(Qt.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QPen(series_color(place), 2, STYLES[place], Qt.FlatCap))
    painter.drawLine(QLineF(0, SWATCH[1] / 2, SWATCH[0], SWATCH[1] / 2))
    painter.end()
    return QIcon(pixmap)
