"""The scene of the network's painter: columns, connections, texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QFontMetrics, QFontMetricsF, QPainter, QPainterPath, QPen

from mnist_draw.analysis.why import given_on, lifting, strongest, unit_sum, why_sum
from mnist_draw.app.inside.network.network_worker import Frame, Parts, Unit
from mnist_draw.app.inside.network.units import Column, Places
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.painters import write_with
from mnist_draw.app.kit.theme import Size, Text

if TYPE_CHECKING:
    from mnist_draw.analysis.network_probe import Layer

#: Rows of digits that are lower than this, in logical pixels, have no room for a name each.
_MIN_ROW = 12.0
#: Between the titles of two layers, in logical pixels.
APART = 8


@dataclass(frozen=True, eq=False)
class LayersScene:
    """What all pictures of a network's layers have in common."""

    layers: tuple[Layer, ...]
    places: Places
    #: Whether units are in the rows of their digits.
    banded: bool
    name: Callable[[int], str]
    ratio: float

    @property
    def scale(self) -> float:
        return theme.text_scale()

    @property
    def last(self) -> int:
        return len(self.layers) - 1

    def title(self, layer: Layer) -> str:
        """Return a layer's short name; the only hidden one of its kind needs no number."""
        name = layer.name.replace("convolution", "Conv.").capitalize()
        others = sum(other.convolves == layer.convolves for other in self.layers[:-1])
        return name.split()[0] if others == 1 else name

    def short_name(self, digit: int) -> str:
        """Return the short name of a class; empty if the rows are too low."""
        if self.places.bands[digit].height() < _MIN_ROW and not self.role(digit):
            return ""
        return short_name(self.name(digit))

    def role(self, digit: int) -> str:
        """Return the colour of a digit's row: of the answer or label, of the rival, or none."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Scene(LayersScene):
    parts: Parts
    frame: Frame | None
    lines: Connections
    unit: Unit | None
    is_pinned: bool
    off: frozenset[Unit]

    def role(self, digit: int) -> str:
        if self.frame is None:
            return ""
        return {self.frame.answer: "accent", self.frame.rival: "second"}.get(digit, "")


def paint_bands(painter: QPainter, scene: LayersScene) -> None:
    strength = 0.20 if theme.theme().colours.dark else 0.11
    painter.setFont(theme.font(Text.LABEL))
    named = scene.banded and bool(scene.places.columns)
    for digit, band in enumerate(scene.places.bands):
        role = scene.role(digit)
        if role:
            painter.fillRect(band, theme.colour(role, strength))
        if digit:
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(band.topLeft(), band.topRight())
        if named:
            painter.setPen(theme.colour(role or "muted"))
            box = QRectF(band.left(), band.top(), 20 * scene.scale, band.height())
            painter.drawText(box, Qt.AlignCenter, scene.short_name(digit))


def paint_titles(painter: QPainter, scene: LayersScene) -> None:
    places, layers = scene.places, scene.layers
    top = 18 * scene.scale
    convolves = bool(places.columns) and layers[places.columns[0].layer].convolves
    edges = [column.box.left() for column in places.columns] + [places.answer]
    note = "28×28" if convolves else "784 pixels"
    paint_title(painter, QPointF(0, top), "Picture", note, edges[0] - APART)
    for column, following in zip(places.columns, edges[1:], strict=True):
        layer = layers[column.layer]
        if layer.convolves:
            note = f"{layer.shape[1]}×{layer.shape[2]}"
        elif column.shown < layer.units:
            note = f"{column.shown:,} of {layer.units:,} units"
        else:
            note = f"{layer.units:,}" if len(places.columns) > 2 else f"{layer.units:,} units"
        room = min(column.box.width() + 20 * scene.scale, following - column.box.left() - APART)
        place = QPointF(column.box.left(), top)
        paint_title(painter, place, scene.title(layer), note, room)
    for number in places.skipped:
        left, right = places.columns[number].box, places.columns[number + 1].box
        middle = (left.right() + right.left()) / 2
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRectF(middle - 20, left.top(), 40, left.height()), Qt.AlignCenter, "…")


def short_name(name: str) -> str:
    return name.removeprefix("class ")[:2]


def describe_active(frame: Frame) -> str:
    parts = []
    for layer, values in zip(frame.layers, frame.passed.a, strict=False):
        active = values[0].reshape(layer.units, -1).any(axis=1)
        parts.append(f"{int(active.sum()):,} of {layer.units:,}")
    return f"{', '.join(parts)} units active" if parts else ""


def describe_unit(
    frame: Frame, unit: Unit, off: frozenset[Unit], name: Callable[[int], str]
) -> str:
    layer = frame.layers[unit[0]]
    p = frame.passed.p
    if unit[0] == len(frame.layers) - 1:
        return f"Output {name(unit[1])}: {format_probability(float(p[0, unit[1]]))}"
    value = float(frame.passed.a[unit[0]][0, unit[1]].max())
    words = f"{layer.unit_word.capitalize()} {unit[1]} of {layer.name}: {value:.2f}"
    if frame.question.toggled == unit:
        other = int(p[1].argmax())
        state = "on" if unit in off else "off"
        words += f", {state}: {name(other)}, {format_probability(float(p[1, other]))}"
    return words


def inside(column: Column, unit: int) -> QRectF:
    rect = column.rect(unit)
    gap = 1.0 if column.cell != column.high or column.cell > 12 else 1.5
    return rect.adjusted(0, 0, -gap, -gap)


def say(painter: QPainter, x: float, y: float, text: str) -> float:
    """Draw muted text and return the x of its end."""
    painter.setPen(theme.colour("muted"))
    wide = painter.fontMetrics().horizontalAdvance(text)
    painter.drawText(QRectF(x, y - 12, wide + 4, 24), int(Qt.AlignLeft | Qt.AlignVCenter), text)
    return x + wide


def paint_title(
    painter: QPainter, place: QPointF, title: str, note: str, room: float = math.inf
) -> None:
    """Draw a title and, if it fits, a note; shorten a long title to its last word."""
    write_with(painter, Text.LABEL, "text", bold=True)
    if painter.fontMetrics().horizontalAdvance(title) > room:
        title = painter.fontMetrics().elidedText(title.split()[-1], Qt.ElideRight, int(room))
    painter.drawText(place, title)
    x = place.x() + painter.fontMetrics().horizontalAdvance(title) + 6
    write_with(painter, Text.LABEL, "muted")
    if x + painter.fontMetrics().horizontalAdvance(note) <= place.x() + room:
        painter.drawText(QPointF(x, place.y()), note)


def shortened(
    metrics: QFontMetrics | QFontMetricsF, texts: tuple[str, str], room: float
) -> tuple[str, str]:
    """Elide two texts that do not fit side by side; a short one leaves room to the other."""
    wide = [metrics.horizontalAdvance(text) for text in texts]
    if sum(wide) <= room:
        return texts
    shares = [max(room / 2, room - other) for other in reversed(wide)]
    first, second = (
        metrics.elidedText(text, Qt.ElideRight, int(share))
        for text, share in zip(texts, shares, strict=True)
    )
    return first, second


def paint_legend(
    painter: QPainter, scene: Scene, place: QPointF, words: tuple[str, str], room: float
) -> None:
    painter.setFont(theme.font(Text.LABEL))
    metrics = painter.fontMetrics()
    size = 8 * scene.scale
    wide = sum(size + 6 + metrics.horizontalAdvance(text) for text in words) + Size.CARD_GAP
    x, y = place.x(), place.y()
    for text, colour, part in ((words[0], "accent", 1.0), (words[1], "second", 0.6)):
        side = size * part
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour(colour))
        painter.drawRect(QRectF(x + (size - side) / 2, y - side / 2, side, side))
        end = say(
            painter, x + size + 6, y, metrics.elidedText(text, Qt.ElideRight, int(room - size - 6))
        )
        x, y = (end + Size.CARD_GAP, y) if wide <= room else (x, y + metrics.lineSpacing())


#: Connections of the sum behind an answer: units for it, units against it, inputs of each unit.
_FOR, _AGAINST, _INPUTS = 7, 6, 3
#: Connections of one unit: inputs that raise and lower it, units that it raises and lowers.
_IN, _OUT = (8, 6), (7, 5)
_THICK, _THIN = 2.2, 0.9


@dataclass(frozen=True)
class Connection:
    first: QPointF
    last: QPointF
    positive: bool
    width: float


@dataclass(frozen=True)
class Connections:
    """Lines, and the units and pixels at their ends, which are outlined."""

    lines: tuple[Connection, ...] = ()
    marked: tuple[Unit, ...] = ()
    pixels: tuple[tuple[int, int, bool], ...] = ()


def why_lines(frame: Frame, places: Places) -> Connections:
    layers, passed = frame.layers, frame.passed
    last = len(layers) - 2
    column = places.column_of(last)
    if last < 0 or column is None or layers[last].convolves:
        return Connections()
    why = why_sum(layers, passed, frame.answer, frame.rival)
    most, least = why.strongest(_FOR, _AGAINST)
    before = places.column_of(last - 1)
    lines, marked = [], []
    for units, digit in ((most, frame.answer), (least, frame.rival)):
        positive = digit == frame.answer
        for unit in units:
            if not column.shows(unit):
                continue
            marked.append((last, unit))
            end = places.ring(digit) - QPointF(12, 0)
            share = abs(float(why.terms[unit])) / max(float(np.abs(why.terms).max()), 1e-12)
            lines.append(
                Connection(_right(column.rect(unit)), end, positive, _THICK * (0.5 + share / 2))
            )
            if before is not None:
                for source in lifting(layers, passed, last, unit, _INPUTS):
                    start = _right(before.rect(source))
                    lines.append(Connection(start, _left(column.rect(unit)), positive, _THIN))
    return Connections(tuple(lines), tuple(marked))


def unit_lines(frame: Frame, places: Places, unit: Unit) -> Connections:
    layer, number = unit
    into = _lines_in(frame, places, unit)
    if layer >= len(frame.layers) - 1:
        return into
    column = places.column_of(layer)
    toggled = frame.question.toggled == unit
    if column is None or not toggled:
        return into
    given = given_on(frame.passed, layer, off=unit in frame.question.off)
    start = _right(column.rect(number))
    following = layer + 1
    lines, marked = list(into.lines), list(into.marked)
    most, least = strongest(given, *_OUT)
    for others, positive in ((most, True), (least, False)):
        for other in others:
            end = _end_of(places, frame, following, other)
            if end is not None:
                lines.append(Connection(start, end, positive, _THICK * 0.9))
                if following < len(frame.layers) - 1:
                    marked.append((following, other))
    return Connections(tuple(lines), tuple(marked), into.pixels)


def _end_of(places: Places, frame: Frame, layer: int, unit: int) -> QPointF | None:
    if layer == len(frame.layers) - 1:
        return places.ring(unit) - QPointF(12, 0)
    column = places.column_of(layer)
    if column is None or not column.shows(unit):
        return None
    return _left(column.rect(unit))


def _lines_in(frame: Frame, places: Places, unit: Unit) -> Connections:
    layer, number = unit
    end = _end_of(places, frame, layer, number)
    if end is None:
        return Connections()
    about = frame.layers[layer]
    found = unit_sum(frame.layers, frame.passed, layer, number)
    if layer == 0:
        return _from_picture(places, end, found.terms, about.convolves, found.place)
    before, column = frame.layers[layer - 1], places.column_of(layer - 1)
    if column is None:
        return Connections()
    terms = found.terms
    if before.convolves:
        terms = terms.reshape(before.units, -1).sum(axis=1)
    lines, marked = [], []
    for units, positive in zip(strongest(terms, *_IN), (True, False), strict=True):
        for source in units:
            if column.shows(source):
                lines.append(Connection(_right(column.rect(source)), end, positive, _THICK * 0.7))
                marked.append((layer - 1, source))
    return Connections(tuple(lines), tuple(marked))


def _from_picture(
    places: Places, end: QPointF, terms: np.ndarray, convolves: bool, place: Sequence[int]
) -> Connections:
    cell = places.picture.width() / 28
    if convolves:
        # One line from the patch under the filter.
        high, wide = terms.shape[-2:]
        x = places.picture.left() + (place[1] + wide) * cell
        y = places.picture.top() + (place[0] + high / 2) * cell
        return Connections((Connection(QPointF(x, y), end, False, _THICK * 0.7),))
    lines, pixels = [], []
    for numbers, positive in zip(strongest(terms, *_IN), (True, False), strict=True):
        for number in numbers:
            row, across = divmod(number, 28)
            centre = QPointF(
                places.picture.left() + (across + 1) * cell,
                places.picture.top() + (row + 0.5) * cell,
            )
            lines.append(Connection(centre, end, positive, _THICK * 0.7))
            pixels.append((row, across, positive))
    return Connections(tuple(lines), (), tuple(pixels))


def paint_lines(painter: QPainter, lines: Connections, scale: float) -> None:
    painter.save()
    painter.setBrush(Qt.NoBrush)
    for line in sorted(lines.lines, key=lambda line: line.width):
        strength = 0.9 if line.width > 1 else 0.6
        colour = theme.colour("accent" if line.positive else "second", strength)
        pen = QPen(colour, line.width * scale)
        if not line.positive:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        bend = QPointF((line.last.x() - line.first.x()) / 2, 0)
        path = QPainterPath(line.first)
        path.cubicTo(line.first + bend, line.last - bend, line.last)
        painter.drawPath(path)
    painter.restore()


def _left(rect: QRectF) -> QPointF:
    return QPointF(rect.left(), rect.center().y())


def _right(rect: QRectF) -> QPointF:
    return QPointF(rect.right(), rect.center().y())
