"""The cards with a run's loss and accuracy over epochs, drawn with pyqtgraph.

pyqtgraph is imported when the first plot is built, after the window is visible.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QLineF, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from qtpy.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QAction, QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.controls import button_menu
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, label
from mnist_draw.app.train.run_words import TUTORIAL_ACCURACY, is_like_tutorial
from mnist_draw.app.train.series import Curve, axis_epochs, on_axis, thinned, tick_text
from mnist_draw.i18n import _, format_loss, format_percent, joined, number, percent
from mnist_draw.training.history import EpochFigures, History
from mnist_draw.training.run import Run

if TYPE_CHECKING:
    from mnist_draw.app.train.plots import CurveTools

#: Minibatches scatter: their line is faint, to keep the epochs in front.
_BATCH_ALPHA = 0.45
#: … and fainter where epochs are in front of it.
_BEHIND = 0.6
#: Name, color and line of each curve in the legend, and the length of its sample.
_LINES = ((_("training"), "accent", Qt.SolidLine), (_("validation"), "second", Qt.DashLine))
_DASH = 20
#: Room of the samples, and before and after each name.
_GAPS = len(_LINES) * (_DASH + Size.TIGHT + Size.FIELD_GAP)
_LEFT = int(Qt.AlignLeft | Qt.AlignVCenter | Qt.TextDontClip)
_EXPORTS = (
    ("png", _("Save as a picture (PNG)…")),
    ("csv", _("Save the epochs as a table (CSV)…")),
)
_HOW = _(
    "Drag a rectangle or turn the wheel to zoom, double-click to show all. The arrow keys "
    "read epoch by epoch, + and - zoom, 0 shows all.",
)


class Legend(QWidget):
    """The two lines with their names, and the figures under the pointer.

    Its size hint never changes: pointing at a plot moves nothing. In a narrow card it shows the
    figures without the names, or either in two smaller lines, elided if need be.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Preferred)
        self.figures = ("", "")
        self.epoch = ""
        #: A name appears with its line.
        self._lines: tuple[tuple[str, str, Qt.PenStyle], ...] = _LINES[:1]

    def show_figures(self, epoch: str, figures: tuple[str, str]) -> None:
        if (epoch, figures) != (self.epoch, self.figures):
            self.epoch = epoch
            self.figures = figures
            self.setAccessibleName(" ".join(self.texts()))
            self.update()

    def show_validation(self, on: bool) -> None:
        lines = _LINES if on else _LINES[:1]
        if lines != self._lines:
            self._lines = lines
            self.update()

    def texts(self) -> list[str]:
        pairs = zip(self._lines, self.figures, strict=False)
        named = [f"{name} {figure}".rstrip() for (name, *__), figure in pairs]
        return [*named, self.epoch]

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(Text.LABEL))
        names = sum(metrics.horizontalAdvance(name) for name, *__ in _LINES)
        return QSize(math.ceil(names + _GAPS), math.ceil(metrics.height()))

    def minimumSizeHint(self) -> QSize:
        # Too narrow for names: the lines remain, below each other.
        return QSize(_DASH + Size.TIGHT + Size.FIELD_GAP, self.sizeHint().height())

    def shown(self) -> tuple[list[str], bool]:
        """Return the labels of the lines, and whether they overlap."""
        metrics = QFontMetricsF(theme.font(Text.LABEL))
        for texts in (self.texts(), [*self.figures, ""] if self.epoch else self.texts()):
            if _GAPS + sum(map(metrics.horizontalAdvance, texts)) <= self.width():
                return texts[:-1], False
        small = QFontMetricsF(theme.font(Text.AXIS))
        room = self.width() - _DASH - Size.TIGHT
        return [small.elidedText(text, Qt.ElideRight, room) for text in texts[:-1]], True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        texts, stacked = self.shown()
        painter.setFont(theme.font(Text.AXIS if stacked else Text.LABEL))
        metrics = QFontMetricsF(painter.font())
        x = 0.0
        y = 0.0
        high = self.height() / (len(self._lines) if stacked else 1)
        for text, (__, color, style) in zip(texts, self._lines, strict=True):
            middle = y + high / 2
            words = x + _DASH + Size.TIGHT
            painter.setPen(QPen(theme.color(color), 2, style, Qt.FlatCap))
            painter.drawLine(QLineF(x, middle, x + _DASH, middle))
            painter.setPen(theme.color("muted"))
            painter.drawText(QRectF(words, y, self.width() - words, high), _LEFT, text)
            if stacked:
                y += high
            else:
                x = words + metrics.horizontalAdvance(text) + Size.FIELD_GAP
        epoch = "" if stacked else self.epoch
        painter.drawText(QRectF(x, 0, self.width() - x, self.height()), _LEFT, epoch)


