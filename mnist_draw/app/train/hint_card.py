"""What the curves say, in words, with a button that applies the remedy."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QWidget

from mnist_draw.app.kit.widgets import Card, label, push_button
from mnist_draw.training.hints import Hint, read_curves
from mnist_draw.training.settings import TrainingSettings


class HintCard(Card):
    """Shows one hint."""

    remedy_chosen = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Reading the curves", parent=parent)
        self._hint: Hint | None = None
        self.words = label("", "muted", "hintLabel")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.body.addWidget(self.words, 1)
        self.remedy = push_button(
            "remedyButton", "Remedy", "Do what the hint proposes, also during a run."
        )
        self.remedy.clicked.connect(self._apply)
        row = QHBoxLayout()
        row.addWidget(self.remedy)
        row.addStretch(1)
        self.body.addLayout(row)
        self.show_hint(read_curves([], TrainingSettings()))

    def show_hint(self, hint: Hint) -> None:
        """Show a hint, with a button if it has a remedy."""
        if hint == self._hint:
            return
        self._hint = hint
        self.words.setText(hint.sentence)
        self.remedy.setText(hint.remedy)
        self.remedy.setVisible(bool(hint.remedy))

    def _apply(self) -> None:
        if self._hint is not None and self._hint.name:
            self.remedy_chosen.emit(self._hint.name, self._hint.value)
            self.remedy.hide()
