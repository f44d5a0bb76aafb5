"""The layers of a run while it trains: first weights, update sizes, silent units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.analysis import layer_inspection
from mnist_draw.app.inside.rows_view import Bar, Heading, Row, RowsView, Sentence
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import mosaic, paint_signed
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain, label

if TYPE_CHECKING:
    from mnist_draw.analysis.layer_inspection import LayerFigures
    from mnist_draw.training.events import Parameters

#: Side of a unit's picture with the gap to the next, in logical pixels; side of MNIST's pictures.
_TILE, _SIDE = 54, 28
#: The gap is this part of a picture's side.
_GAP = 1 / 9
#: Standard deviations beyond which weights are shown at full strength.
_PEAK = 3.5
#: Units whose weights set the scale: about as many as are visible at once.
_SCALE_FROM = 100


class FiltersView(QWidget):
    """As many units as fit, each as a picture of its incoming weights, all on one scale."""

    shown_changed = pyqtSignal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("filtersView")
        explain(
            self,
            "What the first layer looks for",
            "Each picture shows the weights into one unit: orange where ink speaks for it, "
            "blue where ink speaks against it.",
        )
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumHeight(2 * _TILE)
        self.filters = np.zeros((0, _SIDE, _SIDE), np.float32)
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(12 * _TILE, 2 * _TILE)

    def show_weights(self, weights: np.ndarray | None) -> None:
        """Show a first layer: (784, units), or (maps, 1, height, width) as they are stored."""
        self.filters = self.filters[:0]
        if weights is not None:
            # Lasagne turns a filter round before it slides over the picture.
            dense = weights.ndim == 2
            self.filters = (
                weights.T.reshape(-1, _SIDE, _SIDE) if dense else weights[:, 0, ::-1, ::-1]
            )
        self._tell()
        self.update()

    def _grid(self) -> tuple[int, int]:
        return max(1, self.height() // _TILE), max(1, self.width() // _TILE)

    def _tell(self) -> None:
        rows, columns = self._grid()
        self.shown_changed.emit(min(len(self.filters), rows * columns), len(self.filters))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self.filters):
            return
        rows, columns = self._grid()
        shown, side = self.filters[: rows * columns], self.filters.shape[1]
        peak = _PEAK * float(self.filters[:_SCALE_FROM].std(dtype=np.float64))
        tiles = mosaic(shown, rows, columns, max(1, round(_GAP * side)))
        painter = QPainter(self)
        box = QRectF(0, 0, columns * _TILE, rows * _TILE)
        paint_signed(painter, box, tiles, max(peak, 1e-12), self.devicePixelRatioF())
        painter.end()


@dataclass(frozen=True, eq=False)
class Histogram(Row):
    """How often weights of each size occur."""

    figures: LayerFigures

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        counts, edges = self.figures.counts, self.figures.edges
        tall, ground = max(int(counts.max()), 1), y + 2 * _TILE
        wide = width / len(counts)
        for number, count in enumerate(counts.tolist()):
            high = 2 * _TILE * count / tall
            bar = QRectF(number * wide, ground - high, max(wide - 1, 1), high)
            painter.fillRect(bar, theme.colour("accent" if edges[number] >= 0 else "second"))
        painter.setFont(theme.font(Text.AXIS))
        painter.setPen(theme.colour("muted"))
        line = QRectF(0, ground, width, painter.fontMetrics().height())
        painter.drawText(line, Qt.AlignLeft, f"{edges[0]:.2g}".replace("-", "−"))
        painter.drawText(line, Qt.AlignHCenter, "0")
        painter.drawText(line, Qt.AlignRight, f"{edges[-1]:.2g}")
        return line.bottom()


class RunLayers(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("layersView")
        explain(
            self,
            "The layers in training",
            "After each epoch: how far it moved each layer's weights, how many rectifiers answer "
            "no picture, and how the weights are spread.",
        )
        self.title = label("", "title", "runLayersTitle")
        self.title.setWordWrap(True)
        self.updates = RowsView(
            "updateSizes", "Update size",
            "Length of an epoch's change of each layer's weights, in percent of their length.",
        )  # fmt: skip
        self.dead = RowsView(
            "deadUnits", "Silent units",
            "Share of each layer's rectifiers that answer none of the pictures tried, in percent.",
        )  # fmt: skip
        self.weights = RowsView(
            "weightHistogram", "Weights", "How often weights of each size occur."
        )
        self.filters = FiltersView()
        #: The largest update of the run so far, which fills a bar.
        self._largest = 0.0
        pictures = (self.updates, self.dead, self.weights)
        heading = titled("First weights", self.filters)
        column(self.title, *pictures, heading, (self.filters, 2), gap=Size.TIGHT, owner=self)
        self.show_nothing()

    def show_nothing(self) -> None:
        self.title.setText("No network is in training. After each epoch its layers appear here.")

    def show_run(self, name: str, parameters: Parameters) -> None:
        self.title.setText(name)
        self.filters.show_weights(parameters[0])

    def show_figures(self, figures: LayerFigures) -> None:
        self._largest = max(self._largest if figures.epoch > 1 else 0.0, *figures.updates, 1e-9)
        words = layer_inspection.describe_updates(figures)
        bars = _bars(figures.names, figures.updates, "accent", self._largest)
        self.updates.show_rows([Heading("Update size"), *bars, Sentence(words, muted=True)])
        words = layer_inspection.describe_silent_units(figures)
        bars = _bars(figures.names, figures.dead, "alert", 1.0)
        self.dead.show_rows([Heading("Silent units"), *bars, Sentence(words, muted=True)])
        words = layer_inspection.describe_weights(figures)
        self.weights.show_rows(
            [Heading("Weights"), Histogram(figures), Sentence(words, muted=True)]
        )


def _bars(names: Sequence[str], values: Sequence[float], colour: str, full: float) -> list[Row]:
    """Return shares from 0 to 1 as bars; ``full`` fills one."""
    return [
        Bar(name, value, f"{100 * value:.3g} %", colour=colour, full=full)
        for name, value in zip(names, values, strict=False)
    ]


def titled(text: str, filters: FiltersView) -> QVBoxLayout:
    """Return the heading of first weights, with how many of the units are shown."""
    note = label("", "muted")
    filters.shown_changed.connect(
        lambda shown, units: note.setText(f"{shown} of {units:,}" if units else "")
    )
    return column(row(label(text, "heading"), 1, note))
