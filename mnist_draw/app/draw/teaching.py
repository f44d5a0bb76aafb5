"""Teaching the program digits: they are kept, counted, learned, and each step can be taken back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal, Slot

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_files import record_of
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import PREPARING, UNSAVED, Idle, Learned, Learns, TaughtInk
from mnist_draw.app.kit.files import modification_times
from mnist_draw.app.kit.learning import Learning, Outcome, WorkQueue
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.waiting import Waiting
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
#: The preference that holds when learning was last begun.
_LEARNED_UNTIL = "digits_learnt_until"
#: The preference that holds when what answers since was begun to be learned.
_TAKEN_UNTIL = "digits_taken_until"
#: The preference that holds which network learned then, or could not.
_LEARNED_BY = "digits_learned_by"
#: … and what was said of ink that nothing learns, of so many drawings.
_SETTLED = "settled"
_MOST_SETTLED = 100
#: The part of learning whose time tells that of the rest.
_TELLING = 0.2


class Teaching(QObject):
    """Teaches the board, or one digit of its number; the message offers to take that back."""

    #: The board was taught as this digit.
    taught = Signal(int)
    #: A digit was saved or removed.
    changed = Signal()
    #: What the board was taught as was deleted.
    untaught = Signal()

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
        self._state = network.state
        self._preferences: Preferences | None = None
        self._answer: Answer | None = None
        self._number: NumberAnswer | None = None
        #: When learning was last begun: digits saved later are new.
        self._learned_until = 0.0
        #: When learning was begun of which the outcome answers: later ones are learned once more.
        self._taken_until = 0.0
        self._kept: Path | None = None
        #: Where in the bin what had the ink of a kept file before is, with another label.
        self._before: dict[Path, Path] = {}
        #: Whether the board has not changed since it was taught.
        self._is_last = False
        canvas.history_changed.connect(self._note_change)

    def restore(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._learned_until = preferences.get(_LEARNED_UNTIL, 0.0)
        self._taken_until = preferences.get(_TAKEN_UNTIL, self._learned_until)
        if not self._state.learned_by:
            self._state.set(learned_by=preferences.get(_LEARNED_BY, ""))
        self._state.set(settled=preferences.get(_SETTLED, {}))

    def settle(self, token: str, said: str | None) -> None:
        """Note what the user said of ink, which nothing learns; None withdraws it."""
        settled = dict(self._state.settled)
        settled.pop(token, None)
        if said is not None:
            settled[token] = said
        self._state.set(settled=settled)
        if self._preferences is not None:
            self._preferences.set(_SETTLED, dict([*settled.items()][-_MOST_SETTLED:]))

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
        return self._canvas.has_ink() and self._state.reads_digits

    def teach(self, digit: int, place: int | None = None) -> None:
        """Keep the board with this label, or the digit at a place of its number, from 0."""
        if not self.ready or (place is not None and self._number is None):
            return
        items = list(self._canvas.drawing.items)
        ink = self._canvas.ink()
        answer = self._answer
        model = self._state.model
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
        kept = ""
        if before == saved.path:
            kept = _("This drawing is already kept as {digit}.", digit=digit)
        elif saved.said == str(saved.label):
            kept = _("It is already read as {digit}: kept, nothing to learn.", digit=saved.label)
        elif self._state.run.is_running:
            kept = _("Kept as {digit}. The network can learn it after the run.", digit=digit)
        # The tag says what was said, the next step that it can be learned.
        if kept:
            notifier.undo(kept, partial(self.take_back, saved.path))
        else:
            notifier.forget()
        self._tell_change()

    def take_back_last(self) -> bool:
        """Take back what the board was just taught as; return whether there was something."""
        path = self._kept if self._is_last else None
        if path is not None:
            self.take_back(path)
        return path is not None

    def take_back(self, path: Path) -> None:
        """Delete a taught digit; bring back the label that its ink had before."""
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
        until = self._learned_until
        taken = self._taken_until
        kept = self._kept

        def count() -> tuple[list[TaughtInk], dict[str, TaughtInk], bool]:
            from mnist_draw.storage.my_digits import token_of_name
            from mnist_draw.storage.unique_paths import empty_bin

            empty_bin(folder_of_digits())
            digits = _list_digits(until, taken)
            by_token = {token_of_name(digit.path): digit for digit in digits}
            by_token.pop("", None)
            return digits, by_token, kept is not None and not kept.exists()

        self._background.run(count, self._counted)

    def _counted(self, counts: tuple[list[TaughtInk], dict[str, TaughtInk], bool]) -> None:
        digits, by_token, is_gone = counts
        taught = len(digits)
        if taught < self._state.taught:
            # What was learned of a deleted digit is of no use.
            self.forget_outcome()
        is_asked = any(digit.is_new for digit in digits)
        # All are learned once another one asks for it.
        unlearned = sum(digit.is_new or digit.was_refused for digit in digits) if is_asked else 0
        self._state.set(taught=taught, unlearned=unlearned, taught_inks=by_token)
        if is_gone:
            self._kept = None
            self.untaught.emit()

    def note_learned(self, started: float, network: str, is_better: bool = True) -> None:
        """Count the digits taught before a moment as learned by a network, or as refused."""
        self._learned_until = started
        if is_better:
            self._taken_until = started
        self._state.set(learned_by=network)
        if self._preferences is not None:
            self._preferences.set(_LEARNED_UNTIL, started)
            self._preferences.set(_TAKEN_UNTIL, self._taken_until)
            self._preferences.set(_LEARNED_BY, network)
        self.recount()

    def forget_outcome(self) -> None:
        """Show the outcome of learning no more: something else is drawn, taught or deleted."""
        if isinstance(self._state.learning, Learned):
            self._state.set(learning=Idle())


def folder_of_digits() -> Path:
    from mnist_draw.storage.my_digits import my_digits_folder

    return my_digits_folder()


def taught_times() -> tuple[tuple[str, int], ...]:
    """Return the taught digits' files with their modification times in nanoseconds."""
    from mnist_draw.dataset.own_digits import find_pictures

    return modification_times(path for path, __ in find_pictures(folder_of_digits()))


