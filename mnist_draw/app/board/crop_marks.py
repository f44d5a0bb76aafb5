"""What is cut out of the drawing for the network, and where its centre of mass lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen

from mnist_draw.app.shared import theme

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.board.drawing import Drawing
    from mnist_draw.app.board.painted_board import BoardLayer

_LINE = 1.5


def crop_marks(ink: np.ndarray, drawing: Drawing) -> tuple[QRectF, QPointF] | None:
    """Return the box around the ink and its centre of mass, in board units.

    Parameters
    ----------
    ink : ndarray, shape (H, W), uint8
        What :meth:`Drawing.ink` returned.
    drawing : Drawing

    Returns
    -------
    tuple of QRectF and QPointF, or None
        None without ink.
    """
    picture = ink.astype("float32")
    columns, rows = picture.sum(axis=0), picture.sum(axis=1)
    total = float(columns.sum())
    if not total:
        return None
    xs, ys = columns.nonzero()[0], rows.nonzero()[0]
    box = drawing.to_board(xs[0], ys[0], xs[-1] - xs[0] + 1, ys[-1] - ys[0] + 1)
    x = float((columns * range(len(columns))).sum()) / total + 0.5
    y = float((rows * range(len(rows))).sum()) / total + 0.5
    return QRectF(box), QPointF(drawing.to_board(x, y, 0, 0).topLeft())


def paint_marks(painter: QPainter, marks: tuple[QRectF, QPointF], layer: BoardLayer) -> None:
    """Paint the box as a dashed line and the centre as a cross.

    Parameters
    ----------
    painter : QPainter
        Of the widget.
    marks : tuple of QRectF and QPointF
        In board units.
    layer : BoardLayer
        Knows where the board lies in the widget.
    """
    box, centre = marks
    painter.setBrush(Qt.NoBrush)
    painter.setPen(QPen(theme.colour("second"), _LINE, Qt.DashLine))
    painter.drawRect(QRectF(layer.to_widget(box.topLeft()), box.size() * layer.scale))
    place = layer.to_widget(centre)
    arm = float(theme.Size.GRID * 2)
    painter.setPen(QPen(theme.colour("second"), _LINE))
    painter.drawLine(place - QPointF(arm, 0), place + QPointF(arm, 0))
    painter.drawLine(place - QPointF(0, arm), place + QPointF(0, arm))
