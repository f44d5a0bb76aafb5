"""Passing values between threads without a flood of signals."""

from __future__ import annotations

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestValue(Generic[T]):
    """A mailbox that holds only the newest value.

    A fast sender overwrites what a slow reader has not taken; so the reader always works on the
    newest value and never falls behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value: T | None = None
        self._full = False

    def put(self, value: T) -> bool:
        """Leave a value; return True if the box was empty, when the reader must be woken."""
        with self._lock:
            was_empty = not self._full
            self._value = value
            self._full = True
            return was_empty

    def take(self) -> T | None:
        """Take the value out, or return None if there is none."""
        with self._lock:
            value, self._value = self._value, None
            self._full = False
            return value


class Inbox(Generic[T]):
    """A mailbox that keeps every value in order, emptied as a whole."""

    def __init__(self) -> None:
        # deque.append and popleft are atomic: no lock is needed for one sender and one reader.
        self._values: deque[T] = deque()

    def put(self, value: T) -> None:
        """Leave a value."""
        self._values.append(value)

    def take_all(self) -> list[T]:
        """Take everything out, oldest first."""
        values = []
        while self._values:
            values.append(self._values.popleft())
        return values
