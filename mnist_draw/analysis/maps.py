"""Maps of test digits by the outputs of a network's layers; the nearest training pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.analysis.network_probe import NetworkProbe, probabilities_of
from mnist_draw.storage import cache
from mnist_draw.storage.models import ModelFile

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.intp]

#: Test digits on a map, evenly chosen: MNIST's first half is harder than its second.
DIGITS = 2000
#: Neighbours that vote, and that place a new point among the others.
VOTERS = 5
#: Digits whose neighbours are searched at once: all distances together take 16 MB, and their
#: order twice as much.
_VOTES_AT_ONCE = 250
#: Until then a few digits are so far out that all others would be one point in an empty cross: in
#: rounds 3 to 30 nine tenths take less than half of the width, from round 40 on over 0.7 of it.
_FIRST_ROUND = 40
_KIND = "map"
_VERSION = 5
_PARTS = ("outputs", "mean", "directions", "points")
_TSNE = "tsne"
_TSNE_VERSION = 1
_NEIGHBOURS = "neighbours"
_NEIGHBOURS_VERSION = 1
#: Rows that are compared at once.
_ROWS = 5_000
#: Outputs of wider layers are kept as float16: an error of a thousandth is far below distances.
_WIDE = 256
#: A side of a map that is a smaller part of the other is rounding error.
_LEAST_SIDE = 1e-3

ROUNDS = 400
PERPLEXITY = 30.0
#: In the first rounds attraction is multiplied by this, so that clusters form.
EXAGGERATION = 12.0
EXAGGERATED_ROUNDS = 100
#: Weight of the last movement in the next, before and after the groups have formed.
_MOMENTA = (0.5, 0.8)
#: Spread of the points at the start: so small that all are neighbours of all.
_START = 1e-4
_SEARCH_ROUNDS = 40
#: With so many directions and rounds the first two are those of the singular value decomposition,
#: to six digits, for pixels and layers of every network that ships.
_SUBSPACE = 8
_SUBSPACE_ROUNDS = 10
_MIN_VALUE = 1e-12


@dataclass(frozen=True, eq=False)
class LayerMap:
    name: str
    #: The layer's outputs, float32 or float16 (n, numbers).
    outputs: npt.NDArray[np.floating[Any]] = field(repr=False)
    #: float32 (numbers,).
    mean: Floats = field(repr=False)
    #: The two directions of largest spread, float32 (2, numbers).
    directions: Floats = field(repr=False)
    #: The digits along them (principal component analysis), float32 (n, 2).
    points: Floats = field(repr=False)
    #: Accuracy of a vote of each digit's nearest neighbours, 0 to 1; NaN if too few can vote.
    vote: float

    @property
    def is_single(self) -> bool:
        """Whether the layer puts out one number: then each class has a row of its own."""
        return len(self.mean) == 1

    def project(self, outputs: Floats) -> Floats:
        """Project a new picture's outputs, (numbers,), on the directions: (2,)."""
        place: Floats = self.directions @ (outputs - self.mean)
        return place


@dataclass(frozen=True, eq=False)
class Maps:
    """All layers' maps: pixels, hidden layers, answer."""

    layers: tuple[LayerMap, ...]
    #: The network's calibrated probabilities for each digit: float32 (n, classes).
    probabilities: Floats
    #: uint8 (n,).
    labels: npt.NDArray[np.uint8]

    @property
    def answers(self) -> Indices:
        """What each digit is read as: intp (n,)."""
        answers: Indices = self.probabilities.argmax(axis=1)
        return answers


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Outputs of the last hidden layer for training pictures."""

    #: float32 or float16 (n, numbers), a row for each training picture.
    outputs: npt.NDArray[np.floating[Any]] = field(repr=False)
    #: Number of rows computed so far.
    counted: int

    @property
    def is_complete(self) -> bool:
        return self.counted == len(self.outputs)


def nearest_rows(
    rows: npt.NDArray[np.floating[Any]],
    outputs: Floats,
    count: int,
) -> tuple[Indices, Floats]:
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


def chosen_digits(count: int) -> Indices:
    """Return the indices of the test digits on a map, evenly spread: intp (n,)."""
    return np.arange(0, count, max(1, count // DIGITS), dtype=np.intp)[:DIGITS]


def build_maps(
    model: ModelFile,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.uint8],
) -> Maps:
    """Map digits, uint8 (n, 1, 28, 28), by each layer's outputs."""
    key = f"{model.fingerprint}-{cache.digest_of(images)}"
    network = NetworkProbe(model)
    names = network.output_names
    arrays: dict[str, Any] = cache.read(_KIND, _VERSION, key) or {}
    try:
        answers = arrays["answers"]
        votes = arrays["votes"].tolist()
        layers = [
            LayerMap(name, vote=vote, **{part: arrays[f"{part} {name}"] for part in _PARTS})
            for name, vote in zip(names, votes, strict=True)
        ]
    except KeyError:
        slices = list(network.outputs_of_all(images))
        answers = np.concatenate([outputs[-1] for outputs in slices])
        layers = []
        for name in names:
            # Popped, so that its memory can be freed: outputs of a convolution take 37 MB.
            values = np.concatenate([outputs.pop(0) for outputs in slices])
            layers.append(_layer_map(name, values, labels))
        made = {f"{part} {each.name}": getattr(each, part) for each in layers for part in _PARTS}
        made |= {"answers": answers, "votes": np.array([each.vote for each in layers])}
        cache.save(_KIND, _VERSION, key, made)
    return Maps(tuple(layers), probabilities_of(answers, model.info.temperature), labels)


