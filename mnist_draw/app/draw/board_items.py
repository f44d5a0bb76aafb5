"""Items of the board: pen strokes, painted as smooth curves, and placed pictures.

A stroke through points p0, p1, … pn is painted as quadratic curves between the middles of its
neighboring points, each with the point between them as control point. A new point changes
nothing that is already painted: only the last half segment, the *tail*, is provisional.

A placed picture is the ink of a photograph, a scan or a digit of MNIST. It behaves like a stroke
and is painted in the color of the ink, its pixels on whole pixels of the ink picture.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from qtpy.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from qtpy.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from mnist_draw.app.kit.painters import image_of

if TYPE_CHECKING:
    import numpy as np

#: Side of the board's core square in board units.
BOARD = 600.0
#: Default pen width in board units. MNIST's strokes are about 1/8 of the digit's height wide;
#: people draw digits about half the board high.
PEN_WIDTH = 36.0
PEN_WIDTH_RANGE = (8, 96)
#: A point nearer than this to the one before replaces the tail but is not added: it would only
#: carry the staircase of whole mouse pixels into the curve.
_NEAREST = 3.0
#: A curve along which the pressure changes is painted in straight parts: from one to the next
#: the width changes by so many units at most, and none is longer than this.
_WIDTH_STEP = 1.0
_MAX_PART_LENGTH = 16.0
_MAX_PARTS = 48
_SAME_WIDTH = 0.25


class Point(NamedTuple):
    """A place on the board and the pen's width there, in board units."""

    x: float
    y: float
    width: float

    def at(self) -> QPointF:
        return QPointF(self.x, self.y)

    def middle(self, other: Point) -> Point:
        return Point((self.x + other.x) / 2, (self.y + other.y) / 2, (self.width + other.width) / 2)


