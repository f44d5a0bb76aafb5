"""A network's Lasagne layers with the parameters of a model, which another model can replace."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile, ModelFileError


class BuiltNetwork:
    """The layers of one network, for those who compile functions of them.

    Parameters
    ----------
    model : ModelFile

    Raises
    ------
    mnist_draw.networks.NetworkError
        When there is no such architecture.
    mnist_draw.storage.ModelFileError
        When the parameters do not fit it.

    Attributes
    ----------
    text : str
        The network's canonical text.
    output : lasagne.layers.DenseLayer
        The output layer: minibatch × 10 probabilities.
    weighted : list of lasagne.layers.Layer
        The layers with weights, from the picture on; the last is the output layer.
    """

    def __init__(self, model: ModelFile) -> None:
        specification = parse_network(model.network)
        self._shapes = specification.parameter_shapes()
        model.require_shapes(self._shapes)
        # Slow to import, and not needed before the first picture.
        import lasagne

        from mnist_draw.training.functions import weighted_layers

        self.text = specification.text
        self.output = specification.build()
        self.weighted: list[Any] = weighted_layers(self.output)
        self._variables: list[Any] = lasagne.layers.get_all_params(self.output)
        self.use(model)

    def use(self, model: ModelFile) -> None:
        """Take another model of the same network; functions need not be compiled again.

        Raises
        ------
        mnist_draw.storage.ModelFileError
            When it is another network or the parameters do not fit; nothing is changed.
        """
        if parse_network(model.network).text != self.text:
            raise ModelFileError(
                f"The model is a network {model.network!r}; "
                f"the layers in use were built for {self.text!r}."
            )
        model.require_shapes(self._shapes)
        for variable, value in zip(self._variables, model.parameters, strict=True):
            variable.set_value(np.asarray(value, np.float32))

    def parameters(self) -> tuple[npt.NDArray[np.float32], ...]:
        """Return the parameters: float32 arrays in Lasagne's order, copies."""
        return tuple(variable.get_value() for variable in self._variables)

    def require_finite(self, *figures: npt.NDArray[Any]) -> None:
        """Refuse what a function of the layers has computed if any of it is not finite.

        Raises
        ------
        mnist_draw.storage.ModelFileError
            The parameters, each of them finite, are so large that the result is not.
        """
        if not all(np.isfinite(values).all() for values in figures):
            raise ModelFileError(
                f"The network {self.text!r} computes no finite figures: its parameters are "
                "unusably large. Choose another model."
            )
