"""The report of a network as files in a folder."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mnist_draw.analysis.class_names import class_name
from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.report import charts
from mnist_draw.analysis.report.lettering import Lettering
from mnist_draw.analysis.report.page import report_page
from mnist_draw.analysis.result_tables import (
    classes_table,
    confusion_table,
    decimal,
    pictures_table,
    reliability_table,
)
from mnist_draw.analysis.results import Results
from mnist_draw.analysis.table import percent
from mnist_draw.errors import StorageError, reason_of
from mnist_draw.storage.atomic import resolve_path, write_atomically
from mnist_draw.storage.folders import named_path
from mnist_draw.storage.models import ModelFile

#: The page that holds everything.
PAGE = "report.html"
#: More mistakes than this are not shown as pictures; the table lists all of them.
MAX_SHOWN = 1000
#: How the tables of a report begin: what begins otherwise is not replaced by one. The classes whose
#: names follow "read as " may be called anything, so only the beginning of the last cell is given.
_TABLES = {
    "confusion.csv": ("it is", "read as "),
    "classes.csv": ("class", "pictures", "read as it", ""),
    "reliability.csv": ("how sure", "answers", "mean confidence", ""),
    "mistakes.csv": ("picture", "it is", "read as", "sure", ""),
}
#: How its page begins.
_PAGE_BEGINS = '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
#: The longest heading that is read, in characters: a hundred names of at most 40 take a tenth.
_MAX_HEADING_LENGTH = 65_536
_PICTURES = ("confusion.png", "reliability.png", "mistakes.png")


def prepare_folder(folder: str | os.PathLike[str], data: Path | None = None) -> Path:
    """Make the folder of a report, before the work that fills it begins."""
    if not os.fspath(folder):
        raise StorageError("The report has no folder to go to: its name is empty.")
    place = named_path(folder)
    if data is not None and resolve_path(place).is_relative_to(resolve_path(data)):
        raise StorageError(
            f"The report cannot go to {place}: the folder belongs to the data in {data}, which "
            "its tables would spoil. Choose another folder."
        )
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {place} for the report cannot be made: {reason_of(error)}. Nothing was "
            "written."
        ) from error
    for file in (*_TABLES, PAGE, *_PICTURES):
        if not _may_be_replaced(place, file):
            raise StorageError(
                f"The report would replace {place / file}, which is not of a report. It is "
                "unchanged. Choose another folder."
            )
    return place


def _may_be_replaced(place: Path, file: str) -> bool:
    if not os.path.lexists(place / file):
        return True
    if file in _PICTURES:
        # Pictures say nothing of who made them; a report's tables are there before them.
        return all((place / table).exists() for table in _TABLES)
    if not (place / file).is_file():
        return False
    try:
        with (place / file).open(encoding="utf-8", errors="replace", newline="") as found:
            if file == PAGE:
                return found.read(len(_PAGE_BEGINS)) == _PAGE_BEGINS
            return _begins_with(found.readline(_MAX_HEADING_LENGTH), _TABLES[file])
    except OSError:
        return False


def _begins_with(line: str, cells: tuple[str, ...]) -> bool:
    """Return whether a line of CSV begins with these cells, the last of which may go on."""
    try:
        [found] = csv.reader([line])
    except (csv.Error, ValueError):
        return False
    *whole, last = cells
    return (
        found[: len(whole)] == whole
        and len(found) > len(whole)
        and found[len(whole)].startswith(last)
    )


def write_report(
    folder: str | os.PathLike[str],
    model: ModelFile,
    pictures: Pictures,
    results: Results,
    tell: Callable[[str], object] = str,
) -> Path:
    """Write confusion matrix, recall and precision, mistakes and reliability."""
    place = prepare_folder(folder)
    name = partial(class_name, model)
    mistakes = results.mistakes()
    shown = mistakes[:MAX_SHOWN]
    page = report_page(model.title, results, pictures.images, shown.tolist(), pictures.name, name)
    for file, table in (
        ("confusion.csv", confusion_table(results, name, decimal)),
        ("classes.csv", classes_table(results, name, decimal)),
        ("reliability.csv", reliability_table(results, decimal)),
        ("mistakes.csv", pictures_table(results, mistakes.tolist(), "", name, decimal)),
    ):
        write_atomically(place / file, table.to_csv().encode("utf-8"))
    letters = Lettering([name(number) for number in range(results.classes)])
    names = letters.names
    if letters.told:
        tell(letters.told)
    captions = [
        f"{names[results.labels[n]]} as {names[results.answers[n]]}, "
        f"{percent(float(results.confidence[n]))}"
        for n in shown
        if results.labels is not None
    ]
    for file, picture in (
        ("confusion.png", charts.confusion_picture(results, letters)),
        ("reliability.png", charts.reliability_picture(results)),
        ("mistakes.png", charts.sheet_picture(pictures.images[shown, 0], captions, letters)),
    ):
        write_atomically(place / file, charts.png(picture))
    # Last: where the page is, everything else is, too.
    write_atomically(place / PAGE, page.encode("utf-8"))
    return place / PAGE
