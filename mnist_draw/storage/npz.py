"""Named arrays in one file: NumPy's ``.npz``, written reproducibly and read with suspicion.

``numpy.load`` opens what is written here, and ``numpy.savez`` and ``savez_compressed`` write
what is read here. Two things differ. Writing the same arrays gives the same bytes, on any
day and any system. And reading believes nothing: sizes are checked before memory is
allocated, no object is ever unpickled, and whatever is damaged ends in one kind of error.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]

MAX_ARRAYS = 1000
MAX_BYTES = 512 * 1024 * 1024
MAX_DIMENSIONS = 8

# Numbers only, little-endian as they are written on every system.
_DTYPES = ("|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8")
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-z]\d)', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}(?:, ?|,?(?=\))))*)\),? ?\} *\n"
)
_EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


class NpzError(ValueError):
    """What is wrong with the bytes, as a phrase that fits after a colon."""


def pack(arrays: Mapping[str, npt.ArrayLike]) -> bytes:
    """Return the bytes of an ``.npz`` file with these arrays, in this order.

    Parameters
    ----------
    arrays : mapping of str to array_like
        Boolean, integer or floating-point arrays. The names become ``NAME.npy``.

    Returns
    -------
    bytes
        The same for equal arrays: no date, no system, no compressor's version goes in.

    Raises
    ------
    TypeError
        For a dtype other than boolean, integer and float of at most 64 bits.
    """
    buffer = io.BytesIO()
    # Stored, not deflated: float weights hardly shrink, and deflate differs between zlib builds.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, value in arrays.items():
            array = np.asarray(value)
            array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
            if array.dtype.str not in _DTYPES:
                raise TypeError(f"cannot store dtype {array.dtype} of the array {name!r}")
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array).reshape(array.shape))
            entry = zipfile.ZipInfo(f"{name}.npy", _EARLIEST_DATE)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, member.getvalue())
    return buffer.getvalue()


def unpack(data: bytes, max_bytes: int = MAX_BYTES) -> dict[str, Array]:
    """Read every array of an ``.npz`` file.

    Parameters
    ----------
    data : bytes
        The whole file.
    max_bytes : int
        Upper limit for all arrays together once unpacked; a small file that would unfold
        into gigabytes is refused before it does.

    Returns
    -------
    dict of str to numpy.ndarray
        In the file's order; the arrays are read-only.

    Raises
    ------
    NpzError
        Whatever is wrong with the bytes.
    """
    if not data.startswith(b"PK"):
        raise NpzError("it is not an .npz file")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _read_all(archive, max_bytes)
    except NpzError:
        raise
    except MemoryError:
        raise NpzError("it is too large for this computer's memory") from None
    except _DAMAGE as error:
        raise NpzError("it is truncated or damaged") from error


def _read_all(archive: zipfile.ZipFile, max_bytes: int) -> dict[str, Array]:
    entries = archive.infolist()
    if len(entries) > MAX_ARRAYS:
        raise NpzError(f"it holds {len(entries)} arrays, at most {MAX_ARRAYS} are allowed")
    total = sum(entry.file_size for entry in entries)
    if total > max_bytes:
        raise NpzError(
            f"it would unfold to {total / 1e6:,.0f} MB; "
            f"at most {max_bytes / 1e6:,.0f} MB are allowed"
        )
    arrays: dict[str, Array] = {}
    for entry in entries:
        if not entry.filename.endswith(".npy"):
            raise NpzError(f"it holds {entry.filename[:80]!r}, which is not an array")
        name = entry.filename.removesuffix(".npy")
        if name in arrays:
            raise NpzError(f"it holds the array {name[:80]!r} twice")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NpzError("it is compressed in a way that .npz files are not")
        with archive.open(entry) as member:
            # One byte more than promised: an entry that lies about its size must show it.
            content = member.read(entry.file_size + 1)
        if len(content) != entry.file_size:
            raise NpzError("it is truncated or damaged")
        arrays[name] = _parse_array(name, content)
    return arrays


def _parse_array(name: str, content: bytes) -> Array:
    """Interpret one ``.npy`` member; the header is matched, never evaluated."""
    if content[:6] != b"\x93NUMPY" or len(content) < 12 or content[6] not in (1, 2):
        raise NpzError(f"the array {name[:80]!r} has no valid header")
    width = 2 if content[6] == 1 else 4
    start = 8 + width + int.from_bytes(content[8 : 8 + width], "little")
    match = _HEADER.fullmatch(content[8 + width : start])
    if match is None:
        raise NpzError(f"the array {name[:80]!r} has no valid header")
    dtype = match[1].decode("ascii")
    if dtype not in _DTYPES:
        raise NpzError(f"the array {name[:80]!r} has the unexpected type {dtype!r}")
    shape = tuple(int(size) for size in re.findall(rb"\d+", match[3]))
    if len(shape) > MAX_DIMENSIONS:
        raise NpzError(f"the array {name[:80]!r} has {len(shape)} dimensions")
    if math.prod(shape) * np.dtype(dtype).itemsize != len(content) - start:
        raise NpzError(f"the array {name[:80]!r} has another size than its header says")
    array: Array = np.frombuffer(content, dtype=dtype, offset=start)
    return array.reshape(shape, order="F" if match[2] == b"True" else "C")
