"""The units of a network in its picture: where each is, and how it is painted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qtpy.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from qtpy.QtGui import QFontMetricsF, QPainter, QPen

from mnist_draw.analysis.network_probe import Layer
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import mosaic, paint_frame, signed_image
from mnist_draw.app.kit.views import nearest_ahead

#: Side of a unit's cell in logical pixels, and the rows of cells that must fit into a digit's row.
MAX_CELL = 16
MIN_CELL = 3
ROWS = 5
#: Cells as large as this need not be in so many rows, in logical pixels.
_LEAST_FIT = 8
#: Between the cells of two digits' rows, in logical pixels.
_GAP = 4
#: Units that are shown of a wider layer.
MAX_UNITS = 2000
#: Hidden layers that are shown; "…" replaces those between.
MAX_COLUMNS = 4
#: Height of the titles in two lines, and of the legend below, in logical pixels.
TOP = 52.0
_FOOT = 30.0
#: Room for the digit of a row, in logical pixels.
_DIGIT = 22


@dataclass(frozen=True, eq=False, repr=False)
class Column:
    """One layer's cells: units in rows, or maps as tiles of ``tile`` numbers each."""

    layer: int
    box: QRectF
    cell: float
    high: float
    columns: int
    rows: int
    at: np.ndarray
    #: Rows of cells in each digit's row, and the height of that.
    group: int
    pitch: float
    tile: tuple[int, ...] = ()
    #: Whether it shows a convolution's maps after their pooling.
    pooled: bool = False

    def top_of(self, row: Any) -> Any:
        """Return the top of a row, or of several."""
        band, within = np.divmod(row, self.group)
        pad = (self.pitch - self.group * self.high) / 2
        return self.box.top() + np.rint(band * self.pitch + pad) + within * self.high

    def rect(self, unit: int) -> QRectF:
        """Return a unit's cell; the middle of the column if it is not shown."""
        row, column = self.at[unit].tolist()
        if row < 0:
            return QRectF(self.box.center(), self.box.center())
        left = self.box.left() + column * self.cell
        return QRectF(left, float(self.top_of(row)), self.cell, self.high)

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

    @property
    def corners(self) -> tuple[np.ndarray, np.ndarray]:
        """Which units are shown, and where their cells begin: (n,), (n, 2)."""
        units = np.flatnonzero(self.at[:, 0] >= 0)
        rows, columns = self.at[units].T
        corners = np.stack([self.box.left() + columns * self.cell, self.top_of(rows)], axis=1)
        return units, corners


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

    @cached_property
    def _boxes(self) -> tuple[list[tuple[int, int]], np.ndarray, np.ndarray]:
        """All that can be pointed at: units, also as they are pooled, and answers; their boxes."""
        units: list[tuple[int, int]] = []
        corners = []
        sizes = []
        for column in self.columns:
            numbers, starts = column.corners
            units += [(column.layer, number) for number in numbers.tolist()]
            corners.append(starts)
            sizes.append(np.tile((column.cell, column.high), (len(numbers), 1)))
        units += [(self.last, number) for number in range(len(self.bands))]
        left = self.answer - 6
        corners.append(np.array([(left, band.top()) for band in self.bands]))
        sizes.append(np.array([(band.right() - left, band.height()) for band in self.bands]))
        return units, np.concatenate(corners), np.concatenate(sizes)

    def unit_at(self, point: QPointF, reach: float) -> tuple[int, int] | None:
        """Return what is nearest to a point, where its edge is no further away."""
        units, corners, sizes = self._boxes
        middle = np.abs(corners + sizes / 2 - (point.x(), point.y()))
        away = np.hypot(*np.maximum(middle - sizes / 2, 0).T)
        return units[int(away.argmin())] if away.min() <= reach else None

    def next_unit(
        self,
        unit: tuple[int, int] | None,
        right: int,
        down: int,
        to_layer: bool,
    ) -> tuple[int, int] | None:
        """Return the next unit in a direction, of another layer if asked for; None at the end."""
        units, corners, sizes = self._boxes
        if unit not in units:
            return units[0]
        centers = corners + sizes / 2
        # Beside the picture's own rows those of the answers are as wide as all of them.
        centers[-len(self.bands) :, 0] = self.answer
        layers = np.array(units)[:, 0]
        same = layers == unit[0]
        wanted = ~same if to_layer else same if down else np.ones_like(same)
        found = nearest_ahead(centers, centers[units.index(unit)], right, down, wanted)
        return None if found is None else units[found]

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

    def pixel(self, row: float, column: float, high: float = 1, wide: float = 1) -> QRectF:
        cell = self.picture.width() / 28
        corner = self.picture.topLeft() + QPointF(column, row) * cell
        return QRectF(corner.x(), corner.y(), wide * cell, high * cell)

    def ring(self, digit: int) -> QPointF:
        return QPointF(self.answer + 12, self.bands[digit].center().y())


