"""A panel of rows that change often: painted as a whole, so that no row triggers a layout."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from html import escape, unescape

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import (
    QFont,
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QTextDocument,
    QTextOption,
)
from qtpy.QtWidgets import QSizePolicy, QWidget

from mnist_draw import i18n
from mnist_draw.app.kit import painters, theme
from mnist_draw.app.kit.painters import write_elided, write_with
from mnist_draw.app.kit.steady_labels import draw_tabular, tabular_width
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain

#: Heights at the usual size of text, in logical pixels.
_LINE = 20.0
_CODE_LINE = 17.0
_LARGE = 116.0
_GAP = 5.0
#: Least width of each of two columns beside each other, and what is between them.
_COLUMN = 460.0
_APART = 24.0
#: The part of the width where a bar begins.
_BAR_AT = 0.52
#: Width of the largest term's bar: the usual one, and the least beside its factors.
_TERM = 62.0
_SHORTEST = 20.0
#: Of the parts of a sum: enough to add them up, each rounded for itself.
_SUM_DECIMALS = 3
#: Between words, bar and figure in one line.
_BETWEEN = 5.0

#: Code, and figures of cells, are written in one of these percentages of their usual width.
_WIDTHS = (100, 93, 86)
_LEFT = int(Qt.AlignLeft | Qt.AlignVCenter)
_RIGHT = int(Qt.AlignRight | Qt.AlignVCenter)

#: A word that is longer than a line breaks, too.
_ANYWHERE = QTextOption()
_ANYWHERE.setWrapMode(QTextOption.WrapAtWordBoundaryOrAnywhere)


class Row:
    """One row: paints itself from a height on, and returns where it ends."""

    def words(self) -> str:
        """Return it for a screen reader."""
        return ""

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        raise NotImplementedError


@dataclass(frozen=True)
class Heading(Row):
    """Small capitals at the left, muted words at the right."""

    text: str
    note: str = ""

    def words(self) -> str:
        return f"{self.text}."

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        write_with(painter, Text.HEADING, "muted", bold=True)
        box = QRectF(0, y, width, _line())
        painter.drawText(box, _LEFT, self.text.upper())
        left = painter.fontMetrics().horizontalAdvance(self.text.upper()) + _BETWEEN
        painter.setFont(theme.font(Text.HEADING))
        # Where there is no room beside the heading, the note is below it.
        if self.note and left + painter.fontMetrics().horizontalAdvance(self.note) > width:
            box.translate(0, _line())
        write_elided(painter, box, _RIGHT, self.note)
        return box.bottom() + 1


@dataclass(frozen=True)
class Line(Row):
    """A line of a sum: its name, its factors, its figure; a total below a line, a term's bar."""

    text: str
    figure: str
    made: str = ""
    value: float = 0.0
    colored: bool = True
    total: bool = False
    largest: float = 0.0
    #: The widest name, factors and figure of the terms whose bars have one scale.
    widest: tuple[str, str, str] = ("", "", "")

    def words(self) -> str:
        return f"{self.text}: {self.made and f'{self.made}, '}{self.figure}."

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        if self.total:
            painter.setPen(QPen(theme.color("muted"), 1))
            painter.drawLine(QPointF(width - 64, y + 2.5), QPointF(width, y + 2.5))
            y += 5
        sign = "accent" if self.value > 0 else "second"
        color = sign if self.colored and self.value else "text"
        figure = theme.font(Text.BODY, bold=True)
        own = (self.text, self.made, self.figure)
        name, made, most = (wide or word for wide, word in zip(self.widest, own, strict=True))
        right = width - tabular_width(figure, most) - _BETWEEN
        box = QRectF(0, y, width, _line())
        write_with(painter, Text.LABEL if self.largest else Text.BODY, "text")
        factors = QFontMetricsF(theme.font(Text.LABEL)).horizontalAdvance(made)
        words = painter.fontMetrics().horizontalAdvance(name) + 3 * _BETWEEN
        # Where there is no room beside the name, the factors are below it.
        least = words + factors + _SHORTEST * bool(self.largest)
        below = _line() if self.made and least > right else 0.0
        if self.largest:
            free = min(right, width - 48) - words - (0 if below else factors)
            right = self._paint_bar(painter, box, min(right, width - 48), free, color)
            painter.setPen(theme.color("text"))
        if self.made or self.largest:
            write_elided(painter, QRectF(0, y, right, _line()), _LEFT, self.text)
            write_with(painter, Text.LABEL, "muted")
            end = width if below else right - _BETWEEN
            painter.drawText(QRectF(0, y + below, end, _line()), _RIGHT, self.made)
        elif painter.fontMetrics().horizontalAdvance(self.text) <= right:
            painter.drawText(box, _LEFT, self.text)
        else:
            # The figure is beside the last line.
            box.setBottom(write_html(painter, escape(self.text), Text.BODY, "text", y, right) + 2)
            box.setTop(box.bottom() - _line())
        painter.setPen(theme.color(color))
        painter.setFont(figure)
        draw_tabular(painter, box, self.figure, Qt.AlignRight)
        return box.bottom() + below

    def _paint_bar(
        self,
        painter: QPainter,
        box: QRectF,
        right: float,
        free: float,
        color: str,
    ) -> float:
        """Paint the bar and return where there is room left of it; words need more than a bar."""
        room = max(_BETWEEN, min(_TERM, free))
        wide = max(2.0, room * min(1.0, abs(self.value) / self.largest))
        high = 8.0 if self.value > 0 else 4.0
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color(color))
        bar = QRectF(right - room, box.center().y() - high / 2, wide, high)
        painter.drawRoundedRect(bar, 2, 2)
        return right - room - _BETWEEN


