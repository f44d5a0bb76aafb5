"""What every candidate does: the network, the arrays, the first weights.

The process that measures prepares a folder once; the candidates map its files into memory, so
that all read the very same pages.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEARNING_RATE, RHO, EPSILON = 0.001, 0.9, 1e-6
_FILES = ("train_images", "train_labels", "validation_images", "validation_labels")


@dataclass(frozen=True)
class Task:
    """A network to train, and with what; ``pictures`` is their type: float32 or uint8.

    ``real_time`` lets no other process have the cores during a turn.
    """

    network: str = "mlp"
    batch_size: int = 500
    threads: int = 2
    pictures: str = "float32"
    real_time: bool = False

    @property
    def kind(self) -> str:
        """``"mlp"`` or ``"cnn"``."""
        return "cnn" if self.network == "cnn" else "mlp"

    @property
    def hidden(self) -> tuple[int, ...]:
        """Units of the hidden dense layers."""
        if self.kind == "cnn":
            return (256,)
        if self.network == "mlp":
            return (500, 300)
        depth, width = self._numbers()[:2]
        return (int(width),) * int(depth)

    @property
    def drop_input(self) -> float:
        """Share of the dense part's inputs that dropout leaves out."""
        tutorial = {"cnn": 0.5, "mlp": 0.0}
        return tutorial[self.network] if self.network in tutorial else self._numbers()[2]

    @property
    def drop_hidden(self) -> float:
        """Share of each hidden dense layer's units that dropout leaves out."""
        tutorial = {"cnn": 0.5, "mlp": 0.4}
        return tutorial[self.network] if self.network in tutorial else self._numbers()[3]

    def _numbers(self) -> list[float]:
        """Read ``custom_mlp:DEPTH,WIDTH,DROP_IN,DROP_HID``, as its canonical name has it."""
        return [float(part) for part in self.network.partition(":")[2].split(",")]


@dataclass
class Arrays:
    """The digits, mapped from the folder: images (N, 1, 28, 28), labels int32 (N,)."""

    train_images: NDArray[Any]
    train_labels: NDArray[np.int32]
    validation_images: NDArray[Any]
    validation_labels: NDArray[np.int32]


def glorot(shapes: tuple[tuple[int, ...], ...], seed: int = 1) -> list[NDArray[np.float32]]:
    """Draw first weights as `lasagne.init.GlorotUniform` does; biases are 0."""
    rng = np.random.default_rng(seed)
    weights = []
    for shape in shapes:
        if len(shape) == 1:
            weights.append(np.zeros(shape, np.float32))
            continue
        receptive = int(np.prod(shape[2:]))
        bound = np.sqrt(6 / ((shape[0] + shape[1]) * receptive))
        weights.append(rng.uniform(-bound, bound, shape).astype(np.float32))
    return weights


def prepare(folder: Path, task: Task, training_examples: int | None = None) -> None:
    """Write the task, its arrays and first weights into a folder.

    More than 50,000 training pictures are completed by validation pictures.
    """
    from mnist_draw.dataset.mnist import load_dataset, scale
    from mnist_draw.networks.specification import parse_network

    data = load_dataset()
    arrays = {name: getattr(data, name) for name in _FILES}
    if training_examples is not None:
        for name in ("images", "labels"):
            everything = np.concatenate([arrays[f"train_{name}"], arrays[f"validation_{name}"]])
            arrays[f"train_{name}"] = everything[:training_examples]
    for name, array in arrays.items():
        if name.endswith("labels"):
            array = array.astype(np.int32)
        elif task.pictures == "float32":
            array = scale(array)
        np.save(folder / f"{name}.npy", array)
    weights = glorot(parse_network(task.network).parameter_shapes())
    np.savez(folder / "weights.npz", *weights)
    (folder / "task.json").write_text(json.dumps(asdict(task)))


def load(folder: Path) -> tuple[Task, Arrays, list[NDArray[np.float32]]]:
    """Read what `prepare` wrote."""
    task = Task(**json.loads((folder / "task.json").read_text()))
    # "c": changes stay private, and libraries that want writable arrays are content.
    arrays = Arrays(*(np.load(folder / f"{name}.npy", mmap_mode="c") for name in _FILES))
    with np.load(folder / "weights.npz") as file:
        weights = [file[f"arr_{number}"] for number in range(len(file.files))]
    return task, arrays, weights
