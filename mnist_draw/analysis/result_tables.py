"""Results of a network as rows of words: for the window, for CSV files, for a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

import numpy as np

from mnist_draw.analysis.results import Results
from mnist_draw.analysis.table import Table, percent
from mnist_draw.library.network_data import narrow_name

#: Turns a class, 0 to C − 1, into what it is called.
Name = Callable[[int], str]
#: Even a single mistake stands out from none.
_LEAST_STRENGTH = 0.14


@dataclass(frozen=True)
class Cell:
    """A cell of the painted confusion matrix: its text is empty for none."""

    kind: Literal["word", "name", "count", "right", "share"]
    text: str
    #: How strongly a mistake is coloured, 0 to 1, by the root of its count.
    strength: float = 0.0


def confusion_cells(results: Results | None, classes: int, name: Name) -> list[list[Cell]]:
    """Return the confusion matrix as it is painted: names before counts, shares behind."""
    counts = np.zeros((classes, classes), np.int64) if results is None else results.confusion
    none = np.full(classes, np.nan)
    recall, precision = (none, none) if results is None else (results.recall, results.precision)
    most = max(int((counts - np.diag(np.diag(counts))).max()), 1)

    def count(true: int, read: int) -> Cell:
        found = int(counts[true, read])
        text = f"{found:,}" if found else ""
        if true == read:
            return Cell("right", text)
        strength = _LEAST_STRENGTH + (1 - _LEAST_STRENGTH) * (found / most) ** 0.5
        return Cell("count", text, strength if found else 0.0)

    names = [Cell("name", narrow_name(name(number))) for number in range(classes)]
    head = [Cell("word", "it is"), *names, Cell("word", "recall")]
    rows = [
        [
            names[true],
            *(count(true, read) for read in range(classes)),
            Cell("share", percent(float(recall[true]))),
        ]
        for true in range(classes)
    ]
    shares = [Cell("share", percent(float(share))) for share in precision]
    return [head, *rows, [Cell("word", "precision"), *shares, Cell("word", "")]]


def taken_for(name: Name) -> str:
    return f"What it takes each {class_word(name)} for"


def key_figures(results: Results, name: Name) -> list[tuple[str, str, str]]:
    """Return caption, value and note of the figures that sum labelled answers up."""
    weakest, value, note = results.weakest, "–", "none missed" if results.counted else ""
    if weakest is not None:
        value, note = name(weakest), f"{percent(1 - results.recall[weakest])} of them missed"
    return [
        ("Accuracy", *accuracy_figure(results)),
        ("Mean loss", f"{results.loss:.4f}", "nats, not calibrated"),
        (f"Weakest {class_word(name)}", value, note),
        ("Sure and wrong", f"{results.sure_and_wrong:,}", "over 90 %, calibrated"),
    ]


def accuracy_figure(results: Results) -> tuple[str, str]:
    return f"{100 * results.accuracy:.2f} %", f"{results.wrong:,} of {results.counted:,} wrong"


def class_word(name: Name) -> str:
    return "digit" if name(0) == "0" else "class"


def confusion_table(results: Results, name: Name) -> Table:
    """Return how often each true class was read as each class, with recall and precision."""
    classes = range(results.classes)
    recall, precision = results.recall, results.precision
    headings = ["it is", *(f"read as {name(read)}" for read in classes), "recall"]
    rows: list[list[object]] = [
        [name(true), *results.confusion[true].tolist(), recall[true]] for true in classes
    ]
    rows.append(["precision", *precision.tolist(), ""])
    return Table(taken_for(name), headings, rows)


def classes_table(results: Results, name: Name) -> Table:
    counts = results.confusion
    rows = [
        (
            name(number),
            counts[number].sum(),
            counts[:, number].sum(),
            counts[number, number],
            results.recall[number],
            results.precision[number],
        )
        for number in range(results.classes)
    ]
    headings = ("class", "pictures", "read as it", "rightly", "recall", "precision")
    return Table("Recall and precision", headings, rows)


def reliability_table(results: Results) -> Table:
    """Return confidence beside how often it was right."""
    rows = [
        (f"{100 * low:g} to {100 * high:g} %", *figures)
        for low, high, *figures in map(astuple, results.reliability)
    ]
    headings = (
        "how sure, calibrated", "answers", "mean confidence", "right", "by chance from",
        "by chance to",
    )  # fmt: skip
    return Table("Does it know when it is unsure?", headings, rows)


def pictures_table(results: Results, chosen: Sequence[int], one: str, name: Name) -> Table:
    """List the answers to some pictures, chosen by index; `one` precedes their numbers."""
    rows = []
    for place in chosen:
        first, second = results.calibrated[place].argsort()[::-1][:2]
        rows.append(
            (
                f"{one} {place:,}" if one else str(place),
                "" if results.labels is None else name(int(results.labels[place])),
                name(int(first)),
                float(results.calibrated[place, first]),
                name(int(second)),
                float(results.calibrated[place, second]),
            )
        )
    headings = ("picture", "it is", "read as", "sure, calibrated", "second guess", "its share")
    return Table("Pictures and answers", headings, rows)
