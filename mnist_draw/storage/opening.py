"""Open files safely: only regular files of a bounded size, decompressed piece by piece.

A pipe would block for ever, a device never ends, and a small compressed file can decompress into
gigabytes.
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from mnist_draw.errors import DocumentError, StorageError, UserError, reason_of
from mnist_draw.i18n import _, number

PathName = str | os.PathLike[str]
MEGABYTE: Final = 1024 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


@contextlib.contextmanager
def reading(path: PathName, kind: type[UserError], *damage: type[Exception]) -> Iterator[None]:
    """Turn what reading a file raises, and what damaged content does, into a kind that names it."""
    faults: tuple[type[Exception], ...] = (DocumentError, *damage)
    try:
        yield
    except kind:
        raise
    except FileNotFoundError:
        raise kind(_("There is no file {path}.", path=path)) from None
    except StorageError as error:
        raise kind(str(error)) from error
    except faults as error:
        unusable = _("{path} cannot be used: {reason}.", path=path, reason=reason_of(error))
        raise kind(unusable) from error


@contextlib.contextmanager
def open_file(path: PathName, max_bytes: int) -> Iterator[BinaryIO]:
    """Open a regular file of at most `max_bytes` for reading; FileNotFoundError if it is gone."""
    path = Path(path)
    try:
        # Checked before it is opened: opening alone blocks at a pipe, and moves some devices.
        status = path.stat()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unreadable(path, error) from error
    except ValueError as error:
        raise DocumentError("its name is not valid: {error}", error=error) from error
    _check(status, max_bytes)
    try:
        with path.open("rb") as file:
            # Another file may have replaced it meanwhile.
            _check(os.fstat(file.fileno()), max_bytes)
            yield file
    except FileNotFoundError:
        raise
    except OSError as error:
        # Errors of the system have a number, those of readers of damaged files have none.
        if error.errno is None:
            raise
        raise _unreadable(path, error) from error


def read_file(path: PathName, max_bytes: int) -> bytes:
    """Return the content of a regular file that is not too large; errors as :func:`open_file`."""
    with open_file(path, max_bytes) as file:
        # Python allocates as much as is asked for, however short the file is.
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1)
        # It may have grown meanwhile.
        if len(content) > size:
            content += file.read(max_bytes + 1 - len(content))
    if len(content) > max_bytes:
        raise too_large(len(content), max_bytes)
    return content


@contextlib.contextmanager
def open_unfolded(path: PathName, max_bytes: int) -> Iterator[BinaryIO]:
    """Open a file as :func:`open_file`; gzip, known by its content, unfolds as it is read."""
    with open_file(path, max_bytes) as file:
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if not packed:
            yield file
            return
        try:
            with gzip.GzipFile(fileobj=file, mode="rb") as unfolded:
                yield cast(BinaryIO, unfolded)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DocumentError(
                "it is compressed with gzip, but unpacking failed ({error})",
                error=error,
            ) from error


def regular_only(name: str, flags: int) -> int:
    """Open a regular file only, and through no link; for ``open(path, mode, opener=…)``."""
    with contextlib.suppress(FileNotFoundError):
        _refuse_irregular(name, Path(name).lstat())
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(name, flags, 0o666)
    try:
        _refuse_irregular(name, os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_irregular(name: str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, _("it is not a regular file"), name)


def read_into(file: IO[bytes], memory: memoryview) -> int:
    """Fill memory from a file, piece by piece; return the number of bytes read."""
    filled = 0
    while filled < len(memory):
        piece = file.read(min(MEGABYTE, len(memory) - filled))
        if not piece:
            break
        memory[filled : filled + len(piece)] = piece
        filled += len(piece)
    return filled


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError("{path} cannot be read: {reason}.", path=path, reason=reason_of(error))


def _check(status: os.stat_result, max_bytes: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise DocumentError("it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise DocumentError("it is not a regular file")
    if status.st_size > max_bytes:
        raise too_large(status.st_size, max_bytes)


def too_large(size: int, limit: int) -> DocumentError:
    """Say how large a file is, or what it decompresses into, and how large it may be."""
    has, most = (number(float(f"{count / 1e6:.3g}"), ",g") for count in (size, limit))
    return DocumentError("it has {size} MB; at most {limit} MB are read", size=has, limit=most)