def _layer_map(name: str, values: Floats, labels: npt.NDArray[np.uint8]) -> LayerMap:
    """Make the map of a layer; its values are overwritten."""
    vote = vote_accuracy(values, labels)
    outputs = values.astype(_kept_type(values.shape[1]))
    mean = values.mean(axis=0)
    values -= mean
    directions = principal_directions(values)
    points = (values @ directions.T).astype(np.float32)
    if len(mean) == 1:
        # There is no second direction: rows of classes, and apart within them.
        points[:, 1] = np.arange(len(labels)) % 7 * 0.1 - 0.3 - labels
    return LayerMap(name, outputs, mean, directions, points, vote)


def _kept_type(numbers: int) -> type[np.floating[Any]]:
    return np.float16 if numbers > _WIDE else np.float32


def box_around(points: Floats) -> tuple[Floats, Floats]:
    """Return the lowest corner and the sides, (2,), of what a map shows of points, (n, 2)."""
    low = points.min(axis=0)
    high = points.max(axis=0)
    sides = np.maximum(high - low, max(_LEAST_SIDE * float((high - low).max()), 1e-9))
    return (low + high - sides) / 2, sides


def principal_directions(centred: Floats) -> Floats:
    """Return the two directions of largest spread, (2, numbers), of values whose mean is 0.

    By subspace iteration (Halko, Martinsson, Tropp 2011), begun with the same numbers each time.
    """
    random = np.random.default_rng(0)
    basis = random.standard_normal((centred.shape[1], _SUBSPACE), np.float32)
    for _ in range(_SUBSPACE_ROUNDS):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    _, _, inside = np.linalg.svd(centred @ basis, full_matrices=False)
    # Of a single number or picture there is no second direction: it stays 0.
    directions = np.zeros((2, len(basis)), np.float32)
    directions[: len(inside)] = inside[:2] @ basis.T
    # A direction and its opposite are equally good: its largest part shall be positive.
    largest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(2), largest])[:, None]
    return directions


def voters_of(labels: npt.NDArray[np.uint8]) -> int:
    """Return how many neighbours of each point vote; 0 where there are too few.

    No more than there are others of its class, where classes are of the usual size: of six
    pictures in three classes, five neighbours would always be outvoted by the other classes.
    """
    counts = np.bincount(labels)
    usual = int(np.median(counts[counts > 0])) if len(labels) else 0
    return max(0, min(VOTERS, usual - 1))


def vote_accuracy(values: Floats, labels: npt.NDArray[np.uint8]) -> float:
    """Return how often the nearest others have a point's label in the majority; NaN for too few."""
    count = voters_of(labels)
    if not count:
        return float("nan")
    right = 0
    for start in range(0, len(values), _VOTES_AT_ONCE):
        some = values[start : start + _VOTES_AT_ONCE]
        distances = squared_distances(some, values)
        rows = np.arange(len(some))[:, None]
        distances[rows[:, 0], start + rows[:, 0]] = np.inf
        nearest = np.argpartition(distances, count - 1, axis=1)[:, :count]
        order = np.argsort(distances[rows, nearest], axis=1, kind="stable")
        said = [vote(voters) for voters in labels[nearest[rows, order]]]
        right += int(np.sum(np.array(said) == labels[start : start + len(some)]))
    return right / len(values)


def vote(labels: npt.NDArray[np.integer[Any]]) -> int:
    """Return the label of most neighbours, the nearest first; of equally many, the nearer one."""
    return int(labels[np.bincount(labels)[labels].argmax()])


def lay_out(model: ModelFile, layer: LayerMap, images: npt.NDArray[np.uint8]) -> Iterator[Floats]:
    """Yield places by t-SNE, float32 (n, 2), after each round, from those of the layer's map on."""
    key = f"{model.fingerprint}-{cache.digest_of(images)}-{layer.name}"
    shape = (len(images), 2)
    cached = cache.read_array(_TSNE, _TSNE_VERSION, key, "points", np.float32, shape)
    if cached is not None:
        yield cached
        return
    points = layer.points
    rounds = tsne(layer.outputs.astype(np.float32), layer.points)
    for number, points in enumerate(rounds):
        yield points if number >= _FIRST_ROUND else layer.points
    cache.save(_TSNE, _TSNE_VERSION, key, {"points": points})


