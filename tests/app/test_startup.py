"""What is loaded before the window is visible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from PyQt5.QtWidgets import QApplication
from mnist_draw.app.window import Window
app = QApplication([])
window = Window()
window.show()
heavy = {"theano", "lasagne", "pytensor", "numba", "scipy", "pyqtgraph", "llvmlite"}
print(sorted(heavy & set(sys.modules)))
"""


def test_nothing_heavy_is_imported_before_the_window_is_visible(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "MNIST_DRAW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_window_opens_and_closes_with_status_0(tmp_path: Path) -> None:
    code = (
        "import sys, threading\n"
        "from PyQt5.QtCore import QTimer\n"
        "from PyQt5.QtWidgets import QApplication\n"
        "from mnist_draw.app import startup\n"
        "import mnist_draw.app.window as w\n"
        "import mnist_draw.app.recognition_worker as r\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import fakes\n"
        "r._default_model, r._recogniser = fakes.model, fakes.Recogniser\n"
        "w.Recognition = lambda parent: r.Recognition("
        "r.RecognitionWorker(fakes.model, fakes.Recogniser), parent)\n"
        "start = w.Window.start\n"
        "def started(self):\n"
        "    start(self)\n"
        "    QTimer.singleShot(300, self.close)\n"
        "w.Window.start = started\n"
        "from mnist_draw.app import main\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MNIST_DRAW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
