"""A panel of rows that change often: painted as a whole, so that no row triggers a layout."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape, unescape
from itertools import groupby

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, QUrl
from qtpy.QtGui import (
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
#: Least width of each of two columns beside each other, and what is between them.
_COLUMN = 460.0
_APART = 24.0
#: Width of the largest term's bar, and its height; one of a number below 0 is as low as half.
_TERM = 46
_HIGH = 8
#: The most of the width that factors take before they break.
_MADE_PART = 0.45
#: Of the parts of a sum: enough to add them up, each rounded for itself.
_SUM_DECIMALS = 3
#: Between words, bar and figure in one line.
_BETWEEN = 5.0

#: Figures of cells are written in one of these percentages of their usual width.
_WIDTHS = (100, 93, 86)

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


class TextRow(Row):
    """A row of a table of rich text; rows of one kind that follow each other are one table."""

    def cells(self) -> str:
        """Return its cells as HTML."""
        raise NotImplementedError

    def ground(self) -> str:
        """Return the color behind it; empty for none."""
        return ""


@dataclass(frozen=True)
class Heading(TextRow):
    """Small capitals at the left, muted words at the right."""

    text: str
    note: str = ""

    def words(self) -> str:
        return f"{self.text}."

    def cells(self) -> str:
        title = f'<td class="heading"><b>{escape(self.text.upper())}</b></td>'
        return f'{title}<td class="heading" align="right">{escape(self.note)}</td>'


@dataclass(frozen=True)
class Line(TextRow):
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

    def cells(self) -> str:
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
            f'<td class="made" align="right">{escape(self.made)}</td>'
            f'<td class="bar" width="{_TERM if bar else 0}">{bar}</td>'
            f'<td class="figure" align="right" style="{over}; color: {theme.color(color).name()}">'
            f"{escape(self.figure)}</td>"
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
class Code(TextRow):
    """A line of code: its number, a note at the right, whether it is marked."""

    text: str
    note: str = ""
    marked: bool = False
    number: str = ""

    def words(self) -> str:
        return f"{self.text.strip()}{self.note and f' ({self.note})'};"

    def ground(self) -> str:
        return theme.color("chosen").name() if self.marked else ""

    def cells(self) -> str:
        look = "marked" if self.marked else "code" if self.note else "faint"
        text = re.sub("^ +", lambda found: "&nbsp;" * len(found[0]), escape(self.text))
        return (
            f'<td width="16" class="number">{self.number}</td><td class="{look}">{text}</td>'
            f'<td class="faint" align="right">{escape(self.note)}</td>'
        )


@dataclass(frozen=True)
class Sentence(TextRow):
    """A sentence of any length; may contain <b> and <sup>."""

    text: str
    muted: bool = False

    def words(self) -> str:
        return unescape(re.sub(r"</?\w+>", "", self.text))

    def cells(self) -> str:
        return f'<td class="{"muted" if self.muted else "said"}">{self.text}</td>'


@dataclass(frozen=True)
class Rule(TextRow):
    def words(self) -> str:
        return ""

    def cells(self) -> str:
        line = theme.color("line").name()
        return f'<td class="rule" style="border-top: 1px solid {line}">&nbsp;</td>'


@dataclass(frozen=True)
class Columns(Row):
    """Rows in two columns where there is room for them, else below each other."""

    left: Sequence[Row]
    right: Sequence[Row]

    def words(self) -> str:
        return i18n.joined(*(row.words() for row in (*self.left, *self.right)))

    @cached_property
    def _blocks(self) -> tuple[Blocks, Blocks, Blocks]:
        """Both columns, and their rows below each other."""
        below = (*self.left, Rule(), *self.right)
        return Blocks(self.left), Blocks(self.right), Blocks(below)

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        left, right, below = self._blocks
        wide = (width - _APART) / 2
        if wide < _COLUMN * theme.text_scale():
            return below.paint(painter, y, width)
        end = left.paint(painter, y, wide)
        painter.save()
        painter.translate(wide + _APART, 0)
        other = right.paint(painter, y, wide)
        painter.restore()
        return max(end, other)


class Blocks:
    """Rows, ready to be painted again: text is laid out once for a width, a theme and a size."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self._blocks: list[Row | tuple[TextRow, ...]] = []
        for is_text, some in groupby(rows, lambda row: isinstance(row, TextRow)):
            block = list(some)
            texts = tuple(row for row in block if isinstance(row, TextRow))
            self._blocks += [texts] if is_text else block
        self._documents: dict[int, QTextDocument] = {}
        self._look: tuple[object, ...] = ()

    def paint(self, painter: QPainter, y: float, width: float) -> float:
        look = (width, theme.theme().colors, theme.text_scale())
        if look != self._look:
            self._documents.clear()
            self._look = look
        for place, block in enumerate(self._blocks):
            if isinstance(block, Row):
                y = block.paint(painter, y, width)
                continue
            if place not in self._documents:
                tables = _tables(block, width)
                self._documents[place] = rich_text(tables, Text.BODY, "text", width)
            document = self._documents[place]
            paint_rich(painter, document, QPointF(0, y))
            y += document.size().height()
        return y


