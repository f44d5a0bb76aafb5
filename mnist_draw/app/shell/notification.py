"""Tell the desktop of a run whose window is not in front: its progress, and that it has ended.

Linux is told over D-Bus, Windows and macOS by Qt. Where a desktop has no place for it, nothing
happens.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from PyQt5.QtCore import QMetaType, QObject, QTimer
from PyQt5.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from mnist_draw.app.kit.formatting import format_percent
from mnist_draw.app.train.run_controller import RunController

_NOTIFICATIONS = ("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
#: The signal that GNOME's and KDE's task bars listen to.
_LAUNCHER = ("/com/canonical/unity/launcherentry/1", "com.canonical.Unity.LauncherEntry", "Update")
_DESKTOP_FILE = "mnist-draw"
_TITLE = "Training ended"
#: Milliseconds for which the tray shows the icon that its message belongs to.
_MESSAGE_MS = 10_000
_ON_LINUX = sys.platform not in ("win32", "darwin")


class RunNotification(QObject):
    """Follows the run of a window."""

    def __init__(self, run: RunController, window: QWidget) -> None:
        super().__init__(window)
        self._run, self._window = run, window
        self._percent: int | None = None
        self._tray: QSystemTrayIcon | None = None
        self._taskbar: Any = None
        run.state_changed.connect(self._follow)
        run.training.ended.connect(self._ended)

    def _follow(self) -> None:
        state = self._run.state
        percent = round(100 * state.run_part) if state.busy else None
        if percent != self._percent:
            self._percent = percent
            self._show_progress(percent)

    def _ended(self) -> None:
        if not self._window.isVisible() or self._window.isActiveWindow():
            return
        state = self._run.state
        sentence = state.label
        if state.test_accuracy is not None:
            share = format_percent(state.test_accuracy)
            sentence = f"Your network reads {share} of digits it has never seen."
        QApplication.alert(self._window)
        if _ON_LINUX:
            self._notify(sentence)
        elif QSystemTrayIcon.supportsMessages():
            self._show_message(sentence)

    # -- Linux

    def _bus(self) -> Any:
        """Return Qt's module of D-Bus and the session's bus; None where there is none."""
        if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            return None
        try:
            bus_module = importlib.import_module("PyQt5.QtDBus")
        except ImportError:
            return None
        bus = bus_module.QDBusConnection.sessionBus()
        return (bus_module, bus) if bus.isConnected() else None

    def _notify(self, sentence: str) -> None:
        found = self._bus()
        if found is None:
            return
        module, bus = found
        replaced, actions = module.QDBusArgument(), module.QDBusArgument()
        replaced.add(0, QMetaType.UInt)
        actions.add([], QMetaType.QStringList)
        name, icon, hints = "MNIST Draw", _DESKTOP_FILE, {"desktop-entry": _DESKTOP_FILE}
        message = module.QDBusMessage.createMethodCall(*_NOTIFICATIONS, _NOTIFICATIONS[0], "Notify")
        message.setArguments([name, replaced, icon, _TITLE, sentence, actions, hints, -1])
        # No answer is waited for.
        bus.send(message)

    # -- Windows and macOS

    def _show_message(self, sentence: str) -> None:
        if self._tray is None:
            self._tray = QSystemTrayIcon(self._window.windowIcon(), self)
            self._tray.messageClicked.connect(self._window.activateWindow)
        self._tray.show()
        self._tray.showMessage(_TITLE, sentence)
        QTimer.singleShot(_MESSAGE_MS, self._tray.hide)

    def _show_progress(self, percent: int | None) -> None:
        if sys.platform == "win32":
            self._show_on_taskbar(percent)
        elif _ON_LINUX:
            found = self._bus()
            if found is not None:
                module, bus = found
                message = module.QDBusMessage.createSignal(*_LAUNCHER)
                shown = {"progress": (percent or 0) / 100, "progress-visible": percent is not None}
                message.setArguments([f"application://{_DESKTOP_FILE}.desktop", shown])
                bus.send(message)

    def _show_on_taskbar(self, percent: int | None) -> None:
        if self._taskbar is None:
            try:
                extras = importlib.import_module("PyQt5.QtWinExtras")
            except ImportError:
                return
            self._taskbar = extras.QWinTaskbarButton(self)
            self._taskbar.setWindow(self._window.windowHandle())
        progress = self._taskbar.progress()
        progress.setVisible(percent is not None)
        progress.setValue(percent or 0)
