"""The picture that goes into the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.theme import Size
from mnist_draw.app.widgets import explain

if TYPE_CHECKING:
    import numpy as np

SIDE = 28
_HOW_IT_SEES = (
    "The 28×28 pixels that the network gets to see. The ink is cut out, scaled until its longer "
    "side takes 20 pixels, and placed with its centre of mass in the middle, as the pictures of "
    "MNIST are."
)


def whole_side(room: int) -> int:
    """Return the largest side within ``room`` logical pixels that shows each pixel as large."""
    low, high = Size.NETWORK_INPUT
    return min(max(room, low), high) // SIDE * SIDE


class NetworkInputView(QWidget):
    """Shows the 28×28 picture that goes into the network, pixel for pixel.

    Attributes
    ----------
    picture : ndarray of float32, shape (28, 28), or None
        Values from 0 (paper) to about 1 (ink).
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networkInputView")
        explain(self, "Network input", _HOW_IT_SEES)
        self.set_room(0)
        self.picture: np.ndarray | None = None
        self._image: QImage | None = None

    def set_room(self, room: int) -> None:
        """Take the largest size within ``room`` pixels."""
        side = whole_side(room)
        self.setFixedSize(side, side)

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Show another picture, or none."""
        self.picture = picture
        self._image = None
        if picture is not None:
            import numpy as np

            pixels = np.ascontiguousarray(np.clip(picture, 0, 1) * 255, dtype=np.uint8)
            height, width = pixels.shape
            # copy(): QImage does not keep the array's memory alive.
            self._image = QImage(
                pixels.tobytes(), width, height, width, QImage.Format_Grayscale8
            ).copy()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        frame = QPainterPath()
        frame.addRoundedRect(QRectF(self.rect()), Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        painter.setClipPath(frame)
        painter.fillPath(frame, QColor(Qt.black))
        if self._image is not None:
            painter.drawImage(self.rect(), self._image)
