"""``theano.compile.sharedvalue``: shared variables.

``shared`` differs from PyTensor's in two points. ``broadcastable=`` is Theano's keyword
and no deprecated one. And inside ``mnist_draw.theano_bridge.fixed_shapes`` an array
fixes the shape of its variable.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor
from pytensor.compile.sharedvalue import SharedVariable, shared_constructor

from mnist_draw.theano_bridge.static_shapes import shape_is_fixed

__all__ = ["SharedVariable", "shared", "shared_constructor"]


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    **keywords: Any,
) -> SharedVariable:
    """Create a variable that keeps its value between the calls of functions."""
    pattern = keywords.pop("broadcastable", None)
    if isinstance(value, np.ndarray) and "shape" not in keywords:
        if pattern is None:
            pattern = (False,) * value.ndim
        free = None if not shape_is_fixed() else value.shape
        keywords["shape"] = tuple(
            1 if one else _unless_one(free, axis) for axis, one in enumerate(pattern)
        )
    return pytensor.shared(
        value, name=name, strict=strict, allow_downcast=allow_downcast, **keywords
    )


def _unless_one(lengths: tuple[int, ...] | None, axis: int) -> int | None:
    # Lasagne makes placeholders of length 1 whose real value comes later
    # (lasagne.utils.shared_empty), and a fixed 1 would broadcast: left open.
    if lengths is None or lengths[axis] == 1:
        return None
    return lengths[axis]
