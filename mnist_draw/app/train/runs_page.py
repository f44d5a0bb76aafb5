"""The page of runs in the Train tab: the list, what can be done with a run, the comparison."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.flow_layout import FlowLayout
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import BinButton, Card, edit_name, label, push_button
from mnist_draw.app.train.compare_card import CompareCard, DifferencesTable
from mnist_draw.app.train.runs_table import RunsTable
from mnist_draw.recognition.export.formats import NETWORK_FORMATS
from mnist_draw.training.runs.formats import RUN_FORMATS
from mnist_draw.training.runs.record import Run

_BUTTONS = (
    ("draw", "To the Draw tab", "runToDrawButton", "Let the run's network read drawings.", ""),
    ("continue", "Continue", "runContinueButton", "Train the run on from its last epoch.", ""),
    ("use_settings", "Use settings", "runSettingsButton",
     "Fill the fields at the left with the run's settings.", ""),
    ("rename", "Rename", "runRenameButton", "Give the run another name.", "F2"),
    ("delete", "Delete", "runDeleteButton", "Delete the run; this can be undone.", "Delete"),
)  # fmt: skip
_EXPORTS = (
    ("png", "Picture of the curves (PNG) …"),
    *((name, f"{entry.title} …") for name, entry in RUN_FORMATS.items()),
    *((name, f"{entry.title} (*{entry.ending}) …") for name, entry in NETWORK_FORMATS.items()),
)


class RunsPage(QWidget):
    """Shows runs; what the user asks for is emitted with the current run."""

    asked = pyqtSignal(str, Run)
    undo_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runsPage")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.CARD_GAP)
        card = Card("Runs", "tick several to compare them")
        self.table = RunsTable()
        card.body.addWidget(self.table, 1)
        self.empty = label("Runs appear here once they have been started.", "muted")
        self.empty.setAlignment(Qt.AlignCenter)
        card.body.addWidget(self.empty, 1)
        card.body.addLayout(self._build_buttons())
        column.addWidget(card, 3)
        below = QHBoxLayout()
        below.setSpacing(Size.CARD_GAP)
        self.compare = CompareCard()
        below.addWidget(self.compare, 1)
        differing = Card("What differed")
        self.differences = DifferencesTable()
        differing.body.addWidget(self.differences, 1)
        below.addWidget(differing, 1)
        column.addLayout(below, 4)
        self.table.itemSelectionChanged.connect(self._enable)
        sentence = "Bring back the run that was deleted last."
        Command(self, "Undo", sentence, "Ctrl+Z", self.undo_requested.emit)
        self._enable()

    def _build_buttons(self) -> FlowLayout:
        row = FlowLayout()
        self._needing_a_run: list[Command | QPushButton] = []
        for what, text, name, sentence, keys in _BUTTONS:
            button = push_button(name, text, sentence)
            command = Command(self, text, sentence, keys, partial(self._ask, what))
            command.serve(button)
            self._needing_a_run.append(command)
            row.addWidget(button)
        export = push_button(
            "runExportButton", "Export …", "Save the run's curves, figures or network to a file."
        )
        menu = QMenu(export)
        for what, text in _EXPORTS:
            menu.addAction(text).triggered.connect(lambda _, what=what: self._ask(what))
        export.setMenu(menu)
        self._needing_a_run.append(export)
        row.addWidget(export)
        self.bin = BinButton("bringBackRunButton", "runs")
        row.addWidget(self.bin)
        return row

    def build_plots(self) -> list[Callable[[], None]]:
        """Return the step that builds the plot."""
        return [self.compare.build]

    def show_runs(self, runs: Sequence[Run], going_on: Collection[Path]) -> None:
        """Show the list; see `RunsTable.show_runs`."""
        self.table.show_runs(runs, going_on)
        self.empty.setVisible(not runs)
        self.table.setVisible(bool(runs))
        self._enable()

    def _enable(self) -> None:
        for act in self._needing_a_run:
            act.setEnabled(self.table.current_run() is not None)

    def _ask(self, what: str) -> None:
        run = self.table.current_run()
        if run is None:
            return
        if what == "rename":
            edit_name(self.table)
        else:
            self.asked.emit(what, run)
