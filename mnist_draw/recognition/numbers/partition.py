"""Of all ways to put pieces in a row together, the cheapest, and how far it is ahead of others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Group = tuple[int, int]


def cheapest(
    count: int, groups: list[Group], costs: npt.NDArray[np.float64]
) -> tuple[list[int], float]:
    """Return the groups that cover all pieces at the lowest cost, by dynamic programming.

    Parameters
    ----------
    count : int
        Number of pieces.
    groups : list of tuple of int
        First piece and end of each group, sorted by the first; together they can cover all.
    costs : numpy.ndarray, float64, shape (len(groups),)
        Minus the logarithm of each group's probability.

    Returns
    -------
    chosen : list of int
        Rows of `groups`, from left to right.
    share : float
        The probability of this way among all ways, 0 to 1.
    """
    best = [0.0] + [np.inf] * count
    # Minus the logarithm of the probability of all ways that lead here.
    every = [0.0] + [np.inf] * count
    via = [-1] * (count + 1)
    # Groups are sorted by where they begin: each beginning is final before it is used.
    for row, (first, last) in enumerate(groups):
        cost = float(costs[row])
        if best[first] + cost < best[last]:
            best[last], via[last] = best[first] + cost, row
        every[last] = -float(np.logaddexp(-every[last], -(every[first] + cost)))
    chosen = []
    at = count
    while at:
        chosen.append(via[at])
        at = groups[via[at]][0]
    return chosen[::-1], float(np.exp(every[count] - best[count]))
