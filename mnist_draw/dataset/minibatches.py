"""Minibatches, as the tutorial iterates over them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.errors import asks_what_was_meant


@asks_what_was_meant
def iterate_minibatches(
    inputs: NDArray[Any],
    targets: NDArray[Any],
    batchsize: int,
    shuffle: bool = False,
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Iterate over inputs and targets in minibatches of equal size.

    Examples that do not fill a last minibatch are left out, as in the tutorial; with
    ``shuffle=True`` they are other ones in each epoch.

    Parameters
    ----------
    inputs, targets : numpy.ndarray
        Arrays of the same length N.
    batchsize : int
        Examples in a minibatch, from 1 to N.
    shuffle : bool
        Whether to draw the examples in random order.
    rng : numpy.random.Generator or None
        Where the order comes from; NumPy's global generator where none is given, as in the
        tutorial, so that ``np.random.seed`` makes it repeatable.

    Yields
    ------
    inputs, targets
        ``batchsize`` of each. Views where nothing is shuffled, copies otherwise.

    Raises
    ------
    ValueError
        ``inputs`` and ``targets`` differ in length, or ``batchsize`` is no positive number.
    """
    if len(inputs) != len(targets):
        raise ValueError(
            f"inputs and targets must be as many, got {len(inputs)} inputs and "
            f"{len(targets)} targets"
        )
    if batchsize < 1:
        raise ValueError(f"batchsize must be at least 1, got {batchsize}")
    order = None
    if shuffle:
        order = np.arange(len(inputs))
        if rng is None:
            np.random.shuffle(order)  # noqa: NPY002 - the tutorial's own generator
        else:
            rng.shuffle(order)
    for start in range(0, len(inputs) - batchsize + 1, batchsize):
        chosen = (
            slice(start, start + batchsize) if order is None else order[start : start + batchsize]
        )
        yield inputs[chosen], targets[chosen]
