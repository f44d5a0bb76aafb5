"""The five stages of a step in words and in code: the tutorial's lines, what Theano computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_draw.app.inside.rows_view import Code
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.dataset.classes import with_article
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import Convolution, MaxPooling
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES

if TYPE_CHECKING:
    from mnist_draw.analysis.network_probe import Layer


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


@dataclass(frozen=True)
class CodeLine:
    """A line of code: the stage it belongs to (0: none), and what is in it."""

    stage: int
    text: str


def tutorial_lines(settings: TrainingSettings) -> list[CodeLine]:
    size, rate = settings.batch_size, f"{settings.learning_rate:g}"
    penalty = []
    if settings.l2:
        penalty = [
            CodeLine(3, f"loss += {settings.l2:g} * regularize_network_params("),
            CodeLine(3, "    network, l2)"),
        ]
    return [
        CodeLine(1, "for inputs, targets in iterate_minibatches("),
        CodeLine(1, f"        X_train, y_train, {size}, shuffle=True):"),
        CodeLine(2, "prediction = get_output(network, input_var)"),
        CodeLine(3, "loss = categorical_crossentropy("),
        CodeLine(3, "    prediction, target_var).mean()"),
        *penalty,
        CodeLine(4, "grads = theano.grad(loss, params)"),
        CodeLine(5, f"updates = {settings.update}(loss, params, {rate})"),
        CodeLine(0, f"theano.grad is called inside {settings.update}."),
    ]


def lines_title(lines: Sequence[CodeLine]) -> str:
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
class _Product:
    """One layer with weights in a step's formulas: what it reads, and the values between."""

    #: From 1 on.
    number: int
    convolves: bool
    activation: str
    #: The name of its input, after dropout.
    source: str
    #: Dropout's factor of its input, such as ``" · m2/0.6"``, and the value that it is put on.
    mask: str
    dropped: str
    #: Side of the pooling between the layer before and this one; 0 for none.
    pooled: int


def _products(shown: Shown) -> list[_Product]:
    """Return the layers with weights, with the poolings and dropout masks before each."""
    found: list[_Product] = []
    value, pooled, activation = "x", 0, ""
    for operation in parse_network(shown.settings.network).operations:
        if isinstance(operation, MaxPooling):
            value, pooled = f"q{len(found)}", operation.side
            continue
        place, number = len(found), len(found) + 1
        mask = _mask(shown, place)
        source = f"d{place}" if mask else value
        activation = shown.layers[place].activation
        convolves = isinstance(operation, Convolution)
        found.append(_Product(number, convolves, activation, source, mask, value, pooled))
        value, pooled = f"h{number}", 0
    return found


def _mask(shown: Shown, place: int) -> str:
    if place not in shown.mask_places:
        return ""
    number = shown.mask_places.index(place)
    return f" · m{number + 1}/{shown.retained[number]:g}"


def _forward(shown: Shown, followed: int) -> list[Code]:
    count = (len(shown.figures.losses),)
    found: list[Code] = []
    products = _products(shown)
    for product in products:
        n, layer = product.number, shown.layers[product.number - 1]
        incoming, shape = _shape(count + layer.incoming), _shape(count + layer.shape)
        if product.pooled:
            before = f"h{n - 1}, {product.pooled}"
            found.append(Code(f"q{n - 1} = pool({before})", incoming))
        if product.mask:
            found.append(Code(f"{product.source} = {product.dropped}{product.mask}", incoming))
        call = f"{'conv' if product.convolves else 'dot'}({product.source}, W{n})"
        found.append(Code(f"z{n} = {call} + b{n}", shape, n - 1 == followed))
        output = "p = softmax" if product is products[-1] else f"h{n} = {product.activation}"
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
    products = _products(shown)
    found = [Code(f"dz{len(products)} = (p − onehot(y)) / {count}", f"{count} × {classes}")]
    for product in reversed(products):
        n, layer = product.number, shown.layers[product.number - 1]
        weights, back = f"dot({product.source}.T, dz{n})", f"dot(dz{n}, W{n}.T)"
        if product.convolves:
            weights, back = f"conv_wrt_W({product.source}, dz{n})", f"conv_wrt_x(dz{n}, W{n})"
        text = f"gW{n} = {weights}{_penalty(shown, f' + 2·{{:g}}·W{n}')}"
        found.append(Code(text, _shape(layer.W.shape), n - 1 == followed))
        if n == 1:
            continue
        before = shown.layers[n - 2]
        back += product.mask
        if product.pooled:
            text = f"dq{n - 1} = {back}"
            found.append(Code(text, _shape((count, *layer.incoming))))
            back = f"unpool(dq{n - 1}, h{n - 1}, {product.pooled})"
        activation = products[n - 2].activation
        slope = f"(z{n - 1} > 0)" if activation == "rectify" else f"{activation}'(z{n - 1})"
        shape = _shape((count, *before.shape))
        found.append(Code(f"dz{n - 1} = {back} · {slope}", shape))
    return found


def _update(shown: Shown, followed: int) -> list[Code]:
    shape = _shape(shown.layers[followed].W.shape)
    formulas = UPDATE_RULES[shown.settings.update].formulas
    return [Code(text, shape, text.startswith("W =")) for text in formulas]


def _penalty(shown: Shown, words: str) -> str:
    """Return what the L2 penalty adds, if there is one."""
    return words.format(shown.settings.l2) if shown.settings.l2 else ""


def _count_products(layers: Sequence[Layer]) -> str:
    """Return what is multiplied in a pass, such as ``"3 convolutions and 2 matrix products"``."""
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
    rule, layers = shown.settings.update, shown.layers
    if stage == 1:
        return (
            "An epoch is as many steps as it takes to see every training picture once. Dropout "
            "draws anew for each picture and each step."
        )
    if stage == 2:
        together = ", for all pictures at once" if len(shown.figures.losses) > 1 else ""
        return f"{_count_products(layers)} forwards{together}."
    if stage == 3:
        return (
            "No temperature here: it is set after training, so that the network is as sure as it "
            "is right."
        )
    if stage == 4:
        words = (
            f"{2 * len(layers) - 1} products backwards, twice as many as forwards less one: the "
            "pixels need no gradient."
        )
        if shown.phases > 1:
            words += (
                f" Compiled, the whole step is {shown.phases} pieces of work, one after the other; "
                "within a piece the processor's cores need not wait for each other."
            )
        return words
    source = (
        f"{shown.filling} minibatches that were learnt at the rate 0" if shown.filling
        else "the checkpoint of the network's own run"
    )  # fmt: skip
    moved = _describe_moved(shown)
    if not UPDATE_RULES[rule].accumulators:
        return f"A weight moves against its gradient, times the learning rate.{moved}"
    return f"What {rule} remembers is from {source}.{moved}"


def _describe_moved(shown: Shown) -> str:
    moved, black = shown.moved_shares
    if moved != moved:
        return ""
    others = "the other pictures and what is remembered move them"
    return (
        f" {100 * moved:.0f} % of the first layer's weights moved; {100 * black:.0f} % of those "
        f"are from pixels that are black in your picture: {others}."
    )
