"""The units of a network in its picture: where each is, and how it is painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PyQt5.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PyQt5.QtGui import QFontMetricsF, QPainter, QPen

from mnist_draw.analysis.network_probe import Layer
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import mosaic, paint_frame, signed_image

#: Side of a unit's cell in logical pixels, and the rows of cells that must fit into a digit's row.
MAX_CELL = 16
MIN_CELL = 3
ROWS = 5
#: Between the cells of two digits' rows, in logical pixels.
_GAP = 4
#: Units that are shown of a wider layer.
MAX_UNITS = 2000
#: Hidden layers that are shown; "…" replaces those between.
MAX_COLUMNS = 4
#: Height of titles in one or two lines, in logical pixels.
TOP = 52.0
#: Room for the digit of a row, in logical pixels.
_DIGIT = 22
#: Below this width many layers have the room of what is seen elsewhere, too.
_NARROW = 500.0


@dataclass(frozen=True, eq=False)
class Column:
    """One layer's cells: units in rows, or maps as tiles of ``tile`` numbers each."""

    layer: int
    box: QRectF
    cell: float
    high: float
    columns: int
    rows: int
    at: np.ndarray = field(repr=False)
    #: Rows of cells in each digit's row, and the height of that.
    group: int
    pitch: float
    tile: tuple[int, ...] = ()
    #: Whether it shows a convolution's maps after their pooling.
    pooled: bool = False

    def top_of(self, row: float) -> float:
        band, within = divmod(row, self.group)
        pad = (self.pitch - self.group * self.high) / 2
        return self.box.top() + round(band * self.pitch + pad) + within * self.high

    def rect(self, unit: int) -> QRectF:
        """Return a unit's cell; the middle of the column if it is not shown."""
        row, column = self.at[unit].tolist()
        if row < 0:
            return QRectF(self.box.center(), self.box.center())
        left = self.box.left() + column * self.cell
        return QRectF(left, self.top_of(row), self.cell, self.high)

    def shows(self, unit: int) -> bool:
        return bool(self.at[unit, 0] >= 0)

    @property
    def shown(self) -> int:
        return int((self.at[:, 0] >= 0).sum())

    def tile_rect(self, unit: int) -> QRectF:
        """Return a unit's cell without the gap to the next one."""
        rect = self.rect(unit)
        if self.tile:
            high, wide = self.tile
            rect.setSize(QSizeF(self.cell * wide / (wide + 1), self.high * high / (high + 1)))
            return rect
        gap = 1.0 if self.cell > MIN_CELL else 0.0
        return rect.adjusted(0, 0, -gap, -gap)

    def place_in(self, unit: int, point: QPointF) -> tuple[int, int]:
        """Return row and column of the number of a map that is at a point."""
        rect = self.tile_rect(unit)
        (high, wide) = self.tile
        row = int(high * (point.y() - rect.top()) / rect.height())
        column = int(wide * (point.x() - rect.left()) / rect.width())
        return min(max(row, 0), high - 1), min(max(column, 0), wide - 1)

    def grid(self, values: np.ndarray) -> np.ndarray:
        """Lay a layer's numbers out as they are painted; 0 where there is no unit."""
        if self.tile:
            return mosaic(values, self.rows, self.columns)
        grid = np.zeros((self.rows, self.columns), np.float32)
        there = self.at[:, 0] >= 0
        grid[self.at[there, 0], self.at[there, 1]] = values[there]
        return grid

    def nearest(self, place: QPointF, reach: float) -> tuple[float, int] | None:
        x = self.box.left() + (self.at[:, 1] + 0.5) * self.cell - place.x()
        tops = np.array([self.top_of(row) for row in range(self.rows)])
        y = tops[self.at[:, 0]] + 0.5 * self.high - place.y()
        # Distance to the cell's edge, 0 inside.
        away = np.hypot(
            np.maximum(np.abs(x) - self.cell / 2, 0),
            np.maximum(np.abs(y) - self.high / 2, 0),
        )
        away[self.at[:, 0] < 0] = np.inf
        unit = int(away.argmin())
        return (float(away[unit]), unit) if away[unit] <= reach else None

    def step(self, unit: int, down: int, right: int) -> int:
        """Return the next unit in a direction; the same one at the edge."""
        row, column = self.at[unit]
        rows = self.at[:, 0] - row
        columns = self.at[:, 1] - column
        along, across = (rows * down, columns) if down else (columns * right, rows)
        cost = np.where((along > 0) & (self.at[:, 0] >= 0), along + 100.0 * np.abs(across), np.inf)
        best = int(cost.argmin())
        return best if np.isfinite(cost[best]) else unit