@dataclass
class Stroke:
    """One movement of the pen or the eraser from touching the paper to leaving it."""

    points: list[Point] = field(default_factory=list)
    erase: bool = False
    #: Number of curve pieces that no later point will change.
    settled: int = field(init=False, compare=False)
    #: The rows listed last, for all copies.
    _known: list[np.ndarray] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._settle()

    def _settle(self) -> None:
        last = len(self.points) - 1
        points = self.points
        near = last >= 1 and _distance(points[-2], points[-1]) < _NEAREST
        self.settled = last - near

    @classmethod
    def through(cls, points: Iterable[tuple[float, ...]], width: float) -> Stroke:
        """Return a stroke through ``(x, y)`` or ``(x, y, width)`` points."""
        stroke = cls()
        for point in points:
            stroke.append(Point(*(float(value) for value in (*point, width)[:3])))
        return stroke

    def append(self, point: Point) -> None:
        """Add a point; one near its predecessor is provisional: the end is where the pen is."""
        if self.settled == len(self.points) - 2:
            self.points[-1] = point
        else:
            self.points.append(point)
        self._settle()

    def copy(self) -> Stroke:
        """Return the stroke of this moment, for another thread."""
        copied = Stroke(list(self.points), self.erase)
        copied._known = self._known
        return copied

    def rows(self) -> np.ndarray:
        """Return x, y and width of its points, float64 (N, 3); only the newest are listed anew."""
        import numpy as np

        before = self._known[0] if self._known else np.empty((0, 3))
        # The last one may have moved since.
        known = max(min(len(before), len(self.points)) - 1, 0)
        rows = np.concatenate([before[:known], np.array(self.points[known:])])
        self._known[:] = [rows]
        return rows

    def paint_pieces(self, painter: QPainter, color: QColor, first: int, last: int) -> None:
        """Paint the curve pieces ``first`` to ``last - 1``."""
        for index in range(first, last):
            _curve(painter, color, *self._piece(index))

    def paint_tail(self, painter: QPainter, color: QColor) -> None:
        """Paint the provisional end: from the last settled middle to the last point."""
        if len(self.points) > 1:
            self.paint_pieces(painter, color, self.settled, len(self.points))
            return
        radius = self.points[0].width / 2
        painter.setPen(Qt.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(self.points[0].at(), radius, radius)
        painter.setBrush(Qt.NoBrush)

    def paint(self, painter: QPainter, color: QColor) -> None:
        self.paint_pieces(painter, color, 0, self.settled)
        self.paint_tail(painter, color)

    def bounds(self, first_point: int = 0) -> QRectF:
        across, down, widths = zip(*self.points[max(0, first_point) :], strict=True)
        left = min(across)
        top = min(down)
        half = max(widths) / 2 + 1
        core = QRectF(left, top, max(across) - left, max(down) - top)
        return core.adjusted(-half, -half, half, half)

    def curves(self) -> Iterator[tuple[Point, Point, Point]]:
        """Yield start, control and end of each curve; straight parts where the width changes."""
        for index in range(len(self.points)):
            start, control, end = self._piece(index)
            if abs(start.width - end.width) < _SAME_WIDTH:
                yield start, control, end
            else:
                yield from _straight_parts(start, control, end)

    def _piece(self, index: int) -> tuple[Point, Point, Point]:
        """Return the start, the control point and the end of the curve at a point."""
        points = self.points
        last = len(self.points) - 1
        point = points[index]
        start = point if index == 0 else points[index - 1].middle(point)
        end = point if index == last else point.middle(points[index + 1])
        return start, point if 0 < index < last else start.middle(end), end


def _distance(a: Point, b: Point) -> float:
    return max(abs(a.x - b.x), abs(a.y - b.y))


@lru_cache(maxsize=64)
def _pen(rgba: int, width: float) -> QPen:
    return QPen(QColor.fromRgba(rgba), width, Qt.SolidLine, Qt.RoundCap, Qt.RoundJoin)


def _curve(painter: QPainter, color: QColor, start: Point, control: Point, end: Point) -> None:
    if abs(start.width - end.width) < _SAME_WIDTH:
        path = QPainterPath(QPointF(start.x, start.y))
        path.quadTo(control.x, control.y, end.x, end.y)
        painter.strokePath(path, _pen(color.rgba(), (start.width + end.width) / 2))
        return
    for part, _, after in _straight_parts(start, control, end):
        painter.setPen(_pen(color.rgba(), part.width))
        painter.drawLine(part.at(), after.at())


def _straight_parts(
    start: Point,
    control: Point,
    end: Point,
) -> Iterator[tuple[Point, Point, Point]]:
    """Cut a curve along which the width changes into lines of one width each."""
    x = start.x
    y = start.y
    wanted = max(
        abs(end.width - start.width) / _WIDTH_STEP,
        _distance(start, end) / _MAX_PART_LENGTH,
    )
    parts = min(max(math.ceil(wanted), 1), _MAX_PARTS)
    for step in range(1, parts + 1):
        t = step / parts
        near = (1 - t) ** 2
        middle = 2 * t * (1 - t)
        far = t**2
        width = start.width + (end.width - start.width) * (t - 0.5 / parts)
        before = Point(x, y, width)
        x = start.x * near + control.x * middle + end.x * far
        y = start.y * near + control.y * middle + end.y * far
        after = Point(x, y, width)
        yield before, before.middle(after), after


#: A placed picture is fitted into this box in the middle of the board, in board units: as large
#: as people draw, and wide enough for a number.
_BOX = (540.0, 400.0)
#: Board units per pixel of the ink picture.
_UNIT = 2.0
#: Pictures that are enlarged more than this show their pixels; so small ones, such as those of
#: MNIST, reach the network unblurred.
_PIXELATED = 4.0
#: Cached renderings: the board's, the ink picture's, a thumbnail's and one of a size before.
_MAX_CACHED = 4

#: Pixels per board unit, and the color of the ink.
Renderings: TypeAlias = Sequence[tuple[float, QColor]]


class PlacedPicture:
    """The ink of a picture and its place on the board."""

    erase = False

    def __init__(self, mask: QImage, rect: QRectF) -> None:
        self.mask = mask
        self.rect = rect
        self._cached: dict[tuple[int, int, int], QImage] = {}

    @property
    def pixelated(self) -> bool:
        return self.rect.width() / _UNIT >= _PIXELATED * self.mask.width()

    def bounds(self) -> QRectF:
        return QRectF(self.rect)

    def copy(self) -> PlacedPicture:
        """Return another item with the same content: the board's history tells items apart."""
        other = PlacedPicture(self.mask, self.rect)
        other._cached = dict(self._cached)
        return other

    def prepare(self, renderings: Renderings) -> None:
        """Render it as it will be painted: in the thread that reads it, as that takes long."""
        for scale, color in renderings:
            self._rendering(self.rect.size() * scale, color)

    def paint(self, painter: QPainter, color: QColor) -> None:
        device = painter.deviceTransform().mapRect(self.rect)
        painter.drawImage(self.rect, self._rendering(device.size(), color))

    def _rendering(self, exact: QSizeF, color: QColor) -> QImage:
        size = QSize(max(1, round(exact.width())), max(1, round(exact.height())))
        key = (size.width(), size.height(), color.rgba())
        found = self._cached.get(key)
        if found is None:
            while len(self._cached) >= _MAX_CACHED:
                self._cached.pop(next(iter(self._cached)))
            mask = self.mask
            if size != mask.size():
                mode = Qt.FastTransformation if self.pixelated else Qt.SmoothTransformation
                mask = mask.scaled(size, Qt.IgnoreAspectRatio, mode)
            found = self._cached[key] = colored(mask, color)
        return found


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
    wide, high = (max(1, round(side * factor)) * _UNIT for side in (width, height))
    left, top = (round((BOARD - side) / 2 / _UNIT) * _UNIT for side in (wide, high))
    return PlacedPicture(image_of(box, QImage.Format_Alpha8), QRectF(left, top, wide, high))


def ink_of(mask: QImage) -> np.ndarray:
    """Return an image of format ``Alpha8`` as uint8 of shape (H, W)."""
    import numpy as np

    bits: Any = mask.constBits()
    bits.setsize(mask.sizeInBytes())
    rows: np.ndarray = np.frombuffer(bits, np.uint8).reshape(mask.height(), mask.bytesPerLine())
    return rows[:, : mask.width()].copy()


def paint_item(painter: QPainter, item: Item, color: QColor) -> None:
    """Paint a stroke or a picture on a sheet of its own: the eraser takes ink away, not paper."""
    painter.setCompositionMode(
        QPainter.CompositionMode_DestinationOut
        if item.erase
        else QPainter.CompositionMode_SourceOver,
    )
    item.paint(painter, color)


def colored(mask: QImage, color: QColor) -> QImage:
    image = QImage(mask.size(), QImage.Format_ARGB32_Premultiplied)
    image.fill(color)
    painter = QPainter(image)
    painter.setCompositionMode(QPainter.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, mask)
    painter.end()
    return image
