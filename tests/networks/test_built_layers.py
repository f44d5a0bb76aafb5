"""The networks as Lasagne builds them, layer by layer."""

from __future__ import annotations

import lasagne
import numpy as np
import pytest

from mnist_draw.networks import NETWORKS, parse_network
from mnist_draw.networks.mlp import build_mlp

layers = lasagne.layers
PICTURE = (1, 28, 28)


@pytest.mark.parametrize(
    ("text", "kinds", "shapes", "dropouts"),
    [
        (
            "mlp",
            "Input Dense Dropout Dense Dropout Dense",
            [PICTURE, (500,), (500,), (300,), (300,), (10,)],
            [0.4, 0.4],
        ),
        (
            "custom_mlp",
            "Input Dropout Dense Dropout Dense Dropout Dense",
            [PICTURE, PICTURE, (800,), (800,), (800,), (800,), (10,)],
            [0.2, 0.5, 0.5],
        ),
        (
            "custom_mlp:3,7,0.1,0",
            "Input Dropout Dense Dense Dense Dense",
            [PICTURE, PICTURE, (7,), (7,), (7,), (10,)],
            [0.1],
        ),
        ("custom_mlp:0,800,0", "Input Dense", [PICTURE, (10,)], []),
        (
            "cnn",
            "Input Conv2D MaxPool2D Conv2D MaxPool2D Dropout Dense Dropout Dense",
            [
                PICTURE,
                (32, 24, 24),
                (32, 12, 12),
                (32, 8, 8),
                (32, 4, 4),
                (32, 4, 4),
                (256,),
                (256,),
                (10,),
            ],
            [0.5, 0.5],
        ),
        (
            "deep_cnn",
            "Input Conv2D MaxPool2D Conv2D Conv2D MaxPool2D Dropout Dense Dropout Dense",
            [
                PICTURE,
                (32, 24, 24),
                (32, 12, 12),
                (64, 10, 10),
                (128, 8, 8),
                (128, 4, 4),
                (128, 4, 4),
                (256,),
                (256,),
                (10,),
            ],
            [0.5, 0.5],
        ),
    ],
)
def test_layers_shapes_and_dropout(text, kinds, shapes, dropouts):
    found = layers.get_all_layers(parse_network(text).build())
    assert [type(layer).__name__ for layer in found] == [f"{kind}Layer" for kind in kinds.split()]
    assert [layer.output_shape for layer in found] == [(None, *shape) for shape in shapes]
    assert [layer.p for layer in found if isinstance(layer, layers.DropoutLayer)] == dropouts
    *hidden, last = (layer for layer in found if hasattr(layer, "nonlinearity"))
    assert all(layer.nonlinearity is lasagne.nonlinearities.rectify for layer in hidden)
    assert last.nonlinearity is lasagne.nonlinearities.softmax


def test_weights_start_as_glorot_uniform_and_biases_at_nothing():
    values = layers.get_all_param_values(build_mlp())
    for weights, biases in zip(values[::2], values[1::2], strict=True):
        limit = np.sqrt(6 / sum(weights.shape))
        assert 0.99 * limit < np.abs(weights).max() <= limit
        assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)
        assert not biases.any()
        assert weights.dtype == biases.dtype == np.float32


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_input_variable_given_is_used(kind):
    import theano.tensor as T

    input_var = T.tensor4("inputs")
    found = layers.get_all_layers(parse_network(NETWORKS[kind].example).build(input_var))
    assert found[0].input_var is input_var
