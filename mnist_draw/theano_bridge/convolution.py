"""Two-dimensional convolution over batches and channels, as Theano's ``conv2d``.

Three linear operations, each the gradient of the others. `mnist_draw.theano_bridge.native` runs
them as machine code, every other linker the NumPy functions at the end of this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from numpy.lib.stride_tricks import sliding_window_view
from pytensor import config
from pytensor.gradient import DisconnectedType
from pytensor.graph import Apply, Op

from mnist_draw.theano_bridge.loops import known_number

Padding = tuple[tuple[int, int], tuple[int, int]]


def normalise_border(border_mode: Any) -> str | Padding:
    """Bring a border mode into one form."""
    if border_mode in ("full", "half"):
        return str(border_mode)
    if border_mode == "valid":
        return ((0, 0), (0, 0))
    try:
        if isinstance(border_mode, int):
            border_mode = (border_mode, border_mode)
        rows, columns = (
            (side, side) if isinstance(side, int) else (int(side[0]), int(side[1]))
            for side in border_mode
        )
    except (TypeError, ValueError, IndexError):
        rows = columns = (-1, -1)
    if min(*rows, *columns) < 0:
        raise ValueError(
            f"invalid border_mode {border_mode!r}, which must be 'valid', 'full', 'half',"
            " a padding of at least 0, a pair of paddings for rows and columns, or a pair"
            " of such pairs.",
        )
    return rows, columns


def padding(border: str | Padding, kernel: Sequence[Any]) -> Any:
    """The padding that a border form means for filters of the shape `kernel`."""
    if border == "full":
        return tuple((length - 1, length - 1) for length in kernel)
    if border == "half":
        return tuple((length // 2, length // 2) for length in kernel)
    return border


def output_length(length: Any, kernel: Any, pad: Any, step: int) -> Any:
    """Length of the output along one axis (numbers, symbolic or not)."""
    return (length + pad[0] + pad[1] - kernel) // step + 1


class _Convolution(Op):  # type: ignore[misc]
    """The base of the three operations: padding, steps and orientation of the filters."""

    __props__ = ("border", "subsample", "filter_flip")

    def __init__(
        self,
        border: str | Padding,
        subsample: tuple[int, int],
        filter_flip: bool,
    ) -> None:
        self.border = border
        self.subsample = subsample
        self.filter_flip = filter_flip

    def pads(self, kernel: Sequence[Any]) -> Any:
        return padding(self.border, kernel)

    def output_shape(self, image: Sequence[Any], kernel: Sequence[Any]) -> Any:
        """Height and width of the output for those of image and filter."""
        return tuple(
            output_length(length, size, pad, step)
            for length, size, pad, step in zip(
                image,
                kernel,
                self.pads(kernel),
                self.subsample,
                strict=True,
            )
        )

    def _sibling(self, kind: type[_Convolution]) -> _Convolution:
        return kind(self.border, self.subsample, self.filter_flip)


class Conv2D(_Convolution):
    """Images (n, channels, h, w) and filters (filters, channels, kh, kw) -> output."""

    def make_node(self, x: Any, w: Any) -> Apply:
        x, w = _same_float(x, w)
        (n, _, *image) = x.type.shape
        (filters, _, *kernel) = w.type.shape
        size: Any = (None, None)
        if None not in image and None not in kernel:
            size = self.output_shape(image, kernel)
            _refuse_small_images(image, kernel, size)
        return Apply(self, [x, w], [pt.tensor(dtype=x.dtype, shape=(n, filters, *size))])

    def infer_shape(self, *context: Any) -> Any:
        (n, _, *image), (filters, _, *kernel) = context[-1]
        return [(n, filters, *self.output_shape(image, kernel))]

    def perform(self, node: Apply, inputs: Any, outputs: Any) -> None:
        x, w = inputs
        pads = self.pads(w.shape[2:])
        outputs[0][0] = convolve(x, w, pads, self.subsample, self.filter_flip)

    def pullback(self, inputs: Any, outputs: Any, gradients: Any) -> list[Any]:
        x, w = inputs
        (gy,) = gradients
        return [
            self._sibling(Conv2DByInput)(w, gy, x.shape[2], x.shape[3]),
            self._sibling(Conv2DByFilters)(x, gy, w.shape[2], w.shape[3]),
        ]


class _Gradient(_Convolution):
    """A gradient, which takes two arrays and then the two lengths that they do not tell."""

    #: The axis of the gradient by output that is the first of the result.
    first: int
    other: type[_Gradient]
    #: The function of arrays.
    compute: Any

    def make_node(self, one: Any, gy: Any, height: Any, width: Any) -> Apply:
        one, gy = _same_float(one, gy)
        height, width = (pt.as_tensor_variable(n).astype("int64") for n in (height, width))
        size = map(known_number, (height, width))
        shape = (gy.type.shape[self.first], one.type.shape[1], *size)
        return Apply(self, [one, gy, height, width], [pt.tensor(dtype=one.dtype, shape=shape)])

    def infer_shape(self, *context: Any) -> Any:
        node, shapes = context[-2:]  # PyTensor 3.3 dropped the graph in front
        return [(shapes[1][self.first], shapes[0][1], *node.inputs[2:])]

    def perform(self, node: Apply, inputs: Any, outputs: Any) -> None:
        one, gy, *lengths = inputs
        size = tuple(map(int, lengths))
        pads = self.pads(size if self.first else one.shape[2:])
        outputs[0][0] = self.compute(one, gy, size, pads, self.subsample, self.filter_flip)

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [True], [False], [False]]

    def pullback(self, inputs: Any, outputs: Any, gradients: Any) -> list[Any]:
        one, gy, _, _ = inputs
        (g,) = gradients
        by_output = self._sibling(Conv2D)(*((one, g) if self.first else (g, one)))
        by_one = self._sibling(self.other)(g, gy, one.shape[2], one.shape[3])
        return [by_one, by_output, DisconnectedType()(), DisconnectedType()()]


class Conv2DByFilters(_Gradient):
    """Images, gradient by output, height and width of a filter -> gradient by filters."""

    first = 1


class Conv2DByInput(_Gradient):
    """Filters, gradient by output, height and width of an image -> gradient by images."""

    first = 0
    other = Conv2DByFilters


Conv2DByFilters.other = Conv2DByInput


def conv2d(
    input: Any,
    filters: Any,
    shapes: Any,
    border_mode: Any,
    subsample: Any,
    filter_flip: Any,
) -> Any:
    """Convolve a batch of images with a set of filters, of shapes that may be told."""
    steps = tuple(int(step) for step in subsample)
    if len(steps) != 2 or min(steps) < 1:
        raise ValueError(f"conv2d: subsample is two steps of at least 1, not {subsample!r}.")
    x, w = map(_checked, (input, filters), shapes)
    border = normalise_border(border_mode)
    kernel = w.type.shape[2:]
    if isinstance(border, str) and None not in kernel:
        border = padding(border, kernel)
    return Conv2D(border, steps, bool(filter_flip))(x, w)


def _checked(variable: Any, lengths: Sequence[int | None] | None) -> Any:
    variable = pt.as_tensor_variable(variable)
    if variable.ndim != 4:
        raise ValueError(f"conv2d takes images and filters of 4 dimensions, not {variable.ndim}.")
    # What is told is checked against what is known, but not written into the graph: a
    # check at every call would cost more than the knowledge saves.
    for have, told in zip(variable.type.shape, lengths or (), strict=False):
        if have is not None and isinstance(told, int) and have != told:
            raise ValueError(
                f"conv2d: a tensor of the shape {variable.type.shape} was said to have the"
                f" shape {tuple(lengths or ())}.",
            )
    return variable


def _same_float(a: Any, b: Any) -> tuple[Any, Any]:
    a = pt.as_tensor_variable(a)
    b = pt.as_tensor_variable(b)
    dtypes = {v.dtype if v.dtype in ("float32", "float64") else config.floatX for v in (a, b)}
    dtype = dtypes.pop() if len(dtypes) == 1 else "float64"
    return a.astype(dtype), b.astype(dtype)


def _refuse_small_images(image: Any, kernel: Any, size: Any) -> None:
    if min(size) < 1:
        raise ValueError(
            f"conv2d: filters of {kernel[0]} x {kernel[1]} do not fit on images of"
            f" {image[0]} x {image[1]}; pad the images with border_mode.",
        )


Array = np.ndarray[Any, Any]


def _padded(x: Array, pads: Any) -> Array:
    return x if not np.any(pads) else np.pad(x, ((0, 0), (0, 0), *pads))


def _turned(w: Array, flip: bool) -> Array:
    return w[:, :, ::-1, ::-1] if flip else w


def _unrolled(x: Array, kernel: Sequence[int], pads: Any, steps: Sequence[int]) -> Array:
    """Windows of the images: (n, channels, output height, output width, kh, kw)."""
    windows = sliding_window_view(_padded(x, pads), tuple(kernel), axis=(2, 3))
    return windows[:, :, :: steps[0], :: steps[1]]


def convolve(x: Array, w: Array, pads: Any, steps: Sequence[int], flip: bool) -> Array:
    """Output (n, filters, oh, ow) of images `x` and filters `w`."""
    if x.shape[1] != w.shape[1]:
        raise ValueError(
            f"conv2d: the images have {x.shape[1]} channels, the filters {w.shape[1]}.",
        )
    axes = zip(x.shape[2:], w.shape[2:], pads, steps, strict=True)
    _refuse_small_images(x.shape[2:], w.shape[2:], [output_length(*axis) for axis in axes])
    windows = _unrolled(x, w.shape[2:], pads, steps)
    out = np.tensordot(windows, _turned(w, flip), axes=([1, 4, 5], [1, 2, 3]))
    return np.ascontiguousarray(out.transpose(0, 3, 1, 2))


def gradient_by_filters(
    x: Array,
    gy: Array,
    kernel: Sequence[int],
    pads: Any,
    steps: Sequence[int],
    flip: bool,
) -> Array:
    """Gradient by the filters, (filters, channels, kh, kw)."""
    windows = _unrolled(x, kernel, pads, steps)
    windows = windows[:, :, : gy.shape[2], : gy.shape[3]]
    gradient = np.tensordot(gy, windows, axes=([0, 2, 3], [0, 2, 3]))
    return np.ascontiguousarray(_turned(gradient, flip))


def gradient_by_input(
    w: Array,
    gy: Array,
    image: Sequence[int],
    pads: Any,
    steps: Sequence[int],
    flip: bool,
) -> Array:
    """Gradient by the images, (n, channels, height, width)."""
    (top, bottom), (left, right) = pads
    height, width = image
    whole = np.zeros(
        (gy.shape[0], w.shape[1], height + top + bottom, width + left + right),
        gy.dtype,
    )
    for pixel, places in shifts(gy.shape[2:], w.shape[2:], steps):
        taken = _turned(w, flip)[(..., *pixel)]
        whole[places] += np.tensordot(gy, taken, axes=(1, 0)).transpose(0, 3, 1, 2)
    return np.ascontiguousarray(whole[:, :, top : top + height, left : left + width])


Conv2DByFilters.compute = staticmethod(gradient_by_filters)
Conv2DByInput.compute = staticmethod(gradient_by_input)


def shifts(
    size: Sequence[int],
    window: Sequence[int],
    steps: Sequence[int],
) -> Iterator[tuple[Any, Any]]:
    """Return, for each pixel of a window, the index of the inputs that it covers."""
    for pixel in np.ndindex(*window):
        axes = zip(pixel, size, steps, strict=True)
        yield pixel, (..., *(slice(at, at + (n - 1) * step + 1, step) for at, n, step in axes))
