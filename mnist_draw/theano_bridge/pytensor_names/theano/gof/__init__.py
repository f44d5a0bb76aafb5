"""``theano.gof``: the graph, which PyTensor calls ``pytensor.graph``.

============================== ====================================================
name                           what answers
============================== ====================================================
``Apply``, ``Constant``,       ``pytensor.graph``
``Type``
``Variable``                   :mod:`mnist_draw.theano_bridge.instance_checks`
``Op``                         ``pytensor.graph.op.Op``: an Op of one's own defines
                               ``make_node``, ``perform``, ``grad`` as in Theano
``FunctionGraph``              ``pytensor.graph.fg.FunctionGraph``
``graph``                      :mod:`theano.gof.graph`
``local_optimizer``            ``pytensor.graph.node_rewriter``
``optimizer``                  ``pytensor.graph.graph_rewriter``
``generic``                    ``pytensor.link.c.type.generic``
``MethodNotDefined``           ``pytensor.graph.utils.MethodNotDefined``
============================== ====================================================
"""

from __future__ import annotations

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
from pytensor.graph.utils import MethodNotDefined
from pytensor.link.c.type import generic
from theano.gof import graph

from mnist_draw.theano_bridge.instance_checks import Variable
from mnist_draw.theano_bridge.missing import attribute_error

local_optimizer = node_rewriter
optimizer = graph_rewriter

__all__ = [
    "Apply", "Constant", "FunctionGraph", "MethodNotDefined", "Op", "Type", "Variable",
    "generic", "graph", "local_optimizer", "optimizer",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if hasattr(_graph, name):
        return getattr(_graph, name)
    raise attribute_error(__name__, name)
