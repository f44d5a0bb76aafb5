"""Measure how long the window takes from a mouse event to the answer that knows of it.

The program's own window is opened on its Draw tab and digits are drawn on its board with mouse
events, as many a second as a mouse sends, posted by a thread that keeps time however busy the
window is::

    python benchmarks/latency.py [--networks best,mlp] [--train] [--quick] [--json]
                                 [--screen] [--rate 125] [--digits 40] [--blocks 3]

Measured are, in milliseconds, from the moment at which an event was due: until an answer that
includes it is shown (an event that comes while the network still reads is answered together with
those after it), and until its ink has been painted. Blocks in which the ink that spoke is shown,
up to 25 times a second, take turns with blocks without it. ``--train`` trains the
tutorial's network at full speed meanwhile. The last line is what an idle process with a timer of
5 ms suffers at the same time. Without ``--screen`` Qt's offscreen platform paints.

Below these is the GUI thread's own processor time for each mouse event, in milliseconds, and by
part: to serve the event, to copy the ink, to post it, to show the answer, to paint, and for the
rest, such as bars that glide. It includes what this script costs, about 0.1 ms.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from homes import share_compiled_code  # noqa: E402
from idle_process import IdleProcess  # noqa: E402

#: Board units that the pen covers in a second.
SPEED = 900.0
EPOCHS = 900
#: Parts of the GUI thread's processor time.
PARTS = "event", "ink", "post", "answer", "paint", "other"
#: Strokes of each digit, in board units (0 to 600).
DIGITS: tuple[tuple[tuple[tuple[float, float], ...], ...], ...] = (
    (((300, 120), (210, 200), (200, 380), (300, 480), (390, 380), (390, 200), (300, 120)),),
    (((260, 180), (320, 120), (310, 480)),),
    (((210, 190), (300, 120), (380, 200), (300, 330), (200, 470), (400, 470)),),
    (((210, 150), (330, 120), (370, 200), (270, 280), (380, 360), (330, 470), (200, 450)),),
    (((330, 120), (200, 350), (420, 350)), ((360, 250), (340, 490))),
    (((390, 130), (240, 130), (220, 270), (350, 280), (390, 390), (310, 480), (200, 450)),),
    (((350, 120), (230, 300), (230, 430), (320, 480), (380, 400), (320, 320), (230, 380)),),
    (((200, 130), (400, 130), (320, 300), (280, 480)),),
    (
        (
            (380, 170), (290, 120), (230, 190), (370, 370), (320, 470), (230, 430), (260, 320),
            (380, 200),
        ),
    ),
    (((370, 220), (290, 300), (220, 220), (290, 130), (370, 180), (350, 480)),),
)  # fmt: skip


class PartClock:
    """Counts the processor time of the thread that makes it, by part."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._open = ["other"]
        self._since, self._sums = time.thread_time(), dict.fromkeys(PARTS, 0.0)

    def take(self) -> dict[str, float]:
        """Return the milliseconds of each part and begin anew."""
        self._charge()
        taken, self._sums = self._sums, dict.fromkeys(PARTS, 0.0)
        return taken

    def _charge(self) -> None:
        now = time.thread_time()
        self._sums[self._open[-1]] += 1000 * (now - self._since)
        self._since = now

    def act(self, name: str, act: Callable[..., Any], *arguments: Any) -> Any:
        """Do something and count it as a part, except for parts within it."""
        self._charge()
        self._open.append(name)
        result = act(*arguments)
        self._charge()
        self._open.pop()
        return result

    def count(self, owner: type, method: str, name: str) -> None:
        """Count a method as a part, in this clock's thread."""
        act = getattr(owner, method)

        def counted(*arguments: Any) -> Any:
            if threading.get_ident() != self._thread:
                return act(*arguments)
            return self.act(name, act, *arguments)

        setattr(owner, method, counted)


