"""A new run: what is learnt, for how long, and its start."""

from __future__ import annotations

from PyQt5.QtWidgets import QHBoxLayout, QWidget

from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import label, push_button


class NewRunPage(QWidget):
    """Shows what can be trained, and starts it.

    `TrainTab` puts the run's figures and its twelve digits into `below`, which the run's page has
    while it is shown.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("newRunPage")
        # Their commands describe them.
        self.library_button = push_button("newRunLibraryButton", "Library", "")
        self.settings_button = push_button("allSettingsButton", "All settings", "", look="link")
        self.start_button = push_button("startButton", "Start", "", look="primary")
        title = label("Train your own network", "sure")
        sentence = label(
            "It learns from 50,000 handwritten digits, then reads 10,000 it has never seen.",
            "sentence",
        )
        sentence.setWordWrap(True)
        self.below = QHBoxLayout()
        self.below.setSpacing(Size.CARD_GAP)
        column(
            row((column(title, sentence), 1), self.library_button),
            row(self.settings_button, 1, self.start_button),
            (self.below, 1),
            gap=Size.CARD_GAP,
            owner=self,
        )
