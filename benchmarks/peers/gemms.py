"""The floor: the matrix products of a step and nothing else, through SciPy's BLAS.

A convolution counts as the product that im2col would leave, a few pictures at a time on memory
that stays in the cache; the copies that im2col itself takes are not counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.peer import Peer
from peers.task import Arrays, Task

#: Pictures that a convolution's product takes at once.
PICTURES = 20


@dataclass(frozen=True)
class Product:
    """C = op(A) op(B): m × k times k × n, so many times.

    ``ta`` and ``tb`` tell whether A and B are stored transposed.
    """

    m: int
    k: int
    n: int
    ta: bool = False
    tb: bool = False
    times: int = 1


def products(task: Task, training: bool) -> list[Product]:
    """List the products of one minibatch, in order: forward, then backward.

    The gradient by the network's input is not among them: nobody asks for it.
    """
    batch = task.batch_size
    forward: list[Product] = []
    backward: list[Product] = []
    inputs = 784
    if task.kind == "cnn":
        inputs = 512
        times = max(1, round(batch / PICTURES))
        pictures = min(PICTURES, batch)
        for number, (channels, side) in enumerate(((1, 24), (32, 8))):
            places, taps = pictures * side * side, channels * 25
            forward.append(Product(places, taps, 32, times=times))
            if number:
                backward.insert(0, Product(places, 32, taps, tb=True, times=times))
            backward.insert(0, Product(taps, places, 32, ta=True, times=times))
    dense: list[Product] = []
    for number, units in enumerate((*task.hidden, 10)):
        forward.append(Product(batch, inputs, units))
        if number or task.kind == "cnn":
            dense.insert(0, Product(batch, units, inputs, tb=True))
        dense.insert(0, Product(inputs, batch, units, ta=True))
        inputs = units
    return forward + dense + backward if training else forward


class BlasThreads(Peer):
    """Each product is one call; the BLAS cuts it among its own threads."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        from threadpoolctl import threadpool_limits

        # Before SciPy's BLAS is loaded the limit would not reach it.
        import scipy.linalg.blas  # noqa: F401  # isort: skip

        self._limits = threadpool_limits(limits=task.threads, user_api="blas")
        self._steps = {training: self._prepare(training) for training in (True, False)}

    def _prepare(self, training: bool) -> Any:
        from scipy.linalg.blas import sgemm

        calls = []
        for product in products(self.task, training):
            a, b, c = operands(product)
            # The BLAS counts columns first: Cᵀ = Bᵀ Aᵀ, on transposed views.
            arguments = (1.0, b.T, a.T, 0.0, c.T, int(product.tb), int(product.ta), 1)
            calls += [arguments] * product.times

        def step() -> None:
            for arguments in calls:
                sgemm(*arguments)

        return step

    def train(self, order: NDArray[np.int64]) -> float:
        """Multiply as often as so many pictures take."""
        for _ in range(len(order) // self.task.batch_size):
            self._steps[True]()
        return math.nan

    def evaluate(self, count: int) -> tuple[float, float]:
        """Multiply as often as so many pictures take."""
        for _ in range(-(-count // self.task.batch_size)):
            self._steps[False]()
        return math.nan, math.nan


class ProgramThreads(BlasThreads):
    """Each product is cut among the program's own threads, as in its training step."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        Peer.__init__(self, task, arrays, weights)
        self._steps = {training: self._prepare(training) for training in (True, False)}

    def _prepare(self, training: bool) -> Any:
        import mnist_draw.theano_bridge  # noqa: F401 - lets the next imports find PyTensor
        from mnist_draw.theano_bridge.native.handlers.products import multiply
        from mnist_draw.theano_bridge.native.plan import Planner, Value
        from mnist_draw.theano_bridge.native.team import team

        planner = Planner([])
        for product in products(self.task, training):
            a, b, c = operands(product)
            if product.ta:
                a = a.T
            if product.tb:
                b = b.T
            for _ in range(product.times):
                multiply(planner, Value(a), Value(b), c)
        program, _, _ = planner.finish()
        return lambda: team().run(program)


def operands(product: Product) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return A and B as they are stored, and room for C; all row-major."""
    rng = np.random.default_rng(1)
    m, k, n = product.m, product.k, product.n
    a = rng.random((k, m) if product.ta else (m, k), dtype=np.float32)
    b = rng.random((n, k) if product.tb else (k, n), dtype=np.float32)
    return a, b, np.zeros((m, n), np.float32)


def version() -> str:
    """Name the BLAS."""
    import scipy.linalg.blas
    from threadpoolctl import threadpool_info

    blas = [pool for pool in threadpool_info() if "scipy" in pool.get("filepath", "")]
    if not blas:
        return f"scipy {scipy.__version__}"
    names = {f"{pool['internal_api']} {pool['version']} {pool['architecture']}" for pool in blas}
    return f"scipy {scipy.__version__} ({', '.join(sorted(names))})"
