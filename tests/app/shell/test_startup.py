"""What is loaded before the window is visible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.slow]

PROGRAM = """
import sys
from PyQt5.QtWidgets import QApplication
from mnist_draw.app.shell.window import Window
app = QApplication([])
window = Window()
window.show()
# Figures about layers are shown in the Train tab.
light = {"mnist_draw.app.inside.inside_tab", "mnist_draw.analysis",
         "mnist_draw.analysis.layer_inspection"}
heavy = {"theano", "lasagne", "pytensor", "numba", "scipy", "pyqtgraph", "llvmlite"}
print(sorted(heavy & set(sys.modules)))
print([name for name in sys.modules if name.startswith(("mnist_draw.analysis",
       "mnist_draw.app.inside.")) and name not in light])
"""


def test_nothing_heavy_is_imported_before_the_window_is_visible(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "MNIST_DRAW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["[]", "[]"], done.stderr


def ended_by(home, name, before="pass"):
    """Open the window, close it by a signal or by its button, and return how that ended."""
    if name and os.name == "nt":
        pytest.skip("signals to another process")
    close = f"lambda: os.kill(os.getpid(), signal.{name})" if name else "self.close"
    code = (
        "import os, signal, sys\n"
        "from PyQt5.QtCore import QTimer\n"
        "from mnist_draw.app.shell import startup\n"
        "import mnist_draw.app.shell.window as w\n"
        "import mnist_draw.app.draw.recognition as r\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[1])!r})\n"
        "import fakes\n"
        "w.Recognition = lambda first, parent, **_: r.Recognition("
        "fakes.model, parent, fakes.Recogniser)\n"
        "start = w.Window.start\n"
        "def started(self):\n"
        "    start(self)\n"
        f"    {before}\n"
        f"    QTimer.singleShot(300, {close})\n"
        "w.Window.start = started\n"
        "from mnist_draw.app import main\n"
        "sys.exit(main())\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MNIST_DRAW_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["", "SIGINT", "SIGTERM", "SIGHUP"])
def test_the_window_opens_and_closes_with_status_0(tmp_path, name):
    """By its button, by Ctrl-C in the terminal, by ``kill`` and by closing the terminal."""
    done = ended_by(tmp_path, name)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_a_network_that_is_lost_is_no_success(tmp_path):
    lose = (
        "import mnist_draw.app.shell.shutdown as u; u.save_fallback = lambda model: None; "
        "self.shutdown.unsaved['run:1'] = fakes.model()"
    )
    done = ended_by(tmp_path, "SIGTERM", lose)
    assert done.returncode == 1
    assert "could be saved nowhere and is lost" in done.stderr


QT_IN_WHICH_THREAD = """
import sys, threading
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication

class Watch:
    seen = []
    def find_spec(self, name, path=None, target=None):
        in_gui_thread = threading.current_thread() is threading.main_thread()
        if name.startswith("PyQt5.Qt") and not in_gui_thread:
            self.seen.append(name)

sys.meta_path.insert(0, Watch())
from mnist_draw.app.shell.window import Window
app = QApplication([])
window = Window()
window.show()
window.start()
cards = window.train_tab.loss, window.train_tab.accuracy
ready = lambda: window.network.model is not None and all(card.plot is not None for card in cards)
timer = QTimer()
timer.timeout.connect(lambda: ready() and QTimer.singleShot(500, app.quit))
timer.start(50)
QTimer.singleShot(60_000, app.quit)
app.exec_()
print(ready(), Watch.seen)
window.shut_down()
"""


def test_modules_of_qt_are_loaded_in_the_gui_thread_only(tmp_path):
    # PyQt5 changes what its conversions look up while a module is loaded: in another thread than
    # theirs, that has crashed one start in twenty.
    done = subprocess.run(
        [sys.executable, "-c", QT_IN_WHICH_THREAD],
        env={**os.environ, "MNIST_DRAW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "True []", done.stderr
