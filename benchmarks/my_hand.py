"""Measure what a network learns from a few digits of one person's hand.

For each of several writers, the first digits are taught as the window does it: drawn into the
program's own canvas, kept, and learned beside MNIST (`mnist_draw.recognition.fine_tuning`). The
writer's other digits, which the network never sees, and MNIST's test pictures are read before and
after::

    python benchmarks/my_hand.py FILE.npz [--model FILE.npz ...] [--hard N] [--random N] [--json]

The file with the strokes is that of `drawn_digits.py`. Chosen are the writers whose *other* digits
the first network named reads worst (``--hard``), and some at random (``--random``), of those who
wrote enough. As training further changes a network in any case, the same is done once with as many
digits of MNIST in place of the writer's: the column "control". What counts is the first guess, as
in `drawn_digits.py`; how a digit is placed on the board and the pen are the same too. Nothing that
is learned here is kept.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drawn_digits import InkFile, _drawn, load_ink

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.own_digits import ExtraDigits, normalised
from mnist_draw.errors import UserError
from mnist_draw.library.networks import default_model
from mnist_draw.library.stored_network import load_trained
from mnist_draw.recognition.fine_tuning import (
    REHEARSED,
    FineTuned,
    fine_tune,
    fine_tuning_settings,
)
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile
from mnist_draw.storage.my_digits import TaughtDigit

#: A writer needs so many digits beside the taught ones to be measured.
MIN_OTHERS = 15


@dataclass(frozen=True)
class Result:
    """One writer and one network; accuracies from 0 to 1."""

    writer: int
    chosen: str
    taught: int
    others: int
    before: float
    control: float
    after: float
    taught_before: float
    taught_after: float
    mnist_before: float
    mnist_after: float
    seconds: float


class Writers:
    """The digits of everybody who wrote enough, as the network sees them."""

    def __init__(self, ink: InkFile, taught: int, seed: int) -> None:
        self.taught = taught
        writers, counts = np.unique(ink.writer, return_counts=True)
        self.enough = [int(w) for w in writers[counts >= taught + MIN_OTHERS]]
        numbers = np.flatnonzero(np.isin(ink.writer, self.enough))
        drawn = [
            TaughtDigit(int(ink.labels[number]), board)
            for number, (board, _) in zip(
                numbers,
                _drawn(ink, numbers, seed, None, None),
                strict=True,
            )
        ]
        everything = normalised(drawn, Path("drawn"))
        # In the order they were written.
        self._digits = {
            writer: ExtraDigits(
                everything.images[ink.writer[numbers] == writer],
                everything.labels[ink.writer[numbers] == writer],
                everything.folder,
            )
            for writer in self.enough
        }

    def parts(self, writer: int) -> tuple[ExtraDigits, ExtraDigits]:
        """Return the digits that are taught, and the others."""
        known, n = self._digits[writer], self.taught
        return (
            ExtraDigits(known.images[:n], known.labels[:n], known.folder),
            ExtraDigits(known.images[n:], known.labels[n:], known.folder),
        )


def accuracy(recogniser: Recogniser, digits: ExtraDigits) -> float:
    """Return the share of right first guesses."""
    guesses = recogniser.predict_images(digits.images).argmax(axis=1)
    return float(np.mean(guesses == digits.labels))


def choose(
    writers: Writers,
    model: ModelFile,
    hard: int,
    random: int,
    seed: int,
) -> list[tuple[int, str]]:
    """Return writers, each with the reason."""
    able = writers.enough
    recogniser = Recogniser(model)
    read = {writer: accuracy(recogniser, writers.parts(writer)[1]) for writer in able}
    worst = sorted(able, key=lambda writer: (read[writer], writer))[:hard]
    rest = [writer for writer in able if writer not in worst]
    drawn = np.random.default_rng(seed).permutation(rest)[:random]
    return [(writer, "hard") for writer in worst] + [(int(w), "random") for w in sorted(drawn)]


def learned(model: ModelFile, taught: ExtraDigits, quick: bool) -> FineTuned:
    """Let a network learn digits."""
    settings = fine_tuning_settings(model.network)
    data = load_dataset()
    if quick:
        settings = settings.replace(epochs=1, training_examples=500)
        data = dataclasses.replace(
            data,
            validation_images=data.validation_images[:500],
            validation_labels=data.validation_labels[:500],
            test_images=data.test_images[:500],
            test_labels=data.test_labels[:500],
        )
    *_, end = fine_tune(model, taught, settings=settings, dataset=data)
    assert isinstance(end, FineTuned)
    return end


def mnist_digits(count: int) -> ExtraDigits:
    """Return digits of MNIST that are not rehearsed anyway."""
    data = load_dataset()
    chosen = slice(REHEARSED, REHEARSED + count)
    return ExtraDigits(data.train_images[chosen], data.train_labels[chosen], data.folder)


def measure(
    writers: Writers,
    writer: int,
    chosen: str,
    model: ModelFile,
    control: ModelFile,
    quick: bool,
) -> Result:
    """Teach one network one writer's hand."""
    taught, others = writers.parts(writer)
    recogniser = Recogniser(model)
    before = accuracy(recogniser, others)
    recogniser.use(control)
    controlled = accuracy(recogniser, others)
    began = time.perf_counter()
    end = learned(model, taught, quick)
    seconds = time.perf_counter() - began
    recogniser.use(end.model)
    return Result(
        writer,
        chosen,
        len(taught),
        len(others),
        before,
        controlled,
        accuracy(recogniser, others),
        end.before.right / len(taught),
        end.after.right / len(taught),
        end.before.test_accuracy,
        end.after.test_accuracy,
        seconds,
    )


