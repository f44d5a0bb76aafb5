"""Layers that Lasagne 0.2 has and 0.1 has not, as its documentation describes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from math import isqrt, prod
from typing import Any

import lasagne.layers as old
import numpy as np
import theano
import theano.tensor as T
from lasagne import init, nonlinearities
from lasagne.layers import Layer, MergeLayer
from lasagne.layers import NonlinearityLayer as NonlinearityLayer
from lasagne.random import get_rng
from lasagne.utils import as_tuple, floatX

from mnist_draw.theano_bridge.random_streams import RandomStreams

Shape = tuple[Any, ...]


class ExpressionLayer(Layer):  # type: ignore[misc]
    """Applies a function to its input."""

    def __init__(
        self,
        incoming: Any,
        function: Callable[[Any], Any],
        output_shape: Any = None,
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        self.function = function
        self._shape = output_shape

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


def _axes_to_share(told: Any, shape: Shape) -> tuple[int, ...]:
    """All axes but the second for "auto"."""
    if isinstance(told, str):
        return tuple(axis for axis in range(len(shape)) if told == "all" or axis != 1)
    return (told,) if isinstance(told, int) else tuple(told)


class _SharedLayer(Layer):  # type: ignore[misc]
    """One learned number for all positions along the shared axes."""

    default: float
    parameter: str
    apply: Any

    def __init__(
        self,
        incoming: Any,
        spec: Any = None,
        shared_axes: Any = "auto",
        **named: Any,
    ) -> None:
        spec = init.Constant(self.default) if spec is None else spec
        spec = named.pop(self.parameter, spec)
        super().__init__(incoming, **named)
        self.shared_axes = _axes_to_share(shared_axes, self.input_shape)
        axes = range(len(self.input_shape))
        kept = [axis for axis in axes if axis not in self.shared_axes]
        shape = tuple(self.input_shape[axis] for axis in kept)
        if None in shape:
            raise ValueError(f"{type(self).__name__} needs specified input sizes for other axes.")
        self.spread = None
        setattr(self, self.parameter, None)
        if spec is None:
            return
        variable = self.add_param(spec, shape, self.parameter, regularizable=False)
        setattr(self, self.parameter, variable)
        self.spread = variable.dimshuffle([kept.index(a) if a in kept else "x" for a in axes])

    def get_output_for(self, input: Any, **_: Any) -> Any:
        return input if self.spread is None else self.apply(input, self.spread)


class ScaleLayer(_SharedLayer):
    """Multiplies by learned numbers."""

    default = 1
    parameter = "scales"
    apply = T.mul


class BiasLayer(_SharedLayer):
    """Adds learned numbers."""

    default = 0
    parameter = "b"
    apply = T.add


class ParametricRectifierLayer(_SharedLayer):
    """Rectifier with a learned slope below zero (He et al., 2015)."""

    default = 0.25
    parameter = "alpha"
    apply = staticmethod(T.nnet.relu)


def standardize(layer: Any, offset: Any, scale: Any, shared_axes: Any = "auto") -> Any:
    """Take an offset off what a layer returns, and divide that by a scale; neither is learned."""
    layer = BiasLayer(layer, -offset, shared_axes)
    layer.params[layer.b].remove("trainable")
    layer = ScaleLayer(layer, floatX(1.0) / scale, shared_axes)
    layer.params[layer.scales].remove("trainable")
    return layer


class RandomizedRectifierLayer(Layer):  # type: ignore[misc]
    """Rectifier with a slope below zero that is drawn for each minibatch (Xu et al., 2015)."""

    def __init__(
        self,
        incoming: Any,
        lower: Any = 0.3,
        upper: Any = 0.8,
        shared_axes: Any = "auto",
        **named: Any,
    ) -> None:
        super().__init__(incoming, **named)
        if isinstance(wrong := lower > upper, bool) and wrong:
            raise ValueError(f"The lower slope {lower} is larger than the upper one, {upper}.")
        self.lower = lower
        self.upper = upper
        self.shared_axes = _axes_to_share(shared_axes, self.input_shape)
        self._srng = RandomStreams(get_rng().randint(1, 2147462579))

    def get_output_for(self, input: Any, deterministic: bool = False, **_: Any) -> Any:
        if deterministic or self.lower == self.upper:
            return T.nnet.relu(input, (self.lower + self.upper) / 2.0)
        slopes = drawn(self._srng.uniform, input, self.shared_axes, self.lower, self.upper)
        return T.nnet.relu(input, slopes)


def drawn(draw: Any, input: Any, shared_axes: Sequence[int], *how: Any) -> Any:
    """Draw numbers for an input, the same ones along some axes."""
    axes = range(input.ndim)
    shared = [axes[axis] for axis in shared_axes]
    size = [1 if axis in shared else input.shape[axis] for axis in axes]
    return T.addbroadcast(draw(size, *how, dtype=input.dtype), *shared)


class DenseLayer(old.DenseLayer):  # type: ignore[misc]
    """A dense layer along the axes after the first `num_leading_axes`."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        *rest: Any,
        num_leading_axes: int = 1,
        **named: Any,
    ) -> None:
        shape = incoming if isinstance(incoming, tuple) else incoming.output_shape
        self.num_leading_axes = num_leading_axes % len(shape)
        flat = (None, prod(shape[self.num_leading_axes :])) if num_leading_axes != 1 else incoming
        super().__init__(flat, num_units, *rest, **named)
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