@dataclass(frozen=True, eq=False)
class Places:
    picture: QRectF
    below: QRectF
    columns: tuple[Column, ...]
    bands: tuple[QRectF, ...]
    answer: float
    bar: float
    top: float
    #: The layer of the answers.
    last: int

    def column_of(self, layer: int) -> Column | None:
        found = (column for column in self.columns if column.layer == layer)
        return next((column for column in found if not column.pooled), None)

    def edge(self, unit: tuple[int, int], right: bool = False) -> QPointF | None:
        """Return where lines of a unit begin or end; None if it is not shown."""
        layer, number = unit
        if layer < 0:
            return self.pixel(*divmod(number, 28)).center()
        if layer == self.last:
            return self.ring(number) - QPointF(12, 0)
        column = self.column_of(layer)
        if column is None or not column.shows(number):
            return None
        rect = column.rect(number)
        return QPointF(rect.right() if right else rect.left(), rect.center().y())

    def pixel(self, row: float, column: float, high: int = 1, wide: int = 1) -> QRectF:
        cell = self.picture.width() / 28
        corner = self.picture.topLeft() + QPointF(column, row) * cell
        return QRectF(corner.x(), corner.y(), wide * cell, high * cell)

    def ring(self, digit: int) -> QPointF:
        return QPointF(self.answer + 12, self.bands[digit].center().y())


def shown_layers(hidden: int) -> list[int]:
    return list(range(hidden)) if hidden <= MAX_COLUMNS else [0, 1, hidden - 2, hidden - 1]


@dataclass(frozen=True, eq=False)
class Layout:
    """Sets out the picture of a network: what is shown, and in how much room."""

    layers: Sequence[Layer]
    width: float
    height: float
    #: Of each hidden layer the row and the largest mean output of each unit; None if unknown.
    rows: Sequence[np.ndarray | None]
    heights: Sequence[np.ndarray | None]
    scale: float = 1.0
    pictures: int = 2
    #: More room than usual for the answers.
    answers: float = 0.0
    depth: int = ROWS
    pooled: bool = False

    @property
    def _many(self) -> bool:
        shown = shown_layers(len(self.layers) - 1)
        return len(shown) > 2 or any(self.layers[n].convolves for n in shown)

    @property
    def _is_narrow(self) -> bool:
        return (self._many or self.pictures == 1) and self.width < _NARROW * self.scale

    def places(self) -> Places:
        scale = self.scale
        width = self.width
        many = self._many
        classes = self.layers[-1].units
        top = TOP * scale
        foot = 30.0 * scale
        body = self.height - top - foot
        # Picture and the one below it fit, with their captions; pixels are whole.
        room = (body - 104 * scale) / 2 if self.pictures == 2 else body - 40 * scale
        least = 84.0 if self._is_narrow else 112.0
        picture = min(max((0.15 if many else 0.226) * width, least), 280 * scale, room)
        picture = 28.0 * max(2, math.floor(picture / 28))
        bold = QFontMetricsF(theme.font(theme.Text.BODY, bold=True))
        percent = bold.horizontalAdvance(">99.9 %") + 12 * scale
        bar = min((34.0 if many else 60.0) * scale, (0.04 if self._is_narrow else 0.08) * width)
        answer = width - percent - bar - 34 * scale - self.answers
        # With large text and little room, shrink distances before units.
        wide = 22.0 if many else 36.0 if self.pictures == 1 else 68.0
        left = picture + min(wide * scale, 22 * scale + 0.04 * width)
        columns = self._columns(QRectF(left, top, answer - left, body))
        banded = [each.box.left() for each in columns if not self.layers[each.layer].convolves]
        start = (min(banded) if banded else answer) - _DIGIT * scale
        band = body / classes
        bands = tuple(
            QRectF(start, top + digit * band, width - start, band) for digit in range(classes)
        )
        first = QRectF(0, top + 4 * scale, picture, picture)
        second = QRectF(0, first.bottom() + 66 * scale, picture, picture)
        return Places(first, second, columns, bands, answer, bar, top, len(self.layers) - 1)

    def _columns(self, room: QRectF) -> tuple[Column, ...]:
        layers = self.layers
        many = self._many
        parts = [
            (n, after)
            for n in shown_layers(len(layers) - 1)
            for after in (False, True)
            if not after or (self.pooled and not self._is_narrow and pooled_shape(layers, n))
        ]
        tight = many or self.pictures == 1
        most = (0.05 if self._is_narrow else 0.16) * room.width()
        gap = min((24.0 if tight else 56.0) * self.scale, most)
        # What is pooled is thin, and close to the maps that it is made of.
        gaps = [gap / 2 if (n, True) in parts and not after else gap for n, after in parts]
        for place, (n, __) in enumerate(parts[1:]):
            if not layers[n].shape[1:]:
                # The digits of the rows are between it and the layer before.
                gaps[place] = max(gaps[place], _DIGIT * self.scale)
        weights = [
            0.45 if after else 1.0 if layers[n].convolves or not many else 0.5 for n, after in parts
        ]
        share = (room.width() - sum(gaps)) / sum(weights or [1])
        left = room.left()
        found = []
        for (n, after), weight, space in zip(parts, weights, gaps, strict=True):
            wide = max(share * weight, 2.0 * MIN_CELL)
            box = QRectF(left, room.top(), wide, room.height())
            left += wide + space
            shape = pooled_shape(layers, n) if after else layers[n].shape[1:]
            units = layers[n].units
            found.append(_maps(n, units, shape, box, after) if shape else self._dense(n, box))
        return tuple(found)

    def _dense(self, layer: int, box: QRectF) -> Column:
        units = self.layers[layer].units
        classes = self.layers[-1].units
        rows = self.rows[layer]
        chosen = np.arange(units)
        heights = self.heights[layer]
        if units > MAX_UNITS:
            order = chosen if heights is None else np.argsort(-heights, kind="stable")
            chosen = np.sort(order[:MAX_UNITS])
        groups = [chosen]
        if rows is not None:
            groups = [chosen[rows[chosen] == digit] for digit in range(classes)]
        band = box.height() / len(groups)
        most = max(len(group) for group in groups)
        largest = round(MAX_CELL * self.scale)
        fits = int(box.height() / classes / self.depth)
        cell = min(largest, max(MIN_CELL, fits))
        # Between the cells of two classes there is a gap.
        high = band - min(_GAP * self.scale, band / 8) * (rows is not None)
        while cell > MIN_CELL and int(box.width() / cell) * int(high / cell) < most:
            cell -= 1
        across = max(1, int(box.width() / cell))
        down = max(1, int(high / cell))
        at = np.full((units, 2), -1)
        for number, group in enumerate(groups):
            members = group[: across * down]
            wide = max(1, math.ceil(len(members) / down))
            place = np.arange(len(members))
            at[members, 0] = number * down + place // wide
            at[members, 1] = place % wide
        columns = int(at[:, 1].max()) + 1
        return Column(layer, box, cell, cell, columns, len(groups) * down, at, down, band)


