"""The five stages of a step in words and in code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
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
        _("What each number should do to lower the loss"),
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
class _Formulas:
    """What a kind of layer computes: $n is its number, $x what it reads.

    $more are stride and padding, $filters and $maps the sides that do not follow from the others.
    """

    sums: str
    #: The derivatives of the loss: by its weights, by its biases, by what it reads.
    weights: str
    biases: str
    inputs: str


_DENSE = _Formulas(
    "dot($x, W$n) + b$n",
    "dot($x.T, dz$n)",
    "dz$n.sum(axis=0)",
    "dot(dz$n, W$n.T)",
)
_CONVOLUTION = _Formulas(
    "conv($x, W$n$more) + b$n[:, None, None]",
    "conv_wrt_W($x, dz$n$filters$more)",
    "dz$n.sum(axis=(0, 2, 3))",
    "conv_wrt_x(dz$n, W$n$maps$more)",
)


@dataclass(frozen=True)
class _Step:
    """What is made of a layer's outputs before the next layer reads them."""

    name: str
    formula: str
    shape: str
    #: The derivative by what it is made of, $d being that by itself.
    back: str
    #: Whether $d gets a name of its own.
    is_named: bool = True


@dataclass(frozen=True)
class _Source:
    """What a layer with weights reads in a step's formulas."""

    name: str
    #: How it is made of the output of the layer before: pooled, left out in part, flattened.
    steps: tuple[_Step, ...]


def _sources(shown: Explained) -> list[_Source]:
    """Return what each layer with weights reads; dense layers read rows of numbers."""
    found: list[_Source] = []
    steps: list[_Step] = []
    name = "x"
    pooled = 0
    count = len(shown.figures.losses)
    shape: tuple[int, ...] = (count, 1, SIDE, SIDE)
    for operation in parse_network(shown.settings.network).operations:
        shape = (count, *operation.output_shape(shape[1:]))
        if isinstance(operation, MaxPooling):
            pooled += 1
            size = f"{name}, {operation.side}"
            size += f", stride={operation.stride}" if operation.stride else ""
            pool = _Step(f"q{pooled}", f"pool({size})", _shape(shape), f"unpool($d, {size})")
            steps.append(pool)
            name = pool.name
            continue
        place = len(found)
        layer = shown.layers[place]
        read = (count, *layer.incoming)
        if place in shown.retained:
            mask = f"m{1 + list(shown.retained).index(place)}/{shown.retained[place]:g}"
            step = _Step(f"d{place}", f"{name} · {mask}", _shape(read), f"$d · {mask}", False)
            steps.append(step)
            name = f"d{place}"
        if len(read) > 2 and not layer.convolves:
            flat = (count, len(layer.W))
            back = f"$d.reshape({name}.shape)"
            steps.append(_Step(f"f{place}", f"{name}.reshape{flat}", _shape(flat), back))
            name = f"f{place}"
        found.append(_Source(name, tuple(steps)))
        steps = []
        name = f"h{place + 1}"
    return found


def _fill(template: str, **names: object) -> str:
    return Template(template).substitute(names)


def _formulas_of(layer: Layer) -> _Formulas:
    if not layer.convolves:
        return _DENSE
    stride = f", stride={layer.stride}" if layer.stride > 1 else ""
    padding = f", pad={layer.padding}" if layer.padding else ""
    filters = maps = ""
    if stride or padding:
        filters = f", side={layer.W.shape[-1]}"
        maps = f", side={layer.incoming[-1]}"
    sizes = {"more": stride + padding, "filters": filters, "maps": maps}
    formulas = (Template(text).safe_substitute(sizes) for text in astuple(_CONVOLUTION))
    return _Formulas(*formulas)


def _forward(shown: Explained) -> list[Code]:
    found: list[Code] = []
    for n, (source, layer) in enumerate(zip(_sources(shown), shown.layers, strict=True), 1):
        found += [Code(f"{each.name} = {each.formula}", each.shape) for each in source.steps]
        shape = _shape((len(shown.figures.losses), *layer.shape))
        sums = _fill(_formulas_of(layer).sums, n=n, x=source.name)
        output = "p = softmax" if n == len(shown.layers) else f"h{n} = {layer.activation}"
        found.append(Code(f"z{n} = {sums}", shape))
        found.append(Code(f"{output}(z{n})", shape))
    return found


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
    count = len(shown.figures.losses)
    last = len(shown.layers)
    penalty = f" + 2·{_typed(shown.settings.l2)}·W$n" if shown.settings.l2 else ""
    errors = f"(p − onehot(y)) / {count}"
    found = []
    for n, source in reversed(list(enumerate(_sources(shown), 1))):
        layer = shown.layers[n - 1]
        formulas = _formulas_of(layer)
        weights = _fill(formulas.weights + penalty, n=n, x=source.name)
        found += [
            Code(f"dz{n} = {errors}", _shape((count, *layer.shape)), n == last),
            Code(f"gW{n} = {weights}", _shape(layer.W.shape)),
            Code(f"gb{n} = {_fill(formulas.biases, n=n)}", _shape(layer.b.shape)),
        ]
        if n == 1:
            # The pixels need no derivative.
            break
        errors = _fill(formulas.inputs, n=n)
        for step in reversed(source.steps):
            if step.is_named:
                found.append(Code(f"d{step.name} = {errors}", step.shape))
                errors = f"d{step.name}"
            errors = _fill(step.back, d=errors)
        errors = f"{errors} · {_slope(shown.layers[n - 2], n - 1)}"
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
            "A minibatch of the run has {size} pictures, here it has {count}.",
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
            "No temperature here: it is set after training, so that the network is as sure as it "
            "is right.",
        ),
        backwards,
        "",
    )[stage - 1]
