"""What a crash leaves, and what the next start makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PyQt5.QtGui import QDesktopServices

from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.shell import startup
from mnist_draw.app.shell.header import MessageBar
from mnist_draw.app.shell.window import Window
from mnist_draw.storage.preferences import Preferences

PROGRAM = """
import faulthandler, sys
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.shell import startup
report = startup.report_crash()
if report is not None:
    print(report)
    sys.exit(0)
reporter.install()
reporter.noting = startup.note_events()
for number in range(300):
    reporter.note(f"command number {number}")
faulthandler._sigsegv()
"""


def start(home):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM], env={**os.environ, "MNIST_DRAW_HOME": str(home)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="a crash as POSIX has it")
def test_the_next_start_finds_a_report_of_a_crash_once(tmp_path):
    assert start(tmp_path).returncode < 0
    report = Path(start(tmp_path).stdout.strip()).read_text(encoding="utf-8")
    assert "Segmentation fault" in report
    assert "command number 299" in report
    assert "command number 1\n" not in report
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in report
    assert str(tmp_path) not in report
    assert str(Path.home()) not in report
    # A start after a start that went well finds nothing.
    assert start(tmp_path).returncode < 0


def test_no_crash_no_report(own_home):
    assert startup.report_crash() is None
    note = startup.note_events()
    assert note is not None
    note("tab draw")
    assert startup.report_crash() is None
    (events,) = own_home.rglob(startup.EVENTS)
    assert events.read_text()[9:] == "tab draw\n"


@pytest.mark.process
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_in_the_place_of_the_events_is_not_waited_for(own_home):
    (own_home / "data" / "log").mkdir(parents=True)
    os.mkfifo(own_home / "data" / "log" / startup.EVENTS)
    # Opening it waits in the system, where no time limit of the test would reach it.
    code = "from mnist_draw.app.shell import startup; print(startup.note_events())"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "None\n"


@pytest.mark.window
def test_the_window_offers_to_show_it(qtbot, tmp_path, monkeypatch):
    window = Window(Preferences())
    qtbot.addWidget(window)
    shown: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()))
    window.tell_of_crash(tmp_path / "crash-1.txt")
    bar = window.findChild(MessageBar, "messageBar")
    assert "crash-1.txt" in bar.words.text()
    assert bar.action_button.text() == "Show"
    bar.action_button.click()
    assert shown == [str(tmp_path / "crash-1.txt")]
    Notifier().undo("Deleted.", list)
    assert bar.action_button.text() == "Undo"
