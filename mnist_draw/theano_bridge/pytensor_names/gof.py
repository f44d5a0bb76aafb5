"""``theano.gof``: the graph, which PyTensor calls ``pytensor.graph``.

``Variable`` is that of :mod:`mnist_draw.theano_bridge.instance_checks`. Of ``theano.gof.graph``,
``inputs`` is ``graph_inputs``, ``variables`` is ``vars_between``, ``ops`` is ``applys_between``,
and ``is_same_graph`` compares with ``equal_computations``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytensor import graph as _graph
from pytensor.graph import (
    Apply,
    Constant,
    FunctionGraph,
    Op,
    Type,
    graph_rewriter,
    node_rewriter,
)
from pytensor.graph.basic import equal_computations
from pytensor.graph.traversal import ancestors as _ancestors
from pytensor.graph.traversal import applys_between, graph_inputs, vars_between
from pytensor.graph.utils import MethodNotDefined
from pytensor.link.c.type import generic

from mnist_draw.theano_bridge.instance_checks import Variable
from mnist_draw.theano_bridge.names import look_up

local_optimizer = node_rewriter
optimizer = graph_rewriter

__all__ = [
    "Apply", "Constant", "FunctionGraph", "MethodNotDefined", "Op", "Type", "Variable",
    "ancestors", "equal_computations", "generic", "inputs", "is_same_graph", "local_optimizer",
    "ops", "optimizer", "variables",
]  # fmt: skip


def ancestors(variables: Sequence[Variable], blockers: Any = None) -> list[Variable]:
    """All variables that `variables` depend on, themselves included."""
    return list(_ancestors(variables, blockers))


def inputs(variables: Sequence[Variable], blockers: Any = None) -> list[Variable]:
    """The variables without an owner that `variables` depend on, in order."""
    return list(graph_inputs(variables, blockers))


def variables(ins: Sequence[Variable], outs: Sequence[Variable]) -> list[Variable]:
    """The variables between `ins` and `outs`."""
    return list(vars_between(ins, outs))


def ops(ins: Sequence[Variable], outs: Sequence[Variable]) -> list[Apply]:
    """The applications of operations between `ins` and `outs`."""
    return list(applys_between(ins, outs))


def is_same_graph(
    var1: Variable,
    var2: Variable,
    givens: Mapping[Variable, Variable] | None = None,
) -> bool:
    """Whether two graphs compute the same."""
    pairs = list((givens or {}).items())
    known = set(graph_inputs([var1]))
    ours = [a if a in known else b for a, b in pairs]
    theirs = [b if a in known else a for a, b in pairs]
    return bool(equal_computations([var1], [var2], ours or None, theirs or None))


def __getattr__(name: str) -> Any:
    return look_up(__name__, name, _graph)
