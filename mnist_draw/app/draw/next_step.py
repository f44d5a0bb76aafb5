"""The next step on Draw as a function of the state: one sentence and one button; without Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from mnist_draw.app.kit.app_state import Learned, Learns, name_of_key
from mnist_draw.app.train.run_words import time_left
from mnist_draw.i18n import (
    _,
    counted,
    format_percent,
    joined,
    number,
    pgettext,
    time_words,
    with_comma,
)
from mnist_draw.library.stored_network import FINE_TUNED, RUN
from mnist_draw.recognition.certainty import State
from mnist_draw.training.run import UNFINISHED, Run

if TYPE_CHECKING:
    from mnist_draw.app.kit.app_state import AppState
    from mnist_draw.app.kit.waiting import Waiting


class Action(Enum):
    """What the button does: the page that it opens, and a sentence; empty for none."""

    TRAIN = "train", ""
    WATCH = "train", _("Your network is training. Go there.")
    GO_ON = "train", _("Show the run, which continues from its last epoch.")
    LET_ANSWER = "", ""
    USE_BEST = "", _("The most reliable network reads the board from now on.")
    LOOK_INSIDE = "inside", ""
    LEARN = "", _("Train the network a little further, on your digits and on MNIST.")
    CANCEL = "", _("The network that answers stays as it is.")
    GO_BACK = "", _("Go back to the network from before it learned your digits.")
    DRAW_MORE = "", _("Clear the board for another digit like it; Undo brings this one back.")

    def __init__(self, page: str, sentence: str) -> None:
        self.page = page
        self.sentence = sentence


@dataclass(frozen=True)
class Step:
    """One sentence in bold, one muted line, one button."""

    sentence: str
    line: str
    button: str
    action: Action
    #: Whether the button is the filled one of the page.
    is_primary: bool = False


def next_step(state: AppState) -> Step | None:
    """Return the step of a state; None where a lesson leaves out the page that it opens."""
    step = _step(state)
    return None if step.action.page in state.hidden_pages else step


def _step(state: AppState) -> Step:
    learning = state.learning
    if isinstance(learning, Learns):
        return _step_while_learning(state, learning)
    if state.queue is not None:
        return _step_while_waiting(state, state.queue)
    if isinstance(learning, Learned):
        return _step_after_learning(learning, state.certainty)
    if state.run.is_running:
        return _step_while_training(state)
    if state.unlearned and state.reads_digits:
        line = _learning_time(state)
        return Step(_unlearned_digits(state), line, _("Learn"), Action.LEARN, is_primary=True)
    return _step_after_training(state) or _step_of_answers(state)


def _unlearned_digits(state: AppState) -> str:
    return counted("{count} digit to learn", "{count} digits to learn", state.unlearned)


def _learning_time(state: AppState) -> str:
    name = state.network_title
    stays = _("{name} itself stays.", name=name) if name else ""
    if state.learning_seconds is None:
        return stays
    return joined(_("About {time}.", time=time_words(state.learning_seconds)), stays)


# -- learning


def _step_while_waiting(state: AppState, waiting: Waiting) -> Step:
    starts = waiting.reason.starts(state)
    if waiting.kind == "run":
        return Step(starts, waiting.title, pgettext("button", "Watch it"), Action.WATCH)
    return Step(starts, _unlearned_digits(state), _("Cancel"), Action.CANCEL)


def _step_while_learning(state: AppState, learning: Learns) -> Step:
    line = ""
    if learning.seconds_left is not None:
        line = _("{time} left", time=time_words(learning.seconds_left))
    elif state.unlearned:
        line = _unlearned_digits(state)
    return Step(learning.words, line, _("Stop"), Action.CANCEL)


def _step_after_learning(learned: Learned, certainty: State) -> Step:
    message = learned.message
    if learned.is_better:
        return Step(message.summary, message.detail, _("Go back"), Action.GO_BACK)
    # The advice stays while it is followed.
    button = "" if certainty is State.NOTHING else _("Draw more")
    return Step(message.summary, message.detail, button, Action.DRAW_MORE, is_primary=True)


# -- a run


def _accuracy_of_run(run: Run) -> float | None:
    """Return its accuracy on test pictures, or on validation; None before its first epoch."""
    if not run.epochs_done:
        return None
    if run.is_running or run.test_accuracy is None:
        return run.validation_accuracy
    return run.test_accuracy


def _is_to_answer(state: AppState, accuracy: float) -> bool:
    """Whether a run is to answer: instead of a network of the user, only if it reads more."""
    if name_of_key(state.run.network_key) == state.network_wanted:
        return False
    is_alike = state.reads_digits == state.run.tested_on[1]
    reads_fewer = _is_own(state) and is_alike and accuracy < (_accuracy(state) or 0.0)
    return not reads_fewer


def _step_while_training(state: AppState) -> Step:
    run = state.run
    watch = pgettext("button", "Watch it")
    is_paused = run.state == "paused"
    accuracy = _accuracy_of_run(run)
    if accuracy is None:
        line = _("Paused") if is_paused else _("It can answer after its first epoch")
        return Step(_("Your network is training"), line, watch, Action.WATCH)
    line = _("Still training")
    if is_paused:
        line = _("Paused")
    elif left := time_left(run):
        line = with_comma(line, left)
    sentence = _("Your network is at {share}", share=format_percent(accuracy))
    if not _is_to_answer(state, accuracy):
        return Step(sentence, line, watch, Action.WATCH)
    return Step(sentence, line, _("Let it answer"), Action.LET_ANSWER, is_primary=True)


def _step_after_training(state: AppState) -> Step | None:
    run = state.run
    accuracy = _accuracy_of_run(run)
    is_offered = run.was_trained_here and name_of_key(run.network_key) not in state.have_answered
    if is_offered and accuracy is not None and _is_to_answer(state, accuracy):
        line = _of_unseen(accuracy)
        button = _("Let it answer")
        action = Action.LET_ANSWER
        return Step(_("Your network is ready"), line, button, action, is_primary=True)
    if run.state in UNFINISHED and run.can_continue:
        line = counted(
            "After {done} of {count} epoch",
            "After {done} of {count} epochs",
            run.epochs,
            done=number(run.epochs_done),
        )
        return Step(
            _("Your run can be continued"),
            line,
            _("Continue"),
            Action.GO_ON,
            is_primary=True,
        )
    if accuracy is None and not any(entry.run and entry.has_network for entry in state.entries):
        line = ""
        if state.first_run_seconds is not None:
            time = time_words(state.first_run_seconds)
            line = _("About {time} on this computer", time=time)
        button = pgettext("tab", "Train")
        sentence = _("Train a network of your own")
        return Step(sentence, line, button, Action.TRAIN, is_primary=True)
    return None


# -- the network that answers


def _is_own(state: AppState) -> bool:
    return state.answering_key.partition(":")[0] in (RUN, FINE_TUNED)


def _accuracy(state: AppState) -> float | None:
    if state.model is None:
        return None
    info = state.model.info
    return info.test_accuracy or info.validation_accuracy


def _of_unseen(accuracy: float) -> str:
    return _("{share} of unseen pictures right", share=format_percent(accuracy))


def _step_of_answers(state: AppState) -> Step:
    accuracy = _accuracy(state)
    is_own = _is_own(state)
    best = next((entry.test_accuracy for entry in state.entries if entry.is_shipped), None)
    reads_fewer = best is not None and (accuracy is None or accuracy < best)
    # A network is compared only with those of the same classes.
    can_use_best = is_own and state.reads_digits and reads_fewer
    if can_use_best and state.certainty in (State.UNCLEAR, State.NOT_SURE):
        line = _("Best reader is right {share} of the time", share=format_percent(best or 0))
        return Step(_("Your network answers"), line, _("Use Best reader"), Action.USE_BEST)
    line = ""
    if accuracy is not None:
        line = _of_unseen(accuracy)
    entry = state.entry_of(state.answering_key)
    sentence = _("The network answers")
    if is_own:
        sentence = _("Your network answers")
    elif entry is not None:
        sentence = _("{name} answers", name=entry.name)
    return Step(sentence, line, pgettext("button", "Look inside"), Action.LOOK_INSIDE)
