"""The operations of a network in NumPy, Lasagne and ONNX: shapes, computation, layers, nodes.

Lasagne's layers are for training; the list of operations is the same network without dropout. It
has the shapes of the parameters, computes answers before any function is compiled, and is exported
to other programs. A new operation is a class in `Operation` and `OPERATIONS`; a new activation is
an entry of `ACTIVATIONS`, with its name in `ACTIVATION_TITLES` and its meaning in `MEANINGS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.classes import DIGITS
from mnist_draw.errors import UserError
from mnist_draw.i18n import _

Shape = tuple[int, ...]
Floats = npt.NDArray[np.float32]

#: Sides of a picture.
SIDE = 28
#: Number of classes by default: the digits.
CLASSES = len(DIGITS)
#: Batch size in NumPy. The first convolution of the rule for what is
#: no digit copies 3.7 MB of pixels for them; a thousand at once took 150 MB and were not faster.
TOGETHER = 64
_HALF = np.float32(0.5)


def _softmax(sums: Floats) -> Floats:
    powers: Floats = np.exp(sums - sums.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Activation:
    """The activation of dense units: `compute` maps float32 (N, units) in NumPy.

    `theano` is the module and name of the function that Lasagne's layers take: one of Lasagne 0.1
    or of Theano itself, not one that only the bridge adds.
    """

    name: str
    compute: Callable[[Floats], Floats]
    theano: str
    onnx: str
    onnx_attributes: dict[str, float] = field(default_factory=dict)

    def function(self) -> Any:
        """Return the function that Lasagne's layers take; imports Lasagne or Theano."""
        module, _, name = self.theano.rpartition(".")
        return getattr(import_module(module), name)


#: The activations of hidden layers by name, the usual one first.
ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation(
            "rectify",
            lambda sums: np.maximum(sums, np.float32(0)),
            "lasagne.nonlinearities.rectify",
            "Relu",
        ),
        Activation(
            "leaky",
            lambda sums: np.maximum(sums, sums * np.float32(0.01)),
            "lasagne.nonlinearities.leaky_rectify",
            "LeakyRelu",
            {"alpha": 0.01},
        ),
        Activation("tanh", np.tanh, "lasagne.nonlinearities.tanh", "Tanh"),
        Activation(
            "sigmoid",
            # Twice as exact as 1 / (1 + exp(-x)) in float32, and it never overflows.
            lambda sums: _HALF * np.tanh(_HALF * sums) + _HALF,
            "lasagne.nonlinearities.sigmoid",
            "Sigmoid",
        ),
        # D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by
        # exponential linear units (ELUs)", 2015, with alpha = 1; Lasagne 0.1 has none of its own.
        Activation(
            "elu",
            lambda sums: np.where(sums > 0, sums, np.expm1(np.minimum(sums, np.float32(0)))),
            "theano.tensor.nnet.elu",
            "Elu",
            {"alpha": 1.0},
        ),
        Activation(
            "very_leaky",
            lambda sums: np.maximum(sums, sums * np.float32(1 / 3)),
            "lasagne.nonlinearities.very_leaky_rectify",
            "LeakyRelu",
            {"alpha": 1 / 3},
        ),
        Activation(
            "softplus",
            lambda sums: np.logaddexp(sums, np.float32(0)),
            "theano.tensor.nnet.softplus",
            "Softplus",
        ),
        Activation(
            "linear",
            lambda sums: sums,
            "lasagne.nonlinearities.linear",
            "Identity",
        ),
    )
}
#: Those that output layers may have, too.
OUTPUT_ACTIVATIONS: dict[str, Activation] = {
    **ACTIVATIONS,
    "softmax": Activation(
        "softmax",
        _softmax,
        "lasagne.nonlinearities.softmax",
        "Softmax",
        {"axis": -1},
    ),
}


