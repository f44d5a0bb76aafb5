"""scikit-learn's MLPClassifier: Adam, for it has no rmsprop, and no dropout."""

from __future__ import annotations

import math

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier

from peers.peer import Peer, float_pictures
from peers.task import LEARNING_RATE, Arrays, Task


class ScikitLearn(Peer):
    """`partial_fit`; a turn is one call, which takes the minibatches itself."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        self._model = MLPClassifier(
            task.hidden,
            solver="adam",
            alpha=0.0,
            learning_rate_init=LEARNING_RATE,
            batch_size=task.batch_size,
            shuffle=False,
            random_state=1,
        )
        self._fitted = False

    def train(self, order: NDArray[np.int64]) -> float:
        """Learn the pictures of a turn; return their mean loss."""
        pictures = float_pictures(self.arrays.train_images[order]).reshape(len(order), -1)
        labels = self.arrays.train_labels[order]
        if self._fitted:
            self._model.partial_fit(pictures, labels)
        else:
            self._model.partial_fit(pictures, labels, classes=np.arange(10))
        self._fitted = True
        return float(self._model.loss_)

    def evaluate(self, count: int) -> tuple[float, float]:
        """Return loss and share of right answers; nothing before it has learned anything."""
        if not self._fitted:
            return math.nan, math.nan
        pictures = float_pictures(self.arrays.validation_images[:count]).reshape(count, -1)
        labels = self.arrays.validation_labels[:count]
        probabilities = self._model.predict_proba(pictures)
        chosen = probabilities[np.arange(count), labels]
        loss = -np.log(np.maximum(chosen, 1e-12)).mean()
        return float(loss), float((probabilities.argmax(1) == labels).mean())


def version() -> str:
    """Name the library."""
    return f"scikit-learn {sklearn.__version__}"
