"""A drawing: strokes and placed pictures, their history, and the ink for recognition.

The ink picture has a fixed resolution of half a pixel per board unit, whatever the size, the
pixel ratio and the colors of the window. It is updated as points arrive, so that asking for it
costs one copy and a few pieces of the growing stroke.
"""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from qtpy.QtCore import QPoint, QPointF, QRectF, QSize, QSizeF, Qt
from qtpy.QtGui import QColor, QImage, QPainter

from mnist_draw.app.draw.board_items import (
    BOARD,
    PEN_WIDTH,
    Item,
    PlacedPicture,
    Point,
    Stroke,
    ink_of,
)

if TYPE_CHECKING:
    import numpy as np


class ImageMemory:
    """Holds the newest boards with their items; images share their pixels until painted on."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._stored: deque[tuple[list[Item], QImage]] = deque()

    def store(self, items: list[Item], image: QImage) -> None:
        if self.find(items) is not None:
            return
        self._stored.append((items, QImage(image)))
        self._taken += image.sizeInBytes()
        while self._taken > self._room and len(self._stored) > 1:
            self._taken -= self._stored.popleft()[1].sizeInBytes()

    def find(self, items: list[Item]) -> QImage | None:
        """Return the board with exactly these items, if it is remembered."""
        for known, image in reversed(self._stored):
            same = len(known) == len(items) and all(map(operator.is_, known, items))
            if known is items or same:
                return QImage(image)
        return None

    def clear(self) -> None:
        self._stored.clear()
        self._taken = 0


#: Pixels of the ink picture per board unit.
INK_SCALE = 0.5
#: The area of the ink picture grows in steps of this many board units.
_GROW = 100.0
#: So many pieces of a growing stroke are painted at once; a reader of the ink paints the rest.
_AT_ONCE = 6
#: Overlapping strokes are rounded so much otherwise than each alone, of 255.
_ROUNDING = 2
#: Bytes for ink pictures of earlier steps: some hundreds.
_ROOM = 32 * 1024 * 1024
#: Returns ink, uint8 (H, W), and its strokes in pixels of it; None where not all ink has any.
InkReader: TypeAlias = Callable[[], tuple["np.ndarray", "list[np.ndarray] | None"]]
_INK = QColor(Qt.white)
_PAPER = QColor(Qt.black)
#: Rendering of a placed picture in the ink picture.
INK_RENDERING = (INK_SCALE, _INK)


class Drawing:
    """Strokes and pictures on a board of 600×600 units; strokes may reach beyond it."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._undone: list[list[Item]] = []
        self._done: list[list[Item]] = []
        #: The stroke that is being drawn now.
        self.growing: Stroke | None = None
        self._inked = 0
        self._memory = ImageMemory(_ROOM)
        self._area = QRectF()
        self._image = QImage()
        self._start_image(QRectF(0, 0, BOARD, BOARD))

    @property
    def beginning(self) -> bool:
        """Whether its first stroke is being drawn, and nothing else is there."""
        return self.growing is not None and len(self.items) == 1

    def begin(self, point: Point, erase: bool = False) -> None:
        self._remember()
        self.growing = Stroke([point], erase)
        self._inked = 0
        self.items = [*self.items, self.growing]
        self._cover(self.growing.bounds())

    def extend(self, point: Point) -> None:
        stroke = self.growing
        if stroke is None:
            return
        stroke.append(point)
        if not self._cover(stroke.bounds(len(stroke.points) - 1)):
            self._ink_pieces(stroke)

    def end(self) -> None:
        stroke, self.growing = self.growing, None
        if stroke is not None:
            _ink_stroke(self._image, stroke, self._inked)

    def add_stroke(self, points: Iterable[tuple[float, ...]], width: float | None = None) -> None:
        stroke = Stroke.through(points, PEN_WIDTH if width is None else width)
        if not stroke.points:
            raise ValueError("a stroke needs at least one point, got none")
        for point in stroke.points:
            if not (math.isfinite(point.x) and math.isfinite(point.y) and point.width > 0):
                raise ValueError(f"a stroke needs finite points and a positive width, got {point}")
        self._remember()
        self.items = [*self.items, stroke]
        if not self._cover(stroke.bounds()):
            _ink_stroke(self._image, stroke, 0)

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def clear(self) -> None:
        self.end()
        if self.items:
            self.replace([])

    def replace(self, items: Sequence[Item]) -> None:
        self._remember()
        self._show(list(items))

    def restore(self, items: Sequence[Item]) -> None:
        """Restore the autosaved drawing below newer strokes; not undoable."""
        if self.items or self._done or self._undone:
            self._done.insert(0, list(items))
        else:
            self._show(list(items))

    def undo(self) -> None:
        self._step(self._done, self._undone)

    def redo(self) -> None:
        self._step(self._undone, self._done)

    def _step(self, wanted: list[list[Item]], left: list[list[Item]]) -> None:
        self.end()
        if wanted:
            self._memory.store(self.items, self._image)
            left.append(self.items)
            self._show(wanted.pop())

    def has_ink(self) -> bool:
        return any(not item.erase for item in self.items)

    def is_blank(self) -> bool:
        if any(item.erase for item in self.items):
            return not self.ink().any()
        return not self.items

    def ink(self) -> np.ndarray:
        return self.reader()()[0]

    def pen_strokes(self) -> list[np.ndarray] | None:
        return self.reader()()[1]

    def reader(self) -> InkReader:
        """Return what paints the ink of this moment and lists its strokes, in any thread."""
        stroke = None if self.growing is None else self.growing.copy()
        items = self.items if stroke is None else [*self.items[:-1], stroke]
        return partial(_read, QImage(self._image), items, stroke, self._inked, self._area)

    def ink_in(self, place: QRectF) -> int:
        inner = place.intersected(self._area).translated(-self._area.topLeft())
        part = QRectF(inner.topLeft() * INK_SCALE, inner.size() * INK_SCALE).toAlignedRect()
        rows = self.ink()[part.top() : part.bottom() + 1]
        return int((rows[:, part.left() : part.right() + 1] > 0).sum())

    def to_board(self, left: float, top: float, width: float, height: float) -> QRectF:
        place = QRectF(QPointF(left, top) / INK_SCALE, QSizeF(width, height) / INK_SCALE)
        return place.translated(self._area.topLeft())

    def _remember(self) -> None:
        """End the stroke that is being drawn: a change follows that may be undone."""
        self.end()
        self._memory.store(self.items, self._image)
        self._done.append(self.items)
        self._undone.clear()

    def _show(self, items: list[Item]) -> None:
        self.items = items
        known = self._memory.find(items)
        if known is not None:
            self._image = known
            self._area = QRectF(QPointF(known.offset()), QSizeF(known.size()) / INK_SCALE)
            return
        area = QRectF(0, 0, BOARD, BOARD)
        for item in items:
            area = _grown(area, item.bounds())
        self._start_image(area)

    def _cover(self, bounds: QRectF) -> bool:
        """Enlarge the picture if ``bounds`` reach out of it; return whether it was drawn anew."""
        area = _grown(self._area, bounds)
        if area == self._area:
            return False
        self._start_image(area)
        return True

    def _start_image(self, area: QRectF) -> None:
        self._area = area
        size = (area.size() * INK_SCALE).toSize()
        corner = area.topLeft().toPoint()
        settled = [item for item in self.items if item is not self.growing]
        self._image = _painted(size, corner, settled)
        if self.growing is not None:
            self._inked = 0
            self._ink_pieces(self.growing)

    def _ink_pieces(self, stroke: Stroke) -> None:
        settled = stroke.settled
        if settled >= self._inked + _AT_ONCE:
            painter = _painter(self._image)
            stroke.paint_pieces(painter, _color(stroke), self._inked, settled)
            painter.end()
            self._inked = settled