def sum_line(text: str, value: float, total: bool = False, colored: bool = True) -> Line:
    return Line(text, signed(value, _SUM_DECIMALS), "", value, colored, total)


def term_lines(terms: Sequence[tuple[str, str, float]]) -> list[Line]:
    """Return the lines of terms, each a name, factors and a value, whose bars have one scale."""
    largest = max((abs(value) for *_words, value in terms), default=0.0)
    columns = zip(*((name, made, signed(value)) for name, made, value in terms), strict=True)
    width = QFontMetricsF(theme.font(Text.LABEL)).horizontalAdvance
    widest = [max(column, key=width) for column in columns]
    return [
        Line(name, signed(value), made, value, True, False, max(largest, 1e-12), tuple(widest))
        for name, made, value in terms
    ]


def aligned(rows: Sequence[Row]) -> list[Row]:
    """Return rows in which the factors of all lines end in one column, before the figures."""
    width = QFontMetricsF(theme.font(Text.BODY)).horizontalAdvance
    figures = [row.figure for row in rows if isinstance(row, Line) and row.made]
    widest = ("", "", max(figures, key=width, default=""))
    return [replace(row, widest=widest) if isinstance(row, Line) else row for row in rows]


@dataclass(frozen=True)
class Code(Row):
    """A line of code: its number, a note at the right, whether it is marked."""

    text: str
    note: str = ""
    marked: bool = False
    number: str = ""

    def words(self) -> str:
        return f"{self.text.strip()}{self.note and f' ({self.note})'};"

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        font = code_font(Text.LABEL, self.marked)
        small = code_font(Text.HEADING)
        left = 24 * theme.text_scale()
        right = width - QFontMetricsF(small).horizontalAdvance(self.note) - 2 * _BETWEEN
        # Where there is no room beside the text, the note is below it.
        line = _CODE_LINE * theme.text_scale()
        below = 0.0 if narrow_font(font, self.text, right - left) else line
        box = QRectF(0, y, width, line + below)
        if self.marked:
            painter.fillRect(box, theme.color("accent", 0.16))
            painter.fillRect(QRectF(0, y, 3, box.height()), theme.color("accent"))
        box.setHeight(line)
        write_with(painter, Text.LABEL, "accent" if self.marked else "muted", bold=True)
        painter.drawText(box.adjusted(8, 0, 0, 0), _LEFT, self.number)
        painter.setFont(small)
        painter.drawText(box.adjusted(0, below, -4, below), _RIGHT, self.note)
        box.setCoords(left, y, width if below else right, box.bottom())
        narrow_font(font, self.text, box.width())
        painter.setFont(font)
        painter.setPen(theme.color("text" if self.marked or self.note else "muted"))
        write_elided(painter, box, _LEFT, self.text)
        return y + line + below


