"""``theano.tensor.nnet``: activations, losses, batch normalisation, by Theano's formulas.

S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
Internal Covariate Shift", 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.tensor import sigmoid, softplus
from pytensor.tensor.special import log_softmax
from pytensor.tensor.special import softmax as _softmax

from mnist_draw.theano_bridge.abstract_conv import conv2d, conv2d_grad_wrt_inputs, conv3d

Axes = str | int | Sequence[int]

__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "conv2d",
    "conv2d_grad_wrt_inputs",
    "conv3d",
    "elu",
    "hard_sigmoid",
    "logsoftmax",
    "relu",
    "selu",
    "sigmoid",
    "sigmoid_binary_crossentropy",
    "softmax",
    "softplus",
    "softsign",
    "ultra_fast_sigmoid",
]


def softmax(c: Any) -> Any:
    """Softmax over the last axis; a vector gives a matrix of one row, as in Theano."""
    return _softmax(_at_least_2d(c), axis=-1)


def logsoftmax(c: Any) -> Any:
    """Logarithm of :func:`softmax`, computed without overflow."""
    return log_softmax(_at_least_2d(c), axis=-1)


def relu(x: Any, alpha: Any = 0) -> Any:
    """``max(x, 0)``, or ``alpha x`` below zero; the gradient at 0 is the mean of both sides."""
    x = pt.as_tensor_variable(x)
    if isinstance(alpha, int | float) and alpha == 0:
        return 0.5 * (x + abs(x))
    alpha = pt.as_tensor_variable(alpha)
    return 0.5 * (1 + alpha) * x + 0.5 * (1 - alpha) * abs(x)


def elu(x: Any, alpha: Any = 1) -> Any:
    """``x`` above zero, ``alpha (exp(x) - 1)`` below (Clevert et al., 2015)."""
    return pt.switch(x > 0, x, alpha * pt.expm1(x))


def selu(x: Any) -> Any:
    """The self-normalising :func:`elu` (Klambauer et al., 2017)."""
    return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)


def softsign(x: Any) -> Any:
    """``x / (1 + |x|)``."""
    return x / (1.0 + abs(x))


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Any:
    """Cross-entropy of each row."""
    coding = pt.as_tensor_variable(coding_dist)
    true = pt.as_tensor_variable(true_dist)
    if true.ndim == coding.ndim:
        return -pt.sum(true * pt.log(coding), axis=coding.ndim - 1)
    if true.ndim == coding.ndim - 1 == 1:
        if true.dtype not in pt.type.integer_dtypes:
            raise TypeError(
                f"Target classes are integers, not {true.dtype}: categorical_crossentropy"
                " takes an integer vector, or a matrix of probabilities.",
            )
        return -pt.log(coding)[pt.arange(true.shape[0]), true]
    raise TypeError(
        f"categorical_crossentropy: {coding.ndim} dimensions of probabilities and"
        f" {true.ndim} of targets do not fit together.",
    )


crossentropy_categorical_1hot = categorical_crossentropy


def softmax_with_bias(x: Any, b: Any) -> Any:
    """Softmax of each row of ``x + b``."""
    return softmax(pt.as_tensor_variable(x) + b)


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y_idx: Any) -> tuple[Any, Any]:
    """Cross-entropy of each row's softmax and class, and the softmax."""
    x = _at_least_2d(pt.as_tensor_variable(x) + b)
    classes = pt.as_tensor_variable(y_idx)
    return -logsoftmax(x)[pt.arange(x.shape[0]), classes], softmax(x)


def crossentropy_softmax_1hot(x: Any, y_idx: Any) -> tuple[Any, Any]:
    """Cross-entropy of each row's softmax and class, and the softmax."""
    return crossentropy_softmax_1hot_with_bias(x, 0, y_idx)


def confusion_matrix(actual: Any, pred: Any) -> list[Any]:
    """Count pairs of an actual class (row) and a predicted one, and list the classes."""
    pairs = [pt.as_tensor_variable(each) for each in (actual, pred)]
    order = pt.unique(pt.concatenate(pairs))
    true, told = (pt.eq(each.dimshuffle(0, "x"), order).astype("int64") for each in pairs)
    return [pt.dot(true.T, told), order]


