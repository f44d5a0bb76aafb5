"""Translate sentences with gettext; write numbers, shares and dates as a language does.

A process has one language, chosen by `mnist_draw.__main__` before tables of sentences are imported.
A Python program that imports the package gets English. Catalogues are in ``locales``:
``tools/translations.py`` extracts, checks and compiles them.

Mark a sentence as a whole, with named fields, so that a language can order its words::

    _("{name} holds {size} MB.", name=path, size=number(12.5, ".1f"))
    counted("{count} picture", "{count} pictures", 1234)
    pgettext("a minibatch", "batch")
    LABELS = {"hidden": N_("hidden {number}")}; _(LABELS["hidden"], number=1)

The kinds of `mnist_draw.errors.UserError` translate their sentence themselves, so the first
argument of a call that ends in ``Error(`` is extracted, too.

Modules translate their tables while they are imported. What they get then is a `Translated`, a
text that knows how it came about; `renew` puts the text of the new language in its place wherever
a module of this package can reach it: in its names, its classes, and in what they hold.
"""

from __future__ import annotations

import contextlib
import gettext
import os
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache, partial, wraps
from pathlib import Path
from types import FunctionType, MappingProxyType
from typing import Any, ParamSpec, TypeVar, cast

from mnist_draw.system import desktop_languages

DOMAIN = "mnist_draw"
CATALOGUES = Path(__file__).parent / "locales"
#: What the preferences call the language; empty is the system's.
PREFERENCE = "language"


@dataclass(frozen=True)
class Language:
    """A language: its own name, and how it writes numbers (Unicode CLDR)."""

    name: str
    decimal: str = "."
    group: str = ","
    #: Numbers with fewer digits before the last group are not grouped: 1234, but 12.345.
    least_grouped: int = 1
    #: Between a number and its percent sign.
    before_percent: str = ""
    between_sentences: str = " "
    between_clauses: str = ", "
    is_right_to_left: bool = False


LANGUAGES: dict[str, Language] = {
    "en": Language("English"),
    "de": Language("Deutsch", ",", ".", before_percent="\u00a0"),
    "es": Language("Español", ",", ".", 2, "\u00a0"),
    "fr": Language("Français", ",", "\u202f", before_percent="\u00a0"),
    "it": Language("Italiano", ",", ".", before_percent=""),
    "zh_CN": Language("简体中文", before_percent="", between_sentences="", between_clauses="，"),
}

# -- tables of modules follow a change of the language

#: A flag of code: it belongs to a function, not to a module or a class.
_OF_FUNCTION = 1
_PACKAGE = __name__.partition(".")[0]

F = TypeVar("F", bound=Callable[..., str])
P = ParamSpec("P")
T = TypeVar("T")
#: Those of `cached_text`.
_CACHES: list[Any] = []


class Translated(str):
    """A text in the language of when a module was imported."""

    again: partial[str]

    def upper(self) -> str:
        return _translated(str.upper, (self,), {})


def _translated(make: Callable[..., str], values: tuple[Any, ...], named: dict[str, Any]) -> str:
    text = Translated(make(*values, **named))
    text.again = partial(make, *values, **named)
    return text


def follows_language(make: F) -> F:
    """Let what a function returns to a module or a class that is imported be a `Translated`."""

    @wraps(make)
    def made(*values: Any, **named: Any) -> str:
        if sys._getframe(1).f_code.co_flags & _OF_FUNCTION:
            return make(*values, **named)
        held = [list(value) if isinstance(value, Iterator) else value for value in values]
        return _translated(make, tuple(held), named)

    return made  # type: ignore[return-value]


def cached_text(make: Callable[P, T]) -> Callable[P, T]:
    """Remember what a function returns until the language changes."""
    cache = lru_cache(maxsize=256)(make)
    _CACHES.append(cache)
    return cast(Callable[P, T], cache)


# -- the language

_code = "en"
_translations: gettext.NullTranslations = gettext.NullTranslations()


def use(code: str, catalogues: Path = CATALOGUES) -> None:
    """Let this process speak a language of `LANGUAGES`; without its catalogue, English."""
    global _code, _translations
    _translations = messages_in(code, catalogues)
    # Numbers are written as the sentences around them.
    _code = code if isinstance(_translations, gettext.GNUTranslations) else "en"
    renew()


