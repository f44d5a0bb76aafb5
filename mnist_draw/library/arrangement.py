"""What is chosen in the Library, and the entries that it lists then: grouped, found, sorted."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from mnist_draw.i18n import _, counted, format_duration, listed, number, pgettext
from mnist_draw.library.entries import Entry
from mnist_draw.library.search import Term, is_key_with_value, matches, parse_search
from mnist_draw.networks import parse_network
from mnist_draw.training.presets import run_name
from mnist_draw.training.run import Run
from mnist_draw.training.settings import SETTINGS, TrainingSettings

#: Entries that are drawn and compared at a time: so many styles of lines can be told apart.
MAX_DRAWN = 6


@dataclass(frozen=True)
class Choice:
    """All that is chosen in the Library; what it lists and draws follows from it."""

    #: What is typed in the search, and keys with values that were typed before.
    search: str = ""
    chips: tuple[str, ...] = ()
    #: A name in `SORTS`, and whether its order is turned.
    sort: str = "when"
    is_turned: bool = False
    #: Keys of groups whose runs are listed, and of what is ticked.
    unfolded: frozenset[str] = frozenset()
    ticked: tuple[str, ...] = ()
    #: Names in `FIGURES` and `ACROSS` of `mnist_draw.library.comparison`.
    figure: str = "validation_accuracy"
    across: str = "epochs"
    #: The part of a point that comes from those before it, 0 to 1.
    smoothing: float = 0.0
    #: Whether a group has one curve, or one for each seed.
    means: bool = True
    #: Whether settings in which all agree are listed, too.
    shows_equal: bool = False

    @property
    def terms(self) -> tuple[Term, ...]:
        return parse_search(" ".join((*self.chips, self.search)))


def typed(choice: Choice, text: str, is_done: bool = False) -> Choice:
    """Take what is typed: a key with a value becomes a chip once it is ended by a space."""
    words = text.split(" ")
    ended = words if is_done else words[:-1]
    chips = [word for word in ended if is_key_with_value(word)]
    left = " ".join(word for word in words if word not in chips)
    return replace(choice, search=left, chips=tuple(dict.fromkeys((*choice.chips, *chips))))


def sorted_by(choice: Choice, sort: str) -> Choice:
    """Sort by something; by the same once more turns its order."""
    return replace(choice, sort=sort, is_turned=sort == choice.sort and not choice.is_turned)


@dataclass(frozen=True)
class RunGroup(Entry):
    """Runs in one row, newest first; it stands for one of them."""

    runs: tuple[Entry, ...] = field(default=(), repr=False)

    @property
    def key(self) -> str:
        # That of the oldest: another run changes nothing of it.
        return f"runs:{self.runs[-1].key}"

    @property
    def members(self) -> tuple[Entry, ...]:
        return self.runs

    @property
    def seconds(self) -> float:
        return sum(one.seconds or 0.0 for one in self.runs)

    @property
    def spread(self) -> float | None:
        """The standard deviation of the test accuracies, where it has their mean."""
        return None

    def title_of(self, member: Entry) -> str:
        """Return what tells one of its runs apart from the others."""
        raise NotImplementedError

    def describe_setting(self, name: str) -> str:
        return listed(sorted({one.describe_setting(name) for one in self.runs}, key=_natural))


class SeedGroup(RunGroup):
    """Runs that differ in their seeds alone; it stands for the newest of them."""

    @property
    def drawn(self) -> tuple[Entry, ...]:
        return self.runs

    @property
    def accuracies(self) -> list[float]:
        """The test accuracies, from 0 to 1."""
        return [one.test_accuracy for one in self.runs if one.test_accuracy is not None]

    @property
    def test_accuracy(self) -> float | None:
        return statistics.mean(self.accuracies) if self.accuracies else None

    @property
    def validation_accuracy(self) -> float | None:
        found = [one.validation_accuracy for one in self.runs]
        known = [accuracy for accuracy in found if accuracy is not None]
        return statistics.mean(known) if known else None

    @property
    def spread(self) -> float | None:
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else None

    def title_of(self, member: Entry) -> str:
        return (
            member.name if member.settings is None else SETTINGS["seed"].brief(member.settings.seed)
        )


class SearchGroup(RunGroup):
    """Runs that a script puts together, such as the fits of a search; it stands for the best."""

    @property
    def drawn(self) -> tuple[Entry, ...]:
        return (_best_of(self.runs),)

    def title_of(self, member: Entry) -> str:
        return member.name.removeprefix(f"{self.name}, ")


def _best_of(runs: Sequence[Entry]) -> Entry:
    return max(runs, key=lambda one: _accuracy(one) or 0.0)


def _natural(text: str) -> tuple[int, str]:
    return len(text), text


def grouped(entries: Iterable[Entry]) -> list[Entry]:
    """Put runs that belong together where the newest of them was."""
    alike: dict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        alike[_in_common(entry) or entry.key].append(entry)
    return [found[0] if len(found) == 1 else _group_of(tuple(found)) for found in alike.values()]


def _in_common(entry: Entry) -> object:
    """Return what runs of one group have in common; None of what is in no group."""
    run = entry.run
    if run is None or entry.going_on:
        return None
    if run.group:
        return run.group
    # What has a name of its own, or is not whole, stands alone.
    if run.name or not run.is_finished:
        return None
    settings = tuple(
        str(getattr(run.settings, name)) for name in SETTINGS if name not in ("seed", "network")
    )
    return settings, parse_network(run.settings.network).layers, run.epochs_done, run.changes


def _group_of(runs: tuple[Entry, ...]) -> RunGroup:
    newest = runs[0]
    run = newest.run
    assert run is not None
    time = format_duration(sum(one.seconds or 0.0 for one in runs))
    if run.group:
        best = _best_of(runs)
        tried = len({str(one.settings) for one in runs})
        words = listed(
            [
                counted("{count} setting tried", "{count} settings tried", tried),
                _("{time} in all", time=time),
            ],
        )
        return SearchGroup(
            best.stored,
            run.group,
            words,
            newest.when,
            best.run,
            best.has_network,
            runs=runs,
        )
    said = run_name(run.settings.replace(seed=TrainingSettings().seed), run.changes)
    epochs = counted("{count} epoch", "{count} epochs", run.epochs_done)
    parts = [
        counted("{count} seed", "{count} seeds", len(runs)),
        "" if epochs in said else epochs,
        _("{time} in all", time=time),
    ]
    return SeedGroup(
        newest.stored,
        said,
        listed(filter(None, parts)),
        newest.when,
        run,
        newest.has_network,
        runs=runs,
    )


# -- order


@dataclass(frozen=True)
class Sort:
    """An order of the list: its title, what is compared, and how that is written if it is."""

    title: str
    value: Callable[[Entry], float | str | None]
    falls: bool = True
    text: Callable[[Entry], str] | None = None


def _of_settings(title: str, name: str) -> Sort:
    def value(entry: Entry) -> float | str | None:
        return None if entry.settings is None else getattr(entry.settings, name)

    return Sort(title, value, falls=False, text=lambda entry: entry.describe_setting(name))


def _accuracy(entry: Entry) -> float | None:
    return entry.validation_accuracy if entry.test_accuracy is None else entry.test_accuracy


def count_weights(entry: Entry) -> int:
    shapes = parse_network(entry.stored.network).parameter_shapes()
    return sum(math.prod(shape) for shape in shapes)


#: The orders of the list by name, the usual one first.
SORTS: dict[str, Sort] = {
    "when": Sort(pgettext("order", "Newest"), lambda entry: entry.when or None),
    "accuracy": Sort(_("Accuracy"), _accuracy),
    "name": Sort(_("Name"), lambda entry: entry.name.casefold(), falls=False),
    "data": Sort(_("Data"), lambda entry: entry.data.casefold() or None, falls=False),
    "rate": _of_settings(_("Learning rate"), "learning_rate"),
    "batch": _of_settings(_("Batch size"), "batch_size"),
    "seed": _of_settings(pgettext("of random numbers", "Seed"), "seed"),
    "time": Sort(
        _("Time"),
        lambda entry: entry.seconds,
        falls=False,
        text=lambda entry: format_duration(entry.seconds),
    ),
    "weights": Sort(
        _("Weights"),
        count_weights,
        falls=False,
        text=lambda entry: number(count_weights(entry)),
    ),
}


def arranged(entries: Iterable[Entry], choice: Choice) -> list[Entry]:
    """Return the entries to list, in order, with the runs of unfolded groups below their group."""
    terms = choice.terms
    found = [
        entry
        for entry in entries
        if any(matches(member, terms) for member in (entry, *entry.members))
    ]
    rows: list[Entry] = []
    for entry in _sorted(found, choice):
        rows.append(entry)
        if entry.key in choice.unfolded:
            rows += entry.members
    return rows


def _sorted(entries: Sequence[Entry], choice: Choice) -> list[Entry]:
    sort = SORTS[choice.sort]
    known = [entry for entry in entries if sort.value(entry) is not None]
    unknown = [entry for entry in entries if sort.value(entry) is None]
    # Of equal ones the newest is first in either order.
    known.sort(key=sort.value, reverse=sort.falls != choice.is_turned)  # type: ignore[arg-type]
    if choice.sort == "accuracy":
        # Accuracies of different data are not compared.
        known.sort(key=lambda entry: entry.data)
    return [*known, *unknown]


# -- what is ticked


def with_members(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield each entry, and after a group its runs."""
    for entry in entries:
        yield entry
        if isinstance(entry, RunGroup):
            yield from entry.runs


def ticked_of(entries: Iterable[Entry], choice: Choice) -> list[Entry]:
    """Return the ticked entries that there are, in the order in which they were ticked."""
    by_key = {entry.key: entry for entry in with_members(entries)}
    # What was deleted may be brought back.
    return [by_key[key] for key in choice.ticked if key in by_key]


def toggled(choice: Choice, key: str) -> Choice:
    """Return a choice with an entry ticked, or no longer."""
    if key in choice.ticked:
        return replace(choice, ticked=tuple(one for one in choice.ticked if one != key))
    return replace(choice, ticked=(*choice.ticked, key))


def runs_of(entries: Iterable[Entry]) -> list[Run]:
    """Return the runs of entries, those of a group one by one, each once."""
    found = {
        member.key: member.run
        for entry in entries
        for member in entry.members
        if member.run is not None
    }
    return list(found.values())