@dataclass(frozen=True)
class Convolution:
    """A convolution with square filters, then its activation.

    ``side`` and ``stride`` are in pixels, ``padding`` is the paper added on each side. One that is
    normalized has batch normalization between its sums and its activation, and no biases.
    """

    filters: int
    side: int
    activation: str = "rectify"
    stride: int = 1
    padding: int = 0
    normalized: bool = False

    def parameter_shapes(self, incoming: Shape) -> tuple[Shape, ...]:
        """Return the shapes of its parameters, from that of the input."""
        weights = (self.filters, incoming[0], self.side, self.side)
        return weights, *_shapes_beside(self, self.filters)

    def output_shape(self, incoming: Shape) -> Shape:
        """Return the output shape: filters, height and width."""
        _, height, width = incoming
        return self.filters, self._length(height), self._length(width)

    def _length(self, size: int) -> int:
        return (size + 2 * self.padding - self.side) // self.stride + 1

    def compute(self, values: Floats, parameters: Iterator[Floats], beside: Beside) -> Floats:
        """Compute it with NumPy; channels are the last axis."""
        weights, bias = folded(self, parameters)
        values = convolved(values, weights, self.stride, self.padding)
        # The largest of four stays the largest with the bias and the activation, which never
        # falls, and a quarter is left to add to.
        if isinstance(beside[1], MaxPooling):
            values = pooled(values, beside[1].side, beside[1].stride)
        values += bias
        return ACTIVATIONS[self.activation].compute(values)


@dataclass(frozen=True)
class MaxPooling:
    """The largest value of each square, every ``stride`` pixels; 0: squares do not overlap."""

    side: int = 2
    stride: int = 0

    def parameter_shapes(self, incoming: Shape) -> tuple[Shape, ...]:
        """Return no shapes: it has no parameters."""
        return ()

    def output_shape(self, incoming: Shape) -> Shape:
        """Return the output shape: what does not fill a square is dropped."""
        channels, height, width = incoming
        stride = self.stride or self.side
        return channels, (height - self.side) // stride + 1, (width - self.side) // stride + 1

    def compute(self, values: Floats, parameters: Iterator[Floats], beside: Beside) -> Floats:
        """Compute it with NumPy, unless the convolution before it has done so."""
        if isinstance(beside[0], Convolution):
            return values
        return pooled(values, self.side, self.stride)


@dataclass(frozen=True)
class Dense:
    """Fully connected units; normalized as a `Convolution` is."""

    units: int
    activation: str = "rectify"
    normalized: bool = False

    def parameter_shapes(self, incoming: Shape) -> tuple[Shape, ...]:
        """Return the shapes of its parameters, from that of the input."""
        inputs = reduce(lambda one, other: one * other, incoming)
        return (inputs, self.units), *_shapes_beside(self, self.units)

    def output_shape(self, incoming: Shape) -> Shape:
        """Return the number of units."""
        return (self.units,)

    def compute(self, values: Floats, parameters: Iterator[Floats], beside: Beside) -> Floats:
        """Compute it with NumPy."""
        weights, bias = folded(self, parameters)
        sums: Floats = _flat(values) @ weights + bias
        return OUTPUT_ACTIVATIONS[self.activation].compute(sums)


def _shapes_beside(operation: Convolution | Dense, units: int) -> tuple[Shape, ...]:
    """Return the shapes of biases, or of beta, gamma, mean and inverse standard deviation."""
    return ((units,),) * (4 if operation.normalized else 1)


def folded(
    operation: Convolution | Dense,
    parameters: Iterator[Floats],
) -> tuple[Floats, Floats]:
    """Return weights and biases that compute the same as weights and batch normalization."""
    weights = next(parameters)
    if not operation.normalized:
        return weights, next(parameters)
    beta = next(parameters)
    gamma = next(parameters)
    mean = next(parameters)
    scale = gamma * next(parameters)
    shape = (-1, 1, 1, 1) if isinstance(operation, Convolution) else (1, -1)
    return weights * scale.reshape(shape), beta - mean * scale


Operation = Convolution | MaxPooling | Dense
#: The operations before and after one.
Beside = tuple[Operation | None, Operation | None]


def parameter_shapes(operations: Sequence[Operation]) -> tuple[Shape, ...]:
    """Return the shapes of weights and biases, in the order of Lasagne's `get_all_params`."""
    shapes: list[Shape] = []
    incoming: Shape = (1, SIDE, SIDE)
    for operation in operations:
        shapes += operation.parameter_shapes(incoming)
        incoming = operation.output_shape(incoming)
    return tuple(shapes)


