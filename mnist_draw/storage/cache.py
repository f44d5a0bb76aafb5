"""A cache of results that take seconds to compute, one ``.npz`` file each.

A file's name is a hash of the result's inputs: another network, other pictures or another version
of the computation never find it. A file that cannot be read or written is computed again.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mnist_draw.arrays import Array
from mnist_draw.errors import StorageError, UserError
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import cache_folder

Arrays = dict[str, Array]

#: Limit for all results together; the least recently used are deleted first.
MAX_BYTES = 200 * 1024 * 1024
_FOLDER = "analysis"


def digest_of(pictures: Array) -> str:
    digest = hashlib.sha256(repr((pictures.shape, pictures.dtype.str)).encode())
    # A view, not a copy: the GIL is held while Python copies, and the window would wait.
    digest.update(np.ascontiguousarray(pictures).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()[:32]


def read(kind: str, version: int, key: str) -> Arrays | None:
    """Return a stored result; None if there is none, or it is damaged."""
    with contextlib.suppress(OSError, UserError):
        path = _path(kind, version, key)
        with npz.open_archive(path, MAX_BYTES) as archive:
            arrays = archive.read_all()
        path.touch()  # recently used
        return arrays
    return None


def read_array(
    kind: str,
    version: int,
    key: str,
    name: str,
    dtype: npt.DTypeLike,
    shape: tuple[int, ...],
) -> Array | None:
    """Return one array of a stored result; None unless it is finite and has this type and shape.

    A length of -1 may be any.
    """
    array = (read(kind, version, key) or {}).get(name)
    if array is None or array.dtype != dtype or array.ndim != len(shape):
        return None
    fits = all(wanted in (-1, found) for wanted, found in zip(shape, array.shape, strict=True))
    return array if fits and np.isfinite(array).all() else None


def save(kind: str, version: int, key: str, arrays: Mapping[str, Array]) -> None:
    """Store a result, if the folder can be written."""
    with contextlib.suppress(OSError, StorageError):
        path = _path(kind, version, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, npz.pack(arrays))
        _make_room(path.parent)


def _path(kind: str, version: int, key: str) -> Path:
    # A key may hold names of files, which are not always UTF-8.
    name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return cache_folder() / _FOLDER / f"{kind}-{version}-{name}.npz"


def _make_room(folder: Path) -> None:
    found = [(path.stat(), path) for path in folder.glob("*.npz")]
    found.sort(key=lambda entry: entry[0].st_mtime, reverse=True)
    total = 0
    for about, path in found:
        total += about.st_size
        if total > MAX_BYTES:
            path.unlink(missing_ok=True)
