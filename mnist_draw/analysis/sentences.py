"""What is said of the figures of a step and of results: each sentence is a function of figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mnist_draw import i18n
from mnist_draw.analysis.results import Bin, Results, together, wilson
from mnist_draw.analysis.robustness import AXES, ENOUGH, Limits
from mnist_draw.analysis.table import percent
from mnist_draw.i18n import _, counted, joined
from mnist_draw.library.network_data import Name
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training.updates import UPDATE_RULES

#: A change of weights is little while it is under this part of their own size.
_LITTLE = 0.1
#: Strokes, not noise: neighboring pixels of what was learned correlate at least so much.
STROKES = 0.5
#: Classes are even while the most frequent one is not this many times as frequent as the mean.
_UNEVEN = 1.5
#: A dense network that is right less often than this, so many pixels aside, knows pixels by place.
ASIDE = 4
_BY_PLACE = 0.6


# -- the film


@dataclass(frozen=True)
class FilmFigures:
    """What is known of a frame of the film."""

    steps: int
    #: Right answers to the validation pictures, and those of the frame before.
    right: int
    counted: int
    right_before: int | None
    #: Weights without biases; those that are not as in the beginning.
    weights: int
    changed: int
    #: The mean size of what changed, as a part of the mean size in the beginning.
    change: float
    classes: int
    #: The share of the most frequent class.
    most_frequent: float
    #: Pictures learned in all these steps, and those that there are.
    seen: int
    training: int
    #: Title of the network that it began with; empty for random weights.
    began_with: str = ""
    is_from_start: bool = True
    is_end: bool = False
    is_rule_known: bool = True


def describe_chance(figures: FilmFigures) -> str:
    """Return what guessing would give."""
    if figures.most_frequent * figures.classes > _UNEVEN:
        return _("the most frequent: {share}", share=i18n.percent(figures.most_frequent))
    return _("chance: {share}", share=i18n.percent(round(1 / figures.classes, 3), None))


def describe_frame(figures: FilmFigures) -> tuple[str, str]:
    """Return the two lines about a frame."""
    if figures.is_end:
        return _("The network itself."), ""
    if not figures.is_from_start and not figures.steps:
        goes_on = _("The film continues from its end.")
        if not figures.is_rule_known:
            goes_on = _("From its end it learns as the tutorial's network does.")
        return _("This network's starting weights are not known."), goes_on
    if not figures.steps:
        return _describe_start(figures)
    return _describe_change(figures), _describe_use(figures)


def _describe_start(figures: FilmFigures) -> tuple[str, str]:
    if figures.began_with:
        return _("It begins with the weights of {network}.", network=figures.began_with), ""
    first = _("Its {count} weights are random.", count=i18n.number(figures.weights))
    least, _most = wilson(figures.right, figures.counted)
    return first, _("It guesses.") if least <= 1 / figures.classes else ""


def _describe_change(figures: FilmFigures) -> str:
    weights = i18n.number(figures.changed)
    return counted(
        "{count} step changed {weights} weights.",
        "{count} steps changed {weights} weights.",
        figures.steps,
        weights=weights,
    )


def _describe_use(figures: FilmFigures) -> str:
    before = figures.right_before
    if before is not None and _is_worse(figures.right, before, figures.counted):
        return _(
            "It got worse: {before} → {after}.",
            before=i18n.format_percent(before / figures.counted).removesuffix(i18n.percent_sign()),
            after=i18n.format_percent(figures.right / figures.counted),
        )
    epochs, rest = divmod(figures.seen, figures.training)
    if epochs and not rest:
        return counted(
            "Each training picture was used once.",
            "Each training picture was used {count} times.",
            epochs,
        )
    if epochs:
        return ""
    return _(
        "It has seen {seen} of {total} training pictures.",
        seen=i18n.number(figures.seen),
        total=i18n.number(figures.training),
    )


def _is_worse(right: int, before: int, count: int) -> bool:
    """Return whether fewer are right than chance among the pictures explains."""
    return wilson(right, count)[1] < wilson(before, count)[0]


def describe_learned(steps: int, correlation: float) -> str:
    """Return what a unit has learned, by how neighboring pixels of it agree."""
    if not steps:
        return _("nothing yet")
    return _("learned: strokes") if correlation >= STROKES else _("learned so far")


# -- one weight, followed


@dataclass(frozen=True)
class WeightFigures:
    """One weight in one step."""

    value: float
    weight: float
    #: The gradient of the loss in the followed picture, and its mean over the minibatch.
    own: float
    gradient: float
    #: What the L2 penalty adds to the gradient.
    penalty: float
    moved: float
    #: The update rule, its parameters, and the learning rate.
    rule: str
    parameters: dict[str, float]
    learning_rate: float
    #: Whether the rule remembers nothing yet.
    is_first: bool
    #: The mean of squares, or of which it is the root, that the rule divides by; 0 for none.
    squares: float = 0.0


def describe_part(figures: WeightFigures, name: str) -> str:
    """Say what a weight did to the sum of the answer of a name."""
    if not figures.value:
        return _("It said nothing: the unit's value is 0.")
    if figures.value * figures.weight < 0:
        return _("It spoke against {name}.", name=name)
    return _("It spoke for {name}.", name=name)


def describe_gradient(gradient: float) -> str:
    """Say what the sign of a gradient means."""
    if not gradient:
        return _("No picture asks for a change.")
    if gradient < 0:
        return _("A larger weight would lower the loss.")
    return _("A smaller weight would lower the loss.")


def describe_move(figures: WeightFigures) -> str:
    """Say which way a weight moves, and why."""
    rule = UPDATE_RULES[figures.rule].title
    whole = figures.gradient + figures.penalty
    # What is left to explain a way that the whole gradient does not.
    is_memory = figures.moved * whole >= 0
    if not figures.moved:
        return _("It does not move.")
    if not figures.gradient and is_memory:
        return _("It moves although its gradient is 0: {rule} continues as before.", rule=rule)
    if not figures.gradient:
        return _("It moves although its gradient is 0: the L2 penalty pulls it to 0.")
    if figures.moved * figures.gradient < 0:
        return joined(_("It moves against its gradient."), _describe_length(figures))
    if is_memory:
        return _(
            "It moves with its gradient: what {rule} remembers of earlier steps is stronger.",
            rule=rule,
        )
    return _("It moves with its gradient: the L2 penalty is stronger.")


def _describe_length(figures: WeightFigures) -> str:
    values = {**UPDATE_RULES[figures.rule].parameters, **figures.parameters}
    rate = figures.learning_rate
    if figures.rule == "sgd" and not figures.penalty:
        return _("The learning rate times its gradient, no more.")
    if figures.rule in ("momentum", "nesterov_momentum") and not figures.is_first:
        return _(
            "It keeps {share} of its previous step.",
            share=i18n.percent(values["momentum"], None),
        )
    if figures.is_first and figures.rule in ("rmsprop", "adam", "adagrad"):
        rate = rate / math.sqrt(1 - values["rho"]) if figures.rule == "rmsprop" else rate
        length = i18n.number(rate, ".2g")
        return _("A first step is about {length} for large gradients.", length=length)
    if figures.rule == "adagrad":
        return _("The larger its gradients were, the less it moves now.")
    if figures.rule in ("rmsprop", "adam"):
        size = i18n.number(math.sqrt(figures.squares), ".2g")
        return _("It divides by the usual size of this gradient, {size}.", size=size)
    return ""


def describe_memory(rule: str, parameters: dict[str, float], filled: int, from_run: bool) -> str:
    """Say what a step at the end of a run knows of the steps before it."""
    entry = UPDATE_RULES[rule]
    if not entry.accumulators:
        return ""
    if from_run:
        return _("What {rule} remembers is from the run of this network.", rule=entry.title)
    if not all(entry.accumulators.values()):
        return _("What {rule} remembered in its run is not stored.", rule=entry.title)
    values = {**entry.parameters, **parameters}
    full = min(1 - values[name] ** filled for name in entry.accumulators.values())
    return _("Its memory is {share} full.", share=i18n.percent(full))


@dataclass(frozen=True)
class MovedFigures:
    """Which weights, biases left out, moved in a step."""

    weights: int
    moved: int
    #: Of those that moved: with the sign of their gradient, and without a gradient.
    along: int
    without: int
    #: All that had no gradient, the L2 penalty left out.
    silent: int
    pictures: int
    #: Whether the rule follows steps before this one, too.
    follows_steps: bool
    has_penalty: bool


def describe_moved(figures: MovedFigures) -> tuple[str, str]:
    """Return two sentences: how many moved which way, and what of those without a gradient."""
    first = _(
        "{moved} of {total}, of them {along} with their gradients.",
        moved=i18n.number(figures.moved),
        total=i18n.number(figures.weights),
        along=i18n.format_percent(figures.along / max(figures.moved, 1), 1),
    )
    if figures.without:
        return first, _describe_pulled(figures)
    if not figures.silent:
        return first, ""
    return first, _(
        "{count} had no gradient: their pixel was black, or a unit off, in all {pictures}.",
        count=i18n.number(figures.silent),
        pictures=i18n.number(figures.pictures),
    )


def _describe_pulled(figures: MovedFigures) -> str:
    part = i18n.format_percent(figures.without / figures.moved, 1)
    if not figures.follows_steps:
        return _("{share} moved without a gradient: the L2 penalty pulls them.", share=part)
    if figures.has_penalty:
        return _(
            "{share} moved without a gradient: earlier steps or the L2 penalty pull them.",
            share=part,
        )
    return _("{share} moved without a gradient: earlier steps pull them.", share=part)


# -- results


def describe_chance_of(results: Results) -> str:
    """Return Wilson's interval of the accuracy."""
    least, most = wilson(results.counted - results.wrong, results.counted)
    return _(
        "Within chance: {least} to {most}",
        least=i18n.number(100 * least, ".2f"),
        most=i18n.percent(most, 2),
    )


