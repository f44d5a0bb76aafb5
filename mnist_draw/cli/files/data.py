"""``mnist-draw data`` tells what is in a data set."""

from __future__ import annotations

import argparse

import numpy as np

from mnist_draw.cli.command import Command
from mnist_draw.cli.output import json_line, put, table, tell


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder",
        metavar="PATH",
        nargs="?",
        help="the data set, a file or a folder as for train --data (default: MNIST, which ships)",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help='print a JSON object: "name", "folder", "classes" (their names), and for "training", '
        '"validation" and "test" how many pictures of each class there are, as lists',
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
    for sentence in data.told:
        tell(sentence)
    labels = {
        "training": data.train_labels,
        "validation": data.validation_labels,
        "test": data.test_labels,
    }
    classes = len(data.classes)
    counts = {part: np.bincount(found, minlength=classes) for part, found in labels.items()}
    if arguments.json:
        told = {"name": data.name, "folder": str(data.folder), "classes": data.classes}
        put(json_line(told | {part: found.tolist() for part, found in counts.items()}))
        return 0
    put(f"{data.name}, in {data.folder}:")
    rows = [
        (name, *(f"{found[number]:,}" for found in counts.values()))
        for number, name in enumerate(data.classes)
    ]
    rows.append(("all", *(f"{found.sum():,}" for found in counts.values())))
    for line in table(("class", *counts), rows):
        put(line)
    return 0
