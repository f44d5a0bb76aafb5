"""The result of a reader of training data, and the steps that readers share.

Pictures and labels are checked, labels get their names, and parts that a source does not have (for
validation and test) are drawn from its training pictures.
"""

from __future__ import annotations

import contextlib
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mnist_draw.arrays import Array, Bytes
from mnist_draw.dataset.picture_formats import read_suffixes
from mnist_draw.errors import DatasetError, reason_of
from mnist_draw.i18n import _, counted, number
from mnist_draw.storage.models import format_shape
from mnist_draw.storage.opening import MEGABYTE, read_file, reading

#: The most pictures of a part: 784 MB of pixels.
MAX_PICTURES = 1_000_000
#: Letters of the names of files that a sentence lists.
_MOST_LETTERS = 200


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures, uint8 (N, 28, 28), ink high, with the labels of the file `path`, integers (N,)."""

    images: Bytes
    labels: Array
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


SIDE = 28
PIXELS = SIDE * SIDE


def visible_entries(folder: Path) -> list[Path]:
    """List a folder by name, in the same order on every system, without hidden entries."""
    try:
        entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        raise DatasetError("There is no folder {folder}.", folder=folder) from None
    except NotADirectoryError:
        raise DatasetError(
            "{folder} is not a folder; choose the folder of the pictures.",
            folder=folder,
        ) from None
    except OSError as error:
        raise DatasetError(
            "{path} cannot be read: {reason}.",
            path=folder,
            reason=reason_of(error),
        ) from error
    return sorted(entries, key=lambda path: path.name)


def files_of(folder: Path) -> list[Path]:
    """List the files of a folder: some archives hold folders with the names of data files."""
    return [path for path in visible_entries(folder) if path.is_file()]


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in read_suffixes() and path.is_file()


def pictures_in(folder: Path) -> list[Path]:
    return [path for path in visible_entries(folder) if is_picture(path)]


def as_part(
    images: Array,
    labels: Array,
    path: Path,
    images_path: Path | None = None,
) -> Part:
    """Check and convert pictures and labels; error sentences name the path of either.

    Pictures of 28×28, in any of the usual shapes, are 0 to 255, or floats from 0 to 1.
    """
    images_path = images_path or path
    labels = labels.reshape(-1) if labels.shape[1:] == (1,) else labels
    with np.errstate(invalid="ignore"):
        numbers = labels.astype(np.int64)
    if labels.ndim != 1 or not np.array_equal(numbers, labels):
        raise DatasetError(
            "{path} holds labels of the shape {shape} ({dtype}); one whole number for each "
            "picture was expected.",
            path=path,
            shape=format_shape(labels.shape),
            dtype=labels.dtype,
        )
    pictures = _as_pictures(images, images_path)
    if len(pictures) != len(labels):
        raise DatasetError(
            "{place} holds {images} for {labels} in {path}; the numbers must match. Do they "
            "belong together?",
            place=images_path,
            images=counted("{count} picture", "{count} pictures", len(pictures)),
            path=path,
            labels=counted("{count} label", "{count} labels", len(labels)),
        )
    if not len(labels):
        raise DatasetError("{path} holds no pictures at all.", path=images_path)
    return Part(pictures, numbers, path)


def several_files(folder: Path, files: Sequence[Path]) -> DatasetError:
    """Return the error of a folder that does not tell which of its files is the data set."""
    return DatasetError(
        "{folder} holds several files to learn ({names}). Choose one instead of the folder.",
        folder=folder,
        names=", ".join(path.name for path in files)[:_MOST_LETTERS],
    )


def check_count(count: int, path: Path) -> None:
    if count > MAX_PICTURES:
        raise DatasetError(
            "{path} holds more than {most} pictures, the most that can be learned at once. Use "
            "some of them.",
            path=path,
            most=number(MAX_PICTURES),
        )


def check_pixels(values: Array, path: Path) -> None:
    low = float(values.min())
    high = float(values.max())
    if not (low >= 0 and high <= 255):
        raise DatasetError(
            "{path} holds pixels from {low} to {high}; 0 to 255, or floats from 0 to 1, were "
            "expected.",
            path=path,
            low=number(low, "g"),
            high=number(high, "g"),
        )


def _as_pictures(images: Array, path: Path) -> Bytes:
    shape = images.shape
    plain = shape[1:] in ((28, 28), (1, 28, 28), (28, 28, 1), (PIXELS,))
    if not plain or images.dtype.kind not in "uif":
        raise DatasetError(
            "{path} holds pictures of the shape {shape} ({dtype}); gray ones of 28×28 pixels were "
            "expected.",
            path=path,
            shape=format_shape(shape),
            dtype=images.dtype,
        )
    check_count(len(images), path)
    images = images.reshape(-1, 28, 28)
    if images.dtype == np.uint8 or not len(images):
        return images.astype(np.uint8, copy=False)
    check_pixels(images, path)
    if images.dtype.kind == "f" and images.max() <= 1:
        images = images * 255
    return np.rint(images).astype(np.uint8)


#: One picture in six is for validation, as in MNIST (10,000 of 60,000), and at most as many.
SHARE = 6
MAX_COUNT = 10_000
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
                "{source} has a class with too few pictures: {count}. Each needs at least 3: one "
                "each to train, validate and test with.",
                source=source,
                count=len(own),
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


def _some(part: Part, chosen: slice | Array) -> Part:
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
        ),
    ),
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
    tables = [mapping] if prefix and mapping.is_file() else []
    for path in [*tables, *sorted(folder.glob(f"{prefix}*classmap.csv"))]:
        return _names(path)
    with contextlib.suppress(FileNotFoundError):  # the working folder is gone
        folder = folder.absolute()
    words = "/".join([*folder.parts[-_FOLDERS:], prefix]).lower()
    return next((names for known, names in _KNOWN if known in words), {})


def _lines(path: Path) -> list[str]:
    with reading(path, DatasetError, OSError, UnicodeDecodeError):
        text = read_file(path, MEGABYTE).decode("utf-8-sig")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _names(path: Path) -> dict[int, str]:
    is_csv = path.suffix == ".csv"
    names = {}
    for line in _lines(path)[is_csv:]:
        label, *rest = line.split("," if is_csv else None)
        try:
            names[int(label)] = rest[1].strip() if is_csv else chr(int(rest[0]))
        except (ValueError, OverflowError, IndexError):
            expected = _("a label and the code point of its character")
            if is_csv:
                expected = _("a label, a code point and a character")
            raise DatasetError(
                "{path}, which names the classes, has the line {line!r}, but should have "
                "{expected}.",
                path=path,
                line=line[:60],
                expected=expected,
            ) from None
    return names
