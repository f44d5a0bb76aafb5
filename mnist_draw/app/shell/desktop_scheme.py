"""Whether the desktop prefers dark windows, and when that changes.

Qt 5 does not say it, so each system is asked in its own way: the desktop portal on Linux, the
registry on Windows, the palette elsewhere. Where no answer comes, the palette decides.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from PyQt5.QtCore import QObject, QSettings, pyqtSlot
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QApplication

_PORTAL = ("org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop")
_INTERFACE = "org.freedesktop.portal.Settings"
_NAMESPACE = "org.freedesktop.appearance"
_PREFER_DARK = 1
#: The portal answers within a few milliseconds or not at all.
_TIMEOUT_MS = 100
_MID_GREY = 128


class DesktopScheme(QObject):
    """Ask the desktop for its colour scheme and report a change."""

    def __init__(self, on_change: Callable[[bool], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._on_change = on_change
        self._listener: Any = None

    def is_dark(self) -> bool:
        """Return whether the desktop prefers dark windows now."""
        if sys.platform == "win32":
            return _windows_is_dark()
        if sys.platform != "darwin" and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            answer = self._ask_portal()
            if answer is not None:
                return answer
        return QApplication.palette().color(QPalette.Window).lightness() < _MID_GREY

    def _ask_portal(self) -> bool | None:
        try:
            from PyQt5.QtDBus import QDBusConnection, QDBusMessage
        except ImportError:
            return None
        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            return None
        message = QDBusMessage.createMethodCall(*_PORTAL, _INTERFACE, "Read")
        message.setArguments([_NAMESPACE, "color-scheme"])
        reply = bus.call(message, timeout=_TIMEOUT_MS)
        if reply.type() != QDBusMessage.ReplyMessage or not reply.arguments():
            return None
        self._listener = _portal_listener(self._on_change, self)
        bus.connect(*_PORTAL, _INTERFACE, "SettingChanged", self._listener.changed)
        return bool(_plain(reply.arguments()[0]) == _PREFER_DARK)


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
            if namespace == _NAMESPACE and key == "color-scheme":
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
