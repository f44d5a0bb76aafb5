"""Curves of several runs in one plot, and the table of what differed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from mnist_draw.app.kit import theme, words
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, style_table
from mnist_draw.app.train.runs_table import STYLES, series_colour, swatch
from mnist_draw.app.train.series import log_loss, thinned
from mnist_draw.training.runs.history import History
from mnist_draw.training.runs.record import Run
from mnist_draw.training.runs.run_list import differences

#: What can be compared: words, attribute of an epoch's figures, whether it is a loss.
CHOICES = (
    ("Validation loss", "validation_loss", True),
    ("Validation accuracy", "validation_accuracy", False),
    ("Training loss", "training_loss", True),
    ("Training accuracy", "training_accuracy", False),
)
#: The length of the date before the time.
_DAY = len("2026-11-25")
_RESULTS = (("Validation", "validation_accuracy"), ("Test", "test_accuracy"))


class CompareCard(Card):
    """Overlays one curve of each ticked run."""

    def __init__(self) -> None:
        super().__init__("Compared")
        self.plot: Any = None
        self._runs: list[tuple[Run, History]] = []
        self._curves: list[Any] = []
        self.choice = ComboBox()
        self.choice.setObjectName("compareCombo")
        self.choice.setProperty("look", "quiet")
        for text, _, _ in CHOICES:
            self.choice.addItem(text)
        self.choice.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        explain(self.choice, "Compared", "Which figure of the ticked runs is drawn over epochs.")
        self.choice.currentIndexChanged.connect(self.redraw)
        self.top.addWidget(self.choice)
        self._empty = label("Tick runs to lay their curves over each other.", "muted")
        self._empty.setAlignment(Qt.AlignCenter)
        self.body.addWidget(self._empty, 1)
        self.setMinimumHeight(Size.PLOT_MINIMUM)
        theme.theme().changed.connect(self.redraw)

    def build(self) -> None:
        """Build the plot, once the window is up."""
        from mnist_draw.app.train.axes import new_plot

        plot, self._value_axis, self._epoch_axis = new_plot(
            "comparePlot",
            "Compared runs",
            "One line for each ticked run, as its row shows it.",
            self._tick_text,
        )
        plot.setMouseEnabled(False, False)
        plot.setFocusPolicy(Qt.NoFocus)
        self.plot = plot
        self.body.addWidget(plot, 1)
        self.redraw()

    def show_runs(self, runs: Sequence[tuple[Run, History]]) -> None:
        """Show the curves of these runs."""
        self._runs = list(runs)
        self.redraw()

    @property
    def _loss(self) -> bool:
        return CHOICES[self.choice.currentIndex()][2]

    def _map(self, value: float) -> float:
        return log_loss(value) if self._loss else 100 * value

    def _tick_text(self, value: float) -> str:
        return f"{10**value:.3g}" if self._loss else f"{value:g} %"

    def redraw(self) -> None:
        """Draw what is ticked and chosen."""
        if self.plot is None:
            return
        import pyqtgraph

        self._empty.setVisible(not self._runs)
        self.plot.setVisible(bool(self._runs))
        item = self.plot.getPlotItem()
        for curve in self._curves:
            item.removeItem(curve)
        self._curves = []
        field = CHOICES[self.choice.currentIndex()][1]
        self._value_axis.logarithmic = self._loss
        self.plot.setBackground(theme.colour("card"))
        longest, values = 1, []
        for number, (_, history) in enumerate(self._runs):
            rows = thinned(history.epochs)
            ys = [self._map(getattr(row, field)) for row in rows]
            pen = pyqtgraph.mkPen(series_colour(number), width=2, style=STYLES[number])
            xs = [row.epoch for row in rows]
            symbol = "o" if len(xs) == 1 else None
            curve = item.plot(xs, ys, pen=pen, symbol=symbol)
            if symbol:
                curve.setSymbolBrush(series_colour(number))
                curve.setSymbolPen(series_colour(number))
            self._curves.append(curve)
            values += ys
            longest = max([longest, *xs])
        for axis in (self._value_axis, self._epoch_axis):
            axis.restyle()
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        self._epoch_axis.last = longest
        self.plot.setXRange(0, longest, padding=0.01)
        self.plot.setYRange(low, max(high, low + (0.1 if self._loss else 0.5)), padding=0.03)


class DifferencesTable(QTableWidget):
    """What differed between the ticked runs, and how they ended."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("differencesTable")
        explain(
            self,
            "What differed",
            "The settings that are not the same in all ticked runs, and the runs' results.",
        )
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.NoSelection)
        style_table(self, round(Size.FIELD * theme.text_scale()))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeToContents)

    def show_runs(self, runs: Sequence[Run]) -> None:
        """Fill the table."""
        rows = differences(runs)
        if runs:
            for title, field in _RESULTS:
                rows.append((title, [words.percent(run.figures.get(field)) for run in runs]))
        self.setColumnCount(len(runs))
        self.setRowCount(len(rows))
        days = {run.started[:_DAY] for run in runs}
        for column, run in enumerate(runs):
            started = run.started if len(days) > 1 else run.started[_DAY:].lstrip()
            # One part of the title on each line: nothing is cut, and no column is too wide.
            lines = [*run.title.split(", "), started]
            heading = QTableWidgetItem(swatch(column), "\n".join(lines))
            heading.setTextAlignment(int(Qt.AlignLeft | Qt.AlignBottom))
            self.setHorizontalHeaderItem(column, heading)
        self.setVerticalHeaderLabels([name for name, _ in rows])
        for row, (_, values) in enumerate(rows):
            for column, value in enumerate(values):
                self.setItem(row, column, QTableWidgetItem(value))
