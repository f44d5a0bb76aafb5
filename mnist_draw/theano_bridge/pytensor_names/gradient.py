"""``theano.gradient`` is ``pytensor.gradient``.

``consider_constant`` is ``zero_grad``; ``Lop`` and ``Rop`` are ``pullback`` and
``pushforward``, as PyTensor calls them now.
"""

from __future__ import annotations

from typing import Any

from pytensor import gradient as _gradient
from pytensor.gradient import (
    DisconnectedType,
    disconnected_grad,
    grad,
    grad_clip,
    grad_not_implemented,
    grad_scale,
    grad_undefined,
    hessian,
    jacobian,
    pullback,
    pushforward,
    subgraph_grad,
    verify_grad,
    zero_grad,
)

from mnist_draw.theano_bridge.names import look_up

consider_constant = zero_grad

__all__ = [
    "DisconnectedType", "Lop", "Rop", "consider_constant", "disconnected_grad", "grad",
    "grad_clip", "grad_not_implemented", "grad_scale", "grad_undefined", "hessian",
    "jacobian", "subgraph_grad", "verify_grad", "zero_grad",
]  # fmt: skip


def Lop(
    f: Any,
    wrt: Any,
    eval_points: Any,
    consider_constant: Any = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """The gradient of `f` by `wrt`, weighted with `eval_points`, one for each output."""
    return pullback(
        f, wrt, eval_points, consider_constant=consider_constant,
        disconnected_inputs=disconnected_inputs,
    )  # fmt: skip


def Rop(f: Any, wrt: Any, eval_points: Any) -> Any:
    """How `f` changes when `wrt` moves along `eval_points`, one for each input."""
    return pushforward(f, wrt, eval_points)


def __getattr__(name: str) -> Any:
    return look_up(__name__, name, _gradient)
