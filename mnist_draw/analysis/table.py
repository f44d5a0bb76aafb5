"""A view's values as a table of text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_draw import i18n
from mnist_draw.storage.csv_table import csv_table


@dataclass(frozen=True)
class Figure:
    """A number that is no share, with the format in which it is shown."""

    value: float
    spec: str = ","

    def __str__(self) -> str:
        return i18n.number(self.value, self.spec)


@dataclass(frozen=True)
class Table:
    """A table to read aloud, copy or save."""

    title: str
    #: What heads the columns in files, in every language; `headings` has it translated.
    columns: Sequence[str]
    #: Values of any kind; a float is a share, 0 to 1.
    values: Sequence[Sequence[object]]
    #: What heads them on the screen, where names are among it.
    named: Sequence[str] = ()

    @property
    def headings(self) -> tuple[str, ...]:
        return tuple(self.named or (column and i18n._(column) for column in self.columns))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The values as they are shown."""
        return tuple(
            tuple(percent(value) if isinstance(value, float) else str(value) for value in row)
            for row in self.values
        )

    def to_csv(self) -> str:
        """Return the table as CSV with a heading line: plain numbers, and shares from 0 to 1."""
        return csv_table([self.columns, *(map(_plain, row) for row in self.values)])


def _plain(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.6f}"
    if isinstance(value, Figure):
        return format(value.value, value.spec.strip("+,"))
    return str(value)


def percent(share: float) -> str:
    """Format a share, 0 to 1; empty if there is none. Only what is certain is 100%."""
    if share != share:
        return ""
    return i18n.percent(share if share >= 1 else min(share, 0.999), 1)
