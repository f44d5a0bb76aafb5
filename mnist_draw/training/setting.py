"""Training settings: one declaration for the form, the command line and the checks.

Each field of `mnist_draw.training.settings.TrainingSettings` is declared once, as one of the
kinds below. Its widget (`mnist_draw.app.train.setting_fields`), its option with its help
(`mnist_draw.cli.train`), its checks and whether it can change during a run follow from
that declaration.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Protocol

from mnist_draw.errors import UserError, no_such
from mnist_draw.i18n import _, explained, listed, number, percent, pgettext
from mnist_draw.networks import list_kinds, parse_network
from mnist_draw.storage.npz import MAX_BYTES

Value = str | int | float | bool | Mapping[str, float] | None
#: The new value of a setting that can change during a run.
LiveValue = float | str

_KEY = "setting"
#: A sentence shows at most this many characters of a value that makes no sense.
_SHOWN = 60
#: No number of a setting is as large; records of runs hold none either.
MAX_COUNT = 1e300


class SettingsError(UserError):
    """A setting is out of range; the sentence names it, its value and what is allowed.

    ``setting`` is its name, where a form can show the sentence beside its field.
    """

    def __init__(self, sentence: str, /, setting: str = "", **fields: object) -> None:
        super().__init__(sentence, **fields)
        self.setting = setting


class Entry(Protocol):
    @property
    def title(self) -> str:
        """The title in menus."""

    @property
    def meaning(self) -> str:
        """One sentence for menus and help texts."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The base class of settings."""

    title: str
    sentence: str
    group: str
    #: Of the widget and of the option; made from the field's name where they are left out.
    widget: str = ""
    option: str = ""
    metavar: str = ""
    #: How a list of changes says a value; empty where the value says what it is.
    mark: str = ""
    columns: int = 6
    live: bool = False
    with_resume: bool = False
    chooses_pictures: bool = False
    nothing: str = ""

    #: Whether the command line's help names the default; it does not where that says nothing.
    has_default = True
    #: The kind of its values, as JSON Schema calls it.
    kind = "string"

    def read(self, name: str, value: Any) -> Value:
        """Take a value as JSON writes it."""
        return None if value is None and self.nothing else self._take(name, value)

    def _take(self, name: str, value: Any) -> Value:
        if not isinstance(value, str):
            raise wrong_kind(name, value, self.kind)
        return value

    def check(self, name: str, value: Any) -> None:
        """Refuse a value out of range with a `UserError`; it is of the right kind."""

    def describe_values(self) -> list[str]:
        """Return sentences about its values, for the command line's help."""
        return []

    def format_value(self, value: Any) -> str:
        """Format a value for lists and help texts."""
        return self.nothing if value is None else str(value)

    def brief(self, value: Any, course: str = "") -> str:
        """Say a value, or its course during a run, in a list of changes."""
        text = course or self.format_value(value)
        return _(self.mark, value=text) if self.mark else text


@dataclass(frozen=True, kw_only=True)
class WholeNumber(Setting):
    """A whole number from ``low`` to ``high``, in steps of ``step`` in the form.

    ``brief_count`` is the mark of what is counted; a number that is a name (``is_name``) has no
    groups of digits.
    """

    low: int
    high: int
    step: int = 1
    is_name: bool = False
    metavar: str = "N"
    brief_count: Callable[[int], str] | None = None

    kind = "integer"

    def _take(self, name: str, value: Any) -> Value:
        """Take a number, also NumPy's and 3.0, as JSON files may write 3."""
        if not _is_number(value) or not abs(value) < math.inf or value != int(value):
            raise wrong_kind(name, value, self.kind)
        return int(value)

    def check(self, name: str, value: Any) -> None:
        if value is not None and not self.low <= value <= self.high:
            raise out_of_range(name, value, self.low, self.high)

    def brief(self, value: Any, course: str = "") -> str:
        if self.brief_count is None or value is None:
            return super().brief(value, course)
        return self.brief_count(value)

    def format_value(self, value: Any) -> str:
        if value is None:
            return self.nothing
        return str(value) if self.is_name else number(value)


