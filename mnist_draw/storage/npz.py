"""Named arrays in one file: NumPy's ``.npz``, written reproducibly and validated when read.

``numpy.load`` opens the files written here, and this module reads those of ``numpy.savez`` and
``savez_compressed``. Equal arrays give equal bytes, on any day and any system. On reading, sizes
are checked before memory is allocated, no object is unpickled, and all damage raises `NpzError`.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import IO, BinaryIO

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import DamagedError, DocumentError
from mnist_draw.storage.opening import MEGABYTE, PathName, open_file, read_into, too_large

Array = npt.NDArray[np.generic]

MAX_ARRAYS = 1000
#: All arrays of a file together: 64 million parameters, 80 times those of the tutorial's network.
MAX_BYTES = 256 * MEGABYTE
MAX_DIMENSIONS = 8
#: Bytes for the zip directory beside the arrays: so many entries with long names.
MAX_DIRECTORY_BYTES = MEGABYTE
# NumPy's own headers take 128 bytes.
MAX_ARRAY_HEADER = 4096

# Numbers only, little-endian as they are written on every system.
_DTYPES = ("|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8")
# Kinds of NumPy's types for text, for bytes and for objects, such as names of classes.
_WORDS = "USO"
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-zA-Z]\d*)', 'fortran_order': (True|False), "
    rb"'shape': \(((?:\d{1,18}(?:, ?|,?(?=\))))*)\),? ?\} *\n",
)
# The record at the end of a zip file, the one that points to its larger kind, and how far from the
# file's end the first can be: a comment of at most 65,535 bytes follows it.
_END = b"PK\x05\x06"
_LOCATOR = b"PK\x06\x07"
_END_SIZE = 22
_LOCATOR_SIZE = 20
_END_SEARCHED = _END_SIZE + 65_535 + _LOCATOR_SIZE
#: So many bytes are written at a time: that takes a fifth of a millisecond.
_SLICE = MEGABYTE
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


class NpzError(DamagedError):
    """The fault of an ``.npz`` file."""


def pack(arrays: Mapping[str, npt.ArrayLike]) -> bytes:
    """Return the bytes that `write` writes."""
    buffer = io.BytesIO()
    write(buffer, arrays)
    return buffer.getvalue()


def write(file: IO[bytes], arrays: Mapping[str, npt.ArrayLike]) -> None:
    """Write an ``.npz`` file with these arrays, in this order.

    Booleans, integers and floats of at most 64 bits; other types raise TypeError.
    """
    # Stored, not deflated: float weights hardly shrink, and deflate differs between zlib builds.
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, value in arrays.items():
            array = np.asarray(value)
            array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
            if array.dtype.str not in _DTYPES:
                raise TypeError(f"cannot store dtype {array.dtype} of the array {name!r}")
            entry = zipfile.ZipInfo(f"{name}.npy", _EARLIEST_DATE)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            _write_array(archive, entry, array)


def _write_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, array: Array) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    # The zip's own header holds the size, before the first byte is written.
    entry.file_size = header.tell() + array.nbytes
    with archive.open(entry, "w") as member:
        member.write(header.getvalue())
        if array.size:
            content = array.reshape(-1).data.cast("B")
            # The GIL is held while bytes are copied: in one piece, the window would freeze.
            for start in range(0, len(content), _SLICE):
                member.write(content[start : start + _SLICE])


class Archive:
    """An ``.npz`` file whose arrays are read one by one; a fault raises NpzError.

    All arrays together have at most `max_bytes`, decompressed. `sizes` are the decompressed bytes
    of each with its header, in the file's order.
    """

    def __init__(self, file: BinaryIO, max_bytes: int = MAX_BYTES) -> None:
        with _damage_told():
            if file.read(2) != b"PK":
                raise _no_npz()
            _check_directory(file)
            self._archive = zipfile.ZipFile(file)
            self._entries = _entries(self._archive, max_bytes)
        self.sizes = {name: entry.file_size for name, entry in self._entries.items()}

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> Array | None:
        """Return an array, read-only, of at most `max_bytes`; None if there is none."""
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry.file_size > max_bytes:
            raise NpzError(f"the array {name[:80]!r} is {entry.file_size} bytes long")
        with _damage_told(), self._archive.open(entry) as member:
            shape, dtype, order, start = _read_header(name, member)
            if math.prod(shape) * dtype.itemsize != entry.file_size - start:
                raise NpzError(f"the array {name[:80]!r} has another size than its header says")
            return _read_values(member, shape, dtype, order)

    def read_all(self) -> dict[str, Array]:
        found = {name: self.read(name) for name in self._entries}
        return {name: array for name, array in found.items() if array is not None}


@contextlib.contextmanager
def open_archive(path: PathName, max_bytes: int = MAX_BYTES) -> Iterator[Archive]:
    """Open an ``.npz`` file; errors as `open_file` and `Archive`."""
    with open_file(path, max_bytes + MAX_DIRECTORY_BYTES) as file:
        yield Archive(file, max_bytes)


@contextlib.contextmanager
def _damage_told() -> Iterator[None]:
    """Turn every error that damaged bytes cause into NpzError."""
    try:
        yield
    except DocumentError:
        raise
    except MemoryError:
        raise DocumentError("it is too large for this computer's memory") from None
    except _DAMAGE as error:
        raise NpzError(str(error) or type(error).__name__) from error


def _check_directory(file: BinaryIO) -> None:
    """Refuse a zip directory that alone would fill the memory.

    `zipfile` finds it by the record at the file's end, or one before (APPNOTE.TXT, 4.3.14 to
    4.3.16).
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_SEARCHED))
    tail = file.read()
    file.seek(0)
    found = tail.rfind(_END)
    if tail[-_END_SIZE:].startswith(_END) and tail.endswith(b"\0\0"):
        found = len(tail) - _END_SIZE
    if found < 0 or len(tail) - found < _END_SIZE:
        raise NpzError("no zip directory")
    (directory,) = struct.unpack_from("<L", tail, found + 12)
    locator = max(0, found - _LOCATOR_SIZE)
    if directory > MAX_DIRECTORY_BYTES or tail[locator:found].startswith(_LOCATOR):
        raise NpzError(f"more than {MAX_ARRAYS} arrays")