def describe_calibration(results: Results, is_calibrated: bool) -> tuple[str, str]:
    """Return the verdict on how sure a network is, and its figures."""
    if not results.doubted:
        return "", ""
    part = together(results.doubted)
    known = "" if is_calibrated else _("Not calibrated: saved without a temperature.")
    figures = _(
        "{count} up to {high}: says {confidence}, right {accuracy}.",
        count=i18n.number(part.count),
        high=i18n.percent(part.high, None),
        confidence=_confidence(part, 1),
        accuracy=i18n.format_percent(part.accuracy, 1),
    )
    last = results.reliability[-1]
    above = describe_surest(last) if last.low >= part.high else ""
    return joined(known, results.calibration.value), joined(figures, above)


def describe_range(part: Bin) -> str:
    """Say how sure the answers of a range are, and how many are right."""
    return _(
        "Answers between {low} and {high}: {count}. They say {confidence} and are right in "
        "{accuracy}; within chance: {least} to {most}.",
        count=i18n.number(part.count),
        low=i18n.number(100 * part.low, "g"),
        high=i18n.percent(part.high, None),
        confidence=_confidence(part, 1),
        accuracy=i18n.format_percent(part.accuracy, 1),
        least=percent(part.least).removesuffix(i18n.percent_sign()),
        most=percent(part.most),
    )


