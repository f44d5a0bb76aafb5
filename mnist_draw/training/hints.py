"""Hints: what the figures of a run say, and what would help; the first rule that holds speaks.

The limits are choices, not measurements: they decide when a beginner is told something.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from mnist_draw.i18n import _, counted, format_loss, format_percent, number, percent, time_words
from mnist_draw.networks import parse_network
from mnist_draw.networks.layer_text import text_of
from mnist_draw.networks.operations import Dropout, NetworkLayer
from mnist_draw.training.events import WeakestClass
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.settings import SETTINGS, TrainingSettings
from mnist_draw.training.updates import usual_learning_rate

#: Epochs in a row that make a trend: one or two rise by chance in most runs.
_TREND = 3
#: A validation loss that is above its least by this part in a whole trend has become worse.
_WORSE = 0.1
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
#: An accuracy below so many times that of guessing is still guessing.
_GUESSING = 1.2
#: A rate that is less than this part of the usual one is low, where the loss fell by less than
#: this part.
_LOW_RATE = 0.101
_SLOW = 0.2
#: Fewer steps than this in an epoch are few; as many are proposed at least.
_FEW_STEPS = 20
_STEPS = 50
#: So many points between the accuracies on known and on new pictures are a gap.
_GAP = 0.03
#: The dropout from which on that may be much, and what is proposed in its place.
_MUCH_DROPOUT = 0.4
_LESS_DROPOUT = 0.2
#: An accuracy that rises by more than this in the last epoch still climbs: at the end of a run, and
#: in each of two epochs before it.
_CLIMBS = 0.002
_CLIMBS_MUCH = 0.01
#: Epochs that are proposed then.
MORE_EPOCHS = 10
#: Seconds from which on a run is long, and from which on an end saves time.
_LONG = 1800
_MINUTE = 60
#: Epochs that differ by chance only.
_CHANCE_EPOCHS = 5
#: Fewer validation pictures than these tell only large differences from chance: accuracies that
#: move by less do not say which settings are better.
_FEW_VALIDATED = 500
_SMALL_MOVE = 0.015

#: A class of which a smaller part of the mean is right is weak.
_WEAK = 0.5

Action = Literal["set", "more", "stop", "preset", "mistakes"]


@dataclass(frozen=True)
class Hint:
    """A sentence about the run, and a remedy if there is one.

    ``remedy`` names the button; it sets the setting ``name`` to ``value``, in the run that goes on
    or for a new one, trains ``value`` ``more`` epochs, ``stop``s the run, chooses a ``preset``, or
    shows the ``mistakes`` of the class that ``value`` names.
    """

    sentence: str
    remedy: str = ""
    name: str = ""
    value: float | str | None = None
    #: Whether the remedy helps a new run alone.
    is_afresh: bool = False
    action: Action = "set"


@dataclass(frozen=True)
class Facts:
    """What the rules look at: the figures of a run, its settings now and at its start."""

    epochs: Sequence[EpochFigures]
    settings: TrainingSettings
    began: TrainingSettings
    dead: Sequence[float] = ()
    guessing: float = 0.1
    #: Minibatches of an epoch.
    batches: int = 100
    is_running: bool = True
    #: Whether it ended as planned.
    is_finished: bool = False
    seconds_left: float | None = None
    #: Names of the settings that were changed during the run.
    changed: frozenset[str] = field(default_factory=frozenset)
    #: Validation pictures; 0 where that is not known.
    validated_on: int = 10_000
    #: Of the test, with its accuracy from 0 to 1; None before it.
    weakest: WeakestClass | None = None
    tested: float | None = None

    @property
    def training(self) -> list[float]:
        return [row.training_loss for row in self.epochs]

    @property
    def validation(self) -> list[float]:
        return [row.validation_loss for row in self.epochs]

    @property
    def accuracies(self) -> list[float]:
        return [row.validation_accuracy for row in self.epochs]

    @property
    def last(self) -> EpochFigures:
        return self.epochs[-1]

    @property
    def usual_rate(self) -> float:
        return usual_learning_rate(self.settings.update)

    @property
    def best_epoch(self) -> int:
        """The epoch with the lowest validation loss, from 1."""
        return self.validation.index(min(self.validation)) + 1

    @property
    def chance(self) -> float:
        """Twice the standard deviation of the validation accuracy."""
        best = max(self.accuracies[-_CHANCE_EPOCHS:])
        return 2 * math.sqrt(best * (1 - best) / max(1, self.validated_on))

    @property
    def memorizes(self) -> bool:
        """Whether for some epochs the training loss has improved, and nothing of validation.

        The validation loss of networks that grow surer of their mistakes rises while their accuracy
        does, too: that is no memorizing. Nor is a loss that goes up and down by chance.
        """
        losses = self.validation
        is_past = len(self.epochs) - self.best_epoch >= _TREND
        is_worse = _rises(losses) or min(losses[-_TREND:]) > (1 + _WORSE) * min(losses)
        wrong = [1 - one.validation_accuracy for one in self.epochs]
        return is_past and is_worse and _improves(self.training) and not _improves(wrong)


# -- remedies


def lower_rate(rate: float) -> float:
    """Return a third of a learning rate, in one digit."""
    return float(f"{rate / 3:.1g}")


def _lower(sentence: str, facts: Facts) -> Hint:
    lower = lower_rate(facts.settings.learning_rate)
    return Hint(sentence, _set_rate(lower), "learning_rate", lower)


def _lower_since(epoch: int, facts: Facts) -> Hint:
    sentence = _(
        "No improvement since epoch {epoch}. A smaller learning rate may help.",
        epoch=number(epoch),
    )
    return _lower(sentence, facts)


def _set_rate(rate: float) -> str:
    return _("Set the rate to {rate}", rate=number(rate, "g"))


def _calmer(sentence: str, settings: TrainingSettings) -> Hint:
    """Propose a new run with the usual rate, or a third of one that is not larger."""
    usual = usual_learning_rate(settings.update)
    rate = usual if settings.learning_rate > usual else lower_rate(settings.learning_rate)
    remedy = _("New run with {rate}", rate=number(rate, "g"))
    return Hint(sentence, remedy, "learning_rate", rate, is_afresh=True)


def _set_l2(sentence: str, l2: float) -> Hint:
    return Hint(sentence, _("Set L2 to {l2}", l2=number(l2, "g")), "l2", l2)


def _stop(sentence: str, facts: Facts) -> Hint:
    return Hint(sentence, _("Stop now"), action="stop") if facts.is_running else Hint(sentence)


def few_steps(batches: int, batch_size: int) -> Hint | None:
    """Propose minibatches of 1, 2, 5, 10 … of which an epoch has fifty, where it has few."""
    if batches >= _FEW_STEPS or batch_size == 1:
        return None
    pictures = batches * batch_size
    sentence = counted(
        "Only {count} step an epoch: smaller minibatches learn more from {pictures} pictures.",
        "Only {count} steps an epoch: smaller minibatches learn more from {pictures} pictures.",
        batches,
        pictures=number(pictures),
    )
    size = max(1.0, pictures / _STEPS)
    power = 10 ** math.floor(math.log10(size))
    batch = max(factor * power for factor in (1, 2, 5) if factor * power <= size)
    remedy = counted("Use minibatches of {count}", "Use minibatches of {count}", batch)
    return Hint(sentence, remedy, "batch_size", batch, is_afresh=True)


def all_pictures(sentence: str, settings: TrainingSettings) -> Hint:
    return Hint(sentence, _("Use all pictures"), "training_examples", None, is_afresh=True)


def more_epochs(sentence: str, epochs: int) -> Hint:
    remedy = counted("Train {count} more epoch", "Train {count} more epochs", epochs)
    return Hint(sentence, remedy, value=epochs, action="more")


def augment(sentence: str) -> Hint:
    remedy = _("Turn augmentation on")
    return Hint(sentence, remedy, "augmentation", _AUGMENTATION)


# -- what losses do


def _improves(losses: Sequence[float]) -> bool:
    """Whether one of the last epochs has the lowest loss of all."""
    return len(losses) > _TREND and min(losses[-_TREND:]) < min(losses[:-_TREND])


def _rises(losses: Sequence[float]) -> bool:
    """Whether a loss rose in each of the last epochs, by more than a little in all."""
    recent = losses[-_TREND - 1 :]
    is_rising = all(after > before for before, after in pairwise(recent))
    return len(recent) > _TREND and is_rising and recent[-1] > recent[0] * (1 + _LEVEL)


def _level_since(losses: Sequence[float]) -> int:
    """Return the epoch since which a loss has been level; 0 where it is not, or always was."""
    low = high = losses[-1]
    since = len(losses)
    for epoch in range(len(losses), 0, -1):
        low = min(low, losses[epoch - 1])
        high = max(high, losses[epoch - 1])
        if high - low >= _LEVEL * low:
            break
        since = epoch
    return since if 1 < since <= len(losses) + 1 - _TREND else 0


# -- the rules, each for facts with an epoch


def _large_l2(facts: Facts) -> Hint | None:
    l2 = facts.settings.l2
    if l2 <= LARGE_L2:
        return None
    sentence = _("An L2 penalty of {l2} pushes nearly all weights to 0.", l2=number(l2, "g"))
    return _set_l2(sentence, 0.0)


def _silent_units(facts: Facts) -> Hint | None:
    if not facts.dead or max(facts.dead) <= _MANY_DEAD:
        return None
    share = percent(max(facts.dead))
    sentence = _(
        "{share} of a layer's units respond to no picture and have stopped learning.",
        share=share,
    )
    return _calmer(sentence, facts.began)


def _rising_loss(facts: Facts) -> Hint | None:
    if not _rises(facts.training):
        return None
    sentence = _(
        "The training loss rose for 3 epochs, from {before} to {after}: the steps are too long.",
        before=format_loss(facts.training[-_TREND - 1]),
        after=format_loss(facts.training[-1]),
    )
    return _lower(sentence, facts)


def _still_guessing(facts: Facts) -> Hint | None:
    is_guessing = facts.last.validation_accuracy < _GUESSING * facts.guessing
    is_fast = facts.settings.learning_rate >= facts.usual_rate
    if len(facts.epochs) < 2 or not is_guessing or not is_fast:
        return None
    count = len(facts.epochs)
    sentence = counted(
        "Still guessing after {count} epoch: the steps are too long.",
        "Still guessing after {count} epochs: the steps are too long.",
        count,
    )
    return _calmer(sentence, facts.settings)


def _low_rate(facts: Facts) -> Hint | None:
    rate = facts.settings.learning_rate
    fell = 1 - facts.training[-1] / facts.training[0]
    is_low = rate <= _LOW_RATE * facts.usual_rate
    if len(facts.epochs) < 2 or not is_low or fell >= _SLOW:
        return None
    sentence = _(
        "The learning rate, {rate}, is {share} of what is usual for {rule}.",
        rate=number(rate, "g"),
        share=percent(rate / facts.usual_rate, None),
        rule=SETTINGS["update"].format_value(facts.settings.update),
    )
    usual = facts.usual_rate
    return Hint(sentence, _set_rate(usual), "learning_rate", usual)


def _few_steps(facts: Facts) -> Hint | None:
    is_all_right = facts.last.validation_accuracy == 1
    if len(facts.epochs) < 2 or is_all_right:
        return None
    return few_steps(facts.batches, facts.settings.batch_size)


def _few_pictures(facts: Facts) -> Hint | None:
    pictures = facts.settings.training_examples
    gap = facts.last.training_accuracy - facts.last.validation_accuracy
    if pictures is None or gap <= _GAP:
        return None
    sentence = _(
        "{known} on its {count} pictures, {new} on new ones: more pictures close the gap.",
        known=percent(facts.last.training_accuracy, 1),
        count=number(pictures),
        new=percent(facts.last.validation_accuracy, 1),
    )
    return all_pictures(sentence, facts.settings)


def _best_not_kept(facts: Facts) -> Hint | None:
    best = facts.epochs[facts.best_epoch - 1]
    is_past = len(facts.epochs) - facts.best_epoch >= _TREND
    is_better = best.validation_accuracy > facts.last.validation_accuracy
    if facts.is_running or facts.settings.keep_best or not (is_past and is_better):
        return None
    sentence = _(
        "Epoch {epoch} was better than the last: {best} against {last}.",
        epoch=number(best.epoch),
        best=format_percent(best.validation_accuracy),
        last=format_percent(facts.last.validation_accuracy),
    )
    remedy = _("New run that keeps its best epoch")
    return Hint(sentence, remedy, "keep_best", True, is_afresh=True)


def _memorizing(facts: Facts) -> Hint | None:
    if not facts.memorizes:
        return None
    sentence = _(
        "Since epoch {epoch} only the training loss falls: it is memorizing.",
        epoch=number(facts.best_epoch),
    )
    if facts.settings.augmentation == "off":
        return augment(sentence)
    return _set_l2(sentence, max(_L2, float(f"{3 * facts.settings.l2:.1g}")))


def _nothing_better(facts: Facts) -> Hint | None:
    recent = facts.validation[-_TREND - 1 :]
    moves = any(abs(after / before - 1) > _LEVEL for before, after in pairwise(recent))
    is_stuck = not _improves(facts.validation) and not _improves(facts.training)
    if len(facts.epochs) <= _TREND or not is_stuck or not moves:
        return None
    return _lower_since(facts.best_epoch, facts)


def _level(facts: Facts) -> Hint | None:
    since = _level_since(facts.validation)
    if not since:
        return None
    if facts.settings.schedule == "constant" and "learning_rate" not in facts.changed:
        return _lower_since(since, facts)
    sentence = _("Flat since epoch {epoch}: more epochs add little.", epoch=number(since))
    return _stop(sentence, facts)


def _nearly_level(facts: Facts) -> Hint | None:
    if len(facts.epochs) <= _TREND:
        return None
    recent = facts.validation[-_TREND:]
    fell = 1 - recent[-1] / recent[0]
    trained = 1 - facts.training[-1] / facts.training[-_TREND]
    if not (_LEVEL <= fell <= 3 * _LEVEL and trained > _SLOW):
        return None
    since = len(facts.epochs) - _TREND + 1
    sentence = _("Flat since epoch {epoch}: more epochs add little.", epoch=number(since))
    return _stop(sentence, facts)


def _knows_all(facts: Facts) -> Hint | None:
    if facts.last.training_accuracy <= _CONFIDENT:
        return None
    sentence = _(
        "It knows {share} of its training pictures: only other pictures can teach it more.",
        share=percent(facts.last.training_accuracy, 1),
    )
    return augment(sentence) if facts.settings.augmentation == "off" else Hint(sentence)


def _much_dropout(facts: Facts) -> Hint | None:
    gap = facts.last.validation_accuracy - facts.last.training_accuracy
    layers = parse_network(facts.settings.network).hidden
    most = max((layer.share for layer in layers if isinstance(layer, Dropout)), default=0.0)
    if facts.is_running or most < _MUCH_DROPOUT or gap <= _GAP:
        return None
    less = percent(_LESS_DROPOUT)
    sentence = _(
        "Dropout hides {share} of the units; with {less} the network may learn more in this time.",
        share=percent(most),
        less=less,
    )
    remedy = _("New run with {rate}", rate=less)
    return Hint(sentence, remedy, "network", _with_less_dropout(layers), is_afresh=True)


def _with_less_dropout(layers: Sequence[NetworkLayer]) -> str:
    """Return the text of the same network with less dropout."""
    fewer = Dropout(_LESS_DROPOUT)
    thinned = [
        fewer if isinstance(one, Dropout) and one.share >= _MUCH_DROPOUT else one for one in layers
    ]
    tutorial = f"mlp:{_LESS_DROPOUT}"
    if parse_network(tutorial).hidden == tuple(thinned):
        return tutorial
    return f"layers:{text_of(thinned)}"


def _weak_class(facts: Facts) -> Hint | None:
    weakest = facts.weakest
    if weakest is None or facts.tested is None or weakest.right >= _WEAK * facts.tested:
        return None
    share = percent(weakest.right)
    if weakest.taken_for:
        sentence = _(
            "It gets {share} of the class {name} right, and mistakes most others for {other}.",
            share=share,
            name=weakest.name,
            other=weakest.taken_for,
        )
    else:
        sentence = _("It gets {share} of the class {name} right.", share=share, name=weakest.name)
    return Hint(sentence, _("See these mistakes"), value=weakest.name, action="mistakes")


def _still_climbing(facts: Facts) -> Hint | None:
    accuracies = facts.accuracies
    if not facts.is_finished or len(accuracies) <= _TREND:
        return None
    if accuracies[-1] - accuracies[-2] <= _CLIMBS:
        return None
    points = 100 * (accuracies[-1] - accuracies[-_TREND - 1])
    sentence = _(
        "Still climbing: {points} points in the last 3 epochs.",
        points=number(points, ".1f"),
    )
    return more_epochs(sentence, MORE_EPOCHS)


def _climbing_at_the_end(facts: Facts) -> Hint | None:
    accuracies = facts.accuracies
    left = facts.settings.epochs - len(accuracies)
    if not facts.is_running or len(accuracies) <= 2 or not 0 < left <= 2:
        return None
    rise = min(after - before for before, after in pairwise(accuracies[-3:]))
    if rise <= _CLIMBS_MUCH:
        return None
    sentence = counted(
        "Still climbing by {points} points an epoch, with {count} epoch left.",
        "Still climbing by {points} points an epoch, with {count} epochs left.",
        left,
        points=number(100 * rise, ".0f"),
    )
    return more_epochs(sentence, MORE_EPOCHS)


def _few_validated(facts: Facts) -> Hint | None:
    recent = facts.accuracies[-_TREND:]
    if len(recent) < _TREND or not 0 < facts.validated_on < _FEW_VALIDATED:
        return None
    if max(recent) - min(recent) >= _SMALL_MOVE or max(recent) == 1:
        return None
    sentence = _(
        "With {count} validation pictures, {points} points are chance: compare several seeds.",
        count=number(facts.validated_on),
        points=number(100 * facts.chance, ".1f"),
    )
    seed = facts.settings.seed + 1
    remedy = _("New run with seed {seed}", seed=seed)
    return Hint(sentence, remedy, "seed", seed, is_afresh=True)


def _differs_by_chance(facts: Facts) -> Hint | None:
    recent = facts.accuracies[-_CHANCE_EPOCHS:]
    if not facts.is_running or (facts.seconds_left or 0) <= _MINUTE:
        return None
    if len(recent) < _CHANCE_EPOCHS or not facts.validated_on:
        return None
    if max(recent) - min(recent) > facts.chance:
        return None
    sentence = counted(
        "The last {count} epoch differs by chance only: stopping now loses nothing.",
        "The last {count} epochs differ by chance only: stopping now loses nothing.",
        _CHANCE_EPOCHS,
    )
    return _stop(sentence, facts)


def _long_run(facts: Facts) -> Hint | None:
    left = facts.seconds_left
    if not facts.is_running or left is None or left <= _LONG or len(facts.epochs) > 2:
        return None
    sentence = _(
        "{time} is long. You can stop after any epoch and keep what it has learned.",
        time=time_words(left),
    )
    return Hint(sentence)


#: From top to bottom the first that holds; those above the line need an epoch.
RULES: tuple[Callable[[Facts], Hint | None], ...] = (
    _large_l2,
    _silent_units,
    _rising_loss,
    _still_guessing,
    _low_rate,
    _few_steps,
    _few_pictures,
    _best_not_kept,
    _memorizing,
    _nothing_better,
    _level,
    _nearly_level,
    _knows_all,
    _still_climbing,
    _climbing_at_the_end,
    _much_dropout,
    _weak_class,
    _few_validated,
    _differs_by_chance,
)


def read_curves(facts: Facts) -> Hint:
    """Return what the first rule says whose remedy was not taken yet; empty if none holds."""
    rules = RULES if facts.epochs else ()
    for rule in (*rules, _long_run):
        hint = rule(facts)
        if hint is None or hint.name in facts.changed:
            continue
        if hint.name == "learning_rate" and not facts.is_running:
            remedy = _("New run with {rate}", rate=number(float(hint.value or 0), "g"))
            return replace(hint, remedy=remedy)
        return hint
    return Hint("")
