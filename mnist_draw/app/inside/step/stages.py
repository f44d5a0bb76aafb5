"""The five stages of a step in words and in code, and one weight that is followed through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mnist_draw.app.inside.rows_view import Code, Heading, Line, Picture, PictureRow, Row
from mnist_draw.app.inside.step.step_learner import Shown
from mnist_draw.dataset.classes import with_article
from mnist_draw.library.network_data import class_name
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import MaxPooling
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES

if TYPE_CHECKING:
    from mnist_draw.analysis.network_probe import Layer
    from mnist_draw.analysis.step_effects import Weight

#: Lines of the card below the picture, and the side of its pictures in logical pixels.
LINES, _SIDE = 9, 56.0


def number(value: float) -> str:
    """Return a figure with four significant digits: ``"−0.006370"``, ``"1.2e−07"``."""
    kind = ".2e" if 0 < abs(value) < 1e-4 else "#.4g"
    return f"{value:{kind}}".replace("-", "−")


def weight_title(shown: Shown, weight: Weight) -> str:
    layers, last = shown.layers, len(shown.layers) - 1
    if weight.layer == 0:
        row, column = divmod(weight.source % 784, 28)
        source = f"pixel {row}, {column}"
    else:
        before = layers[weight.layer - 1]
        source = f"unit {weight.source:,} of {before.name}"
        if before.convolves:
            source = f"number {weight.source:,} of {before.name}"
    if weight.layer == last:
        name = class_name(shown.task.model, weight.unit)
        return f"from {source} to {'the ' if name.isdecimal() else ''}{name}"
    return f"from {source} to unit {weight.unit:,} of {layers[weight.layer].name}"


def weight_rows(shown: Shown, weight: Weight, stage: int) -> list[Line]:
    from mnist_draw.analysis.step_effects import accumulators_of

    figures, layer, place = shown.figures, weight.layer, (weight.source, weight.unit)
    before, after = (float(v[2 * layer][place]) for v in (figures.before, figures.after))
    given = float(figures.x[layer].ravel()[weight.source])
    rows = [Line("the weight now", number(before))]
    if stage >= 2:
        made = f"{given:.3g} × {number(before)}"
        rows.append(Line("what it carries: output × weight", number(given * before), made))
    if stage >= 4:
        pull = -float(figures.delta[layer][weight.unit])
        words, made = "pull on the sum", number(pull)
        if layer == len(shown.layers) - 1:
            target, p = int(weight.unit == figures.label), figures.p[weight.unit]
            words, made = "(target − p)", f"({target} − {p:.3f})"
        words = f"your picture pulls: output × {words}"
        rows.append(Line(words, number(given * pull), f"{given:.3g} × {made}"))
        gradient = float(figures.gradients[2 * layer][place])
        rows += _gradient_rows(shown, before, gradient)
    if stage >= 5:
        names = UPDATE_RULES[shown.settings.update].accumulators
        for name, (old, new) in zip(names, accumulators_of(figures, weight), strict=False):
            name += describe_filled(shown, name)
            rows.append(Line(name, f"→ {number(new)}", number(old)))
        rows.append(Line("the step", number(after - before)))
        rows.append(Line("the weight afterwards", number(after)))
    return rows


def _gradient_rows(shown: Shown, weight: float, gradient: float) -> list[Line]:
    """Say what the pull is the sum of: minus the gradient, as in the picture above."""
    count, l2 = len(shown.figures.losses), shown.settings.l2
    mean = f"mean pull of all {count:,}"
    if not l2:
        words = "it is alone" if count == 1 else mean
        return [Line(f"{words}: minus the gradient", number(-gradient))]
    penalty = 2 * l2 * weight
    rows = [] if count == 1 else [Line(mean, number(penalty - gradient))]
    return [
        *rows,
        Line("L2 pulls towards 0", number(-penalty), f"−2 × {l2:g} × {number(weight)}"),
        Line("minus the gradient: the sum of both", number(-gradient)),
    ]


def describe_filled(shown: Shown, accumulator: str) -> str:
    """Say how much of a mean an accumulator holds after minibatches that filled it from 0."""
    rule = UPDATE_RULES[shown.settings.update]
    values = {**rule.parameters, **shown.settings.update_parameters}
    decay = values.get(rule.accumulators[accumulator])
    if not shown.filling or decay is None:
        return ""
    share = 1 - decay ** (shown.filling + shown.figures.number + 1)
    return "" if share > 0.5 else f", {100 * share:.1f} % full"


def weight_view_rows(shown: Shown | None, weight: Weight | None, stage: int) -> list[Row]:
    """Return what is known of the weight after a stage; in stage 4 also of a whole unit's."""
    if shown is None or weight is None:
        return []
    rows: list[Row] = [Heading("One weight, followed", weight_title(shown, weight))]
    rows += weight_rows(shown, weight, stage)
    return rows + (_unit_rows(shown) if stage == 4 else [])


