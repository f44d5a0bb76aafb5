"""Teaching the program digits: they are kept, counted, learnt, and each step can be taken back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_files import record_of
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.learning import Learning, Outcome, Told
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.training import Training
from mnist_draw.dataset.classes import with_article
from mnist_draw.dataset.normalise import ink_within
from mnist_draw.i18n import _, joined
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.certainty import REFUSED

if TYPE_CHECKING:
    from pathlib import Path

    from mnist_draw.recognition.answer import Answer, NumberAnswer
    from mnist_draw.storage.my_digits import TaughtDigit
    from mnist_draw.storage.preferences import Preferences

notifier = Notifier("teaching", "draw")
learning_notifier = Notifier("learning")
#: The preference that holds when digits were last learnt, or tried.
_LEARNT_UNTIL = "digits_learnt_until"


class Teaching(QObject):
    """Teaches the board, or one digit of its number; the message offers to take that back."""

    #: The board was taught as this digit.
    taught = pyqtSignal(int)
    #: A digit was saved or removed.
    changed = pyqtSignal()
    #: How many digits there are, and how many of them no learning has seen.
    counted = pyqtSignal(int, int)
    #: What the board was taught as was deleted.
    untaught = pyqtSignal()

    def __init__(
        self,
        canvas: Canvas,
        background: Background,
        network: ActiveNetwork,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._background = background
        self._network = network
        self._answer: Answer | None = None
        self._number: NumberAnswer | None = None
        self.count = self.unlearnt = 0
        #: The moment at which digits were last learnt, or tried: those saved later are new.
        self.learnt_until = 0.0
        self.is_training: Callable[[], bool] = bool
        self._kept: Path | None = None
        #: Where in the bin what had the ink of a kept file before is, with another label.
        self._before: dict[Path, Path] = {}
        #: Whether the board has not changed since it was taught.
        self._is_last = False
        canvas.history_changed.connect(self._note_change)

    def _note_change(self) -> None:
        self._is_last = False

    def note_answer(self, answer: Answer, number: NumberAnswer | None) -> None:
        self._answer = answer
        self._number = number

    def likely(self, place: int | None) -> int:
        """Return what the board, or a digit of its number, most probably is if not the answer."""
        if place is not None and self._number is not None and place < len(self._number.digits):
            return int(self._number.digits[place].probabilities.argsort()[-2])
        return 0 if self._answer is None else int(self._answer.second)

    @property
    def ready(self) -> bool:
        """Whether the board can be taught: there is ink, and the network reads digits."""
        from mnist_draw.library.network_data import reads_digits

        model = self._network.state.model
        return self._canvas.has_ink() and (model is None or reads_digits(model))

    def teach(self, digit: int, place: int | None = None) -> None:
        """Keep the board with this label, or the digit at a place of its number, from 0."""
        if not self.ready or (place is not None and self._number is None):
            return
        items = list(self._canvas.drawing.items)
        ink = self._canvas.ink()
        answer = self._answer
        model = self._network.state.model
        said = ""
        sure = 0.0
        if answer is not None:
            said = answer.certainty.record
            sure = float(answer.confidence)
        if place is not None and self._number is not None:
            part = self._number.digits[place]
            # The strokes of the board are those of all its digits.
            ink = ink_within(ink, part.box)
            items = []
            said = REFUSED if part.digit is None else str(part.digit)
            sure = float(part.confidence)

        def save() -> tuple[TaughtDigit, Path | None]:
            from mnist_draw.storage.my_digits import TaughtDigit, keep_digit

            network = title_of_model(model) if model is not None else ""
            drawing = record_of(items) if items else None
            return keep_digit(TaughtDigit(digit, ink, "", said, sure, network, drawing))

        def failed(error: Exception) -> None:
            still = _("The drawing is still on the board.")
            notifier.problem(joined(reporter.sentence(error), still))

        self._kept = None
        self._is_last = True
        self._background.run(save, self._saved, failed)
        self.taught.emit(digit)

    def _saved(self, result: tuple[TaughtDigit, Path | None]) -> None:
        saved, before = result
        assert saved.path is not None
        self._kept = saved.path
        digit = with_article(saved.label)
        if before is not None and before != saved.path:
            self._before[saved.path] = before
        if before == saved.path:
            kept = _("This drawing is kept as {digit} already.", digit=digit)
        elif self.is_training():
            kept = _("Kept as {digit}. The network can learn it after the run.", digit=digit)
        else:
            kept = _("Kept as {digit}. The network can learn it now.", digit=digit)
        notifier.undo(kept, partial(self._take_back, saved.path))
        self._tell_change()

    def take_back_last(self) -> bool:
        """Take back what the board was just taught as; return whether there was something."""
        path = self._kept if self._is_last else None
        if path is not None:
            self._take_back(path)
        return path is not None

    def _take_back(self, path: Path) -> None:
        self._is_last = False
        before = self._before.pop(path, None)

        def remove() -> None:
            from mnist_draw.storage.unique_paths import bring_back, move_to_bin

            move_to_bin(path, path.name)
            if before is not None:
                bring_back(before)

        notifier.forget()
        self._background.run(remove, lambda _: self._tell_change())

    def _tell_change(self) -> None:
        self.recount()
        self.changed.emit()

    def recount(self) -> None:
        until = self.learnt_until
        kept = self._kept

        def count() -> tuple[int, int, bool]:
            from mnist_draw.storage.unique_paths import empty_bin

            empty_bin(folder_of_digits())
            times = taught_times()
            unlearnt = sum(time > until * 1e9 for __, time in times)
            return len(times), unlearnt, kept is not None and not kept.exists()

        self._background.run(count, self._counted)

    def _counted(self, counts: tuple[int, int, bool]) -> None:
        self.count, self.unlearnt, is_gone = counts
        self.counted.emit(self.count, self.unlearnt)
        if is_gone:
            self._kept = None
            self.untaught.emit()


def folder_of_digits() -> Path:
    from mnist_draw.storage.my_digits import my_digits_folder

    return my_digits_folder()


def taught_times() -> tuple[tuple[str, int], ...]:
    """Return the taught digits' files with their modification times in nanoseconds."""
    from mnist_draw.dataset.own_digits import find_pictures

    times = []
    for path, __ in find_pictures(folder_of_digits()):
        with contextlib.suppress(OSError):
            times.append((str(path), path.stat().st_mtime_ns))
    return tuple(times)


