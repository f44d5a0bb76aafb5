"""The right end of the network's picture: ten digits and their bars; and the line below it."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen

from mnist_draw.app.inside.network.scene import Scene, active_words, say, shortened
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.steady_labels import draw_tabular
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.words import probability

_RING, _HALF_BAR = 11.0, 4.0
#: Lower rows have no room for a figure each.
_MIN_ROW = 14.0


def paint_answers(painter: QPainter, scene: Scene) -> None:
    """Paint the answers, their bars and percentages, and the bars with a unit toggled."""
    places, frame = scene.places, scene.frame
    left = places.answer + 30 * scene.scale
    half = min(_HALF_BAR * scene.scale, places.bands[0].height() / 3)
    toggled = frame is not None and frame.question.toggled is not None
    for digit in range(len(places.bands)):
        y = places.bands[digit].center().y()
        role = scene.role(digit)
        _paint_ring(painter, scene, digit, role)
        track = QRectF(left, y - half, places.bar, 2 * half)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("track"))
        painter.drawRoundedRect(track, half, half)
        part = 0.0 if frame is None else float(frame.passed.p[0, digit])
        bar = QRectF(left, y - half, max(3.0, places.bar * part), 2 * half)
        painter.setBrush(theme.colour(role or "muted"))
        painter.drawRoundedRect(bar, min(half, bar.width() / 2), half)
        if frame is not None and toggled and role:
            x = left + places.bar * float(frame.passed.p[1, digit])
            painter.setPen(QPen(theme.colour("text"), 2))
            painter.drawLine(QPointF(x, y - 8 * scene.scale), QPointF(x, y + 8 * scene.scale))
        painter.setFont(theme.font(Text.BODY, bold=bool(role)))
        painter.setPen(theme.colour("text" if role else "muted"))
        box = QRectF(track.right(), y - 12, places.bands[digit].right() - track.right() - 4, 24)
        shown = frame is not None and (role or places.bands[digit].height() >= _MIN_ROW)
        words = probability(part, short=True) if shown else ""
        draw_tabular(painter, box, words, Qt.AlignRight)


def _paint_ring(painter: QPainter, scene: Scene, digit: int, role: str) -> None:
    centre = scene.places.ring(digit)
    radius = min(_RING * scene.scale, scene.places.bands[digit].height() / 2 - 1)
    answer = role == "accent"
    chosen = scene.unit == (scene.last, digit)
    colour = theme.colour(role or "line")
    painter.setPen(QPen(theme.colour("text") if chosen else colour, 2.5 if chosen else 1.6))
    painter.setBrush(colour if answer else theme.colour("card"))
    painter.drawEllipse(centre, radius, radius)
    painter.setPen(theme.colour("on_accent" if answer else role or "muted"))
    painter.setFont(theme.font(Text.LABEL, bold=True))
    box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
    painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, scene.short_name(digit))


def paint_foot(painter: QPainter, scene: Scene, width: float, height: float) -> None:
    """Say what lights and lines mean, and how many units are active."""
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
        word = scene.parts.layers[unit[0]].unit_word
        state = "on" if unit in scene.off else "off"
        x = say(painter, x + 9, y, f"with {word} {unit[1]} {state}") + 18
    if frame is not None:
        text = "kept: Esc lets go" if scene.is_kept else active_words(frame)
        painter.setPen(theme.colour("muted"))
        room = QRectF(x, y - 12, width - x, 24)
        if painter.fontMetrics().horizontalAdvance(text) <= room.width():
            painter.drawText(room, int(Qt.AlignRight | Qt.AlignVCenter), text)
