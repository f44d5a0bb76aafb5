"""Measure how long compilation takes, and how much memory training needs.

Everything is measured in fresh processes: first with an empty cache folder, as after the
installation, then with what that left behind, as from the second start on::

    python benchmarks/compile_time.py [--quick] [--json] [--networks mlp,cnn] [--repeats N]

For each network, the seconds for each function from the symbolic graph to its first result:
``predict`` (single pictures), ``validate`` and ``train``; imports are a figure of their own. For
the Draw tab, the seconds from the start of the process to the first answer to a drawn stroke.
For memory, the largest resident set of a process that trains the tutorial's recipe (20 epochs,
50,000 pictures). ``--quick`` compiles nothing that is compiled already. Where a figure is measured
several times (``--repeats``), the median is reported.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from homes import share_compiled_code  # noqa: E402

FUNCTIONS = ("predict", "validate", "train")
BATCH_SIZE = 500


# -- what is measured, in a process of its own


def functions_of(network_name: str) -> dict[str, float]:
    """Compile the three functions of a network and call each once; return seconds by step."""
    import numpy as np

    steps: dict[str, float] = {}
    pictures = np.zeros((BATCH_SIZE, 1, 28, 28), np.uint8)
    labels = np.zeros(BATCH_SIZE, np.int32)
    rows = np.arange(BATCH_SIZE)

    def timed(name: str, action: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        result = action()
        steps[name] = time.perf_counter() - began
        return result

    def imports() -> None:
        import mnist_draw.theano_bridge  # noqa: F401 - makes the next imports work
        import lasagne  # noqa: F401  # isort: skip
        import theano  # noqa: F401  # isort: skip

    timed("import", imports)
    from mnist_draw.training import functions
    from mnist_draw.training.loop import build_network
    from mnist_draw.training.settings import TrainingSettings

    settings = TrainingSettings(network=network_name, batch_size=BATCH_SIZE)
    network = timed("build", lambda: build_network(settings))
    one = np.zeros((1, 1, 28, 28), np.float32)
    timed("predict", lambda: functions.compile_predict(network)(one))
    timed("validate", lambda: functions.compile_evaluate(network)(pictures, labels))
    timed("train", lambda: functions.compile_train(network, settings).train(pictures, labels, rows))
    return steps


def first_answer() -> dict[str, float]:
    """Do what the window does before the Draw tab answers; return seconds by step."""
    began = time.perf_counter()
    import numpy as np

    from mnist_draw.library.networks import default_model, list_shipped
    from mnist_draw.recognition.recogniser import Recogniser

    imported = time.perf_counter()
    if list_shipped():
        model = default_model()
    else:  # a copy of the program without a trained network: any weights cost the same
        from peers.task import glorot

        from mnist_draw.networks.specification import parse_network
        from mnist_draw.storage.models import ModelFile

        model = ModelFile("mlp", tuple(glorot(parse_network("mlp").parameter_shapes())))
    recogniser = Recogniser(model)
    compiled = time.perf_counter()
    ink = np.zeros((300, 300), np.uint8)
    ink[60:240, 140:160] = 255
    recogniser.recognise_ink(ink)
    answered = time.perf_counter()
    recogniser.recognise_ink(ink)
    return {
        "import": imported - began,
        "compile": compiled - imported,
        "first_answer": answered - compiled,
        "next_answer": time.perf_counter() - answered,
    }


def training_memory(epochs: int, pictures: int | None) -> dict[str, float]:
    """Train the tutorial's recipe; return the peak memory in MB and the seconds it took."""
    from mnist_draw.training.loop import train
    from mnist_draw.training.settings import TrainingSettings

    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="compile-time-") as folder:
        settings = TrainingSettings(epochs=epochs, training_examples=pictures)
        for _ in train(settings, checkpoint=Path(folder) / "checkpoint.npz"):
            pass
    return {"peak_mb": peak_memory() / 1e6, "seconds": time.perf_counter() - began}


