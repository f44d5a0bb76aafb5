"""The five stages of a step as a row of buttons."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PyQt5.QtWidgets import QAbstractButton, QButtonGroup, QSizePolicy, QWidget

from mnist_draw.app.inside.step.stages import STAGES
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import paint_box, smooth_painter, write_with
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain

#: Of a chip: its height, of which its title takes the first part; in logical pixels.
_HIGH, _TITLE, _PAD = 60, 24, 8


class StageChip(QAbstractButton):
    def __init__(self, number: int) -> None:
        super().__init__()
        stage = STAGES[number - 1]
        self.number, self.figure, self.reached = number, "", False
        self.title = f"{number} {stage.title}"
        self.setObjectName(f"stage{number}Button")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        explain(self, stage.title, stage.meaning, "← →")
        theme.theme().changed.connect(self._fit)

    def _fit(self) -> None:
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(140), theme.scaled(_HIGH))

    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
        wide = metrics.horizontalAdvance(self.title) + _PAD + 6
        return QSize(round(wide), theme.scaled(_HIGH))

    def show_figure(self, words: str, reached: bool) -> None:
        """Show the stage's figure; ``reached``: whether it is known."""
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
        painter, on = smooth_painter(self), self.isChecked()
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        for edge in ("accent",) * on + ("text",) * self.hasFocus() or ("line",):
            paint_box(painter, box, "card", edge, Size.FIELD_RADIUS)
            box.adjust(2, 2, -2, -2)
        room = QRectF(self.rect()).adjusted(_PAD, 4, -4, -3)
        self._write(painter, room, Text.BODY, "text" if self.reached or on else "muted", self.title)
        room.setTop(theme.scaled(_TITLE))
        self._write(painter, room, Text.LABEL, "muted", self.figure)

    @staticmethod
    def _write(painter: QPainter, room: QRectF, size: int, colour: str, words: str) -> None:
        write_with(painter, size, colour, bold=size == Text.BODY)
        painter.drawText(room, int(Qt.AlignLeft | Qt.AlignTop | Qt.TextWordWrap), words)


class StageBar(QWidget):
    chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stageBar")
        self.group = QButtonGroup(self)
        self.chips = [StageChip(number) for number in range(1, len(STAGES) + 1)]
        row(*self.chips, gap=Size.FIELD_GAP, owner=self)
        for chip in self.chips:
            self.group.addButton(chip, chip.number)
        self.group.idClicked.connect(self.chosen)

    def show_stage(self, stage: int, figures: Sequence[str], reached: int) -> None:
        self.chips[stage - 1].setChecked(True)
        for chip, words in zip(self.chips, figures, strict=True):
            known = chip.number <= reached
            following = "next" if chip.number == reached + 1 and words else ""
            chip.show_figure(words if known else following, known)