def binary_crossentropy(output: Any, target: Any) -> Any:
    """``-(target log(output) + (1 - target) log(1 - output))``, element by element."""
    return -(target * pt.log(output) + (1.0 - target) * pt.log(1.0 - output))


def sigmoid_binary_crossentropy(output: Any, target: Any) -> Any:
    """:func:`binary_crossentropy` of ``sigmoid(output)``, computed without overflow."""
    return pt.maximum(output, 0) - output * target + softplus(-abs(output))


def _at_least_2d(c: Any) -> Any:
    c = pt.as_tensor_variable(c)
    return c.dimshuffle("x", 0) if c.ndim == 1 else c


def hard_sigmoid(x: Any) -> Any:
    """``clip(0.2 x + 0.5, 0, 1)``: three straight lines instead of a sigmoid."""
    x = pt.as_tensor_variable(x)
    slope = pt.constant(0.2, dtype=_float(x))
    shift = pt.constant(0.5, dtype=_float(x))
    return pt.clip(x * slope + shift, 0, 1)


def ultra_fast_sigmoid(x: Any) -> Any:
    """Theano's rational approximation of the sigmoid, within 0.03 of it."""
    x = pt.as_tensor_variable(x)
    half = x * pt.constant(0.5, dtype=_float(x))
    size = pt.abs(half)
    near = 1.5 * size / (1 + size)
    middle = 0.935409070603099 + 0.0458812946797165 * (size - 1.7)
    rise = pt.switch(size < 1.7, near, pt.switch(size < 3, middle, 0.99505475368673))
    return (0.5 * (pt.sign(half) * rise + 1)).astype(_float(x))


def _float(x: Any) -> str:
    return str(x.dtype) if str(x.dtype).startswith("float") else "float32"


def batch_normalization(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    std: Any,
    mode: str = "low_mem",
) -> Any:
    """``(inputs - mean) gamma / std + beta``."""
    return (inputs - mean) * (gamma / std) + beta


def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Axes = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: float = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
) -> tuple[Any, ...]:
    """Normalise with the batch's own mean and variance.

    Returns
    -------
    tuple
        Output, mean, ``1 / sqrt(variance + epsilon)``, and the new value of each running average
        that is given. The running variance is divided by one less than the number of values.
    """
    x = pt.as_tensor_variable(inputs)
    over = _axes(axes, x.ndim)
    gamma, beta, *running = (
        _like(x, over, given) for given in (gamma, beta, running_mean, running_var)
    )
    mean = x.mean(axis=over, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=over, keepdims=True)
    inverse = 1 / pt.sqrt(variance + epsilon)
    results = [(x - mean) * (gamma * inverse) + beta, mean, inverse]
    size = pt.prod([x.shape[axis] for axis in over]).astype(x.dtype)
    for old, new in zip(running, (mean, variance * size / (size - 1)), strict=True):
        if old is not None:
            results.append(old * (1 - running_average_factor) + new * running_average_factor)
    return tuple(results)


def batch_normalization_test(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    axes: Axes = "per-activation",
    epsilon: float = 1e-4,
) -> Any:
    """Normalise with a mean and a variance that are given."""
    x = pt.as_tensor_variable(inputs)
    over = _axes(axes, x.ndim)
    gamma, beta, mean, var = (_like(x, over, given) for given in (gamma, beta, mean, var))
    return (x - mean) * (gamma / pt.sqrt(var + epsilon)) + beta


def _axes(axes: Axes, ndim: int) -> list[int]:
    if isinstance(axes, str):
        return {"per-activation": [0], "spatial": [0, *range(2, ndim)]}[axes]
    return [axes] if isinstance(axes, int) else list(axes)


def _like(x: Any, over: Sequence[int], given: Any) -> Any:
    """Let a statistic of as many dimensions as `x`, or of those not averaged over, broadcast."""
    if given is None:
        return None
    given = pt.as_tensor_variable(given)
    if given.ndim == x.ndim:
        return pt.specify_broadcastable(given, *over)
    kept = iter(range(given.ndim))
    return given.dimshuffle(["x" if axis in over else next(kept) for axis in range(x.ndim)])
