"""Kernels of pooling: forward, its gradient, and the gradient of that (for the maximum).

All work on a stack of ``first <= plane < last`` images, contiguous in memory. A region
that sticks out of the image is cut off; padding never counts for the maximum, the sum
and ``average_exc_pad``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from mnist_draw.theano_bridge.numba_kernels import array_at

MODES = {"max": 0, "sum": 1, "average_inc_pad": 2, "average_exc_pad": 3}


@numba.njit(inline="always")
def region(place, window, step, pad, length):  # type: ignore[no-untyped-def]
    """Begin and end of a region inside the image, and its length with the padding."""
    begin = place * step
    end = min(begin + window, length + 2 * pad)
    return max(begin - pad, 0), min(end - pad, length), end - begin


def pool2d_forward(number: Any) -> Callable[..., None]:
    """Kernel: one number for each region of each image."""
    low = number(float("-inf"))

    def pool2d_forward(  # type: ignore[no-untyped-def]
        x_, z_, first, last, height, width, oh, ow, wh, ww, sy, sx, py, px, mode
    ):
        x = array_at(x_, number, last * height * width)
        z = array_at(z_, number, last * oh * ow)
        plain = mode == 0 and wh == 2 and ww == 2 and sy == 2 and sx == 2
        if plain and py == 0 and px == 0 and 2 * oh <= height and 2 * ow <= width:
            # Nearly every network: written so that it becomes vector instructions.
            for plane in range(first, last):
                for r in range(oh):
                    a = (plane * height + 2 * r) * width
                    to = (plane * oh + r) * ow
                    for c in range(ow):
                        i = a + 2 * c
                        top = x[i] if x[i] >= x[i + 1] else x[i + 1]
                        j = i + width
                        bottom = x[j] if x[j] >= x[j + 1] else x[j + 1]
                        z[to + c] = top if top >= bottom else bottom
            return
        for plane in range(first, last):
            for r in range(oh):
                top, bottom, rows = region(r, wh, sy, py, height)
                for c in range(ow):
                    left, right, columns = region(c, ww, sx, px, width)
                    total = low if mode == 0 else number(0)
                    for y in range(top, bottom):
                        at = (plane * height + y) * width
                        for k in range(at + left, at + right):
                            if mode == 0:
                                total = x[k] if x[k] > total else total
                            else:
                                total += x[k]
                    if mode == 2:
                        total /= rows * columns
                    elif mode == 3:
                        total /= (bottom - top) * (right - left)
                    z[(plane * oh + r) * ow + c] = total

    return pool2d_forward


def pool2d_backward(number: Any) -> Callable[..., None]:
    """Kernel: the gradient by the images, for the gradient `gz` by the regions.

    For the maximum, every pixel that equals its region's `z` gets the region's gradient,
    as in Theano. `x` and `z` are looked at for the maximum only.
    """

    def pool2d_backward(  # type: ignore[no-untyped-def]
        x_, z_, gz_, gx_, first, last, height, width, oh, ow, wh, ww, sy, sx, py, px, mode
    ):
        x = array_at(x_, number, last * height * width)
        z = array_at(z_, number, last * oh * ow)
        gz = array_at(gz_, number, last * oh * ow)
        gx = array_at(gx_, number, last * height * width)
        plain = mode == 0 and wh == 2 and ww == 2 and sy == 2 and sx == 2
        if plain and py == 0 and px == 0 and 2 * oh == height and 2 * ow == width:
            for plane in range(first, last):
                for r in range(oh):
                    at = (plane * oh + r) * ow
                    for row in range(2):
                        a = (plane * height + 2 * r + row) * width
                        for c in range(ow):
                            i = a + 2 * c
                            top, g = z[at + c], gz[at + c]
                            gx[i] = g if x[i] == top else number(0)
                            gx[i + 1] = g if x[i + 1] == top else number(0)
            return
        for k in range(first * height * width, last * height * width):
            gx[k] = 0
        for plane in range(first, last):
            for r in range(oh):
                top, bottom, rows = region(r, wh, sy, py, height)
                for c in range(ow):
                    left, right, columns = region(c, ww, sx, px, width)
                    place = (plane * oh + r) * ow + c
                    g = gz[place]
                    if mode == 2:
                        g /= rows * columns
                    elif mode == 3:
                        g /= (bottom - top) * (right - left)
                    for y in range(top, bottom):
                        at = (plane * height + y) * width
                        for k in range(at + left, at + right):
                            if mode != 0 or x[k] == z[place]:
                                gx[k] += g

    return pool2d_backward


def pool2d_gather(number: Any) -> Callable[..., None]:
    """Kernel: for each region the sum of `gx` over the pixels that equal its maximum."""

    def pool2d_gather(  # type: ignore[no-untyped-def]
        x_, z_, gx_, out_, first, last, height, width, oh, ow, wh, ww, sy, sx, py, px, mode
    ):
        x = array_at(x_, number, last * height * width)
        z = array_at(z_, number, last * oh * ow)
        gx = array_at(gx_, number, last * height * width)
        out = array_at(out_, number, last * oh * ow)
        for plane in range(first, last):
            for r in range(oh):
                top, bottom, _ = region(r, wh, sy, py, height)
                for c in range(ow):
                    left, right, _ = region(c, ww, sx, px, width)
                    place = (plane * oh + r) * ow + c
                    total = number(0)
                    for y in range(top, bottom):
                        at = (plane * height + y) * width
                        for k in range(at + left, at + right):
                            if x[k] == z[place]:
                                total += gx[k]
                    out[place] = total

    return pool2d_gather


#: Number of ``intp`` arguments of the kernels.
FORWARD_ARGUMENTS = 15
BACKWARD_ARGUMENTS = 17
