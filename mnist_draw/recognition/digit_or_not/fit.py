"""Fit the rule that tells digits from what is none.

Run it as ``python -m mnist_draw.recognition.digit_or_not.fit --drawn LETTERS.npz SYMBOLS.npz``; it
takes some minutes.

MNIST's training digits, varied as for handwriting and written with pens of any width, stand
against letters and symbols that people drew (of three quarters of the writers, see
:mod:`mnist_draw.recognition.digit_or_not.drawn`), against made-up drawings, and against several
digits at once. All of them are softened at times, so that neither the pen's width nor the
sharpness of a picture tells anything. The threshold is set on MNIST's validation digits: a small
part of them, the strangest, is refused.
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
from mnist_draw.dataset.augmentation.skeleton_store import Strokes, StrokeStore
from mnist_draw.dataset.augmentation.warp import WarpRange
from mnist_draw.dataset.augmentation.writing_styles import restyle
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.recognition.digit_or_not.drawn import Drawings, load_drawings
from mnist_draw.recognition.digit_or_not.made_up import blurred, junk, lines_of, several, written
from mnist_draw.recognition.digit_or_not.rule import (
    FILTER_SIDES,
    KINDS,
    NETWORK,
    NONE,
    SEVERAL,
    Refusal,
)
from mnist_draw.storage import ModelFile, resource_path, save_model

Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[Any]

#: Filters of both convolutions, units of the dense layer, and the share of what goes into and
#: comes out of that layer that is left out in training.
FILTERS, UNITS, DROPOUT = (16, 32), 128, 0.2
EPOCHS = 22
LEARNING_RATE = 0.001
#: Pictures in a minibatch: digits as the handwriting recipe varies them, digits written with
#: pens of any width, several digits at once, what people drew, and made-up drawings.
VARIED, WRITTEN, SEVERAL_AT_ONCE, DRAWN, MADE_UP = 120, 130, 30, 160, 60
#: Pictures that are made up, and of several digits; each epoch sees them in another order.
MADE_UP_MADE, SEVERAL_MADE = 40_000, 20_000
_MADE_AT_ONCE = 10_000
#: Share of pictures that are softened.
BLURRED = 0.3
#: How much what people drew is deformed: less than digits, for it varies enough already.
_DRAWN_WARP = WarpRange(rotation=10, shear=0.2, aspect=0.3, bend=1.0, waves=((0.7, 12.0, 32.0),))
#: Of one writer no more drawings than this, so that nobody's hand outweighs all others'.
_MOST_OF_ONE = 500
#: Share of MNIST's validation digits below the threshold. Of digits that the writers drew whose
#: letters were fitted, about as many are refused then.
REFUSED = 0.006


class Digits:
    """Digits in all variations.

    Parameters
    ----------
    images : numpy.ndarray, uint8, shape (N, 1, 28, 28)
    labels : numpy.ndarray, shape (N,)
    seed : int
    """

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


class Drawn:
    """What people drew, in variations.

    Parameters
    ----------
    drawings : list of Drawings
        Of the writers that count; at least one drawing.
    seed : int
    """

    def __init__(self, drawings: list[Drawings], seed: int) -> None:
        rng = np.random.default_rng((seed, 8))
        strokes, writers = [], []
        for part in drawings:
            strokes += part.strokes
            writers += part.writers
        seen: dict[str, int] = {}
        kept = []
        for row in rng.permutation(len(strokes)):
            seen[writers[row]] = seen.get(writers[row], 0) + 1
            if seen[writers[row]] <= _MOST_OF_ONE:
                kept.append(strokes[row])
        self._lines = lines_of(kept)
        self._seed = seed

    def __len__(self) -> int:
        return len(self._lines.x)

    def varied(self, indices: npt.NDArray[np.intp], epoch: int) -> Images:
        """Return drawings written with pens of any width, uint8 (n, 28, 28)."""
        lines: Strokes = self._lines.part(indices)
        return written(lines, HashedRandom(self._seed + 4, epoch, indices), _DRAWN_WARP)


class Batches:
    """Minibatches of all kinds of pictures.

    Parameters
    ----------
    drawings : list of Drawings
    seed : int
    """

    def __init__(self, drawings: list[Drawings], seed: int) -> None:
        data = load_dataset()
        images, self._labels = data.train_images, data.train_labels
        self._digits = Digits(images, self._labels, seed)
        store = StrokeStore(images[:, 0])
        self._usable = np.flatnonzero(store.has_points(np.arange(len(images))))
        self._made_up, self._several = _made(self._digits, self._labels, self._usable, seed)
        self._drawn = Drawn(drawings, seed) if sum(len(part.text) for part in drawings) else None
        self._seed = seed
        self.count = len(self._usable) // (VARIED + WRITTEN)

    def of(self, epoch: int) -> Any:
        """Yield the pictures, uint8 (500, 1, 28, 28), and kinds, int32 (500,), of an epoch."""
        rng = np.random.default_rng((self._seed, 9, epoch))
        orders = [rng.permutation(self._usable)]
        orders += [rng.permutation(len(part)) for part in (self._several, self._made_up)]
        drawn = 0 if self._drawn is None else DRAWN
        made_up = MADE_UP + DRAWN - drawn
        for batch in range(self.count):
            digits, many, none = (
                order[np.arange(batch * count, (batch + 1) * count) % len(order)]
                for order, count in zip(
                    orders, (VARIED + WRITTEN, SEVERAL_AT_ONCE, made_up), strict=True
                )
            )
            pictures = [
                self._digits.varied(digits[:VARIED], epoch),
                self._digits.written(digits[VARIED:], epoch),
                self._several[many],
                self._made_up[none],
            ]
            if self._drawn is not None:
                chosen = rng.choice(len(self._drawn), drawn, replace=False)
                pictures.append(self._drawn.varied(chosen, epoch))
            random = HashedRandom(self._seed + 5, epoch, np.arange(500) + 500 * batch)
            kinds = [SEVERAL] * SEVERAL_AT_ONCE + [NONE] * (made_up + drawn)
            yield (
                blurred(np.concatenate(pictures), random, BLURRED)[:, None],
                np.concatenate([self._labels[digits], kinds]).astype(np.int32),
            )


def fit_refusal(
    drawings: list[Drawings] | None = None, seed: int = 1, epochs: int = EPOCHS
) -> ModelFile:
    """Fit the rule; takes some minutes.

    Parameters
    ----------
    drawings : list of Drawings, optional
        What people drew and what is no digit. Default: only made-up drawings stand for it.
    seed : int
        The same seed gives the same rule on the same kind of processor.
    epochs : int

    Returns
    -------
    ModelFile
        For :meth:`mnist_draw.recognition.digit_or_not.rule.Refusal.from_model`.
    """
    import lasagne

    from mnist_draw.training.functions import compile_train
    from mnist_draw.training.settings import TrainingSettings

    batches = Batches(drawings or [], seed)
    lasagne.random.set_rng(np.random.RandomState(seed))
    network = network_of(lasagne)
    functions = compile_train(network, TrainingSettings(update="adam"))
    for epoch in range(epochs):
        losses = []
        for batch, (pictures, kinds) in enumerate(batches.of(epoch)):
            share = (epoch + batch / batches.count) / epochs
            rate = LEARNING_RATE * (1 + cos(pi * share)) / 2
            functions.learning_rate.set_value(np.float32(rate))
            loss, _ = functions.train(pictures, kinds)
            losses.append(float(loss))
        print(f"Epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}", flush=True)
    layers = tuple(
        np.asarray(value, np.float32) for value in lasagne.layers.get_all_param_values(network)
    )
    metadata = {
        "title": "Digit or not",
        "threshold": round(_threshold(Refusal(layers, 0.0)), 4),
        "refused": REFUSED,
        "epochs": epochs,
        "seed": seed,
    }
    if drawings:
        metadata["drawings"] = sum(len(part.text) for part in drawings)
    return ModelFile(f"{NETWORK}:{','.join(map(str, (*FILTERS, UNITS)))}", layers, metadata)


def network_of(lasagne: Any, filters: tuple[int, int] = FILTERS, units: int = UNITS) -> Any:
    """Build the rule's network with Lasagne; returns its output layer."""
    network = lasagne.layers.InputLayer((None, 1, 28, 28))
    for count, side in zip(filters, FILTER_SIDES, strict=True):
        network = lasagne.layers.Conv2DLayer(
            network, count, (side, side), W=lasagne.init.GlorotUniform()
        )
        network = lasagne.layers.MaxPool2DLayer(network, (2, 2))
    network = lasagne.layers.DropoutLayer(network, DROPOUT)
    network = lasagne.layers.DropoutLayer(lasagne.layers.DenseLayer(network, units), DROPOUT)
    return lasagne.layers.DenseLayer(network, KINDS, nonlinearity=lasagne.nonlinearities.softmax)


def _threshold(rule: Refusal) -> float:
    """Return the likeness below which a small part of MNIST's validation digits lies."""
    images = load_dataset().validation_images
    likeness = [
        rule.likeness(scale(images[start : start + 1000])) for start in range(0, len(images), 1000)
    ]
    return float(np.quantile(np.concatenate(likeness), REFUSED))


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
    for make, count in ((junk, MADE_UP_MADE), (several, SEVERAL_MADE)):
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
        "--drawn",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE.npz",
        help="letters and symbols that people drew; those of a quarter of the writers are left out",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=resource_path("models", "digit_or_not.npz"),
        help="default: where the program looks for it",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args(argv)
    try:
        drawings = [load_drawings(path).of(fitted=True) for path in arguments.drawn]
        save_model(arguments.output, fit_refusal(drawings, arguments.seed, arguments.epochs))
    except UserError as error:
        print(f"digit_or_not: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
