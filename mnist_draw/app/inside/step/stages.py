"""The five stages of a step in words and in code, and one weight that is followed through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_draw import i18n
from mnist_draw.analysis.network_probe import Layer
from mnist_draw.analysis.step_effects import Weight, accumulators_of
from mnist_draw.app.inside import rows_view
from mnist_draw.app.inside.rows_view import Code, Line, Row, format_figure
from mnist_draw.app.inside.step.step_learner import Shown
from mnist_draw.i18n import _, counted, joined, pgettext
from mnist_draw.library.network_data import class_name
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import MaxPooling
from mnist_draw.training.functions import layer_label
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES

#: The first stages, which are known before the step is compiled.
LOOKED_AT = 3
#: Side of the pictures below the stage, in logical pixels.
_SIDE = 48.0
#: A mean that holds so much is full.
_FULL = 0.9995


def number(value: float) -> str:
    """Return a figure with three or four significant digits: ``"−0.006370"``, ``"1.21 × 10⁻⁷"``."""
    spec = ".2e" if 0 < abs(value) < 1e-4 else "#.4g"
    return format_figure(value, spec)


def weight_title(shown: Shown, weight: Weight) -> str:
    """Name a weight by its ends: ``"unit 91 of hidden 2 → 9"``."""
    layers = shown.layers
    (row, column) = divmod(weight.source % 784, 28)
    source = _("pixel {row}, {column}", row=row, column=column)
    if weight.layer:
        source = _name_end(weight.source, layers[weight.layer - 1])
    target = class_name(shown.task.model, weight.unit)
    if weight.layer < len(layers) - 1:
        target = _name_end(weight.unit, layers[weight.layer])
    return _("{source} → {target}", source=source, target=target)


def _name_end(place: int, layer: Layer) -> str:
    fields = {"number": i18n.number(place), "layer": layer_label(layer.name)}
    if layer.convolves:
        return _("number {number} of {layer}", **fields)
    return _("unit {number} of {layer}", **fields)


def weight_rows(shown: Shown, weight: Weight, stage: int) -> list[Line]:
    figures = shown.figures
    layer = weight.layer
    place = (weight.source, weight.unit)
    before = float(figures.before[2 * layer][place])
    given = float(figures.x[layer].ravel()[weight.source])
    output = format_figure(given, ".3g")
    rows = [Line(_("the weight now"), format_figure(before, "#.7g"))]
    if stage >= 2:
        made = f"{output} × {number(before)}"
        rows.append(Line(_("what it carries: output × weight"), number(given * before), made))
    if stage >= 4:
        pull = -float(figures.delta[layer][weight.unit])
        words = _("your picture pulls: output × pull on the sum")
        made = number(pull)
        if layer == len(shown.layers) - 1:
            target = int(weight.unit == figures.label)
            p = float(figures.p[weight.unit])
            words = _("your picture pulls: output × (target − p)")
            if 0.1 < p < 0.9:
                made = f"({target} − {i18n.number(p, '.3f')})"
        rows.append(Line(words, number(given * pull), f"{output} × {made}"))
        gradient = float(figures.gradients[2 * layer][place])
        rows += _gradient_rows(shown, before, gradient)
    if stage >= 5:
        after = float(figures.after[2 * layer][place])
        names = UPDATE_RULES[shown.settings.update].accumulators
        for name, (old, new) in zip(names, accumulators_of(figures, weight), strict=False):
            share = _share_filled(shown, name)
            # Beside one that is filling, the other's share is told, too.
            if share < _FULL:
                fields = {"mean": name, "share": i18n.percent(share, 1)}
                # Translators: the mean holds so much of what it will hold.
                name = _("{mean}, {share} full", **fields)
            rows.append(Line(name, f"→ {number(new)}", number(old)))
        rows.append(Line(_("the step"), number(after - before)))
        rows.append(Line(_("the weight afterwards"), format_figure(after, "#.7g")))
    return rows


def _gradient_rows(shown: Shown, weight: float, gradient: float) -> list[Line]:
    """Say what the pull is the sum of: minus the gradient, as in the picture above."""
    count = len(shown.figures.losses)
    l2 = shown.settings.l2
    if not l2:
        words = _("it is alone: minus the gradient")
        if count > 1:
            words = _("mean pull of all {count}: minus the gradient", count=i18n.number(count))
        return [Line(words, number(-gradient))]
    penalty = 2 * l2 * weight
    mean = _("mean pull of all {count}", count=i18n.number(count))
    rows = [] if count == 1 else [Line(mean, number(penalty - gradient))]
    made = f"−2 × {format_figure(l2, 'g')} × {number(weight)}"
    return [
        *rows,
        Line(_("L2 pulls towards 0"), number(-penalty), made),
        Line(_("minus the gradient: the sum of both"), number(-gradient)),
    ]


def _share_filled(shown: Shown, accumulator: str) -> float:
    """Return how much of a mean an accumulator holds after minibatches that filled it from 0."""
    rule = UPDATE_RULES[shown.settings.update]
    values = {**rule.parameters, **shown.settings.update_parameters}
    decay = values.get(rule.accumulators[accumulator])
    if not shown.filling or decay is None:
        return 1.0
    return 1.0 - float(decay) ** (shown.filling + shown.figures.number + 1)


def weight_view_rows(shown: Shown | None, weight: Weight | None, stage: int) -> list[Row]:
    """Return what is known of the weight after a stage; in stage 4 also of a whole unit's."""
    if shown is None or weight is None:
        return []
    rows: list[Row] = [rows_view.Heading(_("One weight, followed"), weight_title(shown, weight))]
    rows += weight_rows(shown, weight, stage)
    return rows + (_unit_rows(shown) if stage == 4 else [])


