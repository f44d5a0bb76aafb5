"""What is taken for what: true classes and answers, counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mnist_draw.arrays import Integers, Labels
from mnist_draw.training.events import WeakestClass


def confusion_matrix(labels: Labels, answers: Labels, classes: int) -> Integers:
    """Count how often each true class (row) was read as each class (column): int64 (C, C)."""
    places = labels.astype(np.int64) * classes + answers
    counts = np.bincount(places, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def weakest_class(labels: Labels, answers: Labels, names: Sequence[str]) -> WeakestClass:
    """Return the class with the smallest share of right answers."""
    confusion = confusion_matrix(labels, answers, len(names))
    right = np.diag(confusion)
    count = confusion.sum(axis=1)
    # What is not in the test is none of the weak ones.
    shares = np.where(count, right / np.maximum(count, 1), 1.0)
    weakest = int(shares.argmin())
    wrong = confusion[weakest].copy()
    wrong[weakest] = 0
    most = int(wrong.argmax())
    taken_for = names[most] if 2 * wrong[most] > wrong.sum() else ""
    return WeakestClass(names[weakest], float(shares[weakest]), taken_for)
