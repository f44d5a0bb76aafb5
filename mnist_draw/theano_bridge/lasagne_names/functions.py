"""Nonlinearities, objectives, updates and tools that Lasagne 0.2 has and 0.1 has not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from inspect import signature
from numbers import Integral
from typing import Any

import numpy as np
import theano
import theano.tensor as T
from lasagne import objectives
from lasagne.layers import get_output
from lasagne.objectives import aggregate
from lasagne.updates import get_or_compute_grads

softplus = T.nnet.softplus
elu = T.nnet.elu


class SELU:
    """``scale (x if x > 0 else scale_neg (exp(x) - 1))`` (Klambauer et al., 2017)."""

    def __init__(self, scale: float = 1, scale_neg: float = 1) -> None:
        self.scale = scale
        self.scale_neg = scale_neg

    def __call__(self, x: Any) -> Any:
        return self.scale * T.nnet.elu(x, self.scale_neg)


selu = SELU(1.0507009873554805, 1.6732632423543773)


class ScaledTanH:
    """``scale_out tanh(scale_in x)`` (LeCun et al., 1998)."""

    def __init__(self, scale_in: float = 1, scale_out: float = 1) -> None:
        self.scale_in = scale_in
        self.scale_out = scale_out

    def __call__(self, x: Any) -> Any:
        return self.scale_out * T.tanh(self.scale_in * x)


ScaledTanh = ScaledTanH


def align_targets(predictions: Any, targets: Any) -> tuple[Any, Any]:
    """Turn a vector of targets into a column where predictions are one."""
    if getattr(predictions, "broadcastable", ()) == (False, True):
        targets = T.as_tensor_variable(targets)
        targets = targets.dimshuffle(0, "x") if targets.ndim == 1 else targets
    return predictions, targets


def _aligned(objective: Callable[..., Any]) -> Callable[..., Any]:
    """Align the targets of an objective."""

    @wraps(objective)
    def aligned(predictions: Any, targets: Any, *how: Any, **named: Any) -> Any:
        return objective(*align_targets(predictions, targets), *how, **named)

    return aligned


binary_crossentropy = _aligned(objectives.binary_crossentropy)
squared_error = _aligned(objectives.squared_error)


@_aligned
def binary_accuracy(predictions: Any, targets: Any, threshold: float = 0.5) -> Any:
    """Whether each prediction is on its target's side of `threshold`."""
    return T.eq(T.ge(predictions, threshold), targets)


def _classes(predictions: Any, targets: Any) -> Any:
    """Targets as numbers of columns, if each has a column of its own."""
    if targets.ndim == predictions.ndim:
        return T.argmax(targets, axis=-1)
    if targets.ndim != predictions.ndim - 1:
        raise TypeError("rank mismatch between targets and predictions")
    return targets


def categorical_accuracy(predictions: Any, targets: Any, top_k: int = 1) -> Any:
    """Whether the class of each row is among its `top_k` largest predictions."""
    targets = _classes(predictions, targets)
    if top_k == 1:
        return T.eq(T.argmax(predictions, axis=-1), targets)
    # The class is one of the k largest if fewer than k are larger.
    own = predictions[T.arange(targets.shape[0]), targets].dimshuffle(0, "x")
    return T.lt(T.gt(predictions, own).sum(axis=-1), top_k)


@_aligned
def huber_loss(predictions: Any, targets: Any, delta: float = 1) -> Any:
    """Half the squared error, which grows linearly from an error of `delta` on."""
    size = abs(predictions - targets)
    return T.switch(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta))


@_aligned
def binary_hinge_loss(
    predictions: Any,
    targets: Any,
    delta: float = 1,
    log_odds: Any = True,
    binary: bool = True,
) -> Any:
    """How far each prediction is from `delta` on its target's side, in log-odds."""
    if log_odds is False:
        predictions = T.log(predictions / (1 - predictions))
    return T.nnet.relu(delta - predictions * (2 * targets - 1 if binary else targets))


def multiclass_hinge_loss(predictions: Any, targets: Any, delta: float = 1) -> Any:
    """How far the class of each row is from being the largest by `delta`."""
    classes = _classes(predictions, targets).dimshuffle(0, "x")
    own = T.eq(T.arange(predictions.shape[1]), classes)
    others = T.switch(own, -np.inf, predictions).max(axis=1)
    return T.nnet.relu(others - T.switch(own, predictions, 0).sum(axis=1) + delta)


