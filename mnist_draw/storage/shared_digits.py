"""Taught digits in one file, for a class: packed by one, taken in by others, each kept once.

The file is a zip archive of the digits' own PNG files, so that any program opens it.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.errors import DocumentError, StorageError
from mnist_draw.storage.atomic import open_atomically
from mnist_draw.storage.my_digits import (
    MAX_FILE_BYTES,
    SUFFIX,
    DigitError,
    TaughtDigit,
    my_digits_folder,
    parse_digit,
    read_digit,
    save_digit,
)
from mnist_draw.storage.opening import MEGABYTE, open_file

#: A class of 30 that teaches 100 digits each has 3,000 of about 10 kB.
MAX_DIGITS = 20_000
MAX_BYTES = 1024 * MEGABYTE


@dataclass(frozen=True)
class Merged:
    """What became of the digits in a shared file.

    Attributes
    ----------
    added, known : int
        How many are new, and how many were kept already.
    refused : tuple of str
        A sentence for each that cannot be used.
    """

    added: int
    known: int
    refused: tuple[str, ...]


def list_digits(folder: Path | None = None) -> list[TaughtDigit]:
    """Return the taught digits in a folder, by name; other and damaged files are passed over.

    Parameters
    ----------
    folder : pathlib.Path, optional
        `my_digits_folder` without it.
    """
    found = []
    for path in sorted((folder or my_digits_folder()).glob(f"*{SUFFIX}")):
        try:
            digit = read_digit(path)
        except DigitError:
            continue
        if digit is not None:
            found.append(digit)
    return found


def pack_digits(target: str | os.PathLike[str], digits: list[TaughtDigit]) -> None:
    """Write digits into one file; one that is there is replaced.

    Parameters
    ----------
    target : str or path-like
    digits : list of TaughtDigit
        Those that are kept in files.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    with open_atomically(target) as file, zipfile.ZipFile(file, "w") as archive:
        for digit in digits:
            assert digit.path is not None
            archive.write(digit.path, digit.path.name)


def merge_digits(source: str | os.PathLike[str], folder: Path | None = None) -> Merged:
    """Take in the digits of a shared file; those that are kept already are passed over.

    Parameters
    ----------
    source : str or path-like
        What `pack_digits` has written; believed in nothing.
    folder : pathlib.Path, optional
        `my_digits_folder` without it.

    Raises
    ------
    StorageError
        The file cannot be read. What was taken in before that is kept.
    """
    folder = folder or my_digits_folder()
    known = {_mark(digit) for digit in list_digits(folder)}
    added = double = 0
    refused: list[str] = []
    for digit in _read(Path(source)):
        if isinstance(digit, str):
            refused.append(digit)
        elif _mark(digit) in known:
            double += 1
        else:
            known.add(_mark(digit))
            save_digit(digit, folder)
            added += 1
    return Merged(added, double, tuple(refused))


def _mark(digit: TaughtDigit) -> tuple[object, ...]:
    return digit.label, digit.ink.shape, zlib.crc32(digit.ink.tobytes()), digit.taught


def _read(source: Path) -> Iterator[TaughtDigit | str]:
    """Yield the digits of a shared file, and a sentence for each entry that is none."""
    try:
        with open_file(source, MAX_BYTES) as file, zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_DIGITS:
                raise DocumentError(f"it holds {len(entries):,} files; at most {MAX_DIGITS:,} fit")
            for entry in entries:
                if entry.is_dir():
                    continue
                # Only the name counts: no entry says where it goes.
                name = Path(entry.filename.replace("\\", "/")).name
                if entry.file_size > MAX_FILE_BYTES:
                    yield f"{name} in {source} is too large for a digit."
                    continue
                with archive.open(entry) as packed:
                    content = packed.read(MAX_FILE_BYTES)
                try:
                    digit = parse_digit(content, Path(name))
                except DigitError as error:
                    yield str(error)
                else:
                    yield digit or f"{name} in {source} is no digit of this program."
    except FileNotFoundError:
        raise StorageError(f"There is no file {source}.") from None
    except (DocumentError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise StorageError(f"The file {source} cannot be used: {error}.") from error
    except (EOFError, RuntimeError) as error:
        # Cut off, or locked with a password.
        raise StorageError(f"The file {source} cannot be used: {error}.") from error
