"""What the panel beside the graph says about an operation, and about a whole function."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.rows_view import Heading, Row, Rule, Sentence

if TYPE_CHECKING:
    from mnist_draw.analysis.step.graph import FunctionGraphs, Graph, Group, Node
    from mnist_draw.analysis.step.graph_layout import Box

#: What the loop of a rectifier is, as Lasagne writes it: 0.5·(z + |z|).
_RECTIFIER = (
    "0.5·(z + |z|) is z where it is above 0, and 0 where it is not: the rectifier, written "
    "without a choice. With the bias in the same loop each number is read and written once."
)
_PHASE_WORDS = {
    "forward": "from the pictures to the probabilities",
    "loss": "how wrong the probabilities are",
    "gradient": "back through the network, by theano.grad",
    "update": "the step of the update rule",
}


def source_line(graphs: FunctionGraphs, group: Group) -> list[str]:
    """Return the lines of Lasagne that a group's operations are from."""
    settings = graphs.settings
    if group.phase == "loss":
        return [
            "loss = lasagne.objectives.",
            "  categorical_crossentropy(",
            "  prediction, target_var).mean()",
        ]
    if group.phase == "gradient":
        return ["grads = theano.grad(loss, params)"]
    if group.phase == "update":
        rate = f"{settings.learning_rate:g}"
        return [f"updates = lasagne.updates.{settings.update}(", f"  loss, params, {rate})"]
    if group.layer < 0:
        return ["l_in = lasagne.layers.InputLayer(", "  shape=(None, 1, 28, 28))"]
    layer = graphs.layers[group.layer]
    last = group.layer == len(graphs.layers) - 1
    nonlinearity = "softmax" if last else layer.activation
    if layer.convolves:
        side = layer.W.shape[-1]
        return [
            "lasagne.layers.Conv2DLayer(", f"  network, num_filters={layer.units},",
            f"  filter_size=({side}, {side}),",
            f"  nonlinearity=lasagne.nonlinearities.{nonlinearity})",
        ]  # fmt: skip
    return [
        "lasagne.layers.DenseLayer(", f"  network, num_units={layer.units},",
        f"  nonlinearity=lasagne.nonlinearities.{nonlinearity})",
    ]  # fmt: skip


def box_rows(graphs: FunctionGraphs, box: Box) -> tuple[str, list[Row]]:
    """Return a title and rows about a box: operation, type, expression and line."""
    from mnist_draw.analysis.step.graph_layout import title_of

    graph = graphs.compiled if box.compiled else graphs.written
    nodes = [graph.nodes[number] for number in box.nodes]
    if box.folded:
        title, rows = title_of(graphs, box.group).capitalize(), _group_rows(graphs, box, nodes)
    else:
        title, rows = _title(graphs, nodes[0]), _node_rows(graph, nodes[0])
    rows += [Rule(), Heading("The line that made it"), _code(*source_line(graphs, box.group))]
    rows += [Sentence(f"{_PHASE_WORDS[box.group.phase].capitalize()}.", muted=True)]
    return title, rows


def _title(graphs: FunctionGraphs, node: Node) -> str:
    if not node.fused:
        return node.name
    before = sum(
        other.kind == "elementwise" and other.group == node.group for other in graphs.written.nodes
    )
    loops = sum(other.fused and other.group == node.group for other in graphs.compiled.nodes)
    return f"{before} operations became {'one loop' if loops == 1 else f'{loops} loops'}"


def _node_rows(graph: Graph, node: Node) -> list[Row]:
    rows: list[Row] = [_code(node.text if node.fused else graph.expression(node))]
    for number, source in enumerate(node.sources):
        kind = graph.nodes[source].type if isinstance(source, int) else ""
        words = f"<b>i{number}</b> &nbsp; {escape(graph.name_of(source))}"
        rows.append(Sentence(f"{words} <small>{escape(kind)}</small>"))
    rows.append(Sentence(f"<b>out</b> &nbsp; {escape(node.type)}"))
    if node.fused and "abs" in node.text.lower():
        rows.append(Sentence(_RECTIFIER))
    return rows


def _group_rows(graphs: FunctionGraphs, box: Box, nodes: list[Node]) -> list[Row]:
    written = sum(node.group == box.group for node in graphs.written.nodes)
    compiled = sum(node.group == box.group for node in graphs.compiled.nodes)
    counts: dict[str, int] = {}
    for node in nodes:
        counts[node.name] = counts.get(node.name, 0) + 1
    most = sorted(counts, key=lambda name: -counts[name])[:8]
    rows: list[Row] = [
        Sentence(f"{written} operations as written, {compiled} as compiled."),
        Heading("As compiled" if box.compiled else "As written", "how often"),
    ]
    rows += [Sentence(f"{escape(name)} &nbsp; <b>{counts[name]}</b>") for name in most]
    rows.append(Sentence("Enter or a double click opens it.", muted=True))
    return rows


def function_rows(graphs: FunctionGraphs) -> tuple[str, list[Row]]:
    """Return a title and rows about a function as a whole."""
    before, after = graphs.fused
    rows: list[Row] = [
        Sentence(
            "The lines compute nothing: they write a graph of operations down. theano.function "
            "turns it into a shorter one and compiles that."
        ),
    ]
    if after:
        rows.append(
            Sentence(f"{before} elementwise operations became {after} loops: the blue bands.")
        )
    if graphs.name == "learn":
        rows.append(
            Sentence("What dropout leaves out comes from outside here, so that a step rewinds.")
        )
    rows += [
        Rule(),
        Sentence("Click a box to see its type, its expression and the line that made it."),
    ]
    return "What Theano makes of it", rows


def graph_table(graphs: FunctionGraphs) -> Table:
    """Return all operations of both graphs."""
    from mnist_draw.analysis.step.graph_layout import title_of

    rows = [
        (side, title_of(graphs, node.group), node.name, graph.expression(node), node.type)
        for side, graph in (("written", graphs.written), ("compiled", graphs.compiled))
        for node in graph.nodes
    ]
    headings = ("graph", "layer", "operation", "expression", "type")
    return Table.of(f"Graph of {graphs.name}", headings, rows)


def _code(*lines: str) -> Sentence:
    text = "<br>".join(escape(line).replace("  ", "&nbsp;&nbsp;") for line in lines)
    return Sentence(f'<span style="font-family: monospace">{text}</span>')
