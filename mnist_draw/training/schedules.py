"""How the learning rate changes during a run: one entry for each schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

#: The smallest part of the set learning rate that a schedule leaves: a rule that divides by the
#: rate stays finite, and epochs added after the plan still learn a little.
MIN_FACTOR = 1e-4


@dataclass(frozen=True)
class Schedule:
    """One way in which the learning rate changes.

    Attributes
    ----------
    name : str
        What settings and commands call it.
    title : str
        The same in a menu.
    meaning : str
        One sentence for menus and help texts.
    factor : callable
        From the part of all planned minibatches that is done, 0 to 1, to the part of the
        learning rate that is used then, 0 to 1.
    """

    name: str
    title: str
    meaning: str
    factor: Callable[[float], float]


def _step(progress: float) -> float:
    return 1.0 if progress < 0.5 else 1 / 3 if progress < 0.75 else 0.1


def _cosine(progress: float) -> float:
    # I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", 2016,
    # without the restarts.
    return 0.5 * (1 + math.cos(math.pi * progress))


#: All schedules by name, the tutorial's first.
SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule("constant", "constant", "the learning rate stays as it is", lambda _: 1.0),
        Schedule(
            "step",
            "in steps",
            "a third of it after half of the epochs, a tenth after three quarters",
            _step,
        ),
        Schedule(
            "cosine", "cosine", "falls along half a cosine to nothing at the last batch", _cosine
        ),
    )
}


def learning_rate_at(base: float, schedule: str, progress: float) -> float:
    """Return the learning rate at some point of a run.

    Parameters
    ----------
    base : float
        The learning rate that was set.
    schedule : str
        One of `SCHEDULES`.
    progress : float
        The part of all planned minibatches that is done, 0 to 1; more counts as 1.

    Returns
    -------
    float
        At least `MIN_FACTOR` of ``base``.
    """
    progress = min(max(progress, 0.0), 1.0)
    return base * max(SCHEDULES[schedule].factor(progress), MIN_FACTOR)
