"""The user's own digits: read from a folder, mixed into a data set, exported for other programs.

A folder holds digits that were taught in the window (`mnist_draw.storage.my_digits`), pictures
from elsewhere, or both. A picture's label is the name of its subfolder, ``0`` to ``9``, or else the
first digit of its own name. Callers pass a function that reads pictures from elsewhere, such as
`mnist_draw.dataset.pictures.picture_file.load_picture`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_draw.arrays import Array, Bytes, Floats
from mnist_draw.dataset.mnist import Dataset, Images, Labels, scale
from mnist_draw.dataset.normalise import as_bytes, has_ink, normalise_ink
from mnist_draw.dataset.sources.source import is_picture, pictures_in, visible_entries
from mnist_draw.errors import DatasetError, UserError
from mnist_draw.i18n import _, joined
from mnist_draw.storage.atomic import open_atomically, write_atomically
from mnist_draw.storage.folders import named_path
from mnist_draw.storage.my_digits import TaughtDigit, label_of_name, read_digit
from mnist_draw.storage.opening import PathName

#: Reads the ink of a file: (H, W), 0 for paper to 1 for ink.
ReadPicture = Callable[[Path], Floats]
#: Extra digits are repeated until they make up this part of the training pictures …
SHARE = 0.1
#: … but at most this often: a handful must not crowd out the others.
MAX_REPEATS = 100


@dataclass(frozen=True, eq=False)
class ExtraDigits:
    """Normalised digits of a folder: uint8 (N, 1, 28, 28), ink high, and labels, uint8 (N,)."""

    images: Images
    labels: Labels
    folder: Path

    def __len__(self) -> int:
        return len(self.labels)


def load_extra(
    folder: PathName,
    read_picture: ReadPicture,
) -> tuple[ExtraDigits, list[str]]:
    """Read and normalise all digits of a folder; return sentences about those left out, too."""
    place = named_path(folder)
    digits, messages = load_digits(place, read_picture)
    return normalised(digits, place), messages


def load_digits(folder: Path, read_picture: ReadPicture) -> tuple[list[TaughtDigit], list[str]]:
    """Read all digits of a folder as they were drawn; DatasetError if there is none."""
    digits, messages = read_digits(folder, read_picture)
    if not digits:
        none = _(
            "The folder {folder} holds no digit to learn: pictures in subfolders named 0 to "
            "9, or whose names begin with their digit, such as 3-mine.png.",
            folder=folder,
        )
        raise DatasetError(joined(none, *messages[:1]))
    return digits, messages


def read_digits(folder: Path, read_picture: ReadPicture) -> tuple[list[TaughtDigit], list[str]]:
    """Read all digits of a folder as they were drawn, perhaps none."""
    digits: list[TaughtDigit] = []
    messages: list[str] = []
    for path, label in find_pictures(folder):
        try:
            digit = read_digit(path)
            if label is None:
                label = label_of_name(path) if digit is None else digit.label
            if label is None:
                raise DatasetError(
                    "The picture {path} has no label: it is not in a folder 0 to 9, and its "
                    "name does not begin with a digit.",
                    path=path,
                )
            if digit is None:
                ink = np.rint(255 * read_picture(path)).astype(np.uint8)
                digit = TaughtDigit(label, ink, path=path)
            if not has_ink(digit.ink):
                raise DatasetError("The picture {path} is empty.", path=path)
            digits.append(dataclasses.replace(digit, label=label))
        except UserError as error:
            messages.append(joined(str(error), _("It was left out.")))
    return digits, messages


def find_pictures(folder: Path) -> Iterator[tuple[Path, int | None]]:
    """Yield the picture files of a folder, each with the label of its subfolder, if it has one."""
    for path in visible_entries(folder):
        if is_picture(path):
            yield path, None
        elif len(path.name) == 1 and label_of_name(path) is not None and path.is_dir():
            yield from ((inner, int(path.name)) for inner in pictures_in(path))


def normalised(digits: Sequence[TaughtDigit], folder: Path) -> ExtraDigits:
    images = np.array([as_bytes(normalise_ink(digit.ink)) for digit in digits], np.uint8)
    labels = np.array([digit.label for digit in digits], np.uint8)
    return ExtraDigits(images.reshape(-1, 1, 28, 28), labels, folder)


def mix(data: Dataset, extra: ExtraDigits) -> Dataset:
    """Append extra digits to the training pictures, repeated as `SHARE` and `MAX_REPEATS` say.

    Augmentation varies each repetition in its own way.
    """
    repeats = repeats_for(len(extra), len(data.train_images))
    are_bytes = data.train_images.dtype == np.uint8
    images: Array = extra.images if are_bytes else scale(extra.images)
    labels = np.tile(extra.labels, repeats).astype(data.train_labels.dtype)
    return dataclasses.replace(
        data,
        train_images=np.concatenate([data.train_images, np.tile(images, (repeats, 1, 1, 1))]),
        train_labels=np.concatenate([data.train_labels, labels]),
    )


def repeats_for(extra: int, training: int) -> int:
    """Return how often an epoch repeats each extra digit, at least once."""
    return max(1, min(MAX_REPEATS, round(SHARE * training / extra)))


NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
#: One digit in so many is for the test.
_TESTED = 5
#: A data set needs two pictures to train and validate, and one to test.
_MIN_COUNT = 3
_UNSIGNED_BYTES = 0x08


def idx_bytes(values: Bytes) -> bytes:
    """Return an IDX file of unsigned bytes, compressed with gzip; equal arrays, equal bytes."""
    header = struct.pack(f">HBB{values.ndim}I", 0, _UNSIGNED_BYTES, values.ndim, *values.shape)
    content = header + np.ascontiguousarray(values, np.uint8).tobytes()
    return gzip.compress(content, mtime=0)


def export_idx(extra: ExtraDigits, folder: PathName) -> tuple[int, int]:
    """Write a data set as MNIST is published; return how many digits are for training and test."""
    place = Path(folder)
    if len(extra) < _MIN_COUNT:
        raise DatasetError(
            "A data set needs at least {least} digits, two to train with and one to test; "
            "found: {count}. Teach more and export again.",
            least=_MIN_COUNT,
            count=len(extra),
        )
    there = [name for name in NAMES if (place / name).exists()]
    if there:
        raise DatasetError(
            "{place} holds a file {name} already; nothing was written. Choose another folder.",
            place=place,
            name=there[0],
        )
    tested = np.arange(len(extra)) % _TESTED == min(_TESTED, len(extra)) - 1
    arrays = [
        values
        for part in (~tested, tested)
        for values in (extra.images[part, 0], extra.labels[part])
    ]
    try:
        with contextlib.ExitStack() as files:
            for name, content in zip(NAMES, map(idx_bytes, arrays), strict=True):
                files.enter_context(open_atomically(place / name)).write(content)
    except BaseException:
        # None of them existed before.
        for name in NAMES:
            with contextlib.suppress(OSError):
                (place / name).unlink(missing_ok=True)
        raise
    return int(np.count_nonzero(~tested)), int(np.count_nonzero(tested))


def export_csv(extra: ExtraDigits, path: PathName) -> None:
    """Write a CSV table: a header, then for each digit its label and 784 gray levels by row."""
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    table = np.column_stack([extra.labels, extra.images.reshape(len(extra), -1)])
    lines = [",".join(map(str, row)) for row in table.tolist()]
    write_atomically(path, ("\n".join([header, *lines]) + "\n").encode("ascii"))
