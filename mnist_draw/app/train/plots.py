"""Axes for curves over epochs, and how they are read, zoomed and marked; imports pyqtgraph."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pyqtgraph
from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QKeyEvent

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain
from mnist_draw.i18n import N_, _, number
from mnist_draw.training.settings import SETTINGS

#: Opaque: the grid has the faint color of all lines.
_GRID_ALPHA = 255
#: pyqtgraph gives the area of the curves -100.
_BELOW_CURVES = -1000
_LOG_STEPS = (1, 2, 5)
_MAX_TICKS = 6
#: Most numbers of epochs, the pixels that each needs (with so many for each of its figures; of
#: steps and times), and those around the first and the last one.
_MAX_EPOCHS = 10
_EACH_EPOCH = 20
_EACH_FIGURE = 10
_EACH = 60
_AROUND = (45, 30)
#: Steps around the last epoch without another number.
_CLOSE = 0.5


class _Axis(pyqtgraph.AxisItem):  # type: ignore[misc]
    """An axis in the theme's colors, without tick marks."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.setStyle(tickLength=0, tickTextOffset=Size.GRID * 2)
        self.enableAutoSIPrefix(False)
        self.setStyle(hideOverlappingLabels=False)

    def restyle(self) -> None:
        self.setPen(pyqtgraph.mkPen(None))
        self.setTextPen(pyqtgraph.mkPen(theme.color("muted")))
        self.setTickPen(pyqtgraph.mkPen(theme.color("line"), width=1))
        self.setTickFont(theme.font(Text.AXIS))


class EpochAxis(_Axis):
    """Epochs, or the minibatches of the first one while that is trained."""

    def __init__(self) -> None:
        super().__init__("bottom")
        self.last = 0
        #: The minibatches of an epoch; 0 where epochs are shown.
        self._batches = 0
        self._is_time = False
        self._is_plain = False

    def show_epochs(self, plot: Any, last: int, batches: int = 0) -> None:
        """Show all epochs up to the last one, or the minibatches of the first."""
        self.last = max(1, last)
        self._batches = batches
        self._is_plain = False
        # A single epoch has room for its name.
        plot.setXRange(0, 1 if batches else max(2, last), padding=0.01)

    def show_range(self, plot: Any, last: float, is_time: bool) -> None:
        """Show steps, or seconds, from 0 to the last one."""
        self._is_plain = True
        self._is_time = is_time
        plot.setXRange(0, last, padding=0.01)

    def tickValues(self, low: float, high: float, size: float) -> list[Any]:
        if self._is_plain:
            least = (high - low) / max(2, min(_MAX_EPOCHS, int(size / theme.scaled(_EACH))))
            step = clock_step(least) if self._is_time else nice_step(least, whole=True)
            last = high - theme.scaled(_AROUND[1]) * (high - low) / size
            return [(step, [n * step for n in range(int(last / step) + 1)])]
        if self._batches:
            # The first has its name, half of which is beside it.
            room = theme.scaled(_EACH) * (high - low) / size
            each = round(nice_step(self._batches * max(1 / 5, room), whole=True))
            minibatches = sorted({1, *range(each, self._batches + 1, each)})
            return [(1.0, [minibatch / self._batches for minibatch in minibatches])]
        each = theme.scaled(_EACH_EPOCH + _EACH_FIGURE * len(str(self.last)))
        most = max(2, min(_MAX_EPOCHS, int(size / each)))
        step = nice_step((high - low) / most, whole=True)
        first_room, last_room = (theme.scaled(part) * (high - low) / size for part in _AROUND)
        # The first epoch is named, and takes the place of 0.
        while 1 < step < 1 + first_room:
            step = nice_step(step + 1)
        first = math.ceil(low / step - 1e-9)
        ticks = [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
        if low <= 1 <= high:
            ticks = [1, *(tick for tick in ticks if tick > 1)]
        if low <= self.last <= high:
            room = max(last_room, _CLOSE * step)
            ticks = [tick for tick in ticks if self.last - tick >= room]
            ticks.append(self.last)
        return [(step, ticks)]

    def boundingRect(self) -> Any:
        # pyqtgraph leaves out the words of the first minibatch, which begin further left.
        return super().boundingRect().adjusted(-theme.scaled(_AROUND[0]), 0, 0, 0)

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self._is_plain:
            return [clock_text(one) if self._is_time else number(one, ",.0f") for one in values]
        if self._batches:
            first = _("minibatch {number}", number=1)
            batches = [round(value * self._batches) for value in values]
            return [first if batch == 1 else number(batch) for batch in batches]
        first = _("epoch {number}", number=1)
        return [first if value == 1 else number(value, ",.0f") for value in values]


class ValueAxis(_Axis):
    """Loss or accuracy, with grid lines; logarithmic if ``logarithmic`` is set."""

    def __init__(self, text: Callable[[float], str]) -> None:
        super().__init__("left")
        self._text = text
        self.logarithmic = False
        self.setGrid(_GRID_ALPHA)

    def restyle(self) -> None:
        super().restyle()
        self.setWidth(theme.scaled(Size.GRID * 14))

    def boundingRect(self) -> Any:
        # With a grid, pyqtgraph leaves out a number that reaches beyond the curves' area.
        half = theme.scaled(Text.AXIS)
        return super().boundingRect().adjusted(0, -half, 0, half)

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
    name: str,
    title: str,
    sentence: str,
    tick_text: Callable[[float], str],
) -> tuple[Any, ValueAxis, EpochAxis]:
    upright = ValueAxis(tick_text)
    across = EpochAxis()
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
    # Room for half of the highest value's number, and of the last epoch's.
    top, right = (round(Size.GRID * part * theme.text_scale()) for part in (1, 4))
    plot.getPlotItem().setContentsMargins(0, top, right, 0)
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


