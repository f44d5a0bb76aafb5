"""Random numbers for dropout and noise, under the methods of Theano's random streams.

:class:`RandomStreams` turns ``binomial``, ``normal`` and the like into draws from one of
two sources, :class:`HashedUniform` and :func:`normal_draw`. Each draw has one shared state, which
every call of a compiled function advances (its default update).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import reduce, wraps
from operator import add
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numpy.typing import NDArray
from pytensor import config
from pytensor.graph import Apply, Op
from pytensor.tensor.sharedvar import TensorSharedVariable

from mnist_draw.theano_bridge.loops import known_number


def set_default_update(variable: Any, following: Any) -> None:
    """Let a shared variable advance by itself, as with Theano; PyTensor wants explicit updates."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting default_update", DeprecationWarning)
        variable.default_update = following


def _with_generator(draw: Any) -> Any:
    """Let the numbers that a method draws name their generator."""

    @wraps(draw)
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        numbers = draw(self, *arguments, **named)
        numbers.rng = Generator(self.state_updates[-1][0])
        return numbers

    return method


class RandomStateSharedVariable(TensorSharedVariable):  # type: ignore[misc]
    """The state of one variable's draws."""


_STATE = pt.TensorType("int64", ())


class RandomStreams:
    """Streams of random numbers. The same seed gives the same numbers."""

    def __init__(self, seed: int | Sequence[int] = 12345, use_cuda: Any = None) -> None:
        self._default_seed = seed
        self.state_updates: list[tuple[Any, Any]] = []
        self.seed(seed)

    def seed(self, seed: int | Sequence[int] | None = None) -> None:
        """Start all streams anew, those already drawn from included."""
        self._seeds = np.random.SeedSequence(self._default_seed if seed is None else seed)
        for state, _ in self.state_updates:
            state.set_value(new_state(self._seeds.spawn(1)[0]))

    def updates(self) -> list[tuple[Any, Any]]:
        """Pairs of a state and its next value, one for each draw."""
        return list(self.state_updates)

    @_with_generator
    def uniform(
        self,
        size: Any = (),
        low: Any = 0.0,
        high: Any = 1.0,
        dtype: str | None = None,
        **_: Any,
    ) -> Any:
        """Numbers between `low` (included) and `high` (not included)."""
        dtype = dtype or config.floatX
        numbers = self._draw(HashedUniform(), size, dtype)
        if (low, high) == (0.0, 1.0):
            return numbers
        return (numbers * (high - low) + low).astype(dtype)

    @_with_generator
    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        dtype: str = "int64",
        prob: Any = None,
        **_: Any,
    ) -> Any:
        """How many of `n` trials succeed, each with the probability `p`."""
        p = p if prob is None else prob
        if n < 1:
            raise ValueError(f"binomial: the number of trials n is {n}; it is at least 1.")
        draws = [self._draw(HashedUniform(), size, "float32") for _ in range(n)]
        return reduce(add, [pt.lt(draw, p).astype(dtype) for draw in draws])

    @_with_generator
    def normal(
        self,
        size: Any = (),
        avg: Any = 0.0,
        std: Any = 1.0,
        dtype: str | None = None,
        **_: Any,
    ) -> Any:
        """Normally distributed numbers with mean `avg` and standard deviation `std`."""
        dtype = dtype or config.floatX
        numbers = self._draw(normal_draw, size, dtype)
        return (numbers * std + avg).astype(dtype)

    def multinomial(
        self,
        size: Any = None,
        n: int = 1,
        pvals: Any = None,
        dtype: str = "int64",
        **_: Any,
    ) -> Any:
        """How often each column of `pvals`, rows or one for all of `size`, is hit in `n` trials."""
        pvals = pt.as_tensor_variable(pvals)
        if pvals.ndim == 1:
            rows = pt.alloc(pvals, *(size or (1,)), pvals.shape[0])
            drawn = self.multinomial(n=n, pvals=rows, dtype=dtype)
            return drawn if size else drawn[0]
        if pvals.ndim != 2:
            raise ValueError(f"multinomial: pvals has 2 dimensions, not {pvals.ndim}.")
        ends = pt.cumsum(pvals, axis=1)
        points = [self._draw(HashedUniform(), (pvals.shape[0],), "float32") for _ in range(n)]
        above = reduce(add, [(p.dimshuffle(0, "x") < ends).astype(dtype) for p in points])
        return above - pt.concatenate([pt.zeros_like(above[:, :1]), above[:, :-1]], 1)

    def random_integers(
        self,
        size: Any = None,
        low: Any = 0,
        high: Any = 1,
        dtype: str = "int64",
        **_: Any,
    ) -> Any:
        """Whole numbers from `low` to `high`, both included."""
        # The product may be rounded up to the number after `high`.
        numbers = pt.floor(self.uniform(size or (), dtype="float64") * (high - low + 1)) + low
        return pt.minimum(numbers, high).astype(dtype)

    def permutation(self, size: Any = None, n: int = 1, dtype: str = "int64", **_: Any) -> Any:
        """The numbers below `n` in a random order, in each place of `size`."""
        return pt.argsort(self.uniform((*(size or ()), n)), axis=-1).astype(dtype)

    def choice(
        self,
        size: Any = 1,
        a: Any = 2,
        replace: bool = True,
        p: Any = None,
        dtype: str = "int64",
        **_: Any,
    ) -> Any:
        """Numbers below `a`, or entries of `a`, with the probabilities `p`."""
        a = pt.as_tensor_variable(a)
        n = a if a.ndim == 0 else a.shape[0]
        if not replace:
            # The first to arrive, where each one's rate is its probability.
            waits = -pt.log(1.0 - self.uniform(pt.stack([n])))
            count = size if isinstance(size, int) else size[0]
            chosen = pt.argsort(waits if p is None else waits / p)[:count]
        elif p is None:
            chosen = self.random_integers(size if isinstance(size, tuple) else (size,), 0, n - 1)
        else:
            numbers = self.uniform(size if isinstance(size, tuple) else (size,))
            ends = pt.cumsum(pt.as_tensor_variable(p), axis=-1)[..., :-1]
            chosen = pt.ge(pt.shape_padright(numbers), ends).sum(axis=-1)
        return chosen.astype(dtype) if a.ndim == 0 else a[chosen]

    def _draw(self, source: Any, size: Any, dtype: str) -> Any:
        state = RandomStateSharedVariable(_STATE, new_state(self._seeds.spawn(1)[0]), strict=True)
        step = _WEYL_64 - 2**64  # as a signed number; the sum wraps around
        numbers = source(state, size).astype(dtype)
        following = state + pt.constant(step, "int64")
        set_default_update(state, following)
        self.state_updates.append((state, following))
        return numbers


