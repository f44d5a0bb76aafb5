"""Where to cut ink that may be several touching digits.

A seam runs from top to bottom, crosses as little ink as possible, and may lean and bend a
little (S. Avidan and A. Shamir, "Seam carving", 2007).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float32]
Columns = npt.NDArray[np.intp]

#: Seams begin so far apart, in heights of the line, …
_GRID = 0.06
#: … stay within this distance of where they began, …
_BAND = 0.2
#: … and cross at most so much ink.
_MAX_CROSSED = 0.36
#: Seams that are kept lie at least so far from each other and from the ink's ends.
_APART = 0.17
#: What a step to the side costs, in pixels of ink.
_STEP_COST = 0.3


def find_seams(ink: Plane, height: float) -> Columns:
    """Find seams through ink.

    Parameters
    ----------
    ink : numpy.ndarray, float32, shape (H, W)
        0 to 1.
    height : float
        Of the line of digits, in pixels.

    Returns
    -------
    numpy.ndarray, int, shape (seams, H)
        For each row the first column to the right of the seam, from left to right.
    """
    rows, columns = ink.shape
    edge = _APART * height
    count = int((columns - 2 * edge) / (_GRID * height)) + 1
    if columns <= 2 * edge or count < 1:
        return np.empty((0, rows), np.intp)
    centres = np.rint(np.linspace(edge, columns - edge, count)).astype(np.intp)
    reach = max(2, round(_BAND * height))
    # Columns beyond the ink cost nothing to cross but must not be walked around through.
    padded = np.pad(ink, ((0, 0), (reach, reach + 1)), constant_values=float(rows))
    windows = centres[:, None] + np.arange(2 * reach + 1)
    crossed, paths = _cheapest(padded[:, windows])
    places = paths + centres[:, None] - reach
    order = np.argsort(crossed, kind="stable")
    kept: list[int] = []
    for seam in order:
        if crossed[seam] > _MAX_CROSSED * height:
            break
        middle = places[seam].mean()
        if not edge <= middle <= columns - edge:
            continue
        if all(abs(middle - places[other].mean()) >= edge for other in kept):
            kept.append(int(seam))
    kept.sort(key=lambda seam: float(places[seam].mean()))
    return places[kept]


def _cheapest(costs: Plane) -> tuple[Plane, Columns]:
    """Find the cheapest way down through each window."""
    rows, windows, width = costs.shape
    steps = np.zeros((rows, windows, width), np.int8)
    # One more column on each side that no way takes.
    total = np.full((windows, width + 2), np.inf, np.float32)
    total[:, 1:-1] = costs[0]
    step = np.float32(_STEP_COST)
    for row in range(1, rows):
        left, straight, right = total[:, :-2] + step, total[:, 1:-1], total[:, 2:] + step
        best = np.minimum(left, right)
        aside = best < straight
        steps[row] = aside * np.where(left <= right, -1, 1)
        total[:, 1:-1] = np.where(aside, best, straight) + costs[row]
    total = total[:, 1:-1]
    at = total.argmin(axis=1)
    every = np.arange(windows)
    crossed: Plane = total[every, at]
    paths = np.empty((windows, rows), np.intp)
    for row in range(rows - 1, -1, -1):
        paths[:, row] = at
        if row:
            at = at + steps[row, every, at]
    return crossed, paths
