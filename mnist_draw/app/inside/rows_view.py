"""A panel of rows that change often: painted as a whole, so that no row triggers a layout."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from itertools import groupby
from typing import NamedTuple

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, QUrl
from qtpy.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QTextDocument,
    QTextOption,
)
from qtpy.QtWidgets import QSizePolicy, QWidget

from mnist_draw import i18n
from mnist_draw.app.kit import painters, theme
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain

#: Sides of pictures, in logical pixels.
_LARGE = 116
_SMALL = 36
#: Width of the largest term's bar, and its height; one of a number below 0 is as low as half.
_TERM = 46
_HIGH = 8
#: The most of the width that factors take before they break.
_MADE_PART = 0.45
#: Of the parts of a sum: enough to add them up, each rounded for itself.
_SUM_DECIMALS = 3
#: Between words, bar and figure in one line.
_BETWEEN = 5.0

#: A word that is longer than a line breaks, too.
_ANYWHERE = QTextOption()
_ANYWHERE.setWrapMode(QTextOption.WrapAtWordBoundaryOrAnywhere)


class Fit(NamedTuple):
    """The width of some rows, and of it what factors and figures of their lines need."""

    width: float
    made: int
    figure: int


class Row:
    """One row of rich text."""

    def words(self) -> str:
        """Return it for a screen reader."""
        return ""

    @property
    def ground(self) -> str:
        """Return the name of the color behind it; empty for none."""
        return ""

    def html(self, fit: Fit) -> str:
        ground = self.ground and theme.color(self.ground).name()
        return f"{_TABLE}<tr bgcolor='{ground}'>{self.cells(fit)}</tr></table>"

    def cells(self, fit: Fit) -> str:
        """Return its cells as HTML."""
        raise NotImplementedError


_TABLE = '<table width="100%" cellspacing="0">'


@dataclass(frozen=True)
class Heading(Row):
    """Small capitals at the left, muted words at the right."""

    text: str
    note: str = ""

    def words(self) -> str:
        return f"{self.text}."

    def cells(self, fit: Fit) -> str:
        title = f'<td class="heading"><b>{escape(self.text.upper())}</b></td>'
        return f'{title}<td class="heading" align="right">{escape(self.note)}</td>'


@dataclass(frozen=True)
class Line(Row):
    """A line of a sum: its name, its factors, its figure; a total below a line, a term's bar."""

    text: str
    figure: str
    made: str = ""
    value: float = 0.0
    colored: bool = True
    total: bool = False
    #: The value whose bar has the full width; 0 for no bar.
    largest: float = 0.0
    #: The color; empty for that of the value's sign.
    color: str = ""

    def words(self) -> str:
        return f"{self.text}: {self.made and f'{self.made}, '}{self.figure}."

    def cells(self, fit: Fit) -> str:
        sign = "accent" if self.value > 0 else "second"
        color = self.color or (sign if self.colored and self.value else "text")
        bar = ""
        if self.largest:
            wide = max(2, round(_TERM * min(1.0, abs(self.value) / self.largest)))
            high = _HIGH if self.value > 0 else _HIGH // 2
            bar = f'<img src="{color}" width="{wide}" height="{high}">'
        over = f"border-top: 1px solid {theme.color('muted').name()}" if self.total else ""
        return (
            f"<td>{escape(self.text)}</td>"
            f'<td class="made" width="{fit.made}" align="right">{escape(self.made)}</td>'
            f'<td class="bar" width="{_TERM if bar else 0}">{bar}</td>'
            f'<td class="figure" width="{fit.figure}" align="right" '
            f'style="{over}; color: {theme.color(color).name()}">{escape(self.figure)}</td>'
        )


def sum_line(text: str, value: float, total: bool = False, colored: bool = True) -> Line:
    return Line(text, signed(value, _SUM_DECIMALS), "", value, colored, total)


def term_lines(terms: Sequence[tuple[str, str, float]]) -> list[Line]:
    """Return the lines of terms, each a name, factors and a value, whose bars have one scale."""
    largest = max((abs(value) for *_words, value in terms), default=0.0)
    return [
        Line(name, signed(value), made, value, largest=max(largest, 1e-12))
        for name, made, value in terms
    ]


@dataclass(frozen=True)
class Code(Row):
    """A line of code: its number, a note at the right, whether it is marked."""

    text: str
    note: str = ""
    marked: bool = False
    number: str = ""

    def words(self) -> str:
        return f"{self.text.strip()}{self.note and f' ({self.note})'};"

    @property
    def ground(self) -> str:
        return "chosen" if self.marked else ""

    def cells(self, fit: Fit) -> str:
        look = "marked" if self.marked else "code" if self.note else "faint"
        text = re.sub("^ +", lambda found: "&nbsp;" * len(found[0]), escape(self.text))
        return (
            f'<td width="16" class="number">{self.number}</td><td class="{look}">{text}</td>'
            f'<td class="faint" align="right">{escape(self.note)}</td>'
        )


