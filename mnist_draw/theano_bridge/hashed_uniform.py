"""Uniform random numbers from a counter, as an operation of the graph.

Number i of a draw is a hash of the draw's 64-bit state and of i; the next draw has another
state. Nothing is carried from one number to the next, so that any thread can compute any part
of a dropout mask, where it is used and as often as it is used
(`mnist_draw.theano_bridge.native.kernels.elementwise.random_number` is the same in machine code).

The mixing functions are SplitMix64's (G. L. Steele, D. Lea, C. H. Flood: "Fast splittable
pseudorandom number generators", OOPSLA 2014) for the state and ``lowbias32`` (C. Wellons,
"Prospecting for hash functions", 2018) for the counter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor.graph import Apply, Op

from mnist_draw.theano_bridge import numba_fallback

_WEYL_64 = 0x9E3779B97F4A7C15
_WEYL_32 = 0x9E3779B9


class HashedUniform(Op):  # type: ignore[misc]
    """Numbers in [0, 1), float32 with 24 random bits, from a state (int64) and a shape."""

    __props__ = ()

    def make_node(self, state: Any, size: Any) -> Any:
        """Take the state, a scalar int64, and the shape, a vector of integers."""
        state = pt.as_tensor_variable(state)
        if state.type.dtype != "int64" or state.type.ndim != 0:
            raise TypeError(f"the state of random numbers is an int64, not {state.type}")
        size = pt.as_tensor_variable(size, ndim=1).astype("int64")
        shape = pt.basic.infer_static_shape(size)[1]
        return Apply(self, [state, size], [pt.tensor(dtype="float32", shape=shape)])

    def infer_shape(self, *context: Any) -> Any:
        """Return the shape that was asked for (PyTensor 3.3 dropped the graph in front)."""
        node, _ = context[-2:]
        size = node.inputs[1]
        return [tuple(size[axis] for axis in range(node.outputs[0].ndim))]

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        """Compute all numbers with NumPy."""
        state, size = inputs
        output_storage[0][0] = hashed_uniform(int(state), tuple(int(n) for n in size))


def hashed_uniform(state: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Compute the numbers of a state."""
    word = state & (2**64 - 1)
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    word ^= word >> 31
    low, high = np.uint32(word & 0xFFFFFFFF), np.uint32(word >> 32)
    x = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.uint32)
    x = x * np.uint32(_WEYL_32) + low
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> np.uint32(15))) ^ high
    x *= np.uint32(0xD35A2D97)
    x ^= x >> np.uint32(15)
    numbers = (x >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return numbers.reshape(shape)


def next_state(state: Any) -> Any:
    """Return the state of the draw after this one, for a variable of the graph."""
    step = _WEYL_64 - 2**64  # as a signed number; the sum wraps around
    return state + pt.constant(step, dtype="int64")


def _for_numba(op: Any, node: Any, **_: Any) -> Any:
    """Tell Numba how to compute the same numbers."""
    from numba.np.unsafe.ndarray import to_fixed_tuple
    from pytensor.link.numba.dispatch.basic import numba_njit

    dimensions = node.outputs[0].type.ndim

    @numba_njit
    def numbers(state: Any, size: Any) -> Any:
        word = np.uint64(state.item())
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word ^= word >> np.uint64(31)
        low, high = np.uint32(word & np.uint64(0xFFFFFFFF)), np.uint32(word >> np.uint64(32))
        result = np.empty(to_fixed_tuple(size, dimensions), np.float32)
        flat = result.reshape(-1)
        for index in range(flat.size):
            x = np.uint32(np.uint32(index) * np.uint32(_WEYL_32) + low)
            x = np.uint32((x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD))
            x = np.uint32(x ^ (x >> np.uint32(15)) ^ high)
            x = np.uint32(x * np.uint32(0xD35A2D97))
            x = np.uint32(x ^ (x >> np.uint32(15)))
            flat[index] = np.float32(x >> np.uint32(8)) * np.float32(2.0**-24)
        return result

    return numbers, dimensions


@numba_fallback.when_loaded
def _register() -> None:
    from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

    register_funcify_default_op_cache_key(HashedUniform)(_for_numba)
