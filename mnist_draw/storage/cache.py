"""Results that take seconds, kept between two starts of the program.

Each result is one ``.npz`` file in the cache folder. Its name holds what it was computed from, so
that another network, other pictures or another way to compute never find it. What cannot be read
or written is computed anew: nothing here is worth an error.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import StorageError, UserError
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.folders import cache_folder

Arrays = dict[str, npt.NDArray[Any]]

#: Bytes that all results together may take; the oldest go first.
MAX_BYTES = 200 * 1024 * 1024
_FOLDER = "analysis"


def digest_of(pictures: npt.NDArray[Any]) -> str:
    """Return what tells a set of pictures from all others."""
    digest = hashlib.sha256(repr((pictures.shape, pictures.dtype.str)).encode())
    # Where they lie: no other thread, the window's included, runs while Python copies them.
    digest.update(np.ascontiguousarray(pictures).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()[:32]


def read(kind: str, version: int, key: str) -> Arrays | None:
    """Return a result that is kept, or None where none is, or it is damaged."""
    with contextlib.suppress(OSError, UserError, npz.NpzError):
        path = _path(kind, version, key)
        with npz.open_archive(path, MAX_BYTES) as archive:
            arrays = archive.read_all()
        # Its turn to be deleted comes later.
        path.touch()
        return arrays
    return None


def keep(kind: str, version: int, key: str, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Keep a result; without effect where nothing can be written."""
    with contextlib.suppress(OSError, StorageError):
        path = _path(kind, version, key)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, npz.pack(arrays))
        _make_room(path.parent)


def _path(kind: str, version: int, key: str) -> Path:
    # The names of files may be in it, which are not all UTF-8.
    name = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return cache_folder() / _FOLDER / f"{kind}-{version}-{name}.npz"


def _make_room(folder: Path) -> None:
    """Delete the files that were not used for longest until the others fit."""
    found = [(path.stat(), path) for path in folder.glob("*.npz")]
    found.sort(key=lambda entry: entry[0].st_mtime, reverse=True)
    total = 0
    for about, path in found:
        total += about.st_size
        if total > MAX_BYTES:
            path.unlink(missing_ok=True)
