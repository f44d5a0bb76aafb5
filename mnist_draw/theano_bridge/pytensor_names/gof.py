"""``theano.gof``: the graph, which PyTensor calls ``pytensor.graph``, with Theano's other names."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

from pytensor.graph import Op, Type, graph_rewriter, node_rewriter, traversal
from pytensor.graph.basic import equal_computations
from pytensor.graph.rewriting.basic import GraphRewriter
from pytensor.link.c.type import generic as generic

from mnist_draw.theano_bridge.instance_checks import Variable as Variable

PureOp = Op
optimizer = graph_rewriter
GraphRewriter.optimize = GraphRewriter.rewrite
Type.Variable = property(lambda kind: kind.variable_type)
Type.Constant = property(lambda kind: kind.constant_type)
# Theano's may be made without their methods, which they get afterwards.
Op.__abstractmethods__ = Type.__abstractmethods__ = frozenset()


def local_optimizer(*how: Any, **named: Any) -> Any:
    """Make a rewrite of a function that is given a node, or its graph and the node."""
    make = node_rewriter(*how, **named)

    def of_graph(rewrite: Any) -> Any:
        if len(signature(rewrite).parameters) > 1:
            return make(rewrite)
        return make(wraps(rewrite)(lambda _, node: rewrite(node)))

    return of_graph


def is_same_graph(var1: Any, var2: Any, *_: Any, **__: Any) -> bool:
    """Whether two variables are computed alike from the same others."""
    return bool(equal_computations([var1], [var2]))


def stack_search(start: Any, expand: Any, mode: str = "bfs", build_inv: bool = False) -> Any:
    """List what a search in breadth or depth (``"dfs"``) finds, and by what, if `build_inv`."""
    found = list(traversal.walk(start, expand, mode == "bfs"))
    clients: dict[Any, list[Any]] = {}
    for node in found if build_inv else ():
        for each in expand(node) or ():
            clients.setdefault(each, []).append(node)
    return (found, clients) if build_inv else found


def OpRemove(op: Any) -> Any:
    """Rewrite what an operation returns as what it is given."""
    return node_rewriter([op])(lambda fgraph, node: node.inputs)


def _listing(walk: Callable[..., Any]) -> Callable[..., list[Any]]:
    return wraps(walk)(lambda *places, **named: list(walk(*places, **named)))


ancestors = _listing(traversal.ancestors)
inputs = _listing(traversal.graph_inputs)
variables = _listing(traversal.vars_between)
ops = _listing(traversal.applys_between)


def hashtype(operation: Any) -> int:
    """Return a number that is the same for all instances of a class."""
    return hash(operation.__class__)
