"""The units of a layer as cells that say up or down, and crosses for those that are left out."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QLineF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen

from mnist_draw.app.inside.network.units import Column
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_signed

#: So many strengths of a colour: cells of one strength are painted by one call.
_LEVELS = 8
_INSET, _ROOT = 0.6, 0.6


def paint_signed_units(painter: QPainter, column: Column, values: np.ndarray) -> None:
    """Paint a dense layer: above 0 a full cell, below 0 a smaller one in the second colour."""
    shown = np.flatnonzero(column.at[:, 0] >= 0)
    largest = max(float(np.abs(values).max()), 1e-12)
    strength = np.ceil(_LEVELS * (np.abs(values) / largest) ** _ROOT).astype(int)
    strength[values == 0] = 0
    painter.save()
    painter.setRenderHint(QPainter.Antialiasing, column.cell > 5)
    painter.setPen(Qt.NoPen)
    side = column.cell - (1.5 if column.cell > 5 else 1.0)
    edge = side * (1 - _INSET) / 2
    groups: dict[tuple[int, bool], list[QRectF]] = {}
    levels, below = strength[shown].tolist(), (values[shown] < 0).tolist()
    for (x, y), level, is_below in zip(_corners(column, shown), levels, below, strict=True):
        inset = edge if is_below and level else 0.0
        box = QRectF(x + inset, y + inset, side - 2 * inset, side - 2 * inset)
        groups.setdefault((level, not inset), []).append(box)
    for (level, positive), boxes in groups.items():
        if level:
            colour = theme.colour("accent" if positive else "second", level / _LEVELS)
        else:
            colour = theme.colour("text", 0.10)
        painter.setBrush(colour)
        painter.drawRects(boxes)
    painter.restore()


def paint_crosses(painter: QPainter, column: Column, off: np.ndarray) -> None:
    """Cross the units out that are left out, bool (units,)."""
    lines = []
    inset = 0.5 if column.cell <= 6 else 0.75
    side = column.cell - 3 * inset
    for left, top in _corners(column, np.flatnonzero(off & (column.at[:, 0] >= 0))):
        x, y = left + inset, top + inset
        lines.append(QLineF(x, y, x + side, y + side))
        lines.append(QLineF(x + side, y, x, y + side))
    painter.save()
    painter.setRenderHint(QPainter.Antialiasing, column.cell > 5)
    painter.setPen(QPen(theme.colour("muted", 0.75), 1))
    painter.drawLines(lines)
    painter.restore()


def _corners(column: Column, units: np.ndarray) -> list[tuple[float, float]]:
    """Return the top left corners of units' cells, all at once: one by one takes too long."""
    tops = np.array([column.top_of(row) for row in range(column.rows)])
    lefts = column.box.left() + column.at[units, 1] * column.cell
    return list(zip(lefts.tolist(), tops[column.at[units, 0]].tolist(), strict=True))


def paint_signed_maps(
    painter: QPainter, column: Column, values: np.ndarray, ratio: float = 1.0
) -> None:
    """Paint maps of numbers, (maps, H, W), as one mosaic of what speaks for and against."""
    units, high, wide = values.shape
    cells = np.zeros((column.rows * column.columns, high + 1, wide + 1), np.float32)
    cells[:units, :-1, :-1] = values
    shape = (column.rows, column.columns, high + 1, wide + 1)
    mosaic = cells.reshape(shape).transpose(0, 2, 1, 3).reshape(column.rows * (high + 1), -1)
    box = QRectF(
        column.box.left(), column.box.top(), column.columns * column.cell, column.rows * column.high
    )
    # Each tile with its own ground, so that one sees where it ends.
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.colour("text", 0.07))
    tile_wide, tile_high = column.cell * wide / (wide + 1), column.high * high / (high + 1)
    painter.drawRects(
        [
            QRectF(
                box.left() + int(across) * column.cell, box.top() + int(row) * column.high,
                tile_wide, tile_high,
            )
            for row, across in column.at
        ]
    )  # fmt: skip
    paint_signed(painter, box, mosaic, 0.0, ratio)
