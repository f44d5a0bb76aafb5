"""The five stages of a step in words and in code: the tutorial's lines, what Theano computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.dataset.classes import with_article
from mnist_draw.training.updates import UPDATE_RULES

if TYPE_CHECKING:
    from mnist_draw.analysis.network_probe import Layer
    from mnist_draw.training.settings import TrainingSettings


@dataclass(frozen=True)
class Stage:
    """One stage."""

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
    Stage("Update", "What moved, and what it brought", "Every weight goes a small step."),
)  # fmt: skip


@dataclass(frozen=True)
class CodeLine:
    """A line of code: the stage it belongs to (0: none), and what is in it."""

    stage: int
    text: str


@dataclass(frozen=True)
class Expression:
    """One expression that Theano computes, its shape, and whether it is the one to look at."""

    text: str
    shape: str
    marked: bool = False


def tutorial_lines(settings: TrainingSettings) -> list[CodeLine]:
    """Return the lines of the tutorial's program that a step consists of."""
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


def expressions(shown: Shown, stage: int, followed: int) -> list[Expression]:
    """Return what Theano computes in a stage."""
    makers = (_minibatch, _forward, _loss, _gradient, _update)
    return makers[stage - 1](shown, followed)


def _minibatch(shown: Shown, followed: int) -> list[Expression]:
    count = len(shown.figures.losses)
    found = [
        Expression("x = X_train[rows] / 256", f"{count} × 1 × 28 × 28", True),
        Expression("y = y_train[rows]", f"{count}"),
    ]
    for number, mask in enumerate(shown.figures.minibatch.masks, 1):
        share = float(mask.mean())
        found.append(Expression(f"m{number} = random < {share:.1f}", _shape(mask.shape)))
    return found


def _forward(shown: Shown, followed: int) -> list[Expression]:
    count, layers = len(shown.figures.losses), shown.layers
    found, source = [], "x"
    for place, layer in enumerate(layers):
        n = place + 1
        source = _dropped(shown, place, source)
        product = "conv" if layer.convolves else "dot"
        shape = _shape((count, *layer.shape))
        marked = place == followed
        found.append(Expression(f"z{n} = {product}({source}, W{n}) + b{n}", shape, marked))
        if place == len(layers) - 1:
            found.append(Expression(f"p = softmax(z{n})", shape))
        else:
            source = f"h{n}"
            found.append(Expression(f"{source} = {layer.activation}(z{n})", shape))
    return found


def _loss(shown: Shown, followed: int) -> list[Expression]:
    count, classes = len(shown.figures.losses), len(shown.figures.p)
    return [
        Expression("p = exp(z) / exp(z).sum(axis=1)", f"{count} × {classes}"),
        Expression("l = −log(p[i, y[i]])", f"{count}", True),
        Expression(f"loss = l.mean(){_penalty(shown, ' + {:g}·Σ W²')}", "one number"),
    ]


def _gradient(shown: Shown, followed: int) -> list[Expression]:
    count, layers = len(shown.figures.losses), shown.layers
    last = len(layers)
    classes = len(shown.figures.p)
    found = [Expression(f"dz{last} = (p − onehot(y)) / {count}", f"{count} × {classes}")]
    for place in range(last - 1, -1, -1):
        layer, n = layers[place], place + 1
        source = "x" if place == 0 else f"h{place}"
        product = "conv" if layer.convolves else "dot"
        text = f"gW{n} = {product}({source}.T, dz{n})" + _penalty(shown, f" + 2·{{:g}}·W{n}")
        found.append(Expression(text, _shape(layer.W.shape), place == followed))
        if place:
            before = layers[place - 1]
            mask = "" if place not in shown.mask_places else " · m/keep"
            slope = f"(z{place}>0)" if before.activation == "rectify" else f"f'(z{place})"
            text = f"dz{place} = {product}(dz{n}, W{n}.T){mask} · {slope}"
            found.append(Expression(text, _shape((count, *before.shape))))
    return found


def _update(shown: Shown, followed: int) -> list[Expression]:
    shape = _shape(shown.layers[followed].W.shape)
    formulas = UPDATE_RULES[shown.settings.update].formulas
    return [Expression(text, shape, text.startswith("W =")) for text in formulas]


def _penalty(shown: Shown, words: str) -> str:
    """Return what the L2 penalty adds, if there is one."""
    return words.format(shown.settings.l2) if shown.settings.l2 else ""


def _dropped(shown: Shown, place: int, source: str) -> str:
    if place not in shown.mask_places:
        return source
    number = shown.mask_places.index(place)
    share = float(shown.figures.minibatch.masks[number].mean())
    return f"{source}·m{number + 1}/{share:.1f}"


def _shape(sizes: Sequence[int]) -> str:
    return " × ".join(f"{size:,}" for size in sizes)


def taught(name: str) -> str:
    """Return a class with its article where it is a digit: ``an 8``, ``class 3``."""
    return with_article(name) if name.isdigit() else name


def stage_figures(shown: Shown) -> list[str]:
    """Return what the five buttons say."""
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
        f"yours {figures.losses[0]:.2f}, mean {figures.losses.mean():.3f}",
        f"{numbers:,} numbers",
        f"loss {figures.losses.mean():.4f} → {figures.losses_after.mean():.4f}",
    ]


def stage_sentence(shown: Shown, stage: int, layers: Sequence[Layer]) -> str:
    """Return a sentence or two about what a stage costs or does not do."""
    products = len(layers)
    rule = shown.settings.update
    if stage == 1:
        return (
            "An epoch is as many steps as it takes to see every training picture once. Dropout "
            "draws anew for each picture and each step."
        )
    if stage == 2:
        together = ", for all pictures at once" if len(shown.figures.losses) > 1 else ""
        return f"{products} matrix products forwards{together}."
    if stage == 3:
        return (
            "No temperature here: it is set after training, so that the network is as sure as it "
            "is right."
        )
    if stage == 4:
        words = f"{2 * products - 1} products backwards; {products} went forwards."
        if shown.phases > 1:
            words += (
                f" The whole step runs in {shown.phases} phases: only between them do the "
                "processor's cores wait for each other."
            )
        return words
    source = (
        f"{shown.filling} minibatches that were learnt at the rate 0" if shown.filling
        else "the checkpoint of the network's own run"
    )  # fmt: skip
    if not UPDATE_RULES[rule].accumulators:
        return "Every weight moves against its gradient, times the learning rate."
    return f"What {rule} remembers is from {source}."
