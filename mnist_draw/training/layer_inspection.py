"""A look inside a network after an epoch: its weights, how far they moved, its silent units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.networks import parse_network
from mnist_draw.training.events import Parameters
from mnist_draw.training.functions import compile_activations

Floats = NDArray[np.float32]

#: Bins of the histogram: enough to show its shape, wide enough to be seen.
_BINS = 60
#: Standard deviations that the histogram reaches; what lies beyond counts in its last bins.
_REACH = 4.0
#: Pictures that silent units are sought with: convolutions cost more.
DENSE_PICTURES, CONVOLUTION_PICTURES = 500, 100


@dataclass(frozen=True, eq=False)
class LayerFigures:
    """What was seen after an epoch.

    Attributes
    ----------
    epoch : int
        From 1.
    names : tuple of str
        One for each layer with weights, the output last.
    updates : tuple of float
        How far the epoch moved each layer's weights, as a part of their length; empty where
        the weights before are not known.
    dead : tuple of float
        Share of each hidden layer's units that are 0 for every picture tried; empty
        where none were tried.
    pictures : int
        How many were tried.
    counts, edges : ndarray of int64 and of float64
        The histogram of all weights (no biases): counts, and edges of its bins.
    """

    epoch: int
    names: tuple[str, ...]
    updates: tuple[float, ...]
    dead: tuple[float, ...]
    pictures: int
    counts: NDArray[np.int64]
    edges: NDArray[np.float64]


class LayerInspection:
    """Looks inside one network, epoch by epoch.

    Builds the network and compiles what its hidden layers put out, which takes a fraction of a
    second. Only one thread may use it at a time: a compiled function is not re-entrant.
    """

    def __init__(self, network: str) -> None:
        self._network = parse_network(network).build()
        self._activations = compile_activations(self._network)

    def inspect(
        self,
        epoch: int,
        before: Parameters | None,
        after: Parameters,
        pictures: Floats | None,
    ) -> LayerFigures:
        """Look at the network after an epoch.

        Parameters
        ----------
        epoch : int
            The epoch it has finished.
        before, after : tuple of ndarray
            Its parameters an epoch ago, where they are known, and now, in Lasagne's order.
        pictures : ndarray of float32, shape (N, 1, 28, 28), or None
            Scaled as for the network; none are tried where None.
        """
        weights = _weights(after)
        names = layer_names(after)
        updates: tuple[float, ...] = ()
        if before is not None:
            updates = tuple(
                float(np.linalg.norm(now - old) / max(float(np.linalg.norm(old)), 1e-12))
                for old, now in zip(_weights(before), weights, strict=True)
            )
        dead: tuple[float, ...] = ()
        if pictures is not None and len(weights) > 1:
            convolutions = any(value.ndim == 4 for value in weights)
            pictures = pictures[: CONVOLUTION_PICTURES if convolutions else DENSE_PICTURES]
            dead = tuple(float(np.mean(~active)) for active in self.active_units(after, pictures))
        counts, edges = weight_histogram(weights)
        tried = 0 if pictures is None else len(pictures)
        return LayerFigures(epoch, names, updates, dead, tried, counts, edges)

    def active_units(self, parameters: Parameters, pictures: Floats) -> list[NDArray[np.bool_]]:
        """Tell, for each hidden layer, which units (or filters) any of the pictures moves from 0.

        Only rectifiers fall silent; the other activations are hardly ever exactly 0.
        """
        import lasagne

        lasagne.layers.set_all_param_values(self._network, list(parameters))
        return [
            np.asarray((values != 0).any(axis=(0, *range(2, values.ndim))))
            for values in self._activations(pictures)
        ]


def _weights(parameters: Parameters) -> list[Any]:
    return [value for value in parameters if value.ndim > 1]


def layer_names(parameters: Parameters) -> tuple[str, ...]:
    """Name the layers that have weights: convolutions, hidden layers, the output."""
    weights = _weights(parameters)
    convolutions = sum(value.ndim == 4 for value in weights)
    names = [f"convolution {number}" for number in range(1, convolutions + 1)]
    names += [f"hidden {number}" for number in range(1, len(weights) - convolutions)]
    return (*names, "output")


def weight_histogram(weights: list[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Count weights in bins around 0; those far out count in the outermost ones."""
    values = np.concatenate([value.ravel() for value in weights])
    reach = max(_REACH * float(values.std()), 1e-6)
    counts, edges = np.histogram(np.clip(values, -reach, reach), _BINS, (-reach, reach))
    return counts.astype(np.int64), edges.astype(np.float64)


def words_on_updates(figures: LayerFigures) -> str:
    """Say in words what the update sizes mean."""
    if not figures.updates:
        return "Shown after the second epoch."
    largest = max(figures.updates)
    name = figures.names[figures.updates.index(largest)]
    told = (
        f"The last epoch moved the weights of {name} most, by {100 * largest:.2g} % of their length"
    )
    if largest > 0.5:
        return f"{told}: large steps, early in a run or with a high learning rate."
    if largest < 0.005:
        return f"{told}: the network has nearly settled."
    return f"{told}."


def words_on_dead(figures: LayerFigures) -> str:
    """Say in words what the silent units mean."""
    if not figures.dead:
        return "This network has no rectifiers, or no pictures were tried."
    worst = max(figures.dead)
    told = f"tried on {figures.pictures} validation pictures"
    if worst == 0:
        return f"Every unit answers some picture ({told})."
    name = figures.names[figures.dead.index(worst)]
    return f"{100 * worst:.2g} % of {name} answer no picture at all ({told}) and learn nothing."


def words_on_weights(figures: LayerFigures) -> str:
    """Say in words what the histogram shows."""
    total = max(int(figures.counts.sum()), 1)
    centres = (figures.edges[:-1] + figures.edges[1:]) / 2
    width = float(np.sqrt((figures.counts * centres**2).sum() / total))
    return f"{total:,} weights, most within ±{2 * width:.2g}; strong ones lie at the sides."