def _unit_rows(shown: Shown) -> list[Row]:
    """Show what the picture asks of all weights of the first layer's unit it moves most."""
    figures = shown.figures
    first = shown.layers[0]
    if first.convolves or len(shown.layers) == 1:
        return []
    unit = int(np.abs(figures.delta[0]).argmax())
    # The step goes against the derivative: what is to grow is for.
    pull = -float(figures.delta[0][unit])
    given = figures.x[0].reshape(28, 28)
    words = _(
        "× {pull} = its pull at the 784 weights of unit {number}: none from black",
        pull=number(pull),
        number=unit,
    )
    mine = rows_view.Picture(given)
    pulls = rows_view.Picture(pull * given, signed=True)
    return [rows_view.PictureRow(_("your picture"), mine, words, (), pulls, _SIDE)]


@dataclass(frozen=True)
class Stage:
    title: str
    heading: str
    meaning: str


STAGES = (
    Stage(
        _("Minibatch"),
        _("What is learnt in this step"),
        _("Which pictures the step learns from."),
    ),
    Stage(
        pgettext("stage of a step", "Forward"),
        _("What the network makes of it"),
        _("The picture goes through the network."),
    ),
    Stage(
        pgettext("stage of a step", "Loss"),
        _("How wrong is that?"),
        _("How much the answer differs from the label."),
    ),
    Stage(
        pgettext("stage of a step", "Gradient"),
        _("What each number should do to lower the loss"),
        _("The error goes back through the same weights."),
    ),
    Stage(
        pgettext("stage of a step", "Update"),
        _("What moved, and what it brought"),
        _("Weights go a small step."),
    ),
)


def tutorial_lines(settings: TrainingSettings) -> list[tuple[int, str]]:
    """Return the lines of a step, each with the stage that it belongs to; 0: none."""
    size = settings.batch_size
    rate = f"{settings.learning_rate:g}"
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
        (0, _("theano.grad is called inside {rule}.", rule=settings.update)),
    ]


def expressions(shown: Shown, stage: int, followed: int) -> list[Code]:
    return (_minibatch, _forward, _loss, _gradient, _update)[stage - 1](shown, followed)


