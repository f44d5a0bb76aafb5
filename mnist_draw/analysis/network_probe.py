"""Probe a network: sums, outputs and gradients of its layers, with units switched off at will.

Each hidden layer's nonlinearity is taken apart from its sum, and its output is multiplied by a
gate: 1 lets a unit through, 0 switches it off. A second row of pictures and gates answers "what
if" in the same call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw import theano_bridge
from mnist_draw.dataset.mnist import scale
from mnist_draw.dataset.normalise import SIDE
from mnist_draw.errors import UserError
from mnist_draw.networks.operations import activation_name
from mnist_draw.recognition.recogniser import BuiltNetwork, require_finite
from mnist_draw.storage import ModelFile
from mnist_draw.training.functions import layer_names, mode_for, weighted_layers
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings

Floats = npt.NDArray[np.float32]

#: Pictures that a function gets at once: enough to be quick, few enough that the maps of all of
#: them take little memory. Always as many, because each new number is planned anew.
SLICE = 64
PIXELS, ANSWER = "pixels", "answer"
#: Weights that are not those of the start correlate by 0.00 with what was learnt; those of the
#: start of the shipped networks by 0.52 to 0.86.
_LEAST_CORRELATION = 0.1
_START_UNKNOWN = "The weights that the training of this network began with are not known."


@dataclass(frozen=True, eq=False)
class Layer:
    #: ``"convolution 1"``, ``"hidden 2"``, counted from the picture on; the last is ``"answer"``.
    name: str
    #: ``(units,)`` of a dense layer, ``(maps, height, width)`` of a convolution.
    shape: tuple[int, ...]
    #: The shape of its input: ``(1, 28, 28)``, ``(units,)`` or ``(maps, height, width)``.
    incoming: tuple[int, ...]
    #: float32 (inputs, units), or (maps, incoming maps, filter height, filter width) as the
    #: parameters have it: Lasagne turns a filter round before it slides over the picture.
    W: Floats = field(repr=False)
    #: float32 (units,).
    b: Floats = field(repr=False)
    #: Its name in `OUTPUT_ACTIVATIONS`; of a nonlinearity from elsewhere its own.
    activation: str = "rectify"

    @property
    def units(self) -> int:
        return self.shape[0]

    @property
    def convolves(self) -> bool:
        """Whether it slides filters over its input."""
        return len(self.shape) == 3

    @property
    def unit_word(self) -> str:
        """``"unit"`` or ``"map"``."""
        return "map" if self.convolves else "unit"

    def filter(self, unit: int) -> Floats:
        """Return a map's filter as it slides over the picture: (incoming maps, height, width)."""
        return np.ascontiguousarray(self.W[unit, :, ::-1, ::-1])


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """The layers' numbers for N pictures: float32 arrays with a row for each picture."""

    #: Inputs of each layer, the answer's layer last; shaped as `Layer.incoming`.
    x: tuple[Floats, ...] = field(repr=False)
    #: Sums of each hidden layer, before its nonlinearity.
    z: tuple[Floats, ...] = field(repr=False)
    #: Outputs of each hidden layer, after nonlinearity and gate.
    a: tuple[Floats, ...] = field(repr=False)
    #: (N, classes), the sums of the answer's layer, not yet divided by the temperature.
    logits: Floats
    #: (N, classes), calibrated probabilities.
    p: Floats
    temperature: float

    def first(self, count: int) -> ForwardPass:
        x, z, a = (tuple(value[:count] for value in part) for part in (self.x, self.z, self.a))
        return ForwardPass(x, z, a, self.logits[:count], self.p[:count], self.temperature)


