"""Pictures of numbers: grey from 0 to 1, and what speaks for or against in colour and in form.

For is a full cell in the accent's colour, against a smaller cell in the second colour: told apart
without colours, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QRectF
from PyQt5.QtGui import QImage, QPainter

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of

if TYPE_CHECKING:
    from PyQt5.QtGui import QColor

#: What is against fills this part of its cell's side.
_INSET = 0.62


def grey_levels(picture: np.ndarray) -> np.ndarray:
    """Return a picture, float32 in [0, 1], as uint8, which has 255 for full ink."""
    levels: np.ndarray = np.clip(picture * 255, 0, 255).astype(np.uint8)
    return levels


def paint_grey(painter: QPainter, box: QRectF, picture: np.ndarray) -> None:
    """Paint a picture, float32 (H, W) in [0, 1], with sharp pixels, white on black."""
    painter.save()
    painter.setRenderHint(QPainter.SmoothPixmapTransform, False)
    painter.drawImage(box, image_of(grey_levels(picture)))
    painter.restore()


def signed_image(values: np.ndarray, cell: int, largest: float = 0.0) -> QImage:
    """Return what speaks for (above 0) and against (below 0) as cells of an image."""
    largest = largest or max(float(np.abs(values).max()), 1e-12)
    strength = np.clip(np.abs(values) / largest, 0, 1) ** 0.75
    pixels = np.empty((*values.shape, 4), np.uint8)
    positive = values > 0
    _fill(pixels, positive, theme.colour("accent"))
    _fill(pixels, ~positive, theme.colour("second"))
    pixels[..., 3] = (255 * strength).astype(np.uint8)
    pixels[values == 0, 3] = 0
    large = np.repeat(np.repeat(pixels, cell, axis=0), cell, axis=1)
    if cell >= 3:
        large[..., 3] *= _forms(positive, cell)
    return image_of(large)


def paint_signed(
    painter: QPainter, box: QRectF, values: np.ndarray, largest: float, ratio: float
) -> None:
    """Paint what speaks for and against into a box."""
    painter.save()
    painter.setRenderHint(QPainter.SmoothPixmapTransform, False)
    cell = max(1, round(box.width() * ratio / values.shape[1]))
    painter.drawImage(box, signed_image(values, cell, largest))
    painter.restore()


def _forms(positive: np.ndarray, cell: int) -> np.ndarray:
    """Return which pixels belong to the cells' forms, uint8 0 or 1."""
    edge = max(1, round(cell * (1 - _INSET) / 2))
    inset = np.zeros((cell, cell), np.uint8)
    inset[edge:-edge, edge:-edge] = 1
    full = np.ones((cell, cell), np.uint8)
    if cell >= 4:
        full[-1, :] = full[:, -1] = 0
    ones = positive.astype(np.uint8)
    forms: np.ndarray = np.kron(ones, full) + np.kron(1 - ones, inset)
    return forms


def _fill(pixels: np.ndarray, where: np.ndarray, colour: QColor) -> None:
    pixels[where, :3] = (colour.blue(), colour.green(), colour.red())
