"""From the command to the visible window; whatever fails on the way is told in words.

Hooks first, then the look at display and libraries, then Qt. Only what the window shows at
once is imported before it is visible; the network's libraries follow in other threads.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING

from mnist_draw.app.kit.reporting import logger, reporter
from mnist_draw.app.shell import crash_report, heap, platform_check
from mnist_draw.errors import escape_unprintable
from mnist_draw.storage.folders import resource_path

if TYPE_CHECKING:
    from mnist_draw.app.shell.lesson import Lesson

#: Python's threads change at least this often, in seconds: the window waits no longer for
#: a worker that computes in Python.
SWITCH_INTERVAL = 0.0002


def run(arguments: list[str], network: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and return the exit status when it has closed."""
    heap.keep_small()
    crash = crash_report.take()
    reporter.install()
    reporter.noting = crash_report.begin()
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
    reporter.install_qt()
    sys.setswitchinterval(SWITCH_INTERVAL)
    if sys.platform == "win32":
        # Else the taskbar takes the window for one of Python's, with Python's icon.
        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("mnist_draw")
    QApplication.setAttribute(Qt.AA_EnableHighDpiScaling)
    QApplication.setAttribute(Qt.AA_UseHighDpiPixmaps)
    # X servers report screens of 100 dpi as a factor of 1.04, which would only blur; there the
    # size of the text carries what lies between whole factors.
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

    from mnist_draw.app.shell.collector import GuiThreadGarbageCollector
    from mnist_draw.app.shell.focus_ring import FocusRing
    from mnist_draw.app.shell.idle_memory import IdleMemoryTrimmer
    from mnist_draw.app.shell.shutdown import SystemSignals
    from mnist_draw.app.shell.window import Window

    collector = GuiThreadGarbageCollector(app)
    window = Window()
    shutdown = window.shutdown
    reporter.keeping, reporter.finishing = shutdown.save_now, shutdown.finish_learning
    SystemSignals(app).asked.connect(shutdown.close_without_prompt)
    IdleMemoryTrimmer(app)
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
