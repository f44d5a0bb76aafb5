"""File dialogs: a question, and the kind of file that is asked for."""

from __future__ import annotations

from PyQt5.QtWidgets import QFileDialog, QWidget


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
