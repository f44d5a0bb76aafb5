"""Tables (CSV) such as Kaggle's: each line a label and the 784 pixels of a picture, row by row.

The first line may name the columns: it does if its second field is no number. The label is the
column with one of the usual names, or else the first. Labels are numbers or words.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_draw.arrays import Bytes, Floats
from mnist_draw.dataset.sources.idx_files import exchange_axes
from mnist_draw.dataset.sources.source import (
    PIXELS,
    Part,
    Source,
    check_count,
    check_pixels,
    files_of,
    find_names,
    several_files,
)
from mnist_draw.errors import DatasetError
from mnist_draw.i18n import _, counted
from mnist_draw.storage.opening import MEGABYTE, open_unfolded, reading

_LABEL_COLUMNS = ("label", "class", "target", "y")
#: Lines parsed at once.
_LINES = 2000
#: 400,000 lines of 784 pixels with three digits each.
_MAX_TEXT = 1300 * MEGABYTE
#: Longer numbers, which an int64 may not hold, are names.
_MAX_DIGITS = 18


@dataclass(frozen=True, eq=False)
class _Table:
    path: Path
    images: Bytes
    #: None where the table has only pixels.
    labels: list[str] | None


def is_file(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(".csv")


def read(place: Path) -> Source:
    """Read a table, or a folder with one to train and perhaps another to test."""
    messages: tuple[str, ...] = ()
    train_path, test_path = _choose(place) if place.is_dir() else (place, None)
    train = _read_table(train_path)
    if train.labels is None:
        raise DatasetError(
            "{path} has {columns}; a label and 784 pixels were expected in each line.",
            path=train_path,
            columns=counted("{count} column", "{count} columns", PIXELS),
        )
    test = None if test_path is None else _read_table(test_path)
    if test is not None and test.labels is None:
        messages = (_("{name} has no labels and was not used.", name=test.path.name),)
        test = None
    words = {*train.labels, *(test.labels if test and test.labels else ())}
    number_of, names = _number_labels(words, train_path)
    parts = [
        None
        if table is None or table.labels is None
        else Part(
            table.images,
            np.array([number_of[word] for word in table.labels], np.int64),
            table.path,
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
        raise several_files(folder, tables)
    return train[0], test[0] if test else None


def _read_table(path: Path) -> _Table:
    with (
        reading(path, DatasetError, OSError, UnicodeDecodeError),
        open_unfolded(path, _MAX_TEXT) as file,
    ):
        text = io.TextIOWrapper(file, encoding="utf-8-sig")
        try:
            table = _parse(path, text)
        finally:
            text.detach()  # the file is closed by its own context
    if path.name.startswith("emnist-"):
        exchange_axes(table.images)
    return table


def _parse(path: Path, lines: Iterator[str]) -> _Table:
    first = next(lines, "")
    fields = [field.strip().strip('"').lower() for field in first.split(",")]
    if len(fields) not in (PIXELS, PIXELS + 1):
        raise DatasetError(
            "{path} has {columns}; a label and 784 pixels were expected in each line.",
            path=path,
            columns=counted("{count} column", "{count} columns", len(fields)),
        )
    column = next((fields.index(name) for name in _LABEL_COLUMNS if name in fields), 0)
    rest = itertools.chain([first], lines) if _is_number(fields[1]) else lines
    rest = (line for line in rest if line.strip())
    labels: list[str] | None = [] if len(fields) > PIXELS else None
    blocks = []
    count = 0
    while block := list(itertools.islice(rest, _LINES)):
        count += len(block)
        check_count(count, path)
        values = _numbers(block, column, labels)
        if values.shape != (len(block), len(fields)):
            raise DatasetError(
                "{path} has lines that are not a label and 784 numbers. Nothing was loaded.",
                path=path,
            )
        pixels = values if labels is None else np.delete(values, column, axis=1)
        check_pixels(pixels, path)
        blocks.append(np.rint(pixels).astype(np.uint8))
    if not blocks:
        raise DatasetError("{path} holds no pictures at all.", path=path)
    images = np.concatenate(blocks).reshape(-1, 28, 28)
    return _Table(path, images, labels)


def _numbers(lines: list[str], column: int, labels: list[str] | None) -> Floats:
    """Parse lines of numbers, none if that fails; with `labels`, a column of texts goes there."""

    def take(text: str) -> int:
        assert labels is not None
        # A table that was saved by a spreadsheet or by pandas may say 3.0.
        labels.append(text.strip().removesuffix(".0"))
        return 0

    try:
        return np.loadtxt(
            lines,
            np.float32,
            comments=None,
            delimiter=",",
            quotechar='"',
            converters=None if labels is None else {column: take},
            ndmin=2,
            encoding=None,
        )
    except ValueError:
        return np.empty((0, 0), np.float32)


def _number_labels(labels: Collection[str], path: Path) -> tuple[dict[str, int], Mapping[int, str]]:
    """Return the number of each label of a text file, and the names of the numbers.

    Numbers keep their value; words are numbered in alphabetical order.
    """
    digits = [label.removeprefix("-") for label in labels]
    if all(text.isdecimal() and len(text) <= _MAX_DIGITS for text in digits):
        return {label: int(label) for label in labels}, find_names(path.parent, path.name)
    names = dict(enumerate(sorted(labels)))
    return {name: number for number, name in names.items()}, names


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
