"""The k-th open, write, fsync and replace of each writer fails, for every k that there is."""

from __future__ import annotations

import builtins
import contextlib
import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from faults.kills import unsound
from faults.places import leftovers, workplace
from faults.rows import Row, Scale
from faults.writers import WRITERS

#: Where each call is looked up by the program and the libraries that write for it.
CALLS: dict[str, list[tuple[Any, str]]] = {
    "open": [(builtins, "open"), (io, "open"), (os, "open")],
    "fsync": [(os, "fsync")],
    "replace": [(Path, "replace"), (Path, "rename"), (os, "replace")],
    "mkdir": [(Path, "mkdir")],
    "write": [],
}
_REASONS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)


class Fault:
    """Lets the k-th call of a kind below a folder fail; ``struck`` tells whether there was one."""

    def __init__(self, kind: str, nth: int, reason: int) -> None:
        self._kind, self._left, self._reason = kind, nth, reason
        self.struck = False

    def _strike(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.struck = True
            raise OSError(self._reason, os.strerror(self._reason))

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """Let calls fail while the block runs."""
        saved = [(owner, name, getattr(owner, name)) for owner, name in CALLS[self._kind]]
        opener = builtins.open
        try:
            for owner, name, work in saved:
                setattr(owner, name, self._failing(work))
            if self._kind == "write":
                builtins.open = self._writing(opener)
            yield
        finally:
            builtins.open = opener
            for owner, name, work in saved:
                setattr(owner, name, work)

    def _failing(self, work: Any) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self._strike()
            return work(*arguments, **named)

        return call

    def _writing(self, opener: Any) -> Any:
        """Return an `open` whose binary files fail when they are written to."""

        def call(*arguments: Any, **named: Any) -> Any:
            file = opener(*arguments, **named)
            mode = named.get("mode", arguments[1] if len(arguments) > 1 else "r")
            return _Failing(file, self._strike) if set(mode) & set("xw+") else file

        return call


class _Failing:
    """A file whose `write` may fail; half of what it is given is written then."""

    def __init__(self, file: Any, strike: Any) -> None:
        self._file, self._strike = file, strike

    def write(self, content: bytes) -> int:
        try:
            self._strike()
        except OSError:
            self._file.write(content[: len(content) // 2])
            raise
        return int(self._file.write(content))

    def __enter__(self) -> _Failing:
        self._file.__enter__()
        return self

    def __exit__(self, *about: Any) -> Any:
        return self._file.__exit__(*about)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def attack(scale: Scale) -> list[Row]:
    """Let every call of every writer fail once."""
    row = Row("the k-th open, write, fsync, replace or mkdir fails, 17 writers")
    reasons = _REASONS[: scale.of(len(_REASONS), 1)]
    for name in WRITERS:
        for kind in CALLS:
            for reason in reasons:
                for nth in range(1, 40):
                    if not _one(row, name, kind, nth, reason):
                        break
    return [row]


def _one(row: Row, name: str, kind: str, nth: int, reason: int) -> bool:
    """Try one fault; return whether there was such a call."""
    from mnist_draw.errors import UserError

    with workplace() as folder:
        with contextlib.suppress(UserError):
            WRITERS[name](folder, 0)
        fault = Fault(kind, nth, reason)
        wrong = ""
        try:
            with fault.active():
                WRITERS[name](folder, 1)
        except UserError:
            pass
        except Exception as error:  # anything but a sentence is the finding
            wrong = f"{type(error).__name__}: {error}"
        if not fault.struck:
            return False
        broken = unsound(folder) + leftovers(folder)
        where = f"{name}, {kind} {nth} ({errno.errorcode[reason]})"
        row.check(not wrong and not broken, f"{where}: {wrong} {'; '.join(broken)}")
        # The next try works.
        try:
            WRITERS[name](folder, 1)
        except Exception as error:  # it stays broken: the finding
            row.check(False, f"{where}, and again: {type(error).__name__}: {error}")
    return True