class Objective:
    """The loss of a layer's output, as before Lasagne 0.1."""

    def __init__(
        self,
        input_layer: Any,
        loss_function: Any = squared_error,
        aggregation: Any = "mean",
    ) -> None:
        self.input_layer = input_layer
        self.loss_function = loss_function
        self.aggregation = aggregation
        self.target_var = T.matrix("target")

    def get_loss(
        self,
        input: Any = None,
        target: Any = None,
        aggregation: Any = None,
        **named: Any,
    ) -> Any:
        output = get_output(self.input_layer, input, **named)
        losses = self.loss_function(output, self.target_var if target is None else target)
        return aggregate(losses, mode=aggregation or self.aggregation)


def _updates(
    loss_or_grads: Any,
    params: Any,
    kept: int,
    step: Callable[..., tuple[Any, ...]],
) -> Any:
    """Collect the updates of a rule that keeps some averages for each parameter."""
    before = theano.shared(np.asarray(0, theano.config.floatX))
    updates = OrderedDict([(before, before + 1)])
    for param, gradient in zip(params, get_or_compute_grads(loss_or_grads, params), strict=True):
        zeros = np.zeros_like(param.get_value(borrow=True))
        old = [theano.shared(zeros, broadcastable=param.broadcastable) for _ in range(kept)]
        *new, change = step(before + 1, gradient, *old)
        updates.update(zip(old, new, strict=True))
        updates[param] = param - change
    return updates


def adamax(
    loss_or_grads: Any,
    params: Any,
    learning_rate: Any = 0.002,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
) -> Any:
    """Adam by the largest gradient instead of the mean square (Kingma and Ba, 2014)."""

    def step(t: Any, gradient: Any, m: Any, u: Any) -> tuple[Any, ...]:
        m = beta1 * m + (1 - beta1) * gradient
        u = T.maximum(beta2 * u, abs(gradient))
        return m, u, learning_rate / (1 - beta1**t) * m / (u + epsilon)

    return _updates(loss_or_grads, params, 2, step)


def amsgrad(
    loss_or_grads: Any,
    params: Any,
    learning_rate: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    epsilon: Any = 1e-8,
) -> Any:
    """Adam whose mean square never shrinks (Reddi, Kale and Kumar, 2018)."""

    def step(t: Any, gradient: Any, m: Any, v: Any, largest: Any) -> tuple[Any, ...]:
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
        largest = T.maximum(largest, v)
        rate = learning_rate * T.sqrt(1 - beta2**t) / (1 - beta1**t)
        return m, v, largest, rate * m / (T.sqrt(largest) + epsilon)

    return _updates(loss_or_grads, params, 3, step)


int_types = (Integral, np.integer)


def inspect_kwargs(func: Any) -> list[str]:
    """Names of a function's arguments that have a default."""
    return [p.name for p in signature(func).parameters.values() if p.default is not p.empty]


def collect_shared_vars(expressions: Any) -> list[Any]:
    """Shared variables that expressions depend on, from the first operand to the last."""
    if isinstance(expressions, theano.Variable):
        expressions = [expressions]
    inputs = theano.gof.graph.inputs  # from the last operand to the first
    leaves = dict.fromkeys(leaf for each in expressions for leaf in reversed(inputs([each])))
    return [leaf for leaf in leaves if isinstance(leaf, theano.compile.SharedVariable)]


def accept_expressions(utils: Any, layer: Any) -> None:
    """Let parameters be expressions, such as another layer's transposed weights."""
    create = utils.create_param
    own = layer.get_params

    def create_param(spec: Any, shape: Any, name: str | None = None) -> Any:
        if not isinstance(spec, theano.tensor.TensorVariable):
            param = create(spec, shape, name)
            if param is spec or not 0 < len(shape) < 3 or shape[-1] != 1:
                return param
            # A single unit gives a column, which targets are aligned with.
            pattern = [n == 1 for n in shape]
            return theano.shared(param.get_value(), name, broadcastable=pattern)
        if spec.ndim != len(shape):
            raise ValueError(f"parameter {name} has {spec.ndim} dimensions, should be {len(shape)}")
        return spec

    def get_params(self: Any, unwrap_shared: bool = True, **tags: Any) -> list[Any]:
        params = own(self, **tags)
        return collect_shared_vars(params) if unwrap_shared else list(params)

    utils.create_param = create_param
    layer.get_params = get_params
