"""A network laid open: what every layer adds up and puts out, with units switched off at will.

One Theano function of the very network computes everything that is shown. Each hidden layer's
nonlinearity is taken apart from its sum, and what it puts out is multiplied by a gate: 1 lets a
unit through, 0 switches it off. A second row of pictures and gates answers "what if", so that one
call tells both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.mnist import scale
from mnist_draw.dataset.normalise import SIDE
from mnist_draw.recognition.recogniser import BuiltNetwork, require_finite, temperature_of
from mnist_draw.storage import ModelFile
from mnist_draw.training.functions import mode_for, weighted_layers
from mnist_draw.training.layer_inspection import layer_names

Floats = npt.NDArray[np.float32]

#: Many pictures are shown to the function so many at a time: enough to be quick, few enough that
#: the maps of all of them take little memory. Always as many: a new number is planned anew.
SLICE = 64


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer with weights.

    Attributes
    ----------
    name : str
        ``"convolution 1"``, ``"hidden 2"``, counted from the picture on; ``"answer"`` is the last.
    shape : tuple of int
        ``(units,)`` for a dense layer, ``(maps, height, width)`` for a convolution.
    incoming : tuple of int
        The shape of what it reads: ``(1, 28, 28)``, ``(units,)`` or ``(maps, height, width)``.
    W : numpy.ndarray
        float32 (inputs, units), or (maps, incoming maps, filter height, filter width) as the
        parameters have it: Lasagne turns a filter round before it slides over the picture.
    b : numpy.ndarray
        float32 (units,).
    activation : str
        What Lasagne calls the nonlinearity: ``"rectify"``, ``"tanh"``, ``"softmax"`` …
    """

    name: str
    shape: tuple[int, ...]
    incoming: tuple[int, ...]
    W: Floats = field(repr=False)
    b: Floats = field(repr=False)
    activation: str = "rectify"

    @property
    def units(self) -> int:
        """How many units, or feature maps, there are."""
        return self.shape[0]

    @property
    def convolves(self) -> bool:
        """Whether it slides filters over what it reads."""
        return len(self.shape) == 3

    @property
    def unit_word(self) -> str:
        """``"unit"`` or ``"map"``."""
        return "map" if self.convolves else "unit"

    def filter(self, unit: int) -> Floats:
        """Return the filter of a map as it lies on the picture, (incoming maps, height, width)."""
        return np.ascontiguousarray(self.W[unit, :, ::-1, ::-1])


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """What the network made of N pictures; arrays have one row for each.

    Attributes
    ----------
    x : tuple of numpy.ndarray, float32
        What each layer reads, the answer's layer last; shaped as :attr:`Layer.incoming`.
    z : tuple of numpy.ndarray, float32
        What each hidden layer adds up, before its nonlinearity.
    a : tuple of numpy.ndarray, float32
        What each hidden layer puts out, after nonlinearity and gate.
    logits : numpy.ndarray, float32, shape (N, 10)
        The sums of the answer's layer, not yet divided by the temperature.
    p : numpy.ndarray, float32, shape (N, 10)
        Calibrated probabilities.
    temperature : float
    """

    x: tuple[Floats, ...] = field(repr=False)
    z: tuple[Floats, ...] = field(repr=False)
    a: tuple[Floats, ...] = field(repr=False)
    logits: Floats
    p: Floats
    temperature: float


