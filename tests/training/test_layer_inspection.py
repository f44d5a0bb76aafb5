"""A look inside networks, checked against Lasagne's own answers."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.dataset.mnist import Dataset, scale
from mnist_draw.networks import parse_network
from mnist_draw.theano_bridge import installed_theano
from mnist_draw.training.layer_inspection import (
    active_units,
    inspect,
    words_on_dead,
    words_on_updates,
    words_on_weights,
)


@pytest.mark.parametrize("text", ["mlp", "custom_mlp:2,30,0.2,0.5", "cnn", "deep_cnn"])
def test_silent_units_are_those_of_lasagne(text: str, digits: Dataset) -> None:
    import lasagne
    import theano
    import theano.tensor as T

    inputs = T.tensor4("inputs")
    network = parse_network(text).build(inputs)
    rng = np.random.default_rng(3)
    parameters = [value.copy() for value in lasagne.layers.get_all_param_values(network)]
    for biases in parameters[1:-1:2]:
        # Low enough that some units fall silent.
        biases -= rng.uniform(0, 0.8, biases.shape).astype(np.float32)
    lasagne.layers.set_all_param_values(network, parameters)
    pictures = scale(digits.train_images[:20])
    layers = [
        layer for layer in lasagne.layers.get_all_layers(network)
        if isinstance(layer, lasagne.layers.DenseLayer | lasagne.layers.Conv2DLayer)
    ][:-1]  # fmt: skip
    outputs = lasagne.layers.get_output(layers, deterministic=True)
    # Theano's own linker without a compiler does not convolve.
    mode = None if installed_theano() else theano.compile.mode.Mode(linker="py", optimizer=None)
    values = theano.function([inputs], outputs, mode=mode)(pictures)
    expected = [(value > 0).any(axis=(0, *range(2, value.ndim))) for value in values]
    found = active_units(text, tuple(parameters), pictures)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)
    assert not all(one.all() for one in found)
    assert any(one.any() for one in found)


def parameters(scale: float = 1.0) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    shapes = ((784, 20), (20,), (20, 10), (10,))
    return tuple(np.float32(scale) * rng.normal(size=shape).astype(np.float32) for shape in shapes)


def test_update_sizes_are_relative() -> None:
    before = parameters()
    after = tuple(value * np.float32(1.25) for value in before)
    seen = inspect("custom_mlp:1,20,0,0", 4, before, after, None)
    assert seen.names == ("hidden 1", "output")
    assert seen.updates == pytest.approx((0.25, 0.25))
    assert seen.dead == ()
    assert seen.counts.sum() == 784 * 20 + 200
    assert len(seen.edges) == len(seen.counts) + 1
    assert seen.edges[0] == -seen.edges[-1]
    assert "25 % of their length" in words_on_updates(seen)
    assert "15,880 weights" in words_on_weights(seen)


def test_words_on_units_and_first_epoch() -> None:
    weights = list(parameters())
    weights[1][:] = 1000
    weights[1][:5] = -1e6
    pictures = np.ones((7, 1, 28, 28), np.float32)
    seen = inspect("custom_mlp:1,20,0,0", 1, None, tuple(weights), pictures)
    assert seen.dead == (0.25,)
    assert words_on_dead(seen).startswith("25 % of hidden 1 answer no picture")
    assert words_on_updates(seen) == "Shown after the second epoch."


def test_a_network_without_hidden_layers() -> None:
    weights = (np.ones((784, 10), np.float32), np.zeros(10, np.float32))
    seen = inspect("custom_mlp:0,1,0,0", 1, weights, weights, np.ones((2, 1, 28, 28), np.float32))
    assert seen.names == ("output",)
    assert seen.updates == (0.0,)
    assert "no rectifiers" in words_on_dead(seen)
