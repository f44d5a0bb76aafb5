"""What a candidate has to offer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.task import Arrays, Task


class Peer:
    """One library's way to train the task's network.

    A subclass prepares itself in ``__init__``, raising `peers.UnavailableError` where it cannot
    take part, and offers `train_batch` and `evaluate_batch`, or the two methods that call them.
    """

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        self.task = task
        self.arrays = arrays
        self.weights = weights

    def train_batch(self, pictures: NDArray[Any], labels: NDArray[np.int32]) -> float:
        """Learn one minibatch and return its loss, with dropout and before the update."""
        raise NotImplementedError

    def evaluate_batch(
        self,
        pictures: NDArray[Any],
        labels: NDArray[np.int32],
    ) -> tuple[float, float]:
        """Return mean loss and share of right answers, without dropout."""
        raise NotImplementedError

    def train(self, order: NDArray[np.int64]) -> float:
        """Learn the training pictures in this order, a minibatch after the other.

        The gather of each minibatch counts, as does reading its loss: every training loop that
        shows its progress does both.
        """
        loss = math.nan
        images, labels = self.arrays.train_images, self.arrays.train_labels
        for start in range(0, len(order), self.task.batch_size):
            chosen = order[start : start + self.task.batch_size]
            loss = float(self.train_batch(images[chosen], labels[chosen]))
        return loss

    def evaluate(self, count: int) -> tuple[float, float]:
        """Return mean loss and share of right answers of the first validation pictures."""
        loss = accuracy = 0.0
        for start in range(0, count, self.task.batch_size):
            chosen = slice(start, min(start + self.task.batch_size, count))
            share = (chosen.stop - chosen.start) / count
            pictures = self.arrays.validation_images[chosen]
            batch = self.evaluate_batch(pictures, self.arrays.validation_labels[chosen])
            loss += share * float(batch[0])
            accuracy += share * float(batch[1])
        return loss, accuracy


def float_pictures(pictures: NDArray[Any]) -> NDArray[np.float32]:
    """Scale pictures that are bytes as the program does, with NumPy."""
    if pictures.dtype == np.uint8:
        return pictures * np.float32(1 / 256)
    return pictures