@dataclass(frozen=True)
class Bar(Row):
    """A share: its name, a bar, words."""

    name: str
    value: float
    figure: str
    color: str
    full: float

    def words(self) -> str:
        return f"{self.name}: {self.figure}."

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        box = QRectF(0, y, width, _line() + 2)
        left = _BAR_AT * width
        write_with(painter, Text.BODY, "text")
        figure = painter.fontMetrics().horizontalAdvance(">99.9%") + 2 * _BETWEEN
        room = left - 14
        if painter.fontMetrics().horizontalAdvance(self.name) > room:
            # Where there is no room beside the bar, the name is above it.
            room = width
        write_elided(painter, QRectF(0, y, room, box.height()), _LEFT, self.name)
        box.translate(0, _line() * (room == width))
        painter.drawText(box, _RIGHT, self.figure)
        bar = QRectF(left, box.center().y() - Size.BAR / 2, width - figure - left, Size.BAR)
        part = min(1.0, self.value / self.full)
        painters.paint_bar(painter, bar, part, Size.BAR / 2, self.color, least=Size.BAR)
        return box.bottom()


@dataclass(frozen=True)
class Sentence(Row):
    """A sentence of any length; may contain <b> and <sup>."""

    text: str
    muted: bool = False

    def words(self) -> str:
        return unescape(re.sub(r"</?\w+>", "", self.text))

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        look = (Text.LABEL, "muted") if self.muted else (Text.BODY, "text")
        return write_html(painter, self.text, *look, y + 3, width) + 3


@dataclass(frozen=True)
class Rule(Row):
    def paint(self, painter: QPainter, y: float, width: float) -> float:
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(QPointF(0, y + 8), QPointF(width, y + 8))
        return y + 16


@dataclass(frozen=True)
class Columns(Row):
    """Rows in two columns where there is room for them, else below each other."""

    left: Sequence[Row]
    right: Sequence[Row]

    def words(self) -> str:
        return i18n.joined(*(row.words() for row in (*self.left, *self.right)))

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        wide = (width - _APART) / 2
        if wide < _COLUMN * theme.text_scale():
            return paint_rows(painter, (*self.left, Rule(), *self.right), y, width)
        end = paint_rows(painter, self.left, y, wide)
        painter.save()
        painter.translate(wide + _APART, 0)
        other = paint_rows(painter, self.right, y, wide)
        painter.restore()
        return max(end, other)


def paint_rows(painter: QPainter, rows: Sequence[Row], y: float, width: float) -> float:
    for row in rows:
        y = row.paint(painter, y, width)
    return y


@dataclass(frozen=True, eq=False)
class Picture:
    values: np.ndarray = field(repr=False)
    signed: bool = False
    #: What gets the full color; 0 for the largest.
    largest: float = 0.0

    def paint(self, painter: QPainter, box: QRectF) -> None:
        if self.signed:
            painter.fillRect(box, theme.color("paper"))
            painters.paint_signed(painter, box, self.values, self.largest)
        else:
            painters.paint_gray(painter, box, self.values)


