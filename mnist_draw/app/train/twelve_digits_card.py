"""Twelve test pictures in two rows, and what the network in training reads."""

from __future__ import annotations

from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QToolTip

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import ink_image, paint_box, paint_tick, smooth_painter, write_with
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import BoxesView
from mnist_draw.app.kit.widgets import Card, tip
from mnist_draw.app.train.run_words import TwelveWords, twelve_words
from mnist_draw.i18n import _, joined
from mnist_draw.training.twelve_digits import EACH, TWELVE, DigitsRead, TwelveDigits

#: Side of a picture in pixels: at least, and at most.
_SIDES = (30, 84)
#: Side that the card asks for.
_USUAL_SIDE = 56
#: Wrong digits, and those of a network that has read none yet.
_FADED = 0.45
_GAP = 10
#: From one picture to the next at most, in pictures.
_WIDEST = 1.99
_LEFT = int(Qt.AlignLeft | Qt.AlignTop)
_RIGHT = int(Qt.AlignRight | Qt.AlignTop)


class DigitsGrid(BoxesView):
    """The pictures in rows, each with the answer below it."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(
            "twelveDigits",
            _("Twelve test pictures"),
            _("Test pictures the network is never trained on, and what it reads during training."),
        )
        self.twelve: TwelveDigits | None = None
        self.read: DigitsRead | None = None
        self.words = twelve_words(None, None)
        theme.follow(self, self.updateGeometry)

    def show_digits(self, twelve: TwelveDigits | None, read: DigitsRead | None) -> bool:
        """Show pictures and what is read; return whether they are others than before."""
        others = (twelve, read) != (self.twelve, self.read)
        if others:
            self.twelve = twelve
            self.read = read
            self.words = twelve_words(twelve, read)
            self.update()
        return others

    # -- places

    def sizeHint(self) -> QSize:
        side = theme.scaled(_USUAL_SIDE)
        return QSize(EACH * (side + _GAP), 2 * (self._heading() + side + self._line()))

    def minimumSizeHint(self) -> QSize:
        rows = 2 * (self._heading() + theme.scaled(_SIDES[0]) + self._line())
        return QSize(EACH * (_SIDES[0] + _GAP), rows)

    def _heading(self) -> int:
        """Return the height of a row's heading with the gap below it."""
        return theme.scaled(Text.AXIS) + Size.FIELD_GAP

    def _line(self) -> int:
        """Return the height of an answer with the gap below it."""
        return theme.scaled(Text.BODY) + Size.FIELD_GAP

    def side(self) -> float:
        wide = (self.width() - 2 * Size.TIGHT + _GAP) / EACH - _GAP
        high = self.height() / 2 - self._heading() - self._line()
        return max(min(wide, high, theme.scaled(_SIDES[1])), 8.0)

    def _across(self) -> float:
        """Return how far each picture is from the next: in a wide card they stay together."""
        side = self.side()
        return min((self.width() - 2 * Size.TIGHT - side) / (EACH - 1), _WIDEST * side)

    def _top_of(self, row: int) -> float:
        """Return where a row begins with its heading."""
        needed = self._heading() + self.side() + self._line()
        gap = (self.height() - 2 * needed) / 3
        return gap + row * (needed + gap)

    def heading_of(self, row: int) -> QRectF:
        wide = (EACH - 1) * self._across() + self.side()
        return QRectF(Size.TIGHT, self._top_of(row), wide, self._heading())

    def _place(self, item: int) -> tuple[int, int]:
        """Return row and column of a picture."""
        at_random = EACH if self.twelve is None else self.twelve.at_random
        return (0, item) if item < at_random else (1, item - at_random)

    def box_of(self, item: int) -> QRectF:
        row, column = self._place(item)
        side = self.side()
        top = self._top_of(row) + self._heading()
        return QRectF(Size.TIGHT + column * self._across(), top, side, side)

    def count(self) -> int:
        return 0 if self.twelve is None else len(self.twelve.labels)

    def place_of(self, item: int) -> QPointF:
        return self.box_of(item).bottomLeft()

    def describe(self, item: int) -> str:
        assert self.twelve is not None
        fields = {"number": self.twelve.numbers[item], "name": self._name(self.twelve.labels[item])}
        if self.read is None:
            return _("Test picture {number}: {name}, not read yet.", **fields)
        answer = self._name(self.read.answers[item])
        return _("Test picture {number}: {name}, read as {answer}.", answer=answer, **fields)

    def step(self, right: int, down: int) -> bool:
        return super().step(right or down * EACH, 0)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        for row, words in enumerate(self.words.rows):
            if self.heading_of(row).contains(event.localPos()):
                QToolTip.showText(event.globalPos(), tip(words.sentence), self)

    def _name(self, label: int) -> str:
        assert self.twelve is not None
        classes = self.twelve.classes
        return classes[label] if label < len(classes) else str(label)

    def pick(self, item: int) -> bool:
        if self.twelve is not None:
            self.chosen.emit(self.twelve.numbers[item])
        return True

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        for row, words in enumerate(self.words.rows):
            box = self.heading_of(row)
            write_with(painter, Text.AXIS, "muted")
            painter.drawText(box, _LEFT, words.heading)
            write_with(painter, Text.AXIS, "text", bold=True)
            painter.drawText(box, _RIGHT, words.right)
        for item in range(TWELVE if self.twelve is None else self.count()):
            self._paint(painter, item)

    def _paint(self, painter: QPainter, item: int) -> None:
        box = self.box_of(item)
        read = self.read
        right = read is not None and read.right[item]
        wrong = read is not None and not right
        paint_box(painter, box, "paper", radius=Size.FIELD_RADIUS)
        if self.twelve is None:
            return
        painter.setOpacity(_FADED if wrong else 1.0)
        painter.setRenderHint(QPainter.SmoothPixmapTransform, False)
        picture = self.twelve.pictures[item, 0].astype("float32") / 255
        painter.drawImage(box.adjusted(2, 2, -2, -2), ink_image(picture))
        painter.setOpacity(1.0)
        painter.setBrush(Qt.NoBrush)
        if read is not None and read.turned and read.turned[item]:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), 8, 8)
        elif item == self.current:
            painter.setPen(QPen(theme.color("second"), 2))
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), 7, 7)
        below = QRectF(box.left() - 6, box.bottom() + 2, box.width() + 12, self._line() - 2)
        self._paint_answer(painter, below, item, right)

    def _paint_answer(self, painter: QPainter, box: QRectF, item: int, right: bool) -> None:
        assert self.twelve is not None
        bold = self.read is None or right
        write_with(painter, Text.BODY, "accent" if right else "muted", bold)
        metrics = QFontMetricsF(painter.font())
        text = "?" if self.read is None else self._name(self.read.answers[item])
        if self.read is not None and not right:
            text += " ?"
        tick = metrics.height() if right else 0.0
        text = metrics.elidedText(text, Qt.ElideRight, box.width() - tick)
        wide = metrics.horizontalAdvance(text)
        left = box.center().x() - (wide + tick) / 2
        painter.drawText(QRectF(left, box.top(), wide + 1, box.height()), Qt.AlignVCenter, text)
        if right:
            unit = tick / 10
            corner = QPointF(left + wide + 3 * unit, box.center().y())
            painter.setPen(QPen(theme.color("accent"), max(1.3, unit)))
            paint_tick(painter, corner, 6 * unit)


class TwelveDigitsCard(Card):
    def __init__(self) -> None:
        super().__init__(_("Twelve test pictures"))
        self.grid = DigitsGrid()
        self.when = FittedLabel(look="muted", name="digitsReadLabel")
        self.top.addWidget(self.when)
        self.body.addWidget(self.grid, 1)
        self._show(self.grid.words)

    def show_digits(self, twelve: TwelveDigits | None, read: DigitsRead | None) -> None:
        if self.grid.show_digits(twelve, read):
            self._show(self.grid.words)

    def _show(self, words: TwelveWords) -> None:
        self.when.setText(words.when)
        counts = (joined(f"{row.heading}:", row.right) for row in words.rows if row.right)
        pictures = map(self.grid.describe, range(self.grid.count()))
        self.grid.setAccessibleName(self.heading.text())
        self.grid.setAccessibleDescription(joined(words.when, *counts, *pictures))
