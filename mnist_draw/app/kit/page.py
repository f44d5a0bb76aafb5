"""A tab of the window: what the window knows of it, and how pages take turns."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from PyQt5.QtCore import QRect, Qt, QTimer
from PyQt5.QtGui import QCursor
from PyQt5.QtWidgets import QAction, QApplication, QStackedWidget, QTabWidget, QWidget

from mnist_draw.app.kit.theme import Size


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
