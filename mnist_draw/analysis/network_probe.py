"""Probe a network: sums, outputs and gradients of its layers, with units switched off at will.

Each hidden layer's nonlinearity is taken apart from its sum, and its output is multiplied by a
gate: 1 lets a unit through, 0 switches it off. A second row of pictures and gates answers "what
if" in the same call.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from mnist_draw import theano_bridge
from mnist_draw.analysis.pictures import SLICE, in_slices
from mnist_draw.arrays import Array, Bytes, Floats, Labels
from mnist_draw.dataset.normalise import SIDE
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.networks import parse_network, title_of_model
from mnist_draw.networks.layer_text import text_of
from mnist_draw.networks.operations import (
    OUTPUT_ACTIVATIONS,
    Convolution,
    Dense,
    MaxPooling,
    NetworkLayer,
    convolved,
    folded,
    pooled,
)
from mnist_draw.recognition.recogniser import BuiltNetwork, require_finite
from mnist_draw.storage import ModelFile
from mnist_draw.training.functions import layer_names, weighted_layers
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings

#: Of a sum: half of the difference that a derivative is taken over.
_STEP = 2.0**-20
#: Weights that are not those of the start correlate by 0.00 with what was learned; those of the
#: start of the shipped networks by 0.52 to 0.86.
_LEAST_CORRELATION = 0.1
_START_UNKNOWN = _("This network's starting weights are not known.")


@dataclass(frozen=True, eq=False, repr=False)
class Layer:
    #: ``"convolution 1"``, ``"hidden 2"``, counted from the picture on; the last is ``"answer"``.
    name: str
    #: ``(units,)`` of a dense layer, ``(maps, height, width)`` of a convolution.
    shape: tuple[int, ...]
    #: The shape of its input: ``(1, 28, 28)``, ``(units,)`` or ``(maps, height, width)``.
    incoming: tuple[int, ...]
    #: float32 (inputs, units), or (maps, incoming maps, filter height, filter width) as the
    #: parameters have it: Lasagne turns a filter round before it slides over the picture.
    W: Floats
    #: float32 (units,).
    b: Floats
    #: Its name in `OUTPUT_ACTIVATIONS`.
    activation: str = "rectify"
    #: Of a convolution, in pixels.
    stride: int = 1
    padding: int = 0

    @property
    def units(self) -> int:
        return self.shape[0]

    @property
    def convolves(self) -> bool:
        return len(self.shape) == 3

    def sums(self, values: Floats) -> Floats:
        """Return its sums for N inputs, before its nonlinearity: (N, ...), shaped as `shape`."""
        if self.convolves:
            found = _by_channels(convolved, values, self.W, self.stride, self.padding)
            return found + self.b[:, None, None]
        return values.reshape(len(values), -1) @ self.W + self.b

    def gradient_by_input(self, deltas: Floats) -> Floats:
        """Return N derivatives by its input, (N, *incoming), from those by its sums."""
        count = len(deltas)
        if not self.convolves:
            return (deltas @ self.W.T).reshape(count, *self.incoming)
        channels, high, wide = self.incoming
        edge = self.padding
        found = np.zeros((count, channels, high + 2 * edge, wide + 2 * edge), np.float32)
        step = self.stride
        rows, columns = (step * (size - 1) + 1 for size in self.shape[1:])
        weights = self.W[:, :, ::-1, ::-1]
        patches = np.tensordot(weights, deltas, (0, 1))
        for y, x in np.ndindex(weights.shape[2:]):
            places = found[:, :, y : y + rows : step, x : x + columns : step]
            places += patches[:, y, x].swapaxes(0, 1)
        return found[:, :, edge : edge + high, edge : edge + wide]

    def slope(self, sums: Floats) -> Floats:
        """Return the derivative of its nonlinearity at its sums."""
        compute: Callable[[Array], Array] = OUTPUT_ACTIVATIONS[self.activation].compute
        # With few digits, sums near 0 would have half of the rectifier's slope.
        exact = sums.astype(np.float64)
        slope = (compute(exact + _STEP) - compute(exact - _STEP)) / (2 * _STEP)
        return slope.astype(np.float32)

    def filter(self, unit: int) -> Floats:
        """Return a map's filter as it slides over the picture: (incoming maps, height, width)."""
        return np.ascontiguousarray(self.W[unit, :, ::-1, ::-1])

    def patch(self, values: Floats, row: int, column: int) -> Floats:
        """Return what is under a filter at a place of its map: (incoming maps, height, width)."""
        edge = self.padding
        side = self.W.shape[-1]
        padded = np.pad(values, ((0, 0), (edge, edge), (edge, edge)))
        return padded[:, self.stride * row :, self.stride * column :][:, :side, :side]


