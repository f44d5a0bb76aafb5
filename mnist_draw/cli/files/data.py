"""``mnist-draw data`` tells what is in a data set."""

from __future__ import annotations

import argparse
import json

import numpy as np

from mnist_draw.cli.command import Command
from mnist_draw.cli.output import put, table


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="DIR",
        nargs="?",
        help="the data set, as for train --data (default: MNIST, which ships)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='print a JSON object: "name", "folder", and for "training", "validation" and "test" '
        "how many pictures of each class there are, as lists",
    )
    parser.set_defaults(run=describe)


DATA = Command(
    "data",
    "tell what is in a data set",
    "Tell how many pictures of each class a data set holds, having checked its files.",
    (("", "MNIST, which ships"), ("fashion --json", "the data set in the folder fashion")),
    _add_options,
)


def describe(arguments: argparse.Namespace) -> int:
    """Print the number of pictures of each class."""
    from mnist_draw.dataset.mnist import load_dataset

    data = load_dataset(arguments.folder)
    labels = {
        "training": data.train_labels,
        "validation": data.validation_labels,
        "test": data.test_labels,
    }
    classes = 1 + max(int(found.max()) for found in labels.values())
    counts = {part: np.bincount(found, minlength=classes) for part, found in labels.items()}
    if arguments.json:
        told = {part: found.tolist() for part, found in counts.items()}
        put(json.dumps({"name": data.name, "folder": str(data.folder), **told}))
        return 0
    put(f"{data.name}, in {data.folder}:")
    rows = [
        (str(number), *(f"{found[number]:,}" for found in counts.values()))
        for number in range(classes)
    ]
    rows.append(("all", *(f"{found.sum():,}" for found in counts.values())))
    for line in table(("class", *counts), rows):
        put(line)
    return 0
