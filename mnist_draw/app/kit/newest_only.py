"""Answer the newest question off the GUI thread, once or with a stream of values."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import SHUTDOWN_S, LatestValue, SerialWorker

#: Seconds between two values of a stream: often enough to look continuous.
STREAM_S = 0.06


class NewestOnly(QObject):
    """Answers the newest question in a thread of its own; a newer one replaces one that waits.

    ::

        self._job = NewestOnly(find_place, self)       # called in the thread
        self._job.answered.connect(self._show_place)   # in the GUI thread
        self._job.failed.connect(self._show_problem)   # a sentence for the user
        self._job.ask(question)                        # from any thread

    Without ``work`` each question is a function without arguments. Answers to older questions are
    dropped, unless ``deliver_stale``: what follows a pen shows all it gets. ``rest`` are the
    seconds from the beginning of one answer to that of the next, ``quiet`` those without a question
    before the newest is answered; both may be changed at any time.
    """

    answered = pyqtSignal(object)
    failed = pyqtSignal(str)

    def __init__(
        self,
        work: Callable[[Any], Any] = lambda question: question(),
        parent: QObject | None = None,
        *,
        name: str = "background",
        rest: float = 0.0,
        quiet: float = 0.0,
        deliver_stale: bool = False,
        watched: bool = True,
        low_priority: bool = True,
        worker: SerialWorker | None = None,
    ) -> None:
        super().__init__(parent)
        self.rest = rest
        self.quiet = quiet
        #: Whether the newest question is neither answered nor given up.
        self.is_running = False
        self._work = work
        self._deliver_stale = deliver_stale
        self._watched = watched
        self._questions: LatestValue[tuple[int, Any]] = LatestValue()
        #: None if the newest question waits for nothing.
        self._asked_at: float | None = None
        #: Number of the newest question, and of the first whose answer is delivered.
        self._newest = 0
        self._oldest = 0
        self._began_at = float("-inf")
        self._worker = worker or SerialWorker(name, gives_up=True, low_priority=low_priority)
        self.destroyed.connect(self._worker.ask_to_end)

    # -- from any thread

    def ask(self, question: Any = None, at_once: bool = False) -> None:
        """Ask; a question that waits is dropped. At once, neither rest nor quiet is waited for."""
        self._newest += 1
        if not self._deliver_stale:
            self._oldest = self._newest
        self.is_running = True
        self._asked_at = None if at_once else time.monotonic()
        self._questions.put((self._newest, question))
        self._wake()

    def watch(self, on: bool) -> None:
        """Set whether the answers can be seen; while they cannot, nothing begins."""
        self._watched = on
        if on:
            self._wake()

    def _wake(self, due: float = 0.0) -> None:
        if self._watched:
            self._worker.put_once(self._answer, due)

    # -- in the GUI thread

    def stop(self) -> None:
        """Drop the questions asked so far and their answers."""
        self._newest += 1
        self._oldest = self._newest
        self._questions.take()
        self.is_running = False

    def wait(self, seconds: float = SHUTDOWN_S) -> bool:
        """Wait up to `seconds` until nothing is to be done; return True if so."""
        return self._worker.wait(seconds)

    def _deliver(self, number: int, answer: Any) -> None:
        if self._is_wanted(number):
            self.answered.emit(answer)

    def _fail(self, number: int, sentence: str) -> None:
        if self._is_wanted(number):
            self.failed.emit(sentence)

    def _is_wanted(self, number: int) -> bool:
        """Note that a question is answered; return whether its answer is delivered."""
        if number == self._newest:
            self.is_running = False
        return number >= self._oldest

    # -- in the thread

    def _answer(self) -> None:
        if not self._watched or not self._questions.is_full:
            return
        if self._asked_at is not None:
            due = max(self._asked_at + self.quiet, self._began_at + self.rest)
            if due > time.monotonic():
                self._wake(due)
                return
            self._began_at = time.monotonic()
        taken = self._questions.take()
        if taken is None:
            return
        number, question = taken
        try:
            answer = self._work(question)
        except Exception as error:  # reported to the user
            self._worker.deliver(self, self._fail, number, reporter.sentence(error))
        else:
            self._worker.deliver(self, self._deliver, number, answer)


class Stream(QObject):
    """Delivers the newest value of an iterator every ``pace`` seconds, then `finished`.

    ``work`` returns the iterator for a question, or one value. The next value is computed once the
    last has been delivered, so that a slow window never falls behind; a newer question ends the
    stream. The options are those of `NewestOnly`.
    """

    answered = pyqtSignal(object)
    finished = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self,
        work: Callable[[Any], Any] = lambda question: question(),
        parent: QObject | None = None,
        *,
        pace: float = STREAM_S,
        **options: Any,
    ) -> None:
        super().__init__(parent)
        self._work = work
        #: Whether the newest question is neither answered to its end nor given up.
        self.is_running = False
        self._pace = pace
        self._current: _Values | None = None
        self._job = NewestOnly(self._next, self, **options)
        self._job.answered.connect(self._deliver)
        self._job.failed.connect(self._fail)
        self.watch = self._job.watch
        self.wait = self._job.wait

    def ask(self, question: Any) -> None:
        self._current = _Values(partial(self._work, question))
        self.is_running = True
        self._job.ask(self._current)

    def stop(self) -> None:
        """Drop the questions asked so far and their answers."""
        self.is_running = False
        self._current = None
        self._job.stop()

    def _next(self, values: _Values) -> tuple[_Values, list[Any], bool]:
        """Compute for a moment, in the thread; return the newest value, and if it is the last."""
        newest = values.advance(self._pace)
        return values, newest, values.ended

    def _deliver(self, answer: tuple[_Values, list[Any], bool]) -> None:
        values, newest, is_last = answer
        is_current = values is self._current
        if is_current and is_last:
            self.is_running = False
        elif is_current:
            self._job.ask(values, at_once=True)
        for value in newest:
            self.answered.emit(value)
        # A listener may have asked for something else.
        if is_last and values is self._current:
            self.finished.emit()

    def _fail(self, sentence: str) -> None:
        self.is_running = False
        self.failed.emit(sentence)


class _Values:
    """The values of one question: an iterator that begins with the first `advance`."""

    def __init__(self, begin: Callable[[], Any]) -> None:
        self._begin = begin
        self._values: Iterator[Any] | None = None
        self.ended = False

    def advance(self, seconds: float) -> list[Any]:
        """Compute values for so long; return the newest, or nothing at the end."""
        end = time.monotonic() + seconds
        if self._values is None:
            result = self._begin()
            self._values = result if isinstance(result, Iterator) else iter((result,))
        newest: list[Any] = []
        for value in self._values:
            newest = [value]
            if time.monotonic() >= end:
                return newest
        self.ended = True
        return newest
