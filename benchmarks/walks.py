"""Count the files of the program that data enters on its way through the running window.

The program's own window is opened in a new home, offscreen where there is no display. It is used
as a person does, and each call of a function of the package is recorded, in all threads, from the
first event of a walk to its last::

    python benchmarks/walks.py [--list WALK] [--json] [--quick]

Printed for each walk: files entered, functions, calls. Timers and painting in the same moment are
among them, so a figure is an upper bound: compare it with the same walk of another commit. The
bridge to Theano is left out. ``--list`` names the files of one walk; ``--quick`` draws only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "mnist_draw"
BRIDGE = "theano_bridge/"
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from homes import share_compiled_code  # noqa: E402

#: Seconds without input after the window is shown: the network is compiled meanwhile.
SETTLE_S = 6.0
#: Seconds in which nothing may happen.
REST_S = 5.0


class Recorder:
    """Counts calls by file and function while a walk is recorded."""

    def __init__(self) -> None:
        self.walks: dict[str, Counter[tuple[str, str]]] = {}
        self._calls: Counter[tuple[str, str]] | None = None
        threading.setprofile(self._note)
        sys.setprofile(self._note)

    def _note(self, frame: FrameType, event: str, argument: object) -> None:
        if self._calls is None or event != "call":
            return
        path = frame.f_code.co_filename
        if path.startswith(str(PACKAGE)):
            name = Path(path).relative_to(PACKAGE).as_posix()
            if not name.startswith(BRIDGE):
                self._calls[name, frame.f_code.co_name] += 1

    @contextlib.contextmanager
    def walk(self, name: str) -> Iterator[None]:
        self.walks[name] = self._calls = Counter()
        yield
        self._calls = None


def spin(seconds: float) -> None:
    """Handle events for a while."""
    from qtpy.QtCore import QEventLoop
    from qtpy.QtWidgets import QApplication

    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents(QEventLoop.AllEvents, 10)
        time.sleep(0.001)


def wait(holds: Callable[[], bool], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing within {seconds:g} s")
        spin(0.002)


def find(window: Any, name: str) -> Any:
    from qtpy.QtWidgets import QWidget

    return next(widget for widget in window.findChildren(QWidget) if widget.objectName() == name)


def has_number(widget: Any) -> bool:
    """Whether a figure shows a value; its labels are in it."""
    from qtpy.QtWidgets import QLabel

    labels = [widget, *widget.findChildren(QLabel)]
    texts = [label.text() for label in labels if isinstance(label, QLabel)]
    return any(sign.isdigit() for text in texts for sign in text)


def draw_stroke(window: Any) -> None:
    from qtpy.QtCore import QEvent, QPointF, Qt
    from qtpy.QtGui import QMouseEvent
    from qtpy.QtWidgets import QApplication

    canvas = window.draw_tab.canvas
    kinds = [QEvent.MouseButtonPress, *[QEvent.MouseMove] * 25, QEvent.MouseButtonRelease]
    for number, kind in enumerate(kinds):
        place = QPointF(300 + number / 4, 150 + 8 * number)
        held = Qt.NoButton if kind == QEvent.MouseButtonRelease else Qt.LeftButton
        event = QMouseEvent(QEvent.Type(kind), place, Qt.LeftButton, held, Qt.NoModifier)
        QApplication.sendEvent(canvas, event)


def use_window(window: Any, recorder: Recorder, quick: bool) -> None:
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QAbstractItemView, QLabel

    window.resize(1366, 728)
    spin(SETTLE_S)
    answer = find(window, "answerPanel")

    def texts() -> list[str]:
        return [label.text() for label in answer.findChildren(QLabel) if label.isVisible()]

    with recorder.walk("stroke -> bars"):
        before = texts()
        draw_stroke(window)
        wait(lambda: texts() != before)
        spin(0.3)
    if quick:
        return
    window.navigation.tabs.setCurrentWidget(window.train_tab)
    spin(1)
    with recorder.walk("one click on the number of epochs"):
        find(window, "epochsSpinBox").stepBy(-1)
        spin(0.3)
    with recorder.walk("start -> first minibatch"):
        QTest.mouseClick(find(window, "startButton"), Qt.LeftButton)
        wait(lambda: has_number(find(window, "lossLabel")))
    wait(lambda: has_number(find(window, "accuracyFigure")))
    with recorder.walk("half a second of training"):
        spin(0.5)
    QTest.keyClick(window, Qt.Key_F5, Qt.ShiftModifier)
    wait(lambda: bool(find(window, "finishedCard").isVisible()))
    spin(2)
    QTest.keyClick(window, Qt.Key_F9)
    page = find(window, "libraryPage")
    wait(lambda: bool(page.isVisible()))
    spin(2)
    rows = next(view for view in page.findChildren(QAbstractItemView) if view.isVisible())
    index = rows.model().index(0, 0)
    while not index.flags() & Qt.ItemIsSelectable:
        index = index.siblingAtRow(index.row() + 1)
    with recorder.walk("a run in the Library -> its curves"):
        place = rows.visualRect(index).center()
        QTest.mouseClick(rows.viewport(), Qt.LeftButton, Qt.NoModifier, place)
        wait(lambda: bool(find(window, "runPage").isVisible()))
        spin(0.5)
    with recorder.walk(f"nothing, for {REST_S:g} seconds"):
        spin(REST_S)


def report(walks: dict[str, Counter[tuple[str, str]]], listed: str, as_json: bool) -> None:
    files = {name: sorted({path for path, _ in calls}) for name, calls in walks.items()}
    if as_json:
        print(json.dumps(files), flush=True)
        return
    print(f"{'':40}{'files':>8}{'functions':>12}{'calls':>10}")
    for name, calls in walks.items():
        print(f"{name:40}{len(files[name]):8}{len(calls):12}{calls.total():10,}")
        if listed and listed in name:
            print(*(f"    {path}" for path in files[name]), sep="\n")
    sys.stdout.flush()


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--list", metavar="WALK", default="", help="name the files of a walk")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="draw only")
    arguments = parser.parse_args(argv)
    home = Path(tempfile.mkdtemp())
    if arguments.quick:
        share_compiled_code(home)
    os.environ["MNIST_DRAW_HOME"] = str(home)
    if not os.environ.get("DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    recorder = Recorder()
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app import main as open_window
    from mnist_draw.app.shell.window import Window

    def measured() -> int:
        windows = QApplication.topLevelWidgets()
        window = next(one for one in windows if isinstance(one, Window))
        try:
            use_window(window, recorder, arguments.quick)
        except Exception:
            # The program would put it into its log.
            traceback.print_exc()
            return 1
        report(recorder.walks, arguments.list, arguments.json)
        return 0

    QApplication.exec_ = staticmethod(measured)
    # The program's own end ends the process.
    return open_window([])


if __name__ == "__main__":
    sys.exit(main())
