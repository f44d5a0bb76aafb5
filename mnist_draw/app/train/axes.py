"""Axes for the curves: whole epochs below, 1-2-5 steps beside a logarithmic loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pyqtgraph

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain

#: Full: the grid has the faint colour of all lines already.
_GRID_ALPHA = 255
#: pyqtgraph gives the area of the curves -100.
_BELOW_CURVES = -1000
_LOG_STEPS = (1, 2, 5)
_MAX_TICKS = 6
#: Parts of a step that the number of the last epoch keeps free around it.
_CLOSE = 0.6


class _Axis(pyqtgraph.AxisItem):  # type: ignore[misc]
    """An axis in the theme's colours, without tick marks."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.setStyle(tickLength=0, tickTextOffset=Size.GRID * 2)
        self.enableAutoSIPrefix(False)
        self.setStyle(hideOverlappingLabels=False)

    def restyle(self) -> None:
        """Take the theme's colours and fonts."""
        self.setPen(pyqtgraph.mkPen(None))
        self.setTextPen(pyqtgraph.mkPen(theme.colour("muted")))
        self.setTickPen(pyqtgraph.mkPen(theme.colour("line"), width=1))
        self.setTickFont(theme.font(Text.AXIS))


class EpochAxis(_Axis):
    """Whole epochs."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.last = 0
        self.setLabel("epoch")
        self.label.setFont(theme.font(Text.AXIS))

    def restyle(self) -> None:
        super().restyle()
        self.setLabel("epoch", color=theme.theme().colours.muted)

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        step = nice_step((high - low) / _MAX_TICKS, whole=True)
        first = math.ceil(low / step - 1e-9)
        ticks = [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
        if low <= self.last <= high:
            ticks = [tick for tick in ticks if abs(tick - self.last) > _CLOSE * step]
            ticks.append(self.last)
        return [(step, ticks)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [f"{value:,.0f}" for value in values]


class ValueAxis(_Axis):
    """Loss or accuracy, with grid lines; logarithmic if ``logarithmic`` is set."""

    def __init__(self, text: Callable[[float], str]) -> None:
        super().__init__("left")
        self._text = text
        self.logarithmic = False
        self.setGrid(_GRID_ALPHA)
        self.setWidth(round(Size.GRID * 14 * theme.text_scale()))

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        # Labels below each other need two lines each.
        most = min(_MAX_TICKS, max(2, int(size / (2 * Text.AXIS * theme.text_scale()))))
        if self.logarithmic:
            return [(1.0, log_ticks(low, high, most))]
        step = nice_step((high - low) / most)
        first = math.ceil(low / step - 1e-9)
        return [(step, [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        return [self._text(round(value, 10)) for value in values]


def new_plot(
    name: str, title: str, sentence: str, tick_text: Callable[[float], str]
) -> tuple[Any, ValueAxis, EpochAxis]:
    """Return an empty plot over epochs, and its two axes."""
    upright, across = ValueAxis(tick_text), EpochAxis()
    plot = pyqtgraph.PlotWidget(axisItems={"left": upright, "bottom": across})
    for axis in (upright, across):
        # pyqtgraph paints the grid over the curves; it belongs below them.
        axis.setZValue(_BELOW_CURVES)
    plot.setObjectName(name)
    explain(plot, title, sentence)
    plot.setToolTip("")
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.setFrameShape(plot.NoFrame)
    # Half of the last epoch's number lies right of the last epoch.
    plot.getPlotItem().setContentsMargins(0, 0, round(Size.GRID * 4 * theme.text_scale()), 0)
    return plot, upright, across


def nice_step(least: float, whole: bool = False) -> float:
    """Return the smallest of 1, 2, 5, 10, 20 … (or 0.1, 0.2 …) not below ``least``."""
    if whole and least <= 1:
        return 1
    power = 10.0 ** math.floor(math.log10(max(least, 1e-12)))
    for factor in (1, 2, 5, 10):
        if factor * power >= least * (1 - 1e-9):
            return factor * power
    return 10 * power


def log_ticks(low: float, high: float, most: int = _MAX_TICKS) -> list[float]:
    """Return logarithms of 1, 2, 5, 10 … between two logarithms, thinned to about ``most``."""
    ticks = [
        decade + math.log10(step)
        for decade in range(math.floor(low), math.ceil(high) + 1)
        for step in _LOG_STEPS
        if low <= decade + math.log10(step) <= high
    ]
    if len(ticks) > most:
        decades = [tick for tick in ticks if abs(tick - round(tick)) < 1e-9]
        ticks = decades if len(decades) > 2 else ticks[:: math.ceil(len(ticks) / most)]
    if len(ticks) < 3 and high > low:
        # So closely zoomed that hardly one of them is left: round numbers at even distances.
        step = nice_step((10**high - 10**low) / most)
        first, last = math.ceil(10**low / step - 1e-9), math.floor(10**high / step + 1e-9)
        ticks = [math.log10(n * step) for n in range(first, last + 1) if n > 0]
    return ticks
