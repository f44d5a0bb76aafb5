"""The convolutional network of Lasagne's MNIST example, and a deeper one."""

from __future__ import annotations

from typing import Any

import mnist_draw.theano_bridge  # noqa: F401 - makes the next imports work


def build_cnn(input_var: Any = None) -> Any:
    """Build Lasagne's convolutional network for MNIST.

    Two convolutions of 32 filters of 5×5 with rectifiers, each followed by max pooling of 2×2,
    then 256 rectifiers and a softmax over the ten digits, with dropout of 50 % before both.

    Parameters
    ----------
    input_var : theano variable, optional
        4-D float, minibatch × 1 × 28 × 28; Lasagne makes one where none is given.

    Returns
    -------
    lasagne.layers.DenseLayer
        The output layer: minibatch × 10 probabilities.
    """
    return _build(input_var, [(32, 5, True), (32, 5, True)])


def build_deep_cnn(input_var: Any = None) -> Any:
    """Build a convolutional network of three convolutions, the program's best reader.

    5×5×32, max pooling of 2×2, 3×3×64, 3×3×128, max pooling of 2×2, all rectifiers, then 256
    rectifiers and a softmax over the ten digits, with dropout of 50 % before both.

    Parameters
    ----------
    input_var : theano variable, optional
        4-D float, minibatch × 1 × 28 × 28; Lasagne makes one where none is given.

    Returns
    -------
    lasagne.layers.DenseLayer
        The output layer: minibatch × 10 probabilities.
    """
    return _build(input_var, [(32, 5, True), (64, 3, False), (128, 3, True)])


def _build(input_var: Any, convolutions: list[tuple[int, int, bool]]) -> Any:
    """Build convolutions (filters, their side, whether pooled after) and the two dense layers."""
    import lasagne

    network = lasagne.layers.InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    for filters, size, pooled in convolutions:
        network = lasagne.layers.Conv2DLayer(
            network,
            num_filters=filters,
            filter_size=(size, size),
            nonlinearity=lasagne.nonlinearities.rectify,
            W=lasagne.init.GlorotUniform(),
        )
        if pooled:
            network = lasagne.layers.MaxPool2DLayer(network, pool_size=(2, 2))
    network = lasagne.layers.DenseLayer(
        lasagne.layers.dropout(network, p=0.5),
        num_units=256,
        nonlinearity=lasagne.nonlinearities.rectify,
    )
    return lasagne.layers.DenseLayer(
        lasagne.layers.dropout(network, p=0.5),
        num_units=10,
        nonlinearity=lasagne.nonlinearities.softmax,
    )
