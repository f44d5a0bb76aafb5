"""Probabilities that mean what they say: of all answers given with 90 %, 90 % are right.

Networks trained for long are too sure of themselves. One number per network, the temperature
T (Guo et al., "On Calibration of Modern Neural Networks", 2017), corrects most of that: the
logarithms of the probabilities are divided by T before they are normalised again. The order
of the digits stays the same. T is fitted on validation pictures and kept in the model file.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Probabilities = npt.NDArray[np.float32]

#: Intervals of confidence that answers are compared in.
_BINS = 15
#: Temperatures that a fit may give; outside of them something else is wrong with the network.
LOWEST, HIGHEST = 0.2, 10.0


def apply_temperature(probabilities: npt.NDArray[np.floating], temperature: float) -> Probabilities:
    """Make probabilities less extreme (T > 1) or more (T < 1).

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (..., classes)
    temperature : float
        Positive; 1 changes nothing.

    Returns
    -------
    numpy.ndarray, float32, same shape
    """
    if temperature == 1:
        return np.asarray(probabilities, dtype=np.float32)
    scaled = _log(probabilities) / temperature
    scaled -= scaled.max(axis=-1, keepdims=True)
    powers = np.exp(scaled)
    result: Probabilities = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return result


def fit_temperature(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.integer]
) -> float:
    """Find the temperature under which the right answers are most likely.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (N, classes)
        What the network says about pictures that it was not trained on.
    labels : numpy.ndarray, shape (N,)

    Returns
    -------
    float
        Between 0.2 and 10.

    Raises
    ------
    ValueError
        When there is no picture, or the arrays do not belong together.
    """
    if len(probabilities) != len(labels) or not len(labels):
        raise ValueError(f"got {len(probabilities)} probabilities for {len(labels)} labels")
    # Slow to import, and not needed to apply a temperature.
    from scipy.optimize import minimize_scalar

    logs = _log(probabilities)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = logs / math.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[rows, labels]))

    # The loss has one minimum, for it is convex in 1/T.
    bounds = (math.log(LOWEST), math.log(HIGHEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    return math.exp(float(found.x))


def expected_calibration_error(
    confidences: npt.NDArray[np.floating], correct: npt.NDArray[np.bool_]
) -> float:
    """Measure how far confidence and accuracy lie apart.

    Parameters
    ----------
    confidences : numpy.ndarray, shape (N,)
        0 to 1.
    correct : numpy.ndarray of bool, shape (N,)

    Returns
    -------
    float
        Mean absolute difference between confidence and accuracy in each of `_BINS` equally wide
        intervals of confidence, weighted by how many answers fall into it; 0 is perfect, 0.01 is
        one per cent.
    """
    if len(confidences) != len(correct) or not len(correct):
        raise ValueError(f"got {len(confidences)} confidences for {len(correct)} answers")
    index = np.minimum((np.asarray(confidences) * _BINS).astype(int), _BINS - 1)
    differences = np.asarray(correct, np.float64) - np.asarray(confidences, np.float64)
    sums = np.bincount(index, weights=differences, minlength=_BINS)
    return float(np.abs(sums).sum() / len(correct))


def _log(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    # float32 softmax gives exact zeros far out; the smallest normal number stands for them.
    return np.log(np.maximum(np.asarray(probabilities, np.float64), np.finfo(np.float32).tiny))
