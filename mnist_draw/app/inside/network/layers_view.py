"""A painted network: picture, hidden layers, answers; the base of *Network* and of *One step*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QFontMetricsF, QPainter, QResizeEvent

from mnist_draw import i18n
from mnist_draw.analysis.network_probe import Layer
from mnist_draw.analysis.unit_profiles import UnitProfiles
from mnist_draw.app.inside.network.network_reader import Unit
from mnist_draw.app.inside.network.units import Column, Layout, Places
from mnist_draw.app.inside.rows_view import paint_rich, rich_text
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import RIGHT, draw_with, paint_bar, paint_ring, write_with
from mnist_draw.app.kit.steady_labels import draw_tabular, tabular_width
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.views import PaintedView
from mnist_draw.i18n import _, counted
from mnist_draw.library.network_data import Name, narrow_name

#: A unit is pointed at from this many logical pixels away.
_REACH = 14.0
#: Rows of digits that are lower than this, in logical pixels, have no room for a name each.
_MIN_ROW = 12.0
#: Between the titles of two layers, and from one line of titles to the next, in logical pixels.
APART = 8
_LINE = 15
_RING = 11.0
_HALF_BAR = 4.0
#: The largest least width of a picture, in pixels.
_MAX_LEAST = 440


class LayersView(PaintedView):
    """Knows the places of a network's units, and paints what all of its pictures share."""

    #: Whether the answers have a title; else that of the last layer may be over their rings.
    names_answer = True

    def __init__(self, name: str, title: str, sentence: str) -> None:
        super().__init__(name, title, sentence)
        self.profiles: UnitProfiles | None = None
        self.by_digit = True
        self.name: Name = str
        self._places: Places | None = None
        theme.theme().changed.connect(self.lay_out_anew)

    def minimumSizeHint(self) -> QSize:
        # Beside a card that grows with the text there is no room to grow as much.
        wide, high = self.LEAST_SIZE
        return QSize(min(theme.scaled(wide), _MAX_LEAST), theme.scaled(high))

    # -- what a subclass knows

    def layers(self) -> tuple[Layer, ...]:
        """Return the layers that are painted; none before there is a network."""
        raise NotImplementedError

    def role(self, digit: int) -> str:
        """Return the color of a digit's row: of the answer or label, of the rival, or none."""
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
        layers = self.layers()
        profiles = self.profiles
        if self._places is None and layers and self.width() > 100:
            hidden = range(len(layers) - 1)
            rows = [profiles.rows(n) if profiles and self.by_digit else None for n in hidden]
            heights = [None if profiles is None else profiles.means[n].max(0) for n in hidden]
            self._places = Layout(
                layers,
                self.width(),
                self.height(),
                rows,
                heights,
                self.scale,
                **self.layout_options(),
            ).places()
        return self._places

    def unit_at(self, place: QPointF) -> Unit | None:
        places = self.places()
        if places is None:
            return None
        return places.unit_at(place, _REACH)

    # -- painting

    def short_name(self, places: Places, digit: int) -> str:
        """Return the short name of a class; empty if the rows are too low."""
        if places.bands[digit].height() < _MIN_ROW and not self.role(digit):
            return ""
        return short_name(self.name(digit))

    def paint_bands(self, painter: QPainter, places: Places) -> None:
        painter.setFont(theme.font(Text.LABEL))
        for digit, band in enumerate(places.bands):
            role = self.role(digit)
            if places.columns and not self.banded:
                # Units as they are numbered are in no digit's row.
                band = QRectF(QPointF(places.answer - 8, band.top()), band.bottomRight())
            self._paint_ground(painter, band, role)
            if digit:
                draw_with(painter, "line")
                painter.drawLine(band.topLeft(), band.topRight())

    def _paint_ground(self, painter: QPainter, box: QRectF, role: str) -> None:
        if role:
            strength = 0.20 if theme.theme().colors.dark else 0.11
            painter.fillRect(box, theme.color(role, strength))

    def paint_names(self, painter: QPainter, places: Places) -> None:
        """Write each row's digit at its beginning, over all lines that cross it."""
        painter.setFont(theme.font(Text.LABEL))
        for digit, band in enumerate(places.bands if self.banded and places.columns else ()):
            name = self.short_name(places, digit)
            high = painter.fontMetrics().height()
            box = QRectF(band.left(), band.center().y() - high / 2, 20 * self.scale, high)
            if name:
                painter.fillRect(box, theme.color("card"))
                self._paint_ground(painter, box, self.role(digit))
            painter.setPen(theme.color(self.role(digit) or "muted"))
            painter.drawText(box, Qt.AlignCenter, name)

    def _title(self, column: Column, with_unit: bool) -> tuple[str, str]:
        """Return title and note of a column."""
        layer = self.layers()[column.layer]
        size = "×".join(map(str, column.tile))
        if column.pooled:
            return _("Pooled"), size
        place = layer.name.partition(" ")[2]
        if layer.convolves:
            return _("Conv. {number}", number=place), size
        note = i18n.number(layer.units)
        if column.shown < layer.units:
            note = counted(
                "{shown} of {count} unit",
                "{shown} of {count} units",
                layer.units,
                shown=i18n.number(column.shown),
            )
        elif with_unit:
            note = counted("{count} unit", "{count} units", layer.units)
        return _("Hidden {number}", number=place), note

    def paint_titles(self, painter: QPainter, places: Places, note_of_answer: str) -> None:
        """Write the titles of picture, layers and, where it has one, of the answers."""
        convolves = bool(places.columns) and self.layers()[places.columns[0].layer].convolves
        top = places.top - 34 * self.scale
        bold = QFontMetricsF(theme.font(Text.LABEL, bold=True))
        end = following = places.answer - APART
        # From the last to the first: a wide title begins further left.
        for column in reversed(places.columns):
            title, note = self._title(column, with_unit=len(places.columns) <= 2)
            # What is pooled has its title in the line below, which ends before the next layer's.
            limit = following if column.pooled else end
            left = min(column.box.left(), limit - bold.horizontalAdvance(title))
            place = QPointF(left, top + _LINE * self.scale * column.pooled)
            paint_title(painter, place, title, note, limit - left)
            following = column.box.left() - APART
            if not column.pooled:
                end = left - APART
        note = "28×28" if convolves else _("784 pixels")
        paint_title(painter, QPointF(0, top), _("Picture"), note, end)
        if self.names_answer:
            room = self.width() - places.answer
            paint_title(painter, QPointF(places.answer, top), _("Answer"), note_of_answer, room)
        whole = [column for column in places.columns if not column.pooled]
        for column, after in pairwise(whole):
            if after.layer > column.layer + 1:
                box = QRectF(column.box.topRight(), after.box.bottomLeft())
                painter.setPen(theme.color("muted"))
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
            y = band.center().y()
            role = self.role(digit)
            self.paint_ring(painter, places, digit, digit == chosen)
            bar = QRectF(left, y - half, places.bar, 2 * half)
            paint_bar(painter, bar, float(p[digit]), half, role or "muted", least=3.0)
            if ticks is not None and digit in ticks:
                x = left + places.bar * ticks[digit]
                high = min(8 * self.scale, band.height() / 2)
                draw_with(painter, "text", 2)
                painter.drawLine(QPointF(x, y - high), QPointF(x, y + high))
            write_with(painter, Text.BODY, "text" if role else "muted", bold=bool(role))
            box = QRectF(bar.right(), y - 12, band.right() - bar.right() - 4, 24)
            draw_tabular(painter, box, words[digit] if len(words) else "", Qt.AlignRight)

    def paint_cells(
        self,
        painter: QPainter,
        places: Places,
        headings: Sequence[str],
        cells: Sequence[Sequence[str]],
    ) -> None:
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
            painter.drawText(box, RIGHT, text)
        for digit, texts in enumerate(cells):
            self.paint_ring(painter, places, digit)
            role = self.role(digit)
            y = places.bands[digit].center().y()
            # No higher than its row: one does not cover the next.
            size = min(Text.LABEL, int(0.95 * places.bands[digit].height() / self.scale))
            write_with(painter, size, "text" if role else "muted", bold=bool(role))
            for right, text in zip(ends, texts, strict=True):
                draw_tabular(painter, QRectF(0, y - 12, right - 2, 24), text, Qt.AlignRight)

    def paint_ring(
        self,
        painter: QPainter,
        places: Places,
        digit: int,
        chosen: bool = False,
    ) -> None:
        center = places.ring(digit)
        role = self.role(digit)
        radius = min(_RING * self.scale, places.bands[digit].height() / 2 - 1)
        edge = ("text", 2.5) if chosen else (role or "line", 1.6)
        name = self.short_name(places, digit)
        full = role == "accent"
        paint_ring(painter, center, radius, name, *edge, role or "muted", full)


