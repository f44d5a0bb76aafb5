"""The five stages of a step in words and in code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

import numpy as np

from mnist_draw import i18n
from mnist_draw.analysis.network_probe import Layer
from mnist_draw.app.inside.rows_view import Code
from mnist_draw.app.inside.step.film_maker import Explained
from mnist_draw.i18n import _, counted, joined, pgettext
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import SIDE, MaxPooling
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES


def number(value: float) -> str:
    """Return a figure with four significant digits: ``"−0.006370"``, ``"1.210×10⁻⁷"``."""
    return i18n.number(value, "#.4g")


@dataclass(frozen=True)
class Stage:
    title: str
    heading: str
    meaning: str


STAGES = (
    Stage(
        _("Minibatch"),
        _("What is learned in this step"),
        _("Which pictures the step learns from."),
    ),
    Stage(
        pgettext("stage of a step", "Forward"),
        _("What the network makes of it"),
        _("The picture goes through the network."),
    ),
    Stage(
        _("Loss"),
        _("How wrong is that?"),
        _("How much the answer differs from the label."),
    ),
    Stage(
        _("Gradient"),
        _("How each number should change to lower the loss"),
        _("The error goes back through the same weights."),
    ),
    Stage(
        pgettext("stage of a step", "Update"),
        _("One weight, followed"),
        _("Each weight changes a little."),
    ),
)


def _typed(value: float) -> str:
    """Write a number as code does, without a power of ten: ``"0.00001"``."""
    return np.format_float_positional(value, trim="-")


def tutorial_lines(settings: TrainingSettings) -> list[tuple[int, str]]:
    """Return the lines of a step, each with the stage that it belongs to; 0: none."""
    size = settings.batch_size
    rate = _typed(settings.learning_rate)
    penalty = []
    if settings.l2:
        penalty = [
            (3, f"loss += {_typed(settings.l2)} * regularize_network_params("),
            (3, "    network, l2)"),
        ]
    return [
        (1, "for inputs, targets in iterate_minibatches("),
        (1, f"        X_train, y_train, {size}, shuffle=True):"),
        (2, "prediction = get_output(network, input_var)"),
        (3, "loss = categorical_crossentropy("),
        (3, "    prediction, target_var).mean()"),
        *penalty,
        (4, "grads = theano.grad(loss, params)"),
        (5, f"updates = {settings.update}(loss, params, {rate})"),
        (0, _("theano.grad is called inside {rule}.", rule=settings.update)),
    ]


def expressions(shown: Explained, stage: int) -> list[Code]:
    return (_minibatch, _forward, _loss, _gradient, _update)[stage - 1](shown)


def _minibatch(shown: Explained) -> list[Code]:
    count = len(shown.figures.losses)
    found = [
        Code("x = X_train[rows]", _shape((count, 1, 28, 28)), True),
        Code("y = y_train[rows]", _shape((count,))),
    ]
    masks = zip(shown.retained.values(), shown.figures.minibatch.masks, strict=True)
    for n, (retained, mask) in enumerate(masks, 1):
        found.append(Code(f"m{n} = random < {retained:g}", _shape(mask.shape)))
    return found


@dataclass(frozen=True)
class _Step:
    """One line of the way forward, and how the derivative of the loss goes back through it."""

    name: str
    formula: str
    shape: str
    #: The derivative by what the line reads; $d is that by what it gives.
    back: str = ""
    #: Whether $d gets a name of its own.
    is_named: bool = True
    #: The derivatives by weights and biases.
    gradients: tuple[Code, ...] = ()


def _steps(shown: Explained) -> list[_Step]:
    """Return the way from the pixels to the probabilities; dense layers read rows of numbers."""
    found: list[_Step] = []
    name = "x"
    number = pooled = 0
    count = len(shown.figures.losses)
    shape: tuple[int, ...] = (count, 1, SIDE, SIDE)
    for operation in parse_network(shown.settings.network).operations:
        shape = (count, *operation.output_shape(shape[1:]))
        if isinstance(operation, MaxPooling):
            pooled += 1
            size = f"{name}, {operation.side}"
            size += f", stride={operation.stride}" if operation.stride else ""
            name = f"q{pooled}"
            found.append(_Step(name, f"pool({size})", _shape(shape), f"unpool($d, {size})"))
            continue
        layer = shown.layers[number]
        read = (count, *layer.incoming)
        if number in shown.retained:
            mask = f"m{1 + list(shown.retained).index(number)}/{shown.retained[number]:g}"
            left = f"d{number}"
            found.append(_Step(left, f"{name} · {mask}", _shape(read), f"$d · {mask}", False))
            name = left
        if len(read) > 2 and not layer.convolves:
            flat = (count, len(layer.W))
            row = f"f{number}"
            back = f"$d.reshape({name}.shape)"
            found.append(_Step(row, f"{name}.reshape{flat}", _shape(flat), back))
            name = row
        number += 1
        sums, weights, biases, back = _formulas(layer, number, name)
        if shown.settings.l2:
            weights += f" + 2·{_typed(shown.settings.l2)}·W{number}"
        gradients = (
            Code(f"gW{number} = {weights}", _shape(layer.W.shape)),
            Code(f"gb{number} = {biases}", _shape(layer.b.shape)),
        )
        found.append(_Step(f"z{number}", sums, _shape(shape), back, gradients=gradients))
        if number < len(shown.layers):
            name = f"h{number}"
            slope = f"$d · {_slope(layer, number)}"
            output = f"{layer.activation}(z{number})"
            found.append(_Step(name, output, _shape(shape), slope, False))
    return [*found, _Step("p", f"softmax(z{number})", _shape(shape))]


def _formulas(layer: Layer, n: int, x: str) -> tuple[str, str, str, str]:
    """Return a layer's sums, and the derivatives by its weights, biases and what it reads."""
    if not layer.convolves:
        return (
            f"dot({x}, W{n}) + b{n}",
            f"dot({x}.T, dz{n})",
            f"dz{n}.sum(axis=0)",
            f"dot($d, W{n}.T)",
        )
    more = f", stride={layer.stride}" if layer.stride > 1 else ""
    more += f", pad={layer.padding}" if layer.padding else ""
    # Where they do not follow from the other sides.
    filters = f", side={layer.W.shape[-1]}" if more else ""
    maps = f", side={layer.incoming[-1]}" if more else ""
    return (
        f"conv({x}, W{n}{more}) + b{n}[:, None, None]",
        f"conv_wrt_W({x}, dz{n}{filters}{more})",
        f"dz{n}.sum(axis=(0, 2, 3))",
        f"conv_wrt_x($d, W{n}{maps}{more})",
    )


