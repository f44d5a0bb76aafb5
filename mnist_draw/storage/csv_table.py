"""Tables as CSV: one writer for all of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

#: A spreadsheet takes a cell that begins so for a formula, and computes it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_table(rows: Iterable[Iterable[object]], end: str = "\n") -> str:
    """Return rows as CSV; an apostrophe marks texts that would be taken for formulas."""
    return "".join(_line(row) + end for row in rows)


def _line(row: Iterable[object]) -> str:
    text = io.StringIO()
    # Python 3.11 puts \r and \n into quotation marks only where they can end a line.
    csv.writer(text, lineterminator="\r\n").writerow([_cell(value) for value in row])
    return text.getvalue().removesuffix("\r\n")


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
