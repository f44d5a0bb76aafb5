"""A table of text in the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtWidgets import QTableWidget, QTableWidgetItem

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.widgets import explain, style_table

if TYPE_CHECKING:
    from mnist_draw.analysis.table import Table

#: Height of a row in pixels, at the usual size of text.
_ROW = 26


class TableView(QTableWidget):
    def __init__(self, name: str, title: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(name)
        explain(self, title, sentence)
        self.setEditTriggers(QTableWidget.NoEditTriggers)
        self.setSelectionBehavior(QTableWidget.SelectRows)
        self.verticalHeader().hide()
        theme.theme().changed.connect(self._scale)
        self._scale()

    def _scale(self) -> None:
        style_table(self, theme.scaled(_ROW))

    def show_table(self, table: Table) -> None:
        self.setColumnCount(len(table.headings))
        self.setHorizontalHeaderLabels(table.headings)
        self.setRowCount(len(table.rows))
        for line, cells in enumerate(table.rows):
            for place, text in enumerate(cells):
                self.setItem(line, place, QTableWidgetItem(text))
        self.resizeColumnsToContents()
        self.scrollToTop()