def _tables(rows: Sequence[TextRow], width: float) -> str:
    """Return rows of text as tables; figures of all lines end in one column, below each other."""
    lines = [row for row in rows if isinstance(row, Line)]
    figures = _widest([line.figure for line in lines], theme.font(Text.BODY, bold=True))
    found = ""
    for _kind, some in groupby(rows, type):
        table = list(some)
        made = [row.made for row in table if isinstance(row, Line)]
        factors = min(_widest(made, theme.font(Text.LABEL)), round(_MADE_PART * width))
        cells = "".join(f'<tr bgcolor="{row.ground()}">{row.cells()}</tr>' for row in table)
        sized = cells.replace('"figure"', f'"figure" width="{figures}"')
        sized = sized.replace('"made"', f'"made" width="{factors}"')
        found += f'<table width="100%" cellspacing="0">{sized}</table>'
    return found


def _widest(texts: Sequence[str], font: QFont) -> int:
    width = QFontMetricsF(font).horizontalAdvance
    return math.ceil(max(map(width, texts), default=0) + _BETWEEN) if any(texts) else 0


@dataclass(frozen=True, eq=False, repr=False)
class Picture:
    values: np.ndarray
    signed: bool = False
    #: What gets the full color; 0 for the largest.
    largest: float = 0.0

    def paint(self, painter: QPainter, box: QRectF) -> None:
        if self.signed:
            painter.fillRect(box, theme.color("paper"))
            painters.paint_signed(painter, box, self.values, self.largest)
        else:
            painters.paint_gray(painter, box, self.values)

    def tag(self, side: int) -> str:
        """Return it as a tag of rich text, sharp on fine screens, too."""
        image = QImage(2 * side, 2 * side, QImage.Format_ARGB32_Premultiplied)
        painter = QPainter(image)
        self.paint(painter, QRectF(image.rect()))
        painter.end()
        return painters.image_tag(image, side, side)


@dataclass(frozen=True, eq=False)
class PictureRow(TextRow):
    """A large picture, and beside it another one, or small ones with words, three in a row."""

    title: str
    large: Picture | None
    small_title: str
    small: tuple[tuple[Picture, str], ...] = ()
    second: Picture | None = None

    def cells(self) -> str:
        large, second = (picture and picture.tag(_LARGE) for picture in (self.large, self.second))
        tags = [
            f'<td class="small" align="center">{picture.tag(_SMALL)}<br>{escape(words)}</td>'
            for picture, words in self.small
        ]
        rows = "".join(f"<tr>{''.join(tags[n : n + 3])}</tr>" for n in range(0, len(tags), 3))
        right = second or f"<table>{rows}</table>"
        return (
            f'<td class="picture">{escape(self.title)}<br>{large or ""}</td>'
            f'<td class="picture" align="right">{escape(self.small_title)}<br>{right}</td>'
        )


class RowsView(QWidget):
    """Shows rows, one below the other: as high as they are."""

    def __init__(self, name: str, title: str, sentence: str = "") -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setFocusPolicy(Qt.StrongFocus)
        self.rows: tuple[Row, ...] = ()
        self._blocks = Blocks()
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
        self._blocks = Blocks(rows)
        self.setAccessibleDescription(i18n.joined(*(row.words() for row in rows)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painters.smooth_painter(self)
        high = math.ceil(self._blocks.paint(painter, 0.0, float(self.width())))
        painter.end()
        if high != self.minimumHeight():
            self.setMinimumHeight(high)


def narrow_font(font: QFont, text: str, room: float) -> bool:
    """Narrow a font until a text has room; return whether it has."""
    for percent in _WIDTHS:
        font.setStretch(percent)
        # Text is elided by whole pixels.
        if QFontMetricsF(font).horizontalAdvance(text) <= int(room):
            return True
    return False


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
