"""The graphs of a network's functions: as they are written, and as Theano compiles them."""

from __future__ import annotations

from dataclasses import dataclass, field

from mnist_draw.analysis.network.layer_probe import Layer
from mnist_draw.training.settings import TrainingSettings

#: What a step consists of, in this order.
PHASES = ("forward", "loss", "gradient", "update")


@dataclass(frozen=True)
class Group:
    """A layer's part of a phase: what is folded into one box.

    Attributes
    ----------
    phase : str
        One of `PHASES`.
    layer : int
        Which layer with weights, from 0; -1 for the picture, before any weights.
    """

    phase: str
    layer: int


@dataclass(frozen=True)
class Node:
    """One operation."""

    number: int
    name: str
    text: str
    kind: str
    fused: bool
    broadcasts: bool
    group: Group
    sources: tuple[int | str, ...]
    type: str


@dataclass(frozen=True)
class Graph:
    """The operations of one function."""

    nodes: tuple[Node, ...]

    def expression(self, node: Node) -> str:
        """Return an operation with its inputs by name."""
        return f"{node.name}({', '.join(self.name_of(source) for source in node.sources)})"

    def name_of(self, source: int | str) -> str:
        """Return what to call an input: a variable, or the operation that it is from."""
        if isinstance(source, str):
            return source
        node = self.nodes[source]
        if node.broadcasts and node.sources:
            return self.name_of(node.sources[0])
        return node.name if len(node.name) < 24 else "loop"

    def seen_through(self, source: int | str) -> int | str:
        """Return an input, or what it repeats where it only broadcasts."""
        while isinstance(source, int) and self.nodes[source].broadcasts:
            source = self.nodes[source].sources[0]
        return source


@dataclass(frozen=True)
class FunctionGraphs:
    """One of the three functions, both ways."""

    name: str
    title: str
    written: Graph
    compiled: Graph
    layers: tuple[Layer, ...] = field(repr=False)
    settings: TrainingSettings = field(repr=False)

    @property
    def fused(self) -> tuple[int, int]:
        """How many elementwise operations became loops, and how many loops those are."""
        loops = [node for node in self.compiled.nodes if node.fused]
        groups = {node.group for node in loops}
        before = sum(
            node.kind == "elementwise" and node.group in groups for node in self.written.nodes
        )
        return before, len(loops)
