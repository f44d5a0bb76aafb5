"""The digits that the user has taught, one picture file each in a folder of the user's.

A digit is a PNG picture of its ink, dark on white as on paper, so that any program shows it. A
text chunk named ``mnist_draw`` holds JSON: ``format`` and ``version``, ``label``, ``taught``
(local date and time), ``said`` and ``confidence`` (what the network had answered), ``network``
(what it is called) and ``drawing`` (everything that lay on the board, to be opened again).

The label also begins the file's name, as in ``3-20261125-101500-7f3a.png``, and there it counts:
who renames a file gives its digit another label.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import secrets
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import DocumentError, StorageError, UserError, reason_of
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Format, drop_non_finite
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.opening import read_file
from mnist_draw.storage.unique_paths import move_to_free_name, taken_file

CHUNK = "mnist_draw"
SUFFIX = ".png"
#: No digit on the board takes more.
MAX_FILE_BYTES = 32 * 1024 * 1024
FORMAT = Format("mnist_draw digit", 1, MAX_FILE_BYTES)
MAX_SIDE = 4096

Ink = npt.NDArray[np.uint8]


class DigitError(UserError):
    """A file holds no digit that can be used; the sentence names it and says why."""


@dataclass(frozen=True, eq=False)
class TaughtDigit:
    """A digit with its right label.

    Attributes
    ----------
    label : int
        0 to 9.
    ink : numpy.ndarray, uint8, shape (H, W)
        0 for paper to 255 for ink.
    taught : str
        Local date and time, as ``2026-11-25 10:15:00``; empty where unknown.
    said : str
        What the network had answered: ``"8"``, ``"3 or 8"``, ``"?"``; empty where unknown.
    confidence : float
        How sure it was, 0 to 1.
    network : str
        What that network is called.
    drawing : dict or None
        The record of the board; None where there is none.
    path : pathlib.Path or None
        Where the digit is kept; None before it is saved.
    """

    label: int
    ink: Ink
    taught: str = ""
    said: str = ""
    confidence: float = 0.0
    network: str = ""
    drawing: dict[str, Any] | None = None
    path: Path | None = None


def my_digits_folder() -> Path:
    """Return the folder of the taught digits; it exists.

    Raises
    ------
    StorageError
        It cannot be made.
    """
    folder = data_folder() / "my_digits"
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be made: {reason_of(error)}. Nothing was kept."
        ) from error
    return folder


def label_of_name(path: Path) -> int | None:
    """Return the label that a file's name begins with; None where it begins with none."""
    first = path.name[:1]
    return int(first) if first.isascii() and first.isdigit() else None


def save_digit(digit: TaughtDigit, folder: Path | None = None) -> TaughtDigit:
    """Write a new digit; return it with its place and the time where it had none.

    Parameters
    ----------
    digit : TaughtDigit
    folder : pathlib.Path, optional
        Where; `my_digits_folder` without it.

    Raises
    ------
    StorageError
        It cannot be written; the folder is unchanged.
    """
    folder = my_digits_folder() if folder is None else folder
    taught = digit.taught or time.strftime("%Y-%m-%d %H:%M:%S")
    stamp = "".join(filter(str.isdigit, taught))
    name = f"{digit.label}-{stamp[:8]}-{stamp[8:]}-{secrets.token_hex(2)}{SUFFIX}"
    with taken_file(folder / name) as path:
        kept = dataclasses.replace(digit, taught=taught, path=path)
        write_atomically(path, pack_digit(kept))
    return kept


