"""Pictures of widgets and files that the user names."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QBuffer, QByteArray, QIODevice
from PyQt5.QtWidgets import QWidget

from mnist_draw.storage.atomic import write_atomically


def widget_png(widget: QWidget) -> bytes:
    """Return a widget as it looks now, as the bytes of a PNG file."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.WriteOnly)
    widget.grab().save(buffer, "PNG")
    return bytes(content)


def save_bytes(path: str | Path, content: bytes) -> None:
    """Write a file; raises ``StorageError`` in words."""
    write_atomically(path, content)
