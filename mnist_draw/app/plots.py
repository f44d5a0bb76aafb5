"""The curves of loss and accuracy, drawn with pyqtgraph.

pyqtgraph is imported when the first plot is built, after the window is visible.
"""

from __future__ import annotations

import math
from typing import Any

from PyQt5.QtCore import QLineF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.app import theme
from mnist_draw.app.series import Envelope, thinned
from mnist_draw.app.theme import Size, Text
from mnist_draw.app.widgets import Card, ComboBox, explain, label

#: Test accuracy of the tutorial's network after 20 epochs, in percent.
TUTORIAL_ACCURACY = 98.29
_BATCH_ALPHA = 0.45
_LOWEST_LOSS = 1e-6


class LegendLine(QWidget):
    """A short piece of a curve's line."""

    def __init__(self, colour: str, style: Qt.PenStyle) -> None:
        super().__init__()
        self._colour, self._style = colour, style
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        return QSize(Size.GRID * 5, Size.GRID * 3)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(theme.colour(self._colour), 2, self._style, Qt.FlatCap))
        y = self.height() / 2
        painter.drawLine(QLineF(0, y, self.width(), y))


class CurveCard(Card):
    """A card with a plot of training and validation over epochs.

    The plot itself is built by :meth:`build`; values that arrive earlier are kept.
    """

    def __init__(self, title: str, name: str, sentence: str) -> None:
        super().__init__(title)
        self.plot: Any = None
        self._name, self._title, self._sentence = name, title, sentence
        self._batches = Envelope()
        self._epochs: list[tuple[float, float, float]] = []
        self._planned = 20
        self.top.takeAt(self.top.count() - 1)
        for colour, style, text in (
            ("accent", Qt.SolidLine, "training"),
            ("second", Qt.DashLine, "validation"),
        ):
            pair = QHBoxLayout()
            pair.setSpacing(Size.TIGHT)
            pair.addWidget(LegendLine(colour, style))
            pair.addWidget(label(text, "muted"))
            self.top.addLayout(pair)
        self.top.addStretch(1)
        self._place = QVBoxLayout()
        self.body.addLayout(self._place, 1)
        self.setMinimumHeight(Size.PLOT_MINIMUM)
        theme.theme().changed.connect(self._restyle)

    def build(self) -> None:
        """Build the plot; takes some 20 ms, so it is done once the window is up."""
        import pyqtgraph

        from mnist_draw.app.axes import EpochAxis, ValueAxis

        pyqtgraph.setConfigOptions(antialias=True)
        self._value_axis = ValueAxis(self._tick_text)
        self._epoch_axis = EpochAxis()
        plot = pyqtgraph.PlotWidget(
            axisItems={"left": self._value_axis, "bottom": self._epoch_axis}
        )
        plot.setObjectName(self._name)
        explain(plot, self._title, self._sentence)
        plot.setMouseEnabled(False, False)
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setFrameShape(plot.NoFrame)
        plot.setFocusPolicy(Qt.NoFocus)
        item = plot.getPlotItem()
        item.setContentsMargins(0, 0, 0, 0)
        self._batch_curve = item.plot(antialias=False)
        self._training_curve = item.plot()
        self._validation_curve = item.plot()
        self.plot = plot
        self._add_extras(item)
        self._restyle()
        self._place.addWidget(plot)
        self.redraw()

    # -- what the two kinds of curves do differently

    def _add_extras(self, item: Any) -> None:
        """Add what only one of the plots shows."""

    def _map(self, value: float) -> float:
        """Return where a value is plotted."""
        return value

    def _tick_text(self, value: float) -> str:
        raise NotImplementedError

    def _range(self) -> tuple[float, float]:
        """Return the lowest and the highest place to show."""
        raise NotImplementedError

    # -- values

    def clear(self, planned: int) -> None:
        """Start a new run of so many epochs."""
        self._batches.clear()
        self._epochs.clear()
        self._planned = planned
        self.redraw()

    def set_planned(self, planned: int) -> None:
        """Show so many epochs on the axis."""
        self._planned = planned

    def add_batch(self, epoch: float, value: float) -> None:
        """Add a minibatch's value; shown with the next :meth:`redraw`."""
        if math.isfinite(value):
            self._batches.append(epoch, value)

    def add_epoch(self, epoch: int, training: float, validation: float) -> None:
        """Add an epoch's values; shown with the next :meth:`redraw`."""
        self._epochs.append((float(epoch), training, validation))

    def redraw(self) -> None:
        """Bring the curves up to date."""
        if self.plot is None:
            return
        xs, ys = self._batches.points()
        self._batch_curve.setData(xs, [self._map(y) for y in ys])
        epochs = thinned(self._epochs)
        x = [row[0] for row in epochs]
        self._training_curve.setData(x, [self._map(row[1]) for row in epochs])
        self._validation_curve.setData(x, [self._map(row[2]) for row in epochs])
        symbol = "o" if len(epochs) == 1 else None
        for curve in (self._training_curve, self._validation_curve):
            curve.setSymbol(symbol)
        low, high = self._range()
        self.plot.setXRange(0, max(1, self._planned), padding=0.01)
        self.plot.setYRange(low, high, padding=0.03)

    def _restyle(self) -> None:
        if self.plot is None:
            return
        import pyqtgraph

        # Not the style sheet: pyqtgraph paints its own ground.
        self.plot.setBackground(theme.colour("card"))
        accent, second = theme.colour("accent"), theme.colour("second")
        faint = theme.colour("accent", _BATCH_ALPHA)
        self._batch_curve.setPen(pyqtgraph.mkPen(faint, width=1))
        self._training_curve.setPen(pyqtgraph.mkPen(accent, width=2))
        self._validation_curve.setPen(pyqtgraph.mkPen(second, width=2, style=Qt.DashLine))
        for curve, colour in ((self._training_curve, accent), (self._validation_curve, second)):
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(colour)
            curve.setSymbolSize(Size.BAR)
        for axis in (self._value_axis, self._epoch_axis):
            axis.restyle()


