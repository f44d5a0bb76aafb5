"""Save one's own digits for other programs: as MNIST's files, or as a table."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.idx import MAX_BYTES
from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.errors import DatasetError, UserError
from mnist_draw.storage.atomic import open_atomically, write_atomically
from mnist_draw.storage.document import Format
from mnist_draw.storage.opening import MEGABYTE, read_file

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
#: Names the files of an export that goes on, with what they hold; it is gone when all are there.
_MARKER = ".mnist_draw-export"
FORMAT = Format("mnist_draw export", 1, MEGABYTE)
#: One digit in so many is kept for testing.
_TESTED = 5
#: A data set needs two pictures to train and validate, and one to test.
_LEAST = 3
_UNSIGNED_BYTES = 0x08


def idx_bytes(values: NDArray[np.uint8]) -> bytes:
    """Return an IDX file of unsigned bytes, compressed with gzip; equal arrays, equal bytes."""
    header = struct.pack(f">HBB{values.ndim}I", 0, _UNSIGNED_BYTES, values.ndim, *values.shape)
    content = header + np.ascontiguousarray(values, np.uint8).tobytes()
    return gzip.compress(content, mtime=0)


def export_idx(extra: ExtraDigits, folder: str | os.PathLike[str]) -> tuple[int, int]:
    """Write a data set as MNIST is published, which ``--data`` reads.

    Every fifth digit goes into the test files, the others into the training files.
    """
    place = Path(folder)
    if len(extra) < _LEAST:
        raise DatasetError(
            f"A data set needs at least {_LEAST} digits, two to train with and one to test; there "
            f"{'is' if len(extra) == 1 else 'are'} {len(extra)}. Teach more and export again."
        )
    there = [name for name in NAMES if (place / name).exists() and not _is_left_over(place, name)]
    if there:
        raise DatasetError(
            f"{place} holds a file {there[0]} already; nothing was written. Choose another folder."
        )
    tested = np.arange(len(extra)) % _TESTED == min(_TESTED, len(extra)) - 1
    arrays = [
        values
        for part in (~tested, tested)
        for values in (extra.images[part, 0], extra.labels[part])
    ]
    contents = dict(zip(NAMES, map(idx_bytes, arrays), strict=True))
    digests = {name: _digest(content) for name, content in contents.items()}
    try:
        write_atomically(place / _MARKER, FORMAT.pack({"files": digests}))
        with contextlib.ExitStack() as files:
            for name, content in contents.items():
                files.enter_context(open_atomically(place / name)).write(content)
    except BaseException:
        # Those that came to their place before another could not: none of them was there before.
        _remove(place, *NAMES, _MARKER)
        raise
    _remove(place, _MARKER)
    return int(np.count_nonzero(~tested)), int(np.count_nonzero(tested))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_left_over(place: Path, name: str) -> bool:
    """Whether a file is of an export that was killed between two of its files."""
    try:
        digests = FORMAT.read(place / _MARKER).get_fields("files").values
        return digests.get(name) == _digest(read_file(place / name, MAX_BYTES))
    except (FileNotFoundError, UserError):
        return False


def _remove(place: Path, *names: str) -> None:
    for name in names:
        with contextlib.suppress(OSError):
            (place / name).unlink(missing_ok=True)


def export_csv(extra: ExtraDigits, path: str | os.PathLike[str]) -> None:
    """Write a table: a header, then for each digit its label and 784 grey levels, row by row."""
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    table = np.column_stack([extra.labels, extra.images.reshape(len(extra), -1)])
    lines = [",".join(map(str, row)) for row in table.tolist()]
    write_atomically(path, ("\n".join([header, *lines]) + "\n").encode("ascii"))
