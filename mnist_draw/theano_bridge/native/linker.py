"""The linker: runs a graph as native programs, or has it interpreted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any

import numpy as np
from pytensor.graph.basic import Constant, Variable
from pytensor.link.basic import JITLinker
from pytensor.link.numba.linker import NumbaLinker

from mnist_draw.theano_bridge.interpreter import UNUSED, interpreted
from mnist_draw.theano_bridge.native.handlers import HANDLERS, pooled
from mnist_draw.theano_bridge.native.handlers.arrays import (
    VIEWS,
    copied,
    elemwise,
    from_shapes,
    known_scalars,
    materialise,
)
from mnist_draw.theano_bridge.native.kernels.scalars import UnknownOperationError
from mnist_draw.theano_bridge.native.plan import Array, Plan, Planner, Value, signature

#: How many plans, each for other shapes, are kept. A network that reads numbers meets one shape for
#: each count of digits.
MAX_PLANS = 8


class NativeLinker(JITLinker):  # type: ignore[misc]
    """Links a graph to native kernels; see `mnist_draw.theano_bridge.native`."""

    required_rewrites = ("minimum_compile",)
    incompatible_rewrites = (
        *NumbaLinker.incompatible_rewrites,
        *UNUSED,
        # The plan decides itself what may take the place of what.
        "inplace",
    )

    def __init__(self, most_shapes: int | None = None) -> None:
        super().__init__()
        self.most_shapes = most_shapes

    def fgraph_convert(self, fgraph: Any, order: Any = None, **options: Any) -> Any:
        """Return what runs the graph."""
        self.runner = GraphRunner(fgraph, _scheduled(fgraph, order), self.most_shapes)
        return self.runner

    def jit_compile(self, fn: Any) -> Any:
        """Return it as it is: a plan is made when shapes are known."""
        return fn

    def create_thunk_inputs(self, storage_map: dict[Any, list[Any]]) -> list[Any]:
        """Return the cells that hold the inputs."""
        return [storage_map[variable] for variable in self.fgraph.inputs]


class GraphRunner:
    """A graph with its plans, one for each set of shapes that it has met."""

    def __init__(self, fgraph: Any, order: list[Any], most_shapes: int | None = None) -> None:
        self._fgraph = fgraph
        self._order = order
        self._shapes_left = most_shapes
        self._plans: dict[tuple[Any, ...], Plan] = {}
        self._latest: Plan | None = None
        self._fallback: Callable[..., Any] | None = None

    def __call__(self, *inputs: Any) -> Sequence[Any]:
        """Compute the outputs from the inputs."""
        if self._latest is not None and self._latest.accepts(inputs):
            return self._latest.run(inputs)
        if self._fallback is None:
            try:
                self._latest = self._plan_for(inputs)
                return self._latest.run(inputs)
            except UnknownOperationError:
                self._fallback = interpreted(self._fgraph)
        results: Sequence[Any] = self._fallback(*inputs)
        return results

    def _plan_for(self, inputs: Sequence[Any]) -> Plan:
        """Return the plan for inputs of these shapes and types; make it where there is none."""
        if not all(isinstance(value, np.ndarray) for value in inputs):
            raise UnknownOperationError("inputs that are no arrays")
        key = signature(inputs)
        if key not in self._plans:
            if self._shapes_left is not None:
                if not self._shapes_left:
                    raise UnknownOperationError("too many different shapes")
                self._shapes_left -= 1
            plan = self._plan(inputs)
            if len(self._plans) >= MAX_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = plan
        return self._plans[key]

    def _plan(self, inputs: Sequence[Array]) -> Plan:
        planner = Planner(inputs)
        replaceable = _replaceable(self._fgraph, self._order)
        updated = {index for places in replaceable.values() for _, index in places.values()}
        values: dict[Variable, Value] = {
            variable: planner.take_input(index, array, index in updated)
            for index, (variable, array) in enumerate(zip(self._fgraph.inputs, inputs, strict=True))
        }
        written: dict[int, int] = {}
        updates = _updates(self._fgraph)
        # Before anything is written over an input.
        order = list(takewhile(lambda node: node not in updates, self._order))
        chains = pooled.find(self._fgraph, order)
        for node in self._order:
            chain = chains.get(node)
            if chain and node not in chain.ends:
                continue
            variables = chain.inputs_of(node) if chain else node.inputs
            operands = [_value_of(values, variable) for variable in variables]
            results = chain.plan(planner, node, operands) if chain else from_shapes(node, operands)
            if results is None and type(node.op).__name__ == "Elemwise":
                targets = {}
                for place, (number, index) in replaceable.get(node, {}).items():
                    old = values[self._fgraph.inputs[index]]
                    if _fits(old, index, operands):
                        targets[place] = old
                        written[number] = index
                for place, old in _used_up(self._fgraph, node, operands).items():
                    targets.setdefault(place, old)
                results = known_scalars(node, operands, elemwise(planner, node, operands, targets))
            elif results is None:
                name = type(node.op).__name__
                if name not in HANDLERS:
                    raise UnknownOperationError(name)
                results = HANDLERS[name](planner, node, operands)
            values.update(zip(node.outputs, results, strict=True))
        outputs = []
        for number, variable in enumerate(self._fgraph.outputs):
            value = materialise(planner, _value_of(values, variable))
            if value.source is not None and number not in written:
                # (Part of) an input may have another address in the next run.
                value = copied(planner, value)
            outputs.append(value)
        return Plan(inputs, planner, outputs, written)


def _value_of(values: dict[Variable, Value], variable: Variable) -> Value:
    if variable not in values:
        if not isinstance(variable, Constant):
            raise UnknownOperationError(f"the input {variable}")
        values[variable] = Value(np.asarray(variable.data), static=True)
    return values[variable]


def _scheduled(fgraph: Any, order: list[Any]) -> list[Any]:
    """Put nodes that make new values of shared variables last, when the old ones have been read."""
    updates = _updates(fgraph)
    late: dict[Any, None] = {}
    for node in order:
        # A node that needs an update's result can only come after it.
        if node in updates or any(variable.owner in late for variable in node.inputs):
            late[node] = None
    return [node for node in order if node not in late] + list(late)


def _updates(fgraph: Any) -> set[Any]:
    return {fgraph.outputs[number].owner for number in fgraph.update_mapping or {}}


def _replaceable(fgraph: Any, order: list[Any]) -> dict[Any, dict[int, tuple[int, int]]]:
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
        new = fgraph.outputs[number]
        old = fgraph.inputs[index]
        node = new.owner
        if node is not None and last_read[old] <= position[node] and old not in kept:
            result.setdefault(node, {})[node.outputs.index(new)] = (number, index)
    return result


def _fits(old: Value, index: int, operands: list[Value]) -> bool:
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


def _used_up(fgraph: Any, node: Any, operands: list[Value]) -> dict[int, Value]:
    """Find operands that are not read again, and outputs that may overwrite them in the cache."""
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
        same = (each for each in free if each.array.dtype == np.dtype(output.type.dtype))
        if (operand := next(same, None)) is not None:
            result[place] = operand
            free = [other for other in free if other.array is not operand.array]
    return result
