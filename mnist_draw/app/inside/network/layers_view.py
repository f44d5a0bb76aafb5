"""A painted network: picture, hidden layers, answers; the base of *Network* and of *One step*."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetricsF, QPainter, QPen, QResizeEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw import i18n
from mnist_draw.app.inside.network.network_reader import Unit
from mnist_draw.app.inside.network.units import Places, lay_out
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_bar, write_with
from mnist_draw.app.kit.steady_labels import draw_tabular, tabular_width
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain
from mnist_draw.i18n import _, counted, pgettext
from mnist_draw.library.network_data import narrow_name

if TYPE_CHECKING:
    from mnist_draw.analysis.network_probe import Layer
    from mnist_draw.analysis.unit_profiles import UnitProfiles

#: A unit is pointed at from this many logical pixels away.
_REACH = 14.0
#: Rows of digits that are lower than this, in logical pixels, have no room for a name each.
_MIN_ROW = 12.0
#: Between the titles of two layers, in logical pixels.
APART = 8
_RING, _HALF_BAR = 11.0, 4.0
_LEFT, _RIGHT = (int(side | Qt.AlignVCenter) for side in (Qt.AlignLeft, Qt.AlignRight))


class LayersView(QWidget):
    """Knows the places of a network's units, and paints what all of its pictures share."""

    #: What `sizeHint` returns, and `minimumSizeHint` at the usual size of text, in pixels.
    SIZE = LEAST_SIZE = (-1, -1)

    def __init__(self, name: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.profiles: UnitProfiles | None = None
        self.by_digit = True
        self.name: Callable[[int], str] = str
        self._places: Places | None = None
        theme.theme().changed.connect(self.lay_out_anew)

    def sizeHint(self) -> QSize:
        return QSize(*self.SIZE)

    def minimumSizeHint(self) -> QSize:
        return QSize(*(theme.scaled(side) for side in self.LEAST_SIZE))

    # -- what a subclass knows

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that are painted; none before there is a network."""
        raise NotImplementedError

    def role(self, digit: int) -> str:
        """Return the colour of a digit's row: of the answer or label, of the rival, or none."""
        raise NotImplementedError

    def layout_options(self) -> dict[str, Any]:
        raise NotImplementedError

    # -- places

    @property
    def scale(self) -> float:
        return theme.text_scale()

    @property
    def last(self) -> int:
        return len(self.layers()) - 1

    @property
    def banded(self) -> bool:
        return self.by_digit and self.profiles is not None

    def lay_out_anew(self) -> None:
        self._places = None
        self.update()

    def show_profiles(self, profiles: UnitProfiles | None) -> None:
        self.profiles = profiles
        self.lay_out_anew()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.lay_out_anew()

    def places(self) -> Places | None:
        """Return all positions; None before there is a network."""
        layers, profiles = self.layers(), self.profiles
        if self._places is None and layers and self.width() > 100:
            hidden = range(len(layers) - 1)
            rows = [profiles.rows(n) if profiles and self.by_digit else None for n in hidden]
            heights = [None if profiles is None else profiles.means[n].max(0) for n in hidden]
            room, options = (self.width(), self.height()), self.layout_options()
            self._places = lay_out(layers, *room, rows, heights, self.scale, **options)
        return self._places

    def unit_at(self, place: QPointF) -> Unit | None:
        places = self.places()
        if places is None:
            return None
        if place.x() >= places.answer - 6:
            digits = (n for n, band in enumerate(places.bands) if band.contains(place))
            return next(((self.last, digit) for digit in digits), None)
        found = []
        for column in places.columns:
            near = column.nearest(place, _REACH)
            if near is not None:
                found.append((near[0], (column.layer, near[1])))
        return min(found)[1] if found else None

    # -- painting

    def short_name(self, places: Places, digit: int) -> str:
        """Return the short name of a class; empty if the rows are too low."""
        if places.bands[digit].height() < _MIN_ROW and not self.role(digit):
            return ""
        return short_name(self.name(digit))

    def paint_bands(self, painter: QPainter, places: Places) -> None:
        strength = 0.20 if theme.theme().colours.dark else 0.11
        painter.setFont(theme.font(Text.LABEL))
        named = self.banded and bool(places.columns)
        for digit, band in enumerate(places.bands):
            role = self.role(digit)
            if places.columns and not named:
                # Units as they are numbered are in no digit's row.
                band = QRectF(QPointF(places.answer - 8, band.top()), band.bottomRight())
            if role:
                painter.fillRect(band, theme.colour(role, strength))
            if digit:
                painter.setPen(QPen(theme.colour("line"), 1))
                painter.drawLine(band.topLeft(), band.topRight())
            if named:
                painter.setPen(theme.colour(role or "muted"))
                box = QRectF(band.left(), band.top(), 20 * self.scale, band.height())
                painter.drawText(box, Qt.AlignCenter, self.short_name(places, digit))

    def paint_titles(
        self, painter: QPainter, places: Places, note_of_answer: str = "", answer: bool = True
    ) -> None:
        """Write the titles of picture, layers and, where it has one, of the answers."""
        layers, top = self.layers(), 18 * self.scale
        convolves = bool(places.columns) and layers[places.columns[0].layer].convolves
        end = places.answer + (0 if answer else 36 * self.scale)
        edges = [column.box.left() for column in places.columns] + [end]
        pooled = [column.box.left() for column in places.columns if column.pooled]
        free = edges[0]
        note = "28×28" if convolves else _("784 pixels")
        paint_title(painter, QPointF(0, top), _("Picture"), note, edges[0] - APART)
        for column, following in zip(places.columns, edges[1:], strict=True):
            layer, place = layers[column.layer], QPointF(column.box.left(), top)
            size = "{}×{}".format(*column.tile) if column.tile else ""
            if column.pooled:
                # It is thin: below the next layer's title, as far as the next one of its kind.
                later = (edge for edge in pooled if edge > place.x())
                room = next(later, math.inf) - place.x() - APART
                below = place + QPointF(0, 15 * self.scale)
                paint_title(painter, below, _("Pooled"), size, room, size)
                continue
            room = following - place.x() - APART
            note = i18n.number(layer.units)
            if len(places.columns) <= 2:
                note = counted("{count} unit", "{count} units", layer.units)
            if layer.convolves:
                note = size
            elif column.shown < layer.units:
                shown = i18n.number(column.shown)
                note = counted("{shown} of {count} unit", "{shown} of {count} units", layer.units,
                               shown=shown)  # fmt: skip
            title, short = _title(layer, layers)
            write_with(painter, Text.LABEL, "text", bold=True)
            missing = painter.fontMetrics().horizontalAdvance(title) - room
            if 0 < missing < place.x() - free:
                # It begins before its column, where no other title is.
                place, room = place - QPointF(missing, 0), room + missing
            free = following
            paint_title(painter, place, title, note, room, short)
        if answer:
            paint_title(painter, QPointF(places.answer, top), _("Answer"), note_of_answer)
        for column, after in pairwise(c for c in places.columns if not c.pooled):
            if after.layer > column.layer + 1:
                box = QRectF(column.box.topRight(), after.box.bottomLeft())
                painter.setPen(theme.colour("muted"))
                painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, "…")

    def paint_answers(
        self,
        painter: QPainter,
        places: Places,
        p: np.ndarray,
        words: Sequence[str],
        ticks: Mapping[int, float] | None = None,
        chosen: int | None = None,
    ) -> None:
        """Paint each answer's ring, its probability as a bar, and words; ticks are in the bars."""
        left = places.answer + 30 * self.scale
        half = min(_HALF_BAR * self.scale, places.bands[0].height() / 3)
        for digit, band in enumerate(places.bands):
            y, role = band.center().y(), self.role(digit)
            self.paint_ring(painter, places, digit, digit == chosen)
            bar = QRectF(left, y - half, places.bar, 2 * half)
            paint_bar(painter, bar, float(p[digit]), half, role or "muted", least=3.0)
            if ticks is not None and digit in ticks:
                x, high = left + places.bar * ticks[digit], min(8 * self.scale, band.height() / 2)
                painter.setPen(QPen(theme.colour("text"), 2))
                painter.drawLine(QPointF(x, y - high), QPointF(x, y + high))
            write_with(painter, Text.BODY, "text" if role else "muted", bold=bool(role))
            box = QRectF(bar.right(), y - 12, band.right() - bar.right() - 4, 24)
            draw_tabular(painter, box, words[digit] if len(words) else "", Qt.AlignRight)

    def paint_cells(
        self, painter: QPainter, places: Places, headings: Sequence[str],
        cells: Sequence[Sequence[str]],
    ) -> None:  # fmt: skip
        """Paint a row of figures for each answer, below their headings."""
        left = places.answer + 30 * self.scale
        write_with(painter, Text.LABEL, "text", bold=True)
        widths = [
            max(tabular_width(painter.font(), text) for text in texts)
            for texts in zip(headings, *cells, strict=True)
        ]
        apart = (self.width() - left - sum(widths)) / len(widths)
        ends = [left + end + apart * n for n, end in enumerate(accumulate(widths), 1)]
        for right, text in zip(ends, headings, strict=True):
            box = QRectF(0, 4 * self.scale, right - 2, 18 * self.scale)
            painter.drawText(box, _RIGHT, text)
        for digit, texts in enumerate(cells):
            self.paint_ring(painter, places, digit)
            role, y = self.role(digit), places.bands[digit].center().y()
            write_with(painter, Text.LABEL, "text" if role else "muted", bold=bool(role))
            for right, text in zip(ends, texts, strict=True):
                draw_tabular(painter, QRectF(0, y - 12, right - 2, 24), text, Qt.AlignRight)

    def paint_ring(
        self, painter: QPainter, places: Places, digit: int, chosen: bool = False
    ) -> None:
        centre, role = places.ring(digit), self.role(digit)
        radius = min(_RING * self.scale, places.bands[digit].height() / 2 - 1)
        answer, colour = role == "accent", theme.colour(role or "line")
        painter.setPen(QPen(theme.colour("text") if chosen else colour, 2.5 if chosen else 1.6))
        painter.setBrush(colour if answer else theme.colour("card"))
        painter.drawEllipse(centre, radius, radius)
        write_with(painter, Text.LABEL, "on_accent" if answer else role or "muted", bold=True)
        box = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, self.short_name(places, digit))


