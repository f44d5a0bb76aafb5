"""Paints the picture of the network: what seldom changes once, what lives in every frame."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPen, QPixmap

from mnist_draw.app.inside.network import lines as line_painting
from mnist_draw.app.inside.network.answers_painter import paint_answers, paint_foot
from mnist_draw.app.inside.network.lights import lights_mask, paint_lights, paint_maps
from mnist_draw.app.inside.network.scene import Scene, inside, paint_caption, paint_legend
from mnist_draw.app.inside.network.still_picture import paint_still
from mnist_draw.app.inside.network.unit_layout import Column
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_grey, paint_signed
from mnist_draw.app.kit.theme import Text


class NetworkPainter:
    """Keeps what seldom changes in pixmaps."""

    def __init__(self) -> None:
        self._still: QPixmap | None = None
        self._masks: dict[int, QPixmap] = {}

    def forget(self) -> None:
        """Paint everything anew the next time: after a change of size, colours or network."""
        self._still = None
        self._masks.clear()

    def paint(self, painter: QPainter, scene: Scene, width: float, height: float) -> None:
        """Paint the whole view."""
        painter.setRenderHint(QPainter.Antialiasing)
        self._paint_bands(painter, scene)
        if self._still is None:
            self._still = paint_still(scene, width, height)
        painter.drawPixmap(0, 0, self._still)
        self._paint_pictures(painter, scene)
        for column in scene.places.columns:
            self._paint_column(painter, scene, column)
        line_painting.paint(painter, scene.lines, scene.scale)
        self._paint_marks(painter, scene)
        paint_answers(painter, scene)
        paint_foot(painter, scene, width, height)
        self._paint_tag(painter, scene)

    # -- painted in every frame

    def _paint_bands(self, painter: QPainter, scene: Scene) -> None:
        """Tint the rows of answer and rival, and name the rows."""
        if scene.frame is not None:
            strength = 0.20 if theme.theme().colours.dark else 0.11
            for digit, name in ((scene.frame.rival, "second"), (scene.frame.answer, "accent")):
                painter.fillRect(scene.places.bands[digit], theme.colour(name, strength))
        if not scene.banded or not scene.places.columns:
            return
        painter.setFont(theme.font(Text.LABEL))
        for digit, band in enumerate(scene.places.bands):
            colour = scene.role(digit) or "muted"
            painter.setPen(theme.colour(colour))
            box = QRectF(band.left(), band.top(), 20 * scene.scale, band.height())
            painter.drawText(box, Qt.AlignCenter, scene.short_name(digit))

    def _paint_pictures(self, painter: QPainter, scene: Scene) -> None:
        places, frame = scene.places, scene.frame
        painter.fillRect(places.picture, QColor(Qt.black))
        if frame is not None and frame.question.picture is not None:
            paint_grey(painter, places.picture, frame.question.picture)
        convolves = scene.parts.layers[0].convolves
        if convolves:
            self._paint_patch(painter, scene)
            return
        box = places.picture
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(Text.LABEL))
        room = places.bands[0].left() - box.left() - 4
        words = "28×28, grey from 0 to 1"
        if painter.fontMetrics().horizontalAdvance(words) > room:
            words = "28×28"
        place = QRectF(box.left(), box.bottom() + 4, room, 20 * scene.scale)
        painter.drawText(place, int(Qt.AlignLeft | Qt.AlignTop), words)
        self._paint_below(painter, scene)

    def _paint_below(self, painter: QPainter, scene: Scene) -> None:
        """Paint what speaks in the picture: for the answer, or for the unit looked at."""
        places, frame, unit = scene.places, scene.frame, scene.unit
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("paper"))
        painter.drawRect(places.below)
        if unit is not None and unit[0] == 0 and scene.last > 0:
            layer = scene.parts.layers[0]
            paint_caption(painter, scene, places.below, "Weights × picture", f"unit {unit[1]}")
            words = ("raises the sum", "lowers it")
            if frame is not None and frame.question.picture is not None:
                values = layer.W[:, unit[1]].reshape(28, 28) * frame.question.picture
                paint_signed(painter, places.below, values, 0.0, scene.ratio)
        else:
            paint_caption(painter, scene, places.below, "Ink", "that spoke")
            words = ("for the answer", "against it")
            if frame is not None:
                words = (f"for {scene.name(frame.answer)}", f"for {scene.name(frame.rival)}")
                paint_signed(painter, places.below, frame.ink, 0.0, scene.ratio)
        place = QPointF(places.below.left(), places.below.bottom() + 16)
        paint_legend(painter, scene, place, words, places.bands[0].left() - place.x() - 4)

    def _paint_patch(self, painter: QPainter, scene: Scene) -> None:
        """Show where a map of the first layer is strongest, and which filter it is."""
        frame, unit = scene.frame, scene.unit
        if unit is None or unit[0] != 0:
            return
        layer, places = scene.parts.layers[0], scene.places
        side = layer.W.shape[-1]
        painter.setBrush(Qt.NoBrush)
        if frame is not None:
            sums = frame.passed.z[0][0, unit[1]]
            row, column = np.unravel_index(int(sums.argmax()), sums.shape)
            cell = places.picture.width() / 28
            corner = places.picture.topLeft() + QPointF(float(column), float(row)) * cell
            painter.setPen(QPen(theme.colour("second"), 2))
            painter.drawRect(QRectF(corner.x(), corner.y(), side * cell, side * cell))
        room = places.below.width() / 4
        cell = max(1.0, (room - 4) / side)
        place, across = divmod(unit[1], 4)
        corner = places.below.topLeft() + QPointF(across * room, place * (side * cell + 4))
        painter.setPen(QPen(theme.colour("text"), 2))
        painter.drawRoundedRect(
            QRectF(corner.x() - 2, corner.y() - 2, side * cell + 4, side * cell + 4), 2, 2
        )

    def _paint_column(self, painter: QPainter, scene: Scene, column: Column) -> None:
        layer = scene.parts.layers[column.layer]
        values = None if scene.frame is None else scene.frame.passed.a[column.layer][0]
        if layer.convolves:
            paint_maps(painter, column, values)
        else:
            mask = self._masks.get(column.layer)
            if mask is None:
                mask = self._masks[column.layer] = lights_mask(column, scene.ratio)
            paint_lights(painter, column, values, mask)

    def _paint_marks(self, painter: QPainter, scene: Scene) -> None:
        """Outline the ends of lines and the unit looked at; cross out what is off."""
        painter.setBrush(Qt.NoBrush)
        painter.setPen(QPen(theme.colour("text"), 1))
        for layer, number in scene.lines.marked:
            column = scene.places.column_of(layer)
            if column is not None and column.shows(number):
                painter.drawRoundedRect(inside(column, number), 1.5, 1.5)
        cell = scene.places.picture.width() / 28
        for row, across, positive in scene.lines.pixels:
            painter.setPen(QPen(theme.colour("accent" if positive else "second"), 1.4))
            corner = scene.places.picture.topLeft() + QPointF(across, row) * cell
            painter.drawRect(QRectF(corner.x(), corner.y(), cell, cell))
        for layer, number in scene.off:
            column = scene.places.column_of(layer)
            if column is not None and column.shows(number):
                box = inside(column, number)
                painter.setPen(QPen(theme.colour("text"), 1.4))
                painter.drawLine(box.topLeft(), box.bottomRight())
                painter.drawLine(box.topRight(), box.bottomLeft())
        if scene.unit is not None and scene.unit[0] < scene.last:
            column = scene.places.column_of(scene.unit[0])
            if column is not None and column.shows(scene.unit[1]):
                painter.setPen(QPen(theme.colour("text"), 2.5))
                outline = inside(column, scene.unit[1]).adjusted(-2, -2, 2, 2)
                painter.drawRoundedRect(outline, 2.5, 2.5)

    def _paint_tag(self, painter: QPainter, scene: Scene) -> None:
        """Name the unit looked at, beside it."""
        unit, frame = scene.unit, scene.frame
        if unit is None or unit[0] >= scene.last:
            return
        column = scene.places.column_of(unit[0])
        if column is None or not column.shows(unit[1]):
            return
        words = f"{scene.parts.layers[unit[0]].unit_word} {unit[1]}"
        if frame is not None:
            words += f": {float(frame.passed.a[unit[0]][0, unit[1]].max()):.2f}"
        painter.setFont(theme.font(Text.LABEL, bold=True))
        metrics = painter.fontMetrics()
        rect = column.rect(unit[1])
        wide, high = metrics.horizontalAdvance(words) + 10, metrics.height() + 4
        box = QRectF(rect.left() - 4, rect.top() - high - 6, wide, high)
        if box.top() < scene.places.top - 24:
            box.moveTop(rect.bottom() + 6)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("panel"))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignCenter, words)