def _painted(size: QSize, corner: QPoint, items: Sequence[Item]) -> QImage:
    image = QImage(size, QImage.Format_Grayscale8)
    image.setOffset(corner)
    image.fill(Qt.black)
    painter = _painter(image)
    for item in items:
        item.paint(painter, _color(item))
    painter.end()
    return image


def _painter(image: QImage) -> QPainter:
    painter = QPainter(image)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.scale(INK_SCALE, INK_SCALE)
    painter.translate(-image.offset())
    return painter


def _ink_stroke(image: QImage, stroke: Stroke, first: int) -> None:
    painter = _painter(image)
    color = _color(stroke)
    stroke.paint_pieces(painter, color, first, stroke.settled)
    stroke.paint_tail(painter, color)
    painter.end()


def _read(
    image: QImage,
    items: list[Item],
    growing: Stroke | None,
    inked: int,
    area: QRectF,
) -> tuple[np.ndarray, list[np.ndarray] | None]:
    """Return a picture's ink with a stroke, whose first pieces it shows, and all strokes."""
    import numpy as np

    if growing is not None:
        image = image.copy()
        _ink_stroke(image, growing, inked)
    strokes = _strokes_of(image, items)
    corner = np.array([area.left(), area.top(), 0.0])
    if strokes is None:
        return ink_of(image), None
    return ink_of(image), [(stroke.rows() - corner) * INK_SCALE for stroke in strokes]


def _strokes_of(image: QImage, items: Sequence[Item]) -> list[Stroke] | None:
    """Return the strokes that were not rubbed out if they are all of the ink, else None."""
    import numpy as np

    strokes = [item for item in items if isinstance(item, Stroke) and not item.erase]
    if len(strokes) == len(items):
        return strokes
    ink = ink_of(image).astype(np.int16)

    def more(painted: Sequence[Stroke]) -> np.ndarray:
        return ink_of(_painted(image.size(), image.offset(), painted)) - ink

    whole = [stroke for stroke in strokes if more([stroke]).max() <= _ROUNDING]
    return whole if np.abs(more(whole)).max() <= _ROUNDING else None


def _color(item: Item) -> QColor:
    return _PAPER if item.erase else _INK


def _grown(area: QRectF, bounds: QRectF) -> QRectF:
    if area.contains(bounds):
        return area
    both = area.united(bounds)
    left = math.floor(both.left() / _GROW) * _GROW
    top = math.floor(both.top() / _GROW) * _GROW
    right = math.ceil(both.right() / _GROW) * _GROW
    bottom = math.ceil(both.bottom() / _GROW) * _GROW
    return QRectF(QPointF(left, top), QPointF(right, bottom))


def ink_on_board(placed: PlacedPicture) -> np.ndarray:
    """Return the ink for recognition of a picture alone on the board."""
    drawing = Drawing()
    # A copy: painting caches renderings, and threads must not share them.
    drawing.replace([PlacedPicture(placed.mask, placed.rect)])
    return drawing.ink()