def _minibatch(shown: Shown, followed: int) -> list[Code]:
    count = len(shown.figures.losses)
    found = [
        Code("x = X_train[rows] / 256", _shape((count, 1, 28, 28)), True),
        Code("y = y_train[rows]", _shape((count,))),
    ]
    masks = zip(shown.retained.values(), shown.figures.minibatch.masks, strict=True)
    for n, (retained, mask) in enumerate(masks, 1):
        found.append(Code(f"m{n} = random < {retained:g}", _shape(mask.shape)))
    return found


@dataclass(frozen=True)
class _Source:
    """What a layer with weights reads in a step's formulas."""

    #: The name of its input, after pooling, dropout and flattening.
    name: str
    #: The formulas that make it of the output of the layer before.
    made: tuple[Code, ...]
    #: What a derivative by it goes through on the way back, such as ``" · m2/0.6"``.
    back: str
    #: Side of the pooling between the layer before and this one; 0 for none.
    pooled: int


def _sources(shown: Shown) -> list[_Source]:
    """Return what each layer with weights reads; dense layers read rows of numbers."""
    found: list[_Source] = []
    name = "x"
    pooled = 0
    for operation in parse_network(shown.settings.network).operations:
        if isinstance(operation, MaxPooling):
            pooled = operation.side
            continue
        place = len(found)
        back = ""
        made = []
        layer = shown.layers[place]
        shape = (len(shown.figures.losses), *layer.incoming)
        if pooled:
            made.append(Code(f"q{place} = pool({name}, {pooled})", _shape(shape)))
            name = f"q{place}"
        if place in shown.retained:
            number = 1 + list(shown.retained).index(place)
            back = f" · m{number}/{shown.retained[place]:g}"
            made.append(Code(f"d{place} = {name}{back}", _shape(shape)))
            name = f"d{place}"
        if len(shape) > 2 and not layer.convolves:
            flat = shape[0], len(layer.W)
            made.append(Code(f"f{place} = {name}.reshape{flat}", _shape(flat)))
            back = f".reshape({name}.shape){back}"
            name = f"f{place}"
        found.append(_Source(name, tuple(made), back, pooled))
        name = f"h{place + 1}"
        pooled = 0
    return found


def _forward(shown: Shown, followed: int) -> list[Code]:
    found: list[Code] = []
    for n, (source, layer) in enumerate(zip(_sources(shown), shown.layers, strict=True), 1):
        shape = _shape((len(shown.figures.losses), *layer.shape))
        call = f"dot({source.name}, W{n}) + b{n}"
        if layer.convolves:
            call = f"conv({source.name}, W{n}) + b{n}[:, None, None]"
        output = "p = softmax" if n == len(shown.layers) else f"h{n} = {layer.activation}"
        found += source.made
        found.append(Code(f"z{n} = {call}", shape, n - 1 == followed))
        found.append(Code(f"{output}(z{n})", shape))
    return found


def _loss(shown: Shown, followed: int) -> list[Code]:
    count = len(shown.figures.losses)
    classes = len(shown.figures.p)
    return [
        Code("p = exp(z) / exp(z).sum(axis=1)", _shape((count, classes))),
        Code("l = −log(p[i, y[i]])", _shape((count,)), True),
        Code(f"loss = l.mean(){_penalty(shown, ' + {:g}·Σ W²')}", _("one number")),
    ]


def _gradient(shown: Shown, followed: int) -> list[Code]:
    count = len(shown.figures.losses)
    classes = len(shown.figures.p)
    layers = shown.layers
    sources = _sources(shown)
    found = [Code(f"dz{len(layers)} = (p − onehot(y)) / {count}", _shape((count, classes)))]
    for n in range(len(layers), 0, -1):
        source = sources[n - 1]
        layer = layers[n - 1]
        weights = f"dot({source.name}.T, dz{n})"
        back = f"dot(dz{n}, W{n}.T)"
        axes = "0"
        if layer.convolves:
            weights = f"conv_wrt_W({source.name}, dz{n})"
            back = f"conv_wrt_x(dz{n}, W{n})"
            axes = "(0, 2, 3)"
        text = f"gW{n} = {weights}{_penalty(shown, f' + 2·{{:g}}·W{n}')}"
        found.append(Code(text, _shape(layer.W.shape), n - 1 == followed))
        found.append(Code(f"gb{n} = dz{n}.sum(axis={axes})", _shape(layer.b.shape)))
        if n == 1:
            break
        if not layer.convolves and len(layer.incoming) > 1:
            found.append(Code(f"df{n - 1} = {back}", _shape((count, len(layer.W)))))
            back = f"df{n - 1}"
        before = layers[n - 2]
        back = back + source.back
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
    rule = UPDATE_RULES[shown.settings.update]
    return [Code(text, shape, text.startswith("W =")) for text in rule.formulas]