def _list_digits(learned_until: float, taken_until: float) -> list[TaughtInk]:
    """List the taught digits; what was read right when it was taught is not to be learned."""
    from mnist_draw.dataset.own_digits import find_pictures
    from mnist_draw.storage.my_digits import label_of_name, was_read_right

    found = []
    for path, label in find_pictures(folder_of_digits()):
        with contextlib.suppress(OSError):
            modified = path.stat().st_mtime_ns
            was_misread = not was_read_right(path, modified)
            is_new = was_misread and modified > learned_until * 1e9
            was_refused = was_misread and not is_new and modified > taken_until * 1e9
            said = label_of_name(path) if label is None else label
            known = -1 if said is None else said
            found.append(TaughtInk(known, path, was_misread, is_new, was_refused))
    return found


class LearnController(QObject):
    """Lets the network that answers learn the taught digits; reports what came of it once."""

    #: The user wants to draw another digit of the kind that is still misread.
    drawing_requested = Signal()

    def __init__(
        self,
        teaching: Teaching,
        network: ActiveNetwork,
        background: Background,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._teaching = teaching
        self._network = network
        self._state = network.state
        self._background = background
        self._learning: Learning | None = None
        self._queue: WorkQueue | None = None
        #: Whether learning was stopped for a run, and begins again after it.
        self._learns_again = False
        #: The key of the network that learns.
        self._learns_key = ""
        #: When the first minibatch was learned, and which part of learning was done then.
        self._first: tuple[float, float] | None = None
        #: The network whose learning was taken back.
        self._undone = ""
        #: Whether the outcome is seen where it is shown, so that no message is needed.
        self.is_watched: Callable[[], bool] = bool
        self._state.follow(["model"], self._network_changed)

    def connect_services(self, learning: Learning, queue: WorkQueue) -> None:
        """Learn with this service while no run is trained."""
        self._learning = learning
        self._queue = queue
        learning.stepped.connect(self._note_step)
        learning.ended.connect(self._ended)
        self._teaching.taught.connect(self._teaching.forget_outcome)

    def learn(self) -> None:
        """Begin to learn now, or when the run has ended."""
        if self._queue is None or isinstance(self._state.learning, Learns):
            return
        if self._state.model is None:
            learning_notifier.problem(
                _("No network can learn yet; try again in a moment."),
            )
        elif reason := self._queue.reason:
            self._queue.put(Waiting("learning", "", partial(self.start), reason))
        else:
            self.start()

    def start(self) -> None:
        model = self._state.model
        assert self._learning is not None
        assert model is not None
        learning_notifier.forget()
        self._first = None
        self._learns_key = self._state.answering_key
        self._learning.start(model, self._learns_key)
        self._state.set(learning=Learns())

    def stop(self) -> None:
        """Stop learning, or let it not begin after the run."""
        waiting = self._state.queue
        if self._learning is not None and self._learning.running:
            self._learning.stop()
        elif self._queue is not None and waiting is not None and waiting.kind == "learning":
            self._queue.cancel()

    def learn_later(self) -> None:
        """Let the run that waits begin now; learn again when it has ended."""
        self._learns_again = True
        self.stop()

    def finish(self) -> None:
        """Begin nothing more: the window closes."""
        if self._queue is not None:
            self._queue.cancel()

    def _note_step(self, part: float) -> None:
        now = time.monotonic()
        if self._first is None and part > PREPARING:
            self._first = now, part
        seconds_left = None
        if self._first is not None:
            began, before = self._first
            if part - before >= _TELLING:
                seconds_left = (now - began) * (1 - part) / (part - before)
            elif self._state.learning_seconds is not None:
                # The first steps compile: until more are done, what was offered is nearer.
                seconds_left = self._state.learning_seconds * (1 - part)
        self._state.set(learning=Learns(part, seconds_left))

    @Slot(Outcome)
    def _ended(self, outcome: Outcome) -> None:
        message = outcome.message
        if outcome.kind == "stopped":
            self._state.set(learning=Idle())
            if self._learns_again:
                self._learns_again = False
                # The run that waited has begun.
                QTimer.singleShot(0, self.learn)
            return
        if outcome.kind == "failed":
            self._state.set(learning=Idle())
            learning_notifier.problem(str(message))
            return
        is_better = outcome.kind == "better"
        self._state.set(learning=Learned(message, is_better))
        assert self._learning is not None
        key = (outcome.key or UNSAVED.key) if is_better else self._learns_key
        self._teaching.note_learned(self._learning.began, key, is_better)
        if message.warning:
            learning_notifier.problem(str(message))
        elif not self.is_watched():
            act = self.go_back if is_better else self.drawing_requested.emit
            learning_notifier.undo(str(message), act, _("Go back") if is_better else _("Draw more"))

    def go_back(self) -> None:
        """Let the network answer that answered before the digits were learned."""
        key = self._state.network_before
        if key:
            learning_notifier.forget()
            self._teaching.forget_outcome()
            self._undone = self._state.network_wanted.key
            self._network.use_key(key)

    def _network_changed(self) -> None:
        """Delete a network whose learning was taken back; forget how it learned."""
        if self._state.network_wanted.key != self._state.learned_by:
            self._teaching.forget_outcome()
        if self._undone and self._undone != self._state.answering_key:
            undone = partial(_delete, self._undone)
            self._background.run(undone, lambda __: self._network.refresh())
            self._undone = ""


def _delete(key: str) -> None:
    """Put a fine-tuned network into the bin, so that the menu does not list it for ever."""
    from mnist_draw.library.networks import delete, find_by_key
    from mnist_draw.library.stored_network import FINE_TUNED

    stored = find_by_key(key)
    if stored.source == FINE_TUNED:
        delete(stored)
