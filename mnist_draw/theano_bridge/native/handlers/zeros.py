"""Which variables of a graph are often zero, by operations alone: what sparse products look for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from pytensor.graph.basic import Constant

from mnist_draw.theano_bridge.native.handlers.arrays import VIEWS

#: Operations that choose from the elements of their first operand.
_CHOOSE = VIEWS | {"AdvancedSubtensor", "AdvancedSubtensor1"}
_COMPARE = frozenset({"LT", "LE", "GT", "GE", "EQ", "NEQ", "AND", "OR"})
#: Scalar operations that keep the zeros of their first operand.
_KEEP = frozenset({"Abs", "Cast", "Identity", "Neg", "Sign", "Sqr", "Sqrt", "TrueDiv"})


def is_often_zero(variable: Any) -> bool:
    """Tell whether a rectifier, a mask or bytes (pictures) make many elements zero."""

    @cache
    def is_zero(each: Any) -> bool:
        return _is_often_zero(each, is_zero)

    return is_zero(variable)


def _is_often_zero(variable: Any, is_zero: Callable[[Any], bool]) -> bool:
    if variable.owner is None:
        return str(variable.dtype) in ("uint8", "bool")
    op = variable.owner.op
    operands = variable.owner.inputs
    name = type(op).__name__
    if name in _CHOOSE:
        return is_zero(operands[0])
    if name == "Pool2DGrad":
        # A region's gradient goes to its maximum.
        return bool(op.mode == "max")
    if name != "Elemwise":
        return False
    if not hasattr(op.scalar_op, "fgraph"):
        return _vanishes(type(op.scalar_op).__name__, operands, is_zero)
    inner = op.scalar_op.fgraph
    outside = dict(zip(inner.inputs, operands, strict=True))

    @cache
    def inside(scalar: Any) -> bool:
        if scalar in outside:
            return is_zero(outside[scalar])
        owner = scalar.owner
        return owner is not None and _vanishes(type(owner.op).__name__, owner.inputs, inside)

    return inside(inner.outputs[variable.owner.outputs.index(variable)])


def _vanishes(name: str, operands: list[Any], is_zero: Callable[[Any], bool]) -> bool:
    """Tell whether a scalar operation gives many zeros."""
    if name in _COMPARE:
        return True
    if name in _KEEP:
        return is_zero(operands[0])
    if name == "Mul":
        return any(map(is_zero, operands))
    if name == "Switch":
        return any(_is_zero_constant(one) or is_zero(one) for one in operands[1:])
    if name in ("Maximum", "ScalarMaximum"):
        return any(map(_is_zero_constant, operands))
    if name == "Add":
        # A rectifier is x + |x|, its gradient g + g sign(x).
        return any(map(_cancels, operands)) or all(map(is_zero, operands))
    return False


def _is_zero_constant(variable: Any) -> bool:
    variable = root_of(variable)
    return isinstance(variable, Constant) and not np.any(variable.data)


def _cancels(term: Any) -> bool:
    name = _operation(term)
    factors = term.owner.inputs if name == "Mul" else ()
    return name == "Abs" or "Sign" in map(_operation, factors)


def _operation(variable: Any) -> str:
    op = getattr(variable.owner, "op", None)
    return type(getattr(op, "scalar_op", op)).__name__


def root_of(variable: Any) -> Any:
    """Return the variable that a transposed or reshaped one shows, with all its elements."""
    whole = VIEWS - {"Subtensor"}
    while variable.owner is not None and type(variable.owner.op).__name__ in whole:
        variable = variable.owner.inputs[0]
    return variable
