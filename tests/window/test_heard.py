"""The window on a real accessibility bus, as a screen reader gets it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = ("xvfb-run", "dbus-run-session", "openbox", "xdotool")
#: The typelib of Atspi is one of the system's Python.
PYTHON = "/usr/bin/python3"
HAS_ATSPI = "import gi; gi.require_version('Atspi', '2.0')"


def reads_atspi():
    found = subprocess.run([PYTHON, "-c", HAS_ATSPI], capture_output=True, check=False)
    return found.returncode == 0


@pytest.mark.slow
@pytest.mark.window
@pytest.mark.process
@pytest.mark.skipif(not all(map(shutil.which, (*TOOLS, PYTHON))), reason=f"needs {TOOLS}")
def test_draw_train_and_inside_are_heard():
    pytest.importorskip(
        "PyQt6.QtWidgets",
        reason="PyQt5 says nothing",
        exc_type=ImportError,
    )
    if not reads_atspi():
        pytest.skip("needs python3-gi and gir1.2-atspi-2.0")
    heard = Path(__file__).parents[2] / "tools" / "heard.py"
    done = subprocess.run(
        [PYTHON, heard, sys.executable],
        env=os.environ | {"QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for words in (
        "Drawing board, ",
        "Pen up, 50% from the left, 75% from the top.",
        "Probability of 1, progress bar, 1000",
        "Start, button, ",
        "Epoch 1 of 20, Validation accuracy 9",
        "Try it, button",
        "Stroke 1 of ",
        "Mistakes, list, ",
    ):
        assert words in done.stdout, done.stdout
