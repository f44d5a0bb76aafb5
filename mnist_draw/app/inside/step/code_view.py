"""The tutorial's lines with the current one marked, and what Theano computes in this stage."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt
from PyQt5.QtGui import QFont, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.step.code_lines import Expression, Line
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain

_LINE, _HEADING = 20.0, 22.0
_EXPLAINED = "The tutorial's lines; the line of this stage is marked. Below: what Theano computes."


def code_font(size: int, bold: bool = False) -> QFont:
    """Return the system's font for code at a size of `Text`."""
    font = QFont("monospace")
    font.setStyleHint(QFont.Monospace)
    font.setPixelSize(round(size * theme.text_scale()))
    font.setWeight(QFont.Bold if bold else QFont.Normal)
    return font


class CodeView(QWidget):
    """Paints both; a screen reader gets them as one description."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("codeView")
        explain(self, "In code", _EXPLAINED)
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.lines: Sequence[Line] = ()
        self.expressions: Sequence[Expression] = ()
        self.sentence = ""
        self._stage = 1
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 380)

    def minimumSizeHint(self) -> QSize:
        return QSize(260, 200)

    def show_code(
        self, lines: Sequence[Line], expressions: Sequence[Expression], sentence: str, stage: int
    ) -> None:
        """Show lines and expressions of a stage."""
        self.lines, self.expressions, self.sentence = lines, expressions, sentence
        self._stage = stage
        self.setAccessibleDescription(f"{self.words()} {_EXPLAINED}")
        self.update()

    def words(self) -> str:
        """Return what is marked and computed, in reading order."""
        marked = " ".join(line.text.strip() for line in self.lines if line.stage == self._stage)
        computed = "; ".join(f"{e.text} ({e.shape})" for e in self.expressions)
        return f"{marked}. {computed}. {self.sentence}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        y = self._heading(painter, 0.0, "The tutorial's lines", "")
        before = 0
        for line in self.lines:
            y = self._line(painter, y, line, line.stage != before)
            before = line.stage
        y += 8 * scale
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(0, int(y), self.width(), int(y))
        y = self._heading(painter, y + 8 * scale, "What Theano computes now", "shape")
        # Many layers have many lines: they move together before the last is cut off.
        room = (self.height() - y - 22 * scale) / max(1, len(self.expressions))
        high = min(_LINE * scale, max(room, 13 * scale))
        for expression in self.expressions:
            y = self._expression(painter, y, high, expression)
        painter.setFont(theme.font(Text.LABEL))
        painter.setPen(theme.colour("muted"))
        below = QRectF(0, y + 6 * scale, float(self.width()), max(0.0, self.height() - y - 6))
        painter.drawText(below, int(Qt.AlignLeft | Qt.AlignTop | Qt.TextWordWrap), self.sentence)

    def _heading(self, painter: QPainter, y: float, title: str, note: str) -> float:
        box = QRectF(0, y, float(self.width()), _HEADING * theme.text_scale())
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(Text.HEADING, bold=True))
        painter.drawText(box, int(Qt.AlignLeft | Qt.AlignVCenter), title.upper())
        painter.setFont(theme.font(Text.HEADING))
        painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), note)
        return box.bottom()

    def _line(self, painter: QPainter, y: float, line: Line, first: bool) -> float:
        scale = theme.text_scale()
        box = QRectF(0, y, float(self.width()), _LINE * scale)
        current = line.stage == self._stage
        if current:
            painter.fillRect(box, theme.colour("accent", 0.16))
            painter.fillRect(QRectF(0, y, 3, box.height()), theme.colour("accent"))
        if line.stage and first:
            painter.setFont(theme.font(Text.LABEL, bold=True))
            painter.setPen(theme.colour("accent" if current else "muted"))
            number = QRectF(6 * scale, y, 14 * scale, box.height())
            painter.drawText(number, Qt.AlignCenter, str(line.stage))
        painter.setFont(code_font(Text.LABEL, current) if line.stage else theme.font(Text.LABEL))
        painter.setPen(theme.colour("text" if current else "muted"))
        room = QRectF(24 * scale, y, self.width() - 24 * scale, box.height())
        _fit(painter, room, line.text, int(Qt.AlignLeft | Qt.AlignVCenter))
        return box.bottom()

    def _expression(self, painter: QPainter, y: float, high: float, row: Expression) -> float:
        box = QRectF(0, y, float(self.width()), high)
        if row.marked:
            painter.fillRect(box, theme.colour("hover"))
        painter.setFont(code_font(Text.HEADING))
        painter.setPen(theme.colour("muted"))
        box.adjust(0, 0, -4, 0)
        painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), row.shape)
        wide = painter.fontMetrics().horizontalAdvance(row.shape) + 8
        painter.setFont(code_font(Text.HEADING, row.marked))
        painter.setPen(theme.colour("text"))
        room = box.adjusted(4, 0, -wide, 0)
        _fit(painter, room, row.text, int(Qt.AlignLeft | Qt.AlignVCenter))
        return box.bottom()


def _fit(painter: QPainter, room: QRectF, text: str, flags: int) -> None:
    """Write a line of code; where there is no room for it, in a narrower font, then elided."""
    font = painter.font()
    wide = painter.fontMetrics().horizontalAdvance(text)
    if wide > room.width():
        font.setStretch(max(80, int(100 * room.width() / wide)))
        painter.setFont(font)
    text = painter.fontMetrics().elidedText(text, Qt.ElideRight, int(room.width()))
    painter.drawText(room, flags, text)