class MRG_RandomStreams(RandomStreams):  # noqa: N801
    """The name in ``theano.sandbox.rng_mrg``. The numbers are not those of L'Ecuyer's MRG31k3p."""

    rstate: Any = None


class Generator:
    """The state of one variable's draws, under the names of NumPy's ``RandomState``."""

    def __init__(self, state: Any) -> None:
        self.get_state = state.get_value
        self.set_state = state.set_value

    def get_value(self, **_: Any) -> Generator:
        return self

    def set_value(self, value: Generator, **_: Any) -> None:
        self.set_state(value.get_state())

    def seed(self, seed: int) -> None:
        self.set_state(new_state(np.random.SeedSequence(seed)))


def new_state(seed: np.random.SeedSequence) -> Any:
    """The value of a state that starts at `seed`."""
    return np.array(seed.generate_state(1, np.uint64)[0]).astype(np.int64)


def normal_draw(state: Any, size: Any) -> Any:
    """Standard normal numbers of the shape `size` (G. E. P. Box and M. E. Muller, 1958)."""
    size = pt.as_tensor_variable(size, ndim=1).astype("int64")
    pairs = HashedUniform()(state, pt.concatenate([[2], size]))
    radius = pairs[0]
    angle = pairs[1]
    # 1 - u is never 0, whose logarithm is infinite.
    return pt.sqrt(-2.0 * pt.log(1.0 - radius)) * pt.cos(np.float32(2 * np.pi) * angle)


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
        # `infer_static_shape` would simplify all that a length depends on, for seconds.
        shape = tuple(known_number(size[axis]) for axis in range(size.type.shape[0]))
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
    low = np.uint32(word & 0xFFFFFFFF)
    high = np.uint32(word >> 32)
    x = np.arange(int(np.prod(shape, dtype=np.int64)), dtype=np.uint32)
    x = x * np.uint32(_WEYL_32) + low
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    x = (x ^ (x >> np.uint32(15))) ^ high
    x *= np.uint32(0xD35A2D97)
    x ^= x >> np.uint32(15)
    numbers = (x >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return numbers.reshape(shape)
