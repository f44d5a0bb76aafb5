"""The pictures of a minibatch as one mosaic, the one that is looked at first."""

from __future__ import annotations

import math

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.painters import grey_levels

_SIDE = 28


def paint_minibatch(painter: QPainter, box: QRectF, pictures: np.ndarray) -> None:
    """Paint pictures, uint8 (N, 28, 28), in rows that fill a box."""
    count = len(pictures)
    columns = max(
        range(1, count + 1),
        key=lambda n: min(box.width() / n, box.height() / math.ceil(count / n)),
    )
    rows = math.ceil(count / columns)
    cell = min(box.width() / columns, box.height() / rows)
    step = _SIDE + 2
    tiles = np.zeros((rows * columns, step, step), np.uint8)
    tiles[:count, 1:-1, 1:-1] = pictures
    mosaic = tiles.reshape(rows, columns, step, step).transpose(0, 2, 1, 3)
    place = QRectF(box.left(), box.top(), columns * cell, rows * cell)
    painter.save()
    painter.setRenderHint(QPainter.SmoothPixmapTransform)
    painter.drawImage(place, image_of(grey_levels(mosaic.reshape(rows * step, columns * step))))
    painter.setBrush(Qt.NoBrush)
    painter.setPen(QPen(theme.colour("accent"), 2.5))
    corner = QPointF(place.left(), place.top())
    painter.drawRect(QRectF(corner.x(), corner.y(), cell, cell))
    painter.restore()
