"""Measure how little the window notices of training, and training of the window.

The program's own window is opened, its Train tab in front, and a run is started with the Start
button's own action; meanwhile a timer on the GUI thread is to fire every 5 ms, and how late it
fires is what a person would feel::

    python benchmarks/politeness.py [--quick] [--json] [--tab train|draw] [--network mlp]
                                    [--screen] [--seconds N] [--blocks N]

Without ``--screen`` Qt's offscreen platform paints; with it the real one does (under Xvfb too:
``xvfb-run python benchmarks/politeness.py --screen``). Headless training, a process of its own
with the same settings and priority, takes turns with the window; each pauses while the other runs.
The timer runs in turns of its own.

Printed are the timer's lateness in milliseconds (median, 99th percentile, maximum) at rest and
with training at full speed, what an idle process suffers meanwhile, and the training speed of
both with the median of their ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from homes import share_compiled_code  # noqa: E402
from idle_process import IdleProcess  # noqa: E402
from peers.alternation import alternate, ratio, summary  # noqa: E402

TICK = 0.005
#: Seconds between two ticks that are not recorded: the window must not slow headless training.
SELDOM = 0.1
#: More epochs than any measurement takes.
EPOCHS = 900
#: Seconds that both train before they are measured: the first epoch takes a fifth longer than the
#: next, its end compiles the validation function, and the window draws its first curves.
WARM_UP = 3.0


class Meter:
    """Counts minibatches between two pauses, in the thread that trains."""

    def __init__(self) -> None:
        self.paused = threading.Event()
        self._batches = 0
        self._began = self._ended = 0.0

    def train(self, settings: Any, **options: Any) -> Iterator[Any]:
        """Train as `mnist_draw.training.loop.train` does, and take the time."""
        from mnist_draw.training.loop import train

        for event in train(settings, **options):
            name = type(event).__name__
            if name == "BatchFinished":
                self._batches += 1
            elif name == "Paused":
                self._ended = time.perf_counter()
                self.paused.set()
            elif name == "Resumed":
                self._batches, self._began = 0, time.perf_counter()
            yield event

    def turn(self, controls: Any, seconds: float) -> float:
        """Let a paused run go on for a while; return its minibatches per second."""
        self.paused.clear()
        controls.resume()
        time.sleep(seconds)
        controls.pause()
        if not self.paused.wait(60):
            raise RuntimeError("training did not pause")
        return self._batches / (self._ended - self._began)


class Lateness:
    """How late a timer of the GUI thread is, in milliseconds; lives in that thread."""

    def __init__(self) -> None:
        from qtpy.QtCore import Qt, QTimer

        self.milliseconds: list[float] = []
        self.recording = False
        self._due = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        self._arm()

    def _arm(self) -> None:
        seconds = TICK if self.recording else SELDOM
        self._due = time.perf_counter() + seconds
        self._timer.start(round(1000 * seconds))

    def _tick(self) -> None:
        if self.recording:
            self.milliseconds.append(max(0.0, 1000 * (time.perf_counter() - self._due)))
        self._arm()


# -- the two processes


def serve(meter: Meter, controls: Any, lateness: Lateness | None, warm_up: float) -> None:
    """Answer the parent's requests until it closes the pipe: ``[what, seconds]`` a line.

    ``speed`` trains without the timer, ``late`` with it, ``rest`` is the timer alone.
    """
    meter.paused.wait()
    meter.turn(controls, warm_up)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        what, seconds = json.loads(line)
        # The timer takes time from the training whose speed is measured.
        if lateness is not None and what != "speed":
            lateness.milliseconds, lateness.recording = [], True
        rate = 0.0
        if what == "rest":
            time.sleep(seconds)
        else:
            rate = meter.turn(controls, seconds)
        late: list[float] = []
        if lateness is not None and what != "speed":
            lateness.recording, late = False, lateness.milliseconds
        print(json.dumps({"rate": rate, "lateness": late}), flush=True)


def headless(network: str, folder: Path, warm_up: float) -> None:
    """Train in this process's own loop, paused but in its turns."""
    from mnist_draw import thread_priority
    from mnist_draw.training.control import Controls
    from mnist_draw.training.settings import TrainingSettings

    meter, controls = Meter(), Controls()
    controls.pause()
    settings = TrainingSettings(network=network, epochs=EPOCHS)
    run = meter.train(settings, controls=controls, checkpoint=folder / "checkpoint.npz")

    def work() -> None:
        # As in the window: other programs slow the lower of two more.
        thread_priority.lower()
        for _ in run:
            pass

    threading.Thread(target=work, daemon=True).start()
    serve(meter, controls, None, warm_up)
    os._exit(0)