#: The part of learning that only prepares it: what it takes tells nothing of the rest.
PREPARING = 0.1


class LearnController(QObject):
    """Lets the network that answers learn; the newest outcome is told once, where it is seen."""

    #: What can be done, or the outcome.
    changed = pyqtSignal()
    #: What is being done, and which part of learning is done.
    stepped = pyqtSignal(str, float)
    #: The user wants to draw another digit of the kind that is still misread.
    drawing_requested = pyqtSignal()

    def __init__(
        self,
        teaching: Teaching,
        network: ActiveNetwork,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._teaching = teaching
        self.network = network
        self._background = background
        self._learning: Learning | None = None
        self._training: Training | None = None
        self._started = 0.0
        #: When the first minibatch was learnt, and which part of learning was done then.
        self._first: tuple[float, float] | None = None
        self._undone = ""
        self._count = 0
        self._preferences: Preferences | None = None
        #: Whether digits are learnt as soon as the run has ended.
        self.waits = False
        #: Whether the network reads digits.
        self.able = True
        #: The result message, and whether the network learnt it, until the next drawing.
        self.outcome: tuple[Told, bool] | None = None
        #: Whether the result is seen where it is shown, so that no message is needed.
        self.is_watched: Callable[[], bool] = bool
        network.state.follow(["model"], self._network_changed)

    def restore(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._teaching.learnt_until = preferences.get(_LEARNT_UNTIL, 0.0)

    def connect_services(self, learning: Learning, training: Training) -> None:
        """Learn with this service while no run is going on."""
        self._learning = learning
        self._training = training
        learning.stepped.connect(self._note_step)
        learning.stepped.connect(self.stepped)
        learning.fine_tuned.connect(self._learnt)
        learning.not_learnt.connect(self._not_learnt)
        learning.failed.connect(self._failed)
        learning.ended.connect(self.changed)
        self._teaching.taught.connect(self.forget_outcome)
        self._teaching.counted.connect(self._note_count)
        self._teaching.is_training = lambda: training.running
        training.ended.connect(self._run_ended)

    @property
    def running(self) -> bool:
        return self.progress is not None

    @property
    def progress(self) -> float | None:
        """Which part of learning is done, 0 to 1; None while nothing is being learnt."""
        return None if self._learning is None else self._learning.progress

    @property
    def seconds_left(self) -> float | None:
        """What is left of learning, by its minibatches so far; None before the second."""
        part = self.progress
        first = self._first
        if part is None or first is None or part <= first[1]:
            return None
        return (time.monotonic() - first[0]) * (1 - part) / (part - first[1])

    def _note_step(self, __: str, part: float) -> None:
        if self._first is None and part > PREPARING:
            self._first = time.monotonic(), part

    def learn(self) -> None:
        if self._learning is None or self._training is None or self.running:
            return
        model = self.network.state.model
        if model is None:
            learning_notifier.problem(
                _("There is no network yet that could learn; try again soon."),
            )
            return
        self.waits = self._training.running
        if not self.waits:
            learning_notifier.forget()
            self.outcome = None
            self._started = time.time()
            self._first = None
            self._learning.start(model, self.network.state.answering_key)
        self.changed.emit()

    def stop(self) -> None:
        self.waits = False
        if self._learning is not None:
            self._learning.stop()
        self.changed.emit()

    def go_back(self) -> None:
        key = self.network.state.network_before
        if key:
            learning_notifier.forget()
            self.outcome = None
            self._undone = self.network.state.network_wanted.key
            self.network.use_key(key)
            self.changed.emit()

    def finish(self) -> None:
        self.waits = False
        if self._learning is not None:
            self._learning.cancel_queued()

    def _run_ended(self) -> None:
        if self.waits:
            self.learn()

    @pyqtSlot(Outcome)
    def _learnt(self, outcome: Outcome) -> None:
        self._tell(outcome.told, True, self.go_back, _("Go back"))

    def _not_learnt(self, told: Told) -> None:
        self._tell(told, False, self.drawing_requested.emit, _("Draw more"))

    def _tell(self, told: Told, learnt: bool, action: Callable[[], object], button: str) -> None:
        self.outcome = (told, learnt)
        self._teaching.learnt_until = self._started
        if self._preferences is not None:
            self._preferences.set(_LEARNT_UNTIL, self._started)
        self._teaching.recount()
        if told.trouble:
            learning_notifier.problem(str(told))
        elif not self.is_watched():
            learning_notifier.undo(str(told), action, button)

    def forget_outcome(self) -> None:
        """Offer no more what follows the outcome: something else is drawn or taught."""
        if self.outcome is not None:
            self.outcome = None
            self.changed.emit()

    def _note_count(self, count: int, __: int) -> None:
        """Tell no more of digits of which one was deleted."""
        before, self._count = self._count, count
        if count < before and not self.running:
            self.outcome = None
            self.changed.emit()

    def _failed(self, sentence: str) -> None:
        learning_notifier.problem(sentence)

    @pyqtSlot()
    def _network_changed(self) -> None:
        """Note whether the network can learn; delete one whose learning was undone."""
        from mnist_draw.library.network_data import reads_digits

        model = self.network.state.model
        self.able = model is None or reads_digits(model)
        if self.outcome is not None and self.outcome[1] and not self.network.state.network_before:
            self.outcome = None
        if self._undone and self._undone != self.network.state.answering_key:
            self._background.run(partial(_delete, self._undone), lambda _: self.network.refresh())
            self._undone = ""
        self.changed.emit()


def _delete(key: str) -> None:
    """Put a fine-tuned network into the bin, so that the menu does not list it for ever."""
    from mnist_draw.library.networks import delete, find_by_key
    from mnist_draw.library.stored_network import FINE_TUNED

    stored = find_by_key(key)
    if stored.source == FINE_TUNED:
        delete(stored)
