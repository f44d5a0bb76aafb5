"""IDX files: MNIST's four, and those of its relatives under their own names.

The format (http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code, the number of
dimensions, each dimension as a big-endian 32-bit integer, then the values, big-endian, the
last dimension fastest. Publishers compress the files with gzip.
"""

from __future__ import annotations

import re
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mnist_draw.arrays import Array
from mnist_draw.dataset.sources.source import (
    Part,
    Source,
    as_part,
    files_of,
    find_names,
    several_files,
)
from mnist_draw.errors import DatasetError
from mnist_draw.i18n import _, counted, number
from mnist_draw.storage.opening import MEGABYTE, open_unfolded, read_into, reading

_RAW = "raw"
_IMAGES = re.compile(r"(.*?)(train|t10k|test)-images-idx3-ubyte")
FOUR_FILES = (
    "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, "
    "t10k-labels-idx1-ubyte"
)


def is_folder(folder: Path) -> bool:
    """Tell whether a folder, or torchvision's folder ``raw`` in it, holds IDX files."""
    return _holds_files(folder / _RAW) or _holds_files(folder)


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(
        "idx" in path.name and _plain(path).endswith("ubyte") for path in files_of(folder)
    )


def is_file(path: Path) -> bool:
    """Tell whether a file has the name of a data set's pictures."""
    return _IMAGES.fullmatch(_plain(path)) is not None


def read(place: Path) -> Source:
    """Read a folder, or the data set of one of its files."""
    prefix = None
    folder = place
    match = _IMAGES.fullmatch(_plain(place))
    if match and place.is_file():
        prefix = match[1]
        folder = place.parent
    elif _holds_files(place / _RAW):
        folder = place / _RAW
    train, prefix = _part(folder, ("train",), prefix)
    test, _ = _part(folder, ("t10k", "test"), prefix)
    names = find_names(folder, prefix)
    return Source(folder, train, test, names=names, shuffled=True)


def _part(folder: Path, parts: tuple[str, ...], prefix: str | None) -> tuple[Part, str]:
    images_path, prefix = _find(folder, [f"{part}-images-idx3-ubyte" for part in parts], prefix)
    labels_path, _ = _find(
        folder,
        [f"{part}-labels-{kind}" for part in parts for kind in ("idx1-ubyte", "idx2-int")],
        prefix,
    )
    images = read_idx(images_path, dimensions=(3,))
    labels = read_idx(labels_path, dimensions=(1, 2))
    if labels.ndim == 2:
        # QMNIST's extended labels: the class is the first of eight columns.
        labels = labels[:, 0] if labels.shape[1] else np.empty(0, np.int64)
    part = as_part(images, labels, labels_path, images_path)
    if prefix.startswith("emnist-"):
        exchange_axes(part.images)
    return part, prefix


def exchange_axes(images: np.ndarray) -> None:
    """Transpose EMNIST's pictures (https://www.nist.gov/itl/emnist) in place, a few at a time."""
    for first in range(0, len(images), 1000):
        some = images[first : first + 1000]
        some[:] = some.transpose(0, 2, 1).copy()


def _plain(path: Path) -> str:
    """Return a file's name as MNIST's are written: without .gz, with hyphens only."""
    return path.name.removesuffix(".gz").replace(".idx", "-idx")


def _find(folder: Path, names: list[str], prefix: str | None) -> tuple[Path, str]:
    """Find a file under one of its usual names; return its path and its prefix, which may be known.

    In some archives a dot replaces the last hyphen but one; a prefix is that of ``qmnist-test-…``.
    """
    found: list[tuple[str, int, Path]] = []
    for path in files_of(folder):
        plain = _plain(path)
        for rank, name in enumerate(names):
            if plain == name or plain.endswith(f"-{name}"):
                found.append((plain.removesuffix(name), rank, path))
    if prefix is not None:
        found = [entry for entry in found if entry[0] in (prefix, "")]
    if not found:
        name = f"{prefix or ''}{names[0]}"
        raise DatasetError(
            "{folder} holds no file {name} or {name}.gz. A data set needs the four files {names}.",
            folder=folder,
            name=name,
            names=FOUR_FILES,
        )
    found.sort(key=lambda entry: (entry[0] != (prefix or ""), *entry))
    if found[0][0] and prefix is None and found[0][0] != found[-1][0]:
        raise several_files(folder, [found[0][2], found[-1][2]])
    return found[0][2], found[0][0]


_TYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
#: EMNIST ByClass, the largest of MNIST's relatives, takes 547 MB decompressed.
MAX_BYTES = 600 * MEGABYTE


def read_idx(path: Path, *, dimensions: tuple[int, ...]) -> Array:
    """Read an IDX file, compressed with gzip or not, in the machine's byte order.

    `dimensions` are the allowed numbers of them; any fault raises DatasetError.
    """
    with reading(path, DatasetError, OSError), open_unfolded(path, MAX_BYTES) as file:
        return _read(path, file, dimensions)


def _read(path: Path, file: BinaryIO, dimensions: tuple[int, ...]) -> Array:
    start = file.read(4)
    if len(start) < 4:
        raise _cut_short(path, len(start))
    if start[:2] != b"\0\0" or start[2] not in _TYPES:
        raise DatasetError(
            "{path} is not an IDX file: it begins with {found}, where 00 00, a type code and the "
            "number of dimensions were expected. Nothing was loaded; download the file again.",
            path=path,
            found=start.hex(" "),
        )
    dtype = _TYPES[start[2]]
    found_dimensions = start[3]
    if found_dimensions not in dimensions:
        meaning = (
            _("pictures × rows × columns") if 3 in dimensions else _("a label for each picture")
        )
        raise DatasetError(
            "{path} holds an array of {found} ({type}), where {expected} "
            "were expected ({meaning}). Were picture and label files swapped or renamed?",
            path=path,
            found=counted("{count} dimension", "{count} dimensions", found_dimensions),
            type=dtype.name,
            expected=max(dimensions),
            meaning=meaning,
        )
    sizes = file.read(4 * found_dimensions)
    if len(sizes) < 4 * found_dimensions:
        raise _cut_short(path, 4 + len(sizes))
    shape = tuple(int(n) for n in np.frombuffer(sizes, ">u4"))
    expected = prod(shape) * dtype.itemsize
    if expected > MAX_BYTES:
        raise DatasetError(
            "{path} would take {size} MB of memory ({shape} {type}); at most {most} MB are read. "
            "Nothing was loaded; use part of the data set.",
            path=path,
            size=number(expected / 1e6, ",.0f"),
            shape="×".join(map(str, shape)),
            type=dtype.name,
            most=number(MAX_BYTES / 1e6, ",.0f"),
        )
    # The system allocates memory as it is filled: a header that promises too much costs none.
    values = np.empty(prod(shape), dtype)
    memory = memoryview(values.view(np.uint8).data)
    header = len(start) + len(sizes)
    held = header + read_into(file, memory)
    # Up to a megabyte more, for the sentence.
    held += len(file.read(MEGABYTE))
    if held != header + expected:
        told = _(
            "{shape} {type} take {size} bytes, but the file holds {held}. Nothing was "
            "loaded; download the file again.",
            shape="×".join(map(str, shape)),
            type=dtype.name,
            size=number(header + expected),
            held=number(held),
        )
        if held < header + expected:
            raise DatasetError("{path} is cut short: {told}", path=path, told=told)
        raise DatasetError("{path} is longer than its header says: {told}", path=path, told=told)
    if not dtype.isnative:
        values = values.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return values.reshape(shape)


def _cut_short(path: Path, size: int) -> DatasetError:
    return DatasetError(
        "{path} is cut short: it ends after {size} bytes, inside its header. Nothing was "
        "loaded; download the file again.",
        path=path,
        size=size,
    )
