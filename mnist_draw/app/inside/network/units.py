"""The units of a network in its picture: where each is, and how it is painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPixmap

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import blank_pixmap, image_of, mosaic

if TYPE_CHECKING:
    from mnist_draw.analysis.network_probe import Layer

#: Side of a unit's cell in logical pixels, and the rows of cells that must fit into a digit's row.
MAX_CELL, MIN_CELL, ROWS = 16, 3, 5
#: Units that are shown of a wider layer.
MAX_UNITS = 2000
#: Columns of hidden layers; "…" replaces those between.
MAX_COLUMNS = 4


@dataclass(frozen=True, eq=False)
class Column:
    layer: int
    box: QRectF
    cell: float
    high: float
    columns: int
    rows: int
    at: np.ndarray = field(repr=False)
    group: int = 0
    pitch: float = 0.0

    def top_of(self, row: float) -> float:
        if not self.group:
            return self.box.top() + row * self.high
        band, within = divmod(row, self.group)
        pad = (self.pitch - self.group * self.high) / 2
        return self.box.top() + round(band * self.pitch + pad) + within * self.high

    def rect(self, unit: int) -> QRectF:
        """Return a unit's cell; the middle of the column if it is not shown."""
        row, column = (int(n) for n in self.at[unit])
        if row < 0:
            return QRectF(self.box.center(), self.box.center())
        left = self.box.left() + column * self.cell
        return QRectF(left, self.top_of(row), self.cell, self.high)

    def shows(self, unit: int) -> bool:
        return bool(self.at[unit, 0] >= 0)

    @property
    def shown(self) -> int:
        return int((self.at[:, 0] >= 0).sum())

    def nearest(self, place: QPointF, reach: float) -> tuple[float, int] | None:
        x = self.box.left() + (self.at[:, 1] + 0.5) * self.cell - place.x()
        tops = np.array([self.top_of(row) for row in range(self.rows)])
        y = tops[self.at[:, 0]] + 0.5 * self.high - place.y()
        # Distance to the cell's edge, 0 inside.
        away = np.hypot(
            np.maximum(np.abs(x) - self.cell / 2, 0), np.maximum(np.abs(y) - self.high / 2, 0)
        )
        away[self.at[:, 0] < 0] = np.inf
        unit = int(away.argmin())
        return (float(away[unit]), unit) if away[unit] <= reach else None

    def step(self, unit: int, down: int, right: int) -> int:
        """Return the next unit in a direction; the same one at the edge."""
        row, column = self.at[unit]
        rows, columns = self.at[:, 0] - row, self.at[:, 1] - column
        along, across = (rows * down, columns) if down else (columns * right, rows)
        cost = np.where((along > 0) & (self.at[:, 0] >= 0), along + 100.0 * np.abs(across), np.inf)
        best = int(cost.argmin())
        return best if np.isfinite(cost[best]) else unit


@dataclass(frozen=True, eq=False)
class Places:
    picture: QRectF
    below: QRectF
    columns: tuple[Column, ...]
    skipped: tuple[int, ...]
    bands: tuple[QRectF, ...]
    answer: float
    bar: float
    top: float

    def column_of(self, layer: int) -> Column | None:
        return next((column for column in self.columns if column.layer == layer), None)

    def ring(self, digit: int) -> QPointF:
        return QPointF(self.answer + 12, self.bands[digit].center().y())


def shown_layers(hidden: int) -> tuple[list[int], list[int]]:
    """Return the hidden layers that have a column, and the columns followed by omitted layers."""
    if hidden <= MAX_COLUMNS:
        return list(range(hidden)), []
    return [0, 1, hidden - 2, hidden - 1], [1]


def lay_out(
    layers: Sequence[Layer],
    width: float,
    height: float,
    rows: Sequence[np.ndarray | None],
    heights: Sequence[np.ndarray | None],
    scale: float = 1.0,
    *,
    pictures: int = 2,
    answers: float = 0.0,
    depth: int = ROWS,
) -> Places:
    shown, skipped = shown_layers(len(layers) - 1)
    classes = layers[-1].units
    many = len(shown) > 2 or any(layers[n].convolves for n in shown)
    top, foot = 52.0 * scale, 30.0 * scale
    body = height - top - foot
    # Picture and the one below it fit, with their captions; pixels are whole.
    share = 0.15 if many else 0.226
    room = (body - 104 * scale) / 2 if pictures == 2 else body - 40 * scale
    picture = min(max(share * width, 112.0), 280 * scale, room)
    picture = 28.0 * max(2, math.floor(picture / 28))
    bold = QFontMetricsF(theme.font(theme.Text.BODY, bold=True))
    percent = bold.horizontalAdvance(">99.9 %") + 12 * scale
    bar = min((34.0 if many else 60.0) * scale, 0.08 * width)
    answer = width - percent - bar - 34 * scale - answers
    # With large text and little room, shrink distances before units.
    wide = 22.0 if many else 36.0 if pictures == 1 else 68.0
    left = picture + min(wide * scale, 22 * scale + 0.04 * width)
    tight = many or pictures == 1
    boxes = _boxes(layers, shown, left, answer, top, body, scale, many, tight)
    columns = tuple(
        _dense(n, layers[n].units, box, rows[n], heights[n], scale, depth, classes)
        if not layers[n].convolves
        else _maps(n, layers[n].shape, box)
        for n, box in zip(shown, boxes, strict=True)
    )
    banded = [column.box.left() for column in columns if not layers[column.layer].convolves]
    start = (min(banded) if banded else answer) - 22 * scale
    band = body / classes
    bands = tuple(
        QRectF(start, top + digit * band, width - start, band) for digit in range(classes)
    )
    first = QRectF(0, top + 4 * scale, picture, picture)
    second = QRectF(0, first.bottom() + 66 * scale, picture, picture)
    return Places(first, second, columns, tuple(skipped), bands, answer, bar, top)


