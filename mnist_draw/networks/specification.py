"""The kinds of networks, and the text that names a network in files, commands and menus.

A network has ten classes, the digits, unless ``#`` and another number end its text: ``mlp#26`` is
the tutorial's network for letters. Training appends the number of classes of its data.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mnist_draw.theano_bridge  # noqa: F401 - makes the next imports work
from mnist_draw.dataset.classes import MAX_CLASSES, MIN_CLASSES
from mnist_draw.errors import UserError, asks_what_was_meant, no_such
from mnist_draw.i18n import N_, _, cached_text, listed, number, percent
from mnist_draw.networks.layer_text import (
    MAX_LAYERS,
    MAX_UNITS,
    as_share,
    read_layers,
    shortest,
    text_of,
    title_of,
)
from mnist_draw.networks.operations import (
    ACTIVATIONS,
    CLASSES,
    Convolution,
    Dense,
    Dropout,
    MaxPooling,
    NetworkLayer,
    Operation,
    Shape,
    build_layers,
    parameter_shapes,
)

_CLASSES_MARK = "#"
#: The most hidden layers of ``custom_mlp``.
_MAX_DEPTH = 10
#: Held while a network is built: Lasagne draws the first weights from one generator for the whole
#: process, which a run sets to its seed.
BUILDING = threading.RLock()

#: Lasagne's convolutional network for MNIST, with dropout of 50% before dense layers.
CNN = (
    *(Convolution(32, 5), MaxPooling()),
    *(Convolution(32, 5), MaxPooling()),
    *(Dropout(0.5), Dense(256), Dropout(0.5)),
)
#: Three convolutions, the program's best reader, with the same dropout.
DEEP_CNN = (
    *(Convolution(32, 5), MaxPooling()),
    *(Convolution(64, 3), Convolution(128, 3), MaxPooling()),
    *(Dropout(0.5), Dense(256), Dropout(0.5)),
)


def _tutorial_layers(dropout: float) -> tuple[NetworkLayer, ...]:
    return Dense(500), Dropout(dropout), Dense(300), Dropout(dropout)


def _custom_layers(
    depth: float,
    width: float,
    drop_input: float,
    drop_hidden: float,
) -> tuple[NetworkLayer, ...]:
    hidden = Dense(int(width)), Dropout(drop_hidden)
    layers = Dropout(drop_input), *hidden * int(depth)
    return tuple(layer for layer in layers if layer != Dropout(0.0))


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
    return build_layers((*_tutorial_layers(dropout), Dense(classes, "softmax")), input_var)


class NetworkError(UserError):
    """A text names no network; the sentence lists the networks."""


@dataclass(frozen=True)
class Count:
    """A whole number in a network's text: its name in the grammar, its range.

    ``mark`` is how a list of changes says it.
    """

    name: str
    mark: str
    default: int
    low: int
    high: int

    def read(self, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            if not text:
                raise ValueError(_("{name} is missing", name=self.name)) from None
            raise ValueError(_("{name} is {text}", name=self.name, text=text)) from None
        if not self.low <= value <= self.high:
            raise ValueError(_("{name} is {text}", name=self.name, text=text))
        return value

    def allowed(self) -> str:
        return _(
            "{name}, a whole number from {low} to {high}",
            name=self.name,
            low=number(self.low),
            high=number(self.high),
        )


@dataclass(frozen=True)
class Share:
    """A dropout in a network's text: at least 0, below 1; title and sentence of its field."""

    name: str
    title: str
    mark: str
    sentence: str
    default: float

    def read(self, text: str) -> float:
        return as_share(text, self.name)

    def allowed(self) -> str:
        return _("{name}, at least 0 and below 1", name=self.name)


Number = Count | Share


