"""The convolutional network of Lasagne's MNIST example, and a deeper one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mnist_draw.theano_bridge  # noqa: F401 - makes the next imports work
from mnist_draw.networks.operations import (
    CLASSES,
    OPERATIONS,
    Convolution,
    Dense,
    MaxPooling,
    Operation,
    with_classes,
)

CNN = (
    *(Convolution(32, 5), MaxPooling()),
    *(Convolution(32, 5), MaxPooling()),
    *(Dense(256), Dense(CLASSES, "softmax")),
)
DEEP_CNN = (
    *(Convolution(32, 5), MaxPooling()),
    *(Convolution(64, 3), Convolution(128, 3), MaxPooling()),
    *(Dense(256), Dense(CLASSES, "softmax")),
)


def build_cnn(input_var: Any = None, classes: int = CLASSES) -> Any:
    """Build Lasagne's convolutional network for MNIST.

    Two convolutions of 32 filters of 5×5 with rectifiers, each followed by max pooling of 2×2,
    then 256 rectifiers and a softmax over the ten digits, with dropout of 50 % before both.
    """
    return _build(input_var, with_classes(CNN, classes))


def build_deep_cnn(input_var: Any = None, classes: int = CLASSES) -> Any:
    """Build a convolutional network of three convolutions, the program's best reader.

    5×5×32, max pooling of 2×2, 3×3×64, 3×3×128, max pooling of 2×2, all rectifiers, then 256
    rectifiers and a softmax over the ten digits, with dropout of 50 % before both.
    """
    return _build(input_var, with_classes(DEEP_CNN, classes))


def _build(input_var: Any, operations: Sequence[Operation]) -> Any:
    """Build the layers of some operations, with dropout of 50 % before the dense ones."""
    import lasagne

    network = lasagne.layers.InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    for operation in operations:
        if isinstance(operation, Dense):
            network = lasagne.layers.dropout(network, p=0.5)
        network = OPERATIONS[type(operation)].layer(network, operation)
    return network
