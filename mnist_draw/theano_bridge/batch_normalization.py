"""Batch normalisation: ``theano.tensor.nnet.bn``.

S. Ioffe and C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by Reducing
Internal Covariate Shift", 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt

Axes = str | int | Sequence[int]


def batch_normalization(
    inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem"
) -> Any:
    """``(inputs - mean) gamma / std + beta``."""
    return (inputs - mean) * (gamma / std) + beta


def batch_normalization_train(
    inputs: Any, gamma: Any, beta: Any, axes: Axes = "per-activation", epsilon: float = 1e-4,
    running_average_factor: float = 0.1, running_mean: Any = None, running_var: Any = None,
) -> tuple[Any, ...]:  # fmt: skip
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
    inputs: Any, gamma: Any, beta: Any, mean: Any, var: Any, axes: Axes = "per-activation",
    epsilon: float = 1e-4,
) -> Any:  # fmt: skip
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
