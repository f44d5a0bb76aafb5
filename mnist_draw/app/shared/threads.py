"""Short work off the GUI thread, its result back on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.shared.reporting import reporter
from mnist_draw.app.shared.signals import connect_queued

_SHUTDOWN_S = 10.0


class Background(QObject):
    """Does one piece of work after another in a thread that ends when there is none.

    What goes wrong is told to the user in words; the work behind it goes on.
    """

    _finished = pyqtSignal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._waiting: list[tuple[Callable[[], Any], Callable[[Any], object] | None]] = []
        self._thread: threading.Thread | None = None
        connect_queued(self._finished, self._deliver)

    def run(self, work: Callable[[], Any], done: Callable[[Any], object] | None = None) -> None:
        """Do ``work`` in the thread, then call ``done`` with its result in the GUI thread."""
        with self._lock:
            self._waiting.append((work, done))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="background", daemon=True)
                self._thread.start()

    def wait(self) -> bool:
        """Wait a bounded time until all is done; return whether it is."""
        end = time.monotonic() + _SHUTDOWN_S
        while (thread := self._thread) is not None and time.monotonic() < end:
            thread.join(end - time.monotonic())
        return self._thread is None

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                work, done = self._waiting.pop(0)
            try:
                result = work()
            except Exception as error:  # the user is told; what waits is done all the same
                reporter.report(error)
            else:
                if done is not None:
                    self._finished.emit(done, result)

    def _deliver(self, done: Callable[[Any], object], result: Any) -> None:
        done(result)
