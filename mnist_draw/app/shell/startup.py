"""Start the window: hooks, then Qt; report what fails.

Only what the window shows at once is imported before it is visible; the network's libraries follow
in other threads.

A crash leaves a report, which the next start offers to show: where each thread stood, by Python's
fault handler, and what the user did before. It holds names of modules, functions and commands, and
versions; no file's name but the program's own, and nothing that the user has typed, drawn or read.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import platform
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_draw import __version__
from mnist_draw.app.kit.reporting import CRASH_LOG, LOG, NO_WINDOW, events, logger, reporter
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.i18n import _, best_of, language, system_languages
from mnist_draw.storage.atomic import check_writable, write_atomically
from mnist_draw.storage.folders import (
    HOME_VARIABLE,
    config_folder,
    data_folder,
    home_name,
    resource_path,
)
from mnist_draw.storage.opening import MEGABYTE, read_file

if TYPE_CHECKING:
    from qtpy.QtCore import QProcess
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app.shell.window import Window
    from mnist_draw.app.train.lesson import Lesson

#: Python's threads change at least this often, in seconds: the window waits no longer for
#: a worker that computes in Python.
SWITCH_INTERVAL = 0.0002


def run(arguments: list[str], file: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and return the exit status when it has closed."""
    use_writable_home()
    crash = report_crash()
    reporter.install()
    try:
        from qtpy import QtWidgets, sip  # noqa: F401 # All that the window needs must load.
        from qtpy.QtCore import QTimer

        from mnist_draw.app.kit import qt6  # noqa: F401 # Before the other modules of the window.
    except ImportError as error:
        logger.error("Qt cannot be loaded: %s", error)
        print(NO_WINDOW, file=sys.stderr)
        return 1
    from mnist_draw.app.shell import memory

    memory.limit_heap()
    reporter.install_qt()
    sys.setswitchinterval(SWITCH_INTERVAL)
    app = _make_app(arguments)

    from mnist_draw.app.kit.threads import running
    from mnist_draw.app.shell.desktop import FocusRing
    from mnist_draw.app.shell.help import offer_crash_report
    from mnist_draw.app.shell.shutdown import SystemSignals
    from mnist_draw.app.shell.window import Window

    memory.GuiThreadGarbageCollector(app)
    # Before the window is built: an interrupt in one of its methods that Qt calls would be lost.
    signals = SystemSignals(app)
    window = Window()
    shutdown = window.shutdown
    reporter.keeping = shutdown.save_now
    signals.close_requested.connect(shutdown.close_without_prompt)
    FocusRing(app)
    window.show()
    # Once the window has been painted.
    QTimer.singleShot(0, window.start)
    QTimer.singleShot(0, report_missing_font)
    if lesson is not None:
        from mnist_draw.app.shell.lesson import begin_lesson

        begin_lesson(window, lesson)
    ahead = compile_ahead(window)
    if file:
        window.open_files([file])
    if crash is not None:
        offer_crash_report(crash, window.state.page)
    status = app.exec_()
    ahead.kill()
    ended = running.shut_down()
    if shutdown.unsaved:
        # It has been said which network is lost.
        status = status or 1
    if ended:
        # PyQt deletes what is left then while it walks through it: what the end of a window calls
        # would change what it walks through.
        sip.delete(window)
        atexit._run_exitfuncs()
    else:
        logger.warning("leaving while a thread is still busy")
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # on Windows without a console
            stream.flush()
    # Everything is saved. Python would wait for the threads of libraries, and the destructors of
    # compiled code crash under threads that still compute.
    os._exit(status)


def use_writable_home() -> None:
    """Keep everything in a temporary folder, and say so, where the home cannot be written."""
    home = home_name()
    try:
        check_writable(config_folder() / "home")
        check_writable(data_folder() / "home")
    except StorageError as error:
        reason = reason_of(error.__cause__ if isinstance(error.__cause__, OSError) else error)
        with contextlib.suppress(OSError):
            place = os.environ[HOME_VARIABLE] = tempfile.mkdtemp(prefix="mnist_draw-")
            told = _(
                "Cannot write to {home}: {reason}. What you do now is kept in {place}, which the "
                "system may clear. Set the environment variable {variable} to a writable folder, "
                "and restart the program.",
                home=home,
                reason=reason,
                place=place,
                variable=HOME_VARIABLE,
            )
            reporter.report(StorageError(told))


