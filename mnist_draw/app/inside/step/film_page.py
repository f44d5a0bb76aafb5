"""The plain depth of *One step*: a film of learning from its start."""

from __future__ import annotations

from functools import partial

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QBoxLayout, QPushButton, QSizePolicy, QWidget

from mnist_draw.analysis.sentences import describe_chance, describe_frame
from mnist_draw.app.inside.step.film_maker import Scene
from mnist_draw.app.inside.step.film_views import AnswerBars, FilmSlider, NextPictures, UnitView
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import gray_levels
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, label, push_button, set_look, walk_by_arrows
from mnist_draw.i18n import N_, _, format_percent, number

#: Steps, and the object name of their button.
_STEPS = ((1, "oneStepButton"), (10, "tenStepsButton"), (100, "hundredStepsButton"))
_LEARN = _("Let a copy of the network learn; the network that answers stays as it is.")


_NO_PICTURES = np.zeros((0, 28, 28), np.uint8)


def _steps_text(count: int, is_start: bool) -> str:
    if count == 1:
        return _("One step") if is_start else _("One more")
    words = N_("{count} steps") if is_start else N_("{count} more")
    return _(words, count=number(count))


class StepButtons(QWidget):
    """One, ten, a hundred steps; one stop of the keyboard."""

    steps_requested = Signal(int)
    stop_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.buttons: list[QPushButton] = []
        self._running: QPushButton | None = None
        self._is_start: bool | None = None
        for count, name in _STEPS:
            press = partial(self._press, count)
            button = push_button(name, _steps_text(count, True), _LEARN, look="large", act=press)
            self.buttons.append(button)
        walk_by_arrows(self.buttons)
        row(*self.buttons, gap=Size.FIELD_GAP, owner=self)
        self.show_state(True, "")

    def _press(self, count: int) -> None:
        pressed = self.sender()
        if self._running is not None:
            self.stop_requested.emit()
        elif isinstance(pressed, QPushButton):
            self._running = pressed
            self.steps_requested.emit(count)

    def show_state(self, is_start: bool, running: str) -> None:
        """Show what the buttons do now; while it learns, how far it is."""
        if not running:
            self._running = None
        filled = self.buttons[0 if is_start else -1]
        for button, (count, _name) in zip(self.buttons, _STEPS, strict=True):
            is_running = button is self._running
            button.setText(running if is_running else _steps_text(count, is_start))
            button.setEnabled(is_running or self._running is None)
            set_look(button, "lead" if button is filled else "large")
            button.setFocusPolicy(Qt.StrongFocus if button is filled else Qt.ClickFocus)
        if is_start != self._is_start:
            self._is_start = is_start
            # In the color of the button's look.
            set_icon(self.buttons[0], "skip-forward", Size.SMALL_ICON)


