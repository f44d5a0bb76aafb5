"""How Numba calls the kernels of pooling (see ``pool_kernels``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from pytensor.link.numba.dispatch import basic as numba_basic
from pytensor.link.numba.dispatch.basic import (
    default_hash_key_from_props,
    register_funcify_and_cache_key,
)

from mnist_draw.theano_bridge.numba_kernels import kernel
from mnist_draw.theano_bridge.pooling import numba_kernels
from mnist_draw.theano_bridge.pooling.numba_kernels import MODES
from mnist_draw.theano_bridge.pooling.op import Pool2D, Pool2DGather, Pool2DGrad

#: To be raised with every change of what the functions below do, or of a kernel's
#: arguments: PyTensor keeps compiled graphs under this number.
VERSION = 1


def _key(op: Any, node: Any) -> str:
    return str(
        default_hash_key_from_props(
            op, version=VERSION, dtype=node.outputs[0].type.dtype, ndim=node.inputs[0].ndim
        )
    )


@njit
def stacked(a):  # type: ignore[no-untyped-def]
    """`a` as a contiguous stack (planes, height, width); a copy only where it has gaps."""
    step = a.itemsize
    gaps = False
    for axis in range(a.ndim - 1, -1, -1):
        if a.shape[axis] != 1 and a.strides[axis] != step:
            gaps = True
        step *= a.shape[axis]
    return a.copy() if gaps else a


@njit
def planes(a):  # type: ignore[no-untyped-def]
    """Number of images in `a`."""
    count = 1
    for axis in range(a.ndim - 2):
        count *= a.shape[axis]
    return count


def _size_of(op: Any) -> Any:
    """A compiled function: height and width of the images -> rows and columns of regions."""
    (wh, ww), (sy, sx), (py, px) = op.window, op.stride, op.pad
    ignore = op.ignore_border

    def length(whole, window, step):  # type: ignore[no-untyped-def]
        if ignore:
            return max((whole - window) // step + 1, 0)
        if step >= window:
            return (whole - 1) // step + 1
        return max((whole - 1 - window + step) // step, 0) + 1

    compiled = njit(length)
    return njit(
        lambda height, width: (
            compiled(height + 2 * py, wh, sy),
            compiled(width + 2 * px, ww, sx),
        )
    )


@register_funcify_and_cache_key(Pool2D)
def forward(op: Pool2D, node: Any, **_: Any) -> tuple[Callable[..., Any], str]:
    dtype = node.outputs[0].type.numpy_dtype
    run = kernel(numba_kernels.pool2d_forward, numba_kernels.FORWARD_ARGUMENTS, dtype.name)
    (wh, ww), (sy, sx), (py, px) = op.window, op.stride, op.pad
    mode, size_of = MODES[op.mode], _size_of(op)

    @numba_basic.numba_njit
    def pool2d_forward(x):  # type: ignore[no-untyped-def]
        height, width = x.shape[-2], x.shape[-1]
        oh, ow = size_of(height, width)
        source = stacked(x)
        out = np.empty(x.shape[:-2] + (oh, ow), dtype)  # noqa: RUF005 (Numba)
        run(
            source.ctypes.data, out.ctypes.data, 0, planes(x), height, width, oh, ow, wh,
            ww, sy, sx, py, px, mode,
        )  # fmt: skip
        # A use after the call: without one, Numba would free a copy before it.
        source.size  # noqa: B018
        return out

    return pool2d_forward, _key(op, node)


@register_funcify_and_cache_key(Pool2DGrad)
def backward(op: Pool2DGrad, node: Any, **_: Any) -> tuple[Callable[..., Any], str]:
    return _with_maxima(op, node, numba_kernels.pool2d_backward, 0)


@register_funcify_and_cache_key(Pool2DGather)
def gather(op: Pool2DGather, node: Any, **_: Any) -> tuple[Callable[..., Any], str]:
    return _with_maxima(op, node, numba_kernels.pool2d_gather, 1)


def _with_maxima(
    op: Any, node: Any, build: Callable[[Any], Any], like: int
) -> tuple[Callable[..., Any], str]:
    """A call of one of the kernels that compare images with maxima.

    The output has the shape of the input number `like`.
    """
    dtype = node.outputs[0].type.numpy_dtype
    run = kernel(build, numba_kernels.BACKWARD_ARGUMENTS, dtype.name)
    (wh, ww), (sy, sx), (py, px) = op.window, op.stride, op.pad
    mode = MODES[op.mode]

    @numba_basic.numba_njit
    def pool2d_with_maxima(x, z, g):  # type: ignore[no-untyped-def]
        a, b, c = stacked(x), stacked(z), stacked(g)
        out = np.empty((x, z)[like].shape, dtype)
        run(
            a.ctypes.data, b.ctypes.data, c.ctypes.data, out.ctypes.data, 0, planes(x),
            x.shape[-2], x.shape[-1], z.shape[-2], z.shape[-1], wh, ww, sy, sx, py, px, mode,
        )  # fmt: skip
        a.size, b.size, c.size  # noqa: B018
        return out

    return pool2d_with_maxima, _key(op, node)
