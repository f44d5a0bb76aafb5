"""Images as files, and arrays as images."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtCore import QBuffer, QByteArray, QIODevice
from PyQt5.QtGui import QImage, QPixmap
from PyQt5.QtWidgets import QWidget

from mnist_draw.storage.atomic import write_atomically


def image_bytes(image: QImage | QPixmap, kind: str, quality: int = -1) -> bytes:
    """Return an image as the content of a file.

    Parameters
    ----------
    image : QImage or QPixmap
    kind : str
        The format as Qt names it, such as ``"PNG"``.
    quality : int
        From 0 to 100, or -1 for the format's own.
    """
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.WriteOnly)
    image.save(buffer, kind, quality)
    return bytes(content)


def png_bytes(image: QImage | QPixmap, compressed: bool = True) -> bytes:
    """Return an image as the content of a PNG file; uncompressed it is made fastest."""
    return image_bytes(image, "PNG", -1 if compressed else 100)


def widget_png(widget: QWidget) -> bytes:
    """Return a widget as it looks now, as the content of a PNG file."""
    return png_bytes(widget.grab())


def save_bytes(path: str | Path, content: bytes) -> None:
    """Write a file; raises ``StorageError`` in words."""
    write_atomically(path, content)
