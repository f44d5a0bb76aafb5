"""File dialogs: a question, and the kind of file that is asked for; a file in its folder.

All are read-only: Qt's own dialogs would move, rename and delete files and folders.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from PyQt5.QtCore import QProcess, QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QFileDialog, QWidget

from mnist_draw.i18n import _
from mnist_draw.storage.unique_paths import numbered


def file_kind(title: str, *endings: str) -> str:
    """Return the filter of a dialog for files with some endings, each with its dot."""
    return f"{title} ({' '.join(f'*{ending}' for ending in endings)})"


#: The program's own files.
NETWORKS = file_kind(_("Trained networks"), ".npz")
SETTINGS = file_kind(_("Settings"), ".json")


def ask_open(parent: QWidget | None, question: str, kinds: str) -> str:
    """Ask for a file to open; empty if the dialog is cancelled."""
    return QFileDialog.getOpenFileName(parent, question, "", kinds, "", QFileDialog.ReadOnly)[0]


def ask_several(parent: QWidget | None, question: str, folder: str, kinds: str) -> list[str]:
    kind = QFileDialog.ReadOnly
    return QFileDialog.getOpenFileNames(parent, question, folder, kinds, "", kind)[0]


def ask_folder(parent: QWidget | None, question: str) -> str:
    kind = QFileDialog.ShowDirsOnly | QFileDialog.ReadOnly
    return QFileDialog.getExistingDirectory(parent, question, "", kind)


def ask_place(
    parent: QWidget | None,
    question: str,
    name: str,
    kinds: str,
    kind: str = "",
) -> tuple[str, str]:
    """Ask for a file to save to, of one kind at first; return it as typed, and its kind."""
    return QFileDialog.getSaveFileName(parent, question, name, kinds, kind, QFileDialog.ReadOnly)


def ask_save(parent: QWidget | None, question: str, name: str, kinds: str) -> str:
    """Ask for a file to save to, proposing a name; empty if the dialog is cancelled.

    A name typed without an ending gets that of the proposed one, and then replaces nothing: the
    dialog has asked about another file.
    """
    path = ask_place(parent, question, name, kinds)[0]
    if not path or re.fullmatch(r"\.[A-Za-z]\w*", Path(path).suffix):
        return path
    whole = Path(path + Path(name).suffix)
    return str(next(free for free in numbered(whole) if not free.exists()))


def show_in_folder(path: Path) -> None:
    """Show a file in its folder, marked on Windows and macOS."""
    if sys.platform == "win32":
        QProcess.startDetached("explorer", ["/select,", str(path)])
    elif sys.platform == "darwin":
        QProcess.startDetached("open", ["-R", str(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
