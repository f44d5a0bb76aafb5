"""Twelve test digits, and what the network in training reads after each epoch."""

from __future__ import annotations

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import ink_image, paint_box, paint_tick, smooth_painter, write_with
from mnist_draw.app.kit.steady_labels import FittedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import WalkableView
from mnist_draw.app.kit.widgets import Card, set_look
from mnist_draw.i18n import _, joined
from mnist_draw.training.twelve_digits import TWELVE, DigitsRead, TwelveDigits

#: Side of a picture in pixels: where there is little room, and at most.
_SIDES = (36, 84)
#: Of equally large pictures, the first has them.
_COLUMNS = (6, 4, 3, 12)
#: Wrong digits, and those of a network that has read none yet.
_FADED = 0.45
_GAP = 10


class DigitsGrid(WalkableView):
    """The pictures in rows, each with the answer below it."""

    chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__(
            "twelveDigits",
            _("Twelve new digits"),
            _("Test digits it never learns from, and what it reads after each epoch."),
        )
        self.twelve: TwelveDigits | None = None
        self.read: DigitsRead | None = None
        theme.follow(self, self.updateGeometry)

    def show_digits(self, twelve: TwelveDigits | None, read: DigitsRead | None) -> bool:
        """Show pictures and what is read; return whether they are others than before."""
        others = (twelve, read) != (self.twelve, self.read)
        if others:
            self.twelve = twelve
            self.read = read
            self.update()
        return others

    # -- places

    def sizeHint(self) -> QSize:
        return QSize(6 * theme.scaled(56 + _GAP), 2 * (theme.scaled(56) + self._line()))

    def minimumSizeHint(self) -> QSize:
        return QSize(4 * (_SIDES[0] + _GAP), 2 * (theme.scaled(_SIDES[0]) + self._line()))

    def _line(self) -> int:
        """Return the height of an answer with the gap below it."""
        return theme.scaled(Text.BODY) + 2 * Size.FIELD_GAP

    def arrangement(self) -> tuple[int, float]:
        """Return the columns that give the largest pictures, and their side."""
        found = []
        for columns in _COLUMNS:
            rows = -(-TWELVE // columns)
            wide = (self.width() - 2 * Size.TIGHT + _GAP) / columns - _GAP
            high = self.height() / rows - self._line()
            found.append((min(wide, high, theme.scaled(_SIDES[1])), columns))
        side, columns = max(found, key=lambda one: one[0])
        return columns, max(side, 8.0)

    def box_of(self, item: int) -> QRectF:
        columns, side = self.arrangement()
        rows = -(-TWELVE // columns)
        room = self.width() - 2 * Size.TIGHT
        across = (room - side) / (columns - 1)
        down = min(self.height() / rows, side + 2.2 * self._line())
        row, column = divmod(item, columns)
        return QRectF(Size.TIGHT + column * across, Size.TIGHT + row * down, side, side)

    def count(self) -> int:
        return 0 if self.twelve is None else len(self.twelve.labels)

    def item_at(self, point: QPointF) -> int | None:
        return next((n for n in range(self.count()) if self.box_of(n).contains(point)), None)

    def place_of(self, item: int) -> QPointF:
        return self.box_of(item).bottomLeft()

    def describe(self, item: int) -> str:
        assert self.twelve is not None
        fields = {"number": self.twelve.numbers[item], "name": self._name(self.twelve.labels[item])}
        if self.read is None:
            return _("Test picture {number}: {name}, not read yet.", **fields)
        if self.read.right[item]:
            return _("Test picture {number}: {name}, read right.", **fields)
        answer = self._name(self.read.answers[item])
        return _("Test picture {number}: {name}, read as {answer}.", answer=answer, **fields)

    def step(self, right: int, down: int) -> bool:
        columns = self.arrangement()[0]
        return super().step(right or down * columns, 0)

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
        super().__init__(_("Twelve new digits"))
        self.grid = DigitsGrid()
        self.right = FittedLabel(look="muted", name="digitsRightLabel")
        self.right.setText(_("None read yet"))
        self.top.addWidget(self.right)
        self.body.addWidget(self.grid, 1)

    def show_digits(self, twelve: TwelveDigits | None, read: DigitsRead | None) -> None:
        if not self.grid.show_digits(twelve, read):
            return
        words = _("None read yet")
        if read is not None:
            words = _("{right} of {all} right", right=sum(read.right), all=len(read.right))
        shows_digits = twelve is None or twelve.shows_digits
        self.heading.setText(_("Twelve new digits") if shows_digits else _("Twelve new pictures"))
        self.right.setText(words)
        set_look(self.right, "muted" if read is None else "title")
        told = map(self.grid.describe, range(self.grid.count()))
        self.grid.setAccessibleDescription(words if read is None else joined(*told) or words)
