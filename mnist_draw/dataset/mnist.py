"""The data set and its minibatches, as in the tutorial.

MNIST has 50,000 pictures to train, 10,000 to validate and 10,000 to test. The user's own data is
loaded by the same functions, in any format of `mnist_draw.dataset.sources.formats`.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mnist_draw.arrays import Array, Bytes, Floats, Integers
from mnist_draw.dataset.classes import DIGITS, check_classes, class_list
from mnist_draw.dataset.sources.formats import read_source, strip_suffixes
from mnist_draw.dataset.sources.picture_folders import announce
from mnist_draw.dataset.sources.source import Part, Source, set_aside, shuffled, split_off
from mnist_draw.errors import DatasetError, asks_what_was_meant, strip_control_chars
from mnist_draw.i18n import _, number
from mnist_draw.storage.folders import named_path, resource_path
from mnist_draw.storage.opening import PathName

Images = Bytes
Labels = Bytes

#: Gray levels are divided by this, as in the tutorial: the whitest pixel becomes 255/256.
GRAY_LEVELS = 256


@dataclass(frozen=True)
class Dataset:
    """Pictures as uint8 (N, 1, 28, 28), ink high, with labels from 0 on as uint8 (N,).

    `scale` converts a minibatch into the network's input. ``classes`` are the names of the labels,
    ``messages`` are sentences for the user about how the data set was read.
    """

    train_images: Images
    train_labels: Labels
    validation_images: Images
    validation_labels: Labels
    test_images: Images
    test_labels: Labels
    name: str
    folder: Path
    classes: tuple[str, ...] = DIGITS
    messages: tuple[str, ...] = ()

    @property
    def shows_digits(self) -> bool:
        """Whether the classes are the ten digits."""
        return self.classes == DIGITS

    def first(self, training_examples: int) -> Dataset:
        """Return the data set with its first training pictures only, at least 1."""
        return dataclasses.replace(
            self,
            train_images=self.train_images[:training_examples],
            train_labels=self.train_labels[:training_examples],
        )


def scale(images: Images) -> Floats:
    """Convert gray levels into the network's input: float32, 0 to 255/256."""
    return np.multiply(images, np.float32(1 / GRAY_LEVELS), dtype=np.float32)


class Arrays(tuple[Any, ...]):
    """The six arrays of `load_data`, with ``classes``, the names of the labels from 0 on.

    ``folder`` is where they are from; None for MNIST.
    """

    classes: tuple[str, ...] = DIGITS
    folder: str | None = None


@asks_what_was_meant
def load_data(
    folder: str | os.PathLike[str] | None = None,
) -> tuple[Floats, Labels, Floats, Labels, Floats, Labels]:
    """Load the digits, or training data of one's own, as the tutorial does.

    Parameters
    ----------
    folder : str or path-like or None
        MNIST itself, which ships with the program, where none is given; or one of

        - a folder with four IDX files under MNIST's names or those of its relatives, gzipped or
          not (Fashion-MNIST, KMNIST, QMNIST, EMNIST, torchvision's ``raw``), or one of the files
          where a folder holds several data sets;
        - an ``.npz`` file such as Keras' ``mnist.npz``, or a folder with KMNIST's four;
        - a table (CSV) as Kaggle has them, or a folder with ``train.csv`` and ``test.csv``;
        - a folder with a folder of pictures for each class.

    Returns
    -------
    X_train, y_train, X_val, y_val, X_test, y_test
        Pictures as float32 (N, 1, 28, 28) from 0 to 255/256, labels as uint8 (N,). For MNIST
        50,000, 10,000 and 10,000 of them. The tuple's ``classes`` are the names of the labels.

    Raises
    ------
    DatasetError
        A file is missing, damaged or does not fit; the sentence says which and how.
    """
    data = load_dataset(folder)
    arrays = Arrays(
        (
            scale(data.train_images),
            data.train_labels,
            scale(data.validation_images),
            data.validation_labels,
            scale(data.test_images),
            data.test_labels,
        ),
    )
    arrays.classes = data.classes
    if folder is not None:
        arrays.folder = str(named_path(folder).absolute())
    return arrays


def load_dataset(
    folder: PathName | None = None,
    tell: Callable[[str], object] = lambda sentence: None,
) -> Dataset:
    """Load a data set as `load_data` does, but as bytes; MNIST itself is read only once.

    `tell` gets a sentence before reading that takes long.
    """
    if folder is None:
        # Two threads at once would read it twice, and each keep its own.
        with _reading:
            return shipped()
    place = named_path(folder)
    before = announce.set(tell)
    try:
        return _load(place, dataset_name(place))
    finally:
        announce.reset(before)


_reading = threading.Lock()


@lru_cache(maxsize=1)
def shipped() -> Dataset:
    return _load(resource_path("mnist"), dataset_name(None))


