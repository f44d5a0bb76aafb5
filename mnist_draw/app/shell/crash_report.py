"""A crash that happens all the same leaves a report, which the next start offers to show.

When the processor stops the program, Python's fault handler writes where each thread stood into
``crash.log``. What the user did before is kept in a few kilobytes of a file that is mapped into
memory: noting something costs no more than copying it, and the system writes it even when the
program is gone. The next start makes a report of both. It holds names of modules, functions and
commands, and versions; no file's name but the program's own, and nothing that the user has typed,
drawn or read.
"""

from __future__ import annotations

import contextlib
import mmap
import platform
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

from mnist_draw import __version__
from mnist_draw.app.kit.reporting import CRASH_LOG
from mnist_draw.errors import UserError
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.opening import MEGABYTE, read_file, regular_only

EVENTS = "events.log"
#: Room for some hundred events of forty letters.
_ROOM = 4096
_LONGEST = 80


class Events:
    """The last events, in a file that outlives the program."""

    def __init__(self, path: Path) -> None:
        with open(path, "wb", opener=regular_only) as file:
            file.truncate(_ROOM)
        with open(path, "r+b", opener=regular_only) as file:
            self._memory = mmap.mmap(file.fileno(), _ROOM)
        self._place = 0

    def note(self, event: str) -> None:
        """Note what happens; the oldest is overwritten."""
        line = f"{time.strftime('%H:%M:%S')} {event[:_LONGEST]}\n".encode("ascii", "replace")
        if self._place + len(line) > _ROOM:
            self._memory[self._place :] = bytes(_ROOM - self._place)
            self._place = 0
        self._memory[self._place : self._place + len(line)] = line
        self._place += len(line)


def noted(path: Path) -> list[str]:
    """Return the events in a file, in their order as far as their times tell it."""
    with contextlib.suppress(OSError, UserError):
        lines = read_file(path, _ROOM).replace(b"\0", b"").decode("ascii", "replace").splitlines()
        # The line that the newest has cut in half begins with no time.
        return sorted(line for line in lines if line[2:3] == line[5:6] == ":")
    return []


def take() -> Path | None:
    """Make a report of a crash, if there was one, and forget the crash; return the report."""
    try:
        folder = data_folder() / "log"
        told = read_file(folder / CRASH_LOG, MEGABYTE).decode("utf-8", "replace")
        if not told.strip():
            return None
        report = folder / time.strftime("crash-%Y%m%d-%H%M%S.txt")
        done = ["What was done last:", *noted(folder / EVENTS)]
        stood = ["Where each thread stood:", _without_places(told)]
        text = "\n".join([*_versions(), "", *done, "", *stood])
        write_atomically(report, text.encode("utf-8", "replace"))
        (folder / CRASH_LOG).unlink()
    except (OSError, UserError):
        return None
    return report


def begin() -> Callable[[str], object] | None:
    """Return what notes an event from now on; None where nothing can be written."""
    try:
        folder = data_folder() / "log"
        folder.mkdir(exist_ok=True)
        return Events(folder / EVENTS).note
    except (OSError, UserError):
        return None


def _versions() -> list[str]:
    from importlib import metadata

    found = [f"mnist_draw {__version__}, Python {platform.python_version()}, {platform.system()} "
             f"{platform.release()} {platform.machine()}"]  # fmt: skip
    for name in ("PyQt5", "numpy", "pytensor", "llvmlite", "numba", "pyqtgraph"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return found


def _without_places(text: str) -> str:
    """Shorten the paths of modules, which may lie in the user's own folder."""
    roots = {*sysconfig.get_paths().values(), sys.prefix, str(Path(__file__).resolve().parents[3])}
    with contextlib.suppress(RuntimeError):
        roots.add(str(Path.home()))
    for root in sorted(filter(None, roots), key=len, reverse=True):
        text = text.replace(root, "…")
    return text
