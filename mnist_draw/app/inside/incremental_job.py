"""A long count in the background that can be watched, paused and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.thread_priority import lower

#: Values are handed over so often, in seconds: often enough to look continuous.
_STEP_S = 0.06


class IncrementalJob(QObject):
    """Takes value after value from an iterator in another thread.

    Each piece of the count is asked for when the last one has been shown. So a count pauses when
    nobody asks, a slow window never gets behind, and a newer count takes over after one piece.
    Nothing is counted before `set_active`: a section that nobody has opened costs nothing.
    """

    stepped = pyqtSignal(object)
    ended = pyqtSignal()
    failed = pyqtSignal(str)

    def __init__(
        self, parent: QObject | None = None, prepare: Callable[[Any], None] | None = None
    ) -> None:
        super().__init__(parent)
        self._prepare = prepare
        self._background = Background(self, newest_only=True)
        self._make: Callable[[], Iterator[Any]] | None = None
        self._values: Iterator[Any] | None = None
        self._ticket = 0
        self._asked = False
        self._active = False

    @property
    def is_counting(self) -> bool:
        """Whether there is a count that has neither ended nor been stopped."""
        return self._make is not None

    def start(self, make: Callable[[], Iterator[Any]]) -> None:
        """Begin a count; another one that runs is given up."""
        self._ticket += 1
        self._make, self._values, self._asked = make, None, False
        self._ask()

    def stop(self) -> None:
        """Give the count up."""
        self._ticket += 1
        self._make = self._values = None
        self._asked = False

    def set_active(self, on: bool) -> None:
        """Go on counting, or pause."""
        self._active = on
        if on:
            self._ask()

    def wait(self) -> bool:
        """Stop, and wait a bounded time for the thread; return whether it has ended."""
        self.stop()
        return self._background.wait()

    def _ask(self) -> None:
        if self._make is None or self._asked or not self._active:
            return
        self._asked = True
        ticket, make, values = self._ticket, self._make, self._values
        prepare = self._prepare

        def work() -> tuple[Iterator[Any], list[Any], bool]:
            lower()
            source = make() if values is None else values
            newest, ended = _piece(source)
            if prepare is not None:
                for value in newest:
                    prepare(value)
            return source, newest, ended

        def done(found: tuple[Iterator[Any], list[Any], bool]) -> None:
            if ticket == self._ticket:
                self._take(*found)

        def failed(error: Exception) -> None:
            if ticket == self._ticket:
                self.stop()
                self.failed.emit(reporter.sentence(error))

        self._background.run(work, done, failed)

    def _take(self, values: Iterator[Any], newest: list[Any], ended: bool) -> None:
        ticket = self._ticket
        self._values, self._asked = values, False
        if ended:
            self._make = None
        for value in newest:
            self.stepped.emit(value)
        # Whoever was told may have begun another count.
        if ticket == self._ticket:
            if ended:
                self.ended.emit()
            else:
                self._ask()


def _piece(source: Iterator[Any]) -> tuple[list[Any], bool]:
    """Count for a moment; return the newest value, if there is one, and whether that is all."""
    newest: list[Any] = []
    end = time.monotonic() + _STEP_S
    for value in source:
        newest = [value]
        if time.monotonic() >= end:
            return newest, False
    return newest, True
