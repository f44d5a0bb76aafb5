"""Keeping what is drawn, with its right label, among the user's digits; and taking it back."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_files import record_of
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.dataset.classes import with_article

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from mnist_draw.recognition.answer import Answer, NumberAnswer
    from mnist_draw.storage.my_digits import TaughtDigit

notifier = Notifier("teaching")


class Teaching(QObject):
    """Teaches the board, or one digit of its number; the message offers to take that back."""

    #: The board was taught as this digit.
    taught = pyqtSignal(int)
    #: A digit was saved or removed.
    changed = pyqtSignal()
    #: How many digits there are, and how many of them no learning has seen.
    counted = pyqtSignal(int, int)

    def __init__(
        self, canvas: Canvas, background: Background, network: ActiveNetwork, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._canvas, self._background, self._network = canvas, background, network
        self._answer: Answer | None = None
        self._number: NumberAnswer | None = None
        #: Whether the board can be taught: there is ink, and the network reads digits.
        self.ready = False
        self.count = self.unlearnt = 0
        #: The moment at which digits were last learnt, or tried: those saved later are new.
        self.learnt_until = 0.0
        canvas.ink_changed.connect(self._look)
        network.changed.connect(self._look)

    def note_answer(self, answer: Answer, number: NumberAnswer | None) -> None:
        self._answer, self._number = answer, number

    def likely(self, place: int | None) -> int:
        """Return what the board, or a digit of its number, most probably is if not the answer."""
        if place is not None and self._number is not None and place < len(self._number.digits):
            return int(self._number.digits[place].probabilities.argsort()[-2])
        return 0 if self._answer is None else int(self._answer.second)

    def _look(self, *_: object) -> None:
        from mnist_draw.library.network_data import reads_digits

        model = self._network.model
        self.ready = self._canvas.has_ink() and (model is None or reads_digits(model))

    def teach(self, digit: int, place: int | None = None) -> None:
        """Keep the board with this label, or the digit at a place of its number, from 0."""
        if not self.ready or (place is not None and self._number is None):
            return
        items, ink = list(self._canvas.drawing.items), self._canvas.ink()
        answer, model = self._answer, self._network.model
        said, sure = (answer.text, float(answer.confidence)) if answer is not None else ("", 0.0)
        if place is not None and self._number is not None:
            part = self._number.digits[place]
            # The strokes of the board are those of all its digits.
            ink, items = ink_within(ink, part.box), []
            said, sure = "?" if part.digit is None else str(part.digit), float(part.confidence)

        def save() -> TaughtDigit:
            from mnist_draw.storage.my_digits import TaughtDigit, save_digit

            network = model.title if model is not None else ""
            drawing = record_of(items) if items else None
            return save_digit(
                TaughtDigit(
                    digit, ink, said=said, confidence=sure, network=network, drawing=drawing
                )
            )

        def failed(error: Exception) -> None:
            notifier.problem(f"{reporter.sentence(error)} The drawing is still on the board.")

        self._background.run(save, self._saved, failed)
        self.taught.emit(digit)

    def _saved(self, saved: TaughtDigit) -> None:
        assert saved.path is not None
        notifier.undo(
            f"Kept as {with_article(saved.label)}. The network can learn it now.",
            partial(self._take_back, saved.path),
        )
        self._tell_change()

    def _take_back(self, path: Path) -> None:
        def remove() -> None:
            from mnist_draw.storage.unique_paths import move_to_bin

            move_to_bin(path, f"The digit {path.name}")

        notifier.forget()
        self._background.run(remove, lambda _: self._tell_change())

    def _tell_change(self) -> None:
        self.recount()
        self.changed.emit()

    def recount(self) -> None:
        until = self.learnt_until

        def count() -> tuple[int, int]:
            from mnist_draw.storage.unique_paths import empty_bin

            empty_bin(folder_of_digits())
            times = taught_times()
            return len(times), sum(time > until * 1e9 for _, time in times)

        self._background.run(count, self._counted)

    def _counted(self, counts: tuple[int, int]) -> None:
        self.count, self.unlearnt = counts
        self.counted.emit(*counts)


def folder_of_digits() -> Path:
    from mnist_draw.storage.my_digits import my_digits_folder

    return my_digits_folder()


def taught_times() -> tuple[tuple[str, int], ...]:
    """Return the taught digits' files with their modification times in nanoseconds."""
    from mnist_draw.dataset.own_digits import find_pictures

    times = []
    for path, _ in find_pictures(folder_of_digits()):
        with contextlib.suppress(OSError):
            times.append((str(path), path.stat().st_mtime_ns))
    return tuple(times)


def ink_within(ink: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """Return the ink of a board within a box (left, top, width, height), and no other."""
    left, top, wide, high = box
    alone = ink.copy()
    alone[:top], alone[top + high :] = 0, 0
    alone[:, :left], alone[:, left + wide :] = 0, 0
    return alone
