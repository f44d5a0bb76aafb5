"""The kinds of networks, and the text that names a network in files, commands and menus.

A network has ten classes, the digits, unless ``#`` and another number end its text: ``mlp#26`` is
the tutorial's network for letters. Training appends the number of classes of its data.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import mnist_draw.theano_bridge  # noqa: F401 - makes the next imports work
from mnist_draw.dataset.classes import MAX_CLASSES, MIN_CLASSES
from mnist_draw.errors import UserError, no_such
from mnist_draw.i18n import N_, _, listed, number, percent
from mnist_draw.networks.mlp import (
    MAX_LAYERS,
    MAX_UNITS,
    MlpLayer,
    MlpLayers,
    as_share,
    build_layers,
    build_mlp,
    read_layers,
    shortest,
)
from mnist_draw.networks.operations import (
    ACTIVATIONS,
    CLASSES,
    OPERATIONS,
    Convolution,
    Dense,
    MaxPooling,
    Operation,
    Shape,
    parameter_shapes,
    with_classes,
)

_CLASSES_MARK = "#"
#: Held while a network is built: Lasagne draws the first weights from one generator for the whole
#: process, which a run sets to its seed.
BUILDING = threading.RLock()

CNN = (
    *(Convolution(32, 5), MaxPooling()),
    *(Convolution(32, 5), MaxPooling()),
    *(Dense(256), Dense(CLASSES, "softmax")),
)
DEEP_CNN = (
    *(Convolution(32, 5), MaxPooling()),
    *(Convolution(64, 3), Convolution(128, 3), MaxPooling()),
    *(Dense(256), Dense(CLASSES, "softmax")),
)


def build_cnn(input_var: Any = None, classes: int = CLASSES) -> Any:
    """Build Lasagne's convolutional network for MNIST, with dropout of 50% before dense layers."""
    return _build_convolutional(input_var, with_classes(CNN, classes))


def build_deep_cnn(input_var: Any = None, classes: int = CLASSES) -> Any:
    """Build a network of three convolutions, the program's best reader, with the same dropout."""
    return _build_convolutional(input_var, with_classes(DEEP_CNN, classes))


def _build_convolutional(input_var: Any, operations: Sequence[Operation]) -> Any:
    """Build the layers of some operations, with dropout of 50% before the dense ones."""
    import lasagne

    network = lasagne.layers.InputLayer(shape=(None, 1, 28, 28), input_var=input_var)
    for operation in operations:
        if isinstance(operation, Dense):
            network = lasagne.layers.dropout(network, p=0.5)
        network = OPERATIONS[type(operation)].layer(network, operation)
    return network


class NetworkError(UserError):
    """A text names no network; the sentence lists the networks."""


