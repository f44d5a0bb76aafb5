"""The units of a layer as lights, and the maps of a convolution as one mosaic."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PyQt5.QtCore import QRectF, Qt
from PyQt5.QtGui import QColor, QImage, QPainter, QPixmap

from mnist_draw.app.inside.network.unit_layout import Column
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of

#: The weakest light that is on has this part of the full colour; the others this root of it.
_WEAKEST, _ROOT = 0.16, 0.75
_GAP = 1.5


def paint_lights(
    painter: QPainter, column: Column, values: np.ndarray | None, mask: QPixmap
) -> None:
    """Paint a dense layer."""
    shown = column.at[:, 0] >= 0
    grid = np.zeros((column.rows, column.columns), np.uint8)
    levels = np.ones(len(shown), np.uint8)
    below = np.zeros(grid.shape, bool)
    if values is not None:
        heights = np.abs(values)
        largest = max(float(heights.max()), 1e-9)
        lit = heights > 0
        levels[lit] = 2 + (253 * np.clip(heights[lit] / largest, 0, 1)).astype(np.uint8)
        below[column.at[shown, 0], column.at[shown, 1]] = values[shown] < 0
    grid[column.at[shown, 0], column.at[shown, 1]] = levels[shown]
    card, text, accent, second = _colours()
    pixels = _palette(card, text, accent)[grid]
    if below.any():
        pixels[below] = _palette(card, text, second)[grid][below]
    small = image_of(pixels)
    layer = QImage(mask.size(), QImage.Format_ARGB32_Premultiplied)
    layer.fill(Qt.transparent)
    layer.setDevicePixelRatio(mask.devicePixelRatio())
    inner = QPainter(layer)
    wide, high = column.columns * column.cell, column.rows * column.high
    inner.drawImage(QRectF(0, 0, wide, high), small)
    inner.setCompositionMode(QPainter.CompositionMode_DestinationIn)
    inner.drawPixmap(0, 0, mask)
    inner.end()
    ratio = mask.devicePixelRatio()
    group = column.group or column.rows
    for row in range(0, column.rows, group):
        source = QRectF(0, row * column.high * ratio, wide * ratio, group * column.high * ratio)
        place = QRectF(column.box.left(), column.top_of(row), wide, group * column.high)
        painter.drawImage(place, layer, source)


def lights_mask(column: Column, ratio: float) -> QPixmap:
    """Return the forms of a dense layer's cells: rounded squares, one for each place."""
    cell = column.cell
    wide, high = column.columns * cell, column.rows * cell
    mask = QPixmap(max(1, round(wide * ratio)), max(1, round(high * ratio)))
    mask.setDevicePixelRatio(ratio)
    mask.fill(Qt.transparent)
    tile = QPixmap(max(1, round(cell * ratio)), max(1, round(cell * ratio)))
    tile.setDevicePixelRatio(ratio)
    tile.fill(Qt.transparent)
    inner = QPainter(tile)
    inner.setRenderHint(QPainter.Antialiasing)
    inner.setPen(Qt.NoPen)
    inner.setBrush(Qt.black)
    side = cell - (_GAP if cell > 5 else 1.0 if cell > 3 else 0.0)
    inner.drawRoundedRect(QRectF(0, 0, side, side), cell / 6, cell / 6)
    inner.end()
    painter = QPainter(mask)
    painter.drawTiledPixmap(QRectF(0, 0, wide, high), tile)
    painter.end()
    return mask


def paint_maps(painter: QPainter, column: Column, values: np.ndarray | None) -> None:
    """Paint the maps of a convolution, float32 (maps, H, W) at least 0, as one image."""
    units = len(column.at)
    if values is None:
        values = np.zeros((units, 1, 1), np.float32)
    _, high, wide = values.shape
    largest = max(float(values.max()), 1e-9)
    cells = np.zeros((column.rows * column.columns, high + 1, wide + 1), np.uint8)
    levels = (253 * np.clip(values / largest, 0, 1)).astype(np.uint8)
    cells[:units, :-1, :-1] = np.where(levels > 0, levels + 2, 1)
    shape = (column.rows, column.columns, high + 1, wide + 1)
    mosaic = cells.reshape(shape).transpose(0, 2, 1, 3).reshape(column.rows * (high + 1), -1)
    target = QRectF(column.box.topLeft(), column.box.topLeft())
    target.setSize(QRectF(0, 0, column.columns * column.cell, column.rows * column.high).size())
    painter.save()
    painter.setRenderHint(QPainter.SmoothPixmapTransform, False)
    card, _, accent, _ = _colours()
    painter.drawImage(target, image_of(_map_palette(card, accent)[mosaic]))
    painter.restore()


def _colours() -> tuple[str, str, str, str]:
    colours = theme.theme().colours
    return colours.card, colours.text, colours.accent, colours.second


def _mixed(first: str, last: str, part: np.ndarray) -> np.ndarray:
    ends = [
        np.array([colour.blue(), colour.green(), colour.red()], np.float32)
        for colour in (QColor(first), QColor(last))
    ]
    mixed: np.ndarray = ends[0] + (ends[1] - ends[0]) * part[:, None]
    return mixed


def _levels(card: str, accent: str, unlit: np.ndarray) -> np.ndarray:
    """Return the colours of 256 levels: 0 is no unit, 1 is unlit, from 2 on it is lit."""
    part = _WEAKEST + (1 - _WEAKEST) * np.linspace(0, 1, 254, dtype=np.float32) ** _ROOT
    table = np.zeros((256, 4), np.uint8)
    table[1, :3] = unlit
    table[2:, :3] = _mixed(card, accent, part)
    table[1:, 3] = 255
    return table


@lru_cache(maxsize=4)
def _palette(card: str, text: str, accent: str) -> np.ndarray:
    return _levels(card, accent, _mixed(card, text, np.array([0.1], np.float32))[0])


@lru_cache(maxsize=4)
def _map_palette(card: str, accent: str) -> np.ndarray:
    return _levels(card, accent, _mixed(card, accent, np.array([0.06], np.float32))[0])
