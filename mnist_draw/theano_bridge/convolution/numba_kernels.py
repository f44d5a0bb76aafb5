"""The three products of a convolution, as kernels: output, gradients by filters and input.

Each image is unrolled once into a matrix that fits the cache, and multiplied by BLAS.
Unrolling only the columns of a filter, not its rows (:func:`unroll`), keeps that matrix
small: the rows of the filter are then as many multiplications with the same matrix, each
shifted by one row of the image. Where the image has few channels that would give BLAS
too little to chew on, and rows are unrolled too (``rows`` below is then 1).

Layout of the unrolled matrix of one image: ``[channel, filter column (and filter row),
image row, output column]``. With a vertical step of s, image rows are sorted by their
remainder modulo s, so that the rows that belong together stay neighbours.

The kernels work on the images ``first <= n < last``, so that several threads can share a
batch. The length of the workspace is :func:`workspace_length`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import types

from mnist_draw.theano_bridge.numba_kernels import array_at, gemm

N, T = ord("N"), ord("T")

#: Channels times filter columns from which on rows are not unrolled.
FEW = 48


@numba.njit(inline="always")
def plan(channels: int, kh: int, kw: int, oh: int, ow: int, sy: int) -> Any:
    """How an image is unrolled: multiplications, depth of each, rows per remainder, length."""
    if channels * kw < FEW and kh > 1:
        return 1, channels * kh * kw, oh, oh * ow
    stretch = oh + (kh - 1) // sy
    return kh, channels * kw, stretch, min(sy, kh) * stretch * ow


@numba.njit(inline="always")
def workspace_length(
    channels: int, filters: int, kh: int, kw: int, oh: int, ow: int, sy: int
) -> Any:
    """Elements of workspace that one call of a kernel needs."""
    times, depth, _, length = plan(channels, kh, kw, oh, ow, sy)
    return 2 * times * filters * depth + depth * length + filters * oh * ow


@numba.njit(inline="always")
def arranged(channels, kh, kw, times, c, i, j):  # type: ignore[no-untyped-def]
    """Which multiplication an element of a filter belongs to, and its place in the depth."""
    if times == 1:
        return 0, (c * kh + i) * kw + j
    return i, c * kw + j


@numba.njit
def copy_rows(  # type: ignore[no-untyped-def]
    source, start, row_step, column_step, target, base, rows, first_row, height,
    width, ow, shift,
):  # fmt: skip
    """Copy `rows` image rows to `target`, `ow` columns each; outside of the image is 0."""
    sy, sx, pad_left = shift
    low = 0
    while low < ow and low * sx - pad_left < 0:
        low += 1
    high = ow
    while high > low and (high - 1) * sx - pad_left >= width:
        high -= 1
    for r in range(rows):
        y = first_row + r * sy
        to = base + r * ow
        if y < 0 or y >= height:
            for x in range(ow):
                target[to + x] = 0
            continue
        for x in range(low):
            target[to + x] = 0
        begin = start + y * row_step - pad_left * column_step
        if sx == 1 and column_step == 1:
            for x in range(low, high):
                target[to + x] = source[begin + x]
        else:
            for x in range(low, high):
                target[to + x] = source[begin + x * sx * column_step]
        for x in range(high, ow):
            target[to + x] = 0


@numba.njit
def add_rows(  # type: ignore[no-untyped-def]
    source, base, target, start, rows, first_row, height, width, ow, shift
):
    """The reverse of :func:`copy_rows`: add to the contiguous image at `start`."""
    sy, sx, pad_left = shift
    low = 0
    while low < ow and low * sx - pad_left < 0:
        low += 1
    high = ow
    while high > low and (high - 1) * sx - pad_left >= width:
        high -= 1
    for r in range(rows):
        y = first_row + r * sy
        if y < 0 or y >= height:
            continue
        at = base + r * ow
        begin = start + y * width - pad_left
        if sx == 1:
            for x in range(low, high):
                target[begin + x] += source[at + x]
        else:
            for x in range(low, high):
                target[begin + x * sx] += source[at + x]


@numba.njit
def unroll(  # type: ignore[no-untyped-def]
    x, start, steps, column, at, channels, height, width, kh, kw, oh, ow, shift, pad_top,
    times, stretch, length,
):  # fmt: skip
    """Unroll the image at `start` into the matrix at ``column[at]``."""
    sy, sx, pad_left = shift
    for c in range(channels):
        for j in range(kw):
            moved = (sy, sx, pad_left - j)
            if times == 1:
                for i in range(kh):
                    base = at + ((c * kh + i) * kw + j) * length
                    copy_rows(
                        x, start + c * steps[0], steps[1], steps[2], column, base, oh,
                        i - pad_top, height, width, ow, moved,
                    )  # fmt: skip
            else:
                for remainder in range(min(sy, kh)):
                    base = at + (c * kw + j) * length + remainder * stretch * ow
                    copy_rows(
                        x, start + c * steps[0], steps[1], steps[2], column, base,
                        stretch, remainder - pad_top, height, width, ow, moved,
                    )  # fmt: skip


def conv2d_forward(number: Any) -> Callable[..., None]:
    """Kernel: the convolution of the images with the filters."""
    zero, one = number(0), number(1)
    size = number.bitwidth // 8

    def conv2d_forward(  # type: ignore[no-untyped-def]
        x_, x_n, x_c, x_y, x_x, w_, y_, work_, first, last, channels, height, width,
        filters, kh, kw, oh, ow, pad_top, pad_left, sy, sx, flip,
    ):  # fmt: skip
        times, depth, stretch, length = plan(channels, kh, kw, oh, ow, sy)
        whole = 1 << 62
        x, w = array_at(x_, number, whole), array_at(w_, number, whole)
        work = array_at(work_, number, whole)
        column = times * filters * depth
        for o in range(filters):
            for c in range(channels):
                for i in range(kh):
                    for j in range(kw):
                        g, k = arranged(channels, kh, kw, times, c, i, j)
                        i_, j_ = (kh - 1 - i, kw - 1 - j) if flip else (i, j)
                        work[(g * filters + o) * depth + k] = w[
                            ((o * channels + c) * kh + i_) * kw + j_
                        ]
        pixels = oh * ow
        for n in range(first, last):
            unroll(
                x, n * x_n, (x_c, x_y, x_x), work, column, channels, height, width, kh,
                kw, oh, ow, (sy, sx, pad_left), pad_top, times, stretch, length,
            )  # fmt: skip
            for g in range(times):
                shift = ((g % sy) * stretch + g // sy) * ow
                gemm(
                    N, N, pixels, filters, depth, work_ + (column + shift) * size, length,
                    work_ + g * filters * depth * size, depth, zero if g == 0 else one,
                    y_ + n * filters * pixels * size, pixels,
                )  # fmt: skip

    return conv2d_forward


def conv2d_by_filters(number: Any) -> Callable[..., None]:
    """Kernel: the gradient by the filters. Adds to `w`, which the caller has zeroed."""
    zero, one = number(0), number(1)
    size = number.bitwidth // 8

    def conv2d_by_filters(  # type: ignore[no-untyped-def]
        x_, x_n, x_c, x_y, x_x, w_, y_, work_, first, last, channels, height, width,
        filters, kh, kw, oh, ow, pad_top, pad_left, sy, sx, flip,
    ):  # fmt: skip
        times, depth, stretch, length = plan(channels, kh, kw, oh, ow, sy)
        whole = 1 << 62
        x, w = array_at(x_, number, whole), array_at(w_, number, whole)
        work = array_at(work_, number, whole)
        column = times * filters * depth
        pixels = oh * ow
        for n in range(first, last):
            unroll(
                x, n * x_n, (x_c, x_y, x_x), work, column, channels, height, width, kh,
                kw, oh, ow, (sy, sx, pad_left), pad_top, times, stretch, length,
            )  # fmt: skip
            for g in range(times):
                shift = ((g % sy) * stretch + g // sy) * ow
                gemm(
                    T, N, depth, filters, pixels, work_ + (column + shift) * size, length,
                    y_ + n * filters * pixels * size, pixels, zero if n == first else one,
                    work_ + g * filters * depth * size, depth,
                )  # fmt: skip
        if last > first:
            for o in range(filters):
                for c in range(channels):
                    for i in range(kh):
                        for j in range(kw):
                            g, k = arranged(channels, kh, kw, times, c, i, j)
                            i_, j_ = (kh - 1 - i, kw - 1 - j) if flip else (i, j)
                            w[((o * channels + c) * kh + i_) * kw + j_] += work[
                                (g * filters + o) * depth + k
                            ]

    return conv2d_by_filters


def conv2d_by_input(number: Any) -> Callable[..., None]:
    """Kernel: the gradient by the images, written to the contiguous `x`."""
    one = number(1)
    size = number.bitwidth // 8

    def conv2d_by_input(  # type: ignore[no-untyped-def]
        x_, x_n, x_c, x_y, x_x, w_, y_, work_, first, last, channels, height, width,
        filters, kh, kw, oh, ow, pad_top, pad_left, sy, sx, flip,
    ):  # fmt: skip
        times, depth, stretch, length = plan(channels, kh, kw, oh, ow, sy)
        whole = 1 << 62
        x, w = array_at(x_, number, whole), array_at(w_, number, whole)
        work = array_at(work_, number, whole)
        column = times * filters * depth
        for o in range(filters):
            for c in range(channels):
                for i in range(kh):
                    for j in range(kw):
                        g, k = arranged(channels, kh, kw, times, c, i, j)
                        i_, j_ = (kh - 1 - i, kw - 1 - j) if flip else (i, j)
                        work[(g * filters + o) * depth + k] = w[
                            ((o * channels + c) * kh + i_) * kw + j_
                        ]
        pixels = oh * ow
        image = channels * height * width
        for n in range(first, last):
            for p in range(column, column + depth * length):
                work[p] = 0
            for g in range(times):
                shift = ((g % sy) * stretch + g // sy) * ow
                gemm(
                    N, T, pixels, depth, filters, y_ + n * filters * pixels * size, pixels,
                    work_ + g * filters * depth * size, depth, one,
                    work_ + (column + shift) * size, length,
                )  # fmt: skip
            for p in range(n * image, (n + 1) * image):
                x[p] = 0
            for c in range(channels):
                start = n * image + c * height * width
                for j in range(kw):
                    moved = (sy, sx, pad_left - j)
                    if times == 1:
                        for i in range(kh):
                            base = column + ((c * kh + i) * kw + j) * length
                            add_rows(
                                work, base, x, start, oh, i - pad_top, height, width, ow,
                                moved,
                            )  # fmt: skip
                    else:
                        for remainder in range(min(sy, kh)):
                            base = column + (c * kw + j) * length
                            add_rows(
                                work, base + remainder * stretch * ow, x, start, stretch,
                                remainder - pad_top, height, width, ow, moved,
                            )  # fmt: skip

    return conv2d_by_input


#: Number of ``intp`` arguments of each of the three kernels.
ARGUMENTS = 23
assert types.intp.bitwidth == 64