@dataclass(frozen=True, kw_only=True)
class RealNumber(Setting):
    """A number from ``low`` to ``high``; with ``percent`` the form shows this share in percent."""

    low: float
    high: float
    percent: bool = False
    metavar: str = "X"

    kind = "number"

    def _take(self, name: str, value: Any) -> Value:
        if _is_number(value) and abs(value) >= MAX_COUNT:
            self.check(name, value)
        return read_number(name, value)

    def describe_values(self) -> list[str]:
        return [_("A number from 0 to 1.")] if self.percent else []

    def check(self, name: str, value: Any) -> None:
        if value is not None and not self.low <= value <= self.high:
            raise out_of_range(name, value, self.low, self.high)

    def format_value(self, value: Any) -> str:
        """Return the number without superfluous zeros, a share in percent."""
        if value is None:
            return self.nothing
        return percent(value, None) if self.percent else number(value, ".12g")


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of some names; ``bare`` is what the option means without a name."""

    choices: Mapping[str, Entry]
    bare: str = ""
    metavar: str = "NAME"

    def check(self, name: str, value: Any) -> None:
        check_name(self.title, value, self.choices)

    def describe_values(self) -> list[str]:
        entries = explained({known: entry.meaning for known, entry in self.choices.items()})
        sentences = [_("One of: {entries}.", entries=entries)]
        if self.bare:
            sentences.append(_("Without {name}: {value}.", name=self.metavar, value=self.bare))
        return sentences

    def format_value(self, value: Any) -> str:
        return self.choices[value].title if value in self.choices else str(value)


@dataclass(frozen=True, kw_only=True)
class NetworkText(Setting):
    """A network in one line of text; see `mnist_draw.networks.parse_network`."""

    columns: int = 12
    metavar: str = "NETWORK"

    def check(self, name: str, value: Any) -> None:
        """Refuse a text that names no network, or one that no model file holds."""
        parameters = sum(map(math.prod, parse_network(value).parameter_shapes()))
        if 4 * parameters > MAX_BYTES:
            raise SettingsError(
                "The network {network} has {parameters} parameters; at most {most} can be "
                "kept in a file. Choose fewer units.",
                network=repr(value[:_SHOWN]),
                parameters=number(parameters),
                most=number(MAX_BYTES // 4),
            )

    def describe_values(self) -> list[str]:
        return [_("One of: {entries}.", entries=list_kinds())]

    def format_value(self, value: Any) -> str:
        try:
            spec = parse_network(value)
        except UserError:
            return str(value)
        return listed([spec.title, *spec.format_numbers()])


@dataclass(frozen=True, kw_only=True)
class RuleParameters(Setting):
    """Differences from the update rule's defaults, by name; checked with the rule."""

    columns: int = 12
    metavar: str = "NAME=X"
    has_default = False

    kind = "object"

    def _take(self, name: str, value: Any) -> Value:
        if not isinstance(value, Mapping):
            raise wrong_kind(name, value, self.kind)
        return {str(key): read_number(f"{name}.{key}", entry) for key, entry in value.items()}

    def format_value(self, value: Any) -> str:
        set_to = listed(f"{key} {number(entry, 'g')}" for key, entry in value.items())
        return set_to or pgettext("parameters of the update rule", "Lasagne's")


@dataclass(frozen=True, kw_only=True)
class Folder(Setting):
    """A folder, or none.

    ``files`` may be chosen instead, as a file dialog names them; empty where none may. ``known``
    are folders that the form offers: what it calls them, and functions that name them.
    """

    known: tuple[tuple[str, Callable[[], str]], ...] = ()
    files: str = ""
    metavar: str = "DIR"

    def format_value(self, value: Any) -> str:
        return self.nothing if value is None else Path(value).name


