"""The card on the board at the first start: what to draw, and where it leads."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRect, QRectF, Qt, QVariantAnimation
from PyQt5.QtGui import QIcon, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QPushButton, QWidget

from mnist_draw.app.draw.board_items import Stroke
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.controls import paint_shadow
from mnist_draw.app.kit.painters import paint_box, smooth_painter, write_with
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import ElidedButton, explain, push_button
from mnist_draw.i18n import _, pgettext

_TITLE = _("Draw any digit")
_SENTENCE = _("Begin anywhere. The answer follows every stroke.")
#: The way through the program: icon, what to do, what one gets.
_STEPS = (
    # Translators: three steps, each with what one gets below it: Draw, see it read.
    ("pencil-simple", pgettext("step", "Draw"), _("see it read")),
    # Translators: train your own network.
    ("chart-line", pgettext("step", "Train"), pgettext("step", "your own")),
    ("magnifying-glass", pgettext("step", "Look inside"), pgettext("step", "see why")),
)
#: The card, the room beside it that the tools take, and the digit above it with the gap between.
_WIDE = 560
_HIGH = 236
_BESIDE = 76
_DIGIT = 212
_GAP = 48
#: The card's lines: their tops from the card's, and the height of the links' row.
_LINES = {"title": 24, "sentence": 60, "icons": 102, "do": 144, "get": 164}
_LINKS = 42
_ICON_CIRCLE = 40
#: A 3 in a box of 100×190, and how wide it is written.
_THREE = [
    (8, 32),
    (30, 4),
    (62, 0),
    (92, 14),
    (98, 44),
    (80, 70),
    (50, 88),
    (34, 90),
    (62, 92),
    (94, 108),
    (104, 136),
    (92, 170),
    (58, 190),
    (28, 180),
    (6, 164),
]
_BOX = (110, 190)
_INK = 15
#: It is written twice, so many milliseconds each time.
_WRITING_MS = 2400
_TIMES = 2
_PENCIL = 28


class FirstStart(QWidget):
    """Shows the card until something is drawn; a press beside its two links draws."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("firstStart")
        self.setAccessibleName(_TITLE)
        self.setAccessibleDescription(_SENTENCE)
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.hide()
        self._path = _written()
        self._part = 1.0
        # Not children of this: they take presses.
        self.example = ElidedButton(_("Show me a digit"), "link", "exampleLink")
        self.tour = ElidedButton(_("Take the tour"), "link", "tourLink")
        explain(self.example, self.example.text(), _("Put a test digit on the board."), "R")
        explain(self.tour, self.tour.text(), _("See in a few steps how a network reads."))
        self._links = self.example, self.tour
        # On the painted steps.
        self._steps = [
            push_button(name, step[1], sentence, look="link")
            for step, name, sentence in (
                (_STEPS[1], "firstTrainButton", _("Train a network of your own.")),
                (_STEPS[2], "firstLookinsideButton", _("See how it is read.")),
            )
        ]
        self.train, self.inside = self._steps
        for button in self._steps:
            button.setText("")
            button.setFocusPolicy(Qt.TabFocus)
        self._buttons: tuple[QPushButton, ...] = *self._links, *self._steps
        for button in self._buttons:
            button.setParent(canvas)
            button.setCursor(Qt.PointingHandCursor)
            button.hide()
        self._writing = QVariantAnimation(self)
        self._writing.setDuration(_WRITING_MS)
        self._writing.setLoopCount(_TIMES)
        self._writing.setStartValue(0.0)
        self._writing.setEndValue(1.0)
        self._writing.valueChanged.connect(self._write)
        canvas.resized.connect(self._place)
        theme.follow(self, self._place)

    def begin(self) -> None:
        self._canvas.shows_invitation = False
        self._canvas.ink_changed.connect(self._note_ink)
        self._place()
        self.show()
        for link in self._buttons:
            link.show()
            link.raise_()
        if theme.theme().motion:
            self._writing.start()

    def _note_ink(self) -> None:
        """End with the first stroke or picture; take back a dot, which was a press on the card."""
        drawing = self._canvas.drawing
        items = drawing.items
        first = items[0] if len(items) == 1 else None
        if isinstance(first, Stroke):
            box = first.bounds()
            if max(box.width(), box.height()) < 2 * self._canvas.pen_width:
                if drawing.growing is None:
                    self._canvas.undo()
                return
        if items:
            self.end()

    def end(self) -> None:
        if self.isHidden():
            return
        self._writing.stop()
        self._canvas.ink_changed.disconnect(self._note_ink)
        self._canvas.shows_invitation = True
        had_focus = any(button.hasFocus() for button in self._buttons)
        for part in (self, *self._buttons):
            part.hide()
        if had_focus:
            self._canvas.setFocus()
        self._canvas.update()

    def _write(self, part: float) -> None:
        self._part = part
        self.update(self._digit().toAlignedRect().adjusted(-_PENCIL, -_PENCIL, _PENCIL, _PENCIL))

    def _place(self) -> None:
        self.setGeometry(self._canvas.rect())
        card = self._card()
        high = theme.scaled(_LINKS)
        row = QRectF(card.left(), card.bottom() - high, card.width() / 2, high)
        for number, link in enumerate(self._links):
            place = row.translated(number * row.width(), 0).adjusted(2, 2, -2, -3)
            link.setGeometry(QRect(place.topLeft().toPoint(), place.bottomRight().toPoint()))
        top = theme.scaled(_LINES["icons"])
        bottom = theme.scaled(_LINES["get"]) + 2 * Size.CARD_GAP
        for number, button in enumerate(self._steps, 1):
            column = self._column(number).adjusted(Size.CARD_GAP, top, -Size.CARD_GAP, 0)
            button.setGeometry(column.toRect())
            button.setFixedHeight(bottom - top)

    def _column(self, number: int) -> QRectF:
        """Return the part of the card that a step takes."""
        card = self._card()
        third = min(card.width() / 3, theme.scaled(171))
        left = card.center().x() + (number - 1.5) * third
        return QRectF(left, card.top(), third, card.height())

    def _card(self) -> QRectF:
        room = QRectF(self.rect())
        beside = theme.scaled(_BESIDE)
        wide = min(theme.scaled(_WIDE), room.width() - beside - Size.CARD_GAP)
        left = max((room.width() - wide) / 2, beside)
        high = theme.scaled(_HIGH)
        above = _DIGIT + _GAP if self._has_room() else 0
        top = (room.height() - high - above) / 2 + above
        return QRectF(round(left), round(top), round(wide), high)

    def _has_room(self) -> bool:
        return self.height() >= theme.scaled(_HIGH) + _DIGIT + _GAP + 2 * Size.CARD_GAP

    def _digit(self) -> QRectF:
        if not self._has_room():
            return QRectF()
        card = self._card()
        wide = _DIGIT * _BOX[0] / _BOX[1]
        return QRectF(card.center().x() - wide / 2, card.top() - _GAP - _DIGIT, wide, _DIGIT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        if not self._digit().isEmpty():
            self._paint_digit(painter)
        card = self._card().adjusted(0.5, 0.5, -0.5, -0.5)
        if not event.region().intersects(card.toAlignedRect()):
            return
        paint_shadow(painter, card, Size.CARD_RADIUS, 6)
        paint_box(painter, card, "panel")
        line = card.bottom() - theme.scaled(_LINKS)
        painter.drawLine(QPointF(card.left(), line), QPointF(card.right(), line))
        self._paint_words(painter, card, "title", _TITLE, Text.HEADLINE, True, "text")
        self._paint_words(painter, card, "sentence", _SENTENCE, Text.SENTENCE, False, "muted")
        for number, step in enumerate(_STEPS):
            column = self._column(number)
            self._paint_step(painter, column, step, first=number == 0)
            if number:
                self._paint_icon(painter, column.left(), card.top(), "arrow-right", 16)

    def _paint_digit(self, painter: QPainter) -> None:
        place = self._digit()
        painter.save()
        painter.translate(place.topLeft())
        painter.scale(place.height() / _BOX[1], place.height() / _BOX[1])
        painter.setBrush(Qt.NoBrush)
        ghost = QPen(theme.colour("track", 0.7), _INK, Qt.SolidLine, Qt.RoundCap, Qt.RoundJoin)
        painter.setPen(ghost)
        painter.drawPath(self._path)
        parts = range(round(100 * self._part) + 1)
        points = [self._path.pointAtPercent(part / 100) for part in parts]
        done = self._part >= 1
        ghost.setColor(theme.colour("accent", 1 if done else 0.55))
        painter.setPen(ghost)
        painter.drawPolyline(QPolygonF(points))
        if not done:
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.colour("accent"))
            painter.drawEllipse(points[-1], _INK / 2, _INK / 2)
            pencil = QRectF(points[-1] - QPointF(0, _PENCIL), points[-1] + QPointF(_PENCIL, 0))
            icon("pencil-simple").paint(painter, pencil.toRect())
        painter.restore()

    def _paint_step(
        self,
        painter: QPainter,
        column: QRectF,
        step: tuple[str, str, str],
        first: bool,
    ) -> None:
        picture, do, get = step
        down = theme.scaled(_LINES["icons"] + _ICON_CIRCLE // 2)
        middle = QPointF(column.center().x(), column.top() + down)
        radius = theme.scaled(_ICON_CIRCLE) / 2
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("chosen" if first else "hover"))
        painter.drawEllipse(middle, radius, radius)
        self._paint_icon(painter, middle.x(), column.top(), picture, Size.ICON, on=first)
        self._paint_words(painter, column, "do", do, Text.BODY, True, "text")
        self._paint_words(painter, column, "get", get, Text.LABEL, False, "muted")

    @staticmethod
    def _paint_icon(
        painter: QPainter,
        x: float,
        top: float,
        name: str,
        size: int,
        on: bool = False,
    ) -> None:
        side = theme.scaled(size)
        y = top + theme.scaled(_LINES["icons"] + _ICON_CIRCLE // 2)
        place = QRectF(x - side / 2, y - side / 2, side, side).toRect()
        state = QIcon.On if on else QIcon.Off
        icon(name, look="tool").paint(painter, place, Qt.AlignCenter, QIcon.Normal, state)

    @staticmethod
    def _paint_words(
        painter: QPainter,
        place: QRectF,
        line: str,
        words: str,
        size: int,
        bold: bool,
        colour: str,
    ) -> None:
        write_with(painter, size, colour, bold)
        # Large text takes a second line.
        box = place.adjusted(Size.GRID, theme.scaled(_LINES[line]), -Size.GRID, 0)
        painter.drawText(box, int(Qt.AlignHCenter | Qt.AlignTop | Qt.TextWordWrap), words)


def _written() -> QPainterPath:
    stroke = Stroke.through(_THREE, _INK)
    path = QPainterPath(stroke.points[0].at())
    for __, control, end in stroke.curves():
        path.quadTo(control.at(), end.at())
    return path
