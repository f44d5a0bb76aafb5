"""A map of test digits by the last hidden layer's outputs; the nearest training pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.network_probe import NetworkProbe, probabilities_of
from mnist_draw.arrays import Bytes, Floats, Places
from mnist_draw.storage import cache
from mnist_draw.storage.models import ModelFile

#: Test digits on a map, evenly chosen: MNIST's first half is harder than its second.
DIGITS = 2000
_KIND = "map"
_VERSION = 7
_NEIGHBORS = "neighbours"
_NEIGHBORS_VERSION = 1
#: Rows that are compared at once.
_ROWS = 5_000
#: Outputs of wider layers are kept as float16: an error of a thousandth is far below distances.
_WIDE = 256
#: A side of a map that is a smaller part of the other is rounding error.
_LEAST_SIDE = 1e-3

#: With so many directions and rounds the first two are those of the singular value decomposition,
#: to six digits, for pixels and layers of every network that ships.
_SUBSPACE = 8
_SUBSPACE_ROUNDS = 10


@dataclass(frozen=True, eq=False, repr=False)
class DigitMap:
    """Test digits on a plane, by the outputs of the last hidden layer.

    The plane is that of the principal component analysis: the two directions of largest spread.
    """

    #: Of the outputs, float32 (units,).
    mean: Floats
    #: The two directions, float32 (2, units).
    directions: Floats
    #: The digits along them, float32 (n, 2).
    points: Floats
    #: The network's calibrated probabilities, float32 (n, classes).
    probabilities: Floats
    #: uint8 (n,).
    labels: Bytes
    #: The part of the variance that the plane keeps, 0 to 1.
    spread: float

    @property
    def answers(self) -> Places:
        """The answer for each digit: intp (n,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def is_single(self) -> bool:
        """Whether the layer has one unit: then each class has a row of its own."""
        return len(self.mean) == 1

    def project(self, outputs: Floats) -> Floats:
        """Project a new picture's outputs, (units,), on the directions: (2,)."""
        return self.directions @ (outputs - self.mean)


@dataclass(frozen=True, eq=False, repr=False)
class Neighborhood:
    """Outputs of the last hidden layer for training pictures."""

    #: float32 or float16 (n, numbers), a row for each training picture.
    outputs: npt.NDArray[np.floating[Any]]
    #: Number of rows computed so far.
    counted: int

    @property
    def is_complete(self) -> bool:
        return self.counted == len(self.outputs)


def nearest_rows(
    rows: npt.NDArray[np.floating[Any]],
    outputs: Floats,
    count: int,
) -> tuple[Places, Floats]:
    """Return the indices of the rows that are nearest to outputs, the nearest first; distances."""
    distances = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _ROWS):
        # Not by `squared_distances`: its rounding is larger than the distances of narrow layers.
        away = rows[start : start + _ROWS] - outputs
        distances[start : start + len(away)] = np.einsum("ij,ij->i", away, away)
    count = min(count, len(rows))
    places = np.argpartition(distances, count - 1)[:count]
    order = np.argsort(distances[places], kind="stable")
    return places[order], np.sqrt(distances[places[order]])


def chosen_digits(count: int) -> Places:
    """Return the indices of the test digits on a map, evenly spread: intp (n,)."""
    return np.arange(0, count, max(1, count // DIGITS), dtype=np.intp)[:DIGITS]


def build_map(
    model: ModelFile,
    images: Bytes,
    labels: Bytes,
) -> DigitMap:
    """Map digits, uint8 (n, 1, 28, 28), by the last hidden layer's outputs."""
    key = f"{model.fingerprint}-{cache.digest_of(images)}"
    arrays: dict[str, Any] = cache.read(_KIND, _VERSION, key) or {}
    if not {"mean", "directions", "points", "logits", "spread"} <= arrays.keys():
        arrays = _compute_map(NetworkProbe(model), images, labels)
        cache.save(_KIND, _VERSION, key, arrays)
    return DigitMap(
        arrays["mean"],
        arrays["directions"],
        arrays["points"],
        probabilities_of(arrays["logits"], model.info.temperature),
        labels,
        float(arrays["spread"]),
    )


def _compute_map(
    network: NetworkProbe,
    images: Bytes,
    labels: Bytes,
) -> dict[str, Any]:
    hidden, logits = zip(*network.outputs_of_all(images), strict=True)
    values = np.concatenate(hidden)
    mean = values.mean(axis=0)
    values -= mean
    directions = principal_directions(values)
    points = (values @ directions.T).astype(np.float32)
    spread = points.var(axis=0).sum() / max(float(values.var(axis=0).sum()), 1e-12)
    if len(mean) == 1:
        # There is no second direction: rows of classes, and apart within them.
        points[:, 1] = np.arange(len(labels)) % 7 * 0.1 - 0.3 - labels
    return {
        "mean": mean,
        "directions": directions,
        "points": points,
        "logits": np.concatenate(logits),
        "spread": np.array(spread),
    }


def box_around(points: Floats) -> tuple[Floats, Floats]:
    """Return the lowest corner and the sides, (2,), of what a map shows of points, (n, 2)."""
    low = points.min(axis=0)
    high = points.max(axis=0)
    sides = np.maximum(high - low, max(_LEAST_SIDE * float((high - low).max()), 1e-9))
    return (low + high - sides) / 2, sides


def principal_directions(centered: Floats) -> Floats:
    """Return the two directions of largest spread, (2, numbers), of values whose mean is 0.

    By subspace iteration (Halko, Martinsson, Tropp 2011), begun with the same numbers each time.
    """
    random = np.random.default_rng(0)
    basis = random.standard_normal((centered.shape[1], _SUBSPACE), np.float32)
    for _ in range(_SUBSPACE_ROUNDS):
        basis, _ = np.linalg.qr(centered.T @ (centered @ basis))
    _, _, inside = np.linalg.svd(centered @ basis, full_matrices=False)
    # Of a single number or picture there is no second direction: it stays 0.
    directions = np.zeros((2, len(basis)), np.float32)
    directions[: len(inside)] = inside[:2] @ basis.T
    # A direction and its opposite are equally good: its largest part shall be positive.
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(2), largest])[:, None]
    return directions


def gather_neighbors(model: ModelFile, images: Bytes) -> Iterator[Neighborhood]:
    """Compute the last hidden layer of pictures, uint8 (N, 1, 28, 28), ever more of them."""
    key = f"{model.fingerprint}-{cache.digest_of(images)}"
    count = len(images)
    network = NetworkProbe(model)
    shape = count, len(network.layers[-1].W)
    kept = np.float16 if shape[1] > _WIDE else np.float32
    cached = cache.read_array(_NEIGHBORS, _NEIGHBORS_VERSION, key, "outputs", kept, shape)
    if cached is not None:
        yield Neighborhood(cached, count)
        return
    outputs = np.zeros(shape, kept)
    done = 0
    for part, _ in network.outputs_of_all(images):
        outputs[done : done + len(part)] = part
        done += len(part)
        if done == count:
            cache.save(_NEIGHBORS, _NEIGHBORS_VERSION, key, {"outputs": outputs})
        yield Neighborhood(outputs, done)
