"""``theano.gradient`` is ``pytensor.gradient``; ``consider_constant`` is ``zero_grad``."""

from __future__ import annotations

from typing import Any

from pytensor import gradient as _gradient
from pytensor.gradient import (
    DisconnectedType,
    Lop,
    Rop,
    disconnected_grad,
    grad,
    grad_clip,
    grad_not_implemented,
    grad_scale,
    grad_undefined,
    hessian,
    jacobian,
    subgraph_grad,
    verify_grad,
    zero_grad,
)

from mnist_draw.theano_bridge.missing import raise_attribute_error

consider_constant = zero_grad

__all__ = [
    "DisconnectedType", "Lop", "Rop", "consider_constant", "disconnected_grad", "grad",
    "grad_clip", "grad_not_implemented", "grad_scale", "grad_undefined", "hessian",
    "jacobian", "subgraph_grad", "verify_grad", "zero_grad",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if hasattr(_gradient, name):
        return getattr(_gradient, name)
    raise_attribute_error(__name__, name)
