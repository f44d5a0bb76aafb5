"""Keeps what is on the board among the user's digits when its right label is told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_record import record_of
from mnist_draw.app.draw.teach_row import TeachRow
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from mnist_draw.recognition.answer import Answer, DigitAnswer, NumberAnswer
    from mnist_draw.storage.my_digits import TaughtDigit


class TeachController(QObject):
    """Joins the row that teaches to the board and to the folder of taught digits."""

    told = pyqtSignal(str)
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
        self.told.emit(f"{reporter.sentence(error)} The drawing is still on the board.")
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
