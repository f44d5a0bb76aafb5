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

    #: float16 (n, numbers), of the first n training pictures.
    outputs: npt.NDArray[np.float16] = field(repr=False)
    #: The squared lengths of the rows, float32 (n,).
    lengths: Floats = field(repr=False)
    #: Number of rows computed so far.
    counted: int

    @property
    def is_complete(self) -> bool:
        return self.counted == len(self.outputs)

    def nearest(self, outputs: Floats, count: int) -> tuple[Indices, Floats]:
        """Return the indices, intp (count,), and distances of the nearest pictures."""
        products = np.empty(self.counted, np.float32)
        for start in range(0, self.counted, _ROWS):
            part = self.outputs[start : min(start + _ROWS, self.counted)]
            products[start : start + len(part)] = part.astype(np.float32) @ outputs
        distances = self.lengths[: self.counted] - 2 * products
        count = min(count, self.counted)
        places = np.argpartition(distances, count - 1)[:count]
        exact = squared_distances(outputs[None], self.outputs[places].astype(np.float32))[0]
        order = np.argsort(exact, kind="stable")
        return places[order], np.sqrt(exact[order])


def gather_neighbours(model: ModelFile, images: npt.NDArray[np.uint8]) -> Iterator[Neighbourhood]:
    """Compute the last hidden layer of pictures, uint8 (N, 1, 28, 28), ever more of them."""
    key = f"{model.fingerprint}-{cache.digest_of(images)}"
    count = len(images)
    cached = cache.read_array(_KIND, _VERSION, key, "outputs", np.float16, (count, -1))
    if cached is not None:
        yield Neighbourhood(cached, _lengths(cached), count)
        return
    network = NetworkProbe(model)
    outputs = np.zeros((count, 0), np.float16)
    lengths, done = np.empty(count, np.float32), 0
    for layers in network.outputs_of_all(images):
        part = layers[network.last_hidden].astype(np.float16)
        if not done:
            outputs = np.zeros((count, part.shape[1]), np.float16)
        outputs[done : done + len(part)] = part
        lengths[done : done + len(part)] = _lengths(part)
        done += len(part)
        if done == count:
            cache.save(_KIND, _VERSION, key, {"outputs": outputs})
        yield Neighbourhood(outputs, lengths, done)


def _lengths(values: npt.NDArray[np.float16]) -> Floats:
    lengths = np.empty(len(values), np.float32)
    for start in range(0, len(values), _ROWS):
        part = values[start : start + _ROWS].astype(np.float32)
        lengths[start : start + len(part)] = np.einsum("ij,ij->i", part, part)
    return lengths