def _title(layer: Layer, layers: Sequence[Layer]) -> tuple[str, str]:
    """Return a layer's name, and a short one; the only one of its kind needs no number."""
    number = layer.name.partition(" ")[2]
    if sum(other.convolves == layer.convolves for other in layers[:-1]) == 1:
        number = ""
    if layer.convolves:
        # Translators: the letter of a narrow column that is titled "Conv. 2".
        short = pgettext("short for convolution", "C")
        title = _("Conv. {number}", number=number) if number else _("Conv.")
    else:
        short = pgettext("short for hidden", "H")
        title = _("Hidden {number}", number=number) if number else _("Hidden")
    return title, f"{short}{number}"


def short_name(name: str) -> str:
    return narrow_name(name)[:2]


def paint_title(
    painter: QPainter,
    place: QPointF,
    title: str,
    note: str,
    room: float = math.inf,
    short: str = "",
) -> None:
    """Draw a title and, if it fits, a note; where there is no room, a shorter title alone."""
    write_with(painter, Text.LABEL, "text", bold=True)
    if painter.fontMetrics().horizontalAdvance(title) > room:
        title = painter.fontMetrics().elidedText(short or title, Qt.ElideRight, int(room))
        note = ""
    painter.drawText(place, title)
    x = place.x() + painter.fontMetrics().horizontalAdvance(title) + 6
    write_with(painter, Text.LABEL, "muted")
    if x + painter.fontMetrics().horizontalAdvance(note) <= place.x() + room:
        painter.drawText(QPointF(x, place.y()), note)


