"""Paint the network: what seldom changes once, what changes in every frame; its connections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from mnist_draw import i18n
from mnist_draw.analysis.network_probe import Layer, as_picture
from mnist_draw.analysis.why import given_on, strongest, terms_by_unit
from mnist_draw.app.inside.network import units
from mnist_draw.app.inside.network.layers_view import (
    APART,
    paint_legend,
    paint_title,
    value_legend,
)
from mnist_draw.app.inside.network.network_reader import Frame, Place, Unit
from mnist_draw.app.inside.network.units import Places
from mnist_draw.app.kit import painters, theme
from mnist_draw.app.kit.painters import RIGHT, draw_with, paint_frame, paint_signed, write_with
from mnist_draw.app.kit.theme import Text
from mnist_draw.dataset.normalise import SIDE
from mnist_draw.i18n import _, counted, listed
from mnist_draw.recognition.certainty import format_probability

if TYPE_CHECKING:
    from mnist_draw.app.inside.network.network_view import NetworkView

#: Connections of the sum behind an answer: units for it, units against it, inputs of each unit.
_FOR = 7
_AGAINST = 6
_INPUTS = 3
#: Connections of one unit: inputs that raise and lower it, units that it raises and lowers.
_IN = (8, 6)
_OUT = (7, 5)
_THICK = 2.2
_THIN = 0.9


@dataclass(frozen=True)
class Link:
    """A line between two units, or from a pixel, which is a unit of layer −1."""

    source: Unit
    target: Unit
    positive: bool
    width: float


def why_links(frame: Frame) -> list[Link]:
    layers = frame.layers
    last = len(frame.layers) - 2
    found: list[Link] = []
    if last < 0 or layers[last].convolves:
        return found
    terms = frame.why.terms
    most, least = strongest(terms, _FOR, _AGAINST)
    largest = max(float(np.abs(terms).max()), 1e-12)
    for unit in (*most, *least):
        share = float(terms[unit]) / largest
        digit = frame.answer if share > 0 else frame.rival
        width = 0.5 + abs(share) / 2
        found.append(Link((last, unit), (last + 1, digit), share > 0, _THICK * width))
        inputs = frame.sum_of((last, unit)).terms
        inputs = terms_by_unit(layers[last - 1], inputs) if last else inputs[:0]
        for source in strongest(inputs, _INPUTS, 0)[0]:
            found.append(Link((last - 1, source), (last, unit), share > 0, _THIN))
    return found


def unit_links(frame: Frame, unit: Unit, place: Place) -> list[Link]:
    """Return the strongest inputs of a unit, and what it raises and lowers most."""
    layer = unit[0]
    about = frame.sum_of(unit, place)
    found = []
    if layer == 0 and about.place:
        # One line from the patch under the filter.
        row, column, side = _under_filter(frame.layers[0], about.place)
        ends = round(row + (side - 1) / 2), round(column + side - 1)
        row, column = np.clip(ends, 0, SIDE - 1).tolist()
        found.append(Link((-1, SIDE * row + column), unit, False, _THIN))
    else:
        terms = terms_by_unit(frame.layers[layer - 1], about.terms) if layer else about.terms
        for sources, positive in zip(strongest(terms, *_IN), (True, False), strict=True):
            found += [Link((layer - 1, n), unit, positive, _THICK * 0.7) for n in sources]
    if layer < len(frame.layers) - 1 and frame.question.toggled == unit:
        given = given_on(frame.passed, layer, off=unit in frame.question.off)
        for targets, positive in zip(strongest(given, *_OUT), (True, False), strict=True):
            found += [Link(unit, (layer + 1, n), positive, _THICK * 0.9) for n in targets]
    return found


def _paint_links(painter: QPainter, places: Places, links: Sequence[Link]) -> None:
    painter.save()
    painter.setBrush(Qt.NoBrush)
    scale = theme.text_scale()
    for link in sorted(links, key=lambda link: link.width):
        start = places.edge(link.source, right=True)
        end = places.edge(link.target)
        if start is None or end is None:
            continue
        # Qt paints lines of up to one pixel in a third of the time: thin ones do not grow.
        strength, growth = (0.9, scale) if link.width > 1 else (0.6, 1.0)
        color = theme.color("accent" if link.positive else "second", strength)
        pen = QPen(color, link.width * growth)
        if not link.positive:
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        bend = QPointF((end.x() - start.x()) / 2, 0)
        path = QPainterPath(start)
        path.cubicTo(start + bend, end - bend, end)
        painter.drawPath(path)
    painter.restore()


#: From the corner of a picture to its caption.
_CAPTION = QPointF(0, 9)
#: Of an answer that is less probable there is no figure.
_LEAST = 0.01
#: Filters beside each other.
_FILTERS = 4


def paint_still(view: NetworkView, places: Places) -> QPixmap:
    """Paint titles, cells, filters and weights: everything below the lights."""
    still = painters.blank_pixmap(view.width(), view.height(), view.devicePixelRatioF())
    painter = QPainter(still)
    painter.setRenderHint(QPainter.Antialiasing)
    count = len(places.bands)
    note = ""
    if len(places.columns) <= 2:
        note = counted("{count} class", "{count} classes", count)
    view.paint_titles(painter, places, note)
    for column in places.columns:
        units.paint_ground(painter, column)
    if not places.columns:
        _paint_weights(painter, view, places)
    elif view.layers()[0].convolves:
        _paint_filters(painter, view, places)
    else:
        # The picture fans out into the first layer.
        box = places.columns[0].box
        edge = places.bands[0].left()
        draw_with(painter, "line")
        painter.drawLine(places.picture.topRight(), QPointF(edge - 2, box.top()))
        painter.drawLine(places.picture.bottomRight(), QPointF(edge - 2, box.bottom()))
    painter.end()
    return still


def _paint_filters(painter: QPainter, view: NetworkView, places: Places) -> None:
    assert view.parts is not None
    layer = view.parts.shown[0]
    corner = places.below.topLeft() - _CAPTION
    side = layer.W.shape[-1]
    room = places.columns[0].box.left() - corner.x() - APART
    paint_title(painter, corner, _("Filters"), f"{side}×{side}", room)
    largest = float(np.abs(layer.W).max())
    for unit in range(layer.units):
        box = _filter_box(places, side, unit)
        if box.bottom() > places.bands[-1].bottom() + 2:
            break
        paint_signed(painter, box, layer.filter(unit)[0], largest)


def _filter_box(places: Places, side: int, unit: int) -> QRectF:
    room = places.below.width() / _FILTERS
    wide = side * max(1.0, (room - 4) / side)
    row, column = divmod(unit, _FILTERS)
    corner = places.below.topLeft() + QPointF(column * room, row * (wide + 4))
    return QRectF(corner.x(), corner.y(), wide, wide)


def _paint_weights(painter: QPainter, view: NetworkView, places: Places) -> None:
    assert view.parts is not None
    layer = view.parts.shown[-1]
    largest = float(np.abs(layer.W).max())
    for digit, band in enumerate(places.bands):
        side = band.height() - 4
        x = places.answer - side - 40 * view.scale
        box = QRectF(x, band.top() + 2, side, side)
        weights = as_picture(layer.W[:, digit])
        paint_signed(painter, box, weights, largest)
        draw_with(painter, "line")
        start = QPointF(places.picture.right() + 4, places.picture.center().y())
        painter.drawLine(start, QPointF(x - 4, band.center().y()))


def paint_network(painter: QPainter, view: NetworkView, places: Places, still: QPixmap) -> None:
    painter.setRenderHint(QPainter.Antialiasing)
    frame = view.frame
    links = view.links()
    view.paint_bands(painter, places)
    painter.drawPixmap(0, 0, still)
    painter.fillRect(places.picture, QColor(Qt.black))
    if frame is not None:
        painters.paint_gray(painter, places.picture, frame.picture)
        for column in places.columns:
            values = (
                frame.passed.x[column.layer + 1]
                if column.pooled
                else (frame.passed.a[column.layer])
            )
            units.paint_values(painter, column, values[0])
    if view.layers()[0].convolves:
        _paint_patch(painter, view, places)
    else:
        _paint_below(painter, view, places)
    _paint_links(painter, places, links)
    view.paint_names(painter, places)
    _paint_marks(painter, view, places, links)
    _paint_answers(painter, view, places)
    _paint_foot(painter, view)


def _paint_below(painter: QPainter, view: NetworkView, places: Places) -> None:
    """Paint the ink that spoke below the picture, or the products of a unit of the first layer."""
    frame = view.frame
    unit = view.unit
    box = places.picture
    room = places.bands[0].left() - box.left() - 4
    write_with(painter, Text.LABEL, "muted")
    words = _("28×28, from 0 to 1")
    if painter.fontMetrics().horizontalAdvance(words) > room:
        words = "28×28"
    caption = QRectF(box.left(), box.bottom() + 4, room, 20 * view.scale)
    painter.drawText(caption, int(Qt.AlignLeft | Qt.AlignTop), words)
    draw_with(painter, "line", fill="paper")
    painter.drawRect(places.below)
    # Translators: "Ink" is in bold: Ink that spoke.
    title = _("Ink")
    note = _("that counts")
    words = _("for the answer")
    other = _("against it")
    values = None if frame is None else frame.ink
    if frame is not None:
        words = _("for {name}", name=view.name(frame.answer))
        other = _("for {name}", name=view.name(frame.rival))
    if unit is not None and unit[0] == 0 < view.last:
        title = _("Weights × picture")
        note = _("unit {number}", number=unit[1])
        words = _("raises")
        other = _("lowers")
        if frame is not None:
            values = as_picture(view.layers()[0].W[:, unit[1]]) * frame.passed.x[0][0, 0]
    paint_title(painter, places.below.topLeft() - _CAPTION, title, note, room)
    if values is not None:
        paint_signed(painter, places.below, values)
    legend = QRectF(box.left(), places.below.bottom() + 5, room, 0)
    paint_legend(painter, legend, (("full", words), ("inset", other)))


def _under_filter(first: Layer, place: tuple[int, ...]) -> tuple[float, float, float]:
    """Return row, column and side of the picture's pixels under a filter; the edge may be out."""
    pixel = SIDE / first.incoming[-1]
    row, column = (pixel * (first.stride * n - first.padding) for n in place)
    return row, column, pixel * first.W.shape[-1]


