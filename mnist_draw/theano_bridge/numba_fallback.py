"""What PyTensor's Numba linker does with the operations that the bridge adds.

Only graphs that `mnist_draw.theano_bridge.native` cannot run come to Numba, and none of the
program's own is among them. There Numba calls the NumPy functions of convolution and pooling by
way of the interpreter.
"""

from __future__ import annotations

import warnings
from typing import Any

from pytensor.graph import Op
from pytensor.link.numba.dispatch.basic import (
    generate_fallback_impl,
    register_funcify_and_cache_key,
)


def call_perform(*operations: type[Op]) -> None:
    """Have Numba call the ``perform`` of these operations, without a warning that it does."""
    for operation in operations:
        register_funcify_and_cache_key(operation)(_calls_perform)


def _calls_perform(op: Op, node: Any, **options: Any) -> tuple[Any, None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Numba will use object mode", UserWarning)
        function = generate_fallback_impl(op, node, **options)
    # No key: a graph that refers to Python objects cannot be kept on the disk.
    return function, None