#: Seconds between two labels of an axis, up to an hour.
_CLOCK = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_UNITS = ((3600, N_("{count} h")), (60, N_("{count} min")), (1, N_("{count} s")))


def clock_step(least: float) -> float:
    """Return the smallest step between times that is not below ``least``, in seconds."""
    if least < _CLOCK[0]:
        return nice_step(least)
    return next((step for step in _CLOCK if step >= least), 3600 * nice_step(least / 3600))


def clock_text(seconds: float) -> str:
    """Return a time in the largest unit that has a whole number of it, as ``90 s``, ``2 min``."""
    for size, text in _UNITS:
        if seconds and not seconds % size:
            return _(text, count=number(seconds / size, "g"))
    return _(_UNITS[-1][1], count=number(seconds, ".2g"))


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
        # Zoomed closely: use round numbers at even distances.
        step = nice_step((10**high - 10**low) / most)
        first = math.ceil(10**low / step - 1e-9)
        last = math.floor(10**high / step + 1e-9)
        ticks = [math.log10(n * step) for n in range(first, last + 1) if n > 0]
    return ticks


#: Factors of + and -; each undoes the other.
_CLOSER = 0.8
_FARTHER = 1.25
#: A second change of a setting within so many epochs shares its label, which tells so many values.
_SAME_EPOCH = 1.0
_THEN = " → "
_TOLD = 3


