"""Fit the rule that tells digits from what is none.

Run it as ``python tools/fit_rejection.py --drawn LETTERS.npz SYMBOLS.npz``; it takes about forty
minutes on one core. With ``--start RULE.npz`` and fewer ``--epochs`` a rule is fitted further, more
often on those drawings that it takes for digits.

MNIST's training digits, varied as for handwriting and written with pens of any width, digits in
styles that are rare there, and letters that are written like digits stand against other letters and
symbols that people drew (of three quarters of the writers, see `unipen_drawings`), against
synthetic drawings, and against several digits at once. All of them are degraded at times, so that
neither the pen's width nor the sharpness of a picture tells anything (see `rejection_minibatches`).
The threshold is set on MNIST's validation digits: a small part of them, the strangest, is refused.
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
from rejection_minibatches import Drawn, Minibatches
from unipen_drawings import TWINS, Drawings, load_drawings

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.recognition.rejection import FILTER_SIDES, KINDS, NETWORK, NONE, RejectionRule
from mnist_draw.storage import ModelFile, load_model, resource_path, save_model

#: Filters of both convolutions, units of the dense layer, and the share of what goes into and
#: comes out of that layer that is left out in training.
FILTERS, UNITS, DROPOUT = (32, 64), 256, 0.2
EPOCHS = 40
LEARNING_RATE = 0.001
#: The same for a rule that is fitted further.
FURTHER_RATE = 0.0005
#: What looks like a digit to that rule, by such log odds, is drawn so many times as often.
_LIKELY, _HARDER = -3.0, 3.0
#: Share of MNIST's validation digits below the threshold. Of digits that the writers drew whose
#: letters were fitted, 0.7% are refused then.
REFUSED = 0.0065
#: Letters count as written like a digit that the best network that ships takes for it with this
#: confidence.
_ALIKE = 0.9


def fit_refusal(
    drawings: list[Drawings],
    twins: list[Drawings],
    seed: int = 1,
    epochs: int = EPOCHS,
    start: ModelFile | None = None,
) -> ModelFile:
    """Fit the rule, from the weights of `start` if there are some."""
    import lasagne

    from mnist_draw.training.functions import compile_train
    from mnist_draw.training.settings import TrainingSettings

    count = sum(len(part.text) for part in drawings)
    drawn = Drawn(drawings, np.full(count, NONE), seed)
    batches = Minibatches(drawn, _read_as_digits(twins, seed), seed)
    lasagne.random.set_rng(np.random.RandomState(seed))
    network = network_of(lasagne)
    if start is not None:
        lasagne.layers.set_all_param_values(network, list(start.parameters))
        drawn.weigh(_hardness(RejectionRule(start.parameters, 0.0), drawn.plain))
    most = FURTHER_RATE if start else LEARNING_RATE
    functions = compile_train(network, TrainingSettings(update="adam"))
    for epoch in range(epochs):
        losses = []
        for batch, (pictures, kinds) in enumerate(batches.of(epoch)):
            share = (epoch + batch / batches.count) / epochs
            rate = most * (1 + cos(pi * share)) / 2
            functions.learning_rate.set_value(np.float32(rate))
            loss, _ = functions.train(pictures, kinds, np.arange(len(kinds)))
            losses.append(float(loss))
        print(f"Epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}", flush=True)
    layers = tuple(
        np.asarray(value, np.float32) for value in lasagne.layers.get_all_param_values(network)
    )
    metadata = {
        "title": "Digit or not",
        "threshold": round(_threshold(RejectionRule(layers, 0.0)), 4),
        "refused": REFUSED,
        "epochs": epochs + (start.metadata["epochs"] if start else 0),
        "seed": seed,
        "drawings": count,
    }
    return ModelFile(f"{NETWORK}:{','.join(map(str, (*FILTERS, UNITS)))}", layers, metadata)


def network_of(lasagne: Any, filters: tuple[int, int] = FILTERS, units: int = UNITS) -> Any:
    """Build the rule's network with Lasagne; returns its output layer."""
    network = lasagne.layers.InputLayer((None, 1, 28, 28))
    for count, side in zip(filters, FILTER_SIDES, strict=True):
        network = lasagne.layers.Conv2DLayer(
            network,
            count,
            (side, side),
            W=lasagne.init.GlorotUniform(),
        )
        network = lasagne.layers.MaxPool2DLayer(network, (2, 2))
    network = lasagne.layers.DropoutLayer(network, DROPOUT)
    network = lasagne.layers.DropoutLayer(lasagne.layers.DenseLayer(network, units), DROPOUT)
    return lasagne.layers.DenseLayer(network, KINDS, nonlinearity=lasagne.nonlinearities.softmax)


def _hardness(rule: RejectionRule, pictures: npt.NDArray[np.uint8]) -> npt.NDArray[np.floating]:
    """Return how often each drawing is taken: from 1 to `_HARDER`, as much as it looks a digit."""
    log_odds = _log_odds(rule, pictures[:, None])
    return 1 + (_HARDER - 1) / (1 + np.exp(_LIKELY - log_odds))


def _log_odds(rule: RejectionRule, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    parts = [
        rule.log_odds(scale(images[start : start + 1000]))[0]
        for start in range(0, len(images), 1000)
    ]
    return np.concatenate(parts)


def _threshold(rule: RejectionRule) -> float:
    """Return the quantile of the log odds of MNIST's validation digits for a small share."""
    return float(np.quantile(_log_odds(rule, load_dataset().validation_images), REFUSED))


def _read_as_digits(twins: list[Drawings], seed: int) -> Drawn:
    """Take those letters for digits that the best network reads as the digit they look like."""
    from mnist_draw.library.networks import default_model
    from mnist_draw.recognition.recogniser import Recogniser

    kinds = np.array([TWINS[text] for part in twins for text in part.text])
    drawn = Drawn(twins, kinds, seed + 20)
    recogniser = Recogniser(default_model())
    sure = [
        recogniser.predict(scale(drawn.plain[rows : rows + 64, None]))
        for rows in range(0, len(kinds), 64)
    ]
    drawn.weigh(np.concatenate(sure)[np.arange(len(kinds)), kinds] >= _ALIKE)
    return drawn


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and save; return the exit status."""
    parser = argparse.ArgumentParser(description="Fit the rule that tells digits from others.")
    parser.add_argument(
        "--drawn",
        type=Path,
        nargs="+",
        required=True,
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
    parser.add_argument("--start", type=Path, metavar="RULE.npz", help="fit this rule further")
    arguments = parser.parse_args(argv)
    try:
        start = arguments.start and load_model(arguments.start)
        drawings, twins = (
            [load_drawings(path, alike).of(fitted=True) for path in arguments.drawn]
            for alike in (False, True)
        )
        model = fit_refusal(drawings, twins, arguments.seed, arguments.epochs, start)
        save_model(arguments.output, model)
    except UserError as error:
        print(f"digit_or_not: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
