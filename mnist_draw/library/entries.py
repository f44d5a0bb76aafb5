"""The entries of the Library: every run and every network as one list.

An entry is a run, with its network or without one yet, or a network that has no run here: one that
learned the user's digits, one from a file, or one that came with the program.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from mnist_draw.errors import StorageError, UserError
from mnist_draw.i18n import _, counted, listed, number, pgettext
from mnist_draw.library.networks import (
    creation_time,
    list_deleted,
    list_fine_tuned,
    list_opened,
    list_shipped,
)
from mnist_draw.library.stored_network import FINE_TUNED, SHIPPED, StoredNetwork, network_of_run
from mnist_draw.networks import parse_network
from mnist_draw.networks.operations import Dense
from mnist_draw.storage.unique_paths import Deleted
from mnist_draw.training.history import read_change
from mnist_draw.training.presets import course_of, run_name
from mnist_draw.training.record import cut_off
from mnist_draw.training.run import STATE_WORDS, Run
from mnist_draw.training.run_list import list_runs, readable_runs, run_called
from mnist_draw.training.settings import SETTINGS, TrainingSettings

#: Why somebody would choose one of the networks that came with the program.
REASONS = {
    "best": _("the most reliable"),
    "mlp_handwriting": _("small and fast"),
    "mlp": _("as the tutorial trains it"),
}
#: Settings whose title is that of a field of the form, which says less than all of it.
_TITLES = {"network": _("Network")}
#: So many of the user's networks are in the header's menu.
NEWEST = 5


@dataclass(frozen=True)
class Entry:
    #: Its network, which a run need not have yet.
    stored: StoredNetwork
    #: As it is shown everywhere; equal ones are told apart.
    name: str
    #: What it is and how far it came.
    what: str
    #: In seconds since 1970; 0 for what came with the program.
    when: float = 0.0
    run: Run | None = None
    has_network: bool = True
    #: Whether it is being trained, in this window or in another program.
    going_on: bool = False

    @cached_property
    def key(self) -> str:
        return self.stored.key

    @property
    def members(self) -> tuple[Entry, ...]:
        """Return the entries that it stands for: itself alone, unless it is a group."""
        return (self,)

    @property
    def drawn(self) -> tuple[Entry, ...]:
        """Return the entries whose mean is its curve."""
        return (self,)

    @property
    def origin(self) -> str:
        """What started its run; empty where that is not known."""
        return self.run.origin if self.run else ""

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the program: it keeps its name and cannot be deleted."""
        return self.stored.source == SHIPPED

    @property
    def title(self) -> str:
        return self.run.title if self.run else self.stored.title

    @property
    def seconds(self) -> float | None:
        return self.run.seconds if self.run else None

    @property
    def test_accuracy(self) -> float | None:
        return self.stored.info.test_accuracy

    @property
    def validation_accuracy(self) -> float | None:
        return self.stored.info.validation_accuracy

    @cached_property
    def settings(self) -> TrainingSettings | None:
        if self.run is not None:
            return self.run.settings
        with contextlib.suppress(UserError):
            if self.stored.info.settings:
                return TrainingSettings.from_json(self.stored.info.settings)
        return None

    @property
    def data(self) -> str:
        """The name of its data set; empty where that is not known."""
        if self.run is None and self.stored.info.data:
            return self.stored.info.data
        if self.settings is None:
            return ""
        return SETTINGS["data_folder"].format_value(self.settings.data_folder)

    @cached_property
    def classes(self) -> int:
        """How many classes it tells apart; 0 where that is not known."""
        with contextlib.suppress(UserError):
            output = parse_network(self.stored.network).operations[-1]
            return output.units if isinstance(output, Dense) else 0
        return 0

    @cached_property
    def searched(self) -> str:
        return f"{self.name} {self.title} {self.what} {self.stored.kind}".lower()

    def describe_setting(self, name: str) -> str:
        """Format a setting that it was trained with; a dash where that is not known."""
        if self.run is not None:
            planned = self.run.describe_setting(name)
            is_part = name == "epochs" and self.run.epochs_done < self.run.settings.epochs
            done = self.run.epochs_done
            return _("{done} of {total}", done=done, total=planned) if is_part else planned
        settings = self.settings
        changes = []
        with contextlib.suppress(UserError):
            changes = [read_change(change) for change in self.stored.info.changes]
        return "–" if settings is None else course_of(name, settings, changes)


def compared_settings(
    entries: Sequence[Entry],
    with_equal: bool = False,
) -> list[tuple[str, list[str]]]:
    """List the settings that are not the same in all entries: title, and the value of each.

    ``with_equal`` lists the others, too.
    """
    rows = []
    for name, setting in SETTINGS.items():
        values = [entry.describe_setting(name) for entry in entries]
        differs = len(set(values)) > 1
        if differs or with_equal:
            shortens = differs and name == "network"
            short = without_same_words(values) if shortens else values
            rows.append((_TITLES.get(name, setting.title), short))
    return rows


def without_same_words(values: Sequence[str]) -> list[str]:
    """Leave out the words with which all texts begin: narrow columns show what differs."""
    words = [value.split() for value in values]
    same = 0
    while all(one[same + 1 :] and one[same] == words[0][same] for one in words):
        same += 1
    return [" ".join(one[same:]) for one in words]


