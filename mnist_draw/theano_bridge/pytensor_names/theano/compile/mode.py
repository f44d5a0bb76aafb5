"""``theano.compile.mode``: modes, with Theano's names of linkers.

========================================= ============================================
Theano's linker                           what runs
========================================= ============================================
``cvm``, ``vm``, ``c|py``, ``c`` (and     Numba: compiled, without a C compiler
their ``_nogc``), ``None``
``py``                                    plain NumPy, nothing to compile
``numba``                                 Numba
========================================= ============================================

``optimizer`` is what it was: ``'fast_run'``, ``'fast_compile'``, ``'None'`` and so on.
"""

from __future__ import annotations

from typing import Any

from pytensor import config
from pytensor.compile import mode as _mode
from pytensor.compile.mode import (
    get_default_mode,
    get_mode,
    optdb,
    predefined_linkers,
    predefined_modes,
    predefined_optimizers,
    register_linker,
    register_mode,
    register_optimizer,
)

from mnist_draw.theano_bridge.missing import attribute_error

__all__ = [
    "Mode", "get_default_mode", "get_mode", "optdb", "predefined_linkers",
    "predefined_modes", "predefined_optimizers", "register_linker", "register_mode",
    "register_optimizer",
]  # fmt: skip

COMPILED_LINKERS = ("c", "cvm", "vm", "c|py", "c|py_nogc", "cvm_nogc", "vm_nogc", "auto")


class Mode(_mode.Mode):  # type: ignore[misc]
    """How a function is rewritten and what runs it."""

    def __init__(self, linker: Any = None, optimizer: Any = "default", **others: Any) -> None:
        if linker is None or linker == "default":
            linker = config.linker
        if isinstance(linker, str) and linker in COMPILED_LINKERS:
            linker = "numba"
        super().__init__(linker=linker, optimizer=optimizer, **others)


def __getattr__(name: str) -> Any:
    if hasattr(_mode, name):
        return getattr(_mode, name)
    raise attribute_error(__name__, name)
