"""A network's Lasagne layers with the parameters of a model, which another model can replace.

`CompiledNetwork` adds the compiled function that predicts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import SIDE, Floats
from mnist_draw.storage import ModelFile, ModelFileError

#: Fewer pictures are filled up to one of these numbers.
BATCHES = (1, 2, 4, 8, 16, 32, 64)


class BuiltNetwork:
    """The layers of one network, for those who compile functions of them."""

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
        """Take another model of the same network; functions need not be compiled again."""
        if parse_network(model.network).text != self.text:
            raise ModelFileError(
                f"The model is a network {model.network!r}; "
                f"the layers in use were built for {self.text!r}."
            )
        model.require_shapes(self._shapes)
        for variable, value in zip(self._variables, model.parameters, strict=True):
            variable.set_value(np.asarray(value, np.float32))


class CompiledNetwork(BuiltNetwork):
    """A network with the compiled function that predicts.

    Making one takes a fraction of a second, and the first time on a computer a second or two. It
    may be made in one thread and used in another, but only one at a time may use it.
    """

    def __init__(self, model: ModelFile) -> None:
        super().__init__(model)
        from mnist_draw.training.functions import compile_predict

        self._predict = compile_predict(self.output)

    def predict(self, pictures: Floats) -> Floats:
        """Return probabilities, float32 (N, classes), of pictures, float32 (N, 1, 28, 28)."""
        # Functions are planned anew for every new number of pictures, which takes longer than a
        # few pictures more.
        count = len(pictures)
        size = next((size for size in BATCHES if size >= count), count)
        padding = np.zeros((size - count, *pictures.shape[1:]), np.float32)
        return self._predict(np.concatenate([pictures, padding]))[:count]

    def prepare(self) -> None:
        """Do at once what the first pictures and the first number would wait for."""
        for size in BATCHES:
            self._predict(np.zeros((size, 1, SIDE, SIDE), np.float32))


def require_finite(network: str, *figures: npt.NDArray[Any]) -> None:
    """Refuse what a network has computed if any of it is not finite."""
    if not all(np.isfinite(values).all() for values in figures):
        raise ModelFileError(
            f"The network {network!r} computes no finite figures: its parameters are "
            "unusably large. Choose another model."
        )