def dataset_name(path: PathName | None) -> str:
    """Name a data set after its file or folder; MNIST without one.

    No disk is read: the folder of an earlier run may be on one that is not there now.
    """
    if path is None:
        return "MNIST"
    place = Path(os.path.normpath(path))
    if place.name in ("", ".."):
        place = Path(os.path.normpath(place.absolute()))
    if place.name == "raw":  # torchvision's FashionMNIST/raw
        place = place.parent
    # For models, reports and tables.
    return strip_control_chars(strip_suffixes(place.name))


def _load(place: Path, name: str) -> Dataset:
    source = read_source(place)
    numbers, classes = _classes_of(source)
    train = source.train
    validation = source.validation
    test = source.test
    messages = list(source.messages)
    if test is None:
        train, test = set_aside(train, str(place), 2 if validation is None else 1)
        messages.append(
            _(
                "{place} has no pictures of its own for the test: {count} were drawn from all "
                "classes and set aside, the same ones every time.",
                place=place,
                count=number(len(test.labels)),
            ),
        )
    if validation is None:
        if len(train.labels) < 2:
            raise DatasetError(
                "{place} holds too few training pictures: {count}. At least 2 are needed, one to "
                "train with and one to validate.",
                place=place,
                count=len(train.labels),
            )
        split = split_off(train) if source.shuffled else set_aside(train, str(place), 1)
        train, validation = split
    parts = [train, validation, test]
    if not source.shuffled:
        # Sorted by class: shuffle, so that the first ones are of all classes.
        parts = [shuffled(part) for part in parts]
    images = [part.images.reshape(-1, 1, 28, 28) for part in parts]
    labels = [_renumbered(part, numbers, classes) for part in parts]
    for array in (*images, *labels):
        array.flags.writeable = False
    return Dataset(
        *(images[0], labels[0], images[1], labels[1], images[2], labels[2]),
        name,
        place,
        classes,
        tuple(messages),
    )


def _classes_of(source: Source) -> tuple[Integers, tuple[str, ...]]:
    """Return the sorted labels and their names: the ten digits for 0 to 9 without names."""
    found = np.unique(source.train.labels)
    if found[0] < 0:
        raise DatasetError(
            "{path} holds the label {label}; labels are whole numbers from 0 on.",
            path=source.train.path,
            label=found[0],
        )
    if not source.names and found[-1] <= 9:
        return np.arange(10), DIGITS
    numbers = [int(label) for label in found]
    classes = tuple(source.names.get(number, str(number)) for number in numbers)
    check_classes(classes, str(source.place))
    return np.array(numbers), classes


def _renumbered(part: Part, numbers: Integers, classes: tuple[str, ...]) -> Labels:
    places = np.minimum(np.searchsorted(numbers, part.labels), len(numbers) - 1)
    strange = numbers[places] != part.labels
    if strange.any():
        raise DatasetError(
            "{path} holds the label {label}; the training pictures are labeled {first} to {last} "
            "({classes}).",
            path=part.path,
            label=part.labels[strange][0],
            first=numbers[0],
            last=numbers[-1],
            classes=class_list(classes),
        )
    return places.astype(np.uint8)


@asks_what_was_meant
def iterate_minibatches(
    inputs: Array,
    targets: Array,
    batchsize: int,
    shuffle: bool = False,
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[Array, Array]]:
    """Iterate over inputs and targets in minibatches of equal size.

    Examples that do not fill a last minibatch are left out, as in the tutorial; with
    ``shuffle=True`` they are other ones in each epoch.

    Parameters
    ----------
    inputs, targets : numpy.ndarray
        Arrays of the same length N.
    batchsize : int
        Examples in a minibatch, from 1 to N.
    shuffle : bool
        Whether to draw the examples in random order.
    rng : numpy.random.Generator or None
        Draws the order; by default NumPy's global generator, as in the tutorial, so that
        ``np.random.seed`` makes it repeatable.

    Yields
    ------
    inputs, targets
        ``batchsize`` of each. Views where nothing is shuffled, copies otherwise.

    Raises
    ------
    ValueError
        ``inputs`` and ``targets`` differ in length, or ``batchsize`` is no positive number.
    """
    if len(inputs) != len(targets):
        raise ValueError(
            f"inputs and targets must be as many, got {len(inputs)} inputs and "
            f"{len(targets)} targets",
        )
    if batchsize < 1:
        raise ValueError(f"batchsize must be at least 1, got {batchsize}")
    order = None
    if shuffle:
        order = np.arange(len(inputs))
        if rng is None:
            np.random.shuffle(order)  # noqa: NPY002 - the tutorial's own generator
        else:
            rng.shuffle(order)
    for start in range(0, len(inputs) - batchsize + 1, batchsize):
        chosen = (
            slice(start, start + batchsize) if order is None else order[start : start + batchsize]
        )
        yield inputs[chosen], targets[chosen]
