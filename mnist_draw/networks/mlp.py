"""Multi-layer perceptrons: the tutorial's, and those of one's own."""

from __future__ import annotations

from typing import Any

import mnist_draw.theano_bridge  # noqa: F401 - makes the next imports work
from mnist_draw.errors import asks_what_was_meant
from mnist_draw.networks.layer_list import ACTIVATIONS, MlpLayer, MlpLayers
from mnist_draw.networks.operations import CLASSES


@asks_what_was_meant
def build_mlp(input_var: Any = None, dropout: float = 0.4, classes: int = CLASSES) -> Any:
    """Build the tutorial's network: 784-500-300-10.

    Two hidden layers of rectifiers, each followed by dropout of 40 %, and a softmax over the
    ten digits. Weights start as `lasagne.init.GlorotUniform`, biases at nothing.

    Parameters
    ----------
    input_var : theano variable, optional
        4-D float, minibatch × 1 × 28 × 28; Lasagne makes one where none is given.
    dropout : float
        Share of both hidden layers' units left out at random in training, 0 up to but not
        including 1. The tutorial's is 0.4.
    classes : int
        How many the network tells apart; the ten digits where nothing is said.

    Returns
    -------
    lasagne.layers.DenseLayer
        The output layer: minibatch × classes probabilities.
    """
    import lasagne

    l_in = lasagne.layers.InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    l_hid1 = lasagne.layers.DenseLayer(
        l_in,
        num_units=500,
        nonlinearity=lasagne.nonlinearities.rectify,
        W=lasagne.init.GlorotUniform(),
    )
    l_hid1_drop = lasagne.layers.DropoutLayer(l_hid1, p=dropout)
    l_hid2 = lasagne.layers.DenseLayer(
        l_hid1_drop,
        num_units=300,
        nonlinearity=lasagne.nonlinearities.rectify,
        W=lasagne.init.GlorotUniform(),
    )
    l_hid2_drop = lasagne.layers.DropoutLayer(l_hid2, p=dropout)
    return lasagne.layers.DenseLayer(
        l_hid2_drop, num_units=classes, nonlinearity=lasagne.nonlinearities.softmax
    )


def build_custom_mlp(
    input_var: Any = None,
    depth: int = 2,
    width: int = 800,
    drop_input: float = 0.2,
    drop_hidden: float = 0.5,
) -> Any:
    """Build a multi-layer perceptron of any depth and width, as in Lasagne's MNIST example.

    Parameters
    ----------
    input_var : theano variable, optional
        4-D float, minibatch × 1 × 28 × 28.
    depth : int
        Hidden layers of rectifiers, 0 or more.
    width : int
        Units in each of them.
    drop_input, drop_hidden : float
        Share of inputs and of each hidden layer's units left out at random in training,
        0 up to but not including 1.

    Returns
    -------
    lasagne.layers.DenseLayer
        The output layer: minibatch × 10 probabilities.
    """
    hidden = (MlpLayer(width, "rectify", drop_hidden),) * depth
    return build_layers(input_var, MlpLayers(hidden, drop_input))


def build_layers(input_var: Any, layers: MlpLayers, classes: int = CLASSES) -> Any:
    """Build a multi-layer perceptron from its hidden layers.

    Parameters
    ----------
    input_var : theano variable or None
        4-D float, minibatch × 1 × 28 × 28.
    layers : MlpLayers
        Units, activation and dropout of each hidden layer, and the dropout of the pixels.
    classes : int
        How many the network tells apart.

    Returns
    -------
    lasagne.layers.DenseLayer
        The output layer: minibatch × classes probabilities.
    """
    import lasagne

    network = lasagne.layers.InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    if layers.input_dropout:
        network = lasagne.layers.DropoutLayer(network, p=layers.input_dropout)
    for layer in layers.hidden:
        network = lasagne.layers.DenseLayer(
            network,
            num_units=layer.units,
            nonlinearity=ACTIVATIONS[layer.activation].function(),
        )
        if layer.dropout:
            network = lasagne.layers.DropoutLayer(network, p=layer.dropout)
    return lasagne.layers.DenseLayer(
        network, num_units=classes, nonlinearity=lasagne.nonlinearities.softmax
    )
