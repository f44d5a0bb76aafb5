"""``theano.compile``.

=================================== ===================================================
name                                what answers
=================================== ===================================================
``Mode``                            :class:`theano.compile.mode.Mode`
``mode``                            modes, with Theano's names of linkers
``sharedvalue``                     ``shared``, ``shared_constructor``
``function``                        ``pytensor.function``, in one thread at a time
``In``, ``Param``, ``Out``          ``pytensor.compile.In``, ``In``, ``Out``
the rest                            ``pytensor.compile``
=================================== ===================================================
"""

from __future__ import annotations

from typing import Any

from pytensor import compile as _compile
from pytensor.compile import (
    In,
    Out,
    SymbolicInput,
    SymbolicOutput,
    UnusedInputError,
    as_op,
)
from pytensor.compile.builders import OpFromGraph
from theano.compile.mode import Mode, get_default_mode, get_mode, predefined_modes
from theano.compile.sharedvalue import SharedVariable, shared, shared_constructor

from mnist_draw.theano_bridge.compile_lock import one_at_a_time
from mnist_draw.theano_bridge.missing import attribute_error

Param = In

function = one_at_a_time(_compile.function)

__all__ = [
    "In", "Mode", "OpFromGraph", "Out", "Param", "SharedVariable", "SymbolicInput",
    "SymbolicOutput", "UnusedInputError", "as_op", "function", "get_default_mode",
    "get_mode", "predefined_modes", "shared", "shared_constructor",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if hasattr(_compile, name):
        return getattr(_compile, name)
    raise attribute_error(__name__, name)
