"""Over the drawing board: tags that teach, boxes of a number, what is cut out, a caption."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from qtpy.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTabletEvent,
    QTouchEvent,
)
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton, QToolTip, QWidget

from mnist_draw.app.draw.answer_block import mark_said, none_button, take_back_button
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import Menu, Popover
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.steady_labels import SettleTimer
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Keys, label, push_button, tip
from mnist_draw.dataset.classes import with_article
from mnist_draw.i18n import _, joined

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.canvas import Canvas
    from mnist_draw.app.draw.drawing import Drawing
    from mnist_draw.app.kit.app_state import TaughtInk

#: Width of the lines in logical pixels: seen over ink as well as over paper.
_LINE = 1.5


@dataclass(frozen=True)
class Tag:
    """A tag of one half, or of two where the network has not learned what the user said."""

    read: str
    said: str = ""
    #: Whether it is read as was said since it was learned.
    is_learned: bool = False
    #: The whole for screen readers; empty where nothing was said.
    spoken: str = ""


def tag_of(
    read: str,
    taught: TaughtInk | None,
    learns: bool = False,
    has_learned: bool = True,
) -> Tag:
    """Return the tag of ink that a network reads so, which has learned what was said, or not."""
    if taught is None:
        return Tag(read)
    label = taught.label
    is_right = read == str(label)
    is_known = has_learned and taught.was_misread and not taught.is_new
    if is_right and not is_known:
        return Tag(read)
    heard = _("read as {answer}, you said {label}", answer=read, label=label)
    if is_right:
        # Translators: in a tag: the network has learned this digit.
        return Tag(_("{digit} ✓", digit=label), "", True, joined(heard, _("learned")))
    if is_known:
        # Translators: in a tag: learning did not change how this digit is read.
        return Tag(_("still {answer}", answer=read), "", False, heard)
    if not taught.is_new:
        return Tag(read, _("you said {label}", label=label), False, heard)
    if learns:
        return Tag(read, _("you said {label} · learning", label=label), False, heard)
    return Tag(read, _("you said {label}", label=label), False, joined(heard, _("to learn")))


def crop_marks(ink: np.ndarray, drawing: Drawing) -> tuple[QRectF, QPointF] | None:
    """Return the box that is cut out for the network and its center of mass, in board units."""
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


#: From a digit to its box, in logical pixels.
_MARGIN = 4
#: Height of a tag.
_TAG_HIGH = 28
#: Milliseconds after which a pen has rested.
_REST_MS = 600
#: Width of a line's number; of the edge of the chosen line, and how much it is tinted.
_NUMBER = 40
_EDGE = 3
_TINT = 0.06
_PRESSES = (QEvent.MouseButtonPress, QEvent.TabletPress, QEvent.TouchBegin)


class NumberBoxes(QWidget):
    """A mouse-transparent overlay: a number's boxes, and tags; a press on one chooses its digit."""

    chosen = Signal(int)
    #: Asked for with the right button: all of the ink is one digit.
    whole_chosen = Signal(int)
    #: Asked for with the right button: all lines are one.
    joined = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("numberBoxes")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WA_NoSystemBackground)
        self.boxes: list[QRectF] = []
        self.index = -1
        #: The center of mass of what is cut out, where that is shown.
        self.center: QPointF | None = None
        self.tags: list[Tag] = []
        #: The places of the digits of each line.
        self.lines: list[range] = []
        self.whole = False
        self._canvas = canvas
        self._on_tag = False
        #: Lines are ruled once the pen has rested.
        self._resting = QTimer(self)
        self._resting.setSingleShot(True)
        self._resting.setInterval(_REST_MS)
        self._resting.timeout.connect(self.update)
        canvas.pen_down.connect(lambda __: self._wait_for_rest())
        canvas.resized.connect(lambda: self.resize(canvas.size()))
        self.hide()

    def show_tags(
        self,
        boxes: list[QRectF],
        tags: list[Tag],
        center: QPointF | None = None,
        lines: Sequence[range] = (),
    ) -> None:
        """Show boxes in board units with their tags, and the center of mass of what is cut out."""
        lines = list(lines) or [range(len(boxes))]
        if (boxes, tags, center, lines) == (self.boxes, self.tags, self.center, self.lines):
            return
        before = self._area()
        self.lines = lines
        if len(lines) < 2:
            self._resting.stop()
        self.boxes = boxes
        self.tags = tags
        self.center = center
        self.setAccessibleDescription(joined(*(tag.spoken for tag in tags)))
        self.whole = False
        self.resize(self._canvas.size())
        self.setVisible(bool(boxes))
        # Without boxes no event of the board is looked at: each look takes microseconds.
        (self._canvas.installEventFilter if boxes else self._canvas.removeEventFilter)(self)
        self._canvas.setMouseTracking(bool(boxes))
        self._point(False)
        # The board below is painted again where this is, and nowhere else.
        self.update(before.united(self._area()).toAlignedRect())

    def mark(self, index: int) -> None:
        if index != self.index:
            self.index = index
            self.update(self._area().toAlignedRect())

    def mark_whole(self, on: bool) -> None:
        """Mark all of the ink instead, while it is asked what that is."""
        self.whole = on
        self.update(self._area().toAlignedRect())

    def tag(self, index: int) -> QRectF:
        box = self._on_canvas(self.boxes[index])
        tag = self.tags[index]
        wide = _half_width(tag.read) + (_half_width(tag.said) if tag.said else 0)
        size = QSizeF(wide, theme.scaled(_TAG_HIGH))
        below = box.bottom() + Size.FIELD_GAP
        if below + size.height() > self.height():
            below = max(box.top() - Size.FIELD_GAP - size.height(), 0.0)
        left = min(max(box.center().x() - wide / 2, 0.0), self.width() - wide)
        return QRectF(QPointF(left, below), size)

    def index_at(self, point: QPointF) -> int | None:
        shown = self._with_tags() if self.isVisible() else []
        return next((index for index in shown if self.tag(index).contains(point)), None)

    @property
    def _line(self) -> range:
        """The places of the digits of the line that is marked."""
        return next((line for line in self.lines if self.index in line), self.lines[0])

    def _with_tags(self) -> list[int]:
        """Return the digits with tags: those of another line only if none is on a third one."""
        frames = [self._frame(line) for line in self.lines]
        shown: list[int] = []
        for line, own in zip(self.lines, frames, strict=True):
            others = [frame for frame in frames if frame is not own]
            tags = [self.tag(index) for index in line]
            if line == self._line or not any(map(_hits_any, tags, repeat(others))):
                shown += line
        return shown

    def _frame(self, line: range) -> QRectF:
        """Return the frame of all digits of a line."""
        boxes = [self._on_canvas(self.boxes[place]) for place in line]
        return functools.reduce(QRectF.united, boxes, QRectF())

    def _wait_for_rest(self) -> None:
        """Paint no lines of a page while the pen writes."""
        if len(self.lines) > 1:
            self._resting.start()
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _PRESSES:
            index = self.index_at(_position(event))
            if index is not None:
                event.accept()
                if not (isinstance(event, QMouseEvent) and event.button() == Qt.RightButton):
                    self.chosen.emit(index)
                return True
        match event:
            case QMouseEvent() if event.type() == QEvent.MouseMove and not event.buttons():
                self._point(self.index_at(event.localPos()) is not None)
            case QHelpEvent() if event.type() == QEvent.ToolTip:
                index = self.index_at(QPointF(event.pos()))
                if index is not None:
                    text = _(
                        "Read as {answer}: look at this digit, and say what it is.",
                        answer=self.tags[index].read,
                    )
                    QToolTip.showText(event.globalPos(), tip(text), self._canvas)
                    return True
            case QContextMenuEvent():
                by_key = event.reason() == QContextMenuEvent.Keyboard
                index = self.index if by_key else self.index_at(QPointF(event.pos()))
                if index is not None and 0 <= index < len(self.tags):
                    below = self.tag(index).bottomLeft().toPoint()
                    self.menu(index).popup(self._canvas.mapToGlobal(below))
                    return True
        return False

    def menu(self, index: int) -> Menu:
        menu = Menu(self._canvas)
        menu.setObjectName("tagMenu")
        menu.setAttribute(Qt.WA_DeleteOnClose)
        menu.addAction(_("What is it?"), lambda: self.chosen.emit(index))
        if len(self._line) > 1:
            all_of_it = _("It's all one digit…")
            menu.addAction(all_of_it, lambda: self.whole_chosen.emit(index))
        if len(self.lines) > 1:
            menu.addAction(_("All of it is one line"), self.joined.emit)
        return menu

    def _point(self, on: bool) -> None:
        if on != self._on_tag:
            self._on_tag = on
            self._canvas.setCursor(Qt.PointingHandCursor if on else Qt.CrossCursor)

    def _on_canvas(self, box: QRectF) -> QRectF:
        return self._canvas.in_widget(box).adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def _area(self) -> QRectF:
        if len(self.lines) > 1:
            return QRectF(self.rect())
        area = QRectF()
        for box in self.boxes:
            area = area.united(self._on_canvas(box))
        for index in range(len(self.tags)):
            area = area.united(self.tag(index))
        return area.adjusted(-2, -2, 2, 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setFont(theme.font(Text.BODY, bold=True))
        second = theme.color("second")
        radius = float(_MARGIN)
        chosen = -1 if self.whole else self.index
        if self.center is not None:
            self._paint_cut(painter, self.center)
        is_page = len(self.lines) > 1
        if is_page and not (self._resting.isActive() or self._canvas.is_drawing()):
            self._paint_lines(painter)
        # A single digit has the frame of what is cut out, on a page only the chosen one has one.
        framed = [chosen] if is_page and chosen >= 0 else range(len(self.boxes))
        for index in framed if len(self.boxes) > 1 else ():
            painter.setPen(QPen(second, 3 if index == chosen else 1.25))
            painter.drawRoundedRect(self._on_canvas(self.boxes[index]), radius, radius)
        if self.whole:
            painter.setPen(QPen(second, 3))
            painter.drawRoundedRect(self._frame(self._line), radius, radius)
        for index in self._with_tags():
            self._paint_tag(painter, index, index == chosen)

    def _paint_lines(self, painter: QPainter) -> None:
        """Paint a rule between two lines of a page, their numbers, and the tint of one."""
        gap = Size.GRID
        tag = Size.FIELD_GAP + theme.scaled(_TAG_HIGH)
        rows = [self._frame(line).adjusted(0, 0, 0, tag) for line in self.lines]
        wide = theme.scaled(_NUMBER)
        before = min(ink.left() for ink in rows) - wide
        left = max(before, self._canvas.cover.right() + gap)
        right = self.width() - Size.CARD_GAP
        for place, ink in enumerate(rows):
            band = QRectF(QPointF(left, ink.top() - gap), QPointF(right, ink.bottom() + gap))
            is_chosen = self.lines[place] == self._line
            if is_chosen:
                edge = band.adjusted(0, 0, _EDGE - band.width(), 0)
                painter.fillRect(band, theme.color("text", _TINT))
                painter.fillRect(edge, theme.color("second"))
            if place:
                middle = (rows[place - 1].bottom() + ink.top()) / 2
                painter.setPen(QPen(theme.color("line"), 1))
                painter.drawLine(QPointF(left, middle), QPointF(right, middle))
            painter.setPen(theme.color("second" if is_chosen else "muted"))
            number = band.adjusted(0, 0, wide - band.width(), -tag)
            # The tools leave no room for it where the ink begins beside them.
            if left == before:
                painter.drawText(number, Qt.AlignCenter, str(place + 1))

    def _paint_tag(self, painter: QPainter, index: int, is_chosen: bool) -> None:
        tag = self.tags[index]
        place = self.tag(index).adjusted(0.5, 0.5, -0.5, -0.5)
        read = QRectF(place.topLeft(), QSizeF(_half_width(tag.read), place.height()))
        shape = QPainterPath()
        shape.addRoundedRect(place, _MARGIN, _MARGIN)
        second = theme.color("second")
        edge = theme.color("accent") if tag.is_learned else second
        is_filled = is_chosen and not tag.is_learned
        ink = theme.color("on_second") if is_filled else edge
        painter.fillPath(shape, second if is_filled or tag.said else theme.color("paper"))
        if tag.said:
            ink = theme.color("muted")
            painter.save()
            painter.setClipPath(shape)
            painter.fillRect(read, theme.color("paper"))
            painter.restore()
            painter.setPen(theme.color("on_second"))
            said = QRectF(read.topRight(), place.bottomRight())
            painter.drawText(said, Qt.AlignCenter, tag.said)
        painter.setPen(QPen(edge, 1.25))
        painter.setBrush(Qt.NoBrush)
        painter.drawPath(shape)
        painter.setPen(ink)
        painter.drawText(read, Qt.AlignCenter, tag.read)

    def _paint_cut(self, painter: QPainter, center: QPointF) -> None:
        painter.setPen(QPen(theme.color("second"), _LINE, Qt.DashLine))
        painter.drawRect(self._canvas.in_widget(self.boxes[0]))
        painter.setPen(QPen(theme.color("second"), _LINE))
        point = self._canvas.to_widget(center)
        arm = 2.0 * Size.GRID
        for way in (QPointF(arm, 0), QPointF(0, arm)):
            painter.drawLine(point - way, point + way)


def _hits_any(tag: QRectF, frames: Sequence[QRectF]) -> bool:
    return any(frame.intersects(tag) for frame in frames)


def _half_width(text: str) -> float:
    metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
    return metrics.horizontalAdvance(text) + 2 * Size.FIELD_GAP


#: So many of the ten digits are in a row.
_IN_A_ROW = 5
_STEPS: dict[int, int] = {Qt.Key_Left: -1, Qt.Key_Right: 1, Qt.Key_Up: -5, Qt.Key_Down: 5}


class DigitPopover(Popover):
    """Asks below a tag which digit it is: ten buttons, or a digit's key."""

    said = Signal(int)
    #: What was said is not to count any more.
    taken_back = Signal()
    #: It is no digit.
    refused = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, "digitPopover", _("What is it?"))
        self.question = label(_("What is it?"), "title")
        grid = QGridLayout()
        grid.setSpacing(Size.GRID + 1)
        sentence = _("Keep it with this label; the network can learn it.")
        self.buttons: list[QPushButton] = []
        for digit in range(10):
            name = _("It is {label}", label=with_article(digit))
            act = functools.partial(self._say, digit)
            button = push_button(f"isDigit{digit}", name, sentence, str(digit), "choice", act)
            button.setText(str(digit))
            button.setCheckable(True)
            grid.addWidget(button, *divmod(digit, _IN_A_ROW))
            self.buttons.append(button)
        self.take_back = take_back_button(self._take_back)
        self.body.addLayout(row((self.question, 1), label(_("or type it"), "muted")))
        self.body.addLayout(grid)
        self.none = none_button(self._refuse, "link")
        self.body.addLayout(row(1, self.none, self.take_back))
        Keys(self, self._meaning)

    def ask(
        self,
        canvas: Canvas,
        tag: QRectF,
        likely: int,
        question: str,
        said: str | None,
    ) -> None:
        """Open below a tag of the board, with the keyboard on what was said or is likeliest."""
        mark_said(self.buttons, self.none, self.take_back, said)
        self.question.setText(question)
        self.setAccessibleName(question)
        self.open_at(canvas, tag.toAlignedRect())
        self.buttons[int(said) if said else likely].setFocus(Qt.PopupFocusReason)

    def _say(self, digit: int) -> None:
        self.hide()
        self.said.emit(digit)

    def _refuse(self) -> None:
        self.hide()
        self.refused.emit()

    def _take_back(self) -> None:
        self.hide()
        self.taken_back.emit()

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        focus = self.focusWidget()
        if event.text() in tuple("0123456789"):
            return functools.partial(self._say, int(event.text()))
        if event.key() == Qt.Key_Delete and self.take_back.isVisible():
            return self._take_back
        if event.key() in _STEPS and focus in self.buttons:
            place = self.buttons.index(focus) + _STEPS[event.key()]
            return self.buttons[place % len(self.buttons)].setFocus
        return None


