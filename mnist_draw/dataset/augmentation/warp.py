"""Smooth deformations of the plane, one for each picture: slant, bends and waves.

Random numbers are hashes, independent of the numbers drawn before: an augmented picture depends
only on seed, epoch and the picture's index, so that a continued run sees the same pictures as an
uninterrupted one, however threads share the work. Each number is the hash of (seed, epoch, picture,
rank), with the mixing function of SplitMix64 (Steele, Lea and Flood, 2014).

Coordinates are pixels relative to the middle of the picture (index 14), x to the right and y
downwards. Neither place nor size is varied here: both vanish when the digit is normalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_draw.arrays import Array, Flags, Floats, Places
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


#: Half of a digit's longer side, in pixels.
HALF = np.float32(10.0)


@dataclass(frozen=True)
class WarpRange:
    """The range of a warp; every amount is drawn between its negative and itself.

    `rotation` is in degrees, `shear` in pixels to the side for each of height, `aspect` the
    logarithm of width to height, `bend` how many pixels the middle leaves the line. `waves` are
    octaves of noise: root mean square of the shift, shortest and longest wavelength, in pixels.
    """

    rotation: float = 12.0
    shear: float = 0.25
    aspect: float = 0.2
    bend: float = 0.0
    waves: tuple[tuple[float, float, float], ...] = ()


#: Rounds of the iteration of `Warp.backward`.
ROUNDS = 6
#: Waves that make up one octave of noise.
WAVES = 3


class Warp:
    """One deformation for each of n pictures: first bends and waves, then a linear map."""

    def __init__(self, random: HashedRandom, limits: WarpRange) -> None:
        angle = random.uniform(-1, 1) * np.float32(np.radians(limits.rotation))
        shear = random.uniform(-limits.shear, limits.shear)
        # Half of the logarithm to each side: the area stays.
        wide = np.exp(random.uniform(-limits.aspect / 2, limits.aspect / 2))
        cos = np.cos(angle)
        sin = np.sin(angle)
        # Slant, then stretch, then turn; y points down, so that a positive shear leans right.
        # x from x, x from y, y from x, y from y: (4, n).
        self._linear = np.stack(
            [
                cos * wide,
                -cos * wide * shear - sin / wide,
                sin * wide,
                cos / wide - sin * wide * shear,
            ],
        )
        self._bends = random.uniforms(4, -limits.bend, limits.bend)
        waves = []
        for strength, shortest, longest in limits.waves:
            direction, phase, heading = random.uniforms(3 * WAVES, 0, 2 * np.pi).reshape(
                3,
                WAVES,
                -1,
            )
            # Waves per pixel, drawn evenly: short ones are as frequent as long ones.
            number = random.uniforms(WAVES, 1 / longest, 1 / shortest)
            # A wave's mean square is about half, and each has its part of the octave's.
            height = np.float32(strength * np.sqrt(2 / WAVES)) * random.uniforms(WAVES, 0.5, 1.37)
            waves.append(
                [
                    number * np.cos(direction),
                    number * np.sin(direction),
                    phase / np.float32(2 * np.pi),
                    height * np.cos(heading),
                    height * np.sin(heading),
                ],
            )
        # (5, waves, n): waves per pixel to the right and down, phase, shift to the right and down.
        count = len(limits.waves) * WAVES
        self._waves = np.zeros((5, count, len(angle)), np.float32)
        if waves:
            self._waves[...] = np.array(waves).transpose(1, 0, 2, 3).reshape(5, count, -1)

    def forward(self, x: Floats, y: Floats, used: Places) -> tuple[Floats, Floats]:
        """Map points, float32 (n, points), of which each picture has `used`, (n,)."""
        to_x = np.zeros_like(x)
        to_y = np.zeros_like(y)
        _forward(x, y, used, self._linear, self._bends, self._waves, to_x, to_y)
        return to_x, to_y

    def backward(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return the origins of points, float32 (n, points), to a few hundredths of a pixel."""
        from_x = np.empty_like(x)
        from_y = np.empty_like(y)
        _backward(x, y, self._linear, self._bends, self._waves, ROUNDS, from_x, from_y)
        return from_x, from_y


@Compiled
def _forward(
    x: Any,
    y: Any,
    used: Any,
    linear: Any,
    bends: Any,
    waves: Any,
    to_x: Any,
    to_y: Any,
) -> None:
    for picture in range(x.shape[0]):
        points = np.uint64(used[picture])
        bent_x = to_x[picture]
        bent_y = to_y[picture]
        own = bends[:, picture], waves[:, :, picture]
        _bend(x[picture], y[picture], points, own[0], own[1], bent_x, bent_y)
        xx = linear[0, picture]
        xy = linear[1, picture]
        yx = linear[2, picture]
        yy = linear[3, picture]
        for point in range(points):
            px = bent_x[point]
            py = bent_y[point]
            bent_x[point] = xx * px + xy * py
            bent_y[point] = yx * px + yy * py


@Compiled
def _backward(
    x: Any,
    y: Any,
    linear: Any,
    bends: Any,
    waves: Any,
    rounds: int,
    from_x: Any,
    from_y: Any,
) -> None:
    points = np.uint64(x.shape[1])
    straight = np.empty((2, x.shape[1]), np.float32)
    bent = np.empty((2, x.shape[1]), np.float32)
    for picture in range(x.shape[0]):
        own = bends[:, picture], waves[:, :, picture]
        xx = linear[0, picture]
        xy = linear[1, picture]
        yx = linear[2, picture]
        yy = linear[3, picture]
        px = from_x[picture]
        py = from_y[picture]
        for point in range(points):
            # The area stays: the determinant is 1.
            straight[0, point] = yy * x[picture, point] - xy * y[picture, point]
            straight[1, point] = xx * y[picture, point] - yx * x[picture, point]
            px[point] = straight[0, point]
            py[point] = straight[1, point]
        # Shifts change slowly, by less than half of the way: each round halves the error.
        for _ in range(rounds):
            _bend(px, py, points, own[0], own[1], bent[0], bent[1])
            for point in range(points):
                px[point] = straight[0, point] - (bent[0, point] - px[point])
                py[point] = straight[1, point] - (bent[1, point] - py[point])


@inlined
def _bend(x: Any, y: Any, points: Any, bends: Any, waves: Any, to_x: Any, to_y: Any) -> None:
    """Shift one picture's points by its bends and waves."""
    one = np.float32(1)
    none = np.float32(0)
    sixteen = np.float32(16)
    half = np.float32(0.5)
    inverse = np.float32(1) / HALF
    bow = bends[0]
    waist = bends[1]
    belly = bends[2]
    arch = bends[3]
    for point in range(points):
        u = x[point] * inverse
        v = y[point] * inverse
        along_x = max(one - u * u, none)
        along_y = max(one - v * v, none)
        to_x[point] = x[point] + bow * along_y + belly * along_x
        to_y[point] = y[point] + waist * along_y + arch * along_x
    for wave in range(waves.shape[1]):
        number_x = waves[0, wave]
        number_y = waves[1, wave]
        phase = waves[2, wave]
        shift_x = waves[3, wave]
        shift_y = waves[4, wave]
        for point in range(points):
            turn = number_x * x[point] + number_y * y[point] + phase
            turn -= np.floor(turn) + half
            height = sixteen * turn * (half - abs(turn))
            to_x[point] += shift_x * height
            to_y[point] += shift_y * height