def report(name: str, results: Sequence[Result]) -> str:
    """Put one network's results into a table."""
    lines = [
        name,
        "  writer  chosen  taught others |  others before control   after | taught after | "
        "MNIST before   after | seconds",
    ]
    for chosen in ("hard", "random", "all"):
        rows = [row for row in results if chosen in (row.chosen, "all")]
        if not rows:
            continue
        if chosen != "all":
            lines += [_line(str(row.writer), row.chosen, [row]) for row in rows]
        lines.append(_line("mean", chosen, rows))
    return "\n".join(lines)


def _line(writer: str, chosen: str, rows: Sequence[Result]) -> str:
    def mean(name: str) -> float:
        return float(np.mean([getattr(row, name) for row in rows]))

    return (
        f"{writer:>8}  {chosen:<6}  {mean('taught'):6.0f} {mean('others'):6.0f} | "
        f"{mean('before'):13.2%} {mean('control'):7.2%} {mean('after'):7.2%} | "
        f"{mean('taught_after'):12.2%} | "
        f"{mean('mnist_before'):12.2%} {mean('mnist_after'):7.2%} | {mean('seconds'):7.1f}"
    )


def main(argv: list[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description="Measure what is learned from one hand's digits.")
    parser.add_argument("file", type=Path, metavar="FILE.npz", help="digits as strokes")
    parser.add_argument(
        "--model",
        action="append",
        metavar="FILE.npz",
        help="a network to teach; may be repeated (default: the network that ships)",
    )
    parser.add_argument("--taught", type=int, default=20, metavar="N", help="digits taught")
    parser.add_argument("--hard", type=int, default=4, metavar="N", help="writers read worst")
    parser.add_argument("--random", type=int, default=4, metavar="N", help="writers at random")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of place and choice")
    parser.add_argument("--quick", action="store_true", help="only try this script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args(argv)
    if arguments.quick:
        arguments.taught = 3
        arguments.hard = 1
        arguments.random = 0
    if arguments.taught < 1:
        parser.error(f"--taught is {arguments.taught}; it must be at least 1")
    try:
        models: dict[str, ModelFile] = {
            name: load_trained(name) for name in arguments.model or ()
        } or {"the network that ships": default_model()}
        writers = Writers(load_ink(arguments.file), arguments.taught, arguments.seed)
        first = next(iter(models.values()))
        chosen = choose(writers, first, arguments.hard, arguments.random, arguments.seed)
        if not chosen:
            raise UserError(
                f"No writer in {arguments.file} wrote {arguments.taught + MIN_OTHERS} digits; "
                "teach fewer of them with --taught.",
            )
        results: dict[str, list[Result]] = {}
        for name, model in models.items():
            quick = arguments.quick
            control = learned(model, mnist_digits(arguments.taught), quick).model
            results[name] = [
                measure(writers, who, why, model, control, quick) for who, why in chosen
            ]
            if not arguments.json:
                print(report(name, results[name]), flush=True)
    except UserError as error:
        print(f"my_hand: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        figures: dict[str, Any] = {
            name: [asdict(row) for row in rows] for name, rows in results.items()
        }
        print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
