"""The next step on Draw: which one it is, and what its button does."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from PyQt5.QtCore import QPointF
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.draw.next_step import Action, Run, Situation, next_step
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.learning import Told
from mnist_draw.recognition.certainty import State
from mnist_draw.training import events
from mnist_draw.training import run as training_run
from mnist_draw.training.settings import TrainingSettings

from .. import fakes

OWN = {"own": True, "trained": True, "accuracy": 0.9824, "best": 0.9956}


@pytest.mark.parametrize(
    ("situation", "action", "leads", "words"),
    [
        ({"seconds": 21}, Action.TRAIN, True, "of your own About 20 seconds on this"),
        ({"seconds": 68}, Action.TRAIN, True, "About 1 minute on"),
        ({"run": Run(True)}, Action.WATCH, False, "is training"),
        ({"run": Run(True, accuracy=0.9759, seconds_left=13)}, Action.LET_ANSWER, True,
         "at 97.59 % Still training, 0:13 left"),
        ({"run": Run(True, paused=True, accuracy=0.9759)}, Action.LET_ANSWER, True, "Paused"),
        ({"run": Run(True, accuracy=0.9759, answers=True)}, Action.WATCH, False, "97.59 %"),
        ({"cut_off": (5, 8)}, Action.GO_ON, True, "go on After 5 of 8 epochs"),
        ({"run": Run(False, accuracy=0.98)}, Action.LET_ANSWER, True, "ready 98.00 %"),
        # Any network of one's own instead of one that came along, but of two the better one.
        ({**OWN, "own": False, "run": Run(False, accuracy=0.9)}, Action.LET_ANSWER, True, "90.00"),
        ({**OWN, "run": Run(False, accuracy=0.9825)}, Action.LET_ANSWER, True, "98.25 %"),
        ({**OWN, "run": Run(False, accuracy=0.9823)}, Action.LOOK_INSIDE, False, "98.24 %"),
        ({**OWN, "run": Run(True, accuracy=0.9823)}, Action.WATCH, False, "98.23 % Still"),
        ({**OWN, "state": State.NOT_SURE}, Action.USE_BEST, False, "Best reader gets 99.56 %"),
        ({**OWN, "state": State.UNCLEAR}, Action.USE_BEST, False, "Your network answers"),
        # The best reader refuses by the same rule; one that is no better is of no use.
        ({**OWN, "state": State.NOT_A_DIGIT}, Action.LOOK_INSIDE, False, "98.24 %"),
        ({**OWN, "best": 0.98, "state": State.NOT_SURE}, Action.LOOK_INSIDE, False, "98.24 %"),
        ({**OWN, "state": State.SURE}, Action.LOOK_INSIDE, False, "98.24 % of new digits right"),
        ({"trained": True, "name": "Best reader", "accuracy": 0.9956}, Action.LOOK_INSIDE, False,
         "Best reader answers 99.56 %"),
        ({**OWN, "unlearnt": 2}, Action.LEARN, True, "2 digits of yours"),
        ({**OWN, "unlearnt": 1, "taught": 3}, Action.LEARN, True, "1 new digit of yours"),
        ({**OWN, "unlearnt": 1, "can_learn": False}, Action.LOOK_INSIDE, False, "Your network"),
        ({"unlearnt": 2, "waits": True, "run": Run(True)}, Action.CANCEL, False, "the run"),
        ({"unlearnt": 2, "learning": 0.4}, Action.CANCEL, False, "Learning your digits 40 %"),
        ({"learning": 0.0}, Action.CANCEL, False, "Getting ready"),
        ({"learning": 0.4, "learning_left": 21.0}, Action.CANCEL, False, "40 %, 0:21 left"),
        ({"outcome": (Told("Learnt.", "MNIST"), True)}, Action.GO_BACK, False, "Learnt. MNIST"),
        ({"outcome": (Told("Not learnt."), False)}, Action.DRAW_MORE, True, "Not learnt."),
    ],
)  # fmt: skip
def test_each_situation_has_one_step(situation, action, leads, words):
    step = next_step(Situation(**situation))
    assert (step.action, step.leads) == (action, leads)
    assert words in f"{step.sentence} {step.line}"


@pytest.fixture
def card(tab, qtbot, monkeypatch):
    monkeypatch.setattr(QApplication, "doubleClickInterval", lambda: 0)
    tab.network.confirm(fakes.model())
    qtbot.waitUntil(lambda: bool(tab.network.state.entries))
    return tab.next_step


def test_the_button_does_what_it_says(card, tab, qtbot):
    with qtbot.waitSignal(card.train_requested):
        card.button.click()
    cut_off = training_run.Run(
        Path("before"),
        TrainingSettings(epochs=8),
        state="interrupted",
        has_checkpoint=True,
    )
    resting = SimpleNamespace(running=False)
    card._note_run(SimpleNamespace(current=cut_off, training=resting))
    assert card.line.text() == "After 0 of 8 epochs"
    with qtbot.waitSignal(card.run_requested):
        card.button.click()
    run = training_run.Run(Path("now"), TrainingSettings(epochs=8))
    run.apply(events.BatchFinished(1, 8, 1, 1, 0.5, 0.9, 0.01))
    run.apply(events.EpochFinished(1, 8, 0.1, 0.5, 0.9, 0.4, 0.95, 5000, True, ()))
    card._note_run(SimpleNamespace(current=run, training=SimpleNamespace(running=True)))
    assert card.button.text() == "Let it answer"
    asked = []
    tab.network.use_key = asked.append
    card.button.click()
    assert asked == ["run:now"]
    # A run that is stopped within its first epoch has learnt too little to answer.
    stopped = training_run.Run(Path("now"), TrainingSettings(epochs=8))
    stopped.apply(events.BatchFinished(1, 8, 1, 4, 0.5, 0.9, 0.01))
    stopped.apply(events.EpochFinished(1, 8, 0.1, 0.5, 0.9, 0.4, 0.95, 5000, True, ()))
    stopped.apply(events.Finished("stopped", 1, 1.0, (), 8))
    card._note_run(SimpleNamespace(current=stopped, training=resting))
    assert card.button.text() != "Let it answer"
    card._note(run=Run(True, answers=True))
    with qtbot.waitSignal(card.run_requested):
        card.button.click()
    card._note(run=None, unlearnt=1)
    assert card.button.accessibleName() == "Learn"
    card.leave_out(training=True, inside=True)
    card._note(unlearnt=0)
    assert card.isHidden()


def test_the_card_follows_the_answer_once_the_pen_is_up_and_nothing_else_moves(card, tab):
    card._note(**OWN)
    height = card.height()
    unsure = fakes.answer()
    unsure.probabilities[:] = 0.1
    tab.canvas.begin(QPointF(200, 200), erase=False)
    tab.show_reading(fakes.reading(unsure, ticket=9))
    assert card.button.text().startswith("Look inside")
    tab.canvas.end()
    tab.show_reading(fakes.reading(unsure, ticket=9))
    assert card.button.text() == "Use Best reader"
    assert card.height() == height == theme.scaled(72)
