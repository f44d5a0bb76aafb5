"""Operations that see what is there already in another way."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.handlers.elementwise import contiguous, materialise
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.plan import Planner, Value

#: Operations whose output may be their first input, seen in another way.
VIEWS = frozenset(
    {
        "Assert", "CheckAndRaise", "DeepCopyOp", "DimShuffle", "ExpandDims", "Reshape",
        "SpecifyShape", "Subtensor", "ViewOp",
    }
)  # fmt: skip


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
