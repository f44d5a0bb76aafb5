"""Inside the layers: update sizes, silent units and weights as pictures, each with its words."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PyQt5.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain, label
from mnist_draw.training import layer_inspection
from mnist_draw.training.layer_inspection import LayerFigures

#: Height of a layer's bar with its name, in logical pixels.
_ROW = 16


class LayerBars(QWidget):
    """One bar for each layer, with its name and its value in percent."""

    def __init__(self, colour: str, full: float | None = None) -> None:
        super().__init__()
        self._colour = colour
        self._full = full
        self._names: Sequence[str] = ()
        self._values: Sequence[float] = ()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(Size.GRID * 40, 3 * _ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(Size.GRID * 30, 2 * _ROW)

    def show_values(self, names: Sequence[str], values: Sequence[float]) -> None:
        """Show shares from 0 to 1; longer bars stay within the picture."""
        self._names, self._values = names, values
        self.update()

    @property
    def full(self) -> float:
        """The share that fills a bar."""
        if self._full is not None:
            return self._full
        return max(1.0 if max(self._values) > 0.5 else 2 * max(self._values), 1e-9)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._values:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setFont(theme.font(Text.AXIS))
        metrics = QFontMetricsF(painter.font())
        names = max(metrics.horizontalAdvance(name) for name in self._names) + Size.FIELD_GAP
        figures = metrics.horizontalAdvance("00.0 %") + Size.FIELD_GAP
        room = max(self.width() - names - figures, 1.0)
        full = self.full
        step = min(self.height() / len(self._values), 1.5 * _ROW)
        for number, (name, value) in enumerate(zip(self._names, self._values, strict=False)):
            top = number * step
            middle = top + step / 2
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(0, top, names, step), int(Qt.AlignLeft | Qt.AlignVCenter), name)
            figure = QRectF(self.width() - figures, top, figures, step)
            painter.drawText(figure, int(Qt.AlignRight | Qt.AlignVCenter), f"{100 * value:.3g} %")
            painter.setPen(Qt.NoPen)
            height = min(Size.BAR, step * 0.6)
            for part, colour in ((1.0, "track"), (min(1.0, value / full), self._colour)):
                painter.setBrush(theme.colour(colour))
                bar = QRectF(names, middle - height / 2, room * part, height)
                painter.drawRoundedRect(bar, height / 2, height / 2)


class WeightHistogram(QWidget):
    """How often weights of each size occur."""

    def __init__(self) -> None:
        super().__init__()
        self._figures: LayerFigures | None = None
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(Size.GRID * 40, 3 * _ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(Size.GRID * 30, 2 * _ROW)

    def show_figures(self, figures: LayerFigures) -> None:
        """Show the weights after an epoch."""
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


class LayersView(QWidget):
    """Three pictures of the network after an epoch."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layersView")
        explain(
            self,
            "Inside the layers",
            "After each epoch: how far it moved each layer's weights, how many rectifiers answer "
            "no picture, and how the weights are spread.",
        )
        # A grid: pictures and words of all three begin at the same heights.
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(Size.MARGIN)
        grid.setVerticalSpacing(Size.TIGHT)
        grid.setRowStretch(1, 1)
        self.updates, self.dead = LayerBars("accent"), LayerBars("alert", full=1.0)
        self.weights = WeightHistogram()
        self.words: list[QLabel] = []
        for title, name, picture, sentence in (
            (
                "Update size",
                "updateSizes",
                self.updates,
                "Length of an epoch's change of each layer's weights, in percent of their length.",
            ),
            (
                "Silent units",
                "deadUnits",
                self.dead,
                "Share of each layer's rectifiers that answer none of the pictures tried, "
                "in percent.",
            ),
            ("Weights", "weightHistogram", self.weights, "How often weights of each size occur."),
        ):
            column = len(self.words)
            grid.setColumnStretch(column, 1)
            grid.addWidget(label(title, "muted"), 0, column)
            picture.setObjectName(name)
            grid.addWidget(picture, 1, column)
            words = label("Shown after an epoch.", "muted", f"{name}Label")
            words.setWordWrap(True)
            words.setAlignment(Qt.AlignLeft | Qt.AlignTop)
            explain(picture, title, sentence)
            explain(words, title, sentence)
            self.words.append(words)
            grid.addWidget(words, 2, column)

    def show_figures(self, figures: LayerFigures) -> None:
        """Show what was seen after an epoch."""
        self.updates.show_values(figures.names, figures.updates)
        self.dead.show_values(figures.names, figures.dead)
        self.weights.show_figures(figures)
        for words, text in zip(
            self.words,
            (
                layer_inspection.words_on_updates(figures),
                layer_inspection.words_on_dead(figures),
                layer_inspection.words_on_weights(figures),
            ),
            strict=True,
        ):
            words.setText(text)
