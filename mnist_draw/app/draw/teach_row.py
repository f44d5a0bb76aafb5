"""Teach the right label of the drawing: the row of ten digits and what it saves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QWidget

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_files import record_of
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain, label, push_button, takes_key
from mnist_draw.dataset.classes import with_article

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from mnist_draw.recognition.answer import Answer, DigitAnswer, NumberAnswer
    from mnist_draw.storage.my_digits import TaughtDigit

notifier = Notifier("draw")

#: The key that begins to teach; a digit's key then says which it is.
TEACH_KEY = "T"
#: Width goes to the digits first; what they cannot take stays empty beside them.
_SHARE = 1000
_ONE, _SEVERAL, _PART = "Wrong? It is a", "All of it is a", "This digit is a"
_KEPT, _KEEPING = "Kept as {}.", "Keeping it as {} …"


class TeachRow(QFrame):
    """Takes the right digit of what is on the board, and tells that it was kept."""

    taught = pyqtSignal(int)
    why_not_requested = pyqtSignal(int)
    undo_requested = pyqtSignal()
    digits_requested = pyqtSignal()
    learn_requested = pyqtSignal()
    left = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("teachRow")
        self.setProperty("look", "card")
        self._likely = self._taught = self._count = 0
        self._learning = ""
        #: Whether the tab that tells why is there.
        self.tells_why = True
        row = QHBoxLayout(self)
        row.setContentsMargins(Size.CARD_PADDING, Size.GRID, Size.CARD_PADDING, Size.GRID)
        row.setSpacing(Size.FIELD_GAP)
        self._pages = QStackedWidget()
        self._asking, self._telling = self._build_asking(), self._build_telling()
        self._pages.addWidget(self._asking)
        self._pages.addWidget(self._telling)
        row.addWidget(self._pages, 1)
        self.digits_button = push_button("myDigitsButton", "", "", look="link")
        self.digits_button.clicked.connect(self.digits_requested)
        row.addWidget(self.digits_button)
        self.show_count(0)
        self.set_ready(False)

    def _build_asking(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Size.GRID)
        # The tab's command gives it its sentence.
        self.teach_button = push_button("teachButton", _ONE, "", look="quiet")
        self.teach_button.clicked.connect(self.begin)
        row.addWidget(self.teach_button)
        row.addSpacing(Size.GRID)
        self.buttons: list[QPushButton] = []
        for digit in range(10):
            button = QPushButton(str(digit))
            button.setObjectName(f"teachDigit{digit}")
            button.setProperty("look", "digit")
            explain(
                button,
                f"It is {with_article(digit)}",
                f"Keep the drawing among your digits as {with_article(digit)}.",
                f"{TEACH_KEY}, {digit}",
            )
            button.clicked.connect(partial(self._teach, digit))
            row.addWidget(button, _SHARE)
            self.buttons.append(button)
        row.addStretch(1)
        return page

    def _build_telling(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Size.FIELD_GAP)
        self.words = label("", "body", "taughtLabel")
        row.addWidget(self.words)
        self.why_not_link = push_button(
            "whyNotLink", "Why not this digit",
            "Show in the tab Inside why the network did not read what you taught.", look="link",
        )  # fmt: skip
        self.why_not_link.clicked.connect(lambda: self.why_not_requested.emit(self._taught))
        row.addWidget(self.why_not_link)
        self.undo_button = push_button(
            "undoTeachingButton", "Undo", "Take the digit out of your digits again.", look="link"
        )
        self.undo_button.clicked.connect(self.undo_requested)
        self.learn_button = push_button(
            "toLearningButton", "Learn", "Show all your digits and let the network learn them.",
            look="link",
        )  # fmt: skip
        self.learn_button.clicked.connect(self.learn_requested)
        for button in (self.undo_button, self.learn_button):
            row.addWidget(button)
        row.addStretch(1)
        return page

    # -- what the row shows

    @property
    def asking(self) -> bool:
        """Whether the ten digits are shown, not that one was kept."""
        return self._pages.currentWidget() is self._asking

    def show_count(self, count: int) -> None:
        """Show how many digits were taught."""
        self._count = count
        self._name_digits()

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

    def set_ready(self, on: bool) -> None:
        """Say whether there is something on the board that can be taught."""
        for button in (self.teach_button, *self.buttons):
            button.setEnabled(on)

    def set_likely(self, digit: int) -> None:
        """Set which digit has the focus first when teaching begins."""
        self._likely = digit

    def set_several(self, on: bool, one_of_them: bool = False) -> None:
        """Say whether several digits were read, and whether one of them is taught or all at once.

        A digit whose parts lie apart is read as several, and it must be possible to teach it.
        """
        text = (_PART if one_of_them else _SEVERAL) if on else _ONE
        self.teach_button.setText(text)
        self.teach_button.setAccessibleName(text)

    def ask(self) -> None:
        """Show the ten digits."""
        self._pages.setCurrentWidget(self._asking)

    def tell_keeping(self, digit: int) -> None:
        """Say that a digit is being written."""
        self._tell(_KEEPING.format(with_article(digit)), can_undo=False)

    def tell_kept(self, digit: int, misread: bool) -> None:
        """Say that a digit was kept, and offer to forget it, or to show why it was misread."""
        self._taught = digit
        self._tell(_KEPT.format(with_article(digit)), can_undo=True)
        self.why_not_link.setText(f"Why not {digit}?")
        self.why_not_link.setVisible(misread and self.tells_why)

    def _tell(self, sentence: str, can_undo: bool) -> None:
        self.words.setText(sentence)
        for button in (self.undo_button, self.learn_button):
            button.setVisible(can_undo)
        self.why_not_link.hide()
        self._pages.setCurrentWidget(self._telling)
        # A screen reader finds the sentence as the page's name.
        self._telling.setAccessibleName(sentence)

    # -- what the user does

    def begin(self) -> None:
        """Wait for a digit's key or button."""
        if self.asking and self.teach_button.isEnabled():
            self.buttons[self._likely].setFocus(Qt.ShortcutFocusReason)

    def _teach(self, digit: int) -> None:
        self.taught.emit(digit)
        self.left.emit()

    def event(self, event: QEvent) -> bool:
        # Here the key means the row, whatever it means in the tab.
        return takes_key(event, lambda key: key.key() == Qt.Key_Escape) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Escape:
            self.left.emit()
        elif event.text() in tuple("0123456789") and self.asking and self.buttons[0].isEnabled():
            self._teach(int(event.text()))
        else:
            super().keyPressEvent(event)


