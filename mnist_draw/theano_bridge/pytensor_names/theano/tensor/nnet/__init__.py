"""``theano.tensor.nnet``: what networks are made of.

================================= ===================================================
name                              what answers
================================= ===================================================
``sigmoid``, ``softplus``         ``pytensor.tensor``
``softmax``, ``logsoftmax``       ``pytensor.tensor.special``, over the last axis
``conv2d``                        ``mnist_draw.theano_bridge.convolution.op``
``nnet``                          the other activations and losses, by Theano's formulas
``sigm``                          the sigmoid's cheap relatives
================================= ===================================================
"""

from __future__ import annotations

from typing import Any

from theano.tensor.nnet import conv, nnet, sigm
from theano.tensor.nnet.conv import conv2d
from theano.tensor.nnet.nnet import (
    binary_crossentropy,
    categorical_crossentropy,
    elu,
    logsoftmax,
    relu,
    selu,
    sigmoid_binary_crossentropy,
    softmax,
    softsign,
)
from theano.tensor.nnet.sigm import hard_sigmoid, sigmoid, softplus, ultra_fast_sigmoid

from mnist_draw.theano_bridge.missing import attribute_error

__all__ = [
    "binary_crossentropy", "categorical_crossentropy", "conv", "conv2d", "elu",
    "hard_sigmoid", "logsoftmax", "nnet", "relu", "selu", "sigm", "sigmoid",
    "sigmoid_binary_crossentropy", "softmax", "softplus", "softsign",
    "ultra_fast_sigmoid",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise attribute_error(__name__, name)
