"""What is on the board, painted once in the widget's pixels; new points only add to it."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QImage, QPainter

from mnist_draw.app.draw.drawing import Drawing
from mnist_draw.app.draw.image_memory import ImageMemory, same_items
from mnist_draw.app.draw.pen_strokes import BOARD, Stroke
from mnist_draw.app.draw.placed_picture import Item
from mnist_draw.app.kit import theme

#: Bytes for painted boards: seven on a 4K screen, seventy on a small one.
_ROOM = 96 * 1024 * 1024


class PaintedBoard:
    """An image of the whole board, without the provisional end of the stroke being drawn."""

    def __init__(self, drawing: Drawing) -> None:
        self.image = QImage()
        self._drawing = drawing
        self._memory = ImageMemory(_ROOM)
        self._size = QSize()
        self._ratio = 1.0
        self._painted = 0
        #: The items that the image shows.
        self._shown: list[Item] = []

    # -- where the board lies in the widget

    def fit(self, size: QSize, ratio: float) -> None:
        """Paint everything anew: after a change of size, of pixel ratio, of colours."""
        self._size, self._ratio = QSize(size), ratio
        self._memory.forget()
        self._paint()

    @property
    def scale(self) -> float:
        """Logical pixels per board unit."""
        return min(self._size.width(), self._size.height()) / BOARD

    def to_widget(self, point: QPointF) -> QPointF:
        """Return where a point of the board lies in the widget."""
        return self._corner() + point * self.scale

    def rect_in_widget(self, rect: QRectF) -> QRectF:
        """Return where a rectangle of the board lies in the widget."""
        return QRectF(self.to_widget(rect.topLeft()), rect.size() * self.scale)

    def from_widget(self, point: QPointF) -> QPointF:
        """Return which point of the board lies under one of the widget."""
        return (point - self._corner()) / self.scale

    def to_board(self, painter: QPainter) -> None:
        """Let a painter of the widget work in board units."""
        painter.translate(self._corner())
        painter.scale(self.scale, self.scale)

    def _corner(self) -> QPointF:
        width, height = self._size.width(), self._size.height()
        side = min(width, height)
        return QPointF((width - side) / 2, (height - side) / 2)

    # -- keeping it up to date

    def keep(self) -> None:
        """Remember the board as it is: a change follows that may be undone."""
        self._memory.keep(self._drawing.items, self.image)

    def show(self) -> None:
        """Show what is on the board after a step of its history."""
        items, shown = self._drawing.items, self._shown
        known = self._memory.find(items)
        if known is not None:
            self.image, _ = known
        elif items and same_items(items[:-1], shown):
            painter = self._painter()
            _use(painter, items[-1])
            items[-1].paint(painter, theme.colour("ink"))
            painter.end()
        elif shown and same_items(shown[:-1], items):
            self._paint_below(shown[-1])
        else:
            self._paint()
        self._shown = items
        self._painted = 0

    def start(self) -> None:
        """Begin the stroke that is being drawn."""
        self._painted = 0
        self._shown = self._drawing.items
        self.grow()

    def grow(self) -> None:
        """Add the pieces of the stroke being drawn that no later point will change."""
        stroke = self._drawing.growing
        assert stroke is not None
        settled = stroke.settled
        painter = self._painter()
        _use(painter, stroke)
        ink = theme.colour("ink")
        stroke.paint_pieces(painter, ink, self._painted, settled)
        if stroke.erase:
            # Shown at once; painted anew when the stroke ends.
            stroke.paint_tail(painter, ink)
        painter.end()
        self._painted = settled

    def finish(self, stroke: Stroke) -> None:
        """Add the end of the stroke that was being drawn."""
        first = self._painted
        if stroke.erase:
            # While it moved, the eraser's provisional ends may have rubbed out a little more.
            before = self._memory.find(self._drawing.items[:-1])
            if before is None:
                self._paint()
                return
            self.image, first = before[0], 0
        painter = self._painter()
        _use(painter, stroke)
        ink = theme.colour("ink")
        stroke.paint_pieces(painter, ink, first, stroke.settled)
        stroke.paint_tail(painter, ink)
        painter.end()

    def _paint(self) -> None:
        self.image = QImage(self._size * self._ratio, QImage.Format_ARGB32_Premultiplied)
        self.image.setDevicePixelRatio(self._ratio)
        self.image.fill(Qt.transparent)
        growing = self._drawing.growing
        painter = self._painter()
        for item in self._drawing.items:
            if item is not growing:
                _use(painter, item)
                item.paint(painter, theme.colour("ink"))
        painter.end()
        self._shown = self._drawing.items
        self._painted = 0
        if growing is not None:
            self.grow()

    def _paint_below(self, gone: Item) -> None:
        """Paint anew what an item covered that is on the board no more."""
        bounds = gone.bounds()
        ratio, scale = self._ratio, self.scale * self._ratio
        corner = self.to_widget(bounds.topLeft()) * ratio
        area = QRectF(corner, bounds.size() * scale).toAlignedRect().adjusted(-1, -1, 1, 1)
        # Whole pixels of the screen, in the painter's logical ones.
        exact = QRectF(area.x(), area.y(), area.width(), area.height())
        exact = QRectF(exact.topLeft() / ratio, exact.size() / ratio)
        painter = QPainter(self.image)
        painter.setClipRect(exact)
        painter.setCompositionMode(QPainter.CompositionMode_Clear)
        painter.fillRect(exact, Qt.transparent)
        painter.setRenderHint(QPainter.Antialiasing)
        self.to_board(painter)
        for item in self._drawing.items:
            if item.bounds().intersects(bounds):
                _use(painter, item)
                item.paint(painter, theme.colour("ink"))
        painter.end()

    def _painter(self) -> QPainter:
        painter = QPainter(self.image)
        painter.setRenderHint(QPainter.Antialiasing)
        self.to_board(painter)
        return painter


def _use(painter: QPainter, item: Item) -> None:
    """Let a painter add ink, or take it away."""
    painter.setCompositionMode(
        QPainter.CompositionMode_DestinationOut
        if item.erase
        else QPainter.CompositionMode_SourceOver
    )
