"""The convolutional network."""

from __future__ import annotations

import lasagne

from mnist_draw.networks import parse_network
from mnist_draw.networks.cnn import build_cnn, build_deep_cnn


def test_lasagnes_convolutional_example() -> None:
    network = build_cnn()
    found = lasagne.layers.get_all_layers(network)
    assert [type(layer).__name__ for layer in found] == [
        "InputLayer",
        "Conv2DLayer",
        "MaxPool2DLayer",
        "Conv2DLayer",
        "MaxPool2DLayer",
        "DropoutLayer",
        "DenseLayer",
        "DropoutLayer",
        "DenseLayer",
    ]
    assert [layer.output_shape[1:] for layer in found] == [
        (1, 28, 28),
        (32, 24, 24),
        (32, 12, 12),
        (32, 8, 8),
        (32, 4, 4),
        (32, 4, 4),
        (256,),
        (256,),
        (10,),
    ]
    assert [found[5].p, found[7].p] == [0.5, 0.5]
    assert found[6].nonlinearity is lasagne.nonlinearities.rectify
    assert found[8].nonlinearity is lasagne.nonlinearities.softmax


def test_the_input_variable_given_is_used() -> None:
    import theano.tensor as T

    input_var = T.tensor4("inputs")
    assert lasagne.layers.get_all_layers(build_cnn(input_var))[0].input_var is input_var


def test_the_deep_network() -> None:
    network = build_deep_cnn()
    shapes = [layer.output_shape[1:] for layer in lasagne.layers.get_all_layers(network)]
    assert shapes == [
        (1, 28, 28),
        (32, 24, 24),
        (32, 12, 12),
        (64, 10, 10),
        (128, 8, 8),
        (128, 4, 4),
        (128, 4, 4),
        (256,),
        (256,),
        (10,),
    ]
    values = lasagne.layers.get_all_param_values(network)
    promised = parse_network("deep_cnn").parameter_shapes()
    assert tuple(value.shape for value in values) == promised
