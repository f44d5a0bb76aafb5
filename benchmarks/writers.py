"""Means over writers, their intervals, and the calibration error of answers."""

from __future__ import annotations

import numpy as np

_RESAMPLED = 2000
#: Number of intervals of confidence.
_BINS = 15


def writer_means(values: np.ndarray, writers: np.ndarray) -> np.ndarray:
    """Return each writer's mean: float (number of writers,)."""
    return np.array([values[writers == writer].mean() for writer in np.unique(writers)])


def interval(means: np.ndarray) -> tuple[float, float]:
    """Return where the mean of `means` lies in 95 of 100 cases.

    Writers are drawn anew, with replacement (B. Efron, "Bootstrap methods", 1979), from a
    generator of a fixed seed.
    """
    rng = np.random.default_rng(0)
    drawn = rng.choice(means, (_RESAMPLED, len(means))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def described(values: np.ndarray, writers: np.ndarray) -> str:
    """Return the mean over writers and its interval in words."""
    means = writer_means(values, writers)
    low, high = interval(means)
    return f"{means.mean():.2%} ({low:.2%} to {high:.2%})"


def expected_calibration_error(confidences: np.ndarray, correct: np.ndarray) -> float:
    """Compute the mean difference between confidence and accuracy; 0.01 is one per cent.

    It is taken in `_BINS` equally wide intervals of confidence, weighted by how many answers fall
    into each.
    """
    if len(confidences) != len(correct) or not len(correct):
        raise ValueError(f"got {len(confidences)} confidences for {len(correct)} answers")
    index = np.minimum((np.asarray(confidences) * _BINS).astype(int), _BINS - 1)
    differences = np.asarray(correct, np.float64) - np.asarray(confidences, np.float64)
    sums = np.bincount(index, weights=differences, minlength=_BINS)
    return float(np.abs(sums).sum() / len(correct))
