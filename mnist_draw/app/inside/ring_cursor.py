"""The pointer on the wall: a dot in a ring that is seen from the last row."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, Qt
from PyQt5.QtGui import QCursor, QPainter, QPen, QPixmap

from mnist_draw.app.kit import theme

_SIDE, _RING, _DOT = 44, 18.0, 3.5


def ring_cursor() -> QCursor:
    """Return the pointer in the theme's colours."""
    picture = QPixmap(_SIDE, _SIDE)
    picture.fill(Qt.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.Antialiasing)
    centre = QPointF(_SIDE / 2, _SIDE / 2)
    painter.setPen(QPen(theme.colour("accent"), 3))
    painter.setBrush(theme.colour("accent", 0.15))
    painter.drawEllipse(centre, _RING, _RING)
    painter.setPen(QPen(theme.colour("card"), 1))
    painter.setBrush(theme.colour("text"))
    painter.drawEllipse(centre, _DOT, _DOT)
    painter.end()
    return QCursor(picture, _SIDE // 2, _SIDE // 2)