class CurveCard(Card):
    """A card with a plot of training and validation over epochs; `build` builds the plot."""

    export_requested = Signal(str)

    def __init__(
        self,
        title: str,
        name: str,
        sentence: str,
        figure: str,
        written: Callable[[float], str],
    ) -> None:
        super().__init__(title)
        self._figure = figure
        self._is_loss = figure == "loss"
        self._written = written
        self.plot: Any = None
        self.tools: CurveTools | None = None
        self._marks: list[tuple[str, float, str]] = []
        self._name = name
        self._title = title
        self._sentence = sentence
        self._batches = Curve()
        self.history = History()
        #: Epochs on the axis.
        self.planned = 20
        self.top.takeAt(self.top.count() - 1)
        self.note.hide()
        self.legend = Legend()
        self.legend.setObjectName(f"{name}Readout")
        self.top.addWidget(self.legend, 1)
        self._plot_layout = QVBoxLayout()
        self.body.addLayout(self._plot_layout, 1)
        self.setMinimumHeight(Size.PLOT_MINIMUM)
        theme.theme().changed.connect(self._restyle)

    def _add_menu(self) -> None:
        self.menu_button = icon_button(
            f"{self._name}Menu",
            "dots-three",
            _("{title}: more", title=self._title),
        )
        menu = self._menu = button_menu(self.menu_button)
        menu.addAction(_("Show all (double-click)"), self._show_all)
        menu.addSeparator()
        for kind, text in _EXPORTS:
            menu.addAction(text, partial(self.export_requested.emit, kind))
        self.top.addWidget(self.menu_button)

    def add_switch(self, text: str, act: Callable[[], object]) -> None:
        self.switch = QAction(text, self._menu)
        self.switch.triggered.connect(lambda: act())
        self._menu.insertAction(self._menu.actions()[0], self.switch)

    def _show_all(self) -> None:
        if self.tools is not None:
            self.tools.show_all()

    def build(self) -> None:
        """Build the plot, in about 20 ms; once the window is visible."""
        import pyqtgraph

        from mnist_draw.app.train.plots import CurveTools, new_plot

        pyqtgraph.setConfigOptions(antialias=True)
        plot, self.value_axis, self.epoch_axis = new_plot(
            self._name,
            self._title,
            joined(self._sentence, _HOW),
            self._tick_text,
        )
        self.value_axis.logarithmic = self._is_loss
        item = plot.getPlotItem()
        self.batch_curve = item.plot(antialias=False)
        self.training_curve = item.plot()
        self.validation_curve = item.plot()
        self.plot = plot
        self.tools = CurveTools(plot, self, not self._is_loss)
        self.tools.pointed.connect(self._point)
        self.tools.zoom_changed.connect(self.redraw)
        for mark in self._marks:
            self.tools.mark(*mark)
        self._add_extras(item)
        self._restyle()
        self._plot_layout.addWidget(plot)
        # Created last, but not last in the tab order.
        QWidget.setTabOrder(self.menu_button, plot)
        self.redraw()

    # -- for subclasses

    def _add_extras(self, item: Any) -> None:
        """Add items of a subclass to the plot."""

    def _map(self, values: Any) -> Any:
        """Return a value, or an array of them, in plot coordinates."""
        return on_axis(values, self._is_loss)

    def _tick_text(self, value: float) -> str:
        return tick_text(value, self._is_loss)

    def _range(self) -> tuple[float, float]:
        raise NotImplementedError

    # -- values

    def show_history(self, history: History, planned: int) -> None:
        """Show a run; figures added to its history appear with the next `redraw`."""
        self.history = history
        self._batches = Curve(
            history.batch_losses if self._is_loss else history.batch_accuracies,
        )
        self._marks.clear()
        if self.tools is not None:
            self.tools.clear()
        self.planned = planned
        self.redraw()

    def mark(self, name: str, epoch: float, value: str) -> None:
        self._marks.append((name, epoch, value))
        if self.tools is not None:
            self.tools.mark(name, epoch, value)

    def _pair(self, row: EpochFigures) -> tuple[float, float]:
        return getattr(row, f"training_{self._figure}"), getattr(row, f"validation_{self._figure}")

    def _place(self, row: EpochFigures) -> float:
        """Return where an epoch ends: a first one that is stopped within, where its line does."""
        history = self.history
        return row.epoch if history.epochs_done else len(self._batches) / history.batches

    def redraw(self) -> None:
        if self.tools is None:
            return
        rows: Sequence[EpochFigures] = self.history.epochs
        first, last = self.tools.visible_epochs() if self.tools.zoomed else (-math.inf, math.inf)
        xs, ys = self._batches.points(self.history.batches, first, last)
        self.batch_curve.setData(xs, self._map(ys))
        if self.tools.zoomed:
            # Row n holds epoch n + 1; a little more than what is visible.
            rows = rows[max(0, int(first) - 2) : max(0, int(last) + 2)]
        self.legend.show_validation(bool(self.history.epochs))
        self.batch_curve.setOpacity(_BEHIND if self.history.epochs else 1.0)
        epochs = thinned(rows)
        x = np.array([self._place(row) for row in epochs])
        pairs = np.array([self._pair(row) for row in epochs]).reshape(-1, 2)
        for curve, y in zip((self.training_curve, self.validation_curve), pairs.T, strict=True):
            curve.setData(x, self._map(y))
            curve.setSymbol("o" if len(epochs) == 1 else None)
        if not self.history.epochs:
            x, y = self._batches.means(self.history.batches)
            self.training_curve.setData(x, self._map(y))
            self.training_curve.setSymbol(None)
        if self.tools.zoomed:
            return
        low, high = self._range()
        done = len(self.history.epochs)
        batches = 0 if done or not self._batches else self.history.batches
        self.epoch_axis.show_epochs(self.plot, axis_epochs(done, self.planned), batches)
        self.plot.setYRange(low, high, padding=0.03)

    def _point(self, epoch: float) -> None:
        """Show the figures of the epoch under the crosshair in the legend."""
        rows = self.history.epochs
        chosen = min(max(round(epoch), 1), len(rows)) if epoch >= 0 else 0
        if not chosen:
            self.legend.show_figures("", ("", ""))
            return
        training, validation = self._pair(rows[chosen - 1])
        self.legend.show_figures(
            _("epoch {number}", number=number(chosen)),
            (self._written(training), self._written(validation)),
        )

    def _restyle(self) -> None:
        if self.tools is None:
            return
        import pyqtgraph

        self.tools.restyle()
        # pyqtgraph paints its own background, whatever the style sheet.
        self.plot.setBackground(theme.color("card"))
        accent = theme.color("accent")
        second = theme.color("second")
        faint = theme.color("accent", _BATCH_ALPHA)
        self.batch_curve.setPen(pyqtgraph.mkPen(faint, width=1))
        self.training_curve.setPen(pyqtgraph.mkPen(accent, width=2))
        self.validation_curve.setPen(pyqtgraph.mkPen(second, width=2, style=Qt.DashLine))
        for curve, color in ((self.training_curve, accent), (self.validation_curve, second)):
            curve.setSymbolBrush(color)
            curve.setSymbolPen(color)
            curve.setSymbolSize(Size.BAR)
        for axis in (self.value_axis, self.epoch_axis):
            axis.restyle()


