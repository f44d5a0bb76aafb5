"""Measure the sections of the tab *Inside*: how long until they are there, and what they cost.

Each section is opened in a window of its own, with a cache folder of its own, for each network::

    python benchmarks/inside.py [--networks mlp,mlp_handwriting,best]
                                [--sections network,results,map] [--quick] [--json] [--screen]
    python benchmarks/inside.py --memory MINUTES

Reported are the seconds until a section is complete when it is opened for the first time and for
the second (in another window; the cache knows it then), compiling included, and what single events
took of the GUI thread's own processor time meanwhile, in milliseconds. Of *Network* the first
picture counts; then a picture follows the other, `RATE` a second, as while somebody draws, and the
frames shown in a second are reported with what they cost the GUI thread. Threads change as often as
in the program, and garbage is collected as it is there, in events that count. Without ``--screen``
Qt's offscreen platform paints. A section is one entry of `SECTIONS`.

With ``--memory`` the program's own window shows *Inside*, a section after the other, while runs of
short epochs follow each other and answer; printed is the resident memory of each minute, in MB.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

#: No section takes longer, in seconds; what does is told.
PATIENCE = 300.0
#: Training pictures and epochs of each run of `memory`.
EXAMPLES, EPOCHS = 10_000, 60
#: Seconds that `memory` shows a section.
SHOWN_S = 7.0
#: While somebody draws so many pictures follow each other in a second, for so many seconds.
RATE, LIVE_S = 100.0, 6.0


def network(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *Network* with a digit, and whether its first picture is there."""
    from mnist_draw.app.inside.network.network_section import NetworkSection

    section = NetworkSection()
    section.show_example(drawn(0))

    def is_ready() -> bool:
        shown = section.network.frame if section.details else section.plain.strokes.strokes
        return shown is not None

    return section, is_ready


def drawn(number: int) -> Any:
    """Return a picture as the drawing board would: a test digit."""
    from mnist_draw.app.inside.section import Example
    from mnist_draw.dataset.mnist import load_dataset, scale

    data = load_dataset()
    return Example(scale(data.test_images[number % 100, 0]), str(data.test_labels[number % 100]))