class CurveTools(QObject):
    """Crosshair, zoom with reset, and marks of changed settings.

    Drag a rectangle or turn the wheel to zoom; double-click, 0 or Home shows all again. The
    arrow keys move the crosshair, + and - zoom around it, Escape hides it.
    """

    pointed = Signal(float)
    zoom_changed = Signal()

    def __init__(self, plot: Any, parent: QObject | None = None, marks_below: bool = False) -> None:
        super().__init__(parent)
        self._marks_below = marks_below

        self._item = plot.getPlotItem()
        self._box = self._item.getViewBox()
        self.zoomed = False
        self.epoch = -1.0
        #: Name of the setting, epoch, the values that its label tells, and its line.
        self.marks: list[tuple[str, float, list[str], Any]] = []
        self._line = pyqtgraph.InfiniteLine(angle=90)
        self._line.setZValue(20)
        self._line.hide()
        # Without it the line would widen the range of the axes.
        self._item.addItem(self._line, ignoreBounds=True)
        self._box.setMouseEnabled(True, True)
        self._box.setMouseMode(self._box.RectMode)
        self._box.sigRangeChangedManually.connect(self._zoom)
        plot.setFocusPolicy(Qt.StrongFocus)
        plot.scene().sigMouseMoved.connect(self._move)
        plot.scene().sigMouseClicked.connect(self._click)
        plot.installEventFilter(self)

    # -- the crosshair

    def point(self, epoch: float) -> None:
        self.epoch = epoch
        self._line.setVisible(epoch >= 0)
        if epoch >= 0:
            self._line.setValue(epoch)
        self.pointed.emit(epoch)

    def _move(self, point: Any) -> None:
        if self._box.sceneBoundingRect().contains(point):
            self.point(max(0.0, float(self._box.mapSceneToView(point).x())))
        else:
            self.point(-1.0)

    # -- zoom

    def _zoom(self) -> None:
        self.zoomed = True
        self.zoom_changed.emit()

    def show_all(self) -> None:
        self.zoomed = False
        self.zoom_changed.emit()

    def visible_epochs(self) -> tuple[float, float]:
        low, high = self._box.viewRange()[0]
        return float(low), float(high)

    def _click(self, event: Any) -> None:
        if event.double():
            self.show_all()

    def _scale(self, factor: float) -> None:
        center = None if self.epoch < 0 else (self.epoch, sum(self._box.viewRange()[1]) / 2)
        self._box.scaleBy((factor, 1), center=center)
        self._zoom()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.KeyPress:
            return self._key(event)
        if event.type() in (QEvent.Leave, QEvent.FocusOut):
            self.point(-1.0)
        return False

    def _key(self, event: QKeyEvent) -> bool:
        low, high = self.visible_epochs()
        key = event.key()
        if key in (Qt.Key_Left, Qt.Key_Right):
            step = max(1, round((high - low) / 100))
            start = round(self.epoch) if self.epoch >= 0 else round(low)
            self.point(float(max(1, start + (step if key == Qt.Key_Right else -step))))
        elif key in (Qt.Key_Plus, Qt.Key_Equal):
            self._scale(_CLOSER)
        elif key == Qt.Key_Minus:
            self._scale(_FARTHER)
        elif key in (Qt.Key_0, Qt.Key_Home):
            self.show_all()
        elif key == Qt.Key_Escape:
            self.point(-1.0)
        else:
            return False
        return True

    # -- marks

    def mark(self, name: str, epoch: float, value: str) -> None:
        """Mark a change; soon after another of the same setting, one label tells of both."""
        values = [value]
        for known, before, told, item in reversed(self.marks):
            if known == name and abs(before - epoch) < _SAME_EPOCH:
                values = [*told, value]
                if len(values) > _TOLD:
                    values = [values[0], "…", value]
                item.label.hide()
                break
        # Labels of neighboring changes are placed below each other.
        shown = sum(item.label.isVisible() for *__, item in self.marks)
        depth = 0.1 + (0.1 if self._marks_below else 0.17) * (shown % 4)
        height = depth if self._marks_below else 1 - depth
        item = pyqtgraph.InfiniteLine(
            epoch,
            angle=90,
            label=SETTINGS[name].brief(value, _THEN.join(values)),
            labelOpts={"position": height},
        )
        self._item.addItem(item, ignoreBounds=True)
        self.marks.append((name, epoch, values, item))
        self.restyle()

    def clear(self) -> None:
        for *__, item in self.marks:
            self._item.removeItem(item)
        self.marks = []
        self.point(-1.0)
        self.zoomed = False

    def restyle(self) -> None:
        text = theme.color("text")
        muted = theme.color("muted")
        self._line.setPen(pyqtgraph.mkPen(text, width=1))
        for *__, item in self.marks:
            item.setPen(pyqtgraph.mkPen(muted, width=1, style=Qt.DashDotLine))
            item.label.setColor(text)
            item.label.fill = pyqtgraph.mkBrush(theme.color("card"))
            item.label.textItem.setFont(theme.font(Text.AXIS))
