"""The row below the answer, until the answer and the tags teach: ten digits, and my digits."""

from __future__ import annotations

from functools import partial

from PyQt5.QtCore import QEvent, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QFrame, QPushButton

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.teaching import Teaching
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import claims_key, explain, push_button
from mnist_draw.dataset.classes import with_article

#: The key that begins to teach; a digit's key then says which it is.
TEACH_KEY = "T"


class TeachRow(QFrame):
    """Ten buttons that teach the board, or the chosen digit of its number."""

    digits_requested = pyqtSignal()

    def __init__(self, teaching: Teaching, canvas: Canvas) -> None:
        super().__init__()
        self.setObjectName("teachRow")
        self.setProperty("look", "card")
        self._teaching, self._canvas = teaching, canvas
        self._place: int | None = None
        self._learning = ""
        self.teach_button = push_button("teachButton", "Wrong? It is a", "", look="quiet")
        self.teach_button.clicked.connect(self.begin)
        self.buttons = [self._build_button(digit) for digit in range(10)]
        self.digits_button = push_button("myDigitsButton", "", "", look="link")
        self.digits_button.clicked.connect(self.digits_requested)
        margins = (Size.CARD_PADDING, Size.GRID, Size.CARD_PADDING, Size.GRID)
        digits = ((button, 1) for button in self.buttons)
        row(
            self.teach_button, *digits, self.digits_button,
            gap=Size.GRID, margins=margins, owner=self,
        )  # fmt: skip
        teaching.ready_changed.connect(self._enable)
        teaching.counted.connect(self._name_digits)
        canvas.ink_changed.connect(lambda: self.choose(None))
        self._name_digits()
        self._enable()

    def _build_button(self, digit: int) -> QPushButton:
        button = QPushButton(str(digit))
        button.setObjectName(f"teachDigit{digit}")
        button.setProperty("look", "digit")
        sentence = f"Save the drawing among your digits as {with_article(digit)}."
        explain(button, f"It is {with_article(digit)}", sentence, f"{TEACH_KEY}, {digit}")
        button.clicked.connect(partial(self._teach, digit))
        return button

    def choose(self, place: int | None) -> None:
        """Teach this digit of the number, counted from 0; None for the whole board."""
        self._place = place
        self.teach_button.setText("Wrong? It is a" if place is None else "This digit is a")

    def show_learning(self, part: float | None) -> None:
        """Show which part of learning is done; None where nothing is being learnt."""
        self._learning = "" if part is None else f"Learning {100 * part:.0f} %"
        self._name_digits()

    def _name_digits(self, *_: int) -> None:
        count = self._teaching.count
        text = self._learning or (f"My digits ({count:,})" if count else "My digits")
        # Each other text has the row laid out anew.
        if text != self.digits_button.text():
            self.digits_button.setText(text)

    def _enable(self, *_: bool) -> None:
        for button in (self.teach_button, *self.buttons):
            button.setEnabled(self._teaching.ready)

    def begin(self) -> None:
        """Wait for a digit's key or button."""
        if self._teaching.ready:
            self.buttons[self._teaching.likely(self._place)].setFocus(Qt.ShortcutFocusReason)

    def _teach(self, digit: int) -> None:
        self._teaching.teach(digit, self._place)
        self._canvas.setFocus()

    def event(self, event: QEvent) -> bool:
        # Here the key means the row, whatever it means in the tab.
        return claims_key(event, lambda key: key.key() == Qt.Key_Escape) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self._canvas.setFocus()
        elif event.text() in tuple("0123456789") and self._teaching.ready:
            self._teach(int(event.text()))
        else:
            super().keyPressEvent(event)
