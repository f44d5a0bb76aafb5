"""Locks between programs: each is a file that the system lets go of when its program is gone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock


def lock_file(path: Path) -> Path:
    """Return the file that is locked in the place of another, which is replaced when written."""
    return path.with_name(f".{path.name}.lock")


def make_lock(file: Path) -> BaseFileLock:
    """Return a lock that is not taken yet; it may be taken in one thread and left in another."""
    from filelock import FileLock

    return FileLock(file, timeout=0, thread_local=False)


def take_lock(lock: BaseFileLock, seconds: float = 0.0) -> bool:
    """Take a lock; return False only where another program has held it for so long.

    Some network drives cannot lock, and a folder that is missing would be made for the lock: there
    nobody is kept waiting.
    """
    from filelock import Timeout

    with contextlib.suppress(OSError, NotImplementedError):
        if Path(lock.lock_file).parent.is_dir():
            try:
                lock.acquire(timeout=seconds)
            except Timeout:
                return False
    return True


@contextlib.contextmanager
def held(path: str | os.PathLike[str]) -> Iterator[bool]:
    """Hold a file while the block runs, so that no other run writes it."""
    beside = lock_file(Path(os.path.realpath(path)))
    lock = make_lock(beside)
    taken = take_lock(lock)
    if taken and lock.is_locked and not beside.exists():
        # Who held it until now has removed the file that was waited for.
        lock.release()
        taken = take_lock(lock)
    try:
        yield taken
    finally:
        if taken and lock.is_locked:
            # Before it is let go, so that nobody else's is removed; Windows wants it closed first.
            with contextlib.suppress(OSError):
                beside.unlink()
            lock.release()
            if os.name == "nt":
                with contextlib.suppress(OSError):
                    beside.unlink()
