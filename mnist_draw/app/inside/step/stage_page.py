"""All details of *One step*: five stages, their code, and one weight that is followed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QBoxLayout, QSizePolicy, QStackedWidget, QWidget

from mnist_draw import i18n
from mnist_draw.analysis.followed_weight import FollowedWeight, figure
from mnist_draw.analysis.sentences import (
    describe_gradient,
    describe_move,
    describe_moved,
    describe_part,
)
from mnist_draw.app.inside import rows_view
from mnist_draw.app.inside.rows_view import Heading, Line, Row, RowsView, Rule, Sentence, signed
from mnist_draw.app.inside.step import stages
from mnist_draw.app.inside.step.film_maker import Explained, Scene
from mnist_draw.app.inside.step.stage_picture import StagePicture
from mnist_draw.app.inside.step.stages import STAGES, expressions, tutorial_lines
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.controls import SegmentedControl
from mnist_draw.app.kit.layout import column, row, scrolled
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, Switch, explain, label, push_button
from mnist_draw.i18n import N_, _
from mnist_draw.library.network_data import Name
from mnist_draw.recognition.certainty import format_probability
from mnist_draw.training.functions import layer_label
from mnist_draw.training.updates import UPDATE_RULES

#: Of the code beside or below the picture, and of the picture above it, in logical pixels.
_CODE_WIDTH = 320
_CODE_HEIGHT = 150
_LEAST_PICTURE = 206
_EXPLAINED = _("The lines of a step; those of this stage are marked. Below: what is computed.")
_FOLLOWED = _(
    "What one weight did, how it should change, and what the update rule makes of it. "
    "The loss after the step is measured on the same pictures, with the same units left "
    "out.",
)
_TURN = (
    ("backButton", _("Back"), "", "←"),
    ("nextButton", _("Next"), "", "→", "primary"),
    ("playButton", _("Slow"), _("Play the stages automatically, 3 seconds each."), "Space"),
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
        self._growing = [GrowingLabel(words) for words in self.figures]
        for words in self.figures:
            words.setAlignment(Qt.AlignHCenter | Qt.AlignTop)
        for number, button in enumerate(self.control.buttons, 1):
            button.setObjectName(f"stage{number}Button")
            explain(button, self._titles[number - 1], STAGES[number - 1].meaning, "← →")
        self.ends = SegmentedControl("stepEnds", [_(word) for word in _ENDS])
        self.ends.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        sentences = (
            _("The step after the frame that the film shows."),
            _("The step that the network itself would take next."),
        )
        for button, text, sentence in zip(self.ends.buttons, _ENDS, sentences, strict=True):
            button.setObjectName(f"step{text}Button")
            explain(button, _(text), sentence)
        figures_row = row(*((words, 1) for words in self._growing))
        stages_column = column(self.control, figures_row, gap=Size.TIGHT)
        self._columns = row((stages_column, 1), self.ends, gap=Size.CARD_GAP, owner=self)
        self._columns.setAlignment(self.ends, Qt.AlignTop)

    def fit(self, room: int) -> None:
        """Where titles or figures have no room, show only that of the stage in front."""
        metrics = self.control.buttons[0].fontMetrics()
        widest = max(map(metrics.horizontalAdvance, self._titles))
        needed = (widest + 2 * Size.MARGIN) * len(STAGES) + self.ends.sizeHint().width()
        is_low = needed > room
        for words, button, title in zip(
            self._growing,
            self.control.buttons,
            self._titles,
            strict=True,
        ):
            words.setVisible(button.isChecked() or not is_low)
            button.setText(title[0] if is_low and not button.isChecked() else title)

    def show_stage(self, stage: int, figures: Sequence[str]) -> None:
        self.control.choose(stage - 1)
        for number, words in enumerate(figures):
            self._growing[number].set_text(words)
            meaning = f"{STAGES[number].meaning} {words}".strip()
            self.control.buttons[number].setAccessibleDescription(meaning)


class CodeCard(Card):
    """The lines of a step, and which weights it moved."""

    def __init__(self) -> None:
        super().__init__(_("In code"))
        self.code = RowsView("codeView", _("In code"), _EXPLAINED)
        self.area = scrolled(self.code)
        self.body.addWidget(self.area, 1)
        self.graph = push_button(
            "asGraphButton",
            _("Its operations, as a table"),
            _("Count the operations that Theano makes of it, as written and as compiled."),
            look="link",
        )
        self.body.addWidget(self.graph, 0, Qt.AlignLeft)

    def show_stage(self, shown: Explained | None, stage: int) -> None:
        self.code.show_rows([] if shown is None else code_rows(shown, stage))


def code_rows(shown: Explained, stage: int) -> list[Row]:
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
        rows += [Heading(_("Which weights changed")), Sentence(first), Sentence(second, muted=True)]
    return rows


class StagePage(QWidget):
    """The stages of one step, each with its picture or its figures, and its code."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("stagePage")
        self._followed = 0
        self._shown: Explained | None = None
        self._name: Name = str
        self._room = 0
        self.bar = StageBar()
        self.card = Card()
        self.heading = FittedLabel(Text.LABEL, look="title", name="stageTitle")
        self.note = FittedLabel(Text.AXIS, look="muted", name="stageNote")
        self.note.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.another = push_button(
            "anotherWeightButton",
            _("Another"),
            _("Follow the weight of another unit that gave a large value."),
            look="link",
            act=self._follow_another,
        )
        self.card.top.addWidget(self.heading)
        self.card.top.addWidget(FixedLabel(self.note, lines=1), 1)
        self.card.top.addWidget(self.another)
        self.card.body.addLayout(self.card.top)
        self.picture = StagePicture()
        self.weight = RowsView("weightRows", _("One weight, followed"), _FOLLOWED)
        self.views = QStackedWidget()
        self.views.addWidget(self.picture)
        self.views.addWidget(scrolled(self.weight))
        self.card.body.addWidget(self.views, 1)
        self.code = CodeCard()
        self.code_switch = Switch(_("In code"))
        self.code_switch.setObjectName("inCodeSwitch")
        explain(self.code_switch, _("In code"), _EXPLAINED)
        self.code_switch.clicked.connect(self._choose_code)
        #: Whether the code was asked for, or put away; until then it is there where it has room.
        self._is_code_wanted: bool | None = None
        self.back, self.next, self.play = (push_button(*each) for each in _TURN)
        turns = row(self.code_switch, 1, self.back, self.next, self.play)
        self.card.body.addLayout(turns)
        self._columns = row((self.card, 7), (self.code, 4), gap=Size.CARD_GAP)
        column(self.bar, (self._columns, 1), gap=Size.CARD_GAP, owner=self)

    def _choose_code(self, on: bool) -> None:
        self._is_code_wanted = on
        self.fit(self._room)

    def fit(self, room: int) -> None:
        """Put the code below the picture where both have no room beside each other."""
        self._room = room
        needed = self.picture.minimumSizeHint().width() + theme.scaled(_CODE_WIDTH)
        is_low = needed + 5 * Size.MARGIN > room
        has_code = not is_low if self._is_code_wanted is None else self._is_code_wanted
        self.code.setVisible(has_code)
        self.code_switch.setChecked(has_code)
        below = QBoxLayout.TopToBottom
        beside = QBoxLayout.LeftToRight
        self._columns.setDirection(below if is_low else beside)
        self.code.area.setMinimumHeight(theme.scaled(_CODE_HEIGHT) if is_low else 0)
        self.picture.setMinimumHeight(theme.scaled(_LEAST_PICTURE) if is_low else 0)
        self.bar.fit(room)

    def show_state(self, words: str) -> None:
        self.picture.show_state(words)

    def show_scene(self, scene: Scene | None, stage: int, playing: bool, name: Name) -> None:
        shown = None if scene is None else scene.explained
        self._shown = shown
        self._name = name
        is_last = stage == len(STAGES)
        self.heading.setText(STAGES[stage - 1].heading)
        figures = [""] * len(STAGES) if shown is None else stages.stage_figures(shown)
        self.bar.show_stage(stage, figures)
        self.bar.fit(self._room)
        if scene is not None:
            self.bar.ends.choose(int(scene.wish.is_end))
        is_weight = is_last and shown is not None
        self.views.setCurrentIndex(int(is_weight))
        self.another.setVisible(is_weight)
        self.picture.name = name
        self.picture.show_stage(shown, min(stage, len(STAGES) - 1))
        self.picture.describe(f"{STAGES[stage - 1].heading}: {figures[stage - 1]}.")
        self.code.show_stage(shown, stage)
        self._show_turns(shown, stage, playing)
        self._show_weight()

    def _show_turns(self, shown: Explained | None, stage: int, playing: bool) -> None:
        is_last = stage == len(STAGES)
        goes_on = shown is not None and not shown.is_end
        self.back.setEnabled(stage > 1)
        self.next.setEnabled(goes_on or (shown is not None and not is_last))
        self.next.setText(_("Next"))
        if shown is not None and is_last and goes_on:
            step = i18n.number(shown.figures.number + 2)
            self.next.setText(_("Next: step {number}", number=step))
        self.play.setText(_("Stop") if playing else _("Slow"))
        self.play.setEnabled(shown is not None and theme.theme().motion)

    def _follow_another(self) -> None:
        self._followed += 1
        self._show_weight()

    def _show_weight(self) -> None:
        shown = self._shown
        self.note.setText("")
        if shown is None or not self.views.currentIndex():
            return
        followed = shown.follow(self._followed)
        self.weight.show_rows(weight_rows(shown, followed, self._name))
        number = i18n.number(followed.unit + 1)
        source = _("pixel {number}", number=number)
        if len(shown.layers) > 1:
            layer = layer_label(shown.layers[-2].name)
            source = _("unit {number} of {layer}", number=number, layer=layer)
        self.note.setText(f"{source} → {self._name(shown.figures.label)}")


