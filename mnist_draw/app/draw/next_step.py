"""The next step on Draw: one sentence and one button, from what is trained, runs and was taught."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QTimer, pyqtSignal
from PyQt5.QtWidgets import QApplication, QFrame

from mnist_draw.app.draw.teaching import PREPARING, LearnController, Teaching
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.formatting import format_duration
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import ElidedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain, label, push_button, set_look
from mnist_draw.i18n import _, counted, number, percent, pgettext
from mnist_draw.library.stored_network import FINE_TUNED, RUN
from mnist_draw.recognition.certainty import State
from mnist_draw.training.expectation import expected_seconds, long_time_words
from mnist_draw.training.presets import PRESETS
from mnist_draw.training.run import UNFINISHED

if TYPE_CHECKING:
    from mnist_draw.app.kit.learning import Told
    from mnist_draw.app.train.run_controller import RunController


class Action(Enum):
    """What the button does; its sentence."""

    TRAIN = 0, _("Choose a network and train it.")
    WATCH = 1, _("Your network is training. Go there.")
    GO_ON = 2, _("Show the run, which goes on from its last epoch.")
    LET_ANSWER = 3, _("Your network reads the board from now on.")
    USE_BEST = 4, _("The most reliable network reads the board from now on.")
    LOOK_INSIDE = 5, _("See how the network comes to its answer.")
    LEARN = 6, _("Train the network a little further, on your digits and on MNIST.")
    CANCEL = 7, _("The network that answers stays as it is.")
    GO_BACK = 8, _("The network answers that answered before your digits were learnt.")
    DRAW_MORE = 9, _("Empty the board for another digit like it; Undo brings this one back.")

    def __init__(self, place: int, sentence: str) -> None:
        self.sentence = sentence


#: What leads to another tab: its button has an arrow.
_LEADING_AWAY = (Action.TRAIN, Action.WATCH, Action.GO_ON, Action.LOOK_INSIDE)


@dataclass(frozen=True)
class Run:
    """The run that goes on, or the last one; its accuracy on validation, then on test pictures."""

    going_on: bool
    paused: bool = False
    accuracy: float | None = None
    seconds_left: float | None = None
    #: Whether its network answers.
    answers: bool = False


@dataclass(frozen=True)
class Situation:
    """All that the next step depends on."""

    #: Whether a network of the user answers, and what it is called otherwise.
    own: bool = False
    name: str = ""
    accuracy: float | None = None
    #: The accuracy of the best network that came with the program.
    best: float | None = None
    state: State = State.NOTHING
    #: Whether the user has trained a network.
    trained: bool = False
    #: Expected seconds of a first run, and of learning the digits.
    seconds: float | None = None
    learning_seconds: float | None = None
    run: Run | None = None
    #: Epochs done and planned of the last run, if the end of the program cut it off.
    cut_off: tuple[int, int] | None = None
    #: Digits that were taught, and those that no learning has seen.
    taught: int = 0
    unlearnt: int = 0
    can_learn: bool = True
    #: Whether they are learnt after the run, which part of learning is done, and the seconds left.
    waits: bool = False
    learning: float | None = None
    learning_left: float | None = None
    #: What became of it, and whether the network learnt.
    outcome: tuple[Told, bool] | None = None


@dataclass(frozen=True)
class Step:
    """One sentence in bold, one muted line, one button."""

    sentence: str
    line: str
    button: str
    action: Action
    #: Whether the button is the screen's filled one.
    leads: bool = False


def next_step(now: Situation) -> Step:
    digits = counted("{count} digit of yours", "{count} digits of yours", now.unlearnt)
    if now.taught > now.unlearnt:
        digits = counted("{count} new digit of yours", "{count} new digits of yours", now.unlearnt)
    if now.learning is not None:
        line = percent(now.learning) if now.learning > PREPARING else _("Getting ready")
        if now.learning_left is not None:
            line = _("{share}, {time} left", share=line, time=format_duration(now.learning_left))
        return Step(_("Learning your digits"), line, _("Stop"), Action.CANCEL)
    if now.waits:
        line = _("Learnt as soon as the run has ended")
        return Step(digits, line, _("Cancel"), Action.CANCEL)
    if now.outcome is not None:
        (told, learnt) = now.outcome
        button = _("Draw more")
        action = Action.DRAW_MORE
        if learnt:
            button = _("Go back")
            action = Action.GO_BACK
        elif now.state is State.NOTHING:
            # The advice stays while it is followed.
            button = ""
        return Step(told.sentence, told.line, button, action, leads=not learnt)
    if now.run is not None and now.run.going_on:
        return _step_of_run(now.run, _is_to_answer(now.run, now))
    if now.unlearnt and now.can_learn:
        return Step(digits, _learnable(now), _("Learn"), Action.LEARN, leads=True)
    if now.run is not None and now.run.accuracy is not None and _is_to_answer(now.run, now):
        line = _("{share} of new digits right", share=percent(now.run.accuracy, 2))
        button = _("Let it answer")
        action = Action.LET_ANSWER
        return Step(_("Your network is ready"), line, button, action, leads=True)
    if now.cut_off is not None:
        done, planned = now.cut_off
        line = counted(
            "After {done} of {count} epoch",
            "After {done} of {count} epochs",
            planned,
            done=number(done),
        )
        return Step(_("Your run can go on"), line, _("Go on"), Action.GO_ON, leads=True)
    if not now.trained:
        line = ""
        if now.seconds is not None:
            line = _("About {time} on this computer", time=long_time_words(now.seconds))
        button = pgettext("button", "Train")
        return Step(_("Train a network of your own"), line, button, Action.TRAIN, leads=True)
    better = now.best is not None and (now.accuracy is None or now.accuracy < now.best)
    if now.own and better and now.state in (State.UNCLEAR, State.NOT_SURE):
        line = _("Best reader gets {share}", share=percent(now.best or 0, 2))
        return Step(_("Your network answers"), line, _("Use Best reader"), Action.USE_BEST)
    return _step_of_answers(now)


def _is_to_answer(run: Run, now: Situation) -> bool:
    """Whether a run is to answer: of the user's networks, not one that reads fewer pictures."""
    reads_fewer = now.own and (run.accuracy or 0.0) < (now.accuracy or 0.0)
    return not run.answers and not reads_fewer


