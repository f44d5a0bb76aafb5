"""The connections of the network's picture: the sum behind an answer, or those of one unit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PyQt5.QtCore import QPointF, Qt
from PyQt5.QtGui import QPainter, QPainterPath, QPen

from mnist_draw.analysis.why import given_on, lifting, strongest, terms_by_unit, unit_sum, why_sum
from mnist_draw.app.inside.network.network_reader import Frame, Unit
from mnist_draw.app.inside.network.units import Places
from mnist_draw.app.kit import theme

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


@dataclass
class Connections:
    """Lines, and the units and pixels at their ends, which are outlined."""

    places: Places
    #: The layer of the answers.
    last: int
    lines: list[Connection] = field(default_factory=list)
    marked: set[Unit] = field(default_factory=set)
    pixels: list[tuple[int, int, bool]] = field(default_factory=list)

    def join(self, source: Unit, target: Unit, positive: bool, width: float) -> None:
        """Connect two units if both are shown."""
        start, end = self.edge(source, right=True), self.edge(target)
        if start is None or end is None:
            return
        self.lines.append(Connection(start, end, positive, width))
        if width > _THIN:
            self.marked |= {source, target}

    def edge(self, unit: Unit, right: bool = False) -> QPointF | None:
        """Return where lines of a unit begin or end; None if it is not shown."""
        layer, number = unit
        if layer == self.last:
            return self.places.ring(number) - QPointF(12, 0)
        column = self.places.column_of(layer)
        if column is None or not column.shows(number):
            return None
        rect = column.rect(number)
        return QPointF(rect.right() if right else rect.left(), rect.center().y())

    def join_pixels(self, terms: np.ndarray, end: QPointF) -> None:
        """Connect the pixels with the strongest terms."""
        for numbers, positive in zip(strongest(terms, *_IN), (True, False), strict=True):
            for number in numbers:
                row, column = divmod(number, 28)
                start = self.places.pixel(row, column).center()
                self.lines.append(Connection(start, end, positive, _THICK * 0.7))
                self.pixels.append((row, column, positive))


def why_lines(frame: Frame, places: Places) -> Connections:
    layers, passed = frame.layers, frame.passed
    last = len(layers) - 2
    found = Connections(places, last + 1)
    if last < 0 or layers[last].convolves:
        return found
    why = why_sum(layers, passed, frame.answer, frame.rival)
    most, least = strongest(why.terms, _FOR, _AGAINST)
    largest = max(float(np.abs(why.terms).max()), 1e-12)
    for unit in (*most, *least):
        share = float(why.terms[unit]) / largest
        digit, width = frame.answer if share > 0 else frame.rival, 0.5 + abs(share) / 2
        found.join((last, unit), (last + 1, digit), share > 0, _THICK * width)
        for source in lifting(layers, passed, last, unit, _INPUTS):
            found.join((last - 1, source), (last, unit), share > 0, _THIN)
    return found


def unit_lines(
    frame: Frame, places: Places, unit: Unit, place: tuple[int, int] | None
) -> Connections:
    layer, number = unit
    found = Connections(places, len(frame.layers) - 1)
    about = unit_sum(frame.layers, frame.passed, layer, number, place)
    end = found.edge(unit)
    if layer == 0 and end is not None:
        if about.place:
            # One line from the patch under the filter.
            high, wide = about.terms.shape[-2:]
            corner = places.pixel(about.place[0] + high // 2, about.place[1] + wide - 1)
            start = QPointF(corner.right(), corner.center().y())
            found.lines.append(Connection(start, end, False, _THICK * 0.7))
        else:
            found.join_pixels(about.terms, end)
    elif layer:
        terms = terms_by_unit(frame.layers[layer - 1], about.terms)
        for units, positive in zip(strongest(terms, *_IN), (True, False), strict=True):
            for source in units:
                found.join((layer - 1, source), unit, positive, _THICK * 0.7)
    if layer < found.last and frame.question.toggled == unit:
        given = given_on(frame.passed, layer, off=unit in frame.question.off)
        for units, positive in zip(strongest(given, *_OUT), (True, False), strict=True):
            for other in units:
                found.join(unit, (layer + 1, other), positive, _THICK * 0.9)
    return found


def paint_lines(painter: QPainter, lines: Connections) -> None:
    painter.save()
    painter.setBrush(Qt.NoBrush)
    for line in sorted(lines.lines, key=lambda line: line.width):
        strength = 0.9 if line.width > 1 else 0.6
        colour = theme.colour("accent" if line.positive else "second", strength)
        pen = QPen(colour, line.width * theme.text_scale())
        if not line.positive:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        bend = QPointF((line.last.x() - line.first.x()) / 2, 0)
        path = QPainterPath(line.first)
        path.cubicTo(line.first + bend, line.last - bend, line.last)
        painter.drawPath(path)
    painter.restore()
