"""The data set, split as in the tutorial: 50,000 to train, 10,000 to validate, 10,000 to test."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.errors import DatasetError
from mnist_draw.dataset.idx import read_idx
from mnist_draw.errors import asks_what_was_meant
from mnist_draw.storage.errors import StorageError
from mnist_draw.storage.folders import named_path
from mnist_draw.storage.resources import resource_path

Images = NDArray[np.uint8]
Labels = NDArray[np.uint8]
FloatImages = NDArray[np.float32]

#: Validation pictures split off the end of the training file (MNIST: 10,000 of 60,000).
VALIDATION_SIZE = 10_000
#: Grey levels are divided by this, as in the tutorial: the whitest pixel becomes 255/256.
GREY_LEVELS = 256


@dataclass(frozen=True)
class Dataset:
    """Pictures as uint8 (N, 1, 28, 28), ink high, with labels 0 to 9 as uint8 (N,).

    The pictures stay bytes; `scale` turns a minibatch into what the network takes.
    """

    train_images: Images
    train_labels: Labels
    validation_images: Images
    validation_labels: Labels
    test_images: Images
    test_labels: Labels
    name: str
    folder: Path

    def first(self, training_examples: int) -> Dataset:
        """Return the same data set with only its first training pictures.

        Parameters
        ----------
        training_examples : int
            How many, at least 1; all where the data set has fewer.
        """
        return Dataset(
            self.train_images[:training_examples],
            self.train_labels[:training_examples],
            self.validation_images,
            self.validation_labels,
            self.test_images,
            self.test_labels,
            self.name,
            self.folder,
        )


def scale(images: Images) -> FloatImages:
    """Turn grey levels into the network's input: float32, 0 to 255/256.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 of any shape.

    Returns
    -------
    ndarray of float32, same shape
    """
    return np.multiply(images, np.float32(1 / GREY_LEVELS), dtype=np.float32)


@asks_what_was_meant
def load_data(
    folder: str | os.PathLike[str] | None = None,
) -> tuple[FloatImages, Labels, FloatImages, Labels, FloatImages, Labels]:
    """Load the digits as the tutorial does.

    Parameters
    ----------
    folder : str or path-like or None
        A folder with the four IDX files under MNIST's names, gzipped or not; MNIST itself,
        which ships with the program, where none is given.

    Returns
    -------
    X_train, y_train, X_val, y_val, X_test, y_test
        Pictures as float32 (N, 1, 28, 28) from 0 to 255/256, labels as uint8 (N,). For MNIST
        50,000, 10,000 and 10,000 of them.

    Raises
    ------
    DatasetError
        A file is missing, damaged or does not fit; the sentence says which and how.
    """
    data = load_dataset(folder)
    return (
        scale(data.train_images),
        data.train_labels,
        scale(data.validation_images),
        data.validation_labels,
        scale(data.test_images),
        data.test_labels,
    )


def load_dataset(folder: str | os.PathLike[str] | None = None) -> Dataset:
    """Load the digits as bytes, a quarter of the memory that `load_data` takes.

    Parameters and errors are those of `load_data`. MNIST itself is read only once.
    """
    if folder is None:
        return _shipped()
    return _load(named_path(folder), dataset_name(folder))


@lru_cache(maxsize=1)
def _shipped() -> Dataset:
    return _load(resource_path("mnist"), dataset_name(None))


def dataset_name(folder: str | os.PathLike[str] | None) -> str:
    """Return what the data set of a folder is called: as its folder, or MNIST without one."""
    if folder is None:
        return "MNIST"
    try:
        return named_path(folder).resolve().name
    except (StorageError, OSError):  # a folder of former days, which cannot be looked at now
        return Path(folder).name


def _load(folder: Path, name: str) -> Dataset:
    if not folder.is_dir():
        raise DatasetError(
            f"{folder} is not a folder. A data set is a folder with the files "
            "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
            "t10k-labels-idx1-ubyte, gzipped or not."
        )
    images, labels = _pair(folder, ("train",))
    test_images, test_labels = _pair(folder, ("t10k", "test"))
    if len(images) < 2:
        raise DatasetError(
            f"{folder} holds {len(images)} training pictures; at least 2 are needed, "
            "one to train with and one to validate."
        )
    validation = min(VALIDATION_SIZE, max(1, len(images) // 6))
    for array in (images, labels, test_images, test_labels):
        array.flags.writeable = False
    return Dataset(
        images[:-validation],
        labels[:-validation],
        images[-validation:],
        labels[-validation:],
        test_images,
        test_labels,
        name,
        folder,
    )


def _pair(folder: Path, parts: tuple[str, ...]) -> tuple[Images, Labels]:
    images_path = _find(folder, [f"{part}-images-idx3-ubyte" for part in parts])
    labels_path = _find(
        folder,
        [f"{part}-labels-{kind}" for part in parts for kind in ("idx1-ubyte", "idx2-int")],
    )
    images = read_idx(images_path, dimensions=(3,))
    if images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        rows, columns = images.shape[1:]
        raise DatasetError(
            f"{images_path} holds pictures of {rows}×{columns} {images.dtype} pixels; "
            "28×28 unsigned bytes were expected."
        )
    if images_path.name.startswith("emnist-"):
        # EMNIST is published with rows and columns exchanged (https://www.nist.gov/itl/emnist).
        _exchange_axes(images)
    labels = read_idx(labels_path, dimensions=(1, 2))
    if labels.dtype.kind not in "iu":
        raise DatasetError(
            f"{labels_path} holds {labels.dtype} numbers; labels are whole numbers, 0 to 9."
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
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > 9:
        raise DatasetError(
            f"{labels_path} holds the label {low if low < 0 else high}; digits are labelled 0 to 9."
        )
    return images.reshape(-1, 1, 28, 28), labels.astype(np.uint8)


def _exchange_axes(images: Images) -> None:
    """Exchange rows and columns, a few pictures at a time: a copy of all takes too much memory."""
    for first in range(0, len(images), 1000):
        some = images[first : first + 1000]
        some[:] = some.transpose(0, 2, 1).copy()


def _find(folder: Path, names: list[str]) -> Path:
    """Find a file under one of its usual names.

    These are MNIST's (``train-images-idx3-ubyte``), with a dot for the last hyphen but one as
    some archives write it, or with the data set's name in front (``qmnist-test-…``).
    """
    try:
        # Files alone: some archives unpack into folders that are named like the files.
        files = sorted(path for path in folder.iterdir() if path.is_file())
    except OSError as error:
        raise DatasetError(
            f"The folder {folder} cannot be read: {error.strerror or error}."
        ) from error
    found: list[tuple[str, int, Path]] = []
    for path in files:
        plain = path.name.removesuffix(".gz").replace(".idx", "-idx")
        for rank, name in enumerate(names):
            if plain == name or plain.endswith(f"-{name}"):
                found.append((plain.removesuffix(name), rank, path))
    if not found:
        raise DatasetError(
            f"{folder} holds no file {names[0]} or {names[0]}.gz. A data set needs the four files "
            "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
            "t10k-labels-idx1-ubyte."
        )
    found.sort()
    if found[0][0] and found[0][0] != found[-1][0]:
        raise DatasetError(
            f"{folder} holds several data sets ({found[0][2].name} and {found[-1][2].name}). "
            "Put the four files of one of them into a folder of their own."
        )
    return found[0][2]