@dataclass(frozen=True)
class Count:
    """A whole number in a network's text: its name in the grammar, texts of the form, range.

    ``mark`` is how a list of changes says it.
    """

    name: str
    title: str
    mark: str
    sentence: str
    default: int
    low: int
    high: int

    def read(self, text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            if not text:
                raise ValueError(_("{name} is missing", name=self.name)) from None
            raise ValueError(
                _("{name} is {text}, no whole number", name=self.name, text=text),
            ) from None
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
    """A dropout in a network's text: at least 0, below 1; texts as those of a `Count`."""

    name: str
    title: str
    mark: str
    sentence: str
    default: float

    def read(self, text: str) -> float:
        return as_share(text, self.name)

    def allowed(self) -> str:
        return _("{name}, a share from 0 up to, not including, 1", name=self.name)


Number = Count | Share


@dataclass(frozen=True)
class NetworkSpec:
    """A network by name: how to build it, and the shapes of its parameters."""

    text: str
    title: str
    kind: str
    _build: Callable[[Any], Any]
    operations: tuple[Operation, ...]
    numbers: tuple[int | float, ...] = ()
    layers: MlpLayers | None = None

    @property
    def classes(self) -> int:
        last = self.operations[-1]
        assert isinstance(last, Dense)
        return last.units

    def with_classes(self, classes: int) -> NetworkSpec:
        plain, *_count = self.text.partition(_CLASSES_MARK)
        return parse_network(f"{plain}{_CLASSES_MARK}{classes}")

    def build(self, input_var: Any = None) -> Any:
        """Build the Lasagne layers and return the output layer; imports Lasagne."""
        with BUILDING:
            return self._build(input_var)

    def told_numbers(self) -> list[str]:
        """Say each of its numbers, as a list of changes does."""
        return [
            _(one.mark, value=number(value) if isinstance(one, Count) else percent(value, None))
            for one, value in zip(NETWORKS[self.kind].numbers, self.numbers, strict=True)
        ]

    def parameter_shapes(self) -> tuple[Shape, ...]:
        """Return the shapes of all parameters, in the order of Lasagne's `get_all_params`."""
        return parameter_shapes(self.operations)


@dataclass(frozen=True)
class NetworkKind:
    name: str
    title: str
    grammar: str
    meaning: str
    read: Callable[[str, int], NetworkSpec]
    example: str
    numbers: tuple[Number, ...] = ()
    in_menu: bool = True


def kind_with_numbers(
    name: str,
    title: str,
    meaning: str,
    build: Callable[..., Any],
    operations: Callable[..., tuple[Operation, ...]],
    numbers: tuple[Number, ...] = (),
    spec_title: Callable[..., str] | None = None,
) -> NetworkKind:
    """Return a kind whose text is its name and, after a colon, some numbers."""

    def read(arguments: str, classes: int) -> NetworkSpec:
        given = [part.strip() for part in arguments.split(",")] if arguments.strip() else []
        if len(given) > len(numbers):
            raise ValueError(_("{count} numbers are too many", count=len(given)))
        texts = [*given, *(str(one.default) for one in numbers[len(given) :])]
        values = tuple(one.read(text) for one, text in zip(numbers, texts, strict=True))
        usual = len(numbers) == 1 and values[0] == numbers[0].default
        behind = "" if usual or not numbers else ":" + ",".join(map(shortest, values))
        return NetworkSpec(
            name + behind + _classes_text(classes),
            spec_title(classes, *values) if spec_title else title,
            name,
            lambda var: build(var, *values, classes=classes),
            with_classes(operations(*values), classes),
            values,
        )

    names = ",".join(one.name for one in numbers)
    return NetworkKind(
        name,
        title,
        f"{name}[:{names}]" if numbers else name,
        meaning,
        read,
        ":".join([name, ",".join(str(one.default) for one in numbers)]).rstrip(":"),
        numbers,
    )


def _classes_text(classes: int) -> str:
    return "" if classes == CLASSES else f"{_CLASSES_MARK}{classes}"


def _custom_layers(depth: float, width: float, drop_input: float, drop_hidden: float) -> MlpLayers:
    return MlpLayers((MlpLayer(int(width), "rectify", drop_hidden),) * int(depth), drop_input)


_CUSTOM = kind_with_numbers(
    "custom_mlp",
    _("MLP of your own"),
    _(
        "DEPTH hidden layers of WIDTH rectifiers each, leaving out a share of DROP_IN inputs and "
        "DROP_HID hidden units in training",
    ),
    lambda var, *numbers, classes: build_layers(var, _custom_layers(*numbers), classes),
    lambda *numbers: _custom_layers(*numbers).operations(),
    (
        Count(
            "DEPTH",
            _("Depth"),
            N_("depth {value}"),
            _("Number of hidden layers."),
            2,
            0,
            MAX_LAYERS,
        ),
        Count(
            "WIDTH",
            _("Units"),
            N_("units {value}"),
            _("Units in each hidden layer."),
            800,
            1,
            MAX_UNITS,
        ),
        Share(
            "DROP_IN",
            _("Pixels left out"),
            N_("pixels left out {value}"),
            _("Share of the pixels left out in training."),
            0.2,
        ),
        Share(
            "DROP_HID",
            _("Units left out"),
            N_("units left out {value}"),
            _("Share of the units left out in training."),
            0.5,
        ),
    ),
    lambda classes, *numbers: _custom_layers(*numbers).title(classes),
)


def _read_custom(arguments: str, classes: int) -> NetworkSpec:
    spec = _CUSTOM.read(arguments, classes)
    return dataclasses.replace(spec, layers=_custom_layers(*spec.numbers))


def _read_layers(arguments: str, classes: int) -> NetworkSpec:
    layers = read_layers(arguments)
    return NetworkSpec(
        f"layers:{layers.text()}{_classes_text(classes)}",
        layers.title(classes),
        "layers",
        lambda var: build_layers(var, layers, classes),
        with_classes(layers.operations(), classes),
        layers=layers,
    )


#: All kinds of networks by name, the tutorial's first.
NETWORKS: dict[str, NetworkKind] = {
    kind.name: kind
    for kind in (
        kind_with_numbers(
            "mlp",
            _("Tutorial MLP"),
            _(
                "the tutorial's network: 500 and 300 rectifiers, each layer with a DROPOUT of 0.4 "
                "unless another share is given",
            ),
            build_mlp,
            lambda dropout: (Dense(500), Dense(300), Dense(CLASSES, "softmax")),
            (
                Share(
                    "DROPOUT",
                    _("Dropout"),
                    N_("dropout {value}"),
                    _("Share of the hidden units left out at each training step."),
                    0.4,
                ),
            ),
            lambda classes, dropout: f"{_('Tutorial MLP')} 784–500–300–{classes}",
        ),
        NetworkKind(
            "layers",
            _("MLP of your own"),
            "layers:[/DROPOUT,]UNITS[@ACTIVATION][/DROPOUT],…",
            _(
                "hidden layers one by one, up to {most}: each with its UNITS, an ACTIVATION "
                "({names}; rectify unless another is given) and the share of its units that a "
                "DROPOUT leaves out in training; a DROPOUT before all layers leaves out pixels: "
                "layers:500/0.4,300/0.4 is the tutorial's network",
                most=MAX_LAYERS,
                names=", ".join(ACTIVATIONS),
            ),
            _read_layers,
            "layers:500@tanh/0.4,300",
        ),
        dataclasses.replace(_CUSTOM, read=_read_custom, in_menu=False),
        kind_with_numbers(
            "cnn",
            _("CNN, two 5×5 convolutions"),
            _(
                "two convolutions of 32 5×5 filters, 2×2 max pooling, 256 hidden units, 50% "
                "dropout",
            ),
            build_cnn,
            lambda: CNN,
        ),
        kind_with_numbers(
            "deep_cnn",
            _("CNN, three convolutions"),
            _("three convolutions of 32, 64 and 128 filters, 256 hidden units, 50% dropout"),
            build_deep_cnn,
            lambda: DEEP_CNN,
        ),
    )
}


def list_kinds() -> str:
    """List the grammar and the meaning of each kind of network."""
    return listed((f"{kind.grammar} ({kind.meaning})" for kind in NETWORKS.values()), long=True)


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
        return kind.read(arguments, classes)
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
