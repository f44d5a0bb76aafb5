"""The curves of runs that are compared: figures of each epoch, smoothed, and means of seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_draw.arrays import Doubles
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, listed, with_comma
from mnist_draw.library.arrangement import MAX_DRAWN, Choice, SeedGroup
from mnist_draw.library.entries import Entry, without_same_words
from mnist_draw.training.history import History
from mnist_draw.training.record import load_history
from mnist_draw.training.run import Run
from mnist_draw.training.run_formats import learning_rates
from mnist_draw.training.settings import SETTINGS

#: Values of each epoch, float64 (E,), by the names in `FIGURES` and `ACROSS`.
Columns = Mapping[str, Doubles]
#: What can be compared, and its title.
FIGURES = {
    "validation_accuracy": _("Validation accuracy"),
    "validation_loss": _("Validation loss"),
    "training_accuracy": _("Training accuracy"),
    "training_loss": _("Training loss"),
    "learning_rate": _("Learning rate"),
}
#: Over what it can be drawn: complete epochs, minibatches, seconds of training without pauses.
ACROSS = {"epochs": _("Epochs"), "steps": _("Steps"), "time": _("Time")}
#: Epochs of a curve, at most.
_MAX_EPOCHS = 2000
#: Below this accuracy the curve of a run shows how far it came from guessing.
_NEAR_GUESSING = 0.5


def columns_of(run: Run, history: History) -> Columns:
    """Return the figures of each epoch."""
    rows = history.epochs
    epochs = np.array([row.epoch for row in rows], np.float64)
    found = {
        name: np.array([getattr(row, name) for row in rows], np.float64)
        for name in FIGURES
        if name != "learning_rate"
    }
    found["learning_rate"] = np.array(learning_rates(run, history), np.float64)
    found["epochs"] = epochs
    found["steps"] = epochs * history.batches
    found["time"] = np.cumsum([row.seconds for row in rows])
    step = -(-len(rows) // _MAX_EPOCHS) or 1
    # The last epoch is among them.
    return {name: values[::-1][::step][::-1] for name, values in found.items()}


def read_columns(run: Run) -> Columns:
    """Return the figures of each epoch; none where they are lost."""
    try:
        return columns_of(run, load_history(run))
    except (OSError, UserError):
        return columns_of(run, History())


@dataclass(frozen=True, eq=False)
class Curve:
    """A line over epochs, steps or seconds; values as in `Columns`.

    ``place`` is that of its entry among the ticked ones. ``raw`` is the line before smoothing,
    ``low`` and ``high`` are a standard deviation of the seeds away; None where there is none.
    """

    place: int
    x: Doubles
    y: Doubles
    raw: Doubles | None = None
    low: Doubles | None = None
    high: Doubles | None = None


@dataclass(frozen=True, eq=False)
class Comparison:
    """What is drawn of the ticked entries."""

    #: Place, entry and what tells it apart, of those with curves.
    names: tuple[tuple[int, Entry, str], ...] = ()
    curves: tuple[Curve, ...] = ()
    #: The accuracy of guessing, where the curves begin near it.
    guessing: float | None = None
    #: What is to be known of it.
    notes: tuple[str, ...] = ()
    has_groups: bool = False


def compared(
    ticked: Sequence[Entry],
    columns: Mapping[str, Columns],
    choice: Choice,
) -> Comparison:
    """Return what is drawn of the ticked entries; ``columns`` are those of runs, by key."""
    drawn = ticked[:MAX_DRAWN]
    curves: list[Curve] = []
    names = []
    without = []
    for place, (entry, name) in enumerate(zip(drawn, short_names(drawn), strict=True)):
        known = [columns[one.key] for one in entry.drawn if one.key in columns]
        found = _curves(place, [one for one in known if len(one["epochs"])], choice)
        if found:
            curves += found
            names.append((place, entry, name))
        else:
            without.append(entry)
    return Comparison(
        tuple(names),
        tuple(curves),
        _guessing(drawn, curves, choice),
        _notes(ticked, without),
        any(isinstance(entry, SeedGroup) for entry in drawn),
    )


def short_names(entries: Sequence[Entry]) -> list[str]:
    """Name entries by the first settings that tell all of them apart, where they have none."""
    parts: list[list[str]] = [[] for __ in entries]
    for name in ("data_folder", *SETTINGS):
        values = [_brief(entry, name) for entry in entries]
        if len(set(values)) == 1:
            continue
        if name == "network":
            values = without_same_words(values)
        for words, value in zip(parts, values, strict=True):
            words.append(value)
        names = [_named(entry, words) for entry, words in zip(entries, parts, strict=True)]
        if len(set(names)) == len(names):
            return names
    return [entry.name for entry in entries]


def _brief(entry: Entry, name: str) -> str:
    if entry.settings is None:
        return ""
    return SETTINGS[name].brief(getattr(entry.settings, name), entry.describe_setting(name))


def _named(entry: Entry, words: Sequence[str]) -> str:
    has_name = entry.run is None or bool(entry.run.name)
    return entry.name if has_name else with_comma(*words)


def _curves(place: int, runs: Sequence[Columns], choice: Choice) -> list[Curve]:
    if not runs:
        return []
    if len(runs) > 1 and choice.means:
        # As far as all of them came.
        count = min(len(one["epochs"]) for one in runs)
        x = np.mean([one[choice.across][:count] for one in runs], axis=0)
        values = np.array([one[choice.figure][:count] for one in runs])
        return [_curve(place, x, values.mean(axis=0), choice, values.std(axis=0, ddof=1))]
    return [_curve(place, one[choice.across], one[choice.figure], choice) for one in runs]


def _curve(
    place: int,
    x: Doubles,
    values: Doubles,
    choice: Choice,
    spread: Doubles | None = None,
) -> Curve:
    y = smoothed(values, choice.smoothing)
    raw = values if choice.smoothing else None
    if spread is None:
        return Curve(place, x, y, raw)
    beside = smoothed(spread, choice.smoothing)
    return Curve(place, x, y, raw, y - beside, y + beside)


def smoothed(values: Doubles, memory: float) -> Doubles:
    """Return running means: each point has the part ``memory`` from those before it, as in Adam.

    The first points are means of what there is (D. Kingma, J. Ba, "Adam", 2015, section 3).
    """
    means = np.empty(len(values))
    mean = 0.0
    for place, value in enumerate(values):
        mean = memory * mean + (1 - memory) * value
        means[place] = mean / (1 - memory ** (place + 1))
    return means


def _guessing(drawn: Sequence[Entry], curves: Sequence[Curve], choice: Choice) -> float | None:
    classes = {entry.classes for entry in drawn}
    if not choice.figure.endswith("accuracy") or len(classes) != 1 or not all(classes):
        return None
    lowest = min((float(curve.y.min()) for curve in curves), default=1.0)
    return 1 / classes.pop() if lowest < _NEAR_GUESSING else None


def _notes(ticked: Sequence[Entry], without: Sequence[Entry]) -> tuple[str, ...]:
    notes = []
    if len(ticked) > MAX_DRAWN:
        notes.append(_("At most six are drawn."))
    if len({entry.data for entry in ticked[:MAX_DRAWN]}) > 1:
        notes.append(_("Not the same data: compare shapes, not heights."))
    if len(ticked) > 1:
        if any(entry.run is None for entry in without):
            notes.append(_("A network without a run has no curves."))
        if none := [entry.name for entry in without if entry.run and not entry.run.epochs_done]:
            notes.append(_("No complete epoch, so no curves: {names}.", names=listed(none)))
    return tuple(notes)