@dataclass(frozen=True, eq=False, repr=False)
class ForwardPass:
    """The layers' numbers for N pictures: float32 arrays with a row for each picture."""

    #: Inputs of each layer, the answer's layer last; shaped as `Layer.incoming`.
    x: tuple[Floats, ...]
    #: Sums of each hidden layer, before its nonlinearity.
    z: tuple[Floats, ...]
    #: Outputs of each hidden layer, after nonlinearity and gate.
    a: tuple[Floats, ...]
    #: (N, classes), the sums of the answer's layer, not yet divided by the temperature.
    logits: Floats
    #: (N, classes), calibrated probabilities.
    p: Floats
    temperature: float


class NetworkProbe:
    """The layers of one network, ready to be asked about pictures.

    NumPy computes what they make of a picture, and the gradient, at once. What is compiled, when it
    is first needed, is the function of many pictures' outputs. A probe belongs to the thread that
    uses it: a compiled function is not re-entrant.
    """

    def __init__(self, model: ModelFile) -> None:
        specification = parse_network(model.network)
        self.network = specification.text
        self._operations = specification.operations
        self._shapes = specification.parameter_shapes()
        #: What is pooled before each layer with weights.
        self._poolings: list[list[MaxPooling]] = [[]]
        for operation in self._operations:
            if isinstance(operation, MaxPooling):
                self._poolings[-1].append(operation)
            else:
                self._poolings.append([])
        self.use(model)

    def use(self, model: ModelFile) -> None:
        """Take another model of the same network, without compiling again."""
        model.require_shapes(self._shapes)
        if "_built" in vars(self):
            self._built.use(without_normalization(model))
        self.model = model
        self.layers = describe_layers(model)

    @property
    def temperature(self) -> float:
        """The calibration's divisor of the logits."""
        return self.model.info.temperature

    @cached_property
    def _built(self) -> BuiltNetwork:
        return BuiltNetwork(without_normalization(self.model))

    @cached_property
    def _outputs(self) -> Any:
        import theano
        import theano.tensor as T

        pictures = T.tensor4("pictures")
        chain = Chain(self._built.output, pictures, True)
        outputs = [chain.inputs[-1], chain.sums[-1]]
        return theano.function([pictures], outputs, mode=theano_bridge.fast_mode())

    def open_gates(self, rows: int) -> list[Floats]:
        """Return gates that let all units through, (rows, units) for each hidden layer."""
        return [np.ones((rows, layer.units), np.float32) for layer in self.layers[:-1]]

    def run(
        self,
        pictures: Floats,
        gates: Sequence[Floats] | None = None,
        masks: Mapping[int, Floats] | None = None,
    ) -> ForwardPass:
        """Show pictures, float32 (N, 1, 28, 28), to the network.

        A gate, float32 (N, units) for each hidden layer, is 0 for a unit that is switched off; all
        are on if left out. A mask is what the input of a layer, by its place, is multiplied by. A
        `ModelFileError` tells of parameters that are too large.
        """
        values = np.asarray(pictures, np.float32)
        if values.ndim != 4 or values.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"expected the shape (N, 1, 28, 28), got {values.shape}")
        gates = gates or self.open_gates(len(values))
        masks = masks or {}
        x: list[Floats] = []
        z = []
        a = []
        # What is not finite is told in words, not by NumPy.
        with np.errstate(over="ignore", invalid="ignore"):
            for operation in self._operations:
                if isinstance(operation, MaxPooling):
                    values = max_pooled(operation, values)
                    continue
                place = len(x)
                layer = self.layers[place]
                x.append(values * masks[place] if place in masks else values)
                z.append(layer.sums(x[-1]))
                if place < len(gates):
                    compute = OUTPUT_ACTIVATIONS[layer.activation].compute
                    values = compute(z[-1]) * _beside(gates[place], z[-1])
                    a.append(values)
            logits = z.pop()
            p = probabilities_of(logits, self.temperature)
        require_finite(self.network, logits, p)
        return ForwardPass(tuple(x), tuple(z), tuple(a), logits, p, self.temperature)

    def run_many(self, images: Bytes) -> Iterator[tuple[slice, ForwardPass]]:
        """Yield slices of many pictures, uint8 (N, 1, 28, 28), and their numbers."""
        for some, pictures in in_slices(images):
            yield some, self.run(pictures)

    def outputs(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Return the last hidden layer's outputs and the logits of at most `SLICE` pictures.

        Both are float32 with a row for each picture. Outputs of a convolution are flattened after
        its pooling; without a hidden layer they are the pixels. Of the logits their mean is
        subtracted, which softmax ignores.
        """
        count = len(inputs)
        # Always as many pictures, because each new number is planned anew.
        blank = np.zeros((SLICE - count, *inputs.shape[1:]), np.float32)
        hidden, logits = (
            np.asarray(values)[:count].reshape(count, -1)
            for values in self._outputs(np.concatenate([inputs, blank]))
        )
        return hidden, logits - logits.mean(axis=1, keepdims=True)

    def outputs_of_all(
        self,
        images: Bytes,
    ) -> Iterator[tuple[Floats, Floats]]:
        """Yield the same for slices of many pictures, uint8 (N, 1, 28, 28)."""
        for _some, pictures in in_slices(images):
            yield self.outputs(pictures)

    def input_gradient(
        self,
        picture: Floats,
        pair: Floats,
        gates: Sequence[Floats] | None = None,
    ) -> Floats:
        """Return the gradient by the pixels, (28, 28), of the logits' sum weighted by ``pair``.

        ``pair``: float32 (classes,), as 1 for the answer and −1 for its rival; gates as in `run`.
        """
        values = picture[None, None]
        last = len(self.layers) - 1
        found = self.gradients(self.run(values, gates), last, pair[None], gates)
        return self.by_pixels(found[0], picture)

    def gradients(
        self,
        passed: ForwardPass,
        place: int,
        deltas: Floats,
        gates: Sequence[Floats] | None = None,
        masks: Mapping[int, Floats] | None = None,
    ) -> list[Floats]:
        """Return derivatives by what the first layer reads, and by each hidden layer's outputs.

        They are those of the first picture; ``deltas`` are N derivatives by the sums of the layer
        at a place, gates and masks as in `run`.
        """
        gates = gates or self.open_gates(1)
        masks = masks or {}
        found: list[Floats] = []
        for number in range(place, -1, -1):
            values = self.layers[number].gradient_by_input(deltas) * masks.get(number, 1)
            if number:
                before = number - 1
                values = _unpooled(values, self._poolings[number], passed.a[before][:1])
                slope = self.layers[before].slope(passed.z[before][:1])
                deltas = values * slope * _beside(gates[before], values)
            found.insert(0, values)
        return found

    def by_pixels(self, values: Floats, picture: Floats) -> Floats:
        """Return derivatives by the pixels, (28, 28), from those by what the first layer reads."""
        return _unpooled(values, self._poolings[0], picture[None, None])[0, 0]


def probabilities_of(answer: Floats, temperature: float) -> Floats:
    """Return the calibrated probabilities of what `NetworkProbe.outputs` gives for the answer."""
    scaled = answer / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def cross_entropies(logits: Floats, labels: Labels) -> Floats:
    """Return the loss of each picture in nats, float32 (N,), also where its probability is 0."""
    largest = logits.max(axis=1)
    sums = np.exp(logits - largest[:, None]).sum(axis=1)
    return np.log(sums) + largest - logits[np.arange(len(labels)), labels]


def _beside(gate: Floats, values: Floats) -> Floats:
    """Shape gates, (rows, units), so that they multiply the values of units or maps."""
    return gate.reshape(*gate.shape, *(1,) * (values.ndim - 2))


class Chain:
    """The expressions of a network's layers with weights."""

    def __init__(self, network: Any, pictures: Any, deterministic: bool) -> None:
        import lasagne

        weighted = weighted_layers(network)
        #: Of each layer with weights: what it reads, its sums, its outputs.
        self.inputs: list[Any] = []
        self.sums: list[Any] = []
        self.outputs: list[Any] = []
        value = pictures
        for layer in lasagne.layers.get_all_layers(network)[1:]:
            if layer not in weighted:
                value = layer.get_output_for(value, deterministic=deterministic)
                continue
            self.inputs.append(value)
            apply, layer.nonlinearity = layer.nonlinearity, lasagne.nonlinearities.linear
            self.sums.append(layer.get_output_for(value, deterministic=deterministic))
            layer.nonlinearity = apply
            value = apply(self.sums[-1])
            self.outputs.append(value)


def describe_layers(model: ModelFile) -> tuple[Layer, ...]:
    """Describe the layers with weights; batch normalization is part of their weights and biases."""
    names = iter((*layer_names(model.parameters)[:-1], "answer"))
    arrays = iter(model.parameters)
    incoming: tuple[int, ...] = (1, SIDE, SIDE)
    found = []
    for operation in parse_network(model.network).operations:
        shape = operation.output_shape(incoming)
        if isinstance(operation, Convolution | Dense):
            W, b = folded(operation, arrays)
            layer = Layer(next(names), shape, incoming, W, b, operation.activation)
            if isinstance(operation, Convolution):
                layer = replace(layer, stride=operation.stride, padding=operation.padding)
            found.append(layer)
        incoming = shape
    return tuple(found)


def without_normalization(model: ModelFile) -> ModelFile:
    """Return a network that computes the same without batch normalization."""
    specification = parse_network(model.network)
    arrays = iter(model.parameters)
    layers: list[NetworkLayer] = []
    parameters: list[Floats] = []
    for layer in specification.layers:
        if isinstance(layer, Convolution | Dense):
            parameters += folded(layer, arrays)
            layer = replace(layer, normalized=False)
        layers.append(layer)
    if layers == list(specification.layers):
        return model
    text = f"layers:{text_of(layers[:-1])}#{specification.classes}"
    return replace(model, network=parse_network(text).text, parameters=tuple(parameters))


def max_pooled(operation: MaxPooling, values: Floats) -> Floats:
    """Return the largest values of (N, channels, height, width)."""
    return _by_channels(pooled, values, operation.side, operation.stride)


def _unpooled(deltas: Floats, poolings: Sequence[MaxPooling], values: Floats) -> Floats:
    """Return derivatives by what was pooled: each goes to the largest value of its square."""
    if not poolings:
        return deltas.reshape(len(deltas), *values.shape[1:])
    (first, *others) = poolings
    largest = max_pooled(first, values)
    deltas = _unpooled(deltas, others, largest)
    found = np.zeros((len(deltas), *values.shape[1:]), np.float32)
    step = first.stride or first.side
    rows, columns = (step * (size - 1) + 1 for size in largest.shape[2:])
    for y, x in np.ndindex(first.side, first.side):
        places = np.s_[:, :, y : y + rows : step, x : x + columns : step]
        found[places] += deltas * (values[places] == largest)
    return found


def _by_channels(function: Callable[..., Floats], values: Floats, *more: Any) -> Floats:
    """Call a function that has channels as the last axis for (N, channels, height, width)."""
    return function(values.transpose(0, 2, 3, 1), *more).transpose(0, 3, 1, 2)


def start_model(model: ModelFile) -> ModelFile:
    """Return the network with the weights that its training began with.

    They are those of the network that fine-tuning began with, or follow from the seed in the
    settings of the training. A run that began with another file's weights does not say so in its
    network: the weights found must resemble those that became of them, or a `UserError` is raised.
    """
    import lasagne

    from mnist_draw.library.networks import find_by_key

    try:
        if model.info.before:
            values = find_by_key(model.info.before).load().parameters
        else:
            settings = TrainingSettings.from_json(model.info.settings or {})
            network = build_network(settings.replace(network=model.network))
            values = tuple(lasagne.layers.get_all_param_values(network))
    except UserError as error:
        raise UserError(joined(_START_UNKNOWN, str(error))) from error
    found = [value.shape for value in values] == [value.shape for value in model.parameters]
    if not found or _correlation(values[0], model.parameters[0]) < _LEAST_CORRELATION:
        raise UserError(_START_UNKNOWN)
    start = ModelFile(model.network, values, {"title": f"{title_of_model(model)}, before learning"})
    if not model.info.classes:
        return start
    return start.with_info(data=model.info.data, classes=list(model.info.classes))


def as_picture(weights: Floats) -> Floats:
    """Lay weights, (pixels, …), out as the picture that they see: (side, side, …)."""
    side = math.isqrt(len(weights))
    return weights.reshape(side, side, *weights.shape[1:])


def _correlation(one: Floats, other: Floats) -> float:
    """Return Pearson's correlation; 0 where all values of a side are equal."""
    if one.min() == one.max() or other.min() == other.max():
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def neighbor_correlation(weights: Floats) -> float:
    """Return Pearson's correlation of weights, (784, units), of pixels beside or below another."""
    pictures = as_picture(weights)
    pairs = (pictures[:, 1:], pictures[:, :-1]), (pictures[1:], pictures[:-1])
    one, other = (
        np.concatenate([side.ravel() for side in sides]) for sides in zip(*pairs, strict=True)
    )
    return _correlation(one, other)