def messages_in(code: str, catalogues: Path = CATALOGUES) -> gettext.NullTranslations:
    """Return the messages of a language of `LANGUAGES`; without its catalogue, in English.

    Beside the source, a catalogue that was not compiled since its last change says so.
    """
    source = catalogues / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = source.with_suffix(".mo")
    times = [path.stat().st_mtime if path.exists() else 0.0 for path in (compiled, source)]
    if times[0] < times[1]:
        print(f"{source} has changed: run tools/translations.py compile", file=sys.stderr)
    return gettext.translation(DOMAIN, str(catalogues), [code], fallback=True)


def language() -> str:
    """Return the code of the language of this process."""
    return _code


def is_right_to_left() -> bool:
    return LANGUAGES[_code].is_right_to_left


@follows_language
def _(message: str, **fields: object) -> str:
    """Translate a message, and fill its fields if any are given."""
    text = _translations.gettext(message)
    return _filled(text, message, fields) if fields else text


def N_(message: str) -> str:
    """Return a message as it is; `_` translates it where its fields are known."""
    return message


@follows_language
def pgettext(context: str, message: str, **fields: object) -> str:
    """Translate a message that means something else in another context."""
    text = _translations.pgettext(context, message)
    return _filled(text, message, fields) if fields else text


@follows_language
def counted(singular: str, plural: str, count: int, **fields: object) -> str:
    """Translate a message in the form that a number needs, and fill its field ``count``."""
    text = _translations.ngettext(singular, plural, count)
    english = singular if count == 1 else plural
    return _filled(text, english, {"count": number(count), **fields})


def _filled(text: str, english: str, fields: dict[str, object]) -> str:
    """Fill the fields of a translation; where they do not fit, those of the English sentence."""
    try:
        return text.format(**fields)
    except (AttributeError, LookupError, TypeError, ValueError):
        return english.format(**fields)


@follows_language
def listed(entries: Iterable[str], long: bool = False) -> str:
    """Join words or phrases by the language's comma; long ones, with commas, by its semicolon."""
    mark = pgettext("between the entries of a list", ", ")
    return (pgettext("between long entries of a list", "; ") if long else mark).join(entries)


@follows_language
def explained(meanings: Mapping[str, str]) -> str:
    """List names, each with what it means."""
    return listed((_("{name}: {text}", name=n, text=meanings[n]) for n in meanings), long=True)


@follows_language
def joined(*sentences: str | None) -> str:
    """Join those of the sentences that say something, as the language separates sentences."""
    return LANGUAGES[_code].between_sentences.join(filter(None, sentences))


@follows_language
def with_comma(*clauses: str) -> str:
    """Join clauses that are no list, such as a name and a description, by the language's comma."""
    return LANGUAGES[_code].between_clauses.join(clauses)


def clauses_of(text: str) -> list[str]:
    """Return what `with_comma` was given, in whichever language: names outlive a choice of one."""
    marks = {marks.between_clauses for marks in LANGUAGES.values()}
    return re.split("|".join(map(re.escape, sorted(marks))), text)


