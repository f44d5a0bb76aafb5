"""What ``theano.tensor.nnet.abstract_conv`` has beside plain convolution, written with that.

Gradients as expressions, dilated and grouped filters, three dimensions, shapes, upsampling, and
windows of images as the rows of a matrix (``theano.tensor.nnet.neighbours``).
Grouped filters become one set with zeros, which costs as many multiplications as no groups would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import pullback

from mnist_draw.theano_bridge import convolution

Shape = Sequence[Any]


def conv2d(
    input: Any,
    filters: Any,
    input_shape: Shape | None = None,
    filter_shape: Shape | None = None,
    border_mode: Any = "valid",
    subsample: Sequence[int] = (1, 1),
    filter_flip: bool = True,
    image_shape: Shape | None = None,
    filter_dilation: Sequence[int] = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
    **_: Any,
) -> Any:
    """Convolve a batch of images with a set of filters (filters, channels of a group, kh, kw)."""
    if unshared:
        raise NotImplementedError("conv2d: the bridge shares filters among positions.")
    filters = pt.as_tensor_variable(filters)
    if tuple(filter_dilation) != (1, 1):
        filters = _dilated(filters, filter_dilation, filter_shape)
        filter_shape = None
    if num_groups > 1:
        filters = _joined_groups(filters, num_groups)
        filter_shape = None
    shapes = input_shape if image_shape is None else image_shape, filter_shape
    return convolution.conv2d(input, filters, shapes, border_mode, subsample, filter_flip)


def _dilated(filters: Any, dilation: Sequence[int], shape: Shape | None) -> Any:
    """Put ``dilation - 1`` zeros between the pixels of the filters, as products with matrices."""
    lengths = [_known_length(filters, axis, shape) for axis in (2, 3)]
    for length, step in zip(lengths, dilation, strict=True):
        spread = np.zeros((length, (length - 1) * step + 1), filters.dtype)
        spread[np.arange(length), np.arange(length) * step] = 1
        # The axis that is summed over is appended again: after both, all are in place.
        filters = pt.tensordot(filters, spread, axes=[[2], [0]])
    return filters


def _joined_groups(filters: Any, groups: int) -> Any:
    """Filters that see all channels, with zeros for those outside of their group."""
    n, channels, height, width = (filters.shape[axis] for axis in range(4))
    inside = pt.eye(groups, dtype=filters.dtype).dimshuffle(0, "x", 1, "x", "x", "x")
    own = filters.reshape((groups, n // groups, channels, height, width))
    return (own.dimshuffle(0, 1, "x", 2, 3, 4) * inside).reshape(
        (n, groups * channels, height, width),
    )


def _known_length(variable: Any, axis: int, shape: Shape | None = None) -> int:
    told = None if shape is None else shape[axis]
    length = variable.type.shape[axis] if told is None else told
    if length is None and hasattr(variable, "get_value"):
        length = variable.get_value(borrow=True).shape[axis]
    if length is None:
        raise ValueError(f"The length of axis {axis} of {variable} must be known: pass its shape.")
    return int(length)


def conv3d(
    input: Any,
    filters: Any,
    input_shape: Shape | None = None,
    filter_shape: Shape | None = None,
    border_mode: Any = "valid",
    subsample: Sequence[int] = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Sequence[int] = (1, 1, 1),
    num_groups: int = 1,
    **_: Any,
) -> Any:
    """Convolve volumes: slices as images, and the filters' depth as channels."""
    x = pt.as_tensor_variable(input)
    w = pt.as_tensor_variable(filters)
    length = _known_length(w, 2, filter_shape)
    flat_border = border_mode if isinstance(border_mode, int | str) else tuple(border_mode[1:])
    pads = _pads(border_mode, 0, (length - 1) * filter_dilation[0] + 1)
    ahead, behind = (pt.zeros_like(x[:, :, :1]).repeat(n, axis=2) for n in pads)
    x = pt.concatenate([ahead, x, behind], axis=2) if any(pads) else x
    (batch, channels, depth, height, width) = x.shape
    step = subsample[0]
    rows = get_conv_shape_1axis(depth, length, "valid", step, filter_dilation[0])
    starts = np.arange(length) * filter_dilation[0]
    slices = [x[:, :, start : start + (rows - 1) * step + 1 : step] for start in starts]
    images = pt.stack(slices[::-1] if filter_flip else slices, axis=2).dimshuffle(0, 3, 1, 2, 4, 5)
    flat_shape = None if filter_shape is None else (None, None, *filter_shape[3:])
    out = conv2d(
        images.reshape((batch * rows, channels * length, height, width)),
        w.reshape((w.shape[0], w.shape[1] * length, w.shape[3], w.shape[4])),
        None,
        flat_shape,
        flat_border,
        subsample[1:],
        filter_flip,
        None,
        filter_dilation[1:],
        num_groups,
    )
    out = out.reshape((batch, rows, w.shape[0], out.shape[2], out.shape[3]))
    return out.dimshuffle(0, 2, 1, 3, 4)