def _make_app(arguments: list[str]) -> QApplication:
    """Tell Qt of the program, of screens and of the language."""
    from qtpy import QT5
    from qtpy.QtCore import Qt
    from qtpy.QtGui import QGuiApplication, QIcon
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app.kit import desktop
    from mnist_draw.app.shell.language import speak_language

    desktop.name_program()
    if QT5:  # Qt 6 does so by itself.
        QApplication.setAttribute(Qt.AA_EnableHighDpiScaling)
        QApplication.setAttribute(Qt.AA_UseHighDpiPixmaps)
    policies = Qt.HighDpiScaleFactorRoundingPolicy
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        policies.PassThrough if desktop.SCALES_EXACTLY else policies.RoundPreferFloor,
    )
    app = QApplication(["mnist-draw", *arguments])
    keep_all_moves()
    app.setApplicationName("mnist_draw")
    app.setApplicationDisplayName("MNIST Draw")
    app.setDesktopFileName("mnist-draw")
    app.setWindowIcon(QIcon(str(resource_path("desktop", "mnist-draw.png"))))
    if language() != "en":
        speak_language()
    if language() != (best_of(system_languages()) or "en"):
        # The desktop's dialogs speak its own language, Qt's that of this process.
        QApplication.setAttribute(Qt.AA_DontUseNativeDialogs)
    return app


def keep_all_moves() -> None:
    """Deliver each move of mouse, pen and finger, also those that wait for a busy window.

    Qt's platform plugins switch compression on when the application is made.
    """
    from qtpy.QtCore import QCoreApplication, Qt

    from mnist_draw.app.kit.desktop import keep_mouse_moves

    QCoreApplication.setAttribute(Qt.AA_CompressHighFrequencyEvents, False)
    QCoreApplication.setAttribute(Qt.AA_CompressTabletEvents, False)
    keep_mouse_moves()


#: Milliseconds after the first paint, in which the network gets ready to answer.
_AHEAD_MS = 3000


def compile_ahead(window: Window) -> QProcess:
    """Have a process compile what a run needs, once for a computer; a run that begins ends it."""
    from qtpy.QtCore import QProcess, QTimer

    process = QProcess(window)

    def is_needed() -> bool:
        from mnist_draw.analysis import compile_ahead

        return compile_ahead.is_needed()

    def begin(needed: bool) -> None:
        if needed and not window.state.run.is_running:
            from mnist_draw.analysis import compile_ahead

            # A download is no Python: it knows the program's commands only.
            is_download = getattr(sys, "frozen", False)
            known = ["script", compile_ahead.__file__]
            process.start(sys.executable, known if is_download else ["-m", compile_ahead.__name__])

    def make_way() -> None:
        if window.state.run.is_running:
            process.kill()

    window.state.follow(["run"], make_way)
    QTimer.singleShot(_AHEAD_MS, lambda: window.background.run(is_needed, begin))
    return process


def report_missing_font() -> None:
    """Say where the system cannot show letters; of Chinese not in Chinese."""
    from qtpy import QT5
    from qtpy.QtGui import QFontDatabase

    from mnist_draw.app.kit.notifier import Notifier

    fonts: Any = QFontDatabase() if QT5 else QFontDatabase
    if not fonts.families():
        reporter.print_at_end(
            _("This system has no font: the window shows no letters. Install DejaVu Sans."),
        )
    elif language() == "zh_CN" and not fonts.families(QFontDatabase.SimplifiedChinese):
        sentence = (
            "This system has no font with Chinese characters. Install one, such as Noto Sans CJK, "
            "or choose another language in the menu that F10 opens."
        )
        Notifier().problem(sentence)
        reporter.print_at_end(sentence)


#: Commands in the report of a crash.
_MAX_EVENTS = 100


def report_crash() -> Path | None:
    """Make a report of a crash, if there was one, and forget the crash; return the report."""
    try:
        folder = data_folder() / "log"
        text = read_file(folder / CRASH_LOG, MEGABYTE).decode("utf-8", "replace")
        if not text.strip():
            return None
        report = folder / time.strftime("crash-%Y%m%d-%H%M%S.txt")
        done = "\n".join(["What was done last:", *_last_events(folder / LOG), ""])
        stood = f"Where each thread stood:\n{_without_places(text)}"
        text = "\n".join([*versions(), "", done, stood])
        write_atomically(report, text.encode("utf-8", "replace"))
        (folder / CRASH_LOG).unlink()
    except (OSError, UserError):
        return None
    return report


def _last_events(log: Path) -> list[str]:
    """Return the commands that a log names last, with their times, and nothing else of it."""
    try:
        lines = read_file(log, MEGABYTE).decode("utf-8", "replace").splitlines()
    except (OSError, UserError):
        return []
    mark = f" {events.name}: "
    parts = [line.partition(mark) for line in lines if mark in line]
    return [f"{before.partition(',')[0]} {event}" for before, _mark, event in parts[-_MAX_EVENTS:]]


def versions() -> list[str]:
    """Return the versions of the program, the system and the libraries, in lines."""
    from importlib import metadata

    found = [
        f"mnist_draw {__version__}, Python {platform.python_version()}, {platform.system()} "
        f"{platform.release()} {platform.machine()}",
    ]
    for name in ("PyQt5", "PyQt6", "numpy", "pytensor", "llvmlite", "numba", "pyqtgraph"):
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
