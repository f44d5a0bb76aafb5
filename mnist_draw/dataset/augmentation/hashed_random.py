"""Random numbers as hashes, independent of the numbers drawn before.

An augmented picture depends only on seed, epoch and the picture's index: a continued run sees the
same pictures as an uninterrupted one, however threads share the work. Each number is the hash of
(seed, epoch, picture, rank), with the mixing function of SplitMix64 (Steele, Lea and Flood, 2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mnist_draw.arrays import Array, Flags, Floats
from mnist_draw.dataset.augmentation.numba_loops import Compiled, inlined

_GOLDEN = 0x9E3779B97F4A7C15
_FACTORS = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_WORD = 2**64 - 1


class HashedRandom:
    """Numbers for the pictures of one minibatch, given by their indices; new ones at each call."""

    def __init__(self, seed: int, epoch: int, indices: Array) -> None:
        start = _mixed(_mixed(seed) + epoch + 1)
        keys = np.asarray(indices).astype(np.uint64) * np.uint64(_GOLDEN) + np.uint64(start)
        self._keys = _mix(keys)
        self._rank = 0

    def uniform(self, low: float, high: float) -> Floats:
        """Draw one number for each picture: float32 (n,), from `low` up to `high`."""
        return self.uniforms(1, low, high)[0]

    def uniforms(self, count: int, low: float, high: float) -> Floats:
        """Draw `count` numbers for each picture: float32 (count, n)."""
        ranks = np.arange(self._rank + 1, self._rank + count + 1, dtype=np.uint64)
        self._rank += count
        result = np.empty((count, len(self._keys)), np.float32)
        _draw(
            self._keys,
            ranks * np.uint64(_GOLDEN),
            np.float32(low),
            np.float32(high - low),
            result,
        )
        return result

    def happens(self, probability: float) -> Flags:
        """Draw for each picture whether something happens to it: bool (n,)."""
        return self.uniform(0, 1) < probability


@inlined
def _mix(bits: Any) -> Any:
    """Hash 64-bit words."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(_FACTORS[0])
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(_FACTORS[1])
    return bits ^ (bits >> np.uint64(31))


@Compiled
def _draw(keys: Any, ranks: Any, low: Any, span: Any, result: Any) -> None:
    for number in range(len(ranks)):
        rank = ranks[number]
        for row in range(len(keys)):
            bits = _mix(keys[row] + rank)
            # 24 bits fill a float32's fraction: more would round up to the upper end itself.
            share = np.float32(np.int32(bits >> np.uint64(40))) * np.float32(2**-24)
            result[number, row] = share * span + low


def _mixed(value: int) -> int:
    return int(_mix(np.array([(value * _GOLDEN) & _WORD], np.uint64))[0])