def _pads(border_mode: Any, axis: int, reach: Any) -> tuple[Any, Any]:
    """Padding ahead and behind, for a filter that is `reach` long along the axis."""
    if isinstance(border_mode, str):
        side = {"valid": 0, "half": reach // 2, "full": reach - 1}[border_mode]
    else:
        side = border_mode if isinstance(border_mode, int) else border_mode[axis]
    return (side, side) if not isinstance(side, tuple) else side


def get_conv_shape_1axis(
    image_shape: Any,
    kernel_shape: Any,
    border_mode: Any,
    subsample: int,
    dilation: int = 1,
) -> Any:
    """Length of a convolution's output along one axis; None where a length is not known."""
    if image_shape is None or kernel_shape is None:
        return None
    reach = (kernel_shape - 1) * dilation + 1
    pads = _pads(border_mode if isinstance(border_mode, str) else [border_mode], 0, reach)
    return convolution.output_length(image_shape, reach, pads, subsample)


def get_conv_output_shape(
    image_shape: Any,
    kernel_shape: Any,
    border_mode: Any,
    subsample: Any,
    filter_dilation: Any = (),
) -> tuple[Any, ...]:
    """Shape of the output for those of images and filters; None for what is not known."""
    axes = len(subsample)
    borders = [border_mode] * axes if isinstance(border_mode, str | int) else border_mode
    how = borders, subsample, filter_dilation or [1] * axes
    lengths = map(get_conv_shape_1axis, image_shape[2:], kernel_shape[2:], *how)
    return (image_shape[0], kernel_shape[0], *lengths)


class ConvOp:
    """What is asked of Theano's first convolution: the shape of its output for one image."""

    @staticmethod
    def getOutputShape(inshp: Shape, kshp: Shape, stride: Any = (1, 1), mode: str = "valid") -> Any:
        return get_conv_output_shape((1, 1, *inshp), (1, 1, *kshp), mode, stride)[2:]


def _gradients(convolve: Any) -> tuple[Any, Any]:
    """Make the gradients by inputs and by filters, for which only the shapes of these count."""

    def by_inputs(output_grad: Any, filters: Any, input_shape: Any, *how: Any, **named: Any) -> Any:
        """Gradient of the convolution by its inputs, which is also the transposed convolution."""
        top = pt.as_tensor_variable(output_grad)
        w = pt.as_tensor_variable(filters)
        batch, channels, *size = input_shape
        channels = w.shape[1] * named.get("num_groups", 1) if channels is None else channels
        x = pt.zeros((top.shape[0] if batch is None else batch, channels, *size), dtype=w.dtype)
        return pullback(convolve(x, w, None, *how, **named), x, top)

    def by_weights(
        input: Any,
        output_grad: Any,
        filter_shape: Shape,
        input_shape: Any = None,
        *how: Any,
        **named: Any,
    ) -> Any:
        """Gradient of the convolution by its filters."""
        x = pt.as_tensor_variable(input)
        top = pt.as_tensor_variable(output_grad)
        n, channels, *size = filter_shape
        channels = x.shape[1] // named.get("num_groups", 1) if channels is None else channels
        w = pt.zeros((top.shape[1] if n is None else n, channels, *size), dtype=x.dtype)
        return pullback(convolve(x, w, input_shape, None, *how, **named), w, top)

    return by_inputs, by_weights


conv2d_grad_wrt_inputs, conv2d_grad_wrt_weights = _gradients(conv2d)
conv3d_grad_wrt_inputs, conv3d_grad_wrt_weights = _gradients(conv3d)


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Shape,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: Sequence[int] = (1, 1),
    *how: Any,
    **named: Any,
) -> Any:
    """Spread each pixel over what a filter would have seen of the output."""
    return conv2d_grad_wrt_inputs(
        input,
        filters,
        output_shape,
        filter_shape,
        border_mode,
        input_dilation,
        *how,
        **named,
    )


def separable_conv2d(
    input: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    num_channels: int,
    input_shape: Any = None,
    depthwise_filter_shape: Any = None,
    pointwise_filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Sequence[int] = (1, 1),
    **how: Any,
) -> Any:
    """Convolve each channel by itself, then mix the channels pixel by pixel."""
    each = conv2d(
        input,
        depthwise_filters,
        input_shape,
        depthwise_filter_shape,
        border_mode,
        subsample,
        num_groups=num_channels,
        **how,
    )
    return conv2d(each, pointwise_filters, filter_shape=pointwise_filter_shape)


def _operation(gradient: Any, by_inputs: bool) -> Any:
    """Make what takes shapes, and returns what is called with an operand, gradient and lengths."""

    def operation(imshp: Any = None, kshp: Any = None, *how: Any, **named: Any) -> Any:
        def apply(operand: Any, topgrad: Any, lengths: Any) -> Any:
            pair = (topgrad, operand) if by_inputs else (operand, topgrad)
            own, other = (imshp, kshp) if by_inputs else (kshp, imshp)
            return gradient(*pair, _whole_shape(own, lengths), other, *how, **named)

        return apply

    return operation


