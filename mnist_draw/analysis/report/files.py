"""The report of a network as files in a folder."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from mnist_draw.analysis.class_names import class_name
from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.report import charts
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
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.errors import StorageError, reason_of
from mnist_draw.storage.folders import named_path
from mnist_draw.storage.models import ModelFile

#: The page that holds everything.
PAGE = "report.html"
#: More mistakes than this are not shown as pictures; the table lists all of them.
MOST_SHOWN = 1000
#: How the files of a report begin: what begins otherwise is not replaced by one.
_BEGINNINGS = {
    "confusion.csv": b"it is,read as ",
    "classes.csv": b"class,pictures,read as it,",
    "reliability.csv": b"how sure,answers,mean confidence,",
    "mistakes.csv": b"picture,it is,read as,sure,",
    PAGE: b'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" ',
}
_PICTURES = ("confusion.png", "reliability.png", "mistakes.png")


def prepare_folder(folder: str | os.PathLike[str], data: Path | None = None) -> Path:
    """Make the folder of a report, before the work that fills it begins.

    Parameters
    ----------
    folder : str or os.PathLike
    data : pathlib.Path, optional
        The folder of the data, which must stay as it is.

    Raises
    ------
    StorageError
        It cannot be made, belongs to the data, or has files in it that a report would replace
        and that are none of a report's; the sentence says which.
    """
    if not os.fspath(folder):
        raise StorageError("The report has no folder to go to: its name is empty.")
    place = named_path(folder)
    if data is not None and place.resolve().is_relative_to(data.resolve()):
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
    for file in (*_BEGINNINGS, *_PICTURES):
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
        return all((place / table).exists() for table in _BEGINNINGS if table != PAGE)
    beginning = _BEGINNINGS[file]
    try:
        with (place / file).open("rb") as found:
            return found.read(len(beginning)) == beginning
    except OSError:
        return False


def write_report(
    folder: str | os.PathLike[str], model: ModelFile, pictures: Pictures, results: Results
) -> Path:
    """Write confusion matrix, recall and precision, mistakes and reliability.

    Parameters
    ----------
    folder : str or os.PathLike
        Made if it is missing; files of an earlier report are replaced.
    model : ModelFile
    pictures : Pictures
        With labels.
    results : Results
        Of all of them.

    Returns
    -------
    pathlib.Path
        The HTML page.

    Raises
    ------
    StorageError
        A file cannot be written; the sentence says which.
    """
    place = prepare_folder(folder)
    name = partial(class_name, model)
    mistakes = results.mistakes()
    shown = mistakes[:MOST_SHOWN]
    page = report_page(model.title, results, pictures.images, shown.tolist(), pictures.name, name)
    for file, table in (
        ("confusion.csv", confusion_table(results, name, decimal)),
        ("classes.csv", classes_table(results, name, decimal)),
        ("reliability.csv", reliability_table(results, decimal)),
        ("mistakes.csv", pictures_table(results, mistakes.tolist(), "", name, decimal)),
    ):
        write_atomically(place / file, table.to_csv().encode("utf-8"))
    names = [name(number) for number in range(results.classes)]
    captions = [
        f"{names[results.labels[n]]} as {names[results.answers[n]]}, "
        f"{percent(float(results.confidence[n]))}"
        for n in shown
        if results.labels is not None
    ]
    for file, picture in (
        ("confusion.png", charts.confusion_picture(results, names)),
        ("reliability.png", charts.reliability_picture(results)),
        ("mistakes.png", charts.sheet_picture(pictures.images[shown, 0], captions)),
    ):
        write_atomically(place / file, charts.png(picture))
    # Last: where the page is, everything else is, too.
    write_atomically(place / PAGE, page.encode("utf-8"))
    return place / PAGE
