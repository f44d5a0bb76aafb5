"""A painted view whose items the arrow keys and the pointer walk through."""

from __future__ import annotations

from PyQt5.QtCore import QPoint, QPointF, QSize, Qt
from PyQt5.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.widgets import explain, tip

_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key_Left: (-1, 0),
    Qt.Key_Right: (1, 0),
    Qt.Key_Up: (0, -1),
    Qt.Key_Down: (0, 1),
}
_PICKS = (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space)


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

    def before_first(self) -> int:
        """Return the item from which the first arrow key starts."""
        return -1

    # -- walking

    def walk_to(self, item: int | None) -> None:
        """Mark and describe an item."""
        if item != self.current:
            self.current = item
            self.setAccessibleDescription("" if item is None else self.describe(item))
            self.update()

    def show_items(self) -> None:
        """Show other items; the one walked to stays while there are so many."""
        if self.current is not None and self.current >= self.count():
            self.walk_to(None)
        self.update()

    def paint_current(self, painter: QPainter, radius: float) -> None:
        """Draw a ring around the item walked to."""
        if self.current is not None:
            painter.setBrush(Qt.NoBrush)
            painter.setPen(QPen(theme.colour("second"), 2.5))
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