def weight_rows(shown: Explained, followed: FollowedWeight, name: Name) -> list[Row]:
    return [
        *_sum_rows(shown, followed, name),
        *_gradient_rows(shown, followed),
        Rule(),
        *_update_rows(shown, followed),
        *_after_rows(shown, followed),
    ]


def _sum_rows(shown: Explained, followed: FollowedWeight, name: Name) -> list[Row]:
    label = name(shown.figures.label)
    weight = followed.figures
    part = weight.value * weight.weight
    for_it, count_for = followed.spoke_for
    against, count_against = followed.spoke_against
    counts = _(
        "{count} for, {others} against, bias",
        count=i18n.number(count_for),
        others=i18n.number(count_against),
    )
    terms = f"{figure(for_it)} + {figure(against)} + {figure(followed.bias)}"
    return [
        Heading(_("Sum")),
        Line(
            _("value × weight"),
            signed(part, 3),
            f"{figure(weight.value)} · {figure(weight.weight)}",
            part,
        ),
        Line(counts, signed(followed.z, 3), terms, followed.z),
        Line(_("probability"), format_probability(followed.p)),
        Sentence(describe_part(weight, label)),
    ]


def _gradient_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    weight = followed.figures
    count = i18n.number(len(shown.figures.losses))
    made = f"{figure(weight.value)} · ({figure(followed.p)} − 1)"
    rows: list[Row] = [
        Heading(_("Gradient")),
        Line(_("this picture"), _signed(weight.own), made, weight.own),
        Line(_("mean of {count}", count=count), _signed(weight.gradient), "", weight.gradient),
    ]
    if weight.penalty:
        made = f"2 · {figure(shown.settings.l2)} · {figure(weight.weight)}"
        rows.append(Line(_("L2 penalty"), _signed(weight.penalty), made, weight.penalty))
    return [*rows, Sentence(describe_gradient(weight.gradient))]


