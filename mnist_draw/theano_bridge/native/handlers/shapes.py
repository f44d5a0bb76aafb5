"""What a plan can compute at once, because it follows from shapes and constants alone."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.plan import Value


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
        storage[output], computed[output] = [None], [False]
    thunk = node.op.make_thunk(node, storage, computed, no_recycling=[], impl="py")
    with warnings.catch_warnings():
        # PyTensor 3.3 inverts truth values with ~, which Python 3.12 and later complain about.
        warnings.simplefilter("ignore", DeprecationWarning)
        thunk()
    return [storage[output][0] for output in node.outputs]


def known_scalars(node: Any, operands: list[Value], results: list[Value]) -> list[Value]:
    """Replace outputs of a composite on single numbers that depend on its known inputs only.

    PyTensor fuses computations on shapes with others, "batch size equals number of labels" with
    the mean of the loss for instance; later nodes need the former when the plan is made.
    """
    composite = node.op.scalar_op
    if not hasattr(composite, "fgraph") or any(value.shape for value in results):
        return results
    inner = composite.fgraph
    known = {
        variable for variable, operand in zip(inner.inputs, operands, strict=True) if operand.static
    }
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
