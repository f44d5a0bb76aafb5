"""A look inside networks."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.analysis.layer_inspection import (
    LayerInspection,
    describe_silent_units,
    describe_updates,
    describe_weights,
)
from mnist_draw.dataset.mnist import scale
from mnist_draw.networks import parse_network


@pytest.mark.parametrize(
    "text", ["mlp", "custom_mlp:2,30,0.2,0.5", "layers:40@leaky,30", "cnn", "deep_cnn"]
)
def test_silent_units_are_found(text, digits):
    import lasagne

    network = parse_network(text).build()
    rng = np.random.default_rng(3)
    parameters = [value.copy() for value in lasagne.layers.get_all_param_values(network)]
    # Units whose biases no picture can make up for, in the first and the last hidden layer.
    silent = [np.zeros(len(biases), bool) for biases in parameters[1:-1:2]]
    for place in (0, len(silent) - 1):
        silent[place][rng.permutation(len(silent[place]))[:5]] = True
        parameters[2 * place + 1][silent[place]] = -1e4
    found = LayerInspection(text).active_units(tuple(parameters), scale(digits.train_images[:20]))
    assert len(found) == len(silent)
    if "leaky" in text:
        silent[0][:] = False
    for layer, (active, expected) in enumerate(zip(found, silent, strict=True)):
        assert active.shape == expected.shape
        assert not active[expected].any(), f"layer {layer}"
    assert found[0].sum() >= len(found[0]) / 2
    if "leaky" in text:
        assert found[0].all()


def parameters(scale=1.0):
    rng = np.random.default_rng(1)
    shapes = ((784, 20), (20,), (20, 10), (10,))
    return tuple(np.float32(scale) * rng.normal(size=shape).astype(np.float32) for shape in shapes)


def test_update_sizes_are_relative():
    before = parameters()
    after = tuple(value * np.float32(1.25) for value in before)
    seen = LayerInspection("custom_mlp:1,20,0,0").inspect(4, before, after, None)
    assert seen.names == ("hidden 1", "output")
    assert seen.updates == pytest.approx((0.25, 0.25))
    assert seen.dead == ()
    assert seen.counts.sum() == 784 * 20 + 200
    assert len(seen.edges) == len(seen.counts) + 1
    assert seen.edges[0] == -seen.edges[-1]
    assert "25 % of their length" in describe_updates(seen)
    assert "15,880 weights" in describe_weights(seen)


def test_words_on_units_and_first_epoch():
    weights = list(parameters())
    weights[1][:] = 1000
    weights[1][:5] = -1e6
    pictures = np.ones((7, 1, 28, 28), np.float32)
    seen = LayerInspection("custom_mlp:1,20,0,0").inspect(1, None, tuple(weights), pictures)
    assert seen.dead == (0.25,)
    assert describe_silent_units(seen).startswith("25 % of hidden 1 answer no picture")
    assert describe_updates(seen) == "Shown after the second epoch."


def test_a_network_without_hidden_layers():
    weights = (np.ones((784, 10), np.float32), np.zeros(10, np.float32))
    seen = LayerInspection("custom_mlp:0,1,0,0").inspect(
        1, weights, weights, np.ones((2, 1, 28, 28), np.float32)
    )
    assert seen.names == ("output",)
    assert seen.updates == (0.0,)
    assert "no rectifiers" in describe_silent_units(seen)