#: The tools take so much of the board's left side.
_BESIDE_TOOLS = 76


class BoardCaption(QLabel):
    """A mouse-transparent card where no ink is; hidden on the next edit."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("boardCaption")
        self.setProperty("look", "caption")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignCenter)
        self.setTextFormat(Qt.PlainText)
        self._canvas = canvas
        self._sentence = self._for_now = ""
        self.busy_timer = SettleTimer(self)
        canvas.resized.connect(self._fit)
        self.hide()

    def say(self, sentence: str, for_now: str = "") -> None:
        self.busy_timer.stop()
        self._sentence = sentence
        self._for_now = for_now
        text = joined(sentence, for_now)
        self.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._fit()

    def say_busy(self, sentence: str) -> None:
        self.say("")
        self.busy_timer.wait_for(sentence, functools.partial(self.say, sentence))

    def withdraw(self) -> None:
        """Leave out what was true for now."""
        if self._for_now:
            self.say(self._sentence)

    def _fit(self) -> None:
        """Take the place in which there is least ink; mostly there is none."""
        if not self.text():
            return
        gap = Size.CARD_GAP
        room = QRectF(self._canvas.rect()).adjusted(theme.scaled(_BESIDE_TOOLS), gap, -gap, -gap)
        self.setWordWrap(False)
        wide = self.sizeHint().width()
        high = self.sizeHint().height()
        if wide > room.width():
            self.setWordWrap(True)
            wide = int(room.width())
            high = self.heightForWidth(wide)
        lefts = (room.center().x() - wide / 2, room.right() - wide, room.left())
        # Messages appear at the bottom.
        tops = (room.top(), room.bottom() - high)
        places = [QRectF(left, top, wide, high) for left in lefts for top in tops]
        self.setGeometry(min(places, key=self._canvas.ink_below).toAlignedRect())


def _position(event: QEvent) -> QPointF:
    match event:
        case QMouseEvent():
            return QPointF(event.localPos())
        case QTabletEvent():
            return QPointF(event.posF())
        case QTouchEvent() if event.touchPoints():
            return QPointF(event.touchPoints()[0].pos())
        case _:
            return QPointF(-1, -1)
