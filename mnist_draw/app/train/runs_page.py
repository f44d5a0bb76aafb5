"""The page of runs in the Train tab: the list, the commands on a run, the comparison."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QIcon, QResizeEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.collection import RecordCommands, RecordTable
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.formatting import format_duration, format_percent
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import (
    Card,
    ComboBox,
    explain,
    label,
    style_table,
    tip,
)
from mnist_draw.app.train.series import STYLES, SWATCH, log_loss, series_colour, swatch, thinned
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.training.history import History
from mnist_draw.training.record import STATE_WORDS, Run
from mnist_draw.training.run_formats import RUN_FORMATS
from mnist_draw.training.run_list import differences

COLUMNS = (
    "Name", "Started", "Epochs", "Duration", "Validation", "Test", "State",
)  # fmt: skip
_GOING_ON = "running"
#: Minimum width of the column of names, in pixels.
_MIN_NAME = 180
_WHOLE = "100.00 %"
#: The longest usual text of each column; longer ones are elided.
_WIDEST_TEXTS = (
    "", "0000-00-00 00:00:00", "100 of 100", "00:00:00",
    max("Validation", _WHOLE, key=len), _WHOLE, max(STATE_WORDS.values(), key=len),
)  # fmt: skip
#: Runs that can be compared at a time.
MAX_TICKED = 6


class RunsTable(RecordTable):
    """The list of runs, ticked to be compared."""

    ticked_changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__(COLUMNS, lambda run: run.folder.name)
        self.setObjectName("runsTable")
        explain(
            self,
            "Runs",
            "All runs, the newest first. Tick runs with the space bar to compare them; F2 renames "
            "the run, Delete deletes it.",
        )
        self.setEditTriggers(QAbstractItemView.DoubleClicked | QAbstractItemView.EditKeyPressed)
        self.setIconSize(QSize(*SWATCH))
        self.setWordWrap(False)
        # Fixed widths: figures of an active run move nothing.
        self.horizontalHeader().setSectionResizeMode(QHeaderView.Interactive)
        for number, longest in enumerate(_WIDEST_TEXTS):
            room = self.fontMetrics().horizontalAdvance(longest) + 2 * Size.FIELD_GAP + Size.GRID
            self.setColumnWidth(number, room)
        self._going_on: Collection[Path] = ()
        self._ticked: list[str] = []
        theme.theme().changed.connect(self._show_ticks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the remaining width to the names."""
        super().resizeEvent(event)
        figures = sum(self.columnWidth(column) for column in range(1, self.columnCount()))
        least = round(_MIN_NAME * theme.text_scale())
        self.setColumnWidth(0, max(least, self.viewport().width() - figures))

    def show_runs(self, runs: Sequence[Run], going_on: Collection[Path] = ()) -> None:
        """Show runs; ticks and the current row are kept."""
        self._going_on = going_on
        names = [run.folder.name for run in runs]
        self._ticked = [name for name in self._ticked if name in names]
        self.show_records(runs, self._cells)
        with QSignalBlocker(self):
            for row, run in enumerate(runs):
                self.cell(row, 0).setFlags(self.cell(row, 0).flags() | Qt.ItemIsUserCheckable)
                text = tip(f"{run.renamed('').title}. Tick to compare; F2 renames.")
                self.cell(row, 0).setToolTip(text)
        self._show_ticks()

    def _cells(self, run: Run) -> tuple[str, ...]:
        return (
            run.title,
            run.started,
            f"{run.epochs_done} of {run.settings.epochs}",
            format_duration(run.seconds),
            format_percent(run.figures.get("validation_accuracy")),
            format_percent(run.figures.get("test_accuracy")),
            _GOING_ON if run.folder in self._going_on else STATE_WORDS[run.state],
        )

    def show_figures(self, run: Run) -> None:
        """Update the row of a listed run."""
        row = [listed.folder for listed in self.records].index(run.folder)
        with QSignalBlocker(self):
            self.records[row] = run
            for column, text in enumerate(self._cells(run)):
                self.cell(row, column).setText(text)

    def run_in(self, folder: Path) -> Run | None:
        """Return the listed run of a folder."""
        return next((run for run in self.records if run.folder == folder), None)

    def ticked_runs(self) -> list[Run]:
        """Return the ticked runs in the order of ticking."""
        by_name = {run.folder.name: run for run in self.records}
        return [by_name[name] for name in self._ticked]

    def tick(self, run: Run, on: bool = True) -> None:
        """Set or remove the tick of a run."""
        name = run.folder.name
        if on and name not in self._ticked:
            self._ticked = [*self._ticked, name][-MAX_TICKED:]
        elif not on and name in self._ticked:
            self._ticked.remove(name)
        self._show_ticks()
        self.ticked_changed.emit()

    def _show_ticks(self) -> None:
        with QSignalBlocker(self):
            for row, run in enumerate(self.records):
                name = run.folder.name
                ticked = name in self._ticked
                self.cell(row, 0).setCheckState(Qt.Checked if ticked else Qt.Unchecked)
                icon = swatch(self._ticked.index(name)) if ticked else QIcon()
                self.cell(row, 0).setIcon(icon)

    def _changed(self, item: QTableWidgetItem) -> None:
        run = self.records[item.row()]
        ticked = item.checkState() == Qt.Checked
        if item.column() == 0 and ticked != (run.folder.name in self._ticked):
            self.tick(run, ticked)
        else:
            super()._changed(item)


