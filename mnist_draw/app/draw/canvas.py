"""The drawing board: mouse, tablet pen and touch become strokes; strokes become pixels.

The board shows a square of 600×600 board units, as large as fits and centred; a wider or higher
widget shows more board around it. Only what a new point changes is painted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.draw.board_items import BOARD, PEN_WIDTH, PEN_WIDTH_RANGE, Item, Point, Stroke
from mnist_draw.app.draw.drawing import INK_RENDERING, Drawing, ImageMemory, same_items
from mnist_draw.app.draw.overlays import paint_marks
from mnist_draw.app.draw.pointer import BOARD_KEYS, KeyPen, PointerWidget
from mnist_draw.app.kit import theme

if TYPE_CHECKING:
    import numpy as np

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


__all__ = ["Canvas"]

#: The eraser is this much wider than the pen.
_ERASER = 2.0


class Canvas(PointerWidget):
    """A board to draw on."""

    ink_changed = pyqtSignal()
    history_changed = pyqtSignal()
    width_changed = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None, drawing: Drawing | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName("Drawing board")
        self.set_invitation("a digit")
        self.key_pen = KeyPen(self)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_OpaquePaintEvent, False)
        self.setMinimumSize(theme.Size.BOARD_MINIMUM, theme.Size.BOARD_MINIMUM)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setCursor(Qt.CrossCursor)
        self._width = PEN_WIDTH
        self._drawing = drawing or Drawing()
        #: Whether something was drawn on another board since this one was painted.
        self._stale = False
        self._marks: tuple[QRectF, QPointF] | None = None
        self._inviting = False
        self._painted = PaintedBoard(self._drawing)
        theme.theme().changed.connect(self._repaint_board)

    # -- for other parts of the program

    def ink(self) -> np.ndarray:
        """Return what is drawn, as uint8 of shape (H, W): 0 paper, 255 ink.

        The resolution depends neither on the widget's size nor on its pixel ratio or colours.
        """
        return self._drawing.ink()

    def has_ink(self) -> bool:
        """Return whether anything was drawn since the board was last empty."""
        return self._drawing.has_ink()

    def add_stroke(self, points: Iterable[tuple[float, ...]], width: float | None = None) -> None:
        """Draw a stroke through points in board units (0 to 600 from the top left)."""
        self._drawing.add_stroke(points, self._width if width is None else width)
        self._repaint_board()
        self._changed()

    def show_items(self, items: Sequence[Item]) -> None:
        """Replace the board with strokes and pictures, as one step that :meth:`undo` reverts."""
        self._history_step(lambda: self._drawing.replace(items))

    def restore(self, items: Sequence[Item]) -> None:
        """Put back what was on the board when the program ended; see :meth:`Drawing.restore`."""
        self._drawing.restore(items)
        self._repaint_board()
        self._changed()

    def start_with(self, items: Sequence[Item]) -> None:
        """Put another drawing on the board; no step leads back to the one that was there."""
        self._history_step(lambda: self._drawing.start_with(items))

    def clear(self) -> None:
        """Take everything off the board; :meth:`undo` brings it back."""
        self._history_step(self._drawing.clear)

    def undo(self) -> None:
        """Take back the last stroke or clearing."""
        self._history_step(self._drawing.undo)

    def redo(self) -> None:
        """Bring back what was undone."""
        self._history_step(self._drawing.redo)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return self._drawing.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to bring back."""
        return self._drawing.can_redo

    @property
    def drawing(self) -> Drawing:
        """What is on the board, and its history."""
        return self._drawing

    @property
    def pen_width(self) -> float:
        """The pen's width in board units."""
        return self._width

    def set_pen_width(self, width: float) -> None:
        """Set the pen's width in board units, held within 8 to 96."""
        low, high = PEN_WIDTH_RANGE
        width = min(max(width, low), high)
        if width != self._width:
            self._width = width
            self.width_changed.emit(round(width))

    def pixels_per_unit(self) -> float:
        """Return how many logical pixels one board unit takes."""
        return min(self.width(), self.height()) / BOARD

    def is_drawing(self) -> bool:
        return self._drawing.growing is not None

    def to_widget(self, point: QPointF) -> QPointF:
        """Return where a point in board units lies in the widget."""
        return self._painted.to_widget(point)

    def in_widget(self, rect: QRectF) -> QRectF:
        """Return where a rectangle of the board lies in the widget, in logical pixels."""
        return self._painted.rect_in_widget(rect)

    def renderings(self) -> list[tuple[float, QColor]]:
        """Return how a picture on the board is rendered: pixels per board unit, and colour."""
        screen = self.pixels_per_unit() * self.devicePixelRatioF()
        return [(screen, theme.colour("ink")), INK_RENDERING]

    def set_marks(self, box: QRectF | None, centre: QPointF | None = None) -> None:
        """Show the crop box and the centre of mass, in board units; None shows neither."""
        marks = None if box is None or centre is None else (box, centre)
        if marks != self._marks:
            self._marks = marks
            self.update()

    def refresh(self) -> None:
        """Show what was drawn on another board of the same drawing, when next painted."""
        self._stale = True
        self.update()

    def drawing_changed_elsewhere(self) -> None:
        """Tell everybody who listens to this board what was drawn on another one."""
        self.refresh()
        self.history_changed.emit()
        self.ink_changed.emit()

    def set_inviting(self, on: bool) -> None:
        """Show that the board would take what is held above it."""
        if on != self._inviting:
            self._inviting = on
            self.update()

    # -- painting

    def sizeHint(self) -> QSize:
        return QSize(round(BOARD), round(BOARD))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._repaint_board()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._catch_up()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        edge = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = theme.Size.CARD_RADIUS
        frame = QPainterPath()
        frame.addRoundedRect(edge, radius, radius)
        painter.fillPath(frame, theme.colour("paper"))
        painter.setClipPath(frame)
        ratio = self._painted.image.devicePixelRatio()
        area = event.rect()
        source = QRectF(
            area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio
        )
        painter.drawImage(QRectF(area), self._painted.image, source)
        growing = self._drawing.growing
        if growing is not None and not growing.erase:
            painter.save()
            self._painted.to_board(painter)
            growing.paint_tail(painter, theme.colour("ink"))
            painter.restore()
        if self._marks is not None:
            paint_marks(painter, self._marks, self._painted)
        if not self._drawing.items:
            self._paint_invitation(painter)
        self.key_pen.paint(painter)
        painter.setClipping(False)
        marked = self.hasFocus() or self._inviting
        width = 3 if self._inviting else 1
        painter.setPen(QPen(theme.colour("second" if marked else "line"), width))
        painter.drawRoundedRect(edge, radius, radius)

    def set_invitation(self, wanted: str) -> None:
        """Say what is to be drawn, such as ``"a digit"``."""
        self._wanted = wanted
        sentence = f"Draw {wanted} here with mouse, pen or finger. {BOARD_KEYS}"
        self.setAccessibleDescription(sentence)
        self.setWhatsThis(sentence)
        self.update()

    def _paint_invitation(self, painter: QPainter) -> None:
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(theme.Text.BOARD_HINT))
        painter.drawText(self.rect(), Qt.AlignCenter, f"Draw {self._wanted}")
        below = painter.fontMetrics().height()
        painter.setFont(theme.font(theme.Text.LABEL))
        below_it = self.rect().translated(0, below + theme.Size.GRID)
        painter.drawText(below_it, Qt.AlignCenter, "or drop a picture here")

    def _repaint_board(self) -> None:
        """Paint everything anew: after a resize or a change of colours."""
        self._stale = False
        self._painted.fit(self.size(), self.devicePixelRatioF())
        self.update()

    def _catch_up(self) -> None:
        if self._stale:
            self._stale = False
            self._painted.fit(self.size(), self.devicePixelRatioF())

    # -- the stroke being drawn

    def _point(self, point: QPointF, weight: float, erase: bool) -> Point:
        """Return the board point under a point of the widget, held inside the widget."""
        x = min(max(point.x(), 0.0), float(self.width()))
        y = min(max(point.y(), 0.0), float(self.height()))
        board = self._painted.from_widget(QPointF(x, y))
        return Point(board.x(), board.y(), self._width * weight * (_ERASER if erase else 1.0))

    def begin(self, point: QPointF, erase: bool, weight: float = 1.0) -> None:
        self.end()
        if erase and not self.has_ink():
            # Nothing to rub out. A step in the history would make redoing impossible.
            return
        self._catch_up()
        first = not self._drawing.items
        self._painted.keep()
        self._drawing.begin(self._point(point, weight, erase), erase)
        self._painted.start()
        if first:
            self.update()
        else:
            self._update_end()
        self.history_changed.emit()
        self.ink_changed.emit()

    def extend(self, point: QPointF, weight: float = 1.0) -> None:
        stroke = self._drawing.growing
        if stroke is None:
            return
        self._drawing.extend(self._point(point, weight, stroke.erase))
        self._update_end()
        self._painted.grow()
        self.ink_changed.emit()

    def end(self) -> None:
        stroke = self._drawing.growing
        if stroke is None:
            return
        self._drawing.end()
        self._painted.finish(stroke)
        self._changed()

    def _update_end(self) -> None:
        """Ask for a repaint of what the newest point can have changed."""
        stroke = self._drawing.growing
        assert stroke is not None
        self.update(_whole(self.in_widget(stroke.bounds(len(stroke.points) - 4))))

    def _history_step(self, step: Callable[[], None]) -> None:
        self.end()
        self._catch_up()
        self._painted.keep()
        step()
        self._painted.show()
        self._changed()

    def _changed(self) -> None:
        self.update()
        self.history_changed.emit()
        self.ink_changed.emit()


def _whole(rect: QRectF) -> QRect:
    return rect.toAlignedRect().adjusted(-2, -2, 2, 2)
