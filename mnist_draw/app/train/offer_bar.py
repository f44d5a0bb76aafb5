"""The offer to continue a run that was cut off, above the figures of the Train tab."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QWidget

from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import label, push_button
from mnist_draw.training.runs.record import Run


class OfferBar(QFrame):
    """Shows one offer until it is answered; hidden when there is none."""

    continue_requested = pyqtSignal(Run)
    discard_requested = pyqtSignal(Run)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offerBar")
        self.setProperty("look", "message")
        self.run: Run | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(Size.CARD_PADDING, Size.GRID, Size.FIELD_GAP, Size.GRID)
        row.setSpacing(Size.FIELD_GAP)
        self.words = label("", "body", "offerLabel")
        row.addWidget(self.words, 1)
        for text, name, sentence, look, act in (
            (
                "Continue",
                "continueButton",
                "Go on training from the last complete epoch, as if nothing had happened.",
                "primary",
                self._continue,
            ),
            (
                "Not now",
                "notNowButton",
                "Hide this; the run stays in the list and the next start asks again.",
                "",
                self.withdraw,
            ),
            (
                "Discard",
                "discardButton",
                "Delete the run; this can be undone.",
                "",
                self._discard,
            ),
        ):
            button = push_button(name, text, sentence, look=look)
            button.clicked.connect(lambda _, act=act: act())
            row.addWidget(button)
        self.hide()

    def offer(self, run: Run) -> None:
        """Ask about a run."""
        self.run = run
        done, planned = run.epochs_done, run.settings.epochs
        self.words.setText(
            f"Continue {run.full_title} after epoch {done} of {planned}?"
            if done < planned
            else f"Continue {run.full_title}? All its epochs are learnt, but it is not tested yet."
        )
        self.setAccessibleName(self.words.text())
        self.show()

    def withdraw(self) -> None:
        """Ask no more."""
        self.run = None
        self.hide()

    def _continue(self) -> None:
        run = self.run
        self.withdraw()
        if run is not None:
            self.continue_requested.emit(run)

    def _discard(self) -> None:
        run = self.run
        self.withdraw()
        if run is not None:
            self.discard_requested.emit(run)
