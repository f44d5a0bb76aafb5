"""Plain JAX: one hand-written step under jit, its parameters donated."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpy.typing import NDArray

from peers.layouts import channels_last
from peers.peer import Peer
from peers.task import EPSILON, LEARNING_RATE, RHO, Arrays, Task


class JaxJit(Peer):
    """`jax.jit` over gradient and rmsprop."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        self._params = [jnp.array(value) for value in channels_last(weights)]
        self._squares = [jnp.zeros_like(value) for value in self._params]
        self._key = jax.random.key(1, impl=GENERATOR)

        @partial(jax.jit, donate_argnums=(0, 1, 2))
        def step(params: Any, squares: Any, key: Any, pictures: Any, labels: Any) -> Any:
            key, mask_key = jax.random.split(key)
            loss, gradients = jax.value_and_grad(_loss)(params, pictures, labels, task, mask_key)
            squares = [RHO * s + (1 - RHO) * g * g for s, g in zip(squares, gradients, strict=True)]
            params = [
                p - LEARNING_RATE * g / jnp.sqrt(s + EPSILON)
                for p, g, s in zip(params, gradients, squares, strict=True)
            ]
            return params, squares, key, loss

        @jax.jit
        def evaluate(params: Any, pictures: Any, labels: Any) -> Any:
            logits = _logits(params, pictures, task, None)
            right = jnp.mean(jnp.argmax(logits, 1) == labels)
            return _cross_entropy(logits, labels), right

        self._step, self._evaluate = step, evaluate

    def train_batch(self, pictures: NDArray[Any], labels: NDArray[np.int32]) -> float:
        """Learn one minibatch."""
        self._params, self._squares, self._key, loss = self._step(
            self._params,
            self._squares,
            self._key,
            pictures,
            labels,
        )
        return float(loss)

    def evaluate_batch(
        self,
        pictures: NDArray[Any],
        labels: NDArray[np.int32],
    ) -> tuple[float, float]:
        """Return loss and share of right answers."""
        loss, accuracy = self._evaluate(self._params, pictures, labels)
        return float(loss), float(accuracy)


#: A generator that the processor runs quickly.
GENERATOR = "rbg"


def _logits(params: Any, pictures: Any, task: Task, key: Any) -> Any:
    x = pictures.astype(jnp.float32) * (1 / 256) if pictures.dtype == jnp.uint8 else pictures
    params = list(params)
    if task.kind == "cnn":
        x = x.reshape(-1, 28, 28, 1)
        for _ in range(2):
            w, b, *params = params
            x = lax.conv_general_dilated(
                x,
                w,
                (1, 1),
                "VALID",
                dimension_numbers=("NHWC", "HWIO", "NHWC"),
            )
            x = jax.nn.relu(x + b)
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = x.reshape(x.shape[0], -1)
    keys = iter(jax.random.split(key, 1 + len(task.hidden))) if key is not None else None
    x = _dropout(x, task.drop_input, keys)
    while len(params) > 2:
        w, b, *params = params
        x = _dropout(jax.nn.relu(x @ w + b), task.drop_hidden, keys)
    w, b = params
    return x @ w + b


def _dropout(x: Any, share: float, keys: Any) -> Any:
    if keys is None:
        return x
    key = next(keys)
    if not share:
        return x
    return jnp.where(jax.random.bernoulli(key, 1 - share, x.shape), x / (1 - share), 0)


def _cross_entropy(logits: Any, labels: Any) -> Any:
    logs = jax.nn.log_softmax(logits)
    return -jnp.mean(jnp.take_along_axis(logs, labels[:, None], 1))


def _loss(params: Any, pictures: Any, labels: Any, task: Task, key: Any) -> Any:
    return _cross_entropy(_logits(params, pictures, task, key), labels)


def version() -> str:
    """Name the library."""
    return f"jax {jax.__version__}"
