"""Layers that Lasagne 0.2 has and 0.1 has not, as its documentation describes them.

`mnist_draw.theano_bridge.lasagne_names.extend` puts them into ``lasagne.layers``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import lasagne.layers as old
import numpy as np
import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import Layer, MergeLayer, NonlinearityLayer
from lasagne.utils import as_tuple

from mnist_draw.theano_bridge.random_streams import set_default_update

Shape = tuple[Any, ...]


class Upscale2DLayer(Layer):  # type: ignore[misc]
    """Repeats each pixel, or (``mode="dilate"``) puts zeros after it."""

    def __init__(
        self, incoming: Any, scale_factor: Any, mode: str = "repeat", **named: Any
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


class ExpressionLayer(Layer):  # type: ignore[misc]
    """Applies a function to its input."""

    def __init__(
        self, incoming: Any, function: Callable[[Any], Any], output_shape: Any = None, **named: Any
    ) -> None:
        super().__init__(incoming, **named)
        self.function, self._shape = function, output_shape

    def get_output_shape_for(self, input_shape: Shape) -> Shape:
        if self._shape == "auto":
            # Twice, with other lengths for those not known: what changes is not known either.
            tries = [tuple(fill if n is None else n for n in input_shape) for fill in (24, 25)]
            one, other = (self.function(T.zeros(each)).shape.eval() for each in tries)
            return tuple(int(a) if a == b else None for a, b in zip(one, other, strict=True))
        if callable(self._shape):
            return tuple(self._shape(input_shape))
        return input_shape if self._shape is None else self._shape

    def get_output_for(self, input: Any, **_: Any) -> Any:
        return self.function(input)


class InverseLayer(MergeLayer):  # type: ignore[misc]
    """Undoes a layer, as far as its gradient does."""

    def __init__(self, incoming: Any, layer: Any, **named: Any) -> None:
        super().__init__([incoming, layer, layer.input_layer], **named)

    def get_output_shape_for(self, input_shapes: Sequence[Shape]) -> Shape:
        return input_shapes[2]

    def get_output_for(self, inputs: Sequence[Any], **_: Any) -> Any:
        given, output, wrt = inputs
        return theano.grad(None, wrt=wrt, known_grads={output: given})


class _SharedLayer(Layer):  # type: ignore[misc]
    """One learnt number for all positions along the shared axes."""

    default: float
    parameter: str

    def __init__(
        self, incoming: Any, spec: Any = None, shared_axes: Any = "auto", **named: Any
    ) -> None:
        spec = init.Constant(self.default) if spec is None else spec
        spec = named.pop(self.parameter, spec)
        super().__init__(incoming, **named)
        axes = range(len(self.input_shape))
        if isinstance(shared_axes, str):
            shared_axes = [axis for axis in axes if shared_axes == "all" or axis != 1]
        shared_axes = (shared_axes,) if isinstance(shared_axes, int) else shared_axes
        kept = [axis for axis in axes if axis not in shared_axes]
        shape = tuple(self.input_shape[axis] for axis in kept)
        if None in shape:
            raise ValueError(f"{type(self).__name__} needs specified input sizes for other axes.")
        self.shared_axes, self.spread = tuple(shared_axes), None
        setattr(self, self.parameter, None)
        if spec is None:
            return
        variable = self.add_param(spec, shape, self.parameter, regularizable=False)
        setattr(self, self.parameter, variable)
        self.spread = variable.dimshuffle([kept.index(a) if a in kept else "x" for a in axes])


class ScaleLayer(_SharedLayer):
    """Multiplies by learnt numbers."""

    default, parameter = 1, "scales"

    def get_output_for(self, input: Any, **_: Any) -> Any:
        return input * self.spread


class BiasLayer(_SharedLayer):
    """Adds learnt numbers."""

    default, parameter = 0, "b"

    def get_output_for(self, input: Any, **_: Any) -> Any:
        return input if self.spread is None else input + self.spread


class ParametricRectifierLayer(_SharedLayer):
    """Rectifier with a learnt slope below zero (He et al., 2015)."""

    default, parameter = 0.25, "alpha"

    def get_output_for(self, input: Any, **_: Any) -> Any:
        return T.nnet.relu(input, self.spread)


class DenseLayer(old.DenseLayer):  # type: ignore[misc]
    """A dense layer along the axes after the first `num_leading_axes`."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        *arguments: Any,
        num_leading_axes: int = 1,
        **named: Any,
    ) -> None:
        shape = incoming if isinstance(incoming, tuple) else incoming.output_shape
        self.num_leading_axes = num_leading_axes % len(shape)
        flat = (None, prod(shape[self.num_leading_axes :])) if num_leading_axes != 1 else incoming
        super().__init__(flat, num_units, *arguments, **named)
        self.input_shape = shape
        self.input_layer = None if isinstance(incoming, tuple) else incoming

    def get_output_shape_for(self, input_shape: Shape) -> Shape:
        return (*input_shape[: self.num_leading_axes], self.num_units)

    def get_output_for(self, input: Any, **named: Any) -> Any:
        if self.num_leading_axes == 1:
            return super().get_output_for(input, **named)
        leading = [input.shape[axis] for axis in range(self.num_leading_axes)]
        rows = input.reshape((-1, self.W.shape[0]))
        return super().get_output_for(rows, **named).reshape((*leading, self.num_units))


