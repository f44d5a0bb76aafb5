"""The multi-layer perceptrons, layer by layer."""

from __future__ import annotations

import lasagne
import numpy as np
import pytest

from mnist_draw.networks import parse_network
from mnist_draw.networks.mlp import build_mlp

layers = lasagne.layers
rectify, softmax = lasagne.nonlinearities.rectify, lasagne.nonlinearities.softmax


def kinds(network: object) -> list[str]:
    return [type(layer).__name__ for layer in layers.get_all_layers(network)]


def dropouts(network: object) -> list[float]:
    return [
        layer.p
        for layer in layers.get_all_layers(network)
        if isinstance(layer, layers.DropoutLayer)
    ]


def test_the_tutorials_network_is_784_500_300_10() -> None:
    network = build_mlp()
    assert kinds(network) == [
        "InputLayer",
        "DenseLayer",
        "DropoutLayer",
        "DenseLayer",
        "DropoutLayer",
        "DenseLayer",
    ]
    shapes = [param.get_value().shape for param in layers.get_all_params(network)]
    assert shapes == [(784, 500), (500,), (500, 300), (300,), (300, 10), (10,)]
    assert layers.get_all_layers(network)[0].shape == (None, 1, 28, 28)
    assert network.output_shape == (None, 10)
    assert dropouts(network) == [0.4, 0.4]
    dense = [
        layer for layer in layers.get_all_layers(network) if isinstance(layer, layers.DenseLayer)
    ]
    assert [layer.nonlinearity for layer in dense] == [rectify, rectify, softmax]


def test_weights_start_as_glorot_uniform_and_biases_at_nothing() -> None:
    values = layers.get_all_param_values(build_mlp())
    for weights, biases in zip(values[::2], values[1::2], strict=True):
        limit = np.sqrt(6 / sum(weights.shape))
        assert 0.99 * limit < np.abs(weights).max() <= limit
        assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)
        assert not biases.any()
        assert weights.dtype == biases.dtype == np.float32


def test_the_input_variable_given_is_used() -> None:
    import theano.tensor as T

    input_var = T.tensor4("inputs")
    for build in (build_mlp, parse_network("custom_mlp").build):
        assert layers.get_all_layers(build(input_var))[0].input_var is input_var


def test_lasagnes_example_by_default() -> None:
    network = parse_network("custom_mlp").build()
    shapes = [param.get_value(borrow=True).shape for param in layers.get_all_params(network)]
    assert shapes == [(784, 800), (800,), (800, 800), (800,), (800, 10), (10,)]
    assert dropouts(network) == [0.2, 0.5, 0.5]


def test_any_depth_and_width() -> None:
    network = parse_network("custom_mlp:3,7,0.1,0.25").build()
    assert dropouts(network) == [0.1, 0.25, 0.25, 0.25]
    assert [p.get_value().shape for p in layers.get_all_params(network, regularizable=True)] == [
        (784, 7),
        (7, 7),
        (7, 7),
        (7, 10),
    ]


def test_no_hidden_layer_and_no_dropout() -> None:
    plain = parse_network("custom_mlp:0,800,0").build()
    assert kinds(plain) == ["InputLayer", "DenseLayer"]
    assert dropouts(parse_network("custom_mlp:2,3,0,0").build()) == []
