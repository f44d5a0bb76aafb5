"""How elementwise operations, copies and random numbers become kernels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.kernels import elementwise
from mnist_draw.theano_bridge.native.kernels.elementwise import Operand
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.plan import Argument, Planner, Value


def elemwise(
    planner: Planner, node: Any, values: list[Value], targets: dict[int, Value] | None = None
) -> list[Value]:
    """Plan one fused loop; ``targets`` names inputs whose place an output may take."""
    shape = np.broadcast_shapes(*(value.shape for value in values))
    values = [
        materialise(planner, value) if value.random and value.shape != shape else value
        for value in values
    ]
    results = [
        (targets or {}).get(place) or Value(planner.empty(shape, output.type.dtype))
        for place, output in enumerate(node.outputs)
    ]
    run_elementwise(planner, node.op.scalar_op, values, results)
    return results


def run_elementwise(planner: Planner, op: Any, values: list[Value], results: list[Value]) -> None:
    """Add the kernel of a scalar operation for operands of any strides."""
    shape = results[0].shape
    elements = prod(shape)
    if elements == 0:
        return
    sizes, strides = _collapsed(shape, [value for value in values if not value.random])
    if len(sizes) > 3:
        raise UnknownOperationError(f"an elementwise loop over {len(sizes)} dimensions")
    sizes = [1] * (3 - len(sizes)) + sizes
    operands, layout, remaining = [], [], iter(strides)
    places = range(len(results), len(results) + len(values))
    by_rows = set(range(len(results)))
    for place, value in zip(places, values, strict=True):
        if value.random:
            operands.append(Operand("random", "int64"))
            continue
        steps = next(remaining)
        steps = [0] * (3 - len(steps)) + steps
        operand = _operand(value, sizes, steps)
        operands.append(operand)
        if operand.kind in ("unit", "fixed", "strided"):
            layout += steps
        if operand.kind == "full" or (operand.kind == "fixed" and _one_a_row(sizes, steps)):
            by_rows.add(place)
    function = elementwise.kernel(
        op, tuple(operands), tuple(result.array.dtype.name for result in results)
    )
    arguments: list[Argument] = [*results, *values]
    if elementwise.runs_over_elements(tuple(operands)):
        extent, chunk = elements, planner.share(elements, elements, 64)
    else:
        extent = sizes[0] * sizes[1]
        chunk = planner.share(extent, elements)
        arguments += [sizes[1], sizes[2], *layout]
    planner.add(function, arguments, extent, chunk, rows=by_rows, writes=range(len(results)))


def _one_a_row(sizes: list[int], steps: list[int]) -> bool:
    """Tell whether an operand with one element for each row has them side by side."""
    return steps[1] == 1 and (sizes[0] == 1 or steps[0] == sizes[1])


def _operand(value: Value, sizes: list[int], steps: list[int]) -> Operand:
    """Tell how a kernel has to read an operand with these steps."""
    dtype = value.array.dtype.name
    full = [sizes[1] * sizes[2], sizes[2], 1]
    if value.array.size == 1:
        return Operand("scalar", dtype)
    if all(step == f or size == 1 for step, f, size in zip(steps, full, sizes, strict=True)):
        return Operand("full", dtype)
    return Operand("unit" if steps[2] == 1 else "fixed" if steps[2] == 0 else "strided", dtype)


def _collapsed(shape: tuple[int, ...], values: list[Value]) -> tuple[list[int], list[list[int]]]:
    """Merge dimensions that all operands run through alike; strides in elements."""
    arrays = [np.broadcast_to(value.array, shape) for value in values]
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in arrays]
    for dimension, size in enumerate(shape):
        if size == 1:
            continue
        own = [array.strides[dimension] // array.itemsize for array in arrays]
        if sizes and all(s[-1] == o * size for s, o in zip(steps, own, strict=True)):
            sizes[-1] *= size
            for s, o in zip(steps, own, strict=True):
                s[-1] = o
        else:
            sizes.append(size)
            for s, o in zip(steps, own, strict=True):
                s.append(o)
    return sizes, steps


class _Copy:
    """Stands for the scalar operation that changes nothing."""


_Copy.__name__ = "Identity"


def contiguous(planner: Planner, value: Value) -> Value:
    """Return the value with its elements side by side, by a copy where need be."""
    value = materialise(planner, value)
    if value.array.flags.c_contiguous:
        return value
    return copied(planner, value)


def copied(planner: Planner, value: Value) -> Value:
    """Return a copy in the plan's own memory."""
    copy = Value(planner.empty(value.shape, value.array.dtype))
    run_elementwise(planner, _Copy(), [value], [copy])
    return copy


def materialise(planner: Planner, value: Value) -> Value:
    """Store a mask that so far is only computed where it is used."""
    if not value.random:
        return value
    numbers = Value(planner.empty(value.shape, "float32"))
    run_elementwise(planner, _Copy(), [value], [numbers])
    return numbers


def hashed_uniform(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan random numbers: nothing to do until somebody uses them."""
    state, size = values
    if not size.static:
        raise UnknownOperationError("random numbers of a shape that depends on values")
    shape = tuple(int(n) for n in size.array)
    return [Value(state.array, state.source, random=True, shape=shape)]
