"""Kaggle's tables (CSV): each line a label and the 784 pixels of a picture, row by row.

The first line may name the columns; the label is then the column of that name, or else the first.
Labels are numbers or words.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.sources.idx_files import exchange_axes
from mnist_draw.dataset.sources.source import (
    MAX_PICTURES,
    PIXELS,
    Line,
    Part,
    Source,
    files_of,
    is_number,
    number_labels,
    open_lines,
    parse_pixels,
)
from mnist_draw.errors import DatasetError

_LABEL_COLUMNS = ("label", "class", "target", "y")
#: Lines parsed at once.
_LINES = 2000


@dataclass(frozen=True, eq=False)
class _Table:
    path: Path
    images: NDArray[np.uint8]
    #: None where the table has only pixels.
    labels: list[str] | None


def is_file(path: Path) -> bool:
    """Tell by its name whether a file is a table."""
    return path.name.lower().removesuffix(".gz").endswith(".csv")


def is_folder(folder: Path) -> bool:
    """Tell whether a folder holds tables."""
    return any(map(is_file, files_of(folder)))


def read(place: Path) -> Source:
    """Read a table, or a folder with one to train and perhaps another to test."""
    messages: tuple[str, ...] = ()
    train_path, test_path = _choose(place) if place.is_dir() else (place, None)
    train = _read_table(train_path)
    if train.labels is None:
        raise DatasetError(
            f"{train_path} has {PIXELS} columns, pixels without a label; a label and {PIXELS} "
            "pixels were expected in each line."
        )
    test = None if test_path is None else _read_table(test_path)
    if test is not None and test.labels is None:
        messages = (f"{test_path.name if test_path else ''} has no labels and was not used.",)
        test = None
    words = {*train.labels, *(test.labels if test and test.labels else ())}
    number_of, names = number_labels(words, train_path)
    parts = [
        None
        if table is None or table.labels is None
        else Part(
            table.images, np.array([number_of[word] for word in table.labels], np.int64), table.path
        )
        for table in (train, test)
    ]
    assert parts[0] is not None
    return Source(place, parts[0], parts[1], names=names, messages=messages)


def _choose(folder: Path) -> tuple[Path, Path | None]:
    tables = [path for path in files_of(folder) if is_file(path)]
    train = [path for path in tables if "train" in path.name.lower()]
    test = [path for path in tables if "test" in path.name.lower()]
    if len(tables) == 1:
        return tables[0], None
    if len(train) != 1 or len(test) > 1:
        raise DatasetError(
            f"{folder} holds {len(tables)} tables ({', '.join(p.name for p in tables)[:200]}). "
            "Name the one to learn instead of the folder."
        )
    return train[0], test[0] if test else None


def _read_table(path: Path) -> _Table:
    with open_lines(path) as lines:
        table = _parse(path, lines)
    if path.name.startswith("emnist-"):
        exchange_axes(table.images)
    return table


def _parse(path: Path, lines: Iterator[Line]) -> _Table:
    first = next(lines, Line(1, ""))
    fields = [field.strip().strip('"') for field in first.text.split(",")]
    has_head = len(fields) > 1 and not is_number(fields[1])
    column: int | None = None
    if len(fields) != PIXELS:
        names = [field.lower() for field in fields] if has_head else []
        column = next((names.index(name) for name in _LABEL_COLUMNS if name in names), 0)
    if len(fields) not in (PIXELS, PIXELS + 1):
        raise DatasetError(
            f"{path} has {len(fields):,} columns; a label and {PIXELS} pixels were expected in "
            "each line."
        )
    labels: list[str] = []
    blocks: list[NDArray[np.uint8]] = []
    count = 0
    rest = lines if has_head else itertools.chain([first], lines)
    while block := list(itertools.islice(rest, _LINES)):
        count += len(block)
        if count > MAX_PICTURES:
            raise DatasetError(
                f"{path} has more than {MAX_PICTURES:,} lines, the most that can be learnt at "
                "once. Use a part of them."
            )
        if column is not None:
            block = [Line(line.number, _without_label(line.text, column, labels)) for line in block]
        blocks.append(parse_pixels(path, block))
    if not blocks:
        raise DatasetError(f"{path} holds no pictures at all.")
    return _Table(path, np.concatenate(blocks), None if column is None else labels)


def _without_label(line: str, column: int, labels: list[str]) -> str:
    if column == 0:
        label, _, rest = line.partition(",")
    else:
        fields = line.split(",")
        label, rest = (
            fields[min(column, len(fields) - 1)],
            ",".join(field for number, field in enumerate(fields) if number != column),
        )
    label = label.strip().strip('"')
    # A table that was saved by a spreadsheet or by pandas may say 3.0.
    labels.append(label.removesuffix(".0"))
    return rest