def pack_digit(digit: TaughtDigit) -> bytes:
    """Return the bytes of a digit's file."""
    from PIL import Image, PngImagePlugin

    values = {
        "label": digit.label,
        "taught": digit.taught,
        "said": digit.said,
        "confidence": round(float(digit.confidence), 6),
        "network": digit.network,
        "drawing": digit.drawing,
    }
    chunks = PngImagePlugin.PngInfo()
    # Without other characters than ASCII and not compressed: any tool shows it.
    chunks.add_text(CHUNK, FORMAT.pack(values).decode())
    content = io.BytesIO()
    paper = np.ascontiguousarray(255 - digit.ink)
    Image.fromarray(paper).save(content, "PNG", pnginfo=chunks)
    if content.tell() > MAX_FILE_BYTES:
        raise StorageError(
            f"The digit takes {content.tell() / 1e6:,.0f} MB, more than can be kept "
            f"({MAX_FILE_BYTES / 1e6:,.0f} MB). Nothing was written; the board is unchanged."
        )
    return content.getvalue()


def read_digit(path: Path) -> TaughtDigit | None:
    """Read a digit's file, believing nothing.

    Returns
    -------
    TaughtDigit or None
        None where the file is something else than a digit of this program, such as a picture
        from elsewhere.

    Raises
    ------
    DigitError
        It cannot be read, or is a damaged digit. It is unchanged.
    """
    try:
        content = read_file(path, MAX_FILE_BYTES)
    except FileNotFoundError:
        raise DigitError(f"There is no file {path}.") from None
    except StorageError as error:
        raise DigitError(f"The digit {error}") from error
    except DocumentError:
        return None
    return parse_digit(content, path)


def parse_digit(content: bytes, path: Path) -> TaughtDigit | None:
    """Read what was in a digit's file; ``path`` says its label and stands in sentences.

    Returns and raises as `read_digit` does.
    """
    if not content.startswith(b"\x89PNG"):
        return None
    try:
        ink, text = _unpack(content)
    except _NotOursError:
        return None
    # What Pillow's decoders raise for damaged files is not documented and changes.
    except Exception as error:
        raise DigitError(f"The digit {path} is damaged ({error}). It was left alone.") from error
    return _parse(path, ink, text)


class _NotOursError(ValueError):
    """The picture has no chunk of this program."""


def _unpack(content: bytes) -> tuple[Ink, str]:
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        # Pillow warns of large pictures: the size is checked here.
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(content), formats=["PNG"])
        except UnidentifiedImageError:
            if CHUNK.encode() in content:
                raise ValueError("it is cut short") from None
            raise _NotOursError from None
        with image:
            # Ours stands before the picture itself, so that others need not be decoded.
            if not isinstance(image.info.get(CHUNK), str):
                raise _NotOursError
            if max(image.size) > MAX_SIDE:
                raise ValueError(f"it has {image.size[0]:,}×{image.size[1]:,} pixels")
            paper = np.asarray(image.convert("L"), np.uint8)
            return np.ascontiguousarray(255 - paper), str(image.info[CHUNK])


def _parse(path: Path, ink: Ink, text: str) -> TaughtDigit:
    """Describe a digit; what is only told about it may be missing or wrong."""
    try:
        fields = FORMAT.unpack(text)
        label = label_of_name(path)
        if label is None:
            label = fields.get_int("label", 0, 9)
    except DocumentError as error:
        raise DigitError(f"The digit {path} cannot be used: {error}. It was left alone.") from error
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
    """Give a digit another label; return its new place.

    A picture in a subfolder that stands for a label leaves it: there a name does not count.

    Parameters
    ----------
    path : pathlib.Path
    label : int
        0 to 9.

    Raises
    ------
    UserError
        The file cannot be renamed; it keeps the label it has.
    """
    rest = path.name[1:] if label_of_name(path) is not None else f"-{path.name}"
    in_subfolder = len(path.parent.name) == 1 and label_of_name(path.parent) is not None
    folder = path.parent.parent if in_subfolder else path.parent
    try:
        renamed = move_to_free_name(path, folder / f"{label}{rest}")
    except OSError as error:
        raise StorageError(
            f"The digit {path} cannot be renamed: {reason_of(error)}. It keeps its label."
        ) from error
    # The name counts; that the description says the same is for other programs.
    with contextlib.suppress(UserError):
        digit = read_digit(renamed)
        if digit is not None:
            write_atomically(renamed, pack_digit(digit))
    return renamed
