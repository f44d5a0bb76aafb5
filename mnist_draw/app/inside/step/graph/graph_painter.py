"""Paints the boxes of a graph, the lines between them, and the bands where they became one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPainterPath, QPen

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text

if TYPE_CHECKING:
    from mnist_draw.analysis.step.graph_layout import Band, Box, Edge, Layout

#: Height of the titles above, at the usual size of text; of a box, in units of the picture.
TITLE, HIGH = 26.0, 22.0
#: A line round other boxes that is longer than this, in rows, is painted only for the box that is
#: looked at.
_LONG = 3.5
#: Fill with its strength, edge, words: by what an operation is.
COLOURS: dict[str, tuple[tuple[str, float], str, str]] = {
    "product": (("accent", 1.0), "accent", "on_accent"),
    "elementwise": (("second", 0.28), "second", "text"),
    "view": (("text", 0.06), "line", "text"),
    "group": (("text", 0.04), "edge", "text"),
}


@dataclass(frozen=True, eq=False)
class GraphScene:
    """All that a painting depends on."""

    layout: Layout
    place_of: Callable[[int], QRectF]
    box: int | None
    found: frozenset[int]
    zoom: float


def paint_graph(painter: QPainter, scene: GraphScene, room: QRectF) -> None:
    """Paint everything into a room."""
    painter.setRenderHint(QPainter.Antialiasing)
    for band in scene.layout.bands:
        _paint_band(painter, scene, band)
    for edge in scene.layout.edges:
        _paint_edge(painter, scene, edge)
    for number, box in enumerate(scene.layout.boxes):
        place = scene.place_of(number)
        if place.intersects(room):
            _paint_box(painter, scene, box, number, place)
    _paint_titles(painter, scene, room)


def _paint_titles(painter: QPainter, scene: GraphScene, room: QRectF) -> None:
    """Name both sides, each above its boxes."""
    high = TITLE * theme.text_scale()
    painter.fillRect(QRectF(0, 0, room.width(), high), theme.colour("card"))
    painter.setFont(theme.font(Text.BODY, bold=True))
    painter.setPen(theme.colour("text"))
    flags = int(Qt.AlignLeft | Qt.AlignVCenter)
    painter.drawText(QRectF(0, 0, room.width(), high), flags, "As the tutorial writes it")
    words = "As Theano compiles it"
    wide = painter.fontMetrics().horizontalAdvance(words)
    compiled = [n for n, box in enumerate(scene.layout.boxes) if box.compiled]
    x = scene.place_of(compiled[0]).center().x() - wide / 2 if compiled else room.width()
    x = min(max(x, wide + 24.0), room.width() - wide)
    painter.drawText(QRectF(x, 0, wide + 4, high), flags, words)


def _paint_band(painter: QPainter, scene: GraphScene, band: Band) -> None:
    layout = scene.layout
    place = scene.place_of(band.box)
    left = place.left() - (layout.boxes[band.box].x - band.left) * scene.zoom
    top = place.top() + (band.top - layout.boxes[band.box].y) * scene.zoom
    bottom = place.top() + (band.bottom - layout.boxes[band.box].y) * scene.zoom
    bend = (place.left() - left) / 2
    path = QPainterPath(QPointF(left, top))
    path.cubicTo(
        QPointF(left + bend, top), QPointF(place.left() - bend, place.top()), place.topLeft()
    )
    path.lineTo(place.bottomLeft())
    path.cubicTo(
        QPointF(place.left() - bend, place.bottom()), QPointF(left + bend, bottom),
        QPointF(left, bottom),
    )  # fmt: skip
    path.closeSubpath()
    painter.fillPath(path, theme.colour("second", 0.18))


def _paint_edge(painter: QPainter, scene: GraphScene, edge: Edge) -> None:
    layout = scene.layout
    first, last = scene.place_of(edge.first), scene.place_of(edge.last)
    chosen = scene.box in (edge.first, edge.last)
    if edge.passes and edge.rows > _LONG and not chosen and not layout.boxes[edge.first].folded:
        # Hundreds of long lines say nothing: they are shown of the box that is looked at.
        return
    painter.setPen(QPen(theme.colour("text" if chosen else "muted"), 1.6 if chosen else 1.0))
    painter.setBrush(Qt.NoBrush)
    if edge.passes:
        _paint_round(painter, first, last, layout.boxes[edge.last], chosen)
        return
    start = QPointF(first.center().x(), first.bottom())
    end = QPointF(last.center().x(), last.top())
    painter.drawLine(start, end)
    if scene.zoom > 0.5:
        painter.drawLine(end, end + QPointF(-2.5, -4))
        painter.drawLine(end, end + QPointF(2.5, -4))


def _paint_round(painter: QPainter, first: QRectF, last: QRectF, box: Box, chosen: bool) -> None:
    """Paint a line that passes other boxes at their side: at the outer one between groups."""
    to_right = box.compiled == box.folded
    edge = max(first.right(), last.right()) if to_right else min(first.left(), last.left())
    sides = [place.right() if to_right else place.left() for place in (first, last)]
    start, end = (QPointF(x, p.center().y()) for x, p in zip(sides, (first, last), strict=True))
    reach = min(70.0, 12 + 0.10 * abs(end.y() - start.y()))
    x = edge + (reach if to_right else -reach)
    path = QPainterPath(start)
    path.cubicTo(QPointF(x, start.y()), QPointF(x, end.y()), end)
    painter.setOpacity(1.0 if chosen else 0.45)
    painter.drawPath(path)
    painter.setOpacity(1.0)


def _paint_box(painter: QPainter, scene: GraphScene, box: Box, number: int, place: QRectF) -> None:
    fill, edge, words = COLOURS[box.kind]
    colour = theme.colour(fill[0], fill[1])
    chosen, found = number == scene.box, number in scene.found
    wide = 2.5 if chosen else 2.0 if found else 1.0
    pen = QPen(theme.colour("text" if chosen else "accent" if found else edge), wide)
    painter.setPen(pen)
    painter.setBrush(colour)
    radius = 3.5 * scene.zoom
    if box.folded:
        # A second sheet behind says that there is more in it.
        painter.drawRoundedRect(place.translated(2.5, 2.5), radius, radius)
        painter.setBrush(theme.colour("card"))
        painter.drawRoundedRect(place, radius, radius)
        painter.setBrush(colour)
    painter.drawRoundedRect(place, radius, radius)
    font = theme.font(12, bold=box.kind in ("product", "group"))
    size = round(12 * scene.zoom)
    if size < 5:
        return
    font.setPixelSize(size)
    painter.setFont(font)
    painter.setPen(theme.colour(words))
    room = place.adjusted(3, 0, -3, 0)
    text = painter.fontMetrics().elidedText(box.title, Qt.ElideRight, int(room.width()))
    painter.drawText(room, Qt.AlignCenter, text)
    if box.leaves and box.outer:
        _paint_leaves(painter, scene, box, place)


def _paint_leaves(painter: QPainter, scene: GraphScene, box: Box, place: QRectF) -> None:
    """Name the variables that a box reads, at the outer side."""
    words = ", ".join(dict.fromkeys(box.leaves))
    if len(words) > 22:
        words = f"{words[:21]}…"
    painter.setPen(QPen(theme.colour("muted"), 1))
    stub, y = 14 * scene.zoom, place.center().y()
    wide = painter.fontMetrics().horizontalAdvance(words) + 4
    if box.compiled:
        painter.drawLine(QPointF(place.right(), y), QPointF(place.right() + stub, y))
        room = QRectF(place.right() + stub + 4, y - 12, wide, 24)
    else:
        painter.drawLine(QPointF(place.left() - stub, y), QPointF(place.left(), y))
        room = QRectF(place.left() - stub - 4 - wide, y - 12, wide, 24)
    bold = words[:1] in ("W", "b") and words[1:].isdigit()
    font = painter.font()
    font.setBold(bold)
    painter.setFont(font)
    painter.setPen(theme.colour("text" if bold else "muted"))
    painter.drawText(room, Qt.AlignCenter, words)
