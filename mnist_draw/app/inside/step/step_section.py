"""The section *One step*: how does it learn?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtGui import QKeyEvent, QKeySequence
from PyQt5.QtWidgets import QBoxLayout, QShortcut, QStackedWidget, QWidget

from mnist_draw import i18n
from mnist_draw.analysis.table import Figure, Table
from mnist_draw.app.inside.rows_view import RowsView
from mnist_draw.app.inside.section import Example, Section
from mnist_draw.app.inside.step import stages, step_cards, step_learner
from mnist_draw.app.inside.step.stage_picture import StagePicture
from mnist_draw.app.inside.step.stages import STAGES
from mnist_draw.app.inside.step.step_learner import COMPILING, Shown, Task
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, push_button
from mnist_draw.i18n import N_, _, joined
from mnist_draw.library.network_data import Name, in_a_sentence
from mnist_draw.storage.models import ModelFile

_EMPTY = _("Draw on the left, or pick a picture, and follow it through a step of training.")
_UNKNOWN = _("Say what the picture shows: a step needs a label to learn.")
_TRAINING = _("A run is going on. A step beside it would slow both down.")
_FAILED = _("This step cannot be shown.")
_OTHERS = _("Test pictures before and after the step, and yours with no unit left out.")
#: Of the code below the picture, in logical pixels.
_CODE_HEIGHT = 150
#: Least height of the picture above the code.
_LEAST_PICTURE = 206
#: While it plays, each stage stays so long, in milliseconds.
PLAY_MS = 3000
#: A step is computed when nothing was drawn for so long, in milliseconds.
_QUIET_MS = 250


class StepSection(Section):
    name = "step"
    title = _("One step")
    question = _("How does it learn?")

    def __init__(self) -> None:
        super().__init__()
        self._requested: Task | None = None
        self._shown: Shown | None = None
        self._graphed: ModelFile | None = None
        self._permitted = self._is_low = False
        #: What the stages that are not known yet wait for, or why there are none.
        self._waiting = ""
        self.stage = self.reached = 1
        learn = step_learner.StepLearner().learn
        self.job = self._job(
            self._show_progress,
            self._show_failure,
            work=learn,
            name="step view",
            pace=0.0,
        )
        self.graph = step_cards.GraphPage()
        self._graph_job = self._job(
            self.graph.show_graphs,
            self._show_failure,
            work=step_learner.make_graphs,
            name="graphs",
        )
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MS)
        self._quiet.timeout.connect(self._ask)
        self.player = QTimer(self)
        self.player.setInterval(PLAY_MS)
        self.player.timeout.connect(self._play_on)
        self.views = QStackedWidget()
        column(self.views, owner=self)
        self.views.addWidget(self._build_stages())
        self.views.addWidget(self.graph)
        self._connect()
        self._show()

    def _build_stages(self) -> QWidget:
        page = QWidget()
        self.bar = step_cards.StageBar()
        self.card = Card()
        self.heading = FittedLabel(Text.LABEL, look="title", name="stageTitle")
        self.note = FittedLabel(Text.AXIS, look="muted", name="stageNote")
        self.note.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.card.top.addWidget(self.heading)
        self.card.top.addWidget(FixedLabel(self.note, lines=1), 1)
        self.card.body.addLayout(self.card.top)
        self.picture = StagePicture()
        self.card.body.addWidget(self.picture, 1)
        self.all_the_same = push_button(
            "stepAnywayButton",
            _("Compute it all the same"),
            _("Compute the step while the run goes on."),
        )
        self.card.body.addWidget(self.all_the_same, 0, Qt.AlignHCenter)
        self.others = RowsView("othersAfterStep", _("What it did to others"), _OTHERS, 3)
        self.card.body.addWidget(self.others)
        self.code = step_cards.CodeCard()
        self._columns = row((self.card, 7), (self.code, 4), gap=Size.CARD_GAP)
        column(self.bar, (self._columns, 1), gap=Size.CARD_GAP, owner=page)
        return page

    def _connect(self) -> None:
        code = self.code
        self.bar.control.chosen.connect(lambda place: self.open_stage(place + 1))
        self.all_the_same.clicked.connect(self._permit)
        code.graph.clicked.connect(lambda: self.open_view("graph"))
        self.graph.back.clicked.connect(lambda: self.open_stage(self.stage))
        code.back.clicked.connect(lambda: self.open_stage(self.stage - 1))
        code.next.clicked.connect(lambda: self.open_stage(self.stage + 1))
        code.play.clicked.connect(self.play)
        code.again.clicked.connect(lambda: self._repeat("again"))
        code.ten_more.clicked.connect(lambda: self._repeat("ten"))
        code.from_start.clicked.connect(lambda: self._repeat("start"))
        for keys, step in (("Left", -1), ("Right", 1)):
            shortcut = QShortcut(QKeySequence(keys), self.views.widget(0))
            shortcut.setContext(Qt.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self._walk(step))

    def use_network(self, model: ModelFile, key: str) -> None:
        is_other = self._is_other_run(model, key)
        self._model = model
        if is_other:
            # A step of another network must not be shown as this one's; of the same run it stays.
            self.picture.show_profiles(None)
            self._waiting = COMPILING
            self._forget()
        self.picture.name = self._name
        self._ask_soon()
        self._ask_for_graphs()

    def _forget(self) -> None:
        self.job.stop()
        self._stop_playing()
        self._shown = self._requested = None
        self._show()

    def show_example(self, example: Example | None) -> None:
        self._example = example
        self._ask_soon()

    def set_active(self, on: bool) -> None:
        super().set_active(on)
        if on:
            self._ask()
            self._ask_for_graphs()
        else:
            self._stop_playing()

    def open_view(self, view: str) -> None:
        """Open one of: ``stage 1`` to ``stage 5``, ``graph``."""
        kind, __, number = view.partition(" ")
        if kind == "graph":
            self._open_graph()
        else:
            self.open_stage(int(number) if number.isdigit() else 1)

    def view_name(self) -> str:
        return "graph" if self.shows_graph else f"stage {self.stage}"

    @property
    def shows_graph(self) -> bool:
        return self.views.currentWidget() is self.graph

    def update_layout(self) -> None:
        parts = self.code.turns, self.code.repeats
        buttons = max(part.minimumSizeHint().width() for part in parts)
        needed = self.picture.minimumSizeHint().width() + buttons + 5 * Size.MARGIN
        is_low = needed > self._room
        if is_low != self._is_low:
            # There the buttons are always in sight.
            self._is_low = is_low
            (self.bar.row if is_low else self.code.body).addWidget(self.code.turns)
            self.code.title.setVisible(not is_low)
            self._show()
        below = QBoxLayout.TopToBottom
        beside = QBoxLayout.LeftToRight
        self._columns.setDirection(below if is_low else beside)
        self.code.foot.setDirection(beside if is_low else below)
        self.code.area.setMinimumHeight(theme.scaled(_CODE_HEIGHT) if is_low else 0)
        self.picture.setMinimumHeight(theme.scaled(_LEAST_PICTURE) if is_low else 0)

    def table(self) -> Table:
        if self.shows_graph:
            return self.graph.table()
        if self._shown is None or not self._shown.figures.is_done:
            rows = [(stage.title, stage.meaning) for stage in STAGES]
            return Table(self.question, (N_("stage"), ""), rows)
        return step_table(self._shown, self._name)

    def is_pending(self) -> bool:
        requested = self._requested
        return not self.shows_graph and requested is not None and not self._answers(requested)

    def _known(self) -> Shown | None:
        """Return what can be shown in this stage; the last two need the compiled step."""
        shown = self._shown
        known = shown is not None and (shown.figures.is_done or self.stage <= stages.LOOKED_AT)
        return shown if known else None

    def _answers(self, task: Task | None) -> bool:
        known = self._known()
        return known is not None and known.task is task

    def _ask_soon(self) -> None:
        if self._example is None:
            self._forget()
        elif self._active:
            self._quiet.start()

    def _ask(self) -> None:
        example = self._example
        model = self._model
        label = self._label()
        if example is not None and label is not None and model is not None:
            task = Task(model, example.picture, label)
            before = self._requested
            held_back = self._is_held_back()
            if held_back and not (before is None or task.shows_same(before)):
                self._forget()
            if self._active and not held_back and not task.teaches_same(self._requested):
                self._permitted = False
                self._post(task)
        self._show()

    def _repeat(self, action: str) -> None:
        """Let the copy that is shown learn once more, also while a run trains."""
        if self._shown is not None:
            self._post(replace(self._shown.task, action=action))

    def _post(self, task: Task) -> None:
        self._requested = task
        self.job.ask(task)

    def _is_held_back(self) -> bool:
        """Whether it must be permitted first, because a run trains."""
        return self.is_training() and not self._permitted

    def _permit(self) -> None:
        self._permitted = True
        self._ask()

    def _show_progress(self, progress: step_learner.Progress) -> None:
        self._waiting = progress.words
        if progress.shown is not None and progress.shown is not self._shown:
            self._show_step(progress.shown)
        self._show_state()
        self.others.show_rows(step_cards.other_rows(progress.effects, self._name))
        if progress.profiles is not None and progress.profiles is not self.picture.profiles:
            self.picture.show_profiles(progress.profiles)

    def _show_step(self, shown: Shown) -> None:
        self._shown = shown
        if shown.task.action in ("again", "ten"):
            self.reached = len(STAGES)
        self._show()

    def _show_failure(self, sentence: str) -> None:
        self._requested = self._graphed = None
        if self._shown is not None and self._shown.task.model is not self._model:
            self._forget()
        self._waiting = joined(_FAILED, sentence)
        self._show()
        self.graph.show_graphs(self.graph.graphs)
        self.problem.emit(sentence)

    def _show_state(self) -> None:
        example = self._example
        waiting = self._waiting
        asks = example is not None and self._requested is None and self._is_held_back()
        self.all_the_same.setVisible(asks)
        if example is None:
            waiting = _EMPTY
        elif self._label() is None:
            waiting = _UNKNOWN
        elif asks:
            waiting = _TRAINING
        elif self._answers(self._requested):
            waiting = ""
        self.picture.show_state(waiting)

    def _show(self) -> None:
        shown = self._shown
        known = self._known()
        stage = self.stage
        self._show_state()
        self.heading.setText(STAGES[stage - 1].heading)
        figures = [""] * len(STAGES) if shown is None else stages.stage_figures(shown)
        self.bar.show_stage(stage, figures, self.reached if shown is not None else 0)
        self.bar.fit(self._room, self._is_low)
        self.picture.show_stage(known, stage)
        self.others.setVisible(known is not None and stage == len(STAGES))
        self.code.show_stage(shown, stage, self.player.isActive())
        self.note.setText(self._note())
        words = " ".join(figures[: self.reached])
        self.picture.describe(f"{STAGES[stage - 1].heading}: {words}.")

    def _note(self) -> str:
        if self._shown is None:
            return ""
        figures = self._shown.figures
        # Why the answer beside the drawing is another one.
        other = _("no temperature")
        if self._shown.left_out[2]:
            other = _("units left out, no temperature")
        parts = [("", other, _("your picture"), _("for your picture"), other)[self.stage - 1]]
        # The picture of the network has it below itself.
        if self.stage not in (2, len(STAGES)):
            parts.append(_("taught as {name}", name=in_a_sentence(self._name(figures.label))))
        if figures.number:
            parts.append(_("step {number} on it", number=i18n.number(figures.number + 1)))
        if self._shown.task.model is not self._model:
            parts.append(_("of an earlier epoch"))
        return " · ".join(filter(None, parts))

    def open_stage(self, stage: int) -> None:
        """Bring a stage to the front; those beyond the ends do nothing."""
        if not 1 <= stage <= len(STAGES):
            return
        self.views.setCurrentIndex(0)
        self.stage = stage
        self.reached = max(self.reached, stage)
        self._show()

    def _walk(self, step: int) -> None:
        """Go on or back by a key; there is nothing to go on to before there is a step."""
        if step < 0 or self._shown is not None:
            self.open_stage(self.stage + step)

    def _open_graph(self) -> None:
        self._stop_playing()
        self.views.setCurrentWidget(self.graph)
        self._ask_for_graphs()

    def _ask_for_graphs(self) -> None:
        model = self._model
        known = self._graphed
        if not self.shows_graph or not self._active or model is None:
            return
        # Of the same kind of network the operations are the same, whatever its weights.
        if known is None or known.network != model.network:
            self._graphed = model
            self.graph.show_graphs({}, COMPILING)
            self._graph_job.ask(model)

    def play(self) -> None:
        """Go through the stages by itself, or stop that; nothing plays where motion is off."""
        if self.player.isActive():
            self._stop_playing()
        elif theme.theme().motion and self._shown is not None:
            self.open_stage(1)
            self.player.start()
            self._show()

    def _play_on(self) -> None:
        if self._known() is not None:
            self.open_stage(self.stage + 1)
        if self.stage == len(STAGES):
            self._stop_playing()

    def _stop_playing(self) -> None:
        self.player.stop()
        self._show()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Space and not self.shows_graph:
            self.play()
        else:
            super().keyPressEvent(event)


_COLUMNS = (
    N_("what"),
    N_("sum z"),
    N_("e to the z"),
    N_("probability p"),
    N_("target"),
    N_("pull: target − p"),
    N_("p after"),
)


def step_table(shown: Shown, name: Name) -> Table:
    figures = shown.figures
    blank = ("",) * (len(_COLUMNS) - 2)
    rows: list[tuple[object, ...]] = [
        (stage.title, words, *blank)
        for stage, words in zip(STAGES, stages.stage_figures(shown), strict=True)
    ]
    target = np.arange(len(figures.p)) == figures.label
    columns = (
        (figures.z, ".4f"),
        (np.exp(np.minimum(figures.z, 80.0)), ".6g"),
        (figures.p, ".6f"),
        (target, "d"),
        (target - figures.p, "+.6f"),
        (figures.p_after, ".6f"),
    )
    for digit in range(len(target)):
        cells = (Figure(values[digit].item(), spec) for values, spec in columns)
        rows.append((name(digit), *cells))
    means = (figures.losses.mean(), figures.losses_after.mean())
    before, after = (i18n.number(float(mean), ".6f") for mean in means)
    rows.append((_("mean loss in nats, before → after"), f"{before} → {after}", *blank))
    for number, value in enumerate(figures.gradients[::2], 1):
        what = _("gradient of {weights}, root mean square", weights=f"W{number}")
        rows.append((what, Figure(np.sqrt(np.mean(value**2)), ".4g"), *blank))
    return Table(_("One step"), _COLUMNS, rows)