def _unit_rows(shown: Shown) -> list[Row]:
    """Show what the picture asks of all weights of the first layer's unit it moves most."""
    figures, first = shown.figures, shown.layers[0]
    if first.convolves or len(shown.layers) == 1:
        return []
    unit = int(np.abs(figures.delta[0]).argmax())
    # The step goes against the derivative: what is to grow is for.
    pull = -float(figures.delta[0][unit])
    given = figures.x[0].reshape(28, 28)
    words = f"× {number(pull)} = its pull at the 784 weights of unit {unit}: none from black"
    return [
        PictureRow(
            "your picture", Picture(given), words, (), Picture(pull * given, signed=True), _SIDE
        )
    ]


@dataclass(frozen=True)
class Stage:
    title: str
    heading: str
    meaning: str


STAGES = (
    Stage("Minibatch", "What is learnt in this step", "Which pictures the step learns from."),
    Stage("Forward", "What the network makes of it", "The picture goes through the network."),
    Stage("Loss", "How wrong is that?", "How much the answer differs from the label."),
    Stage(
        "Gradient", "What each number should do to lower the loss",
        "The error goes back through the same weights.",
    ),
    Stage("Update", "What moved, and what it brought", "Weights go a small step."),
)  # fmt: skip


def tutorial_lines(settings: TrainingSettings) -> list[tuple[int, str]]:
    """Return the lines of a step, each with the stage that it belongs to; 0: none."""
    size, rate = settings.batch_size, f"{settings.learning_rate:g}"
    penalty = []
    if settings.l2:
        penalty = [
            (3, f"loss += {settings.l2:g} * regularize_network_params("),
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
        (0, f"theano.grad is called inside {settings.update}."),
    ]


def lines_title(lines: Sequence[tuple[int, str]]) -> str:
    """Return the title of a step's lines: they are the tutorial's with its settings alone."""
    same = list(lines) == tutorial_lines(TrainingSettings())
    return "The tutorial's lines" if same else "The lines of this step"


def expressions(shown: Shown, stage: int, followed: int) -> list[Code]:
    makers = (_minibatch, _forward, _loss, _gradient, _update)
    return makers[stage - 1](shown, followed)


def _minibatch(shown: Shown, followed: int) -> list[Code]:
    count = len(shown.figures.losses)
    found = [
        Code("x = X_train[rows] / 256", f"{count} × 1 × 28 × 28", True),
        Code("y = y_train[rows]", f"{count}"),
    ]
    for number, mask in enumerate(shown.figures.minibatch.masks):
        text = f"m{number + 1} = random < {shown.retained[number]:g}"
        found.append(Code(text, _shape(mask.shape)))
    return found


@dataclass(frozen=True)
class _Source:
    """What a layer with weights reads in a step's formulas, and how that is made."""

    #: The name of its input, after dropout.
    name: str
    #: Dropout's factor of its input, such as ``" · m2/0.6"``, and the value that it is put on.
    mask: str
    dropped: str
    #: Side of the pooling between the layer before and this one; 0 for none.
    pooled: int


def _sources(shown: Shown) -> list[_Source]:
    """Return what each layer with weights reads, with the poolings and dropout masks before it."""
    found: list[_Source] = []
    value, pooled = "x", 0
    for operation in parse_network(shown.settings.network).operations:
        place = len(found)
        if isinstance(operation, MaxPooling):
            value, pooled = f"q{place}", operation.side
            continue
        name, mask = value, ""
        if place in shown.mask_places:
            number = shown.mask_places.index(place)
            name, mask = f"d{place}", f" · m{number + 1}/{shown.retained[number]:g}"
        found.append(_Source(name, mask, value, pooled))
        value, pooled = f"h{place + 1}", 0
    return found


def _forward(shown: Shown, followed: int) -> list[Code]:
    count = (len(shown.figures.losses),)
    found: list[Code] = []
    for n, (source, layer) in enumerate(zip(_sources(shown), shown.layers, strict=True), 1):
        incoming, shape = _shape(count + layer.incoming), _shape(count + layer.shape)
        if source.pooled:
            found.append(Code(f"q{n - 1} = pool(h{n - 1}, {source.pooled})", incoming))
        if source.mask:
            found.append(Code(f"{source.name} = {source.dropped}{source.mask}", incoming))
        call = f"{'conv' if layer.convolves else 'dot'}({source.name}, W{n})"
        found.append(Code(f"z{n} = {call} + b{n}", shape, n - 1 == followed))
        output = "p = softmax" if n == len(shown.layers) else f"h{n} = {layer.activation}"
        found.append(Code(f"{output}(z{n})", shape))
    return found


def _loss(shown: Shown, followed: int) -> list[Code]:
    count, classes = len(shown.figures.losses), len(shown.figures.p)
    return [
        Code("p = exp(z) / exp(z).sum(axis=1)", f"{count} × {classes}"),
        Code("l = −log(p[i, y[i]])", f"{count}", True),
        Code(f"loss = l.mean(){_penalty(shown, ' + {:g}·Σ W²')}", "one number"),
    ]


