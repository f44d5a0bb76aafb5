"""``theano.gradient`` is ``pytensor.gradient``, with Theano's other names."""

from __future__ import annotations

from typing import Any

from pytensor.gradient import *  # noqa: F403
from pytensor.gradient import pullback, pushforward, zero_grad
from pytensor.tensor import fill

consider_constant = zero_grad


def Lop(f: Any, wrt: Any, eval_points: Any, *how: Any, **named: Any) -> Any:
    """The gradient of `f` by `wrt`, weighted with `eval_points`, one for each output."""
    return pullback(f, wrt, eval_points, *how, **named)


def Rop(f: Any, wrt: Any, eval_points: Any) -> Any:
    """How `f` changes when `wrt` moves along `eval_points`, one for each input."""
    moved = pushforward(f, wrt, eval_points)
    # Theano's result depends on all that `f` does, which a function may then be given.
    if isinstance(f, list | tuple):
        return [fill(one, other) for one, other in zip(f, moved, strict=True)]
    return fill(f, moved)
