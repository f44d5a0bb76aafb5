"""Fit the network that tells what pen strokes are: digits, signs, letters, parts, or several.

Run it as ``python tools/fit_glyphs.py FOLDER``; it takes eleven minutes on one core. FOLDER holds
what people drew, as for ``benchmarks/drawn_strings.py``; a quarter of the writers is left out.

Half of the examples are drawings alone, the others stand in strings composed of what one person
drew, together with parts of them (a bar of a 4) and neighbors taken together.
"""

from __future__ import annotations

import argparse
import string
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tools")]

from drawn_strings import SIGNS, Hands, Sign, placed_sign  # noqa: E402

from mnist_draw.errors import UserError  # noqa: E402
from mnist_draw.library.networks import GLYPHS_FILE  # noqa: E402
from mnist_draw.recognition.glyphs import (  # noqa: E402
    CLASSES,
    FEATURES,
    NETWORK,
    PART,
    PLACES,
    SEVERAL,
    along,
    features,
    line_of,
)
from mnist_draw.storage import ModelFile, resource_path, save_model  # noqa: E402

TITLE = "Digits, signs and letters from strokes"
DATA = "UNIPEN train_r01_v07, International Unipen Foundation, CC BY 4.0"
UNITS = (384, 192)
DROPOUT = (0.1, 0.3, 0.3)
EPOCHS = 26
LEARNING_RATE = 0.001
BATCH = 500
#: Strings that are composed, and how many examples of each kind an epoch has.
STRINGS = 16_000
_ALONE_DIGITS, _ALONE_LETTERS, _ALONE_SYMBOLS, _IN_LINE = 11_000, 14_000, 9_000, 36_000
#: Shares of digits, signs, letters and other symbols in strings.
_SHARES = (0.55, 0.22, 0.18, 0.05)
RNG = np.random.Generator
#: Drawings that are dots or ticks when they are small.
_SMALL = ".,'`\"-"


@dataclass
class Examples:
    """Drawings as `features` takes them, float32 and int."""

    points: Any
    begins: Any
    strokes: Any
    lines: Any
    classes: Any
    weights: Any

    def part(self, rows: Any) -> Examples:
        return Examples(*(values[rows] for values in vars(self).values()))


def examples_of(found: list[tuple[Any, str, Any, float]]) -> Examples:
    """Make arrays of strokes, their classes, lines and weights."""
    points, begins = zip(*(along(strokes) for strokes, *_ in found), strict=True)
    weights = np.array([weight for *_, weight in found])
    return Examples(
        np.stack(points),
        np.stack(begins),
        np.array([len(strokes) for strokes, *_ in found]),
        np.array([line for _, _, line, _ in found], np.float32),
        np.array([PLACES[text] for _, text, *_ in found], np.int32),
        weights / weights.sum(),
    )


def alone(hands: Hands, kind: str) -> Examples:
    """Return all that people drew of some texts, alone; nobody outweighs all others."""
    found = []
    for texts in hands.drawn.values():
        own = [(s, text) for text, drawn in texts.items() if text in kind for s in drawn]
        found += [(s, text, (np.nan, np.nan), len(own) ** -0.5) for s, text in own]
    # All texts alike, by the square roots of how often they were drawn.
    counts: dict[str, int] = {}
    for _, text, *_ in found:
        counts[text] = counts.get(text, 0) + 1
    return examples_of([(s, t, line, w * counts[t] ** -0.5) for s, t, line, w in found])


def in_line(hands: Hands, count: int, rng: RNG) -> Examples:
    """Compose strings and return their parts, with what is no part of its own."""
    found: list[tuple[Any, str, Any, float]] = []
    names = list(hands.drawn)
    sizes = np.array([sum(map(len, hands.drawn[name].values())) for name in names]) ** 0.5
    kinds = (string.digits, "".join(SIGNS), string.ascii_letters, string.punctuation)
    for _ in range(count):
        texts = hands.drawn[str(rng.choice(names, p=sizes / sizes.sum()))]
        shares = np.array([1.0, 0, 0, 0]) if rng.random() < 0.2 else np.array(_SHARES)
        if rng.random() < 0.12:
            shares = np.array([0.0, 0, 1, 0])
        parts: list[Sign] = []
        for kind in rng.choice(4, rng.integers(1, 8), p=shares):
            usable = [text for text in texts if text in kinds[kind]]
            if not usable:
                continue
            text = str(rng.choice(usable))
            drawn = texts[text][rng.integers(len(texts[text]))]
            parts.append(Sign(placed_sign(drawn, text, rng), text))
        if parts:
            found += list(_parts_of(parts, rng))
    return examples_of(found)


def _parts_of(parts: list[Sign], rng: RNG) -> Iterator[tuple[Any, str, Any, float]]:
    line: list[list[Any]] = []
    reach = 0.0
    for part in parts:
        gap = rng.uniform(-0.05, 0.35) if line else 0.0
        moved = [stroke + np.array([reach + gap, 0.0]) for stroke in part.strokes]
        reach = max(reach, *(float(stroke[:, 0].max()) for stroke in moved))
        line.append(moved)
    every = [stroke for strokes in line for stroke in strokes]
    own = line_of(every)
    place = own.top, own.height
    for part, strokes in zip(parts, line, strict=True):
        yield strokes, part.text, place, 1.0
        if len(strokes) > 1 and rng.random() < 0.6:
            size = int(rng.integers(1, len(strokes)))
            first = int(rng.integers(len(strokes) - size + 1))
            yield strokes[first : first + size], PART, place, 1.0
    for before, after in pairwise(line):
        if rng.random() < 0.35:
            way = rng.random()
            one = before if way < 0.7 else before[-1:]
            other = after if way < 0.5 or way > 0.85 else after[:1]
            alone = rng.random() < 0.3
            yield [*one, *other], SEVERAL, (np.nan, np.nan) if alone else place, 1.0


