"""A convolution, what follows it element by element, and max pooling as one kernel.

In training the way back is one kernel, too: the gradient of pooling and that of the rectifier. The
planner finds such chains before it walks through the graph.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from pytensor.graph.basic import Constant

from mnist_draw.theano_bridge.native.handlers.arrays import contiguous
from mnist_draw.theano_bridge.native.handlers.products import convolve, prepared, regions_of
from mnist_draw.theano_bridge.native.kernels import pooled
from mnist_draw.theano_bridge.native.plan import Argument, Planner, Value


class Chain:
    """The nodes of a chain; in training those of its gradient, and the rectifier's derivatives."""

    def __init__(self, convolution: Any, activation: Any, pool: Any) -> None:
        self.convolution = convolution
        self.activation = activation
        self.pool = pool
        self.gradient: Any = None
        self.derivative: Any = None
        #: What multiplies the gradient of a negative number, of 0, of a positive one.
        self.factors: tuple[float, ...] = ()
        #: Which outputs of the activation are pooled, and tell the sign.
        self.outputs = [activation.outputs.index(pool.inputs[0])]

    @property
    def ends(self) -> tuple[Any, Any]:
        """The nodes at which the way forward and that back are planned."""
        return self.pool, self.derivative

    def inputs_of(self, node: Any) -> list[Any]:
        """Return what the kernel of the way forward, or back, reads."""
        if node is self.derivative:
            return list(self.gradient.inputs[2:])
        inputs = [*self.convolution.inputs, *self.activation.inputs]
        return [x for x in inputs if x.owner is not self.convolution]

    def plan(self, planner: Planner, node: Any, values: list[Value]) -> list[Value]:
        """Plan the way forward, which gives the maxima, or back to the convolution's result."""
        return (self._forward if node is self.pool else self._back)(planner, values)

    def _forward(self, planner: Planner, values: list[Value]) -> list[Value]:
        shapes, x, packed = prepared(planner, self.convolution.op, *values[:2])
        image = (shapes.out_height, shapes.out_width)
        self.regions = regions_of(self.pool.op, shapes.dtype, image)
        size = (x.shape[0], shapes.filters, self.regions.out_height, self.regions.out_width)
        out = planner.empty(size, shapes.dtype)
        self.codes = planner.empty(size, pooled.code_type(shapes.dtype)) if self.derivative else 0
        others = [contiguous(planner, value) for value in values[2:]]
        kinds = [
            "result" if x.owner is self.convolution else _kind(x) for x in self.activation.inputs
        ]
        sizes = {"scalar": 1, "filter": shapes.filters}
        if [x.array.size for x in others] != [sizes[kind] for kind in kinds if kind in sizes]:
            raise ValueError(f"shapes do not fit: {shapes.filters} filters, {others[0].shape}")
        op = self.activation.op.scalar_op
        kernel = pooled.convolution_pool(shapes, self.regions, op, kinds, self.outputs)
        scratch = pooled.scratch_size(shapes, self.regions)
        convolve(planner, kernel, shapes, (out, x, packed), scratch, self.codes, *others)
        return [Value(out)]

    def _back(self, planner: Planner, values: list[Value]) -> list[Value]:
        gradient = contiguous(planner, values[0])
        s = self.regions
        out = planner.empty((*gradient.shape[:2], s.height, s.width), s.dtype)
        pictures = prod(gradient.shape[:2])
        kernel = pooled.pool_back(s, self.factors)
        operands: list[Argument] = [out, self.codes, gradient]
        planner.add(kernel, operands, pictures, elements=out.size, rows=(0, 1, 2), work=out.size)
        return [Value(out)]


def find(fgraph: Any, order: list[Any]) -> dict[Any, Chain]:
    """Return the chains of a graph by each of their nodes."""
    chains = [_chain(fgraph, node) for node in order if _name(node) == "Pool2D"]
    return {
        node: chain
        for chain in chains
        if chain
        for node in (chain.convolution, chain.activation, chain.pool)
        + (chain.gradient, chain.derivative) * bool(chain.factors)
    }


def _name(node: Any) -> str:
    return "" if node is None else type(node.op).__name__


def _chain(fgraph: Any, pool: Any) -> Chain | None:
    (y,) = pool.inputs
    op = pool.op
    activation = y.owner
    is_plain = op.mode == "max" and op.stride == op.window and not any(op.pad)
    if not is_plain or prod(op.window) > pooled.MAX_PIXELS or _name(activation) != "Elemwise":
        return None
    results = {x for x in activation.inputs if _name(x.owner) == "Conv2D"}
    others = [x for x in activation.inputs if x not in results]
    if len(results) != 1 or not all(x.dtype == y.dtype and _kind(x) for x in others):
        return None
    (result,) = results
    if _users(fgraph, result) != {activation}:
        return None
    chain = Chain(result.owner, activation, pool)
    noted = [x for x in activation.outputs if x is not y and _users(fgraph, x)]
    users = _users(fgraph, y) - {pool}
    if not users and not noted:
        return chain
    if len(users) != 1 or len(noted) != 1:
        return None
    (chain.gradient,) = users
    derivatives = _users(fgraph, chain.gradient.outputs[0])
    is_back = _name(chain.gradient) == "Pool2DGrad" and chain.gradient.inputs[1] is pool.outputs[0]
    if not is_back or len(derivatives) != 1 or _users(fgraph, noted[0]) != derivatives:
        return None
    (chain.derivative,) = derivatives
    chain.outputs.append(activation.outputs.index(noted[0]))
    chain.factors = _factors(chain.derivative, chain.gradient.outputs[0], noted[0])
    return chain if chain.factors else None


def _users(fgraph: Any, variable: Any) -> set[Any]:
    return {client for client, _ in fgraph.clients.get(variable, ())}


def _kind(variable: Any) -> str:
    """Tell whether a variable has one number, or one for each filter."""
    kind = variable.type.broadcastable
    of_filters = "filter" if len(kind) == 4 and kind[0] and kind[2] and kind[3] else ""
    return "scalar" if all(kind) else of_filters


def _factors(node: Any, gradient: Any, sign: Any) -> tuple[float, ...]:
    """Return a rectifier's derivatives by the sign; none if its gradient is of another form."""
    op: Any = getattr(node.op, "scalar_op", None)
    inner = getattr(op, "fgraph", None)
    if inner is None or len(inner.outputs) != 1 or set(node.inputs) != {gradient, sign}:
        return ()
    outside = dict(zip(inner.inputs, node.inputs, strict=True))

    def degree(scalar: Any) -> float:
        """Count the factors that are the gradient; NaN where that is not known."""
        if isinstance(scalar, Constant):
            return 0
        if scalar in outside:
            return 1 if outside[scalar] is gradient else np.nan
        name = _name(scalar.owner)
        operands = scalar.owner.inputs
        if name == "Sign" and outside.get(operands[0]) is sign:
            return 0
        degrees = list(map(degree, operands))
        if name == "Mul":
            return sum(degrees)
        return degrees[0] if name in ("Add", "Sub") and len(set(degrees)) == 1 else np.nan

    if degree(inner.outputs[0]) != 1:
        return ()
    dtype = np.dtype(gradient.dtype).type
    pairs = ({gradient: dtype(1), sign: dtype(value)} for value in (-1, 0, 1))
    return tuple(float(op.impl(*(pair[x] for x in node.inputs))) for pair in pairs)
