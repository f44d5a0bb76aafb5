"""How the units of a layer are laid out: a grid of lights, or of small pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF, QSizeF

if TYPE_CHECKING:
    import numpy as np

#: Lights smaller than this, in logical pixels, stand without a gap.
_MIN_WITH_GAP = 4.0
_GAP = 1.5
#: No light and no picture is larger, in logical pixels.
_MAX_LIGHT, _MAX_MAP = 22.0, 96.0


@dataclass(frozen=True)
class UnitGrid:
    """A grid with one cell for each unit, row by row."""

    shape: tuple[int, ...]
    columns: int
    rows: int
    cell: float

    @property
    def units(self) -> int:
        """How many units, or maps, there are."""
        return self.shape[0]

    @property
    def size(self) -> QSizeF:
        """What the grid takes, in logical pixels."""
        wide, high = self._cell()
        return QSizeF(self.columns * wide, self.rows * high)

    @property
    def gap(self) -> float:
        """What keeps lights apart, in logical pixels; maps have a gap in their picture."""
        return _GAP if len(self.shape) == 1 and self.cell >= _MIN_WITH_GAP else 0.0

    def box(self, unit: int) -> QRectF:
        """Return where a unit lies."""
        wide, high = self._cell()
        row, column = divmod(unit, self.columns)
        return QRectF(column * wide, row * high, wide, high)

    def unit_at(self, point: QPointF) -> int | None:
        """Return the unit at a point; None beside the grid."""
        wide, high = self._cell()
        column, row = math.floor(point.x() / wide), math.floor(point.y() / high)
        unit = row * self.columns + column
        inside = 0 <= column < self.columns and row >= 0 and unit < self.units
        return unit if inside else None

    def mosaic(self, values: np.ndarray) -> np.ndarray:
        """Put the values of all units into one picture."""
        import numpy as np

        height, width = self._pixels()
        cells = np.zeros((self.rows * self.columns, height, width), values.dtype)
        if len(self.shape) == 1:
            cells[: self.units, 0, 0] = values
        else:
            cells[: self.units, :-1, :-1] = values
        grid = cells.reshape(self.rows, self.columns, height, width)
        return grid.transpose(0, 2, 1, 3).reshape(self.rows * height, self.columns * width)

    def _pixels(self) -> tuple[int, int]:
        """Return how many pixels of the mosaic a cell has, both ways."""
        if len(self.shape) == 1:
            return 1, 1
        return self.shape[1] + 1, self.shape[2] + 1

    def _cell(self) -> tuple[float, float]:
        height, width = self._pixels()
        longer = max(height, width)
        return self.cell * width / longer, self.cell * height / longer


@lru_cache(maxsize=32)
def lay_out(shape: tuple[int, ...], width: float, height: float) -> UnitGrid:
    """Find the grid with the largest cells within a room, in logical pixels."""
    units = shape[0]
    aspect = 1.0 if len(shape) == 1 else (shape[2] + 1) / (shape[1] + 1)
    wide, high = (aspect, 1.0) if aspect < 1 else (1.0, 1 / aspect)
    best, columns = 0.0, 1
    for tried in range(1, units + 1):
        cell = min(width / (tried * wide), height / (math.ceil(units / tried) * high))
        if cell > best:
            best, columns = cell, tried
    largest = _MAX_LIGHT if len(shape) == 1 else _MAX_MAP
    cell = min(best, largest)
    if best > largest:
        # Room is left over: wide rows read better than a tall block.
        columns = min(units, int(width / (cell * wide)))
    if cell >= _MIN_WITH_GAP:
        # Whole pixels: every light is as large as the next.
        cell = float(math.floor(cell))
        columns = min(units, int(width / (cell * wide)))
    rows = math.ceil(units / columns)
    # Full rows, as far as it goes.
    return UnitGrid(shape, math.ceil(units / rows), rows, cell)