def forward(
    operations: Sequence[Operation],
    parameters: Sequence[Floats],
    pictures: Floats,
) -> Floats:
    """Compute the output of a network, float32 (N, units), with NumPy alone; thread-safe.

    One picture takes a few milliseconds in the largest network that ships, several times what a
    compiled function takes. The parameters have the shapes that `parameter_shapes` returns;
    pictures are float32 (N, 1, 28, 28), from 0 to 255/256.
    """
    if len(pictures) > TOGETHER:
        starts = range(0, len(pictures), TOGETHER)
        parts = (pictures[start : start + TOGETHER] for start in starts)
        return np.concatenate([forward(operations, parameters, part) for part in parts])
    # Channels are the last axis.
    values: Floats = np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))
    arrays = iter(parameters)
    beside = zip((None, *operations[:-1]), (*operations[1:], None), strict=True)
    for operation, neighbors in zip(operations, beside, strict=True):
        values = operation.compute(values, arrays, neighbors)
    return values


def _flat(values: Floats) -> Floats:
    """Flatten each picture's values in Lasagne's order: one filter after the other."""
    if values.ndim == 4:
        values = values.transpose(0, 3, 1, 2)
    return values.reshape(len(values), math.prod(values.shape[1:]))


def convolved(values: Floats, weights: Floats, stride: int = 1, padding: int = 0) -> Floats:
    """Convolve (N, H, W, channels) with Lasagne's (filters, channels, h, w)."""
    filters, channels, height, width = weights.shape
    if padding:
        values = np.pad(values, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(values, (height, width), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]
    count, rows, columns = windows.shape[:3]
    # Copy what is contiguous in memory together: a window's columns with all channels.
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, height * width * channels)
    # A convolution flips its filters.
    turned = weights[:, :, ::-1, ::-1].transpose(2, 3, 1, 0).reshape(-1, filters)
    result: Floats = patches @ turned
    return result.reshape(count, rows, columns, filters)


def pooled(values: Floats, side: int, stride: int = 0) -> Floats:
    """Return the largest value of each square of (N, H, W, channels)."""
    stride = stride or side
    rows, columns = (size - side + 1 for size in values.shape[1:3])
    corners = [
        values[:, row : row + rows : stride, column : column + columns : stride]
        for row in range(side)
        for column in range(side)
    ]
    return reduce(np.maximum, corners)


# ---- Not for the Python program that the network can be exported as: other frameworks


#: What the activations of hidden layers are called on the screen; files have their names.
ACTIVATION_TITLES = {
    "rectify": "ReLU",
    "leaky": "Leaky ReLU",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "elu": "ELU",
    "very_leaky": "Very leaky ReLU",
    "softplus": "softplus",
    "linear": "linear",
}
#: What the activations of hidden layers give.
MEANINGS = {
    "rectify": _("0 below 0, else its input"),
    "leaky": _("a hundredth of its input below 0"),
    "tanh": _("the hyperbolic tangent, −1 to 1"),
    "sigmoid": _("the logistic function, 0 to 1"),
    "elu": _("exp(x) − 1 below 0, else its input"),
    "very_leaky": _("a third of its input below 0"),
    "softplus": "log(1 + exp(x))",
    "linear": _("its input"),
}


def activation_name(function: Any) -> str:
    """Return the name of the activation that computes what a function does, or else its own."""
    import theano.tensor as T

    for activation in OUTPUT_ACTIVATIONS.values():
        if function is activation.function():
            return activation.name
    values = np.linspace(-4, 4, 33, dtype=np.float32)[np.newaxis]
    computed = function(T.constant(values)).eval()
    for activation in OUTPUT_ACTIVATIONS.values():
        if np.allclose(computed, activation.compute(values), atol=1e-6):
            return activation.name
    if hasattr(function, "leakiness"):
        return f"LeakyRectify({function.leakiness:g})"
    # A function, or an object with settings.
    return str(getattr(function, "__name__", type(function).__name__))


@dataclass(frozen=True)
class OnnxNode:
    """One operator of ONNX, its constants by what they are called, and its attributes."""

    kind: str
    constants: dict[str, Floats] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OperationKind:
    """An operation in other frameworks.

    `layer` makes Lasagne's from the layer before it and the operation, `onnx` the operators from
    the operation, its parameters and the input shape.
    """

    layer: Callable[[Any, Any], Any]
    onnx: Callable[[Any, Sequence[Floats], Shape], list[OnnxNode]]


