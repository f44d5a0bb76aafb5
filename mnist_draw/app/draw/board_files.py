"""Which file keeps the board of a window: each window that is open has one of its own.

The first window has ``board.json``, one beside it ``board-2.json``, and so on. A window holds a
lock on its file. At the start it takes, of those that no window holds, the one that was written
last; drawings in the others are kept until they are shown and cleared.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.locks import lock_file, make_lock, take_lock
from mnist_draw.storage.unique_paths import numbered

if TYPE_CHECKING:
    from filelock import BaseFileLock

FILE_NAME = "board.json"
#: So many windows each have a file of their own.
_MAX_COUNT = 100


def board_path() -> Path:
    """Return where the board of the first window is kept."""
    return data_folder() / FILE_NAME


class BoardFiles:
    """The file of this window, and those that no window holds; for one thread at a time."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.others: list[Path] = []
        self._lock: BaseFileLock | None = None
        self._next: tuple[Path, BaseFileLock] | None = None

    def take(self, is_empty: Callable[[Path], bool]) -> Path:
        """Take the file that was written last of those that no window holds; return it."""
        found: list[tuple[int, Path, BaseFileLock]] = []
        for path in _names():
            lock = _taken(path) if path.exists() else None
            if lock is not None:
                found.append((path.stat().st_mtime_ns, path, lock))
        found.sort(key=lambda entry: entry[0], reverse=True)
        self.others = []
        for _, path, lock in found[1:]:
            if is_empty(path):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            else:
                self.others.append(path)
            lock.release()
        if found:
            _, self.path, self._lock = found[0]
        else:
            self._take_new()
        assert self.path is not None
        return self.path

    def write(self, content: bytes) -> None:
        """Write the board."""
        if self._lock is None:
            # The window has let go of it, and did not close after all.
            self._lock = _taken(self.path) if self.path is not None else None
            if self._lock is None:
                self._take_new()
        assert self.path is not None
        write_atomically(self.path, content)

    def hold_other(self) -> Path | None:
        """Hold the first of the others, too; None if a window has it by now, or it is gone."""
        path = self.others[0]
        lock = _taken(path) if path.exists() else None
        if lock is None:
            self.others.pop(0)
            return None
        self._next = path, lock
        return path

    def use_other(self) -> None:
        """Write to the file held with `hold_other` from now on; the one so far is another now."""
        assert self._next is not None
        before = self.path
        self.release()
        (self.path, self._lock), self._next = self._next, None
        self.others.remove(self.path)
        # What was looked at last comes back at the next start.
        with contextlib.suppress(OSError):
            os.utime(self.path)
        if before is not None and before.exists():
            self.others.append(before)

    def let_other_go(self) -> None:
        """Do not hold the other any longer."""
        if self._next is not None:
            self._next[1].release()
            self._next = None

    def release(self) -> None:
        """Let another window have this window's file; it is held again when it is written."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _take_new(self) -> None:
        """Take the first file that nobody has, and that does not exist."""
        for path in _names():
            if path.exists():
                continue
            lock = _taken(path)
            if lock is not None:
                self.path, self._lock = path, lock
                return
        # More windows than anybody opens: the last ones share a file.
        self.path, self._lock = path, make_lock(lock_file(path))


def _names() -> Sequence[Path]:
    return list(islice(numbered(board_path()), _MAX_COUNT))


def _taken(path: Path) -> BaseFileLock | None:
    """Return the lock of a file; None if another window holds it."""
    lock = make_lock(lock_file(path))
    return lock if take_lock(lock) else None