class FilmPage(QWidget):
    """Accuracy and steps; one unit and its answer; the slider."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("filmPage")
        self._unit = 0
        self._scene: Scene | None = None
        self.slider = FilmSlider()
        self.unit = UnitView()
        self.bars = AnswerBars()
        film = Card()
        film.body.addWidget(self.slider)
        self._middle = row(
            (self._build_unit(), 500),
            (self._build_answer(), 578),
            gap=Size.CARD_GAP,
        )
        column(self._build_top(), (self._middle, 5), (film, 2), gap=Size.CARD_GAP, owner=self)

    def _build_top(self) -> Card:
        card = Card()
        self.of = FittedLabel(Text.AXIS, look="muted", name="filmOf")
        self.accuracy = FittedLabel(Text.HEADLINE, look="large2", name="filmAccuracy")
        self.accuracy.setAccessibleName(_("Accuracy"))
        self.before = FittedLabel(Text.AXIS, look="muted", name="filmBefore")
        figures = column(
            FixedLabel(self.of, lines=1),
            FixedLabel(self.accuracy, lines=1),
            FixedLabel(self.before, lines=1),
            gap=0,
        )
        self.sentence = label("", "surer", "filmSentence", wraps=True)
        self.second = label("", "value", "filmSecond", wraps=True)
        words = column(1, self.sentence, self.second, 1, gap=Size.FIELD_GAP)
        self.steps = StepButtons()
        self.steps.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self._beside = row((words, 5), self.steps, gap=Size.CARD_GAP)
        card.body.addLayout(row((figures, 3), (self._beside, 8), gap=Size.CARD_GAP))
        return card

    def _build_unit(self) -> Card:
        card = Card(_("One unit"))
        self.unit_title = card.heading
        self.another = push_button(
            "anotherUnitButton",
            _("Another"),
            look="link",
            act=self._show_another,
        )
        card.top.addWidget(self.another)
        card.body.addWidget(self.unit, 1)
        return card

    def _build_answer(self) -> Card:
        card = Card(_("Its answer"))
        self.tick = label("", "muted", "filmTick")
        card.top.addWidget(self.tick)
        card.body.addWidget(self.bars, 1)
        return card

    def fit(self, room: int) -> None:
        """Put the steps below the sentence where both have no room beside each other."""
        beside = room > 3 * self.steps.sizeHint().width()
        self._beside.setDirection(QBoxLayout.LeftToRight if beside else QBoxLayout.TopToBottom)

    def show_nothing(self, words: str, reason: str = "") -> None:
        """Show ghosts, and why there is nothing yet."""
        self._scene = None
        self.of.setText("")
        self.accuracy.setText("–")
        self.before.setText("")
        self.sentence.setText(words)
        self.second.setText(reason)
        self.unit.show_unit({}, 0, 0)
        self.slider.show_film((0,), {}, 1, 0)
        self.steps.show_state(True, "")
        self.steps.setEnabled(False)
        self.slider.setEnabled(False)

    def show_scene(self, scene: Scene) -> None:
        self._scene = scene
        figures = scene.figures
        number_shown = scene.frame.number
        counted = number(scene.figures.counted)
        self.of.setText(_("Right, of {count} new pictures", count=counted))
        self.accuracy.setText(format_percent(figures.right / scene.figures.counted))
        first = scene.notes[0].right
        before = _("before: {share}", share=format_percent(first / scene.figures.counted))
        self.before.setText(before if number_shown else describe_chance(figures))
        sentence, second = describe_frame(figures)
        self.sentence.setText(sentence)
        self.second.setText(second)
        wish = scene.wish
        running = ""
        if wish.number > wish.since and not scene.is_whole:
            running = _(
                "{done} of {total} · Stop",
                done=number(max(scene.at - wish.since, 0)),
                total=number(wish.number - wish.since),
            )
        self.steps.setEnabled(True)
        self.slider.setEnabled(True)
        self.steps.show_state(not scene.notes or max(scene.numbers) == 0, running)
        self.slider.show_film(scene.numbers, scene.notes, scene.figures.counted, number_shown)
        self.unit_title.setText(_("Filters") if scene.convolves else _("One unit"))
        self.unit.setAccessibleName(self.unit_title.text())
        self.another.setVisible(not scene.convolves)
        self._show_unit()
        self.tick.setText(_("| before") if number_shown else "")

    def _show_another(self) -> None:
        self._unit += 1
        self._show_unit()

    def _show_unit(self) -> None:
        scene = self._scene
        if scene is None:
            return
        units = len(scene.notes[0].looks)
        unit = None if scene.convolves else self._unit % units
        self.unit.show_unit(scene.notes, scene.frame.number, unit)


class NextCard(Card):
    """Below the example: what the next step learns from."""

    def __init__(self) -> None:
        super().__init__()
        title = FittedLabel(Text.AXIS, True, "title")
        title.setText(_("It learns from these"))
        self.body.addWidget(FixedLabel(title, lines=1.6))
        # As wide as what is above it.
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Preferred)
        self.pictures = NextPictures()
        self.words = FittedLabel(Text.AXIS, look="muted", name="nextWords")
        self.body.addWidget(self.pictures, 1)
        self.body.addWidget(FixedLabel(self.words, lines=1))

    def show_nothing(self) -> None:
        self.pictures.show_pictures(_NO_PICTURES)
        self.words.setText("")

    def show_scene(self, scene: Scene) -> None:
        self.pictures.show_pictures(gray_levels(scene.next_pictures))
        words = _(
            "{count} of {total} training pictures",
            count=number(scene.batch_size),
            total=number(scene.figures.training),
        )
        self.words.setText(words)
