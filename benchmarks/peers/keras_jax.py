"""Keras on its JAX backend: a Sequential model, fit and evaluate."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

os.environ["KERAS_BACKEND"] = "jax"

import keras

from peers.layouts import channels_last
from peers.peer import Peer, float_pictures
from peers.task import EPSILON, LEARNING_RATE, RHO, Arrays, Task


class KerasJax(Peer):
    """`keras.Sequential`; a turn is one call of `fit`, which takes the minibatches itself."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        keras.utils.set_random_seed(1)
        layers = keras.layers
        model = keras.Sequential([layers.Input((28, 28, 1))])
        if task.kind == "cnn":
            for _ in range(2):
                model.add(layers.Conv2D(32, 5, activation="relu"))
                model.add(layers.MaxPooling2D(2))
        model.add(layers.Flatten())
        if task.drop_input:
            model.add(layers.Dropout(task.drop_input))
        for units in task.hidden:
            model.add(layers.Dense(units, activation="relu"))
            if task.drop_hidden:
                model.add(layers.Dropout(task.drop_hidden))
        model.add(layers.Dense(10))
        model.compile(
            keras.optimizers.RMSprop(LEARNING_RATE, rho=RHO, epsilon=EPSILON),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        for variable, value in zip(model.trainable_variables, channels_last(weights), strict=True):
            variable.assign(value)
        self._model = model
        # Another compiled model over the same layers, so that training need not count.
        self._judge = keras.Sequential([layers.Input((28, 28, 1)), model])
        self._judge.compile(
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )

    def train(self, order: NDArray[np.int64]) -> float:
        """Learn the pictures of a turn, the last minibatches' mean loss returned."""
        pictures = float_pictures(self.arrays.train_images[order]).reshape(-1, 28, 28, 1)
        history = self._model.fit(
            pictures,
            self.arrays.train_labels[order],
            batch_size=self.task.batch_size,
            shuffle=False,
            verbose=0,
        )
        return float(history.history["loss"][-1])

    def evaluate(self, count: int) -> tuple[float, float]:
        """Return loss and share of right answers."""
        pictures = float_pictures(self.arrays.validation_images[:count]).reshape(-1, 28, 28, 1)
        loss, accuracy = self._judge.evaluate(
            pictures,
            self.arrays.validation_labels[:count],
            batch_size=self.task.batch_size,
            verbose=0,
        )
        return float(loss), float(accuracy)


def version() -> str:
    """Name the library and its backend."""
    import jax

    return f"keras {keras.__version__}, jax {jax.__version__}"
