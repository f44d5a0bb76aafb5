"""A panel of rows that change many times a second: headings, sums, bars, sentences, pictures.

It is painted as a whole: labels that change their text each frame would trigger a new layout of the
window. A screen reader gets all of it as one description.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QFont, QPainter, QPaintEvent, QPen, QTextDocument, QTextOption
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import (
    paint_bar,
    paint_grey,
    paint_signed,
    smooth_painter,
    write_with,
)
from mnist_draw.app.kit.steady_labels import draw_tabular, tabular_width
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain


@dataclass(frozen=True)
class Heading:
    """Small capitals at the left, muted words at the right."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Sum:
    """A line of a sum: words, and a number with its sign's colour; ``total`` draws a line above."""

    text: str
    value: float
    total: bool = False
    coloured: bool = True


@dataclass(frozen=True)
class Term:
    """A term of a sum: its name, its factors, a bar, its value."""

    name: str
    made: str
    value: float
    largest: float


@dataclass(frozen=True)
class Line:
    text: str
    made: str
    figure: str


@dataclass(frozen=True)
class Code:
    """A line of code, or words beside it: its number, a note at the right, whether it is marked."""

    text: str
    note: str = ""
    number: str = ""
    marked: bool = False
    is_code: bool = True


@dataclass(frozen=True)
class Bar:
    """A share: its name, an answer in a ring, a bar, words; what is right is in the accent."""

    name: str
    value: float
    words: str
    ring: str = ""
    colour: str = "muted"
    full: float = 1.0


@dataclass(frozen=True)
class Sentence:
    """A sentence of any length; may contain <b> and <sup>."""

    text: str
    muted: bool = False