def shown_layers(hidden: int) -> list[int]:
    return list(range(hidden)) if hidden <= MAX_COLUMNS else [0, 1, hidden - 2, hidden - 1]


def pooled_shape(layers: Sequence[Layer], layer: int) -> tuple[int, ...]:
    """Return height and width of a layer's maps after their pooling; empty if there is none."""
    shape = layers[layer].shape[1:]
    following = layers[layer + 1].incoming[1:]
    return following if shape and following and following != shape else ()


@dataclass(frozen=True)
class _Widths:
    """Parts of the width, and the most of them in logical pixels."""

    picture: float
    bar: float
    most_bar: float
    #: From the picture to the first layer.
    start: float
    gap: float
    most_gap: float


#: For few layers with two pictures, for few with one picture, and for many layers or maps.
_FEW = _Widths(0.226, 0.08, 60.0, 68.0, 0.16, 56.0)
_ONE_PICTURE = _Widths(0.226, 0.08, 60.0, 36.0, 0.05, 24.0)
_MANY = _Widths(0.15, 0.05, 34.0, 22.0, 0.05, 24.0)
#: Parts of the width for columns of different kinds.
_USUAL = 1.0
_NARROW = 0.5
_POOLED = 0.45
#: Sides of the picture in logical pixels.
_LEAST_PICTURE = 84.0
_MOST_PICTURE = 280.0


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
    #: Whether the maps after their pooling are shown, too.
    pooled: bool = False

    @property
    def _is_many(self) -> bool:
        shown = shown_layers(len(self.layers) - 1)
        return len(shown) > 2 or any(self.layers[n].convolves for n in shown)

    @property
    def _widths(self) -> _Widths:
        if self._is_many:
            return _MANY
        return _ONE_PICTURE if self.pictures == 1 else _FEW

    def places(self) -> Places:
        scale = self.scale
        width = self.width
        widths = self._widths
        classes = self.layers[-1].units
        top = TOP * scale
        body = self.height - top - _FOOT * scale
        picture = self._picture_side(body)
        bold = QFontMetricsF(theme.font(theme.Text.BODY, bold=True))
        percent = bold.horizontalAdvance(">99.9%") + 12 * scale
        bar = min(widths.most_bar * scale, widths.bar * width)
        answer = width - percent - bar - 34 * scale - self.answers
        # With large text and little room, shrink distances before units.
        left = picture + min(widths.start * scale, 22 * scale + 0.04 * width)
        columns = self._columns(QRectF(left, top, answer - left, body))
        dense = [each.box.left() for each in columns if not each.tile]
        start = min(dense, default=answer) - _DIGIT * scale
        band = body / classes
        bands = tuple(
            QRectF(start, top + digit * band, width - start, band) for digit in range(classes)
        )
        first = QRectF(0, top + 4 * scale, picture, picture)
        second = QRectF(0, first.bottom() + 66 * scale, picture, picture)
        return Places(first, second, columns, bands, answer, bar, top, len(self.layers) - 1)

    def _picture_side(self, body: float) -> float:
        """Return the side of the picture; its pixels are whole."""
        # Picture and the one below it fit, with their captions.
        room = (body - 104 * self.scale) / 2
        if self.pictures == 1:
            room = body - 40 * self.scale
        wanted = max(self._widths.picture * self.width, _LEAST_PICTURE)
        return 28.0 * max(2, int(min(wanted, _MOST_PICTURE * self.scale, room) / 28))

    def _columns(self, room: QRectF) -> tuple[Column, ...]:
        parts = self._parts()
        gaps = self._gaps(parts, room.width())
        weights = [self._weight(*part) for part in parts]
        share = (room.width() - sum(gaps)) / sum(weights) if parts else 0.0
        left = room.left()
        found = []
        for (layer, pooled), weight, gap in zip(parts, weights, gaps, strict=True):
            left += gap
            wide = max(share * weight, 2.0 * MIN_CELL)
            box = QRectF(left, room.top(), wide, room.height())
            left += wide
            tile = pooled_shape(self.layers, layer) if pooled else self.layers[layer].shape[1:]
            units = self.layers[layer].units
            found.append(
                _maps(layer, units, tile, box, pooled) if tile else self._dense(layer, box),
            )
        return tuple(found)

    def _parts(self) -> list[tuple[int, bool]]:
        """Return the layer of each column, and whether it shows it after its pooling."""
        parts = []
        for layer in shown_layers(len(self.layers) - 1):
            parts.append((layer, False))
            if self.pooled and pooled_shape(self.layers, layer):
                parts.append((layer, True))
        return parts

    def _gaps(self, parts: Sequence[tuple[int, bool]], room: float) -> list[float]:
        """Return the gap before each column."""
        gap = min(self._widths.most_gap * self.scale, self._widths.gap * room)
        gaps = [0.0]
        for layer, pooled in parts[1:]:
            if pooled:
                # Close to the maps that it is made of.
                gaps.append(gap / 2)
            elif self.layers[layer].convolves:
                gaps.append(gap)
            else:
                # The digits of the rows are between it and the layer before.
                gaps.append(max(gap, _DIGIT * self.scale))
        return gaps[: len(parts)]

    def _weight(self, layer: int, pooled: bool) -> float:
        if pooled:
            return _POOLED
        return _USUAL if self.layers[layer].convolves or not self._is_many else _NARROW

    def _dense(self, layer: int, box: QRectF) -> Column:
        groups = self._groups(layer)
        most = max(map(len, groups))
        band = box.height() / len(groups)
        # Between the cells of two classes there is a gap.
        high = band - min(_GAP * self.scale, band / 8) if len(groups) > 1 else band
        # Few units in a low row are larger rather than in so many rows.
        fits = max(int(band / self.depth), _LEAST_FIT)
        cell = min(round(MAX_CELL * self.scale), max(MIN_CELL, min(fits, int(high))))
        while cell > MIN_CELL and int(box.width() / cell) * int(high / cell) < most:
            cell -= 1
        across = max(1, int(box.width() / cell))
        down = max(1, int(high / cell))
        at = np.full((self.layers[layer].units, 2), -1)
        for number, group in enumerate(groups):
            members = group[: across * down]
            place = np.arange(len(members))
            wide = max(1, math.ceil(len(members) / down))
            at[members, 0] = number * down + place // wide
            at[members, 1] = place % wide
        columns = int(at[:, 1].max()) + 1
        return Column(layer, box, cell, cell, columns, len(groups) * down, at, down, band)

    def _groups(self, layer: int) -> list[np.ndarray]:
        """Return the units that are shown in each digit's row, or all in one."""
        chosen = np.arange(self.layers[layer].units)
        heights = self.heights[layer]
        if heights is not None:
            strongest = np.argsort(-heights, kind="stable")
            chosen = np.sort(strongest[:MAX_UNITS])
        chosen = chosen[:MAX_UNITS]
        rows = self.rows[layer]
        if rows is None:
            return [chosen]
        return [chosen[rows[chosen] == digit] for digit in range(self.layers[-1].units)]


def _maps(layer: int, units: int, tile: tuple[int, ...], box: QRectF, pooled: bool) -> Column:
    """Set maps out in as many columns as make them largest, at most two pixels a number."""
    (high, wide) = tile
    aspect = (high + 1) / (wide + 1)

    def cell_of(columns: int) -> float:
        rows = math.ceil(units / columns)
        return min(box.width() / columns, box.height() / rows / aspect)

    columns = max(range(1, units + 1), key=cell_of)
    rows = math.ceil(units / columns)
    cell = min(cell_of(columns), 2.0 * (wide + 1))
    at = np.stack(np.divmod(np.arange(units), columns), axis=1)
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
        tile,
        pooled,
    )


#: The faintest unit that is not 0 has this part of the full color.
_LEAST = 0.16


def paint_ground(painter: QPainter, column: Column) -> None:
    """Paint all cells of a layer, as if each unit were 0."""
    painter.setPen(Qt.NoPen)
    painter.setBrush(theme.color("text", 0.07 if column.tile else 0.10))
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
    color: str,
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
        painter.setPen(QPen(theme.color(color, strength), 1.4 if strength == 1 else 1.0))
        painter.drawLines(lines)
        painter.restore()