#: How far up its line stand the words on the reading of the twelve pictures, and from where on
#: they are at its left.
_LOW_DOWN = 0.3
_MIDDLE = 0.5
#: So many heights of its words a plot needs for them below the tutorial's line.
_LOW = 8
#: The dot of a new best grows and shrinks within so many milliseconds, and rests for so many
#: seconds: it has the whole plot painted, and in short epochs one best follows the other.
_PULSE_MS = 500
_PULSE_REST = 5.0


#: An axis of losses has at least so many decades.
_LEAST_DECADES = 0.08


class LossCard(CurveCard):
    """Cross-entropy in nats, on a logarithmic axis."""

    def __init__(self) -> None:
        sentence = _("Mean cross-entropy over epochs, in nats.")
        super().__init__(_("Loss"), "lossPlot", sentence, "loss", format_loss)
        self.top.addWidget(label(_("log"), "muted"))
        self._add_menu()

    def _range(self) -> tuple[float, float]:
        epochs = self.history.epochs
        if not self._batches and not epochs:
            return self._map(0.02), self._map(2.0)
        values = [v for v in self._batches.range() if math.isfinite(v)]
        values += [v for row in epochs for v in self._pair(row)]
        low = self._map(min(values))
        high = self._map(max(values))
        # Around what hardly changes, so that it lies in the middle.
        around = max(0.0, (_LEAST_DECADES - high + low) / 2)
        return low - around, high + around


