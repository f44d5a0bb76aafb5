"""Over the drawing board: boxes around the digits of a number, a caption, the crop box."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QObject, QPointF, QRectF, QSizeF, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTabletEvent,
    QTouchEvent,
)
from PyQt5.QtWidgets import QLabel, QToolTip, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import tip
from mnist_draw.recognition.certainty import certainty_of_number

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.canvas import Canvas
    from mnist_draw.app.draw.drawing import Drawing
    from mnist_draw.recognition.answer import NumberAnswer

#: Width of the lines in logical pixels: seen over ink as well as over paper.
_LINE = 1.5


def crop_marks(ink: np.ndarray, drawing: Drawing) -> tuple[QRectF, QPointF] | None:
    """Return the box that is cut out for the network and its centre of mass, in board units."""
    from mnist_draw.dataset.normalise import has_ink, ink_box

    if not has_ink(ink):
        return None
    top, left, bottom, right = ink_box(ink)
    cut = ink[top:bottom, left:right].astype("float32")
    total = float(cut.sum())
    # From a pixel's edge to its middle.
    x = left + 0.5 + float(cut.sum(axis=0) @ range(right - left)) / total
    y = top + 0.5 + float(cut.sum(axis=1) @ range(bottom - top)) / total
    box = drawing.to_board(left, top, right - left, bottom - top)
    return box, drawing.to_board(x, y, 0, 0).topLeft()


def paint_marks(painter: QPainter, marks: tuple[QRectF, QPointF], canvas: Canvas) -> None:
    """Paint the box as a dashed line and the centre as a cross."""
    box, centre = marks
    painter.setBrush(Qt.NoBrush)
    painter.setPen(QPen(theme.colour("second"), _LINE, Qt.DashLine))
    painter.drawRect(canvas.in_widget(box))
    point = canvas.to_widget(centre)
    arm = float(theme.Size.GRID * 2)
    painter.setPen(QPen(theme.colour("second"), _LINE))
    painter.drawLine(point - QPointF(arm, 0), point + QPointF(arm, 0))
    painter.drawLine(point - QPointF(0, arm), point + QPointF(0, arm))


#: From a digit to its box, in logical pixels.
_MARGIN = 4
_PRESSES = (QEvent.MouseButtonPress, QEvent.TabletPress, QEvent.TouchBegin)


class NumberBoxes(QWidget):
    """A mouse-transparent overlay with a box and a tag for each digit of a number.

    A press on a tag chooses the digit that the answer panel is about.
    """

    chosen = pyqtSignal(int)

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("numberBoxes")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WA_NoSystemBackground)
        self.boxes: list[QRectF] = []
        self.index = -1
        self._texts: list[str] = []
        self._canvas = canvas
        self._on_tag = False
        canvas.installEventFilter(self)
        self.hide()

    def show_number(self, number: NumberAnswer | None) -> None:
        """Show the boxes of a ``NumberAnswer``, or none."""
        drawing = self._canvas.drawing
        digits = () if number is None else number.digits
        boxes = [drawing.to_board(*part.box) for part in digits]
        parts = () if number is None else certainty_of_number(number).parts
        texts = [part.label for part in parts]
        if boxes == self.boxes and texts == self._texts:
            return
        before = self._area()
        self.boxes, self._texts = boxes, texts
        self.resize(self._canvas.size())
        self.setVisible(bool(boxes))
        self._canvas.setMouseTracking(bool(boxes))
        self._point(False)
        # The board below is painted again where this is, and nowhere else.
        self.update(before.united(self._area()).toAlignedRect())

    def mark(self, index: int) -> None:
        """Mark the digit that the answer panel is about."""
        if index != self.index:
            self.index = index
            self.update(self._area().toAlignedRect())

    def tag(self, index: int) -> QRectF:
        """Return the tag of a digit, in logical pixels of the board."""
        box = self._on_canvas(self.boxes[index])
        metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
        wide = metrics.horizontalAdvance(self._texts[index]) + 2 * Size.FIELD_GAP
        size = QSizeF(wide, metrics.height() + Size.GRID)
        below = box.bottom() + Size.TIGHT
        if below + size.height() > self.height():
            below = max(box.top() - Size.TIGHT - size.height(), 0.0)
        left = min(max(box.center().x() - wide / 2, 0.0), self.width() - wide)
        return QRectF(QPointF(left, below), size)

    def index_at(self, point: QPointF) -> int | None:
        """Return the digit whose tag is at a point of the board."""
        if not self.isVisible():
            return None
        for index in range(len(self.boxes)):
            if self.tag(index).contains(point):
                return index
        return None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Resize:
            self.resize(self._canvas.size())
        elif self.boxes and event.type() in _PRESSES:
            index = self.index_at(_position(event))
            if index is not None:
                event.accept()
                self.chosen.emit(index)
                return True
        elif self.boxes:
            return self._pointed_at(event)
        return False

    def _pointed_at(self, event: QEvent) -> bool:
        """Follow the pointer; return whether the event is used up by a tag."""
        match event:
            case QMouseEvent() if event.type() == QEvent.MouseMove and not event.buttons():
                self._point(self.index_at(event.localPos()) is not None)
            case QHelpEvent() if event.type() == QEvent.ToolTip:
                index = self.index_at(QPointF(event.pos()))
                if index is not None:
                    text = (
                        f"Read as {self._texts[index]}: see what the network says of this digit, "
                        "and teach it alone."
                    )
                    QToolTip.showText(event.globalPos(), tip(text), self._canvas)
                    return True
        return False

    def _point(self, on: bool) -> None:
        """Show by the cursor that a press chooses and does not draw."""
        if on != self._on_tag:
            self._on_tag = on
            self._canvas.setCursor(Qt.PointingHandCursor if on else Qt.CrossCursor)

    def _on_canvas(self, box: QRectF) -> QRectF:
        """Return a box of the board, with its margin, in logical pixels."""
        return self._canvas.in_widget(box).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def _area(self) -> QRectF:
        area = QRectF()
        for index, box in enumerate(self.boxes):
            area = area.united(self._on_canvas(box)).united(self.tag(index))
        return area.adjusted(-2, -2, 2, 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setFont(theme.font(Text.BODY, bold=True))
        second, radius = theme.colour("second"), float(_MARGIN)
        for index, box in enumerate(self.boxes):
            chosen = index == self.index
            painter.setPen(QPen(second, 2.5 if chosen else 1.25))
            painter.setBrush(Qt.NoBrush)
            painter.drawRoundedRect(self._on_canvas(box), radius, radius)
            tag = self.tag(index)
            painter.setPen(QPen(second, 1.25))
            painter.setBrush(second if chosen else theme.colour("paper"))
            painter.drawRoundedRect(tag.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
            painter.setPen(theme.colour("on_second") if chosen else second)
            painter.drawText(tag, Qt.AlignCenter, self._texts[index])


class BoardCaption(QLabel):
    """A mouse-transparent overlay, hidden on the next edit."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("boardCaption")
        self.setProperty("look", "muted")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignHCenter | Qt.AlignBottom)
        self.setWordWrap(True)
        self.setTextFormat(Qt.PlainText)
        self._canvas = canvas
        self._sentence = ""
        canvas.installEventFilter(self)
        canvas.history_changed.connect(self.clear_caption)
        self.hide()

    def say(self, sentence: str) -> None:
        self._sentence = sentence
        self._show(sentence)

    def add(self, note: str) -> None:
        """Show a note as well, in place of the note before."""
        self._show(f"{self._sentence}\n{note}" if self._sentence else note)

    def leave_out(self, part: str) -> None:
        """Remove a part that is no longer true."""
        if part and part in self._sentence:
            text = self.text().replace(part, "")
            self._sentence = self._sentence.replace(part, "")
            self._show(text)

    def clear_caption(self) -> None:
        if self.text():
            self.say("")

    def _show(self, text: str) -> None:
        self.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._fit()

    def _fit(self) -> None:
        room = self._canvas.rect().adjusted(Size.MARGIN, 0, -Size.MARGIN, -Size.CARD_GAP)
        height = self.heightForWidth(room.width())
        self.setGeometry(room.left(), room.bottom() - height, room.width(), height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Resize:
            self._fit()
        return False


def _position(event: QEvent) -> QPointF:
    """Return where a mouse, a pen or a finger pressed."""
    match event:
        case QMouseEvent():
            return QPointF(event.localPos())
        case QTabletEvent():
            return QPointF(event.posF())
        case QTouchEvent() if event.touchPoints():
            return QPointF(event.touchPoints()[0].pos())
        case _:
            return QPointF(-1, -1)