def _paint_patch(painter: QPainter, view: NetworkView, places: Places) -> None:
    """Outline the patch at the place of a map of the first layer that is shown, and its filter."""
    frame = view.frame
    unit = view.unit
    if unit is None or unit[0] != 0:
        return
    side = view.layers()[0].W.shape[-1]
    if frame is not None:
        place = frame.sum_of(unit, view.place).place
        row, column, wide = _under_filter(frame.layers[0], place)
        patch = places.pixel(row, column, wide, wide).intersected(places.picture)
        paint_frame(painter, patch, "second", 2)
    units.outline(painter, _filter_box(places, side, unit[1]))


def _paint_marks(
    painter: QPainter,
    view: NetworkView,
    places: Places,
    links: Sequence[Link],
) -> None:
    """Outline the ends of lines and the selected unit; cross out units that are off."""
    for link in links:
        for layer, number in (link.source, link.target) if link.width > _THIN else ():
            column = places.column_of(layer)
            if layer < 0:
                color = "accent" if link.positive else "second"
                paint_frame(painter, places.pixel(*divmod(number, SIDE)), color, 1.4)
            elif column is not None and column.shows(number):
                paint_frame(painter, column.tile_rect(number), "text", 1, 1.5)
    for column in places.columns:
        off = [number for layer, number in view.off if layer == column.layer]
        units.paint_crosses(painter, column, off, "text")
        if view.unit is not None and column.layer == view.unit[0] and column.shows(view.unit[1]):
            units.outline(painter, column.tile_rect(view.unit[1]))


