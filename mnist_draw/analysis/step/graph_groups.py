"""Which layer and which phase of a step each operation of a graph belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mnist_draw.analysis.step.graph import Group


class Groups:
    """Finds out which layer and phase an operation belongs to.

    Forwards a node belongs to the last layer whose parameters it depends on, backwards to the last
    layer whose update depends on it: its parameters are those that it lies between.
    """

    def __init__(
        self,
        nodes: Sequence[Any],
        originals: Mapping[Any, Any],
        layer_of: Mapping[Any, int],
        layers: int,
    ) -> None:
        self._nodes, self._originals, self._layer_of = nodes, originals, layer_of
        self._last = layers - 1

    def find(
        self,
        prediction: Any,
        outputs: Sequence[Any],
        updates: Sequence[tuple[Any, Any]],
        remembered: set[Any],
    ) -> dict[Any, Group]:
        """Return each node's group."""
        forward = ancestors([prediction])
        told = ancestors(output.owner for output in outputs)
        after, uses = self._downwards(remembered)
        reached: dict[Any, int] = {}
        params = {target: self._layer_of[target] for target, _ in updates
                  if target in self._layer_of}  # fmt: skip
        for target, new in updates:
            if target in params:
                for node in ancestors([new.owner]):
                    reached[node] = max(reached.get(node, -1), params[target])
        found = {}
        for node in self._nodes:
            if node in forward:
                found[node] = Group("forward", after[node])
            elif node in told:
                found[node] = Group("loss", self._last)
            elif uses[node] or not reached.get(node, -1) >= 0:
                layer = reached.get(node, after[node])
                found[node] = Group("update", max(layer, 0))
            else:
                found[node] = Group("gradient", reached[node])
        return found

    def _downwards(self, remembered: set[Any]) -> tuple[dict[Any, int], dict[Any, bool]]:
        """Return the last layer each node depends on, and whether it uses what is remembered."""
        after: dict[Any, int] = {}
        uses: dict[Any, bool] = {}
        for node in self._nodes:
            layer, used = -1, False
            for source in node.inputs:
                if source.owner is not None and source.owner in after:
                    layer = max(layer, after[source.owner])
                    used = used or uses[source.owner]
                else:
                    original = self._originals.get(source, source)
                    layer = max(layer, self._layer_of.get(original, -1))
                    used = used or original in remembered
            after[node], uses[node] = layer, used
        return after, uses


def in_order(outputs: Sequence[Any]) -> list[Any]:
    """Return the nodes that outputs depend on, in an order in which they can be computed."""
    found: dict[Any, None] = {}
    waiting = [output.owner for output in reversed(outputs) if output.owner is not None]
    while waiting:
        node = waiting[-1]
        missing = [source.owner for source in node.inputs
                   if source.owner is not None and source.owner not in found]  # fmt: skip
        if missing:
            waiting += missing
        else:
            found.setdefault(waiting.pop())
    return list(found)


def ancestors(nodes: Iterable[Any]) -> set[Any]:
    """Return nodes with all that they depend on."""
    found: set[Any] = set()
    waiting = [node for node in nodes if node is not None]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += [source.owner for source in node.inputs if source.owner is not None]
    return found
