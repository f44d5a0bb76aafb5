"""The layers of a run while it trains: first weights, update sizes, silent units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from mnist_draw.analysis import layer_inspection
from mnist_draw.app.inside.rows_view import Bar, RowsView
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import image_of, rgb
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain, label

if TYPE_CHECKING:
    from mnist_draw.analysis.layer_inspection import LayerFigures
    from mnist_draw.training.events import Parameters

#: Side of a unit's picture and gap between two, in logical pixels; side of MNIST's pictures.
_TILE = 48
_GAP = 6
_SIDE = 28
#: Standard deviations beyond which weights are shown at full strength.
_PEAK = 3.5
#: Units whose weights set the scale: about as many as are visible at once.
_SCALE_FROM = 100


class FiltersView(QWidget):
    """As many units as fit, each as a picture of its incoming weights.

    Positive weights are shown in orange (ink there speaks for the unit), negative ones in blue,
    the largest of the layer at full strength.
    """

    shown_changed = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filtersView")
        explain(
            self,
            "What the first layer looks for",
            "Each picture shows the weights into one unit: orange where ink speaks for it, "
            "blue where ink speaks against it.",
        )
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumHeight(2 * _TILE + _GAP)
        self._filters: np.ndarray | None = None
        self._images: list[QImage] = []
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(12 * (_TILE + _GAP), 2 * _TILE + _GAP)

    def show_weights(self, weights: np.ndarray | None) -> None:
        """Show a first layer: (784, units), or (maps, 1, height, width) as they are stored."""
        self._filters = None
        if weights is not None and weights.ndim == 2:
            self._filters = weights.T.reshape(-1, _SIDE, _SIDE)
        elif weights is not None:
            # Lasagne turns a filter round before it slides over the picture.
            self._filters = weights[:, 0, ::-1, ::-1]
        self._render()

    @property
    def units(self) -> int:
        return 0 if self._filters is None else len(self._filters)

    def _grid(self) -> tuple[int, int]:
        columns = max(1, (self.width() + _GAP) // (_TILE + _GAP))
        rows = max(1, (self.height() + _GAP) // (_TILE + _GAP))
        return columns, rows

    def _render(self) -> None:
        columns, rows = self._grid()
        count = min(self.units, columns * rows)
        self._images = []
        if self._filters is not None and count:
            # Dark in both themes: on white, weak weights of both signs look alike.
            dark = theme.DARK
            ground, accent, second = (
                rgb(QColor(name)) for name in (dark.paper, dark.accent, dark.second)
            )
            shown = self._filters[:count]
            # One scale for the whole layer shows which units have learnt most.
            peak = _PEAK * float(self._filters[:_SCALE_FROM].std(dtype=np.float64))
            strength = np.clip(shown / max(peak, 1e-12), -1, 1)[..., None]
            colours = np.where(strength > 0, accent, second)
            pixels = ground + (colours - ground) * np.abs(strength)
            self._images = [image_of(tile) for tile in pixels.astype(np.uint8)]
        self.shown_changed.emit(count, self.units)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._render()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._images:
            return
        columns, _ = self._grid()
        for number, image in enumerate(self._images):
            row, column = divmod(number, columns)
            rect = QRectF(column * (_TILE + _GAP), row * (_TILE + _GAP), _TILE, _TILE)
            painter.drawImage(rect, image)
        painter.end()


#: A third of the least height of the histogram, in logical pixels.
_ROW = 16


class LayerBars(RowsView):
    def __init__(self, picture: tuple[str, str, str], colour: str, full: float = 0.0) -> None:
        title, name, sentence = picture
        super().__init__(name, title, sentence)
        self._colour = colour
        #: The share that fills a bar: given, or the largest of the run so far.
        self.full = full
        self._grows = not full

    def show_values(self, names: Sequence[str], values: Sequence[float]) -> None:
        """Show shares from 0 to 1."""
        if self._grows:
            same = [row.name for row in self.rows if isinstance(row, Bar)] == list(names)
            self.full = max(self.full if same else 0.0, *values, 1e-9)
        self.show_rows(
            [
                Bar(name, value, f"{100 * value:.3g} %", "", self._colour, self.full)
                for name, value in zip(names, values, strict=False)
            ]
        )


class WeightHistogram(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumHeight(3 * _ROW)
        self._figures: LayerFigures | None = None

    def show_figures(self, figures: LayerFigures) -> None:
        self._figures = figures
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._figures is None:
            return
        painter = QPainter(self)
        painter.setFont(theme.font(Text.AXIS))
        counts, edges = self._figures.counts, self._figures.edges
        foot = float(QFontMetricsF(painter.font()).height())
        tall = max(int(counts.max()), 1)
        width = self.width() / len(counts)
        painter.setPen(Qt.NoPen)
        ground = self.height() - foot
        for number, count in enumerate(counts):
            painter.setBrush(theme.colour("accent" if edges[number] >= 0 else "second"))
            height = ground * int(count) / tall
            painter.drawRect(QRectF(number * width, ground - height, max(width - 1, 1), height))
        painter.setPen(theme.colour("muted"))
        line = QRectF(0, ground, self.width(), foot)
        painter.drawText(line, Qt.AlignLeft, f"{edges[0]:.2g}".replace("-", "−"))
        painter.drawText(line, Qt.AlignHCenter, "0")
        painter.drawText(line, Qt.AlignRight, f"{edges[-1]:.2g}")


_PICTURES = (
    ("Update size", "updateSizes",
     "Length of an epoch's change of each layer's weights, in percent of their length."),
    ("Silent units", "deadUnits",
     "Share of each layer's rectifiers that answer none of the pictures tried, in percent."),
    ("Weights", "weightHistogram", "How often weights of each size occur."),
)  # fmt: skip


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
        self.updates = LayerBars(_PICTURES[0], "accent")
        self.dead = LayerBars(_PICTURES[1], "alert", full=1.0)
        self.weights = WeightHistogram()
        self.filters = FiltersView()
        self.labels: list[QLabel] = []
        parts = column(self.title, gap=Size.TIGHT, owner=self)
        pictures = (self.updates, self.dead, self.weights)
        for (title, name, sentence), picture in zip(_PICTURES, pictures, strict=True):
            self._add_picture(parts, picture, title, name, sentence)
        parts.addLayout(titled("First weights", self.filters))
        parts.addWidget(self.filters, 2)
        self.show_nothing()

    def _add_picture(
        self, parts: QVBoxLayout, picture: QWidget, title: str, name: str, sentence: str
    ) -> None:
        picture.setObjectName(name)
        line = label("", "muted", f"{name}Label")
        line.setWordWrap(True)
        self.labels.append(line)
        parts.addWidget(label(title, "heading"))
        parts.addWidget(picture, 1)
        parts.addWidget(line)
        for widget in (picture, line):
            explain(widget, title, sentence)

    def show_nothing(self) -> None:
        self.title.setText("No network is in training. After each epoch its layers appear here.")

    def show_run(self, name: str, parameters: Parameters) -> None:
        self.title.setText(name)
        self.filters.show_weights(parameters[0])

    def show_figures(self, figures: LayerFigures) -> None:
        self.updates.show_values(figures.names, figures.updates)
        self.dead.show_values(figures.names, figures.dead)
        self.weights.show_figures(figures)
        texts = (
            layer_inspection.describe_updates(figures),
            layer_inspection.describe_silent_units(figures),
            layer_inspection.describe_weights(figures),
        )
        for one, text in zip(self.labels, texts, strict=True):
            one.setText(text)


def titled(text: str, filters: FiltersView) -> QVBoxLayout:
    """Return the heading of first weights, with how many of the units are shown."""
    note = label("", "muted")
    filters.shown_changed.connect(
        lambda shown, units: note.setText(f"{shown} of {units:,}" if units else "")
    )
    return column(row(label(text, "heading"), 1, note))
