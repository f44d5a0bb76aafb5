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


def prepare_folder(folder: str | os.PathLike[str]) -> Path:
    """Make the folder of a report, before the work that fills it begins.

    Raises
    ------
    StorageError
        It cannot be made; the sentence says why.
    """
    if not os.fspath(folder):
        raise StorageError("The report has no folder to go to: its name is empty.")
    place = named_path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The folder {place} for the report cannot be made: {reason_of(error)}. Nothing was "
            "written."
        ) from error
    return place


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
