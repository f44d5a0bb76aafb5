"""Which lines join what in the picture of a network: only those that weigh most.

For and up are solid, against and down are dashed, in the two colours of the theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPainterPath, QPen

from mnist_draw.analysis.network.why import given_on, lifting, strongest, unit_sum, why_sum
from mnist_draw.app.inside.network.network_worker import Frame, Unit
from mnist_draw.app.inside.network.unit_layout import Places
from mnist_draw.app.kit import theme

#: Lines of a sum: the units most for the answer, those most against it, inputs of each.
FOR, AGAINST, INPUTS = 7, 6, 3
#: Lines of one unit: pixels or units that lift or lower it, units that it lifts or lowers.
_IN, _OUT = (8, 6), (7, 5)
_THICK, _THIN = 2.2, 0.9


@dataclass(frozen=True)
class Line:
    """One line, in logical pixels."""

    first: QPointF
    last: QPointF
    positive: bool
    width: float


@dataclass(frozen=True)
class Lines:
    """The lines, and the units and pixels at their ends, which get an outline."""

    lines: tuple[Line, ...] = ()
    marked: tuple[Unit, ...] = ()
    pixels: tuple[tuple[int, int, bool], ...] = ()


def why_lines(frame: Frame, places: Places) -> Lines:
    """Return the lines of the sum behind the answer."""
    layers, passed = frame.layers, frame.passed
    last = len(layers) - 2
    column = places.column_of(last)
    if last < 0 or column is None or layers[last].convolves:
        return Lines()
    why = why_sum(layers, passed, frame.answer, frame.rival)
    most, least = why.strongest(FOR, AGAINST)
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
            lines.append(Line(_right(column.rect(unit)), end, positive, _THICK * (0.5 + share / 2)))
            if before is not None:
                for source in lifting(layers, passed, last, unit, INPUTS):
                    start = _right(before.rect(source))
                    lines.append(Line(start, _left(column.rect(unit)), positive, _THIN))
    return Lines(tuple(lines), tuple(marked))


def unit_lines(frame: Frame, places: Places, unit: Unit) -> Lines:
    """Return the lines to and from one unit."""
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
                lines.append(Line(start, end, positive, _THICK * 0.9))
                if following < len(frame.layers) - 1:
                    marked.append((following, other))
    return Lines(tuple(lines), tuple(marked), into.pixels)


def _end_of(places: Places, frame: Frame, layer: int, unit: int) -> QPointF | None:
    if layer == len(frame.layers) - 1:
        return places.ring(unit) - QPointF(12, 0)
    column = places.column_of(layer)
    if column is None or not column.shows(unit):
        return None
    return _left(column.rect(unit))


def _lines_in(frame: Frame, places: Places, unit: Unit) -> Lines:
    """Return the lines from what lifts and lowers a unit most."""
    layer, number = unit
    end = _end_of(places, frame, layer, number)
    if end is None:
        return Lines()
    about = frame.layers[layer]
    found = unit_sum(frame.layers, frame.passed, layer, number)
    if layer == 0:
        return _from_picture(places, end, found.terms, about.convolves, found.place)
    before, column = frame.layers[layer - 1], places.column_of(layer - 1)
    if column is None:
        return Lines()
    terms = found.terms
    if before.convolves:
        terms = terms.reshape(before.units, -1).sum(axis=1)
    lines, marked = [], []
    for units, positive in zip(strongest(terms, *_IN), (True, False), strict=True):
        for source in units:
            if column.shows(source):
                lines.append(Line(_right(column.rect(source)), end, positive, _THICK * 0.7))
                marked.append((layer - 1, source))
    return Lines(tuple(lines), tuple(marked))


def _from_picture(
    places: Places,
    end: QPointF,
    terms: np.ndarray,
    convolves: bool,
    place: Sequence[int],
) -> Lines:
    cell = places.picture.width() / 28
    if convolves:
        # One line from the patch that the filter lies on.
        high, wide = terms.shape[-2:]
        x = places.picture.left() + (place[1] + wide) * cell
        y = places.picture.top() + (place[0] + high / 2) * cell
        return Lines((Line(QPointF(x, y), end, False, _THICK * 0.7),))
    lines, pixels = [], []
    for numbers, positive in zip(strongest(terms, *_IN), (True, False), strict=True):
        for number in numbers:
            row, across = divmod(number, 28)
            centre = QPointF(
                places.picture.left() + (across + 1) * cell,
                places.picture.top() + (row + 0.5) * cell,
            )
            lines.append(Line(centre, end, positive, _THICK * 0.7))
            pixels.append((row, across, positive))
    return Lines(tuple(lines), (), tuple(pixels))


def paint(painter: QPainter, lines: Lines, scale: float) -> None:
    """Paint the lines, the thin ones below."""
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
