"""The peak: as many fused multiplications and additions as the products of a step, in registers."""

from __future__ import annotations

import ctypes
import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peers.gemms import products
from peers.peer import Peer
from peers.task import Arrays, Task

#: Vectors that are added to in turn. A sum takes four cycles, and two begin in each.
SUMS = 10


class Peak(Peer):
    """What the cores could do if nothing had to be loaded or stored."""

    def __init__(self, task: Task, arrays: Arrays, weights: list[NDArray[np.float32]]) -> None:
        super().__init__(task, arrays, weights)
        self._lanes, self._multiply = kernel()
        self._pool = ThreadPoolExecutor(task.threads)

    def _run(self, training: bool, pictures: int) -> None:
        terms = sum(p.m * p.k * p.n * p.times for p in products(self.task, training))
        terms = terms * pictures // self.task.batch_size
        rounds = -(-terms // (SUMS * self._lanes * self.task.threads))
        memory = [np.zeros(SUMS * self._lanes, np.float32) for _ in range(self.task.threads)]
        list(self._pool.map(lambda each: self._multiply(each.ctypes.data, 0, rounds), memory))

    def train(self, order: NDArray[np.int64]) -> float:
        """Multiply as often as so many pictures take."""
        self._run(True, len(order))
        return math.nan

    def evaluate(self, count: int) -> tuple[float, float]:
        """Multiply as often as so many pictures take."""
        self._run(False, count)
        return math.nan, math.nan


def kernel() -> tuple[int, Any]:
    """Compile a loop that multiplies; return the numbers in a vector, and the function."""
    from mnist_draw.theano_bridge.native.kernels.emitter import Function
    from mnist_draw.theano_bridge.native.kernels.llvm import addresses_of
    from mnist_draw.theano_bridge.native.kernels.vectors import lanes_of

    lanes = lanes_of("float32")
    vector = f"<{lanes} x float>"
    places = [f"  %p{n} = getelementptr {vector}, ptr %memory, i64 {n}" for n in range(SUMS)]
    sums = [f"  %s{n} = phi {vector} [ %first, %entry ], [ %t{n}, %loop ]" for n in range(SUMS)]
    fma = f"@llvm.fma.v{lanes}f32"
    terms = [
        f"  %t{n} = call {vector} {fma}({vector} %s{n}, {vector} %first, {vector} %first)"
        for n in range(SUMS)
    ]
    stores = [f"  store {vector} %t{n}, ptr %p{n}, align 4" for n in range(SUMS)]
    text = "\n".join(
        [
            "define void @peak(ptr %memory, i64 %start, i64 %stop) nounwind {",
            "entry:",
            *places,
            f"  %first = load {vector}, ptr %memory, align 4",
            "  br label %loop",
            "loop:",
            "  %i = phi i64 [ %start, %entry ], [ %i1, %loop ]",
            *sums,
            *terms,
            "  %i1 = add i64 %i, 1",
            "  %more = icmp slt i64 %i1, %stop",
            "  br i1 %more, label %loop, label %end",
            "end:",
            *stores,
            "  ret void",
            "}",
        ],
    )
    declaration = f"declare {vector} {fma}({vector}, {vector}, {vector})"
    address = addresses_of([Function("peak", text, (declaration,))])["peak"]
    word = ctypes.c_int64
    return lanes, ctypes.CFUNCTYPE(None, ctypes.c_void_p, word, word)(address)


def version() -> str:
    """Name the processor's vectors."""
    return f"{32 * kernel()[0]} bits"
