"""A folder with IDX files: MNIST's four, and those of its relatives under their own names."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mnist_draw.dataset.idx import read_idx
from mnist_draw.dataset.sources.names import find_names
from mnist_draw.dataset.sources.source import Part, Source
from mnist_draw.errors import DatasetError

_IMAGES = re.compile(r"(.*?)(train|t10k|test)-images-idx3-ubyte")
FOUR_FILES = (
    "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
    "t10k-labels-idx1-ubyte"
)


def holds_idx_files(folder: Path) -> bool:
    """Tell whether a folder holds pictures in IDX files; raises DatasetError as `files_of`."""
    return any("idx" in path.name and _plain(path).endswith("ubyte") for path in files_of(folder))


def is_idx_file(path: Path) -> bool:
    """Tell whether a file is called as one of a data set's IDX files."""
    return _IMAGES.fullmatch(_plain(path)) is not None


def read_idx_files(folder: Path, chosen: Path | None = None) -> Source:
    """Read a data set."""
    prefix = None
    if chosen is not None:
        match = _IMAGES.fullmatch(_plain(chosen))
        prefix = match[1] if match else None
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
    if images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        rows, columns = images.shape[1:]
        raise DatasetError(
            f"{images_path} holds pictures of {rows}×{columns} {images.dtype} pixels; "
            "28×28 unsigned bytes were expected."
        )
    if prefix.startswith("emnist-"):
        exchange_axes(images)
    labels = read_idx(labels_path, dimensions=(1, 2))
    if labels.dtype.kind not in "iu":
        raise DatasetError(
            f"{labels_path} holds {labels.dtype} numbers; labels are whole numbers, such as 0 to 9."
        )
    if labels.ndim == 2:
        # QMNIST's extended labels: the class is the first of eight columns.
        labels = labels[:, 0] if labels.shape[1] else np.empty(0, np.int64)
    if len(images) != len(labels):
        raise DatasetError(
            f"{images_path} holds {len(images):,} pictures, but {labels_path} holds "
            f"{len(labels):,} labels; they must be as many. Do the two files belong together?"
        )
    if len(labels) == 0:
        raise DatasetError(f"{images_path} holds no pictures at all.")
    return Part(images, labels, labels_path), prefix


def exchange_axes(images: np.ndarray) -> None:
    """Turn pictures of EMNIST upright.

    It is published with rows and columns exchanged (https://www.nist.gov/itl/emnist). They are
    turned a few at a time: a copy of all takes too much memory.
    """
    for first in range(0, len(images), 1000):
        some = images[first : first + 1000]
        some[:] = some.transpose(0, 2, 1).copy()


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder by name; some archives hold folders named like the files."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DatasetError(
            f"The folder {folder} cannot be read: {error.strerror or error}."
        ) from error


def _plain(path: Path) -> str:
    """Return a file's name as MNIST's are written: not compressed, with hyphens only."""
    return path.name.removesuffix(".gz").replace(".idx", "-idx")


def _find(folder: Path, names: list[str], prefix: str | None) -> tuple[Path, str]:
    """Find a file under one of its usual names, and what stands before that.

    These are MNIST's (``train-images-idx3-ubyte``), with a dot for the last hyphen but one as
    some archives write it, or with the data set's name in front (``qmnist-test-…``), which may be
    known already.
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
            f"{folder} holds no file {name} or {name}.gz. A data set needs the four files "
            f"{FOUR_FILES}."
        )
    found.sort(key=lambda entry: (entry[0] != (prefix or ""), *entry))
    if found[0][0] and prefix is None and found[0][0] != found[-1][0]:
        raise DatasetError(
            f"{folder} holds several data sets ({found[0][2].name} and {found[-1][2].name}). "
            f"Name one of these files instead of the folder, or put the four files of one data "
            "set into a folder of their own."
        )
    return found[0][2], found[0][0]
