"""What PyTensor is told once it is imported: the bridge's operations for Numba, temporary files.

Only functions whose mode asks for it come to Numba, and none of the program's own is among them.
There Numba calls the NumPy functions of convolution and pooling by way of Python. Numba takes a
quarter of a second to import and 60 MB of memory, so it is not imported here: `when_loaded` waits
until something else does.

PyTensor compiles Python that it has written, puts each text into a file for tracebacks and for
Numba, which reads it again, and leaves the file in the system's folder for temporary files. Here
these files get a folder of their own there, which is removed when the program ends.
"""

from __future__ import annotations

import atexit
import contextlib
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytensor.graph import Op

#: The package of PyTensor that knows how Numba computes each operation.
DISPATCH = "pytensor.link.numba.dispatch"

_waiting: list[Callable[[], None]] = []


def when_loaded(register: Callable[[], None]) -> None:
    """Call a function when PyTensor's package for Numba is there; now if it is already."""
    if DISPATCH in sys.modules:
        register()
    else:
        _waiting.append(register)


@contextlib.contextmanager
def prepare_numba() -> Iterator[None]:
    """Surroundings of the import of PyTensor's package for Numba."""
    yield
    while _waiting:
        _waiting.pop(0)()


def call_perform(*operations: type[Op]) -> None:
    """Have Numba call the ``perform`` of these operations, without a warning that it does."""

    def register() -> None:
        from pytensor.link.numba.dispatch.basic import register_funcify_and_cache_key

        for operation in operations:
            register_funcify_and_cache_key(operation)(_calls_perform)

    when_loaded(register)


def _calls_perform(op: Op, node: Any, **options: Any) -> tuple[Any, None]:
    from pytensor.link.numba.dispatch.basic import generate_fallback_impl

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Numba will use object mode", UserWarning)
        function = generate_fallback_impl(op, node, **options)
    # No key: a graph that refers to Python objects cannot be kept on the disk.
    return function, None


def remove_generated_source_at_exit() -> None:
    """Give PyTensor's modules that write such files another function to make them with."""
    from pytensor.link import utils

    utils.NamedTemporaryFile = _temporary_file
    when_loaded(_remove_those_for_numba)


def _remove_those_for_numba() -> None:
    try:
        from pytensor.link.numba import cache as module
    except ImportError:  # releases that keep nothing for Numba
        return
    module.NamedTemporaryFile = _temporary_file


def _temporary_file(*arguments: Any, **named: Any) -> Any:
    if "dir" not in named:
        if not Path(_folder()).is_dir():  # deleted meanwhile
            _folder.cache_clear()
        named["dir"] = _folder()
    return tempfile.NamedTemporaryFile(*arguments, **named)


@cache
def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="mnist_draw-source-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
