"""PyTensor's interpreter for graphs that the native linker does not know.

Numba compiles even the smallest loop and its gradient for half a minute. Interpreted, every
operation is a call of NumPy, also in the steps of a loop: it is ready in a second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce, wraps
from typing import Any

import numpy as np
from pytensor.compile.mode import Mode, get_mode
from pytensor.graph.basic import Variable
from pytensor.graph.traversal import ancestors
from pytensor.link.vm import VMLinker
from pytensor.scalar import Composite
from pytensor.tensor.elemwise import Elemwise
from threadpoolctl import threadpool_limits

try:
    from pytensor.conditional.op import IfElse as IfElse
    from pytensor.conditional.op import ifelse as ifelse
except ImportError:  # before PyTensor 3.3
    from pytensor.ifelse import IfElse as IfElse
    from pytensor.ifelse import ifelse as ifelse

_INTERPRETED = ("IfElse", "Print", "Scan")

#: Rewrites that fuse operations, for which the interpreter calls Python for every number, and those
#: that let them write into their operands, which costs it one more copy.
_UNFIT = ("fusion", "local_pow_to_nested_squaring", "inplace_elemwise")

#: Rewrites of products with matrices that are known to be diagonal or a choice of rows: networks
#: have none, and to look for them takes a tenth of the time.
UNUSED = (
    "dot_diag_to_elemwise",
    "local_merge_switch_same_cond",
    "selection_dot_to_indexing",
)


def interpret_loops(compile_function: Callable[..., Any]) -> Callable[..., Any]:
    """Have such graphs interpreted, unless the mode is one for another linker."""

    @wraps(compile_function)
    def function(
        inputs: Any,
        outputs: Any = None,
        mode: Any = None,
        updates: Any = None,
        givens: Any = None,
        *rest: Any,
        **named: Any,
    ) -> Any:
        chosen = get_mode(mode)
        native = getattr(chosen.linker, "most_shapes", None) is not None
        if native and _needs_interpreter([outputs, updates, givens]):
            mode = interpreting(chosen.linker, chosen.provided_optimizer)
        return compile_function(inputs, outputs, mode, updates, givens, *rest, **named)

    return function


def interpreting(_linker: Any, rewrites: Any) -> Mode:
    """Return a mode with these rewrites for the interpreter, whatever the linker was."""
    return Mode(_interpreter(), rewrites)


def _interpreter() -> VMLinker:
    # As in native.kernels.contractions: two pools of threads on the same cores fight.
    threadpool_limits(limits=1, user_api="blas")
    linker = VMLinker(use_cloop=False, c_thunks=False)
    linker.incompatible_rewrites += (*_UNFIT, *UNUSED)
    return linker


def _needs_interpreter(given: list[Any]) -> bool:
    """Whether a graph below what ``theano.function`` is given has such an operation."""
    roots = []
    while given:
        each = given.pop()
        if isinstance(each, Variable):
            roots.append(each)
        elif isinstance(each, Mapping):
            given.extend(each.items())
        elif isinstance(each, list | tuple):
            given.extend(each)
        elif hasattr(each, "variable"):
            given.append(each.variable)
    operations = (type(each.owner.op).__name__ for each in ancestors(roots) if each.owner)
    return any(name in _INTERPRETED for name in operations)


def interpreted(fgraph: Any) -> Callable[..., list[Any]]:
    """Return what interprets a graph that is rewritten already."""
    graph = fgraph.clone()
    _take_apart(graph)
    linker = _interpreter().accept(graph, no_recycling=graph.outputs)
    run, inputs, outputs = linker.make_thunk()[:3]

    def function(*values: Any) -> list[Any]:
        for container, value in zip(inputs, values, strict=True):
            container.storage[0] = value
        run()
        return [container.storage[0] for container in outputs]

    return function


def _take_apart(graph: Any) -> None:
    """Replace fused operations by those that they were made of."""
    for node in graph.toposort():
        fused = getattr(node.op, "scalar_op", None)
        if not isinstance(node.op, Elemwise) or not isinstance(fused, Composite):
            continue
        values = dict(zip(fused.fgraph.inputs, node.inputs, strict=True))
        for part in fused.fgraph.toposort():
            # What is no value yet is a number of the fused operation itself.
            operands = [values.get(each, getattr(each, "data", None)) for each in part.inputs]
            results = Elemwise(part.op)(*operands, return_list=True)
            values.update(zip(part.outputs, results, strict=True))
        pairs = zip(node.outputs, fused.fgraph.outputs, strict=True)
        graph.replace_all([(old, values[new]) for old, new in pairs], reason="take apart")


def vectorise_interpreter() -> None:
    """Give operations NumPy functions where PyTensor would call Python for every number."""
    prepare = Elemwise.prepare_node
    perform = Elemwise.perform

    def prepare_node(self: Any, *arguments: Any, **named: Any) -> None:
        function = _VECTORISED.get(type(self.scalar_op).__name__)
        if function is not None and self.ufunc is None:
            self.ufunc = partial(function, self.scalar_op)
            self.ufunc.nout = 1
        prepare(self, *arguments, **named)

    def perform_any(self: Any, node: Any, values: Any, storage: Any) -> None:
        if node.nin + node.nout <= 32:  # NumPy's most for one call
            perform(self, node, values, storage)
        else:
            self._check_runtime_broadcast(node, values)
            storage[0][0] = np.asarray(self.ufunc(*values), node.outputs[0].dtype)

    Elemwise.prepare_node = prepare_node
    Elemwise.perform = perform_any


#: Scalar operation -> its function of arrays, after the operation itself.
_VECTORISED: dict[str, Callable[..., Any]] = {
    "Add": lambda _, *terms: reduce(np.add, terms),
    "Cast": lambda operation, x: np.array(x, operation.o_type.dtype),
    "Clip": lambda _, x, low, high: np.where(x < low, low, np.where(x > high, high, x)),
    "Log1mexp": lambda _, x: np.where(x < np.log(0.5), np.log1p(-np.exp(x)), np.log(-np.expm1(x))),
    "Mul": lambda _, *factors: reduce(np.multiply, factors),
    "Softplus": lambda _, x: np.logaddexp(x, x.dtype.type(0)),
}
