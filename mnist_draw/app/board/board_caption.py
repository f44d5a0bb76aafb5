"""A line at the lower edge of the board that says what lies on it."""

from __future__ import annotations

from PyQt5.QtCore import QEvent, QObject, Qt
from PyQt5.QtWidgets import QLabel

from mnist_draw.app.board.canvas import Canvas
from mnist_draw.app.shared.theme import Size


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
        self._sentence = ""
        canvas.installEventFilter(self)
        canvas.history_changed.connect(self.clear_caption)
        self.hide()

    def say(self, sentence: str) -> None:
        """Show a sentence, or nothing."""
        self._sentence = sentence
        self._show(sentence)

    def add(self, note: str) -> None:
        """Show a note as well, in place of the note before."""
        self._show(f"{self._sentence}\n{note}" if self._sentence else note)

    def clear_caption(self) -> None:
        """Say nothing more: the board shows something else now."""
        if self.text():
            self.say("")

    def _show(self, text: str) -> None:
        self.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self._fit()

    def _fit(self) -> None:
        room = self._canvas.rect().adjusted(Size.MARGIN, 0, -Size.MARGIN, -Size.CARD_GAP)
        height = self.heightForWidth(room.width())
        self.setGeometry(room.left(), room.bottom() - height, room.width(), height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Resize:
            self._fit()
        return False
