"""A frame around the view that has the keyboard, where the view itself shows nothing of it.

Buttons, fields and lists have a look for that in the style sheet. Views that are painted, plots and
texts get this frame. It belongs to the window, not to the view, so that no exported picture has it.
"""

from __future__ import annotations

from PyQt5 import sip
from PyQt5.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QRegion
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QSlider,
    QTabBar,
    QWidget,
)

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.page import Page

#: They show by themselves that they have the keyboard.
_SHOW_IT = (
    QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QLineEdit, QMenu, QMenuBar, QSlider,
    QTabBar, Canvas, Page,
)  # fmt: skip
#: Pixels: how wide the frame is, and how far outside the view.
_WIDTH, _OUT = 2, 4
_MOVES = (QEvent.Move, QEvent.Resize, QEvent.Show, QEvent.Hide)


class _Frame(QWidget):
    """The frame; the mouse goes through it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("focusRing")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WA_NoSystemBackground)
        self.hide()

    def cover(self, rect: QRect) -> None:
        self.setGeometry(rect)
        inside = QRegion(self.rect().adjusted(_WIDTH, _WIDTH, -_WIDTH, -_WIDTH))
        # What lies inside is not painted again with it.
        self.setMask(QRegion(self.rect()).subtracted(inside))
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour("second"))


class FocusRing(QObject):
    """Frames what has the keyboard in all windows of the program."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._watched: list[QWidget] = []
        self._frame: _Frame | None = None
        self._view: QWidget | None = None
        app.focusChanged.connect(self._focus_changed)

    def _focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        self._let_go()
        # Whoever clicks knows where the keyboard is.
        clicked = int(QApplication.mouseButtons()) != 0
        if now is None or clicked or isinstance(now, _SHOW_IT) or _marks_an_item(now):
            return
        self._view = now
        self._frame = _Frame(now.window())
        above: QWidget | None = now
        while above is not None and not above.isWindow():
            above.installEventFilter(self)
            self._watched.append(above)
            above = above.parentWidget()
        self._place()

    def _let_go(self) -> None:
        # A window that closes may have taken them with it.
        for widget in self._watched:
            if not sip.isdeleted(widget):
                widget.removeEventFilter(self)
        if self._frame is not None and not sip.isdeleted(self._frame):
            self._frame.hide()
            self._frame.deleteLater()
        self._view, self._frame, self._watched = None, None, []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        if self._view is None or self._frame is None:
            return
        if sip.isdeleted(self._view) or sip.isdeleted(self._frame):
            return
        seen = _around(self._view)
        for above in self._watched[1:]:
            # What is scrolled out of sight has no frame, either.
            seen = seen.intersected(_around(above))
        if self._view.isVisible() and not seen.isEmpty():
            self._frame.cover(seen)
        else:
            self._frame.hide()


def _around(widget: QWidget) -> QRect:
    """Return a widget's place in its window, and a little more on each side."""
    corner = widget.mapTo(widget.window(), QPoint(0, 0))
    return widget.rect().translated(corner).adjusted(-_OUT, -_OUT, _OUT, _OUT)


def _marks_an_item(widget: QWidget) -> bool:
    """Whether a list or table shows by one of its items that it has the keyboard."""
    return isinstance(widget, QAbstractItemView) and widget.currentIndex().isValid()