@dataclass(frozen=True)
class NetworkSpec:
    """A network by name: its layers, how to build it, and the shapes of its parameters."""

    text: str
    title: str
    kind: str
    #: From the picture to the output; `operations` are those that act when it answers.
    layers: tuple[NetworkLayer, ...]
    numbers: tuple[int | float, ...] = ()

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(layer for layer in self.layers if not isinstance(layer, Dropout))

    @property
    def hidden(self) -> tuple[NetworkLayer, ...]:
        """The layers without the output."""
        return self.layers[:-1]

    @property
    def convolves(self) -> bool:
        return any(isinstance(layer, Convolution) for layer in self.layers)

    @property
    def classes(self) -> int:
        last = self.layers[-1]
        assert isinstance(last, Dense)
        return last.units

    def with_classes(self, classes: int) -> NetworkSpec:
        plain, *_count = self.text.partition(_CLASSES_MARK)
        return parse_network(f"{plain}{_CLASSES_MARK}{classes}")

    def build(self, input_var: Any = None) -> Any:
        """Build the Lasagne layers and return the output layer; imports Lasagne."""
        with BUILDING:
            return build_layers(self.layers, input_var)

    def format_numbers(self) -> list[str]:
        """Format each of its numbers, as a list of changes does."""
        return [
            _(one.mark, value=number(value) if isinstance(one, Count) else percent(value, None))
            for one, value in zip(NETWORKS[self.kind].numbers, self.numbers, strict=True)
        ]

    def parameter_shapes(self) -> tuple[Shape, ...]:
        """Return the shapes of all parameters, in the order of Lasagne's `get_all_params`."""
        return parameter_shapes(self.operations)


#: What the text behind a kind's name says: itself in its shortest form, its numbers, the layers.
Arguments = tuple[str, tuple[int | float, ...], tuple[NetworkLayer, ...]]


@dataclass(frozen=True)
class NetworkKind:
    """A kind of network: how the text behind its name is read, and texts that explain it.

    ``titled`` makes the title of one with some layers, without the output, and classes.
    """

    name: str
    title: str
    grammar: str
    meaning: str
    example: str
    read: Callable[[str], Arguments]
    titled: Callable[[tuple[NetworkLayer, ...], int], str]
    numbers: tuple[Number, ...] = ()
    in_menu: bool = True


def _read_numbers(
    text: str,
    numbers: Sequence[Number],
    layers: Callable[..., tuple[NetworkLayer, ...]],
) -> Arguments:
    given = [part.strip() for part in text.split(",")] if text.strip() else []
    if len(given) > len(numbers):
        raise ValueError(_("{count} numbers are too many", count=len(given)))
    texts = [*given, *(str(one.default) for one in numbers[len(given) :])]
    values = tuple(one.read(text) for one, text in zip(numbers, texts, strict=True))
    is_usual = len(numbers) == 1 and values[0] == numbers[0].default
    return "" if is_usual else ",".join(map(shortest, values)), values, layers(*values)


def _read_list(text: str) -> Arguments:
    layers = read_layers(text)
    return text_of(layers), (), layers


_DROPOUT = Share(
    "DROPOUT",
    _("Dropout"),
    N_("dropout {value}"),
    _("Fraction of the hidden units left out at each training step."),
    0.4,
)
#: Of ``custom_mlp``, a text of earlier versions: it has no fields of its own in the form.
_CUSTOM = (
    Count("DEPTH", N_("depth {value}"), 2, 0, _MAX_DEPTH),
    Count("WIDTH", N_("units {value}"), 800, 1, MAX_UNITS),
    Share("DROP_IN", "", N_("pixels left out {value}"), "", 0.2),
    Share("DROP_HID", "", N_("units left out {value}"), "", 0.5),
)


def _fixed_kind(
    name: str,
    title: str,
    meaning: str,
    layers: tuple[NetworkLayer, ...],
) -> NetworkKind:
    """Return a kind without numbers."""
    return NetworkKind(
        name,
        title,
        name,
        meaning,
        name,
        lambda text: ("", (), layers),
        lambda layers, classes: title,
    )


def _tutorial_title(layers: tuple[NetworkLayer, ...], classes: int) -> str:
    units = title_of(layers, classes).removeprefix("MLP ")
    return f"{_('Tutorial MLP')} {units}"


