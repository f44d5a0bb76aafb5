"""Kaggle's tables (CSV): each line a label and the 784 pixels of a picture, row by row.

The first line may name the columns; the label is then the column of that name, or else the first.
Labels are numbers or words.
"""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.sources.idx_files import exchange_axes
from mnist_draw.dataset.sources.source import (
    PIXELS,
    Part,
    Source,
    check_count,
    files_of,
    find_names,
    reading,
)
from mnist_draw.errors import DatasetError
from mnist_draw.i18n import _, counted, number
from mnist_draw.storage.opening import MEGABYTE, open_unfolded

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
        raise DatasetError(
            "{folder} holds several files to learn ({names}). Name one instead of the folder.",
            folder=folder,
            names=", ".join(p.name for p in tables)[:200],
        )
    return train[0], test[0] if test else None


def _read_table(path: Path) -> _Table:
    with _open_lines(path) as lines:
        table = _parse(path, lines)
    if path.name.startswith("emnist-"):
        exchange_axes(table.images)
    return table


def _parse(path: Path, lines: Iterator[_Line]) -> _Table:
    first = next(lines, _Line(1, ""))
    fields = [field.strip().strip('"') for field in first.text.split(",")]
    has_head = len(fields) > 1 and not _is_number(fields[1])
    column: int | None = None
    if len(fields) != PIXELS:
        names = [field.lower() for field in fields] if has_head else []
        column = next((names.index(name) for name in _LABEL_COLUMNS if name in names), 0)
    if len(fields) not in (PIXELS, PIXELS + 1):
        raise DatasetError(
            "{path} has {columns}; a label and 784 pixels were expected in each line.",
            path=path,
            columns=counted("{count} column", "{count} columns", len(fields)),
        )
    labels: list[str] = []
    blocks: list[NDArray[np.uint8]] = []
    count = 0
    rest = lines if has_head else itertools.chain([first], lines)
    while block := list(itertools.islice(rest, _LINES)):
        count += len(block)
        check_count(count, path)
        if column is not None:
            block = [
                _Line(line.number, _without_label(line.text, column, labels)) for line in block
            ]
        blocks.append(_parse_pixels(path, block))
    if not blocks:
        raise DatasetError("{path} holds no pictures at all.", path=path)
    return _Table(path, np.concatenate(blocks), None if column is None else labels)


def _without_label(line: str, column: int, labels: list[str]) -> str:
    fields = line.split(",", column + 1)
    label = fields.pop(min(column, len(fields) - 1)).strip().strip('"')
    # A table that was saved by a spreadsheet or by pandas may say 3.0.
    labels.append(label.removesuffix(".0"))
    return ",".join(fields)


# -- the lines of a table

#: 400,000 lines of 784 pixels with three digits each.
_MAX_TEXT = 1300 * MEGABYTE


class _Line(NamedTuple):
    """A line of a text file, with its number in the file, from 1."""

    number: int
    text: str


@contextlib.contextmanager
def _open_lines(path: Path) -> Iterator[Iterator[_Line]]:
    """Open a UTF-8 text, gzipped or not, as its lines that are not blank; errors name the file."""
    with reading(path), open_unfolded(path, _MAX_TEXT) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline=None)
        try:
            lines = itertools.starmap(_Line, enumerate(text, 1))
            yield (line for line in lines if line.text.strip())
        finally:
            text.detach()  # the file is closed by its own context


def _number_labels(labels: Collection[str], path: Path) -> tuple[dict[str, int], Mapping[int, str]]:
    """Return the number of each label of a text file, and the names of the numbers.

    Numbers keep their value; words are numbered in alphabetical order.
    """
    if all(label.removeprefix("-").isdecimal() for label in labels):
        return {label: int(label) for label in labels}, find_names(path.parent, path.name)
    names = dict(enumerate(sorted(labels)))
    return {name: number for number, name in names.items()}, names


def _parse_pixels(path: Path, lines: Sequence[_Line]) -> NDArray[np.uint8]:
    """Parse lines of 784 pixels from 0 to 255, separated by commas, as pictures (N, 28, 28)."""
    texts = [line.text for line in lines]
    try:
        values = np.loadtxt(texts, delimiter=",", dtype=np.float32, ndmin=2, comments=None)
    except ValueError as error:
        raise _invalid_pixels(path, lines) from error
    if values.shape != (len(lines), PIXELS):
        raise _invalid_pixels(path, lines)
    outside = ~((values >= 0) & (values <= 255)).all(axis=1)
    if outside.any():
        row = int(outside.argmax())
        raise DatasetError(
            "{path} holds pixels from {low} to {high} in line {number}; 0 to 255 were expected.",
            path=path,
            low=number(values[row].min(), "g"),
            high=number(values[row].max(), "g"),
            number=lines[row].number,
        )
    return np.rint(values).astype(np.uint8).reshape(-1, 28, 28)


def _invalid_pixels(path: Path, lines: Sequence[_Line]) -> DatasetError:
    """Return a sentence about the first line that is not of 784 numbers."""
    for line in lines:
        fields = line.text.strip().split(",")
        if len(fields) != PIXELS:
            return DatasetError(
                "{path} has {count} of 784 pixels in line {number}. Nothing was loaded.",
                path=path,
                count=number(len(fields)),
                number=line.number,
            )
        for pixel in fields:
            if not _is_number(pixel):
                return DatasetError(
                    "{path} holds {text!r} in line {number}; a pixel from 0 to 255 was expected. "
                    "Nothing was loaded.",
                    path=path,
                    text=pixel.strip()[:40],
                    number=line.number,
                )
    return DatasetError(
        "{path} cannot be read among its lines {first} to {last}: they are not 784 "
        "numbers each. Nothing was loaded.",
        path=path,
        first=lines[0].number,
        last=lines[-1].number,
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
