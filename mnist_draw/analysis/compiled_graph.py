"""What Theano makes of a network's functions: operations as written, and as compiled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mnist_draw import theano_bridge
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.i18n import N_, _, pgettext

#: Kinds of operations, the most expensive first: each as it is shown, and beginnings of its
#: classes' names.
KINDS = {
    "product": (_("product"), ("Dot", "Gemm", "Gemv", "Ger", "BatchedDot")),
    "convolution": (_("convolution"), ("Conv", "AbstractConv", "Corr")),
    "pooling": (_("pooling"), ("Pool", "MaxPool", "AveragePool")),
    "fused loop": (_("fused loop"), ()),
    "elementwise": (_("elementwise"), ("Elemwise",)),
    "softmax": (_("softmax"), ("Softmax", "LogSoftmax", "Crossentropy")),
    "reduction": (
        _("reduction"),
        ("Sum", "Prod", "Max", "Min", "Mean", "All", "Any", "Argmax", "CAReduce"),
    ),
    "random numbers": (_("random numbers"), ("HashedUniform", "Random", "mrg_")),
    "indexing": (_("indexing"), ("Subtensor", "IncSubtensor", "Advanced")),
    "new array": (_("new array"), ("Alloc", "ARange", "MakeVector", "Eye")),
    "shape or view": (
        _("shape or view"),
        (
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
    ),
    "other": (_("other"), ("",)),
}

#: (kind, name of the operation) → how often it occurs.
Counts = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class FunctionGraphs:
    """The operations of one function, counted."""

    name: str
    title: str
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
        rows = [
            (KINDS[kind][0], name, *(Figure(counts.get((kind, name), 0)) for counts in both))
            for kind, name in operations
        ]
        written, compiled = (sum(found.values()) for found in both)
        rows.insert(0, (pgettext("operations", "all"), "", Figure(written), Figure(compiled)))
        columns = (N_("kind"), N_("operation"), N_("as written"), N_("as compiled"))
        return Table(_("Operations of {function}", function=self.name), columns, rows)


def graphs_of(step: OneStep) -> dict[str, FunctionGraphs]:
    """Compile a network's three functions, with dropout's masks as inputs; return them by name."""
    import lasagne
    import theano.tensor as T

    given = step.expressions
    pictures = given.pictures
    targets = given.targets
    p = lasagne.layers.get_output(step.network, pictures, deterministic=True)
    loss = lasagne.objectives.categorical_crossentropy(p, targets).mean()
    accuracy = T.mean(T.eq(T.argmax(p, axis=1), targets), dtype="float32")
    functions = (
        _graphs("classify", _("classify: pictures → p"), [pictures], [p], {}),
        _graphs(
            "validate",
            _("validate: pictures, labels → loss"),
            [pictures, targets],
            [loss, accuracy],
            {},
        ),
        _graphs(
            "learn",
            _("learn: pictures, labels → new weights"),
            [pictures, targets, *given.masks],
            [given.loss],
            given.updates,
        ),
    )
    return {graphs.name: graphs for graphs in functions}


def _graphs(
    name: str,
    title: str,
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    updates: Mapping[Any, Any],
) -> FunctionGraphs:
    import theano

    function = theano.function(
        inputs,
        outputs,
        updates=list(updates.items()),
        mode=theano_bridge.fast_mode(),
    )
    written = [*outputs, *updates.values()]
    return FunctionGraphs(
        name,
        title,
        _count(_ancestors(written)),
        _count(function.maker.fgraph.toposort()),
    )


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
        return "fused loop", "Composite"
    # Theano 1.0.5 prints Elemwise{add,no_inplace} where PyTensor prints Add.
    name = printed.removeprefix("Elemwise{").replace(",", "{").partition("{")[0].rstrip("}")
    own = type(op).__name__
    kind = next(kind for kind, (_, begins) in KINDS.items() if own.startswith(begins or ("\0",)))
    return kind, name