#: All kinds of networks by name, the tutorial's first.
NETWORKS: dict[str, NetworkKind] = {
    kind.name: kind
    for kind in (
        NetworkKind(
            "mlp",
            _("Tutorial MLP"),
            "mlp[:DROPOUT]",
            _(
                "the tutorial's network: 500 and 300 rectifiers, each layer with a DROPOUT of "
                "0.4 unless another fraction is given",
            ),
            "mlp:0.4",
            lambda text: _read_numbers(text, (_DROPOUT,), _tutorial_layers),
            _tutorial_title,
            (_DROPOUT,),
        ),
        NetworkKind(
            "layers",
            _("Layers of your own"),
            "layers:LAYER,LAYER,…",
            _(
                "up to {most} layers one by one, without the output: conv32x5, a convolution with "
                "32 filters of 5×5 pixels (then s2, its stride, and p2, its padding); pool2, max "
                "pooling; norm, batch normalization of the layer before it; 256, a dense layer; "
                "/0.5, dropout; @ and an activation ({names}; rectify unless another is named): "
                "layers:500/0.4,300/0.4 is the tutorial's network",
                most=MAX_LAYERS,
                names=", ".join(ACTIVATIONS),
            ),
            "layers:conv32x5,pool2,/0.5,256@tanh",
            _read_list,
            title_of,
            in_menu=False,
        ),
        NetworkKind(
            "custom_mlp",
            _("Layers of your own"),
            "custom_mlp[:DEPTH,WIDTH,DROP_IN,DROP_HID]",
            _(
                "DEPTH hidden layers of WIDTH rectifiers each, leaving out a fraction DROP_IN of "
                "the inputs and DROP_HID of the hidden units in training",
            ),
            "custom_mlp:2,800,0.2,0.5",
            lambda text: _read_numbers(text, _CUSTOM, _custom_layers),
            title_of,
            _CUSTOM,
            in_menu=False,
        ),
        _fixed_kind(
            "cnn",
            _("CNN, two 5×5 convolutions"),
            _(
                "two convolutions of 32 5×5 filters, 2×2 max pooling, 256 hidden units, 50% "
                "dropout",
            ),
            CNN,
        ),
        _fixed_kind(
            "deep_cnn",
            _("CNN, three convolutions"),
            _("three convolutions of 32, 64 and 128 filters, 256 hidden units, 50% dropout"),
            DEEP_CNN,
        ),
    )
}


def list_kinds() -> str:
    """List the grammar and the meaning of each kind of network."""
    return listed((f"{kind.grammar} ({kind.meaning})" for kind in NETWORKS.values()), long=True)


@cached_text
def parse_network(text: str) -> NetworkSpec:
    """Return the network that a text names by the grammar of one of `NETWORKS`, or NetworkError."""
    plain, mark, count = text.strip().partition(_CLASSES_MARK)
    classes = _read_classes(text, count) if mark else CLASSES
    name, __, arguments = plain.strip().partition(":")
    kind = NETWORKS.get(name)
    if kind is None or (arguments and kind.grammar == name):
        known = () if kind else NETWORKS
        raise NetworkError(no_such(_("Network"), text, known, list_kinds()))
    try:
        shortened, numbers, layers = kind.read(arguments)
    except ValueError as error:
        takes = listed((one.allowed() for one in kind.numbers), long=True) or kind.meaning
        raise NetworkError(
            "The network {text!r} cannot be built: {error}. {grammar} takes: {takes}; as in "
            "{example}.",
            text=text,
            error=error,
            grammar=kind.grammar,
            takes=takes,
            example=kind.example,
        ) from None
    plain = f"{name}:{shortened}" if shortened or kind.numbers[1:] or name == "layers" else name
    return NetworkSpec(
        plain if classes == CLASSES else f"{plain}{_CLASSES_MARK}{classes}",
        kind.titled(layers, classes),
        name,
        (*layers, Dense(classes, "softmax")),
        numbers,
    )


def _read_classes(text: str, count: str) -> int:
    if not count.strip().isdecimal() or not MIN_CLASSES <= int(count) <= MAX_CLASSES:
        raise NetworkError(
            "The network {text!r} cannot be built: after #, the number of classes is expected, "
            "from {low} to {high}, as in mlp#26.",
            text=text,
            low=MIN_CLASSES,
            high=MAX_CLASSES,
        )
    return int(count)
