"""Around the picture of a stage: stages, code, effects; the operations of Theano."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QWidget

from mnist_draw import i18n
from mnist_draw.analysis.compiled_graph import FunctionGraphs
from mnist_draw.analysis.step_effects import StepEffects
from mnist_draw.analysis.table import Table
from mnist_draw.app.inside import rows_view
from mnist_draw.app.inside.inside_bar import TableView
from mnist_draw.app.inside.rows_view import Heading, Line, Row, RowsView, Sentence
from mnist_draw.app.inside.step.stages import STAGES, expressions, stage_sentence, tutorial_lines
from mnist_draw.app.inside.step.step_learner import Shown
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import column, keep_room, row, scrolled
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button
from mnist_draw.i18n import _, listed
from mnist_draw.library.network_data import Name
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training.settings import TrainingSettings


class StageBar(QWidget):
    """The stages with their figures."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stageBar")
        self._titles = [f"{number} {stage.title}" for number, stage in enumerate(STAGES, 1)]
        self.control = SegmentedControl("stageButtons", self._titles)
        self.figures = [label("", "muted") for _ in STAGES]
        self._growing = [GrowingLabel(figure) for figure in self.figures]
        for figure in self.figures:
            figure.setAlignment(Qt.AlignHCenter | Qt.AlignTop)
        for number, button in enumerate(self.control.buttons, 1):
            button.setObjectName(f"stage{number}Button")
            explain(button, self._titles[number - 1], STAGES[number - 1].meaning, "← →")
        self.row = row(*((figure, 1) for figure in self._growing))
        column(self.control, self.row, gap=Size.TIGHT, owner=self)

    def fit(self, room: int, is_low: bool) -> None:
        """Where titles or figures have no room, show only that of the stage in front."""
        for figure, button in zip(self._growing, self.control.buttons, strict=True):
            figure.setVisible(button.isChecked() or not is_low)
        metrics = self.control.buttons[0].fontMetrics()
        widest = max(map(metrics.horizontalAdvance, self._titles))
        is_narrow = (widest + 2 * Size.MARGIN) * len(STAGES) > room
        for button, title in zip(self.control.buttons, self._titles, strict=True):
            button.setText(title[0] if is_narrow and not button.isChecked() else title)

    def show_stage(self, stage: int, figures: Sequence[str], reached: int) -> None:
        self.control.choose(stage - 1)
        for number, words in enumerate(figures, 1):
            known = words if number <= reached else ""
            if number == reached + 1 and words:
                known = _("next")
            self._growing[number - 1].set_text(known)
            meaning = f"{STAGES[number - 1].meaning} {known}".strip()
            self.control.buttons[number - 1].setAccessibleDescription(meaning)


def other_rows(effects: StepEffects | None, name: Name) -> list[Row]:
    if effects is None:
        return [Line(_("What it did to others: being counted"), "")]
    before, after = (count / effects.counted for count in effects.right)
    right = f"{i18n.number(100 * before, '.2f')} → {i18n.percent(after, 2)}"
    count = _("right of {count}", count=i18n.number(effects.counted))
    first, second = (
        f"{name(int(p.argmax()))}, {format_probability(float(p.max()), short=True)}"
        for p in effects.example
    )
    turned = listed(i18n.number(number) for number in effects.turned)
    return [
        Line(count, right),
        Line(_("turned right, wrong"), turned),
        Line(_("no dropout"), f"{first} → {second}"),
    ]


_EXPLAINED = _("The lines of a step; those of this stage are marked. Below: what is computed.")


#: Object name, text, sentence, key and look of the buttons that learn, and of those that turn.
_REPEAT = (
    ("againButton", _("Again"), _("Learn the same minibatch once more, with the same units out.")),
    ("tenMoreButton", _("Ten more"), _("Learn the same minibatch ten times more.")),
    (
        "fromStartButton",
        _("From the start"),
        _("Let everything be as it was before the first step: same pictures, same numbers."),
    ),
)
_TURN = (
    ("backButton", _("Back"), _("Go back to the stage before."), "←"),
    ("nextButton", _("Next"), _("Go on to the next stage."), "→", "primary"),
    (
        "playButton",
        _("Play slowly"),
        _("Go through the stages by itself, 3 seconds each."),
        "Space",
    ),
)

