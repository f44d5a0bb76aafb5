"""What the labels of a data set mean: from a file beside it, or known from the data set's name.

Read are EMNIST's ``…-mapping.txt`` (a label and the code points that it stands for), KMNIST's
``…classmap.csv`` (index, code point, character) and a plain ``classes.txt`` with a name in each
line, from label 0 on.
"""

from __future__ import annotations

import contextlib
import string
from collections.abc import Mapping
from pathlib import Path

from mnist_draw.errors import DatasetError, UserError
from mnist_draw.storage.opening import MEGABYTE, read_file

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
