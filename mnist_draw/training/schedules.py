"""The learning rate of each batch."""

from __future__ import annotations

import math


def learning_rate_at(base: float, schedule: str, progress: float) -> float:
    """Return the learning rate at some point of a run.

    Parameters
    ----------
    base
        The learning rate that was set.
    schedule
        One of `mnist_draw.training.settings.SCHEDULES`.
    progress
        The part of all planned batches that is done, 0 to 1; more counts as 1.

    Returns
    -------
    float
        At least a ten-thousandth of ``base``, so that a rule that divides by it stays finite
        and epochs added after the plan still learn a little.
    """
    progress = min(max(progress, 0.0), 1.0)
    factor = 1.0
    if schedule == "cosine":
        factor = 0.5 * (1 + math.cos(math.pi * progress))
    elif schedule == "step":
        factor = 1.0 if progress < 0.5 else 1 / 3 if progress < 0.75 else 0.1
    return base * max(factor, 1e-4)