def _learnable(now: Situation) -> str:
    if now.learning_seconds is None:
        return counted("The network can learn it", "The network can learn them", now.unlearnt)
    return counted(
        "Learning it takes about {time}",
        "Learning them takes about {time}",
        now.unlearnt,
        time=long_time_words(now.learning_seconds),
    )


def _step_of_answers(now: Situation) -> Step:
    line = ""
    if now.accuracy is not None:
        share = percent(now.accuracy, 2)
        line = _("{share} of new pictures right", share=share)
        if now.can_learn:
            line = _("{share} of new digits right", share=share)
    sentence = _("The network answers")
    if now.own:
        sentence = _("Your network answers")
    elif now.name:
        sentence = _("{name} answers", name=now.name)
    return Step(sentence, line, pgettext("button", "Look inside"), Action.LOOK_INSIDE)


def _step_of_run(run: Run, is_to_answer: bool) -> Step:
    watch = pgettext("button", "Watch it")
    if run.accuracy is None:
        line = _("Paused") if run.paused else _("It can answer after its first epoch")
        return Step(_("Your network is training"), line, watch, Action.WATCH)
    line = _("Still training")
    if run.paused:
        line = _("Paused")
    elif run.seconds_left is not None:
        line = _("Still training, {time} left", time=format_duration(run.seconds_left))
    sentence = _("Your network is at {share}", share=percent(run.accuracy, 2))
    if not is_to_answer:
        return Step(sentence, line, watch, Action.WATCH)
    return Step(sentence, line, _("Let it answer"), Action.LET_ANSWER, leads=True)


#: Milliseconds after the start until this computer is measured: then the networks are compiled.
_AT_REST_MS = 4000
#: Height of the card; its button is 44 high.
_HIGH = 72


