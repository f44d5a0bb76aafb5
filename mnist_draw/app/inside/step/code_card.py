"""The code of a stage with the buttons of the step, and Theano's graphs of the three functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QFont, QPainter, QPaintEvent, QPen
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.analysis.table import Table
from mnist_draw.app.inside.step.stages import (
    STAGES,
    CodeLine,
    Expression,
    expressions,
    lines_title,
    stage_sentence,
    tutorial_lines,
)
from mnist_draw.app.inside.step.step_worker import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button, style_table
from mnist_draw.training.settings import TrainingSettings

if TYPE_CHECKING:
    from mnist_draw.analysis.compiled_graph import FunctionGraphs


_LINE, _HEADING = 20.0, 22.0
_EXPLAINED = "The lines of a step; those of this stage are marked. Below: what Theano computes."


def code_font(size: int, bold: bool = False) -> QFont:
    """Return the system's font for code at a size of `Text`."""
    font = QFont("monospace")
    font.setStyleHint(QFont.Monospace)
    font.setPixelSize(round(size * theme.text_scale()))
    font.setWeight(QFont.Bold if bold else QFont.Normal)
    return font


class CodeView(QWidget):
    """Paints both; a screen reader gets them as one description."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("codeView")
        explain(self, "In code", _EXPLAINED)
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.lines: Sequence[CodeLine] = ()
        self.expressions: Sequence[Expression] = ()
        self.sentence = self.title = ""
        self._stage = 1
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(360, 380)

    def minimumSizeHint(self) -> QSize:
        return QSize(260, 200)

    def show_code(
        self,
        lines: Sequence[CodeLine],
        expressions: Sequence[Expression],
        sentence: str,
        stage: int,
    ) -> None:
        """Show lines and expressions of a stage."""
        self.lines, self.expressions, self.sentence = lines, expressions, sentence
        self._stage = stage
        self.title = lines_title(lines)
        self.setAccessibleDescription(f"{self.describe()} {_EXPLAINED}")
        self.update()

    def describe(self) -> str:
        """Return what is marked and computed, in reading order."""
        marked = " ".join(line.text.strip() for line in self.lines if line.stage == self._stage)
        computed = "; ".join(f"{e.text} ({e.shape})" for e in self.expressions)
        return f"{marked}. {computed}. {self.sentence}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        y = self._heading(painter, 0.0, self.title, "")
        before = 0
        for line in self.lines:
            y = self._line(painter, y, line, line.stage != before)
            before = line.stage
        y += 8 * scale
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(0, int(y), self.width(), int(y))
        y = self._heading(painter, y + 8 * scale, "What Theano computes now", "shape")
        # Many layers have many lines: they move together before the last is cut off.
        room = (self.height() - y - 22 * scale) / max(1, len(self.expressions))
        high = min(_LINE * scale, max(room, 13 * scale))
        for expression in self.expressions:
            y = self._expression(painter, y, high, expression)
        painter.setFont(theme.font(Text.LABEL))
        painter.setPen(theme.colour("muted"))
        below = QRectF(0, y + 6 * scale, float(self.width()), max(0.0, self.height() - y - 6))
        painter.drawText(below, int(Qt.AlignLeft | Qt.AlignTop | Qt.TextWordWrap), self.sentence)

    def _heading(self, painter: QPainter, y: float, title: str, note: str) -> float:
        box = QRectF(0, y, float(self.width()), _HEADING * theme.text_scale())
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font(Text.HEADING, bold=True))
        painter.drawText(box, int(Qt.AlignLeft | Qt.AlignVCenter), title.upper())
        painter.setFont(theme.font(Text.HEADING))
        painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), note)
        return box.bottom()

    def _line(self, painter: QPainter, y: float, line: CodeLine, first: bool) -> float:
        scale = theme.text_scale()
        box = QRectF(0, y, float(self.width()), _LINE * scale)
        current = line.stage == self._stage
        if current:
            painter.fillRect(box, theme.colour("accent", 0.16))
            painter.fillRect(QRectF(0, y, 3, box.height()), theme.colour("accent"))
        if line.stage and first:
            painter.setFont(theme.font(Text.LABEL, bold=True))
            painter.setPen(theme.colour("accent" if current else "muted"))
            number = QRectF(6 * scale, y, 14 * scale, box.height())
            painter.drawText(number, Qt.AlignCenter, str(line.stage))
        painter.setFont(code_font(Text.LABEL, current) if line.stage else theme.font(Text.LABEL))
        painter.setPen(theme.colour("text" if current else "muted"))
        room = QRectF(24 * scale, y, self.width() - 24 * scale, box.height())
        _fit(painter, room, line.text, int(Qt.AlignLeft | Qt.AlignVCenter))
        return box.bottom()

    def _expression(self, painter: QPainter, y: float, high: float, row: Expression) -> float:
        box = QRectF(0, y, float(self.width()), high)
        if row.marked:
            painter.fillRect(box, theme.colour("hover"))
        painter.setFont(code_font(Text.HEADING))
        painter.setPen(theme.colour("muted"))
        box.adjust(0, 0, -4, 0)
        painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), row.shape)
        wide = painter.fontMetrics().horizontalAdvance(row.shape) + 8
        painter.setFont(code_font(Text.HEADING, row.marked))
        painter.setPen(theme.colour("text"))
        room = box.adjusted(4, 0, -wide, 0)
        _fit(painter, room, row.text, int(Qt.AlignLeft | Qt.AlignVCenter))
        return box.bottom()


def _fit(painter: QPainter, room: QRectF, text: str, flags: int) -> None:
    """Write a line of code; where there is no room for it, in a narrower font, then elided."""
    font = painter.font()
    wide = painter.fontMetrics().horizontalAdvance(text)
    if wide > room.width():
        font.setStretch(max(80, int(100 * room.width() / wide)))
        painter.setFont(font)
    text = painter.fontMetrics().elidedText(text, Qt.ElideRight, int(room.width()))
    painter.drawText(room, flags, text)


_COPY = "A copy of the network learns here. Yours stays as it is."


class _NextButton(QPushButton):
    """Names the next stage; whichever that is, it takes the room of the longest.

    Else both cards would change their widths with the stage, and all in them would be painted
    twice.
    """

    def __init__(self) -> None:
        super().__init__(_next_label(0))
        self.setObjectName("nextButton")
        self.setProperty("look", "primary")
        explain(self, "Next", "Go on to the next stage.", "→")

    def sizeHint(self) -> QSize:
        widest = max(self._wide(_next_label(stage)) for stage in range(len(STAGES)))
        return super().sizeHint() + QSize(widest - self._wide(self.text()), 0)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _wide(self, words: str) -> int:
        return self.fontMetrics().size(Qt.TextShowMnemonic, words).width()


def _next_label(stage: int) -> str:
    """Return what the button says that leads on from a stage, from 1 on; 0 and the last: none."""
    return f"Next: {STAGES[stage].title}" if 0 < stage < len(STAGES) else "Next"


class CodeCard(Card):
    """Code and buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("In code", parent=parent)
        self.graph = push_button(
            "asGraphButton", "As operations", "Count the operations that Theano makes of it.",
            look="link",
        )  # fmt: skip
        self.top.addWidget(self.graph)
        self.code = CodeView()
        self.body.addWidget(self.code, 1)
        # Words that wrap would ask for height by width, and the section would scroll too early.
        self.note = FittedLabel(elide=Qt.ElideRight)
        self.note.setObjectName("copyNote")
        self.note.setProperty("look", "muted")
        self.note.setText(_COPY)
        self.body.addWidget(FixedLabel(self.note, lines=1))
        self.again = push_button(
            "againButton", "Again", "Learn the same minibatch once more, with the same units out."
        )
        self.ten_more = push_button(
            "tenMoreButton", "Ten more", "Learn the same minibatch ten times more."
        )
        self.from_start = push_button(
            "fromStartButton", "From the start",
            "Let everything be as it was before the first step: same pictures, same numbers.",
        )  # fmt: skip
        self._repeat = QWidget()
        row(self.again, self.ten_more, self.from_start, owner=self._repeat)
        self.body.addWidget(self._repeat)
        self.back = push_button("backButton", "Back", "Go back to the stage before.", "←")
        self.next = _NextButton()
        self.play = push_button(
            "playButton", "Play slowly", "Go through the stages by itself, 3 seconds each.", "Space"
        )
        for button in (self.back, self.next, self.play):
            button.setFocusPolicy(Qt.StrongFocus)
        self.body.addLayout(row((self.back, 1), (self.next, 2), (self.play, 1)))

    def show_stage(self, shown: Shown | None, stage: int, followed: int, playing: bool) -> None:
        """Show the code of a stage, and which buttons make sense."""
        last = len(STAGES)
        settings = TrainingSettings() if shown is None else shown.settings
        lines = tutorial_lines(settings)
        if shown is None:
            self.code.show_code(lines, (), "", stage)
        else:
            sentence = stage_sentence(shown, stage, shown.layers)
            self.code.show_code(lines, expressions(shown, stage, followed), sentence, stage)
        self.back.setEnabled(stage > 1)
        # The stages of a step that is still to come are empty.
        self.next.setEnabled(stage < last and shown is not None)
        self.next.setText(_next_label(stage))
        self.play.setText("Stop" if playing else "Play slowly")
        self.play.setEnabled(shown is not None and theme.theme().motion)
        self._repeat.setVisible(stage == last and shown is not None)


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
        self.view.scrollToTop()
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
