"""File dialogs: a question, and the kind of file that is asked for; a file in its folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PyQt5.QtCore import QProcess, QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QFileDialog, QWidget

_BUS = "org.freedesktop.DBus"
_MANAGER, _OBJECT = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
#: The bus answers within a few milliseconds or not at all.
_TIMEOUT_MS = 100


def file_kind(title: str, *endings: str) -> str:
    """Return the filter of a dialog for files with some endings, each with its dot."""
    return f"{title} ({' '.join(f'*{ending}' for ending in endings)})"


#: The program's own files.
NETWORKS = file_kind("Trained networks", ".npz")
SETTINGS = file_kind("Settings", ".json")


def ask_open(parent: QWidget | None, question: str, kinds: str) -> str:
    """Ask for a file to open; empty if the dialog is cancelled."""
    return QFileDialog.getOpenFileName(parent, question, "", kinds)[0]


def ask_save(parent: QWidget | None, question: str, name: str, kinds: str) -> str:
    """Ask for a file to save to, proposing a name; empty if the dialog is cancelled."""
    return QFileDialog.getSaveFileName(parent, question, name, kinds)[0]


def show_in_folder(path: Path) -> None:
    """Show a file in its folder, marked where the system's file manager can do that."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    elif not _asked_file_manager(path):
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))


def _asked_file_manager(path: Path) -> bool:
    """Ask the file manager of a Linux desktop, without waiting for it; False if there is none."""
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return False
    try:
        from PyQt5.QtDBus import QDBusConnection, QDBusMessage
    except ImportError:
        return False
    bus = QDBusConnection.sessionBus()
    listing = QDBusMessage.createMethodCall(_BUS, "/", _BUS, "ListActivatableNames")
    names = bus.call(listing, timeout=_TIMEOUT_MS).arguments()
    if not names or _MANAGER not in names[0]:
        return False
    show = QDBusMessage.createMethodCall(_MANAGER, _OBJECT, _MANAGER, "ShowItems")
    show.setArguments([[QUrl.fromLocalFile(str(path)).toString()], ""])
    return bool(bus.send(show))
