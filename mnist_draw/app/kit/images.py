"""Images as files, and arrays as images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QBuffer, QByteArray, QIODevice
from PyQt5.QtGui import QColor, QImage, QPixmap

if TYPE_CHECKING:
    import numpy as np


def image_bytes(image: QImage | QPixmap, kind: str, quality: int = -1) -> bytes:
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.WriteOnly)
    image.save(buffer, kind, quality)
    return bytes(content)


def png_bytes(image: QImage | QPixmap, compressed: bool = True) -> bytes:
    """Return an image as the content of a PNG file; uncompressed it is made fastest."""
    return image_bytes(image, "PNG", -1 if compressed else 100)


def image_of(pixels: np.ndarray, grey_as: QImage.Format = QImage.Format_Grayscale8) -> QImage:
    """Return an array as an image of its own."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    kind = {1: grey_as, 3: QImage.Format_RGB888, 4: QImage.Format_ARGB32}[channels]
    # copy(): QImage does not keep the bytes alive.
    return QImage(pixels.tobytes(), width, height, channels * width, kind).copy()


def rgb(colour: QColor) -> np.ndarray:
    """Return red, green and blue of a colour: float32 of shape (3,), 0 to 255."""
    import numpy as np

    return np.array([colour.red(), colour.green(), colour.blue()], np.float32)
