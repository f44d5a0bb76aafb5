"""From Lasagne's layers to a network of this program: its list of layers, and their parameters.

A network is a chain from an input layer of 784 pixels to a dense layer with softmax. What the
program has no layer for is refused by name. Layers that compute nothing of their own (flatten,
reshape, a nonlinearity) become part of the layers around them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from mnist_draw.dataset.classes import MAX_CLASSES, MIN_CLASSES
from mnist_draw.networks.layer_text import check_layers, text_of
from mnist_draw.networks.operations import (
    ACTIVATIONS,
    SIDE,
    Convolution,
    Dense,
    Dropout,
    Floats,
    MaxPooling,
    NetworkLayer,
    activation_name,
)
from mnist_draw.networks.specification import NETWORKS, NetworkSpec, parse_network
from mnist_draw.storage import ModelFileError

#: The methods in which a layer of Lasagne's computes.
_COMPUTING = ("get_output_for", "convolve")


class LayerError(ModelFileError):
    """A network has a layer that this program has not; the sentence names it."""


def read_network(network: Any) -> tuple[NetworkSpec, tuple[Floats, ...]]:
    """Return the network of an output layer and its parameters, float32, in Lasagne's order.

    Raises `LayerError` with the layer that cannot be.
    """
    import lasagne

    chain = _Chain()
    for layer in lasagne.layers.get_all_layers(network):
        chain.add(layer)
    return chain.specification(), tuple(chain.parameters)


class _Chain:
    """The layers that were read, and what the last of them still lacks."""

    def __init__(self) -> None:
        self.layers: list[NetworkLayer] = []
        self.parameters: list[Floats] = []
        #: What reads each class of Lasagne's by name.
        self._readers: dict[str, Callable[[Any], None]] = {
            "InputLayer": self._input,
            "Conv2DLayer": self._convolution,
            "NINLayer": self._convolution_of_points,
            "MaxPool2DLayer": self._pooling,
            "DenseLayer": self._dense,
            "DropoutLayer": self._dropout,
            "BatchNormLayer": self._normalization,
            "NonlinearityLayer": self._nonlinearity,
            "FlattenLayer": self._same_values,
            "ReshapeLayer": self._same_values,
        }

    def add(self, layer: Any) -> None:
        import lasagne

        own = type(layer)
        # One that is derived outside Lasagne may have other defaults, but computes the same.
        kind = next(one for one in own.__mro__ if vars(lasagne.layers).get(one.__name__) is one)
        reader = self._readers.get(kind.__name__)
        computes = all(getattr(own, name, 0) is getattr(kind, name, 0) for name in _COMPUTING)
        if reader is None or not computes:
            raise _refused(layer, "the program has no such layer")
        reader(layer)

    def specification(self) -> NetworkSpec:
        """Return the network of the layers, with the shortest text that means the same."""
        *hidden, last = self.layers or (None,)
        if not isinstance(last, Dense) or last.activation != "softmax" or last.normalized:
            raise LayerError("A network for digits ends with a dense layer with softmax.")
        for layer in hidden:
            name = getattr(layer, "activation", "rectify")
            if name not in ACTIVATIONS:
                raise LayerError(
                    "A hidden layer has the nonlinearity {name}; the program supports {names}.",
                    name=name,
                    names=", ".join(ACTIVATIONS),
                )
        classes = last.units
        if not MIN_CLASSES <= classes <= MAX_CLASSES:
            raise LayerError(
                "The network has {classes} outputs; the program supports {low} to {high}.",
                classes=classes,
                low=MIN_CLASSES,
                high=MAX_CLASSES,
            )
        try:
            check_layers(hidden)
        except ValueError as error:
            raise LayerError(
                "The network has layers that the program does not support: {error}.",
                error=error,
            ) from error
        texts = [name for name, kind in NETWORKS.items() if kind.in_menu and not kind.numbers]
        shares = {layer.share for layer in hidden if isinstance(layer, Dropout)}
        texts += [f"mlp:{share!r}" for share in shares]
        for text in texts:
            found = parse_network(f"{text}#{classes}")
            if found.layers == tuple(self.layers):
                return found
        return parse_network(f"layers:{text_of(hidden)}#{classes}")

    def _take(self, *values: Any) -> None:
        self.parameters += [np.asarray(value, np.float32) for value in values]

    def _input(self, layer: Any) -> None:
        if math.prod(layer.shape[1:]) != SIDE * SIDE:
            raise _refused(layer, f"it takes {layer.shape[1:]}, not {SIDE}×{SIDE} pixels")

    def _convolution(self, layer: Any) -> None:
        height, width = layer.filter_size
        rows, columns = layer.stride
        pads = _padding(layer.pad, (height, width))
        is_square = height == width and rows == columns and pads[0] == pads[1]
        if not is_square or getattr(layer, "num_groups", 1) != 1:
            raise _refused(layer, "its filters, strides or padding are not square")
        filters = layer.W.get_value()
        if not getattr(layer, "flip_filters", True):
            filters = filters[:, :, ::-1, ::-1]
        self._add_convolution(layer, filters, rows, pads[0])

    def _convolution_of_points(self, layer: Any) -> None:
        self._add_convolution(layer, layer.W.get_value().T[:, :, np.newaxis, np.newaxis], 1, 0)

    def _add_convolution(self, layer: Any, filters: Floats, stride: int, padding: int) -> None:
        count, _, side, _ = filters.shape
        name = activation_name(layer.nonlinearity)
        self.layers.append(Convolution(count, side, name, stride, padding))
        self._take(filters, _bias(layer, count))

    def _pooling(self, layer: Any) -> None:
        height, width = layer.pool_size
        rows, columns = layer.stride
        is_square = height == width and rows == columns
        if not is_square or any(_padding(layer.pad, (1, 1))) or not layer.ignore_border:
            raise _refused(layer, "it is not square, or reaches over the edge")
        self.layers.append(MaxPooling(height, 0 if rows == height else rows))

    def _dense(self, layer: Any) -> None:
        if getattr(layer, "num_leading_axes", 1) != 1:
            raise _refused(layer, "it has several leading axes")
        name = activation_name(layer.nonlinearity)
        self.layers.append(Dense(layer.num_units, name))
        self._take(layer.W.get_value(), _bias(layer, layer.num_units))

    def _dropout(self, layer: Any) -> None:
        if getattr(layer, "shared_axes", ()) or not getattr(layer, "rescale", True):
            raise _refused(layer, "it shares axes, or does not rescale")
        if layer.p:
            self.layers.append(Dropout(float(layer.p)))

    def _normalization(self, layer: Any) -> None:
        last = self._unfinished(layer)
        usual = (0, *range(2, len(layer.input_shape)))
        if last.normalized or tuple(layer.axes) != usual:
            raise _refused(layer, "it normalizes other axes, or what is normalized already")
        bias = self.parameters.pop()
        self.layers[-1] = replace(last, normalized=True)
        zeros = np.zeros(len(bias))
        beta = zeros if layer.beta is None else layer.beta.get_value()
        gamma = zeros + 1 if layer.gamma is None else layer.gamma.get_value()
        # Biases below a normalization move its mean alone.
        self._take(beta, gamma, layer.mean.get_value() - bias, layer.inv_std.get_value())

    def _nonlinearity(self, layer: Any) -> None:
        last = self._unfinished(layer)
        self.layers[-1] = replace(last, activation=activation_name(layer.nonlinearity))

    def _unfinished(self, layer: Any) -> Convolution | Dense:
        """Return the last layer, which must have no activation yet."""
        last = self.layers[-1] if self.layers else None
        if isinstance(last, Convolution | Dense) and last.activation == "linear":
            return last
        raise _refused(layer, "it does not follow a linear convolution or a linear dense layer")

    def _same_values(self, layer: Any) -> None:
        """Read a layer that gives its values another shape."""
        before = layer.input_shape[1:]
        after = layer.output_shape[1:]
        sizes = math.prod(before), math.prod(after)
        flattens = len(after) == 1
        to_a_picture = not self.layers and after == (1, SIDE, SIDE)
        if sizes[0] != sizes[1] or not (flattens or to_a_picture):
            raise _refused(layer, f"it makes {after} of {before}")


def _refused(layer: Any, reason: str) -> LayerError:
    name = type(layer).__name__
    if layer.name:
        name = f"{name} {layer.name!r}"
    return LayerError("The layer {name} cannot be used: {reason}.", name=name, reason=reason)


def _padding(pad: Any, sides: tuple[int, int]) -> tuple[int, int]:
    """Return the padding of rows and columns that Lasagne's word or number means."""
    match pad:
        case "valid":
            return 0, 0
        case "full":
            return sides[0] - 1, sides[1] - 1
        case "same":
            return sides[0] // 2, sides[1] // 2
        case int():
            return pad, pad
    rows, columns = pad
    return int(rows), int(columns)


def _bias(layer: Any, units: int) -> Floats:
    if layer.b is None:
        return np.zeros(units, np.float32)
    values: Floats = layer.b.get_value()
    if values.ndim != 1:
        raise _refused(layer, "it has biases for each place")
    return values