def short_name(name: str, letters: int = 2) -> str:
    return narrow_name(name)[:letters]


def paint_title(painter: QPainter, place: QPointF, title: str, note: str, room: float) -> None:
    """Draw a title, elided if it must be, and, if it fits, a note."""
    write_with(painter, Text.LABEL, "text", bold=True)
    title = QFontMetricsF(painter.font()).elidedText(title, Qt.ElideRight, room)
    painter.drawText(place, title)
    x = place.x() + painter.fontMetrics().horizontalAdvance(title) + 6
    write_with(painter, Text.LABEL, "muted")
    if x + painter.fontMetrics().horizontalAdvance(note) <= place.x() + room:
        painter.drawText(QPointF(x, place.y()), note)


#: Signs of a legend, each with its color.
_SIGNS = {
    "full": ("■", "accent"),
    "inset": ("▪", "second"),
    "box": ("□", "accent"),
    "cross": ("×", "muted"),
    "solid": ("—", "accent"),
    "dashed": ("- -", "second"),
    "tick": ("|", "text"),
}
_NO_BREAK = "\N{NO-BREAK SPACE}"


def value_legend(values: Sequence[np.ndarray]) -> list[tuple[str, str]]:
    """Return the entries for the values of units: some activations give values below 0, too."""
    entries = [("full", _("lit: the value is above 0"))]
    if any((of_layer < 0).any() for of_layer in values):
        entries.append(("inset", _("below 0")))
    return entries


def paint_legend(
    painter: QPainter,
    box: QRectF,
    entries: Sequence[tuple[str, str]],
    upwards: bool = False,
) -> float:
    """Paint signs with words at the top of a box, or at its bottom; return their width."""
    shown = []
    for sign, text in entries:
        mark, color = _SIGNS[sign]
        colored = f'<b style="color: {theme.color(color).name()}">{mark}</b>'
        # An entry is not broken at its end of the line.
        shown.append(f"{colored}{_NO_BREAK}{escape(text).replace(' ', _NO_BREAK)}")
    legend = rich_text(f"{3 * _NO_BREAK} ".join(shown), Text.LABEL, "muted", box.width())
    top = box.bottom() - legend.size().height() if upwards else box.top()
    paint_rich(painter, legend, QPointF(box.left(), top))
    return float(legend.idealWidth())
