"""Reading IDX files, the format in which MNIST and its relatives are published.

The format (http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code, the number of
dimensions, each dimension as a big-endian 32-bit integer, then the values, big-endian, the
last dimension fastest. Publishers compress the files with gzip.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mnist_draw.errors import DatasetError, DocumentError, StorageError
from mnist_draw.storage.opening import MEGABYTE, UnfoldingError, open_unfolded, read_into

_TYPES: dict[int, tuple[str, str]] = {
    0x08: ("unsigned bytes", ">u1"),
    0x09: ("signed bytes", ">i1"),
    0x0B: ("16-bit integers", ">i2"),
    0x0C: ("32-bit integers", ">i4"),
    0x0D: ("32-bit floats", ">f4"),
    0x0E: ("64-bit floats", ">f8"),
}
#: EMNIST's digits, the most of all relatives of MNIST, unfold to 188 MB.
MAX_BYTES = 256 * MEGABYTE


def read_idx(path: Path, *, dimensions: tuple[int, ...]) -> NDArray[Any]:
    """Read an IDX file, compressed with gzip or not.

    Parameters
    ----------
    path : pathlib.Path
        The file. Compression is recognised by content, not by name.
    dimensions : tuple of int
        The numbers of dimensions that make sense here, for example ``(3,)`` for pictures.

    Returns
    -------
    ndarray
        The values, in the machine's byte order, shaped as the file says.

    Raises
    ------
    DatasetError
        The file is missing, unreadable, damaged, cut short or longer than its header says, or
        holds something else than expected.
    """
    try:
        with open_unfolded(path, MAX_BYTES) as file:
            return _read(path, file, dimensions)
    except FileNotFoundError:
        raise DatasetError(f"There is no file {path}.") from None
    except StorageError as error:
        raise DatasetError(f"The data set: {error}") from error
    except UnfoldingError as error:
        raise DatasetError(
            f"{path} is damaged: {error}. Nothing was loaded; download the file again."
        ) from error
    except DocumentError as error:
        raise DatasetError(f"{path} cannot be read: {error}.") from error


def _read(path: Path, file: BinaryIO, dimensions: tuple[int, ...]) -> NDArray[Any]:
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES:
        found = start.hex(" ") or "an empty file"
        raise DatasetError(
            f"{path} is not an IDX file: it begins with {found}, where 00 00, a type code and the "
            "number of dimensions were expected. Nothing was loaded; download the file again."
        )
    type_name, type_code = _TYPES[start[2]]
    found_dimensions = start[3]
    if found_dimensions not in dimensions:
        raise DatasetError(
            f"{path} holds an array of {found_dimensions} dimensions ({type_name}), where "
            f"{' or '.join(map(str, dimensions))} were expected ({_meaning(dimensions)}). "
            "Were picture and label files swapped or renamed?"
        )
    sizes = file.read(4 * found_dimensions)
    if len(sizes) < 4 * found_dimensions:
        raise DatasetError(
            f"{path} is cut short: it ends after {4 + len(sizes)} bytes, inside its header. "
            "Nothing was loaded; download the file again."
        )
    shape = tuple(int(n) for n in np.frombuffer(sizes, ">u4"))
    dtype = np.dtype(type_code)
    expected = prod(shape) * dtype.itemsize
    if expected > MAX_BYTES:
        raise DatasetError(
            f"{path} would take {expected / 1e6:,.0f} MB of memory "
            f"({'×'.join(map(str, shape))} {type_name}); at most {MAX_BYTES / 1e6:,.0f} MB are "
            "read. Nothing was loaded; use a part of the data set."
        )
    # A header that promises more than the file holds takes no memory: it is filled as it comes.
    values = np.empty(prod(shape), dtype)
    memory = memoryview(values.view(np.uint8).data)
    header = len(start) + len(sizes)
    held = header + read_into(file, memory)
    # How much longer is told up to a megabyte.
    held += len(file.read(MEGABYTE))
    if held != header + expected:
        fault = "is cut short" if held < header + expected else "is longer than its header says"
        raise DatasetError(
            f"{path} {fault}: {'×'.join(map(str, shape))} {type_name} take {header + expected:,} "
            f"bytes, but the file holds {held:,}. Nothing was loaded; download the file again."
        )
    if not dtype.isnative:
        values = values.byteswap(inplace=True).view(dtype.newbyteorder("="))
    return values.reshape(shape)


def _meaning(dimensions: tuple[int, ...]) -> str:
    return "pictures × rows × columns" if 3 in dimensions else "one label for each picture"
