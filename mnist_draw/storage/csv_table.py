"""Tables as CSV: one writer for all of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: A spreadsheet takes a cell that begins so for a formula, and computes it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_table(rows: Iterable[Iterable[object]], end: str = "\n") -> str:
    """Return rows as CSV; an apostrophe marks texts that would be taken for formulas."""
    text = io.StringIO()
    csv.writer(text, lineterminator=end).writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
