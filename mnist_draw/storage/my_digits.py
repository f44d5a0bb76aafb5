"""The digits that the user has taught, one picture file each in a folder of the user's.

A digit is a PNG picture of its ink, dark on white as on paper, so that any program shows it. A
text chunk named ``mnist_draw`` holds JSON: ``format`` and ``version``, ``label``, ``taught``
(local date and time), ``said`` and ``confidence`` (the network's answer), ``network`` (its title)
and ``drawing`` (the record of the board, to be opened again).

The label also begins the file's name, as in ``3-20261125-101500-7f3a0c52.png``; renaming the file
changes the label. A class shares its digits as a zip archive of these files.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import re
import time
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mnist_draw.arrays import Bytes
from mnist_draw.errors import DamagedError, DocumentError, StorageError, UserError, reason_of
from mnist_draw.i18n import _, number
from mnist_draw.storage.atomic import open_atomically, write_atomically
from mnist_draw.storage.document import Format, drop_non_finite
from mnist_draw.storage.folders import data_folder, make_folder
from mnist_draw.storage.npz import distinct_entries
from mnist_draw.storage.opening import MEGABYTE, PathName, open_file, read_file
from mnist_draw.storage.unique_paths import move_to_bin, move_to_free_name, reserved_file

CHUNK = "mnist_draw"
SUFFIX = ".png"
#: No digit on the board takes more.
MAX_FILE_BYTES = 32 * MEGABYTE
FORMAT = Format("mnist_draw digit", 1, MAX_FILE_BYTES)
MAX_SIDE = 4096
#: Of a shared file: a class of 30 that teaches 100 digits each has 3,000 of about 10 kB.
MAX_DIGITS = 20_000
MAX_BYTES = 1024 * MEGABYTE
#: The entry of a shared file that holds what a pupil handed in beside the digits.
HANDED_IN = "handed_in.json"

#: In names of files, before the number that follows where a name was taken.
_TOKEN = re.compile(r"-([0-9a-f]{8})(?:-\d+)?$")
_DARK = 128


class DigitError(UserError):
    """A file holds no valid digit; the sentence names it and the fault."""


@dataclass(frozen=True, eq=False)
class TaughtDigit:
    """A digit with its right label, and its ink: uint8 (H, W), 0 for paper to 255.

    ``taught`` is the local date and time as ``2026-11-25 10:15:00``; ``said`` the network's answer
    (``"3 or 8"``); both are empty if unknown. ``path`` is None before it is saved.
    """

    label: int
    ink: Bytes
    taught: str = ""
    said: str = ""
    confidence: float = 0.0
    network: str = ""
    drawing: dict[str, Any] | None = None
    path: Path | None = None


#: The folder of the taught digits in the data folder.
FOLDER = "my_digits"


def my_digits_folder() -> Path:
    """Return the folder of the taught digits; it is created if missing."""
    return make_folder(data_folder() / FOLDER)


def label_of_name(path: Path) -> int | None:
    """Return the digit that a file's name begins with, if it does."""
    first = path.name[:1]
    return int(first) if first.isascii() and first.isdigit() else None


def save_digit(digit: TaughtDigit, folder: Path | None = None) -> TaughtDigit:
    """Write a new digit to `my_digits_folder` or another; return it with its path and time."""
    folder = my_digits_folder() if folder is None else folder
    taught = digit.taught or time.strftime("%Y-%m-%d %H:%M:%S")
    stamp = "".join(filter(str.isdigit, taught))
    name = f"{digit.label}-{stamp[:8]}-{stamp[8:]}-{ink_token(digit.ink)}{SUFFIX}"
    with reserved_file(folder / name) as path:
        saved = dataclasses.replace(digit, taught=taught, path=path)
        write_atomically(path, pack_digit(saved))
    return saved


def ink_token(ink: Bytes) -> str:
    """Return what the file's name knows the ink by, wherever on the board it is; empty without ink.

    Only what is at least half as dark as ink is decides where it ends: boxes around digits may
    leave out what is fainter.
    """
    dark = ink >= _DARK
    rows = np.flatnonzero(dark.any(axis=1))
    columns = np.flatnonzero(dark.any(axis=0))
    if not len(rows):
        return ""
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return f"{zlib.crc32(cut.tobytes(), cut.shape[1]):08x}"


def token_of_name(path: Path) -> str:
    """Return the token that a file's name holds; empty in names that others gave."""
    found = _TOKEN.search(path.stem)
    return found[1] if found else ""


