"""Save one's own digits for other programs: as MNIST's files, or as a table."""

from __future__ import annotations

import contextlib
import gzip
import os
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.errors import DatasetError
from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.storage.atomic import open_atomically, write_atomically

NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
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

    Parameters
    ----------
    extra : ExtraDigits
        At least 3 digits.
    folder : str or path-like
        It exists, and holds none of the four files yet.

    Returns
    -------
    int, int
        How many digits are for training, and how many for testing.

    Raises
    ------
    UserError
        There are too few digits, the files are there already, or they cannot be written. No
        file that was there has changed.
    """
    place = Path(folder)
    if len(extra) < _LEAST:
        raise DatasetError(
            f"A data set needs at least {_LEAST} digits, two to train with and one to test; there "
            f"{'is' if len(extra) == 1 else 'are'} {len(extra)}. Teach more and export again."
        )
    there = [name for name in NAMES if (place / name).exists()]
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
    try:
        with contextlib.ExitStack() as files:
            for name, values in zip(NAMES, arrays, strict=True):
                files.enter_context(open_atomically(place / name)).write(idx_bytes(values))
    except BaseException:
        # Those that came to their place before another could not: none of them was there before.
        for name in NAMES:
            with contextlib.suppress(OSError):
                (place / name).unlink(missing_ok=True)
        raise
    return int(np.count_nonzero(~tested)), int(np.count_nonzero(tested))


def export_csv(extra: ExtraDigits, path: str | os.PathLike[str]) -> None:
    """Write a table: a header, then for each digit its label and 784 grey levels, row by row.

    Raises
    ------
    StorageError
        It cannot be written; what was there before is unchanged.
    """
    header = ",".join(["label", *(f"pixel{number}" for number in range(784))])
    table = np.column_stack([extra.labels, extra.images.reshape(len(extra), -1)])
    lines = [",".join(map(str, row)) for row in table.tolist()]
    write_atomically(path, ("\n".join([header, *lines]) + "\n").encode("ascii"))
