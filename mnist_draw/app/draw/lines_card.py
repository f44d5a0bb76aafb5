"""The lines of a page of numbers, each with how sure it is; one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtCore import QRectF, QSize, Qt, Signal
from qtpy.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainterPath, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.draw.answer_figure import pieces_of
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import opaque_painter, paint_box
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Keys, explain, label, push_button
from mnist_draw.i18n import _, counted
from mnist_draw.recognition.certainty import Certainty

#: Heights of a line, and of one of many; the size of its answer; where that begins.
_HIGH = 52
_LOW = 40
_MANY = 6
_ANSWER = 32
_LEFT = 42
_EDGE = 3
_LEFT_MIDDLE = int(Qt.AlignLeft | Qt.AlignVCenter)
_STEPS: dict[int, int] = {Qt.Key_Up: -1, Qt.Key_Down: 1}


def spoken(lines: Sequence[Certainty], place: int) -> str:
    """Say what a line is, for screen readers."""
    return _(
        "Line {place} of {count}: {answer}, {certainty}",
        place=place + 1,
        count=len(lines),
        answer=lines[place].text,
        certainty=lines[place].word.lower(),
    )


class LineList(QWidget):
    """A row for each line; one Tab stop."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("lineList")
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setFocusPolicy(Qt.StrongFocus)
        explain(self, _("Lines"), _("Choose what the bars are about."), "↑ ↓")
        self.lines: tuple[Certainty, ...] = ()
        self.place = 0
        Keys(self, self._meaning)

    def sizeHint(self) -> QSize:
        return QSize(0, round(len(self.lines) * self._row))

    # No line is squeezed: the panel scrolls.
    minimumSizeHint = sizeHint

    @property
    def _row(self) -> float:
        return theme.scaled(_HIGH if len(self.lines) <= _MANY else _LOW)

    def show_lines(self, lines: tuple[Certainty, ...], place: int) -> None:
        if (lines, place) == (self.lines, self.place):
            return
        self.lines = lines
        self.place = place
        self.setAccessibleDescription(spoken(lines, place))
        self.updateGeometry()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.pos()):
            self.chosen.emit(int(event.y() // self._row))

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        place = self.place + _STEPS.get(event.key(), len(self.lines))
        if place not in range(len(self.lines)):
            return None
        return lambda: self.chosen.emit(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = opaque_painter(self, "window")
        area = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        paint_box(painter, area, "card")
        shape = QPainterPath()
        shape.addRoundedRect(area, Size.CARD_RADIUS, Size.CARD_RADIUS)
        painter.setClipPath(shape)
        for place, certainty in enumerate(self.lines):
            box = QRectF(0, place * self._row, self.width(), self._row)
            if place == self.place:
                painter.fillRect(box.adjusted(1, 1, -1, -1), theme.color("hover"))
                edge = theme.color("second")
                painter.fillRect(QRectF(0, box.top(), _EDGE, box.height()), edge)
            if place:
                painter.fillRect(QRectF(0, box.top(), box.width(), 1), theme.color("line"))
            painter.setPen(theme.color("muted"))
            painter.setFont(theme.font(Text.LABEL))
            number = box.adjusted(Size.CARD_PADDING, 0, 0, 0)
            painter.drawText(number, _LEFT_MIDDLE, str(place + 1))
            right = box.adjusted(0, 0, -Size.CARD_PADDING, 0)
            upper = right.adjusted(0, 0, 0, -right.height() / 2)
            lower = right.adjusted(0, right.height() / 2, 0, 0)
            room = right.width() - theme.scaled(_LEFT)
            figure = certainty.share or certainty.line
            line = QFontMetricsF(painter.font()).elidedText(figure, Qt.ElideRight, room / 2)
            painter.drawText(lower, int(Qt.AlignRight | Qt.AlignTop), line)
            painter.setPen(theme.color("text"))
            painter.setFont(theme.font(Text.SURER, bold=True))
            painter.drawText(upper, int(Qt.AlignRight | Qt.AlignBottom), certainty.word)
            font = theme.font(1, bold=True)
            font.setPixelSize(round(min(theme.scaled(_ANSWER), 0.6 * self._row)))
            wide = QFontMetricsF(font).horizontalAdvance(certainty.text)
            if wide > room / 2:
                least = theme.scaled(Text.FIGURE)
                font.setPixelSize(max(least, round(font.pixelSize() * room / 2 / wide)))
            painter.setFont(font)
            x = float(theme.scaled(_LEFT))
            for piece, kind in pieces_of(certainty):
                painter.setPen(theme.color("accent" if kind == "named" else "muted"))
                painter.drawText(box.adjusted(x, 0, 0, 0), _LEFT_MIDDLE, piece)
                x += QFontMetricsF(font).horizontalAdvance(piece)


class LinesCard(QWidget):
    """How many lines there are, and the list of them."""

    def __init__(self, copy: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("linesCard")
        self.title = label("", "sure", "linesLabel")
        button = push_button("copyLinesButton", _("Copy"), "", "Ctrl+Shift+C", "low", copy)
        set_icon(button, "copy", Size.SMALL_ICON)
        self.list = LineList()
        column(row((self.title, 1), button), self.list, gap=Size.FIELD_GAP, owner=self)
        self.hide()

    def show_lines(self, lines: tuple[Certainty, ...], place: int) -> None:
        self.title.setText(counted("{count} line", "{count} lines", len(lines)))
        self.list.show_lines(lines, place)
