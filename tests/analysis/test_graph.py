"""The graphs of a network's functions, and where their operations stand."""

from __future__ import annotations

import pytest
from made_networks import random_model

from mnist_draw.analysis.step.graph import FunctionGraphs, Group
from mnist_draw.analysis.step.graph_layout import (
    HIGH,
    groups_of,
    lay_out_graph,
    starts_folded,
    title_of,
)
from mnist_draw.analysis.step.graph_reading import graphs_of
from mnist_draw.analysis.step.one_step import OneStep
from mnist_draw.theano_bridge import engine, installed_theano

#: Later releases of PyTensor compile the same functions into other operations.
COUNTED = pytest.mark.skipif(
    engine().startswith("PyTensor") and not engine().startswith("PyTensor 3.0"),
    reason="the operations were counted with PyTensor 3.0",
)


def graphs(network: str) -> dict[str, FunctionGraphs]:
    """Return the graphs of a network with random weights."""
    return graphs_of(OneStep(random_model(network, seed=2, spread=0.05)))


@pytest.fixture(scope="module")
def mlp() -> dict[str, FunctionGraphs]:
    """Return the graphs of the tutorial's network."""
    return graphs("mlp")


@COUNTED
def test_theano_makes_a_shorter_graph_of_each_function(mlp: dict[str, FunctionGraphs]) -> None:
    for found in mlp.values():
        assert 0 < len(found.compiled.nodes) < len(found.written.nodes)
        for graph in (found.written, found.compiled):
            for node in graph.nodes:
                # Each comes after all that it depends on.
                assert all(source < node.number for source in node.sources
                           if isinstance(source, int))  # fmt: skip
                assert node.type
                assert graph.expression(node).startswith(node.name)


@COUNTED
def test_the_rectifier_and_its_bias_become_one_loop(mlp: dict[str, FunctionGraphs]) -> None:
    classify = mlp["classify"]
    before, after = classify.fused
    assert (before, after) == (8, 2)
    loop = next(node for node in classify.compiled.nodes if node.fused)
    assert loop.group == Group("forward", 0)
    assert "b1" in [classify.compiled.seen_through(source) for source in loop.sources]
    if not installed_theano():
        assert loop.name == "0.5·(i0 + i1 + |i0 + i1|)"
        counts = len(classify.written.nodes), len(classify.compiled.nodes)
        assert counts == (24, 13)


def test_operations_belong_to_the_layers_they_are_of(mlp: dict[str, FunctionGraphs]) -> None:
    for graph in (mlp["learn"].written, mlp["learn"].compiled):
        products = [node for node in graph.nodes if node.kind == "product"]
        # Forwards one for each layer; backwards one for each matrix, and one from layer to layer.
        found = sorted((node.group.phase, node.group.layer) for node in products)
        assert [entry for entry in found if entry[0] == "forward"] == [
            ("forward", 0), ("forward", 1), ("forward", 2)
        ]  # fmt: skip
        assert sum(phase == "gradient" for phase, _ in found) == 5
        for node in products:
            if node.group.phase == "forward":
                assert f"W{node.group.layer + 1}" in node.sources
        for layer in range(3):
            update = [node for node in graph.nodes if node.group == Group("update", layer)]
            read = {str(source) for node in update for source in node.sources}
            assert f"accumulator of W{layer + 1}" in read
    titles = [title_of(mlp["learn"], group) for group in groups_of(mlp["learn"])]
    assert titles == [
        "picture", "hidden 1", "hidden 2", "answer", "loss", "gradient of answer",
        "gradient of hidden 2", "gradient of hidden 1", "update of hidden 1",
        "update of hidden 2", "update of answer",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["classify", "validate", "learn"])
def test_boxes_stand_apart_below_what_they_depend_on(
    mlp: dict[str, FunctionGraphs], name: str
) -> None:
    found = mlp[name]
    layout = lay_out_graph(found, frozenset())
    shown = [box for box in layout.boxes if not box.folded]
    assert len(shown) == sum(
        not node.broadcasts
        for graph in (found.written, found.compiled)
        for node in graph.nodes
    )  # fmt: skip
    for number, one in enumerate(layout.boxes):
        for other in layout.boxes[number + 1 :]:
            assert (
                abs(one.y - other.y) >= HIGH
                or one.x + one.width <= other.x
                or other.x + other.width <= one.x
            )
    for edge in layout.edges:
        first, last = layout.boxes[edge.first], layout.boxes[edge.last]
        assert first.compiled == last.compiled
        if first.group == last.group:
            assert first.y < last.y
    assert layout.bands


def test_a_large_function_is_folded_by_layer_and_phase(mlp: dict[str, FunctionGraphs]) -> None:
    assert not starts_folded(mlp["classify"])
    learn = mlp["learn"]
    assert starts_folded(learn)
    groups = groups_of(learn)
    folded = lay_out_graph(learn, frozenset(groups))
    assert len(folded.boxes) <= 2 * len(groups)
    counted = sum(len(box.nodes) for box in folded.boxes)
    assert counted == len(learn.written.nodes) + len(learn.compiled.nodes)
    one_open = lay_out_graph(learn, frozenset(groups) - {Group("update", 1)})
    assert len(one_open.boxes) > len(folded.boxes)


@pytest.mark.skipif(installed_theano(), reason="Theano compiles a convolution for minutes")
def test_a_convolution_has_its_own_products() -> None:
    found = graphs("cnn")["classify"]
    names = [node.name for node in found.compiled.nodes if node.kind == "product"]
    assert sum("Conv" in name for name in names) == 2
    assert sum("Pool" in name for name in names) == 2
