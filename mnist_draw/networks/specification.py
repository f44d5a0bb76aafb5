"""Naming a network in one line of text, as files, commands and menus do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from mnist_draw.errors import UserError

Shape = tuple[int, ...]

#: What each name builds, for help texts and errors.
NETWORKS: dict[str, str] = {
    "mlp": "the tutorial's network: 500 and 300 hidden units, 40 % dropout",
    "mlp:DROPOUT": "the same with another dropout (0 up to, not including, 1)",
    "custom_mlp:DEPTH,WIDTH,DROP_IN,DROP_HID": (
        "DEPTH hidden layers (0 to 10) of WIDTH units (1 to 10,000), leaving out a share of "
        "DROP_IN inputs and DROP_HID hidden units in training (each 0 up to, not including, 1)"
    ),
    "cnn": "two convolutions of 32 5×5 filters, 2×2 max pooling, 256 hidden units, 50 % dropout",
    "deep_cnn": "three convolutions of 32, 64 and 128 filters, 256 hidden units, 50 % dropout",
}


class NetworkError(UserError):
    """A text names no network; the sentence lists those that exist."""


@dataclass(frozen=True)
class NetworkSpec:
    """A network by name, with what it takes to build it and to check its parameters.

    Attributes
    ----------
    text
        The canonical name, for example ``"custom_mlp:2,800,0.2,0.5"``.
    title
        The same in words, for a menu.
    """

    text: str
    title: str
    _build: Callable[[Any], Any]
    _shapes: tuple[Shape, ...]

    def build(self, input_var: Any = None) -> Any:
        """Build the Lasagne layers and return the output layer; imports Lasagne."""
        return self._build(input_var)

    def parameter_shapes(self) -> tuple[Shape, ...]:
        """Return the shapes of all parameters, in the order of Lasagne's `get_all_params`."""
        return self._shapes


def parse_network(text: str) -> NetworkSpec:
    """Find out which network a text names.

    Parameters
    ----------
    text
        ``"mlp"``, ``"mlp:DROPOUT"``, ``"cnn"``, ``"deep_cnn"`` or
        ``"custom_mlp:DEPTH,WIDTH,DROP_IN,DROP_HID"``, the numbers optional from the right (2,
        800, 0.2 and 0.5 where left out).

    Returns
    -------
    NetworkSpec

    Raises
    ------
    NetworkError
        No such network, or a number out of range. The sentence lists what exists.
    """
    name, _, arguments = text.strip().partition(":")
    if name == "mlp":
        return _parse_mlp(text, arguments)
    if name == "cnn" and not arguments:
        shapes = ((32, 1, 5, 5), (32,), (32, 32, 5, 5), (32,), *_dense_shapes([512, 256, 10]))
        return NetworkSpec("cnn", "CNN, two 5×5 convolutions", _cnn, shapes)
    if name == "deep_cnn" and not arguments:
        shapes = (
            *((32, 1, 5, 5), (32,), (64, 32, 3, 3), (64,), (128, 64, 3, 3), (128,)),
            *_dense_shapes([2048, 256, 10]),
        )
        return NetworkSpec("deep_cnn", "CNN, three convolutions", _deep_cnn, shapes)
    if name == "custom_mlp":
        return _parse_custom_mlp(text, arguments)
    listing = "; ".join(f"{name} ({meaning})" for name, meaning in NETWORKS.items())
    raise NetworkError(f"There is no network {text!r}. There are: {listing}.")


def _parse_mlp(text: str, arguments: str) -> NetworkSpec:
    try:
        dropout = float(arguments or 0.4)
    except ValueError:
        dropout = -1.0
    if not 0 <= dropout < 1:
        raise NetworkError(
            f"The network {text!r} cannot be built: its dropout must be a number from 0 up to, "
            "not including, 1, as in mlp:0.2. The tutorial's is 0.4."
        )

    def build(input_var: Any) -> Any:
        from mnist_draw.networks.mlp import build_mlp

        return build_mlp(input_var, dropout)

    canonical = "mlp" if dropout == 0.4 else f"mlp:{_shortest(dropout)}"
    return NetworkSpec(
        canonical, "Tutorial MLP 784–500–300–10", build, _dense_shapes([784, 500, 300, 10])
    )


def _parse_custom_mlp(text: str, arguments: str) -> NetworkSpec:
    values = ["2", "800", "0.2", "0.5"]
    given = [part.strip() for part in arguments.split(",")] if arguments.strip() else []
    fault = None
    if len(given) > 4:
        fault = f"{len(given)} numbers are too many"
    values[: len(given)] = given[:4]
    try:
        depth, width = int(values[0]), int(values[1])
        drop_input, drop_hidden = float(values[2]), float(values[3])
    except ValueError:
        fault = fault or "one of them is no number"
    else:
        if not 0 <= depth <= 10:
            fault = fault or f"DEPTH is {depth}"
        elif not 1 <= width <= 10_000:
            fault = fault or f"WIDTH is {width}"
        elif not (0 <= drop_input < 1 and 0 <= drop_hidden < 1):
            fault = fault or f"dropout is {values[2]} and {values[3]}"
    if fault:
        raise NetworkError(
            f"The network {text!r} cannot be built: {fault}. It takes DEPTH hidden layers "
            "(0 to 10), their WIDTH (1 to 10,000 units), and the shares DROP_IN and DROP_HID "
            "left out in training (0 up to, not including, 1), as in custom_mlp:2,800,0.2,0.5."
        )

    def build(input_var: Any) -> Any:
        from mnist_draw.networks.mlp import build_custom_mlp

        return build_custom_mlp(input_var, depth, width, drop_input, drop_hidden)

    return NetworkSpec(
        f"custom_mlp:{depth},{width},{_shortest(drop_input)},{_shortest(drop_hidden)}",
        "MLP 784" + f"–{width}" * depth + "–10",
        build,
        _dense_shapes([784, *[width] * depth, 10]),
    )


def _shortest(share: float) -> str:
    """Write a number so that reading it gives the same: 0 rather than 0.0."""
    short = f"{share:g}"
    return short if float(short) == share else repr(share)


def _dense_shapes(units: list[int]) -> tuple[Shape, ...]:
    shapes: list[Shape] = []
    for inputs, outputs in pairwise(units):
        shapes += [(inputs, outputs), (outputs,)]
    return tuple(shapes)


def _cnn(input_var: Any) -> Any:
    from mnist_draw.networks.cnn import build_cnn

    return build_cnn(input_var)


def _deep_cnn(input_var: Any) -> Any:
    from mnist_draw.networks.cnn import build_deep_cnn

    return build_deep_cnn(input_var)
