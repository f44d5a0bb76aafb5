"""What Theano makes of a step of a network: operations as written, and as compiled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_draw import theano_bridge
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.i18n import N_, _

_FUSED = _("fused loop")
#: Kinds of operations, the most expensive first: each with the beginnings of its classes' names.
KINDS = {
    _("product"): ("Dot", "Gemm", "Gemv", "Ger", "BatchedDot"),
    _("convolution"): ("Conv", "AbstractConv", "Corr"),
    _("pooling"): ("Pool", "MaxPool", "AveragePool"),
    _FUSED: ("\0",),
    _("elementwise"): ("Elemwise",),
    _("softmax"): ("Softmax", "LogSoftmax", "Crossentropy"),
    _("reduction"): ("Sum", "Prod", "Max", "Min", "Mean", "All", "Any", "Argmax", "CAReduce"),
    _("random numbers"): ("HashedUniform", "Random", "mrg_"),
    _("data movement"): (
        "Subtensor",
        "IncSubtensor",
        "Advanced",
        "Alloc",
        "ARange",
        "MakeVector",
        "Eye",
        "Shape",
        "Reshape",
        "DimShuffle",
        "ExpandDims",
        "Squeeze",
        "Flatten",
        "SpecifyShape",
        "Unbroadcast",
        "Rebroadcast",
        "ViewOp",
        "DeepCopy",
        "ScalarFromTensor",
        "TensorFromScalar",
        "Join",
        "Split",
        "Assert",
        "CheckAndRaise",
    ),
    _("other"): ("",),
}

#: (kind, name of the operation) → how often it occurs.
Counts = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class StepOperations:
    """The operations of a step, counted."""

    written: Counts
    compiled: Counts

    def table(self) -> Table:
        """Return a row for all and each operation: by kind, then the most frequent first."""
        kinds = list(KINDS)
        operations = sorted(
            {*self.written, *self.compiled},
            key=lambda key: (kinds.index(key[0]), -self.written.get(key, 0), key[1]),
        )
        both = self.written, self.compiled
        rows = [(*key, *(Figure(counts.get(key, 0)) for counts in both)) for key in operations]
        written, compiled = (sum(found.values()) for found in both)
        rows.insert(0, (_("all"), "", Figure(written), Figure(compiled)))
        columns = (N_("kind"), N_("operation"), N_("as written"), N_("as compiled"))
        return Table(_("Operations of a step"), columns, rows)


def operations_of(step: OneStep) -> StepOperations:
    """Compile a network's step, with dropout's masks as inputs, and count its operations."""
    import theano

    given = step.expressions
    function = theano.function(
        [given.pictures, given.targets, *given.masks],
        [given.loss],
        updates=given.updates,
        mode=theano_bridge.fast_mode(),
    )
    written = _ancestors([given.loss, *given.updates.values()])
    return StepOperations(_count(written), _count(function.maker.fgraph.toposort()))


def _ancestors(outputs: Iterable[Any]) -> set[Any]:
    found: set[Any] = set()
    waiting = [output.owner for output in outputs]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found.add(node)
            waiting += [source.owner for source in node.inputs]
    return found


def _count(nodes: Iterable[Any]) -> Counts:
    return Counter(_kind_and_name(node.op) for node in nodes)


def _kind_and_name(op: Any) -> tuple[str, str]:
    """Return an operation's kind, and its name as `debugprint` writes it."""
    printed = str(op)
    if "Composite{" in printed:
        return _FUSED, "Composite"
    # Theano 1.0.5 prints Elemwise{add,no_inplace} where PyTensor prints Add.
    name = printed.removeprefix("Elemwise{").replace(",", "{").partition("{")[0].rstrip("}")
    own = type(op).__name__
    kind = next(kind for kind, begins in KINDS.items() if own.startswith(begins))
    return kind, name
