"""Thousands of epochs, drawings and networks in one process: do memory and open files grow?"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from faults.places import environment, small_data, workplace
from faults.random_events import handles, resident
from faults.rows import Row, Scale

#: Growth from the middle to the end that counts as a leak, in MB for a thousand times.
MAX_GROWTH = 5.0
#: Memory is looked at so many times.
_LOOKS = 40


def attack(scale: Scale) -> list[Row]:
    """Measure each task in a process of its own."""
    rows = []
    amounts = {
        "epochs": scale.of(2000, 12), "drawings": scale.of(20_000, 100),
        "networks": scale.of(500, 12),
    }  # fmt: skip
    with workplace() as folder:
        for task, times in amounts.items():
            rows.append(_measured(scale, task, times, folder))
    return rows


def _measured(scale: Scale, task: str, times: int, folder: Path) -> Row:
    row = Row(f"{times:,} {task}")
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "faults.endurance",
         task, str(times), str(folder)],
        env=environment(folder / "home", PYTHONPATH=os.pathsep.join(sys.path[:2])),
        capture_output=True, text=True, check=False, timeout=1800,
    )  # fmt: skip
    row.check(done.returncode == 0, done.stderr[-400:])
    if done.returncode == 0:
        result = json.loads(done.stdout.splitlines()[-1])
        row.tried = times
        grown, files = result["slope"], result["handles"]
        row.figure = f"{grown:+.2f} MB in a thousand, {files:+d} open files"
        if not scale.quick and grown > MAX_GROWTH:
            row.failures.append(f"memory grows by {grown:.1f} MB in a thousand")
        if files > 2:
            row.failures.append(f"{files} more files are open at the end")
    return row


def epochs(times: int, folder: Path) -> Iterator[object]:
    """Train a small network, with a checkpoint after each epoch."""
    from mnist_draw.dataset.mnist import load_dataset
    from mnist_draw.training.events import EpochFinished
    from mnist_draw.training.loop import train
    from mnist_draw.training.settings import TrainingSettings

    settings = TrainingSettings(
        network="custom_mlp:1,32,0.2,0.5",
        batch_size=100,
        epochs=times,
        learning_rate=0.001,
    )
    data = load_dataset(small_data(folder / "data"))
    for event in train(settings, dataset=data, checkpoint=folder / "run.ckpt"):
        if isinstance(event, EpochFinished):
            yield event


def drawings(times: int, folder: Path) -> Iterator[object]:
    """Draw, ask, undo and clear on one board."""
    from mnist_draw.app.draw.drawing import Drawing
    from mnist_draw.library.networks import default_model
    from mnist_draw.recognition.recogniser import Recogniser

    reader = Recogniser(default_model())
    drawing = Drawing()
    chance = np.random.default_rng(1)
    for number in range(times):
        points = [(float(x), float(y)) for x, y in chance.uniform(50, 550, (8, 2))]
        drawing.add_stroke(points)
        if number % 10 == 0:
            yield reader.recognise_ink(drawing.ink())
        else:
            yield None
        if number % 3 == 0:
            drawing.undo()
        if number % 20 == 0:
            # A board that is never emptied has every step of its history to keep.
            drawing = Drawing()


def networks(times: int, folder: Path) -> Iterator[object]:
    """Change the network that answers, every tenth time to one of another shape."""
    from mnist_draw.library.networks import list_shipped
    from mnist_draw.recognition.recogniser import Recogniser

    models = [known.load() for known in list_shipped()]
    used = models[0]
    reader = Recogniser(used)
    for number in range(times):
        if number % 10 == 0:
            used = models[number // 10 % len(models)]
            reader = Recogniser(used)
        else:
            reader.use(used)
        yield reader.recognise_ink(np.full((60, 60), 200, np.uint8))


TASKS: dict[str, Callable[[int, Path], Iterator[object]]] = {
    "epochs": epochs,
    "drawings": drawings,
    "networks": networks,
}


def measure(task: str, times: int, folder: Path) -> dict[str, float]:
    """Do a task, and return how memory grew in its second half."""
    looks: list[tuple[int, float]] = []
    opened = 0
    for number, _ in enumerate(TASKS[task](times, folder)):
        if number == times // 2:
            opened = handles()
        if number >= times // 2 and number % max(1, times // 2 // _LOOKS) == 0:
            # A network dropped in a cycle waits for the collector, and is no leak.
            gc.collect()
            looks.append((number, resident()))
        last = handles() if number == times - 1 else opened
    at, memory = np.array(looks).T
    slope = float(np.polyfit(at, memory, 1)[0]) * 1000 if len(looks) > 1 else 0.0
    return {"slope": slope, "handles": last - opened}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))))