class BatchNormLayer(Layer):  # type: ignore[misc]
    """Batch normalisation (Ioffe and Szegedy, 2015), with running averages for later."""

    beta: Any
    gamma: Any
    mean: Any
    inv_std: Any

    def __init__(
        self, incoming: Any, axes: Any = "auto", epsilon: float = 1e-4, alpha: float = 0.1,
        beta: Any = init.Constant(0), gamma: Any = init.Constant(1),  # noqa: B008
        mean: Any = init.Constant(0), inv_std: Any = init.Constant(1),  # noqa: B008
        **named: Any,
    ) -> None:  # fmt: skip
        super().__init__(incoming, **named)
        self.epsilon, self.alpha = epsilon, alpha
        if axes == "auto":
            axes = (0, *range(2, len(self.input_shape)))
        self.axes = (axes,) if isinstance(axes, int) else tuple(axes)
        shape = tuple(n for axis, n in enumerate(self.input_shape) if axis not in self.axes)
        if None in shape:
            raise ValueError("BatchNormLayer needs specified input sizes for other axes.")
        learnt = {"beta": beta, "gamma": gamma, "mean": mean, "inv_std": inv_std}
        for name, spec in learnt.items():
            tags = {"trainable": name in ("beta", "gamma"), "regularizable": name == "gamma",
                    "batch_norm_stat": name in ("mean", "inv_std")}  # fmt: skip
            variable = None if spec is None else self.add_param(spec, shape, name, **tags)
            setattr(self, name, variable)

    def get_output_for(
        self, input: Any, deterministic: bool = False, batch_norm_use_averages: bool | None = None,
        batch_norm_update_averages: bool | None = None, **_: Any,
    ) -> Any:  # fmt: skip
        use = deterministic if batch_norm_use_averages is None else batch_norm_use_averages
        update = batch_norm_update_averages
        update = not deterministic if update is None else update
        mean, inv_std = self.mean, self.inv_std
        if update or not use:
            found = input.mean(self.axes), T.inv(T.sqrt(input.var(self.axes) + self.epsilon))
        if not use:
            mean, inv_std = found
        if update:
            averages = self._advance(*found)
            mean, inv_std = mean + averages[0], inv_std + averages[1]
        kept = iter(range(input.ndim))
        pattern = ["x" if axis in self.axes else next(kept) for axis in range(input.ndim)]
        scale = inv_std if self.gamma is None else inv_std * self.gamma
        out = (input - mean.dimshuffle(pattern)) * scale.dimshuffle(pattern)
        return out if self.beta is None else out + self.beta.dimshuffle(pattern)

    def _advance(self, *found: Any) -> list[Any]:
        """Zeros that bring the new running averages with them into every function."""
        zeros = []
        for average, new in zip((self.mean, self.inv_std), found, strict=True):
            same = theano.clone(average, share_inputs=False)
            set_default_update(same, (1 - self.alpha) * same + self.alpha * new)
            zeros.append(0 * same)
        return zeros


def _take_nonlinearity(layer: Any) -> Any:
    """Move a layer's nonlinearity out of it."""
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = nonlinearities.identity
    return nonlinearity


def batch_norm(layer: Any, **named: Any) -> Any:
    """Normalise a layer before its nonlinearity, in place of its bias."""
    nonlinearity = _take_nonlinearity(layer)
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
    name = named.pop("name", None) or (getattr(layer, "name", None) and f"{layer.name}_bn")
    layer = BatchNormLayer(layer, name=name, **named)
    if nonlinearity is None:
        return layer
    return NonlinearityLayer(layer, nonlinearity, name=name and f"{name}_nonlin")


def prelu(layer: Any, **named: Any) -> Any:
    """Put a parametric rectifier in the place of a layer's nonlinearity."""
    _take_nonlinearity(layer)
    return ParametricRectifierLayer(layer, **named)


class TransformerLayer(MergeLayer):  # type: ignore[misc]
    """Moves, turns and scales images as another network says (Jaderberg et al., 2015)."""

    def __init__(
        self, incoming: Any, localization_network: Any, downsample_factor: Any = 1,
        border_mode: str = "nearest", **named: Any,
    ) -> None:  # fmt: skip
        super().__init__([incoming, localization_network], **named)
        if border_mode != "nearest":
            raise NotImplementedError("TransformerLayer: only border_mode='nearest' is carried.")
        self.downsample_factor = as_tuple(downsample_factor, 2)

    def get_output_shape_for(self, input_shapes: Sequence[Shape]) -> Shape:
        shape = input_shapes[0]
        pairs = zip(shape[2:], self.downsample_factor, strict=True)
        return (*shape[:2], *(length and int(length / factor) for length, factor in pairs))

    def get_output_for(self, inputs: Sequence[Any], **_: Any) -> Any:
        images, theta = inputs
        theta = theta.reshape((-1, 2, 3))
        size = [
            T.cast(images.shape[2 + axis] / self.downsample_factor[axis], "int64")
            for axis in range(2)
        ]
        down, across = (
            T.arange(n).astype(images.dtype) * (2.0 / T.maximum(n - 1, 1)).astype(images.dtype) - 1
            for n in size
        )
        x, y = (
            theta[:, row, 0].dimshuffle(0, "x", "x") * across.dimshuffle("x", "x", 0)
            + theta[:, row, 1].dimshuffle(0, "x", "x") * down.dimshuffle("x", 0, "x")
            + theta[:, row, 2].dimshuffle(0, "x", "x")
            for row in range(2)
        )
        return _sample(images, y, x)


