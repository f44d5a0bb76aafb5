"""The drawing board: mouse, tablet pen and touch become strokes; strokes become pixels.

The board shows a square of 600×600 board units, as large as fits and centered; a wider or higher
widget shows more board around it. An image holds what is on the board, without the provisional
end of the stroke being drawn, so only what a new point changes is painted again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QMargins, QPointF, QRect, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QDragLeaveEvent,
    QDropEvent,
    QFocusEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QTabletEvent,
    QTouchEvent,
    QTransform,
)
from qtpy.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.draw.board_items import (
    BOARD,
    PEN_WIDTH,
    PEN_WIDTH_RANGE,
    Item,
    Point,
    Stroke,
)
from mnist_draw.app.draw.drawing import INK_RENDERING, Drawing, ImageMemory
from mnist_draw.app.draw.key_pen import BOARD_KEYS, KeyPen
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.painters import paint_corners, smooth_painter, write_with
from mnist_draw.app.kit.widgets import tip
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.i18n import _, joined

if TYPE_CHECKING:
    import numpy as np

notifier = Notifier("draw", "draw")

#: The eraser is this much wider than the pen.
_ERASER = 2.0
#: At no pressure a tablet pen draws this part of the width set, at full pressure
#: ``_LIGHTEST + _PRESSURE`` of it.
_LIGHTEST = 0.4
_PRESSURE = 1.2
#: Of more classes an empty board names the first ones and the last.
_FEW = 5
#: Bytes for images of earlier boards: seven on a 4K screen, seventy on a small one.
_ROOM = 96 * 1024 * 1024


def _few_of(classes: Sequence[str]) -> str:
    """Return the first three classes and the last: A B C … Z."""
    if len(classes) <= _FEW:
        return " ".join(classes)
    return f"{' '.join(classes[: _FEW - 2])} … {classes[-1]}"


class Canvas(QWidget):
    """A board to draw on."""

    #: The color around its rounded corners.
    ground = "window"
    ink_changed = Signal()
    history_changed = Signal()
    width_changed = Signal(int)
    pen_down = Signal(bool)
    #: The pen has come to what covers the board.
    pen_covered = Signal()
    #: What is placed on the board finds its place anew.
    resized = Signal()

    def __init__(self, drawing: Drawing | None = None) -> None:
        super().__init__()
        self.key_pen = KeyPen(self)
        self._show_area(QRectF(0, 0, BOARD, BOARD))
        self.setObjectName("canvas")
        self.setAttribute(Qt.WA_AcceptTouchEvents)
        self.erasing = False
        self._touch: int | None = None
        self._strokes_begun = 0
        self.setAccessibleName(_("Drawing board"))
        self.set_invitation()
        #: Serves what is dragged over the board and dropped on it.
        self.take_drop: Callable[[QEvent], bool] = lambda event: False
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        self.setMinimumSize(theme.Size.BOARD_MINIMUM, theme.Size.BOARD_MINIMUM)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setCursor(Qt.CrossCursor)
        self.drawing = drawing or Drawing()
        self.pen_width = PEN_WIDTH
        self._inviting = False
        #: The part of the widget that the tools cover.
        self.cover = QRect()
        #: Whether an empty board says what to draw.
        self.shows_invitation = True
        self._image = QImage()
        self._memory = ImageMemory(_ROOM)
        #: Whether the image must be painted anew before it is used.
        self._stale = True
        #: The pieces of the growing stroke that the image shows.
        self._shown_pieces = 0
        theme.theme().changed.connect(self.refresh)

    # -- for other parts of the program

    def ink(self) -> np.ndarray:
        """Return the ink in the board's size: uint8 (H, W), 255 for ink, 0 for paper."""
        return self.drawing.ink()

    def has_ink(self) -> bool:
        return self.drawing.has_ink()

    def add_stroke(self, points: Iterable[tuple[float, ...]], width: float | None = None) -> None:
        self.drawing.add_stroke(points, self.pen_width if width is None else width)
        self.drawing_changed_elsewhere()

    def show_items(self, items: Sequence[Item]) -> None:
        self._history_step(lambda: self.drawing.replace(items))

    def expect_picture(self) -> Callable[[Callable[[], object]], None]:
        """Return what shows a picture that is ready, or offers it if ink was drawn meanwhile."""
        begun = self._strokes_begun

        def show_or_offer(show: Callable[[], object]) -> None:
            if begun == self._strokes_begun:
                show()
            else:
                ready = _("The picture is ready. Your drawing stays.")
                notifier.undo(ready, show, _("Show"))

        return show_or_offer

    def restore(self, items: Sequence[Item]) -> None:
        """Put back what was on the board when the program ended; see :meth:`Drawing.restore`."""
        self.drawing.restore(items)
        self.drawing_changed_elsewhere()

    def clear(self) -> None:
        self._history_step(self.drawing.clear)

    def undo(self) -> None:
        self._history_step(self.drawing.undo)

    def redo(self) -> None:
        self._history_step(self.drawing.redo)

    def set_pen_width(self, width: float) -> None:
        low, high = PEN_WIDTH_RANGE
        width = min(max(width, low), high)
        if width != self.pen_width:
            self.pen_width = width
            self.width_changed.emit(round(width))

    def is_drawing(self) -> bool:
        return self.drawing.growing is not None

    def renderings(self) -> list[tuple[float, QColor]]:
        screen = self.pixels_per_unit() * self.devicePixelRatioF()
        return [(screen, theme.color("ink")), INK_RENDERING]

    def refresh(self) -> None:
        self._stale = True
        self.update()

    def drawing_changed_elsewhere(self) -> None:
        """Tell of a change that this board's image does not show, such as one on another board."""
        self._stale = True
        self._changed()

    def set_inviting(self, on: bool) -> None:
        if on != self._inviting:
            self._inviting = on
            self.update()

    def set_invitation(self, classes: Sequence[str] = DIGITS) -> None:
        """Ask for a digit, or for one of other classes."""
        self.invitation = _("Draw a digit")
        sentence = _("Draw a digit here with mouse, pen or finger.")
        if classes != DIGITS:
            self.invitation = _("Draw one of: {classes}", classes=_few_of(classes))
            everything = " ".join(classes)
            sentence = _("Draw one of: {classes}", classes=everything)
        self.setToolTip("" if classes == DIGITS else tip(sentence))
        sentence = joined(sentence, BOARD_KEYS)
        self.setAccessibleDescription(sentence)
        self.setProperty("explained", sentence)
        self.update()

    # -- the board's place in the widget

    def _show_area(self, area: QRectF) -> None:
        """Show an area of the board, in its units, as large as fits and centered."""
        self._area = area
        middle = QPointF(self.width() / 2, self.height() / 2)
        self._scale = min(self.width() / area.width(), self.height() / area.height())
        self._corner = middle - area.center() * self._scale
        self._to_board = QTransform.fromTranslate(self._corner.x(), self._corner.y())
        self._to_board.scale(self._scale, self._scale)

    def pixels_per_unit(self) -> float:
        return self._scale

    def to_widget(self, point: QPointF) -> QPointF:
        return self._to_board.map(point)

    def ink_below(self, place: QRectF) -> int:
        corner = (place.topLeft() - self._corner) / self._scale
        return self.drawing.ink_in(QRectF(corner, place.size() / self._scale))

    def in_widget(self, rect: QRectF) -> QRectF:
        return self._to_board.mapRect(rect)

    def _point(self, point: QPointF, weight: float, erase: bool) -> Point:
        x = (min(max(point.x(), 0.0), self.width()) - self._corner.x()) / self._scale
        y = (min(max(point.y(), 0.0), self.height()) - self._corner.y()) / self._scale
        width = self.pen_width * weight * (_ERASER if erase else 1.0)
        # As it is saved: the ink is the same after the next start, and so is what was said of it.
        return Point(round(x, 2), round(y, 2), round(width, 2))

    # -- the widget

    def sizeHint(self) -> QSize:
        return QSize(round(BOARD), round(BOARD))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._show_area(self._area)
        self.refresh()
        self.resized.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        # Its pen cannot be seen any more, and another board may show the same drawing.
        self.end()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._paint_if_stale()
        painter = smooth_painter(self)
        ratio = self._image.devicePixelRatio()
        area = QRectF(event.rect())
        source = QRectF(area.topLeft() * ratio, area.size() * ratio)
        painter.drawImage(area.topLeft(), self._image, source)
        growing = self.drawing.growing
        if growing is not None and not growing.erase:
            painter.setTransform(self._to_board)
            growing.paint_tail(painter, theme.color("ink"))
            painter.resetTransform()
        if self.shows_invitation and not self.drawing.items:
            self._paint_invitation(painter)
        if self.key_pen.place is not None:
            self.key_pen.paint(painter)
        inner = self.rect().marginsRemoved(QMargins(*(theme.Size.CARD_RADIUS,) * 4))
        if not inner.contains(event.rect()):
            self._paint_edge(painter)

    def _paint_edge(self, painter: QPainter) -> None:
        edge = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        radius = theme.Size.CARD_RADIUS
        paint_corners(painter, QRectF(self.rect()), self.ground, radius)
        color = theme.color("second" if self.hasFocus() or self._inviting else "line")
        painter.setPen(QPen(color, 3 if self._inviting else 1))
        painter.drawRoundedRect(edge, radius, radius)

    def _paint_invitation(self, painter: QPainter) -> None:
        write_with(painter, theme.Text.BOARD_HINT, "muted")
        painter.drawText(self.rect(), Qt.AlignCenter, self.invitation)
        below = self.rect().translated(0, painter.fontMetrics().height() + theme.Size.GRID)
        painter.setFont(theme.font(theme.Text.LABEL))
        painter.drawText(below, Qt.AlignCenter, _("or drop a picture here"))

    # -- mouse, tablet pen and touch; Qt's mouse events of the last two are ignored

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take_from_keys()
        if self._is_real(event) and event.button() == Qt.LeftButton:
            self.begin(event.localPos(), self.erasing)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._is_real(event) and event.buttons() & Qt.LeftButton:
            self.extend(event.localPos())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_real(event) and event.button() == Qt.LeftButton:
            self.end()

    @staticmethod
    def _is_real(event: QMouseEvent) -> bool:
        """Whether it is a mouse: Qt imitates one after pen and touch, which are handled already."""
        return event.source() == Qt.MouseEventNotSynthesized

    def tabletEvent(self, event: QTabletEvent) -> None:
        erase = self.erasing or event.pointerType() == QTabletEvent.Eraser
        pressure = event.pressure() if event.pressure() > 0 else 0.5
        weight = _LIGHTEST + _PRESSURE * pressure
        if event.type() == QEvent.TabletPress and event.button() == Qt.LeftButton:
            self._take_from_keys()
            self.begin(event.posF(), erase, weight)
        elif event.type() == QEvent.TabletMove and event.buttons() & Qt.LeftButton:
            self.extend(event.posF(), weight)
        elif event.type() == QEvent.TabletRelease:
            self.end()
        event.accept()

    def event(self, event: QEvent) -> bool:
        if event.type() not in (QEvent.MouseMove, QEvent.Paint):
            if isinstance(event, QTouchEvent):
                self._touched(event)
                event.accept()
                return True
            if isinstance(event, (QDropEvent, QDragLeaveEvent)):
                return self.take_drop(event)
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.key_pen.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self.key_pen.release(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.key_pen.leave()

    def _take_from_keys(self) -> None:
        if self.key_pen.place is not None:
            self.key_pen.leave()

    def _touched(self, event: QTouchEvent) -> None:
        """Follow the first finger; others resting on the glass do not draw."""
        if event.type() == QEvent.TouchCancel:
            self._touch = None
            self.end()
            return
        for point in event.touchPoints():
            if point.state() == Qt.TouchPointPressed and self._touch is None:
                self._touch = point.id()
                self.begin(point.pos(), self.erasing)
            elif point.id() != self._touch:
                continue
            elif point.state() == Qt.TouchPointMoved:
                self.extend(point.pos())
            elif point.state() == Qt.TouchPointReleased:
                self._touch = None
                self.end()

    # -- the stroke being drawn

    def begin(self, point: QPointF, erase: bool, weight: float = 1.0) -> None:
        self.end()
        if erase and not self.has_ink():
            # Nothing to rub out. A step in the history would make redoing impossible.
            return
        # A hidden board is not told of its size.
        self._show_area(self._area)
        self._remember_image()
        self._strokes_begun += 1
        first = not self.drawing.items
        self.drawing.begin(self._point(point, weight, erase), erase)
        self._shown_pieces = 0
        self._add_pieces(self.drawing.growing)
        self._update_end()
        self.pen_down.emit(True)
        # Without the invitation, which the first stroke hides.
        self._changed(everywhere=first and self.shows_invitation)

    def extend(self, point: QPointF, weight: float = 1.0) -> None:
        stroke = self.drawing.growing
        if stroke is None:
            return
        if self.cover.contains(point.toPoint()):
            self.pen_covered.emit()
        self.drawing.extend(self._point(point, weight, stroke.erase))
        self._update_end()
        self._add_pieces(stroke)
        self.ink_changed.emit()

    def end(self) -> None:
        stroke = self.drawing.growing
        if stroke is None:
            return
        self._update_end()
        self.drawing.end()
        self._finish_stroke(stroke)
        self.pen_down.emit(False)
        self._changed(everywhere=stroke.erase)

    def _update_end(self) -> None:
        stroke = self.drawing.growing
        assert stroke is not None
        end = self.in_widget(stroke.bounds(len(stroke.points) - 4))
        self.update(end.toAlignedRect().adjusted(-2, -2, 2, 2))

    def _history_step(self, step: Callable[[], None]) -> None:
        self.end()
        self._remember_image()
        step()
        known = self._memory.find(self.drawing.items)
        if known is None:
            self._paint_image()
        else:
            self._image = known
        self._changed()

    def _changed(self, everywhere: bool = True) -> None:
        if everywhere:
            self.update()
        self.history_changed.emit()
        self.ink_changed.emit()

    # -- the image of the board

    def _paint_if_stale(self) -> None:
        if self._stale:
            self._stale = False
            self._memory.clear()
            self._paint_image()

    def _remember_image(self) -> None:
        """Remember the board as it is: a change follows that may be undone."""
        self._paint_if_stale()
        self._memory.store(self.drawing.items, self._image)

    def _add_pieces(self, stroke: Stroke | None, ended: bool = False) -> None:
        """Add the pieces of a stroke that no later point will change, and the end of an ended one.

        What is rubbed out is shown at once, and painted anew when the stroke ends.
        """
        assert stroke is not None
        painter = self._painter()
        color = _color(stroke)
        stroke.paint_pieces(painter, color, self._shown_pieces, stroke.settled)
        if stroke.erase or ended:
            stroke.paint_tail(painter, color)
        painter.end()
        self._shown_pieces = stroke.settled

    def _finish_stroke(self, stroke: Stroke) -> None:
        if stroke.erase:
            # While it moved, the eraser's provisional ends may have rubbed out a little more.
            before = self._memory.find(self.drawing.items[:-1])
            if before is None:
                self._paint_image()
                return
            self._image = before
            self._shown_pieces = 0
        self._add_pieces(stroke, ended=True)

    def _paint_image(self) -> None:
        ratio = self.devicePixelRatioF()
        # With its paper: nothing is blended when a part of it is shown.
        self._image = QImage(self.size() * ratio, QImage.Format_RGB32)
        self._image.setDevicePixelRatio(ratio)
        self._image.fill(theme.color("paper"))
        growing = self.drawing.growing
        painter = self._painter()
        for item in self.drawing.items:
            if item is not growing:
                item.paint(painter, _color(item))
        painter.end()
        self._shown_pieces = 0
        if growing is not None:
            self._add_pieces(growing)

    def _painter(self) -> QPainter:
        painter = QPainter(self._image)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setTransform(self._to_board)
        return painter


def _color(item: Item) -> QColor:
    return theme.color("paper" if item.erase else "ink")
