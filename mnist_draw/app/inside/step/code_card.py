"""The code of a stage with the buttons of the step, and Theano's graphs of the three functions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import (
    QPlainTextEdit,
    QWidget,
)

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.inside_bar import TableView
from mnist_draw.app.inside.rows_view import Code, Heading, Row, RowsView, Rule, Sentence, code_font
from mnist_draw.app.inside.step.stages import (
    STAGES,
    expressions,
    lines_title,
    stage_sentence,
    tutorial_lines,
)
from mnist_draw.app.inside.step.step_learner import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, keep_room, row, scrolled
from mnist_draw.app.kit.steady_labels import ElidedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button
from mnist_draw.i18n import _
from mnist_draw.training.settings import TrainingSettings

if TYPE_CHECKING:
    from mnist_draw.analysis.compiled_graph import FunctionGraphs


_EXPLAINED = _("The lines of a step; those of this stage are marked. Below: what Theano computes.")


_COPY = _("A copy of the network learns here. Yours stays as it is.")


class CodeCard(Card):
    def __init__(self) -> None:
        super().__init__(_("In code"))
        self.graph = push_button(
            "asGraphButton", _("As operations"),
            _("Count the operations that Theano makes of it."), look="link",
        )  # fmt: skip
        self.top.addWidget(self.graph)
        self.code = RowsView("codeView", _("In code"), _EXPLAINED)
        self.area = scrolled(self.code)
        self.body.addWidget(self.area, 1)
        # Words that wrap would ask for height by width, and the section would scroll too early.
        self.note = ElidedLabel(_COPY, "muted", "copyNote")
        self.body.addWidget(FixedLabel(self.note, lines=1))
        self.again = push_button(
            "againButton",
            _("Again"),
            _("Learn the same minibatch once more, with the same units out."),
        )
        self.ten_more = push_button(
            "tenMoreButton", _("Ten more"), _("Learn the same minibatch ten times more.")
        )
        self.from_start = push_button(
            "fromStartButton", _("From the start"),
            _("Let everything be as it was before the first step: same pictures, same numbers."),
        )  # fmt: skip
        self._repeat = QWidget()
        row(self.again, self.ten_more, self.from_start, owner=self._repeat)
        keep_room(self._repeat)
        self.body.addWidget(self._repeat)
        self.back = push_button("backButton", _("Back"), _("Go back to the stage before."), "←")
        self.next = push_button(
            "nextButton", _("Next"), _("Go on to the next stage."), "→", look="primary"
        )
        self.play = push_button(
            "playButton",
            _("Play slowly"),
            _("Go through the stages by itself, 3 seconds each."),
            "Space",
        )
        for button in (self.back, self.next, self.play):
            button.setFocusPolicy(Qt.StrongFocus)
        self.body.addLayout(row((self.back, 1), (self.next, 2), (self.play, 1)))

    def show_stage(self, shown: Shown | None, stage: int, followed: int, playing: bool) -> None:
        self.code.show_rows(_code_rows(shown, stage, followed))
        self.back.setEnabled(stage > 1)
        # The stages of a step that is still to come are empty.
        self.next.setEnabled(stage < len(STAGES) and shown is not None)
        self.play.setText(_("Stop") if playing else _("Play slowly"))
        self.play.setEnabled(shown is not None and theme.theme().motion)
        self._repeat.setVisible(
            stage == len(STAGES) and shown is not None and shown.figures.is_done
        )


def _code_rows(shown: Shown | None, stage: int, followed: int) -> list[Row]:
    lines = tutorial_lines(TrainingSettings() if shown is None else shown.settings)
    rows: list[Row] = [Heading(lines_title(lines))]
    for (before, __), (number, text) in pairwise([(0, ""), *lines]):
        first = str(number) if number != before else ""
        code = Code(text, "", number == stage, first)
        rows.append(code if number else Sentence(text, muted=True))
    rows += [Rule(), Heading(_("What Theano computes now"), _("shape"))]
    if shown is not None:
        rows += expressions(shown, stage, followed)
        rows.append(Sentence(stage_sentence(shown, stage), muted=True))
    return rows


_MEANING = _(
    "The lines compute nothing: they write down a graph of operations. theano.function turns it "
    "into a shorter one, fuses neighbouring elementwise operations into loops, and compiles that."
)


class GraphPage(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.graphs: Mapping[str, FunctionGraphs] = {}
        card = Card(_("What Theano makes of it"))
        self.state = label(_MEANING, "muted", "graphState")
        self.state.setWordWrap(True)
        card.body.addWidget(self.state)
        self.view = TableView(
            "graphView",
            _("Operations"),
            _("How often each operation occurs, written and compiled."),
        )
        card.body.addWidget(self.view, 1)
        self.texts = QWidget()
        texts = row(gap=Size.CARD_GAP, owner=self.texts)
        self.written = _print_view("writtenGraph", _("Graph as written"))
        self.compiled = _print_view("compiledGraph", _("Graph as compiled"))
        for title, view in (_("As written"), self.written), (_("As compiled"), self.compiled):
            text_card = Card(title)
            text_card.body.addWidget(view)
            texts.addWidget(text_card)
        sentence = _("Which of the program's three functions is shown.")
        self.functions = ComboBox("functionCombo", _("Function"), sentence)
        self.functions.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        self.functions.activated.connect(lambda __: self._show_function())
        self.back = push_button(
            "backToCodeButton",
            _("Back to the code"),
            _("Show the stages of the step."),
            look="link",
        )
        top = row(self.functions, 1, self.back)
        column(top, (card, 1), (self.texts, 1), gap=Size.CARD_GAP, owner=self)
        theme.follow(self, self._scale_text)

    def _scale_text(self) -> None:
        for view in (self.written, self.compiled):
            view.setFont(code_font(Text.LABEL))

    def show_state(self, words: str) -> None:
        self.state.setText(words or _MEANING)

    def show_graphs(self, graphs: Mapping[str, FunctionGraphs]) -> None:
        self.graphs = graphs
        if not self.functions.count():
            for name, function in graphs.items():
                self.functions.addItem(function.title, name)
        self._show_function()

    def _show_function(self) -> None:
        shown = self.graphs.get(self.functions.currentData())
        if shown is None:
            return
        self.view.show_table(shown.table())
        self.written.setPlainText(shown.written_text)
        self.compiled.setPlainText(shown.compiled_text)

    def table(self) -> Table:
        shown = self.graphs.get(self.functions.currentData())
        return Table(_("Graph"), (), ()) if shown is None else shown.table()


def _print_view(name: str, title: str) -> QPlainTextEdit:
    """Return a view of what `theano.printing.debugprint` prints."""
    view = QPlainTextEdit()
    view.setObjectName(name)
    view.setReadOnly(True)
    view.setTextInteractionFlags(Qt.TextSelectableByMouse | Qt.TextSelectableByKeyboard)
    view.setLineWrapMode(QPlainTextEdit.NoWrap)
    view.setTabChangesFocus(True)
    explain(view, title, _("The graph as theano.printing.debugprint prints it."))
    return view