def take_nonlinearity(layer: Any) -> Any:
    """Move a layer's nonlinearity out of it."""
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = nonlinearities.identity
    return nonlinearity


def _replacing(kind: Any) -> Callable[..., Any]:
    """Make what puts a layer in the place of another's nonlinearity."""

    def put(layer: Any, **named: Any) -> Any:
        take_nonlinearity(layer)
        return kind(layer, **named)

    return put


prelu, rrelu = map(_replacing, (ParametricRectifierLayer, RandomizedRectifierLayer))


class TransformerLayer(MergeLayer):  # type: ignore[misc]
    """Moves, turns and scales images as another network says (Jaderberg et al., 2015)."""

    def __init__(
        self,
        incoming: Any,
        localization_network: Any,
        downsample_factor: Any = 1,
        border_mode: str = "nearest",
        **named: Any,
    ) -> None:
        super().__init__([incoming, localization_network], **named)
        self.downsample_factor = as_tuple(downsample_factor, 2)
        self.border_mode = border_mode

    def get_output_shape_for(self, input_shapes: Sequence[Shape]) -> Shape:
        shape = input_shapes[0]
        pairs = zip(shape[2:], self.downsample_factor, strict=True)
        return (*shape[:2], *(length and int(length / factor) for length, factor in pairs))

    def get_output_for(self, inputs: Sequence[Any], **_: Any) -> Any:
        images, told = inputs
        rows, columns = (
            T.cast(images.shape[2 + axis] / factor, "int64")
            for axis, factor in enumerate(self.downsample_factor)
        )
        y, x = (
            T.arange(n).astype(images.dtype) * (2.0 / T.maximum(n - 1, 1)).astype(images.dtype) - 1
            for n in (rows, columns)
        )
        places = self.places(told, x.dimshuffle("x", 0), y.dimshuffle(0, "x"))
        return _sample(images, self.border_mode, *reversed(places))

    def places(self, told: Any, x: Any, y: Any) -> list[Any]:
        """Return the x and the y of what is seen at places of the output, all from -1 to 1."""
        told = told.reshape((-1, 2, 3, 1, 1))
        return [told[:, row, 0] * x + told[:, row, 1] * y + told[:, row, 2] for row in range(2)]


class TPSTransformerLayer(TransformerLayer):
    """Bends images as a thin-plate spline through control points does (Bookstein, 1989)."""

    def __init__(
        self,
        incoming: Any,
        localization_network: Any,
        downsample_factor: Any = 1,
        control_points: int = 16,
        precompute_grid: Any = "auto",
        border_mode: str = "nearest",
        **named: Any,
    ) -> None:
        super().__init__(incoming, localization_network, downsample_factor, border_mode, **named)
        ticks = np.linspace(-1, 1, isqrt(control_points))
        self.points = floatX(np.meshgrid(ticks, ticks)).reshape(2, control_points)
        plane = np.vstack([self.points, np.ones(control_points)])
        squares = ((self.points[:, :, None] - self.points[:, None]) ** 2).sum(axis=0)
        bends = squares * np.log(squares + (squares == 0))
        system = np.block([[np.zeros((3, 3)), plane], [plane.T, bends]])
        #: What moved points are multiplied with for the numbers of the plane and of each bend.
        self.solution = floatX(np.linalg.inv(system)[:, 3:].T)

    def places(self, told: Any, x: Any, y: Any) -> list[Any]:
        moved = T.dot(told.reshape((-1, *self.points.shape)) + self.points, self.solution)
        square = sum(
            (T.shape_padright(ticks) - points) ** 2
            for ticks, points in zip((x, y), self.points, strict=True)
        )
        bend = T.switch(square > 0, square * T.log(square), 0)
        plane = super().places(moved[:, :, :3], x, y)
        return [
            flat + T.tensordot(moved[:, row, 3:], bend, [[1], [2]])
            for row, flat in enumerate(plane)
        ]


