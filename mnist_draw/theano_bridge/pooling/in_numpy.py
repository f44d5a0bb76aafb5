"""Pooling and its gradients in NumPy, for graphs that are not compiled.

A region holds few pixels: the loops run over the pixels of a region, and each step
handles that pixel of all regions of all images at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


class Geometry:
    """Where the regions lie on images of one size."""

    def __init__(self, image: Any, size: Any, window: Any, stride: Any, pad: Any) -> None:
        self.image, self.size, self.window = image, size, window
        self.stride, self.pad = stride, pad
        self.whole = tuple(
            max((n - 1) * step + w, length + 2 * p)
            for n, step, w, length, p in zip(size, stride, window, image, pad, strict=True)
        )

    def embed(self, x: Array, value: float) -> Array:
        """The images with `value` around them, as far as any region reaches."""
        whole = np.full((*x.shape[:-2], *self.whole), value, x.dtype)
        self.inside(whole)[...] = x
        return whole

    def inside(self, whole: Array) -> Array:
        """The part of embedded images that is the images."""
        (height, width), (py, px) = self.image, self.pad
        return whole[..., py : py + height, px : px + width]

    def pixels(self, *wholes: Array) -> Iterator[tuple[Array, ...]]:
        """For each pixel of a region: views of that pixel of all regions."""
        (oh, ow), (sy, sx) = self.size, self.stride
        for i in range(self.window[0]):
            for j in range(self.window[1]):
                rows = slice(i, i + (oh - 1) * sy + 1, sy)
                columns = slice(j, j + (ow - 1) * sx + 1, sx)
                yield tuple(whole[..., rows, columns] for whole in wholes)

    def divisor(self, mode: str) -> Any:
        """What the sum over a region is divided by, one number for each region."""
        if mode == "sum":
            return 1
        lengths = []
        for n, w, step, length, p in zip(
            self.size, self.window, self.stride, self.image, self.pad, strict=True
        ):
            begin = np.arange(n) * step
            end = np.minimum(begin + w, length + 2 * p)
            if mode == "average_exc_pad":
                begin, end = np.maximum(begin, p), np.minimum(end, length + p)
            lengths.append(end - begin)
        return np.outer(*lengths)


def forward(x: Array, geometry: Geometry, mode: str) -> Array:
    """One number for each region, shape ``(..., rows, columns)`` of regions."""
    start = -np.inf if mode == "max" else 0.0
    out = np.full((*x.shape[:-2], *geometry.size), start, x.dtype)
    add = np.maximum if mode == "max" else np.add
    for (pixel,) in geometry.pixels(geometry.embed(x, start)):
        add(out, pixel, out=out)
    if mode != "max":
        out /= np.asarray(geometry.divisor(mode), x.dtype)
    return out


def backward(x: Array, z: Array, gz: Array, geometry: Geometry, mode: str) -> Array:
    """Gradient by the images; for the maximum, to every pixel that equals it."""
    shape = (*gz.shape[:-2], *geometry.whole)
    gradient = np.zeros(shape, gz.dtype)
    if mode == "max":
        for pixel, g in geometry.pixels(geometry.embed(x, -np.inf), gradient):
            g += np.where(pixel == z, gz, 0)
    else:
        share = gz / np.asarray(geometry.divisor(mode), gz.dtype)
        for (g,) in geometry.pixels(gradient):
            g += share
    return np.ascontiguousarray(geometry.inside(gradient))


def gather(x: Array, z: Array, gx: Array, geometry: Geometry) -> Array:
    """For each region the sum of `gx` over the pixels that equal its maximum."""
    out = np.zeros_like(z)
    wholes = geometry.embed(x, -np.inf), geometry.embed(gx, 0)
    for pixel, g in geometry.pixels(*wholes):
        out += np.where(pixel == z, g, 0)
    return out
