"""Pictures set aside for validation and for the test, where a source does not do it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.sources.source import Part
from mnist_draw.errors import DatasetError

#: One picture in six, as MNIST has it (10,000 of 60,000), and no more than MNIST has.
SHARE, MAX_COUNT = 6, 10_000
#: The draw is always the same: a network must not be tested with what it was trained on before.
_SEED = 1


def set_aside(part: Part, source: str, keep: int) -> tuple[Part, Part]:
    """Draw pictures from each class, in its share of all."""
    random = np.random.RandomState(_SEED)
    drawn = np.zeros(len(part.labels), bool)
    share = min(1 / SHARE, MAX_COUNT / len(part.labels))
    for label in np.unique(part.labels):
        own = np.flatnonzero(part.labels == label)
        if len(own) <= keep:
            raise DatasetError(
                f"{source} has a class with {len(own)} picture{'s' * (len(own) != 1)}; each needs "
                "at least 3: to train, to validate and to test with."
            )
        count = min(max(1, round(share * len(own))), len(own) - keep)
        drawn[random.permutation(own)[:count]] = True
    return _some(part, ~drawn), _some(part, drawn)


def shuffled(part: Part) -> Part:
    """Put pictures into an order in which the first are like all others; always the same one."""
    return _some(part, np.random.RandomState(_SEED).permutation(len(part.labels)))


def split_off(part: Part) -> tuple[Part, Part]:
    """Take the last pictures of a part that is in no order, as the tutorial does with MNIST."""
    count = min(MAX_COUNT, max(1, len(part.labels) // SHARE))
    return _some(part, slice(None, -count)), _some(part, slice(-count, None))


def _some(part: Part, chosen: slice | NDArray[Any]) -> Part:
    return Part(part.images[chosen], part.labels[chosen], part.path)