@dataclass(frozen=True, eq=False)
class PictureRow(Row):
    """One or two large pictures beside each other, or small ones in rows of three at the right."""

    title: str
    large: Picture | None
    small_title: str
    small: tuple[tuple[Picture, str], ...] = ()
    second: Picture | None = None
    #: Of a smaller one, in logical pixels.
    side: float = 0.0

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        write_with(painter, Text.LABEL, "muted")
        large = self.side or _LARGE
        right = 2.5 * large if self.side else width - _LARGE - 6
        left = min(right, width - painter.fontMetrics().horizontalAdvance(self.small_title))
        painter.drawText(QRectF(left, y, width - left, _line()), _LEFT, self.small_title)
        room = left - _BETWEEN if self.small_title else width
        look = (escape(self.title), Text.LABEL, "muted")
        y = max(y + _line(), write_html(painter, *look, y + 2, room) + 3)
        if self.large is not None:
            self.large.paint(painter, QRectF(0, y, large, large))
        if self.second is not None:
            self.second.paint(painter, QRectF(right, y, large, large))
        side = (width - right - 2 * _GAP) / 3
        for number, (picture, words) in enumerate(self.small):
            place, across = divmod(number, 3)
            box = QRectF(right + across * (side + _GAP), y + place * (side + 20), side, side)
            picture.paint(painter, box)
            write_with(painter, Text.HEADING, "muted")
            painter.drawText(QRectF(box.left(), box.bottom(), side, 18), int(Qt.AlignCenter), words)
        return y + max(large, 2 * side + 40 if self.small else 0.0) + 6


class RowsView(QWidget):
    """Shows rows, one below the other: as high as they are, and at least so many lines."""

    def __init__(self, name: str, title: str, sentence: str = "", lines: int = 0) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        self._lines = lines
        vertical = QSizePolicy.Fixed if lines else QSizePolicy.Expanding
        self.setSizePolicy(QSizePolicy.Expanding, vertical)
        self.setFocusPolicy(Qt.StrongFocus)
        self.rows: tuple[Row, ...] = ()
        theme.follow(self, self._fit)

    def _fit(self) -> None:
        self.setMinimumHeight(0)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(270, self.minimumSizeHint().height() or 120)

    def minimumSizeHint(self) -> QSize:
        # A heading is a pixel higher than a line.
        return QSize(240, self._lines and round(self._lines * _line()) + 1)

    def show_rows(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self.setAccessibleDescription(i18n.joined(*(row.words() for row in rows)))
        if self._lines:
            # What is beside a view that does not scroll is laid out before it is painted.
            nothing = QPixmap(1, 1)
            self._paint(QPainter(nothing))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._paint(painters.smooth_painter(self))

    def _paint(self, painter: QPainter) -> None:
        high = math.ceil(paint_rows(painter, self.rows, 0.0, float(self.width())))
        painter.end()
        high = max(high, self.minimumSizeHint().height())
        if high != self.minimumHeight():
            self.setMinimumHeight(high)


def _line() -> float:
    return _LINE * theme.text_scale()


def code_font(size: int, bold: bool = False) -> QFont:
    font = QFont("monospace")
    font.setStyleHint(QFont.Monospace)
    font.setPixelSize(round(size * theme.text_scale()))
    font.setWeight(QFont.Bold if bold else QFont.Normal)
    return font


def narrow_font(font: QFont, text: str, room: float) -> bool:
    """Narrow a font until a text has room; return whether it has."""
    for percent in _WIDTHS:
        font.setStretch(percent)
        # Text is elided by whole pixels.
        if QFontMetricsF(font).horizontalAdvance(text) <= int(room):
            return True
    return False


def rich_text(text: str, size: int, color: str, width: float) -> QTextDocument:
    """Lay a text of any length out, with its tags."""
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(theme.font(size))
    document.setDefaultTextOption(_ANYWHERE)
    document.setHtml(f'<span style="color: {theme.color(color).name()}">{text}</span>')
    document.setTextWidth(width)
    return document


def paint_rich(painter: QPainter, document: QTextDocument, place: QPointF) -> None:
    painter.save()
    painter.translate(place)
    document.drawContents(painter)
    painter.restore()


def write_html(
    painter: QPainter,
    text: str,
    size: int,
    color: str,
    y: float,
    width: float,
) -> float:
    """Write a text that wraps; return the y of its end."""
    document = rich_text(text, size, color, width)
    paint_rich(painter, document, QPointF(0, y))
    return y + float(document.size().height())


def signed(value: float, decimals: int = 2) -> str:
    """Format a number with its sign: ``"+0.34"``, ``"−0.00"``; only zero itself has none."""
    words = i18n.number(value, f"+.{decimals}f")
    return words if value else words[1:]