class NetworkProbe:
    """The layers of one network, ready to be asked about pictures.

    Each function is compiled when it is first needed, which takes a fraction of a second. A probe
    belongs to the thread that uses it: a compiled function is not re-entrant.
    """

    def __init__(self, model: ModelFile) -> None:
        self._built = BuiltNetwork(model)
        import theano

        self.network = self._built.text
        self._temperature = theano.shared(np.float32(1), name="temperature")
        self._chain = _Chain(self._built.output, self._temperature)
        #: Of `outputs`: ``"pixels"``, first and last hidden layer, ``"answer"``.
        self.output_names, self._output_layers = _output_layers(self._built.output, model)
        #: Which of them is the last hidden layer; the pixels where there is none.
        self.last_hidden = len(self.output_names) - 2
        self.layers: tuple[Layer, ...] = ()
        self.use(model)

    def use(self, model: ModelFile) -> None:
        """Take another model of the same network, without compiling again."""
        self._built.use(model)
        self._temperature.set_value(np.float32(model.info.temperature))
        self.model = model
        self.layers = self._chain.describe(model.parameters)

    @property
    def temperature(self) -> float:
        """The calibration's divisor of the logits."""
        return self.model.info.temperature

    @cached_property
    def _forward(self) -> Any:
        return self._chain.compile_forward()

    @cached_property
    def _gradient(self) -> Any:
        return self._chain.compile_gradient()

    @cached_property
    def _outputs(self) -> Any:
        import lasagne
        import theano
        import theano.tensor as T

        pictures = T.tensor4("pictures")
        outputs = lasagne.layers.get_output(self._output_layers, pictures, deterministic=True)
        return theano.function([pictures], outputs, mode=theano_bridge.fast_mode())

    def open_gates(self, rows: int) -> list[Floats]:
        """Return gates that let all units through, (rows, units) for each hidden layer."""
        return [np.ones((rows, layer.units), np.float32) for layer in self.layers[:-1]]

    def run(self, pictures: Floats, gates: Sequence[Floats] | None = None) -> ForwardPass:
        """Show pictures, float32 (N, 1, 28, 28), to the network.

        A gate, float32 (N, units) for each hidden layer, is 0 for a unit that is switched off; all
        are on if left out. A `ModelFileError` tells of parameters that are too large.
        """
        pictures = np.asarray(pictures, np.float32)
        if pictures.ndim != 4 or pictures.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"expected the shape (N, 1, 28, 28), got {pictures.shape}")
        gates = self.open_gates(len(pictures)) if gates is None else gates
        # What is not finite is told in words, not by NumPy.
        with np.errstate(over="ignore", invalid="ignore"):
            results = self._forward(pictures, *gates)
        logits, p, *rest = [np.asarray(values, np.float32) for values in results]
        require_finite(self._built.text, logits, p)
        hidden = len(self.layers) - 1
        z, a = rest[:hidden], rest[hidden : 2 * hidden]
        x = [
            values.reshape(len(pictures), *layer.incoming)
            for values, layer in zip(rest[2 * hidden :], self.layers, strict=True)
        ]
        return ForwardPass(tuple(x), tuple(z), tuple(a), logits, p, self.temperature)

    def run_many(self, images: npt.NDArray[np.uint8]) -> Iterator[tuple[slice, ForwardPass]]:
        """Show many pictures, uint8 (N, 1, 28, 28); yield some of them, and their numbers.

        A caller that drops these before it asks for the next needs their memory once, not twice.
        """
        for start in range(0, len(images), SLICE):
            some = scale(images[start : start + SLICE])
            count = len(some)
            yield slice(start, start + count), self.run(_filled_up(some)).first(count)

    def outputs(self, inputs: Floats) -> list[Floats]:
        """Return the outputs of `output_names` for at most `SLICE` pictures, float32 (n, numbers).

        A convolution's are those after its pooling; the answer's the logarithms of probabilities,
        less their mean: the sums that softmax begins with. Nearly all probabilities are 0 or 1.
        """
        count = len(inputs)
        found = self._outputs(_filled_up(inputs))
        flat = [np.asarray(values)[:count].reshape(count, -1) for values in found]
        logs = np.log(np.maximum(flat[-1], np.finfo(np.float32).tiny))
        flat[-1] = logs - logs.mean(axis=1, keepdims=True)
        return [inputs.reshape(count, -1), *flat]

    def outputs_of_all(self, images: npt.NDArray[np.uint8]) -> Iterator[list[Floats]]:
        """Yield the same for slices of many pictures, uint8 (N, 1, 28, 28)."""
        for start in range(0, len(images), SLICE):
            yield self.outputs(scale(images[start : start + SLICE]))

    def input_gradient(
        self, picture: Floats, pair: Floats, gates: Sequence[Floats] | None = None
    ) -> Floats:
        """Return the gradient by the pixels, (28, 28), of the logits' sum weighted by ``pair``.

        ``pair``: float32 (classes,), as 1 for the answer and −1 for its rival; gates as in `run`.
        """
        gates = self.open_gates(1) if gates is None else gates
        result = self._gradient(picture[None, None], *gates, np.asarray(pair, np.float32)[None])
        return np.array(result[0, 0], np.float32)


def probabilities_of(answer: Floats, temperature: float) -> Floats:
    """Return the calibrated probabilities of what `NetworkProbe.outputs` gives for the answer."""
    scaled = answer / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def _filled_up(pictures: Floats) -> Floats:
    """Return pictures with blank ones after them, `SLICE` in all."""
    blank = np.zeros((SLICE - len(pictures), *pictures.shape[1:]), np.float32)
    return np.concatenate([pictures, blank])


def _output_layers(network: Any, model: ModelFile) -> tuple[tuple[str, ...], list[Any]]:
    """Return names and layers of first and last hidden layer, each pooled, and of the answer."""
    import lasagne

    hidden: list[Any] = []
    for layer in lasagne.layers.get_all_layers(network)[:-1]:
        if hasattr(layer, "W"):
            hidden.append(layer)
        elif isinstance(layer, lasagne.layers.MaxPool2DLayer) and hidden:
            hidden[-1] = layer
    names = layer_names(model.parameters)
    chosen = sorted({0, len(hidden) - 1}) if hidden else []
    return (PIXELS, *(names[n] for n in chosen), ANSWER), [*(hidden[n] for n in chosen), network]


