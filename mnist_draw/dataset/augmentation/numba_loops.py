"""Compile the inner loops with Numba where it is installed.

With a real Theano there may be no Numba; the callers then take their NumPy twins. Machine code
is kept in the program's cache folder, never beside the source, which may not be writable. A
cache that cannot be read is thrown away and made again. Numba unpickles what it finds there, which
is to run it: it is told of a sealed folder only, which nobody but this program has filled.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from mnist_draw.errors import StorageError
from mnist_draw.storage.folders import cache_folder
from mnist_draw.storage.integrity import close_throughout, is_private_throughout, trusted_cache_dir

Result = TypeVar("Result")

_logger = logging.getLogger(__name__)
_lock = threading.Lock()
_worthwhile: ContextVar[bool] = ContextVar("worthwhile", default=True)
_unwanted: ContextVar[Callable[[], bool] | None] = ContextVar("unwanted", default=None)
#: Sums may be reordered and no value is infinite: that is what makes vector loops possible.
_OPTIONS: dict[str, Any] = {"fastmath": {"reassoc", "contract", "nnan", "nsz"}}
#: What compiled loops call beside Numba's own functions.
_inlined: list[Callable[..., Any]] = []
_installed = importlib.util.find_spec("numba") is not None


class CompilingStoppedError(BaseException):
    """What was compiled is not wanted any more; no error, so that nobody on the way handles it."""


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


@contextmanager
def stopped_by(unwanted: Callable[[], bool]) -> Iterator[None]:
    """Let compiling end early, in this thread, with a `CompilingStoppedError`.

    Parameters
    ----------
    unwanted : callable
        Asked before each function and each step of the compiler, which takes up to a second.
    """
    token = _unwanted.set(unwanted)
    try:
        yield
    finally:
        _unwanted.reset(token)


def compiles_first() -> bool:
    """Whether the first call is to compile, which takes seconds: no machine code is kept yet."""
    if not has_numba():
        return False
    folder = _code_folder()
    # Numba's index of what is compiled of a function.
    return folder is None or not any(folder.rglob("*.nbi"))


def inlined(function: Callable[..., Result]) -> Callable[..., Result]:
    """Let compiled loops call a function, which is compiled with them."""
    _inlined.append(function)
    return function


class Compiled:
    """A function of loops over arrays, compiled when it is first called.

    The compiled code releases the interpreter: other threads run meanwhile.
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
        _stop_if_unwanted()
        folder = _code_folder()
        if folder is not None:
            try:
                return _called(self.function, arguments, folder)
            except Exception as error:  # what a damaged pickle raises is anybody's guess
                _logger.warning(
                    "The compiled code in %s cannot be used (%s); it is made again.", folder, error
                )
                shutil.rmtree(folder, ignore_errors=True)
        return _called(self.function, arguments, None)


def _called(
    function: Callable[..., None], arguments: tuple[Any, ...], folder: Path | None
) -> Callable[..., None]:
    """Compile a function, or load it from a folder, and call it; return what is called next."""
    import numba

    _make_known()
    config = numba.config
    before = config.CACHE_DIR, config.SLP_VECTORIZE
    # Vectors of neighbours in memory, which Numba leaves out: `discs` and `moving` need them.
    config.CACHE_DIR, config.SLP_VECTORIZE = str(folder or ""), 1
    try:
        ready: Callable[..., None] = numba.njit(nogil=True, cache=folder is not None, **_OPTIONS)(
            function
        )
        ready(*arguments)
        if folder is not None and ready.stats.cache_misses:  # type: ignore[attr-defined]
            close_throughout(folder)
    finally:
        config.CACHE_DIR, config.SLP_VECTORIZE = before
    return ready


def _make_known() -> None:
    """Tell Numba, once, how to compile the functions that loops call, and when to stop."""
    from numba.extending import register_jitable

    _listen()
    while _inlined:
        register_jitable(**_OPTIONS)(_inlined.pop())


@cache
def _listen() -> None:
    """Ask before each step of the compiler whether its work is still wanted."""
    from numba.core import event

    class Steps(event.Listener):  # type: ignore[misc]
        def on_start(self, event: object) -> None:
            _stop_if_unwanted()

        def on_end(self, event: object) -> None:
            pass

    event.register("numba:run_pass", Steps())


def _stop_if_unwanted() -> None:
    unwanted = _unwanted.get()
    if unwanted is not None and unwanted():
        raise CompilingStoppedError


def _digest() -> str:
    """Return what tells this package's code from that of another version.

    Numba itself looks only at the file of the loop, not at those of the functions that it calls.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


@lru_cache(maxsize=1)
def _code_folder() -> Path | None:
    """Return where machine code is kept; None where nothing can be written."""
    try:
        sealed = trusted_cache_dir(cache_folder() / "loops")
        if sealed is None:
            _logger.info("Compiled code is not kept: the folder is not the user's own to write to.")
            return None
        folder = sealed / _digest()
        folder.mkdir(exist_ok=True)
        if not is_private_throughout(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
    except (StorageError, OSError) as error:
        _logger.warning("Compiled code is not kept for the next start: %s", error)
        return None
    return folder