def _sample(images: Any, border_mode: str, *places: Any) -> Any:
    """Interpolate between the four pixels around each place, given from -1 to 1 (rows, columns)."""
    images = images.dimshuffle(0, 2, 3, 1)
    example = T.arange(images.shape[0]).dimshuffle(0, "x", "x")
    corners = []
    for axis, place in enumerate(places, 1):
        length = images.shape[axis].astype(place.dtype)
        place = (place + 1) / 2 * (length - 1)
        before = T.floor(place)
        share = place - before
        pixels = (_inside(each, length, border_mode) for each in (before, before + 1))
        corners.append(list(zip(pixels, (1 - share, share), strict=True)))
    total = sum(
        (by_row * by_column).dimshuffle(0, 1, 2, "x") * images[example, row, column]
        for row, by_row in corners[0]
        for column, by_column in corners[1]
    )
    return total.dimshuffle(0, 3, 1, 2)


def _inside(place: Any, length: Any, border_mode: str) -> Any:
    """Return the number of the pixel that is seen at a place, which may be outside."""
    if border_mode == "mirror":
        period = T.maximum(2 * (length - 1), 1)
        place = T.minimum(place % period, -place % period)
    elif border_mode == "wrap":
        place = place % length
    elif border_mode != "nearest":
        raise ValueError(f"border_mode is 'nearest', 'mirror' or 'wrap', not {border_mode!r}.")
    return T.clip(place, 0, length - 1).astype("int64")


def _beginning(kind: Any) -> Any:
    """Let a recurrent layer begin where others say, and return its last state only."""

    @wraps(kind, updated=())
    class Recurrent(kind):  # type: ignore[misc]
        def __init__(self, *rest: Any, only_return_final: bool = False, **named: Any) -> None:
            self.only_return_final = only_return_final
            states = ("hid_init", "cell_init")
            first = {name: named[name] for name in states if isinstance(named.get(name), Layer)}
            places = {
                name: T.tensor(theano.config.floatX, [False] * len(layer.output_shape))
                for name, layer in first.items()
            }
            super().__init__(*rest, **named | places)
            self._first = list(first)
            self.input_layers += first.values()
            self.input_shapes += [layer.output_shape for layer in first.values()]

        def get_output_shape_for(self, input_shapes: Any) -> Shape:
            whole = super().get_output_shape_for(input_shapes)
            return (whole[0], *whole[2:]) if self.only_return_final else whole

        def get_output_for(self, inputs: Any, **named: Any) -> Any:
            own = len(inputs) - len(self._first)
            for name, value in zip(self._first, inputs[own:], strict=True):
                setattr(self, name, value.copy())  # an expression, whatever is given
            states = super().get_output_for(inputs[:own], **named)
            # A sequence read backwards ends at its beginning.
            return states[:, 0 if self.backwards else -1] if self.only_return_final else states

    return Recurrent


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

    @wraps(kind, updated=())
    class Cropping(kind):  # type: ignore[misc]
        def __init__(self, *rest: Any, cropping: Any = None, **named: Any) -> None:
            self.cropping = cropping
            super().__init__(*rest, **named)

        def get_output_shape_for(self, input_shapes: Any) -> Shape:
            cropped = autocrop_array_shapes(input_shapes, self.cropping)
            return tuple(super().get_output_shape_for(cropped))

        def get_output_for(self, inputs: Any, **named: Any) -> Any:
            return super().get_output_for(autocrop(inputs, self.cropping), **named)

    return Cropping


def _filled(shape: Any, length: int) -> Any:
    """Put a length in the place of those that are not known, in a shape or several."""
    if isinstance(shape, tuple | list):
        return type(shape)(_filled(each, length) for each in shape)
    return length if shape is None else shape


def _of_any_length(kind: Any) -> Any:
    """Let a layer compute its shape where lengths are not known."""

    def shape(self: Any, given: Any) -> Shape:
        try:
            return tuple(kind.get_output_shape_for(self, given))
        except TypeError:
            tries = (kind.get_output_shape_for(self, _filled(given, n)) for n in (5040, 5041))
            return tuple(a if a == b else None for a, b in zip(*tries, strict=True))

    return type(kind.__name__, (kind,), {"__doc__": kind.__doc__, "get_output_shape_for": shape})


FlattenLayer = flatten = _of_any_length(old.FlattenLayer)
PadLayer = pad = _of_any_length(old.PadLayer)
SliceLayer = _of_any_length(old.SliceLayer)
ConcatLayer = concat = _cropping(_of_any_length(old.ConcatLayer))
ElemwiseMergeLayer = _cropping(old.ElemwiseMergeLayer)
ElemwiseSumLayer = _cropping(old.ElemwiseSumLayer)

CustomRecurrentLayer = _beginning(old.CustomRecurrentLayer)
RecurrentLayer = _beginning(old.RecurrentLayer)
LSTMLayer = _beginning(old.LSTMLayer)
GRULayer = _beginning(old.GRULayer)
