"""The result of a reader of training data, and the steps that readers share.

Pictures and labels are checked, labels get their names, and parts that a source does not have (for
validation and test) are drawn from its training pictures.
"""

from __future__ import annotations

import contextlib
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.errors import DatasetError, UserError
from mnist_draw.storage.opening import MEGABYTE, read_file

#: The most pictures of a part: 300 MB of pixels.
MAX_PICTURES = 400_000


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures with their labels.

    Attributes
    ----------
    images : numpy.ndarray, uint8, shape (N, 28, 28)
        Ink high.
    labels : numpy.ndarray, integer, shape (N,)
        As the source has them, not from 0 on.
    path : pathlib.Path
        Where the labels come from.
    """

    images: NDArray[np.uint8]
    labels: NDArray[Any]
    path: Path


@dataclass(frozen=True, eq=False)
class Source:
    """What was found at a place."""

    place: Path
    train: Part
    test: Part | None = None
    validation: Part | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    shuffled: bool = False
    told: tuple[str, ...] = ()


_PIXELS = 28 * 28


def as_part(images: NDArray[Any], labels: NDArray[Any], path: Path) -> Part:
    """Check pictures and labels.

    Parameters
    ----------
    images : numpy.ndarray
        28×28 pixels each, as (N, 28, 28), with an axis of one channel, or (N, 784): 0 to 255, or
        floats from 0 to 1.
    labels : numpy.ndarray
        Whole numbers, (N,) or (N, 1).
    path : pathlib.Path
        For sentences.

    Raises
    ------
    DatasetError
        They are of another kind, or do not fit each other.
    """
    labels = labels.reshape(-1) if labels.shape[1:] == (1,) else labels
    if labels.ndim != 1 or (labels.dtype.kind == "f" and not np.all(labels == np.floor(labels))):
        raise DatasetError(
            f"{path} holds labels of the shape {_words(labels.shape)} ({labels.dtype}); one whole "
            "number for each picture was expected."
        )
    pictures = _as_pictures(images, path)
    if len(pictures) != len(labels):
        raise DatasetError(
            f"{path} holds {len(pictures):,} pictures and {len(labels):,} labels; they must be as "
            "many."
        )
    if not len(labels):
        raise DatasetError(f"{path} holds no pictures at all.")
    return Part(pictures, labels.astype(np.int64), path)


def _as_pictures(images: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    shape = images.shape
    plain = shape[1:] in ((28, 28), (1, 28, 28), (28, 28, 1), (_PIXELS,))
    if not plain or images.dtype.kind not in "uif":
        raise DatasetError(
            f"{path} holds pictures of the shape {_words(shape)} ({images.dtype}); grey ones of "
            "28×28 pixels were expected."
        )
    if len(images) > MAX_PICTURES:
        raise DatasetError(
            f"{path} holds {len(images):,} pictures; at most {MAX_PICTURES:,} can be learnt at "
            "once. Use a part of them."
        )
    images = images.reshape(-1, 28, 28)
    if images.dtype == np.uint8 or not len(images):
        return images.astype(np.uint8)
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 255):
        raise DatasetError(
            f"{path} holds pixels from {low:g} to {high:g}; 0 to 255, or floats from 0 to 1, were "
            "expected."
        )
    if images.dtype.kind == "f" and high <= 1:
        images = images * 255
    pixels: NDArray[np.uint8] = np.rint(images).astype(np.uint8)
    return pixels


def _words(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "()"


#: One picture in six, as MNIST has it (10,000 of 60,000), and no more than MNIST has.
SHARE, MAX_COUNT = 6, 10_000
#: The draw is always the same: a network must not be tested with what it was trained on before.
_SEED = 1


def set_aside(part: Part, source: str, keep: int) -> tuple[Part, Part]:
    """Draw pictures from each class, in its share of all."""
    random = np.random.RandomState(_SEED)
    drawn = np.zeros(len(part.labels), bool)
    share = min(1 / SHARE, MAX_COUNT / len(part.labels))
    for label in np.unique(part.labels):
        own = np.flatnonzero(part.labels == label)
        if len(own) <= keep:
            raise DatasetError(
                f"{source} has a class with {len(own)} picture{'s' * (len(own) != 1)}; each needs "
                "at least 3: to train, to validate and to test with."
            )
        count = min(max(1, round(share * len(own))), len(own) - keep)
        drawn[random.permutation(own)[:count]] = True
    return _some(part, ~drawn), _some(part, drawn)


def shuffled(part: Part) -> Part:
    """Put pictures into an order in which the first are like all others; always the same one."""
    return _some(part, np.random.RandomState(_SEED).permutation(len(part.labels)))


def split_off(part: Part) -> tuple[Part, Part]:
    """Take the last pictures of a part that is in no order, as the tutorial does with MNIST."""
    count = min(MAX_COUNT, max(1, len(part.labels) // SHARE))
    return _some(part, slice(None, -count)), _some(part, slice(-count, None))


def _some(part: Part, chosen: slice | NDArray[Any]) -> Part:
    return Part(part.images[chosen], part.labels[chosen], part.path)


PLAIN = "classes.txt"
_LETTERS = dict(enumerate(string.ascii_uppercase, start=1))
# EMNIST's merged classes: capitals, and the small letters that do not look like their capitals
# (G. Cohen, S. Afshar, J. Tapson, A. van Schaik, "EMNIST: an extension of MNIST to handwritten
# letters", 2017).
_MERGED = dict(enumerate(string.digits + string.ascii_uppercase + "abdefghnqrt"))
_ALL = dict(enumerate(string.digits + string.ascii_uppercase + string.ascii_lowercase))
# https://github.com/zalandoresearch/fashion-mnist, "Labels".
_FASHION = dict(
    enumerate(
        (
            *("T-shirt", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        )
    )
)
# https://github.com/rois-codh/kmnist, in Latin letters, which every system's font has.
_KUZUSHIJI = dict(enumerate(("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")))
#: What is found in the names of files and folders, and what the labels mean then.
_KNOWN: tuple[tuple[str, Mapping[int, str]], ...] = (
    ("fashion", _FASHION),
    ("kmnist", _KUZUSHIJI),
    ("emnist-letters", _LETTERS),
    ("emnist-balanced", _MERGED),
    ("emnist-bymerge", _MERGED),
    ("emnist-byclass", _ALL),
)
#: So many of the folders that a file lies in may name its data set: ``FashionMNIST/raw``.
_FOLDERS = 2


def find_names(folder: Path, prefix: str) -> Mapping[int, str]:
    """Return what the labels of a data set mean; empty where that is not known."""
    for path in (folder / f"{prefix}{PLAIN}", folder / PLAIN):
        if path.is_file():
            return dict(enumerate(_lines(path)))
    mapping = folder / f"{prefix}mapping.txt"
    if prefix and mapping.is_file():
        return dict(_mapped(mapping, line) for line in _lines(mapping))
    for path in sorted(folder.glob(f"{prefix}*classmap.csv")):
        return dict(_classmapped(path, line) for line in _lines(path)[1:])
    return known_names(folder, prefix)


def known_names(folder: Path, prefix: str) -> Mapping[int, str]:
    """Return what the labels of a well-known data set mean, empty for others."""
    with contextlib.suppress(FileNotFoundError):  # the working folder is gone
        folder = folder.absolute()
    words = "/".join([*folder.parts[-_FOLDERS:], prefix]).lower()
    return next((names for known, names in _KNOWN if known in words), {})


def _lines(path: Path) -> list[str]:
    try:
        text = read_file(path, MEGABYTE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}, which names the classes, is no text in UTF-8.") from error
    except (OSError, UserError) as error:
        raise DatasetError(
            f"{path}, which names the classes, cannot be read: {str(error).rstrip('.')}."
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def _mapped(path: Path, line: str) -> tuple[int, str]:
    label, *codes = line.split()
    try:
        return int(label), chr(int(codes[0]))
    except (ValueError, OverflowError, IndexError):
        raise _senseless(path, line, "a label and the code point of its character") from None


def _classmapped(path: Path, line: str) -> tuple[int, str]:
    label, *rest = (part.strip() for part in line.split(","))
    try:
        return int(label), rest[1]
    except (ValueError, IndexError):
        raise _senseless(path, line, "a label, a code point and a character") from None


def _senseless(path: Path, line: str, expected: str) -> DatasetError:
    return DatasetError(
        f"{path}, which names the classes, has the line {line[:60]!r}; {expected} were expected."
    )
