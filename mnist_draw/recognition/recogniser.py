"""A trained network, ready to be asked about pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.normalise import SIDE, has_ink, normalise_ink
from mnist_draw.networks import parse_network
from mnist_draw.recognition.answer import Answer, answer_from, empty_answer
from mnist_draw.recognition.calibration import HIGHEST, LOWEST, apply_temperature
from mnist_draw.recognition.rejection import object_to_ink
from mnist_draw.storage import ModelFile, ModelFileError

Image = npt.NDArray[np.float32]


class Recogniser:
    """Answers for pictures, one at a time, within milliseconds.

    Builds the network's layers, sets the parameters and compiles the function that predicts,
    so making one takes a fraction of a second. It belongs to the thread that uses it: a
    compiled function is not re-entrant.

    Parameters
    ----------
    model : ModelFile
        ``metadata["temperature"]``, if there is one, calibrates the probabilities.

    Raises
    ------
    mnist_draw.networks.NetworkError
        When there is no such architecture.
    mnist_draw.storage.ModelFileError
        When the parameters do not fit it.
    """

    def __init__(self, model: ModelFile) -> None:
        specification = parse_network(model.network)
        self._shapes = specification.parameter_shapes()
        model.require_shapes(self._shapes)
        # Slow to import, and not needed before the first picture.
        import lasagne

        from mnist_draw.training.functions import compile_predict

        network = specification.build()
        lasagne.layers.set_all_param_values(network, list(model.parameters))
        self._variables: list[Any] = lasagne.layers.get_all_params(network)
        self._predict: Callable[[Image], Image] = compile_predict(network)
        self.network = specification.text
        self.temperature = temperature_of(model)

    @property
    def parameters(self) -> tuple[Image, ...]:
        """The network's parameters: float32 arrays in Lasagne's order, copies.

        Setting them takes the place of the old ones at once, without compiling again. The
        temperature, fitted to the old parameters, becomes 1.
        """
        return tuple(variable.get_value() for variable in self._variables)

    @parameters.setter
    def parameters(self, values: Sequence[Image]) -> None:
        # Validated as a whole first: half-replaced parameters would give nonsense.
        model = ModelFile(self.network, tuple(values))
        model.require_shapes(self._shapes)
        for variable, value in zip(self._variables, model.parameters, strict=True):
            variable.set_value(value)
        self.temperature = 1.0

    def use(self, model: ModelFile) -> None:
        """Take another model of the same network: its parameters and its temperature.

        Raises
        ------
        mnist_draw.storage.ModelFileError
            When it is another network or the parameters do not fit; nothing is changed.
        """
        if parse_network(model.network).text != self.network:
            raise ModelFileError(
                f"The model is a network {model.network!r}; "
                f"this recogniser was made for {self.network!r}."
            )
        self.parameters = model.parameters
        self.temperature = temperature_of(model)

    def predict(self, inputs: Image) -> Image:
        """Return calibrated probabilities of many normalised pictures.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (N, 1, 28, 28)
            0 to 255/256.

        Returns
        -------
        numpy.ndarray, float32, shape (N, 10)

        Raises
        ------
        mnist_draw.storage.ModelFileError
            When the parameters, each of them finite, are so large that the result is not.
        """
        inputs = np.asarray(inputs, dtype=np.float32)
        if inputs.ndim != 4 or inputs.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"expected the shape (N, 1, 28, 28), got {inputs.shape}")
        probabilities = self._predict(inputs)
        if not np.isfinite(probabilities).all():
            raise ModelFileError(
                f"The network {self.network!r} computes no finite probabilities: its parameters "
                "are unusably large. Choose another model."
            )
        return apply_temperature(probabilities, self.temperature)

    def recognise_ink(self, ink: npt.NDArray[Any]) -> Answer:
        """Tell which digit was drawn.

        Parameters
        ----------
        ink : numpy.ndarray, shape (H, W)
            Any size, high values are ink; see
            :func:`mnist_draw.dataset.normalise.normalise_ink`.

        Returns
        -------
        Answer
            Without ink, the network is not asked.
        """
        if not has_ink(ink):
            return empty_answer()
        network_input = normalise_ink(ink)
        probabilities = self.predict(network_input[None, None])[0]
        return answer_from(probabilities, network_input, object_to_ink(ink))

    def recognise_input(self, picture: npt.NDArray[Any]) -> Answer:
        """Tell which digit a picture of MNIST's kind shows, without normalising it.

        Parameters
        ----------
        picture : numpy.ndarray, float32, shape (1, 28, 28) or (28, 28)
            0 to 255/256.
        """
        picture = np.asarray(picture, dtype=np.float32).reshape(-1, SIDE, SIDE)
        if picture.shape[0] != 1:
            raise ValueError(f"expected one picture, got {picture.shape[0]}")
        if not has_ink(picture[0]):
            return empty_answer()
        probabilities = self.predict(picture[None])[0]
        return answer_from(probabilities, picture[0], object_to_ink(picture[0]))


def temperature_of(model: ModelFile) -> float:
    """Return the temperature in a model's metadata; 1 if there is none that makes sense."""
    value = model.metadata.get("temperature", 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 1.0
    return float(value) if LOWEST <= value <= HIGHEST else 1.0
