"""The five stages of a step as a row of buttons; each tells its figure once it was reached."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from mnist_draw.app.inside.step.code_lines import STAGES
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain

_HIGH, _RING, _ARROW = 58.0, 13.0, 10.0


class StageChip(QAbstractButton):
    """One stage: its number, its name, its figure."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        stage = STAGES[number - 1]
        self.number, self.title, self.figure = number, stage.title, ""
        self.reached = False
        self.setObjectName(f"stage{number}Button")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        explain(self, stage.title, stage.meaning, "← →")
        theme.theme().changed.connect(self._fit)

    def _fit(self) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        scale = theme.text_scale()
        return QSize(round(140 * scale), round(_HIGH * scale))

    def minimumSizeHint(self) -> QSize:
        scale = theme.text_scale()
        return QSize(round(96 * scale), round(_HIGH * scale))

    def show_figure(self, words: str, reached: bool) -> None:
        """Show the stage's figure, or that it is still to come."""
        self.figure, self.reached = words, reached
        self.setAccessibleDescription(f"{STAGES[self.number - 1].meaning} {words}".strip())
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt would walk through the group; in this section the arrows step, wherever the focus is.
        if event.key() in (Qt.Key_Left, Qt.Key_Right, Qt.Key_Space):
            event.ignore()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        on = self.isChecked()
        arrow = _ARROW * scale if self.number < len(STAGES) else 0.0
        box = QRectF(self.rect()).adjusted(1, 1, -1 - arrow, -1)
        wide = 2.0 if on else 1.0
        edge = "accent" if on else "text" if self.hasFocus() else "line"
        painter.setPen(QPen(theme.colour(edge), wide))
        painter.setBrush(theme.colour("card"))
        painter.drawRoundedRect(box, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        if on and self.hasFocus():
            painter.setPen(QPen(theme.colour("text"), 1.0))
            inner = box.adjusted(3, 3, -3, -3)
            painter.drawRoundedRect(inner, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        if arrow:
            painter.setPen(QPen(theme.colour("muted"), 1.6))
            x, y = box.right() + arrow / 2 + 1, box.center().y()
            painter.drawLine(QPointF(x - 2, y - 4), QPointF(x + 2, y))
            painter.drawLine(QPointF(x + 2, y), QPointF(x - 2, y + 4))
        radius = _RING * scale
        centre = QPointF(box.left() + 12 * scale + radius, box.center().y())
        painter.setPen(QPen(theme.colour("accent" if on else "muted"), 1.6))
        painter.setBrush(theme.colour("accent" if on else "card"))
        painter.drawEllipse(centre, radius, radius)
        painter.setPen(theme.colour("on_accent" if on else "text" if self.reached else "muted"))
        painter.setFont(theme.font(Text.LABEL, bold=True))
        ring = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        painter.drawText(ring, Qt.AlignCenter, str(self.number))
        left = centre.x() + radius + 8 * scale
        room = QRectF(left, box.top() + 8 * scale, box.right() - left - 4, 20 * scale)
        painter.setPen(theme.colour("text" if self.reached or on else "muted"))
        painter.setFont(theme.font(Text.BODY, bold=True))
        painter.drawText(room, int(Qt.AlignLeft | Qt.AlignVCenter), self.title)
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(Text.LABEL))
        words = painter.fontMetrics().elidedText(self.figure, Qt.ElideRight, int(room.width()))
        room.translate(0, 20 * scale)
        painter.drawText(room, int(Qt.AlignLeft | Qt.AlignVCenter), words)


class StageBar(QWidget):
    """The row of stages."""

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stageBar")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.group = QButtonGroup(self)
        self.chips = [StageChip(number) for number in range(1, len(STAGES) + 1)]
        for chip in self.chips:
            self.group.addButton(chip, chip.number)
            row.addWidget(chip)
        self.group.idClicked.connect(self.chosen)

    def show_stage(self, stage: int, figures: Sequence[str], reached: int) -> None:
        """Show which stage is in front, and the figures of those that were reached."""
        self.chips[stage - 1].setChecked(True)
        for chip, words in zip(self.chips, figures, strict=True):
            known = chip.number <= reached
            following = "next" if chip.number == reached + 1 and words else ""
            chip.show_figure(words if known else following, known)
