"""What several networks read, one row each: name, digit in a ring, bar, figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.limits.robustness_plot import paint_answer
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.words import probability

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW = 22
_GAP = 8


class AnswerRow(NamedTuple):
    """One network's answer."""

    title: str
    answer: int
    sure: float
    right: bool
    name: str = ""


class AnswerRows(QWidget):
    """Rows that are painted; the sentence below them says the same."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("turnAnswers")
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.rows: Sequence[AnswerRow] = ()
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(240, round(_ROW * theme.text_scale() * max(len(self.rows), 3)))

    def show_rows(self, rows: Sequence[AnswerRow]) -> None:
        """Show these answers."""
        if len(rows) != len(self.rows):
            self.updateGeometry()
        self.rows = rows
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        height = _ROW * scale
        painter.setFont(theme.font(Text.BODY))
        figure = painter.fontMetrics().horizontalAdvance(">99.9 %") + _GAP * scale
        for number, row in enumerate(self.rows):
            middle = (number + 0.5) * height
            painter.setFont(theme.font(Text.BODY))
            painter.setPen(theme.colour("text"))
            line = QRectF(0, middle - height / 2, self.width(), height)
            ring = self.width() * 0.52
            title = painter.fontMetrics().elidedText(row.title, Qt.ElideRight, round(ring - 14))
            painter.drawText(line, int(Qt.AlignLeft | Qt.AlignVCenter), title)
            text = probability(row.sure, short=True)
            painter.drawText(line, int(Qt.AlignRight | Qt.AlignVCenter), text)
            paint_answer(painter, QPointF(ring, middle), row.name or str(row.answer), row.right)
            bar = QRectF(ring + 18 * scale, middle - Size.BAR / 2, 0, Size.BAR)
            bar.setRight(self.width() - figure)
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.colour("track"))
            painter.drawRoundedRect(bar, Size.BAR / 2, Size.BAR / 2)
            bar.setWidth(max(bar.width() * row.sure, Size.BAR))
            painter.setBrush(theme.colour("accent" if row.right else "muted"))
            painter.drawRoundedRect(bar, Size.BAR / 2, Size.BAR / 2)
