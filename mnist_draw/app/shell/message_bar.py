"""A quiet line at the bottom of the window that tells what went wrong, or what was saved."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QEvent, Qt
from PyQt5.QtGui import QKeyEvent, QKeySequence
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from mnist_draw.app.shared.theme import Size
from mnist_draw.app.shared.widgets import explain, label, takes_key


class MessageBar(QFrame):
    """Shows one sentence until it is dismissed or replaced; hidden when there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setProperty("look", "message")
        row = QHBoxLayout(self)
        row.setContentsMargins(Size.CARD_PADDING, Size.FIELD_GAP, Size.FIELD_GAP, Size.FIELD_GAP)
        row.setSpacing(Size.CARD_GAP)
        self.words = label("", "body", "messageLabel")
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextSelectableByMouse | Qt.TextSelectableByKeyboard)
        row.addWidget(self.words, 1)
        self._action: Callable[[], object] | None = None
        self.action_button = QPushButton("Undo")
        self.action_button.setObjectName("messageActionButton")
        self.action_button.setProperty("look", "link")
        explain(self.action_button, "Undo", "Take back what the message tells of.")
        self.action_button.clicked.connect(self._act)
        row.addWidget(self.action_button, 0, Qt.AlignTop)
        self.dismiss_button = QPushButton("Dismiss")
        self.dismiss_button.setObjectName("dismissButton")
        self.dismiss_button.setProperty("look", "link")
        explain(self.dismiss_button, "Dismiss", "Hide this message.")
        self.dismiss_button.clicked.connect(self.dismiss)
        row.addWidget(self.dismiss_button, 0, Qt.AlignTop)
        self.hide()

    def tell(self, sentence: str, undo: Callable[[], object] | None = None) -> None:
        """Show a sentence, with a button if what it tells of can be undone.

        A screen reader finds the sentence as the bar's name.
        """
        self._action = undo
        self.action_button.setVisible(undo is not None)
        self.words.setText(sentence)
        self.setAccessibleName(sentence)
        self.show()

    def event(self, event: QEvent) -> bool:
        # A page's key that copies would win over the sentence that is marked here.
        return takes_key(event, self._copies) or super().event(event)

    def _copies(self, key: QKeyEvent) -> bool:
        return self.words.hasSelectedText() and key.matches(QKeySequence.Copy)

    def _act(self) -> None:
        action = self._action
        self.dismiss()
        if action is not None:
            action()

    def dismiss(self) -> None:
        """Hide the bar."""
        self.words.setText("")
        self.hide()
