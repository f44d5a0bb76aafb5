"""How Numba calls the kernels of the convolution (see ``conv_kernels``)."""

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

from mnist_draw.theano_bridge.convolution import numba_kernels
from mnist_draw.theano_bridge.convolution.numba_kernels import workspace_length
from mnist_draw.theano_bridge.convolution.op import Conv2D, Conv2DByFilters, Conv2DByInput
from mnist_draw.theano_bridge.numba_kernels import kernel

#: To be raised with every change of what the functions below do, or of a kernel's
#: arguments: PyTensor keeps compiled graphs under this number.
VERSION = 1


def _kernel(build: Callable[[Any], Any], node: Any) -> tuple[Any, Any]:
    dtype = node.outputs[0].type.numpy_dtype
    return kernel(build, numba_kernels.ARGUMENTS, dtype.name), dtype


def _key(op: Any, node: Any) -> str:
    return str(default_hash_key_from_props(op, version=VERSION, dtype=node.outputs[0].type.dtype))


def _geometry(op: Any) -> Any:
    """A compiled function: filter size -> (top, bottom), (left, right)."""
    border = op.border
    if border == "full":
        return njit(lambda kh, kw: ((kh - 1, kh - 1), (kw - 1, kw - 1)))
    if border == "half":
        return njit(lambda kh, kw: ((kh // 2, kh // 2), (kw // 2, kw // 2)))
    rows, columns = border
    return njit(lambda kh, kw: (rows, columns))


@njit
def contiguous(a):  # type: ignore[no-untyped-def]
    """Whether `a`, a 4-D array, lies in memory without gaps."""
    step = a.itemsize
    for axis in range(3, -1, -1):
        if a.shape[axis] != 1 and a.strides[axis] != step:
            return False
        step *= a.shape[axis]
    return True


@njit
def packed(a, spare):  # type: ignore[no-untyped-def]
    """Address of the elements of `a` in order: its own, or that of a copy in `spare`."""
    if contiguous(a):
        return a.ctypes.data
    k = 0
    for n in range(a.shape[0]):
        for c in range(a.shape[1]):
            for y in range(a.shape[2]):
                for x in range(a.shape[3]):
                    spare[k] = a[n, c, y, x]
                    k += 1
    return spare.ctypes.data


@njit
def spare_length(a):  # type: ignore[no-untyped-def]
    """Elements that :func:`packed` needs."""
    return 0 if contiguous(a) else a.size


@register_funcify_and_cache_key(Conv2D)
def forward(op: Conv2D, node: Any, **_: Any) -> tuple[Callable[..., Any], str]:
    run, dtype = _kernel(numba_kernels.conv2d_forward, node)
    pads, (sy, sx), flip = _geometry(op), op.subsample, int(op.filter_flip)
    size = dtype.itemsize

    @numba_basic.numba_njit
    def conv2d_forward(x, w):  # type: ignore[no-untyped-def]
        images, channels, height, width = x.shape
        filters, channels_, kh, kw = w.shape
        (top, bottom), (left, right) = pads(kh, kw)
        if channels != channels_:
            raise ValueError("conv2d: images and filters differ in their channels.")
        oh = (height + top + bottom - kh) // sy + 1
        ow = (width + left + right - kw) // sx + 1
        if height + top + bottom < kh or width + left + right < kw:
            raise ValueError("conv2d: the filters do not fit on the images.")
        out = np.empty((images, filters, oh, ow), dtype)
        work = np.empty(workspace_length(channels, filters, kh, kw, oh, ow, sy), dtype)
        spare = np.empty(spare_length(w), dtype)
        run(
            x.ctypes.data, x.strides[0] // size, x.strides[1] // size,
            x.strides[2] // size, x.strides[3] // size, packed(w, spare), out.ctypes.data,
            work.ctypes.data, 0, images, channels, height, width, filters, kh, kw, oh, ow,
            top, left, sy, sx, flip,
        )  # fmt: skip
        # A use after the call: without one, Numba would free them before it.
        spare.size, work.size  # noqa: B018
        return out

    return conv2d_forward, _key(op, node)


@register_funcify_and_cache_key(Conv2DByFilters)
def by_filters(op: Conv2DByFilters, node: Any, **_: Any) -> tuple[Callable[..., Any], str]:
    run, dtype = _kernel(numba_kernels.conv2d_by_filters, node)
    pads, (sy, sx), flip = _geometry(op), op.subsample, int(op.filter_flip)
    size = dtype.itemsize

    @numba_basic.numba_njit
    def conv2d_by_filters(x, gy, kh_, kw_):  # type: ignore[no-untyped-def]
        images, channels, height, width = x.shape
        _, filters, oh, ow = gy.shape
        kh, kw = np.intp(kh_.item()), np.intp(kw_.item())
        (top, _), (left, _) = pads(kh, kw)
        out = np.zeros((filters, channels, kh, kw), dtype)
        work = np.empty(workspace_length(channels, filters, kh, kw, oh, ow, sy), dtype)
        spare = np.empty(spare_length(gy), dtype)
        run(
            x.ctypes.data, x.strides[0] // size, x.strides[1] // size,
            x.strides[2] // size, x.strides[3] // size, out.ctypes.data,
            packed(gy, spare), work.ctypes.data, 0, images, channels, height, width,
            filters, kh, kw, oh, ow, top, left, sy, sx, flip,
        )  # fmt: skip
        spare.size, work.size  # noqa: B018
        return out

    return conv2d_by_filters, _key(op, node)


@register_funcify_and_cache_key(Conv2DByInput)
def by_input(op: Conv2DByInput, node: Any, **_: Any) -> tuple[Callable[..., Any], str]:
    run, dtype = _kernel(numba_kernels.conv2d_by_input, node)
    pads, (sy, sx), flip = _geometry(op), op.subsample, int(op.filter_flip)

    @numba_basic.numba_njit
    def conv2d_by_input(w, gy, height_, width_):  # type: ignore[no-untyped-def]
        filters, channels, kh, kw = w.shape
        images, _, oh, ow = gy.shape
        height, width = np.intp(height_.item()), np.intp(width_.item())
        (top, _), (left, _) = pads(kh, kw)
        out = np.empty((images, channels, height, width), dtype)
        work = np.empty(workspace_length(channels, filters, kh, kw, oh, ow, sy), dtype)
        spare_w, spare_y = np.empty(spare_length(w), dtype), np.empty(spare_length(gy), dtype)
        run(
            out.ctypes.data, 0, 0, 0, 0, packed(w, spare_w), packed(gy, spare_y),
            work.ctypes.data, 0, images, channels, height, width, filters, kh, kw, oh, ow,
            top, left, sy, sx, flip,
        )  # fmt: skip
        spare_w.size, spare_y.size, work.size  # noqa: B018
        return out

    return conv2d_by_input, _key(op, node)
