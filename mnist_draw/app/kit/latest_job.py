"""Answer the newest question off the GUI thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from PyQt5 import sip
from PyQt5.QtCore import QObject, pyqtBoundSignal, pyqtSignal

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import SHUTDOWN_S, Lane, LatestValue, call_in_gui_thread
from mnist_draw.thread_priority import is_lowered, lower

#: A stream's newest value is delivered so often, in seconds: often enough to look continuous.
STREAM_S = 0.06


@dataclass
class _Stream:
    ticket: int
    values: Iterator[Any]
    is_delivering: bool = False


class LatestJob(QObject):
    """Answers the newest question in one thread of its own; a newer one replaces one that waits.

    ::

        self._job = LatestJob(find_place, self)        # called in the thread
        self._job.answered.connect(self._show_place)   # in the GUI thread
        self._job.failed.connect(self._show_problem)   # a sentence for the user
        self._job.ask(question)                        # from any thread

    Without ``work`` each question is a function without arguments, called as it is. Work that
    returns an iterator is streamed: `answered` gets its newest value every ``pace`` seconds,
    `finished` follows the last. The next value is computed when the last one has been shown, so
    that a slow window never gets behind; a newer question ends the stream.

    Answers to questions that are not the newest any more are dropped, unless ``deliver_stale``:
    what follows a pen shows all it gets. ``rest`` are the seconds from the beginning of one answer
    to that of the next, ``quiet`` those without a question before the newest is answered; both may
    be changed at any time. While `watch` is off nothing begins; ``watched`` is its first value.

    What has more than one kind of question, or uses its idle time, is a subclass: it leaves
    questions in a `LatestValue` and calls `wake`, does what there is to do in `process_pending`,
    and hands results over by `send`. It must not define `_step`, `_take`, `_fail`, `_early`,
    `_begin`, `_go_on` and `_call`, nor set this class's attributes.
    """

    answered = pyqtSignal(object)
    finished = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self,
        work: Callable[[Any], Any] = lambda question: question(),
        parent: QObject | None = None,
        *,
        name: str = "background",
        rest: float = 0.0,
        quiet: float = 0.0,
        pace: float = STREAM_S,
        deliver_stale: bool = False,
        watched: bool = True,
        low_priority: bool = True,
    ) -> None:
        super().__init__(parent)
        self.rest = rest
        self.quiet = quiet
        self._pace = pace
        self._work = work
        self._deliver_stale = deliver_stale
        self._low_priority = low_priority
        self._watched = watched
        self._questions: LatestValue[tuple[int, Any]] = LatestValue()
        #: Of the newest question, of the one that the thread answers, and the first that counts.
        self._ticket = self._current = self._oldest = 0
        #: Whether the newest question is neither answered to its end nor given up.
        self.is_running = False
        self._asked_at = self._began_at = float("-inf")
        self._stream: _Stream | None = None
        self._lane = Lane(name, gives_up=True)
        self.destroyed.connect(self._lane.ask_to_end)

    # -- from any thread

    def ask(self, question: Any = None) -> None:
        """Ask; a question that waits is dropped, and a stream ends."""
        self._ticket += 1
        if not self._deliver_stale:
            self._oldest = self._ticket
        self.is_running = True
        self._asked_at = time.monotonic()
        self._questions.put((self._ticket, question))
        self.wake()

    def watch(self, on: bool) -> None:
        """Say whether the answers can be seen; while they cannot, nothing begins."""
        self._watched = on
        if on:
            self.wake()

    def wake(self, seconds: float = 0.0) -> None:
        """Have `process_pending` called in the thread, after a while or at once."""
        if self._watched:
            self._lane.put_once(self._step, time.monotonic() + seconds if seconds > 0 else 0.0)

    # -- in the GUI thread

    def stop(self) -> None:
        """Give up what was asked so far; nothing of it is delivered any more."""
        self._ticket += 1
        self._oldest = self._ticket
        self._questions.take()
        self.is_running = False

    def ask_to_end(self) -> None:
        """Begin nothing more until `watch`; returns at once."""
        self._watched = False
        self._lane.clear()

    def wait(self, seconds: float = SHUTDOWN_S) -> bool:
        """Wait until nothing is to be done, so long at the most; return whether that is so."""
        return self._lane.wait(seconds)

    def _take(self, stream: _Stream, newest: list[Any], is_last: bool) -> None:
        if stream.ticket >= self._oldest:
            if is_last and stream.ticket == self._ticket:
                self.is_running = False
            for value in newest:
                self.answered.emit(value)
            # The listener may have asked for something else.
            if is_last and stream.ticket >= self._oldest:
                self.finished.emit()
        stream.is_delivering = False
        if not is_last:
            self.wake()

    def _fail(self, ticket: int, sentence: str) -> None:
        if ticket >= self._oldest:
            if ticket == self._ticket:
                self.is_running = False
            self.failed.emit(sentence)

    # -- in the thread

    def process_pending(self) -> float | None:
        """Do what there is to do; return after how many seconds to call again, None if at a call.

        An exception is reported by `failed`.
        """
        early = self._early()
        if early is not None and early <= 0:
            self._begin()
            early = None
        if self._stream is not None and not self._stream.is_delivering:
            self._go_on(self._stream)
        return early

    def send(self, signal: pyqtBoundSignal, *values: Any) -> None:
        """Emit a signal of this object in the GUI thread, unless its owner is gone by then."""
        self._call(lambda: signal.emit(*values))

    def _step(self) -> None:
        if not self._watched:
            return
        if self._low_priority and not is_lowered():
            lower()
        try:
            again = self.process_pending()
        except Exception as error:  # reported to the user
            again = self._stream = None
            if sip.isdeleted(self):
                return
            self._call(partial(self._fail, self._current, reporter.sentence(error)))
        if again is not None:
            self.wake(again)

    def _early(self) -> float | None:
        """Return how many seconds it is too early for the question that waits, if there is one."""
        if not self._questions.is_full:
            return None
        due = max(self._asked_at + self.quiet, self._began_at + self.rest)
        return due - time.monotonic()

    def _begin(self) -> None:
        taken = self._questions.take()
        if taken is None:
            return
        self._current, question = taken
        self._began_at = time.monotonic()
        self._stream = None
        result = self._work(question)
        stream = _Stream(self._current, iter(()))
        if isinstance(result, Iterator):
            stream.values = result
            self._stream = stream
        else:
            self._call(partial(self._take, stream, [result], True))

    def _go_on(self, stream: _Stream) -> None:
        """Compute a stream's values for a moment and deliver the newest."""
        if stream.ticket < self._oldest:
            self._stream = None
            return
        newest: list[Any] = []
        end = time.monotonic() + self._pace
        for value in stream.values:
            newest = [value]
            if time.monotonic() >= end:
                break
        else:
            self._stream = None
        stream.is_delivering = True
        self._call(partial(self._take, stream, newest, self._stream is None))

    def _call(self, function: Callable[[], object]) -> None:
        def call() -> None:
            if not sip.isdeleted(self):
                function()

        call_in_gui_thread(call)