def window(network: str, tab: str, warm_up: float) -> None:
    """Open the program's window, start a run there, and serve from another thread."""
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app import main

    run_window = QApplication.exec_

    def measured() -> int:
        kept = _start_run(network, tab, warm_up)
        status = run_window()
        del kept
        return int(status)

    QApplication.exec_ = staticmethod(measured)
    main([])


def _start_run(network: str, tab: str, warm_up: float) -> Lateness:
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app.shell.window import Window
    from mnist_draw.training.settings import TrainingSettings

    own = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Window))
    meter, lateness = Meter(), Lateness()
    own.training._train = meter.train
    own.navigation.tabs.setCurrentWidget(own.train_tab if tab == "train" else own.draw_tab)
    own.train_tab.settings.show_settings(TrainingSettings(network=network, epochs=EPOCHS))
    own.run.start()
    controls = own.training.controls
    controls.pause()

    def talk() -> None:
        serve(meter, controls, lateness, warm_up)
        os._exit(0)

    threading.Thread(target=talk, daemon=True).start()
    return lateness


# -- who measures


class Process:
    """The parent's side of a process that serves."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | environment,
        )  # fmt: skip
        self._read()

    def ask(self, what: str, seconds: float) -> dict[str, Any]:
        """Have something done and return the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, seconds]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = self._read()
        return answer

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process ended with status {self._process.wait()}")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return median, 99th percentile and maximum of the lateness, and how often it was taken."""
    values = np.asarray(milliseconds, dtype=float)
    if not len(values):
        raise ValueError("the timer never fired")
    return {
        "p50": float(np.percentile(values, 50)),
        "p99": float(np.percentile(values, 99)),
        "max": float(values.max()),
        "ticks": len(values),
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run both processes in turns and return the figures."""
    at_rest: list[float] = []
    training: list[float] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="politeness-")))
        if arguments.quick:
            share_compiled_code(folder)
        environment = {"MNIST_DRAW_HOME": str(folder)}
        if not arguments.screen:
            environment["QT_QPA_PLATFORM"] = "offscreen"
        processes = {}
        for name, option in (("headless", str(folder)), ("window", arguments.tab)):
            warm_up = str(min(WARM_UP, arguments.seconds))
            served = (name, arguments.network, option, warm_up)
            processes[name] = Process(*served, environment=environment)
            stack.callback(processes[name].close)

        def run(name: str) -> float:
            return float(processes[name].ask("speed", arguments.seconds)["rate"])

        at_rest += processes["window"].ask("rest", arguments.seconds)["lateness"]
        rates = alternate(list(processes), arguments.blocks, run)
        with IdleProcess() as idle:
            for _ in range(arguments.blocks):
                training += processes["window"].ask("late", arguments.seconds)["lateness"]
        at_rest += processes["window"].ask("rest", arguments.seconds)["lateness"]
    return {
        "lateness_ms": {
            "rest": percentiles(at_rest),
            "training": percentiles(training),
            "an idle process meanwhile": percentiles(idle.milliseconds),
        },
        "batches_per_second": {name: summary(values).median for name, values in rates.items()},
        "window_share": ratio(rates["window"], rates["headless"]),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three turns of two seconds")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--screen", action="store_true", help="Qt's own platform, not offscreen")
    parser.add_argument("--tab", choices=("train", "draw"), default="train")
    parser.add_argument("--network", default="mlp")
    parser.add_argument("--seconds", type=float, help="length of a turn")
    parser.add_argument("--blocks", type=int, help="turns for each")
    parser.add_argument("--serve", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.serve:
        what, network, option, warm_up = arguments.serve
        if what == "window":
            window(network, option, float(warm_up))
        else:
            headless(network, Path(option), float(warm_up))
        return 0
    arguments.seconds = arguments.seconds or (2.0 if arguments.quick else 5.0)
    arguments.blocks = arguments.blocks or (3 if arguments.quick else 10)
    report = measure(arguments)
    if arguments.json:
        print(json.dumps(report, indent=1))
        return 0
    print("| timer of 5 ms, late by (ms) | median | 99% | at most |\n|---|---:|---:|---:|")
    for state, late in report["lateness_ms"].items():
        print(f"| {state} | {late['p50']:.2f} | {late['p99']:.2f} | {late['max']:.2f} |")
    rates = report["batches_per_second"]
    print(
        f"\nMinibatches per second: headless {rates['headless']:.1f}, in the window "
        f"{rates['window']:.1f}; the window's share is {100 * report['window_share']:.1f}%.",
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