#: Small numbers that are not longer are written without a power of ten.
_WRITTEN_OUT = len("0.000001")
_DIGITS = "-0123456789"
_RAISED = str.maketrans(_DIGITS, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", _DIGITS)


@follows_language
def number(value: float, spec: str = ",") -> str:
    """Format a number as `format` does, but as the language prints it: ``−0.5``, ``1.2×10⁻⁷``."""
    text = format(value, spec)
    figure, power, exponent = text.partition("e")
    if spec.endswith("g") and exponent.startswith("-"):
        plain = format(Decimal(text), "f")
        if len(plain.lstrip("+-")) <= _WRITTEN_OUT:
            figure = plain
            power = ""
    marks = LANGUAGES[_code]
    whole, point, decimals = figure.partition(".")
    digits = whole.lstrip("+- ")
    if len(digits.partition(",")[0]) < marks.least_grouped and digits.count(",") == 1:
        whole = whole.replace(",", "")
    whole = whole.replace(",", marks.group).replace("-", "−")
    raised = f"×10{str(int(exponent)).translate(_RAISED)}" if power else ""
    return whole + point.replace(".", marks.decimal) + decimals + raised


@follows_language
def percent(share: float, decimals: int | None = 0) -> str:
    """Format a share from 0 to 1, as ``98.24%``; without decimals given, with those it has."""
    spec = ",g" if decimals is None else f",.{decimals}f"
    return number(100 * share, spec) + percent_sign()


@follows_language
def percent_sign() -> str:
    """Return what follows a number: the sign, after the space of the language."""
    return f"{LANGUAGES[_code].before_percent}%"


def parse_number(text: str, is_real: bool = False) -> float:
    """Read a number as the language, or as Python, writes it; raises `ValueError`.

    In German 1.250 is 1250, and 0.001 is what Python calls so: no number has a group of zero.
    Where real numbers are typed and shown without groups, 1.250 is what Python calls so, too.
    """
    if is_real:
        with contextlib.suppress(ValueError):
            return float(text)
    plain = "".join(text.split()).replace("−", "-")
    marks = LANGUAGES[_code]
    group = "".join(marks.group.split())
    point = re.escape(marks.decimal)
    if group and re.fullmatch(rf"-?[1-9]\d{{0,2}}({re.escape(group)}\d{{3}})+({point}\d*)?", plain):
        plain = plain.replace(group, "")
    figure, power, exponent = plain.replace(marks.decimal, ".").partition("×10")
    return float(f"{figure}e{exponent.translate(_LOWERED)}" if power else figure)


def date(moment: datetime, year: bool = False, clock: bool = False) -> str:
    """Format a day, as ``24 Nov``, ``24 Nov 2026`` or ``24 Nov 2026, 14:03``."""
    # The system's C locale need not be installed, so the catalogues have the months.
    months = pgettext("months", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split()
    fields = {"day": moment.day, "month": months[moment.month - 1], "year": moment.year}
    text = _("{day} {month} {year}", **fields) if year else _("{day} {month}", **fields)
    return _("{date}, {time}", date=text, time=f"{moment:%H:%M}") if clock else text


#: Losses from here on have three digits: no column grows while a run diverges.
_LARGE_LOSS = 100.0


#: Under so many seconds a duration has a decimal.
_BRIEF = 9.95


def format_duration(seconds: float | None) -> str:
    """Format a duration as ``0.4 s``, ``12 s``, ``1 min 3 s`` or ``1 h 5 min``, a dash for none."""
    if seconds is None:
        return "–"
    if seconds < _BRIEF:
        return _("{count} s", count=number(seconds, ".1f"))
    whole = round(seconds)
    if whole < 60:
        return _("{count} s", count=number(whole))
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return _("{minutes} min {seconds} s", minutes=number(minutes), seconds=number(rest))
    hours, minutes = divmod(round(seconds / 60), 60)
    return _("{hours} h {minutes} min", hours=number(hours), minutes=number(minutes))


def _promised(seconds: float) -> tuple[int, str]:
    """Round seconds to a promise: under 10 to whole ones, then in steps of five, then minutes."""
    if seconds < 9.5:
        return max(1, round(seconds)), "s"
    if seconds < 57.5:
        return 5 * round(seconds / 5), "s"
    if seconds < 3570:
        return round(seconds / 60), "min"
    return round(seconds / 3600), "h"


def time_words(seconds: float) -> str:
    """Return a promise with an abbreviated unit: ``20 s``, ``1 min``."""
    count, unit = _promised(seconds)
    short = {"s": N_("{count} s"), "min": N_("{count} min"), "h": N_("{count} h")}
    return _(short[unit], count=number(count))


#: So long ago hours say more than "yesterday", in seconds.
_SOME_HOURS = 6 * 3600.0


def format_ago(when: float, now: float | None = None) -> str:
    """Format a moment as ``20 min ago``, ``yesterday`` or ``24 Nov``; in seconds since 1970."""
    now = time.time() if now is None else now
    past = max(0.0, now - when)
    today = datetime.fromtimestamp(now)
    day = datetime.fromtimestamp(when)
    days = (today.date() - day.date()).days
    if past < 60:
        return _("just now")
    if past < 3600:
        return counted("{count} min ago", "{count} min ago", int(past // 60))
    if past < _SOME_HOURS or not days:
        return counted("{count} hour ago", "{count} hours ago", int(past // 3600))
    return _("yesterday") if days == 1 else date(day, year=day.year != today.year)


def format_moment(when: float) -> str:
    """Format a moment as ``24 Nov 2026, 14:03``."""
    return date(datetime.fromtimestamp(when), year=True, clock=True)


def format_percent(part: float | None, decimals: int = 2) -> str:
    """Format a share of pictures as ``97.84%``: only all is 100%. A dash if there is none."""
    if part is None:
        return "–"
    # Of many pictures, a share is a sum of float32 shares.
    rounded = round(part, 7)
    if rounded in (0, 1):
        return percent(rounded)
    return percent(min(rounded, 1 - 10 ** -(decimals + 2)), decimals)


def format_loss(value: float | None) -> str:
    """Format a loss as ``0.0731``, a dash if there is none."""
    if value is None:
        return "–"
    return number(value, ".4f" if abs(value) < _LARGE_LOSS else ".3g")


def best_of(wanted: Iterable[str]) -> str | None:
    """Return the first language of `LANGUAGES` in tags such as ``de_AT.UTF-8``, ``zh-Hans``."""
    for tag in wanted:
        plain = tag.partition(".")[0].partition("@")[0].replace("-", "_")
        found = {code.lower(): code for code in LANGUAGES}.get(plain.lower())
        if found is None:
            start = plain.lower().partition("_")[0]
            found = next((code for code in LANGUAGES if code.partition("_")[0] == start), None)
        if found is not None:
            return found
    return None


def system_languages() -> Iterator[str]:
    """Yield the languages of the terminal; where it names none, those of the desktop."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(variable):
            yield from value.split(":")
            return
    yield from desktop_languages()


# -- a change of the language


def renew() -> None:
    """Translate all tables into the language of now."""
    for cache in _CACHES:
        cache.cache_clear()
    renewal = _Renewal()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == _PACKAGE and module is not None:
            renewal.walk(vars(module))


class _Renewal:
    def __init__(self) -> None:
        #: What has been walked through, held so that no other object gets its id.
        self._known: dict[int, tuple[Any, Any]] = {}

    def walk(self, value: Any) -> Any:
        """Return a value in the new language; what can be changed is changed where it is."""
        if isinstance(value, Translated):
            return self._again(value)
        if id(value) not in self._known:
            self._known[id(value)] = value, value
            self._known[id(value)] = value, self._walk(value)
        return self._known[id(value)][1]

    def _again(self, text: Translated) -> str:
        make = text.again
        values = [self.walk(value) for value in make.args]
        named = {name: self.walk(value) for name, value in make.keywords.items()}
        return _translated(make.func, tuple(values), named)

    def _walk(self, value: Any) -> Any:
        match value:
            case dict():
                self._walk_dict(value)
            case list():
                value[:] = map(self.walk, value)
            case tuple() | frozenset():
                parts = [self.walk(part) for part in value]
                if any(new is not old for new, old in zip(parts, value, strict=True)):
                    return value._make(parts) if hasattr(value, "_make") else type(value)(parts)
            case MappingProxyType():
                self.walk(list(value.values()))
            case FunctionType() if _is_ours(value):
                value.__defaults__ = self.walk(value.__defaults__)
                self.walk(value.__kwdefaults__)
                for cell in value.__closure__ or ():
                    # Empty while a module is being imported.
                    with contextlib.suppress(ValueError):
                        self._set(partial(setattr, cell, "cell_contents"), cell.cell_contents)
            case type() if _is_ours(value):
                for name, part in list(vars(value).items()):
                    self._set(partial(setattr, value, name), part)
            case _ if _is_ours(type(value)) or type(value).__module__ == "dataclasses":
                self._walk_object(value)
        return value

    def _walk_dict(self, value: dict[Any, Any]) -> None:
        new = {self.walk(key): self.walk(part) for key, part in list(value.items())}
        if list(map(str, new)) != list(map(str, value)):
            value.clear()
        value.update(new)

    def _walk_object(self, value: Any) -> None:
        names = [*getattr(value, "__dict__", ()), *_slots(type(value))]
        for name in names:
            self._set(partial(object.__setattr__, value, name), getattr(value, name, None))

    def _set(self, change: Callable[[Any], None], part: Any) -> None:
        new = self.walk(part)
        if new is not part:
            change(new)


def _slots(kind: type) -> list[str]:
    return [name for base in kind.__mro__ for name in getattr(base, "__slots__", ())]


def _is_ours(value: Any) -> bool:
    module = getattr(value, "__module__", None)
    return isinstance(module, str) and module.partition(".")[0] == _PACKAGE
