"""Convolutions and pooling of Lasagne 0.2 that 0.1 has not, as its documentation describes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import Layer
from lasagne.layers.pool import pool_output_length
from lasagne.utils import as_tuple
from theano.tensor.nnet import abstract_conv

from mnist_draw.theano_bridge.pooling import pool_2d, pool_3d

Shape = tuple[Any, ...]


def _conv1d(
    input: Any,
    filters: Any,
    filter_shape: Any,
    border_mode: Any,
    subsample: Any,
    **how: Any,
) -> Any:
    """Convolve sequences as images of one row."""
    rows = (each.dimshuffle(0, 1, "x", 2) for each in (input, filters))
    shape = (*filter_shape[:2], 1, filter_shape[2])
    pads = ((0, 0), *border_mode)
    steps = (1, *subsample)
    return T.nnet.conv2d(*rows, None, shape, pads, steps, **how)[:, :, 0]


class Conv2DLayer(Layer):  # type: ignore[misc]
    """Convolution whose padding is part of the operation."""

    axes = 2
    default_flip = True

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        stride: Any = 1,
        pad: Any = 0,
        untie_biases: bool = False,
        W: Any = init.GlorotUniform(),  # noqa: B008
        b: Any = init.Constant(0.0),  # noqa: B008
        nonlinearity: Any = nonlinearities.rectify,
        flip_filters: bool | None = None,
        convolution: Any = None,
        num_groups: int = 1,
        n: int | None = None,
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self.n = self.axes = n or self.axes
        self.num_filters = num_filters
        self.num_groups = num_groups
        self.flip_filters = self.default_flip if flip_filters is None else flip_filters
        self.convolution = convolution or getattr(T.nnet, f"conv{self.axes}d", _conv1d)
        self.untie_biases = untie_biases
        self.filter_size = self.lengths(filter_size)
        self.stride = self.lengths(stride)
        named_pad = pad in ("same", "full")
        self.pad = pad if named_pad else self.lengths(0 if pad == "valid" else pad)
        self.W = self.add_param(W, self.get_W_shape(), name="W")
        shape = (num_filters, *(self.output_shape[2:] if untie_biases else ()))
        self.b = None if b is None else self.add_param(b, shape, name="b", regularizable=False)

    def lengths(self, told: Any) -> Shape:
        """A number for each axis of an image."""
        return tuple(as_tuple(told, self.axes, int))

    def pads(self) -> Any:
        """Zeros ahead and behind along each axis."""
        if self.pad == "full":
            return tuple((length - 1, length - 1) for length in self.filter_size)
        if self.pad == "same":
            return tuple((length // 2, (length - 1) // 2) for length in self.filter_size)
        return tuple((side, side) for side in self.pad)

    def options(self) -> dict[str, Any]:
        """What the convolution is told only if it differs from the usual."""
        return {} if self.num_groups == 1 else {"num_groups": self.num_groups}

    def filters(self) -> Any:
        """Return the filters as (filters, channels of a group, …)."""
        return self.W

    def get_W_shape(self) -> Shape:
        return (self.num_filters, self.input_shape[1] // self.num_groups, *self.filter_size)

    def get_output_shape_for(self, input_shape: Shape) -> Shape:
        kernel = (self.num_filters, None, *self.filter_size)
        dilation = self.options().get("filter_dilation")
        how = self.pads(), self.stride, dilation
        return tuple(abstract_conv.get_conv_output_shape(input_shape, kernel, *how))

    def get_output_for(self, input: Any, **named: Any) -> Any:
        conved = self.convolve(input, **named)
        if self.b is not None:
            kept = range(1 + self.axes) if self.untie_biases else (0, *"x" * self.axes)
            conved = conved + self.b.dimshuffle("x", *kept)
        return self.nonlinearity(conved)

    def convolve(self, input: Any, **_: Any) -> Any:
        """Apply the filters to the input."""
        shape = (self.num_filters, None, *self.filter_size)
        return self.convolution(
            input,
            self.filters(),
            filter_shape=shape,
            border_mode=self.pads(),
            subsample=self.stride,
            filter_flip=self.flip_filters,
            **self.options(),
        )


class Conv1DLayer(Conv2DLayer):
    """Convolution of sequences."""

    axes = 1


class Conv3DLayer(Conv2DLayer):
    """Convolution of volumes."""

    axes = 3


class _Transposed(Conv2DLayer):
    """Filters of the shape (input channels, filters, …)."""

    default_flip = False

    def get_W_shape(self) -> Shape:
        return (self.input_shape[1], self.num_filters, *self.filter_size)


class TransposedConv2DLayer(_Transposed):
    """The gradient of a convolution by its images, which enlarges; `crop` is its padding."""

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        stride: Any = 1,
        crop: Any = 0,
        *rest: Any,
        output_size: Any = None,
        **named: Any,
    ) -> None:
        self.output_size = output_size
        super().__init__(incoming, num_filters, filter_size, stride, crop, *rest, **named)
        self.crop = self.pad

    def get_output_shape_for(self, input_shape: Shape) -> Shape:
        if self.output_size is not None:
            return (input_shape[0], self.num_filters, *self.lengths(self.output_size))
        axes = zip(input_shape[2:], self.stride, self.filter_size, self.pads(), strict=True)
        lengths = (n and (n - 1) * step + kernel - sum(pad) for n, step, kernel, pad in axes)
        return (input_shape[0], self.num_filters, *lengths)

    def convolve(self, input: Any, **_: Any) -> Any:
        size = self.get_output_shape_for(self.input_shape)[2:]
        if None in size:
            size = self.get_output_shape_for(tuple(input.shape))[2:]
        by_inputs = getattr(abstract_conv, f"conv{self.axes}d_grad_wrt_inputs")
        return by_inputs(
            input,
            self.W,
            (None, self.num_filters, *size),
            self.get_W_shape(),
            border_mode=self.pads(),
            subsample=self.stride,
            filter_flip=not self.flip_filters,
        )


class TransposedConv3DLayer(TransposedConv2DLayer):
    """The gradient of a convolution by its volumes."""

    axes = 3


class DilatedConv2DLayer(_Transposed):
    """Convolution with filters whose pixels are `dilation` apart."""

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        dilation: Any = 1,
        pad: Any = 0,
        *rest: Any,
        **named: Any,
    ) -> None:
        self.dilation = self.lengths(dilation)
        super().__init__(incoming, num_filters, filter_size, 1, pad, *rest, **named)

    def options(self) -> dict[str, Any]:
        return {"filter_dilation": self.dilation}

    def filters(self) -> Any:
        return self.W.dimshuffle(1, 0, 2, 3)


class LocallyConnected2DLayer(Conv2DLayer):
    """Convolution with filters of its own at each position of images, padded to the same size."""

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        stride: Any = 1,
        pad: Any = "same",
        *rest: Any,
        channelwise: bool = False,
        **named: Any,
    ) -> None:
        self.channelwise = channelwise
        if pad != "same" or set(self.lengths(stride)) != {1}:
            raise NotImplementedError("LocallyConnected2DLayer: pad is 'same' and stride is 1.")
        super().__init__(incoming, num_filters, filter_size, stride, pad, *rest, **named)

    def get_W_shape(self) -> Shape:
        _, channels, *size = self.input_shape
        if self.channelwise and channels != self.num_filters:
            raise ValueError(f"{self.num_filters} filters for {channels} channels, one for each.")
        seen = () if self.channelwise else (channels,)
        return (self.num_filters, *seen, *self.filter_size, *size)

    def convolve(self, input: Any, **_: Any) -> Any:
        padded = T.pad(input, ((0, 0), (0, 0), *self.pads()))
        height, width = self.input_shape[2:]
        total = 0
        for i, j in np.ndindex(*self.filter_size):
            window = padded[:, :, i : i + height, j : j + width]
            weights = self.W[..., *((-1 - i, -1 - j) if self.flip_filters else (i, j)), :, :]
            each = window if self.channelwise else window.dimshuffle(0, "x", 1, 2, 3)
            total += each * weights if self.channelwise else (each * weights).sum(axis=2)
        return total


class Upscale2DLayer(Layer):  # type: ignore[misc]
    """Repeats each pixel, or (``mode="dilate"``) puts zeros after it."""

    def __init__(
        self,
        incoming: Any,
        scale_factor: Any,
        mode: str = "repeat",
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        self.scale_factor = as_tuple(scale_factor, len(self.input_shape) - 2)
        self.mode = mode

    def get_output_shape_for(self, input_shape: Shape) -> Shape:
        pairs = zip(input_shape[2:], self.scale_factor, strict=True)
        return (*input_shape[:2], *(length and length * factor for length, factor in pairs))

    def get_output_for(self, input: Any, **_: Any) -> Any:
        pattern: list[Any] = [0, 1]
        blocks = [1, 1]
        for axis, factor in enumerate(self.scale_factor, 2):
            pattern += [axis, "x"]
            blocks += [1, factor]
        kept = np.ones(blocks, theano.config.floatX)
        if self.mode == "dilate":
            kept.ravel()[1:] = 0
        lengths = self.get_output_shape_for(tuple(input.shape[axis] for axis in range(input.ndim)))
        return (input.dimshuffle(*pattern) * kept).reshape(lengths)


Upscale1DLayer = Upscale3DLayer = Upscale2DLayer


class Pool3DLayer(Layer):  # type: ignore[misc]
    """Takes one number of each block of a volume."""

    axes = 3

    def __init__(
        self,
        incoming: Any,
        pool_size: Any,
        stride: Any = None,
        pad: Any = 0,
        ignore_border: bool = True,
        mode: str = "max",
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        self.pool_size = as_tuple(pool_size, self.axes)
        self.pad = as_tuple(pad, self.axes)
        self.stride = self.pool_size if stride is None else as_tuple(stride, self.axes)
        self.ignore_border = ignore_border
        self.mode = mode

    def get_output_shape_for(self, input_shape: Shape) -> Shape:
        axes = zip(input_shape[2:], self.pool_size, self.stride, self.pad, strict=True)
        lengths = (pool_output_length(*each, self.ignore_border) for each in axes)
        return (*input_shape[:2], *lengths)

    def get_output_for(self, input: Any, **_: Any) -> Any:
        return pool_3d(input, self.pool_size, self.ignore_border, self.stride, self.pad, self.mode)


class MaxPool3DLayer(Pool3DLayer):
    """Takes the largest number of each block of a volume."""


class Pool1DLayer(Pool3DLayer):
    """Takes one number of each stretch of a sequence."""

    axes = 1

    def get_output_for(self, input: Any, **_: Any) -> Any:
        window = (*self.pool_size, 1)
        steps = (*self.stride, 1)
        pads = (*self.pad, 0)
        columns = T.shape_padright(input)
        return pool_2d(columns, window, self.ignore_border, steps, pads, self.mode)[..., 0]


class SpatialPyramidPoolingLayer(Layer):  # type: ignore[misc]
    """Pools images of any size into n by n regions, for each n (He et al., 2014)."""

    def __init__(
        self,
        incoming: Any,
        pool_dims: Any = (4, 2, 1),
        mode: str = "max",
        implementation: str = "fast",
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        self.pool_dims = pool_dims
        self.mode = mode
        self.implementation = implementation

    def get_output_shape_for(self, input_shape: Shape) -> Shape:
        return (*input_shape[:2], sum(n * n for n in self.pool_dims))

    def get_output_for(self, input: Any, **_: Any) -> Any:
        size = [self.input_shape[axis] or input.shape[axis] for axis in (2, 3)]
        places = ((n, at) for n in self.pool_dims for at in np.ndindex(n, n))
        regions = (
            input[:, :, *(self._part(*axis, n) for axis in zip(size, at, strict=True))]
            for n, at in places
        )
        pooled = (r.max((2, 3)) if self.mode == "max" else r.mean((2, 3)) for r in regions)
        return T.stack(list(pooled), axis=2)

    def _part(self, length: Any, at: int, n: int) -> slice:
        """Return one of `n` parts of an axis; those of "kaiming" reach its end."""
        if self.implementation == "kaiming":
            return slice(at * length // n, -(-(at + 1) * length // n))
        return slice(at * (length // n), at * (length // n) - -length // n)


Deconv2DLayer = TransposedConv2DLayer
Deconv3DLayer = TransposedConv3DLayer
BaseConvLayer = Conv2DLayer