def pooled_shape(layers: Sequence[Layer], layer: int) -> tuple[int, ...]:
    """Return height and width of a layer's maps after their pooling; empty if there is none."""
    shape = layers[layer].shape[1:]
    following = layers[layer + 1].incoming[1:]
    return following if shape and following and following != shape else ()


def _maps(layer: int, units: int, tile: tuple[int, ...], box: QRectF, pooled: bool) -> Column:
    high, wide = tile
    aspect = (high + 1) / (wide + 1)
    best = (0.0, 1)
    for columns in range(1, units + 1):
        cell = min(box.width() / columns, box.height() / math.ceil(units / columns) / aspect)
        best = max(best, (cell, columns), key=lambda entry: entry[0])
    cell = min(best[0], 2.0 * (wide + 1))
    columns = best[1]
    at = np.stack(np.divmod(np.arange(units), columns), axis=1)
    rows = math.ceil(units / columns)
    pitch = rows * cell * aspect
    return Column(
        layer,
        box,
        cell,
        cell * aspect,
        columns,
        rows,
        at,
        rows,
        pitch,
        tuple(tile),
        pooled,
    )


#: The faintest unit that is not 0 has this part of the full colour.
_LEAST = 0.16


def paint_ground(painter: QPainter, column: Column) -> None:
    """Paint all cells of a layer, as if each unit were 0."""
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.colour("text", 0.07 if column.tile else 0.10))
    units = np.flatnonzero(column.at[:, 0] >= 0).tolist()
    painter.drawRects([column.tile_rect(unit) for unit in units])


def paint_values(painter: QPainter, column: Column, values: np.ndarray) -> None:
    """Paint a layer's numbers, (units,) or (maps, height, width), as one image."""
    grid = column.grid(values)
    wide = column.columns * column.cell
    pixels = wide * painter.device().devicePixelRatioF()
    image = signed_image(grid, max(1, round(pixels / grid.shape[1])), least=_LEAST)
    group = column.group
    high = image.height() / column.rows
    for row in range(0, column.rows, group):
        source = QRectF(0, row * high, image.width(), group * high)
        place = QRectF(column.box.left(), column.top_of(row), wide, group * column.high)
        painter.drawImage(place, image, source)


def outline(painter: QPainter, box: QRectF) -> None:
    paint_frame(painter, box.adjusted(-2, -2, 2, 2), "text", 2.5, 2.5)


def paint_crosses(
    painter: QPainter,
    column: Column,
    units: Sequence[int],
    colour: str,
    strength: float = 1.0,
) -> None:
    """Cross units out; those that are not shown are left out."""
    lines = []
    for unit in units:
        if column.shows(unit):
            box = column.tile_rect(unit)
            lines += [
                QLineF(box.topLeft(), box.bottomRight()),
                QLineF(box.topRight(), box.bottomLeft()),
            ]
    if lines:
        painter.save()
        painter.setRenderHint(QPainter.Antialiasing, column.cell > 5)
        painter.setPen(QPen(theme.colour(colour, strength), 1.4 if strength == 1 else 1.0))
        painter.drawLines(lines)
        painter.restore()
