"""Pooling over the last two dimensions, as Theano's ``pool_2d``.

* :class:`Pool2D`: one number for each region;
* :class:`Pool2DGrad`: its gradient by the images;
* :class:`Pool2DGather`: the gradient of that by the gradient of the regions, for the
  maximum (for sums and averages it is :class:`Pool2D` again).

`mnist_draw.theano_bridge.native` runs pooling by maxima as machine code. Every other linker,
and every other mode of pooling, runs `mnist_draw.theano_bridge.pooling.in_numpy`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor import config
from pytensor.graph import Apply, Op

from mnist_draw.theano_bridge.pooling import in_numpy

MODES = ("max", "sum", "average_inc_pad", "average_exc_pad")


def output_length(length: Any, window: int, step: int, pad: int, ignore_border: bool) -> Any:
    """Number of regions along one axis (`length` may be symbolic), as in Theano."""
    symbolic = hasattr(length, "type")
    largest = pt.maximum if symbolic else max
    whole = length + 2 * pad
    if ignore_border:
        return largest((whole - window) // step + 1, 0)
    if step >= window:
        return (whole - 1) // step + 1
    return largest((whole - 1 - window + step) // step, 0) + 1


class _Pooling(Op):  # type: ignore[misc]
    """What the operations share: where the regions lie and what they give."""

    __props__ = ("window", "stride", "pad", "ignore_border", "mode")

    def __init__(
        self,
        window: tuple[int, int],
        stride: tuple[int, int],
        pad: tuple[int, int],
        ignore_border: bool,
        mode: str,
    ) -> None:
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

    def geometry(self, x: Any) -> in_numpy.Geometry:
        image = x.shape[-2:]
        return in_numpy.Geometry(image, self.size(image), self.window, self.stride, self.pad)

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
        outputs[0][0] = in_numpy.forward(x, self.geometry(x), self.mode)

    def pullback(self, inputs: Any, outputs: Any, gradients: Any) -> list[Any]:
        return [self._sibling(Pool2DGrad)(inputs[0], outputs[0], gradients[0])]


class _WithRegions(_Pooling):
    """What takes images, their regions and a gradient; the result has the shape of one of them."""

    like: int

    def make_node(self, x: Any, z: Any, g: Any) -> Apply:
        g = pt.as_tensor_variable(g).astype(x.dtype)
        shape = (x, z)[self.like].type.shape
        return Apply(self, [x, z, g], [pt.tensor(dtype=x.dtype, shape=shape)])

    def infer_shape(self, *context: Any) -> Any:
        return [context[-1][self.like]]


class Pool2DGrad(_WithRegions):
    """Images, regions and the gradient by regions -> gradient by images."""

    like = 0

    def perform(self, node: Apply, inputs: Any, outputs: Any) -> None:
        x, z, gz = inputs
        outputs[0][0] = in_numpy.backward(x, z, gz, self.geometry(x), self.mode)

    def pullback(self, inputs: Any, outputs: Any, gradients: Any) -> list[Any]:
        x, z, _ = inputs
        (ggx,) = gradients
        if self.mode == "max":
            back = self._sibling(Pool2DGather)(x, z, ggx)
        else:
            back = self._sibling(Pool2D)(ggx)
        return [pt.zeros_like(x), pt.zeros_like(z), back]


class Pool2DGather(_WithRegions):
    """Images, maxima and a gradient by images -> for each region the sum at its maxima."""

    like = 1

    def perform(self, node: Apply, inputs: Any, outputs: Any) -> None:
        x, z, gx = inputs
        outputs[0][0] = in_numpy.gather(x, z, gx, self.geometry(x))

    def pullback(self, inputs: Any, outputs: Any, gradients: Any) -> list[Any]:
        x, z, _ = inputs
        back = self._sibling(Pool2DGrad)(x, z, gradients[0])
        return [pt.zeros_like(x), pt.zeros_like(z), back]


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
            f"pool_2d: padding works only with ignore_border=True (pad is {pads})."
        )
    if any(p >= w for p, w in zip(pads, window, strict=True)):
        raise ValueError(f"pool_2d: the padding {pads} must be smaller than ws, {window}.")
    x = pt.as_tensor_variable(input)
    if x.ndim < 2:
        raise NotImplementedError("pool_2d requires a dimension >= 2")
    if x.dtype not in ("float32", "float64"):
        x = x.astype(config.floatX)
    return Pool2D(window, steps, pads, bool(ignore_border), mode)(x)


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    try:
        first, second = (int(entry) for entry in value)
    except (TypeError, ValueError):
        first = second = least - 1
    if min(first, second) < least:
        raise ValueError(
            f"pool_2d: {name} is a pair of numbers of at least {least}, not {value!r}."
        )
    return first, second
