"""A pen that the keyboard moves over a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QLineF, QPointF, Qt
from qtpy.QtGui import QKeyEvent, QPainter, QPen

from mnist_draw.app.draw.board_items import BOARD
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size
from mnist_draw.i18n import _, percent

if TYPE_CHECKING:
    from mnist_draw.app.draw.canvas import Canvas

#: Steps of the crosshair in board units: alone, and with Shift.
_STEP = 15.0
_FINE = 3.0
_WAYS: dict[int, QPointF] = {
    Qt.Key_Left: QPointF(-1, 0),
    Qt.Key_Right: QPointF(1, 0),
    Qt.Key_Up: QPointF(0, -1),
    Qt.Key_Down: QPointF(0, 1),
}
#: Keyboard instructions, for the board's tooltip and description.
BOARD_KEYS = _(
    "By keyboard: the arrow keys move a crosshair, two at once move it diagonally, and Shift "
    "makes its steps smaller. Space puts the pen down and lifts it.",
)


class KeyPen:
    """Moves a pen over a board by its key events."""

    def __init__(self, board: Canvas) -> None:
        self._board = board
        self._held: set[int] = set()
        self.place: QPointF | None = None
        self._down = False

    @property
    def down(self) -> bool:
        return self._down and self._board.is_drawing()

    def release(self, event: QKeyEvent) -> None:
        if not event.isAutoRepeat():
            self._held.discard(event.key())

    def press(self, event: QKeyEvent) -> bool:
        """Serve a key; return whether it is one of the pen's."""
        key = event.key()
        modifiers = event.modifiers()
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
        place = self._place_or_center()
        for key in self._held:
            place += _WAYS[key] * step
        self.place = QPointF(
            min(max(place.x(), 0.0), float(BOARD)),
            min(max(place.y(), 0.0), float(BOARD)),
        )
        if self.down:
            self._board.extend(self._board.to_widget(self.place))
        self._tell()

    def _place_or_center(self) -> QPointF:
        # QPointF(0, 0) is false.
        return QPointF(BOARD / 2, BOARD / 2) if self.place is None else QPointF(self.place)

    def _put_down(self) -> None:
        self.place = self._place_or_center()
        self._down = True
        self._board.begin(self._board.to_widget(self.place), self._board.erasing)
        self._tell()

    def _lift(self) -> None:
        self._down = False
        self._board.end()
        self._tell()

    def leave(self) -> None:
        self._held.clear()
        if self.down:
            self._lift()
        if self.place is not None:
            self.place = None
            self._board.setAccessibleDescription(self._board.property("explained"))
            self._board.update()

    def _tell(self) -> None:
        if self.place is None:
            # A listener to the stroke has moved the focus.
            return
        left = percent(self.place.x() / BOARD)
        top = percent(self.place.y() / BOARD)
        if self.down:
            where = _("Pen down, {left} from the left, {top} from the top.", left=left, top=top)
        else:
            where = _("Pen up, {left} from the left, {top} from the top.", left=left, top=top)
        self._board.setAccessibleDescription(where)
        self._board.update()

    def paint(self, painter: QPainter) -> None:
        if self.place is None:
            return
        center = self._board.to_widget(self.place)
        # Told from ink and paper by its color, up from down by its ring.
        painter.setPen(QPen(theme.color("accent" if self.down else "second"), 2))
        painter.setBrush(Qt.NoBrush)
        inner, outer = Size.CROSSHAIR
        for way in _WAYS.values():
            painter.drawLine(QLineF(center + way * inner, center + way * outer))
        if self.down:
            painter.drawEllipse(center, inner, inner)
