"""The ticked entries of the Library: their curves in one plot, and what differs between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QAbstractItemView, QTableWidget, QTableWidgetItem

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_duration, format_percent
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, style_table, tip
from mnist_draw.app.train.series import STYLES, log_loss, series_colour, swatch, thinned
from mnist_draw.library.entries import Entry, differing_settings
from mnist_draw.training.history import History

#: Quantities to compare: title, attribute of `EpochFigures`, whether it is a loss.
CHOICES = (
    ("Validation accuracy", "validation_accuracy", False),
    ("Validation loss", "validation_loss", True),
    ("Training accuracy", "training_accuracy", False),
    ("Training loss", "training_loss", True),
)

#: Share of the plot's height for the names above the curves.
_NAME_ROOM = 0.15
#: Columns that share the table's width; more of them are as wide as their texts.
_MAX_SHARING = 3


class CompareCard(Card):
    """Overlays the curves of the ticked entries."""

    def __init__(self) -> None:
        super().__init__("Compared")
        self.plot: Any = None
        self._is_prepared = False
        self._runs: list[tuple[int, str, History]] = []
        self.curves: list[Any] = []
        self._names: list[Any] = []
        self.choice = ComboBox()
        self.choice.setObjectName("compareCombo")
        self.choice.setProperty("look", "quiet")
        for text, _, _ in CHOICES:
            self.choice.addItem(text)
        self.choice.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        explain(self.choice, "Compared", "Which figure of the ticked runs is drawn over epochs.")
        self.choice.currentIndexChanged.connect(self.redraw)
        self.top.addWidget(self.choice)
        self._empty = label("Tick two to compare.", "muted")
        self._empty.setAlignment(Qt.AlignCenter)
        self.body.addWidget(self._empty, 1)
        self.setMinimumHeight(Size.PLOT_MINIMUM)
        theme.theme().changed.connect(self.redraw)

    def prepare(self) -> None:
        """Let the plot be built once something is ticked: pyqtgraph is imported."""
        self._is_prepared = True
        self.redraw()

    def _build(self) -> None:
        from mnist_draw.app.train.plots import new_plot

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

    def show_runs(self, runs: Sequence[tuple[int, str, History]]) -> None:
        """Show runs: the place among the ticked ones, the name and the figures of each."""
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
        """Draw the chosen figure of the ticked runs."""
        self._empty.setVisible(not self._runs)
        self.choice.setVisible(bool(self._runs))
        if self.plot is None:
            if not (self._is_prepared and self._runs):
                return
            self._build()
        self.plot.setVisible(bool(self._runs))
        item = self.plot.getPlotItem()
        for drawn in (*self.curves, *self._names):
            item.removeItem(drawn)
        self.curves, self._names = [], []
        self._value_axis.logarithmic = self._loss
        self.plot.setBackground(theme.colour("card"))
        values: list[float] = []
        for number, name, history in self._runs:
            values += self._draw(number, name, history)
        if len(self._names) > 1:
            # Curves that end close to each other keep their names apart.
            min(self._names, key=lambda text: text.pos().y()).setAnchor((1, 0))
        for axis in (self._value_axis, self._epoch_axis):
            axis.restyle()
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        longest = max([1, *(len(history.epochs) for _, _, history in self._runs)])
        self._epoch_axis.last = longest
        self.plot.setXRange(0, longest, padding=0.01)
        high = max(high, low + (0.1 if self._loss else 0.5))
        # Room for the names above the curves.
        self.plot.setYRange(low, high + _NAME_ROOM * (high - low), padding=0.03)

    def _draw(self, number: int, name: str, history: History) -> list[float]:
        """Draw one curve with its name; return its values."""
        import pyqtgraph

        field = CHOICES[self.choice.currentIndex()][1]
        rows = thinned(history.epochs)
        if not rows:
            return []
        xs, ys = [row.epoch for row in rows], [self._map(getattr(row, field)) for row in rows]
        colour = series_colour(number)
        item = self.plot.getPlotItem()
        pen = pyqtgraph.mkPen(colour, width=2, style=STYLES[number])
        curve = item.plot(xs, ys, pen=pen, symbol="o" if len(xs) == 1 else None)
        if len(xs) == 1:
            curve.setSymbolBrush(colour)
            curve.setSymbolPen(colour)
        text = pyqtgraph.TextItem(name, color=colour, anchor=(1, 1))
        text.setFont(theme.font(theme.Text.LABEL, bold=True))
        text.setPos(xs[-1], ys[-1])
        item.addItem(text)
        self.curves.append(curve)
        self._names.append(text)
        return ys


class DifferencesTable(QTableWidget):
    """Different settings and results of the ticked entries."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("differencesTable")
        explain(
            self,
            "What differs",
            "The settings and results that are not the same in all ticked runs.",
        )
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.NoSelection)
        style_table(self, theme.scaled(Size.FIELD))
        self.setAlternatingRowColors(False)
        self.setWordWrap(False)
        theme.theme().changed.connect(self._restyle)

    def _restyle(self) -> None:
        for number in range(self.columnCount()):
            if heading := self.horizontalHeaderItem(number):
                heading.setIcon(swatch(number))

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """List what differs between two or more entries."""
        rows = [*differing_settings(entries), *_results(entries)] if len(entries) > 1 else []
        self.setColumnCount(len(entries))
        self.setRowCount(len(rows))
        for number, entry in enumerate(entries):
            # One part of the name a line keeps the columns narrow.
            heading = QTableWidgetItem(swatch(number), "\n".join(entry.name.split(", ")))
            heading.setTextAlignment(int(Qt.AlignLeft | Qt.AlignBottom))
            self.setHorizontalHeaderItem(number, heading)
        header = self.horizontalHeader()
        share = len(entries) <= _MAX_SHARING
        header.setSectionResizeMode(header.Stretch if share else header.ResizeToContents)
        self.setVerticalHeaderLabels([name for name, _ in rows])
        for line, (_, values) in enumerate(rows):
            for number, value in enumerate(values):
                item = QTableWidgetItem(value)
                item.setToolTip(tip(value))
                self.setItem(line, number, item)


def _results(entries: Sequence[Entry]) -> list[tuple[str, list[str]]]:
    tested = all(entry.test_accuracy is not None for entry in entries)
    rows = [
        ("Test accuracy", [format_percent(entry.test_accuracy) for entry in entries]),
        ("Time", ["–" if one.seconds is None else format_duration(one.seconds) for one in entries]),
    ]
    if not tested:
        shares = [format_percent(entry.validation_accuracy) for entry in entries]
        rows.insert(0, ("Validation accuracy", shares))
    return [(title, values) for title, values in rows if len(set(values)) > 1]
