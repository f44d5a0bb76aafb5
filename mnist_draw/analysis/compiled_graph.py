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

#: Name of an operation → how often it occurs.
Counts = Mapping[str, int]


@dataclass(frozen=True)
class StepOperations:
    """The operations of a step, counted."""

    written: Counts
    compiled: Counts

    def table(self) -> Table:
        """Return a row for all and each operation, the most frequent first."""
        both = self.written, self.compiled
        names = sorted({*self.written, *self.compiled}, key=lambda name: -self.written.get(name, 0))
        rows = [(name, *(Figure(counts.get(name, 0)) for counts in both)) for name in names]
        rows.insert(0, (_("all"), *(Figure(sum(counts.values())) for counts in both)))
        columns = (N_("operation"), N_("as written"), N_("as compiled"))
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
    return Counter(_name_of(node.op) for node in nodes)


def _name_of(op: Any) -> str:
    """Return an operation's name as `debugprint` writes it."""
    printed = str(op)
    if "Composite{" in printed:
        return "Composite"
    # Theano 1.0.5 prints Elemwise{add,no_inplace} where PyTensor prints Add.
    return printed.removeprefix("Elemwise{").replace(",", "{").partition("{")[0].rstrip("}")