def _convolution_layer(network: Any, operation: Convolution) -> Any:
    import lasagne

    network = lasagne.layers.Conv2DLayer(
        network,
        num_filters=operation.filters,
        filter_size=(operation.side, operation.side),
        stride=(operation.stride, operation.stride),
        pad=operation.padding,
        nonlinearity=ACTIVATIONS[operation.activation].function(),
        W=lasagne.init.GlorotUniform(),
    )
    return _normalized(network) if operation.normalized else network


def _normalized(network: Any) -> Any:
    """Return a layer with batch normalization, which the bridge adds to Lasagne 0.1."""
    import lasagne

    if not hasattr(lasagne.layers, "batch_norm"):
        raise UserError(
            "Batch normalization needs PyTensor: Lasagne 0.1 on Theano 1.0.5 does not have "
            "it. Leave norm out, or install the program without Theano.",
        )
    return lasagne.layers.batch_norm(network)


def _convolution_onnx(
    operation: Convolution,
    parameters: Sequence[Floats],
    incoming: Shape,
) -> list[OnnxNode]:
    filters, bias = folded(operation, iter(parameters))
    # Lasagne's convolutions flip their filters, ONNX's do not.
    constants = {"filters": filters[:, :, ::-1, ::-1], "bias": bias}
    attributes = {
        "kernel_shape": [operation.side] * 2,
        "strides": [operation.stride] * 2,
        "pads": [operation.padding] * 4,
    }
    return [OnnxNode("Conv", constants, attributes), _activation_node(operation)]


def _activation_node(operation: Convolution | Dense) -> OnnxNode:
    activation = OUTPUT_ACTIVATIONS[operation.activation]
    return OnnxNode(activation.onnx, attributes=activation.onnx_attributes)


def _pooling_layer(network: Any, operation: MaxPooling) -> Any:
    import lasagne

    return lasagne.layers.MaxPool2DLayer(
        network,
        pool_size=(operation.side, operation.side),
        stride=(operation.stride or operation.side,) * 2,
    )


def _pooling_onnx(
    operation: MaxPooling,
    parameters: Sequence[Floats],
    incoming: Shape,
) -> list[OnnxNode]:
    strides = [operation.stride or operation.side] * 2
    attributes = {"kernel_shape": [operation.side] * 2, "strides": strides}
    return [OnnxNode("MaxPool", attributes=attributes)]


def _dense_layer(network: Any, operation: Dense) -> Any:
    import lasagne

    network = lasagne.layers.DenseLayer(
        network,
        num_units=operation.units,
        nonlinearity=OUTPUT_ACTIVATIONS[operation.activation].function(),
    )
    return _normalized(network) if operation.normalized else network


def _dense_onnx(operation: Dense, parameters: Sequence[Floats], incoming: Shape) -> list[OnnxNode]:
    weights, bias = folded(operation, iter(parameters))
    # Lasagne and ONNX flatten in the same order: one filter after the other.
    return [
        *([OnnxNode("Flatten")] if len(incoming) > 1 else []),
        OnnxNode("Gemm", {"weights": weights, "bias": bias}),
        _activation_node(operation),
    ]


@dataclass(frozen=True)
class Dropout:
    """A share of the values before it is left out at each training step; then it does nothing."""

    share: float


#: What a network is made of, its dropout included.
NetworkLayer = Operation | Dropout


def _dropout_layer(network: Any, layer: Dropout) -> Any:
    import lasagne

    return lasagne.layers.DropoutLayer(network, p=layer.share)


def build_layers(layers: Sequence[NetworkLayer], input_var: Any = None) -> Any:
    """Build Lasagne's layers on an input layer of pictures; return the output layer."""
    import lasagne

    network = lasagne.layers.InputLayer(shape=(None, 1, SIDE, SIDE), input_var=input_var)
    for layer in layers:
        if isinstance(layer, Dropout):
            network = _dropout_layer(network, layer)
        else:
            network = OPERATIONS[type(layer)].layer(network, layer)
    return network


#: All operations, by class.
OPERATIONS: dict[type[Operation], OperationKind] = {
    Convolution: OperationKind(_convolution_layer, _convolution_onnx),
    MaxPooling: OperationKind(_pooling_layer, _pooling_onnx),
    Dense: OperationKind(_dense_layer, _dense_onnx),
}
