"""``theano.compile``: functions, modes with Theano's names of linkers, shared variables.

All linkers of Theano that compile (``cvm``, ``c|py``, …) and none are the native linker, or the
interpreter for what that does not know; ``py`` is plain NumPy.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

import numpy as np
import pytensor
from pytensor import compile as _compile
from pytensor import config
from pytensor.compile import Function, Out, SymbolicInput, SymbolicOutput, UnusedInputError, as_op
from pytensor.compile import mode as _mode
from pytensor.compile.builders import OpFromGraph
from pytensor.compile.debug.monitormode import MonitorMode as _MonitorMode
from pytensor.compile.mode import get_default_mode, get_mode, predefined_modes
from pytensor.compile.sharedvalue import SharedVariable, shared_constructor
from pytensor.link.basic import Container

from mnist_draw.theano_bridge.interpreter import interpret_loops
from mnist_draw.theano_bridge.modes import linker_of_programs, one_at_a_time, shape_is_fixed
from mnist_draw.theano_bridge.test_values import with_test_values


class In(_compile.In):  # type: ignore[misc]
    """An input of a function, which may have a default."""

    def __init__(
        self,
        variable: Any,
        name: str | None = None,
        value: Any = None,
        **named: Any,
    ) -> None:
        self.default = None
        if value is not None and not isinstance(value, Container | SharedVariable):
            self.default = variable.type.filter(value, allow_downcast=True)
            value = Container(variable, storage=[self.default])
            named.setdefault("implicit", False)
        super().__init__(variable, name, value, **named)


def Param(variable: Any, default: Any = None, name: str | None = None, **named: Any) -> In:
    """Describe an input, as before Theano 0.8."""
    return In(variable, name, default, **named)


def _containers(compiled: Any) -> dict[Any, Any]:
    """Where a function keeps its inputs, by number, variable and name."""
    pairs = enumerate(zip(compiled.maker.inputs, compiled.input_storage, strict=True))
    return {
        key: kept
        for number, (given, kept) in pairs
        for key in (number, given.variable, given.name)
        if key is not None
    }


Function.container = Function.finder = property(_containers)
Function.value = property(lambda compiled: compiled)
Function.__getitem__ = lambda compiled, key: compiled.container[key].value
Function.__setitem__ = lambda compiled, key, value: setattr(compiled.container[key], "value", value)


class _WithDefaults(Function):  # type: ignore[misc]
    """A function whose inputs get their defaults again before each call."""

    __slots__ = ()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        for container, given in zip(self.input_storage, self.maker.inputs, strict=True):
            if getattr(given, "default", None) is not None and given.update is None:
                container.storage[0] = given.default
        return super().__call__(*arguments, **named)


def _keep_defaults(compile_function: Any) -> Any:
    def function(*arguments: Any, **named: Any) -> Any:
        compiled = compile_function(*arguments, **named)
        if any(getattr(given, "default", None) is not None for given in compiled.maker.inputs):
            compiled.__class__ = _WithDefaults
        return compiled

    return wraps(compile_function)(function)


function = one_at_a_time(with_test_values(_keep_defaults(interpret_loops(_compile.function))))

__all__ = [
    "In",
    "Mode",
    "OpFromGraph",
    "Out",
    "Param",
    "SharedVariable",
    "SymbolicInput",
    "SymbolicOutput",
    "UnusedInputError",
    "as_op",
    "function",
    "get_default_mode",
    "get_mode",
    "predefined_modes",
    "shared",
    "shared_constructor",
]


COMPILED_LINKERS = ("c", "cvm", "vm", "c|py", "c|py_nogc", "cvm_nogc", "vm_nogc", "auto")


class Mode(_mode.Mode):  # type: ignore[misc]
    """How a function is rewritten and what runs it."""

    def __init__(self, linker: Any = None, optimizer: Any = "default", **others: Any) -> None:
        linker = config.linker if linker in (None, "default") else linker
        if isinstance(linker, str) and linker in COMPILED_LINKERS:
            linker = linker_of_programs()
        super().__init__(linker=linker, optimizer=optimizer, **others)


class MonitorMode(_MonitorMode):  # type: ignore[misc]
    """Calls functions around each operation, which get no graph, unlike PyTensor's."""

    def eval(self, fgraph: Any, i: int, node: Any, fn: Any) -> None:
        for function in (self.pre_func, lambda *_: fn(), self.post_func):
            if function is not None:
                own = getattr(function, "__module__", "").startswith("pytensor")
                function(*((fgraph,) if own else ()), i, node, fn)


def shared(
    value: Any,
    name: Any = None,
    strict: bool = False,
    allow_downcast: Any = None,
    **keywords: Any,
) -> SharedVariable:
    """Create a variable that keeps its value between the calls of functions."""
    pattern = keywords.pop("broadcastable", None)
    if isinstance(value, np.ndarray) and "shape" not in keywords:
        if pattern is None:
            pattern = (False,) * value.ndim
        # Lasagne makes placeholders of length 1 and sets the real value later
        # (lasagne.utils.shared_empty), and a fixed 1 would broadcast: left open.
        fixed = [length if shape_is_fixed() and length != 1 else None for length in value.shape]
        pairs = zip(pattern, fixed, strict=True)
        keywords["shape"] = tuple(1 if one else length for one, length in pairs)
    return pytensor.shared(
        value,
        name=name,
        strict=strict,
        allow_downcast=allow_downcast,
        **keywords,
    )
