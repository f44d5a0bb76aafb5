"""``theano.tensor.var``: variables that hold tensors.

``TensorVariable`` is that of :mod:`mnist_draw.theano_bridge.instance_checks`, the rest is
``pytensor.tensor.variable``.
"""

from __future__ import annotations

from typing import Any

import pytensor.tensor.variable as _names

from mnist_draw.theano_bridge.instance_checks import TensorVariable
from mnist_draw.theano_bridge.missing import attribute_error

__all__ = ["TensorVariable"]


def __getattr__(name: str) -> Any:
    if hasattr(_names, name):
        return getattr(_names, name)
    raise attribute_error(__name__, name)
