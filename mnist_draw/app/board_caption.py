"""A line at the lower edge of the board that says what lies on it."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QObject, Qt
from PyQt5.QtWidgets import QLabel

from mnist_draw.app.canvas import Canvas
from mnist_draw.app.theme import Size


class BoardCaption(QLabel):
    """Lies over the canvas, lets the pen through, and goes when the board is changed."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.setObjectName("boardCaption")
        self.setProperty("look", "muted")
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setAlignment(Qt.AlignHCenter | Qt.AlignBottom)
        self.setWordWrap(True)
        self._canvas = canvas
        canvas.installEventFilter(self)
        canvas.history_changed.connect(self.clear_caption)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show a sentence, or nothing."""
        self.setText(sentence)
        self.setAccessibleName(sentence)
        self.setVisible(bool(sentence))
        self._fit()

    def clear_caption(self) -> None:
        """Say nothing more: the board shows something else now."""
        if self.text():
            self.say("")

    def _fit(self) -> None:
        room = self._canvas.rect().adjusted(Size.MARGIN, 0, -Size.MARGIN, -Size.CARD_GAP)
        height = self.heightForWidth(room.width())
        self.setGeometry(room.left(), room.bottom() - height, room.width(), height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Resize:
            self._fit()
        return False
