"""The hidden units of a layer as they light up: units as lights, feature maps as pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, pyqtSignal
from PyQt5.QtGui import (
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of, rgb
from mnist_draw.app.kit.painters import ArrayAnimation, mosaic
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.explanation import HiddenLayer

#: Lights smaller than this, in logical pixels, have no gap.
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
        """Number of units or maps."""
        return self.shape[0]

    @property
    def size(self) -> QSizeF:
        """Size of the grid in logical pixels."""
        wide, high = self._cell()
        return QSizeF(self.columns * wide, self.rows * high)

    @property
    def gap(self) -> float:
        """Gap between lights in logical pixels; maps have one in their picture."""
        return _GAP if len(self.shape) == 1 and self.cell >= _MIN_WITH_GAP else 0.0

    def box(self, unit: int) -> QRectF:
        wide, high = self._cell()
        row, column = divmod(unit, self.columns)
        return QRectF(column * wide, row * high, wide, high)

    def unit_at(self, point: QPointF) -> int | None:
        """Return the unit at a point, None outside."""
        wide, high = self._cell()
        column, row = math.floor(point.x() / wide), math.floor(point.y() / high)
        unit = row * self.columns + column
        inside = 0 <= column < self.columns and row >= 0 and unit < self.units
        return unit if inside else None

    def _pixels(self) -> tuple[int, int]:
        """Return the pixels of a cell in the mosaic: height and width."""
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
    # Full rows, but for the last.
    return UnitGrid(shape, math.ceil(units / rows), rows, cell)


_EXPLAINED = (
    "The outputs of a hidden layer's units for this drawing; the brightest is the strongest. "
    "Point at one to read its value; arrow keys go from one to the next."
)
#: Brightness of a unit whose output is 0, and this root of the others' outputs.
_UNLIT, _ROOT = 0.08, 0.75


class ActivationsView(QWidget):
    """One hidden layer, unit for unit."""

    described = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("activationsView")
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        explain(self, "Hidden units", _EXPLAINED)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.layer: HiddenLayer | None = None
        self.values: np.ndarray | None = None
        self._marked: int | None = None
        self._frames: QImage | None = None
        self._animation = ArrayAnimation(self, self.update)
        theme.theme().changed.connect(self._forget_frames)

    def sizeHint(self) -> QSize:
        return QSize(Size.NETWORK_INPUT[0], Size.NETWORK_INPUT[0])

    def minimumSizeHint(self) -> QSize:
        return QSize(Size.GRID * 10, Size.GRID * 10)

    def show_layer(self, layer: HiddenLayer | None) -> None:
        """Show another layer without values."""
        self.layer = layer
        self._marked = None
        self._forget_frames()
        self.show_values(None)

    def show_values(self, values: np.ndarray | None) -> None:
        """Show the outputs of the layer's units; None shows unlit ones."""
        self.values = values
        if self.layer is None:
            self._animation.animate_to(None)
        else:
            import numpy as np

            if values is None:
                self._animation.animate_to(np.zeros(self.layer.shape, np.float32))
            else:
                self._animation.animate_to(values / np.float32(max(float(values.max()), 1e-9)))
        self._tell()

    def describe(self) -> str:
        """Describe the unit under the pointer, or all of them."""
        if self.layer is None or self.values is None:
            return ""
        if self._marked is not None:
            return self.describe_unit(self._marked)
        import numpy as np

        strongest = self.values.reshape(self.layer.units, -1).max(axis=1)
        active = int(np.count_nonzero(strongest > 0))
        return f"{active} of {self.layer.units} active"

    def describe_unit(self, unit: int) -> str:
        """Describe the output of a unit or of a feature map."""
        assert self.layer is not None
        kind = "unit" if len(self.layer.shape) == 1 else "map"
        if self.values is None:
            return f"{kind} {unit + 1} of {self.layer.units}"
        value = float(self.values[unit].max())
        most = "" if kind == "unit" else "at most "
        return f"{kind} {unit + 1}: {most}{value:.2f}"

    # -- pointing

    def unit_at(self, point: QPointF) -> int | None:
        grid = self._grid()
        return None if grid is None else grid.unit_at(point)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mark(self.unit_at(event.localPos()))

    def leaveEvent(self, event: QEvent) -> None:
        self._mark(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        grid = self._grid()
        steps: dict[int, int] = {Qt.Key_Left: -1, Qt.Key_Right: 1}
        if grid is not None:
            steps |= {Qt.Key_Up: -grid.columns, Qt.Key_Down: grid.columns}
            steps |= {Qt.Key_Home: -grid.units, Qt.Key_End: grid.units}
        if grid is None or event.key() not in steps:
            super().keyPressEvent(event)
            return
        before = -1 if self._marked is None else self._marked
        self._mark(min(max(before + steps[event.key()], 0), grid.units - 1))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.ToolTip and isinstance(event, QHelpEvent):
            unit = self.unit_at(QPointF(event.pos()))
            QToolTip.showText(
                event.globalPos(), _EXPLAINED if unit is None else self.describe_unit(unit), self
            )
            return True
        return super().event(event)

    def _mark(self, unit: int | None) -> None:
        if unit != self._marked:
            self._marked = unit
            self.update()
            self._tell()

    def _tell(self) -> None:
        text = self.describe()
        self.setAccessibleDescription(f"{text}. {_EXPLAINED}" if text else _EXPLAINED)
        self.described.emit(text)

    # -- painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._forget_frames()

    def _grid(self) -> UnitGrid | None:
        if self.layer is None or not self.width() or not self.height():
            return None
        return lay_out(self.layer.shape, float(self.width()), float(self.height()))

    def _forget_frames(self) -> None:
        self._frames = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("card"))
        grid, lit = self._grid(), self._animation.shown
        if grid is None or lit is None or lit.shape != grid.shape:
            return
        area = QRectF(QPointF(0, 0), grid.size)
        painter.drawImage(area, _lights(grid, lit))
        if grid.gap:
            if self._frames is None:
                self._frames = self._paint_frames(grid)
            painter.drawImage(0, 0, self._frames)
        if self._marked is not None:
            painter.setRenderHint(QPainter.Antialiasing)
            painter.setPen(QPen(theme.colour("text"), 1.5))
            painter.drawRoundedRect(grid.box(self._marked).adjusted(0, 0, -1, -1), 2, 2)

    def _paint_frames(self, grid: UnitGrid) -> QImage:
        """Return the frames that round the corners of the lights, in the card's colour."""
        ratio = self.devicePixelRatioF()
        if not (grid.cell * ratio).is_integer():
            return _frames(grid, grid.units, ratio)
        # All rows are alike, and places without a unit have the card's colour anyway.
        row = _frames(grid, grid.columns, ratio)
        frames = QImage((grid.size * ratio).toSize(), QImage.Format_ARGB32_Premultiplied)
        frames.setDevicePixelRatio(ratio)
        painter = QPainter(frames)
        painter.setCompositionMode(QPainter.CompositionMode_Source)
        for number in range(grid.rows):
            painter.drawImage(QPointF(0, number * grid.cell), row)
        painter.end()
        return frames


