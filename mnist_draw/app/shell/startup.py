"""From the command to the visible window; what fails on the way is told in a sentence.

Hooks first, then the look at display and libraries, then Qt. Only what the window shows at
once is imported before it is visible; the network's libraries follow in other threads.

A crash leaves a report, which the next start offers to show: where each thread stood, by Python's
fault handler, and what the user did before. It holds names of modules, functions and commands, and
versions; no file's name but the program's own, and nothing that the user has typed, drawn or read.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
import sysconfig
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mnist_draw import __version__
from mnist_draw.app.kit.reporting import CRASH_LOG, logger, reporter
from mnist_draw.app.shell import platform_check
from mnist_draw.errors import UserError, escape_unprintable
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import data_folder, resource_path
from mnist_draw.storage.opening import MEGABYTE, read_file, regular_only

if TYPE_CHECKING:
    from mnist_draw.app.shell.lesson import Lesson

#: Python's threads change at least this often, in seconds: the window waits no longer for
#: a worker that computes in Python.
SWITCH_INTERVAL = 0.0002


def run(arguments: list[str], network: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and return the exit status when it has closed."""
    crash = report_crash()
    reporter.install()
    reporter.noting = note_events()
    startup_problem = platform_check.startup_problem()
    if startup_problem is not None:
        print(escape_unprintable(startup_problem), file=sys.stderr)
        return 1
    try:
        from PyQt5.QtCore import Qt
        from PyQt5.QtGui import QGuiApplication, QIcon
        from PyQt5.QtWidgets import QApplication
    except ImportError as error:
        print(escape_unprintable(platform_check.qt_import_failure(error)), file=sys.stderr)
        return 1
    from mnist_draw.app.shell import memory

    memory.keep_small()
    reporter.install_qt()
    sys.setswitchinterval(SWITCH_INTERVAL)
    if sys.platform == "win32":
        # Else the taskbar takes the window for one of Python's, with Python's icon.
        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("mnist_draw")
    QApplication.setAttribute(Qt.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.AA_UseHighDpiPixmaps)
    # X servers report screens of 100 dpi as a factor of 1.04, which would only blur; there the
    # size of the text provides the steps between whole factors.
    policies = Qt.HighDpiScaleFactorRoundingPolicy
    exact = sys.platform in ("win32", "darwin")
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        policies.PassThrough if exact else policies.RoundPreferFloor
    )
    app = QApplication(["mnist-draw", *arguments])
    app.setApplicationName("mnist_draw")
    app.setApplicationDisplayName("MNIST Draw")
    app.setDesktopFileName("mnist-draw")
    app.setWindowIcon(QIcon(str(resource_path("desktop", "mnist-draw.png"))))

    from mnist_draw.app.shell.desktop import FocusRing
    from mnist_draw.app.shell.shutdown import SystemSignals
    from mnist_draw.app.shell.window import Window

    collector = memory.GuiThreadGarbageCollector(app)
    window = Window()
    shutdown = window.shutdown
    reporter.keeping, reporter.finishing = shutdown.save_now, shutdown.finish_learning
    SystemSignals(app).close_requested.connect(shutdown.close_without_prompt)
    memory.IdleMemoryTrimmer(app)
    FocusRing(app)
    window.show()
    window.start_later()
    if lesson is not None:
        window.use_lesson(lesson)
    if network:
        window.open_later(network)
    if crash is not None:
        window.tell_of_crash(crash)
    status = app.exec_()
    collector.stop()
    ended = window.shut_down()
    if shutdown.unsaved:
        # It has been said which network is lost.
        status = status or 1
    if not ended:
        # A thread that still compiles cannot be ended from outside, and everything is saved:
        # leave without the destructors that would abort the process.
        logger.warning("leaving while a thread is still busy")
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # on Windows without a console
                stream.flush()
        os._exit(status)
    return int(status)


EVENTS = "events.log"
_MAX_EVENTS, _MAX_LETTERS = 100, 80


class Events:
    """The last events, in a small file that outlives the program."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: deque[bytes] = deque(maxlen=_MAX_EVENTS)
        self._write()

    def note(self, event: str) -> None:
        """Write an event, and forget the oldest."""
        line = f"{time.strftime('%H:%M:%S')} {event[:_MAX_LETTERS]}\n"
        self._lines.append(line.encode("ascii", "replace"))
        with contextlib.suppress(OSError):
            self._write()

    def _write(self) -> None:
        with open(self._path, "wb", opener=regular_only) as file:
            file.writelines(self._lines)


def report_crash() -> Path | None:
    """Make a report of a crash, if there was one, and forget the crash; return the report."""
    try:
        folder = data_folder() / "log"
        text = read_file(folder / CRASH_LOG, MEGABYTE).decode("utf-8", "replace")
        if not text.strip():
            return None
        report = folder / time.strftime("crash-%Y%m%d-%H%M%S.txt")
        events = b""
        with contextlib.suppress(OSError, UserError):
            events = read_file(folder / EVENTS, MEGABYTE)
        done = f"What was done last:\n{events.decode('ascii', 'replace')}"
        stood = f"Where each thread stood:\n{_without_places(text)}"
        text = "\n".join([*_versions(), "", done, stood])
        write_atomically(report, text.encode("utf-8", "replace"))
        (folder / CRASH_LOG).unlink()
    except (OSError, UserError):
        return None
    return report


def note_events() -> Callable[[str], object] | None:
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
    """Shorten the paths of modules; they may contain the user's name."""
    roots = {*sysconfig.get_paths().values(), sys.prefix, str(Path(__file__).resolve().parents[3])}
    with contextlib.suppress(RuntimeError):
        roots.add(str(Path.home()))
    for root in sorted(filter(None, roots), key=len, reverse=True):
        text = text.replace(root, "…")
    return text
