"""What a step does beyond its minibatch, and what a longer one would have done to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from mnist_draw.analysis.network_probe import Floats
from mnist_draw.analysis.one_step import OneStep, StepFigures
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.library.network_data import own_data
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile

#: How many times as long as the step itself.
LENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 13.0, 16.0, 20.0, 25.0, 30.0)
#: Test pictures that are asked about; convolutions take twenty times as long.
PICTURES, CONVOLUTION_PICTURES = 10_000, 1000
_SLICE = 256


@dataclass(frozen=True, eq=False)
class StepEffects:
    """What is known so far of a step's effects."""

    #: Mean loss of the minibatch at the first of `LENGTHS`, with the step's masks; inf: too large.
    losses: tuple[float, ...] = ()
    #: Test pictures asked about so far, and in all.
    counted: int = 0
    total: int = 0
    #: How many of these were right before and after, and how many turned right and wrong.
    right: tuple[int, int] = (0, 0)
    turned: tuple[int, int] = (0, 0)
    #: Probabilities of the example before and after as the network answers: nothing is left out.
    example: tuple[Floats, Floats] | None = field(default=None, repr=False)


def step_effects(step: OneStep, figures: StepFigures) -> Iterator[StepEffects]:
    """Yield ever more of what a step did; other steps may be done in between."""
    minibatch = figures.minibatch
    found = StepEffects()
    for length in LENGTHS:
        losses = (*found.losses, step.loss_at(minibatch, figures, length))
        found = replace(found, losses=losses)
        yield found
    before, after = (
        Recogniser(ModelFile(step.model.network, values, step.model.metadata))
        for values in (figures.before, figures.after)
    )
    picture = minibatch.pictures[:1]
    found = replace(found, example=(before.predict(picture)[0], after.predict(picture)[0]))
    data = own_data(step.model) or load_dataset()
    convolves = any(layer.convolves for layer in step.layers)
    count = CONVOLUTION_PICTURES if convolves else PICTURES
    images, labels = data.test_images[:count], data.test_labels[:count]
    for start in range(0, len(images), _SLICE):
        some = scale(images[start : start + _SLICE])
        was, now = (
            network.predict(some).argmax(axis=1) == labels[start : start + _SLICE]
            for network in (before, after)
        )
        right = (found.right[0] + int(was.sum()), found.right[1] + int(now.sum()))
        turned = (
            found.turned[0] + int(np.count_nonzero(now & ~was)),
            found.turned[1] + int(np.count_nonzero(was & ~now)),
        )
        found = replace(
            found, counted=start + len(some), total=len(images), right=right, turned=turned
        )
        yield found
