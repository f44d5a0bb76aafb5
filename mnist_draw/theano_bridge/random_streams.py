"""Random numbers for dropout and noise, under the methods of Theano's random streams.

:class:`RandomStreams` turns ``binomial``, ``normal`` and the like into draws from one of
two sources, :func:`uniform_draw` and :func:`normal_draw`. These two are the only place
that knows the generator: each call makes one shared state, which every call of a
compiled function advances (its default update).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor import config, shared

from mnist_draw.theano_bridge.hashed_uniform import HashedUniform, next_state


class RandomStreams:
    """Streams of random numbers. The same seed gives the same numbers."""

    def __init__(self, seed: int | Sequence[int] = 12345, use_cuda: Any = None) -> None:
        self._default_seed = seed
        self.state_updates: list[tuple[Any, Any]] = []
        self.seed(seed)

    def seed(self, seed: int | Sequence[int] | None = None) -> None:
        """Start all streams anew, those already drawn from included."""
        if seed is None:
            seed = self._default_seed
        self._seeds = np.random.SeedSequence(seed)
        for state, _ in self.state_updates:
            state.set_value(new_state(self._seeds.spawn(1)[0]))

    def updates(self) -> list[tuple[Any, Any]]:
        """Pairs of a state and its next value, one for each draw."""
        return list(self.state_updates)

    def uniform(
        self,
        size: Any,
        low: Any = 0.0,
        high: Any = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        nstreams: int | None = None,
        **_: Any,
    ) -> Any:
        """Numbers between `low` (included) and `high` (not included)."""
        dtype = dtype or config.floatX
        numbers = self._draw(uniform_draw, size, dtype)
        if (low, high) == (0.0, 1.0):
            return numbers
        return (numbers * (high - low) + low).astype(dtype)

    def binomial(
        self,
        size: Any = None,
        n: int = 1,
        p: Any = 0.5,
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
        prob: Any = None,
        **_: Any,
    ) -> Any:
        """How many of `n` trials succeed, each with the probability `p`."""
        if prob is not None:
            p = prob
        total = None
        for _trial in range(n):
            success = pt.lt(self._draw(uniform_draw, size, "float32"), p)
            total = success if total is None else total.astype(dtype) + success
        if total is None:
            raise ValueError(f"binomial: the number of trials n is {n}; it is at least 1.")
        return total.astype(dtype)

    def normal(
        self,
        size: Any,
        avg: Any = 0.0,
        std: Any = 1.0,
        ndim: int | None = None,
        dtype: str | None = None,
        nstreams: int | None = None,
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
        ndim: int | None = None,
        dtype: str = "int64",
        nstreams: int | None = None,
        **_: Any,
    ) -> Any:
        """How often each column of `pvals` (rows, columns) is hit in `n` trials a row."""
        pvals = pt.as_tensor_variable(pvals)
        if pvals.ndim != 2:
            raise ValueError(f"multinomial: pvals has 2 dimensions, not {pvals.ndim}.")
        ends = pt.cumsum(pvals, axis=1)
        total = None
        for _trial in range(n):
            point = self._draw(uniform_draw, (pvals.shape[0],), "float32")
            above = (point.dimshuffle(0, "x") < ends).astype(dtype)
            hit = above - pt.concatenate([pt.zeros_like(above[:, :1]), above[:, :-1]], 1)
            total = hit if total is None else total + hit
        return total

    def _draw(self, source: Any, size: Any, dtype: str) -> Any:
        numbers, state, following = source(self._seeds.spawn(1)[0], size, dtype)
        with warnings.catch_warnings():
            # PyTensor wants updates written out by whoever compiles; with Theano, and
            # for every user of Lasagne, a stream advances by itself.
            warnings.filterwarnings("ignore", "Setting default_update", DeprecationWarning)
            state.default_update = following
        self.state_updates.append((state, following))
        return numbers


#: The name in ``theano.sandbox.rng_mrg``. The numbers are not those of L'Ecuyer's MRG31k3p.
MRG_RandomStreams = RandomStreams


def new_state(seed: np.random.SeedSequence) -> Any:
    """The value of a state that starts at `seed`."""
    return np.array(seed.generate_state(1, np.uint64)[0]).astype(np.int64)


def uniform_draw(seed: np.random.SeedSequence, size: Any, dtype: str) -> tuple[Any, Any, Any]:
    """Numbers in [0, 1) of the shape `size`, their shared state and its next value."""
    state = shared(new_state(seed))
    numbers = HashedUniform()(state, size)
    return numbers.astype(dtype), state, next_state(state)


def normal_draw(seed: np.random.SeedSequence, size: Any, dtype: str) -> tuple[Any, Any, Any]:
    """Standard normal numbers of the shape `size`, shared state and its next value.

    The method of G. E. P. Box and M. E. Muller ("A note on the generation of random normal
    deviates", 1958), which needs two uniform numbers for each.
    """
    state = shared(new_state(seed))
    size = pt.as_tensor_variable(size, ndim=1).astype("int64")
    pairs = HashedUniform()(state, pt.concatenate([[2], size]))
    radius, angle = pairs[0], pairs[1]
    # 1 - u is never 0, whose logarithm is infinite.
    numbers = pt.sqrt(-2.0 * pt.log(1.0 - radius)) * pt.cos(np.float32(2 * np.pi) * angle)
    return numbers.astype(dtype), state, next_state(state)
