"""``theano.tensor``: ``pytensor.tensor``, with Theano's spellings where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as _tensor
from pytensor import config
from pytensor.graph.replace import vectorize_graph
from pytensor.tensor import *  # noqa: F403
from pytensor.tensor import TensorType, as_tensor_variable, specify_broadcastable

from mnist_draw.theano_bridge.instance_checks import TensorVariable as TensorVariable
from mnist_draw.theano_bridge.names import FILES, HOMES

SUBMODULES = [name[14:] for name in (*HOMES, *FILES) if name.startswith("theano.tensor.")]
# The star above also took PyTensor's modules of the same names.
for _name in SUBMODULES:
    globals().pop(_name, None)

abs_ = _tensor.abs
inv = _tensor.reciprocal
sgn = _tensor.sign


def stack(*tensors: Any, axis: int = 0) -> Any:
    """Join tensors along a new dimension, also as it was once: ``stack(a, b)``."""
    if isinstance(tensors[0], list | tuple):
        if len(tensors) > 1:
            axis = tensors[1]
        return _tensor.stack(tensors[0], axis=axis)
    if len(tensors) == 2 and isinstance(tensors[1], int):
        return _tensor.stack(tensors[0], axis=tensors[1])
    return _tensor.stack(tensors, axis=axis)


def flatten(x: Any, ndim: int | None = None, outdim: int | None = None) -> Any:
    """Reshape to `ndim` dimensions; the first ``ndim - 1`` keep their length."""
    return _tensor.flatten(x, ndim=outdim or ndim or 1)


def tensor(dtype: Any = None, broadcastable: Any = None, name: Any = None, **keywords: Any) -> Any:
    """A variable of the given `dtype`, one dimension per entry of `broadcastable`."""
    if broadcastable is None:
        return _tensor.tensor(name, dtype=dtype, **keywords)
    return TensorType(dtype, tuple(1 if one else None for one in broadcastable))(name)


def addbroadcast(x: Any, *axes: int) -> Any:
    """Declare the length of `axes` to be 1."""
    return specify_broadcastable(as_tensor_variable(x), *axes)


def unbroadcast(x: Any, *axes: int) -> Any:
    """`x` itself: with PyTensor a length of 1 that is known does no harm."""
    return as_tensor_variable(x)


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> Any:
    """Declare the length of each axis to be 1 for which `broadcastable` is True."""
    axes = [axis for axis, one in enumerate(broadcastable) if one]
    return addbroadcast(x, *axes) if axes else as_tensor_variable(x)


def batched_dot(a: Any, b: Any) -> Any:
    """``dot(a[i], b[i])`` for every i, stacked. `a` and `b` are 2-D or 3-D."""
    a = as_tensor_variable(a)
    b = as_tensor_variable(b)
    if not (2 <= a.ndim <= 3 and 2 <= b.ndim <= 3):
        raise TypeError(
            f"batched_dot takes tensors of 2 or 3 dimensions, not {a.ndim} and {b.ndim}.",
        )
    return batched_tensordot(a, b, ([a.ndim - 1], [1]))


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    """``tensordot(x[i], y[i])`` for every i, stacked; `axes` counts the stack's as the first."""
    x = as_tensor_variable(x)
    y = as_tensor_variable(y)
    one = x[0].type()
    other = y[0].type()
    if not isinstance(axes, int):
        axes = [[axis - 1 for axis in np.atleast_1d(each)] for each in axes]
    return vectorize_graph(_tensor.tensordot(one, other, axes), {one: x, other: y})


def to_one_hot(y: Any, nb_class: int, dtype: str | None = None) -> Any:
    """One row per integer of `y`, 1 in the column that it names; floatX if no `dtype` is told."""
    rows = _tensor.zeros((y.shape[0], nb_class), dtype=dtype or config.floatX)
    return _tensor.set_subtensor(rows[_tensor.arange(y.shape[0]), y], 1)


def inner(a: Any, b: Any) -> Any:
    """Sum of products along the last axes."""
    return _tensor.tensordot(a, b, axes=[[-1], [-1]])


def topk(x: Any, kth: int, axis: int = -1, ordered_by: Any = _tensor.sort, **_: Any) -> Any:
    """The `kth` largest entries along an axis; the smallest where it is negative."""
    order = ordered_by(as_tensor_variable(x), axis=axis).swapaxes(axis, -1)
    return (order[..., -kth:] if kth > 0 else order[..., :-kth]).swapaxes(axis, -1)


def argtopk(x: Any, kth: int, axis: int = -1, **_: Any) -> Any:
    """Places of what :func:`topk` returns."""
    return topk(x, kth, axis, _tensor.argsort)


def MatrixPinv() -> Any:
    """Return what inverts a matrix as far as that can be done."""
    return _tensor.linalg.pinv


# As in Theano, the name of this module is that of its main function.
from theano.tensor.sort import argsort as argsort  # noqa: E402
from theano.tensor.sort import sort as sort  # noqa: E402
