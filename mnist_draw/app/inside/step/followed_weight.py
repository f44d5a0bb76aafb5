"""One weight that is followed through all stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mnist_draw.app.inside.rows_view import Heading, Line, Picture, PictureRow, Row
from mnist_draw.app.inside.step.step_learner import Shown
from mnist_draw.library.network_data import class_name
from mnist_draw.training.updates import UPDATE_RULES

if TYPE_CHECKING:
    from mnist_draw.analysis.step_weight import Weight

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
    from mnist_draw.analysis.step_weight import accumulators_of

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
