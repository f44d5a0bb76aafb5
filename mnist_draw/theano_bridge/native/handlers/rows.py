"""How operations on the rows of a matrix become kernels: softmax, argmax, choosing by index."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.handlers.elementwise import contiguous
from mnist_draw.theano_bridge.native.kernels import rows as kernels
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.plan import Argument, Planner, Value


def softmax(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan a softmax, or its logarithm, over the last dimension."""
    value = contiguous(planner, values[0])
    axis = node.op.axis
    axis = axis if isinstance(axis, tuple) else (axis,)
    if axis not in ((value.array.ndim - 1,), (-1,)) or not value.array.dtype.kind == "f":
        raise UnknownOperationError(f"softmax over {axis}")
    dtype, columns = value.array.dtype.name, value.shape[-1]
    out = planner.empty(value.shape, dtype)
    rows = prod(value.shape[:-1])
    function = kernels.softmax(dtype, type(node.op).__name__ == "LogSoftmax")
    chunk = planner.share(rows, 8 * out.size)
    planner.add(function, [out, value, columns], rows, chunk, rows=(0, 1))
    return [Value(out)]


def argmax(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan the index of the largest element of each row."""
    value = contiguous(planner, values[0])
    axis = node.op.axis
    if tuple(axis or ()) != (value.array.ndim - 1,) or value.array.dtype.kind != "f":
        raise UnknownOperationError(f"argmax over {axis}")
    out = planner.empty(value.shape[:-1], "int64")
    rows, columns = prod(value.shape[:-1]), value.shape[-1]
    function = kernels.argmax(value.array.dtype.name)
    chunk = planner.share(rows, value.array.size)
    planner.add(function, [out, value, columns], rows, chunk, rows=(0, 1))
    return [Value(out)]


def gather(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan x[index], whole rows, or x[arange, index], one element of each row."""
    if len(values) == 2:
        return take_rows(planner, node, values)
    x, rows, indices = values
    _check_one_of_each_row(node, x.shape, rows, indices)
    x, indices = contiguous(planner, x), contiguous(planner, indices)
    dtype = x.array.dtype.name
    out = planner.empty((x.shape[0],), dtype)
    function = kernels.gather(dtype, indices.array.dtype.name)
    arguments: list[Argument] = [out, x, indices, x.shape[1], planner.fault]
    planner.add(function, arguments, x.shape[0], x.shape[0], rows=(0, 1, 2))
    return [Value(out)]


def take_rows(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan x[index] for a vector of indices."""
    x, indices = (contiguous(planner, value) for value in values)
    vector = indices.array.ndim == 1 and indices.array.dtype.kind in "iu" and x.array.ndim
    if not vector or tuple(getattr(node.op, "idx_list", None) or (0,)) != (0,):
        raise UnknownOperationError(f"{node.op} in this form")
    rows = len(indices.array)
    out = planner.empty((rows, *x.shape[1:]), x.array.dtype)
    if out.size:
        width = out.nbytes // rows
        arguments: list[Argument] = [out, x, indices, width, len(x.array), planner.fault]
        function = kernels.take_rows(indices.array.dtype.name)
        chunk = planner.share(rows, out.nbytes)
        planner.add(function, arguments, rows, chunk, rows=(0, 2))
    return [Value(out)]


def scatter(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan zeros but for x[arange, index] = v."""
    x, value, rows, indices = values
    if not x.static or x.array.any():
        raise UnknownOperationError("AdvancedIncSubtensor into an array that is not empty")
    _check_one_of_each_row(node, x.shape, rows, indices)
    value, indices = contiguous(planner, value), contiguous(planner, indices)
    dtype = x.array.dtype.name
    if value.array.dtype != x.array.dtype or value.array.size not in (1, x.shape[0]):
        raise UnknownOperationError("AdvancedIncSubtensor of another type")
    out = planner.empty(x.shape, dtype)
    function = kernels.scatter(dtype, indices.array.dtype.name, value.array.size == 1)
    arguments: list[Argument] = [out, value, indices, x.shape[1], planner.fault]
    by_rows = (0, 2) if value.array.size == 1 else (0, 1, 2)
    planner.add(function, arguments, x.shape[0], x.shape[0], rows=by_rows)
    return [Value(out)]


def _check_one_of_each_row(node: Any, shape: tuple[int, ...], rows: Value, index: Value) -> None:
    """Only the form that a cross-entropy with labels takes is known here."""
    plain = getattr(node.op, "idx_list", (0, 1)) == (0, 1)
    fits = len(shape) == 2 and rows.static and index.array.ndim == 1
    if not (plain and fits and index.array.dtype.kind in "iu"):
        raise UnknownOperationError(f"{type(node.op).__name__} in this form")
    if index.shape != (shape[0],) or not np.array_equal(rows.array, np.arange(shape[0])):
        raise UnknownOperationError(f"{type(node.op).__name__} of chosen rows")
