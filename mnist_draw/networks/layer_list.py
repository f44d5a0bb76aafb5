"""An MLP of one's own: its hidden layers, one by one, and the text that names it.

The text is ``layers:`` and the hidden layers from the picture on, with commas between them. Each
is its units, then ``@`` and its activation where that is not the rectifier, then ``/`` and the
share of its units that dropout leaves out in training, where it has any. A part that is only
``/`` and a share stands first and leaves out input pixels. ``layers:500/0.4,300/0.4`` is the
tutorial's network, ``layers:/0.2,500@tanh/0.4,300`` one with hyperbolic tangents in its first
hidden layer and dropout of a fifth of the pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mnist_draw.networks.numbers import as_share, shortest
from mnist_draw.networks.operations import CLASSES, Dense, Operation

#: The most hidden layers, and units in each: more would only be slow to train.
MAX_LAYERS, MAX_UNITS = 10, 10_000
_PIXELS = 784


@dataclass(frozen=True)
class Activation:
    """What a hidden unit makes of its weighted inputs."""

    name: str
    title: str
    meaning: str
    function: Callable[[], Any]


def _lasagne(name: str) -> Callable[[], Any]:
    def find() -> Any:
        import lasagne

        return getattr(lasagne.nonlinearities, name)

    return find


def _elu() -> Any:
    # D.-A. Clevert, T. Unterthiner, S. Hochreiter, "Fast and accurate deep network learning by
    # exponential linear units (ELUs)", 2015, with alpha = 1; Lasagne 0.1 has none of its own.
    import theano.tensor as T

    return T.nnet.elu


#: The activations of hidden layers by name, the usual one first.
ACTIVATIONS: dict[str, Activation] = {
    activation.name: activation
    for activation in (
        Activation("rectify", "rectify", "0 below 0, else its input", _lasagne("rectify")),
        Activation("leaky", "leaky", "a hundredth of its input below 0", _lasagne("leaky_rectify")),
        Activation("tanh", "tanh", "the hyperbolic tangent, -1 to 1", _lasagne("tanh")),
        Activation("sigmoid", "sigmoid", "the logistic function, 0 to 1", _lasagne("sigmoid")),
        Activation("elu", "elu", "exp(x) - 1 below 0, else its input", _elu),
    )
}


@dataclass(frozen=True)
class MlpLayer:
    """One hidden layer."""

    units: int
    activation: str = "rectify"
    dropout: float = 0.0

    def text(self) -> str:
        """Return the layer as it is written in a network's text."""
        activation = "" if self.activation == "rectify" else f"@{self.activation}"
        return f"{self.units}{activation}{_dropout_text(self.dropout)}"


@dataclass(frozen=True)
class MlpLayers:
    """The hidden layers of an MLP.

    Attributes
    ----------
    hidden : tuple of MlpLayer
        From the picture on; at most `MAX_LAYERS`.
    input_dropout : float
        Share of the pixels left out at random in training, 0 up to, not including, 1.
    """

    hidden: tuple[MlpLayer, ...]
    input_dropout: float = 0.0

    def text(self) -> str:
        """Return what stands behind ``layers:``."""
        first = [_dropout_text(self.input_dropout)] if self.input_dropout else []
        return ",".join([*first, *(layer.text() for layer in self.hidden)])

    def title(self, classes: int = CLASSES) -> str:
        """Return the network in words, for menus: its units and unusual activations."""
        parts = [
            f"{layer.units}" + (f" {layer.activation}" if layer.activation != "rectify" else "")
            for layer in self.hidden
        ]
        return "–".join([f"MLP {_PIXELS}", *parts, str(classes)])

    def operations(self) -> tuple[Operation, ...]:
        """Return what the network computes without dropout."""
        hidden = (Dense(layer.units, layer.activation) for layer in self.hidden)
        return (*hidden, Dense(CLASSES, "softmax"))


def read_layers(text: str) -> MlpLayers:
    """Read what stands behind ``layers:``."""
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    input_dropout = 0.0
    if parts and parts[0].startswith("/"):
        input_dropout = as_share(parts.pop(0)[1:])
    if len(parts) > MAX_LAYERS:
        raise ValueError(f"{len(parts)} hidden layers are too many")
    return MlpLayers(tuple(_read_layer(part) for part in parts), input_dropout)


def _read_layer(text: str) -> MlpLayer:
    head, slash, dropout = text.partition("/")
    units, at, activation = (part.strip() for part in head.partition("@"))
    if not units.isdecimal() or not 1 <= int(units) <= MAX_UNITS:
        raise ValueError(
            f"the layer {text!r} begins with no number of units from 1 to {MAX_UNITS:,}"
        )
    if at and activation not in ACTIVATIONS:
        raise ValueError(f"there is no activation {activation!r}")
    return MlpLayer(int(units), activation or "rectify", as_share(dropout) if slash else 0.0)


def _dropout_text(share: float) -> str:
    return f"/{shortest(share)}" if share else ""