def _penalty(shown: Shown, words: str) -> str:
    return words.format(shown.settings.l2) if shown.settings.l2 else ""


def _whole_loss(shown: Shown, losses: np.ndarray, parameters: Sequence[np.ndarray]) -> str:
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


def stage_figures(shown: Shown) -> list[str]:
    figures = shown.figures
    __, left_out, total = shown.left_out
    fields = {"out": i18n.number(left_out), "total": i18n.number(total)}
    if not total:
        forward = _("nothing is left out")
    elif any(layer.convolves for layer in shown.layers):
        forward = _("{out} of {total} left out", **fields)
    else:
        forward = _("{out} of {total} units left out", **fields)
    numbers = sum(value.size for value in figures.gradients)
    # Translators: what the last stages of a step show while it is compiled.
    gradient = update = _("being computed")
    if figures.is_done:
        gradient = counted("{count} number", "{count} numbers", numbers)
        before = _whole_loss(shown, figures.losses, figures.before)
        after = _whole_loss(shown, figures.losses_after, figures.after)
        update = _("loss {before} → {after}", before=before, after=after)
    return [
        counted("yours alone", "{count} pictures, yours first", len(figures.losses)),
        forward,
        # Translators: losses of your picture and of all.
        _(
            "yours {loss}, mean {mean}",
            loss=format_figure(abs(float(figures.losses[0])), ".2g"),
            mean=i18n.number(float(figures.losses.mean()), ".3f"),
        ),
        gradient,
        update,
    ]


def stage_sentence(shown: Shown, stage: int) -> str:
    products = _count_products(shown.layers)
    forwards = _("{products} forwards.", products=products)
    if len(shown.figures.losses) > 1:
        forwards = _("{products} forwards, for all pictures at once.", products=products)
    backwards = counted(
        "{count} product backwards, twice as many as forwards less one: the pixels need no "
        "gradient.",
        "{count} products backwards, twice as many as forwards less one: the pixels need no "
        "gradient.",
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
        "An epoch is as many steps as it takes to see every training picture once. In training, "
        "dropout draws anew for each picture and each step; here it keeps what it drew, so that "
        "steps can be compared.",
    )
    return (
        joined(fewer, epoch),
        forwards,
        _(
            "No temperature here: it is set after training, so that the network is as sure as it "
            "is right.",
        ),
        backwards,
        joined(*_describe_update(shown)),
    )[stage - 1]


def _describe_update(shown: Shown) -> Iterator[str]:
    rule = shown.settings.update
    accumulators = UPDATE_RULES[rule].accumulators
    if not shown.figures.is_done:
        return
    if not accumulators:
        yield _("A weight moves against its gradient, times the learning rate.")
    elif shown.filling:
        yield _(
            "What {rule} remembers is from {count} minibatches that were learnt at the rate 0.",
            rule=rule,
            count=shown.filling,
        )
    else:
        yield _("What {rule} remembers is from the checkpoint of the network's own run.", rule=rule)
    if any(_share_filled(shown, name) < _FULL for name in accumulators):
        yield _(
            "g is the gradient of a weight. Its means begin at 0: after so few steps they are full "
            "only in part.",
        )
    moved, black = shown.moved_shares
    if moved == moved:
        yield _(
            "{moved} of the first layer's weights moved; {black} of those are from pixels that are "
            "black in your picture.",
            moved=i18n.percent(moved),
            black=i18n.percent(black),
        )
        if len(shown.figures.losses) > 1:
            yield _("Other pictures of the minibatch have ink there.")
