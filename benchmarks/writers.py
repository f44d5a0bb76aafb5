"""Means over writers, and how far they may be off because others would have written otherwise."""

from __future__ import annotations

import numpy as np

_RESAMPLED = 2000


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
