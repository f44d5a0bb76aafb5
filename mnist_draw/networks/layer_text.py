"""The text of a list of layers, as in ``layers:conv32x5,norm,pool2,/0.5,256@tanh``.

Entries go from the picture to the output, which is not among them, and are separated by commas:

- ``conv32x5``: a convolution with 32 filters of 5×5 pixels; then, if wanted, ``s2``, its stride,
  and ``p2``, its padding;
- ``pool2``: max pooling of 2×2 pixels; ``pool3s2`` with a stride of its own;
- ``norm``: batch normalization of the convolution or the dense layer before it;
- ``256``: a dense layer of 256 units;
- ``/0.5``: dropout of half of the values; behind a dense layer it needs no comma: ``256/0.5``.

``@`` and a name after a convolution or units is the activation, ReLU unless another is named.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mnist_draw.i18n import _, number
from mnist_draw.networks.operations import (
    ACTIVATIONS,
    SIDE,
    Convolution,
    Dense,
    Dropout,
    MaxPooling,
    NetworkLayer,
    Operation,
    Shape,
)

#: The most layers apart from dropout, units or filters in one, and pixels of a side, a stride or a
#: padding: more would only be slow to train.
MAX_LAYERS = 20
MAX_UNITS = 10_000
MAX_FILTERS = 1024
MAX_SIDE = SIDE
_CONVOLUTION = re.compile(r"conv(\d+)x(\d+)(?:s(\d+))?(?:p(\d+))?")
#: A comma between a dense layer and its dropout, which may be left out.
_BEHIND_UNITS = re.compile(r"(?:^|(?<=,))(\d+(?:@\w+)?),(?=/)")
_POOLING = re.compile(r"pool(\d+)(?:s(\d+))?")


def read_layers(text: str) -> tuple[NetworkLayer, ...]:
    """Read a list of layers without its output; ValueError says which entry is wrong."""
    layers: list[NetworkLayer] = []
    for part in text.split(",") if text.strip() else ():
        entry, slash, share = (piece.strip() for piece in part.partition("/"))
        if entry == "norm":
            layers.append(_normalized(layers))
        elif entry or not slash:
            layers.append(read_entry(entry))
        if slash:
            layers.append(Dropout(as_share(share)))
    check_layers(layers)
    return tuple(layer for layer in layers if layer != Dropout(0.0))


@dataclass(frozen=True)
class EntryFigures:
    """What an entry gives, the shape of its output, and the number of its weights."""

    shape: Shape
    weights: int


def figures_of(entries: Sequence[str]) -> tuple[list[EntryFigures], str]:
    """Return the figures of the entries that fit each other, and what is wrong with the next."""
    found: list[EntryFigures] = []
    for count in range(1, len(entries) + 1):
        try:
            layers = read_layers(",".join(entries[:count]))
        except ValueError as error:
            return found, str(error)
        is_normalized = entries[count : count + 1] == ["norm"]
        found.append(_figures(entries[count - 1], layers, is_normalized))
    return found, ""


def _figures(entry: str, layers: Sequence[NetworkLayer], is_normalized: bool) -> EntryFigures:
    """Return the figures of the entry that ends some layers; a normalization has its biases."""
    shape: Shape = (1, SIDE, SIDE)
    shapes: tuple[Shape, ...] = ()
    for layer in layers:
        if not isinstance(layer, Dropout):
            shapes = layer.parameter_shapes(shape)
            shape = layer.output_shape(shape)
    if not shapes or entry.startswith("/"):
        return EntryFigures(shape, 0)
    weights, *beside = shapes
    # Of the four that a normalization has, two are learned.
    if entry == "norm":
        return EntryFigures(shape, 2 * beside[0][0])
    biases = 0 if is_normalized else beside[0][0]
    return EntryFigures(shape, math.prod(weights) + biases)


def _normalized(layers: list[NetworkLayer]) -> NetworkLayer:
    last = layers.pop() if layers else None
    if isinstance(last, Convolution | Dense) and not last.normalized:
        return replace(last, normalized=True)
    raise ValueError(_("batch normalization goes directly below a convolution or a dense layer"))


def read_entry(text: str) -> Operation:
    """Read one entry, neither dropout nor normalization; ValueError says what is wrong."""
    head, at, activation = (part.strip() for part in text.partition("@"))
    if at and activation not in ACTIVATIONS:
        raise ValueError(_("there is no activation {name!r}", name=activation))
    activation = activation or "rectify"
    if found := _CONVOLUTION.fullmatch(head):
        filters, side, stride, padding = (int(one or 0) for one in found.groups())
        return Convolution(filters, side, activation, stride or 1, padding)
    if (found := _POOLING.fullmatch(head)) and not at:
        side, stride = (int(one or 0) for one in found.groups())
        return MaxPooling(side, stride)
    if not head.isdecimal() or not 1 <= int(head) <= MAX_UNITS:
        raise ValueError(
            _(
                "the layer {text!r} is neither a number of units from 1 to {most} nor one of "
                "conv32x5, pool2, norm and /0.5",
                text=text,
                most=number(MAX_UNITS),
            ),
        )
    return Dense(int(head), activation)


def check_layers(layers: Sequence[NetworkLayer]) -> None:
    """Check that layers fit each other; ValueError says which does not."""
    counted = [layer for layer in layers if not isinstance(layer, Dropout)]
    if len(counted) > MAX_LAYERS:
        raise ValueError(_("{count} layers are too many", count=len(counted)))
    shape: Shape = (1, SIDE, SIDE)
    for layer in counted:
        assert not isinstance(layer, Dropout)
        if not isinstance(layer, Dense):
            _check_picture(layer, shape)
        shape = layer.output_shape(shape)


def _check_picture(layer: Convolution | MaxPooling, shape: Shape) -> None:
    """Check a layer that needs a picture, which has the shape (channels, height, width)."""
    name = entry_of(layer)
    if len(shape) < 3:
        raise ValueError(_("{name} needs a picture: put it above the dense layers", name=name))
    filters = layer.filters if isinstance(layer, Convolution) else 1
    if not 1 <= filters <= MAX_FILTERS:
        raise ValueError(
            _("{name} needs 1 to {most} filters", name=name, most=number(MAX_FILTERS)),
        )
    padding = layer.padding if isinstance(layer, Convolution) else 0
    if not 1 <= layer.side <= MAX_SIDE or layer.stride > MAX_SIDE or padding >= layer.side:
        raise ValueError(
            _(
                "{name} needs a side and a stride from 1 to {most} pixels, and a padding below its "
                "side",
                name=name,
                most=MAX_SIDE,
            ),
        )
    height = shape[1]
    if height + 2 * padding < layer.side:
        raise ValueError(
            _(
                "the picture is {height}×{height} at {name}: smaller than {side}×{side}",
                height=height,
                name=name,
                side=layer.side,
            ),
        )


def entries_of(layers: Sequence[NetworkLayer]) -> list[str]:
    """Return an entry for each layer, without the output, and each normalization."""
    entries: list[str] = []
    for layer in layers:
        entries.append(entry_of(layer))
        if isinstance(layer, Convolution | Dense) and layer.normalized:
            entries.append("norm")
    return entries


def text_of(layers: Sequence[NetworkLayer]) -> str:
    """Return the text of a list of layers without its output; `read_layers` reads it."""
    text = ",".join(entries_of(layers))
    return _BEHIND_UNITS.sub(r"\1", text)


def entry_of(layer: NetworkLayer) -> str:
    """Return the entry of one layer, without its normalization."""
    match layer:
        case Dropout():
            return f"/{shortest(layer.share)}"
        case MaxPooling():
            return f"pool{layer.side}" + (f"s{layer.stride}" if layer.stride else "")
        case Dense():
            return f"{layer.units}{_activation_text(layer.activation)}"
    stride = f"s{layer.stride}" if layer.stride != 1 else ""
    padding = f"p{layer.padding}" if layer.padding else ""
    size = f"conv{layer.filters}x{layer.side}"
    return f"{size}{stride}{padding}{_activation_text(layer.activation)}"


def _activation_text(name: str) -> str:
    return "" if name == "rectify" else f"@{name}"


def title_of(layers: Sequence[NetworkLayer], classes: int) -> str:
    """Return the title of a network: filters and units, unusual activations, normalization."""
    parts = []
    for layer in layers:
        if isinstance(layer, Convolution | Dense):
            units = layer.filters if isinstance(layer, Convolution) else layer.units
            usual = layer.activation == "rectify"
            words = [str(units), "" if usual else layer.activation]
            words.append("norm" if layer.normalized else "")
            parts.append(" ".join(filter(None, words)))
    convolves = any(isinstance(layer, Convolution) for layer in layers)
    first = "CNN " + parts.pop(0) if convolves else f"MLP {SIDE * SIDE}"
    return "–".join([first, *parts, str(classes)])


def as_share(text: str, name: str = "DROPOUT") -> float:
    """Read a share from 0 up to, not including, 1; raises ValueError."""
    try:
        value = float(text)
    except ValueError:
        if not text:
            raise ValueError(_("{name} is missing", name=name)) from None
        raise ValueError(_("{name} is {text}", name=name, text=text)) from None
    if not 0 <= value < 1:
        raise ValueError(_("{name} is {text}", name=name, text=text))
    return value


def shortest(value: float) -> str:
    """Write a number so that reading it gives the same: 0 rather than 0.0."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)
