"""What a step moved, and what it did to other pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from mnist_draw.analysis.network_probe import Layer
from mnist_draw.analysis.one_step import OneStep, StepFigures
from mnist_draw.arrays import Floats
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.library.network_data import own_data
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile


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


@dataclass(frozen=True)
class MovedShares:
    """Which of the first layer's weights moved, 0 to 1."""

    all: float
    #: Of those that moved: from pixels that are black in the example, and in the whole minibatch.
    black: float
    black_in_all: float


def moved_shares(figures: StepFigures) -> MovedShares | None:
    """Return which weights of a dense first layer moved; None of filters."""
    moved = figures.after[0] != figures.before[0]
    pictures = figures.minibatch.pictures.reshape(len(figures.losses), -1)
    if len(moved) != pictures.shape[1]:
        return None
    count = max(int(moved.sum()), 1)
    black = int(moved[pictures[0] == 0].sum())
    black_in_all = int(moved[(pictures == 0).all(axis=0)].sum())
    return MovedShares(float(moved.mean()), black / count, black_in_all / count)


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


#: Test pictures that are asked about; convolutions take twenty times as long.
PICTURES = 10_000
CONVOLUTION_PICTURES = 1000
_SLICE = 256


@dataclass(frozen=True, eq=False)
class StepEffects:
    #: Test pictures asked about so far.
    counted: int
    #: How many of these were right before and after, and how many turned right and wrong.
    right: tuple[int, int]
    turned: tuple[int, int]
    #: Probabilities of the example before and after as the network answers: nothing is left out.
    example: tuple[Floats, Floats] = field(repr=False)


def step_effects(step: OneStep, figures: StepFigures) -> Iterator[StepEffects]:
    """Yield ever more of what a step did; other steps may be done in between."""
    before, after = (
        Recogniser(ModelFile(step.model.network, values, step.model.metadata), compiled=False)
        for values in (figures.before, figures.after)
    )
    picture = figures.minibatch.pictures[:1]
    example = before.predict(picture)[0], after.predict(picture)[0]
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
        yield StepEffects(start + len(some), right, turned, example)
