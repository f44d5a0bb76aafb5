"""Paint the network: what seldom changes once, what changes in every frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QPainter, QPen, QPixmap

from mnist_draw.app.inside.network.scene import (
    APART,
    LayersScene,
    Scene,
    describe_active,
    inside,
    paint_bands,
    paint_legend,
    paint_lines,
    paint_title,
    paint_titles,
    say,
    shortened,
)
from mnist_draw.app.inside.network.units import Column, lights_mask, paint_lights, paint_maps
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.painters import (
    blank_pixmap,
    paint_box,
    paint_grey,
    paint_signed,
    write_with,
)
from mnist_draw.app.kit.steady_labels import draw_tabular
from mnist_draw.app.kit.theme import Text

#: From the corner of a picture to its caption.
_CAPTION = QPointF(0, 9)
_RING, _HALF_BAR = 11.0, 4.0
#: Lower rows show no percentages.
_MIN_ROW = 14.0


class NetworkPainter:
    def __init__(self) -> None:
        self._still: QPixmap | None = None
        self._masks: dict[int, QPixmap] = {}

    def forget(self) -> None:
        """Clear the cache after a change of size, colours or network."""
        self._still = None
        self._masks.clear()

    def paint(self, painter: QPainter, scene: Scene, width: float, height: float) -> None:
        painter.setRenderHint(QPainter.Antialiasing)
        paint_bands(painter, scene)
        if self._still is None:
            self._still = paint_still(scene, width, height)
        painter.drawPixmap(0, 0, self._still)
        self._paint_pictures(painter, scene)
        for column in scene.places.columns:
            self._paint_column(painter, scene, column)
        paint_lines(painter, scene.lines, scene.scale)
        self._paint_marks(painter, scene)
        _paint_network_answers(painter, scene)
        paint_foot(painter, scene, width, height)
        self._paint_tag(painter, scene)

    def _paint_pictures(self, painter: QPainter, scene: Scene) -> None:
        places, frame = scene.places, scene.frame
        painter.fillRect(places.picture, QColor(Qt.black))
        if frame is not None:
            paint_grey(painter, places.picture, frame.question.picture)
        convolves = scene.layers[0].convolves
        if convolves:
            self._paint_patch(painter, scene)
            return
        box = places.picture
        write_with(painter, Text.LABEL, "muted")
        room = places.bands[0].left() - box.left() - 4
        words = "28×28, grey from 0 to 1"
        if painter.fontMetrics().horizontalAdvance(words) > room:
            words = "28×28"
        place = QRectF(box.left(), box.bottom() + 4, room, 20 * scene.scale)
        painter.drawText(place, int(Qt.AlignLeft | Qt.AlignTop), words)
        self._paint_below(painter, scene)

    def _paint_below(self, painter: QPainter, scene: Scene) -> None:
        places, frame, unit = scene.places, scene.frame, scene.unit
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("paper"))
        painter.drawRect(places.below)
        if unit is not None and unit[0] == 0 and scene.last > 0:
            layer = scene.layers[0]
            title = ("Weights × picture", f"unit {unit[1]}")
            place = places.below.topLeft() - _CAPTION
            paint_title(painter, place, *title, places.bands[0].left() - place.x() - 4)
            words = ("raises the sum", "lowers it")
            if frame is not None:
                values = layer.W[:, unit[1]].reshape(28, 28) * frame.question.picture
                paint_signed(painter, places.below, values, 0.0, scene.ratio)
        else:
            paint_title(painter, places.below.topLeft() - _CAPTION, "Ink", "that spoke")
            words = ("for the answer", "against it")
            if frame is not None:
                words = (f"for {scene.name(frame.answer)}", f"for {scene.name(frame.rival)}")
                paint_signed(painter, places.below, frame.ink, 0.0, scene.ratio)
        place = QPointF(places.below.left(), places.below.bottom() + 16)
        paint_legend(painter, scene, place, words, places.bands[0].left() - place.x() - 4)

    def _paint_patch(self, painter: QPainter, scene: Scene) -> None:
        """Outline the patch where a map of the first layer is strongest, and its filter."""
        frame, unit = scene.frame, scene.unit
        if unit is None or unit[0] != 0:
            return
        layer, places = scene.layers[0], scene.places
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
        layer = scene.layers[column.layer]
        values = None if scene.frame is None else scene.frame.passed.a[column.layer][0]
        if layer.convolves:
            paint_maps(painter, column, values)
        else:
            mask = self._masks.get(column.layer)
            if mask is None:
                mask = self._masks[column.layer] = lights_mask(column, scene.ratio)
            paint_lights(painter, column, values, mask)

    def _paint_marks(self, painter: QPainter, scene: Scene) -> None:
        """Outline the ends of lines and the selected unit; cross out units that are off."""
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
        unit, frame = scene.unit, scene.frame
        if unit is None or unit[0] >= scene.last:
            return
        column = scene.places.column_of(unit[0])
        if column is None or not column.shows(unit[1]):
            return
        words = f"{scene.layers[unit[0]].unit_word} {unit[1]}"
        if frame is not None:
            words += f": {float(frame.passed.a[unit[0]][0, unit[1]].max()):.2f}"
        painter.setFont(theme.font(Text.LABEL, bold=True))
        metrics = painter.fontMetrics()
        rect = column.rect(unit[1])
        wide, high = metrics.horizontalAdvance(words) + 10, metrics.height() + 4
        box = QRectF(rect.left() - 4, rect.top() - high - 6, wide, high)
        if box.top() < scene.places.top - 24:
            box.moveTop(rect.bottom() + 6)
        paint_box(painter, box, "panel", radius=3)
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignCenter, words)


def paint_still(scene: Scene, width: float, height: float) -> QPixmap:
    """Paint titles, rows, filters and weights: everything below the lights."""
    still = blank_pixmap(width, height, scene.ratio)
    painter = QPainter(still)
    painter.setRenderHint(QPainter.Antialiasing)
    places, layers = scene.places, scene.layers
    convolves = bool(places.columns) and layers[places.columns[0].layer].convolves
    paint_titles(painter, scene)
    kind = "digits" if scene.name(0) == "0" else "classes"
    note = "" if len(places.columns) > 2 else f"{len(places.bands)} {kind}"
    paint_title(painter, QPointF(places.answer, 18 * scene.scale), "Answer", note)
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
    layer = scene.parts.shown[0]
    side = layer.W.shape[-1]
    below = scene.places.below
    room = scene.places.columns[0].box.left() - below.left() - APART
    paint_title(painter, below.topLeft() - _CAPTION, "Filters", f"{side}×{side}", room)
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
    layer = scene.parts.shown[-1]
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


def _paint_network_answers(painter: QPainter, scene: Scene) -> None:
    frame = scene.frame
    chosen = scene.unit[1] if scene.unit is not None and scene.unit[0] == scene.last else None
    if frame is None:
        paint_answers(painter, scene, np.zeros(len(scene.places.bands)), [], chosen=chosen)
        return
    low = scene.places.bands[0].height() < _MIN_ROW
    words = [
        "" if low and not scene.role(digit) else format_probability(float(p), short=True)
        for digit, p in enumerate(frame.passed.p[0])
    ]
    ticks = {} if frame.question.toggled is None else {
        digit: float(frame.passed.p[1, digit]) for digit in (frame.answer, frame.rival)
    }  # fmt: skip
    paint_answers(painter, scene, frame.passed.p[0], words, ticks, chosen)


def paint_answers(
    painter: QPainter,
    scene: LayersScene,
    p: np.ndarray,
    words: Sequence[str],
    ticks: Mapping[int, float] | None = None,
    chosen: int | None = None,
) -> None:
    places = scene.places
    left = places.answer + 30 * scene.scale
    half = min(_HALF_BAR * scene.scale, places.bands[0].height() / 3)
    for digit, band in enumerate(places.bands):
        y = band.center().y()
        role = scene.role(digit)
        _paint_ring(painter, scene, digit, role, digit == chosen)
        painter.setPen(Qt.NoPen)
        for wide, colour in (
            (places.bar, "track"), (max(3.0, places.bar * float(p[digit])), role or "muted"),
        ):  # fmt: skip
            painter.setBrush(theme.colour(colour))
            bar = QRectF(left, y - half, wide, 2 * half)
            painter.drawRoundedRect(bar, min(half, wide / 2), half)
        if ticks is not None and digit in ticks:
            x, high = left + places.bar * ticks[digit], min(8 * scene.scale, band.height() / 2)
            painter.setPen(QPen(theme.colour("text"), 2))
            painter.drawLine(QPointF(x, y - high), QPointF(x, y + high))
        write_with(painter, Text.BODY, "text" if role else "muted", bold=bool(role))
        right = left + places.bar
        box = QRectF(right, y - 12, band.right() - right - 4, 24)
        draw_tabular(painter, box, words[digit] if len(words) else "", Qt.AlignRight)


def _paint_ring(painter: QPainter, scene: LayersScene, digit: int, role: str, chosen: bool) -> None:
    centre = scene.places.ring(digit)
    radius = min(_RING * scene.scale, scene.places.bands[digit].height() / 2 - 1)
    answer = role == "accent"
    colour = theme.colour(role or "line")
    painter.setPen(QPen(theme.colour("text") if chosen else colour, 2.5 if chosen else 1.6))
    painter.setBrush(colour if answer else theme.colour("card"))
    painter.drawEllipse(centre, radius, radius)
    write_with(painter, Text.LABEL, "on_accent" if answer else role or "muted", bold=True)
    box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, scene.short_name(digit))


def paint_foot(painter: QPainter, scene: Scene, width: float, height: float) -> None:
    y = height - 10 * scene.scale
    painter.setFont(theme.font(Text.LABEL))
    frame, unit = scene.frame, scene.unit
    x = 0.0
    if unit is None:
        size = 8 * scene.scale
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("accent"))
        painter.drawRect(QRectF(0, y - size / 2, size, size))
        x = say(painter, size + 6, y, "lit: the unit is active") + 18
    words = ("raises", "lowers")
    if unit is None and frame is not None:
        words = (
            f"speaks for {scene.name(frame.answer)}", f"speaks for {scene.name(frame.rival)}"
        )  # fmt: skip
        words = shortened(painter.fontMetrics(), words, width - x - 2 * 32 - 18)
    for text, colour, dashed in ((words[0], "accent", False), (words[1], "second", True)):
        pen = QPen(theme.colour(colour), 2)
        if dashed:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(x, y), QPointF(x + 26, y))
        x = say(painter, x + 32, y, text) + 18
    if unit is not None and frame is not None and frame.question.toggled == unit:
        painter.setPen(QPen(theme.colour("text"), 2))
        painter.drawLine(QPointF(x + 2, y - 7), QPointF(x + 2, y + 7))
        word = scene.layers[unit[0]].unit_word
        state = "on" if unit in scene.off else "off"
        x = say(painter, x + 9, y, f"with {word} {unit[1]} {state}") + 18
    if frame is not None:
        text = "kept: Esc lets go" if scene.is_pinned else describe_active(frame)
        painter.setPen(theme.colour("muted"))
        room = QRectF(x, y - 12, width - x, 24)
        if painter.fontMetrics().horizontalAdvance(text) <= room.width():
            painter.drawText(room, int(Qt.AlignRight | Qt.AlignVCenter), text)
