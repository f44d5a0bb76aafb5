"""Measure how the cost of training grows with minibatches, width and number of pictures.

Three series, the tutorial's recipe otherwise: minibatches of 32 to 4,096; two hidden layers of
100 to 2,000 units; 1,000 to 60,000 pictures::

    python benchmarks/scaling.py [--quick] [--json] [--peers program,torch,jax] [--blocks N]
                                 [--threads N] [--real-time] [--output FOLDER]

At each size the candidates take turns (see ``throughput.py``); figures are medians. Written are
``scaling.md``, a table for each series, and ``scaling.png``, the same as a plot that is readable
on light and dark pages, both into ``benchmarks/results``; ``--quick`` writes nothing unless told
where.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from peers import CANDIDATES, UnavailableError  # noqa: E402
from peers.alternation import alternate, summary  # noqa: E402
from peers.process import Contestant, usable_cores  # noqa: E402
from peers.task import Task, prepare  # noqa: E402
from throughput import machine  # noqa: E402

BATCH_SIZE = 500
RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True)
class Series:
    """What grows, from small to large, and what is measured."""

    title: str
    size: str
    figure: str
    sizes: tuple[int, ...]


FULL = {
    "batch": Series(
        "Size of the minibatch (784–500–300–10)",
        "pictures in a minibatch",
        "images per second",
        (32, 64, 128, 256, 500, 1024, 2048, 4096),
    ),
    "width": Series(
        "Width (two hidden layers, minibatches of 500)",
        "units in each hidden layer",
        "images per second",
        (100, 200, 500, 800, 1400, 2000),
    ),
    "pictures": Series(
        "Number of pictures (784–500–300–10, minibatches of 500)",
        "training pictures",
        "seconds an epoch",
        (1_000, 3_000, 10_000, 30_000, 60_000),
    ),
}
QUICK_SIZES = {"batch": (500,), "width": (100,), "pictures": (1_000,)}
#: Pictures that a turn takes at least.
TURN, QUICK_TURN = 30_000, 1_000


def task_of(
    series: str,
    size: int,
    threads: int,
    real_time: bool = False,
) -> tuple[Task, int | None]:
    """Return the task of one size, and how many training pictures it takes (None: all)."""
    network = f"custom_mlp:2,{size},0.2,0.5" if series == "width" else "mlp"
    batch_size = size if series == "batch" else BATCH_SIZE
    task = Task(network, batch_size, threads, real_time=real_time)
    return task, size if series == "pictures" else None


def turn_of(series: str, size: int, batch_size: int, turn: int) -> int:
    """Return the minibatches of one turn: whole epochs where an epoch is what is measured."""
    if series != "pictures":
        return max(2, turn // batch_size)
    epoch = size // batch_size
    return epoch * max(1, turn // size)


def figure_of(series: str, size: int, batch_size: int, batches: int, seconds: float) -> float:
    """Turn the seconds of a turn into what the series reports."""
    if series == "pictures":
        return seconds / (batches / (size // batch_size))
    return batches * batch_size / seconds


def measure(
    series: str,
    size: int,
    names: Sequence[str],
    blocks: int,
    threads: int,
    turn: int,
    real_time: bool = False,
) -> dict[str, float]:
    """Measure one size; return the median figure of each candidate that is installed."""
    task, examples = task_of(series, size, threads, real_time)
    batches = turn_of(series, size, task.batch_size, turn)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scaling-")))
        prepare(folder, task, examples)
        contestants = {}
        for name in names:
            try:
                contestants[name] = Contestant(name, task, folder)
            except UnavailableError as error:
                print(f"{name} is not available: {error}", file=sys.stderr)
                continue
            stack.callback(contestants[name].close)

        def run(name: str) -> float:
            seconds = contestants[name].train(batches)
            return figure_of(series, size, task.batch_size, batches, seconds)

        alternate(list(contestants), 1, run)
        turns = alternate(list(contestants), blocks, run)
    return {name: summary(values).median for name, values in turns.items()}


def markdown(results: dict[str, dict[int, dict[str, float]]], about: dict[str, Any]) -> str:
    """Lay out all series as Markdown tables."""
    lines = [f"Measured on {about['processor']}, {about['cores']} cores, {about['system']}.", ""]
    for name, points in results.items():
        series = FULL[name]
        candidates = list(next(iter(points.values())))
        titles = " | ".join(CANDIDATES[candidate].title for candidate in candidates)
        lines += [
            f"### {series.title}: {series.figure}",
            "",
            f"| {series.size} | {titles} |",
            "|---:|" + "---:|" * len(candidates),
        ]
        for size, figures in points.items():
            cells = [_cell(figures.get(candidate)) for candidate in candidates]
            lines.append(f"| {size:,} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


#: Legible on white and on black alike; so the page's own background can show through.
_INK = "#7d8590"
_LINES = ("#2f81f7", "#db6d28", "#2da44e", "#bf3989")


def plot(results: dict[str, dict[int, dict[str, float]]], path: Path) -> None:
    """Draw all series side by side; needs matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    plain = FuncFormatter(lambda value, _: f"{value:,.10g}")
    colors = {"text.color": _INK, "axes.labelcolor": _INK, "xtick.color": _INK,
               "ytick.color": _INK, "axes.edgecolor": _INK, "axes.facecolor": "none",
               "figure.facecolor": "none", "font.size": 9}  # fmt: skip
    with pyplot.rc_context(colors):
        figure, panels = pyplot.subplots(1, len(results), figsize=(3.9 * len(results), 3.4))
        for panel, (name, points) in zip(panels, results.items(), strict=True):
            series = FULL[name]
            for number, candidate in enumerate(next(iter(points.values()))):
                there = [(size, f[candidate]) for size, f in points.items() if candidate in f]
                panel.plot(
                    *zip(*there, strict=True),
                    color=_LINES[number % len(_LINES)],
                    linewidth=2.2 if candidate == "program" else 1.4,
                    marker="o",
                    markersize=4,
                    label=CANDIDATES[candidate].title,
                )
            panel.set(xscale="log", yscale="log", xlabel=series.size)
            panel.set_title(series.figure, loc="left", fontsize=10, color=_INK)
            panel.set_xticks(list(points))
            panel.xaxis.set_major_formatter(plain)
            panel.xaxis.set_minor_locator(NullLocator())
            panel.yaxis.set_major_formatter(plain)
            panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            panel.yaxis.set_minor_formatter(NullFormatter())
            panel.tick_params(axis="x", rotation=45)
            panel.grid(visible=True, which="major", color=_INK, alpha=0.25, linewidth=0.6)
            panel.spines[["top", "right"]].set_visible(False)
        panels[0].legend(frameon=False, fontsize=8)
        figure.tight_layout()
        figure.savefig(path, dpi=160, transparent=True)
        pyplot.close(figure)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one size of each series")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--peers", default="program,torch,jax")
    parser.add_argument("--blocks", type=int, help="turns for each candidate at each size")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--real-time", action="store_true", help="take the cores for each turn")
    parser.add_argument("--output", type=Path, help="folder for scaling.md and scaling.png")
    arguments = parser.parse_args(argv)
    names = arguments.peers.split(",")
    unknown = [name for name in names if name not in CANDIDATES]
    if unknown:
        parser.error(f"there is no peer {unknown[0]!r}; there are {', '.join(CANDIDATES)}")
    blocks = arguments.blocks or (1 if arguments.quick else 7)
    turn = QUICK_TURN if arguments.quick else TURN
    results: dict[str, dict[int, dict[str, float]]] = {}
    for name, series in FULL.items():
        results[name] = {}
        for size in QUICK_SIZES[name] if arguments.quick else series.sizes:
            print(f"{series.size}: {size:,}", file=sys.stderr, flush=True)
            results[name][size] = measure(
                name,
                size,
                names,
                blocks,
                arguments.threads,
                turn,
                arguments.real_time,
            )
    about = machine()
    text = markdown(results, about)
    print(json.dumps({"machine": about, "series": results}, indent=1) if arguments.json else text)
    folder = arguments.output or (None if arguments.quick else RESULTS)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "scaling.md").write_text(text, encoding="utf-8")
        try:
            plot(results, folder / "scaling.png")
        except ImportError as error:
            print(f"No plot was drawn: {error}. pip install matplotlib", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
