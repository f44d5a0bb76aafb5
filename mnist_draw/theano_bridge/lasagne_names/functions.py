"""Nonlinearities, objectives and updates that Lasagne 0.2 has and 0.1 has not."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import theano
import theano.tensor as T
from lasagne.updates import get_or_compute_grads

softplus, elu = T.nnet.softplus, T.nnet.elu


class SELU:
    """``scale (x if x > 0 else scale_neg (exp(x) - 1))`` (Klambauer et al., 2017)."""

    def __init__(self, scale: float = 1, scale_neg: float = 1) -> None:
        self.scale, self.scale_neg = scale, scale_neg

    def __call__(self, x: Any) -> Any:
        return self.scale * T.nnet.elu(x, self.scale_neg)


selu = SELU(1.0507009873554805, 1.6732632423543773)


def binary_accuracy(predictions: Any, targets: Any, threshold: float = 0.5) -> Any:
    """Whether each prediction is on its target's side of `threshold`."""
    return T.eq(T.ge(predictions, threshold), targets)


def categorical_accuracy(predictions: Any, targets: Any, top_k: int = 1) -> Any:
    """Whether the class of each row is among its `top_k` largest predictions."""
    if targets.ndim == predictions.ndim:
        targets = T.argmax(targets, axis=-1)
    elif targets.ndim != predictions.ndim - 1:
        raise TypeError("categorical_accuracy: rank mismatch between targets and predictions.")
    if top_k == 1:
        return T.eq(T.argmax(predictions, axis=-1), targets)
    # The class is one of the k largest if fewer than k are larger.
    own = predictions[T.arange(targets.shape[0]), targets].dimshuffle(0, "x")
    return T.lt(T.gt(predictions, own).sum(axis=-1), top_k)


def huber_loss(predictions: Any, targets: Any, delta: float = 1) -> Any:
    """Half the squared error, which grows linearly from an error of `delta` on."""
    size = abs(predictions - targets)
    return T.switch(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta))


def amsgrad(
    loss_or_grads: Any, params: Any, learning_rate: Any = 0.001, beta1: Any = 0.9,
    beta2: Any = 0.999, epsilon: Any = 1e-8,
) -> Any:  # fmt: skip
    """Adam whose mean square never shrinks (Reddi, Kale and Kumar, 2018)."""
    before = theano.shared(np.asarray(0, theano.config.floatX))
    t = before + 1
    updates = OrderedDict([(before, t)])
    rate = learning_rate * T.sqrt(1 - beta2**t) / (1 - beta1**t)
    for param, gradient in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        zeros = np.zeros_like(param.get_value(borrow=True))
        m, v, largest = (theano.shared(zeros, broadcastable=param.broadcastable) for _ in range(3))
        updates[m] = beta1 * m + (1 - beta1) * gradient
        updates[v] = beta2 * v + (1 - beta2) * gradient**2
        updates[largest] = T.maximum(largest, updates[v])
        updates[param] = param - rate * updates[m] / (T.sqrt(updates[largest]) + epsilon)
    return updates


def accept_expressions(utils: Any, layer: Any) -> None:
    """Let parameters be expressions, such as another layer's transposed weights."""
    create, own = utils.create_param, layer.get_params

    def create_param(spec: Any, shape: Any, name: str | None = None) -> Any:
        if not isinstance(spec, theano.tensor.TensorVariable):
            return create(spec, shape, name)
        if spec.ndim != len(shape):
            raise ValueError(f"parameter {name} has {spec.ndim} dimensions, should be {len(shape)}")
        return spec

    def get_params(self: Any, unwrap_shared: bool = True, **tags: Any) -> list[Any]:
        params = own(self, **tags)
        if not unwrap_shared:
            return list(params)
        inputs = theano.gof.graph.inputs  # from the last operand to the first
        leaves = dict.fromkeys(leaf for each in params for leaf in reversed(inputs([each])))
        return [leaf for leaf in leaves if isinstance(leaf, theano.compile.SharedVariable)]

    utils.create_param, layer.get_params = create_param, get_params
