"""The window on the desktop: its place, the frame of the focus, the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy import sip
from qtpy.QtCore import QByteArray, QMargins, QObject, QRectF, QTimer
from qtpy.QtGui import QGuiApplication, QPaintEvent, QPen
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFocusFrame,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QProxyStyle,
    QSlider,
    QStyle,
    QStyleHintReturn,
    QStyleOption,
    QSystemTrayIcon,
    QTabBar,
    QWidget,
)

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import Page, fitted
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.train.run_words import plain, result_sentence
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
    center = window.geometry().center()
    screen = (QGuiApplication.screenAt(center) if known else None) or (
        QGuiApplication.primaryScreen()
    )
    available = screen.availableGeometry().marginsRemoved(_FRAME)
    if known:
        window.setGeometry(fitted(window.geometry(), available))
    else:
        # Where on the screen is the desktop's choice.
        window.resize(window.size().boundedTo(available.size()))


#: They show by themselves that they have the keyboard; a page has it until a key is pressed.
_SHOW_IT = (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QFocusFrame,
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


class _FrameStyle(QProxyStyle):
    """Places Qt's frame above and around what it frames."""

    def __init__(self) -> None:
        super().__init__("Fusion")

    def pixelMetric(
        self,
        metric: QStyle.PixelMetric,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
    ) -> int:
        if metric in (QStyle.PM_FocusFrameHMargin, QStyle.PM_FocusFrameVMargin):
            return _OUT
        return super().pixelMetric(metric, option, widget)

    def styleHint(
        self,
        hint: QStyle.StyleHint,
        option: QStyleOption | None = None,
        widget: QWidget | None = None,
        returnData: QStyleHintReturn | None = None,
    ) -> int:
        if hint == QStyle.SH_FocusFrame_AboveWidget:
            return 1
        return super().styleHint(hint, option, widget, returnData)


class _Frame(QFocusFrame):
    def __init__(self, style: QStyle, view: QWidget) -> None:
        super().__init__(view.window())
        self.setObjectName("focusRing")
        self.setStyle(style)
        self.setWidget(view)

    def paintEvent(self, event: QPaintEvent) -> None:
        half = _WIDTH / 2
        painter = smooth_painter(self)
        painter.setPen(QPen(theme.color("second"), _WIDTH))
        box = QRectF(self.rect()).adjusted(half, half, -half, -half)
        # Round as a card is.
        painter.drawRoundedRect(box, Size.CARD_RADIUS, Size.CARD_RADIUS)


class FocusRing(QObject):
    """Frames the view that has the keyboard, where the view itself shows nothing of it.

    Buttons, fields and lists have a look for that in the style sheet. The frame belongs to what
    holds the view, so that no exported picture has it.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        # It must outlive each frame.
        self._style = _FrameStyle()
        self._style.setParent(app)
        self._frame: _Frame | None = None
        app.focusChanged.connect(self._frame_view)

    def _frame_view(self, before: QWidget | None, now: QWidget | None) -> None:
        # A window that closes may have taken it along.
        if self._frame is not None and not sip.isdeleted(self._frame):
            self._frame.hide()
            self._frame.deleteLater()
        self._frame = None
        # A click shows where the keyboard is.
        is_clicked = int(QApplication.mouseButtons()) != 0
        if now is None or is_clicked or isinstance(now, _SHOW_IT) or _marks_an_item(now):
            return
        if now.property("ring") is not False:
            self._frame = _Frame(self._style, now)


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
            sentence = plain(result_sentence(run))
        tray = QSystemTrayIcon(self._window.windowIcon(), self)
        tray.messageClicked.connect(self._window.activateWindow)
        tray.show()
        tray.showMessage(_TITLE, sentence)
        QTimer.singleShot(_MESSAGE_MS, tray.deleteLater)