@dataclass(frozen=True)
class Library:
    """All entries, the user's newest first and then those that came along; what was deleted."""

    entries: tuple[Entry, ...]
    deleted: tuple[tuple[Deleted, str], ...] = ()
    messages: tuple[str, ...] = ()


def read_library(
    in_use: Callable[[Path], bool] = lambda folder: False,
    own: Path | None = None,
) -> Library:
    """Read the whole Library; `own` is the folder of the run that goes on in this window."""
    try:
        runs, messages = list_runs()
    except StorageError as error:
        runs = []
        messages = [str(error)]
    going_on = {run.folder for run in runs if run.state == "running" and in_use(run.folder)}
    runs = [run if run.folder == own else cut_off(run) for run in runs]
    entries = list_entries(runs, going_on)
    return Library(tuple(entries), tuple(list_deleted()), tuple(messages))


def list_entries(runs: Iterable[Run] | None = None, going_on: Iterable[Path] = ()) -> list[Entry]:
    """List all entries: the user's, newest first, then those that came with the program."""
    active = set(going_on)
    made = [
        entry_of_run(run, run.folder in active)
        for run in (readable_runs() if runs is None else runs)
    ]
    files = [*list_fine_tuned(), *list_opened()]
    shipped = [Entry(one, one.title, REASONS.get(one.name, one.kind)) for one in list_shipped()]
    titles = {entry.key: entry.name for entry in (*made, *shipped)}
    titles |= {stored.key: stored.title for stored in files}
    made += [_entry_of_file(stored, titles) for stored in files]
    made.sort(key=lambda entry: entry.when, reverse=True)
    own = _told_apart(made)
    names = {entry.name for entry in own}
    # One's own runs keep their names.
    return [*own, *(_marked(entry) if entry.name in names else entry for entry in shipped)]


def _marked(shipped: Entry) -> Entry:
    # Translators: a network that came with the program, where a run has the same name.
    return replace(shipped, name=_("{name} (built-in)", name=shipped.name))


def run_named(name: str, runs: Sequence[Run]) -> Run:
    """Return the run that a user names, also by a title with its number."""
    for entry in list_entries(runs):
        if entry.run is not None and entry.name == name != entry.title:
            return entry.run
    return run_called(name, runs)


def newest(entries: Sequence[Entry]) -> list[Entry]:
    own = [entry for entry in entries if entry.has_network and not entry.is_shipped]
    return own[:NEWEST]


def entry_of_run(run: Run, going_on: bool = False) -> Entry:
    stored = network_of_run(run)
    words = _describe_run(run, going_on)
    return Entry(stored, run.title, words, run.started_at, run, stored.is_saved, going_on)


def with_run(entry: Entry, run: Run, going_on: bool) -> Entry:
    """Return an entry with newer figures; its name is new where the run's title is."""
    name = entry.name if run.title == entry.title else run.title
    words = _describe_run(run, going_on)
    stored = network_of_run(run)
    return replace(entry, stored=stored, name=name, what=words, run=run, going_on=going_on)


def _describe_run(run: Run, going_on: bool) -> str:
    done = run.epochs_done
    planned = run.settings.epochs
    said = run_name(run.settings, run.changes)
    words = ["" if said in run.title else said]
    if run.state == "paused":
        words.append(run.label)
    elif going_on:
        words.append(_("epoch {done} of {planned}", done=min(done + 1, planned), planned=planned))
    elif run.has_failed:
        words.append(_describe_failure(run))
    elif done != planned:
        ended = counted("{done} of {count} epoch", "{done} of {count} epochs", planned, done=done)
        words += [ended, "" if run.state == "completed" else STATE_WORDS[run.state]]
    else:
        epochs = counted("{count} epoch", "{count} epochs", done)
        words.append("" if epochs in f"{run.title}, {said}" else epochs)
    return listed(filter(None, words))


def _describe_failure(run: Run) -> str:
    """Say where a run failed; older records do not say it."""
    where = run.divergence
    if where is None:
        return STATE_WORDS["failed"]
    if where.epoch > 1:
        return _("failed in epoch {number}", number=number(where.epoch))
    return _("failed in minibatch {number}", number=number(where.batch))


def _entry_of_file(stored: StoredNetwork, titles: dict[str, str]) -> Entry:
    name = stored.title
    count = stored.info.extra_digits
    if stored.source == FINE_TUNED:
        before = stored.info.before_name or titles.get(stored.info.before, "")
        if before and not stored.info.name:
            name = _("{name} with {count} of my digits", name=before, count=count)
        words = _("learned from your digits") if count else _("before it learned")
    elif stored.kind:
        words = _("{kind}, from a file", kind=stored.kind)
    else:
        words = pgettext("network", "damaged")
    # A new name is edited from the one that is shown.
    return Entry(replace(stored, title=name), name, words, creation_time(stored))


def _told_apart(entries: Sequence[Entry]) -> list[Entry]:
    """Number equal names, from the last on: the second is "name (2)"."""
    known: Counter[str] = Counter()
    numbered: list[Entry] = []
    for entry in reversed(entries):
        known[entry.name] += 1
        count = known[entry.name]
        named = entry if count == 1 else replace(entry, name=f"{entry.name} ({count})")
        numbered.append(named)
    return numbered[::-1]