#: The file name of the network in a run's folder.
MODEL_OF_RUN = "model.npz"


@dataclass(frozen=True, kw_only=True)
class NetworkFile(Setting):
    """The file of a trained network, or none."""

    columns: int = 12
    metavar: str = "FILE.npz"

    def describe_values(self) -> list[str]:
        return [_("Its kind of network is used too, unless --network is given.")]

    def format_value(self, value: Any) -> str:
        """Return the file's name without the folder; of a run the name of its folder."""
        if value is None:
            return self.nothing
        path = Path(value)
        return path.parent.name if path.name == MODEL_OF_RUN and path.parent.name else path.name


@dataclass(frozen=True, kw_only=True)
class Flag(Setting):
    columns: int = 12
    has_default = False

    kind = "boolean"

    def _take(self, name: str, value: Any) -> Value:
        if not isinstance(value, bool):
            raise wrong_kind(name, value, self.kind)
        return value

    def format_value(self, value: Any) -> str:
        return pgettext("setting", "yes") if value else pgettext("setting", "no")


#: All kinds of settings; code that tells them apart must handle each of them.
AnySetting = (
    WholeNumber | RealNumber | Choice | NetworkText | RuleParameters | Folder | NetworkFile | Flag
)


def declared(default: Any, setting: AnySetting) -> Any:
    """Return a dataclass field with its declaration; a mapping gets a fresh copy each time."""
    metadata = {_KEY: setting}
    if isinstance(default, dict):
        return field(default_factory=default.copy, metadata=metadata)
    return field(default=default, metadata=metadata)


def settings_of(kind: type) -> dict[str, AnySetting]:
    return {
        entry.name: _named(entry.name, entry.metadata[_KEY]) for entry in dataclasses.fields(kind)
    }


def _named(name: str, setting: AnySetting) -> AnySetting:
    first, *words = name.split("_")
    widget = setting.widget or "".join((first, *(word.capitalize() for word in words)))
    option = setting.option or f"--{name.replace('_', '-')}"
    return dataclasses.replace(setting, widget=widget, option=option)


def check_name(kind: str, name: Any, choices: Mapping[str, Entry]) -> None:
    if name not in choices:
        listing = listed((f"{known} ({one.meaning})" for known, one in choices.items()), long=True)
        raise SettingsError(no_such(kind, name, choices, listing))


def read_number(name: str, value: Any) -> float:
    """Take a number below `MAX_COUNT`; raises `SettingsError` for anything else."""
    if not _is_number(value) or value != value:
        raise wrong_kind(name, value, RealNumber.kind)
    if abs(value) >= MAX_COUNT:
        raise out_of_range(name, value, -MAX_COUNT, MAX_COUNT)
    return float(value)


def out_of_range(name: str, value: Any, low: float, high: float) -> SettingsError:
    shown = dict(
        zip(("value", "low", "high"), map(_format_number, (value, low, high)), strict=True),
    )
    return SettingsError(
        "The setting {name} is {value}; it must be between {low} and {high}.",
        name,
        name=name,
        **shown,
    )


def wrong_kind(name: str, value: Any, kind: str) -> SettingsError:
    shown = repr(value) if isinstance(value, str) else str(value)
    if isinstance(value, float) and value != value:
        # What JSON holds and no float does is read as NaN.
        shown = _("nan or too large")
    return SettingsError(
        "The setting {name} is {value}; expected: {kind}.",
        name=name,
        value=shown[:_SHOWN],
        kind=kind,
    )


def _format_number(value: Any) -> str:
    """Format a number, however large, for a sentence."""
    try:
        is_short = isinstance(value, Integral) and abs(int(value)) < 2**63
        return number(value, "," if is_short else "g")
    except OverflowError:
        return _("a number of more than 300 digits")


def _is_number(value: Any) -> bool:
    # NumPy's numbers count too.
    return isinstance(value, Real) and not isinstance(value, bool)
