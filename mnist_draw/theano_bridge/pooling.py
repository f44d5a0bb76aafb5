"""Pooling over the last two dimensions, as Theano's ``pool_2d``.

`mnist_draw.theano_bridge.native` runs pooling by maxima as machine code. Every other linker,
and every other mode of pooling, runs the NumPy functions at the end of this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor import config
from pytensor.graph import Apply, Op

from mnist_draw.theano_bridge.convolution import shifts

MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


def output_length(length: Any, window: int, step: int, pad: int, ignore_border: bool) -> Any:
    """Number of regions along one axis (`length` may be symbolic), as in Theano."""
    largest = pt.maximum if hasattr(length, "type") else max
    whole = length + 2 * pad
    if ignore_border:
        return largest((whole - window) // step + 1, 0)
    if step >= window:
        return (whole - 1) // step + 1
    return largest((whole - 1 - window + step) // step, 0) + 1


class _Pooling(Op):  # type: ignore[misc]
    """The base of the operations: the geometry of regions, and their mode."""

    __props__ = ("window", "stride", "pad", "ignore_border", "mode")

    def __init__(self, window: Any, stride: Any, pad: Any, ignore_border: bool, mode: str) -> None:
        self.window = window
        self.stride = stride
        self.pad = pad
        self.ignore_border = ignore_border
        self.mode = mode

    def size(self, image: Sequence[Any]) -> Any:
        """Rows and columns of regions on images of the height and width `image`."""
        return tuple(
            None if length is None else output_length(length, w, step, p, self.ignore_border)
            for length, w, step, p in zip(image, self.window, self.stride, self.pad, strict=True)
        )

    def geometry(self, x: Any) -> Geometry:
        image = x.shape[-2:]
        return Geometry(image, self.size(image), self.window, self.stride, self.pad)

    def _sibling(self, kind: type[_Pooling]) -> Any:
        return kind(self.window, self.stride, self.pad, self.ignore_border, self.mode)


class Pool2D(_Pooling):
    """Images (..., height, width) -> (..., rows, columns) of regions."""

    def make_node(self, x: Any) -> Apply:
        shape = (*x.type.shape[:-2], *self.size(x.type.shape[-2:]))
        return Apply(self, [x], [pt.tensor(dtype=x.dtype, shape=shape)])

    def infer_shape(self, *context: Any) -> Any:
        (shape,) = context[-1]
        return [(*shape[:-2], *self.size(shape[-2:]))]

    def perform(self, node: Apply, inputs: Any, outputs: Any) -> None:
        (x,) = inputs
        outputs[0][0] = pool(x, self.geometry(x), self.mode)

    def pullback(self, inputs: Any, outputs: Any, gradients: Any) -> list[Any]:
        return [self._sibling(Pool2DGrad)(inputs[0], outputs[0], gradients[0])]


class _WithRegions(_Pooling):
    """What takes images, their regions and a gradient; the result has the shape of one of them."""

    like: int
    #: The function of arrays.
    compute: Any

    def perform(self, node: Apply, inputs: Any, outputs: Any) -> None:
        outputs[0][0] = self.compute(*inputs, self.geometry(inputs[0]), self.mode)

    def make_node(self, x: Any, z: Any, g: Any) -> Apply:
        g = pt.as_tensor_variable(g).astype(x.dtype)
        shape = (x, z)[self.like].type.shape
        return Apply(self, [x, z, g], [pt.tensor(dtype=x.dtype, shape=shape)])

    def infer_shape(self, *context: Any) -> Any:
        return [context[-1][self.like]]

    def pullback(self, inputs: Any, outputs: Any, gradients: Any) -> list[Any]:
        x, z, _ = inputs
        kind = Pool2DGrad if self.like else Pool2DGather
        if self.mode == "max":
            back = self._sibling(kind)(x, z, gradients[0])
        else:
            back = self._sibling(Pool2D)(gradients[0])
        return [pt.zeros_like(x), pt.zeros_like(z), back]


class Pool2DGrad(_WithRegions):
    """Images, regions and the gradient by regions -> gradient by images."""

    like = 0


class Pool2DGather(_WithRegions):
    """Images, maxima and a gradient by images -> for each region the sum at its maxima."""

    like = 1


def pool_2d(
    input: Any,
    ws: Sequence[int] | None = None,
    ignore_border: bool | None = None,
    stride: Sequence[int] | None = None,
    pad: Sequence[int] = (0, 0),
    mode: str = "max",
    ds: Sequence[int] | None = None,
    st: Sequence[int] | None = None,
    padding: Sequence[int] | None = None,
) -> Any:
    """Pool the last two dimensions."""
    window = _pair("ws", ws if ds is None else ds, 1)
    if st is not None:
        stride = st
    steps = window if stride is None else _pair("stride", stride, 1)
    pads = _pair("pad", pad if padding is None else padding, 0)
    mode = "max" if mode == "max_deterministic" else mode
    if mode not in MODES:
        raise ValueError(f"pool_2d: mode is one of {', '.join(MODES)}, not {mode!r}.")
    if any(pads) and not ignore_border:
        raise NotImplementedError(
            f"pool_2d: padding works only with ignore_border=True (pad is {pads}).",
        )
    if any(p >= w for p, w in zip(pads, window, strict=True)):
        raise ValueError(f"pool_2d: the padding {pads} must be smaller than ws, {window}.")
    x = pt.as_tensor_variable(input)
    if x.ndim < 2:
        raise NotImplementedError("pool_2d requires a dimension >= 2")
    if x.dtype not in ("float32", "float64"):
        x = x.astype(config.floatX)
    return Pool2D(window, steps, pads, bool(ignore_border), mode)(x)


def pool_3d(
    input: Any,
    ws: Sequence[int] | None = None,
    ignore_border: bool | None = None,
    stride: Sequence[int] | None = None,
    pad: Sequence[int] = (0, 0, 0),
    mode: str = "max",
    ds: Sequence[int] | None = None,
    st: Sequence[int] | None = None,
    padding: Sequence[int] | None = None,
) -> Any:
    """Pool the last three dimensions: the last two, then the one before them."""
    depth, *window = ws or ds or ()
    step, *steps = stride or st or (depth, *window)
    ahead, *pads = pad if padding is None else padding
    flat = pool_2d(input, window, ignore_border, steps, pads, mode)
    outer = range(flat.ndim - 3)
    rows, height, width = range(flat.ndim - 3, flat.ndim)
    turned = flat.dimshuffle(*outer, height, width, rows)
    pooled = pool_2d(turned, (1, depth), ignore_border, (1, step), (0, ahead), mode)
    return pooled.dimshuffle(*outer, width, rows, height)


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    try:
        first, second = (int(entry) for entry in value)
    except (TypeError, ValueError):
        first = second = least - 1
    if min(first, second) < least:
        raise ValueError(
            f"pool_2d: {name} is a pair of numbers of at least {least}, not {value!r}.",
        )
    return first, second


Array = np.ndarray[Any, Any]


class Geometry:
    """The positions of regions on images of one size."""

    def __init__(self, image: Any, size: Any, window: Any, stride: Any, pad: Any) -> None:
        self.image = image
        self.size = size
        self.window = window
        self.stride = stride
        self.pad = pad
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
        (height, width) = self.image
        (py, px) = self.pad
        return whole[..., py : py + height, px : px + width]

    def pixels(self, *wholes: Array) -> Iterator[tuple[Array, ...]]:
        """For each pixel of a region: views of that pixel of all regions."""
        for _, places in shifts(self.size, self.window, self.stride):
            yield tuple(whole[places] for whole in wholes)

    def divisor(self, mode: str) -> Any:
        """What the sum over a region is divided by, one number for each region."""
        if mode == "sum":
            return 1
        lengths = []
        for n, w, step, length, p in zip(
            self.size,
            self.window,
            self.stride,
            self.image,
            self.pad,
            strict=True,
        ):
            begin = np.arange(n) * step
            end = np.minimum(begin + w, length + 2 * p)
            if mode == "average_exc_pad":
                begin = np.maximum(begin, p)
                end = np.minimum(end, length + p)
            lengths.append(end - begin)
        return np.outer(*lengths)


def pool(x: Array, geometry: Geometry, mode: str) -> Array:
    """One number for each region, shape ``(..., rows, columns)`` of regions."""
    start = -np.inf if mode == "max" else 0.0
    out = np.full((*x.shape[:-2], *geometry.size), start, x.dtype)
    add = np.maximum if mode == "max" else np.add
    for (pixel,) in geometry.pixels(geometry.embed(x, start)):
        add(out, pixel, out=out)
    if mode != "max":
        out /= np.asarray(geometry.divisor(mode), x.dtype)
    return out


def pool_gradient(x: Array, z: Array, gz: Array, geometry: Geometry, mode: str) -> Array:
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


def gather_at_maxima(x: Array, z: Array, gx: Array, geometry: Geometry, _: str) -> Array:
    """For each region the sum of `gx` over the pixels that equal its maximum."""
    out = np.zeros_like(z)
    wholes = geometry.embed(x, -np.inf), geometry.embed(gx, 0)
    for pixel, g in geometry.pixels(*wholes):
        out += np.where(pixel == z, g, 0)
    return out


Pool2DGrad.compute = staticmethod(pool_gradient)
Pool2DGather.compute = staticmethod(gather_at_maxima)
