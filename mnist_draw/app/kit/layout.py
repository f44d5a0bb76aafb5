"""Rows and columns of widgets, rows that wrap, and the pages of the window."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, TypeVar

from qtpy.QtCore import QPoint, QRect, QSize, Qt, QTimer
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import (
    QAction,
    QApplication,
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.kit.theme import Size

B = TypeVar("B", bound=QBoxLayout)
#: A widget or layout, alone or with its stretch; a number is a stretch between others.
Part = QWidget | QLayout | int | tuple[QWidget | QLayout, int]
#: Left, top, right and bottom.
Margins = tuple[int, int, int, int]


def row(
    *parts: Part,
    gap: int = Size.FIELD_GAP,
    margins: Margins = (0, 0, 0, 0),
    owner: QWidget | None = None,
) -> QHBoxLayout:
    """Lay parts out side by side, as the layout of their owner if there is one."""
    return _filled(QHBoxLayout() if owner is None else QHBoxLayout(owner), parts, gap, margins)


def column(
    *parts: Part,
    gap: int = Size.FIELD_GAP,
    margins: Margins = (0, 0, 0, 0),
    owner: QWidget | None = None,
) -> QVBoxLayout:
    """Lay parts out below each other, as the layout of their owner if there is one."""
    return _filled(QVBoxLayout() if owner is None else QVBoxLayout(owner), parts, gap, margins)


def _filled(layout: B, parts: tuple[Part, ...], gap: int, margins: Margins) -> B:
    layout.setContentsMargins(*margins)
    layout.setSpacing(gap)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
            continue
        item, stretch = part if isinstance(part, tuple) else (part, 0)
        if isinstance(item, QWidget):
            layout.addWidget(item, stretch)
        else:
            layout.addLayout(item, stretch)
    return layout


class ScrollArea(QScrollArea):
    """An area that scrolls up and down; what it holds takes the focus."""

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QScrollArea.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.NoFocus)

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Scroll to what a key focuses, never to what takes over from a disabled control."""
        left = self.focusWidget()
        if left is not None and not (left.isEnabled() and left.isVisible()):
            return QWidget.focusNextPrevChild(self, forwards)
        return super().focusNextPrevChild(forwards)


def scrolled(held: QWidget) -> ScrollArea:
    """Return an area in which a widget scrolls."""
    area = ScrollArea()
    area.setWidget(held)
    return area


def fitted(wanted: QRect, available: QRect) -> QRect:
    """Shrink and move a rectangle as far as needed to fit into another."""
    size = wanted.size().boundedTo(available.size())
    left = max(available.left(), min(wanted.left(), available.right() + 1 - size.width()))
    top = max(available.top(), min(wanted.top(), available.bottom() + 1 - size.height()))
    return QRect(QPoint(left, top), size)


def keep_room(part: QWidget) -> None:
    """Retain the size of a hidden widget: what comes and goes moves nothing."""
    policy = part.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    part.setSizePolicy(policy)


class FlowLayout(QLayout):
    """A row that breaks into lines like words; never wider than its widest widget."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(Size.FIELD_GAP)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # type: ignore[override]
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientations:
        return Qt.Orientations()

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        lines = self._lines(width)
        between = self.spacing() * max(0, len(lines) - 1)
        return sum(map(_height_of, lines)) + between

    def sizeHint(self) -> QSize:
        shown = self._shown()
        wide = sum(item.sizeHint().width() for item in shown)
        return QSize(wide + self.spacing() * max(0, len(shown) - 1), _height_of(shown))

    def minimumSize(self) -> QSize:
        shown = self._shown()
        wide = max((item.minimumSize().width() for item in shown), default=0)
        return QSize(wide, _height_of(shown))

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        top = rect.top()
        for line in self._lines(rect.width()):
            height = _height_of(line)
            self._place_line(line, QRect(rect.left(), top, rect.width(), height))
            top += height + self.spacing()

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        """Return the items of each line at a width."""
        lines: list[list[QLayoutItem]] = []
        x = width
        for item in self._shown():
            wide = item.sizeHint().width()
            if x + self.spacing() + wide > width:
                lines.append([])
                x = -self.spacing()
            lines[-1].append(item)
            x += self.spacing() + wide
        return lines

    def _place_line(self, line: list[QLayoutItem], rect: QRect) -> None:
        """Set one line out; those of its widgets that expand share what is left."""
        taken = sum(item.sizeHint().width() for item in line) + self.spacing() * (len(line) - 1)
        growing = [item for item in line if item.expandingDirections() & Qt.Horizontal]
        more = max(0, rect.width() - taken) // max(1, len(growing))
        x = rect.left()
        for item in line:
            width = min(item.sizeHint().width() + (more if item in growing else 0), rect.width())
            width = min(width, item.maximumSize().width())
            item.setGeometry(QRect(x, rect.top(), width, rect.height()))
            x += width + self.spacing()


class EqualColumns(FlowLayout):
    """Equally wide columns over the whole width, in as few lines as their widest widget allows."""

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        shown = self._shown()
        widest = max((item.sizeHint().width() for item in shown), default=1)
        columns = max(1, (width + self.spacing()) // (widest + self.spacing()))
        return [shown[first : first + columns] for first in range(0, len(shown), columns)]

    def _place_line(self, line: list[QLayoutItem], rect: QRect) -> None:
        columns = len(self._lines(rect.width())[0])
        each = (rect.width() + self.spacing()) / columns
        for place, item in enumerate(line):
            left = rect.left() + round(place * each)
            item.setGeometry(QRect(left, rect.top(), item.sizeHint().width(), rect.height()))


def _height_of(line: list[QLayoutItem]) -> int:
    return max((item.sizeHint().height() for item in line), default=0)


class Page(QWidget):
    """A tab; one line in `mnist_draw.app.shell.window` puts it into the window."""

    name: ClassVar[str]
    title: ClassVar[str]
    everywhere: tuple[QAction, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName(f"{self.name}Tab")
        self.setAccessibleName(self.title)
        # Nothing below it is painted with what changes on it.
        self.setAutoFillBackground(True)

    def start(self) -> None:
        """Begin what takes time, once the window is visible."""

    def finish(self) -> None:
        """Save what is not saved yet; the program ends."""

    def prepare(self, then: Callable[[], None]) -> None:
        """Build the page if it was never shown, then call ``then``."""
        then()

    def message_background(self) -> tuple[QWidget, int]:
        """Return over what messages appear, and how far from its lower left corner."""
        return self, Size.MARGIN

    def focus_first(self) -> None:
        """Focus the control that is used first."""
        self.setFocus()


class ClickShield(QWidget):
    """Takes the second click of a double click on a page that its first click showed.

    It covers what is under the pointer, for so long: elsewhere the page can be used at once.
    """

    def __init__(self, pages: QStackedWidget | QTabWidget) -> None:
        super().__init__(pages)
        self.setAttribute(Qt.WA_NoMousePropagation)
        self.hide()
        self._pages = pages
        pages.currentChanged.connect(self._cover)

    def _cover(self) -> None:
        page = self._pages.currentWidget()
        if page is not None and page.isVisible():
            near = QApplication.startDragDistance()
            place = self._pages.mapFromGlobal(QCursor.pos())
            self.setGeometry(QRect(place, place).adjusted(-near, -near, near, near))
            self.raise_()
            self.show()
            QTimer.singleShot(QApplication.doubleClickInterval(), self.hide)
