"""A quiet line at the bottom of the window that tells what went wrong, or what was saved."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from mnist_draw.app.theme import Size
from mnist_draw.app.widgets import explain, label


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
        self.dismiss_button = QPushButton("Dismiss")
        self.dismiss_button.setObjectName("dismissButton")
        self.dismiss_button.setProperty("look", "link")
        explain(self.dismiss_button, "Dismiss", "Hide this message.")
        self.dismiss_button.clicked.connect(self.dismiss)
        row.addWidget(self.dismiss_button, 0, Qt.AlignTop)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show a sentence; a screen reader finds it as the bar's name."""
        self.words.setText(sentence)
        self.setAccessibleName(sentence)
        self.show()

    def dismiss(self) -> None:
        """Hide the bar."""
        self.words.setText("")
        self.hide()
