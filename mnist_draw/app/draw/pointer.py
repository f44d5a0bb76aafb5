"""Mouse, tablet pen, touch and keyboard as one kind of input: begin, extend, end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QLineF, QObject, QPointF, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QTabletEvent, QTouchEvent
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.draw.board_items import BOARD
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size

if TYPE_CHECKING:
    from mnist_draw.app.draw.canvas import Canvas

#: At no pressure a tablet pen draws this part of the width set, at full pressure
#: ``_LIGHTEST + _PRESSURE`` of it.
_LIGHTEST = 0.4
_PRESSURE = 1.2


class PointerWidget(QWidget):
    """A widget that is drawn on.

    A pen's or a finger's event is served here; the mouse event that Qt makes of it is ignored.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WA_AcceptTouchEvents)
        self.erasing = False
        self._touch: int | None = None

    def begin(self, point: QPointF, erase: bool, weight: float = 1.0) -> None:
        raise NotImplementedError

    def extend(self, point: QPointF, weight: float = 1.0) -> None:
        raise NotImplementedError

    def end(self) -> None:
        raise NotImplementedError

    def mousePressEvent(self, event: QMouseEvent) -> None:
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
            self.begin(event.posF(), erase, weight)
        elif event.type() == QEvent.TabletMove and event.buttons() & Qt.LeftButton:
            self.extend(event.posF(), weight)
        elif event.type() == QEvent.TabletRelease:
            self.end()
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent):
            self._touched(event)
            event.accept()
            return True
        return super().event(event)

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


#: Steps of the crosshair in board units: alone, and with Shift.
_STEP, _FINE = 15.0, 3.0
_WAYS: dict[int, QPointF] = {
    Qt.Key_Left: QPointF(-1, 0),
    Qt.Key_Right: QPointF(1, 0),
    Qt.Key_Up: QPointF(0, -1),
    Qt.Key_Down: QPointF(0, 1),
}
#: Keyboard instructions, for the board's tooltip and description.
BOARD_KEYS = (
    "By keyboard: the arrow keys move a crosshair, two of them at once slantwise, with Shift in "
    "small steps; Space puts the pen down and lifts it."
)


class KeyPen(QObject):
    """Moves a pen over a board by its key events."""

    def __init__(self, board: Canvas) -> None:
        super().__init__(board)
        self._board = board
        self._described = board.accessibleDescription()
        self._held: set[int] = set()
        self.place: QPointF | None = None
        self._down = False
        board.installEventFilter(self)

    @property
    def down(self) -> bool:
        return self._down and self._board.is_drawing()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QKeyEvent) and kind == QEvent.KeyPress:
            return self._press(event)
        if isinstance(event, QKeyEvent) and kind == QEvent.KeyRelease and not event.isAutoRepeat():
            self._held.discard(event.key())
        elif kind in (QEvent.FocusOut, QEvent.MouseButtonPress, QEvent.TabletPress):
            self._leave()
        return False

    def _press(self, event: QKeyEvent) -> bool:
        key, modifiers = event.key(), event.modifiers()
        if modifiers & ~(Qt.ShiftModifier | Qt.KeypadModifier):
            return False
        if key == Qt.Key_Space:
            if not event.isAutoRepeat():
                self._lift() if self.down else self._put_down()
        elif key in _WAYS:
            self._held.add(key)
            self._move(_FINE if modifiers & Qt.ShiftModifier else _STEP)
        else:
            return False
        return True

    def _move(self, step: float) -> None:
        place = self._place_or_centre()
        for key in self._held:
            place += _WAYS[key] * step
        self.place = QPointF(
            min(max(place.x(), 0.0), float(BOARD)), min(max(place.y(), 0.0), float(BOARD))
        )
        if self.down:
            self._board.extend(self._board.to_widget(self.place))
        self._tell()

    def _place_or_centre(self) -> QPointF:
        # QPointF(0, 0) is false.
        return QPointF(BOARD / 2, BOARD / 2) if self.place is None else QPointF(self.place)

    def _put_down(self) -> None:
        self.place = self._place_or_centre()
        self._down = True
        self._board.begin(self._board.to_widget(self.place), self._board.erasing)
        self._tell()

    def _lift(self) -> None:
        self._down = False
        self._board.end()
        self._tell()

    def _leave(self) -> None:
        self._held.clear()
        if self.down:
            self._lift()
        if self.place is not None:
            self.place = None
            self._board.setAccessibleDescription(self._described)
            self._board.update()

    def _tell(self) -> None:
        if self.place is None:
            # A listener to the stroke has moved the focus.
            return
        across, below = (round(100 * part / BOARD) for part in (self.place.x(), self.place.y()))
        pen = "down" if self.down else "up"
        self._board.setAccessibleDescription(
            f"Pen {pen}, {across} % from the left, {below} % from the top."
        )
        self._board.update()

    def paint(self, painter: QPainter) -> None:
        if self.place is None:
            return
        centre = self._board.to_widget(self.place)
        # Told from ink and paper by its colour, up from down by its ring.
        painter.setPen(QPen(theme.colour("accent" if self.down else "second"), 2))
        painter.setBrush(Qt.NoBrush)
        inner, outer = Size.CROSSHAIR
        for way in _WAYS.values():
            painter.drawLine(QLineF(centre + way * inner, centre + way * outer))
        if self.down:
            painter.drawEllipse(centre, inner, inner)
