"""The card at the right: the code of the stage, and the buttons that go on."""

from __future__ import annotations

from PyQt5.QtCore import QSize, Qt
from PyQt5.QtWidgets import QHBoxLayout, QPushButton, QWidget

from mnist_draw.app.inside.step.code_lines import (
    STAGES,
    expressions,
    stage_sentence,
    tutorial_lines,
)
from mnist_draw.app.inside.step.code_view import CodeView
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.widgets import Card, explain, push_button
from mnist_draw.training.settings import TrainingSettings

_COPY = "A copy of the network learns here. Yours stays as it is."


class _NextButton(QPushButton):
    """Names the next stage; whichever that is, it takes the room of the longest.

    Else both cards would change their widths with the stage, and all in them would be painted
    twice.
    """

    def __init__(self) -> None:
        super().__init__(_next_words(0))
        self.setObjectName("nextButton")
        self.setProperty("look", "primary")
        explain(self, "Next", "Go on to the next stage.", "→")

    def sizeHint(self) -> QSize:
        widest = max(self._wide(_next_words(stage)) for stage in range(len(STAGES)))
        return super().sizeHint() + QSize(widest - self._wide(self.text()), 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _wide(self, words: str) -> int:
        return self.fontMetrics().size(Qt.TextShowMnemonic, words).width()


def _next_words(stage: int) -> str:
    """Return what the button says that leads on from a stage, from 1 on; 0 and the last: none."""
    return f"Next: {STAGES[stage].title}" if 0 < stage < len(STAGES) else "Next"


class CodeCard(Card):
    """Code and buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("In code", parent=parent)
        self.graph = push_button(
            "asGraphButton", "As a graph", "Show the graph of operations that Theano makes of it.",
            look="link",
        )  # fmt: skip
        self.top.addWidget(self.graph)
        self.code = CodeView()
        self.body.addWidget(self.code, 1)
        # Words that wrap would ask for height by width, and the section would scroll too early.
        self.words = FittedLabel(elide=Qt.ElideRight)
        self.words.setObjectName("copyNote")
        self.words.setProperty("look", "muted")
        self.words.setText(_COPY)
        self.body.addWidget(FixedLabel(self.words, lines=1))
        self.again = push_button(
            "againButton", "Again", "Learn the same minibatch once more, with the same units out."
        )
        self.ten_more = push_button(
            "tenMoreButton", "Ten more", "Learn the same minibatch ten times more."
        )
        self.from_start = push_button(
            "fromStartButton", "From the start",
            "Let everything be as it was before the first step: same pictures, same numbers.",
        )  # fmt: skip
        self._repeat = QWidget()
        row = QHBoxLayout(self._repeat)
        row.setContentsMargins(0, 0, 0, 0)
        for button in (self.again, self.ten_more, self.from_start):
            row.addWidget(button)
        self.body.addWidget(self._repeat)
        self.back = push_button("backButton", "Back", "Go back to the stage before.", "←")
        self.next = _NextButton()
        self.play = push_button(
            "playButton", "Play slowly", "Go through the stages by itself, 3 seconds each.", "Space"
        )
        row = QHBoxLayout()
        for button in (self.back, self.next, self.play):
            button.setFocusPolicy(Qt.StrongFocus)
            row.addWidget(button, 2 if button is self.next else 1)
        self.body.addLayout(row)

    def show_stage(self, shown: Shown | None, stage: int, followed: int, playing: bool) -> None:
        """Show the code of a stage, and which buttons make sense."""
        last = len(STAGES)
        settings = TrainingSettings() if shown is None else shown.settings
        lines = tutorial_lines(settings)
        if shown is None:
            self.code.show_code(lines, (), "", stage)
        else:
            sentence = stage_sentence(shown, stage, shown.layers)
            self.code.show_code(lines, expressions(shown, stage, followed), sentence, stage)
        self.back.setEnabled(stage > 1)
        # The stages of a step that is still to come are empty.
        self.next.setEnabled(stage < last and shown is not None)
        self.next.setText(_next_words(stage))
        self.play.setText("Stop" if playing else "Play slowly")
        self.play.setEnabled(shown is not None and theme.theme().motion)
        self._repeat.setVisible(stage == last and shown is not None)
