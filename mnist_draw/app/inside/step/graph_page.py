"""Theano's compilation of the three functions: a table of operations above both graphs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.step.code_card import code_font
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button, style_table

if TYPE_CHECKING:
    from mnist_draw.analysis.compiled_graph import FunctionGraphs

_MEANING = (
    "The lines compute nothing: they write down a graph of operations. theano.function turns it "
    "into a shorter one, fuses neighbouring elementwise operations into loops, and compiles that."
)
#: Height of a row in pixels, at the usual size of text.
_ROW = 26
_HEADINGS = ("Kind", "Operation", "As written", "As compiled")


class GraphPage(QWidget):
    """The operations of one of the three functions, as written and as compiled."""

    back_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.graphs: Mapping[str, FunctionGraphs] = {}
        card = Card("What Theano makes of it")
        self.state = label(_MEANING, "muted", "graphState")
        self.state.setWordWrap(True)
        card.body.addWidget(self.state)
        card.body.addWidget(self._build_table(), 1)
        self.texts = QWidget()
        texts = row(gap=Size.CARD_GAP, owner=self.texts)
        self.written, self.compiled = _print_view("written"), _print_view("compiled")
        for title, view in (("As written", self.written), ("As compiled", self.compiled)):
            text_card = Card(title)
            text_card.body.addWidget(view)
            texts.addWidget(text_card)
        column(self._build_top(), (card, 1), (self.texts, 1), gap=Size.CARD_GAP, owner=self)
        theme.theme().changed.connect(self._scale_text)
        self._scale_text()

    def _build_top(self) -> QHBoxLayout:
        self.functions = ComboBox()
        self.functions.setObjectName("functionCombo")
        explain(self.functions, "Function", "Which of the program's three functions is shown.")
        self.functions.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        self.functions.activated.connect(lambda _: self._show_function())
        top = row(_figure("Function", self.functions, ""), gap=Size.MARGIN)
        self.figures: dict[str, QLabel] = {}
        for name, title, unit in (
            ("written", "As written", "operations"), ("compiled", "As compiled", "operations"),
            ("fused", "Fused", "elementwise loops"),
        ):  # fmt: skip
            self.figures[name] = label("", "figure", f"{name}Figure")
            top.addLayout(_figure(title, self.figures[name], unit))
        top.addStretch(1)
        self.back = push_button(
            "backToCodeButton", "Back to the code", "Show the stages of the step.", look="link"
        )
        self.back.clicked.connect(self.back_requested)
        top.addWidget(self.back)
        return top

    def _build_table(self) -> QTableWidget:
        self.view = QTableWidget(0, len(_HEADINGS))
        self.view.setObjectName("graphView")
        explain(self.view, "Operations", "How often each operation occurs, written and compiled.")
        style_table(self.view, round(_ROW * theme.text_scale()))
        self.view.setHorizontalHeaderLabels(_HEADINGS)
        self.view.verticalHeader().hide()
        self.view.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.view.setSelectionBehavior(QAbstractItemView.SelectRows)
        return self.view

    def _scale_text(self) -> None:
        self.view.verticalHeader().setDefaultSectionSize(round(_ROW * theme.text_scale()))
        for view in (self.written, self.compiled):
            view.setFont(code_font(Text.LABEL))

    def show_state(self, words: str) -> None:
        """Show what the page waits for; empty if the graphs are there."""
        self.state.setText(words or _MEANING)

    def show_graphs(self, graphs: Mapping[str, FunctionGraphs]) -> None:
        """Show the functions of a network."""
        self.graphs = graphs
        if not self.functions.count():
            for name, function in graphs.items():
                self.functions.addItem(function.title, name)
        self._show_function()

    def _show_function(self) -> None:
        shown = self.graphs.get(self.functions.currentData())
        if shown is None:
            return
        self.figures["written"].setText(f"{sum(shown.written.values()):,}")
        self.figures["compiled"].setText(f"{sum(shown.compiled.values()):,}")
        self.figures["fused"].setText(f"{shown.fused_loops() or 'none'}")
        rows = shown.table().rows
        self.view.setRowCount(len(rows))
        for line, cells in enumerate(rows):
            for place, text in enumerate(cells):
                self.view.setItem(line, place, QTableWidgetItem(text))
        self.view.resizeColumnsToContents()
        self.written.setPlainText(shown.written_text)
        self.compiled.setPlainText(shown.compiled_text)

    def table(self) -> Table:
        """Return the operations of the function in front."""
        shown = self.graphs.get(self.functions.currentData())
        return Table.of("Graph", (), ()) if shown is None else shown.table()


def _print_view(name: str) -> QPlainTextEdit:
    """Return a view of what `theano.printing.debugprint` prints."""
    view = QPlainTextEdit()
    view.setObjectName(f"{name}Graph")
    view.setReadOnly(True)
    view.setTextInteractionFlags(Qt.TextSelectableByMouse | Qt.TextSelectableByKeyboard)
    view.setLineWrapMode(QPlainTextEdit.NoWrap)
    view.setTabChangesFocus(True)
    explain(view, f"Graph as {name}", "The graph as theano.printing.debugprint prints it.")
    return view


def _figure(title: str, widget: QWidget, unit: str) -> QVBoxLayout:
    """Return a figure with words above and below it."""
    return column(label(title, "muted"), widget, label(unit, "muted"), 1, gap=0)
