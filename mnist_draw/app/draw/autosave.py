"""Save the board soon after each change and restore it at start-up.

Each open window has a file of its own and holds a lock on it: the first ``board.json``, one beside
it ``board-2.json``, and so on. At start-up a window takes, of the files without a lock, the one
that was written last; drawings in the others stay until they are shown and cleared.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer

from mnist_draw.app.draw.board_items import Item, PlacedPicture, Renderings
from mnist_draw.app.draw.canvas import Canvas, notifier
from mnist_draw.app.draw.drawing_files import read_drawing, record_of, snapshot
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.i18n import _, counted, joined
from mnist_draw.storage.atomic import (
    acquire_lock,
    lock_file,
    make_lock,
    release_lock,
    write_atomically,
)
from mnist_draw.storage.document import pack
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.unique_paths import numbered, quarantine

if TYPE_CHECKING:
    from filelock import BaseFileLock

# What was not saved is told on all pages.
drawings_notifier = Notifier("drawings", "draw")

#: Maximum number of windows with a file of their own.
_MAX_COUNT = 100


def board_path() -> Path:
    return data_folder() / "board.json"


class BoardFiles:
    """The file of this window, and those without a lock; for one thread at a time."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.others: list[Path] = []
        self._lock: BaseFileLock | None = None

    def lock_newest(self, is_empty: Callable[[Path], bool]) -> Path:
        found: list[tuple[int, Path, BaseFileLock]] = []
        for path in _names():
            lock = _taken(path) if path.exists() else None
            if lock is not None:
                found.append((path.stat().st_mtime_ns, path, lock))
        found.sort(key=lambda entry: entry[0], reverse=True)
        self.others = []
        for __, path, lock in found[1:]:
            if is_empty(path):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            else:
                self.others.append(path)
            release_lock(lock)
        if found:
            self.path, self._lock = found[0][1:]
            return self.path
        return self._lock_new()

    def write(self, content: bytes) -> None:
        write_atomically(self._hold(), content)

    def exchange(self, renderings: Renderings) -> tuple[list[Item], str] | None:
        """Read another window's file, exchange it for this one's; None if it is locked or gone."""
        path = self.others.pop(0)
        lock = _taken(path) if path.exists() else None
        if lock is None:
            return None
        try:
            read = _read(path, renderings)
            own = self._hold()
            if not read[1]:
                if own.exists():
                    self.others.append(next(free for free in _names() if not free.exists()))
                    own.rename(self.others[-1])
                path.rename(own)
                # The next start begins with the drawing shown last.
                now = time.time_ns()
                os.utime(own, ns=(now, now))
        finally:
            release_lock(lock)
        return read

    def _hold(self) -> Path:
        """Return this window's file; lock it again where the window did not close after all."""
        if self._lock is None:
            self._lock = _taken(self.path) if self.path is not None else None
        return self.path if self._lock is not None and self.path is not None else self._lock_new()

    def release(self) -> None:
        """Unlock this window's file; writing locks it again."""
        if self._lock is not None:
            release_lock(self._lock)
            self._lock = None

    def _lock_new(self) -> Path:
        """Take the first file that does not exist and is not locked."""
        for path in _names():
            lock = None if path.exists() else _taken(path)
            if lock is not None:
                break
        # Beyond the limit, windows share the last file.
        self.path = path
        self._lock = lock or make_lock(lock_file(path))
        return path


def _names() -> Iterator[Path]:
    return islice(numbered(board_path()), _MAX_COUNT)


def _taken(path: Path) -> BaseFileLock | None:
    lock = make_lock(lock_file(path))
    return lock if acquire_lock(lock) else None


#: Milliseconds from the last change until it is written: not while the pen moves.
_DELAY_MS = 800
#: Seconds that an earlier writing gets when the program ends at once.
_PATIENCE_S = 3.0