#: Quantities to compare: title, attribute of `EpochFigures`, whether it is a loss.
CHOICES = (
    ("Validation loss", "validation_loss", True),
    ("Validation accuracy", "validation_accuracy", False),
    ("Training loss", "training_loss", True),
    ("Training accuracy", "training_accuracy", False),
)
#: Length of the date before the time.
_DAY = len("2026-11-25")
_RESULTS = (("Validation", "validation_accuracy"), ("Test", "test_accuracy"))


class CompareCard(Card):
    """Overlays the curves of the ticked runs."""

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
        """Build the plot, once the window is visible."""
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
        self.redraw()

    def show_runs(self, runs: Sequence[tuple[Run, History]]) -> None:
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
    """Different settings and results of the ticked runs."""

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
        theme.theme().changed.connect(self._restyle)

    def _restyle(self) -> None:
        for number in range(self.columnCount()):
            if heading := self.horizontalHeaderItem(number):
                heading.setIcon(swatch(number))

    def show_runs(self, runs: Sequence[Run]) -> None:
        rows = differences(runs)
        if runs:
            for title, field in _RESULTS:
                rows.append((title, [format_percent(run.figures.get(field)) for run in runs]))
        self.setColumnCount(len(runs))
        self.setRowCount(len(rows))
        days = {run.started[:_DAY] for run in runs}
        for number, run in enumerate(runs):
            started = run.started if len(days) > 1 else run.started[_DAY:].lstrip()
            # One part of the title a line keeps the columns narrow.
            lines = [*run.title.split(", "), started]
            heading = QTableWidgetItem(swatch(number), "\n".join(lines))
            heading.setTextAlignment(int(Qt.AlignLeft | Qt.AlignBottom))
            self.setHorizontalHeaderItem(number, heading)
        self.setVerticalHeaderLabels([name for name, _ in rows])
        for line, (_, values) in enumerate(rows):
            for number, value in enumerate(values):
                self.setItem(line, number, QTableWidgetItem(value))


_COMMANDS = (
    ("draw", "To the Draw tab", "runToDrawButton", "Let the run's network read drawings.", ""),
    ("continue", "Continue", "runContinueButton", "Train the run on from its last epoch.", ""),
    ("use_settings", "Use settings", "runSettingsButton",
     "Fill the fields at the left with the run's settings.", ""),
    ("rename", "Rename", "runRenameButton", "Give the run another name.", "F2"),
    ("delete", "Delete", "runDeleteButton", "Delete the run; this can be undone.", "Delete"),
)  # fmt: skip
_EXPORTS = (
    ("png", "Picture of the curves (PNG) …", ""),
    *((name, f"{entry.title} …", "") for name, entry in RUN_FORMATS.items()),
    *((name, f"{entry.title} (*{entry.ending}) …", "") for name, entry in NETWORK_FORMATS.items()),
)


class RunsPage(QWidget):
    """The list of runs, its commands and the comparison."""

    undo_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runsPage")
        card = Card("Runs", "tick several to compare them")
        self.table = RunsTable()
        card.body.addWidget(self.table, 1)
        self.empty = label("Runs appear here once they have been started.", "muted")
        self.empty.setAlignment(Qt.AlignCenter)
        card.body.addWidget(self.empty, 1)
        self.commands = RecordCommands(self.table, self, _COMMANDS)
        self.commands.add_exports(
            "runExportButton", "Save the run's curves, figures or network to a file.", _EXPORTS
        )
        self.bin = self.commands.add_bin("bringBackRunButton", "runs")
        card.body.addLayout(self.commands)
        self.compare = CompareCard()
        differing = Card("What differed")
        self.differences = DifferencesTable()
        differing.body.addWidget(self.differences, 1)
        below = row((self.compare, 1), (differing, 1), gap=Size.CARD_GAP)
        column((card, 3), (below, 4), gap=Size.CARD_GAP, owner=self)
        sentence = "Bring back the run that was deleted last."
        Command(self, "Undo", sentence, "Ctrl+Z", self.undo_requested.emit)
        self.commands.enable()

    def show_runs(self, runs: Sequence[Run], going_on: Collection[Path]) -> None:
        self.table.show_runs(runs, going_on)
        self.empty.setVisible(not runs)
        self.table.setVisible(bool(runs))
        self.commands.enable()
