"""t-SNE: embed neighbours in many dimensions as neighbours in two (van der Maaten, Hinton 2008).

Exact, as in the paper: every point attracts and repels every other. For 2,000 points a round
takes a tenth of a second, so that 400 rounds can be watched.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

ROUNDS = 400
PERPLEXITY = 30.0
#: In the first rounds attraction is multiplied by this, so that clusters form.
EXAGGERATION, EXAGGERATED_ROUNDS = 12.0, 100
#: Weight of the last movement in the next, before and after the groups have formed.
_MOMENTA = (0.5, 0.8)
#: Spread of the points at the start: so small that all are neighbours of all.
_START = 1e-4
_SEARCH_ROUNDS = 40
_MIN_VALUE = 1e-12


def tsne(values: Floats, start: Floats, rounds: int = ROUNDS) -> Iterator[Floats]:
    """Lay points out.

    Parameters
    ----------
    values : numpy.ndarray, float32, shape (n, numbers)
    start : numpy.ndarray, float32, shape (n, 2)
        Where points begin, scaled down; the principal components give the same map each time.
    rounds : int

    Yields
    ------
    numpy.ndarray, float32, shape (n, 2)
        The points after each round.
    """
    count = len(values)
    attraction = affinities(squared_distances(values, values))
    points = (start / max(float(start[:, 0].std()), _MIN_VALUE) * _START).astype(np.float32)
    movement, gains = np.zeros_like(points), np.ones_like(points)
    # Belkina et al. (2019): a rate that grows with the number of points.
    rate = max(count / EXAGGERATION, 50.0)
    for number in range(rounds):
        early = number < EXAGGERATED_ROUNDS
        gradient = _gradient(points, attraction * np.float32(EXAGGERATION) if early else attraction)
        # Where a point turns round it goes slower, elsewhere faster (Jacobs 1988).
        gains = np.where(np.sign(gradient) == np.sign(movement), gains * 0.8, gains + 0.2)
        np.maximum(gains, 0.01, out=gains)
        movement = _MOMENTA[0 if early else 1] * movement - rate * gains * gradient
        points = (points + movement).astype(np.float32)
        points -= points.mean(axis=0)
        yield points.copy()


def affinities(distances: Floats, perplexity: float = PERPLEXITY) -> Floats:
    """Return how strongly points attract each other: float32 (n, n), symmetric, sum 1.

    For each point the width of a Gaussian is sought under which it has `perplexity` effective
    neighbours. The distances are overwritten: of 2,000 points each array takes 16 MB.
    """
    count = len(distances)
    target = np.log(min(perplexity, max((count - 1) / 3, 1.0)))
    np.fill_diagonal(distances, np.inf)
    distances -= distances.min(axis=1, keepdims=True)
    precision = np.ones((count, 1), np.float32)
    low, high = np.zeros_like(precision), np.full_like(precision, np.inf)
    finite = np.where(np.isfinite(distances), distances, 0)
    weights = np.empty_like(distances)
    for _ in range(_SEARCH_ROUNDS):
        np.multiply(distances, -precision, out=weights)
        np.exp(weights, out=weights)
        total = weights.sum(axis=1, keepdims=True)
        mean = (weights * finite).sum(axis=1, keepdims=True) / total
        entropy = np.log(total) + precision * mean
        wide = entropy > target
        low, high = np.where(wide, precision, low), np.where(wide, high, precision)
        middle = np.where(np.isinf(high), precision * 2, (low + high) / 2)
        precision = middle.astype(np.float32)
    weights = np.exp(-distances * precision)
    weights /= weights.sum(axis=1, keepdims=True)
    both: Floats = ((weights + weights.T) / (2 * count)).astype(np.float32)
    return np.maximum(both, np.float32(_MIN_VALUE))


def _gradient(points: Floats, attraction: Floats) -> Floats:
    closeness = squared_distances(points, points)
    closeness += 1
    np.divide(1, closeness, out=closeness)
    np.fill_diagonal(closeness, 0)
    pull = closeness / closeness.sum()
    np.subtract(attraction, pull, out=pull)
    pull *= closeness
    gradient: Floats = 4 * (pull.sum(axis=1, keepdims=True) * points - pull @ points)
    return gradient


def squared_distances(some: Floats, others: Floats) -> Floats:
    """Return the squared Euclidean distances: float32 (some, others)."""
    distances: Floats = some @ others.T
    distances *= 2
    lengths = np.einsum("ij,ij->i", some, some)[:, None] + np.einsum("ij,ij->i", others, others)
    np.subtract(lengths, distances, out=distances)
    return np.maximum(distances, 0, out=distances)