#: Forms of a legend, with their width in logical pixels.
_FORMS = {"full": 8, "inset": 8, "box": 8, "cross": 8, "solid": 26, "dashed": 26, "tick": 3}


def paint_legend(
    painter: QPainter, place: QPointF, entries: Sequence[tuple[str, str]], room: float
) -> float:
    """Paint forms with words; elide words that do not fit. Return the x of the end."""
    scale = theme.text_scale()
    painter.setFont(theme.font(Text.LABEL))
    used = sum(_FORMS[form] * scale + 6 + 14 * scale for form, __ in entries)
    texts = shortened(QFontMetricsF(painter.font()), [words for __, words in entries], room - used)
    x, y = place.x(), place.y()
    for (form, __), text in zip(entries, texts, strict=True):
        size = _FORMS[form] * scale
        _paint_form(painter, QRectF(x, y - 4 * scale, size, 8 * scale), form)
        painter.setPen(theme.colour("muted"))
        wide = painter.fontMetrics().horizontalAdvance(text)
        painter.drawText(QRectF(x + size + 6, y - 12, wide + 4, 24), _LEFT, text)
        x += size + 6 + wide + 14 * scale
    return x


def _paint_form(painter: QPainter, box: QRectF, form: str) -> None:
    painter.setBrush(Qt.NoBrush)
    middle = box.center()
    if form == "full":
        painter.fillRect(box, theme.colour("accent"))
    elif form == "inset":
        edge = 0.2 * box.width()
        painter.fillRect(box.adjusted(edge, edge, -edge, -edge), theme.colour("second"))
    elif form == "box":
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawRect(box)
    elif form == "cross":
        painter.setPen(QPen(theme.colour("muted"), 1.2))
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.topRight(), box.bottomLeft())
    elif form == "tick":
        painter.setPen(QPen(theme.colour("text"), 2))
        painter.drawLine(QPointF(middle.x(), box.top() - 3), QPointF(middle.x(), box.bottom() + 3))
    else:
        pen = QPen(theme.colour("accent" if form == "solid" else "second"), 2)
        if form == "dashed":
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.drawLine(QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y()))


def shortened(metrics: QFontMetricsF, texts: Sequence[str], room: float) -> list[str]:
    """Elide the longest of texts that do not fit side by side."""
    found = list(texts)
    wide = [metrics.horizontalAdvance(text) for text in texts]
    for left, place in enumerate(sorted(range(len(texts)), key=wide.__getitem__)):
        share = room / (len(texts) - left)
        if wide[place] > share:
            found[place] = metrics.elidedText(texts[place], Qt.ElideRight, int(share))
        room -= min(wide[place], share)
    return found
