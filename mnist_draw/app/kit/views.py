"""Views that paint themselves: items that keys and pointer walk through, and rows of lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, QObject, QPoint, QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from qtpy.QtWidgets import (
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import (
    LEFT,
    RIGHT,
    draw_with,
    paint_bar,
    paint_box,
    write_elided,
    write_with,
)
from mnist_draw.app.kit.steady_labels import draw_tabular, tabular_width
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain, tip

if TYPE_CHECKING:
    import numpy as np

_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key_Left: (-1, 0),
    Qt.Key_Right: (1, 0),
    Qt.Key_Up: (0, -1),
    Qt.Key_Down: (0, 1),
}
_PICKS = (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space)


def nearest_ahead(
    places: np.ndarray,
    start: np.ndarray,
    right: int,
    down: int,
    wanted: np.ndarray | bool = True,
) -> int | None:
    """Return which of the places, (n, 2), an arrow key leads to; None where none is ahead."""
    import numpy as np

    way = places - start
    ahead = way @ np.array([right, down])
    aside = np.abs(way @ np.array([down, right]))
    cost = np.where((ahead > 0.5) & wanted, ahead + 2 * aside, np.inf)
    nearest = int(cost.argmin())
    return nearest if np.isfinite(cost[nearest]) else None


class PaintedView(QWidget):
    """A view that paints itself, takes the focus and fills its room."""

    #: What `sizeHint` and `minimumSizeHint` return, in pixels.
    SIZE = LEAST_SIZE = (-1, -1)

    def __init__(self, name: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        # Tooltips are shown at once, for the item.
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(*self.SIZE)

    def minimumSizeHint(self) -> QSize:
        return QSize(*self.LEAST_SIZE)


class WalkableView(PaintedView):
    """Describes the item walked to, in a tooltip and to screen readers.

    A subclass paints, with `current` marked, and knows its items by number.
    """

    #: Another item is walked to, or none.
    pointed = Signal()

    #: Points of a curve are pointed at from so far away, in pixels.
    NEAR = 14.0

    def __init__(self, name: str, title: str, sentence: str) -> None:
        super().__init__(name, title, sentence)
        self.setMouseTracking(True)
        self.current: int | None = None
        theme.theme().changed.connect(self.update)

    # -- what a subclass knows

    def count(self) -> int:
        raise NotImplementedError

    def grid(self) -> tuple[int, int]:
        """Return the rows and columns of the items; no columns where they are in one line."""
        return 0, 0

    def item_at(self, point: QPointF) -> int | None:
        """Return the item nearest to the left or right, where one is near: a curve's point."""
        away = [abs(self.place_of(item).x() - point.x()) for item in range(self.count())]
        nearest = min(away, default=self.NEAR)
        return away.index(nearest) if nearest < self.NEAR else None

    def place_of(self, item: int) -> QPointF:
        raise NotImplementedError

    def describe(self, item: int) -> str:
        raise NotImplementedError

    def tip_of(self, item: int) -> str:
        return tip(self.describe(item))

    def pick(self, item: int) -> bool:
        """Take a click on an item, or Enter; return whether it has a meaning."""
        return False

    def escape(self) -> bool:
        """Take Esc; return whether it has a meaning."""
        return False

    def before_first(self) -> int:
        """Return the item from which the first arrow key starts."""
        return -1

    # -- walking

    def walk_to(self, item: int | None) -> None:
        """Mark and describe an item."""
        if item != self.current:
            self.current = item
            self._say_current()
            self.update()
            self.pointed.emit()

    def resting_words(self) -> str:
        """Return what is read aloud while no item is walked to."""
        return str(self.property("explained"))

    def _say_current(self) -> None:
        item = self.current
        self.setAccessibleDescription(self.resting_words() if item is None else self.describe(item))

    def show_items(self) -> None:
        """Show other items; the one walked to stays while there are so many."""
        if self.current is not None and self.current >= self.count():
            self.walk_to(None)
        self._say_current()
        self.update()

    def paint_current(self, painter: QPainter, radius: float) -> None:
        """Draw a ring around the item walked to."""
        if self.current is not None:
            draw_with(painter, "second", 2.5)
            painter.drawEllipse(self.place_of(self.current), radius, radius)

    def step(self, right: int, down: int) -> bool:
        """Walk on by an arrow key; return whether it has a meaning."""
        rows, columns = self.grid()
        if not self.count() or not (right or columns):
            return False
        start = self.before_first() if self.current is None else self.current
        item = min(max(start + right, 0), self.count() - 1)
        if columns:
            row, column = divmod(start, columns) if start >= 0 else (0, -1)
            row = min(max(row + down, 0), rows - 1)
            column = column + right
            item = row * columns + min(max(column, 0), columns - 1)
        if item < self.count():
            self.walk_to(item)
            self.show_tip_of(item)
        return True

    def show_tip_of(self, item: int) -> None:
        self._show_tip(self.mapToGlobal(self.place_of(item).toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        has_meaning = key in _ARROWS and self.step(*_ARROWS[key])
        if key in _PICKS and self.current is not None:
            has_meaning = self.pick(self.current)
        if key == Qt.Key_Escape:
            has_meaning = self.escape()
        if not has_meaning:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        item = self.item_at(event.localPos())
        if event.button() == Qt.LeftButton and item is not None:
            self.walk_to(item)
            self.pick(item)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.walk_to(None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.walk_to(self.item_at(event.localPos()))
        self._show_tip(event.globalPos())

    def _show_tip(self, place: QPoint) -> None:
        text = "" if self.current is None else self.tip_of(self.current)
        QToolTip.showText(place, text, self)


class BoxesView(WalkableView):
    """Its items are boxes, in which they are pointed at."""

    def box_of(self, item: int) -> QRectF:
        raise NotImplementedError

    def item_at(self, point: QPointF) -> int | None:
        return next((n for n in range(self.count()) if self.box_of(n).contains(point)), None)

    def place_of(self, item: int) -> QPointF:
        return self.box_of(item).center()


#: The role of a row's `Row`.
ROW = Qt.UserRole
#: Before and after a figure, and in a chip.
_GAP = 12
_CHIP = (18, 19)
#: The title is never narrower for a chip.
_LEAST_TITLE = 110
#: The title's width from which on there is room for `Row.aside`, and the width of that.
_TITLE_BESIDE = 230
_ASIDE = 96
#: The widest bar of progress, and its height.
_BAR = (200, 4)


@dataclass(frozen=True)
class Row:
    """What a row shows; a heading has a title alone."""

    title: str
    height: int
    is_heading: bool = False
    note: str = ""
    #: A text and a note in a column of their own.
    aside: tuple[str, str] = ("", "")
    figure: str = ""
    #: Size, color and weight of the figure.
    figure_look: tuple[int, str, bool] = (Text.BODY, "text", False)
    when: str = ""
    #: A word in a filled box after the title, and one in a gray box.
    chip: str = ""
    tag: str = ""
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
    #: The left edge of `Row.aside`, which rows show that are wide enough.
    aside: int = 0
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
            available_area = rect.adjusted(theme.scaled(self._columns.heading), 0, 0, -Size.GRID)
            painter.drawText(available_area, LEFT, row.title)
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
        painter.drawText(place, RIGHT, row.when)
        if columns.dots:
            draw_with(painter, fill="muted")
            middle = QPointF(rect.right() - theme.scaled(columns.dots), rect.center().y())
            for step in (-5, 0, 5):
                painter.drawEllipse(middle + QPointF(theme.scaled(step), 0), 1.3, 1.3)
        words = _until(rect, right - taken)
        words.setLeft(rect.left() + theme.scaled(columns.title))
        aside = rect.right() - theme.scaled(columns.aside)
        is_wide = aside - words.left() >= theme.scaled(_TITLE_BESIDE)
        if columns.aside and any(row.aside) and is_wide:
            room = min(theme.scaled(_ASIDE), words.right() - aside)
            area = QRectF(aside, rect.top(), room, rect.height())
            self._paint_two_lines(painter, area, row.aside)
            words.setRight(aside - theme.scaled(_GAP))
        return words

    def _paint_two_lines(self, painter: QPainter, area: QRectF, texts: tuple[str, str]) -> None:
        write_with(painter, Text.LABEL, "text")
        upper = _until(area, area.right())
        upper.setBottom(area.center().y())
        write_elided(painter, upper, int(Qt.AlignLeft | Qt.AlignBottom), texts[0])
        write_with(painter, Text.LABEL, "muted")
        lower = QRectF(area.left(), area.center().y() + 2, area.width(), area.height() / 2)
        write_elided(painter, lower, int(Qt.AlignLeft | Qt.AlignTop), texts[1])

    def _paint_words(self, painter: QPainter, available_area: QRectF, row: Row) -> None:
        write_with(painter, Text.BODY, "text", bold=True)
        high = painter.fontMetrics().height()
        top = available_area.center().y() - (high + 1 if row.note else high / 2)
        upper = QRectF(available_area.left(), top, available_area.width(), high)
        upper.setWidth(upper.width() - self._paint_chips(painter, upper, row))
        write_with(painter, Text.BODY, "text", bold=True)
        write_elided(painter, upper, LEFT, row.title)
        write_with(painter, Text.LABEL, "muted")
        lower = QRectF(
            available_area.left(),
            available_area.center().y() + 2,
            available_area.width(),
            high,
        )
        write_elided(painter, lower, LEFT, row.note)
        if row.part is not None:
            wide, thick = (theme.scaled(side) for side in _BAR)
            top = available_area.bottom() - 2 * thick
            bar = QRectF(available_area.left(), top, min(wide, available_area.width()), thick)
            paint_bar(painter, bar, row.part, 2)

    def _paint_chips(self, painter: QPainter, upper: QRectF, row: Row) -> float:
        """Paint chips after the title, if there is room; return what they and all gaps take."""
        title = painter.fontMetrics().horizontalAdvance(row.title)
        write_with(painter, Text.HEADING, "text", bold=True)
        pad, high = (theme.scaled(side) for side in _CHIP)
        gap = theme.scaled(_GAP)
        looks = ((row.chip, "accent", "on_accent"), (row.tag, "track", "text"))
        chips = [
            (word, painter.fontMetrics().horizontalAdvance(word) + pad, fill, color)
            for word, fill, color in looks
            if word
        ]
        taken = sum(chip[1] + gap for chip in chips)
        available_width = upper.width() - taken
        if available_width < min(title, theme.scaled(_LEAST_TITLE)):
            return 0.0
        left = upper.left() + min(title, available_width) + gap
        for word, wide, fill, color in chips:
            box = QRectF(left, upper.center().y() - high / 2, wide, high)
            paint_box(painter, box, fill, fill, 5)
            painter.setPen(theme.color(color))
            painter.drawText(box, int(Qt.AlignCenter), word)
            left += wide + gap
        return taken


def _until(rect: QRectF, right: float) -> QRectF:
    return QRectF(rect.left(), rect.top(), max(0.0, right - rect.left()), rect.height())
