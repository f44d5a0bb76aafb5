"""Work off the GUI thread, values passed between threads, and the end of all of it.

There are two kinds of work: `Background` does one piece after another,
`~mnist_draw.app.kit.newest_only.NewestOnly` answers the newest question. Both are listed in
`running` while they work, so that the end of the program finds them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PyQt5 import sip
from PyQt5.QtCore import QCoreApplication, QObject, Qt, pyqtBoundSignal, pyqtSignal, pyqtSlot

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


def connect_direct(signal: pyqtBoundSignal, slot: Callable[..., object] | pyqtBoundSignal) -> None:
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

    sent = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        app = QCoreApplication.instance()
        if app is not None:
            self.moveToThread(app.thread())
        # Between the events of its own thread, even where that thread emits.
        self.sent.connect(self._call, Qt.QueuedConnection)  # type: ignore[call-arg]

    @pyqtSlot(object)
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
