"""Where the operations of a graph stand: as written at the left, as compiled at the right.

Both sides are cut into the same groups, one below the other, so that what became of a layer's
operations stands beside them. Within a group an operation stands below all that it depends on
(the longest path, as in K. Sugiyama, S. Tagawa, M. Toda, "Methods for visual understanding of
hierarchical system structures", 1981), and a row is ordered by where its inputs stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mnist_draw.analysis.step.graph import PHASES, FunctionGraphs, Graph, Group, Node

#: Functions with more operations are folded at first: one box for each layer in each phase.
FOLDED = 60
#: Sizes in units of the picture, which is zoomed: a box, and the distances between them.
BOX, HIGH, ROW, GAP = 132.0, 22.0, 30.0, 14.0
WIDE = 190.0
_BETWEEN, _SPACE = 250.0, 12.0


@dataclass(frozen=True)
class Box:
    """An operation, or a folded group.

    Attributes
    ----------
    compiled : bool
        On which side it stands.
    group : Group
    nodes : tuple of int
        The operations in it, by number.
    folded : bool
    title : str
    kind : str
        Of the operation; ``"group"`` for a folded group.
    x, y, width : float
        Left edge, top, width; all are `HIGH` high.
    leaves : tuple of str
        Names of the variables that it reads.
    outer : bool
        Whether no box of its row stands between it and the outer side.
    """

    compiled: bool
    group: Group
    nodes: tuple[int, ...]
    folded: bool
    title: str
    kind: str
    x: float
    y: float
    width: float
    leaves: tuple[str, ...] = ()
    outer: bool = True


@dataclass(frozen=True)
class Edge:
    """From a box to one that uses what it computes.

    Attributes
    ----------
    first, last : int
        Both boxes by number.
    passes : bool
        Whether a straight line would run through other boxes.
    rows : float
        How far below the second is.
    """

    first: int
    last: int
    passes: bool
    rows: float


@dataclass(frozen=True)
class Band:
    """Where operations became one loop: from some boxes at the left to one at the right."""

    top: float
    bottom: float
    left: float
    box: int


@dataclass(frozen=True)
class Strip:
    """A group's part of the height, with its title."""

    group: Group
    title: str
    y: float
    height: float


@dataclass(frozen=True)
class Layout:
    """Everything with its place."""

    boxes: tuple[Box, ...] = ()
    edges: tuple[Edge, ...] = ()
    bands: tuple[Band, ...] = ()
    strips: tuple[Strip, ...] = ()
    left: float = 0.0
    right: float = 0.0
    height: float = 0.0
    numbers: dict[tuple[bool, int], int] = field(default_factory=dict, repr=False)


def starts_folded(graphs: FunctionGraphs) -> bool:
    """Whether a function has too many operations to show all at once."""
    return len(graphs.written.nodes) > FOLDED


def groups_of(graphs: FunctionGraphs) -> list[Group]:
    """Return all groups from top to bottom: forwards, the loss, backwards, the updates."""
    found = {node.group for graph in (graphs.written, graphs.compiled) for node in graph.nodes}
    return sorted(found, key=_order)


def _order(group: Group) -> tuple[int, int]:
    backwards = group.phase == "gradient"
    return PHASES.index(group.phase), -group.layer if backwards else group.layer


def title_of(graphs: FunctionGraphs, group: Group) -> str:
    """Return what a group is called."""
    name = "picture" if group.layer < 0 else graphs.layers[group.layer].name
    if group.phase == "forward":
        return name
    return "loss" if group.phase == "loss" else f"{group.phase} of {name}"


def lay_out_graph(graphs: FunctionGraphs, folded: frozenset[Group]) -> Layout:
    """Find a place for everything."""
    groups = groups_of(graphs)
    sides = [_Side(graphs, compiled, folded) for compiled in (False, True)]
    widest = [max((side.width_of(group) for group in groups), default=WIDE) for side in sides]
    centres = (0.0, widest[0] / 2 + _BETWEEN + widest[1] / 2)
    boxes: list[Box] = []
    strips: list[Strip] = []
    numbers: dict[tuple[bool, int], int] = {}
    y = 0.0
    for group in groups:
        rows = [side.rows_of(group) for side in sides]
        high = max(1, *(len(side) for side in rows)) * ROW
        for side, centre, lines in zip(sides, centres, rows, strict=True):
            top = y + (high - len(lines) * ROW) / 2
            for place, line in enumerate(lines):
                for box in side.boxes_of(group, line, centre, top + place * ROW):
                    numbers.update(((box.compiled, node), len(boxes)) for node in box.nodes)
                    boxes.append(box)
        strips.append(Strip(group, title_of(graphs, group), y, high))
        y += high + _SPACE
    edges = _edges(graphs, numbers, boxes)
    bands = tuple(_bands(groups, boxes, graphs, folded))
    left = -widest[0] / 2
    right = centres[1] + widest[1] / 2
    return Layout(
        tuple(boxes), tuple(edges), bands, tuple(strips), left, right, y - _SPACE, numbers
    )


