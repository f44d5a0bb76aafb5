"""What the layers of a network put out for many pictures, for comparing pictures layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw import theano_bridge
from mnist_draw.dataset.mnist import scale
from mnist_draw.recognition.recogniser import BuiltNetwork
from mnist_draw.storage import ModelFile
from mnist_draw.training.layer_inspection import layer_names

Floats = npt.NDArray[np.float32]

#: Pictures asked about at once. Always as many: a new number is planned anew.
SLICE = 64
PIXELS, ANSWER = "pixels", "answer"


class LayerOutputs:
    """Computes what the first and the last hidden layer and the answer are for pictures.

    Compiling takes a fraction of a second. The compiled function belongs to one thread.

    Parameters
    ----------
    model : ModelFile

    Attributes
    ----------
    names : tuple of str
        ``"pixels"``, the hidden layers, ``"answer"``. A convolution is taken after its pooling.
    last : int
        Which of them is the last hidden layer; the pixels where there is none.
    """

    def __init__(self, model: ModelFile) -> None:
        import lasagne
        import theano
        import theano.tensor as T

        network = BuiltNetwork(model).output
        hidden = _hidden_layers(network)
        names = layer_names(model.parameters)[: len(hidden)]
        chosen = sorted({0, len(hidden) - 1}) if hidden else []
        self.names = (PIXELS, *(names[n] for n in chosen), ANSWER)
        self.last = len(self.names) - 2
        pictures = T.tensor4("pictures")
        outputs = lasagne.layers.get_output(
            [*(hidden[n] for n in chosen), network], pictures, deterministic=True
        )
        self._function: Any = theano.function([pictures], outputs, mode=theano_bridge.fast_mode())

    def of(self, inputs: Floats) -> list[Floats]:
        """Return what each layer puts out.

        Parameters
        ----------
        inputs : numpy.ndarray, float32, shape (n, 1, 28, 28)
            At most `SLICE` pictures, 0 to 255/256.

        Returns
        -------
        list of numpy.ndarray
            float32 (n, numbers) for each of `names`, the pixels themselves first. Of the answer
            it is the logarithms of its probabilities, their mean taken off, which are the sums
            that softmax begins with: probabilities themselves would all lie in ten corners.
        """
        count = len(inputs)
        padding = np.zeros((SLICE - count, *inputs.shape[1:]), np.float32)
        found = self._function(np.concatenate([inputs, padding]))
        flat = [np.asarray(values)[:count].reshape(count, -1) for values in found]
        logs = np.log(np.maximum(flat[-1], np.finfo(np.float32).tiny))
        flat[-1] = logs - logs.mean(axis=1, keepdims=True)
        return [inputs.reshape(count, -1), *flat]

    def of_all(self, images: npt.NDArray[np.uint8]) -> Iterator[list[Floats]]:
        """Yield the same for slices of many pictures, uint8 (N, 1, 28, 28)."""
        for start in range(0, len(images), SLICE):
            yield self.of(scale(images[start : start + SLICE]))


def probabilities_of(answer: Floats, temperature: float) -> Floats:
    """Return the calibrated probabilities of what `LayerOutputs` gives for the answer."""
    scaled = answer / np.float32(temperature)
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    probabilities: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def _hidden_layers(network: Any) -> list[Any]:
    """Return the hidden layers that have weights, each with the pooling that follows it."""
    import lasagne

    layers = lasagne.layers.get_all_layers(network)
    found: list[Any] = []
    for layer in layers[:-1]:
        if hasattr(layer, "W"):
            found.append(layer)
        elif isinstance(layer, lasagne.layers.MaxPool2DLayer) and found:
            found[-1] = layer
    return found
