"""How elementwise operations become kernels; views; what follows from shapes alone."""

from __future__ import annotations

import warnings
from math import prod
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.kernels import elementwise
from mnist_draw.theano_bridge.native.kernels.elementwise import Operand
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.kernels.sparse import is_supported
from mnist_draw.theano_bridge.native.plan import Argument, Planner, Value


def elemwise(
    planner: Planner,
    node: Any,
    values: list[Value],
    targets: dict[int, Value] | None = None,
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
    operands = []
    layout = []
    remaining = iter(strides)
    by_rows = set(range(len(results)))
    for place, value in enumerate(values, len(results)):
        if value.random:
            operands.append(Operand("random", "int64"))
            continue
        steps = next(remaining)
        steps = [0] * (3 - len(steps)) + steps
        operand = _operand(value, sizes, steps)
        operands.append(operand)
        if operand.kind in ("unit", "fixed", "strided"):
            layout += steps
        # One element for each row, side by side, goes by rows too.
        beside = steps[1] == 1 and (sizes[0] == 1 or steps[0] == sizes[1])
        if operand.kind == "full" or (operand.kind == "fixed" and beside):
            by_rows.add(place)
    # What decays from step to step, such as the accumulator of a unit that gets no gradient, would
    # remain denormal for ever.
    flushes = is_supported() and any(result.source is not None for result in results)
    dtypes = tuple(result.array.dtype.name for result in results)
    function = elementwise.kernel(op, tuple(operands), dtypes, flushes)
    arguments: list[Argument] = [*results, *values]
    if elementwise.runs_over_elements(tuple(operands)):
        extent = elements
        chunk = planner.share(elements, elements, 64)
    else:
        extent = sizes[0] * sizes[1]
        chunk = planner.share(extent, elements)
        arguments += [sizes[1], sizes[2], *layout]
    planner.add(function, arguments, extent, chunk, rows=by_rows, writes=range(len(results)))


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
            size *= sizes.pop()
            steps = [s[:-1] for s in steps]
        sizes.append(size)
        steps = [[*s, o] for s, o in zip(steps, own, strict=True)]
    return sizes, steps


#: A scalar operation that copies.
_Copy = type("Identity", (), {})


def contiguous(planner: Planner, value: Value) -> Value:
    """Return the value with its elements side by side, by a copy where need be."""
    value = materialise(planner, value)
    if value.array.flags.c_contiguous:
        return value
    return copied(planner, value)


def copied(planner: Planner, value: Value) -> Value:
    """Return a copy in the plan's own memory."""
    copy = Value(planner.empty(value.shape, "float32" if value.random else value.array.dtype))
    run_elementwise(planner, _Copy(), [value], [copy])
    return copy


def materialise(planner: Planner, value: Value) -> Value:
    """Store a mask that so far is only computed where it is used."""
    return copied(planner, value) if value.random else value


def hashed_uniform(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan random numbers: the loop that uses them computes them."""
    state, size = values
    if not size.static:
        raise UnknownOperationError("random numbers of a shape that depends on values")
    shape = tuple(int(n) for n in size.array)
    return [Value(state.array, state.source, random=True, shape=shape)]


#: Operations whose output may be their first input, seen in another way.
VIEWS = frozenset(
    {
        "Assert",
        "CheckAndRaise",
        "DeepCopyOp",
        "DimShuffle",
        "ExpandDims",
        "Reshape",
        "SpecifyShape",
        "Subtensor",
        "ViewOp",
    },
)


def view(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan an operation that only looks at its first operand in another way."""
    first = materialise(planner, values[0])
    if type(node.op).__name__ == "Reshape":
        first = contiguous(planner, first)
    storage: list[list[Any]] = [[None] for _ in node.outputs]
    # A length that SpecifyShape leaves open is a constant without a value.
    others = [
        None if getattr(operand, "data", value) is None else value.array
        for operand, value in zip(node.inputs[1:], values[1:], strict=True)
    ]
    node.op.perform(node, [first.array, *others], storage)
    result = storage[0][0]
    if result.size and not np.shares_memory(result, first.array):
        raise UnknownOperationError(f"{type(node.op).__name__} that copies")
    return [Value(result, first.source)]


def deep_copy(planner: Planner, node: Any, values: list[Value]) -> list[Value]:
    """Plan an output that is an input: outputs are copied at the end anyway."""
    return [materialise(planner, values[0])]


def from_shapes(node: Any, operands: list[Value]) -> list[Value] | None:
    """Compute a node's outputs now, if they depend on shapes and constants only."""
    name = type(node.op).__name__
    if name == "Shape_i":
        return [_static(operands[0].shape[node.op.i])]
    if name == "Shape":
        return [_static(operands[0].shape)]
    if name in ("Assert", "CheckAndRaise") and all(value.static for value in operands[1:]):
        if not all(bool(value.array) for value in operands[1:]):
            raise getattr(node.op, "exc_type", AssertionError)(node.op.msg)
        return [operands[0]]
    if operands and all(value.static for value in operands):
        return [_static(result) for result in evaluate(node, [value.array for value in operands])]
    return None


def evaluate(node: Any, inputs: list[Any]) -> list[Any]:
    """Run one node in Python."""
    if type(node.op).__name__ == "Elemwise" and all(np.ndim(value) == 0 for value in inputs):
        # Elemwise would hand its numbers over as Python's, and NumPy 2 refuses the maximum of 500
        # and an int8: the constant 1 of a shape is one.
        found = node.op.scalar_op.impl(*(np.asarray(value)[()] for value in inputs))
        results = [found] if len(node.outputs) == 1 else list(found)
        types = [output.dtype for output in node.outputs]
        return [np.asarray(one, dtype) for one, dtype in zip(results, types, strict=True)]
    storage = {variable: [value] for variable, value in zip(node.inputs, inputs, strict=True)}
    computed = {variable: [True] for variable in node.inputs}
    for output in node.outputs:
        storage[output] = [None]
        computed[output] = [False]
    thunk = node.op.make_thunk(node, storage, computed, no_recycling=[], impl="py")
    with warnings.catch_warnings():
        # PyTensor 3.3 inverts truth values with ~, which Python 3.12 and later complain about.
        warnings.simplefilter("ignore", DeprecationWarning)
        thunk()
    return [storage[output][0] for output in node.outputs]


def known_scalars(node: Any, operands: list[Value], results: list[Value]) -> list[Value]:
    """Replace outputs of a composite on single numbers that depend on its known inputs only.

    PyTensor fuses computations on shapes with others; later nodes need them for the plan.
    """
    composite = node.op.scalar_op
    if not hasattr(composite, "fgraph") or any(value.shape for value in results):
        return results
    inner = composite.fgraph
    known = {x for x, operand in zip(inner.inputs, operands, strict=True) if operand.static}
    for step in inner.toposort():
        if all(
            variable in known or (variable.owner is None and variable not in inner.inputs)
            for variable in step.inputs
        ):
            known.update(step.outputs)
    if not any(variable in known for variable in inner.outputs):
        return results
    stand_ins = [
        operand.array if operand.static else np.ones((), operand.array.dtype)
        for operand in operands
    ]
    computed = evaluate(node, stand_ins)
    return [
        _static(value) if variable in known else result
        for variable, value, result in zip(inner.outputs, computed, results, strict=True)
    ]


def _static(value: Any) -> Value:
    return Value(np.asarray(value), static=True)
