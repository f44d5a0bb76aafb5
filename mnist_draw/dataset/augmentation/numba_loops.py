"""Compile the inner loops with Numba where it is installed.

With a real Theano there may be no Numba; the callers then take their NumPy twins. Machine code
is kept in the program's cache folder, never beside the source, which may not be writable. A
cache that cannot be read is thrown away and made again.
"""

from __future__ import annotations

import importlib.util
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

from mnist_draw.storage.errors import StorageError
from mnist_draw.storage.folders import cache_folder

_logger = logging.getLogger(__name__)
_lock = threading.Lock()
_worthwhile: ContextVar[bool] = ContextVar("worthwhile", default=True)
_installed = importlib.util.find_spec("numba") is not None


def has_numba() -> bool:
    """Whether loops are to be compiled here: there is Numba, and it is worth the while."""
    return _installed and _worthwhile.get()


@contextmanager
def uncompiled() -> Iterator[None]:
    """Take the NumPy twins in this thread, for a few pictures that must be there at once.

    Loading or compiling the loops takes from a quarter of a second to a few.
    """
    token = _worthwhile.set(False)
    try:
        yield
    finally:
        _worthwhile.reset(token)


class Compiled:
    """A function of loops over arrays, compiled when it is first called.

    The compiled code releases the interpreter: other threads run meanwhile.

    Parameters
    ----------
    function : callable
        What Numba compiles in nopython mode; called as it is written, and slowly, without it.
    """

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function
        self._ready: Callable[..., None] | None = None

    def __call__(self, *arguments: Any) -> None:
        if self._ready is None:
            with _lock:
                # The first call compiles or reads the cache; two at once would do it twice.
                if self._ready is None:
                    self._ready = self._first_call(arguments)
                    return
        self._ready(*arguments)

    def _first_call(self, arguments: tuple[Any, ...]) -> Callable[..., None]:
        folder = _code_folder()
        if folder is not None:
            try:
                ready = _decorated(self.function, folder)
                ready(*arguments)
                return ready
            except Exception as error:  # what a damaged pickle raises is anybody's guess
                _logger.warning(
                    "The compiled code in %s cannot be used (%s); it is made again.", folder, error
                )
                shutil.rmtree(folder, ignore_errors=True)
        ready = _decorated(self.function, None)
        ready(*arguments)
        return ready


def _decorated(function: Callable[..., None], folder: Path | None) -> Callable[..., None]:
    import numba

    # Sums may be reordered and no value is infinite: that is what makes vector loops possible.
    options: dict[str, Any] = {"nogil": True, "fastmath": {"reassoc", "contract", "nnan", "nsz"}}
    before = numba.config.CACHE_DIR
    if folder is None:
        ready: Callable[..., None] = numba.njit(**options)(function)
        return ready
    numba.config.CACHE_DIR = str(folder)
    try:
        ready = numba.njit(cache=True, **options)(function)
    finally:
        numba.config.CACHE_DIR = before
    return ready


@lru_cache(maxsize=1)
def _code_folder() -> Path | None:
    """Return where machine code is kept; None where nothing can be written."""
    try:
        folder = cache_folder() / "loops"
        folder.mkdir(exist_ok=True)
    except (StorageError, OSError) as error:
        _logger.warning("Compiled code is not kept for the next start: %s", error)
        return None
    return folder
