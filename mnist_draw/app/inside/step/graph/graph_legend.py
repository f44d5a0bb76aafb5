"""What the boxes of the graph stand for."""

from __future__ import annotations

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.inside.step.graph.graph_painter import COLOURS
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text

_LINE = 20.0
_WORDS = (
    ("product", "products: nearly all of the time"),
    ("elementwise", "elementwise, fused where they meet"),
    ("view", "shapes and views: no arithmetic"),
)
_KEYS = "Wheel: zoom. Drag: move. Ctrl+F: find."


class GraphLegend(QWidget):
    """Three boxes with words, and the keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("graphLegend")
        self.setAccessibleName("Legend")
        self.setAccessibleDescription(f"{'; '.join(words for _, words in _WORDS)}. {_KEYS}")
        theme.theme().changed.connect(self._fit)

    def _fit(self) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(200, round((_LINE * (len(_WORDS) + 1) + 4) * theme.text_scale()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        painter.setFont(theme.font(Text.LABEL))
        line = int(Qt.AlignLeft | Qt.AlignVCenter)
        y = 0.0
        for kind, words in _WORDS:
            fill, edge, _ = COLOURS[kind]
            painter.setPen(QPen(theme.colour(edge), 1))
            painter.setBrush(theme.colour(*fill))
            painter.drawRoundedRect(QRectF(1, y + 4 * scale, 22 * scale, 12 * scale), 3, 3)
            painter.setPen(theme.colour("muted"))
            room = QRectF(30 * scale, y, self.width() - 30 * scale, _LINE * scale)
            painter.drawText(room, line, words)
            y += _LINE * scale
        painter.drawText(QRectF(0, y + 2, float(self.width()), _LINE * scale), line, _KEYS)
