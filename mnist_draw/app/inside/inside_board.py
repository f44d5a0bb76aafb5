"""The drawing board in small: a stroke here is a stroke on the board of the Draw tab."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRect, Qt
from PyQt5.QtGui import QPainter
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme

SIDE = 196
_INVITATION = "Draw here and\nwatch it go\nthrough."


class InsideBoard(Canvas):
    """A second board of the same drawing.

    Everything else in the program listens to the first board, which therefore tells of every
    change that is made here.
    """

    def __init__(self, first: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent, first.drawing)
        self.setObjectName("insideBoard")
        self.setAccessibleName("Drawing board in small")
        self.setFixedSize(SIDE, SIDE)
        self._first = first
        self._telling = False
        self.ink_changed.connect(self._tell_first)
        first.ink_changed.connect(self._follow_first)

    def begin(self, point: QPointF, erase: bool, weight: float = 1.0) -> None:
        # The pen's width and the eraser are chosen on the Draw tab.
        self.set_pen_width(self._first.pen_width)
        super().begin(point, erase or self._first.erasing, weight)

    def _tell_first(self) -> None:
        self._telling = True
        self._first.drawing_changed_elsewhere()
        self._telling = False

    def _follow_first(self) -> None:
        if not self._telling:
            self.refresh()
            self.history_changed.emit()

    def _paint_invitation(self, painter: QPainter) -> None:
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(theme.Text.SENTENCE))
        painter.drawText(QRect(self.rect()), Qt.AlignCenter, _INVITATION)
