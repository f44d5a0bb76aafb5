"""The operations of a network's functions, as written and as compiled."""

from __future__ import annotations

import pytest
from made_networks import random_model

from mnist_draw.analysis.compiled_graph import graphs_of
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.theano_bridge import installed_theano


def graphs(network):
    """Return the graphs of a network with random weights."""
    return graphs_of(OneStep(random_model(network, seed=2, spread=0.05)))


@pytest.fixture(scope="module")
def mlp():
    """Return the graphs of a small network of the tutorial's kind."""
    return graphs("custom_mlp:2,8")


def test_operations_are_counted_by_kind(mlp):
    assert list(mlp) == ["classify", "validate", "learn"]
    for function in mlp.values():
        assert sum(function.written.values()) > 0
        for counts in (function.written, function.compiled):
            forwards = 3
            backwards = 5 if function.name == "learn" else 0
            assert counts["product", "Dot"] == forwards + backwards
        assert not any(kind == "fused loop" for kind, _ in function.written)
    # Each of the two rectifiers, 0.5·(z + |z|), with its bias.
    assert mlp["classify"].fused_loops() == 2
    assert mlp["classify"].written["elementwise", "Abs"] == 2
    assert ("elementwise", "Abs") not in mlp["classify"].compiled


def test_both_graphs_are_printed_with_the_names_of_the_stages(mlp):
    learn = mlp["learn"]
    for text in (learn.written_text, learn.compiled_text):
        for name in ("W1", "b3", "accumulator of W2", "pictures"):
            assert name in text
    assert "Composite" not in learn.written_text
    assert "Composite" in learn.compiled_text


def test_the_table_lists_products_first(mlp):
    table = mlp["classify"].table()
    assert table.rows[0] == ("product", "Dot", "3", "3")
    assert len(table.rows) == len({*mlp["classify"].written, *mlp["classify"].compiled})


@pytest.mark.slow
@pytest.mark.skipif(installed_theano(), reason="Theano compiles a convolution for minutes")
def test_a_convolution_has_its_own_products():
    counts = graphs("cnn")["classify"].compiled
    products = {name: n for (kind, name), n in counts.items() if kind == "product"}
    assert sum(n for name, n in products.items() if "Conv" in name) == 2
    assert sum(n for name, n in products.items() if "Pool" in name) == 2