@lru_cache(maxsize=MAX_DIGITS)
def was_read_right(path: Path, modified: int) -> bool:
    """Whether the network read a digit as its label when it was taught."""
    from PIL import Image

    # Its text precedes the picture, which need not be decoded. Any damage is found when it is read.
    with contextlib.suppress(Exception), Image.open(path, formats=["PNG"]) as image:
        said = FORMAT.unpack(str(image.info[CHUNK])).get_text("said", 20, "")
        return said == str(label_of_name(path))
    return False


def keep_digit(digit: TaughtDigit) -> tuple[TaughtDigit, Path | None]:
    """Save a digit, and return it with the file that had the same ink before, if there was one.

    One with another label is in the bin then; one with the same label is returned itself.
    """
    before = _find_digit(digit.ink)
    if before is not None and before.label == digit.label:
        return before, before.path
    saved = save_digit(digit)
    if before is None or before.path is None or saved.path is None:
        return saved, None
    try:
        return saved, move_to_bin(before.path, before.path.name)
    except UserError:
        # One drawing has one label.
        saved.path.unlink()
        raise


def _find_digit(ink: Bytes) -> TaughtDigit | None:
    # Earlier versions took all of the picture. A number follows where the name was taken.
    for token in (ink_token(ink), f"{zlib.crc32(ink.tobytes()):08x}"):
        for path in my_digits_folder().glob(f"*-{token}*{SUFFIX}"):
            with contextlib.suppress(DigitError):
                digit = read_digit(path)
                if digit is not None and ink_token(digit.ink) == ink_token(ink):
                    return digit
    return None


def pack_digit(digit: TaughtDigit) -> bytes:
    from PIL import Image, PngImagePlugin

    values = {**vars(digit), "confidence": round(float(digit.confidence), 6)}
    del values["ink"], values["path"]
    chunks = PngImagePlugin.PngInfo()
    # Without other characters than ASCII and not compressed: any tool shows it.
    chunks.add_text(CHUNK, FORMAT.pack(values).decode())
    content = io.BytesIO()
    paper = np.ascontiguousarray(255 - digit.ink)
    Image.fromarray(paper).save(content, "PNG", pnginfo=chunks)
    if content.tell() > MAX_FILE_BYTES:
        raise StorageError(
            "The digit takes {size} MB, more than can be kept ({limit} MB). Nothing was written; "
            "the board is unchanged.",
            size=number(content.tell() / 1e6, ",.0f"),
            limit=number(MAX_FILE_BYTES / 1e6, ",.0f"),
        )
    return content.getvalue()


def read_digit(path: Path) -> TaughtDigit | None:
    """Read and validate a digit's file; return None for a picture from elsewhere."""
    try:
        content = read_file(path, MAX_FILE_BYTES)
    except FileNotFoundError:
        raise DigitError("There is no file {path}.", path=path) from None
    except StorageError as error:
        raise DigitError(str(error)) from error
    except DocumentError:
        return None
    return parse_digit(content, path)


def parse_digit(content: bytes, path: Path) -> TaughtDigit | None:
    """Read the content of a digit's file as `read_digit` does; the name of `path` has its label."""
    if not content.startswith(b"\x89PNG"):
        return None
    try:
        unpacked = _unpack(content)
        return None if unpacked is None else _parse(path, *unpacked)
    # What Pillow's decoders raise for damaged files is not documented and changes.
    except Exception as error:
        raise DigitError(
            "The digit {path} cannot be used: {error}. It was left as it is.",
            path=path,
            error=error,
        ) from error


def _unpack(content: bytes) -> tuple[Bytes, str] | None:
    """Return ink and text chunk of a PNG file; None if it has no chunk of this program."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        # Pillow warns of large pictures: the size is checked here.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(content), formats=["PNG"])
        except UnidentifiedImageError:
            if CHUNK.encode() in content:
                raise DamagedError("it is cut short") from None
            return None
        with image:
            # Our chunk precedes the picture itself, so that others need not be decoded.
            if not isinstance(image.info.get(CHUNK), str):
                return None
            if max(image.size) > MAX_SIDE:
                raise DamagedError("×".join(map(str, image.size)) + " pixels")
            paper = np.asarray(image.convert("L"), np.uint8)
            return np.ascontiguousarray(255 - paper), str(image.info[CHUNK])


def _parse(path: Path, ink: Bytes, text: str) -> TaughtDigit:
    """Return a digit; all but its label may be missing or invalid."""
    fields = FORMAT.unpack(text)
    label = label_of_name(path)
    if label is None:
        label = fields.get_int("label", 0, 9)
    drawing = fields.get_fields("drawing", None)
    return TaughtDigit(
        label,
        ink,
        fields.get_text("taught", 40, ""),
        fields.get_text("said", 20, ""),
        fields.get_float("confidence", 0, 1, 0.0),
        fields.get_text("network", 200, ""),
        drop_non_finite(drawing.values) if drawing is not None else None,
        path,
    )


def relabel_digit(path: Path, label: int) -> Path:
    """Rename a digit's file, and move it out of a folder named after a label; return its path."""
    rest = path.name[1:] if label_of_name(path) is not None else f"-{path.name}"
    in_subfolder = len(path.parent.name) == 1 and label_of_name(path.parent) is not None
    folder = path.parent.parent if in_subfolder else path.parent
    try:
        renamed = move_to_free_name(path, folder / f"{label}{rest}")
    except OSError as error:
        raise StorageError(
            "The digit {path} cannot be renamed: {reason}. It keeps its label.",
            path=path,
            reason=reason_of(error),
        ) from error
    # The name counts; the label in the description is for other programs.
    with contextlib.suppress(UserError):
        if (digit := read_digit(renamed)) is not None:
            write_atomically(renamed, pack_digit(digit))
    return renamed