def count_parts() -> PartClock:
    """Count the parts of the program's window; called before it is made."""
    from mnist_draw.app.draw.answer_panel import AnswerPanel
    from mnist_draw.app.draw.draw_tab import DrawTab
    from mnist_draw.app.draw.drawing import Drawing

    clock = PartClock()
    clock.count(Drawing, "reader", "ink")
    clock.count(DrawTab, "_post_ink", "post")
    clock.count(DrawTab, "show_reading", "answer")
    clock.count(AnswerPanel, "show_explanation", "answer")
    return clock


class Watch:
    """Takes the times, in the GUI thread."""

    def __init__(self, window: Any, clock: PartClock) -> None:
        from qtpy.QtCore import QCoreApplication, QEvent, QObject

        watch = self

        class Painting(QObject):
            def eventFilter(self, watched: Any, event: Any) -> bool:
                if watched is not window or event.type() != QEvent.UpdateRequest:
                    return False
                window.removeEventFilter(self)
                clock.act("paint", QCoreApplication.sendEvent, window, event)
                watch._end_painting()
                window.installEventFilter(self)
                return True

        class Filter(QObject):
            def eventFilter(self, watched: Any, event: Any) -> bool:
                if event.type() == QEvent.Paint:
                    # What waits is painted when the window has been.
                    watch.painting.extend(watch.unpainted)
                    watch.unpainted.clear()
                return False

        self.posted: list[float] = []
        self.unpainted: list[float] = []
        self.painting: list[float] = []
        self.waiting: dict[int, list[float]] = {}
        self.answered: list[float] = []
        self.painted: list[float] = []
        self.clock, self.events = clock, 0
        self._painting = Painting(window)
        window.installEventFilter(self._painting)
        self._filter = Filter(window)
        tab = window.draw_tab
        tab.canvas.installEventFilter(self._filter)
        tab.ink_posted.connect(self._post)
        # Connected after the tab's own slot, but served later: the time is taken there.
        window.recognition.answered.connect(self._answer)
        self.shown_at = 0.0
        show = tab.answer.show_reading

        def show_reading(reading: Any) -> None:
            show(reading)
            self.shown_at = time.perf_counter()

        tab.answer.show_reading = show_reading

    def moved(self, due: float) -> None:
        """Note that a mouse event is about to be served."""
        self.posted.append(due)
        self.unpainted.append(due)
        self.events += 1

    def _post(self, ink: Any) -> None:
        # Clearing the board, pressing and releasing change the ink too; only moves are timed.
        self.waiting[ink.ticket], self.posted = self.posted, []

    def _answer(self, reading: Any) -> None:
        for known in [known for known in self.waiting if known <= reading.ticket]:
            self.answered += [1000 * (self.shown_at - due) for due in self.waiting.pop(known)]

    def _end_painting(self) -> None:
        now = time.perf_counter()
        self.painted += [1000 * (now - due) for due in self.painting]
        self.painting.clear()

    def take(self) -> dict[str, list[float]]:
        """Return what was measured and begin anew; in the GUI thread."""
        events, self.events = max(self.events, 1), 0
        spent = {f"GUI {name}": [took / events] for name, took in self.clock.take().items()}
        result = {"answer": self.answered, "ink": self.painted, **spent}
        self.answered, self.painted = [], []
        self.waiting.clear()
        return result


def _signals() -> Any:
    from qtpy.QtCore import QObject, Signal

    class Signals(QObject):
        call = Signal(object)
        mouse = Signal(int, float, float, float)

    return Signals()


