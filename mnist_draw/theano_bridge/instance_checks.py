"""Theano's classes of variables where PyTensor's differ.

In Theano shared variables and constants are no ``TensorVariable``, by which Lasagne and others tell
an expression from a parameter.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from pytensor import config
from pytensor.compile.io import SymbolicInput
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph import basic as graph
from pytensor.scalar import GE, GT, LE, LT
from pytensor.tensor import variable as tensor
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.type import TensorType


class _Kind(type):
    """The metaclass of a stand-in: its instances are those of `real` except those of `not_in`."""

    real: type
    not_in: tuple[type, ...] = ()

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, cls.real) and not isinstance(instance, cls.not_in)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.real) and not issubclass(subclass, cls.not_in)

    def __call__(
        cls,
        type: Any,
        owner: Any = None,
        index: int | None = None,
        name: str | None = None,
    ) -> Any:
        return cls.real(type, owner, index, name)


class Variable(metaclass=_Kind):
    """A node of the graph that holds a value: ``pytensor.graph.Variable``."""

    real = graph.Variable


class TensorVariable(metaclass=_Kind):
    """A tensor that is computed or given: neither a shared variable nor a constant."""

    real = tensor.TensorVariable
    not_in = (SharedVariable, graph.Constant)


def follow_theano() -> None:
    """Let PyTensor's variables and types do what Theano's do."""
    # True but for a comparison, which is refused.
    tensor._tensor_py_operators.__bool__ = _truth
    _accept_double_precision()
    _accept_known_lengths()
    _drop_trailing_axes()
    _forget_lengths()


def _accept_double_precision() -> None:
    """Take as floatX what float64 holds: Theano's is float64 unless chosen."""
    filter_value = TensorType.filter
    filter_variable = TensorType.filter_variable

    def of_value(self: Any, data: Any, strict: bool = False, allow_downcast: Any = None) -> Any:
        if allow_downcast is None and self.dtype == config.floatX and not strict:
            is_list = isinstance(data, list | tuple)
            kind = np.asarray(data).dtype if is_list else getattr(data, "dtype", None)
            # What float64 would hold without a loss.
            allow_downcast = (kind is not None and np.can_cast(kind, np.float64)) or None
        return filter_value(self, data, strict, allow_downcast)

    def of_variable(self: Any, other: Any, allow_convert: bool = True) -> Any:
        if isinstance(other, graph.Variable):
            if self.dtype == config.floatX and getattr(other.type, "dtype", None) == "float64":
                other = other.astype(self.dtype)
            # It may know more of its shape.
            if self.is_super(other.type):
                return other
        return filter_variable(self, other, allow_convert)

    TensorType.filter = of_value
    TensorType.filter_variable = of_variable


def _accept_known_lengths() -> None:
    """Take an update that knows more of its shape than its shared variable does."""
    initialise = SymbolicInput.__init__

    def with_update(self: Any, variable: Any, update: Any = None, **named: Any) -> None:
        fits = update is not None and variable.type.is_super(update.type)
        initialise(self, variable, update=None if fits else update, **named)
        if fits:
            self.update = update

    SymbolicInput.__init__ = with_update


def _drop_trailing_axes() -> None:
    """Let ``x[:, None]`` have no axes of length 1 after the last index, as Theano does."""
    index = tensor._tensor_py_operators.__getitem__

    def getitem(self: Any, args: Any) -> Any:
        found = index(self, args)
        if not isinstance(args, tuple) or not any(each is None for each in args):
            return found
        indices = sum(each is not None for each in args)
        rest = self.type.shape[indices:] if all(each is not Ellipsis for each in args) else ()
        # PyTensor's own expressions follow NumPy, which keeps these axes.
        is_own = sys._getframe(1).f_globals.get("__name__", "").startswith("pytensor")
        if is_own or set(rest) != {1}:
            return found
        return found.squeeze(axis=tuple(range(-len(rest), 0)))

    tensor._tensor_py_operators.__getitem__ = getitem


def _forget_lengths() -> None:
    """Let ``x.type()`` in a program's operation tell no length but 1, as in Theano."""
    make = TensorType.__call__

    def variable(self: Any, *arguments: Any, **named: Any) -> Any:
        caller = sys._getframe(1)
        is_own = caller.f_globals.get("__name__", "").startswith(("pytensor", "mnist_draw"))
        if caller.f_code.co_name == "make_node" and not is_own:
            self = self.clone(shape=[1 if one else None for one in self.broadcastable])
        return make(self, *arguments, **named)

    TensorType.__call__ = variable


def _truth(variable: Any) -> bool:
    operation = getattr(variable.owner, "op", None)
    if isinstance(operation, Elemwise) and isinstance(operation.scalar_op, LT | LE | GT | GE):
        raise TypeError("Variables do not support boolean operations.")
    return True
