"""Compile the inner loops with Numba.

Machine code is stored in the program's cache folder, since the folder of the source may be
read-only; a damaged cache is removed. Numba unpickles the files there, which can run code: it uses
only a folder that is private to the user.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from mnist_draw.errors import StorageError
from mnist_draw.storage.folders import cache_folder, private_folder

Result = TypeVar("Result")

_logger = logging.getLogger(__name__)
_lock = threading.Lock()
_interpreted: ContextVar[bool] = ContextVar("interpreted", default=False)
_unwanted: ContextVar[Callable[[], bool] | None] = ContextVar("unwanted", default=None)
#: Sums may be reordered and no value is infinite: that is what makes vector loops possible.
_OPTIONS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "nnan", "nsz"}}
#: The functions that compiled loops call.
_inlined: list[Callable[..., Any]] = []


class CompilingStoppedError(BaseException):
    """Compiling was cancelled; no Exception, so that no handler on the way catches it."""


@contextmanager
def interpreted() -> Iterator[None]:
    """Let Python interpret the loops in this thread: to load them takes longer than a few pictures.

    Before NumPy 2, an unsigned and a plain number make a float: then they are compiled here, too.
    """
    token = _interpreted.set(np.lib.NumpyVersion(np.__version__) >= "2.0.0")
    try:
        yield
    finally:
        _interpreted.reset(token)


@contextmanager
def stopped_by(unwanted: Callable[[], bool]) -> Iterator[None]:
    """Cancel compiling in this thread with a `CompilingStoppedError` once `unwanted` returns True.

    It is asked before each function and each step of the compiler, of up to a second.
    """
    token = _unwanted.set(unwanted)
    try:
        yield
    finally:
        _unwanted.reset(token)


def compiles_first() -> bool:
    """Whether the first call will compile, which takes seconds: no machine code is stored yet."""
    folder = code_folder()
    # Numba's index of what is compiled of a function.
    return folder is None or not any(folder.rglob("*.nbi"))


def inlined(function: Callable[..., Result]) -> Callable[..., Result]:
    """Decorate a function that compiled loops call; it is compiled with them."""
    _inlined.append(function)
    return function


class Compiled:
    """Decorate loops over arrays: they are compiled at their first call and release the GIL."""

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function
        self._ready: Callable[..., None] | None = None

    def __call__(self, *arguments: Any) -> None:
        if _interpreted.get():
            # Hashes of 64 bits overflow by intent.
            with np.errstate(over="ignore"):
                self.function(*arguments)
            return
        if self._ready is None:
            with _lock:
                # The first call compiles or reads the cache; two at once would do it twice.
                if self._ready is None:
                    self._ready = self._first_call(arguments)
                    return
        self._ready(*arguments)

    def _first_call(self, arguments: tuple[Any, ...]) -> Callable[..., None]:
        stop_if_unwanted()
        folder = code_folder()
        if folder is not None:
            try:
                return _called(self.function, arguments, folder)
            except Exception as error:  # a damaged pickle raises anything
                _logger.warning(
                    "The compiled code in %s cannot be used (%s); it is made again.",
                    folder,
                    error,
                )
                shutil.rmtree(folder, ignore_errors=True)
        return _called(self.function, arguments, None)


def _called(
    function: Callable[..., None],
    arguments: tuple[Any, ...],
    folder: Path | None,
) -> Callable[..., None]:
    """Compile a function, or load it from a folder; call it, and return the compiled one."""
    import numba

    _register()
    config = numba.config
    before = config.CACHE_DIR, config.SLP_VECTORIZE
    # Vectorise neighbors in memory, which Numba does not by default, for `painting` and `moving`.
    config.CACHE_DIR = str(folder or "")
    config.SLP_VECTORIZE = 1
    try:
        ready: Callable[..., None] = numba.njit(nogil=True, cache=folder is not None, **_OPTIONS)(
            function,
        )
        ready(*arguments)
    finally:
        config.CACHE_DIR, config.SLP_VECTORIZE = before
    return ready


def _register() -> None:
    """Register the functions that loops call, and the cancelling, with Numba."""
    from numba.extending import register_jitable

    _listen()
    while _inlined:
        register_jitable(**_OPTIONS)(_inlined.pop())


@cache
def _listen() -> None:
    """Check before each step of the compiler whether it was cancelled."""
    from numba.core import event

    class Steps(event.Listener):  # type: ignore[misc]
        def on_start(self, event: object) -> None:
            stop_if_unwanted()

        def on_end(self, event: object) -> None:
            pass

    event.register("numba:run_pass", Steps())


def stop_if_unwanted() -> None:
    unwanted = _unwanted.get()
    if unwanted is not None and unwanted():
        raise CompilingStoppedError


def _digest() -> str:
    """Return a hash of this package's source; Numba itself checks only the file of the loop."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


@lru_cache(maxsize=1)
def code_folder() -> Path | None:
    """Return the folder of machine code; None if nothing can be written."""
    try:
        private = private_folder(cache_folder() / "loops")
        if private is None:
            _logger.info(
                "Compiled code is not stored: the folder is not the user's own to write to.",
            )
            return None
        folder = private / _digest()
        folder.mkdir(exist_ok=True)
    except (StorageError, OSError) as error:
        _logger.warning("Compiled code is not stored for the next start: %s", error)
        return None
    return folder