def _boxes(
    layers: Sequence[Layer],
    shown: Sequence[int],
    left: float,
    right: float,
    top: float,
    height: float,
    scale: float,
    many: bool,
    tight: bool,
) -> list[QRectF]:
    gap = min((24.0 if tight else 56.0) * scale, 0.16 * (right - left))
    weights = [1.0 if layers[n].convolves else 0.62 if many else 1.0 for n in shown]
    room = right - left - gap * len(shown)
    boxes = []
    for weight in weights:
        wide = max(room * weight / sum(weights), 2.0 * MIN_CELL)
        boxes.append(QRectF(left, top, wide, height))
        left += wide + gap
    return boxes


def _dense(
    layer: int,
    units: int,
    box: QRectF,
    rows: np.ndarray | None,
    heights: np.ndarray | None,
    scale: float,
    depth: int,
    classes: int,
) -> Column:
    chosen = np.arange(units)
    if units > MAX_UNITS:
        order = np.arange(units) if heights is None else np.argsort(-heights, kind="stable")
        chosen = np.sort(order[:MAX_UNITS])
    band = box.height() / classes
    cell = float(min(round(MAX_CELL * scale), max(MIN_CELL, math.floor(band / depth))))
    while cell > MIN_CELL and not _fits(rows, chosen, box, cell, classes):
        cell -= 1
    at = np.full((units, 2), -1)
    across = max(1, int(box.width() / cell))
    if rows is None:
        down = max(1, int(box.height() / cell))
        across = min(across, max(1, math.ceil(len(chosen) / down)))
        fit = chosen[: across * down]
        at[fit, 0], at[fit, 1] = np.divmod(np.arange(len(fit)), across)
        return Column(layer, box, cell, cell, across, down, at)
    down = max(1, int(band / cell))
    for digit in range(classes):
        members = chosen[rows[chosen] == digit][: across * down]
        wide = max(1, math.ceil(len(members) / down))
        at[members, 0] = digit * down + np.arange(len(members)) // wide
        at[members, 1] = np.arange(len(members)) % wide
    columns = int(at[:, 1].max()) + 1
    return Column(layer, box, cell, cell, columns, classes * down, at, down, band)


def _fits(
    rows: np.ndarray | None, chosen: np.ndarray, box: QRectF, cell: float, classes: int
) -> bool:
    across = int(box.width() / cell)
    if rows is None:
        return across * int(box.height() / cell) >= len(chosen)
    found = rows[chosen]
    most = int(np.bincount(found[found >= 0], minlength=classes).max())
    return across * int(box.height() / classes / cell) >= most


def _maps(layer: int, shape: tuple[int, ...], box: QRectF) -> Column:
    units, high, wide = shape
    aspect = (high + 1) / (wide + 1)
    best = (0.0, 1)
    for columns in range(1, units + 1):
        cell = min(box.width() / columns, box.height() / math.ceil(units / columns) / aspect)
        best = max(best, (cell, columns), key=lambda entry: entry[0])
    cell, columns = best
    cell = min(cell, 2.0 * (wide + 1))
    at = np.stack(np.divmod(np.arange(units), columns), axis=1)
    return Column(layer, box, cell, cell * aspect, columns, math.ceil(units / columns), at)


#: The faintest lit unit has this part of the full colour; strengths are raised to this power.
_MIN_STRENGTH, _ROOT = 0.16, 0.75
_GAP = 1.5


def paint_lights(
    painter: QPainter, column: Column, values: np.ndarray | None, mask: QPixmap
) -> None:
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
    """Return the shapes of a dense layer's cells: rounded squares."""
    cell = column.cell
    wide, high = column.columns * cell, column.rows * cell
    mask = blank_pixmap(wide, high, ratio)
    tile = blank_pixmap(cell, cell, ratio)
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
    """Paint the maps of a convolution, float32 (maps, H, W) from 0 on, as one image."""
    if values is None:
        values = np.zeros((len(column.at), 1, 1), np.float32)
    largest = max(float(values.max()), 1e-9)
    levels = (253 * np.clip(values / largest, 0, 1)).astype(np.uint8)
    tiles = mosaic(np.where(levels > 0, levels + 2, 1), column.rows, column.columns)
    target = QRectF(column.box.topLeft(), column.box.topLeft())
    target.setSize(QRectF(0, 0, column.columns * column.cell, column.rows * column.high).size())
    painter.save()
    painter.setRenderHint(QPainter.SmoothPixmapTransform, False)
    card, _, accent, _ = _colours()
    painter.drawImage(target, image_of(_map_palette(card, accent)[tiles]))
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
    part = _MIN_STRENGTH + (1 - _MIN_STRENGTH) * np.linspace(0, 1, 254, dtype=np.float32) ** _ROOT
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