class LayerProbe:
    """The layers of one network, ready to be asked about pictures.

    Compiling takes a fraction of a second. It belongs to the thread that uses it: a compiled
    function is not re-entrant.
    """

    def __init__(self, model: ModelFile) -> None:
        self._built = BuiltNetwork(model)
        import theano

        self.network = self._built.text
        self._temperature = theano.shared(np.float32(1), name="temperature")
        self._chain = _Chain(self._built.output, self._temperature)
        self._function = self._chain.compile()
        self._pull: Any = None
        self.layers: tuple[Layer, ...] = ()
        self.use(model)

    def use(self, model: ModelFile) -> None:
        """Take another model of the same network, without compiling again."""
        self._built.use(model)
        self._temperature.set_value(np.float32(temperature_of(model)))
        self.model = model
        self.layers = self._chain.described(model.parameters)

    @property
    def temperature(self) -> float:
        """What the logits are divided by, so that the network is as sure as it is right."""
        return temperature_of(self.model)

    def relu_mask(self, rows: int) -> list[Floats]:
        """Return gates that let all units through, (rows, units) for each hidden layer."""
        return [np.ones((rows, layer.units), np.float32) for layer in self.layers[:-1]]

    def run(self, pictures: Floats, gates: Sequence[Floats] | None = None) -> ForwardPass:
        """Show pictures to the network.

        Parameters
        ----------
        pictures : numpy.ndarray, float32, shape (N, 1, 28, 28)
        gates : sequence of numpy.ndarray, optional
            For each hidden layer float32 (N, units), 0 for a unit that is switched off. All are on
            if left out.

        Returns
        -------
        ForwardPass

        Raises
        ------
        mnist_draw.storage.ModelFileError
            When the parameters, each of them finite, are so large that the result is not.
        """
        pictures = np.asarray(pictures, np.float32)
        if pictures.ndim != 4 or pictures.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"expected the shape (N, 1, 28, 28), got {pictures.shape}")
        gates = self.relu_mask(len(pictures)) if gates is None else gates
        # What is not finite is told in words, not by NumPy.
        with np.errstate(over="ignore", invalid="ignore"):
            results = self._function(pictures, *gates)
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
        """Show many pictures, uint8 (N, 1, 28, 28); yield some of them, and what came out.

        Whoever lets go of that before the next is asked for has room for it once, not twice.
        """
        for start in range(0, len(images), SLICE):
            some = scale(images[start : start + SLICE])
            count = len(some)
            if count < SLICE:
                filler = np.zeros((SLICE - count, *some.shape[1:]), np.float32)
                some = np.concatenate([some, filler])
            yield slice(start, start + count), _first(self.run(some), count)

    def pull(self, picture: Floats, pair: Floats, gates: Sequence[Floats] | None = None) -> Floats:
        """Return how the picture's pixels pull at a weighted sum of the outputs.

        Parameters
        ----------
        picture : numpy.ndarray, float32, shape (28, 28)
        pair : numpy.ndarray, float32, shape (10,)
            The weights, such as 1 for the answer and -1 for its rival.
        gates : sequence of numpy.ndarray, optional
            float32 (1, units) for each hidden layer; see :meth:`run`.

        Returns
        -------
        numpy.ndarray, float32, shape (28, 28)
            The gradient of the sum of ``pair`` × logits by the pixels.
        """
        if self._pull is None:
            self._pull = self._chain.compile_pull()
        gates = self.relu_mask(1) if gates is None else gates
        result = self._pull(picture[None, None], *gates, np.asarray(pair, np.float32)[None])
        return np.array(result[0, 0], np.float32)


def _first(passed: ForwardPass, count: int) -> ForwardPass:
    def cut(values: tuple[Floats, ...]) -> tuple[Floats, ...]:
        return tuple(value[:count] for value in values)

    return ForwardPass(
        cut(passed.x),
        cut(passed.z),
        cut(passed.a),
        passed.logits[:count],
        passed.p[:count],
        passed.temperature,
    )


class _Chain:
    """The network's expressions, layer by layer, with gates between them."""

    def __init__(self, network: Any, temperature: Any) -> None:
        import lasagne
        import theano.tensor as T

        self._layers = lasagne.layers.get_all_layers(network)
        self._weighted = weighted_layers(network)
        self._mode = mode_for(network)
        self._activations = [activation_of(layer) for layer in self._weighted]
        self._pictures = T.tensor4("pictures")
        self._gates: list[Any] = []
        self._sums: list[Any] = []
        self._outputs: list[Any] = []
        self._inputs: list[Any] = []
        value = self._pictures
        for layer in self._layers[1:]:
            if layer is network:
                self._inputs.append(value)
                value = _sum_of(layer, value)
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
        nonlinearity = layer.nonlinearity
        z = _sum_of(layer, value)
        a = nonlinearity(z) * (gate.dimshuffle(0, 1, "x", "x") if z.ndim == 4 else gate)
        self._sums.append(z)
        self._outputs.append(a)
        return a

    def compile(self) -> Any:
        """Compile pictures and gates → logits, p, every z, every a, every x."""
        import theano

        outputs = [self._logits, self._p, *self._sums, *self._outputs, *self._inputs]
        return theano.function([self._pictures, *self._gates], outputs, mode=self._mode)

    def compile_pull(self) -> Any:
        """Compile pictures, gates, weights of the outputs → gradient by the pictures."""
        import theano
        import theano.tensor as T

        pair = T.matrix("pair")
        gradient = T.grad(T.sum(self._logits * pair), self._pictures)
        inputs = [self._pictures, *self._gates, pair]
        return theano.function(inputs, gradient, mode=self._mode)

    def described(self, parameters: Sequence[Floats]) -> tuple[Layer, ...]:
        """Return the layers with these parameters."""
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


def _sum_of(layer: Any, value: Any) -> Any:
    """Return what a layer adds up; its nonlinearity is taken away from this network for good."""
    import lasagne

    layer.nonlinearity = lasagne.nonlinearities.linear
    return layer.get_output_for(value, deterministic=True)


def activation_of(layer: Any) -> str:
    """Return what a layer's nonlinearity is called: a function, or an object with settings."""
    nonlinearity = layer.nonlinearity
    return str(getattr(nonlinearity, "__name__", type(nonlinearity).__name__))
