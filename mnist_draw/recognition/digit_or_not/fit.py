"""Fit the rule that tells digits from what is none.

Run it as ``python -m mnist_draw.recognition.digit_or_not.fit``; it takes some minutes.

MNIST's training digits, varied as for handwriting and written with pens of any width, stand
against made-up junk and against several digits at once. Nothing else is used. The threshold is
set on MNIST's validation digits, as they are: a small part of them, the strangest, is refused.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.augmentation.augmenter import RECIPES, Augmenter
from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.augmentation.skeleton_store import StrokeStore
from mnist_draw.dataset.augmentation.writing_styles import restyle
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition.digit_or_not.made_up import junk, several, written
from mnist_draw.recognition.digit_or_not.rule import KINDS, NETWORK, NONE, SEVERAL, Refusal
from mnist_draw.storage import ModelFile, resource_path, save_model

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[Any]

#: Units of the hidden layers, and the share of them that is left out in training.
HIDDEN = (500, 200)
DROPOUT = 0.2
EPOCHS = 90
LEARNING_RATE = 0.001
#: Pictures in a minibatch: digits as the handwriting recipe varies them, digits written with
#: pens of any width, several digits at once, and junk.
VARIED, WRITTEN, SEVERAL_AT_ONCE, JUNK = 210, 80, 40, 170
#: Pictures of junk and of several digits that are made; each epoch sees them in another order.
JUNK_MADE, SEVERAL_MADE = 240_000, 60_000
_MADE_AT_ONCE = 10_000
#: Share of MNIST's validation digits below the threshold.
REFUSED = 0.01


class Digits:
    """MNIST's training digits in all variations."""

    def __init__(self, images: Images, labels: Labels, seed: int) -> None:
        self._labels = labels
        self._seed = seed
        self._augmenter = Augmenter("handwriting", images, labels, seed)
        self._store = StrokeStore(images[:, 0])

    def varied(self, indices: npt.NDArray[np.intp], epoch: int) -> Images:
        """Return digits as the recipe for handwriting varies them, uint8 (n, 28, 28)."""
        return self._augmenter.batch(indices, epoch)[:, 0]

    def written(self, indices: npt.NDArray[np.intp], epoch: int) -> Images:
        """Return digits written with pens of any width, uint8 (n, 28, 28)."""
        warp = RECIPES["handwriting"].warp
        assert warp is not None
        random = HashedRandom(self._seed + 3, epoch, indices)
        strokes = self._store.strokes(indices)
        restyle(strokes, self._labels[indices], random)
        return written(strokes, random, warp)


def fit_refusal(seed: int = 1, epochs: int = EPOCHS) -> ModelFile:
    """Fit the rule; takes some minutes.

    Parameters
    ----------
    seed : int
        The same seed gives the same rule on the same computer.
    epochs : int

    Returns
    -------
    ModelFile
        For :meth:`mnist_draw.recognition.digit_or_not.rule.Refusal.from_model`.
    """
    import lasagne

    from mnist_draw.training.functions import compile_train
    from mnist_draw.training.settings import TrainingSettings

    data = load_dataset()
    images, labels = data.train_images, data.train_labels
    digits = Digits(images, labels, seed)
    usable = np.flatnonzero(StrokeStore(images[:, 0]).has_points(np.arange(len(images))))
    none, many = _made(digits, labels, usable, seed)
    lasagne.random.set_rng(np.random.RandomState(seed))
    network = lasagne.layers.InputLayer((None, 1, 28, 28))
    for units in HIDDEN:
        network = lasagne.layers.DenseLayer(network, units)
        network = lasagne.layers.DropoutLayer(network, DROPOUT)
    network = lasagne.layers.DenseLayer(network, KINDS, nonlinearity=lasagne.nonlinearities.softmax)
    functions = compile_train(network, TrainingSettings(update="adam"))
    rng = np.random.default_rng(seed)
    batches = len(images) // (VARIED + WRITTEN)
    for epoch in range(epochs):
        order = rng.permutation(usable)
        none_order, many_order = rng.permutation(len(none)), rng.permutation(len(many))
        losses = []
        for batch in range(min(batches, len(order) // (VARIED + WRITTEN))):
            share = (epoch + batch / batches) / epochs
            rate = LEARNING_RATE * (1 + cos(pi * share)) / 2
            functions.learning_rate.set_value(np.float32(rate))
            chosen = order[batch * (VARIED + WRITTEN) :][: VARIED + WRITTEN]
            pictures = [
                digits.varied(chosen[:VARIED], epoch),
                digits.written(chosen[VARIED:], epoch),
                many[many_order[batch * SEVERAL_AT_ONCE :][:SEVERAL_AT_ONCE]],
                none[none_order[batch * JUNK :][:JUNK]],
            ]
            kinds = np.concatenate(
                [labels[chosen], np.repeat([SEVERAL, NONE], [SEVERAL_AT_ONCE, JUNK])]
            )
            loss, _ = functions.train(np.concatenate(pictures)[:, None], kinds.astype(np.int32))
            losses.append(float(loss))
        print(f"Epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}", flush=True)
    layers = tuple(
        np.asarray(value, np.float32) for value in lasagne.layers.get_all_param_values(network)
    )
    likeness = Refusal(layers, 0.0).likeness(scale(data.validation_images))
    threshold = float(np.quantile(likeness, REFUSED))
    metadata = {
        "title": "Digit or not",
        "threshold": round(threshold, 4),
        "refused": REFUSED,
        "epochs": epochs,
        "seed": seed,
    }
    return ModelFile(f"{NETWORK}:{','.join(map(str, HIDDEN))}", layers, metadata)


def _made(
    digits: Digits, labels: Labels, usable: npt.NDArray[np.intp], seed: int
) -> tuple[Images, Images]:
    """Make junk and pictures of several digits, from digits varied as in no epoch."""
    half = len(usable) // 2
    varied = [
        digits.varied(usable[start : min(start + 1000, half)], 10_000)
        for start in range(0, half, 1000)
    ]
    varied += [
        digits.written(usable[start : start + 1000], 10_000)
        for start in range(half, len(usable), 1000)
    ]
    images, labels = np.concatenate(varied), labels[usable]
    made = []
    for make, count in ((junk, JUNK_MADE), (several, SEVERAL_MADE)):
        parts = range(count // _MADE_AT_ONCE)
        made.append(
            np.concatenate(
                [make(_MADE_AT_ONCE, seed * 1000 + part, images, labels) for part in parts]
            )
        )
    return made[0], made[1]


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and save; return the exit status."""
    parser = argparse.ArgumentParser(description="Fit the rule that tells digits from others.")
    parser.add_argument(
        "--output",
        type=Path,
        default=resource_path("models", "digit_or_not.npz"),
        help="default: where the program looks for it",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args(argv)
    save_model(arguments.output, fit_refusal(arguments.seed, arguments.epochs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
