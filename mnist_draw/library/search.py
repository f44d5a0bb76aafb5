"""The search of the Library: words of names, and keys with a value or a range."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mnist_draw.errors import did_you_mean
from mnist_draw.i18n import _
from mnist_draw.library.entries import Entry
from mnist_draw.training.settings import TrainingSettings

#: Keys with numbers, by what they mean of the settings.
_SETTINGS: dict[str, Callable[[TrainingSettings], float]] = {
    "batch": lambda settings: settings.batch_size,
    "epochs": lambda settings: settings.epochs,
    "lr": lambda settings: settings.learning_rate,
    "seed": lambda settings: settings.seed,
}
#: Keys with words: what has to hold one of them.
_WORDS: dict[str, Callable[[Entry], str]] = {
    "data": lambda entry: entry.data,
    "from": lambda entry: entry.origin,
    "is": lambda entry: _states(entry),
    "net": lambda entry: f"{entry.stored.kind} {entry.stored.network}",
    "opt": lambda entry: entry.settings.update if entry.settings else "",
}
_ACCURACY = "acc"
KEYS = (_ACCURACY, *_SETTINGS, *_WORDS)


@dataclass(frozen=True)
class Term:
    """A word, where `key` is empty, or a key with its value."""

    key: str
    value: str
    is_excluded: bool = False


def parse_search(text: str) -> tuple[Term, ...]:
    """Split a search: ``cnn lr:0.001..0.01 acc:>98 -data:mnist``."""
    terms = []
    for word in text.lower().split():
        key, colon, value = word.removeprefix("-").partition(":")
        if colon and key.isalpha():
            terms.append(Term(key, value, word.startswith("-")))
        else:
            terms.append(Term("", word))
    return tuple(terms)


def is_key_with_value(word: str) -> bool:
    return any(term.key in KEYS and term.value for term in parse_search(word))


def completions(text: str, entries: Iterable[Entry]) -> list[str]:
    """Return what the last word of a search can become: a key, or a value that its key has."""
    word = text.lower().split(" ")[-1]
    start = "-" if word.startswith("-") else ""
    key, colon, __ = word.removeprefix("-").partition(":")
    if not key:
        return []
    values = _values(key, entries) if colon else []
    found = [f"{key}:{value}" for value in values] if colon else [f"{one}:" for one in sorted(KEYS)]
    return [start + one for one in found if (start + one).startswith(word) and start + one != word]


def _values(key: str, entries: Iterable[Entry]) -> list[str]:
    """Return the values of a key that entries have."""
    if key in _SETTINGS:
        known = (entry.settings for entry in entries)
        numbers = {_SETTINGS[key](settings) for settings in known if settings is not None}
        return [f"{value:g}" for value in sorted(numbers)]
    texts = [_WORDS[key](entry).lower().split() for entry in entries] if key in _WORDS else []
    # A value ends with its first word; what an entry is has several.
    return sorted({word for words in texts for word in (words if key == "is" else words[:1])})


def what_is_wrong(terms: Sequence[Term]) -> str:
    """Say which key there is not; empty where all are known."""
    for term in terms:
        if term.key and term.key not in KEYS:
            meant = did_you_mean(term.key, KEYS)
            return _('There is no "{key}:". {meant}', key=term.key, meant=meant)
    return ""


def matches(entry: Entry, terms: Sequence[Term]) -> bool:
    return all(_holds(entry, term) != term.is_excluded for term in terms)


def _holds(entry: Entry, term: Term) -> bool:
    if not term.key:
        return term.value in entry.searched
    if not term.value:
        # It is being typed.
        return not term.is_excluded
    if term.key in _WORDS:
        return term.value in _WORDS[term.key](entry).lower()
    if term.key == _ACCURACY:
        share = entry.test_accuracy
        if share is None:
            share = entry.validation_accuracy
        return share is not None and in_range(100 * share, term.value)
    if term.key in _SETTINGS and entry.settings is not None:
        return in_range(_SETTINGS[term.key](entry.settings), term.value)
    return False


def in_range(value: float, text: str) -> bool:
    """Whether a number is as ``98``, ``>98``, ``<98`` or ``90..98`` asks; `text` may be wrong."""
    low, dots, high = text.partition("..")
    try:
        if dots:
            return float(low) <= value <= float(high)
        if text[0] in "<>":
            limit = float(text[1:])
            return value > limit if text[0] == ">" else value < limit
        return value == float(text)
    except ValueError:
        return False


def _states(entry: Entry) -> str:
    """Return what an entry is, in the words of the search."""
    run = entry.run
    words = ["network" if run is None else "run"]
    if entry.going_on:
        words.append("running")
    elif run is not None and run.has_failed:
        words.append("failed")
    return " ".join(words)
