"""Reading IDX files, the format in which MNIST and its relatives are published.

The format (http://yann.lecun.com/exdb/mnist/): two zero bytes, a type code, the number of
dimensions, each dimension as a big-endian 32-bit integer, then the values, big-endian, the
last dimension fastest. Publishers compress the files with gzip.
"""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.errors import DatasetError

_TYPES: dict[int, tuple[str, str]] = {
    0x08: ("unsigned bytes", ">u1"),
    0x09: ("signed bytes", ">i1"),
    0x0B: ("16-bit integers", ">i2"),
    0x0C: ("32-bit integers", ">i4"),
    0x0D: ("32-bit floats", ">f4"),
    0x0E: ("64-bit floats", ">f8"),
}
_GZIP_MAGIC = b"\x1f\x8b"


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
    content = _content(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        found = content[:4].hex(" ") or "an empty file"
        raise DatasetError(
            f"{path} is not an IDX file: it begins with {found}, where 00 00, a type code and the "
            "number of dimensions were expected. Nothing was loaded; download the file again."
        )
    type_name, type_code = _TYPES[content[2]]
    found_dimensions = content[3]
    if found_dimensions not in dimensions:
        raise DatasetError(
            f"{path} holds an array of {found_dimensions} dimensions ({type_name}), where "
            f"{' or '.join(map(str, dimensions))} were expected ({_meaning(dimensions)}). "
            "Were picture and label files swapped or renamed?"
        )
    header = 4 + 4 * found_dimensions
    if len(content) < header:
        raise DatasetError(
            f"{path} is cut short: it ends after {len(content)} bytes, inside its header. "
            "Nothing was loaded; download the file again."
        )
    shape = tuple(int(n) for n in np.frombuffer(content, ">u4", found_dimensions, offset=4))
    dtype = np.dtype(type_code)
    expected = header + prod(shape) * dtype.itemsize
    if len(content) != expected:
        fault = "is cut short" if len(content) < expected else "is longer than its header says"
        raise DatasetError(
            f"{path} {fault}: {'×'.join(map(str, shape))} {type_name} take {expected:,} bytes, "
            f"but the file holds {len(content):,}. Nothing was loaded; download the file again."
        )
    values = np.frombuffer(content, dtype, prod(shape), offset=header).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _meaning(dimensions: tuple[int, ...]) -> str:
    return "pictures × rows × columns" if 3 in dimensions else "one label for each picture"


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP_MAGIC):
            content = gzip.decompress(content)
    except FileNotFoundError:
        raise DatasetError(f"There is no file {path}.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DatasetError(
            f"{path} is damaged: it is compressed with gzip, but unpacking failed ({error}). "
            "Nothing was loaded; download the file again."
        ) from error
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror or error}.") from error
    return content
