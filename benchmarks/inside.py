"""Measure the sections of the tab *Inside*: how long until they are there, and what they cost.

Each section is opened in a window of its own, with a cache folder of its own, for each network::

    python benchmarks/inside.py [--networks mlp,mlp_handwriting,best]
                                [--sections results,map,limits] [--json] [--screen]

Reported are the seconds until a section is complete when it is opened for the first time and for
the second (in another window; the cache knows it then), compiling included, and how long the GUI
thread was busy with single events meanwhile, in milliseconds. Without ``--screen`` Qt's offscreen
platform paints. A section is one entry of `SECTIONS`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

#: No section takes longer, in seconds; what does is told.
PATIENCE = 300.0


def results(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *Results*, and whether all 20,000 pictures are counted."""
    from mnist_draw.app.inside.results.results_section import ResultsSection

    section = ResultsSection()
    ready: list[Any] = []
    section.count.counted.connect(lambda found: ready.append(found.is_complete))
    return section, lambda: bool(ready) and ready[-1]


def limits(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *Limits* with one network, and whether its 47 settings are counted."""
    from mnist_draw.app.inside.limits import limits_section

    limits_section._others = list
    section = limits_section.LimitsSection()
    ended: list[bool] = []
    section._count.ended.connect(lambda: ended.append(True))
    return section, lambda: bool(ended)


def pca_map(model: Any) -> tuple[Any, Callable[[], bool]]:
    """Return the section *Map*, and whether all its layers are laid out."""
    from mnist_draw.app.inside.map.map_section import MapSection

    section = MapSection()
    return (
        section,
        lambda: section._maps is not None and len(section._maps.layers) == section._maps.total,
    )


#: From its name to a function that makes it and tells when it is complete.
SECTIONS: dict[str, Callable[[Any], tuple[Any, Callable[[], bool]]]] = {
    "results": results,
    "map": pca_map,
    "limits": limits,
}


def application(screen: bool) -> Any:
    """Return a QApplication that notes how long each event keeps the GUI thread busy."""
    if not screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PyQt5.QtCore import qInstallMessageHandler
    from PyQt5.QtWidgets import QApplication

    from mnist_draw.app.shared import theme

    # The offscreen platform says of every window what it cannot do.
    qInstallMessageHandler(lambda *_: None)

    class Timed(QApplication):
        def __init__(self) -> None:
            super().__init__(["inside"])
            self.busy: list[float] = []
            self._depth = 0

        def notify(self, receiver: Any, event: Any) -> bool:
            start = time.perf_counter()
            self._depth += 1
            try:
                return super().notify(receiver, event)
            finally:
                self._depth -= 1
                # Events within events are part of the outer one.
                if self._depth == 0:
                    self.busy.append(time.perf_counter() - start)

    app = Timed()
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
        section.wait()
        section.close()
        section.deleteLater()
        app.processEvents()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", default="mlp,mlp_handwriting,best")
    parser.add_argument("--sections", default=",".join(SECTIONS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--screen", action="store_true", help="paint on the real screen")
    arguments = parser.parse_args()
    app = application(arguments.screen)

    from mnist_draw.recognition.network_library import list_models

    shipped = {model.name: model for model in list_models()}
    rows: list[dict[str, Any]] = []
    for network in arguments.networks.split(","):
        model = shipped[network].load()
        for section in arguments.sections.split(","):
            with tempfile.TemporaryDirectory(prefix="mnist_draw-inside-") as home:
                rows.append({"network": network, "section": section,
                             **measure(app, section, model, home)})  # fmt: skip
    if arguments.json:
        print(json.dumps(rows))
        return
    print("| network | section | first, s | second, s | events p99, ms | longest, ms |")
    print("|---|---|---:|---:|---:|---:|")
    for row in rows:
        print(
            f"| {row['network']} | {row['section']} | {row['first_s']:.2f} | "
            f"{row['second_s']:.2f} | "
            f"{max(row['first_event_p99_ms'], row['second_event_p99_ms']):.1f} | "
            f"{max(row['first_event_longest_ms'], row['second_event_longest_ms']):.1f} |"
        )


if __name__ == "__main__":
    main()