def _gradient(shown: Shown, followed: int) -> list[Code]:
    count, classes = len(shown.figures.losses), len(shown.figures.p)
    layers, sources = shown.layers, _sources(shown)
    found = [Code(f"dz{len(layers)} = (p − onehot(y)) / {count}", f"{count} × {classes}")]
    for n in range(len(layers), 0, -1):
        source, layer = sources[n - 1], layers[n - 1]
        weights, back = f"dot({source.name}.T, dz{n})", f"dot(dz{n}, W{n}.T)"
        if layer.convolves:
            weights, back = f"conv_wrt_W({source.name}, dz{n})", f"conv_wrt_x(dz{n}, W{n})"
        text = f"gW{n} = {weights}{_penalty(shown, f' + 2·{{:g}}·W{n}')}"
        found.append(Code(text, _shape(layer.W.shape), n - 1 == followed))
        if n == 1:
            break
        before, back = layers[n - 2], back + source.mask
        if source.pooled:
            found.append(Code(f"dq{n - 1} = {back}", _shape((count, *layer.incoming))))
            back = f"unpool(dq{n - 1}, h{n - 1}, {source.pooled})"
        slope = f"{before.activation}'(z{n - 1})"
        if before.activation == "rectify":
            slope = f"(z{n - 1} > 0)"
        found.append(Code(f"dz{n - 1} = {back} · {slope}", _shape((count, *before.shape))))
    return found


def _update(shown: Shown, followed: int) -> list[Code]:
    shape = _shape(shown.layers[followed].W.shape)
    formulas = UPDATE_RULES[shown.settings.update].formulas
    return [Code(text, shape, text.startswith("W =")) for text in formulas]


def _penalty(shown: Shown, words: str) -> str:
    return words.format(shown.settings.l2) if shown.settings.l2 else ""


def _count_products(layers: Sequence[Layer]) -> str:
    convolutions = sum(layer.convolves for layer in layers)
    parts = ((convolutions, "convolution"), (len(layers) - convolutions, "matrix product"))
    return " and ".join(f"{n} {what}{'s' * (n > 1)}" for n, what in parts if n)


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(f"{size:,}" for size in sizes)


def taught(name: str) -> str:
    """Return a class with its article where it is a digit: ``an 8``, ``class 3``."""
    return with_article(name) if name.isdigit() else name


def stage_figures(shown: Shown) -> list[str]:
    figures = shown.figures
    count = len(figures.losses)
    _, left_out, total = shown.left_out
    if not total:
        forward = "nothing is left out"
    else:
        what = "" if any(layer.convolves for layer in shown.layers) else "units "
        forward = f"{left_out:,} of {total:,} {what}left out"
    numbers = sum(value.size for value in figures.gradients)
    return [
        f"{count:,} pictures, yours first" if count > 1 else "yours alone",
        forward,
        f"yours {abs(figures.losses[0]):.2f}, mean {figures.losses.mean():.3f}",
        f"{numbers:,} numbers",
        f"loss {figures.losses.mean():.4f} → {figures.losses_after.mean():.4f}",
    ]


def stage_sentence(shown: Shown, stage: int) -> str:
    together = ", for all pictures at once" if len(shown.figures.losses) > 1 else ""
    pieces = ""
    if shown.phases > 1:
        pieces = (
            f" Compiled, the whole step is {shown.phases} pieces of work, one after the other; "
            "within a piece the processor's cores need not wait for each other."
        )
    return (
        "An epoch is as many steps as it takes to see every training picture once. In training, "
        "dropout draws anew for each picture and each step; here it keeps what it drew, so that "
        "steps can be compared.",
        f"{_count_products(shown.layers)} forwards{together}.",
        "No temperature here: it is set after training, so that the network is as sure as it is "
        "right.",
        f"{2 * len(shown.layers) - 1} products backwards, twice as many as forwards less one: the "
        f"pixels need no gradient.{pieces}",
        _describe_update(shown),
    )[stage - 1]


def _describe_update(shown: Shown) -> str:
    rule = shown.settings.update
    source = (
        f"{shown.filling} minibatches that were learnt at the rate 0" if shown.filling
        else "the checkpoint of the network's own run"
    )  # fmt: skip
    moved = _describe_moved(shown)
    if not UPDATE_RULES[rule].accumulators:
        return f"A weight moves against its gradient, times the learning rate.{moved}"
    full = ""
    if any(describe_filled(shown, name) for name in UPDATE_RULES[rule].accumulators):
        full = " A mean begins at 0: after so few it is full only in part."
    return f"What {rule} remembers is from {source}.{full}{moved}"


def _describe_moved(shown: Shown) -> str:
    moved, black = shown.moved_shares
    if moved != moved:
        return ""
    others = "the other pictures and what is remembered move them"
    return (
        f" {100 * moved:.0f} % of the first layer's weights moved; {100 * black:.0f} % of those "
        f"are from pixels that are black in your picture: {others}."
    )