@dataclass(frozen=True)
class Sentence(Row):
    """A sentence of any length; may contain <b> and <sup>."""

    text: str
    muted: bool = False

    def words(self) -> str:
        return unescape(re.sub(r"</?\w+>", "", self.text))

    def cells(self, fit: Fit) -> str:
        return f'<td class="{"muted" if self.muted else "said"}">{self.text}</td>'


@dataclass(frozen=True)
class Rule(Row):
    def words(self) -> str:
        return ""

    def cells(self, fit: Fit) -> str:
        line = theme.color("line").name()
        return f'<td class="rule" style="border-top: 1px solid {line}">&nbsp;</td>'


def rows_html(rows: Sequence[Row], width: float) -> str:
    """Return rows below each other, in a width; figures of all lines end below each other."""
    figures = [row.figure for row in rows if isinstance(row, Line)]
    figure = _widest(figures, theme.font(Text.BODY, bold=True))
    found = []
    for _kind, some in groupby(rows, type):
        near = list(some)
        factors = [row.made for row in near if isinstance(row, Line)]
        made = min(_widest(factors, theme.font(Text.LABEL)), round(_MADE_PART * width))
        found += [row.html(Fit(width, made, figure)) for row in near]
    return "".join(found)


def _widest(texts: Sequence[str], font: QFont) -> int:
    width = QFontMetricsF(font).horizontalAdvance
    return math.ceil(max(map(width, texts), default=0) + _BETWEEN) if any(texts) else 0


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    values: np.ndarray
    signed: bool = False
    #: What gets the full color; 0 for the largest.
    largest: float = 0.0
    #: Row and column of a framed value.
    place: tuple[int, ...] | None = None

    def paint(self, painter: QPainter, box: QRectF) -> None:
        if self.signed:
            painter.fillRect(box, theme.color("paper"))
            painters.paint_signed(painter, box, self.values, self.largest)
        else:
            painters.paint_gray(painter, box, self.values)
        if self.place is not None:
            high, wide = (
                side / count
                for side, count in zip((box.height(), box.width()), self.values.shape, strict=True)
            )
            row, column = self.place
            corner = box.topLeft() + QPointF(column * wide, row * high)
            painters.paint_frame(painter, QRectF(corner, QSizeF(wide, high)), "second", 4)

    def tag(self, wide: int) -> str:
        """Return it as a tag of rich text, sharp on fine screens, too."""
        rows, columns = self.values.shape
        high = round(wide * rows / columns)
        image = QImage(2 * wide, 2 * high, QImage.Format_ARGB32_Premultiplied)
        painter = QPainter(image)
        self.paint(painter, QRectF(image.rect()))
        painter.end()
        return painters.image_tag(image, wide, high)


@dataclass(frozen=True, eq=False)
class PictureRow(Row):
    """A large picture, and beside it small ones with words, three in a row."""

    title: str
    large: Picture | None
    small_title: str
    small: tuple[tuple[Picture, str], ...] = ()

    def cells(self, fit: Fit) -> str:
        large = self.large and self.large.tag(_LARGE)
        tags = [
            f'<td class="small" align="center">{picture.tag(_SMALL)}<br>{escape(words)}</td>'
            for picture, words in self.small
        ]
        rows = "".join(f"<tr>{''.join(tags[n : n + 3])}</tr>" for n in range(0, len(tags), 3))
        return (
            f'<td class="picture">{escape(self.title)}<br>{large or ""}</td>'
            f'<td class="picture" align="right">{escape(self.small_title)}'
            f"<table>{rows}</table></td>"
        )


@dataclass(frozen=True, eq=False)
class Pictures(Row):
    """Pictures in one line, each with a title; ``across`` of them have the whole width."""

    pictures: Mapping[str, Picture]
    across: int
    said: str = ""

    def words(self) -> str:
        return self.said

    def cells(self, fit: Fit) -> str:
        wide = int(fit.width / self.across - (_BETWEEN if self.across > 1 else 0))
        return "".join(
            f'<td class="picture">{title and f"{escape(title)}<br>"}{picture.tag(wide)}</td>'
            for title, picture in self.pictures.items()
        )