def _update_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    settings = shown.settings
    weight = followed.figures
    said = i18n.joined(describe_move(weight), shown.memory)
    return [
        Heading(_("Update: {rule}", rule=UPDATE_RULES[settings.update].title)),
        *(Line(letter, stages.number(value), made) for letter, made, value in followed.updates),
        Line(_("moved"), _signed(weight.moved), "", weight.moved),
        Sentence(said),
    ]


def _after_rows(shown: Explained, followed: FollowedWeight) -> list[Row]:
    figures = shown.figures
    pictures = i18n.number(len(figures.losses))
    before, after, counted = shown.right
    losses = (
        stages.whole_loss(shown, figures.losses, figures.before),
        stages.whole_loss(shown, figures.losses_after, figures.after),
    )
    probabilities = (format_probability(p) for p in (followed.p, followed.p_after))
    rights = (i18n.format_percent(right / counted) for right in (before, after))
    rows: list[Row] = [
        Heading(_("After it")),
        Line(_("loss of {count}", count=pictures), " → ".join(losses)),
        Line(_("probability"), " → ".join(probabilities)),
        Line(_("right of {count} new", count=i18n.number(counted)), " → ".join(rights)),
    ]
    if figures.losses_after.mean() > figures.losses.mean():
        rows.append(Sentence(_("This step went too far for these {count}.", count=pictures)))
    return rows


def _signed(value: float) -> str:
    words = stages.number(value)
    return f"+{words}" if value > 0 else words