def distinct_entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the entries; raise `zipfile.BadZipFile` where two share a place."""
    entries = archive.infolist()
    if len({entry.header_offset for entry in entries}) < len(entries):
        raise zipfile.BadZipFile("Two entries begin at one place")
    return entries


def _no_npz() -> DocumentError:
    return DocumentError("it is not an .npz file")


def _entries(archive: zipfile.ZipFile, max_bytes: int) -> dict[str, zipfile.ZipInfo]:
    entries = distinct_entries(archive)
    if len(entries) > MAX_ARRAYS:
        raise NpzError(f"{len(entries)} arrays, more than {MAX_ARRAYS}")
    total = sum(entry.file_size for entry in entries)
    if total > max_bytes:
        raise too_large(total, max_bytes)
    named: dict[str, zipfile.ZipInfo] = {}
    # Networks of Keras and PyTorch are zip archives, too.
    if entries and not any(entry.filename.endswith(".npy") for entry in entries):
        raise _no_npz()
    for entry in entries:
        if not entry.filename.endswith(".npy"):
            raise NpzError(f"{entry.filename[:80]!r} is not an array")
        name = entry.filename.removesuffix(".npy")
        if name in named:
            raise NpzError(f"the array {name[:80]!r} twice")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NpzError(f"compression {entry.compress_type}")
        named[name] = entry
    return named


def _read_header(name: str, member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype, str, int]:
    """Match the header of a ``.npy`` member: its shape, dtype, order and length in bytes."""
    start = member.read(8)
    width = {b"\x93NUMPY\x01": 2, b"\x93NUMPY\x02": 4}.get(start[:7])
    length = int.from_bytes(member.read(width or 0), "little")
    content = member.read(length) if width and length <= MAX_ARRAY_HEADER else b""
    match = _HEADER.fullmatch(content)
    if width is None or match is None:
        raise NpzError(f"the array {name[:80]!r} has no valid header")
    dtype = match[1].decode("ascii")
    if dtype[1] in _WORDS:
        raise DocumentError(
            "its array {name} has the type {type}; only numbers can be read",
            name=repr(name[:80]),
            type=dtype,
        )
    if dtype not in _DTYPES:
        raise NpzError(f"the array {name[:80]!r} has the unexpected type {dtype!r}")
    shape = tuple(int(size) for size in re.findall(rb"\d+", match[3]))
    if len(shape) > MAX_DIMENSIONS:
        raise NpzError(f"the array {name[:80]!r} has {len(shape)} dimensions")
    order = "F" if match[2] == b"True" else "C"
    return shape, np.dtype(dtype), order, 8 + width + length


def _read_values(member: IO[bytes], shape: tuple[int, ...], dtype: np.dtype, order: str) -> Array:
    flat: Array = np.empty(math.prod(shape), dtype)
    memory = flat.data.cast("B") if flat.size else memoryview(bytearray())
    # One byte more than promised, so that a wrong size shows.
    if read_into(member, memory) != len(memory) or member.read(1):
        raise NpzError("an array is truncated")
    flat.flags.writeable = False
    return flat.reshape(shape, order="F" if order == "F" else "C")
