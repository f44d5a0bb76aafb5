"""The card that learns the taught digits: a button, progress, what changed, and the way back."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ProgressBar, explain, label, push_button

_STEPS = 1000
#: Lines that the words may take.
_LINES = 4
_INVITE = (
    "The network that answers is trained a little further, on your digits and on MNIST, and then "
    "answers here. The network before stays; you can go back to it."
)
_OTHERS = (
    "The network that answers reads other classes than digits, so that it cannot learn yours. "
    "Choose a network that reads digits."
)
_NONE = (
    "Draw a digit; below the answer, say which it is. It is kept here, and the network can learn "
    "how you write."
)


class LearnCard(Card):
    """Shows what learning is doing and what came of it."""

    learn_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    undo_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._count = 0
        self._result = ""
        self._learning, self._digits = False, True
        row = QHBoxLayout()
        row.setSpacing(Size.CARD_PADDING)
        words = QVBoxLayout()
        words.setSpacing(Size.GRID)
        self.words = label("", "body", "learnLabel")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        words.addWidget(self.words, 1)
        self.bar = ProgressBar(_STEPS)
        self.bar.setObjectName("learnProgress")
        explain(self.bar, "Progress of learning", "Which part of the work is done.")
        words.addWidget(self.bar)
        row.addLayout(words, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(Size.GRID)
        self.learn_button = push_button(
            "learnButton",
            "Learn my digits",
            "Train the network that answers a little further, on your digits and on MNIST; "
            "takes half a minute, with the largest networks some minutes.",
            look="primary",
        )
        self.learn_button.clicked.connect(self.learn_requested)
        self.stop_button = push_button(
            "stopLearningButton", "Stop", "Stop learning; the network stays as it is."
        )
        self.stop_button.clicked.connect(self.stop_requested)
        self.undo_button = push_button(
            "undoLearningButton",
            "Undo learning",
            "Let the network answer that answered before your digits were learnt.",
            look="link",
        )
        self.undo_button.clicked.connect(self.undo_requested)
        for button in (self.learn_button, self.stop_button, self.undo_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        row.addLayout(buttons)
        self.body.addLayout(row)
        self.undo_button.hide()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Room for the longest of the texts, so that the list below keeps its place.
        self.words.ensurePolished()
        self.words.setMinimumHeight(_LINES * self.words.fontMetrics().lineSpacing())

    def show_count(self, count: int) -> None:
        """Show how many digits there are to learn."""
        self._count = count
        self._show()

    def show_network(self, digits: bool) -> None:
        """Say whether the network that answers reads digits: no other learns them."""
        self._digits = digits
        self._show()

    def begin(self) -> None:
        """Show that learning has begun."""
        self._learning, self._result = True, ""
        self.bar.setValue(0)
        self._show()

    def show_step(self, words: str, part: float) -> None:
        """Show what is being done, and which part of all the work (0 to 1) is done."""
        self.bar.setValue(round(_STEPS * part))
        self.words.setText(f"{words} …")

    def end(self, words: str) -> None:
        """Show what came of it, in words."""
        self._learning, self._result = False, words
        self._show()

    def show_undo(self, on: bool) -> None:
        """Say whether the network in use has one before it."""
        self.undo_button.setVisible(on)

    def _show(self) -> None:
        self.learn_button.setVisible(not self._learning)
        self.learn_button.setEnabled(self._count > 0 and self._digits)
        self.stop_button.setVisible(self._learning)
        self.bar.setVisible(self._learning)
        self.undo_button.setEnabled(not self._learning)
        if not self._learning:
            invitation = _INVITE if self._count else _NONE
            self.words.setText(self._result or (invitation if self._digits else _OTHERS))
        self.setAccessibleDescription(self.words.text())
