"""Taking turns: what disturbs the machine for a while then hits all candidates alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

#: Seconds between two turns, in which the threads of the candidate before fall asleep: an
#: OpenBLAS or OpenMP thread looks for more work for some milliseconds.
REST = 0.1


@dataclass(frozen=True)
class Summary:
    """Median and quartiles of the turns of one candidate."""

    median: float
    low: float
    high: float


def alternate(
    names: Sequence[str],
    blocks: int,
    run: Callable[[str], float],
    rest: Callable[[], None] = lambda: time.sleep(REST),
) -> dict[str, list[float]]:
    """Give every candidate a turn in each block, beginning with another one each time.

    Returns the figures of each candidate, one a block.
    """
    figures: dict[str, list[float]] = {name: [] for name in names}
    for block in range(blocks):
        first = block % len(names) if names else 0
        for name in [*names[first:], *names[:first]]:
            rest()
            figures[name].append(run(name))
    return figures


def summary(figures: Sequence[float]) -> Summary:
    """Summarise turns by their median and quartiles."""
    if not figures:
        raise ValueError("no turn was measured")
    if len(figures) == 1:
        return Summary(figures[0], figures[0], figures[0])
    low, middle, high = statistics.quantiles(figures, n=4, method="inclusive")
    return Summary(middle, low, high)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios within the blocks: ours / theirs.

    A block in which the machine was busy slows both; the ratio of two medians would compare
    turns of different blocks.
    """
    if len(ours) != len(theirs) or not ours:
        raise ValueError(f"{len(ours)} turns cannot be compared with {len(theirs)}")
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
