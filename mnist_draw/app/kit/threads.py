"""Work off the GUI thread, values passed between threads, and the end of all of it.

There are two kinds of work: `Background` does one piece after another, `NewestOnly` and `Stream`
answer the newest question, once or with a stream of values. All are listed in `running` while they
work, so that the end of the program finds them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from copy import copy
from functools import partial
from typing import Any, Generic, TypeVar

from qtpy import sip
from qtpy.QtCore import QCoreApplication, QObject, Qt, Signal, SignalInstance, Slot

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.thread_priority import lower

T = TypeVar("T")

#: Seconds that all threads together get at the end: what the longest of them, a minibatch of a
#: large network and its files, takes on a slow computer.
SHUTDOWN_S = 10.0
#: Seconds that a thread of a `Background` waits for more work. Starting another one would hold up
#: the window until it has begun to run: where all cores are busy, that takes 10 to 20 ms.
_LINGER_S = 1.0


class LatestValue(Generic[T]):
    """A mailbox that holds only the newest value.

    A fast sender overwrites what a slow reader has not taken; so the reader always works on the
    newest value and never falls behind.
    """

    def __init__(self) -> None:
        # Its append and pop are atomic: no lock is needed.
        self._values: deque[T] = deque(maxlen=1)

    def put(self, value: T) -> None:
        self._values.append(value)

    @property
    def is_full(self) -> bool:
        return bool(self._values)

    def take(self) -> T | None:
        # Not by `contextlib.suppress`: each answer finds three of these, most of them empty.
        try:
            return self._values.pop()
        except IndexError:
            return None


def connect_direct(signal: SignalInstance, slot: Callable[..., object] | SignalInstance) -> None:
    """Call ``slot`` at once, in the thread that emits ``signal``."""
    # The published types of PyQt5 leave the kind of a connection out.
    signal.connect(slot, Qt.DirectConnection)  # type: ignore[call-arg]


class Registry:
    """The threads that run now; from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: list[SerialWorker] = []

    def add(self, thread: SerialWorker) -> None:
        """List a thread that begins; it lives at least until it is removed."""
        with self._lock:
            self._threads = [*self._threads, thread]

    def remove(self, thread: SerialWorker) -> None:
        """Take a thread that has ended off the list."""
        with self._lock:
            self._threads = [other for other in self._threads if other is not thread]

    def shut_down(self, seconds: float = SHUTDOWN_S) -> bool:
        """Ask all threads to end and wait up to `seconds`; return True if they have."""
        end = time.monotonic() + seconds
        ended = [True]
        # What ends may have begun something: the last network of a run is read elsewhere.
        while all(ended) and (threads := self._threads):
            for thread in threads:
                thread.ask_to_end()
            # Each is waited for, even after one that did not end: it may still write a file.
            ended = [thread.wait(max(0.0, end - time.monotonic())) for thread in threads]
        return all(ended)


#: All threads of the program but the window's own.
running = Registry()


class _Post(QObject):
    """Calls functions in the GUI thread, for as long as the program runs."""

    sent = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        app = QCoreApplication.instance()
        if app is not None:
            self.moveToThread(app.thread())
        # Between the events of its own thread, even where that thread emits.
        self.sent.connect(self._call, Qt.QueuedConnection)  # type: ignore[call-arg]

    @Slot(object)
    def _call(self, function: Callable[[], object]) -> None:
        function()


_posts: list[_Post] = []


def call_in_gui_thread(function: Callable[[], object]) -> None:
    """Call a function between the events of the GUI thread; from any thread."""
    if not _posts:
        _posts.append(_Post())
    _posts[0].sent.emit(function)


