"""Homes, data sets and environments to attack in; programs started and killed there."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
#: What no user may ever see.
DEFECTS = ("Traceback (most recent call last)", "Something went wrong", "Fatal Python error")


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """Give an empty folder that is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mnist-draw-faults-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def environment(home: Path, **changes: str | None) -> dict[str, str]:
    """Return the environment of a program in a home; None removes a variable."""
    values: dict[str, str | None] = {
        **os.environ,
        "MNIST_DRAW_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "QT_QPA_PLATFORM": "offscreen",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def small_data(folder: Path, training: int = 600, tested: int = 100) -> Path:
    """Write a data set of noise with labels under MNIST's names."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(1)
    for count, images, labels in ((training, *NAMES[:2]), (tested, *NAMES[2:])):
        (folder / images).write_bytes(
            struct.pack(">4B3I", 0, 0, 8, 3, count, 28, 28)
            + chance.integers(0, 256, (count, 28, 28)).astype(np.uint8).tobytes(),
        )
        (folder / labels).write_bytes(
            struct.pack(">4BI", 0, 0, 8, 1, count) + (np.arange(count) % 10).astype("u1").tobytes(),
        )
    return folder


@dataclass(frozen=True)
class Ended:
    """An ended program: exit status or minus the signal, output, peak memory in MB (0: unknown)."""

    status: int
    output: str
    errors: str
    peak: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether it ended in words: no traceback, and not by a fault of the processor."""
        ended = self.status in (0, 1, 2, 130)
        return ended and not any(word in self.errors + self.output for word in DEFECTS)

    def describe(self) -> str:
        """Return how it ended, for a table of failures."""
        return f"status {self.status}: {self.errors[-300:] or self.output[-300:]}"


def command(*arguments: str) -> list[str]:
    """Return a command line of the program."""
    return [sys.executable, "-X", "faulthandler", "-m", "mnist_draw", *arguments]


def run(
    arguments: list[str],
    env: Mapping[str, str],
    seconds: float = 120.0,
    cwd: Path | None = None,
    **streams: object,
) -> Ended:
    """Run a program to its end; one that takes longer is ended and counts as status -9."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        wanted = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": err, **streams}
        process = subprocess.Popen(arguments, env=dict(env), cwd=cwd, **wanted)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
        return Ended(process.returncode, *texts)


def leftovers(folder: Path) -> list[str]:
    """Return the names of temporary files below a folder."""
    return [path.name for path in folder.rglob(".mnist_draw-*.tmp")]
