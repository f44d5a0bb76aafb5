"""Boxes around the digits of a number, over the drawing board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QEvent, QObject, QRectF, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QWidget

from mnist_draw.app import theme
from mnist_draw.app.strokes import BOARD

if TYPE_CHECKING:
    from mnist_draw.app.canvas import Canvas

#: How far a box keeps from its digit, in logical pixels.
_MARGIN = 4


class NumberBoxes(QWidget):
    """Lies over the canvas, lets the pen through, and marks each digit that was read.

    Attributes
    ----------
    boxes : list of QRectF
        In board units.
    """

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("numberBoxes")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WA_NoSystemBackground)
        self.boxes: list[QRectF] = []
        self._canvas = canvas
        canvas.installEventFilter(self)
        self.hide()

    def show_number(self, number: Any | None) -> None:
        """Show the boxes of a ``NumberAnswer``, or none."""
        drawing = self._canvas.drawing
        boxes = [] if number is None else [drawing.to_board(*part.box) for part in number.digits]
        if boxes == self.boxes:
            return
        self.boxes = boxes
        self.resize(self._canvas.size())
        self.setVisible(bool(boxes))
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Resize:
            self.resize(self._canvas.size())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = self._canvas.pixels_per_unit()
        painter.translate(
            (self.width() - BOARD * scale) / 2,
            (self.height() - BOARD * scale) / 2,
        )
        painter.setPen(QPen(theme.colour("second"), 1.5))
        for box in self.boxes:
            shown = QRectF(
                box.x() * scale, box.y() * scale, box.width() * scale, box.height() * scale
            )
            painter.drawRoundedRect(
                shown.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN), _MARGIN, _MARGIN
            )