def gather_neighbours(model: ModelFile, images: npt.NDArray[np.uint8]) -> Iterator[Neighbourhood]:
    """Compute the last hidden layer of pictures, uint8 (N, 1, 28, 28), ever more of them."""
    key = f"{model.fingerprint}-{cache.digest_of(images)}"
    count = len(images)
    network = NetworkProbe(model)
    shape = count, len(network.layers[-1].W)
    kept = _kept_type(shape[1])
    cached = cache.read_array(_NEIGHBOURS, _NEIGHBOURS_VERSION, key, "outputs", kept, shape)
    if cached is not None:
        yield Neighbourhood(cached, count)
        return
    outputs = np.zeros(shape, kept)
    done = 0
    for layers in network.outputs_of_all(images):
        part = layers[network.last_hidden]
        outputs[done : done + len(part)] = part
        done += len(part)
        if done == count:
            cache.save(_NEIGHBOURS, _NEIGHBOURS_VERSION, key, {"outputs": outputs})
        yield Neighbourhood(outputs, done)


def tsne(values: Floats, start: Floats, rounds: int = ROUNDS) -> Iterator[Floats]:
    """Embed neighbours in many dimensions as neighbours in two (van der Maaten, Hinton 2008).

    Exact, as in the paper: every point attracts and repels every other. For 2,000 points a round
    takes a tenth of a second, so that 400 rounds can be watched. Points, (n, 2), begin at
    ``start``, scaled down: principal components give the same map each time.
    """
    count = len(values)
    attraction = affinities(squared_distances(values, values))
    points = (start / max(float(start[:, 0].std()), _MIN_VALUE) * _START).astype(np.float32)
    movement = np.zeros_like(points)
    gains = np.ones_like(points)
    # Belkina et al. (2019): a rate that grows with the number of points.
    rate = max(count / EXAGGERATION, 50.0)
    for number in range(rounds):
        early = number < EXAGGERATED_ROUNDS
        gradient = _gradient(points, attraction * np.float32(EXAGGERATION) if early else attraction)
        # Where a point turns round it goes slower, elsewhere faster (Jacobs 1988).
        gains = np.where(np.sign(gradient) == np.sign(movement), gains * 0.8, gains + 0.2)
        np.maximum(gains, 0.01, out=gains)
        movement = _MOMENTA[0 if early else 1] * movement - rate * gains * gradient
        points = (points + movement).astype(np.float32)
        points -= points.mean(axis=0)
        yield points.copy()


def affinities(distances: Floats, perplexity: float = PERPLEXITY) -> Floats:
    """Return how strongly points attract each other: float32 (n, n), symmetric, sum 1.

    For each point the width of a Gaussian is sought under which it has `perplexity` effective
    neighbours. The distances are overwritten: of 2,000 points each array takes 16 MB.
    """
    count = len(distances)
    target = np.log(min(perplexity, max((count - 1) / 3, 1.0)))
    np.fill_diagonal(distances, np.inf)
    distances -= distances.min(axis=1, keepdims=True)
    precision = np.ones((count, 1), np.float32)
    low = np.zeros_like(precision)
    high = np.full_like(precision, np.inf)
    finite = np.where(np.isfinite(distances), distances, 0)
    weights = np.empty_like(distances)
    for _ in range(_SEARCH_ROUNDS):
        np.multiply(distances, -precision, out=weights)
        np.exp(weights, out=weights)
        total = weights.sum(axis=1, keepdims=True)
        mean = (weights * finite).sum(axis=1, keepdims=True) / total
        entropy = np.log(total) + precision * mean
        wide = entropy > target
        low = np.where(wide, precision, low)
        high = np.where(wide, high, precision)
        middle = np.where(np.isinf(high), precision * 2, (low + high) / 2)
        precision = middle.astype(np.float32)
    weights = np.exp(-distances * precision)
    weights /= weights.sum(axis=1, keepdims=True)
    both: Floats = ((weights + weights.T) / (2 * count)).astype(np.float32)
    return np.maximum(both, np.float32(_MIN_VALUE))


def _gradient(points: Floats, attraction: Floats) -> Floats:
    closeness = squared_distances(points, points)
    closeness += 1
    np.divide(1, closeness, out=closeness)
    np.fill_diagonal(closeness, 0)
    pull = closeness / closeness.sum()
    np.subtract(attraction, pull, out=pull)
    pull *= closeness
    gradient: Floats = 4 * (pull.sum(axis=1, keepdims=True) * points - pull @ points)
    return gradient


def squared_distances(some: Floats, others: Floats) -> Floats:
    """Return the squared Euclidean distances: float32 (some, others)."""
    distances: Floats = some @ others.T
    distances *= 2
    lengths = np.einsum("ij,ij->i", some, some)[:, None] + np.einsum("ij,ij->i", others, others)
    np.subtract(lengths, distances, out=distances)
    return np.maximum(distances, 0, out=distances)
