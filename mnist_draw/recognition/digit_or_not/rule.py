"""The rule that tells digits from what is none.

Beside the network that knows ten digits and nothing else stands a small one of its own, fitted
to tell the varied digits of MNIST from made-up junk and from several digits at once (see
:mod:`mnist_draw.recognition.digit_or_not.fit`). It sees the same 28×28 pixels, knows twelve kinds,
the ten digits, "several" and "none", and is the same for every network that reads digits, also
for one that is being trained. It needs neither Theano nor Lasagne.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mnist_draw.storage import ModelFile, ModelFileError, load_model, resource_path

Floats = npt.NDArray[np.float32]

#: How the file names the rule's network; the widths of the hidden layers follow.
NETWORK = "digit_or_not"
#: Beside the trained networks, but none of them.
FILE_NAME = "digit_or_not.npz"
#: The kinds beside the ten digits, and how many there are in all.
SEVERAL, NONE, KINDS = 10, 11, 12


@dataclass(frozen=True, eq=False)
class Refusal:
    """The fitted rule.

    Attributes
    ----------
    layers : tuple of numpy.ndarray
        Weights and biases by turns, float32, rectifiers between them.
    threshold : float
        Log odds of being a digit below which a picture is refused.
    """

    layers: tuple[Floats, ...]
    threshold: float

    @classmethod
    def from_model(cls, model: ModelFile) -> Refusal:
        """Check a file's content and take it.

        Raises
        ------
        mnist_draw.storage.ModelFileError
            When it is another network, or its arrays do not fit together.
        """
        name, _, widths = model.network.partition(":")
        if name != NETWORK:
            raise ModelFileError(f"It holds the network {model.network!r}, not {NETWORK!r}.")
        try:
            units = [784, *(int(width) for width in widths.split(",")), KINDS]
        except ValueError:
            raise ModelFileError(f"The network {model.network!r} has no such widths.") from None
        shapes: list[tuple[int, ...]] = []
        for inputs, outputs in pairwise(units):
            shapes += [(inputs, outputs), (outputs,)]
        model.require_shapes(shapes)
        threshold = model.info.threshold
        if threshold is None:
            found = model.metadata.get("threshold")
            raise ModelFileError(f"Its threshold is {found!r}, expected a number.")
        return cls(model.parameters, threshold)

    def likeness(self, inputs: npt.NDArray[np.floating]) -> Floats:
        """Return how much pictures look like digits, whichever.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (N, 1, 28, 28)
            Normalised, 0 to 255/256.

        Returns
        -------
        numpy.ndarray, float32, shape (N,)
            Log odds: 0 for as likely as not.
        """
        return self.kinds(inputs)[0]

    def kinds(self, inputs: npt.NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Return how much pictures look like one digit, and how much like several.

        Parameters
        ----------
        inputs : numpy.ndarray, shape (N, 1, 28, 28)

        Returns
        -------
        likeness : numpy.ndarray, float32, shape (N,)
            As :meth:`likeness` gives it.
        several : numpy.ndarray, float32, shape (N,)
            Log odds of several digits against one or none.
        """
        scores = self.scores(inputs)
        one = np.logaddexp.reduce(scores[:, :SEVERAL], axis=1)
        several, none = scores[:, SEVERAL], scores[:, NONE]
        return one - np.logaddexp(several, none), several - np.logaddexp(one, none)

    def scores(self, inputs: npt.NDArray[np.floating]) -> Floats:
        """Return the network's scores, float32 (N, 12); softmax gives probabilities."""
        values = np.asarray(inputs, np.float32).reshape(len(inputs), -1)
        for weights, bias in zip(self.layers[:-2:2], self.layers[1:-2:2], strict=True):
            values = np.maximum(values @ weights + bias, np.float32(0))
        result: Floats = values @ self.layers[-2] + self.layers[-1]
        return result

    def refuses(self, likeness: float) -> bool:
        """Tell whether so much likeness is too little."""
        return likeness < self.threshold


@lru_cache(maxsize=1)
def shipped_refusal() -> Refusal | None:
    """Read the rule that ships; None if this copy of the program has none.

    Raises
    ------
    mnist_draw.storage.ModelFileError
        When the file is damaged.
    """
    path = resource_path("models", FILE_NAME)
    if not path.exists():
        return None
    try:
        return Refusal.from_model(load_model(path))
    except ModelFileError as error:
        raise ModelFileError(f"The file {path} cannot be used. {error}") from error