def _frames(grid: UnitGrid, units: int, ratio: float) -> QImage:
    """Return the frames of the first units, light by light."""
    rows = -(-units // grid.columns)
    size = QSizeF(grid.size.width(), rows * grid.cell)
    frames = QImage((size * ratio).toSize(), QImage.Format_ARGB32_Premultiplied)
    frames.setDevicePixelRatio(ratio)
    frames.fill(theme.colour("card"))
    painter = QPainter(frames)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setCompositionMode(QPainter.CompositionMode_DestinationOut)
    painter.setPen(Qt.NoPen)
    painter.setBrush(Qt.black)
    radius = min(3.0, (grid.cell - grid.gap) / 4)
    for unit in range(units):
        painter.drawRoundedRect(grid.box(unit).adjusted(0, 0, -grid.gap, -grid.gap), radius, radius)
    painter.end()
    return frames


def _lights(grid: UnitGrid, lit: np.ndarray) -> QImage:
    """Return the mosaic of a layer in colours from the card's to the accent's."""
    import numpy as np

    levels = (1 + 254 * np.clip(lit, 0, 1)).astype(np.uint8)
    is_map = len(grid.shape) == 3
    cells = levels if is_map else levels[:, None, None]
    palette = _palette(theme.colour("card").name(), theme.colour("accent").name())
    return image_of(palette[mosaic(cells, grid.rows, grid.columns, gap=int(is_map))])


@lru_cache(maxsize=4)
def _palette(dark: str, bright: str) -> np.ndarray:
    """Return the colour of each level, uint8 (256, 3); 0 is a place without a unit."""
    import numpy as np

    first, last = rgb(QColor(dark)), rgb(QColor(bright))
    strength = _UNLIT + (1 - _UNLIT) * np.linspace(0, 1, 255, dtype=np.float32) ** _ROOT
    strength = np.concatenate([np.zeros(1, np.float32), strength])
    colours: np.ndarray = (first + (last - first) * strength[:, None]).astype(np.uint8)
    return colours


def layer_label(index: int, layer: HiddenLayer) -> str:
    """Name a layer for a menu, by its index from the picture on, counted from 0."""
    what = "units" if len(layer.shape) == 1 else "maps"
    return f"Layer {index + 1}, {what}"
