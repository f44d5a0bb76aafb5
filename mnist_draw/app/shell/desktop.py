"""The window on the desktop: dark or light, its place on the screen, the frame of the focus."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt5 import sip
from PyQt5.QtCore import (
    QByteArray,
    QEvent,
    QMargins,
    QObject,
    QPoint,
    QRect,
    QSettings,
    Qt,
    pyqtSlot,
)
from PyQt5.QtGui import QGuiApplication, QPainter, QPaintEvent, QPalette, QRegion
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
from mnist_draw.app.kit.theme import Size

_PORTAL = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
_INTERFACE = "org.freedesktop.portal.Settings"
_APPEARANCE, _GNOME = "org.freedesktop.appearance", "org.gnome.desktop.interface"
#: ``SPI_GETCLIENTAREAANIMATION`` of Windows.
_ANIMATES = 0x1042
_PREFER_DARK = 1
#: The portal answers within a few milliseconds or not at all.
_TIMEOUT_MS = 100
_MID_GREY = 128


class DesktopScheme(QObject):
    """Asks the desktop for its colour scheme and reports a change.

    Qt 5 does not say it, so each system is asked in its own way: the desktop portal on Linux, the
    registry on Windows, the palette elsewhere, or without an answer.
    """

    def __init__(self, on_change: Callable[[bool], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._on_change = on_change
        self._listener: Any = None

    def is_dark(self) -> bool:
        """Return whether the desktop prefers dark windows now."""
        if sys.platform == "win32":
            return _windows_is_dark()
        if sys.platform != "darwin" and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            answer = self._ask_portal(_APPEARANCE, "color-scheme", listen=True)
            if answer is not None:
                return bool(answer == _PREFER_DARK)
        return QApplication.palette().color(QPalette.Window).lightness() < _MID_GREY

    def moves(self) -> bool:
        """Return whether the desktop lets things move now."""
        if sys.platform == "win32":
            shown = ctypes.c_int(1)
            ctypes.windll.user32.SystemParametersInfoW(_ANIMATES, 0, ctypes.byref(shown), 0)
            return bool(shown.value)
        if sys.platform == "darwin":
            kept = Path.home() / "Library/Preferences/com.apple.universalaccess.plist"
            return not int(QSettings(str(kept), QSettings.NativeFormat).value("reduceMotion", 0))
        if os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            return self._ask_portal(_GNOME, "enable-animations") is not False
        return True

    def _ask_portal(self, namespace: str, key: str, listen: bool = False) -> Any:
        try:
            from PyQt5.QtDBus import QDBusConnection, QDBusMessage
        except ImportError:
            return None
        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            return None
        message = QDBusMessage.createMethodCall(*_PORTAL, _INTERFACE, "Read")
        message.setArguments([namespace, key])
        reply = bus.call(message, timeout=_TIMEOUT_MS)
        if reply.type() != QDBusMessage.ReplyMessage or not reply.arguments():
            return None
        if listen:
            self._listener = _portal_listener(self._on_change, self)
            bus.connect(*_PORTAL, _INTERFACE, "SettingChanged", self._listener.changed)
        return _plain(reply.arguments()[0])


def _portal_listener(on_change: Callable[[bool], None], parent: QObject) -> Any:
    """Return an object with a slot for the portal's signal.

    Its class can only be written once QtDBus is known to load: the slot is declared with a type
    of that module.
    """
    from PyQt5.QtDBus import QDBusMessage

    class Listener(QObject):
        @pyqtSlot(QDBusMessage)
        def changed(self, message: QDBusMessage) -> None:
            namespace, key, value = message.arguments()[:3]
            if namespace == _APPEARANCE and key == "color-scheme":
                on_change(bool(_plain(value) == _PREFER_DARK))

    return Listener(parent)


def _plain(value: object) -> object:
    """Unwrap the portal's variant in a variant."""
    while hasattr(value, "variant"):
        value = value.variant()
    return value


def _windows_is_dark() -> bool:
    settings = QSettings(
        r"HKEY_CURRENT_USER\Software\Microsoft\Windows\CurrentVersion\Themes\Personalize",
        QSettings.NativeFormat,
    )
    return int(settings.value("AppsUseLightTheme", 1)) == 0


#: Room for the frame that a desktop puts around a window, in logical pixels from the left
#: clockwise. It is unknown before the window is shown.
_FRAME = QMargins(2, 36, 2, 4)


def fitted(wanted: QRect, available: QRect) -> QRect:
    """Shrink and move a rectangle as far as needed to fit into another."""
    size = wanted.size().boundedTo(available.size())
    left = max(available.left(), min(wanted.left(), available.right() + 1 - size.width()))
    top = max(available.top(), min(wanted.top(), available.bottom() + 1 - size.height()))
    return QRect(QPoint(left, top), size)


def place_window(window: QWidget, geometry: str) -> None:
    """Give a window that is not yet shown its place."""
    window.resize(*Size.WINDOW)
    known = bool(geometry) and window.restoreGeometry(
        QByteArray.fromHex(geometry.encode("ascii", "replace"))
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
    QAbstractButton, QAbstractSpinBox, QComboBox, QLabel, QLineEdit, QMenu, QMenuBar, QSlider,
    QTabBar, Canvas, Page,
)  # fmt: skip
#: Pixels: how wide the frame is, and how far outside the view.
_WIDTH, _OUT = 2, 4
_MOVES = (QEvent.Move, QEvent.Resize, QEvent.Show, QEvent.Hide)


class _Frame(QWidget):
    """A mouse-transparent frame."""

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
        self._view: QWidget | None = None
        app.focusChanged.connect(self._focus_changed)

    def _focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        self._let_go()
        # A click shows where the keyboard is.
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