@dataclass(frozen=True, eq=False)
class Numbers(Row):
    """A table of numbers with two decimals, each on a ground of its sign's color."""

    title: str
    values: np.ndarray

    def html(self, fit: Fit) -> str:
        largest = max(float(np.abs(self.values).max()), 1e-12)
        paper, above, below = (
            painters.rgb(theme.color(name)) for name in ("card", "accent", "second")
        )
        lines = []
        for values in self.values.tolist():
            cells = []
            for value in values:
                # Half the color, so that figures are legible on it.
                color = above if value > 0 else below
                ground = paper + (color - paper) * abs(value) / largest / 2
                name = QColor(*ground.astype(int).tolist()).name()
                cells.append(f'<td bgcolor="{name}" align="center">{short(value)}</td>')
            lines.append(f"<tr>{''.join(cells)}</tr>")
        title = (
            f'<tr><td class="muted" colspan="{self.values.shape[1]}">{escape(self.title)}</td></tr>'
        )
        return f'<table class="numbers" width="100%">{title}{"".join(lines)}</table>'


def short(value: float) -> str:
    """Return a number for a small cell: ``"−.12"``, ``"1.30"``, ``"0"``."""
    if not round(value, 2):
        return "0"
    words = i18n.number(value, ".2f")
    return words.replace("0", "", 1) if abs(value) < 1 else words


class RowsView(QWidget):
    """Shows rows, one below the other: as high as they are."""

    def __init__(self, name: str, title: str, sentence: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setFocusPolicy(Qt.StrongFocus)
        self.rows: tuple[Row, ...] = ()
        #: The rows laid out, and the width, theme and size of text that they are laid out for.
        self._document: QTextDocument | None = None
        self._look: tuple[object, ...] = ()
        theme.follow(self, self._fit)

    def _fit(self) -> None:
        self.setMinimumHeight(0)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(270, 120)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 0)

    def show_rows(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        self._document = None
        self.setAccessibleDescription(i18n.joined(*(row.words() for row in rows)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        width = float(self.width())
        look = width, theme.theme().colors, theme.text_scale()
        if self._document is None or look != self._look:
            self._look = look
            self._document = rich_text(rows_html(self.rows, width), Text.BODY, "text", width)
        painter = painters.smooth_painter(self)
        paint_rich(painter, self._document, QPointF())
        painter.end()
        high = math.ceil(self._document.size().height())
        if high != self.minimumHeight():
            self.setMinimumHeight(high)


def _style() -> str:
    """Return how the cells of all rows look."""
    muted = theme.color("muted").name()

    def size(text: int) -> str:
        return f"font-size: {round(text * theme.text_scale())}px"

    return f"""
        td {{ padding-bottom: 3px; vertical-align: middle }}
        .heading {{ color: {muted}; {size(Text.HEADING)}; padding-top: 4px }}
        .small {{ {size(Text.HEADING)}; padding-left: 4px }}
        .rule {{ font-size: 3px }}
        .bar {{ padding-left: 5px }}
        .picture {{ vertical-align: top }}
        .numbers {{ {size(Text.AXIS)} }}
        .made, .muted, .picture {{ color: {muted}; {size(Text.LABEL)} }}
        .figure {{ font-weight: 600 }}
        .said, .muted {{ padding-top: 3px }}
        .number {{ color: {muted}; font-weight: 600; {size(Text.LABEL)}; padding-left: 3px }}
        .code, .marked, .faint {{ font-family: monospace; {size(Text.LABEL)} }}
        .faint {{ color: {muted} }}
        .marked {{ font-weight: 600 }}
    """


def rich_text(text: str, size: int, color: str, width: float) -> QTextDocument:
    """Lay a text of any length out, with its tags."""
    document = QTextDocument()
    document.setDocumentMargin(0)
    document.setDefaultFont(theme.font(size))
    document.setDefaultTextOption(_ANYWHERE)
    document.setDefaultStyleSheet(_style())
    for name in ("accent", "second", "alert"):
        dot = QImage(1, 1, QImage.Format_RGB32)
        dot.fill(theme.color(name))
        document.addResource(QTextDocument.ImageResource, QUrl(name), dot)
    document.setHtml(f'<span style="color: {theme.color(color).name()}">{text}</span>')
    document.setTextWidth(width)
    return document


def paint_rich(painter: QPainter, document: QTextDocument, place: QPointF) -> None:
    painter.save()
    painter.translate(place)
    document.drawContents(painter)
    painter.restore()


def signed(value: float, decimals: int = 2) -> str:
    """Format a number with its sign: ``"+0.34"``, ``"−0.00"``; only zero itself has none."""
    words = i18n.number(value, f"+.{decimals}f")
    return words if value else words[1:]
