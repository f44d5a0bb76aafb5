"""The program itself, and the same graphs left to PyTensor."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.peer import Peer
from peers.task import EPSILON, LEARNING_RATE, RHO, Arrays, Task


class Program(Peer):
    """`mnist_draw.training.functions`, as the training loop uses them."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        import mnist_draw.theano_bridge  # noqa: F401 - makes the next import work
        import lasagne  # isort: skip

        from mnist_draw.training.functions import compile_evaluate, compile_train
        from mnist_draw.training.loop import build_network
        from mnist_draw.training.settings import TrainingSettings

        settings = TrainingSettings(
            network=task.network,
            update="rmsprop",
            update_parameters={"rho": RHO, "epsilon": EPSILON},
            learning_rate=LEARNING_RATE,
            batch_size=task.batch_size,
        )
        network = build_network(settings)
        lasagne.layers.set_all_param_values(network, weights)
        self._train = compile_train(network, settings, task.pictures).train
        self._labels = arrays.train_labels.astype(np.int32)
        self._evaluate = compile_evaluate(network, task.pictures)

    def train(self, order: NDArray[np.int64]) -> float:
        """Learn the training pictures in this order; the graph gathers each minibatch."""
        loss = math.nan
        for start in range(0, len(order), self.task.batch_size):
            rows = order[start : start + self.task.batch_size]
            loss = float(self._train(self.arrays.train_images, self._labels, rows)[0])
        return loss

    def evaluate_batch(
        self,
        pictures: NDArray[Any],
        labels: NDArray[np.int32],
    ) -> tuple[float, float]:
        """Return loss and share of right answers."""
        loss, accuracy, __ = self._evaluate(pictures, labels)
        return float(loss), float(accuracy)


class Untuned(Program):
    """The same functions compiled by PyTensor's own Numba linker."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        from mnist_draw import theano_bridge

        # The bridge makes its own mode the default one: PyTensor's has to be asked for by name.
        theano_bridge.fast_mode = lambda: "NUMBA"
        theano_bridge.quick_mode = lambda: "NUMBA"
        super().__init__(task, arrays, weights)


def version() -> str:
    """Name the engine."""
    from mnist_draw import theano_bridge

    if theano_bridge.installed_theano():
        import theano

        return f"theano {theano.__version__}"
    import pytensor

    return f"pytensor {pytensor.__version__}"