class Hand:
    """Draws, from a thread of its own."""

    def __init__(self, window: Any, watch: Watch, rate: float) -> None:
        from qtpy.QtCore import QCoreApplication, Qt

        self._send = QCoreApplication.sendEvent
        self._window, self._watch, self._rate = window, watch, rate
        self._canvas, self._mouse_event = window.draw_tab.canvas, _mouse_events(window)
        self._gui = _signals()
        self._gui.call.connect(lambda work: work(), Qt.QueuedConnection)
        self._gui.mouse.connect(self._serve, Qt.QueuedConnection)

    def in_gui(self, work: Any) -> Any:
        """Do something in the GUI thread and return its result."""
        done = threading.Event()
        results: list[Any] = []
        self._gui.call.emit(lambda: (results.append(work()), done.set()))
        if not done.wait(60):
            raise RuntimeError("the window does not answer")
        return results[0]

    def draw(self, digits: int) -> None:
        """Draw digits, clearing the board before each."""
        for number in range(digits):
            self.in_gui(self._window.draw_tab.canvas.clear)
            for stroke in DIGITS[number % len(DIGITS)]:
                self._stroke(stroke)
            time.sleep(0.3)

    def _stroke(self, corners: Sequence[tuple[float, float]]) -> None:
        from qtpy.QtCore import QEvent

        points = _along(corners, SPEED / self._rate)
        self._gui.mouse.emit(QEvent.MouseButtonPress, *points[0], 0.0)
        due = time.perf_counter()
        for x, y in points[1:]:
            due += 1 / self._rate
            time.sleep(max(0.0, due - time.perf_counter()))
            self._gui.mouse.emit(QEvent.MouseMove, x, y, due)
        self._gui.mouse.emit(QEvent.MouseButtonRelease, *points[-1], 0.0)

    def _serve(self, kind: int, x: float, y: float, due: float) -> None:
        """Give the board a mouse event, in the GUI thread."""
        if due:
            self._watch.moved(due)
        event = self._mouse_event(kind, x, y)
        self._watch.clock.act("event", self._send, self._canvas, event)


def _mouse_events(window: Any) -> Callable[[int, float, float], Any]:
    """Return what makes a mouse event at a place of the board."""
    from qtpy.QtCore import QEvent, QPointF, Qt
    from qtpy.QtGui import QMouseEvent

    to_widget = window.draw_tab.canvas.to_widget

    def make(kind: int, x: float, y: float) -> Any:
        buttons = Qt.NoButton if kind == QEvent.MouseButtonRelease else Qt.LeftButton
        place = to_widget(QPointF(x, y))
        return QMouseEvent(QEvent.Type(kind), place, Qt.LeftButton, buttons, Qt.NoModifier)

    return make


def _along(corners: Sequence[tuple[float, float]], step: float) -> list[tuple[float, float]]:
    """Return points along a line, a step apart."""
    points = [corners[0]]
    for (x0, y0), (x1, y1) in pairwise(corners):
        count = max(1, round(math.hypot(x1 - x0, y1 - y0) / step))
        points += [
            (x0 + (x1 - x0) * n / count, y0 + (y1 - y0) * n / count) for n in range(1, count + 1)
        ]
    return points


