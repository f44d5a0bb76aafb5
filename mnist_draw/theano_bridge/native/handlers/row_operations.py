"""How reductions and operations on rows become kernels: sums, softmax, argmax, indexing."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.handlers.arrays import contiguous
from mnist_draw.theano_bridge.native.kernels import reductions as kernels
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.plan import Argument, Array, Planner, Value

#: From so many elements on (200 kB of float32, more than a first-level cache holds), a sum over
#: the first dimension is taken while its rows are at hand.
_LARGE = 50_000
#: Rows of a part are a multiple of 12, as those of a matrix product, at most so many of them, so
#: that both can be cut at the same places.
_PARTS = 48


def reduce(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan a sum, product, maximum or minimum over some dimensions."""
    operation = type(node.op.scalar_op).__name__.removeprefix("Scalar")
    empty = values[0].array.size == 0
    if operation not in kernels.START_VALUES or (operation != "Add" and empty):
        raise UnknownOperationError(f"a reduction by {node.op.scalar_op}")
    value = contiguous(planner, values[0])
    axes = tuple(range(value.array.ndim) if node.op.axis is None else node.op.axis)
    target = node.outputs[0].type.dtype
    source = value.array.dtype.name
    shape = [size for axis, size in enumerate(value.shape) if axis not in axes]
    if empty:
        return [Value(np.zeros(shape, target), static=True)]
    # Long sums of float32 are taken in parts; only sums to a single number need more digits.
    accumulator = "int64" if not target.startswith("float") else target
    if prod(shape) == 1 and target == "float32" and operation == "Add":
        accumulator = "float64"
    groups = _groups(value.shape, axes)
    summed = [flag for flag, _ in groups]
    sizes = [size for _, size in groups]
    is_sum = operation == "Add" and source == target == accumulator
    if is_sum and value.array.size >= _LARGE and summed in ([True, False], [True, False, True]):
        return [Value(_by_parts(planner, value, *sizes).reshape(shape))]
    if summed == [True, False]:
        how = (operation, source, target, accumulator)
        return [Value(_by_columns(planner, value, sizes, how).reshape(shape))]
    out = planner.empty(shape, target)
    if groups[0][0] and len(groups) == 1:
        groups.insert(0, (False, 1))
    if not groups[0][0]:
        groups.insert(0, (True, 1))
    if len(groups) == 2:
        # Over a dimension of one, such as the only picture of a minibatch.
        groups.append((True, 1))
    if len(groups) > 3:
        raise UnknownOperationError(f"a sum of {value.shape} over {axes}")
    outer, kept, inner = (size for _, size in groups)
    arguments: list[Argument] = [out, value, outer, inner, kept * inner, inner]
    function = kernels.reduce_rows(operation, source, target, accumulator)
    by_rows = (0, 1) if outer == 1 else (0,)
    planner.add(function, arguments, kept, elements=value.array.size, rows=by_rows)
    return [Value(out)]


def _groups(shape: tuple[int, ...], axes: tuple[int, ...]) -> list[tuple[bool, int]]:
    """Merge neighbouring dimensions that are all summed, or all kept."""
    groups: list[tuple[bool, int]] = []
    for axis, size in enumerate(shape):
        summed = axis in axes
        if size == 1:
            continue
        if groups and groups[-1][0] == summed:
            size *= groups.pop()[1]
        groups.append((summed, size))
    return groups or [(True, 1)]


