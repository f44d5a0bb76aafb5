"""Versioned JSON: reads and writes all JSON files of the program.

Writing escapes everything but ASCII, so that any file name survives (on Linux any bytes, which
Python holds as lone surrogates). Reading validates the kind and version of a document, and each
field by name, type and range. A number that JSON does not have (NaN, Infinity) or that exceeds 64
bits (``10**400``) is read as NaN, which no field accepts: it invalidates its own field only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeGuard, TypeVar

from mnist_draw.errors import DamagedError, DocumentError, strip_control_chars
from mnist_draw.storage.opening import read_file

#: Decimal digits of the largest 64-bit number.
_MAX_DIGITS = 19
#: Limits memory: an empty list takes three letters in a file and seventy bytes in memory.
MAX_VALUES = 2_000_000
#: Letters of an invalid value that a sentence quotes.
_SHOWN = 60

T = TypeVar("T")


class _Required:
    """The type of a missing default."""


_REQUIRED: Final = _Required()


def pack(values: object, indent: int | None = None) -> bytes:
    separators = (",", ":") if indent is None else None
    return json.dumps(values, allow_nan=False, indent=indent, separators=separators).encode()


def parse(content: bytes | str, max_values: int = MAX_VALUES) -> Any:
    """Parse a JSON text, or its UTF-8 bytes; invalid numbers become NaN.

    DocumentError if it is none, nested too deeply, or has more than `max_values` marks of a value.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        if sum(map(text.count, ",[{")) > max_values:
            raise DamagedError(f"more than {max_values} values")
        return json.loads(
            text,
            parse_constant=lambda name: math.nan,
            parse_int=_whole,
            parse_float=_decimal,
        )
    except json.JSONDecodeError as error:
        if content:
            raise DocumentError(
                "it is not a {kind} file (line {line}, column {column}: “{error}”)",
                kind="JSON",
                error=error.msg,
                line=error.lineno,
                column=error.colno,
            ) from None
        raise DocumentError("it is not a JSON file") from None
    except (ValueError, RecursionError):
        raise DocumentError("it is not a JSON file") from None


def _whole(text: str) -> int | float:
    return int(text) if len(text.removeprefix("-")) <= _MAX_DIGITS else math.nan


def _decimal(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else math.nan


@dataclass(frozen=True)
class Fields:
    """An object of a document, read field by field.

    If a field is missing or invalid, a method returns `default`; without a default it raises a
    `DocumentError` that names the field, its value and the allowed values.
    """

    values: dict[str, Any]

    def get_int(
        self,
        name: str,
        low: int,
        high: int,
        default: T | _Required = _REQUIRED,
    ) -> int | T:
        """Return a whole number from `low` to `high`; ``3.0`` counts as 3."""
        value = self.values.get(name)
        if _is_number(value) and low <= value <= high and value == int(value):
            return int(value)
        return self._default(name, default, f"a whole number from {low} to {high}")

    def get_float(
        self,
        name: str,
        low: float,
        high: float,
        default: T | _Required = _REQUIRED,
    ) -> float | T:
        value = self.values.get(name)
        if _is_number(value) and low <= value <= high:
            return float(value)
        return self._default(name, default, f"a number from {low:g} to {high:g}")

    def get_text(self, name: str, longest: int, default: T | _Required = _REQUIRED) -> str | T:
        """Return a text for the screen: cut at `longest`, with ``�`` for each lone surrogate."""
        value = self.values.get(name)
        if isinstance(value, str):
            return strip_control_chars(value[:longest])
        return self._default(name, default, "a text")

    def get_file_name(self, name: str, longest: int) -> str:
        """Return the name of a file, lone surrogates included."""
        value = self.values.get(name)
        if isinstance(value, str) and len(value) <= longest:
            return value
        return self._default(name, _REQUIRED, f"a name of at most {longest} letters")

    def get_choice(self, name: str, choices: Sequence[str]) -> str:
        value = self.values.get(name)
        if isinstance(value, str) and value in choices:
            return value
        return self._default(name, _REQUIRED, f"one of {', '.join(choices)}")

    def get_fields(self, name: str, default: T | _Required = _REQUIRED) -> Fields | T:
        value = self.values.get(name)
        if isinstance(value, dict):
            return Fields(value)
        return self._default(name, default, "a list of names with values")

    def get_list(self, name: str, most: int, default: T | _Required = _REQUIRED) -> list[Any] | T:
        value = self.values.get(name)
        if isinstance(value, list) and len(value) <= most:
            return value
        return self._default(name, default, f"a list of at most {most} entries")

    def _default(self, name: str, default: T | _Required, allowed: str) -> T:
        if not isinstance(default, _Required):
            return default
        if name not in self.values:
            raise DamagedError(f"its {name} is missing")
        shown = repr(self.values[name])[:_SHOWN]
        raise DamagedError(f"its {name} is {shown}, not {allowed}")


@dataclass(frozen=True)
class Format:
    """A kind of document, which holds its name and version."""

    name: str
    version: int
    max_bytes: int

    def document(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"format": self.name, "version": self.version, **values}

    def pack(self, values: dict[str, Any], indent: int | None = None) -> bytes:
        return pack(self.document(values), indent)

    def unpack(self, content: bytes | str) -> Fields:
        return self.check(parse(content))

    def check(self, values: object) -> Fields:
        if not isinstance(values, dict) or values.get("format") != self.name:
            raise DocumentError("its format is not {name}", name=self.name)
        check_version(values.get("version"), self.version)
        return Fields(values)

    def read(self, path: Path) -> Fields:
        return self.unpack(read_file(path, self.max_bytes))


def check_version(version: object, newest: int) -> int:
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise DamagedError(f"its version is {repr(version)[:_SHOWN]}")
    if version > newest:
        raise DocumentError(
            "it was written by a newer program (version {version}; this program knows {newest})",
            version=version,
            newest=newest,
        )
    return version


def drop_non_finite(values: Any) -> Any:
    """Return values that are stored unread without those that are not finite numbers."""
    if isinstance(values, dict):
        return {name: drop_non_finite(value) for name, value in values.items() if value == value}
    if isinstance(values, list):
        return [drop_non_finite(value) for value in values if value == value]
    return values


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
