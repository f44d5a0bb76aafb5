"""The update rules of Lasagne, by name, with their parameters."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mnist_draw.errors import UserError
from mnist_draw.i18n import _, number


@dataclass(frozen=True)
class UpdateRule:
    """One rule of `lasagne.updates`, by its function's name.

    ``learning_rate`` is the usual one: Lasagne's default where it has one, and otherwise one with
    which the tutorial's network, in minibatches of 500, is right in more than nine of ten
    validation pictures after two epochs. ``parameters`` can be set beside it and have Lasagne's
    defaults. ``formulas`` are what it does to a weight W with the gradient g and the learning rate
    η, as Lasagne's source writes it, and ``accumulators`` what it remembers of a weight, in the
    order of Lasagne's updates, with its letter in the formulas; each with the parameter that says
    how long, if one does.
    """

    name: str
    title: str
    meaning: str
    learning_rate: float
    parameters: Mapping[str, float]
    formulas: tuple[str, ...]
    accumulators: Mapping[str, str]


#: Lasagne 0.1's rules, the tutorial's first.
UPDATE_RULES: dict[str, UpdateRule] = {
    rule.name: rule
    for rule in (
        UpdateRule(
            "rmsprop",
            "RMSProp",
            _(
                "divides each step by the running root mean square of its gradients; rho sets "
                "how long they are remembered",
            ),
            0.001,
            {"rho": 0.9, "epsilon": 1e-6},
            ("a = ρ·a + (1 − ρ)·g²", "W = W − η·g / √(a + ε)"),
            {_("mean of g²: a"): "rho"},
        ),
        UpdateRule(
            "adam",
            "Adam",
            _(
                "rmsprop with momentum, corrected for its start; beta1 and beta2 set how long "
                "gradients and their squares are remembered",
            ),
            0.001,
            {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
            (
                "m = β1·m + (1 − β1)·g",
                "v = β2·v + (1 − β2)·g²",
                "η' = η·√(1 − β2^t) / (1 − β1^t)",
                "W = W − η'·m / (√v + ε)",
            ),
            {_("mean of g: m"): "beta1", _("mean of g²: v"): "beta2"},
        ),
        UpdateRule(
            "sgd",
            "SGD",
            _("plain stochastic gradient descent"),
            0.1,
            {},
            ("W = W − η·g",),
            {},
        ),
        UpdateRule(
            "momentum",
            _("Momentum"),
            _(
                "keeps a fraction (momentum) of the previous step, so that steps in one direction "
                "add up",
            ),
            0.1,
            {"momentum": 0.9},
            ("v = μ·v − η·g", "W = W + v"),
            {_("velocity: v"): ""},
        ),
        UpdateRule(
            "nesterov_momentum",
            _("Nesterov momentum"),
            _("momentum that takes the gradient at the point the step is heading for"),
            0.1,
            {"momentum": 0.9},
            ("v = μ·v − η·g", "W = W + μ·v − η·g"),
            {_("velocity: v"): ""},
        ),
        UpdateRule(
            "adagrad",
            "Adagrad",
            _("divides each step by the root of all squared gradients so far: ever smaller steps"),
            0.01,
            {"epsilon": 1e-6},
            ("a = a + g²", "W = W − η·g / √(a + ε)"),
            {_("sum of g²: a"): ""},
        ),
        UpdateRule(
            "adadelta",
            "Adadelta",
            _("scales steps by the ratio of past steps to past gradients"),
            1.0,
            {"rho": 0.95, "epsilon": 1e-6},
            (
                "a = ρ·a + (1 − ρ)·g²",
                "s = g·√(d + ε) / √(a + ε)",
                "W = W − η·s",
                "d = ρ·d + (1 − ρ)·s²",
            ),
            {_("mean of g²: a"): "rho", _("mean of s²: d"): "rho"},
        ),
    )
}


#: Rules whose step follows earlier gradients, too.
WITH_MOMENTUM = ("momentum", "nesterov_momentum", "adam")


class UpdateRuleError(UserError):
    """A parameter that the rule has not, or a value out of range."""


def usual_learning_rate(name: Any) -> float:
    """Return the usual learning rate of a rule; the tutorial's where there is no such rule."""
    return UPDATE_RULES[name if name in UPDATE_RULES else "rmsprop"].learning_rate


