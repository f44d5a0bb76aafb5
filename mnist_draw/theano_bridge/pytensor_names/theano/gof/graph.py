"""``theano.gof.graph``: questions about graphs.

``inputs`` is ``graph_inputs``, ``variables`` is ``vars_between``, ``ops`` is
``applys_between``, ``is_same_graph`` compares with ``equal_computations``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytensor.graph import basic as _basic
from pytensor.graph import traversal as _traversal
from pytensor.graph.basic import Apply, Constant, clone, equal_computations
from pytensor.graph.traversal import ancestors as _ancestors
from pytensor.graph.traversal import applys_between, graph_inputs, vars_between

from mnist_draw.theano_bridge.instance_checks import Variable
from mnist_draw.theano_bridge.missing import attribute_error

__all__ = [
    "Apply", "Constant", "Variable", "ancestors", "clone", "equal_computations", "inputs",
    "is_same_graph", "ops", "variables",
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
    for module in (_basic, _traversal):
        if hasattr(module, name):
            return getattr(module, name)
    raise attribute_error(__name__, name)
