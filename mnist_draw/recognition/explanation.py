"""Explain an answer: the saliency of the ink.

Saliency is the gradient of the digit's log odds by the picture
(K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks: visualising image
classification models and saliency maps", 2013), times the picture (A. Shrikumar, P. Greenside,
A. Shcherbina, A. Kundaje, "Not just a black box: learning important features through propagating
activation differences", 2016): what would change the log odds where there is no ink to change is
left out. The log odds come from the logits, because the softmax of a sure network is so close to
1 that its own gradient is lost in rounding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mnist_draw.arrays import Array, Floats
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.library.network_data import class_names
from mnist_draw.recognition.recogniser import BuiltNetwork, require_finite
from mnist_draw.storage import ModelFile
from mnist_draw.training.functions import mode_for

#: Subtracted from the logit of the explained digit, so that only the others count.
_OUT_OF_REACH = 1e9


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a network reads a picture as one digit, and not as its most probable `rival`.

    `log_odds` is the logarithm of the digit's probability over that of all others together,
    calibrated. `saliency` is how much each pixel's ink is evidence for the digit (positive) or
    against it (negative), in log odds; 0 without ink. Both pictures are float32 (28, 28).
    """

    digit: int
    rival: int
    log_odds: float
    network_input: Floats = field(repr=False)
    saliency: Floats = field(repr=False)
    names: tuple[str, ...] = field(default=DIGITS, repr=False)

    @property
    def name(self) -> str:
        return self.names[self.digit]

    @property
    def rival_name(self) -> str:
        return self.names[self.rival]


class Explainer:
    """Explains the answers of one network; use it in one thread.

    It compiles one function for the gradient, which takes a fraction of a second.
    """

    def __init__(self, model: ModelFile) -> None:
        self._built = BuiltNetwork(model)
        self.network = self._built.text
        self._function, self._temperature = _compile(self._built.output)
        self.use(model)

    @property
    def classes(self) -> int:
        return int(self._built.output.num_units)

    def use(self, model: ModelFile) -> None:
        """Use another model of the same network without compiling again."""
        self._built.use(model)
        self._temperature.set_value(np.float32(model.info.temperature))
        self._names = class_names(model)

    def explain(self, network_input: Array, digit: int) -> Explanation:
        """Explain the evidence for one digit, or other class, in a picture of (28, 28).

        Raises `ModelFileError` if the parameters, each finite, are so large that the result is not.
        """
        picture = np.asarray(network_input, np.float32)
        asked = np.zeros((1, self.classes), np.float32)
        asked[0, digit] = 1
        # Non-finite results raise `ModelFileError`, not a NumPy warning.
        with np.errstate(over="ignore", invalid="ignore"):
            logits, log_odds, saliency = self._function(picture[None, None], asked)
        require_finite(self._built.text, logits, saliency)
        others = np.where(asked[0] > 0, -np.inf, logits[0])
        return Explanation(
            digit,
            int(np.argmax(others)),
            float(log_odds[0]),
            picture,
            # A copy: the function may use its memory again.
            np.array(saliency[0, 0], np.float32),
            self._names,
        )


def _compile(network: Any) -> tuple[Any, Any]:
    """Compile the function; return it with the shared temperature.

    From pictures (1, 1, 28, 28) and the digit, one-hot (1, classes), it returns the logits, the log
    odds, and gradient times picture.
    """
    import lasagne
    import theano
    import theano.tensor as T

    pictures = T.tensor4("pictures")
    asked = T.matrix("asked")
    temperature = theano.shared(np.float32(1), name="temperature")
    # The same output layer without its softmax.
    linear = lasagne.layers.DenseLayer(
        network.input_layer,
        num_units=network.num_units,
        W=network.W,
        b=network.b,
        nonlinearity=None,
    )
    logits = lasagne.layers.get_output(linear, pictures, deterministic=True) / temperature
    others = logits - np.float32(_OUT_OF_REACH) * asked
    largest = T.max(others, axis=1, keepdims=True)
    # It is subtracted and added again, so that it has no gradient.
    largest = theano.gradient.disconnected_grad(largest)
    # The factor changes nothing, but a plain log-sum-exp would be made safe a second time, with
    # operations that the fast linker leaves to a slower one.
    rest = largest[:, 0] + T.log(T.sum(T.exp(others - largest) * (1 - asked), axis=1))
    log_odds = T.sum(logits * asked, axis=1) - rest
    gradient = T.grad(T.sum(log_odds), pictures)
    function = theano.function(
        [pictures, asked],
        [logits, log_odds, gradient * pictures],
        mode=mode_for(network),
    )
    return function, temperature
