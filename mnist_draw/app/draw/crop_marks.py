"""What is cut out of the drawing for the network, and where its centre of mass lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen

from mnist_draw.app.kit import theme

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.drawing import Drawing
    from mnist_draw.app.draw.painted_board import PaintedBoard

#: Width of the lines in logical pixels: seen over ink as well as over paper.
_LINE = 1.5


def crop_marks(ink: np.ndarray, drawing: Drawing) -> tuple[QRectF, QPointF] | None:
    """Return the box that is cut out for the network and its centre of mass, in board units."""
    from mnist_draw.dataset.normalise import has_ink, ink_box

    if not has_ink(ink):
        return None
    top, left, bottom, right = ink_box(ink)
    cut = ink[top:bottom, left:right].astype("float32")
    total = float(cut.sum())
    # A pixel's middle lies half a pixel from its edge.
    x = left + 0.5 + float(cut.sum(axis=0) @ range(right - left)) / total
    y = top + 0.5 + float(cut.sum(axis=1) @ range(bottom - top)) / total
    box = drawing.to_board(left, top, right - left, bottom - top)
    return box, drawing.to_board(x, y, 0, 0).topLeft()


def paint_marks(painter: QPainter, marks: tuple[QRectF, QPointF], board: PaintedBoard) -> None:
    """Paint the box as a dashed line and the centre as a cross."""
    box, centre = marks
    painter.setBrush(Qt.NoBrush)
    painter.setPen(QPen(theme.colour("second"), _LINE, Qt.DashLine))
    painter.drawRect(board.rect_in_widget(box))
    point = board.to_widget(centre)
    arm = float(theme.Size.GRID * 2)
    painter.setPen(QPen(theme.colour("second"), _LINE))
    painter.drawLine(point - QPointF(arm, 0), point + QPointF(arm, 0))
    painter.drawLine(point - QPointF(0, arm), point + QPointF(0, arm))
