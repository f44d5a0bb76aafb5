"""``theano.gradient`` is ``pytensor.gradient``, with Theano's other names."""

from __future__ import annotations

from typing import Any

from pytensor import gradient as _gradient
from pytensor.gradient import *  # noqa: F403
from pytensor.gradient import pullback, pushforward, zero_grad

from mnist_draw.theano_bridge.names import look_up

consider_constant = zero_grad


def Lop(f: Any, wrt: Any, eval_points: Any, *how: Any, **named: Any) -> Any:
    """The gradient of `f` by `wrt`, weighted with `eval_points`, one for each output."""
    return pullback(f, wrt, eval_points, *how, **named)


def Rop(f: Any, wrt: Any, eval_points: Any) -> Any:
    """How `f` changes when `wrt` moves along `eval_points`, one for each input."""
    return pushforward(f, wrt, eval_points)


def __getattr__(name: str) -> Any:
    return look_up(__name__, name, _gradient)
