"""The result of a reader of training data, and the steps that readers share.

Pictures and labels are checked, labels get their names, and parts that a source does not have (for
validation and test) are drawn from its training pictures.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import string
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_draw.errors import DatasetError, UserError, reason_of
from mnist_draw.storage.opening import MEGABYTE, open_unfolded, read_file

#: The most pictures of a part: 300 MB of pixels.
MAX_PICTURES = 400_000


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures, uint8 (N, 28, 28), ink high, with the labels of the file `path`, integers (N,)."""

    images: NDArray[np.uint8]
    labels: NDArray[Any]
    path: Path


@dataclass(frozen=True, eq=False)
class Source:
    """The content of a file or folder.

    ``names`` are those of the labels, as far as known. ``shuffled`` parts are in random order,
    others by class. ``messages`` are sentences for the user.
    """

    place: Path
    train: Part
    test: Part | None = None
    validation: Part | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    shuffled: bool = False
    messages: tuple[str, ...] = ()


PIXELS = 28 * 28


def visible_entries(folder: Path) -> list[Path]:
    """List a folder by name, in the same order on every system, without hidden entries."""
    try:
        entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        raise DatasetError(f"There is no folder {folder}.") from None
    except NotADirectoryError:
        raise DatasetError(f"{folder} is not a folder; name the one with the pictures.") from None
    except OSError as error:
        raise DatasetError(f"The folder {folder} cannot be read: {reason_of(error)}.") from error
    return sorted(entries, key=lambda path: path.name)


def files_of(folder: Path) -> list[Path]:
    """List the files of a folder: some archives hold folders with the names of data files."""
    return [path for path in visible_entries(folder) if path.is_file()]


def as_part(images: NDArray[Any], labels: NDArray[Any], path: Path) -> Part:
    """Check and convert pictures and labels; error sentences name the path.

    Pictures of 28×28, in any of the usual shapes, are 0 to 255, or floats from 0 to 1.
    """
    labels = labels.reshape(-1) if labels.shape[1:] == (1,) else labels
    if labels.ndim != 1 or (labels.dtype.kind == "f" and not np.all(labels == np.floor(labels))):
        raise DatasetError(
            f"{path} holds labels of the shape {_format_shape(labels.shape)} ({labels.dtype}); one "
            "whole number for each picture was expected."
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
    plain = shape[1:] in ((28, 28), (1, 28, 28), (28, 28, 1), (PIXELS,))
    if not plain or images.dtype.kind not in "uif":
        raise DatasetError(
            f"{path} holds pictures of the shape {_format_shape(shape)} ({images.dtype}); grey "
            "ones of 28×28 pixels were expected."
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


def _format_shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "()"


#: One picture in six is for validation, as in MNIST (10,000 of 60,000), and at most as many.
SHARE, MAX_COUNT = 6, 10_000
#: Always the same draw: a network must not be tested with its training pictures of an earlier run.
_SEED = 1


def set_aside(part: Part, source: str, keep: int) -> tuple[Part, Part]:
    """Split a part in two: draw pictures of each class by its share, but leave `keep` of each."""
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
    """Shuffle a part, always in the same way."""
    return _some(part, np.random.RandomState(_SEED).permutation(len(part.labels)))


def split_off(part: Part) -> tuple[Part, Part]:
    """Split the last pictures off a part, as the tutorial does with MNIST."""
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
#: Parts of the names of files and folders, with the names of their labels.
_KNOWN: tuple[tuple[str, Mapping[int, str]], ...] = (
    ("fashion", _FASHION),
    ("kmnist", _KUZUSHIJI),
    ("emnist-letters", _LETTERS),
    ("emnist-balanced", _MERGED),
    ("emnist-bymerge", _MERGED),
    ("emnist-byclass", _ALL),
)
#: Parent folders whose name may be that of the data set: ``FashionMNIST/raw``.
_FOLDERS = 2


def find_names(folder: Path, prefix: str) -> Mapping[int, str]:
    """Return the names of labels; empty if unknown.

    They are read from a plain ``classes.txt`` with a name in each line, from label 0 on; EMNIST's
    ``…-mapping.txt`` (a label and its code points); or KMNIST's ``…classmap.csv`` (index, code
    point, character). Those of well-known data sets follow from the name.
    """
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
    """Return the names of the labels of a well-known data set."""
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
        raise _invalid_line(path, line, "a label and the code point of its character") from None


def _classmapped(path: Path, line: str) -> tuple[int, str]:
    label, *rest = (part.strip() for part in line.split(","))
    try:
        return int(label), rest[1]
    except (ValueError, IndexError):
        raise _invalid_line(path, line, "a label, a code point and a character") from None


def _invalid_line(path: Path, line: str, expected: str) -> DatasetError:
    return DatasetError(
        f"{path}, which names the classes, has the line {line[:60]!r}; {expected} were expected."
    )


# -- files of text

#: `MAX_PICTURES` lines of 784 pixels with three digits each.
_MAX_TEXT = 1300 * MEGABYTE


class Line(NamedTuple):
    """A line of a text file, with its number in the file, from 1."""

    number: int
    text: str


@contextlib.contextmanager
def open_lines(path: Path) -> Iterator[Iterator[Line]]:
    """Open a UTF-8 text, gzipped or not, as its lines that are not blank; errors name the file."""
    try:
        with open_unfolded(path, _MAX_TEXT) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline=None)
            try:
                lines = itertools.starmap(Line, enumerate(text, 1))
                yield (line for line in lines if line.text.strip())
            finally:
                text.detach()  # the file is closed by its own context
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text in UTF-8.") from error
    except FileNotFoundError:
        raise DatasetError(f"There is no file {path}.") from None
    except DatasetError:
        raise
    except (UserError, OSError) as error:
        raise DatasetError(f"{path} cannot be read: {reason_of(error)}.") from error


def number_labels(labels: Collection[str], path: Path) -> tuple[dict[str, int], Mapping[int, str]]:
    """Return the number of each label of a text file, and the names of the numbers.

    Numbers keep their value; words are numbered in alphabetical order.
    """
    if all(label.removeprefix("-").isdecimal() for label in labels):
        return {label: int(label) for label in labels}, find_names(path.parent, path.name)
    names = dict(enumerate(sorted(labels)))
    return {name: number for number, name in names.items()}, names


def parse_pixels(path: Path, lines: Sequence[Line]) -> NDArray[np.uint8]:
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
            f"{path} holds pixels from {values[row].min():g} to {values[row].max():g} in line "
            f"{lines[row].number:,}; 0 to 255 were expected."
        )
    return np.rint(values).astype(np.uint8).reshape(-1, 28, 28)


def _invalid_pixels(path: Path, lines: Sequence[Line]) -> DatasetError:
    """Return a sentence about the first line that is not of 784 numbers."""
    for line in lines:
        fields = line.text.strip().split(",")
        if len(fields) != PIXELS:
            return DatasetError(
                f"{path} has {len(fields):,} of {PIXELS} pixels in line {line.number:,}. Nothing "
                "was loaded."
            )
        for pixel in fields:
            if not is_number(pixel):
                return DatasetError(
                    f"{path} holds {pixel.strip()[:40]!r} in line {line.number:,}; a pixel "
                    "from 0 to 255 was expected. Nothing was loaded."
                )
    return DatasetError(
        f"{path} cannot be read among its lines {lines[0].number:,} to {lines[-1].number:,}: they "
        f"are not {PIXELS} numbers each. Nothing was loaded."
    )


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