#: Where an axis of accuracies may begin and end, in percent.
_LOWEST = (98.0, 95.0, 90.0, 80.0, 50.0, 0.0)
_HIGHEST = (25.0, 50.0, 100.0)


def accuracy_range(values: Sequence[float]) -> tuple[float, float]:
    """Return the range of an axis for accuracies, in percent: a tenth of it is below the lowest."""
    high = next(end for end in _HIGHEST if max(values) <= 0.9 * end or end == _HIGHEST[-1])
    least = min(values) - 0.1 * (high - min(values))
    return next((begin for begin in _LOWEST if begin <= least), 0.0), high


class AccuracyCard(CurveCard):
    """Share of right answers in percent, with the tutorial's result as a reference."""

    def __init__(self) -> None:
        sentence = _("Share of right answers over epochs, in percent.")
        super().__init__(_("Accuracy"), "accuracyPlot", sentence, "accuracy", format_percent)
        self._run = Run()
        self.pulse_animation = QVariantAnimation(self)
        self.pulse_animation.setDuration(_PULSE_MS)
        self.pulse_animation.setStartValue(0.0)
        self.pulse_animation.setEndValue(1.0)
        self.pulse_animation.valueChanged.connect(self._grow_dot)
        self._pulsed = float("-inf")
        self._add_menu()

    def compare(self, run: Run) -> None:
        """Show what guessing gets, and the tutorial if network and data are the tutorial's."""
        self._run = run
        if self.plot is not None:
            self._place_lines()

    def _place_lines(self) -> None:
        run = self._run
        has_epochs = bool(self.history.epochs)
        self.reference.setVisible(is_like_tutorial(run.settings) and has_epochs)
        self.guessing.setValue(100 * run.guessing)
        self.guessing.label.setFormat(_("guessing: {share}", share=percent(run.guessing)))
        reading = 0 if run.read is None or has_epochs else run.read.batch
        self.reading.setVisible(reading > 0)
        if reading:
            place = reading / self.history.batches
            self.reading.setValue(place)
            # On the side with more room for it.
            anchor = (float(place > _MIDDLE), 0.5)
            self.reading.label.anchors = [anchor, anchor]
            self.reading.label.updatePosition()

    def pulse(self) -> None:
        now = time.monotonic()
        if theme.theme().motion and self.isVisible() and now - self._pulsed > _PULSE_REST:
            self._pulsed = now
            self.pulse_animation.start()

    def _grow_dot(self, part: float) -> None:
        size = round(Size.BAR * (1 + math.sin(math.pi * part)))
        if self.plot is not None and size != self.dot.opts["size"]:
            self.dot.setSize(size)

    def redraw(self) -> None:
        super().redraw()
        if self.plot is not None:
            rows = self.history.epochs
            best = max(rows, key=lambda row: row.validation_accuracy, default=None)
            points = []
            if best is not None:
                points = [(self._place(best), 100 * best.validation_accuracy)]
            elif self._batches:
                x, y = self.training_curve.getData()
                points = [(x[-1], y[-1])]
            self.dot.setData(pos=points)
            self._color_dot()
            self._place_lines()

    def _color_dot(self) -> None:
        """Show the best epoch in the color of validation, before that the end of training."""
        color = theme.color("second" if self.history.epochs else "accent")
        self.dot.setBrush(color)
        self.dot.setPen(color)

    def _add_extras(self, item: Any) -> None:
        import pyqtgraph

        self.reference = pyqtgraph.InfiniteLine(
            TUTORIAL_ACCURACY,
            angle=0,
            label=_("the tutorial: {share}", share=percent(TUTORIAL_ACCURACY / 100, 2)),
            # At the left, where the curves are below it.
            labelOpts={"position": 0.01, "anchors": [(0.0, 1.0), (0.0, 1.0)]},
        )
        #: The best epoch; while the first one is trained, the end of its line.
        self.dot = pyqtgraph.ScatterPlotItem(size=Size.BAR)
        self.dot.setZValue(12)
        item.addItem(self.dot, ignoreBounds=True)
        self.reference.setZValue(10)
        item.addItem(self.reference)
        self.guessing = pyqtgraph.InfiniteLine(
            angle=0,
            label="",
            labelOpts={"position": 0.99, "anchors": [(1.0, 1.0), (1.0, 1.0)]},
        )
        # Without it the line would widen the range of the axis.
        item.addItem(self.guessing, ignoreBounds=True)
        #: The minibatch of the first epoch after which the twelve were read last.
        self.reading = pyqtgraph.InfiniteLine(
            angle=90,
            label=_("twelve pictures read"),
            labelOpts={"position": _LOW_DOWN},
        )
        self.reading.hide()
        item.addItem(self.reading, ignoreBounds=True)
        box = item.getViewBox()
        box.sigRangeChanged.connect(self._place_label)
        box.sigResized.connect(self._place_label)

    def _place_label(self, *_: object) -> None:
        """Place the label above the line if there is room, else below."""
        box = self.plot.getPlotItem().getViewBox()
        label = self.reference.label
        room = box.mapViewToScene(QPointF(0, TUTORIAL_ACCURACY)).y() - box.sceneBoundingRect().top()
        # The edge of the label's rectangle is empty and may overlap.
        high = 0.8 * label.boundingRect().height()
        above = room >= high
        # In a low plot it would be over the curves.
        label.setVisible(above or box.sceneBoundingRect().height() > _LOW * high)
        anchor = (0.0, 1.0) if above else (0.0, 0.0)
        if label.anchors[0] != anchor:
            label.anchors = [anchor, anchor]
            label.updatePosition()

    def _restyle(self) -> None:
        super()._restyle()
        if self.plot is not None:
            import pyqtgraph

            muted = theme.color("muted")
            self._color_dot()
            for line in (self.reference, self.guessing, self.reading):
                line.setPen(pyqtgraph.mkPen(muted, width=1, style=Qt.DotLine))
                line.label.setColor(muted)
                line.label.textItem.setFont(theme.font(Text.AXIS))

    def _range(self) -> tuple[float, float]:
        values = [100 * v for row in self.history.epochs for v in self._pair(row)]
        return accuracy_range(values) if values else (0.0, 100.0)
