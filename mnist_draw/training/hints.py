"""Hints: describe what the curves show, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mnist_draw.i18n import _, joined, number, percent
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import calmer_learning_rate

# These limits are choices, not measurements: they decide when a beginner is told something.
#: Epochs in a row that make a trend, named in sentences: one or two rise by chance in most runs.
_TREND = 3
#: A loss that changes by a smaller part than this stays as it is.
_LEVEL = 0.01
#: With a training accuracy above this, at most 50 of MNIST's 50,000 pictures are left to learn.
_CONFIDENT = 0.999
#: A layer with more silent units than this share has a problem: in the tutorial's run, it
#: is below 1% after each of the first four epochs.
_MANY_DEAD = 0.4
#: The proposal against overfitting: the recipe that bends the digits without writing
#: them anew, and a small penalty that may be raised threefold again and again.
_AUGMENTATION = "elastic"
_L2 = 1e-4
#: A penalty above this outweighs the cross-entropy of any network here.
LARGE_L2 = 0.1


@dataclass(frozen=True)
class Hint:
    """A sentence about the run, and a remedy if there is one.

    ``remedy`` names the button; it sets the setting ``name`` to ``value``, in the run that goes on
    or for a new one.
    """

    sentence: str
    remedy: str = ""
    name: str = ""
    value: float | str | None = None
    #: Whether the remedy helps a new run alone.
    is_afresh: bool = False


def lower_rate(rate: float) -> float:
    """Return a third of a learning rate, in one digit."""
    return float(f"{rate / 3:.1g}")


def _lower(sentence: str, learning_rate: float) -> Hint:
    lower = lower_rate(learning_rate)
    return Hint(sentence, _set_rate(lower), "learning_rate", lower)


def _set_rate(rate: float) -> str:
    return _("Set the rate to {rate}", rate=number(rate, "g"))


_BEFORE = Hint(_("The validation loss tells how well it reads pictures it has never seen."))
_EARLY = Hint(_("Each epoch shows the network its training pictures once."))


def _afresh(sentence: str, settings: TrainingSettings) -> Hint:
    """Propose what is calmer: of two unusual settings the penalty before the rate."""
    if settings.l2 > LARGE_L2:
        return _without_l2(sentence, settings)
    rate, __ = calmer_learning_rate(settings.update, settings.learning_rate)
    calmer = _("A new run with a rate of {rate} is calmer.", rate=number(rate, "g"))
    return Hint(joined(sentence, calmer), _set_rate(rate), "learning_rate", rate, is_afresh=True)


def _without_l2(sentence: str, settings: TrainingSettings) -> Hint:
    much = _("An L2 penalty of {l2} leaves hardly any weights.", l2=number(settings.l2, "g"))
    return Hint(joined(sentence, much), _set_l2(0.0), "l2", 0.0)


def _set_l2(l2: float) -> str:
    return _("Set L2 to {l2}", l2=number(l2, "g"))


def read_curves(
    epochs: Sequence[EpochFigures],
    settings: TrainingSettings,
    dead: Sequence[float] = (),
    began: TrainingSettings | None = None,
) -> Hint:
    """Say what the epochs show; the run ``began`` with other settings if some were changed."""
    if not epochs:
        return _BEFORE
    if settings.l2 > LARGE_L2:
        return _without_l2("", settings)
    if dead and max(dead) > _MANY_DEAD:
        return _afresh(
            _(
                "{share} of a layer's units answer no picture, and learn no more.",
                share=percent(max(dead)),
            ),
            began or settings,
        )
    if len(epochs) <= _TREND:
        return _EARLY
    training = [figures.training_loss for figures in epochs]
    validation = [figures.validation_loss for figures in epochs]
    stuck = not _improves(validation)
    training_falls = _improves(training)
    if all(_steps(training, 0)) and training[-1] > training[-_TREND - 1] * (1 + _LEVEL):
        return _lower(
            _("The training loss has risen over 3 epochs: the steps are too large."),
            settings.learning_rate,
        )
    if since := settled_since(epochs):
        return Hint(
            _(
                "It has settled: the validation loss has been level since epoch {epoch}.",
                epoch=number(since),
            ),
        )
    if stuck and training_falls:
        return _overfitting(settings)
    if stuck:
        return _lower(
            _("Neither loss has improved for 3 epochs. Smaller steps may settle it."),
            settings.learning_rate,
        )
    if epochs[-1].training_accuracy > _CONFIDENT:
        return Hint(_("The network knows nearly all training pictures; more epochs add little."))
    if not training_falls or any(_steps(training, _LEVEL) + _steps(validation, _LEVEL)):
        return Hint(_("The losses rise and fall: a few more epochs show where they lead."))
    return Hint(_("Both losses fall: the network still learns what holds for new pictures too."))


def _improves(losses: Sequence[float]) -> bool:
    """Tell whether one of the last epochs has the lowest loss of all."""
    return min(losses[-_TREND:]) < min(losses[:-_TREND])


def _steps(losses: Sequence[float], part: float) -> list[bool]:
    """Tell for each of the last epochs whether its loss rose by more than a part."""
    recent = losses[-_TREND - 1 :]
    return [after > before * (1 + part) for before, after in pairwise(recent)]


def settled_since(epochs: Sequence[EpochFigures]) -> int:
    """Return the epoch since which the validation loss has been level; 0 where it is not.

    It is level where the last three epochs changed it by less than 1%.
    """
    low = high = epochs[-1].validation_loss
    since = len(epochs)
    for figures in reversed(epochs):
        low = min(low, figures.validation_loss)
        high = max(high, figures.validation_loss)
        if high - low >= _LEVEL * low:
            break
        since = figures.epoch
    # Level from the start, it has learned nothing.
    return since if 1 < since <= len(epochs) - _TREND else 0


def _overfitting(settings: TrainingSettings) -> Hint:
    sentence = _("Only the training loss still falls: the network begins to learn by heart.")
    if settings.augmentation == "off":
        return Hint(sentence, _("Turn augmentation on"), "augmentation", _AUGMENTATION)
    larger = max(_L2, float(f"{3 * settings.l2:.1g}"))
    return Hint(sentence, _set_l2(larger), "l2", larger)