def _by_parts(planner: Planner, value: Value, outer: int, kept: int, inner: int = 1) -> Array:
    """Plan a sum over the first dimension, and the last of three, that follows its rows."""
    part = planner.part(outer) if inner > 1 else 12 * -(-outer // (12 * _PARTS))
    parts = -(-outer // part)
    dtype = value.array.dtype.name
    partial = planner.empty((parts, kept), dtype)
    planner.add(
        kernels.sum_by_parts(dtype, inner > 1),
        [partial, value, kept, inner, part],
        outer,
        planner.share(outer, value.array.size, part),
        rows=(1,),
        multiple=part,
        work=value.array.size,
    )
    return add_up(planner, partial)


def add_up(planner: Planner, parts: Array) -> Array:
    """Plan the sum of parts, a row for each."""
    dtype = parts.dtype.name
    return _by_columns(planner, parts, parts.shape, ("Add", dtype, dtype, dtype))


def _by_columns(
    planner: Planner,
    value: Argument,
    sizes: Sequence[int],
    how: tuple[str, str, str, str],
) -> Array:
    """Plan a reduction over rows."""
    (rows, columns) = sizes
    out = planner.empty((columns,), how[2])
    chunk = planner.share(columns, rows * columns, 64)
    kernel = kernels.reduce_columns(*how)
    planner.add(kernel, [out, value, rows, columns], columns, chunk, rows=(0,))
    return out


def softmax(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan a softmax, or its logarithm, over the last dimension."""
    value = _of_rows(planner, node, values)
    dtype = value.array.dtype.name
    columns = value.shape[-1]
    out = planner.empty(value.shape, dtype)
    rows = prod(value.shape[:-1])
    function = kernels.softmax(dtype, type(node.op).__name__ == "LogSoftmax")
    planner.add(function, [out, value, columns], rows, elements=8 * out.size, rows=(0, 1))
    return [Value(out)]


def _of_rows(planner: Planner, node: Any, values: list[Value]) -> Value:
    """Return what an operation over the last dimension takes."""
    value = contiguous(planner, values[0])
    axis = node.op.axis
    axis = axis if isinstance(axis, tuple) else (axis,)
    if axis not in ((value.array.ndim - 1,), (-1,)) or value.array.dtype.kind != "f":
        raise UnknownOperationError(f"{type(node.op).__name__} over {axis}")
    return value


def argmax(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan the index of the largest element of each row."""
    value = _of_rows(planner, node, values)
    out = planner.empty(value.shape[:-1], "int64")
    rows = prod(value.shape[:-1])
    columns = value.shape[-1]
    function = kernels.argmax(value.array.dtype.name)
    planner.add(function, [out, value, columns], rows, elements=value.array.size, rows=(0, 1))
    return [Value(out)]


def gather(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan x[index], whole rows, or x[arange, index], one element of each row."""
    if len(values) == 2:
        return take_rows(planner, node, values)
    x, *places = values
    indices = contiguous(planner, _one_of_each_row(node, x.shape, places))
    x = contiguous(planner, x)
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
        planner.add(function, arguments, rows, elements=out.nbytes, rows=(0, 2))
    return [Value(out)]


def scatter(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan zeros but for x[arange, index] = v."""
    x, value, *places = values
    if not x.static or x.array.any():
        raise UnknownOperationError("AdvancedIncSubtensor into an array that is not empty")
    indices = contiguous(planner, _one_of_each_row(node, x.shape, places))
    value = contiguous(planner, value)
    dtype = x.array.dtype.name
    if value.array.dtype != x.array.dtype or value.array.size not in (1, x.shape[0]):
        raise UnknownOperationError("AdvancedIncSubtensor of another type")
    out = planner.empty(x.shape, dtype)
    function = kernels.scatter(dtype, indices.array.dtype.name, value.array.size == 1)
    arguments: list[Argument] = [out, value, indices, x.shape[1], planner.fault]
    by_rows = (0, 2) if value.array.size == 1 else (0, 1, 2)
    planner.add(function, arguments, x.shape[0], x.shape[0], rows=by_rows)
    return [Value(out)]


def _one_of_each_row(node: Any, shape: tuple[int, ...], places: list[Value]) -> Value:
    """Return the index of the only form that is known here, that of a cross-entropy with labels."""
    plain = getattr(node.op, "idx_list", (0, 1)) == (0, 1) and len(places) == len(shape) == 2
    whole = all(place.array.dtype.kind in "iu" for place in places)
    if not (plain and whole and places[0].static):
        raise UnknownOperationError(f"{type(node.op).__name__} in this form")
    rows, index = places
    if index.shape != (shape[0],) or not np.array_equal(rows.array, np.arange(shape[0])):
        raise UnknownOperationError(f"{type(node.op).__name__} of chosen rows")
    return index