class _Chain:
    """The network's expressions, layer by layer, with gates between them."""

    def __init__(self, network: Any, temperature: Any) -> None:
        import lasagne
        import theano.tensor as T

        self._layers = lasagne.layers.get_all_layers(network)
        self._weighted = weighted_layers(network)
        self._mode = mode_for(network)
        self._activations = [activation_name(layer.nonlinearity) for layer in self._weighted]
        self._pictures = T.tensor4("pictures")
        self._gates: list[Any] = []
        self._sums: list[Any] = []
        self._outputs: list[Any] = []
        self._inputs: list[Any] = []
        value = self._pictures
        for layer in self._layers[1:]:
            if layer is network:
                self._inputs.append(value)
                value = layer_sum(layer, value)
            elif layer in self._weighted:
                value = self._pass(layer, value)
            else:
                value = layer.get_output_for(value, deterministic=True)
        self._logits = value
        self._p = T.nnet.softmax(value / temperature)

    def _pass(self, layer: Any, value: Any) -> Any:
        """Add a hidden layer: its sum, its nonlinearity, its gate."""
        import theano.tensor as T

        gate = T.matrix(f"gate {len(self._gates) + 1}")
        self._inputs.append(value)
        self._gates.append(gate)
        z = layer_sum(layer, value)
        a = layer.nonlinearity(z) * (gate.dimshuffle(0, 1, "x", "x") if z.ndim == 4 else gate)
        self._sums.append(z)
        self._outputs.append(a)
        return a

    def compile_forward(self) -> Any:
        """Compile pictures and gates → logits, p, every z, every a, every x."""
        import theano

        outputs = [self._logits, self._p, *self._sums, *self._outputs, *self._inputs]
        return theano.function([self._pictures, *self._gates], outputs, mode=self._mode)

    def compile_gradient(self) -> Any:
        """Compile pictures, gates, weights of the outputs → gradient by the pictures."""
        import theano
        import theano.tensor as T

        pair = T.matrix("pair")
        gradient = T.grad(T.sum(self._logits * pair), self._pictures)
        inputs = [self._pictures, *self._gates, pair]
        return theano.function(inputs, gradient, mode=self._mode)

    def describe(self, parameters: Sequence[Floats]) -> tuple[Layer, ...]:
        return layers_of(self._weighted, self._activations, parameters)


def layers_of(
    weighted: Sequence[Any], activations: Sequence[str], parameters: Sequence[Floats]
) -> tuple[Layer, ...]:
    """Describe Lasagne's layers with weights, from the picture on, with these parameters."""
    names = [*layer_names(tuple(parameters))[:-1], "answer"]
    result = []
    for place, (name, layer) in enumerate(zip(names, weighted, strict=True)):
        shape = tuple(int(size) for size in layer.output_shape[1:])
        incoming = tuple(int(size) for size in layer.input_shape[1:])
        W, b = parameters[2 * place], parameters[2 * place + 1]
        result.append(Layer(name, shape, incoming, W, b, activations[place]))
    return tuple(result)


def layer_sum(layer: Any, value: Any, deterministic: bool = True) -> Any:
    import lasagne

    nonlinearity = layer.nonlinearity
    layer.nonlinearity = lasagne.nonlinearities.linear
    found = layer.get_output_for(value, deterministic=deterministic)
    layer.nonlinearity = nonlinearity
    return found


def start_model(model: ModelFile) -> ModelFile:
    """Return the network with the weights that its training began with.

    They are those of the network that fine-tuning began with, or follow from the seed in the
    settings of the training. A run that began with another file's weights does not say so in its
    network: the weights found must resemble those that became of them.

    Raises
    ------
    UserError
        They are unknown.
    """
    from mnist_draw.library.networks import find_by_key

    try:
        if model.info.before:
            values = find_by_key(model.info.before).load().parameters
        else:
            settings = TrainingSettings.from_json(model.info.settings or {})
            network = build_network(settings.replace(network=model.network))
            values = tuple(_values(network))
    except UserError as error:
        raise UserError(f"{_START_UNKNOWN} {error}") from error
    found = [value.shape for value in values] == [value.shape for value in model.parameters]
    if not found or _correlation(values[0], model.parameters[0]) < _LEAST_CORRELATION:
        raise UserError(_START_UNKNOWN)
    start = ModelFile(model.network, values, {"title": f"{model.title}, before learning"})
    if not model.info.classes:
        return start
    return start.with_info(data=model.info.data, classes=list(model.info.classes))


def _values(network: Any) -> list[Floats]:
    """Return a network's parameters in Lasagne's order."""
    import lasagne

    values: list[Floats] = lasagne.layers.get_all_param_values(network)
    return values


def _correlation(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def neighbour_correlation(weights: Floats) -> float:
    """Return Pearson's correlation of weights, (784, units), with those of the pixel beside."""
    pictures = weights.reshape(SIDE, SIDE, -1)
    return _correlation(pictures[:, 1:], pictures[:, :-1])
