"""Rows of lists of networks, runs and digits: what they show, and the one delegate that paints it.

All places and sizes are pixels at the usual text size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PyQt5.QtCore import QModelIndex, QObject, QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QPainter
from PyQt5.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_bar, paint_box, write_with
from mnist_draw.app.kit.steady_labels import draw_tabular, tabular_width
from mnist_draw.app.kit.theme import Size, Text

#: The role of a row's `Row`.
ROW = Qt.UserRole
#: Before and after a figure, and in a chip.
_GAP = 12
_CHIP = (18, 19)
#: The title is never narrower for a chip.
_LEAST_TITLE = 110
#: The widest bar of progress, and its height.
_BAR = (200, 4)


@dataclass(frozen=True)
class Row:
    """What a row shows; a heading has a title alone."""

    title: str
    height: int
    is_heading: bool = False
    note: str = ""
    figure: str = ""
    #: Size, colour and weight of the figure.
    figure_look: tuple[int, str, bool] = (Text.BODY, "text", False)
    when: str = ""
    #: A word in a box after the title.
    chip: str = ""
    #: How much is done, 0 to 1; None where nothing is going on.
    part: float | None = None
    #: Paints a picture before the title.
    mark: Callable[[QPainter, QRectF], None] = lambda painter, box: None


@dataclass(frozen=True)
class Columns:
    """Where the parts of a row are: marks and titles from the left, the others from the right."""

    heading: int
    mark: int
    mark_size: tuple[int, int]
    title: int
    figure: int
    when: int = 0
    #: The middle of three dots, which open a menu.
    dots: int = 0


class RowDelegate(QStyledItemDelegate):
    """Paints the `Row` of each index."""

    def __init__(self, columns: Columns, parent: QObject) -> None:
        super().__init__(parent)
        self._columns = columns

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(0, theme.scaled(index.data(ROW).height))

    def paint_background(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> None:
        """Paint what is below the words of a row that is no heading."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        row: Row = index.data(ROW)
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.Antialiasing)
        if row.is_heading:
            write_with(painter, Text.HEADING, "muted", bold=True)
            room = rect.adjusted(theme.scaled(self._columns.heading), 0, 0, -Size.GRID)
            painter.drawText(room, int(Qt.AlignVCenter | Qt.AlignLeft), row.title)
        else:
            self.paint_background(painter, option, index)
            row.mark(painter, self._mark_area(rect))
            self._paint_words(painter, self._paint_figures(painter, rect, row), row)
        painter.restore()

    def _mark_area(self, rect: QRectF) -> QRectF:
        wide, high = (theme.scaled(side) for side in self._columns.mark_size)
        left = rect.left() + theme.scaled(self._columns.mark)
        return QRectF(left, rect.center().y() - high / 2, wide, high)

    def _paint_figures(self, painter: QPainter, rect: QRectF, row: Row) -> QRectF:
        """Paint what is at the right; return the room for the words."""
        columns = self._columns
        right = rect.right() - theme.scaled(columns.figure)
        write_with(painter, *row.figure_look)
        draw_tabular(painter, _until(rect, right), row.figure, Qt.AlignRight)
        taken = tabular_width(painter.font(), row.figure) + theme.scaled(_GAP)
        write_with(painter, Text.BODY, "muted")
        place = _until(rect, rect.right() - theme.scaled(columns.when))
        painter.drawText(place, int(Qt.AlignRight | Qt.AlignVCenter), row.when)
        if columns.dots:
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.colour("muted"))
            middle = QPointF(rect.right() - theme.scaled(columns.dots), rect.center().y())
            for step in (-5, 0, 5):
                painter.drawEllipse(middle + QPointF(theme.scaled(step), 0), 1.3, 1.3)
        words = _until(rect, right - taken)
        words.setLeft(rect.left() + theme.scaled(columns.title))
        return words

    def _paint_words(self, painter: QPainter, room: QRectF, row: Row) -> None:
        write_with(painter, Text.BODY, "text", bold=True)
        high = painter.fontMetrics().height()
        top = room.center().y() - (high + 1 if row.note else high / 2)
        upper = QRectF(room.left(), top, room.width(), high)
        if row.chip:
            upper.setWidth(room.width() - self._paint_chip(painter, upper, row))
            write_with(painter, Text.BODY, "text", bold=True)
        # Names often begin alike.
        _write_elided(painter, upper, row.title, Qt.ElideMiddle)
        write_with(painter, Text.LABEL, "muted")
        lower = QRectF(room.left(), room.center().y() + 2, room.width(), high)
        _write_elided(painter, lower, row.note, Qt.ElideRight)
        if row.part is not None:
            wide, thick = (theme.scaled(side) for side in _BAR)
            top = room.bottom() - 2 * thick
            bar = QRectF(room.left(), top, min(wide, room.width()), thick)
            paint_bar(painter, bar, row.part, 2)

    def _paint_chip(self, painter: QPainter, upper: QRectF, row: Row) -> float:
        """Paint the chip after the title, if there is room; return what both gaps and it take."""
        metrics = painter.fontMetrics()
        title = metrics.horizontalAdvance(row.title)
        write_with(painter, Text.HEADING, "on_accent", bold=True)
        pad, high = (theme.scaled(side) for side in _CHIP)
        wide = painter.fontMetrics().horizontalAdvance(row.chip) + pad
        taken = wide + theme.scaled(_GAP)
        room = upper.width() - taken
        if room < min(title, theme.scaled(_LEAST_TITLE)):
            return 0.0
        left = upper.left() + min(title, room) + theme.scaled(_GAP)
        box = QRectF(left, upper.center().y() - high / 2, wide, high)
        paint_box(painter, box, "accent", "accent", 5)
        painter.setPen(theme.colour("on_accent"))
        painter.drawText(box, int(Qt.AlignCenter), row.chip)
        return taken


def _until(rect: QRectF, right: float) -> QRectF:
    return QRectF(rect.left(), rect.top(), max(0.0, right - rect.left()), rect.height())


def _write_elided(painter: QPainter, box: QRectF, text: str, mode: Qt.TextElideMode) -> None:
    shown = painter.fontMetrics().elidedText(text, mode, int(box.width()))
    painter.drawText(box, int(Qt.AlignLeft | Qt.AlignVCenter), shown)
