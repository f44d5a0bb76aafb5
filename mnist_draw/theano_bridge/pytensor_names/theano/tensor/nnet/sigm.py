"""``theano.tensor.nnet.sigm``: the sigmoid and its cheap relatives."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pytensor.tensor import sigmoid, softplus

__all__ = ["hard_sigmoid", "sigmoid", "softplus", "ultra_fast_sigmoid"]


def hard_sigmoid(x: Any) -> Any:
    """``clip(0.2 x + 0.5, 0, 1)``: three straight lines instead of a sigmoid."""
    x = pt.as_tensor_variable(x)
    slope = pt.constant(0.2, dtype=_float(x))
    shift = pt.constant(0.5, dtype=_float(x))
    return pt.clip(x * slope + shift, 0, 1)


def ultra_fast_sigmoid(x: Any) -> Any:
    """Theano's rational approximation of the sigmoid, within 0.03 of it."""
    x = pt.as_tensor_variable(x)
    half = x * pt.constant(0.5, dtype=_float(x))
    size = pt.abs(half)
    near = 1.5 * size / (1 + size)
    middle = 0.935409070603099 + 0.0458812946797165 * (size - 1.7)
    rise = pt.switch(size < 1.7, near, pt.switch(size < 3, middle, 0.99505475368673))
    return (0.5 * (pt.sign(half) * rise + 1)).astype(_float(x))


def _float(x: Any) -> str:
    return str(x.dtype) if str(x.dtype).startswith("float") else "float32"