class LossCard(CurveCard):
    """Cross-entropy in nats, on a logarithmic or a linear axis."""

    def __init__(self) -> None:
        super().__init__("Loss", "lossPlot", "Mean cross-entropy over epochs, in nats.")
        self.scale_combo = ComboBox()
        self.scale_combo.setObjectName("lossScaleCombo")
        self.scale_combo.setProperty("look", "quiet")
        self.scale_combo.addItems(["log", "linear"])
        self.scale_combo.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        self.scale_combo.setMinimumContentsLength(0)
        self.scale_combo.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        explain(self.scale_combo, "Loss axis", "Show the loss on a logarithmic or linear axis.")
        self.scale_combo.currentIndexChanged.connect(self._rescale)
        self.top.addWidget(self.scale_combo)

    @property
    def _log(self) -> bool:
        return self.scale_combo.currentIndex() == 0

    def _rescale(self) -> None:
        if self.plot is not None:
            self._value_axis.logarithmic = self._log
        self.redraw()

    def _add_extras(self, item: Any) -> None:
        self._value_axis.logarithmic = self._log

    def _map(self, value: float) -> float:
        return math.log10(max(value, _LOWEST_LOSS)) if self._log else value

    def _tick_text(self, value: float) -> str:
        return f"{10**value:.3g}" if self._log else f"{value:.3g}"

    def _range(self) -> tuple[float, float]:
        values = self._batches.points()[1] + [v for row in self._epochs for v in row[1:]]
        if not values:
            return self._map(0.02 if self._log else 0.0), self._map(2.0)
        low = self._map(min(values)) if self._log else 0.0
        return low, max(self._map(max(values)), low + 0.1)


class AccuracyCard(CurveCard):
    """Share of right answers in percent, with the tutorial's result as a reference."""

    def __init__(self) -> None:
        super().__init__(
            "Accuracy", "accuracyPlot", "Share of right answers over epochs, in percent."
        )

    def _add_extras(self, item: Any) -> None:
        import pyqtgraph

        self._reference = pyqtgraph.InfiniteLine(
            TUTORIAL_ACCURACY,
            angle=0,
            label=f"the tutorial: {TUTORIAL_ACCURACY} %",
            labelOpts={"position": 0.84, "anchors": [(0.5, 0.0), (0.5, 0.0)]},
        )
        self._reference.setZValue(10)
        item.addItem(self._reference)

    def _restyle(self) -> None:
        super()._restyle()
        if self.plot is not None:
            import pyqtgraph

            muted = theme.colour("muted")
            self._reference.setPen(pyqtgraph.mkPen(muted, width=1, style=Qt.DotLine))
            self._reference.label.setColor(muted)
            self._reference.label.fill = pyqtgraph.mkBrush(theme.colour("card"))
            self._reference.label.textItem.setFont(theme.font(Text.AXIS))

    def add_batch(self, epoch: float, value: float) -> None:
        super().add_batch(epoch, 100 * value)

    def add_epoch(self, epoch: int, training: float, validation: float) -> None:
        super().add_epoch(epoch, 100 * training, 100 * validation)

    def _tick_text(self, value: float) -> str:
        return f"{value:g} %"

    def _range(self) -> tuple[float, float]:
        values = [v for row in self._epochs for v in row[1:]]
        low = min([92.0, *(2 * math.floor(v / 2) for v in values)]) if values else 80.0
        return low, 100.0