class SerialWorker:
    """A thread that takes one step after another, without references to their owner.

    The last reference to an owner, who may be a widget, must not be released in this thread.
    ``linger`` are the seconds that it waits for more work before it ends; None: for ever. At the
    end of the program it calls ``leave``, and ``gives_up`` what newer work would replace.
    """

    def __init__(
        self,
        name: str = "background",
        linger: float | None = None,
        gives_up: bool = False,
        leave: Callable[[], object] = lambda: None,
        low_priority: bool = False,
    ) -> None:
        self._name = name
        self._linger = linger
        self._gives_up = gives_up
        self._leave = leave
        self._low_priority = low_priority
        self._changed = threading.Condition()
        #: When each step is due, of `time.monotonic`, and the step.
        self._waiting: deque[tuple[float, Callable[[], None]]] = deque()
        self._busy = False
        self._ended = False
        self._thread: threading.Thread | None = None

    def put(self, step: Callable[[], None]) -> None:
        with self._changed:
            self._waiting.append((0.0, step))
            self._wake()

    def put_once(self, step: Callable[[], None], due: float = 0.0) -> None:
        """Take a step at a moment; one that waits is taken at the earlier of both moments."""
        with self._changed:
            if self._waiting:
                due = min(due, self._waiting.popleft()[0])
            if not self._ended:
                self._waiting.append((due, step))
                self._wake()

    def ask_to_end(self) -> None:
        """End after the step at hand if newer work would replace what waits, else after all.

        Steps put after the end begin anew: the user may have cancelled the end of the session.
        """
        self._leave()
        if self._gives_up:
            with self._changed:
                self._ended = self._thread is not None
                self._waiting.clear()
                self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds`; return True if nothing is left to do."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, seconds)

    def deliver(self, owner: QObject | None, function: Callable[..., object], *values: Any) -> None:
        """Call a function in the GUI thread, unless its owner is gone by then."""

        def call() -> None:
            if owner is None or not sip.isdeleted(owner):
                function(*values)

        call_in_gui_thread(call)

    def _wake(self) -> None:
        if not self._busy:
            self._busy = True
            running.add(self)
        if self._thread is None:
            self._thread = threading.Thread(target=self._live, name=self._name, daemon=True)
            self._thread.start()
        else:
            self._changed.notify_all()

    def _live(self) -> None:
        if self._low_priority:
            lower()
        while True:
            with self._changed:
                step = self._next_step()
            if step is None:
                return
            step()
            # It holds the owner, who may be gone before there is more to do.
            del step

    def _next_step(self) -> Callable[[], None] | None:
        """Wait for the next step; None ends the thread."""
        while True:
            if self._waiting:
                due = self._waiting[0][0]
                early = due - time.monotonic()
                if early <= 0:
                    return self._waiting.popleft()[1]
                self._changed.wait(early)
                continue
            if self._busy:
                self._busy = False
                running.remove(self)
                self._changed.notify_all()
            if self._ended or (not self._changed.wait(self._linger) and not self._busy):
                self._thread = None
                self._ended = False
                return None


class Background:
    """Does one piece of work after another in a thread that ends soon after the last.

    The work is done even when its owner is gone: it may write a drawing. Only the owner's
    functions are not called any more then. ``leave`` asks work that takes long, such as a training
    run, to end early.
    """

    def __init__(
        self,
        owner: QObject | None = None,
        name: str = "background",
        leave: Callable[[], object] = lambda: None,
    ) -> None:
        self._owner = owner
        self._worker = SerialWorker(name, _LINGER_S, leave=leave)

    def owned_by(self, owner: QObject) -> Background:
        """Return the same thread for an owner that may be gone earlier."""
        shared = copy(self)
        shared._owner = owner
        return shared

    def run(
        self,
        work: Callable[[], T],
        finished: Callable[[T], object] | None = None,
        failed: Callable[[Exception], object] | None = None,
    ) -> None:
        """Do ``work`` in the thread, then call ``finished`` with its result in the GUI thread."""

        def step() -> None:
            try:
                result = work()
            except Exception as error:  # what waits is done all the same
                if failed is None:
                    reporter.report(error)
                else:
                    self._worker.deliver(self._owner, failed, error)
            else:
                if finished is not None:
                    self._worker.deliver(self._owner, finished, result)

        self._worker.put(step)

    def wait(self, seconds: float = SHUTDOWN_S) -> bool:
        """Wait up to `seconds`; return True if all is done."""
        return self._worker.wait(seconds)


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

    answered = Signal(object)
    failed = Signal(str)

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

    answered = Signal(object)
    finished = Signal()
    failed = Signal(str)

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
