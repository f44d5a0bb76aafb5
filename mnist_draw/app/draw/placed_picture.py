"""A picture on the board: the ink of a photograph, a scan or a digit of MNIST.

It takes part like a stroke: it can be drawn over, rubbed out and undone, and is painted in the
colour of the ink. Its place is chosen so that its pixels fall on whole pixels of the ink picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from PyQt5.QtCore import QRectF, QSize, QSizeF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter

from mnist_draw.app.draw.pen_strokes import BOARD, Stroke
from mnist_draw.app.kit.images import image_of

if TYPE_CHECKING:
    import numpy as np

#: A placed picture is fitted into this box in the middle of the board, in board units: as large
#: as people draw, and wide enough for a number.
_BOX = (540.0, 400.0)
#: Board units per pixel of the ink picture.
_UNIT = 2.0
#: Pictures that are enlarged more than this show their pixels; so small ones, such as those of
#: MNIST, reach the network unblurred.
_PIXELATED = 4.0
#: Renderings kept: the board's, the ink picture's, a thumbnail's and one of a size before.
_MAX_KEPT = 4


#: Pixels per board unit, and the colour of the ink.
Renderings: TypeAlias = Sequence[tuple[float, QColor]]


class PlacedPicture:
    """The ink of a picture and where it lies on the board."""

    erase = False

    def __init__(self, mask: QImage, rect: QRectF) -> None:
        self.mask = mask
        self.rect = rect
        self._kept: dict[tuple[int, int, int], QImage] = {}

    @property
    def pixelated(self) -> bool:
        """Whether it is so small that its pixels are shown as squares."""
        return self.rect.width() / _UNIT >= _PIXELATED * self.mask.width()

    def bounds(self) -> QRectF:
        """Return the rectangle it covers, in board units."""
        return QRectF(self.rect)

    def copy(self) -> PlacedPicture:
        """Return another item with the same content: the board's history tells items apart."""
        other = PlacedPicture(self.mask, self.rect)
        other._kept = dict(self._kept)
        return other

    def prepare(self, renderings: Renderings) -> None:
        """Render it as it will be painted.

        A large picture takes longer than the window may wait: this is done in the thread that
        reads it, before any other thread knows of it.
        """
        for scale, colour in renderings:
            self._rendering(self.rect.size() * scale, colour)

    def paint(self, painter: QPainter, colour: QColor) -> None:
        """Paint it where it lies; the painter works in board units."""
        device = painter.deviceTransform().mapRect(self.rect)
        painter.drawImage(self.rect, self._rendering(device.size(), colour))

    def _rendering(self, exact: QSizeF, colour: QColor) -> QImage:
        """Return the picture at a size in pixels and in a colour."""
        size = QSize(max(1, round(exact.width())), max(1, round(exact.height())))
        key = (size.width(), size.height(), colour.rgba())
        found = self._kept.get(key)
        if found is None:
            while len(self._kept) >= _MAX_KEPT:
                self._kept.pop(next(iter(self._kept)))
            mask = self.mask
            if size != mask.size():
                mode = Qt.FastTransformation if self.pixelated else Qt.SmoothTransformation
                mask = mask.scaled(size, Qt.IgnoreAspectRatio, mode)
            found = self._kept[key] = coloured(mask, colour)
        return found


#: What lies on the board.
Item: TypeAlias = Stroke | PlacedPicture


def place_ink(ink: np.ndarray) -> PlacedPicture:
    """Crop a picture to its ink and fit it into the middle of the board."""
    import numpy as np

    from mnist_draw.dataset.normalise import ink_box

    top, left, bottom, right = ink_box(ink)
    box = ink[top:bottom, left:right]
    if box.dtype != np.uint8:
        box = np.rint(np.clip(box, 0, 1) * 255).astype(np.uint8)
    height, width = box.shape
    factor = min(_BOX[0] / _UNIT / width, _BOX[1] / _UNIT / height)
    if factor >= _PIXELATED:
        factor = int(factor)
    wide, high = max(1, round(width * factor)), max(1, round(height * factor))
    return PlacedPicture(mask_of(box), _centred(wide * _UNIT, high * _UNIT))


def mask_of(ink: np.ndarray) -> QImage:
    """Return ink, uint8 of shape (H, W), as an image of format ``Alpha8``."""
    return image_of(ink, QImage.Format_Alpha8)


def ink_of(mask: QImage) -> np.ndarray:
    """Return an image of format ``Alpha8`` as uint8 of shape (H, W)."""
    import numpy as np

    bits = mask.constBits().asstring(mask.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(mask.height(), mask.bytesPerLine())
    return rows[:, : mask.width()].copy()


def _centred(width: float, height: float) -> QRectF:
    left = round((BOARD - width) / 2 / _UNIT) * _UNIT
    top = round((BOARD - height) / 2 / _UNIT) * _UNIT
    return QRectF(left, top, width, height)


def coloured(mask: QImage, colour: QColor) -> QImage:
    """Return a colour whose opacity is the ink of a mask."""
    image = QImage(mask.size(), QImage.Format_ARGB32_Premultiplied)
    image.fill(colour)
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, mask)
    painter.end()
    return image