def _sample(images: Any, *places: Any) -> Any:
    """Interpolate between the four pixels around each place, given from -1 to 1 (rows, columns)."""
    images = images.dimshuffle(0, 2, 3, 1)
    example = T.arange(images.shape[0]).dimshuffle(0, "x", "x")
    corners = []
    for axis, place in enumerate(places, 1):
        last = images.shape[axis] - 1
        place = T.clip((place + 1) / 2 * last.astype(place.dtype), 0, last.astype(place.dtype))
        before = T.clip(T.floor(place), 0, T.maximum(last - 1, 0)).astype("int64")
        share = place - before.astype(place.dtype)
        corners.append([(before, 1 - share), (T.minimum(before + 1, last), share)])
    total = sum(
        (by_row * by_column).dimshuffle(0, 1, 2, "x") * images[example, row, column]
        for row, by_row in corners[0]
        for column, by_column in corners[1]
    )
    return total.dimshuffle(0, 3, 1, 2)


def _extended(kind: Any, option: str, shape: Any, output: Any) -> Any:
    """Give a layer an option, by which its shape and output differ."""

    def initialise(self: Any, *arguments: Any, **named: Any) -> None:
        setattr(self, option, named.pop(option, None))
        kind.__init__(self, *arguments, **named)

    members = {"__init__": initialise, "get_output_shape_for": shape, "get_output_for": output}
    return type(kind.__name__, (kind,), {**members, "__doc__": kind.__doc__})


def _returning_final(kind: Any) -> Any:
    """Give a recurrent layer the option to return its last state only."""

    def shape(self: Any, input_shapes: Any) -> Any:
        whole = kind.get_output_shape_for(self, input_shapes)
        return (whole[0], *whole[2:]) if self.only_return_final else whole

    def output(self: Any, inputs: Any, **named: Any) -> Any:
        states = kind.get_output_for(self, inputs, **named)
        if not self.only_return_final:
            return states
        # A sequence read backwards ends at its beginning.
        return states[:, 0 if self.backwards else -1]

    return _extended(kind, "only_return_final", shape, output)


def autocrop_array_shapes(shapes: Sequence[Shape], cropping: Any) -> list[Shape]:
    """Shapes after :func:`autocrop`: the smallest along each cropped axis."""
    cropped = []
    for axis, lengths in enumerate(zip(*shapes, strict=True)):
        how = cropping[axis] if cropping and axis < len(cropping) else None
        shortest = None if None in lengths else min(lengths)
        cropped.append(lengths if how is None else [shortest for _ in lengths])
    return list(zip(*cropped, strict=True))


def autocrop(inputs: Sequence[Any], cropping: Any) -> Any:
    """Cut inputs to the same length along axes, at their end, start ("upper") or both."""
    for axis, how in enumerate(cropping or ()):
        if how is None:
            continue
        lengths = [each.shape[axis] for each in inputs]
        length = T.min(T.stack(lengths))
        shares = {"lower": 0, "center": 0.5, "upper": 1}
        starts = [T.cast((whole - length) * shares[how], "int64") for whole in lengths]
        inputs = [
            each[(slice(None),) * axis + (slice(start, start + length),)]
            for each, start in zip(inputs, starts, strict=True)
        ]
    return inputs


def _cropping(kind: Any) -> Any:
    """Give a layer that merges the option to crop its inputs."""

    def shape(self: Any, input_shapes: Any) -> Any:
        return kind.get_output_shape_for(self, autocrop_array_shapes(input_shapes, self.cropping))

    def output(self: Any, inputs: Any, **named: Any) -> Any:
        return kind.get_output_for(self, autocrop(inputs, self.cropping), **named)

    return _extended(kind, "cropping", shape, output)


ConcatLayer = concat = _cropping(old.ConcatLayer)
ElemwiseMergeLayer = _cropping(old.ElemwiseMergeLayer)
ElemwiseSumLayer = _cropping(old.ElemwiseSumLayer)

CustomRecurrentLayer = _returning_final(old.CustomRecurrentLayer)
RecurrentLayer = _returning_final(old.RecurrentLayer)
LSTMLayer = _returning_final(old.LSTMLayer)
GRULayer = _returning_final(old.GRULayer)
