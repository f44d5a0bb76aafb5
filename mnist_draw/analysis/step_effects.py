"""One weight followed through a step, what the step moved, and what it did to other pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mnist_draw.analysis.network_probe import Floats, Layer
from mnist_draw.analysis.one_step import OneStep, StepFigures
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.library.network_data import own_data
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile


@dataclass(frozen=True)
class Weight:
    """One number of a dense layer's matrix: from an input to a unit, all counted from 0."""

    layer: int
    source: int
    unit: int


def strongest_weight(figures: StepFigures, digit: int) -> Weight:
    """Return the weight to an answer that the picture pulls at most."""
    last = len(figures.x) - 1
    return Weight(last, int(np.abs(figures.x[last].ravel()).argmax()), digit)


def weight_of_unit(
    figures: StepFigures,
    layers: Sequence[Layer],
    layer: int,
    unit: int,
) -> Weight | None:
    """Return a unit's weight to the next layer that the example pulls at most; None for a map's."""
    if layer == len(layers) - 1:
        return strongest_weight(figures, unit)
    if layers[layer].convolves or layers[layer + 1].convolves:
        return None
    if layer + 1 == len(layers) - 1:
        return Weight(layer + 1, unit, figures.label)
    return Weight(layer + 1, unit, int(np.abs(figures.delta[layer + 1]).argmax()))


def accumulators_of(figures: StepFigures, weight: Weight) -> list[tuple[float, float]]:
    place = (weight.source, weight.unit)
    # The rule remembers as many arrays for each parameter, one parameter after the other; Adam's
    # count of steps follows all of them.
    each = len(figures.state_before) // len(figures.before)
    return [
        (float(figures.state_before[n][place]), float(figures.state_after[n][place]))
        for n in range(2 * weight.layer * each, (2 * weight.layer + 1) * each)
    ]


def moved_sums(figures: StepFigures, layers: Sequence[Layer]) -> tuple[np.ndarray, ...]:
    """Return by how much each layer's sums for the example grew, their inputs as they were."""
    found = []
    for place, layer in enumerate(layers):
        change, bias = (
            figures.after[2 * place + n] - figures.before[2 * place + n] for n in (0, 1)
        )
        if layer.convolves:
            # Lasagne turns a filter round before it slides over the picture.
            turned = change[:, :, ::-1, ::-1]
            windows = np.lib.stride_tricks.sliding_window_view(
                figures.x[place],
                turned.shape[2:],
                axis=(1, 2),
            )
            sums = np.tensordot(turned, windows, axes=((1, 2, 3), (0, 3, 4)))
            found.append((sums + bias[:, None, None]).astype(np.float32))
        else:
            found.append(figures.x[place].ravel() @ change + bias)
    return tuple(found)


def moved_shares(figures: StepFigures) -> tuple[float, float]:
    """Return the shares of the first matrix that moved, and of that from black; NaN for filters."""
    moved = figures.after[0] != figures.before[0]
    black = figures.minibatch.pictures[0].ravel() == 0
    if moved.shape[0] != len(black):
        return float("nan"), float("nan")
    return float(moved.mean()), float(moved[black].sum() / max(int(moved.sum()), 1))


def left_out(
    figures: StepFigures,
    layers: Sequence[Layer],
    places: Iterable[int],
) -> tuple[dict[int, np.ndarray], int, int]:
    """Return which numbers of the example dropout leaves out; ``places``: `OneStep.retained`.

    For each dense hidden layer whose units are left out bool (units,); how many numbers are left
    out, and how many there are.
    """
    units: dict[int, np.ndarray] = {}
    count = total = 0
    for place, mask in zip(places, figures.minibatch.masks, strict=True):
        off = mask[0].ravel() == 0
        count = count + int(off.sum())
        total = total + off.size
        if place and not layers[place - 1].convolves and off.size == layers[place - 1].units:
            units[place - 1] = off
    return units, count, total


#: How many times as long as the step itself.
LENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0, 25.0, 30.0)
#: Test pictures that are asked about; convolutions take twenty times as long.
PICTURES = 10_000
CONVOLUTION_PICTURES = 1000
_SLICE = 256


@dataclass(frozen=True, eq=False)
class StepEffects:
    #: Mean loss of the minibatch at the first of `LENGTHS`, with the step's masks; inf: too large.
    losses: tuple[float, ...] = ()
    #: Test pictures asked about so far.
    counted: int = 0
    #: How many of these were right before and after, and how many turned right and wrong.
    right: tuple[int, int] = (0, 0)
    turned: tuple[int, int] = (0, 0)
    #: Probabilities of the example before and after as the network answers: nothing is left out.
    example: tuple[Floats, Floats] | None = field(default=None, repr=False)


def step_effects(step: OneStep, figures: StepFigures) -> Iterator[StepEffects]:
    """Yield ever more of what a step did; other steps may be done in between."""
    found = StepEffects()
    for length in LENGTHS:
        losses = (*found.losses, step.loss_at(figures, length))
        found = replace(found, losses=losses)
        yield found
    before, after = (
        Recogniser(ModelFile(step.model.network, values, step.model.metadata), compiled=False)
        for values in (figures.before, figures.after)
    )
    picture = figures.minibatch.pictures[:1]
    found = replace(found, example=(before.predict(picture)[0], after.predict(picture)[0]))
    data = own_data(step.model) or load_dataset()
    convolves = any(layer.convolves for layer in step.layers)
    count = CONVOLUTION_PICTURES if convolves else PICTURES
    images = data.test_images[:count]
    labels = data.test_labels[:count]
    sums = np.zeros(4, np.int64)
    for start in range(0, len(images), _SLICE):
        some = scale(images[start : start + _SLICE])
        was, now = (
            network.predict(some).argmax(axis=1) == labels[start : start + _SLICE]
            for network in (before, after)
        )
        sums += [np.count_nonzero(which) for which in (was, now, now & ~was, was & ~now)]
        first, last, better, worse = sums.tolist()
        right = (first, last)
        turned = (better, worse)
        found = replace(found, counted=start + len(some), right=right, turned=turned)
        yield found
