"""The window on the desktop: its place, the frame of the focus, the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5 import sip
from PyQt5.QtCore import QByteArray, QEvent, QMargins, QObject, QPoint, QRect, Qt, QTimer
from PyQt5.QtGui import QGuiApplication, QPainter, QPaintEvent, QRegion
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
    QSystemTrayIcon,
    QTabBar,
    QWidget,
)

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_percent
from mnist_draw.app.kit.layout import fitted
from mnist_draw.app.kit.page import Page
from mnist_draw.app.kit.theme import Size
from mnist_draw.i18n import _

if TYPE_CHECKING:
    from mnist_draw.app.train.run_controller import RunController

#: Room for the frame that a desktop puts around a window, in logical pixels from the left
#: clockwise. It is unknown before the window is shown.
_FRAME = QMargins(2, 36, 2, 4)


def place_window(window: QWidget, geometry: str) -> None:
    """Give a window that is not yet shown its place."""
    window.resize(*Size.WINDOW)
    known = bool(geometry) and window.restoreGeometry(
        QByteArray.fromHex(geometry.encode("ascii", "replace")),
    )
    if window.isMaximized() or window.isFullScreen():
        return
    centre = window.geometry().center()
    screen = (QGuiApplication.screenAt(centre) if known else None) or (
        QGuiApplication.primaryScreen()
    )
    available = screen.availableGeometry().marginsRemoved(_FRAME)
    if known:
        window.setGeometry(fitted(window.geometry(), available))
    else:
        # Where on the screen is the desktop's choice.
        window.resize(window.size().boundedTo(available.size()))


#: They show by themselves that they have the keyboard.
_SHOW_IT = (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QSlider,
    QTabBar,
    Canvas,
    Page,
)
#: Pixels: how wide the frame is, and how far outside the view.
_WIDTH = 2
_OUT = 4
_MOVES = (QEvent.Move, QEvent.Resize, QEvent.Show, QEvent.Hide)


class _Frame(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("focusRing")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WA_NoSystemBackground)
        self.hide()

    def cover(self, rect: QRect) -> None:
        self.setGeometry(rect)
        inside = QRegion(self.rect().adjusted(_WIDTH, _WIDTH, -_WIDTH, -_WIDTH))
        # The view inside is not painted again with it.
        self.setMask(QRegion(self.rect()).subtracted(inside))
        self.show()
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), theme.colour("second"))


class FocusRing(QObject):
    """Frames the view that has the keyboard, where the view itself shows nothing of it.

    Buttons, fields and lists have a look for that in the style sheet. The frame belongs to the
    window, not to the view, so that no exported picture has it.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._watched: list[QWidget] = []
        self._frame: _Frame | None = None
        app.focusChanged.connect(self._focus_changed)

    def _focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        self._let_go()
        # A click shows where the keyboard is.
        clicked = int(QApplication.mouseButtons()) != 0
        if now is None or clicked or isinstance(now, _SHOW_IT) or _marks_an_item(now):
            return
        if now.property("ring") is False:
            return
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
        self._frame = None
        self._watched = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        if (
            self._frame is None
            or not self._watched
            or any(map(sip.isdeleted, (self._frame, *self._watched)))
        ):
            return
        view, *above = self._watched
        seen = _around(view)
        for widget in above:
            # What is scrolled out of sight has no frame, either.
            seen = seen.intersected(_around(widget))
        if view.isVisible() and not seen.isEmpty():
            self._frame.cover(seen)
        else:
            self._frame.hide()


def _around(widget: QWidget) -> QRect:
    corner = widget.mapTo(widget.window(), QPoint(0, 0))
    return widget.rect().translated(corner).adjusted(-_OUT, -_OUT, _OUT, _OUT)


def _marks_an_item(widget: QWidget) -> bool:
    """Whether a list or table shows by one of its items that it has the keyboard."""
    return isinstance(widget, QAbstractItemView) and widget.currentIndex().isValid()


_TITLE = _("Training ended")
#: Milliseconds for which the tray shows the icon that its message belongs to.
_MESSAGE_MS = 10_000


class RunNotification(QObject):
    """Notifies the desktop when a run ends behind other windows."""

    def __init__(self, run: RunController, window: QWidget) -> None:
        super().__init__(window)
        self._run = run
        self._window = window
        run.training.ended.connect(self._ended)

    def _ended(self) -> None:
        if not self._window.isVisible() or self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        run = self._run.state.run
        sentence = run.label
        if run.test_accuracy is not None:
            share = format_percent(run.test_accuracy)
            sentence = _("Your network reads {share} of digits it has never seen.", share=share)
        tray = QSystemTrayIcon(self._window.windowIcon(), self)
        tray.messageClicked.connect(self._window.activateWindow)
        tray.show()
        tray.showMessage(_TITLE, sentence)
        QTimer.singleShot(_MESSAGE_MS, tray.deleteLater)
