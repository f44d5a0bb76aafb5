"""Multi-layer perceptrons: the tutorial's, and the user's own with the text that names them.

The text is ``layers:`` and the hidden layers from the picture on, separated by commas. Each is its
units, then ``@`` and its activation unless that is the rectifier, then ``/`` and its dropout, if
any. A first part of only ``/`` and a share is the dropout of the pixels. ``layers:500/0.4,300/0.4``
is the tutorial's network; ``layers:/0.2,500@tanh/0.4,300`` has hyperbolic tangents in its first
hidden layer and drops a fifth of the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mnist_draw.theano_bridge  # noqa: F401 - makes the next imports work
from mnist_draw.errors import asks_what_was_meant
from mnist_draw.i18n import _, number
from mnist_draw.networks.operations import ACTIVATIONS, CLASSES, Dense, Operation

#: The most hidden layers, and units in each: more would only be slow to train.
MAX_LAYERS = 10
MAX_UNITS = 10_000
_PIXELS = 784


@dataclass(frozen=True)
class MlpLayer:
    units: int
    activation: str = "rectify"
    dropout: float = 0.0

    def text(self) -> str:
        activation = "" if self.activation == "rectify" else f"@{self.activation}"
        return f"{self.units}{activation}{_dropout_text(self.dropout)}"


@dataclass(frozen=True)
class MlpLayers:
    """The hidden layers of an MLP, at most `MAX_LAYERS`, and the dropout of its pixels."""

    hidden: tuple[MlpLayer, ...]
    input_dropout: float = 0.0

    def text(self) -> str:
        first = [_dropout_text(self.input_dropout)] if self.input_dropout else []
        return ",".join([*first, *(layer.text() for layer in self.hidden)])

    def title(self, classes: int = CLASSES) -> str:
        """Return the network's title: its units and unusual activations."""
        parts = [
            f"{layer.units}" + (f" {layer.activation}" if layer.activation != "rectify" else "")
            for layer in self.hidden
        ]
        return "–".join([f"MLP {_PIXELS}", *parts, str(classes)])

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations of the network without dropout."""
        hidden = (Dense(layer.units, layer.activation) for layer in self.hidden)
        return (*hidden, Dense(CLASSES, "softmax"))


def read_layers(text: str) -> MlpLayers:
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    input_dropout = 0.0
    if parts and parts[0].startswith("/"):
        input_dropout = as_share(parts.pop(0)[1:])
    if len(parts) > MAX_LAYERS:
        raise ValueError(_("{count} hidden layers are too many", count=len(parts)))
    return MlpLayers(tuple(_read_layer(part) for part in parts), input_dropout)


def _read_layer(text: str) -> MlpLayer:
    head, slash, dropout = text.partition("/")
    units, at, activation = (part.strip() for part in head.partition("@"))
    if not units.isdecimal() or not 1 <= int(units) <= MAX_UNITS:
        raise ValueError(
            _(
                "the layer {text!r} begins with no number of units from 1 to {most}",
                text=text,
                most=number(MAX_UNITS),
            ),
        )
    if at and activation not in ACTIVATIONS:
        raise ValueError(_("there is no activation {name!r}", name=activation))
    return MlpLayer(int(units), activation or "rectify", as_share(dropout) if slash else 0.0)


def _dropout_text(share: float) -> str:
    return f"/{shortest(share)}" if share else ""


def as_share(text: str, name: str = "DROPOUT") -> float:
    """Read a share from 0 up to, not including, 1; raises ValueError."""
    try:
        value = float(text)
    except ValueError:
        if not text:
            raise ValueError(_("{name} is missing", name=name)) from None
        raise ValueError(_("{name} is {text}, no number", name=name, text=text)) from None
    if not 0 <= value < 1:
        raise ValueError(_("{name} is {text}", name=name, text=text))
    return value


def shortest(value: float) -> str:
    """Write a number so that reading it gives the same: 0 rather than 0.0."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


@asks_what_was_meant
def build_mlp(input_var: Any = None, dropout: float = 0.4, classes: int = CLASSES) -> Any:
    """Build the tutorial's network: 784-500-300-10.

    Two hidden layers of rectifiers, each followed by dropout of 40%, and a softmax over the
    ten digits. Weights start as `lasagne.init.GlorotUniform`, biases at 0.

    Parameters
    ----------
    input_var : theano variable, optional
        4-D float, minibatch × 1 × 28 × 28; by default, Lasagne makes one.
    dropout : float
        Share of both hidden layers' units dropped in training, from 0 to below 1.
    classes : int
        The number of outputs.

    Returns
    -------
    lasagne.layers.DenseLayer
        The output layer: minibatch × classes probabilities.
    """
    import lasagne

    l_in = lasagne.layers.InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    l_hid1 = lasagne.layers.DenseLayer(
        l_in,
        num_units=500,
        nonlinearity=lasagne.nonlinearities.rectify,
        W=lasagne.init.GlorotUniform(),
    )
    l_hid1_drop = lasagne.layers.DropoutLayer(l_hid1, p=dropout)
    l_hid2 = lasagne.layers.DenseLayer(
        l_hid1_drop,
        num_units=300,
        nonlinearity=lasagne.nonlinearities.rectify,
        W=lasagne.init.GlorotUniform(),
    )
    l_hid2_drop = lasagne.layers.DropoutLayer(l_hid2, p=dropout)
    return lasagne.layers.DenseLayer(
        l_hid2_drop,
        num_units=classes,
        nonlinearity=lasagne.nonlinearities.softmax,
    )


def build_layers(input_var: Any, layers: MlpLayers, classes: int = CLASSES) -> Any:
    """Build a multi-layer perceptron from its hidden layers, as `build_mlp` does."""
    import lasagne

    network = lasagne.layers.InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    if layers.input_dropout:
        network = lasagne.layers.DropoutLayer(network, p=layers.input_dropout)
    for layer in layers.hidden:
        network = lasagne.layers.DenseLayer(
            network,
            num_units=layer.units,
            nonlinearity=ACTIVATIONS[layer.activation].function(),
        )
        if layer.dropout:
            network = lasagne.layers.DropoutLayer(network, p=layer.dropout)
    return lasagne.layers.DenseLayer(
        network,
        num_units=classes,
        nonlinearity=lasagne.nonlinearities.softmax,
    )
