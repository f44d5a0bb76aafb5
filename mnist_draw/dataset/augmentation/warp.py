"""Smooth deformations of the plane, one for each picture: slant, bends and waves.

Coordinates are pixels relative to the middle of the picture (index 14), x to the right and y
downwards. Neither place nor size is varied here: both vanish when the digit is normalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.augmentation.numba_loops import Compiled, has_numba

Floats = NDArray[np.float32]

#: Half of a digit's longer side, in pixels.
HALF = np.float32(10.0)


@dataclass(frozen=True)
class WarpRange:
    """How far a warp may go; every amount is drawn between its negative and itself.

    Attributes
    ----------
    rotation : float
        Degrees.
    shear : float
        Pixels to the side for each pixel of height.
    aspect : float
        The logarithm of width to height.
    bend : float
        How far the middle may be bent out of line, in pixels; the ends stay.
    waves : tuple
        For each octave of noise: the root mean square of the shift in pixels, and the shortest
        and longest wavelength in pixels.
    """

    rotation: float = 12.0
    shear: float = 0.25
    aspect: float = 0.2
    bend: float = 0.0
    waves: tuple[tuple[float, float, float], ...] = ()


#: Rounds in which `Warp.backward` comes closer.
ROUNDS = 6
#: Waves that make up one octave of noise.
WAVES = 3


class Warp:
    """One deformation for each of n pictures: first bends and waves, then a linear map.

    Parameters
    ----------
    random : HashedRandom
        Where the amounts come from.
    limits : WarpRange
        How large they may be.
    """

    def __init__(self, random: HashedRandom, limits: WarpRange) -> None:
        angle = random.uniform(-1, 1) * np.float32(np.radians(limits.rotation))
        shear = random.uniform(-limits.shear, limits.shear)
        # Half of the logarithm to each side: the area stays.
        wide = np.exp(random.uniform(-limits.aspect / 2, limits.aspect / 2))
        cos, sin = np.cos(angle), np.sin(angle)
        # Slant, then stretch, then turn; y points down, so that a positive shear leans right.
        # x from x, x from y, y from x, y from y: (4, n).
        self._linear = np.stack(
            [
                cos * wide,
                -cos * wide * shear - sin / wide,
                sin * wide,
                cos / wide - sin * wide * shear,
            ]
        )
        self._bends = random.uniforms(4, -limits.bend, limits.bend)
        waves = []
        for strength, shortest, longest in limits.waves:
            direction, phase, heading = random.uniforms(3 * WAVES, 0, 2 * np.pi).reshape(
                3, WAVES, -1
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
                ]
            )
        # (5, waves, n): waves per pixel to the right and down, phase, shift to the right and down.
        count = len(limits.waves) * WAVES
        self._waves = np.zeros((5, count, len(angle)), np.float32)
        if waves:
            self._waves[...] = np.array(waves).transpose(1, 0, 2, 3).reshape(5, count, -1)
        self._is_linear = not waves and not limits.bend

    def forward(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Tell where points go: float32 (n, points) twice, in and out."""
        return self._bent(x, y, self._linear)

    def backward(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Tell where points come from, to a few hundredths of a pixel; shapes as above."""
        xx, xy, yx, yy = self._linear[:, :, None]
        # The area stays: the determinant is 1.
        straight_x, straight_y = yy * x - xy * y, xx * y - yx * x
        x, y = straight_x, straight_y
        # Shifts change slowly, by less than half of the way: each round halves the error.
        for _ in range(0 if self._is_linear else ROUNDS):
            bent_x, bent_y = self._bent(x, y, _unchanged(len(x)))
            x, y = straight_x - (bent_x - x), straight_y - (bent_y - y)
        return x, y

    def _bent(self, x: Floats, y: Floats, linear: Floats) -> tuple[Floats, Floats]:
        """Shift points by bends and waves, and then apply a linear map."""
        to_x, to_y = np.empty_like(x), np.empty_like(y)
        bend = _bend_compiled if has_numba() else _bend_numpy
        bend(x, y, linear, self._bends, self._waves, to_x, to_y)
        return to_x, to_y


def _unchanged(count: int) -> Floats:
    return np.repeat(np.array([[1], [0], [0], [1]], np.float32), count, axis=1)


def _bend_loops(
    x: Any, y: Any, linear: Any, bends: Any, waves: Any, result_x: Any, result_y: Any
) -> None:
    one, none, sixteen = np.float32(1), np.float32(0), np.float32(16)
    half, inverse = np.float32(0.5), np.float32(1) / HALF
    points = np.uint64(x.shape[1])
    for picture in range(x.shape[0]):
        bow, waist = bends[0, picture], bends[1, picture]
        belly, arch = bends[2, picture], bends[3, picture]
        px, py = x[picture], y[picture]
        to_x, to_y = result_x[picture], result_y[picture]
        for point in range(points):
            u, v = px[point] * inverse, py[point] * inverse
            along_x = max(one - u * u, none)
            along_y = max(one - v * v, none)
            to_x[point] = px[point] + bow * along_y + belly * along_x
            to_y[point] = py[point] + waist * along_y + arch * along_x
        for wave in range(waves.shape[1]):
            number_x, number_y = waves[0, wave, picture], waves[1, wave, picture]
            phase = waves[2, wave, picture]
            shift_x, shift_y = waves[3, wave, picture], waves[4, wave, picture]
            for point in range(points):
                turn = number_x * px[point] + number_y * py[point] + phase
                turn -= np.floor(turn) + half
                height = sixteen * turn * (half - abs(turn))
                to_x[point] += shift_x * height
                to_y[point] += shift_y * height
        xx, xy = linear[0, picture], linear[1, picture]
        yx, yy = linear[2, picture], linear[3, picture]
        for point in range(points):
            bent_x, bent_y = to_x[point], to_y[point]
            to_x[point] = xx * bent_x + xy * bent_y
            to_y[point] = yx * bent_x + yy * bent_y


_bend_compiled = Compiled(_bend_loops)


def _bend_numpy(
    x: Floats,
    y: Floats,
    linear: Floats,
    bends: Floats,
    waves: Floats,
    result_x: Floats,
    result_y: Floats,
) -> None:
    # 1 in the middle, 0 at the digit's ends and beyond.
    along_x = np.maximum(1 - (x / HALF) ** 2, 0)
    along_y = np.maximum(1 - (y / HALF) ** 2, 0)
    bow, waist, belly, arch = bends[:, :, None]
    bent_x = x + bow * along_y + belly * along_x
    bent_y = y + waist * along_y + arch * along_x
    for number_x, number_y, phase, shift_x, shift_y in waves.transpose(1, 0, 2)[:, :, :, None]:
        turn = number_x * x + number_y * y + phase
        turn -= np.floor(turn) + np.float32(0.5)
        # Two parabolas for each turn: as smooth as the eye can see, and without a sine's cost.
        height = 16 * turn * (np.float32(0.5) - np.abs(turn))
        bent_x += shift_x * height
        bent_y += shift_y * height
    xx, xy, yx, yy = linear[:, :, None]
    result_x[...] = xx * bent_x + xy * bent_y
    result_y[...] = yx * bent_x + yy * bent_y
