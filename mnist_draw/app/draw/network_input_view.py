"""The picture that goes into the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QImage, QPainter, QPainterPath, QPaintEvent
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain

if TYPE_CHECKING:
    import numpy as np

#: Pixels of MNIST's pictures, both ways.
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
    """Shows the 28×28 picture that goes into the network, pixel for pixel."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networkInputView")
        # It paints all of itself: the card below need not.
        self.setAttribute(Qt.WA_OpaquePaintEvent)
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
            self._image = image_of(pixels)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), Qt.black)
        else:
            painter.drawImage(self.rect(), self._image)
        paint_corners(painter, QRectF(self.rect()))


def paint_corners(painter: QPainter, area: QRectF) -> None:
    """Round the corners of what was painted on a card: quicker than to clip it."""
    corners = QPainterPath()
    corners.addRect(area)
    corners.addRoundedRect(area, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.fillPath(corners, theme.colour("card"))
