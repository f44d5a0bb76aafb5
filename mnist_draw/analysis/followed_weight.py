"""One weight of the last layer, followed through a step, and which weights moved at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mnist_draw import i18n
from mnist_draw.analysis.one_step import StepFigures
from mnist_draw.analysis.sentences import MovedFigures, WeightFigures
from mnist_draw.arrays import Floats
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import UPDATE_RULES, WITH_MOMENTUM

#: So many weights can be followed: those of the units with the largest values.
FOLLOWED = 20
#: A gradient is 0 where it is only what rounding leaves of the penalty.
_ROUNDING = 1e-5
#: The parameters of update rules, by their letters in formulas.
_LETTERS = {
    "ρ": "rho",
    "ε": "epsilon",
    "β1": "beta1",
    "β2": "beta2",
    "μ": "momentum",
}
_NAME = re.compile(r"η'|β1|β2|[a-zA-Zρεμη]")


@dataclass(frozen=True, eq=False, repr=False)
class FollowedWeight:
    """From a unit of the last hidden layer to the label."""

    unit: int
    #: Sum and number of the units that speak for the label, and against it; the bias.
    spoke_for: tuple[float, int]
    spoke_against: tuple[float, int]
    bias: float
    z: float
    p: float
    p_after: float
    figures: WeightFigures
    #: Each formula of the rule: what it gives, the formula with figures, its value.
    updates: tuple[tuple[str, str, float], ...]


def gradient_without_penalty(figures: StepFigures, place: int, l2: float) -> Floats:
    """Return the gradient of the loss alone by a layer's weights."""
    whole = figures.gradients[2 * place]
    penalty = np.float32(2 * l2) * figures.before[2 * place]
    gradient = whole - penalty
    gradient[np.abs(gradient) <= _ROUNDING * np.abs(penalty)] = 0
    return gradient


def follow(
    figures: StepFigures,
    settings: TrainingSettings,
    place: int,
    is_first: bool,
) -> FollowedWeight:
    """Follow the weight of the unit with the largest value but ``place``."""
    values = figures.x[-1].ravel()
    label = figures.label
    unit = int(np.argsort(-np.abs(values), kind="stable")[place % min(FOLLOWED, len(values))])
    last = len(figures.before) - 2
    weights = figures.before[last]
    parts = values * weights[:, label]
    before = float(weights[unit, label])
    after = float(figures.after[last][unit, label])
    gradient = gradient_without_penalty(figures, last // 2, settings.l2)
    whole = float(figures.gradients[last][unit, label])
    rule = UPDATE_RULES[settings.update]
    names = [name.rpartition(" ")[2] for name in rule.accumulators]
    first = len(names) * last
    states = (figures.state_before, figures.state_after)
    old, new = (
        {name: float(state[first + number][unit, label]) for number, name in enumerate(names)}
        for state in states
    )
    parameters = {**rule.parameters, **settings.update_parameters}
    steps_known = float(figures.state_after[-1]) if settings.update == "adam" else 0.0
    known = {
        **{letter: parameters[name] for letter, name in _LETTERS.items() if name in parameters},
        **old,
        "g": whole,
        "W": before,
        "t": steps_known,
        "η": settings.learning_rate,
    }
    made = _made(known, new, settings.update)
    squares = new.get("v" if settings.update == "adam" else "a", 0.0)
    if settings.update == "adam":
        squares /= 1 - parameters["beta2"] ** steps_known
    return FollowedWeight(
        unit,
        (float(parts[parts > 0].sum()), int(np.count_nonzero(parts > 0))),
        (float(parts[parts < 0].sum()), int(np.count_nonzero(parts < 0))),
        float(figures.before[last + 1][label]),
        float(figures.z[label]),
        float(figures.p[label]),
        float(figures.p_after[label]),
        WeightFigures(
            float(values[unit]),
            before,
            float(values[unit] * figures.error[label]),
            float(gradient[unit, label]),
            float(2 * settings.l2 * before),
            after - before,
            settings.update,
            dict(settings.update_parameters),
            settings.learning_rate,
            is_first,
            squares,
        ),
        tuple(_with_figures(rule.formulas, known, {**made, "W": after})),
    )


def _made(known: Mapping[str, float], new: Mapping[str, float], rule: str) -> dict[str, float]:
    """Return what the formulas of a rule give, but the weight."""
    made = dict(new)
    if rule == "adam":
        first, second = (1 - known[name] ** known["t"] for name in ("β1", "β2"))
        made["η'"] = known["η"] * second**0.5 / first
    if rule == "adadelta":
        root = (known["d"] + known["ε"]) / (new["a"] + known["ε"])
        made["s"] = known["g"] * root**0.5
    return made


def _with_figures(
    formulas: tuple[str, ...],
    known: Mapping[str, float],
    made: Mapping[str, float],
) -> list[tuple[str, str, float]]:
    """Put figures in place of names; what a formula gives is known to those after it."""
    values = dict(known)
    found = []
    for formula in formulas:
        name, _equals, terms = formula.partition(" = ")
        shown = _NAME.sub(lambda match: figure(values[match[0]]), terms)
        values[name] = made[name]
        found.append((name, shown, made[name]))
    return found


def figure(value: float) -> str:
    """Format a number for a formula that can be typed: ``"(−0.0377)"``."""
    words = i18n.number(value, ".4g")
    return f"({words})" if value < 0 or "×" in words else words


def moved_figures(
    figures: StepFigures,
    settings: TrainingSettings,
    is_first: bool,
) -> MovedFigures:
    """Count which weights moved, and how their gradients are."""
    counts = np.zeros(5, np.int64)
    for place in range(len(figures.before) // 2):
        gradient = gradient_without_penalty(figures, place, settings.l2)
        change = figures.after[2 * place] - figures.before[2 * place]
        moved = change != 0
        silent = gradient == 0
        kinds = (np.ones_like(moved), moved, change * gradient > 0, moved & silent, silent)
        counts += [np.count_nonzero(kind) for kind in kinds]
    weights, moved, along, without, silent = counts.tolist()
    return MovedFigures(
        weights,
        moved,
        along,
        without,
        silent,
        len(figures.losses),
        settings.update in WITH_MOMENTUM and not is_first,
        bool(settings.l2),
    )