def describe_surest(part: Bin) -> str:
    """Say how often the surest answers are wrong: nothing less than all is 100%."""
    return _(
        "{count} above: says {confidence}, right {accuracy}, {wrong} wrong.",
        count=i18n.number(part.count),
        confidence=_confidence(part, 2),
        accuracy=i18n.format_percent(part.accuracy),
        wrong=i18n.number(part.count - part.right),
    )


def _confidence(part: Bin, decimals: int) -> str:
    """Format a mean confidence, which is never all."""
    unit = 100 * 10**decimals
    return i18n.percent(min(math.floor(unit * part.confidence + 1e-6), unit - 1) / unit, decimals)


def describe_changed(
    title: str,
    amount: str,
    answers: Sequence[tuple[int, float]],
    name: Name,
) -> str:
    """Say how a changed picture is read, and how it is read as it is."""
    changed, unchanged = (f"{name(answer)}, {format_probability(p)}" for answer, p in answers)
    return _(
        "{title} {amount}: yours is read as {changed}; as it is, {unchanged}.",
        title=title,
        amount=amount,
        changed=changed,
        unchanged=unchanged,
    )


def describe_limits(limits: Limits, is_dense: bool) -> str:
    """Say what a shift costs, and why if the kind of network gives a reason."""
    axis = next(axis for axis in AXES if axis.name == "shift")
    found = dict(limits.points(axis))
    if found[0] < ENOUGH:
        unchanged = i18n.percent(math.floor(1000 * found[0] + 1e-9) / 1000, 1)
        return _("Even unchanged, only {share} are right: fewer than 9 of 10.", share=unchanged)
    low, high = sorted((found[-ASIDE], found[ASIDE]))
    if math.isnan(low + high):
        return ""
    fields = {
        "count": ASIDE,
        "low": i18n.number(math.floor(100 * low + 1e-9), "d"),
        "high": i18n.percent(math.floor(100 * high + 1e-9) / 100),
    }
    if is_dense and high < _BY_PLACE:
        return _(
            "Shifted by {count} pixels, {low} to {high} are right: it knows each pixel by "
            "its place.",
            **fields,
        )
    return _("Shifted by {count} pixels, {low} to {high} are right.", **fields)
