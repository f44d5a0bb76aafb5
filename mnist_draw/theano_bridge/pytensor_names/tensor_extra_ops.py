"""``theano.tensor.extra_ops`` is ``pytensor.tensor.extra_ops``; ``to_one_hot`` is our own.

PyTensor's ``to_one_hot`` takes its default dtype from elsewhere; Theano's is floatX.
"""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pytensor import config
from pytensor.tensor import extra_ops as _extra_ops

from mnist_draw.theano_bridge.names import look_up


def to_one_hot(y: Any, nb_class: int, dtype: str | None = None) -> Any:
    """One row per integer of `y`, 1 in the column that it names."""
    rows = pt.zeros((y.shape[0], nb_class), dtype=dtype or config.floatX)
    return pt.set_subtensor(rows[pt.arange(y.shape[0]), y], 1)


def __getattr__(name: str) -> Any:
    return look_up(__name__, name, _extra_ops)