def calmer_learning_rate(rule: str, learning_rate: float) -> tuple[float, str]:
    """Return a rate for a fresh start after steps that were too large, and a sentence about it.

    That is the rule's usual one, or a third of one that is not larger.
    """
    rate = usual_learning_rate(rule)
    if learning_rate <= rate:
        rate = float(f"{learning_rate / 3:.1g}")
    return rate, _("Start a new run with a learning rate of {rate}.", rate=number(rate, "g"))


def parameter_range(name: str) -> tuple[float, float]:
    """Return the smallest and the largest value that a parameter of any rule may have.

    ``epsilon`` keeps a quotient finite and must be above 0; the others are shares of what is
    remembered, from 0 up to, not including, 1.
    """
    if name == "epsilon":
        return math.ulp(0.0), sys.float_info.max
    return 0.0, math.nextafter(1.0, 0.0)


def check_parameters(rule: UpdateRule, parameters: Mapping[str, float]) -> None:
    """Check the values that differ from Lasagne's defaults."""
    for key, value in parameters.items():
        if key not in rule.parameters:
            known = ", ".join(rule.parameters) or _("none besides the learning rate")
            raise UpdateRuleError(
                "The update rule {rule} has no parameter {name}. Its parameters: {known}.",
                rule=rule.name,
                name=repr(key),
                known=known,
            )
        low, high = parameter_range(key)
        if not low <= value <= high:
            refusal = _("{name} of {rule} is {value}; it must be at least 0 and below 1.")
            if key == "epsilon":
                refusal = _("{name} of {rule} is {value}; it must be above 0.")
            shown = number(value, "g")
            raise UpdateRuleError(refusal, name=key, rule=rule.name, value=shown)


def updates_of(
    rule: UpdateRule,
    loss_or_grads: Any,
    params: list[Any],
    learning_rate: Any,
    parameters: Mapping[str, float],
) -> Any:
    import lasagne

    function = getattr(lasagne.updates, rule.name)
    values = {**rule.parameters, **parameters}
    return function(loss_or_grads, params, learning_rate=learning_rate, **values)


#: The smallest part of the set learning rate that a schedule leaves: a rule that divides by the
#: rate stays finite, and epochs added after the plan still learn a little.
MIN_FACTOR = 1e-4


@dataclass(frozen=True)
class Schedule:
    """One way in which the learning rate changes.

    ``factor`` maps the part of all planned minibatches that is done to the part of the learning
    rate that is used then, both 0 to 1.
    """

    name: str
    title: str
    meaning: str
    factor: Callable[[float], float]


def _step(progress: float) -> float:
    return 1.0 if progress < 0.5 else 1 / 3 if progress < 0.75 else 0.1


def _cosine(progress: float) -> float:
    # I. Loshchilov, F. Hutter, "SGDR: stochastic gradient descent with warm restarts", 2016,
    # without the restarts.
    return 0.5 * (1 + math.cos(math.pi * progress))


#: All schedules by name, the tutorial's first.
SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule(
            "constant",
            _("Constant"),
            _("the learning rate stays as it is"),
            lambda progress: 1.0,
        ),
        Schedule(
            "step",
            _("In steps: 1, 1/3, 1/10"),
            _("a third of it after half of the epochs, a tenth after three quarters"),
            _step,
        ),
        Schedule(
            "cosine",
            _("Cosine"),
            _("follows half a cosine down to zero at the last batch"),
            _cosine,
        ),
    )
}


def learning_rate_at(base: float, schedule: str, progress: float) -> float:
    """Return the learning rate after the part ``progress`` (0 to 1) of all planned minibatches.

    It is at least `MIN_FACTOR` of ``base``, the learning rate that was set.
    """
    progress = min(max(progress, 0.0), 1.0)
    return base * max(SCHEDULES[schedule].factor(progress), MIN_FACTOR)
