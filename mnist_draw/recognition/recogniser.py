"""A trained network, ready to be asked about pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import SIDE, has_ink, normalise_ink
from mnist_draw.dataset.pictures.coarse import InkPixels
from mnist_draw.library.network_data import class_names, reads_digits
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import forward
from mnist_draw.recognition.answer import (
    HIGHEST,
    LOWEST,
    Answer,
    answer_from,
    apply_temperature,
    empty_answer,
)
from mnist_draw.recognition.built_network import CompiledNetwork, require_finite
from mnist_draw.recognition.numbers.stroke_pieces import PenStroke, draw_strokes
from mnist_draw.recognition.rejection import (
    COARSE_LENIENCE,
    UNLIKE_A_DIGIT,
    Refusal,
    object_to_ink,
    shipped_refusal,
)
from mnist_draw.storage import ModelFile, ModelFileError

Image = npt.NDArray[np.float32]

#: By so much likeness, in log odds, a network that has learnt a hand may be more lenient with what
#: looks less like other people's digits.
MAX_LENIENT = 1.5


class Reading(NamedTuple):
    """What is known about N pictures.

    Attributes
    ----------
    probabilities : numpy.ndarray, float32, shape (N, classes)
        Calibrated.
    likeness : numpy.ndarray, float32, shape (N,)
        Log odds of being one digit; see :meth:`Recogniser.refuses`. Infinite where no rule
        applies.
    several : numpy.ndarray, float32, shape (N,)
        Log odds of being several digits; minus infinity where no rule applies.
    """

    probabilities: Image
    likeness: Image
    several: Image


class Recogniser:
    """Answers for pictures, one at a time, within milliseconds.

    It belongs to the thread that uses it: a compiled function is not re-entrant. Without one,
    NumPy computes the same probabilities, to five digits. For a single picture that takes hardly
    longer, and needs neither Theano nor Lasagne.
    """

    def __init__(
        self, model: ModelFile, refusal: Refusal | None = None, compiled: bool = True
    ) -> None:
        specification = parse_network(model.network)
        self.network = specification.text
        self._operations = specification.operations
        self._shapes = specification.parameter_shapes()
        self._compiled: CompiledNetwork | None = None
        self._refusal = shipped_refusal() if refusal is None else refusal
        self.use(model)
        if compiled:
            self.adopt(CompiledNetwork(model))

    @property
    def parameters(self) -> tuple[Image, ...]:
        """The network's parameters: float32 arrays in Lasagne's order, copies.

        Setting them takes the place of the old ones at once, without compiling again. The
        temperature, fitted to the old parameters, becomes 1.
        """
        return tuple(value.copy() for value in self._model.parameters)

    @parameters.setter
    def parameters(self, values: Sequence[Image]) -> None:
        self.use(ModelFile(self.network, tuple(values)))

    def use(self, model: ModelFile) -> None:
        """Take another model of the same network: its parameters and its temperature."""
        if parse_network(model.network).text != self.network:
            raise ModelFileError(
                f"The model is a network {model.network!r}; this one is {self.network!r}."
            )
        model.require_shapes(self._shapes)
        if self._compiled is not None:
            self._compiled.use(model)
        self._model = model
        self.temperature = temperature_of(model)
        self.names = class_names(model)
        self.reads_digits = reads_digits(model)
        self._lenience = lenience_of(model)
        self._side = model.info.side

    def adopt(self, compiled: CompiledNetwork) -> None:
        """Predict with a compiled function from now on."""
        # Meanwhile the network may have learnt.
        compiled.use(self._model)
        self._compiled = compiled

    def predict(self, inputs: Image) -> Image:
        """Return calibrated probabilities of many normalised pictures.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (N, 1, 28, 28)
            0 to 255/256.

        Returns
        -------
        numpy.ndarray, float32, shape (N, classes)

        Raises
        ------
        mnist_draw.storage.ModelFileError
            When the parameters, each of them finite, are so large that the result is not.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        if inputs.ndim != 4 or inputs.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"expected the shape (N, 1, 28, 28), got {inputs.shape}")
        probabilities = self._predict(inputs)
        require_finite(self.network, probabilities)
        return apply_temperature(probabilities, self.temperature)

    def _predict(self, inputs: Image) -> Image:
        if self._compiled is not None:
            return self._compiled.predict(inputs)
        # What is not finite is told in words.
        with np.errstate(over="ignore", invalid="ignore"):
            return forward(self._operations, self._model.parameters, inputs)

    def read(self, inputs: Image, hopeless: float = -np.inf) -> Reading:
        """Return everything that is known about many pictures.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (N, 1, 28, 28)
            As for :meth:`predict`.
        hopeless : float
            The network is not asked about pictures that look less like a digit: all digits
            are as probable then.

        Returns
        -------
        Reading
        """
        if self._refusal is None or not self.reads_digits:
            infinite = np.full(len(inputs), np.inf, np.float32)
            return Reading(self.predict(inputs), infinite, -infinite)
        likeness, several = self._refusal.kinds(inputs)
        asked = likeness >= hopeless
        probabilities = np.full((len(inputs), 10), 0.1, np.float32)
        if asked.any():
            probabilities[asked] = self.predict(inputs[asked])
        return Reading(probabilities, likeness, several)

    def refuses(self, likeness: float) -> bool:
        """Tell whether what looks so little like a digit is none."""
        return self._refusal is not None and self._refusal.refuses(likeness + self._lenience)

    def recognise_ink(
        self, ink: npt.NDArray[Any], strokes: Sequence[PenStroke] | None = None
    ) -> Answer:
        """Tell which digit was drawn.

        Parameters
        ----------
        ink : numpy.ndarray, shape (H, W)
            Any size, high values are ink; see
            :func:`mnist_draw.dataset.normalise.normalise_ink`.
        strokes : sequence of numpy.ndarray, float, shape (n, 3), optional
            The pen strokes that all of the ink consists of. They are drawn anew with a pen that
            suits their size. Default: they are not known.

        Returns
        -------
        Answer
            Without ink, the network is not asked.
        """
        if not has_ink(ink):
            return empty_answer(self.names)
        coarse = False
        if strokes:
            ink = draw_strokes(strokes).all_ink()
        elif self.reads_digits:
            pixels = InkPixels(ink)
            coarse, ink = pixels.are_few(), pixels.smoothed()
        network_input = normalise_ink(ink, self._side)
        probabilities, likeness, several = self.read(network_input[None, None])
        # A network that reads something else knows what may be filled, wide or strange.
        objection = object_to_ink(ink, coarse) if self.reads_digits else ""
        lenience = COARSE_LENIENCE if coarse else 0.0
        if not objection and self.refuses(float(likeness[0]) + lenience):
            objection = UNLIKE_A_DIGIT
        answer = answer_from(probabilities[0], network_input, objection, self.names)
        return replace(answer, likeness=float(likeness[0]), several=float(several[0]))


def temperature_of(model: ModelFile) -> float:
    """Return the temperature of a model; 1 if its file tells none that makes sense."""
    value = model.info.temperature
    return value if LOWEST <= value <= HIGHEST else 1.0


def lenience_of(model: ModelFile) -> float:
    """Return by how much less likeness a model is content with; 0 if it says nothing sensible."""
    value = model.info.lenience
    return value if value <= MAX_LENIENT else 0.0