@dataclass(frozen=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture with words: grey, or signed, or signed with its numbers."""

    values: np.ndarray = field(repr=False)
    signed: bool = False
    numbers: bool = False


@dataclass(frozen=True, eq=False)
class PictureRow:
    """One large picture at the left, and small ones in rows of three at the right."""

    title: str
    large: Picture | None
    small_title: str
    small: tuple[tuple[Picture, str], ...] = ()
    second: Picture | None = None
    #: Of a smaller one, in logical pixels.
    side: float = 0.0


Row = Heading | Sum | Term | Line | Code | Bar | Sentence | Rule | PictureRow

#: Heights at the usual size of text, in logical pixels.
_LINE, _TERM, _LARGE, _GAP = 20.0, 19.0, 116.0, 5.0
#: Of the radius of a ring, and the part of the width where it is.
_RING, _RING_AT = 9.0, 0.52
#: Between words, bar and figure in one line.
_BETWEEN = 5.0

_LEFT = int(Qt.AlignLeft | Qt.AlignVCenter)
_RIGHT = int(Qt.AlignRight | Qt.AlignVCenter)

#: A word that is longer than a line breaks, too.
_ANYWHERE = QTextOption()
_ANYWHERE.setWrapMode(QTextOption.WrapAtWordBoundaryOrAnywhere)


def _line() -> float:
    return _LINE * theme.text_scale()


def _term() -> float:
    return _TERM * theme.text_scale()


def code_font(size: int, bold: bool = False) -> QFont:
    """Return the system's font for code at a size of `Text`."""
    font = QFont("monospace")
    font.setStyleHint(QFont.Monospace)
    font.setPixelSize(round(size * theme.text_scale()))
    font.setWeight(QFont.Bold if bold else QFont.Normal)
    return font


class RowsView(QWidget):
    """Shows rows, one below the other: as high as they are, or as so many lines."""

    def __init__(self, name: str, title: str, sentence: str, lines: int = 0) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        self._lines = lines
        self.setFocusPolicy(Qt.StrongFocus)
        self.rows: tuple[Row, ...] = ()
        self._fit()
        theme.theme().changed.connect(self._fit)

    def set_lines(self, lines: int) -> None:
        if lines != self._lines:
            self._lines = lines
            self._fit()

    def _fit(self) -> None:
        vertical = QSizePolicy.Fixed if self._lines else QSizePolicy.Expanding
        self.setSizePolicy(QSizePolicy.Expanding, vertical)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(270, round(self._lines * _line()) or 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, round(self._lines * _line()))

    def show_rows(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self.setAccessibleDescription(self.description())
        self.update()

    def description(self) -> str:
        found = []
        for row in self.rows:
            match row:
                case Heading():
                    found.append(f"{row.text.capitalize()}.")
                case Sum():
                    found.append(f"{row.text}: {signed(row.value)}.")
                case Term():
                    found.append(f"{row.name}: {row.made}, {signed(row.value)}.")
                case Line():
                    found.append(f"{row.text}: {row.made} {row.figure}.")
                case Code():
                    found.append(f"{row.text.strip()}{row.note and f' ({row.note})'};")
                case Bar():
                    found.append(f"{row.name}: {row.ring} {row.words}.")
                case Sentence():
                    found.append(_plain(row.text))
                case Rule() | PictureRow():
                    pass
        return " ".join(found)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        width, y = float(self.width()), 0.0
        for row in self.rows:
            match row:
                case Heading():
                    y = self._heading(painter, row, y, width)
                case Sum():
                    y = self._sum(painter, row, y, width)
                case Term():
                    y = self._term(painter, row, y, width)
                case Line():
                    y = self._plain_line(painter, row, y, width)
                case Code():
                    y = self._code(painter, row, y, width)
                case Bar():
                    y = self._bar(painter, row, y, width)
                case Sentence():
                    y = self._sentence(painter, row, y, width)
                case Rule():
                    painter.setPen(QPen(theme.colour("line"), 1))
                    painter.drawLine(QPointF(0, y + 8), QPointF(width, y + 8))
                    y += 16
                case PictureRow():
                    y = self._pictures(painter, row, y, width)
        if not self._lines and math.ceil(y) != self.minimumHeight():
            # The panel scrolls.
            self.setMinimumHeight(math.ceil(y))

    def _heading(self, painter: QPainter, row: Heading, y: float, width: float) -> float:
        write_with(painter, Text.HEADING, "muted", bold=True)
        box = QRectF(0, y, width, _line())
        painter.drawText(box, _LEFT, row.text.upper())
        painter.setFont(theme.font(Text.HEADING))
        painter.drawText(box, _RIGHT, row.note)
        return y + _line() + 1

    def _sum(self, painter: QPainter, row: Sum, y: float, width: float) -> float:
        if row.total:
            painter.setPen(QPen(theme.colour("muted"), 1))
            painter.drawLine(QPointF(width - 64, y + 2.5), QPointF(width, y + 2.5))
            y += 5
        painter.setFont(theme.font(Text.BODY, bold=True))
        room = width - tabular_width(painter.font(), signed(row.value)) - _BETWEEN
        write_with(painter, Text.BODY, "text")
        box = QRectF(0, y, width, _line())
        if painter.fontMetrics().horizontalAdvance(row.text) <= room:
            painter.drawText(box, _LEFT, row.text)
        else:
            # The figure is beside the last line.
            box.setBottom(self._written(painter, escape(row.text), Text.BODY, "text", y, room))
            box.setTop(box.bottom() - painter.fontMetrics().lineSpacing())
        painter.setFont(theme.font(Text.BODY, bold=True))
        colour = "text"
        if row.coloured and row.value:
            colour = "accent" if row.value > 0 else "second"
        painter.setPen(theme.colour(colour))
        draw_tabular(painter, box, signed(row.value), Qt.AlignRight)
        return box.bottom() + (2 if box.top() > y else 0)

    def _term(self, painter: QPainter, row: Term, y: float, width: float) -> float:
        box = QRectF(0, y, width, _term())
        write_with(painter, Text.LABEL, "text", bold=True)
        figure = tabular_width(painter.font(), signed(row.value)) + _BETWEEN
        bar, right = 62.0, width - max(48.0, figure)
        # The table and screen readers have the whole name.
        room = right - bar - _BETWEEN
        name = painter.fontMetrics().elidedText(row.name, Qt.ElideRight, int(room))
        painter.drawText(box, _LEFT, name)
        used = painter.fontMetrics().horizontalAdvance(name) + _BETWEEN
        write_with(painter, Text.LABEL, "muted")
        # The bar shrinks for words as long as it can be seen.
        words = painter.fontMetrics().horizontalAdvance(row.made)
        bar = max(_BETWEEN, min(bar, right - _BETWEEN - used - words))
        made = QRectF(used, y, max(0.0, right - bar - _BETWEEN - used), _term())
        right_of = int(Qt.AlignRight | Qt.AlignVCenter | Qt.TextDontClip)
        painter.drawText(made, right_of, row.made)
        positive = row.value > 0
        colour = theme.colour("accent" if positive else "second")
        high = 8.0 if positive else 4.0
        wide = bar * min(1.0, abs(row.value) / max(row.largest, 1e-12))
        painter.setPen(Qt.NoPen)
        painter.setBrush(colour)
        thick = QRectF(right - bar, box.center().y() - high / 2, max(2.0, wide), high)
        painter.drawRoundedRect(thick, 2, 2)
        painter.setPen(colour)
        painter.setFont(theme.font(Text.LABEL, bold=True))
        draw_tabular(painter, box, signed(row.value), Qt.AlignRight)
        return y + _term()

    @staticmethod
    def _plain_line(painter: QPainter, row: Line, y: float, width: float) -> float:
        box = QRectF(0, y, width, _term())
        write_with(painter, Text.BODY, "text")
        figure = tabular_width(theme.font(Text.BODY, bold=True), row.figure) + _BETWEEN
        text = painter.fontMetrics().elidedText(row.text, Qt.ElideRight, int(width - figure))
        painter.drawText(box, _LEFT, text)
        words = painter.fontMetrics().horizontalAdvance(text) + 3 * _BETWEEN
        painter.setFont(theme.font(Text.BODY, bold=True))
        draw_tabular(painter, box, row.figure, Qt.AlignRight)
        box.setRight(width - painter.fontMetrics().horizontalAdvance(row.figure) - 3 * _BETWEEN)
        write_with(painter, Text.LABEL, "muted")
        if painter.fontMetrics().horizontalAdvance(row.made) <= box.width() - words:
            painter.drawText(box, _RIGHT, row.made)
        return y + _term()

    @staticmethod
    def _code(painter: QPainter, row: Code, y: float, width: float) -> float:
        box = QRectF(0, y, width, _line())
        if row.marked:
            painter.fillRect(box, theme.colour("accent", 0.16))
            painter.fillRect(QRectF(0, y, 3, box.height()), theme.colour("accent"))
        write_with(painter, Text.LABEL, "accent" if row.marked else "muted", bold=True)
        painter.drawText(box.adjusted(8, 0, 0, 0), _LEFT, row.number)
        painter.setFont(code_font(Text.HEADING))
        painter.drawText(box.adjusted(0, 0, -4, 0), _RIGHT, row.note)
        box.setRight(width - painter.fontMetrics().horizontalAdvance(row.note) - 2 * _BETWEEN)
        box.setLeft(24 * theme.text_scale())
        painter.setFont(
            code_font(Text.LABEL, row.marked) if row.is_code else theme.font(Text.LABEL)
        )
        painter.setPen(theme.colour("text" if row.marked or row.note else "muted"))
        _fit(painter, box, row.text)
        return y + _line()

    @staticmethod
    def _bar(painter: QPainter, row: Bar, y: float, width: float) -> float:
        scale = theme.text_scale()
        box, at = QRectF(0, y, width, _line() + 2), _RING_AT * width
        write_with(painter, Text.BODY, "text")
        painter.drawText(box, _RIGHT, row.words)
        figure = painter.fontMetrics().horizontalAdvance(">99.9 %") + 2 * _BETWEEN
        name = painter.fontMetrics().elidedText(row.name, Qt.ElideRight, round(at - 14))
        painter.drawText(box, _LEFT, name)
        if row.ring:
            _paint_ring(painter, QPointF(at, box.center().y()), row.ring, row.colour == "accent")
        left = at + 2 * _RING * scale * bool(row.ring)
        bar = QRectF(left, box.center().y() - Size.BAR / 2, width - figure - left, Size.BAR)
        part = min(1.0, row.value / row.full)
        paint_bar(painter, bar, part, Size.BAR / 2, row.colour, least=Size.BAR)
        return box.bottom()

    def _sentence(self, painter: QPainter, row: Sentence, y: float, width: float) -> float:
        look = (Text.LABEL, "muted") if row.muted else (Text.BODY, "text")
        return self._written(painter, row.text, *look, y + 3, width) + 3

    @staticmethod
    def _written(
        painter: QPainter, text: str, size: int, colour: str, y: float, width: float
    ) -> float:
        document = QTextDocument()
        document.setDocumentMargin(0)
        document.setDefaultFont(theme.font(size))
        document.setDefaultTextOption(_ANYWHERE)
        document.setHtml(f'<span style="color: {theme.colour(colour).name()}">{text}</span>')
        document.setTextWidth(width)
        painter.save()
        painter.translate(0, y)
        document.drawContents(painter)
        painter.restore()
        return y + float(document.size().height())

    def _pictures(self, painter: QPainter, row: PictureRow, y: float, width: float) -> float:
        write_with(painter, Text.LABEL, "muted")
        large = row.side or _LARGE
        right = 2.5 * large if row.side else width - _LARGE - 6
        painter.drawText(QRectF(0, y, width, _line()), _LEFT, row.title)
        painter.drawText(QRectF(right, y, width - right, _line()), _LEFT, row.small_title)
        y += _line()
        if row.large is not None:
            self._picture(painter, QRectF(0, y, large, large), row.large)
        if row.second is not None:
            self._picture(painter, QRectF(right, y, large, large), row.second)
        side = (width - right - 2 * _GAP) / 3
        for number, (picture, words) in enumerate(row.small):
            place, across = divmod(number, 3)
            top = y + place * (side + 20)
            box = QRectF(right + across * (side + _GAP), top, side, side)
            self._picture(painter, box, picture)
            write_with(painter, Text.HEADING, "muted")
            painter.drawText(QRectF(box.left(), box.bottom(), side, 18), int(Qt.AlignCenter), words)
        return y + max(large, 2 * side + 40 if row.small else 0.0) + 6

    def _picture(self, painter: QPainter, box: QRectF, picture: Picture) -> None:
        values = picture.values
        if not picture.signed:
            paint_grey(painter, box, values)
            return
        painter.fillRect(box, theme.colour("paper"))
        paint_signed(painter, box, values, 0.0, self.devicePixelRatioF())
        if picture.numbers and values.shape[0] <= 7:
            write_with(painter, Text.HEADING, "text")
            cell = box.width() / values.shape[1]
            for (row, column), value in np.ndenumerate(values):
                place = QRectF(box.left() + column * cell, box.top() + row * cell, cell, cell)
                painter.drawText(place, int(Qt.AlignCenter), _short(float(value)))


def _fit(painter: QPainter, room: QRectF, text: str) -> None:
    """Write a line of code; where there is no room for it, in a narrower font, then elided."""
    font = painter.font()
    wide = painter.fontMetrics().horizontalAdvance(text)
    if wide > room.width():
        font.setStretch(max(80, int(100 * room.width() / wide)))
        painter.setFont(font)
    text = painter.fontMetrics().elidedText(text, Qt.ElideRight, int(room.width()))
    painter.drawText(room, _LEFT, text)


def _paint_ring(painter: QPainter, middle: QPointF, text: str, right: bool) -> None:
    radius = _RING * theme.text_scale()
    painter.setPen(QPen(theme.colour("accent" if right else "text"), 1.2))
    painter.setBrush(theme.colour("accent") if right else Qt.NoBrush)
    painter.drawEllipse(middle, radius, radius)
    write_with(painter, Text.LABEL, "on_accent" if right else "text", bold=True)
    box = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
    painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, text)


def signed(value: float) -> str:
    """Format a number with its sign: ``"+0.34"``, ``"−0.22"``."""
    return f"{value:+.2f}".replace("-", "−")


def _short(value: float) -> str:
    text = f"{value:.1f}".replace("0.", ".").replace("-", "−")
    return ".0" if text in ("−.0", ".0") else text


def _plain(text: str) -> str:
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()
