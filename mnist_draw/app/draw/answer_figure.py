"""The answer's figure: its digits in the color of what is sure of them."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from qtpy.QtWidgets import QApplication, QLabel

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Keys
from mnist_draw.i18n import _, pgettext
from mnist_draw.library.network_data import narrow_name
from mnist_draw.recognition.certainty import Certainty, State

#: The figure's text where one digit is named, where there are several or none, and at least.
_LARGE = Text.ANSWER
_SMALLER = Text.SEVERAL
_SMALLEST = Text.FIGURE
#: The words stay where they are while one digit follows another.
LEAST_WIDTH = 82
#: Pixels beside the box for the first answer, and its sizes as parts of the figure's text.
_EMPTY_INSET = 2
_EMPTY_WIDTH = 0.6
_EMPTY_HEIGHT = 0.73
_EMPTY_TEXT = 0.35
# Translators: between two answers, such as 4 or 9.
_OR = pgettext("between two answers", "or")


class AnswerFigure(QLabel):
    """The answer in large letters, what is not named dotted; a drag marks it to be copied."""

    def __init__(
        self,
        name: str = "predictionLabel",
        large: int = _LARGE,
        smaller: int = _SMALLER,
        smallest: int = _SMALLEST,
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._large = large
        self._smaller = smaller
        self._smallest = smallest
        self.setTextFormat(Qt.PlainText)
        self.setFocusPolicy(Qt.ClickFocus)
        self.certainty: Certainty | None = None
        self._marked = False
        self._font = QFont()
        self._pieces: list[tuple[str, str]] = []
        Keys(self, self._meaning)

    def show_certainty(self, certainty: Certainty | None, digits: bool, room: int) -> int:
        """Show an answer in a room of this width; return the width that it takes."""
        self.certainty = certainty
        self._marked = False
        self.setText("" if certainty is None else certainty.text)
        pieces = [] if certainty is None else pieces_of(certainty)
        # What is copied keeps the hyphen.
        self._pieces = [(narrow_name(piece).replace("-", "−"), kind) for piece, kind in pieces]
        self.setCursor(Qt.IBeamCursor if self._pieces else Qt.ArrowCursor)
        alone = certainty is None or len(narrow_name(certainty.text)) == 1
        if certainty is not None and certainty.state in (State.NOT_SURE, State.NOT_A_DIGIT):
            # Its dots need room below it.
            alone = False
        self._font = theme.font(1, bold=True)
        self._font.setPixelSize(self._large if digits and alone else self._smaller)
        width = self._width()
        if width > room:
            fixed = sum(self._advance(piece, kind) for piece, kind in self._pieces if kind == "or")
            size = int(self._font.pixelSize() * max(room - fixed, 1) / (width - fixed))
            self._font.setPixelSize(max(size, theme.scaled(self._smallest)))
            width = self._width()
            if width > room and size < theme.scaled(self._smallest):
                self._elide(room)
        self.update()
        return max(LEAST_WIDTH, min(round(width), room))

    def _elide(self, room: int) -> None:
        """Leave the middle out of what is too long at the smallest size."""
        text = "".join(piece for piece, __ in self._pieces)
        kinds = {kind for __, kind in self._pieces} - {"or"}
        elided = QFontMetricsF(self._font).elidedText(text, Qt.ElideMiddle, room)
        self._pieces = [(elided, kinds.pop() if len(kinds) == 1 else "doubt")]

    def _width(self) -> float:
        if not self._pieces:
            return 2 * _EMPTY_INSET + _EMPTY_WIDTH * self._large
        return sum(self._advance(piece, kind) for piece, kind in self._pieces)

    def _advance(self, piece: str, kind: str) -> float:
        if kind == "or":
            metrics = QFontMetricsF(theme.font(Text.SENTENCE))
            return metrics.horizontalAdvance(piece) + 2 * Size.CARD_GAP
        return QFontMetricsF(self._font).horizontalAdvance(piece)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        if not self._pieces:
            self._paint_empty(painter)
            return
        metrics = QFontMetricsF(self._font)
        middle = self._middle()
        # Digits have no descenders: they are centered by their height alone.
        baseline = middle + metrics.capHeight() / 2
        x = 0.0
        if self._marked:
            high = metrics.capHeight() + 16
            mark = QRectF(0, middle - high / 2, self._width(), high)
            painter.fillRect(mark, theme.color("second", 0.35))
        for piece, kind in self._pieces:
            wide = self._advance(piece, kind)
            painter.setPen(theme.color("accent" if kind == "named" else "muted"))
            if kind == "or":
                painter.setFont(theme.font(Text.SENTENCE))
                painter.drawText(QRectF(x, 0, wide, 2 * middle), Qt.AlignCenter, piece)
            else:
                painter.setFont(self._font)
                painter.drawText(QRectF(x, baseline, 0, 0).topLeft(), piece)
            if kind == "doubt":
                self._paint_dots(painter, x, wide, baseline + metrics.capHeight() / 9)
            x += wide

    def _middle(self) -> float:
        """Return the height of the digits' middle; round ones reach a little above a flat one."""
        metrics = QFontMetricsF(self._font)
        return max(0.45 * self.height(), metrics.capHeight() / 2 + 0.02 * metrics.height())

    def _paint_dots(self, painter: QPainter, x: float, wide: float, y: float) -> None:
        side = 3.0
        step = 8.0
        count = max(1, int((wide - 2 * side) / step))
        left = x + (wide - (count - 1) * step - side) / 2
        for place in range(count):
            painter.fillRect(QRectF(left + place * step, y, side, side), theme.color("muted"))

    def _paint_empty(self, painter: QPainter) -> None:
        width = _EMPTY_WIDTH * self._large
        height = _EMPTY_HEIGHT * self._large
        middle = max(self._middle(), height / 2 + 2)
        box = QRectF(_EMPTY_INSET, middle - height / 2, width, height)
        painter.setPen(QPen(theme.color("edge"), 1.5, Qt.DashLine))
        painter.drawRoundedRect(box, Size.CARD_RADIUS, Size.CARD_RADIUS)
        font = QFont(self._font)
        font.setPixelSize(round(_EMPTY_TEXT * self._large))
        painter.setFont(font)
        painter.setPen(theme.color("muted"))
        painter.drawText(box, Qt.AlignCenter, "?")

    def _mark(self, on: bool) -> None:
        if on != self._marked and (self._pieces or not on):
            self._marked = on
            self.update()

    def copy(self) -> None:
        if self.text():
            QApplication.clipboard().setText(self.text())

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        return self.copy if self._marked and event.matches(QKeySequence.Copy) else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._mark(False)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mark(True)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mark(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if event.reason() != Qt.PopupFocusReason:
            self._mark(False)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._pieces:
            self._mark(True)
            menu = Menu(self)
            menu.addAction(_("Copy"), self.copy)
            menu.exec_(event.globalPos())
            menu.deleteLater()


def pieces_of(certainty: Certainty) -> list[tuple[str, str]]:
    """Return what is painted one after the other, each with its kind."""
    if certainty.parts:
        kinds = [
            "refused" if part.is_refused else "named" if part.is_named_alone else "doubt"
            for part in certainty.parts
        ]
        if certainty.state is State.NOT_SURE and set(kinds) == {"named"}:
            # Each digit is sure, their division is not.
            kinds = ["doubt"] * len(kinds)
        return list(zip(certainty.text, kinds, strict=True))
    if certainty.state is State.UNCLEAR:
        one, other = certainty.either
        return [(one, "named"), (_OR, "or"), (other, "named")]
    kind = "refused" if certainty.is_refused else "named" if certainty.named else "doubt"
    return [(certainty.text, kind)] if certainty.text else []
