"""The five stages of a step as buttons, each above its figure."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.inside.step.stages import STAGES
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain


class StageBar(QWidget):
    chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stageBar")
        titles = [f"{number} {stage.title}" for number, stage in enumerate(STAGES, 1)]
        self.control = SegmentedControl("stageButtons", titles)
        self.control.chosen.connect(lambda place: self.chosen.emit(place + 1))
        self.figures = [FittedLabel(None, Qt.ElideRight, look="muted") for _ in STAGES]
        for number, button in enumerate(self.control.buttons, 1):
            button.setObjectName(f"stage{number}Button")
            explain(button, titles[number - 1], STAGES[number - 1].meaning, "← →")
        figures = row(*((FixedLabel(figure, lines=1), 1) for figure in self.figures))
        column(self.control, figures, gap=Size.TIGHT, owner=self)

    def show_stage(self, stage: int, figures: Sequence[str], reached: int) -> None:
        """Show the figures of the stages that were reached, and which is next."""
        self.control.choose(stage - 1)
        for number, words in enumerate(figures, 1):
            known = (
                words if number <= reached else "next" if number == reached + 1 and words else ""
            )
            self.figures[number - 1].setText(known)
            meaning = f"{STAGES[number - 1].meaning} {known}".strip()
            self.control.buttons[number - 1].setAccessibleDescription(meaning)
