"""Around the picture of a stage: stages, code, effects; Theano's graphs of the three functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

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
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.layout import column, keep_room, row, scrolled
from mnist_draw.app.kit.painters import smooth_painter, write_with
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.walkable_view import WalkableView
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, push_button
from mnist_draw.i18n import _, listed
from mnist_draw.library.network_data import Name
from mnist_draw.training.settings import TrainingSettings

#: What is below the picture where there is no room for all: object names, titles.
WEIGHT, CODE = range(2)
_BELOW = (_("One weight"), _("In code"))


class StageBar(QWidget):
    """The stages with their figures; where it is narrow, also what else the section chooses."""

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
        self.below = SegmentedControl("belowPicture", _BELOW)
        self.below.choose(WEIGHT)
        self.below.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.row = row(self.below, *((figure, 1) for figure in self._growing))
        column(self.control, self.row, gap=Size.TIGHT, owner=self)

    def fit(self, room: int, is_low: bool) -> None:
        """Where titles or figures have no room, show only that of the stage in front."""
        self.below.setVisible(is_low)
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


_TITLE = _("Mean loss along the step")
#: A loss of so many times the first one is at the top: what is larger runs out of the picture.
_MOST = 4.0


class LossAlongStep(WalkableView):
    """A curve from where the weights were, through the step, to 30 times its length."""

    SIZE = (260, 100)
    LEAST_SIZE = (160, 96)

    def __init__(self) -> None:
        super().__init__(
            "lossAlongStep",
            _TITLE,
            _(
                "The mean loss of the same minibatch, had the weights moved further the same way. "
                "Up and down walk through the lengths.",
            ),
        )
        self.lengths: tuple[float, ...] = ()
        self.losses: tuple[float, ...] = ()

    def show_losses(self, lengths: tuple[float, ...], losses: tuple[float, ...]) -> None:
        """Show losses at lengths in steps; the first of them while they are computed."""
        self.lengths = lengths
        self.losses = losses
        self.show_items()

    def _area(self) -> QRectF:
        scale = theme.text_scale()
        return QRectF(self.rect()).adjusted(44 * scale, 26 * scale, -12 * scale, -18 * scale)

    def place_of(self, item: int) -> QPointF:
        area = self._area()
        x = area.left() + area.width() * self.lengths[item] / self.lengths[-1]
        return QPointF(x, self._y(self.losses[item]))

    def _y(self, loss: float) -> float:
        area = self._area()
        top = _MOST * max(self.losses[0], 1e-9)
        return area.bottom() - area.height() * min(loss, 2 * top) / top

    def ticks(self) -> list[float]:
        """Return the losses with a figure at the axis: none, that before the step, the top."""
        return [part * self.losses[0] for part in (0.0, 1.0, _MOST)] if self.losses else []

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        write_with(painter, Text.LABEL, "text", bold=True)
        scale = theme.text_scale()
        area = self._area()
        painter.drawText(QPointF(0, 14 * scale), _TITLE)
        write_with(painter, Text.AXIS, "muted")
        for length in (1, 10, 20, 30):
            x = area.left() + area.width() * length / 30
            box = QRectF(x - 20 * scale, area.bottom() + 2, 40 * scale, 16 * scale)
            painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, f"{length}×")
        for loss in self.ticks():
            box = QRectF(0, self._y(loss) - 8 * scale, area.left() - 7, 16 * scale)
            painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), i18n.number(loss, ".2g"))
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if not self.losses:
            return
        painter.setClipRect(area.adjusted(-4, -4, 8, 1))
        painter.setPen(QPen(theme.colour("muted"), 1, Qt.DashLine))
        start = self.place_of(0)
        painter.drawLine(start, QPointF(area.right(), start.y()))
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawPolyline(QPolygonF([self.place_of(n) for n in range(len(self.losses))]))
        if 1.0 in self.lengths[: len(self.losses)]:
            painter.setBrush(theme.colour("accent"))
            painter.drawEllipse(self.place_of(self.lengths.index(1.0)), 4, 4)
        self.paint_current(painter, 6)

    def step(self, right: int, down: int) -> bool:
        # Left and right go through the stages, wherever the keyboard is.
        return super().step(down, 0)

    def count(self) -> int:
        return len(self.losses)

    def describe(self, item: int) -> str:
        length = self.lengths[item]
        loss = self.losses[item]
        figure = i18n.number(loss, ".4f") if np.isfinite(loss) else "∞"
        return _(
            "{length} times the step: mean loss {loss}.",
            length=i18n.number(length, "g"),
            loss=figure,
        )


def other_rows(effects: StepEffects | None, name: Name) -> list[Row]:
    if effects is None or effects.example is None or not effects.counted:
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
        self.repeat = row(self.again, self.ten_more, self.from_start, owner=self.repeats)
        keep_room(self.repeats)
        self.foot = row((about, 1), self.repeats)
        self.body.addLayout(self.foot)
        self.back, self.next, self.play = (push_button(*each) for each in _TURN)
        for button in (self.back, self.next, self.play):
            button.setFocusPolicy(Qt.StrongFocus)
        self.turns = QWidget()
        row((self.back, 1), (self.next, 2), (self.play, 1), owner=self.turns)
        self.body.addWidget(self.turns)

    def show_stage(self, shown: Shown | None, stage: int, followed: int, playing: bool) -> None:
        self.code.show_rows(_code_rows(shown, stage, followed))
        self.back.setEnabled(stage > 1)
        # The stages of a step that is still to come are empty.
        self.next.setEnabled(stage < len(STAGES) and shown is not None)
        self.play.setText(_("Stop") if playing else _("Play slowly"))
        self.play.setEnabled(shown is not None and theme.theme().motion)
        self.repeats.setVisible(
            stage == len(STAGES) and shown is not None and shown.figures.is_done,
        )


def _code_rows(shown: Shown | None, stage: int, followed: int) -> list[Row]:
    lines = tutorial_lines(TrainingSettings() if shown is None else shown.settings)
    written: list[Row] = [Heading(_("The lines of this step"))]
    for (before, __), (number, text) in pairwise([(0, ""), *lines]):
        first = str(number) if number != before else ""
        code = rows_view.Code(text, "", number == stage, first)
        written.append(code if number else Sentence(text, muted=True))
    now: list[Row] = [Heading(_("What is computed now"), _("shape"))]
    if shown is not None:
        now += expressions(shown, stage, followed)
        now.append(Sentence(stage_sentence(shown, stage), muted=True))
    return [rows_view.Columns(tuple(written), tuple(now))]


_MEANING = _(
    "The lines compute nothing: they write down a graph of operations. theano.function turns it "
    "into a shorter one, fuses neighbouring elementwise operations into loops, and compiles that.",
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

    def show_graphs(self, graphs: Mapping[str, FunctionGraphs], state: str = _MEANING) -> None:
        self.graphs = graphs
        self.state.setText(state)
        if not self.functions.count():
            for name, function in graphs.items():
                self.functions.addItem(function.title, name)
        self._show_function()

    def _show_function(self) -> None:
        shown = self.graphs.get(self.functions.currentData())
        self.view.show_table(self.table())
        self.written.setPlainText("" if shown is None else shown.written_text)
        self.compiled.setPlainText("" if shown is None else shown.compiled_text)

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
    theme.follow(view, lambda: view.setFont(rows_view.code_font(Text.BODY)))
    explain(view, title, _("The graph as theano.printing.debugprint prints it."))
    return view
