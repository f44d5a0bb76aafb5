"""A convolution, what follows it element by element, and max pooling as one kernel.

In training the way back is one kernel, too: the gradient of pooling and that of the rectifier. The
planner finds such chains before it walks through the graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from pytensor.graph.basic import Constant

from mnist_draw.theano_bridge.native.handlers.arrays import contiguous
from mnist_draw.theano_bridge.native.handlers.products import prepared, regions_of, work_of
from mnist_draw.theano_bridge.native.kernels import pooled
from mnist_draw.theano_bridge.native.plan import Planner, Value


@dataclass(eq=False)
class Chain:
    """The nodes of a chain; in training those of its gradient, and the rectifier's derivatives."""

    convolution: Any
    activation: Any
    pool: Any
    gradient: Any = None
    derivative: Any = None
    #: What multiplies the gradient where the rectifier took a negative number, 0, a positive one.
    factors: tuple[float, ...] = ()
    #: Which output of the activation tells the sign.
    sign: int = -1
    regions: Any = None
    codes: Any = None

    @property
    def nodes(self) -> tuple[Any, ...]:
        """All nodes that it takes the place of."""
        return self.convolution, self.activation, self.pool, self.gradient, self.derivative

    def ends_with(self, node: Any) -> bool:
        """Tell whether the way forward or back is planned at this node."""
        return node in (self.pool, self.derivative)

    def inputs_of(self, node: Any) -> list[Any]:
        """Return the variables that the kernel of the way forward, or back, reads."""
        if node is self.derivative:
            return list(self.gradient.inputs[2:])
        (result,) = self.convolution.outputs
        others = [x for x in self.activation.inputs if x is not result]
        return [*self.convolution.inputs, *others]

    def plan(self, planner: Planner, node: Any, values: list[Value]) -> list[Value]:
        """Plan the way forward, which gives the maxima, or back to the convolution's result."""
        return (_backward if node is self.derivative else _forward)(planner, self, values)


def find(fgraph: Any, order: list[Any]) -> dict[Any, Chain]:
    """Return the chains of a graph by each of their nodes."""
    chains = (_chain(fgraph, node) for node in order if _name(node) == "Pool2D")
    return {node: chain for chain in chains if chain for node in chain.nodes if node}


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
    if len(results) != 1 or not all(x.dtype == y.dtype and _is_of_filters(x) for x in others):
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
    chain.sign = activation.outputs.index(noted[0])
    chain.factors = _factors(chain.derivative, chain.gradient.outputs[0], noted[0])
    return chain if chain.factors else None


def _users(fgraph: Any, variable: Any) -> set[Any]:
    return {client for client, _ in fgraph.clients.get(variable, ())}


def _is_of_filters(variable: Any) -> bool:
    """Tell whether a variable has one number, or one for each filter."""
    kind = variable.type.broadcastable
    return all(kind) or (len(kind) == 4 and kind[0] and kind[2] and kind[3])


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


def _forward(planner: Planner, chain: Chain, values: list[Value]) -> list[Value]:
    """Plan a chain's way forward; give the maxima."""
    shapes, x, packed = prepared(planner, chain.convolution.op, *values[:2])
    image = (shapes.out_height, shapes.out_width)
    chain.regions = regions = regions_of(chain.pool.op, shapes.dtype, image)
    count = x.shape[0]
    size = (count, shapes.filters, regions.out_height, regions.out_width)
    out = planner.empty(size, shapes.dtype)
    outputs = [chain.activation.outputs.index(chain.pool.inputs[0])]
    codes = out
    if chain.derivative:
        codes = chain.codes = planner.empty(size, pooled.code_type(shapes.dtype))
        outputs.append(chain.sign)
    others = [contiguous(planner, value) for value in values[2:]]
    remaining = iter(others)
    kinds = []
    for variable in chain.activation.inputs:
        is_result = variable is chain.convolution.outputs[0]
        elements = 0 if is_result else next(remaining).array.size
        kinds.append({0: "result", 1: "scalar", shapes.filters: "filter"}[elements])
    chunk = planner.share(count, shapes.filters * shapes.places * count)
    parts = -(-count // chunk)
    scratch = planner.empty((parts, pooled.scratch_size(shapes, regions)), shapes.dtype)
    planner.add(
        pooled.convolution_pool(shapes, regions, chain.activation.op.scalar_op, kinds, outputs),
        [out, codes, x, packed, scratch, chunk, *others],
        count,
        chunk,
        rows=(0, 1, 2),
        writes=(0, 1, 4),
        fixed=True,
        work=work_of(shapes, count),
    )
    return [Value(out)]


def _backward(planner: Planner, chain: Chain, values: list[Value]) -> list[Value]:
    """Plan a chain's way back; give the gradient by the convolution's result."""
    (gradient,) = (contiguous(planner, value) for value in values)
    s = chain.regions
    out = planner.empty((*gradient.shape[:2], s.height, s.width), s.dtype)
    pictures = prod(gradient.shape[:2])
    planner.add(
        pooled.pool_back(s, chain.factors),
        [out, chain.codes, gradient],
        pictures,
        planner.share(pictures, out.size),
        rows=(0, 1, 2),
        work=out.size,
    )
    return [Value(out)]
