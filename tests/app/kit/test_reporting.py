"""Nothing goes unnoticed: hooks, log file and sentences, in a process of their own."""

import os

import pytest

from ..conftest import run_python

pytestmark = pytest.mark.process

PROGRAM = """
import sys, threading
from mnist_draw.app.kit.reporting import reporter
reporter.install()
from qtpy.QtCore import QCoreApplication, QTimer, qWarning
reporter.install_qt()
app = QCoreApplication([])
def slot():
    raise ZeroDivisionError("in a slot")
def thread():
    raise KeyError("in a thread")
def late():
    qWarning("a warning of Qt")
    reporter.listen(lambda sentence: print("TOLD", sentence.splitlines()[0]))
    app.quit()
QTimer.singleShot(0, slot)
QTimer.singleShot(1, lambda: threading.Thread(target=thread).start())
QTimer.singleShot(200, late)
app.exec_()
print("ALIVE")
"""


def test_errors_in_slots_and_threads_are_told_logged_and_survived(tmp_path):
    done = run_python(PROGRAM, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "went wrong (ZeroDivisionError" in done.stdout
    assert "KeyError" in done.stdout
    assert "ALIVE" in done.stdout
    log = (tmp_path / "data" / "log" / "mnist_draw.log").read_text()
    assert "Traceback" in log
    assert "in a slot" in log
    assert "warning of Qt" in log
    assert (tmp_path / "data" / "log" / "crash.log").exists()


@pytest.mark.parametrize("name", ["", "mnist_draw.log", "crash.log"])
def test_without_a_log_the_program_works(tmp_path, name):
    home = tmp_path
    if name and os.name == "nt":
        pytest.skip("Windows has no such pipes")
    if name:
        (home / "data" / "log").mkdir(parents=True)
        # It is not waited for.
        os.mkfifo(home / "data" / "log" / name)
    else:
        home = tmp_path / "file"
        home.touch()
    done = run_python(PROGRAM, home)
    assert "TOLD No log" in done.stdout
    assert ("not a regular" in done.stdout) == bool(name)
    assert "ALIVE" in done.stdout


FULL = """reporter.install()
import errno, os
from mnist_draw.app.kit.reporting import logger
def full():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
logger.handlers[0].flush = full
"""


def test_a_log_on_a_full_disk_is_told_once_in_a_sentence(tmp_path):
    done = run_python(PROGRAM.replace("reporter.install()\n", FULL), tmp_path)
    assert "ALIVE" in done.stdout
    assert "Logging error" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("the disk is full") == 1


def test_a_full_log_that_another_window_has_open_is_written_on(tmp_path):
    """As on Windows, where what is open cannot be renamed."""
    program = """
from pathlib import Path
from mnist_draw.app.kit import reporting
reporting._LOG_BYTES = 200
def refuse(self, target):
    raise PermissionError(13, "The file is used by another process")
Path.replace = refuse
reporting.reporter.install()
for number in range(20):
    reporting.logger.warning("line %d", number)
"""
    done = run_python(program, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    log = (tmp_path / "data" / "log" / "mnist_draw.log").read_text("utf-8")
    assert [line.split()[-1] for line in log.splitlines()] == [str(n) for n in range(20)]


LOST = """
import threading, time
from mnist_draw.app.kit.reporting import reporter
reporter.install()
from qtpy.QtCore import qWarning
reporter.install_qt()
reporter.keeping = lambda: KEPT
def work():
    while True:
        time.sleep(0.01)
threading.Thread(target=work, daemon=True).start()
qWarning("The X11 connection broke (error 1). Did the X11 server die?")
"""


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ("['It is kept.', 'Could not write x.']", "It is kept. Could not write x."),
        ("1 / 0", "Something went wrong (ZeroDivisionError"),
    ],
)
def test_without_a_display_the_program_ends_in_words(kept, expected, tmp_path):
    done = run_python(LOST.replace("KEPT", kept), tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"so the window closed. {expected}" in done.stderr
    log = (tmp_path / "data" / "log" / "mnist_draw.log").read_text(encoding="utf-8")
    assert "X11 server die" in log
    assert "so the window closed" in log


@pytest.mark.parametrize("writable", [False, True])
def test_what_is_logged_has_any_name_and_makes_no_terminal_do_anything(tmp_path, writable):
    program = """
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.errors import UserError
reporter.install()
reporter.report(UserError("The file gr\\udcfcn \\x1b[31mx.png is empty.\\n2026-01-01 ERROR forged"))
"""
    home = tmp_path if writable else tmp_path / "file"
    home.touch()
    done = run_python(program, home)
    assert done.returncode == 0, done.stderr
    told = done.stderr
    if writable:
        assert told == ""
        told = (home / "data" / "log" / "mnist_draw.log").read_text(encoding="utf-8")
    assert "\\u001b[31mx.png is empty.\\u000a2026" in told
    assert "\x1b" not in told
