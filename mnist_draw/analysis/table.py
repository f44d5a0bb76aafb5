"""A view's values as a table of text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

#: A number as it is shown; what it is of may follow.
_NUMBER = re.compile(r"[+−-]?(\d{1,3}(,\d{3})+|\d*)\.?\d+( %)?")


@dataclass(frozen=True)
class Table:
    """A table to read aloud, copy or save."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
        """Make a table from values of any kind."""
        return cls(title, tuple(headings), tuple(tuple(str(v) for v in row) for row in rows))

    def to_csv(self) -> str:
        """Return the table as CSV with a heading line: plain numbers, and shares from 0 to 1."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.headings)
        writer.writerows(map(_plain, row) for row in self.rows)
        return text.getvalue()


def _plain(cell: str) -> str:
    if not _NUMBER.fullmatch(cell):
        return cell
    number = cell.replace("−", "-").replace(",", "").removeprefix("+")
    share = number.removesuffix(" %")
    return number if share == number else f"{float(share) / 100:.6g}"


def percent(share: float) -> str:
    """Format a share, 0 to 1; empty if there is none.

    Only what is certain is 100 %: a mistake of which the network was 99.99 % sure is not.
    """
    if share != share:
        return ""
    return f"{100 * share if share >= 1 else min(100 * share, 99.9):.1f} %"