class _Side:
    """One of the two graphs, cut into groups and rows."""

    def __init__(self, graphs: FunctionGraphs, compiled: bool, folded: frozenset[Group]) -> None:
        self._graphs, self._compiled, self._folded = graphs, compiled, folded
        self.graph: Graph = graphs.compiled if compiled else graphs.written
        self._rows: dict[Group, list[list[Node]]] = {}
        members: dict[Group, list[Node]] = {}
        for node in self.graph.nodes:
            members.setdefault(node.group, []).append(node)
        self._members = members
        for group, nodes in members.items():
            if group not in folded:
                self._rows[group] = self._ranked([n for n in nodes if not n.broadcasts])

    def _ranked(self, nodes: Sequence[Node]) -> list[list[Node]]:
        inside = {node.number for node in nodes}
        rank: dict[int, int] = {}
        for node in nodes:
            before = [rank[source] for source in self._sources(node) if source in inside]
            rank[node.number] = 1 + max(before, default=-1)
        rows: list[list[Node]] = [[] for _ in range(1 + max(rank.values(), default=-1))]
        place: dict[int, float] = {}
        for node in nodes:
            rows[rank[node.number]].append(node)
        for row in rows:
            row.sort(key=lambda node: _mean(place[s] for s in self._sources(node) if s in place))
            for number, node in enumerate(row):
                place[node.number] = number - (len(row) - 1) / 2
        return rows

    def _sources(self, node: Node) -> list[int]:
        seen = (self.graph.seen_through(source) for source in node.sources)
        return [source for source in seen if isinstance(source, int)]

    def rows_of(self, group: Group) -> list[list[Node]]:
        """Return the rows of a group; a folded one, or one of views only, has one."""
        if group in self._folded:
            return [self._members[group]] if group in self._members else []
        return self._rows.get(group, [])

    def _width(self, node: Node) -> float:
        return WIDE if node.fused else BOX

    def width_of(self, group: Group) -> float:
        """Return how much room the widest row takes."""
        if group in self._folded:
            return WIDE
        rows = self._rows.get(group, [])
        return max((sum(self._width(n) + GAP for n in row) - GAP for row in rows), default=BOX)

    def boxes_of(self, group: Group, line: list[Node], centre: float, y: float) -> list[Box]:
        """Return the boxes of a row."""
        if group in self._folded:
            title = f"{title_of(self._graphs, group)} · {len(line)}"
            nodes = tuple(node.number for node in line)
            return [Box(self._compiled, group, nodes, True, title, "group", centre - WIDE / 2, y,
                        WIDE)]  # fmt: skip
        total = sum(self._width(node) + GAP for node in line) - GAP
        x, found = centre - total / 2, []
        for place, node in enumerate(line):
            width = self._width(node)
            outer = place == (len(line) - 1 if self._compiled else 0)
            leaves = tuple(
                str(leaf)
                for leaf in (self.graph.seen_through(source) for source in node.sources)
                if isinstance(leaf, str)
            )
            found.append(Box(self._compiled, group, (node.number,), False, node.name, node.kind,
                             x, y, width, leaves, outer))  # fmt: skip
            x += width + GAP
        return found


def _edges(
    graphs: FunctionGraphs, numbers: dict[tuple[bool, int], int], boxes: Sequence[Box]
) -> list[Edge]:
    found: dict[tuple[int, int], None] = {}
    for compiled, graph in ((False, graphs.written), (True, graphs.compiled)):
        for node in graph.nodes:
            last = numbers.get((compiled, node.number))
            for source in node.sources:
                seen = graph.seen_through(source)
                first = numbers.get((compiled, seen)) if isinstance(seen, int) else None
                if first is not None and last is not None and first != last:
                    found[first, last] = None
    return [
        Edge(
            first, last, _passes(boxes, boxes[first], boxes[last]),
            (boxes[last].y - boxes[first].y) / ROW,
        )
        for first, last in found
    ]  # fmt: skip


def _passes(boxes: Sequence[Box], first: Box, last: Box) -> bool:
    """Whether a box stands on the straight way from one to the other."""
    start, end = first.x + first.width / 2, last.x + last.width / 2
    for box in boxes:
        if box.compiled == first.compiled and first.y < box.y < last.y:
            part = (box.y - first.y) / (last.y - first.y)
            if box.x <= start + (end - start) * part <= box.x + box.width:
                return True
    return False


def _bands(
    groups: Sequence[Group],
    boxes: Sequence[Box],
    graphs: FunctionGraphs,
    folded: frozenset[Group],
) -> Iterable[Band]:
    for group in groups:
        if group in folded:
            continue
        before = [b for b in boxes if not b.compiled and b.group == group
                  and b.kind == "elementwise"]  # fmt: skip
        if len(before) < 2:
            continue
        top, bottom = min(b.y for b in before), max(b.y for b in before) + HIGH
        left = max(b.x + b.width for b in before)
        for number, box in enumerate(boxes):
            if box.compiled and box.group == group and graphs.compiled.nodes[box.nodes[0]].fused:
                yield Band(top, bottom, left, number)


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0
