"""Counts the limits of several networks together: all coarse points, then all others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mnist_draw.errors import UserError

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile

#: The key of a network, and what reads it.
Entry = tuple[str, Callable[[], "ModelFile"]]
#: For each key the accuracies, float64 (47,) with NaN for what is not counted yet, or a sentence
#: why there are none.
Found = dict[str, "np.ndarray | str"]


def count_all(entries: Sequence[Entry], placed: bool) -> Iterator[Found]:
    """Count networks."""
    from mnist_draw.analysis.robustness import AXES, count_limits, test_pictures_for

    coarse = sum(len(axis.shown) for axis in AXES)
    found: Found = {}
    counts: list[tuple[str, Iterator[np.ndarray]]] = []
    for key, load in entries:
        try:
            model = load()
            alterer, labels = test_pictures_for(model)
            counts.append((key, count_limits(model, alterer, labels, placed)))
        except UserError as error:
            found[key] = str(error)
            yield dict(found)
    for enough in (coarse, np.inf):
        for key, values in counts:
            try:
                for accuracy in values:
                    found[key] = accuracy
                    yield dict(found)
                    if np.count_nonzero(~np.isnan(accuracy)) >= enough:
                        break
            except UserError as error:
                found[key] = str(error)
                yield dict(found)
