"""The row that teaches: “Wrong? It is a …”, ten digits, and the way to all taught digits."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QFrame, QPushButton, QStackedWidget, QWidget

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_files import record_of
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import claims_key, explain, label, push_button
from mnist_draw.dataset.classes import with_article

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from mnist_draw.recognition.answer import Answer, DigitAnswer, NumberAnswer
    from mnist_draw.storage.my_digits import TaughtDigit

notifier = Notifier("draw")

#: The key that begins to teach; a digit's key then says which it is.
TEACH_KEY = "T"
#: The digits get the width first; the rest stays empty beside them.
_SHARE = 1000
_ONE, _SEVERAL, _PART = "Wrong? It is a", "All of it is a", "This digit is a"


class TeachRow(QFrame):
    """Saves the board with its right label, and offers to undo that."""

    taught = pyqtSignal(int)
    #: A digit was saved or removed.
    changed = pyqtSignal()
    why_not_requested = pyqtSignal(int)
    digits_requested = pyqtSignal()
    learn_requested = pyqtSignal()

    def __init__(self, canvas: Canvas, background: Background, network: ActiveNetwork) -> None:
        super().__init__()
        self.setObjectName("teachRow")
        self.setProperty("look", "card")
        self._canvas, self._background, self._network = canvas, background, network
        self._answer: Answer | None = None
        self._number: NumberAnswer | None = None
        #: The digit of a number that was chosen to be taught.
        self._part: DigitAnswer | None = None
        self._likely = self._taught = self._count = 0
        self._learning = ""
        self._saved_path: Path | None = None
        #: Counts what was taught and what was drawn since: a late answer is then told apart.
        self._turn = 0
        #: Whether the tab that explains is there.
        self.tells_why = True
        self._pages = QStackedWidget()
        self._asking, self._telling = self._build_asking(), self._build_telling()
        self._pages.addWidget(self._asking)
        self._pages.addWidget(self._telling)
        self.digits_button = push_button("myDigitsButton", "", "", look="link")
        self.digits_button.clicked.connect(self.digits_requested)
        margins = (Size.CARD_PADDING, Size.GRID, Size.CARD_PADDING, Size.GRID)
        row((self._pages, 1), self.digits_button, margins=margins, owner=self)
        self._name_digits()
        self._ready = False
        self._enable()
        canvas.ink_changed.connect(self._board_changed)

    def _build_asking(self) -> QWidget:
        # The tab's command gives it its sentence.
        self.teach_button = push_button("teachButton", _ONE, "", look="quiet")
        self.teach_button.clicked.connect(self.begin)
        self.buttons: list[QPushButton] = []
        for digit in range(10):
            button = QPushButton(str(digit))
            button.setObjectName(f"teachDigit{digit}")
            button.setProperty("look", "digit")
            explain(
                button,
                f"It is {with_article(digit)}",
                f"Save the drawing among your digits as {with_article(digit)}.",
                f"{TEACH_KEY}, {digit}",
            )
            button.clicked.connect(partial(self._teach_and_leave, digit))
            self.buttons.append(button)
        page = QWidget()
        digits = ((button, _SHARE) for button in self.buttons)
        layout = row(self.teach_button, *digits, 1, gap=Size.GRID, owner=page)
        layout.insertSpacing(1, Size.GRID)
        return page

    def _build_telling(self) -> QWidget:
        self.taught_label = label("", "body", "taughtLabel")
        self.why_not_link = push_button(
            "whyNotLink", "Why not this digit",
            "Show in the tab Inside why the network did not read what you taught.", look="link",
        )  # fmt: skip
        self.why_not_link.clicked.connect(lambda: self.why_not_requested.emit(self._taught))
        self.undo_button = push_button(
            "undoTeachingButton", "Undo", "Take the digit out of your digits again.", look="link"
        )
        self.undo_button.clicked.connect(self.undo)
        self.learn_button = push_button(
            "toLearningButton", "Learn", "Show all your digits and let the network learn them.",
            look="link",
        )  # fmt: skip
        self.learn_button.clicked.connect(self.learn_requested)
        page = QWidget()
        buttons = self.why_not_link, self.undo_button, self.learn_button
        row(self.taught_label, *buttons, 1, owner=page)
        return page

    # -- the two pages

    @property
    def asking(self) -> bool:
        """Whether the ten digits are shown, not that one was saved."""
        return self._pages.currentWidget() is self._asking

    def _ask(self, again: bool = True) -> None:
        """Show the ten digits; what was saved can no longer be taken back."""
        if again:
            self._turn += 1
            self._saved_path = None
        self._pages.setCurrentWidget(self._asking)

    def _name_question(self, text: str) -> None:
        self.teach_button.setText(text)
        self.teach_button.setAccessibleName(text)

    def _tell(self, sentence: str, can_undo: bool) -> None:
        self.taught_label.setText(sentence)
        for button in (self.undo_button, self.learn_button):
            button.setVisible(can_undo)
        self.why_not_link.hide()
        self._pages.setCurrentWidget(self._telling)
        # A screen reader finds the sentence as the page's name.
        self._telling.setAccessibleName(sentence)

    def show_saved(self, digit: int, misread: bool) -> None:
        """Say that a digit was saved; offer to remove it, and to show why it was misread."""
        self._taught = digit
        self._tell(f"Saved as {with_article(digit)}.", can_undo=True)
        self.why_not_link.setText(f"Why not {digit}?")
        self.why_not_link.setVisible(misread and self.tells_why)

    def show_learning(self, part: float | None) -> None:
        """Show which part of learning is done; None where nothing is being learnt."""
        self._learning = "" if part is None else f"Learning {100 * part:.0f} %"
        self._name_digits()

    def _name_digits(self) -> None:
        digits = f"My digits ({self._count:,})" if self._count else "My digits"
        text = self._learning or digits
        # Each other text has the row laid out anew.
        if text != self.digits_button.text():
            self.digits_button.setText(text)

    def recount(self) -> None:
        """Count the taught digits anew, in the background."""

        def count() -> int:
            from mnist_draw.dataset.own_digits import find_pictures
            from mnist_draw.storage.my_digits import my_digits_folder
            from mnist_draw.storage.unique_paths import empty_bin

            folder = my_digits_folder()
            empty_bin(folder)
            return sum(1 for _ in find_pictures(folder))

        self._background.run(count, self._counted)

    def _counted(self, count: int) -> None:
        self._count = count
        self._name_digits()

    # -- the board and its answer

    def note_answer(self, answer: Answer, number: NumberAnswer | None) -> None:
        """Note the answer to the board; a digit with parts may be read as a number."""
        self._answer, self._number, self._part = answer, number, None
        self._likely = int(answer.second)
        self._name_question(_ONE if number is None else _SEVERAL)

    def choose(self, place: int) -> None:
        """Teach this digit of the number, counted from 0, and not the whole board."""
        if self._number is None or not 0 <= place < len(self._number.digits):
            return
        self._part = self._number.digits[place]
        self._likely = int(self._part.probabilities.argsort()[-2])
        self._name_question(_PART)
        self._ask()

    def _board_changed(self) -> None:
        ready = self._canvas.has_ink()
        if ready != self._ready:
            self._ready = ready
            self._enable()
        if not self.asking:
            self._ask()

    def _enable(self) -> None:
        for button in (self.teach_button, *self.buttons):
            button.setEnabled(self._ready)

    # -- what the user does

    def begin(self) -> None:
        """Wait for a digit's key or button."""
        if self.asking and self._ready:
            self.buttons[self._likely].setFocus(Qt.ShortcutFocusReason)

    def _teach_and_leave(self, digit: int) -> None:
        self.teach(digit)
        self._canvas.setFocus()

    def event(self, event: QEvent) -> bool:
        # Here the key means the row, whatever it means in the tab.
        return claims_key(event, lambda key: key.key() == Qt.Key_Escape) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self._canvas.setFocus()
        elif event.text() in tuple("0123456789") and self.asking and self._ready:
            self._teach_and_leave(int(event.text()))
        else:
            super().keyPressEvent(event)

    def teach(self, digit: int) -> None:
        """Save the board, or the chosen digit of its number, with this label."""
        if not self._canvas.has_ink():
            return
        self._turn += 1
        self._tell(f"Saving it as {with_article(digit)} …", can_undo=False)
        items, ink = list(self._canvas.drawing.items), self._canvas.ink()
        said = self._answer.text if self._answer is not None else ""
        sure = float(self._answer.confidence) if self._answer is not None else 0.0
        part, model = self._part, self._network.model
        if part is not None:
            # The strokes of the board are those of all its digits.
            ink, items = ink_within(ink, part.box), []
            said, sure = "?" if part.digit is None else str(part.digit), float(part.confidence)

        def save() -> TaughtDigit:
            from mnist_draw.storage.my_digits import TaughtDigit, save_digit

            return save_digit(
                TaughtDigit(
                    digit,
                    ink,
                    said=said,
                    confidence=sure,
                    network=model.title if model is not None else "",
                    drawing=record_of(items) if items else None,
                )
            )

        turn = self._turn
        self._background.run(save, partial(self._saved, turn), partial(self._not_saved, turn))
        self.taught.emit(digit)

    def _saved(self, turn: int, saved: TaughtDigit) -> None:
        if turn == self._turn:
            self._saved_path = saved.path
            misread = self._answer is not None and self._answer.digit != saved.label
            self.show_saved(saved.label, misread and self._part is None)
        self.recount()
        self.changed.emit()

    def _not_saved(self, turn: int, error: Exception) -> None:
        notifier.problem(f"{reporter.sentence(error)} The drawing is still on the board.")
        if turn == self._turn:
            self._ask(again=False)

    def undo(self) -> None:
        """Remove the digit that was saved last; its file stays in the bin for some days."""
        path, self._saved_path = self._saved_path, None
        if path is None:
            return

        def remove() -> None:
            from mnist_draw.storage.unique_paths import move_to_bin

            move_to_bin(path, f"The digit {path.name}")

        def removed(_: None) -> None:
            self.recount()
            self.changed.emit()

        self._background.run(remove, removed)
        self._ask(again=False)
        self._canvas.setFocus()


def ink_within(ink: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return the ink of a board within a box (left, top, width, height), and no other."""
    left, top, wide, high = box
    alone = ink.copy()
    alone[:top], alone[top + high :] = 0, 0
    alone[:, :left], alone[:, left + wide :] = 0, 0
    return alone
