"""Random numbers that follow from what they are for, not from what was drawn before.

An augmented picture is determined by seed, epoch and the picture's index alone: a continued run
sees the same pictures as an uninterrupted one, however the work is shared among threads. Each
number is the hash of its place (seed, epoch, picture, rank), with the mixing function of
SplitMix64 (Steele, Lea and Flood, 2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

_GOLDEN = 0x9E3779B97F4A7C15
_WORD = 2**64 - 1


class HashedRandom:
    """Numbers for the pictures of one minibatch, each call a new set of them.

    Parameters
    ----------
    seed, epoch : int
        Whole numbers, 0 or more.
    indices : numpy.ndarray
        The pictures' places in the data set, integers (n,).
    """

    def __init__(self, seed: int, epoch: int, indices: NDArray[Any]) -> None:
        start = _mixed(_mixed(seed) + epoch + 1)
        keys = np.asarray(indices).astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(start)
        self._keys = _mix(keys)
        self._rank = 0

    def uniform(self, low: float, high: float) -> Floats:
        """Draw one number for each picture: float32 (n,), from `low` up to `high`."""
        drawn: Floats = self.uniforms(1, low, high)[0]
        return drawn

    def uniforms(self, count: int, low: float, high: float) -> Floats:
        """Draw `count` numbers for each picture: float32 (count, n)."""
        ranks = np.arange(self._rank + 1, self._rank + count + 1, dtype=np.uint64)
        self._rank += count
        bits = _mix(self._keys + (ranks * np.uint64(_GOLDEN))[:, None])
        # 24 bits fill a float32's fraction: more would round up to `high` itself.
        shares = (bits >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
        result: Floats = shares * np.float32(high - low) + np.float32(low)
        return result

    def happens(self, probability: float) -> Flags:
        """Tell for each picture whether something happens to it: bool (n,)."""
        happening: Flags = self.uniform(0, 1) < probability
        return happening


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash 64-bit words; `values` is overwritten."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        values ^= values >> np.uint64(shift)
        values *= np.uint64(factor)
    values ^= values >> np.uint64(31)
    return values


def _mixed(value: int) -> int:
    return int(_mix(np.array([(value * _GOLDEN) & _WORD], dtype=np.uint64))[0])
