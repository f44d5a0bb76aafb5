"""Measure what the presets and the augmentation recipes cost, and what presets give.

::

    python benchmarks/recipes.py [--seeds 1,2,3,4,5] [--epochs N] [--part presets]
        [--presets tutorial,cnn] [--json]

**presets**: every preset trains once with each seed, from the first weights to the last epoch,
and is then tested on the data set's test pictures. The presets take turns seed by seed, beginning
with another one each time. Reported are the accuracy (mean, lowest and highest of the seeds), the
seconds of a run (median; the functions' compilation is in them, imports and the loading of the
pictures are not) and their ratio to those of the tutorial's recipe, the median of the ratios
within the turns. ``right_after`` says for each run after which epoch each of the twelve digits
of the page Train is read rightly and stays so (null: not at the end).

**augmentation**: the tutorial's network trains with every recipe, in one process; the runs take
turns epoch by epoch. Reported are the seconds of an epoch and their ratio to an epoch without
augmentation (medians, as above). The first epoch, in which skeletons are sought and loops are
compiled, is a figure of its own.

``--quick`` takes one seed and two epochs of 1,000 pictures: to try the script out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from peers.alternation import alternate, ratio  # noqa: E402

from mnist_draw.dataset.augmentation.augmenter import RECIPES  # noqa: E402
from mnist_draw.dataset.mnist import Dataset, load_dataset  # noqa: E402
from mnist_draw.training import events  # noqa: E402
from mnist_draw.training.loop import train  # noqa: E402
from mnist_draw.training.presets import PRESETS  # noqa: E402
from mnist_draw.training.settings import TrainingSettings  # noqa: E402
from mnist_draw.training.twelve_digits import choose_twelve  # noqa: E402

PARTS = ("presets", "augmentation")
#: What the others are compared with.
PLAIN_PRESET, PLAIN_RECIPE = "tutorial", "off"


@dataclass(frozen=True)
class Outcome:
    """Test accuracy, seconds of the training, and when each of the twelve digits turned right."""

    accuracy: float
    seconds: float
    right_after: list[int | None]


def run(settings: TrainingSettings, data: Dataset) -> Outcome:
    """Train and test once."""
    began, seconds, accuracy = time.perf_counter(), 0.0, 0.0
    twelve, right = choose_twelve(data), []
    for event in train(settings, dataset=data):
        if isinstance(event, events.EpochFinished):
            right.append(twelve.read(settings.network, event.parameters, event.epoch).right)
        elif isinstance(event, events.Testing):
            seconds = time.perf_counter() - began
        elif isinstance(event, events.Tested):
            accuracy = event.accuracy
    return Outcome(accuracy, seconds, [stays_from(answers) for answers in zip(*right, strict=True)])


def stays_from(right: Sequence[bool]) -> int | None:
    """Return after which epoch, from 1, all answers are right; None if the last is wrong."""
    wrong = [epoch for epoch, one in enumerate(right, 1) if not one]
    last = wrong[-1] if wrong else 0
    return None if last == len(right) else last + 1


def measure_presets(
    settings: dict[str, TrainingSettings],
    seeds: Sequence[int],
    data: Dataset,
) -> dict[str, dict[str, Any]]:
    """Train with every preset and every seed, in turns; ``ratio`` is to the tutorial's seconds."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in settings}
    # What is imported and made ready once for the process belongs to nobody's turn.
    for chosen in settings.values():
        run(chosen.replace(epochs=1), data.first(chosen.batch_size))

    def turn(name: str) -> float:
        seed = seeds[len(outcomes[name])]
        outcomes[name].append(run(settings[name].replace(seed=seed), data))
        return outcomes[name][-1].seconds

    seconds = alternate(list(settings), len(seeds), turn)
    accuracies = {name: [one.accuracy for one in made] for name, made in outcomes.items()}
    plain = seconds[PLAIN_PRESET if PLAIN_PRESET in settings else next(iter(settings))]
    return {
        name: {
            "accuracies": accuracies[name],
            "right_after": [one.right_after for one in outcomes[name]],
            "seconds": seconds[name],
            "mean_accuracy": statistics.mean(accuracies[name]),
            "median_seconds": statistics.median(seconds[name]),
            "ratio": ratio(seconds[name], plain),
        }
        for name in settings
    }


def epochs_of(settings: TrainingSettings, data: Dataset) -> Callable[[], float]:
    """Start a run; return what trains it for one more epoch and tells the seconds."""
    source: Iterator[events.Event] = train(settings, dataset=data)
    while not isinstance(next(source), events.Started):
        pass

    def one() -> float:
        while True:
            event = next(source)
            if isinstance(event, events.EpochFinished):
                return event.seconds

    return one


def measure_augmentation(names: Sequence[str], epochs: int, data: Dataset) -> dict[str, Any]:
    """Train the tutorial's network with every recipe, in turns.

    ``first`` are the seconds of the first epoch; ``ratio`` is to those without augmentation.
    """
    turns = {
        name: epochs_of(TrainingSettings(augmentation=name, epochs=epochs + 1), data)
        for name in names
    }
    first = {name: turn() for name, turn in turns.items()}
    seconds = alternate(names, epochs, lambda name: turns[name]())
    return {
        name: {
            "first": first[name],
            "seconds": seconds[name],
            "median_seconds": statistics.median(seconds[name]),
            "ratio": ratio(seconds[name], seconds[PLAIN_RECIPE]),
        }
        for name in names
    }


def table(result: dict[str, Any]) -> str:
    """Return the figures as tables."""
    lines = []
    if "presets" in result:
        lines += [
            "| preset | test accuracy, mean | lowest, highest | seconds | of the tutorial's |",
        ]
        lines += ["|---|---:|---:|---:|---:|"]
        for name, row in result["presets"].items():
            low, high = min(row["accuracies"]), max(row["accuracies"])
            lines.append(
                f"| {name} | {row['mean_accuracy']:.2%} | {low:.2%}, {high:.2%} "
                f"| {row['median_seconds']:.1f} | {row['ratio']:.0%} |",
            )
        lines.append("")
    if "augmentation" in result:
        lines += ["| augmentation | seconds of an epoch | without: 1 | first epoch |"]
        lines += ["|---|---:|---:|---:|"]
        for name, row in result["augmentation"].items():
            seconds, first = row["median_seconds"], row["first"]
            lines.append(f"| {name} | {seconds:.2f} | {row['ratio']:.2f} | {first:.2f} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seeds", default="1,2,3,4,5", help="one run with each, 1,2,3,4,5")
    parser.add_argument("--epochs", type=int, default=9, help="for each recipe, 9")
    parser.add_argument("--part", choices=PARTS, help="only one of the two")
    parser.add_argument("--presets", default=",".join(PRESETS), help="some of them")
    parser.add_argument("--quick", action="store_true", help="to try the script out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    data, epochs = load_dataset(), options.epochs
    settings = {name: PRESETS[name].settings for name in options.presets.split(",")}
    if options.quick:
        seeds, epochs, data = seeds[:1], 2, data.first(1000)
        settings = {name: chosen.replace(epochs=2) for name, chosen in settings.items()}
    result: dict[str, Any] = {}
    if options.part != "augmentation":
        result["presets"] = measure_presets(settings, seeds, data)
    if options.part != "presets":
        result["augmentation"] = measure_augmentation(list(RECIPES), epochs, data)
    print(json.dumps(result) if options.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