def _paint_answers(painter: QPainter, view: NetworkView, places: Places) -> None:
    frame = view.frame
    chosen = view.output
    if frame is None:
        view.paint_answers(painter, places, np.zeros(len(places.bands)), [], chosen=chosen)
        return
    p = frame.passed.p
    words = [
        format_probability(float(share), short=True) if share >= _LEAST or view.role(digit) else ""
        for digit, share in enumerate(p[0])
    ]
    ticks = (
        {}
        if frame.question.toggled is None
        else {digit: float(p[1, digit]) for digit in (frame.answer, frame.rival)}
    )
    view.paint_answers(painter, places, p[0], words, ticks, chosen)


def _paint_foot(painter: QPainter, view: NetworkView) -> None:
    frame = view.frame
    unit = view.unit
    more = _("raises")
    less = _("lowers")
    if unit is None and frame is not None:
        names = view.name(frame.answer), view.name(frame.rival)
        more, less = (_("for {name}", name=name) for name in names)
    entries = [("solid", more), ("dashed", less)]
    if unit is None:
        entries[:0] = value_legend(() if frame is None else frame.passed.a)
    elif frame is not None and frame.question.toggled == unit:
        entries.append(("tick", _("with it on") if unit in view.off else _("with it off")))
    foot = QRectF(view.rect()).adjusted(0, 0, 0, -4 * view.scale)
    x = paint_legend(painter, foot, entries, upwards=True) + APART
    if frame is not None:
        is_kept = view.pinned is not None and view.pointed is None
        text = _("selected: Esc deselects") if is_kept else describe_active(frame)
        write_with(painter, Text.LABEL, "muted")
        room = QRectF(x, foot.bottom() - 18 * view.scale, view.width() - x, 18 * view.scale)
        if painter.fontMetrics().horizontalAdvance(text) <= room.width():
            painter.drawText(room, RIGHT, text)


def describe_active(frame: Frame) -> str:
    parts = []
    for layer, values in zip(frame.layers, frame.passed.a, strict=False):
        active = values[0].reshape(layer.units, -1).any(axis=1)
        fields = {"done": i18n.number(int(active.sum())), "total": i18n.number(layer.units)}
        parts.append(_("{done} of {total}", **fields))
    # Translators: {counts} is "32 of 500, 81 of 300", one for each layer.
    return _("{counts} units lit", counts=listed(parts)) if parts else ""
