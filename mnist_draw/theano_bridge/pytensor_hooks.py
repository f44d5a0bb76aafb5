"""PyTensor's temporary files, in a folder of their own that is removed when the program ends.

PyTensor puts the Python that it writes into a file, for tracebacks and for Numba. Numba takes a
quarter of a second to import and 60 MB of memory, so the part for it waits until it is imported.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

#: The module of PyTensor that writes such files for Numba; older releases have none.
NUMBA_FILES = "pytensor.link.numba.cache"


@contextlib.contextmanager
def prepare_numba() -> Iterator[None]:
    """Surroundings of the import of that module."""
    yield
    remove_generated_source_at_exit()


def remove_generated_source_at_exit() -> None:
    """Give PyTensor's modules that write such files another function to make them with."""
    for name in ("pytensor.link.utils", NUMBA_FILES):
        if name in sys.modules:
            sys.modules[name].NamedTemporaryFile = _temporary_file  # type: ignore[attr-defined]


def _temporary_file(*arguments: Any, **named: Any) -> Any:
    if "dir" not in named:
        if not Path(_folder()).is_dir():  # deleted meanwhile
            _folder.cache_clear()
        named["dir"] = _folder()
    return tempfile.NamedTemporaryFile(*arguments, **named)


@cache
def _folder() -> str:
    prefix = "mnist_draw-source-"
    try:
        folder = tempfile.mkdtemp(prefix=prefix)
    except OSError:
        from pytensor import config

        # No folder for temporary files can be written. What is compiled has one.
        folder = tempfile.mkdtemp(prefix=prefix, dir=config.base_compiledir)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
