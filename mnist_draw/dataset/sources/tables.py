"""Kaggle's tables (CSV): each line a label and the 784 pixels of a picture, row by row.

The first line may name the columns; the label is then the column of that name, or else the first.
Labels are numbers or words.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.sources.idx_files import exchange_axes
from mnist_draw.dataset.sources.source import MAX_PICTURES, Part, Source, files_of, find_names
from mnist_draw.errors import DatasetError, UserError
from mnist_draw.storage.opening import MEGABYTE, open_unfolded

_PIXELS = 28 * 28
#: 400,000 lines of 784 pixels with three digits each.
_MAX_BYTES = 1300 * MEGABYTE
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
            f"{train_path} has {_PIXELS} columns, pixels without a label; a label and {_PIXELS} "
            "pixels were expected in each line."
        )
    test = None if test_path is None else _read_table(test_path)
    if test is not None and test.labels is None:
        messages = (f"{test_path.name if test_path else ''} has no labels and was not used.",)
        test = None
    words = sorted({*train.labels, *(test.labels if test and test.labels else ())})
    if all(word.lstrip("-").isdecimal() for word in words):
        names = find_names(train_path.parent, train_path.name)
        number_of = {word: int(word) for word in words}
    else:
        names = dict(enumerate(words))
        number_of = {word: number for number, word in names.items()}
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
    """Return the tables to train and to test with."""
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
    try:
        with open_unfolded(path, _MAX_BYTES) as file:
            lines = io.TextIOWrapper(file, encoding="utf-8-sig", newline=None)
            try:
                table = _parse(path, (line for line in lines if line.strip()))
            finally:
                lines.detach()  # the file is closed by its own context
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text, so no table.") from error
    except FileNotFoundError:
        raise DatasetError(f"There is no file {path}.") from None
    except DatasetError:
        raise
    except (UserError, OSError) as error:
        raise DatasetError(f"{path} cannot be read: {str(error).rstrip('.')}.") from error
    if path.name.startswith("emnist-"):
        exchange_axes(table.images)
    return table


def _parse(path: Path, lines: Iterator[str]) -> _Table:
    first = next(lines, "")
    fields = [field.strip().strip('"') for field in first.split(",")]
    has_head = len(fields) > 1 and not _is_number(fields[1])
    column: int | None = None
    if len(fields) != _PIXELS:
        names = [field.lower() for field in fields] if has_head else []
        column = next((names.index(name) for name in _LABEL_COLUMNS if name in names), 0)
    if len(fields) not in (_PIXELS, _PIXELS + 1):
        raise DatasetError(
            f"{path} has {len(fields):,} columns; a label and {_PIXELS} pixels were expected in "
            "each line."
        )
    labels: list[str] = []
    blocks: list[NDArray[np.uint8]] = []
    number = 1 + has_head
    rest = lines if has_head else itertools.chain([first], lines)
    while block := list(itertools.islice(rest, _LINES)):
        if number + len(block) > MAX_PICTURES + 1:
            raise DatasetError(
                f"{path} has more than {MAX_PICTURES:,} lines, the most that can be learnt at "
                "once. Use a part of them."
            )
        if column is not None:
            block = [_without_label(line, column, labels) for line in block]
        blocks.append(_pixels(path, block, number))
        number += len(block)
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


def _pixels(path: Path, lines: list[str], number: int) -> NDArray[np.uint8]:
    try:
        values = np.loadtxt(lines, delimiter=",", dtype=np.float32, ndmin=2, comments=None)
    except ValueError as error:
        raise DatasetError(
            f"{path} cannot be read among its lines {number:,} to {number + len(lines) - 1:,}: "
            f"{str(error).rstrip('.')}. Nothing was loaded."
        ) from error
    if values.shape != (len(lines), _PIXELS):
        raise DatasetError(
            f"{path} has lines with {values.shape[1]:,} pixels; {_PIXELS} were expected."
        )
    if not (values.min() >= 0 and values.max() <= 255):
        raise DatasetError(
            f"{path} holds pixels from {values.min():g} to {values.max():g} among its lines "
            f"{number:,} to {number + len(lines) - 1:,}; 0 to 255 were expected."
        )
    return np.rint(values).astype(np.uint8).reshape(-1, 28, 28)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