_COPY = _("A copy of the network learns here. Yours stays as it is.")


class CodeCard(Card):
    def __init__(self) -> None:
        super().__init__()
        self.title = label(_("In code"), "title")
        self.body.addWidget(self.title)
        self.graph = push_button(
            "asGraphButton",
            _("As operations"),
            _("Count the operations that Theano makes of it."),
            look="link",
        )
        self.code = RowsView("codeView", _("In code"), _EXPLAINED)
        self.area = scrolled(self.code)
        self.body.addWidget(self.area, 1)
        # Words that wrap would ask for height by width, and the section would scroll too early.
        self.note = FittedLabel(Text.AXIS, two_lines=True, look="muted", name="copyNote")
        self.note.setText(_COPY)
        about = row((FixedLabel(self.note, lines=2), 1), self.graph)
        self.again, self.ten_more, self.from_start = (push_button(*each) for each in _REPEAT)
        self.repeats = QWidget()
        row(self.again, self.ten_more, self.from_start, owner=self.repeats)
        keep_room(self.repeats)
        self.foot = row((about, 1), self.repeats)
        self.body.addLayout(self.foot)
        self.back, self.next, self.play = (push_button(*each) for each in _TURN)
        for button in (self.back, self.next, self.play):
            button.setFocusPolicy(Qt.StrongFocus)
        self.turns = QWidget()
        row((self.back, 1), (self.next, 2), (self.play, 1), owner=self.turns)
        self.body.addWidget(self.turns)

    def show_stage(self, shown: Shown | None, stage: int, playing: bool) -> None:
        self.code.show_rows(_code_rows(shown, stage))
        self.back.setEnabled(stage > 1)
        # The stages of a step that is still to come are empty.
        self.next.setEnabled(stage < len(STAGES) and shown is not None)
        self.play.setText(_("Stop") if playing else _("Play slowly"))
        self.play.setEnabled(shown is not None and theme.theme().motion)
        self.repeats.setVisible(
            stage == len(STAGES) and shown is not None and shown.figures.is_done,
        )


def _code_rows(shown: Shown | None, stage: int) -> list[Row]:
    lines = tutorial_lines(TrainingSettings() if shown is None else shown.settings)
    written: list[Row] = [Heading(_("The lines of this step"))]
    for (before, __), (number, text) in pairwise([(0, ""), *lines]):
        first = str(number) if number != before else ""
        code = rows_view.Code(text, "", number == stage, first)
        written.append(code if number else Sentence(text, muted=True))
    now: list[Row] = [Heading(_("What is computed now"), _("shape"))]
    if shown is not None:
        now += expressions(shown, stage)
        now.append(Sentence(stage_sentence(shown, stage), muted=True))
    return [rows_view.Columns(tuple(written), tuple(now))]


_MEANING = _(
    "The lines compute nothing: they write down a graph of operations. theano.function turns it "
    "into a shorter one, fuses neighboring elementwise operations into loops, and compiles that.",
)


class GraphPage(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.graphs: Mapping[str, FunctionGraphs] = {}
        card = Card(_("What Theano makes of it"))
        self.state = label(_MEANING, "muted", "graphState", wraps=True)
        card.body.addWidget(self.state)
        self.view = TableView(
            "graphView",
            _("Operations"),
            _("How often each operation occurs, written and compiled."),
        )
        card.body.addWidget(self.view, 1)
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
        column(top, (card, 1), gap=Size.CARD_GAP, owner=self)

    def show_graphs(self, graphs: Mapping[str, FunctionGraphs], state: str = _MEANING) -> None:
        self.graphs = graphs
        self.state.setText(state)
        if not self.functions.count():
            for name, function in graphs.items():
                self.functions.addItem(function.title, name)
        self._show_function()

    def _show_function(self) -> None:
        self.view.show_table(self.table())

    def table(self) -> Table:
        shown = self.graphs.get(self.functions.currentData())
        return Table(_("Graph"), (), ()) if shown is None else shown.table()
