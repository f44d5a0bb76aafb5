"""Programs killed while they write: what is left is the old file or the new, and it is sound."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from faults.places import command, environment, leftovers, small_data, workplace
from faults.readers import KINDS
from faults.rows import Row, Scale
from faults.writers import WRITERS

#: Which files each reader reads back.
_FOUND = {
    "model": "model.npz", "checkpoint": "checkpoint.npz", "run record": "run.json",
    "history": "history.npz", "settings": "settings.json", "preferences": "preferences.json",
    "taught digit": "[0-9]-*.png", "board": "board.json", "IDX, packed": "train-images*.gz",
    "PNG": "drawing.png",
}  # fmt: skip


def attack(scale: Scale) -> list[Row]:
    """Kill writers, command lines and windows."""
    rows = [_writers(scale)]
    if hasattr(signal, "SIGKILL"):
        rows += [_command_line(scale), _window(scale)]
    return rows


def unsound(folder: Path) -> list[str]:
    """Read back all files of a folder; return those that cannot be used."""
    wrong = []
    for kind, pattern in _FOUND.items():
        for path in folder.rglob(pattern):
            # A name that was taken for a file that never came: the program says it is empty.
            if kind == "taught digit" and path.stat().st_size == 0:
                continue
            try:
                KINDS[kind].read(path)
            except Exception as error:  # whatever it is, the file is not what it was
                wrong.append(f"{kind}: {type(error).__name__}: {error}")
    return wrong


def _writers(scale: Scale) -> Row:
    """Fork a process that writes everything, over and over, and kill it in the middle."""
    row = Row("kill -9 while one of the 17 writers writes")
    if not hasattr(os, "fork"):
        row.figure = "not on this system"
        return row
    chance = random.Random(scale.seed)
    names = list(WRITERS)
    for number in range(scale.of(400, 17)):
        with workplace() as folder:
            writer = WRITERS[names[number % len(names)]]
            child = os.fork()
            if child == 0:
                _write_for_ever(folder, names[number % len(names)])
            time.sleep(0.002 + chance.random() * 0.04)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            wrong = unsound(folder)
            # What follows the kill finds nothing in its way.
            try:
                for version in (0, 1):
                    writer(folder, version)
                wrong += unsound(folder)
            except Exception as error:  # a writer that does not work any more is the finding
                wrong.append(f"{names[number % len(names)]}: {error}")
            row.check(not wrong, "; ".join(wrong))
    return row


def _write_for_ever(folder: Path, name: str) -> None:
    """Write in a forked process; never returns."""
    try:
        number = 0
        while True:
            with contextlib.suppress(Exception):
                WRITERS[name](folder, number)
            number = 1 - number
    finally:
        os._exit(1)


def _command_line(scale: Scale) -> Row:
    """Kill training with a checkpoint at any moment; it continues afterwards, or begins anew."""
    row = Row("kill -9 during mnist-draw train")
    chance = random.Random(scale.seed)
    with workplace() as folder:
        data = small_data(folder / "data")
        env = environment(folder / "home")
        train = command("train", "--data", str(data), "--epochs", "100000", "--checkpoint")
        for number in range(scale.of(12, 1)):
            path = folder / f"{number}.ckpt"
            process = subprocess.Popen(
                [*train, str(path)], env=env, cwd=folder,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            _wait_for(path, process, 60)
            time.sleep(chance.random() * 0.5)
            process.kill()
            process.wait()
            if not path.exists():
                row.check(False, "no checkpoint was written within a minute")
                continue
            try:
                KINDS["checkpoint"].read(path)
                row.check(True, "")
            except Exception as error:  # whatever it is, the run is lost
                row.check(False, f"{type(error).__name__}: {error}")
        row.figure = f"{len(leftovers(folder))} temporary files left for the next start"
    return row


def _wait_for(path: Path, process: subprocess.Popen[bytes], seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None and not path.exists():
        time.sleep(0.05)


def _window(scale: Scale) -> Row:
    """Kill windows under random events; what their home holds is read back."""
    row = Row("kill -9 of a window under random events")
    chance = random.Random(scale.seed + 1)
    program = [sys.executable, str(Path(__file__).with_name("random_events.py"))]
    with workplace() as folder:
        home = folder / "home"
        (folder / "cwd").mkdir()
        for number in range(scale.of(12, 0)):
            process = subprocess.Popen(
                [*program, "--seed", str(number), "--events", "100000"],
                env=environment(home), cwd=folder / "cwd",
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            time.sleep(4 + 6 * chance.random())
            alive = process.poll() is None
            process.kill()
            process.wait()
            row.check(alive, f"the window had ended by itself ({process.returncode})")
            wrong = unsound(home) if home.is_dir() else []
            row.check(not wrong, "; ".join(wrong))
        row.figure = f"{len(leftovers(folder))} temporary files left for the next start"
    return row