@dataclass(frozen=True)
class Merged:
    """The result of `merge_digits`: counts of digits, and a sentence for each refused entry."""

    added: int
    known: int
    refused: tuple[str, ...]


def list_digits(folder: Path | None = None) -> list[TaughtDigit]:
    """Return the taught digits of a folder, by name; skip other and damaged files."""
    found = []
    for path in sorted((folder or my_digits_folder()).glob(f"*{SUFFIX}")):
        with contextlib.suppress(DigitError):
            found.append(read_digit(path))
    return [digit for digit in found if digit is not None]


def pack_digits(target: PathName, digits: list[TaughtDigit]) -> None:
    """Write saved digits into one shared file, replacing it."""
    with open_atomically(target) as file, zipfile.ZipFile(file, "w") as archive:
        add_digits(archive, digits)


def add_digits(archive: zipfile.ZipFile, digits: list[TaughtDigit]) -> None:
    for digit in digits:
        assert digit.path is not None
        archive.write(digit.path, digit.path.name)


def merge_digits(source: PathName, folder: Path | None = None) -> Merged:
    """Save the new digits of a shared file; an error keeps those saved before it."""
    folder = folder or my_digits_folder()
    known = {_identity(digit) for digit in list_digits(folder)}
    added = repeated = 0
    refused: list[str] = []
    for digit in _read_shared(Path(source)):
        if isinstance(digit, str):
            refused.append(digit)
        elif _identity(digit) in known:
            repeated += 1
        else:
            known.add(_identity(digit))
            save_digit(digit, folder)
            added += 1
    return Merged(added, repeated, tuple(refused))


def _identity(digit: TaughtDigit) -> tuple[object, ...]:
    return digit.label, digit.ink.shape, zlib.crc32(digit.ink.tobytes()), digit.taught


@contextlib.contextmanager
def open_shared(source: Path) -> Iterator[tuple[zipfile.ZipFile, list[zipfile.ZipInfo]]]:
    """Open a shared file; yield its archive and entries. Damage raises `StorageError`."""
    try:
        with open_file(source, MAX_BYTES) as file, zipfile.ZipFile(file) as archive:
            entries = [entry for entry in distinct_entries(archive) if not entry.is_dir()]
            if len(entries) > MAX_DIGITS:
                raise DamagedError(f"{len(entries)} files, more than {MAX_DIGITS}")
            yield archive, entries
    except FileNotFoundError:
        raise StorageError("There is no file {path}.", path=source) from None
    # EOFError: cut off; RuntimeError (and its NotImplementedError): encrypted or other compression.
    except (DocumentError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        reason = error if isinstance(error, DocumentError) else DamagedError(str(error))
        raise StorageError(
            "{path} cannot be used: {reason}.",
            path=source,
            reason=reason,
        ) from error


def _read_shared(source: Path) -> Iterator[TaughtDigit | str]:
    """Yield the digits of a shared file, and a sentence for each invalid entry."""
    with open_shared(source) as (archive, entries):
        for entry in entries:
            # Only the name counts: no entry chooses its folder.
            name = Path(entry.filename.replace("\\", "/")).name
            if name == HANDED_IN:
                continue
            if entry.file_size > MAX_FILE_BYTES:
                yield _("{name} in {path} is too large for a digit.", name=name, path=source)
                continue
            with archive.open(entry) as packed:
                content = packed.read(MAX_FILE_BYTES)
            try:
                digit = parse_digit(content, Path(name))
            except DigitError as error:
                yield str(error)
            else:
                yield digit or _(
                    "{name} in {path} is not a digit of this program.",
                    name=name,
                    path=source,
                )