class NextStep(QFrame):
    train_requested = pyqtSignal()
    run_requested = pyqtSignal()
    inside_requested = pyqtSignal()

    def __init__(
        self,
        network: ActiveNetwork,
        teaching: Teaching,
        controller: LearnController,
    ) -> None:
        super().__init__()
        self.setObjectName("nextStep")
        self.setProperty("look", "card")
        self.setAccessibleName(_("Next step"))
        self._network = network
        self._controller = controller
        # Its own: imports must not keep waiting what is taught.
        self._background = Background(self)
        #: The network whose time of learning is known, or asked for.
        self._timed = ""
        self._has_settled = False
        self._situation = Situation()
        self._step: Step | None = None
        #: The key of the run.
        self._run_key = ""
        self._pressed = 0.0
        #: Actions that lead to a tab which is not there.
        self._without: frozenset[Action] = frozenset()
        self.sentence = GrowingLabel(label("", "title"))
        self.line = ElidedLabel(look="muted")
        self.button = push_button("nextStepButton", "", "", act=self._act)
        words = column(1, self.sentence, self.line, 1, gap=Size.GRID)
        pad = Size.CARD_PADDING
        row((words, 1), self.button, gap=pad, margins=(pad, 0, pad, 0), owner=self)
        network.state.follow(["model", "entries", "network_wanted"], self._note_network)
        teaching.counted.connect(self._note_digits)
        controller.changed.connect(self._note_learning)
        controller.stepped.connect(self._note_learning)
        QTimer.singleShot(_AT_REST_MS, self._settle)
        theme.follow(self, lambda: self.setFixedHeight(theme.scaled(_HIGH)))
        self._note()

    def follow_run(self, run: RunController) -> None:
        run.state_changed.connect(partial(self._note_run, run))

    def note_answer(self, state: State) -> None:
        self._note(state=state)
        self._measure()

    def _note_network(self, *_: object) -> None:
        network = self._network.state
        model = network.model
        key = network.answering_key
        source = key.partition(":")[0]
        best = next((entry for entry in network.entries if entry.is_shipped), None)
        info = None if model is None else model.info
        run = self._situation.run
        if run is not None:
            answers = bool(self._run_key) and network.network_wanted.key == self._run_key
            # One that has answered is no longer offered.
            run = replace(run, answers=answers) if run.going_on or not answers else None
        self._note(
            own=source in (RUN, FINE_TUNED),
            name=next((entry.name for entry in network.entries if entry.key == key), ""),
            accuracy=None if info is None else info.test_accuracy or info.validation_accuracy,
            best=None if best is None else best.test_accuracy,
            trained=self._situation.trained
            or any(entry.run and entry.has_network for entry in network.entries),
            run=run,
        )

    def _settle(self) -> None:
        self._has_settled = True
        self._measure()

    def _measure(self) -> None:
        """Find out how long a first run and learning take here, unless what is trained slows it."""
        now = self._situation
        model = self._network.state.model
        busy = now.learning is not None or (now.run is not None and now.run.going_on)
        if busy or not self._has_settled:
            return
        # Nothing is drawn that waits for an answer.
        if not now.trained and now.seconds is None and now.state is State.NOTHING:
            first_run = partial(expected_seconds, PRESETS["tutorial"].settings)
            self._background.run(first_run, lambda seconds: self._note(seconds=seconds))
        if now.unlearnt and model is not None and model.network != self._timed:
            self._timed = model.network
            network = model.network

            def seconds() -> float | None:
                from mnist_draw.recognition.fine_tuning import learning_seconds

                return learning_seconds(network)

            self._background.run(seconds, lambda found: self._note(learning_seconds=found))

    def _note_digits(self, taught: int, unlearnt: int) -> None:
        self._note(taught=taught, unlearnt=unlearnt)
        self._measure()

    def _note_run(self, controller: RunController) -> None:
        current = controller.current
        going_on = controller.training.running
        cut_off = None
        if not going_on and current.state in UNFINISHED and current.can_continue:
            cut_off = current.epochs_done, current.epochs
        if not going_on and self._situation.run is None:
            self._note(cut_off=cut_off)
            return
        self._run_key = current.network_key
        tested = None if going_on else current.test_accuracy
        accuracy = (tested or current.validation_accuracy) if current.epochs_done else None
        paused = current.state == "paused"
        answers = self._network.state.network_wanted.key == self._run_key
        run = Run(going_on, paused, accuracy, current.seconds_left, answers)
        trained = self._situation.trained or run.accuracy is not None
        self._note(cut_off=cut_off, run=run, trained=trained)

    def _note_learning(self, *_: object) -> None:
        controller = self._controller
        self._note(
            learning=controller.progress,
            learning_left=controller.seconds_left,
            waits=controller.waits,
            can_learn=controller.able,
            outcome=controller.outcome,
        )

    def _note(self, **changes: Any) -> None:
        self._situation = replace(self._situation, **changes)
        self._show(next_step(self._situation))

    def leave_out(self, training: bool, inside: bool) -> None:
        """Offer nothing that leads to one of these tabs: it is not there."""
        train = (Action.TRAIN, Action.WATCH, Action.GO_ON) if training else ()
        self._without = frozenset((*train, *((Action.LOOK_INSIDE,) if inside else ())))
        self._step = None
        self._note()

    def _show(self, step: Step) -> None:
        if step == self._step:
            return
        self._step = step
        self.setVisible(step.action not in self._without)
        self.sentence.set_text(step.sentence)
        self.line.setText(step.line)
        self.line.setVisible(bool(step.line))
        leads_away = step.action in _LEADING_AWAY
        # Translators: a button that leads to another tab, such as "Train →".
        self.button.setText(_("{action} →", action=step.button) if leads_away else step.button)
        self.button.setVisible(bool(step.button))
        explained = step.action.sentence
        words = f"{step.sentence}\n{step.line}".strip()
        explain(self.button, step.button, explained)
        self.button.setAccessibleDescription(f"{words}\n{explained}")
        # With the screen's one accent, or without.
        set_look(self.button, "lead" if step.leads else "large")
        self.setAccessibleDescription(words)

    def _act(self) -> None:
        # The second press of a double click would mean the step that has taken this one's place.
        again = time.monotonic() - self._pressed < QApplication.doubleClickInterval() / 1000
        if self._step is None or again:
            return
        self._pressed = time.monotonic()
        network = self._network
        learning = self._controller
        acts: dict[Action, Callable[[], object]] = {
            Action.TRAIN: self.train_requested.emit,
            Action.WATCH: self.run_requested.emit,
            Action.GO_ON: self.run_requested.emit,
            Action.LET_ANSWER: partial(network.use_key, self._run_key),
            Action.USE_BEST: network.use_default,
            Action.LOOK_INSIDE: self.inside_requested.emit,
            Action.LEARN: learning.learn,
            Action.CANCEL: learning.stop,
            Action.GO_BACK: learning.go_back,
            Action.DRAW_MORE: learning.drawing_requested.emit,
        }
        acts[self._step.action]()
        if self._step.action is Action.CANCEL and self.button.hasFocus():
            # The key that has begun learning would stop it.
            self.setFocus()
