"""What PyTensor's Numba linker does with the operations that the bridge adds.

Only graphs that `mnist_draw.theano_bridge.native` cannot run come to Numba, and none of the
program's own is among them. There Numba calls the NumPy functions of convolution and pooling by
way of the interpreter.

Numba takes a quarter of a second to import and 60 MB of memory. So nobody imports it here: what
there is to tell it waits until somebody else does.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator
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
def surroundings() -> Iterator[None]:
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