class Autosave(QObject):
    def __init__(
        self,
        canvas: Canvas,
        background: Background,
        before: Autosave | None = None,
    ) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._background = background
        #: Whether the drawing is that of the board before.
        self._goes_on = before is not None
        self._files: BoardFiles = BoardFiles() if before is None else before._files
        self.saved_items: list[Item] | None = None
        self._problem = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DELAY_MS)
        self._timer.timeout.connect(self._save_when_idle)

    def start(self) -> None:
        if self._goes_on:
            self.saved_items = []
            self._follow()
            return
        read = partial(_start, self._files, self._canvas.renderings())
        self._background.run(read, self._restored)

    def save(self) -> None:
        self._timer.stop()
        copies = self._unsaved()
        if copies is not None:
            self._background.run(partial(_write, self._files, copies), self._written)

    def finish(self) -> None:
        self.save()
        self._background.run(self._files.release)

    def save_at_once(self) -> str:
        """Write the board in this thread, for an end without an event loop."""
        # An earlier save must not overwrite this one.
        self._background.wait(_PATIENCE_S)
        copies = self._unsaved()
        return "" if copies is None else _write(self._files, copies)

    def _unsaved(self) -> list[Item] | None:
        """Return copies of what changed since it was written; it counts as written then."""
        items = self._canvas.drawing.items
        if self.saved_items is None or items is self.saved_items:
            return None
        self.saved_items = items
        return snapshot(items)

    def _save_when_idle(self) -> None:
        if self._canvas.drawing.growing is None:
            self.save()
        else:
            self._timer.start()

    def _restored(self, read: tuple[list[Item], str]) -> None:
        items, problem = read
        if items:
            self._canvas.restore(items)
        if problem:
            notifier.problem(problem)
        drawing = self._canvas.drawing
        # If something was drawn meanwhile, the restored board is not shown.
        self.saved_items = drawing.items if not drawing.can_undo else []
        self._follow()
        self._offer()

    def _follow(self) -> None:
        self._canvas.history_changed.connect(self._timer.start)
        self._timer.start()

    def _offer(self) -> None:
        others = self._files.others
        if others:
            which = counted(
                "Another window's drawing is kept in {files}, too.",
                "The drawings of {count} other windows are kept, too, in {files}.",
                len(others),
                files=", ".join(str(path) for path in others),
            )
            button = _("Show")
            drawings_notifier.problem(which, self._show_other, button)

    def _show_other(self) -> None:
        self.save()
        exchange = partial(self._files.exchange, self._canvas.renderings())
        self._background.run(exchange, self._switch)

    def _switch(self, read: tuple[list[Item], str] | None) -> None:
        if read is None:
            notifier.problem(
                _("That drawing is now open in another window, or its file is gone."),
            )
        elif read[1]:
            notifier.problem(read[1])
        elif self._canvas.is_drawing():
            QTimer.singleShot(_DELAY_MS, partial(self._switch, read))
        else:
            self._canvas.show_items(read[0])
            self.saved_items = self._canvas.drawing.items
            self._offer()

    def _written(self, problem: str) -> None:
        # Told once: the same sentence after every stroke would only be in the way.
        if problem and problem != self._problem:
            notifier.problem(problem)
        self._problem = problem
        if problem:
            # The next change, or the end of the program, tries again.
            self.saved_items = []


def _write(files: BoardFiles, items: list[Item]) -> str:
    """Write the board; return a sentence if it cannot be written."""
    try:
        files.write(pack(record_of(items)))
    except UserError as error:
        unsaved = _(
            "The drawing is on the board, but it is not saved: next time it would be gone.",
        )
        return joined(str(error), unsaved)
    return ""


def _start(files: BoardFiles, renderings: Renderings) -> tuple[list[Item], str]:
    """Take a file for the board; return its items, and a sentence if it could not be read."""
    try:
        return _read(files.lock_newest(_is_empty), renderings)
    except (OSError, UserError) as error:
        return [], _lost(error)


def _is_empty(path: Path) -> bool:
    try:
        return not read_drawing(path)
    except (OSError, UserError):
        return False


def _read(path: Path, renderings: Renderings) -> tuple[list[Item], str]:
    """Return the drawing in a file, and a sentence if it could not be read."""
    try:
        items = read_drawing(path)
        for item in items:
            if isinstance(item, PlacedPicture):
                item.prepare(renderings)
        return items, ""
    except FileNotFoundError:
        return [], ""
    except StorageError as error:
        return [], _lost(error)
    except UserError as error:
        problem = _(
            "The last drawing, kept in {path}, cannot be shown: {reason}. {kept} The board is "
            "empty.",
            path=path,
            reason=reason_of(error),
            kept=quarantine(path),
        )
        return [], problem
    except Exception as error:  # the program starts all the same
        return [], reporter.sentence(error)


def _lost(error: Exception) -> str:
    return _("The last drawing: {reason}. The board is empty.", reason=reason_of(error))
