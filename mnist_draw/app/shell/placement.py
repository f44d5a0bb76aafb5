"""Where the window opens: as it was left, and wholly on a screen that is there."""

from __future__ import annotations

from PyQt5.QtCore import QByteArray, QMargins, QPoint, QRect
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit.theme import Size

#: Room for the frame that a desktop puts around a window, in logical pixels from the left
#: clockwise. Before the window is shown nobody knows it.
_FRAME = QMargins(2, 36, 2, 4)


def fitted(wanted: QRect, available: QRect) -> QRect:
    """Return a rectangle made as small and moved as far as needed to lie within another."""
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
