"""Measure how fast networks train and answer, beside the program's peers and the dense products.

All candidates take turns in one run, each in a process of its own with the same number of
threads, on the same arrays, network, batch size and first weights::

    python benchmarks/throughput.py [--quick] [--json] [--peers a,b,…] [--networks mlp,cnn]
                                    [--threads N] [--blocks N] [--pictures float32|uint8]
                                    [--real-time]

``pip install -r benchmarks/requirements.txt`` brings the peers; one that is not installed is
skipped with a line. rmsprop with learning rate 0.001, rho 0.9 and epsilon 1e-6, dropout as in
the tutorial, minibatches of 500; scikit-learn, which has neither, takes Adam and no dropout.

The figures are medians over the blocks (in each block, every candidate has one turn). A ratio is
the median of the ratios within the blocks: a virtual machine may have half its speed for some
seconds, which the rows of the dense products show, too. These are the faster of two ways to do the
matrix products of a step and nothing else, zeros multiplied, too: a floor for all who leave out no
zeros. The last row does as many multiplications in registers, the cores' peak. Before the first
step every network must give the same loss, otherwise the benchmark ends with status 1: candidates
would not do the same work.

With ``--real-time`` no other process has the cores during a turn (Linux, as root): a computer that
is not at rest then gives the figures of one that is, and its other programs stand still.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from peers import CANDIDATES, FLOOR, UnavailableError  # noqa: E402
from peers.alternation import alternate, ratio, summary  # noqa: E402
from peers.process import Contestant, usable_cores  # noqa: E402
from peers.task import Task, prepare  # noqa: E402

#: Blocks, and what one turn is: minibatches to learn and pictures to evaluate, by network.
FULL = {"blocks": 15, "mlp": (100, 10_000), "cnn": (10, 5_000)}
QUICK = {"blocks": 3, "mlp": (20, 5_000), "cnn": (2, 1_000)}
#: Largest relative difference of the first losses: what float32 sums differ by.
SAME = 1e-4


class DifferentError(Exception):
    """Candidates do not compute the same network; the text names them."""


def check_same(first_losses: dict[str, float | None]) -> None:
    """Refuse candidates whose first loss is another than the first one's."""
    known = {name: loss for name, loss in first_losses.items() if loss is not None}
    expected = next(iter(known.values()), 0.0)
    odd = {name: loss for name, loss in known.items() if abs(loss - expected) > SAME * expected}
    if odd:
        listing = ", ".join(f"{name} {loss:.6f}" for name, loss in odd.items())
        raise DifferentError(f"The first loss is {expected:.6f}, but {listing}.")


def compare(
    rates: dict[str, list[float]],
    floor: Sequence[str] = FLOOR,
) -> dict[str, dict[str, float | None]]:
    """Turn images per second of all blocks into medians and quartiles.

    ``program_ratio`` is the program's speed over the candidate's, ``floor_share`` the candidate's
    over the fastest of ``floor``; None without either.
    """
    floors = [name for name in floor if name in rates]
    fastest = max(floors, key=lambda name: summary(rates[name]).median, default=None)
    figures: dict[str, dict[str, float | None]] = {}
    for name, values in rates.items():
        turns = summary(values)
        figures[name] = {
            "images_per_second": turns.median,
            "low": turns.low,
            "high": turns.high,
            "program_ratio": ratio(rates["program"], values) if "program" in rates else None,
            "floor_share": ratio(values, rates[fastest]) if fastest else None,
        }
    return figures


