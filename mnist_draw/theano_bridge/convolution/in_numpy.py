"""The convolution and its two gradients in NumPy, for graphs that are not compiled.

All images are looked at through one strided view, one product per pixel of the filter is
left to BLAS; no loop runs over images or pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Array = np.ndarray[Any, Any]


def _padded(x: Array, pads: Any) -> Array:
    return x if not np.any(pads) else np.pad(x, ((0, 0), (0, 0), *pads))


def _turned(w: Array, flip: bool) -> Array:
    return w[:, :, ::-1, ::-1] if flip else w


def _unrolled(x: Array, kernel: Sequence[int], pads: Any, steps: Sequence[int]) -> Array:
    """Windows of the images: (n, channels, output height, output width, kh, kw)."""
    windows = sliding_window_view(_padded(x, pads), tuple(kernel), axis=(2, 3))
    return windows[:, :, :: steps[0], :: steps[1]]


def forward(x: Array, w: Array, pads: Any, steps: Sequence[int], flip: bool) -> Array:
    """Output (n, filters, oh, ow) of images `x` and filters `w`."""
    _check(x, w, pads)
    windows = _unrolled(x, w.shape[2:], pads, steps)
    out = np.tensordot(windows, _turned(w, flip), axes=([1, 4, 5], [1, 2, 3]))
    return np.ascontiguousarray(out.transpose(0, 3, 1, 2))


def by_filters(
    x: Array, gy: Array, kernel: Sequence[int], pads: Any, steps: Sequence[int], flip: bool
) -> Array:
    """Gradient by the filters, (filters, channels, kh, kw)."""
    windows = _unrolled(x, kernel, pads, steps)
    windows = windows[:, :, : gy.shape[2], : gy.shape[3]]
    gradient = np.tensordot(gy, windows, axes=([0, 2, 3], [0, 2, 3]))
    return np.ascontiguousarray(_turned(gradient, flip))


def by_input(
    w: Array, gy: Array, image: Sequence[int], pads: Any, steps: Sequence[int], flip: bool
) -> Array:
    """Gradient by the images, (n, channels, height, width)."""
    (top, bottom), (left, right) = pads
    height, width = image
    whole = np.zeros(
        (gy.shape[0], w.shape[1], height + top + bottom, width + left + right), gy.dtype
    )
    for pixel, window in _shifts(whole, gy.shape[2:], w.shape[2:], steps):
        taken = _turned(w, flip)[(..., *pixel)]
        window += np.tensordot(gy, taken, axes=(1, 0)).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(whole[:, :, top : top + height, left : left + width])


def _shifts(
    whole: Array, size: Sequence[int], kernel: Sequence[int], steps: Sequence[int]
) -> Iterator[tuple[tuple[int, int], Array]]:
    """For each pixel of a filter the view of `whole` that it meets."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i, i + (size[0] - 1) * steps[0] + 1, steps[0])
            columns = slice(j, j + (size[1] - 1) * steps[1] + 1, steps[1])
            yield (i, j), whole[:, :, rows, columns]


def _check(x: Array, w: Array, pads: Any) -> None:
    if x.shape[1] != w.shape[1]:
        raise ValueError(
            f"conv2d: the images have {x.shape[1]} channels, the filters {w.shape[1]}."
        )
    fits = [n + sum(pad) >= k for n, pad, k in zip(x.shape[2:], pads, w.shape[2:], strict=True)]
    if not all(fits):
        raise ValueError(
            f"conv2d: filters of {w.shape[2]} x {w.shape[3]} do not fit on images of"
            f" {x.shape[2]} x {x.shape[3]}; pad the images with border_mode."
        )