# -- variations


def varied(examples: Examples, rng: RNG) -> tuple[Any, Any]:
    """Deform drawings, and return what the network sees of them, and their classes."""
    points = examples.points.astype(np.float32)
    count = len(points)
    middle = (points.min(axis=1) + points.max(axis=1)) / 2
    longest = np.maximum(np.ptp(points, axis=1).max(axis=1), 1e-6)
    own = (points - middle[:, None]) / longest[:, None, None]
    angle = rng.normal(0, 0.09, count)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.zeros((2, 2, count))
    slant[0, 0] = slant[1, 1] = 1
    slant[0, 1] = rng.normal(0, 0.12, count)
    wide = np.exp(rng.normal(0, 0.12, count))
    matrix = np.einsum("ijn,jkn->nik", turn, slant)
    matrix[:, :, 0] *= wide[:, None]
    own = np.einsum("nij,npj->npi", matrix, own)
    for _ in range(2):
        way = rng.normal(0, 3.0, (count, 1, 2))
        phase = rng.uniform(0, 2 * np.pi, (count, 1))
        size = rng.normal(0, 0.018, (count, 1, 2))
        own = own + np.sin((own * way).sum(axis=2) + phase)[..., None] * size
    own += rng.normal(0, 0.004, own.shape) * (rng.random((count, 1, 1)) < 0.5)
    points = own * longest[:, None, None] + middle[:, None]
    lines = examples.lines.copy()
    lines[:, 0] += rng.normal(0, 0.04, count) * lines[:, 1]
    lines[:, 1] *= np.exp(rng.normal(0, 0.06, count))
    pens = longest / np.exp(rng.uniform(np.log(1.0), np.log(14), count))
    alone = np.isnan(lines[:, 0])
    pens[~alone] = lines[~alone, 1] / np.exp(rng.uniform(np.log(3.0), np.log(14), (~alone).sum()))
    small = np.isin(examples.classes, [PLACES[text] for text in _SMALL]) & alone
    small &= rng.random(count) < 0.5
    pens[small] = longest[small] / np.exp(rng.uniform(np.log(0.1), np.log(2), small.sum()))
    seen = features(points.astype(np.float32), examples.begins, examples.strokes, pens, lines)
    return seen, examples.classes


def network_of(lasagne: Any) -> Any:
    """Build the network with Lasagne; return its output layer."""
    network = lasagne.layers.InputLayer((None, 1, 1, FEATURES))
    for units, dropout in zip(UNITS, DROPOUT[:-1], strict=True):
        network = lasagne.layers.DropoutLayer(network, dropout)
        network = lasagne.layers.DenseLayer(network, units)
    network = lasagne.layers.DropoutLayer(network, DROPOUT[-1])
    softmax = lasagne.nonlinearities.softmax
    return lasagne.layers.DenseLayer(network, len(CLASSES), nonlinearity=softmax)


def fit_glyphs(hands: Hands, epochs: int, seed: int) -> ModelFile:
    """Fit the network."""
    import lasagne

    from mnist_draw.training.functions import compile_train
    from mnist_draw.training.settings import TrainingSettings

    pools = (
        (alone(hands, string.digits), _ALONE_DIGITS),
        (alone(hands, string.ascii_letters), _ALONE_LETTERS),
        (alone(hands, string.punctuation), _ALONE_SYMBOLS),
        (in_line(hands, STRINGS, np.random.default_rng(0)), _IN_LINE),
    )
    lasagne.random.set_rng(np.random.RandomState(seed))
    network = network_of(lasagne)
    functions = compile_train(network, TrainingSettings(update="adam"), "float32")
    for epoch in range(epochs):
        rng = np.random.default_rng((seed, epoch))
        chosen = [
            pool.part(rng.choice(len(pool.classes), count, p=pool.weights)) for pool, count in pools
        ]
        parts = zip(*(varied(examples, rng) for examples in chosen), strict=True)
        seen, classes = (np.concatenate(part) for part in parts)
        order = rng.permutation(len(classes))
        losses = []
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rate = LEARNING_RATE * (1 + cos(pi * (epoch + start / len(order)) / epochs)) / 2
            functions.learning_rate.set_value(np.float32(rate))
            rows = order[start : start + BATCH]
            batch = np.ascontiguousarray(seen[rows][:, None, None])
            loss, _ = functions.train(batch, classes[rows], np.arange(BATCH))
            losses.append(float(loss))
        print(f"Epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}", flush=True)
    layers = [np.asarray(v, np.float32) for v in lasagne.layers.get_all_param_values(network)]
    metadata = {"title": TITLE, "data": DATA, "epochs": epochs, "seed": seed}
    return ModelFile(f"{NETWORK}:{','.join(map(str, UNITS))}", tuple(layers), metadata)


def main(argv: Sequence[str] | None = None) -> int:
    """Fit and save; return the exit status."""
    parser = argparse.ArgumentParser(description="Fit the network that reads strokes.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="with what people drew")
    parser.add_argument(
        "--output",
        type=Path,
        default=resource_path("models", GLYPHS_FILE),
        help="default: where the program looks for it",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args(argv)
    try:
        hands = Hands(arguments.folder, "fitted")
        save_model(arguments.output, fit_glyphs(hands, arguments.epochs, arguments.seed))
    except UserError as error:
        print(f"fit_glyphs: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
