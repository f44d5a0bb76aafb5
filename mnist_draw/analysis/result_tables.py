"""Results of a network as rows of words: for the window, for CSV files, for a report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mnist_draw import i18n
from mnist_draw.analysis.results import Results
from mnist_draw.analysis.table import Table, percent
from mnist_draw.i18n import N_, _, format_percent, number
from mnist_draw.library.network_data import Name, narrow_name

#: Even a single mistake stands out from none.
_LEAST_STRENGTH = 0.14


@dataclass(frozen=True)
class Cell:
    """A cell of the painted confusion matrix: its text is empty for none."""

    kind: Literal["word", "name", "count", "right", "share"]
    text: str
    count: int = 0
    #: How strongly a mistake is colored, 0 to 1, by the root of its count.
    strength: float = 0.0
    #: A share without its sign, for a narrow cell.
    short: str = ""


def confusion_cells(
    results: Results | None,
    name: Name,
    shown: Sequence[int],
) -> list[list[Cell]]:
    """Return the counts of some classes as they are painted: names before, shares behind."""
    classes = max(shown) + 1
    counts = np.zeros((classes, classes), np.int64) if results is None else results.confusion
    none = np.full(classes, np.nan)
    recall, precision = (none, none) if results is None else (results.recall, results.precision)
    most = max(int((counts - np.diag(np.diag(counts))).max()), 1)

    def count(true: int, read: int) -> Cell:
        found = int(counts[true, read])
        text = number(found) if found else ""
        if true == read:
            return Cell("right", text, found)
        strength = _LEAST_STRENGTH + (1 - _LEAST_STRENGTH) * (found / most) ** 0.5
        return Cell("count", text, found, strength if found else 0.0)

    names = [Cell("name", narrow_name(name(one))) for one in shown]
    head = [Cell("word", _("it is")), *names, Cell("word", _("recall"))]
    rows = [head]
    for true, word in zip(shown, names, strict=True):
        cells = (count(true, read) for read in shown)
        rows.append([word, *cells, _share(recall[true])])
    shares = (_share(precision[read]) for read in shown)
    last = [Cell("word", _("precision")), *shares, Cell("word", "")]
    return [*rows, last]


def _share(share: float) -> Cell:
    words = percent(float(share))
    return Cell("share", words, short=words.removesuffix(i18n.percent_sign()))


def key_figures(results: Results, name: Name) -> list[tuple[str, str, str]]:
    """Return caption, value and note of the figures that sum labeled answers up."""
    weakest = results.weakest
    value = "–"
    note = _("none missed") if results.counted else ""
    if weakest is not None:
        value = name(weakest)
        note = _("{share} missed", share=percent(1 - results.recall[weakest]))
    return [
        (_("Accuracy"), *accuracy_figure(results)),
        (_("Mean loss"), number(results.loss, ".4f"), _("nats, not calibrated")),
        (_("Weakest class"), value, note),
        (_("Sure and wrong"), number(results.sure_and_wrong), _("said 90% or more")),
    ]


def accuracy_figure(results: Results) -> tuple[str, str]:
    right = results.counted - results.wrong
    said = _("{right} right, {wrong} wrong", right=number(right), wrong=number(results.wrong))
    return format_percent(results.accuracy), said


def confusion_table(results: Results, name: Name) -> Table:
    """Return how often each true class was read as each class, with recall and precision."""
    classes = range(results.classes)
    recall = results.recall
    precision = results.precision
    read_as = (_("read as {answer}", answer=name(read)) for read in classes)
    headings = [_("it is"), *read_as, _("recall")]
    columns = ["it is", *(f"read as {name(read)}" for read in classes), "recall"]
    rows: list[list[object]] = [
        [name(true), *results.confusion[true].tolist(), recall[true]] for true in classes
    ]
    rows.append([_("precision"), *precision.tolist(), ""])
    return Table(_("What is mistaken for what"), columns, rows, headings)


def classes_table(results: Results, name: Name) -> Table:
    counts = results.confusion
    names = map(name, range(results.classes))
    sums = counts.sum(axis=1), counts.sum(axis=0), np.diag(counts)
    rows = list(zip(names, *sums, results.recall, results.precision, strict=True))
    columns = (
        N_("class"),
        N_("pictures"),
        N_("read as this"),
        N_("correctly"),
        N_("recall"),
        N_("precision"),
    )
    return Table(_("Recall and precision"), columns, rows)


def reliability_table(results: Results) -> Table:
    """Return confidence beside how often it was right."""
    columns = (
        N_("sure from"),
        N_("sure to"),
        N_("answers"),
        N_("mean confidence"),
        N_("right"),
        N_("by chance from"),
        N_("by chance to"),
    )
    rows = [
        (
            part.low,
            part.high,
            part.count,
            part.confidence,
            part.accuracy,
            part.least,
            part.most,
        )
        for part in results.reliability
    ]
    return Table(_("Is its certainty justified?"), columns, rows)


def pictures_table(
    results: Results,
    chosen: Sequence[int],
    title: Callable[[int], str],
    name: Name,
) -> Table:
    """List the answers to some pictures, chosen by index; `title` names them."""
    rows = []
    for place in chosen:
        p = results.calibrated[place]
        first, second = ((name(int(n)), float(p[n])) for n in p.argsort()[::-1][:2])
        label = name(int(results.labels[place]))
        rows.append((title(place), label, *first, *second))
    columns = (
        N_("picture"),
        N_("it is"),
        N_("read as"),
        N_("sure"),
        N_("second guess"),
        N_("its share"),
    )
    return Table(_("Pictures and answers"), columns, rows)
