"""All details of *One step*: five stages, their code, and one weight that is followed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtWidgets import QBoxLayout, QSizePolicy, QStackedWidget, QWidget

from mnist_draw import i18n
from mnist_draw.analysis.sentences import describe_moved
from mnist_draw.app.inside import rows_view
from mnist_draw.app.inside.rows_view import Heading, Row, RowsView, Sentence
from mnist_draw.app.inside.step import stages
from mnist_draw.app.inside.step.film_maker import Explained, Scene
from mnist_draw.app.inside.step.stage_picture import StagePicture
from mnist_draw.app.inside.step.stages import STAGES, expressions, tutorial_lines
from mnist_draw.app.inside.step.weight_rows import weight_rows
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import column, row, scrolled
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, label, push_button
from mnist_draw.i18n import N_, _
from mnist_draw.library.network_data import Name, in_a_sentence

#: Of the code beside or below the picture, and of the picture above it, in logical pixels.
_CODE_WIDTH = 320
_CODE_HEIGHT = 150
_LEAST_PICTURE = 206
_EXPLAINED = _("The lines of a step; those of this stage are marked. Below: what is computed.")
_COPY = _("A copy of the network learns here. Yours stays as it is.")
_TURN = (
    ("backButton", _("Back"), _("Go back to the stage before."), "←"),
    ("nextButton", _("Next"), _("Go on to the next stage, or to the next step."), "→", "primary"),
    ("playButton", _("Slow"), _("Go through the stages by itself, 3 seconds each."), "Space"),
)
_ENDS = (N_("Beginning"), N_("End"))


class StageBar(QWidget):
    """The stages with their figures, and which end of the film the step is of."""

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
        self.ends = SegmentedControl("stepEnds", [_(word) for word in _ENDS])
        self.ends.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        words = (
            _("The step after the frame that the film shows."),
            _("The step that the network itself would make next."),
        )
        for button, text, sentence in zip(self.ends.buttons, _ENDS, words, strict=True):
            button.setObjectName(f"step{text}Button")
            explain(button, _(text), sentence)
        self.row = row(*((figure, 1) for figure in self._growing))
        self._top = row((self.control, 1), self.ends, gap=Size.CARD_GAP)
        column(self._top, self.row, gap=Size.TIGHT, owner=self)

    def fit(self, room: int, is_low: bool) -> None:
        """Where titles or figures have no room, show only that of the stage in front."""
        for figure, button in zip(self._growing, self.control.buttons, strict=True):
            figure.setVisible(button.isChecked() or not is_low)
        metrics = self.control.buttons[0].fontMetrics()
        widest = max(map(metrics.horizontalAdvance, self._titles))
        needed = (widest + 2 * Size.MARGIN) * len(STAGES)
        is_wide = needed + self.ends.sizeHint().width() < room
        (self._top if is_wide else self.row).addWidget(self.ends)
        for button, title in zip(self.control.buttons, self._titles, strict=True):
            button.setText(title[0] if needed > room and not button.isChecked() else title)

    def show_stage(self, stage: int, figures: Sequence[str]) -> None:
        self.control.choose(stage - 1)
        for number, words in enumerate(figures):
            self._growing[number].set_text(words)
            meaning = f"{STAGES[number].meaning} {words}".strip()
            self.control.buttons[number].setAccessibleDescription(meaning)


class CodeCard(Card):
    def __init__(self) -> None:
        super().__init__()
        self.title = label(_("In code"), "title")
        self.body.addWidget(self.title)
        self.code = RowsView("codeView", _("In code"), _EXPLAINED)
        self.area = scrolled(self.code)
        self.body.addWidget(self.area, 1)
        self.graph = push_button(
            "asGraphButton",
            _("Its operations, as a table"),
            _("Count the operations that Theano makes of it, as written and as compiled."),
            look="link",
        )
        # Words that wrap would ask for height by width, and the section would scroll too early.
        self.note = FittedLabel(Text.AXIS, two_lines=True, look="muted", name="copyNote")
        self.note.setText(_COPY)
        self.body.addLayout(row((FixedLabel(self.note, lines=2), 1), self.graph))
        self.back, self.next, self.play = (push_button(*each) for each in _TURN)
        for button in (self.back, self.next, self.play):
            button.setFocusPolicy(Qt.StrongFocus)
        self.turns = QWidget()
        row((self.back, 1), (self.next, 2), (self.play, 1), owner=self.turns)
        self.body.addWidget(self.turns)

    def show_stage(self, shown: Explained | None, stage: int, playing: bool) -> None:
        self.code.show_rows([] if shown is None else _code_rows(shown, stage))
        self.back.setEnabled(stage > 1)
        self.next.setEnabled(shown is not None and (stage < len(STAGES) or not shown.is_end))
        words = _("Next")
        if stage == len(STAGES) and shown is not None and not shown.is_end:
            words = _("Next: step {number}", number=i18n.number(shown.figures.number + 2))
        self.next.setText(words)
        self.play.setText(_("Stop") if playing else _("Slow"))
        self.play.setEnabled(shown is not None and theme.theme().motion)


def _code_rows(shown: Explained, stage: int) -> list[Row]:
    lines = tutorial_lines(shown.settings)
    rows: list[Row] = [Heading(_("The lines of this step"))]
    for (before, __), (number, text) in pairwise([(0, ""), *lines]):
        first = str(number) if number != before else ""
        code = rows_view.Code(text, "", number == stage, first)
        rows.append(code if number else Sentence(text, muted=True))
    rows += [Heading(_("What is computed now"), _("shape")), *expressions(shown, stage)]
    rows.append(Sentence(stages.stage_sentence(shown, stage), muted=True))
    if stage == len(STAGES):
        first, second = describe_moved(shown.moved)
        rows += [Heading(_("Which weights moved")), Sentence(first), Sentence(second, muted=True)]
    return rows


class StagePage(QWidget):
    """The stages of one step, each with its picture or its figures, and its code."""

    stage_chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stagePage")
        self._followed = 0
        self._shown: Explained | None = None
        self._name: Name = str
        self.bar = StageBar()
        self.card = Card()
        self.heading = FittedLabel(Text.LABEL, look="title", name="stageTitle")
        self.note = FittedLabel(Text.AXIS, look="muted", name="stageNote")
        self.note.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.next_picture = push_button(
            "nextPictureButton",
            _("Next picture"),
            _("Follow the next picture of the minibatch through the step."),
            look="link",
        )
        self.another = push_button(
            "anotherWeightButton",
            _("Another weight"),
            _("Follow the weight of another unit that gave a large value."),
            look="link",
            act=self._follow_another,
        )
        self.card.top.addWidget(self.heading)
        self.card.top.addWidget(FixedLabel(self.note, lines=1), 1)
        self.card.top.addWidget(self.another)
        self.card.top.addWidget(self.next_picture)
        self.card.body.addLayout(self.card.top)
        self.picture = StagePicture()
        self.weight = RowsView(
            "weightRows",
            _("One weight, followed"),
            _("What one weight did, how it should change, and what the update rule makes of it."),
        )
        self.views = QStackedWidget()
        self.views.addWidget(self.picture)
        self.views.addWidget(scrolled(self.weight))
        self.card.body.addWidget(self.views, 1)
        self.code = CodeCard()
        self._columns = row((self.card, 7), (self.code, 4), gap=Size.CARD_GAP)
        column(self.bar, (self._columns, 1), gap=Size.CARD_GAP, owner=self)
        self._is_low = False

    def fit(self, room: int) -> None:
        code = max(self.code.turns.minimumSizeHint().width(), theme.scaled(_CODE_WIDTH))
        needed = self.picture.minimumSizeHint().width() + code + 5 * Size.MARGIN
        is_low = needed > room
        if is_low != self._is_low:
            # There the buttons are always in sight.
            self._is_low = is_low
            (self.bar.row if is_low else self.code.body).addWidget(self.code.turns)
            self.code.title.setVisible(not is_low)
        below = QBoxLayout.TopToBottom
        beside = QBoxLayout.LeftToRight
        self._columns.setDirection(below if is_low else beside)
        self.code.area.setMinimumHeight(theme.scaled(_CODE_HEIGHT) if is_low else 0)
        self.picture.setMinimumHeight(theme.scaled(_LEAST_PICTURE) if is_low else 0)
        self.bar.fit(room, is_low)

    def show_state(self, words: str) -> None:
        self.picture.show_state(words)

    def show_scene(self, scene: Scene | None, stage: int, playing: bool, name: Name) -> None:
        shown = None if scene is None else scene.explained
        self._shown = shown
        self._name = name
        self.heading.setText(STAGES[stage - 1].heading)
        figures = [""] * len(STAGES) if shown is None else stages.stage_figures(shown)
        self.bar.show_stage(stage, figures)
        if scene is not None:
            self.bar.ends.choose(int(scene.wish.is_end))
        is_weight = stage == len(STAGES) and shown is not None
        self.views.setCurrentIndex(int(is_weight))
        self.another.setVisible(is_weight)
        self.picture.name = name
        self.picture.show_stage(shown, min(stage, len(STAGES) - 1))
        self.picture.describe(f"{STAGES[stage - 1].heading}: {' '.join(figures)}.")
        self.code.show_stage(shown, stage, playing)
        self.next_picture.setEnabled(shown is not None)
        self.note.setText("")
        if shown is not None and scene is not None and scene.wish.place is not None:
            words = _(
                "Picture {number} of {count}, {label}; no temperature",
                number=i18n.number(scene.wish.place + 1),
                count=i18n.number(len(shown.figures.losses)),
                label=in_a_sentence(name(shown.figures.label)),
            )
            self.note.setText(words)
        self._show_weight()

    def _follow_another(self) -> None:
        self._followed += 1
        self._show_weight()

    def _show_weight(self) -> None:
        if self._shown is not None and self.views.currentIndex():
            self.weight.show_rows(weight_rows(self._shown, self._followed, self._name))