AbstractConv2d_gradInputs = _operation(conv2d_grad_wrt_inputs, True)
AbstractConv2d_gradWeights = _operation(conv2d_grad_wrt_weights, False)
AbstractConv3d_gradInputs = _operation(conv3d_grad_wrt_inputs, True)
AbstractConv3d_gradWeights = _operation(conv3d_grad_wrt_weights, False)


def _whole_shape(told: Shape | None, lengths: Any) -> list[Any]:
    """Batch and channels as told, then the lengths that an operation of Theano is called with."""
    if not isinstance(lengths, list | tuple):
        lengths = pt.as_tensor_variable(lengths)
        lengths = [lengths[axis] for axis in range(_known_length(lengths, 0))]
    if told is None:
        return [None, None, *lengths]
    # A known length keeps the shape of the result known.
    pairs = zip(told[2:], lengths, strict=True)
    return [*told[:2], *(new if old is None else old for old, new in pairs)]


def bilinear_upsampling(input: Any, ratio: int | None = None, *_: Any, **named: Any) -> Any:
    """Make images `ratio` times as high and wide by linear interpolation along both axes."""
    if ratio is None:
        raise NotImplementedError("bilinear_upsampling: the bridge carries whole ratios only.")
    x = pt.as_tensor_variable(input)
    rows, columns = (_interpolation(x.shape[axis], ratio, x.dtype) for axis in (2, 3))
    return pt.dot(pt.dot(x, columns).dimshuffle(0, 1, 3, 2), rows).dimshuffle(0, 1, 3, 2)


def _interpolation(length: Any, ratio: int, dtype: str) -> Any:
    """Matrix (length, ratio length) of what each old pixel adds to each new one."""
    place = (pt.arange(length * ratio) - (ratio - 1) // 2) / float(ratio)
    distance = abs(pt.clip(place, 0, length - 1) - pt.arange(length).dimshuffle(0, "x"))
    return pt.maximum(1 - distance, 0).astype(dtype)


def signal_conv2d(
    input: Any,
    filters: Any,
    image_shape: Shape | None = None,
    filter_shape: Shape | None = None,
    border_mode: Any = "valid",
    subsample: Sequence[int] = (1, 1),
    **_: Any,
) -> Any:
    """Convolve one image (height, width) or several with one filter or several, each with each."""
    x = pt.as_tensor_variable(input)
    w = pt.as_tensor_variable(filters)
    images = pt.atleast_Nd(x, n=3).dimshuffle(0, "x", 1, 2)
    out = conv2d(
        images,
        pt.atleast_Nd(w, n=3).dimshuffle(0, "x", 1, 2),
        border_mode=border_mode,
        subsample=subsample,
    )
    out = out if w.ndim == 3 else out[:, 0]
    return out if x.ndim == 3 else out[0]


def images2neibs(ten4: Any, neib_shape: Shape, neib_step: Any = None, mode: str = "valid") -> Any:
    """One row for each window of the last two dimensions, in the order of the images."""
    x = pt.as_tensor_variable(ten4)
    window = _numbers(neib_shape)
    steps = window if neib_step is None else _numbers(neib_step)
    if mode not in ("valid", "ignore_borders"):
        raise NotImplementedError(f"images2neibs: mode {mode!r} is not carried.")
    places = [
        pt.arange((x.shape[2 + axis] - window[axis]) // steps[axis] + 1).dimshuffle(0, "x")
        * steps[axis]
        + np.arange(window[axis])
        for axis in range(2)
    ]
    rows = places[0].dimshuffle(0, "x", 1, "x")
    return x[:, :, rows, places[1].dimshuffle("x", 0, "x", 1)].reshape((-1, window[0] * window[1]))


def neibs2images(neibs: Any, neib_shape: Shape, original_shape: Any, mode: str = "valid") -> Any:
    """Images from the windows that they were cut into, side by side; 0 where none was."""
    down, across = _numbers(neib_shape)
    images, channels, height, width = (original_shape[axis] for axis in range(4))
    rows = height // down
    columns = width // across
    windows = pt.as_tensor_variable(neibs).reshape((images, channels, rows, columns, down, across))
    inside = windows.dimshuffle(0, 1, 2, 4, 3, 5)
    inside = inside.reshape((images, channels, rows * down, columns * across))
    whole = pt.zeros((images, channels, height, width), dtype=inside.dtype)
    return pt.set_subtensor(whole[:, :, : rows * down, : columns * across], inside)


def _numbers(pair: Any) -> tuple[int, int]:
    first, second = (int(pt.get_underlying_scalar_constant_value(entry)) for entry in pair)
    return first, second
