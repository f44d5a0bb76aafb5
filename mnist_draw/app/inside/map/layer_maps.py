"""The digits layer by layer: small maps, and what a vote of neighbours gets right in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.map.map_words import vote_figure
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain

if TYPE_CHECKING:
    from mnist_draw.analysis.maps import LayerMap

_GAP, _WORDS = 8, 44
_COLOURS = ("muted", "accent", "second")


class LayerMaps(QWidget):
    """Small maps in a row; arrow keys choose one."""

    layer_chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layerMaps")
        explain(
            self,
            "Layer by layer",
            "The pictures as each layer sees them, and how many of them a vote among their "
            "nearest gets right. Arrow keys or a click choose the layer of the large map.",
        )
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.layers: tuple[LayerMap, ...] = ()
        self.chosen = 0
        self._labels: np.ndarray | None = None
        self._total = 4
        self._pair: tuple[int | None, int | None] = (None, None)
        self._painted: QPixmap | None = None
        theme.theme().changed.connect(self._repaint)

    def sizeHint(self) -> QSize:
        return QSize(360, round(90 + _WORDS * theme.text_scale()))

    def show_layers(
        self,
        layers: tuple[LayerMap, ...],
        total: int,
        labels: np.ndarray,
        pair: tuple[int | None, int | None],
    ) -> None:
        """Show layers; digits of the pair, answer and second guess, are coloured."""
        self.layers, self._total, self._labels, self._pair = layers, total, labels, pair
        self._repaint()

    def show_chosen(self, place: int) -> None:
        """Outline the layer of the large map."""
        self.chosen = place
        self.setAccessibleDescription(self._words(place))
        self.update()

    def _words(self, place: int) -> str:
        if place >= len(self.layers):
            return ""
        layer = self.layers[place]
        return f"{layer.name}: a vote of the nearest is right for {vote_figure(layer.vote)}."

    def _repaint(self) -> None:
        self._painted = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._repaint()

    def _cell(self, place: int) -> QRectF:
        count = max(self._total, 1)
        wide = (self.width() - _GAP * (count - 1)) / count
        return QRectF(
            place * (wide + _GAP), 2, wide, self.height() - _WORDS * theme.text_scale() - 2
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._painted is None:
            self._painted = self._paint_all()
        painter.drawPixmap(0, 0, self._painted)
        painter.setRenderHint(QPainter.Antialiasing)
        if self.chosen < len(self.layers):
            painter.setPen(QPen(theme.colour("second"), 2.5))
            painter.drawRoundedRect(self._cell(self.chosen).adjusted(1.5, 1, -1.5, -1), 5, 5)

    def _paint_all(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.Antialiasing)
        for place, layer in enumerate(self.layers):
            self._paint_layer(painter, place, layer)
        painter.end()
        return pixmap

    def _paint_layer(self, painter: QPainter, place: int, layer: LayerMap) -> None:
        cell = self._cell(place)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(Qt.NoBrush)
        painter.drawRoundedRect(cell.adjusted(1, 1, -1, -1), 5, 5)
        inside = cell.adjusted(4, 4, -4, -4)
        painter.drawImage(inside, self._dots(layer, inside, painter.device().devicePixelRatioF()))
        scale, bold = theme.text_scale(), place == self.chosen
        words = QRectF(cell.left() - 4, cell.bottom() + 3, cell.width() + 8, 18 * scale)
        painter.setFont(theme.font(Text.LABEL, bold=bold))
        painter.setPen(theme.colour("text" if bold else "muted"))
        painter.drawText(words, Qt.AlignCenter, layer.name)
        words.translate(0, 18 * scale)
        painter.setFont(theme.font(Text.SENTENCE, bold=True))
        painter.setPen(theme.colour("text"))
        painter.drawText(words, Qt.AlignCenter, vote_figure(layer.vote))

    def _dots(self, layer: LayerMap, inside: QRectF, ratio: float) -> QImage:
        """Paint all digits as dots at once: eight thousand drawn one by one take 15 ms.

        Those of the answer are larger than those of the second guess, for eyes that see no colour.
        """
        assert self._labels is not None
        # A window may be so small that there is no room; a dot takes three pixels.
        wide, high = (max(3, round(side * ratio)) for side in (inside.width(), inside.height()))
        pixels = np.zeros((high, wide), np.uint32)
        low, top = layer.points.min(axis=0), layer.points.max(axis=0)
        part = (layer.points - low) / np.maximum(top - low, 1e-9)
        x = (part[:, 0] * (wide - 3)).astype(np.intp)
        y = ((1 - part[:, 1]) * (high - 3)).astype(np.intp)
        for number, name in enumerate(_COLOURS):
            # All are painted muted first, then those of the answer and of the second guess.
            mine = slice(None) if number == 0 else self._labels == self._pair[number - 1]
            shade = theme.colour(name, 0.45 if number == 0 else 1.0).rgba()
            side = 3 if name == "accent" else 2
            for down, aside in np.ndindex(side, side):
                pixels[y[mine] + down, x[mine] + aside] = shade
        return image_of(pixels.view(np.uint8).reshape(high, wide, 4))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {int(Qt.Key_Left): -1, int(Qt.Key_Right): 1}.get(event.key())
        if step is None:
            super().keyPressEvent(event)
        elif 0 <= self.chosen + step < len(self.layers):
            self.layer_chosen.emit(self.chosen + step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for place in range(len(self.layers)):
            if self._cell(place).contains(QPointF(event.pos())):
                self.layer_chosen.emit(place)