def measure(task: Task, names: Sequence[str], sizes: dict[str, Any], quiet: bool) -> dict[str, Any]:
    """Measure training and validation of one network by all candidates; see `compare`."""
    batches, pictures = sizes[task.kind]
    skipped: dict[str, str] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="throughput-")))
        prepare(folder, task)
        contestants: dict[str, Contestant] = {}
        for name in names:
            if task.kind not in CANDIDATES[name].networks:
                continue
            _tell(quiet, f"{task.network}: preparing {CANDIDATES[name].title}")
            try:
                contestants[name] = Contestant(name, task, folder)
            except UnavailableError as error:
                skipped[name] = str(error)
                _tell(quiet, f"{task.network}: {name} is not available: {error}")
                continue
            stack.callback(contestants[name].close)
        check_same({name: one.first_loss for name, one in contestants.items()})
        rates: dict[str, dict[str, list[float]]] = {}
        for what, amount, images in (
            ("train", batches, batches * task.batch_size),
            ("evaluate", pictures, pictures),
        ):
            _tell(quiet, f"{task.network}: {what}, {sizes['blocks']} blocks")

            def run(
                name: str,
                what: str = what,
                amount: int = amount,
                images: int = images,
            ) -> float:
                return images / float(getattr(contestants[name], what)(amount))

            # One turn that does not count: caches, clocks, and code compiled on demand.
            alternate(list(contestants), 1, run)
            rates[what] = alternate(list(contestants), sizes["blocks"], run)
        return {
            "task": asdict(task),
            "training": compare(rates["train"]),
            "validation": compare(rates["evaluate"]),
            "candidates": {
                name: {
                    "title": CANDIDATES[name].title,
                    "version": one.version,
                    "ready_seconds": one.ready_seconds,
                    "idle_cpu_seconds": one.idle_seconds,
                }
                for name, one in contestants.items()
            },
            "skipped": skipped,
        }


def machine() -> dict[str, Any]:
    """Describe what it was measured on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].partition(":")[2].strip() if lines else name
    return {
        "processor": name,
        "cores": usable_cores(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
    }


def commit() -> str:
    """Return the short hash of the commit that is measured; empty outside a checkout."""
    asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%h"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def table(result: dict[str, Any]) -> str:
    """Lay out one network's figures as a Markdown table."""
    lines = [
        f"### {result['task']['network']}, images per second",
        "",
        "| | training | quartiles | program is | of the dense products | validation | program is |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, training in result["training"].items():
        validation = result["validation"][name]
        lines.append(
            f"| {CANDIDATES[name].title} | {training['images_per_second']:,.0f} "
            f"| {training['low']:,.0f}–{training['high']:,.0f} "
            f"| {_times(training['program_ratio'])} | {_share(training['floor_share'])} "
            f"| {validation['images_per_second']:,.0f} | {_times(validation['program_ratio'])} |",
        )
    lines += ["", *(f"Not available: {name}: {why}" for name, why in result["skipped"].items())]
    return "\n".join(lines).rstrip() + "\n"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}×"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f}%"


def _tell(quiet: bool, words: str) -> None:
    if not quiet:
        print(words, file=sys.stderr, flush=True)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few short turns, to try it out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--peers", default=",".join(CANDIDATES), help=", ".join(CANDIDATES))
    parser.add_argument("--networks", default="mlp,cnn")
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--blocks", type=int, help="turns for each candidate")
    parser.add_argument("--pictures", choices=("float32", "uint8"), default="float32")
    parser.add_argument("--real-time", action="store_true", help="take the cores for each turn")
    arguments = parser.parse_args(argv)
    arguments.peers = [name.strip() for name in arguments.peers.split(",") if name.strip()]
    unknown = [name for name in arguments.peers if name not in CANDIDATES]
    if unknown:
        parser.error(f"there is no peer {unknown[0]!r}; there are {', '.join(CANDIDATES)}")
    if not 1 <= arguments.threads <= usable_cores():
        parser.error(f"threads must be from 1 to {usable_cores()}, not {arguments.threads}")
    if arguments.blocks is not None and arguments.blocks < 1:
        parser.error(f"blocks must be at least 1, not {arguments.blocks}")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    arguments = _arguments(argv)
    sizes = dict(QUICK if arguments.quick else FULL)
    sizes["blocks"] = arguments.blocks or sizes["blocks"]
    report: dict[str, Any] = {"machine": machine(), "networks": {}}
    for network in arguments.networks.split(","):
        task = Task(
            network,
            threads=arguments.threads,
            pictures=arguments.pictures,
            real_time=arguments.real_time,
        )
        try:
            result = measure(task, arguments.peers, sizes, arguments.json)
        except DifferentError as error:
            print(error, file=sys.stderr)
            return 1
        report["networks"][network] = result
        if not arguments.json:
            print(table(result))
    if arguments.json:
        print(json.dumps(report, indent=1))
    else:
        print(", ".join(f"{key} {value}" for key, value in report["machine"].items()))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
