"""Teaching the program one's handwriting: the row, the list of digits, and learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QStackedWidget, QWidget

from mnist_draw.app.draw.answer_panel import AnswerPanel
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.digit_list import DigitList
from mnist_draw.app.draw.digit_list_view import DigitListView
from mnist_draw.app.draw.learn_controller import LearnController
from mnist_draw.app.draw.teach_controller import TeachController
from mnist_draw.app.draw.teach_row import KEY, TeachRow
from mnist_draw.app.kit.background_reader import BackgroundReader
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.learning import Learning
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.training import Training

if TYPE_CHECKING:
    from mnist_draw.recognition.answer import Answer, NumberAnswer


class MyDigits(QObject):
    """Brings together all that teaches."""

    told = pyqtSignal(str)
    done = pyqtSignal(str)
    undo_offered = pyqtSignal(str, object)

    def __init__(
        self,
        canvas: Canvas,
        answer: AnswerPanel,
        background: Background,
        reader: BackgroundReader,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._answer = answer
        self._network = reader.network
        self.learning: LearnController | None = None
        self.row = TeachRow()
        answer.add_row(self.row)
        self.view = DigitListView()
        self.pages = QStackedWidget()
        self.pages.addWidget(answer)
        self.pages.addWidget(self.view)
        self.teaching = TeachController(self.row, canvas, background, reader.network, self)
        self.digits = DigitList(self.view, canvas, background, reader, self)
        self.row.digits_requested.connect(self.show_digits)
        self.row.learn_requested.connect(self.show_learning)
        self.view.closed.connect(self.show_answer)
        # Whoever draws wants to see the answer, not the list.
        canvas.ink_changed.connect(self._show_answer)
        self.teaching.told.connect(self.told)
        self.teaching.changed.connect(self._refresh)
        self.digits.told.connect(self.told)
        self.digits.done.connect(self.done)
        self.digits.undo_offered.connect(self.undo_offered)
        self.digits.changed.connect(self.teaching.recount)

    def connect(self, learning: Learning, training: Training) -> None:
        """Join it to the services that train."""
        self.learning = LearnController(self.view.learning, learning, training, self._network, self)
        self.learning.told.connect(self.told)
        self.learning.undo_offered.connect(self.undo_offered)
        # Also while the list of digits cannot be seen.
        learning.stepped.connect(lambda _, part: self.row.show_learning(part))
        learning.ended.connect(lambda: self.row.show_learning(None))

    def build_commands(self, tab: QWidget) -> None:
        """Add what can be asked for here to the commands of a tab."""
        Command(
            tab,
            "Wrong? It is a",
            "Keep the drawing among your digits, with its right label: choose a digit beside "
            "this, or type it.",
            KEY,
            self.begin,
        ).describe(self.row.teach_button)
        Command(
            tab,
            "My digits",
            "Show all digits that you have taught, and learn them.",
            "F8",
            self.toggle,
        ).describe(self.row.digits_button)

    def blocking_reason(self) -> str:
        """Return why no run can be started now; empty if it can."""
        return "" if self.learning is None else self.learning.blocking_reason()

    def start(self) -> None:
        """Count the digits that are there; call it once the window is visible."""
        self.teaching.recount()

    def note_answer(self, answer: Answer, number: NumberAnswer | None) -> None:
        """Know what the network says about the board, and which number it reads there."""
        self.teaching.note_answer(answer, number)

    def choose_digit(self, place: int) -> None:
        """Teach one digit of the number that was read, counted from 0."""
        self.teaching.choose(place)

    # -- the two pages

    @property
    def showing_digits(self) -> bool:
        """Whether the list of digits is in the answer's place."""
        return self.pages.currentWidget() is self.view

    def show_digits(self) -> None:
        """Show the list of digits."""
        self.pages.setCurrentWidget(self.view)
        self.view.table.setFocus()
        self.digits.refresh()

    def show_learning(self) -> None:
        """Show the list of digits, ready to be learnt."""
        self.show_digits()
        self.view.learning.learn_button.setFocus()

    def show_answer(self) -> None:
        """Show the answer again."""
        self._show_answer()
        self._canvas.setFocus()

    def toggle(self) -> None:
        """Change between the two."""
        if self.showing_digits:
            self.show_answer()
        else:
            self.show_digits()

    def begin(self) -> None:
        """Wait for the right digit's key."""
        self._show_answer()
        self.row.begin()

    def _show_answer(self) -> None:
        if self.showing_digits:
            self.pages.setCurrentWidget(self._answer)

    def _refresh(self) -> None:
        if self.showing_digits:
            self.digits.refresh()
