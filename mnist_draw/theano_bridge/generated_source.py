"""The text of the functions that PyTensor writes goes when the program ends.

PyTensor compiles Python that it has written, puts each text into a file for tracebacks and for
Numba, which reads it again, and leaves the file in the system's folder for temporary files. Here
these files get a folder of their own there, which is removed.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from mnist_draw.theano_bridge import numba_fallback


def remove_at_exit() -> None:
    """Give PyTensor's modules that write such files another function to make them with."""
    from pytensor.link import utils

    utils.NamedTemporaryFile = _temporary_file
    numba_fallback.when_loaded(_remove_those_for_numba)


def _remove_those_for_numba() -> None:
    try:
        from pytensor.link.numba import cache as module
    except ImportError:  # releases that keep nothing for Numba
        return
    module.NamedTemporaryFile = _temporary_file


def _temporary_file(*arguments: Any, **named: Any) -> Any:
    if "dir" not in named:
        if not Path(_folder()).is_dir():  # somebody tidies up
            _folder.cache_clear()
        named["dir"] = _folder()
    return tempfile.NamedTemporaryFile(*arguments, **named)


@cache
def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="mnist_draw-source-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
