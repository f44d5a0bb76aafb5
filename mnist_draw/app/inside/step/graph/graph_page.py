"""The graph of operations beside what is known about it: ``As a graph``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QKeySequence
from PyQt5.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QShortcut, QVBoxLayout, QWidget

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.rows_view import RowsView
from mnist_draw.app.inside.step.graph.graph_legend import GraphLegend
from mnist_draw.app.inside.step.graph.graph_view import GraphView
from mnist_draw.app.inside.step.graph.graph_words import box_rows, function_rows, graph_table
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button

if TYPE_CHECKING:
    from mnist_draw.analysis.step.graph import FunctionGraphs

_FUNCTIONS = ("classify", "validate", "learn")


class GraphPage(QWidget):
    """Both graphs of one of the three functions."""

    back_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.graphs: Mapping[str, FunctionGraphs] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.CARD_GAP)
        column.addLayout(self._build_top())
        row = QHBoxLayout()
        row.setSpacing(Size.CARD_GAP)
        row.addWidget(self._build_card(), 1)
        self.panel = Card()
        self.panel.setFixedWidth(round(Size.SIDE_PANEL * theme.theme().enlargement))
        self.heading = label("", "title", "graphTitle")
        self.panel.body.addWidget(self.heading)
        self.rows = RowsView()
        self.rows.setObjectName("graphRows")
        explain(self.rows, "About the operation", "Operation, type, expression, line.")
        self.panel.body.addWidget(self.rows, 1)
        self.panel.body.addWidget(GraphLegend())
        row.addWidget(self.panel)
        column.addLayout(row, 1)
        self.view.selected.connect(self._show_box)
        # A screen reader reads what has the focus.
        self.view.asked.connect(self.rows.setFocus)
        find = QShortcut(QKeySequence.Find, self)
        find.setContext(Qt.WidgetWithChildrenShortcut)
        find.activated.connect(self._open_find)

    def _build_top(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(Size.MARGIN)
        self.functions = ComboBox()
        self.functions.setObjectName("functionCombo")
        explain(self.functions, "Function", "Which of the program's three functions is shown.")
        self.functions.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        self.functions.activated.connect(lambda _: self._show_function())
        row.addLayout(_figure("Function", self.functions, ""))
        self.figures: dict[str, QLabel] = {}
        for name, title, unit in (
            ("written", "As written", "operations"), ("compiled", "As compiled", "operations"),
            ("fused", "Fused", "elementwise loops"), ("learn", "To learn", "one training step"),
        ):  # fmt: skip
            self.figures[name] = label("", "figure", f"{name}Figure")
            row.addLayout(_figure(title, self.figures[name], unit))
        row.addStretch(1)
        self.back = push_button(
            "backToCodeButton", "Back to the code", "Show the stages of the step.", look="link"
        )
        self.back.clicked.connect(self.back_requested)
        row.addWidget(self.back)
        return row

    def _build_card(self) -> Card:
        card = Card()
        self.find_field = QLineEdit()
        self.find_field.setObjectName("findField")
        self.find_field.setPlaceholderText("Find an operation or a variable")
        explain(self.find_field, "Find", "Find operations and variables; Enter goes to the next.")
        self.find_field.textChanged.connect(self._find)
        self.find_field.returnPressed.connect(self._find)
        self.find_field.installEventFilter(self)
        self.find_field.hide()
        card.body.addWidget(self.find_field)
        self.view = GraphView()
        card.body.addWidget(self.view, 1)
        return card

    # -- what is shown

    def show_graphs(self, graphs: Mapping[str, FunctionGraphs]) -> None:
        """Show the functions of a network."""
        before = self.functions.currentIndex()
        self.graphs = graphs
        if not self.functions.count():
            for name in _FUNCTIONS:
                self.functions.addItem(graphs[name].title, name)
        self.functions.setCurrentIndex(max(before, 0))
        self._show_function()

    def _show_function(self) -> None:
        name = self.functions.currentData()
        if name not in self.graphs:
            return
        shown, learn = self.graphs[name], self.graphs["learn"]
        before, after = shown.fused
        self.figures["written"].setText(f"{len(shown.written.nodes)}")
        self.figures["compiled"].setText(f"{len(shown.compiled.nodes)}")
        self.figures["fused"].setText(f"{before} → {after}" if after else "none")
        self.figures["learn"].setText(f"{len(learn.written.nodes)} → {len(learn.compiled.nodes)}")
        self.view.show_graphs(shown)

    def _show_box(self) -> None:
        graphs, box = self.view.graphs, self.view.selected_box()
        if graphs is None:
            return
        title, rows = function_rows(graphs) if box is None else box_rows(graphs, box)
        self.heading.setText(title)
        self.rows.show_rows(rows)

    def table(self) -> Table:
        """Return all operations of the function in front."""
        if self.view.graphs is None:
            return Table.of("Graph", (), ())
        return graph_table(self.view.graphs)

    # -- finding

    def _open_find(self) -> None:
        self.find_field.show()
        self.find_field.setFocus()
        self.find_field.selectAll()

    def _find(self) -> None:
        self.view.search(self.find_field.text())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self.find_field and event.type() == QEvent.KeyPress
            and isinstance(event, QKeyEvent) and event.key() == Qt.Key_Escape
        ):  # fmt: skip
            self.find_field.hide()
            self.view.search("")
            self.view.setFocus()
            return True
        return super().eventFilter(watched, event)


def _figure(title: str, widget: QWidget, unit: str) -> QVBoxLayout:
    """Return a figure with words above and below it."""
    column = QVBoxLayout()
    column.setSpacing(0)
    column.addWidget(label(title, "muted"))
    column.addWidget(widget)
    column.addWidget(label(unit, "muted"))
    column.addStretch(1)
    return column
