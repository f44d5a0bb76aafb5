"""Training pictures that the last hidden layer of a network finds most alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.analysis.tsne import squared_distances
from mnist_draw.storage import cache
from mnist_draw.storage.models import ModelFile

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

#: Rows that are turned to float32 at once.
_ROWS = 5_000
_KIND, _VERSION = "neighbours", 1


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Outputs of the last hidden layer for training pictures."""

    #: float16 (n, numbers), a row for each training picture.
    outputs: npt.NDArray[np.float16] = field(repr=False)
    #: Number of rows computed so far.
    counted: int

    @property
    def is_complete(self) -> bool:
        return self.counted == len(self.outputs)

    def nearest(self, outputs: Floats, count: int) -> tuple[Indices, Floats]:
        """Return the indices, intp (count,), and distances of the nearest pictures."""
        distances = np.empty(self.counted, np.float32)
        for start in range(0, self.counted, _ROWS):
            part = self.outputs[start : min(start + _ROWS, self.counted)].astype(np.float32)
            distances[start : start + len(part)] = squared_distances(outputs[None], part)[0]
        count = min(count, self.counted)
        places = np.argpartition(distances, count - 1)[:count]
        order = np.argsort(distances[places], kind="stable")
        return places[order], np.sqrt(distances[places[order]])


def gather_neighbours(model: ModelFile, images: npt.NDArray[np.uint8]) -> Iterator[Neighbourhood]:
    """Compute the last hidden layer of pictures, uint8 (N, 1, 28, 28), ever more of them."""
    key = f"{model.fingerprint}-{cache.digest_of(images)}"
    count = len(images)
    cached = cache.read_array(_KIND, _VERSION, key, "outputs", np.float16, (count, -1))
    if cached is not None:
        yield Neighbourhood(cached, count)
        return
    network = NetworkProbe(model)
    outputs = np.zeros((count, 0), np.float16)
    done = 0
    for layers in network.outputs_of_all(images):
        part = layers[network.last_hidden].astype(np.float16)
        if not done:
            outputs = np.zeros((count, part.shape[1]), np.float16)
        outputs[done : done + len(part)] = part
        done += len(part)
        if done == count:
            cache.save(_KIND, _VERSION, key, {"outputs": outputs})
        yield Neighbourhood(outputs, done)
