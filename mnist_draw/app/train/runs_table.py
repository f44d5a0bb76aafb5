"""The list of runs: one row each, ticked to be compared, its name edited in place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from PyQt5.QtCore import QLineF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QColor, QIcon, QPainter, QPen, QPixmap, QResizeEvent
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from mnist_draw.app.kit import theme, words
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, style_table, tip
from mnist_draw.training.runs.record import STATE_WORDS, Run

COLUMNS = (
    "Name", "Started", "Epochs", "Duration", "Validation", "Test", "State",
)  # fmt: skip
_GOING_ON = "running"
_WHOLE = "100.00 %"
#: The longest usual text of each column; longer ones are elided.
_LONGEST = (
    "", "0000-00-00 00:00:00", "100 of 100", "00:00:00",
    max("Validation", _WHOLE, key=len), _WHOLE, max(STATE_WORDS.values(), key=len),
)  # fmt: skip
#: The most runs that can be compared at a time.
MAX_TICKED = 6
STYLES = (Qt.SolidLine, Qt.DashLine, Qt.DotLine, Qt.DashDotLine, Qt.SolidLine, Qt.DashLine)
_SWATCH = (24, 12)


def series_colour(number: int) -> QColor:
    """Return the colour of the run that was ticked as number so-and-so, from 0."""
    return QColor(theme.theme().colours.series[number])


def swatch(number: int) -> QIcon:
    """Return a piece of the line that a ticked run is drawn with."""
    pixmap = QPixmap(*_SWATCH)
    pixmap.fill(Qt.transparent)
    painter = QPainter(pixmap)
    painter.setPen(QPen(series_colour(number), 2, STYLES[number], Qt.FlatCap))
    painter.drawLine(QLineF(0, _SWATCH[1] / 2, _SWATCH[0], _SWATCH[1] / 2))
    painter.end()
    return QIcon(pixmap)


def cells(run: Run, going_on: bool = False) -> tuple[str, ...]:
    """Return a run's texts, one for each of `COLUMNS`."""
    return (
        run.title,
        run.started,
        f"{run.epochs_done} of {run.settings.epochs}",
        words.clock(run.seconds),
        words.percent(run.figures.get("validation_accuracy")),
        words.percent(run.figures.get("test_accuracy")),
        _GOING_ON if going_on else STATE_WORDS[run.state],
    )


#: The names of runs get at least so many pixels at the usual text size.
_MIN_NAME = 180


class RunsTable(QTableWidget):
    """Shows runs."""

    ticked_changed = pyqtSignal()
    renamed = pyqtSignal(Run, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(COLUMNS), parent)
        self.setObjectName("runsTable")
        explain(
            self,
            "Runs",
            "All runs, the newest first. Tick runs with the space bar to compare them; F2 renames "
            "the run, Delete deletes it.",
        )
        self.setHorizontalHeaderLabels(COLUMNS)
        self.verticalHeader().hide()
        style_table(self, round(Size.FIELD * theme.text_scale()))
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setEditTriggers(QAbstractItemView.DoubleClicked | QAbstractItemView.EditKeyPressed)
        self.setIconSize(QSize(*_SWATCH))
        self.setWordWrap(False)
        self.setTextElideMode(Qt.ElideMiddle)
        header = self.horizontalHeader()
        # Fixed, with room for the longest texts: figures of a run that goes on move nothing.
        header.setSectionResizeMode(QHeaderView.Interactive)
        for column, longest in enumerate(_LONGEST):
            room = self.fontMetrics().horizontalAdvance(longest) + 2 * Size.FIELD_GAP + Size.GRID
            self.setColumnWidth(column, room)
        self.runs: list[Run] = []
        self._going_on: Collection[Path] = ()
        self._ticked: list[str] = []
        self._filling = False
        self.itemChanged.connect(self._changed)
        theme.theme().changed.connect(self._show_ticks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the names what the figures leave, and never less than can be read."""
        super().resizeEvent(event)
        figures = sum(self.columnWidth(column) for column in range(1, self.columnCount()))
        least = round(_MIN_NAME * theme.text_scale())
        self.setColumnWidth(0, max(least, self.viewport().width() - figures))

    def show_runs(self, runs: Sequence[Run], going_on: Collection[Path] = ()) -> None:
        """Show runs; ticks and the current row stay with their runs."""
        current = self.current_run()
        self.runs, self._going_on = list(runs), going_on
        names = [run.folder.name for run in runs]
        self._ticked = [name for name in self._ticked if name in names]
        self._filling = True
        self.setRowCount(len(runs))
        for row, run in enumerate(runs):
            for column, text in enumerate(cells(run, run.folder in going_on)):
                item = QTableWidgetItem(text)
                flags = Qt.ItemIsSelectable | Qt.ItemIsEnabled
                if column == 0:
                    flags |= Qt.ItemIsUserCheckable | Qt.ItemIsEditable
                    what = tip(f"{run.renamed('').title}. Tick to compare; F2 renames.")
                    item.setToolTip(what)
                item.setFlags(flags)
                self.setItem(row, column, item)
        self._filling = False
        self._show_ticks()
        if names:
            name = current.folder.name if current else ""
            self.setCurrentCell(names.index(name) if name in names else 0, 0)

    def show_figures(self, run: Run) -> None:
        """Show another record of a run that is listed."""
        row = [listed.folder for listed in self.runs].index(run.folder)
        self.runs[row] = run
        self._filling = True
        for column, text in enumerate(cells(run, run.folder in self._going_on)):
            item = self.item(row, column)
            assert item is not None
            item.setText(text)
        self._filling = False

    def run_in(self, folder: Path) -> Run | None:
        """Return the listed run of a folder."""
        return next((run for run in self.runs if run.folder == folder), None)

    @property
    def editing(self) -> bool:
        """Whether a name is being typed."""
        return self.state() == QAbstractItemView.EditingState

    def current_run(self) -> Run | None:
        """Return the run of the current row."""
        row = self.currentRow()
        return self.runs[row] if 0 <= row < len(self.runs) else None

    def ticked_runs(self) -> list[Run]:
        """Return the ticked runs in the order they were ticked in."""
        by_name = {run.folder.name: run for run in self.runs}
        return [by_name[name] for name in self._ticked]

    def tick(self, run: Run, on: bool = True) -> None:
        """Tick a run, or remove its tick."""
        name = run.folder.name
        if on and name not in self._ticked:
            self._ticked = [*self._ticked, name][-MAX_TICKED:]
        elif not on and name in self._ticked:
            self._ticked.remove(name)
        self._show_ticks()
        self.ticked_changed.emit()

    def _show_ticks(self) -> None:
        self._filling = True
        for row, run in enumerate(self.runs):
            item = self.item(row, 0)
            assert item is not None
            ticked = run.folder.name in self._ticked
            item.setCheckState(Qt.Checked if ticked else Qt.Unchecked)
            item.setIcon(swatch(self._ticked.index(run.folder.name)) if ticked else QIcon())
        self._filling = False

    def _changed(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() != 0:
            return
        run = self.runs[item.row()]
        ticked = item.checkState() == Qt.Checked
        if ticked != (run.folder.name in self._ticked):
            self.tick(run, ticked)
        elif item.text() != run.title:
            self.renamed.emit(run, item.text())