def peak_memory() -> int:
    """Return the largest resident set of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage tells on Linux counts the parent's memory too, from before exec.
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


# -- who measures


def in_new_process(home: Path, what: str, *arguments: str) -> dict[str, float]:
    """Measure each step in a fresh interpreter with its caches below ``home``, in seconds."""
    environment = os.environ | {"MNIST_DRAW_HOME": str(home)}
    # A folder for compiled code that the user chose would not be empty.
    for name in ("PYTENSOR_FLAGS", "THEANO_FLAGS", "NUMBA_CACHE_DIR"):
        environment.pop(name, None)
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, __file__, "--measure", what, *arguments],
        stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        whole = time.perf_counter() - began
        process.stdout.read()
    if process.returncode or not line:
        raise RuntimeError(f"measuring {what} failed with status {process.returncode}")
    return json.loads(line) | {"whole": whole}


def cold_and_warm(
    what: str,
    *arguments: str,
    repeats: int,
    quick: bool,
) -> dict[str, dict[str, float]]:
    """Measure with an empty cache and with a full one; medians of ``repeats``."""
    cold, warm = [], []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory(prefix="compile-time-") as folder:
            if quick:
                share_compiled_code(Path(folder))
            cold.append(in_new_process(Path(folder), what, *arguments))
            warm.append(cold[-1] if quick else in_new_process(Path(folder), what, *arguments))
    return {"first": medians(cold), "warm": medians(warm)}


def medians(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the median of each figure over runs that have the same figures."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def table(report: dict[str, Any]) -> str:
    """Lay the figures out as Markdown."""
    lines = [
        "| seconds | import | build | predict | validate | train | all three |",
        "|---|" + "---:|" * 6,
    ]
    for network, states in report["functions"].items():
        for state, steps in states.items():
            cells = [steps[name] for name in ("import", "build", *FUNCTIONS)]
            cells.append(sum(steps[name] for name in FUNCTIONS))
            figures = " | ".join(f"{value:.2f}" for value in cells)
            lines.append(f"| {network}, {state} | {figures} |")
    lines += [
        "",
        "| Draw tab, seconds | import | compile | first answer | from process start |",
        "|---|" + "---:|" * 4,
    ]
    for state, steps in report["draw"].items():
        names = ("import", "compile", "first_answer", "whole")
        lines.append(f"| {state} | {' | '.join(f'{steps[name]:.2f}' for name in names)} |")
    memory = report["memory"]
    lines += ["", f"Peak memory of training {memory['epochs']} epochs: {memory['peak_mb']:.0f} MB"]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--networks", default="mlp,cnn")
    parser.add_argument("--repeats", type=int, help="processes for each figure")
    parser.add_argument("--measure", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    if arguments.measure:
        what, *rest = arguments.measure
        measured = {
            "functions": lambda: functions_of(*rest),
            "draw": first_answer,
            "memory": lambda: training_memory(int(rest[0]), int(rest[1]) or None),
        }[what]()
        print(json.dumps(measured), flush=True)
        return 0
    if arguments.repeats is not None and arguments.repeats < 1:
        parser.error(f"repeats must be at least 1, not {arguments.repeats}")
    repeats = arguments.repeats or (1 if arguments.quick else 3)
    epochs, pictures = (1, 1000) if arguments.quick else (20, 0)
    report: dict[str, Any] = {"functions": {}}
    for network in arguments.networks.split(","):
        report["functions"][network] = cold_and_warm(
            "functions",
            network,
            repeats=repeats,
            quick=arguments.quick,
        )
    report["draw"] = cold_and_warm("draw", repeats=repeats, quick=arguments.quick)
    with tempfile.TemporaryDirectory(prefix="compile-time-") as folder:
        if arguments.quick:
            share_compiled_code(Path(folder))
        found = in_new_process(Path(folder), "memory", str(epochs), str(pictures))
        report["memory"] = {"epochs": epochs, **found}
    print(json.dumps(report, indent=1) if arguments.json else table(report))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
