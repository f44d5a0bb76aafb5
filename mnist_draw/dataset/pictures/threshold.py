"""Where to cut between two kinds of pixels."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Kind = TypeVar("Kind", bound=np.generic)

_BINS = 256


def border(plane: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
    """Return the values along the picture's four edges."""
    return np.concatenate([plane[0], plane[-1], plane[1:-1, 0], plane[1:-1, -1]])


def otsu_threshold(values: npt.NDArray[Any]) -> float:
    """Return the threshold that parts values into two classes most clearly.

    N. Otsu, "A threshold selection method from gray-level histograms", 1979: the variance
    between the two classes is greatest.

    Parameters
    ----------
    values : numpy.ndarray
        0 to 1, any shape.

    Returns
    -------
    float
        The middle of all thresholds that are equally good (between two separate peaks).
    """
    counts, edges = np.histogram(values, bins=_BINS, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = counts.sum() - below
    sums = np.cumsum(counts * centres)
    possible = (below > 0) & (above > 0)
    if not possible.any():
        return 0.5
    mean_below = sums[:-1] / np.where(possible, below, 1)
    mean_above = (sums[-1] - sums[:-1]) / np.where(possible, above, 1)
    between = np.where(possible, below * above * (mean_below - mean_above) ** 2, -1)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float(edges[1 + (best[0] + best[-1]) // 2])