def measure(window: Any, watch: Watch, hand: Hand, arguments: argparse.Namespace) -> dict[str, Any]:
    """Measure all networks; called in a thread beside the GUI's."""
    from qtpy.QtCore import Qt

    from mnist_draw.library.networks import list_shipped

    explained = threading.Event()
    window.explanations.answered.connect(lambda _: explained.set(), Qt.DirectConnection)
    known = {model.name: model for model in list_shipped()}
    results: dict[str, Any] = {}
    # Explanations are prepared while somebody can see them.
    switch = window.draw_tab.answer.ink.switch
    hand.in_gui(lambda: switch.setChecked(True))
    if arguments.train:
        hand.in_gui(lambda: _start_run(window))
        time.sleep(4)
    for name in arguments.networks.split(","):
        window.recognition.post_model(known[name].load())
        hand.draw(min(2, arguments.digits))
        explained.clear()
        hand.draw(min(4, arguments.digits))
        explained.wait(10)
        hand.in_gui(watch.take)
        sums: dict[str, dict[str, list[float]]] = {"with": {}, "without": {}}
        for block in range(2 * arguments.blocks):
            kind = ("with", "without")[(block + block // 2) % 2]
            explains = kind == "with"
            hand.in_gui(lambda: switch.setChecked(explains))  # noqa: B023
            hand.draw(arguments.digits)
            for what, values in hand.in_gui(watch.take).items():
                sums[kind].setdefault(what, []).extend(values)
        results[name] = {kind: _summary(measured) for kind, measured in sums.items()}
    return results


def _start_run(window: Any) -> None:
    from mnist_draw.training.settings import TrainingSettings

    window.train_tab.settings.show_settings(TrainingSettings(network="mlp", epochs=EPOCHS))
    # The network that is trained must not take the place of the one that is measured.
    window.training.trained.disconnect()
    window.run.start()


def _summary(measured: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Return the figures of the waits, and the mean of the blocks' processor time by part."""
    result = {what: _figures(measured[what]) for what in ("answer", "ink")}
    spent = {name: round(float(np.mean(measured[f"GUI {name}"])), 3) for name in PARTS}
    result["GUI thread"] = {**spent, "all": round(sum(spent.values()), 3)}
    return result


def _figures(milliseconds: Sequence[float]) -> dict[str, float]:
    if not milliseconds:
        return {"events": 0}
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {
        "p50": round(float(p50), 2),
        "p99": round(float(p99), 2),
        "max": round(float(max(milliseconds)), 2),
        "events": len(milliseconds),
    }


def _row(figures: dict[str, float]) -> str:
    times = "".join(f"{figures.get(key, math.nan):8.2f}" for key in ("p50", "p99", "max"))
    return f"{times}{figures['events']:8}"


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--networks", default="best,mlp", help="names in resources/models")
    parser.add_argument("--train", action="store_true", help="train meanwhile")
    parser.add_argument("--rate", type=float, default=125.0, help="mouse events a second")
    parser.add_argument("--digits", type=int, default=40, help="digits in a block")
    parser.add_argument("--blocks", type=int, default=3, help="blocks with and without, each")
    parser.add_argument("--screen", action="store_true", help="use the real platform")
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.digits, arguments.blocks = 1, 1
    if not arguments.screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    # The end of the program removes it.
    home = tempfile.TemporaryDirectory()
    if arguments.quick:
        share_compiled_code(Path(home.name))
    os.environ["MNIST_DRAW_HOME"] = home.name
    _open(arguments)
    # Reached only if there was no window.
    return 1


def _report(arguments: argparse.Namespace, results: dict[str, Any], late: dict[str, float]) -> None:
    if arguments.json:
        print(json.dumps(results | {"idle process": late}))
        return
    print(f"{'':10}{'explanations':14}{'from event to':16}{'p50':>8}{'p99':>8}{'max':>8}  events")
    for name, kinds in results.items():
        for kind, parts in kinds.items():
            for what in ("answer", "ink"):
                print(f"{name:10}{kind:14}{what:16}{_row(parts[what])}")
    print(f"{'an idle process meanwhile':40}{_row(late)}")
    columns = (*PARTS, "all")
    print("\n" + f"{'GUI thread, ms an event':24}" + "".join(f"{name:>8}" for name in columns))
    for name, kinds in results.items():
        for kind, parts in kinds.items():
            spent = "".join(f"{parts['GUI thread'][column]:8.2f}" for column in columns)
            print(f"{name:10}{kind:14}{spent}")


def _open(arguments: argparse.Namespace) -> None:
    """Open the window, measure and print; the program's own end ends the process."""
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app import main as open_window

    results: dict[str, Any] = {}
    clock = count_parts()
    run_window = QApplication.exec_

    def measured() -> int:
        from mnist_draw.app.shell.window import Window

        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Window))
        window.resize(1366, 728)
        window.navigation.tabs.setCurrentWidget(window.draw_tab)
        watch = Watch(window, clock)
        # Made here: what it has done is done in this thread.
        hand = Hand(window, watch, arguments.rate)

        def work() -> None:
            try:
                results.update(measure(window, watch, hand, arguments))
            except Exception:
                traceback.print_exc()
            finally:
                window.training.stop(closing=True)
                QApplication.quit()

        with IdleProcess() as idle:
            threading.Thread(target=work, daemon=True).start()
            run_window()
        if results:
            _report(arguments, results, _figures(idle.milliseconds))
        return 0 if results else 1

    QApplication.exec_ = staticmethod(measured)
    open_window([])


if __name__ == "__main__":
    sys.exit(main())
