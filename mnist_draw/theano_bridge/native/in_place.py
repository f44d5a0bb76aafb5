"""Which outputs may take the place of an input that nobody needs any more."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_draw.theano_bridge.native.handlers.views import VIEWS
from mnist_draw.theano_bridge.native.plan import Value


def scheduled(fgraph: Any, order: list[Any]) -> list[Any]:
    """Put the nodes that make new values of shared variables last.

    All other readers of the old values have then run, and the new ones may take their place.
    """
    updates = {fgraph.outputs[number].owner for number in fgraph.update_mapping or {}}
    waiting, result, late = list(order), [], []
    blocked: set[Any] = set()
    for node in waiting:
        # A node that needs an update's result can only come after it.
        if node in updates or any(variable.owner in blocked for variable in node.inputs):
            blocked.add(node)
            late.append(node)
        else:
            result.append(node)
    return result + late


def replaceable(fgraph: Any, order: list[Any]) -> dict[Any, dict[int, tuple[int, int]]]:
    """Find the outputs that may be written over the input that they are the new value of."""
    position = {node: number for number, node in enumerate(order)}
    aliases = {variable: variable for variable in fgraph.inputs}
    last_read = dict.fromkeys(fgraph.inputs, -1)
    for node in order:
        for variable in node.inputs:
            if variable in aliases:
                last_read[aliases[variable]] = position[node]
        if type(node.op).__name__ in VIEWS and node.inputs[0] in aliases:
            # Who reads a view reads what it is a view of.
            aliases[node.outputs[0]] = aliases[node.inputs[0]]
    kept = {aliases[variable] for variable in fgraph.outputs if variable in aliases}
    result: dict[Any, dict[int, tuple[int, int]]] = {}
    for number, index in (fgraph.update_mapping or {}).items():
        new, old = fgraph.outputs[number], fgraph.inputs[index]
        node = new.owner
        if node is not None and last_read[old] <= position[node] and old not in kept:
            result.setdefault(node, {})[node.outputs.index(new)] = (number, index)
    return result


def fits(old: Value, index: int, operands: list[Value]) -> bool:
    """Whether an elementwise loop may write over an input that it may also read."""
    if old.source != index or not old.array.flags.writeable:
        return False
    shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    same_view = all(
        operand.random
        or operand.source != index
        or (operand.array.shape == old.shape and operand.array.strides == old.array.strides)
        for operand in operands
    )
    return shape == old.shape and same_view


def used_up(fgraph: Any, node: Any, operands: list[Value]) -> dict[int, Value]:
    """Find operands that nobody reads again, and outputs that may take their place.

    The memory is in the cache already, and there is the less of it.
    """
    shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    free = [
        operand
        for variable, operand in zip(node.inputs, operands, strict=True)
        # A view, or what is seen in another way elsewhere, shares its memory.
        if variable.owner is not None
        and type(variable.owner.op).__name__ not in VIEWS
        and {client for client, _ in fgraph.clients[variable]} == {node}
        and not (operand.static or operand.random or operand.source is not None)
        and operand.shape == shape
        and operand.array.flags.c_contiguous
    ]
    result: dict[int, Value] = {}
    for place, output in enumerate(node.outputs):
        for operand in free:
            if operand.array.dtype == np.dtype(output.type.dtype):
                result[place] = operand
                free = [other for other in free if other.array is not operand.array]
                break
    return result
