"""Measure how long it takes from the command to the answer to a first stroke.

The program's own window is opened in a fresh process, and as soon as it has been painted a stroke
is drawn on its board with mouse events. First with an empty home, as after the installation, then
with what that start kept; in turns with ``python -c "import torch"`` where PyTorch is installed,
and with a process that only imports NumPy and Qt::

    python benchmarks/startup.py [--repeats 5] [--networks mlp,deep_cnn] [--screen] [--json]

In the last turn the window then rests for ten seconds, and *Start* is pressed for each of the
networks: the time is taken until the first minibatch has been learned and its figures have come to
the window. Reported are medians of the seconds from the start of the process until the window was
painted and until the answer was shown, and of the processor seconds spent by then; and of the last
turn the processor seconds after the rest (by then everything has been compiled), and the resident
memory of the quiet window. Five turns with two networks take about a minute. Without ``--screen``
Qt's offscreen platform paints.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from homes import share_compiled_code  # noqa: E402

#: Seconds of rest after the first answer before processor time and memory are read again.
REST_S = 10.0
#: What other processes are timed beside the program's.
OTHERS = {"import torch": "torch", "import numpy, qtpy.QtWidgets": "qtpy"}


# -- what is measured, in a process of its own


def open_window(networks: str, rest: float) -> None:
    """Open the window, draw, rest and train if that is wanted, print the figures, close."""
    from qtpy.QtCore import QEvent, QObject, QPointF, Qt, QTimer
    from qtpy.QtGui import QMouseEvent
    from qtpy.QtWidgets import QApplication

    from mnist_draw.training.events import BatchFinished
    from mnist_draw.training.settings import TrainingSettings

    began = float(os.environ["STARTUP_BEGAN"])
    waiting = [name for name in networks.split(",") if name]
    pressed: list[tuple[float, float]] = []
    seen: dict[str, float] = {}

    def note(name: str) -> None:
        seen[name] = time.time() - began
        seen[f"{name}_cpu"] = sum(os.times()[:4])

    class Painted(QObject):
        def eventFilter(self, watched: Any, event: Any) -> bool:
            if event.type() == QEvent.Paint and "painted" not in seen:
                note("painted")
                QTimer.singleShot(0, draw)
            return False

    def draw() -> None:
        canvas = window.draw_tab.canvas
        points = [(0.5, 0.2 + 0.03 * n) for n in range(20)]
        kinds = [QEvent.MouseButtonPress, *[QEvent.MouseMove] * 18, QEvent.MouseButtonRelease]
        for kind, (x, y) in zip(kinds, points, strict=True):
            place = QPointF(x * canvas.width(), y * canvas.height())
            buttons = Qt.NoButton if kind == QEvent.MouseButtonRelease else Qt.LeftButton
            event = QMouseEvent(QEvent.Type(kind), place, Qt.LeftButton, buttons, Qt.NoModifier)
            QApplication.sendEvent(canvas, event)

    def answered(reading: Any) -> None:
        if "answered" not in seen:
            note("answered")
            if rest:
                QTimer.singleShot(round(1000 * rest), rested)
            else:
                end()

    def rested() -> None:
        note("rested")
        seen["resident_mb"] = _resident_mb()
        window.training.happened.connect(happened)
        window.training.ended.connect(next_run, Qt.QueuedConnection)
        # What learns must not take the place of what answers.
        window.training.trained.disconnect()
        next_run()

    def end() -> None:
        print(json.dumps(seen), flush=True)
        window.close()

    def next_run() -> None:
        if not waiting:
            end()
            return
        settings = TrainingSettings(network=waiting[0])
        window.train_tab.settings.show_settings(settings)
        pressed.append((time.time(), time.process_time()))
        window.run.start()

    def happened(events: list[Any]) -> None:
        if any(isinstance(event, BatchFinished) for event in events) and pressed:
            name = waiting.pop(0)
            (pressed_at, cpu) = pressed.pop()
            seen[f"run {name}"] = time.time() - pressed_at
            seen[f"run {name}_cpu"] = time.process_time() - cpu
            window.training.stop()

    def measured() -> int:
        nonlocal window
        from mnist_draw.app.shell.window import Window

        window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Window))
        window.draw_tab.canvas.installEventFilter(painted)
        window.recognition.answered.connect(answered, Qt.QueuedConnection)
        return int(run_window())

    window: Any = None
    painted = Painted()
    run_window = QApplication.exec_
    QApplication.exec_ = staticmethod(measured)  # type: ignore[method-assign]
    from mnist_draw.app import main as run

    run([])


def _resident_mb() -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6


# -- who measures


def start_once(home: Path, networks: str, screen: bool, rest: float) -> dict[str, float]:
    """Start the program in a fresh process; return its figures."""
    environment = os.environ | {"MNIST_DRAW_HOME": str(home), "STARTUP_BEGAN": str(time.time())}
    if not screen:
        environment["QT_QPA_PLATFORM"] = "offscreen"
    for name in ("PYTENSOR_FLAGS", "THEANO_FLAGS", "NUMBA_CACHE_DIR"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, __file__, "--measure", "--networks", networks, "--rest", str(rest)],
        env=environment, capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    if done.returncode or not done.stdout:
        raise RuntimeError(f"the window ended with status {done.returncode}: {done.stderr[-800:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def time_other(code: str) -> dict[str, float]:
    """Time a process that runs some code."""
    began, cpu = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    after = os.times()
    spent = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    return {"answered": time.perf_counter() - began, "answered_cpu": spent}


def measure(repeats: int, networks: str, screen: bool, quick: bool) -> dict[str, dict[str, float]]:
    """Measure all in turns; medians."""
    others = {code: code for code, name in OTHERS.items() if importlib.util.find_spec(name)}
    runs: dict[str, list[dict[str, float]]] = {}
    for turn in range(1, repeats + 1):
        with tempfile.TemporaryDirectory(prefix="startup-") as folder:
            if quick:
                share_compiled_code(Path(folder))
            for state in ("first start", "later start"):
                rest = 0.0
                if turn == repeats and not (quick and state == "first start"):
                    rest = 0.1 if quick else REST_S
                runs.setdefault(state, []).append(
                    start_once(Path(folder), networks, screen, rest),
                )
        for code in others:
            runs.setdefault(code, []).append(time_other(code))
    return {
        name: {
            key: statistics.median(figures[key] for figures in found if key in figures)
            for key in found[-1]
        }
        for name, found in runs.items()
    }


def table(results: dict[str, dict[str, float]]) -> str:
    """Lay the figures out as Markdown."""
    columns = {
        "painted": "painted", "answered": "answered", "answered_cpu": "processor by then",
        "rested_cpu": "processor after a rest", "resident_mb": "MB resident",
    }  # fmt: skip
    runs = [key for key in next(iter(results.values())) if key.startswith("run ")]
    columns |= {key: f"Start to minibatch, {key.removeprefix('run ')}" for key in runs}
    lines = [f"| seconds | {' | '.join(columns.values())} |", "|---|" + "---:|" * len(columns)]
    for name, figures in results.items():
        cells = [f"{figures[key]:.2f}" if key in figures else "" for key in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--networks", default="mlp,deep_cnn", help="that are trained afterwards")
    parser.add_argument("--screen", action="store_true", help="use the real platform")
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--rest", type=float, default=0.0, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.measure:
        open_window(arguments.networks, arguments.rest)
        return 0
    if arguments.quick:
        arguments.repeats = 1
        arguments.networks = "mlp"
    results = measure(
        arguments.repeats,
        arguments.networks,
        arguments.screen,
        arguments.quick,
    )
    print(json.dumps(results) if arguments.json else table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