def _forward(shown: Explained) -> list[Code]:
    return [Code(f"{step.name} = {step.formula}", step.shape) for step in _steps(shown)]


def _loss(shown: Explained) -> list[Code]:
    count = len(shown.figures.losses)
    classes = len(shown.figures.p)
    powers = f"exp(z{len(shown.layers)})"
    penalty = f" + {_typed(shown.settings.l2)}·Σ W²" if shown.settings.l2 else ""
    return [
        Code(f"p = {powers} / {powers}.sum(axis=1, keepdims=True)", _shape((count, classes))),
        Code(f"l = −log(p[range({count}), y])", _shape((count,)), True),
        Code(f"loss = l.mean(){penalty}", _("one number")),
    ]


def _gradient(shown: Explained) -> list[Code]:
    errors = f"(p − onehot(y)) / {len(shown.figures.losses)}"
    found: list[Code] = []
    for step in reversed(_steps(shown)[:-1]):
        if step.is_named:
            found.append(Code(f"d{step.name} = {errors}", step.shape, not found))
            errors = f"d{step.name}"
        found += step.gradients
        if step.name == "z1":
            # The pixels need no derivative.
            break
        errors = Template(step.back).substitute(d=errors)
    return found


def _slope(layer: Layer, n: int) -> str:
    """Return the derivative of a layer's outputs by its sums."""
    if layer.activation == "rectify":
        # (z + |z|) / 2, as Lasagne writes it, has the slope 0.5 at 0: so sums of paper alone begin.
        return f"heaviside(z{n}, 0.5)"
    return f"{layer.activation}'(z{n})"


def _update(shown: Explained) -> list[Code]:
    whole = _shape(shown.layers[-1].W.shape)
    rule = UPDATE_RULES[shown.settings.update]
    shapes = (_("one number") if text.startswith("η'") else whole for text in rule.formulas)
    formulas = zip(rule.formulas, shapes, strict=True)
    return [Code(text, shape, text.startswith("W =")) for text, shape in formulas]


def whole_loss(shown: Explained, losses: np.ndarray, parameters: Sequence[np.ndarray]) -> str:
    """Format the loss that is minimised: the mean of the pictures', and the L2 penalty."""
    l2 = shown.settings.l2
    penalty = l2 * sum(float(np.square(W).sum()) for W in parameters[::2]) if l2 else 0.0
    loss = float(losses.mean()) + penalty
    return i18n.number(loss, ".4f") if loss >= 0.1 else number(loss)


def _count_products(layers: Sequence[Layer]) -> str:
    convolutions = sum(layer.convolves for layer in layers)
    dense = counted("{count} matrix product", "{count} matrix products", len(layers) - convolutions)
    if not convolutions:
        return dense
    # Translators: {products} is "2 matrix products".
    return counted(
        "{count} convolution and {products}",
        "{count} convolutions and {products}",
        convolutions,
        products=dense,
    )


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(i18n.number(size) for size in sizes)


def stage_figures(shown: Explained) -> list[str]:
    figures = shown.figures
    __, left_out, total = shown.left_out
    fields = {"out": i18n.number(left_out), "total": i18n.number(total)}
    forward = _("nothing is left out")
    if total:
        forward = _("{out} of {total} left out", **fields)
    mean = i18n.number(float(figures.losses.mean()), ".3f")
    update = _("at the end")
    if not shown.is_end:
        update = _("step {number}", number=i18n.number(figures.number + 1))
    return [
        counted("{count} picture", "{count} pictures", len(figures.losses)),
        forward,
        _("mean {loss}", loss=mean),
        counted("{count} number", "{count} numbers", sum(v.size for v in figures.gradients)),
        update,
    ]


def stage_sentence(shown: Explained, stage: int) -> str:
    products = _count_products(shown.layers)
    forwards = _("{products} forward.", products=products)
    if len(shown.figures.losses) > 1:
        forwards = _("{products} forward, for all pictures at once.", products=products)
    backwards = counted(
        "{count} product backward, twice as many as forward minus one: the pixels need "
        "no gradient.",
        "{count} products backward, twice as many as forward minus one: the pixels need "
        "no gradient.",
        2 * len(shown.layers) - 1,
    )
    size = shown.settings.batch_size
    count = len(shown.figures.losses)
    fewer = ""
    if size > count:
        fewer = _(
            "In the run, a minibatch has {size} pictures; here it has {count}.",
            size=i18n.number(size),
            count=i18n.number(count),
        )
    epoch = _(
        "An epoch is as many steps as it takes to see every training picture once. "
        "Dropout leaves out different units for each picture.",
    )
    return (
        joined(fewer, epoch),
        forwards,
        _(
            "No temperature here: it is set after training, so that the network is right as "
            "often as it says.",
        ),
        backwards,
        "",
    )[stage - 1]
