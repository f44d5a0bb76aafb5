"""What of the network's picture seldom changes: titles, rows, filters, weights; painted once."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen, QPixmap

from mnist_draw.app.inside.network.scene import Scene, paint_caption, paint_title
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_signed

#: Between the titles of two layers, in logical pixels.
_APART = 8


def paint_still(scene: Scene, width: float, height: float) -> QPixmap:
    """Return titles, rows, filters and weights: everything below the lights."""
    still = QPixmap(round(width * scene.ratio), round(height * scene.ratio))
    still.setDevicePixelRatio(scene.ratio)
    still.fill(Qt.transparent)
    painter = QPainter(still)
    painter.setRenderHint(QPainter.Antialiasing)
    places, layers = scene.places, scene.parts.layers
    convolves = bool(places.columns) and layers[places.columns[0].layer].convolves
    top = 18 * scene.scale
    picture = "28×28" if convolves else "784 pixels"
    paint_title(painter, QPointF(0, top), "Picture", picture)
    edges = [column.box.left() for column in places.columns] + [places.answer]
    for column, following in zip(places.columns, edges[1:], strict=True):
        layer = layers[column.layer]
        short = layer.name.replace("convolution", "Conv.").capitalize()
        if scene.is_only_one(layer):
            short = short.split()[0]
        if layer.convolves:
            note = f"{layer.shape[1]}×{layer.shape[2]}"
        elif column.shown < layer.units:
            note = f"{column.shown:,} of {layer.units:,} units"
        else:
            note = f"{layer.units:,}" if len(places.columns) > 2 else f"{layer.units:,} units"
        room = min(column.box.width() + 20 * scene.scale, following - column.box.left() - _APART)
        paint_title(painter, QPointF(column.box.left(), top), short, note, room)
    kind = "digits" if scene.name(0) == "0" else "classes"
    note = "" if len(places.columns) > 2 else f"{len(places.bands)} {kind}"
    paint_title(painter, QPointF(places.answer, top), "Answer", note)
    for place in places.skipped:
        left, right = places.columns[place].box, places.columns[place + 1].box
        middle = (left.right() + right.left()) / 2
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRectF(middle - 20, left.top(), 40, left.height()), Qt.AlignCenter, "…")
    painter.setPen(QPen(theme.colour("line"), 1))
    for band in places.bands[1:]:
        painter.drawLine(QPointF(band.left(), band.top()), QPointF(band.right(), band.top()))
    if places.columns and not convolves:
        # The picture fans out into the first layer.
        box = places.columns[0].box
        edge = places.bands[0].left()
        painter.setPen(QPen(theme.colour("line"), 1))
        corners = places.picture.topRight(), places.picture.bottomRight()
        painter.drawLine(corners[0], QPointF(edge - 2, box.top()))
        painter.drawLine(corners[1], QPointF(edge - 2, box.bottom()))
    if convolves:
        _paint_filters(painter, scene)
    if not places.columns:
        _paint_weights(painter, scene)
    painter.end()
    return still


def _paint_filters(painter: QPainter, scene: Scene) -> None:
    """Paint the first layer's filters under the picture."""
    layer = scene.parts.layers[0]
    side = layer.W.shape[-1]
    below = scene.places.below
    paint_caption(painter, scene, below, "Filters", f"{side}×{side}")
    columns = 4
    room = below.width() / columns
    cell = max(1.0, (room - 4) / side)
    largest = float(np.abs(layer.W).max())
    for unit in range(layer.units):
        row, column = divmod(unit, columns)
        corner = below.topLeft() + QPointF(column * room, row * (side * cell + 4))
        box = QRectF(corner.x(), corner.y(), side * cell, side * cell)
        if box.bottom() > scene.places.bands[-1].bottom() + 2:
            break
        paint_signed(painter, box, layer.filter(unit)[0], largest, scene.ratio)


def _paint_weights(painter: QPainter, scene: Scene) -> None:
    """Paint the weights from the pixels to each output of a network without hidden layers."""
    layer = scene.parts.layers[-1]
    largest = float(np.abs(layer.W).max())
    for digit, band in enumerate(scene.places.bands):
        side = band.height() - 4
        x = scene.places.answer - side - 40 * scene.scale
        box = QRectF(x, band.top() + 2, side, side)
        weights = layer.W[:, digit].reshape(28, 28)
        paint_signed(painter, box, weights, largest, scene.ratio)
        painter.setPen(QPen(theme.colour("line"), 1))
        start = QPointF(scene.places.picture.right() + 4, scene.places.picture.center().y())
        painter.drawLine(start, QPointF(x - 4, band.center().y()))