class TeachController(QObject):
    """Joins the row that teaches to the board and to the folder of taught digits."""

    changed = pyqtSignal()

    def __init__(
        self,
        row: TeachRow,
        canvas: Canvas,
        background: Background,
        network: ActiveNetwork,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.count = 0
        self.row = row
        self._canvas = canvas
        self._background = background
        self._answer: Answer | None = None
        self._number: NumberAnswer | None = None
        #: The digit of a number that was chosen to be taught.
        self._part: DigitAnswer | None = None
        self._network = network
        self._kept: Path | None = None
        #: Counts what was taught and what was drawn since: a late answer is then told apart.
        self._turn = 0
        self._ready = False
        row.taught.connect(self.teach)
        row.undo_requested.connect(self.undo)
        row.left.connect(canvas.setFocus)
        canvas.ink_changed.connect(self._board_changed)

    # -- what goes on around it

    def note_answer(self, answer: Answer, number: NumberAnswer | None) -> None:
        """Remember what the network says about the board, and which number it reads there."""
        self._answer, self._number, self._part = answer, number, None
        self.row.set_likely(int(answer.second))
        self.row.set_several(number is not None)

    def choose(self, place: int) -> None:
        """Teach this digit of the number, counted from 0, and not the whole board."""
        if self._number is None or not 0 <= place < len(self._number.digits):
            return
        self._part = self._number.digits[place]
        self._turn += 1
        self._kept = None
        self.row.set_several(True, one_of_them=True)
        self.row.set_likely(int(self._part.probabilities.argsort()[-2]))
        self.row.ask()

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
        self.count = count
        self.row.show_count(count)

    def _board_changed(self) -> None:
        """Ask again: what was kept is another drawing."""
        ready = self._canvas.has_ink()
        if ready != self._ready:
            self._ready = ready
            self.row.set_ready(ready)
        if not self.row.asking:
            self._turn += 1
            self._kept = None
            self.row.ask()

    # -- what the user asks for

    def teach(self, label: int) -> None:
        """Keep what is on the board as a digit with this label."""
        if not self._canvas.has_ink():
            return
        self._turn += 1
        self.row.tell_keeping(label)
        items, ink = list(self._canvas.drawing.items), self._canvas.ink()
        said = self._answer.text if self._answer is not None else ""
        sure = float(self._answer.confidence) if self._answer is not None else 0.0
        part, model = self._part, self._network.model
        if part is not None:
            # The strokes of the board are those of all its digits.
            ink, items = ink_within(ink, part.box), []
            said, sure = "?" if part.digit is None else str(part.digit), float(part.confidence)

        def keep() -> TaughtDigit:
            from mnist_draw.storage.my_digits import TaughtDigit, save_digit

            digit = TaughtDigit(
                label,
                ink,
                said=said,
                confidence=sure,
                network=model.title if model is not None else "",
                drawing=record_of(items) if items else None,
            )
            return save_digit(digit)

        turn = self._turn
        self._background.run(keep, partial(self._saved, turn), partial(self._not_saved, turn))

    def _saved(self, turn: int, kept: TaughtDigit) -> None:
        if turn == self._turn:
            self._kept = kept.path
            read = self._answer
            misread = self._part is None and read is not None and read.digit != kept.label
            self.row.tell_kept(kept.label, misread)
        self.recount()
        self.changed.emit()

    def _not_saved(self, turn: int, error: Exception) -> None:
        notifier.problem(f"{reporter.sentence(error)} The drawing is still on the board.")
        if turn == self._turn:
            self.row.ask()

    def undo(self) -> None:
        """Forget the digit that was kept last; its file can be found for some days."""
        kept, self._kept = self._kept, None
        if kept is None:
            return
        path = kept

        def forget() -> None:
            from mnist_draw.storage.unique_paths import move_to_bin

            move_to_bin(path, f"The digit {path.name}")

        def forgotten(_: None) -> None:
            self.recount()
            self.changed.emit()

        self._background.run(forget, forgotten)
        self.row.ask()
        self._canvas.setFocus()


def ink_within(ink: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return the ink of a board within a box (left, top, width, height), and no other."""
    left, top, wide, high = box
    alone = ink.copy()
    alone[:top], alone[top + high :] = 0, 0
    alone[:, :left], alone[:, left + wide :] = 0, 0
    return alone