def results(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *Results*, and whether the 10,000 test pictures are counted."""
    from mnist_draw.app.inside.results.results_section import ResultsSection

    section = ResultsSection()
    ready: list[Any] = []
    section.counting.answered.connect(lambda found: ready.append(found[0].is_complete))
    return section, lambda: bool(ready) and ready[-1]


def pca_map(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *Map*, and whether its digits are shown."""
    from mnist_draw.app.inside.map.map_section import MapSection

    section = MapSection()
    return section, lambda: section.view.count() > 0


def step(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *One step* with a digit, and whether the film's beginning is whole."""
    from mnist_draw.app.inside.step.step_section import StepSection

    section = StepSection()
    section.show_example(drawn(0))
    return section, lambda: not section.is_pending()


def stages(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *One step* with all details, and whether all stages were shown."""
    section, is_whole = step(model)
    section.show_details(True)

    def is_ready() -> bool:
        # Painting all five stages is part of what is measured.
        if is_whole() and section.stage < 5:
            section.open_stage(section.stage + 1)
            return False
        return is_whole()

    return section, is_ready


#: From its name to a function that makes it and tells when it is complete.
SECTIONS: dict[str, Callable[[Any], tuple[Any, Callable[[], bool]]]] = {
    "network": network,
    "step": step,
    "stages": stages,
    "results": results,
    "map": pca_map,
}


def application(screen: bool) -> Any:
    """Return a QApplication that notes how long each event keeps the GUI thread busy."""
    if not screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from qtpy.QtCore import qInstallMessageHandler
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app.kit import theme
    from mnist_draw.app.shell.memory import GuiThreadGarbageCollector
    from mnist_draw.app.shell.startup import SWITCH_INTERVAL

    sys.setswitchinterval(SWITCH_INTERVAL)
    # The offscreen platform says of every window what it cannot do.
    qInstallMessageHandler(lambda *_: None)

    class Timed(QApplication):
        def __init__(self) -> None:
            super().__init__(["inside"])
            self.busy: list[float] = []
            self.collector: GuiThreadGarbageCollector | None = None
            self._depth = 0

        def notify(self, receiver: Any, event: Any) -> bool:
            # The events of the workers' threads pass through here, too.
            if threading.current_thread() is not threading.main_thread():
                return super().notify(receiver, event)
            start = time.thread_time()
            self._depth += 1
            try:
                return super().notify(receiver, event)
            finally:
                self._depth -= 1
                # Events within events are part of the outer one.
                if self._depth == 0:
                    self.busy.append(time.thread_time() - start)

    app = Timed()
    app.collector = GuiThreadGarbageCollector(app)
    theme.theme().motion = False
    theme.theme().apply("light", False)
    return app


def measure(app: Any, name: str, model: Any, home: str) -> dict[str, float]:
    """Open a section twice; return seconds and milliseconds."""
    os.environ["MNIST_DRAW_HOME"] = home
    found: dict[str, float] = {}
    for time_word in ("first", "second"):
        section, is_ready = SECTIONS[name](model)
        section.resize(1090, 600)
        section.show()
        app.processEvents()
        app.busy.clear()
        start = time.perf_counter()
        section.use_network(model, "shipped:benchmark")
        section.set_active(True)
        while not is_ready() and time.perf_counter() - start < PATIENCE:
            app.processEvents()
            # Sleeping would hide how soon it is ready, polling would take a core from the count.
            time.sleep(0.001)
        found[f"{time_word}_s"] = time.perf_counter() - start
        busy = sorted(app.busy)
        found[f"{time_word}_event_p99_ms"] = 1000 * busy[int(0.99 * (len(busy) - 1))]
        found[f"{time_word}_event_longest_ms"] = 1000 * busy[-1]
        section.set_active(False)
        end_jobs(section)
        section.close()
        section.deleteLater()
        app.processEvents()
    return found


def end_jobs(section: Any) -> None:
    """Wait until no thread works for a section any more."""
    from mnist_draw.app.kit.threads import Stream

    for job in section.findChildren(Stream):
        job.watch(False)
        job.wait()


def live(app: Any, model: Any, home: str, with_panel: bool) -> dict[str, float]:
    """Show one picture after the other in *Network*; return frames a second and milliseconds."""
    os.environ["MNIST_DRAW_HOME"] = home
    section, is_ready = network(model)
    # Only there are the units' profiles looked for.
    section.show_details(True)
    if not with_panel:
        section.panel.hide()
        section.panel.setVisible = section.panel.show_view = lambda *_: None
    section.resize(1090, 600)
    section.show()
    section.use_network(model, "shipped:benchmark")
    section.set_active(True)
    start = time.perf_counter()
    while not (is_ready() and section.network.profiles) and time.perf_counter() - start < PATIENCE:
        app.processEvents()
        time.sleep(0.001)
    frames: list[float] = []
    section.job.answered.connect(lambda _: frames.append(time.perf_counter()))
    app.busy.clear()
    start = time.perf_counter()
    for number in range(round(LIVE_S * RATE)):
        section.show_example(drawn(number))
        while time.perf_counter() < start + (number + 1) / RATE:
            app.processEvents()
            time.sleep(0.001)
    seconds = time.perf_counter() - start
    busy = sorted(app.busy)
    section.set_active(False)
    end_jobs(section)
    section.close()
    return {
        "frames_s": len(frames) / seconds,
        "frame_ms": 1000 * sum(busy) / max(len(frames), 1),
        "event_p99_ms": 1000 * busy[int(0.99 * (len(busy) - 1))],
        "event_longest_ms": 1000 * busy[-1],
    }


def memory(minutes: float) -> None:
    """Open the window, train with *Inside* in front, and print the memory each minute."""
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    from mnist_draw.app import main as open_window
    from mnist_draw.app.shell.window import Window
    from mnist_draw.training.events import EpochFinished
    from mnist_draw.training.settings import TrainingSettings

    run_window = QApplication.exec_
    sections = cycle(name for name in SECTIONS if name != "stages")
    epochs = 0
    seen: list[float] = []
    print("| minute | epochs | least, MB | median | most |\n|---:|---:|---:|---:|---:|", flush=True)

    def measured() -> int:
        own = next(w for w in QApplication.topLevelWidgets() if isinstance(w, Window))
        own.navigation.show_page("inside")
        inside = own.inside_tab.open()

        def turn() -> None:
            inside.open_section(next(sections))
            inside.example.pick_test()
            if not own.training.running:
                settings = TrainingSettings(training_examples=EXAMPLES, epochs=EPOCHS)
                own.train_tab.settings.show_settings(settings)
                own.run.start()
                own.network.use_key(own.run.state.run.key)

        def count_epochs(happened: list[object]) -> None:
            nonlocal epochs
            epochs += sum(isinstance(event, EpochFinished) for event in happened)

        def look() -> None:
            seen.append(resident_mb())
            if len(seen) % 60 == 0:
                low, middle, high = np.percentile(seen[-60:], (0, 50, 100))
                spent = len(seen) // 60
                print(f"| {spent} | {epochs} | {low:.0f} | {middle:.0f} | {high:.0f} |", flush=True)
                if spent >= minutes:
                    os._exit(0)

        own.training.happened.connect(count_epochs)
        timers = []
        for milliseconds, act in ((round(1000 * SHOWN_S), turn), (1000, look)):
            timer = QTimer(own)
            timer.timeout.connect(act)
            timer.start(milliseconds)
            timers.append(timer)
        return int(run_window())

    QApplication.exec_ = staticmethod(measured)
    open_window([])


def resident_mb() -> float:
    """Return the resident memory of this process in MB; Linux only."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="mlp,mlp_handwriting,best")
    parser.add_argument("--sections", default=",".join(SECTIONS))
    parser.add_argument("--quick", action="store_true", help="mlp, network and results alone")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--screen", action="store_true", help="paint on the real screen")
    parser.add_argument("--memory", type=float, metavar="MINUTES", help="train with Inside open")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.networks = "mlp"
        arguments.sections = "network,results"
    if arguments.memory:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        with tempfile.TemporaryDirectory(prefix="mnist_draw-inside-") as home:
            os.environ["MNIST_DRAW_HOME"] = home
            memory(arguments.memory)
    app = application(arguments.screen)

    from mnist_draw.library.networks import list_shipped

    shipped = {model.name: model for model in list_shipped()}
    rows: list[dict[str, Any]] = []
    lives: list[dict[str, Any]] = []
    for name in arguments.networks.split(","):
        model = shipped[name].load()
        for section in arguments.sections.split(","):
            with tempfile.TemporaryDirectory(prefix="mnist_draw-inside-") as home:
                rows.append({"network": name, "section": section,
                             **measure(app, section, model, home)})  # fmt: skip
        if "network" in arguments.sections.split(","):
            with tempfile.TemporaryDirectory(prefix="mnist_draw-inside-") as home:
                for panel in (False, True):
                    found = live(app, model, home, panel)
                    lives.append({"network": name, "panel": panel, **found})
    if arguments.json:
        print(json.dumps({"sections": rows, "live": lives}))
        return
    print("| network | section | first, s | second, s | events p99, ms | longest, ms |")
    print("|---|---|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['network']} | {row['section']} | {row['first_s']:.2f} | "
            f"{row['second_s']:.2f} | "
            f"{max(row['first_event_p99_ms'], row['second_event_p99_ms']):.1f} | "
            f"{max(row['first_event_longest_ms'], row['second_event_longest_ms']):.1f} |",
        )
    for row in lives:
        print(
            f"{row['network']} while drawing, {'with' if row['panel'] else 'without'} the panel: "
            f"{row['frames_s']:.1f} frames a second, {row['frame_ms']:.1f} ms each; events p99 "
            f"{row['event_p99_ms']:.1f} ms, longest {row['event_longest_ms']:.1f} ms",
        )


if __name__ == "__main__":
    main()
