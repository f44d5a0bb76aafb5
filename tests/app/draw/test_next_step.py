"""The next step on Draw: which one it is, and what its button does."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from qtpy.QtCore import QPointF
from qtpy.QtWidgets import QApplication, QLabel

from mnist_draw.app.draw.next_step import Action, next_step
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import (
    AppState,
    Learned,
    Learns,
    OfRun,
    ResultMessage,
    Stored,
)
from mnist_draw.app.kit.waiting import AFTER_RUN, Waiting
from mnist_draw.recognition.certainty import State
from mnist_draw.training.events import BatchFinished, EpochFinished
from mnist_draw.training.run import Run
from mnist_draw.training.settings import TrainingSettings

from .. import fakes


@dataclass(frozen=True)
class Entry:
    """What the step reads of an entry of the Library."""

    key: str
    name: str = ""
    test_accuracy: float | None = None
    is_shipped: bool = False
    has_network: bool = True
    run: object = None


BEST = Entry("shipped:best", "Best reader", 0.9956, is_shipped=True)
MINE = Entry("run:mine", "Mine", run=object())


def answering(key, accuracy, **facts):
    """Return the facts where a network of this key answers, and the user has trained one."""
    name = OfRun(key) if key.startswith("run:") else Stored(key)
    return {
        "network_wanted": name,
        "network_answering": name,
        "model": fakes.model(test_accuracy=accuracy),
        "entries": (MINE, BEST),
        **facts,
    }


def own(**facts):
    return answering("run:mine", 0.9824, **facts)


def shipped(**facts):
    return answering("shipped:best", 0.9956, **facts)


def run(accuracy=None, state="training", seconds=0.0, test_accuracy=None, key="now", here=True):
    """Return a run of two epochs, after its first one if it has an accuracy."""
    settings = TrainingSettings(epochs=2)
    made = Run(Path(key), settings, state=state, was_trained_here=here)
    if accuracy is not None:
        made.history.add(BatchFinished(1, 2, 1, 1, 0.5, 0.9, 0.01))
        figures = 0.3, 0.9, 0.2, accuracy
        made.history.add(EpochFinished(1, 2, seconds, *figures, 9, True, ()))
        made.epoch = 1
        made.batch = 1
        made.history.test_accuracy = test_accuracy
    return made


def cut_off():
    """Return a run of eight epochs that the end of the program cut off."""
    settings = TrainingSettings(epochs=8)
    return Run(Path("before"), settings, state="interrupted", has_checkpoint=True)


WAITS = Waiting("learning", "", bool, AFTER_RUN)
LEARNED = Learned(ResultMessage("Learned.", "MNIST"), is_better=True)
NOT_LEARNED = Learned(ResultMessage("Not learned."), is_better=False)


@pytest.mark.parametrize(
    ("facts", "action", "is_primary", "words"),
    [
        ({"first_run_seconds": 21}, Action.TRAIN, True, "of your own About 20 s on this"),
        ({"first_run_seconds": 68}, Action.TRAIN, True, "About 1 min on"),
        ({"run": run()}, Action.WATCH, False, "is training"),
        ({"run": run(0.9759, seconds=13)}, Action.LET_ANSWER, True,
         "at 97.59% Still training, about 15 s left"),
        ({"run": run(0.9759, "paused")}, Action.LET_ANSWER, True, "Paused"),
        ({"run": run(0.9759), "network_wanted": OfRun("run:now")}, Action.WATCH, False, "97.59%"),
        ({"run": cut_off()}, Action.GO_ON, True,
         "be continued After 0 of 8 epochs"),
        ({"run": run(0.97, "completed", test_accuracy=0.98)}, Action.LET_ANSWER, True,
         "ready 98.00%"),
        # A run that was stopped within its first epoch has learned too little to answer.
        ({"run": run(None, "stopped")}, Action.TRAIN, True, "of your own"),
        # Any network of one's own instead of one that came along, but of two the better one.
        (shipped(run=run(0.9, "completed")), Action.LET_ANSWER, True, "90.00"),
        (own(run=run(0.9825, "completed")), Action.LET_ANSWER, True, "98.25%"),
        (own(run=run(0.9823, "completed")), Action.LOOK_INSIDE, False, "98.24%"),
        (own(run=run(0.9823)), Action.WATCH, False, "98.23% Still"),
        # One that has answered is not offered again.
        (shipped(run=run(0.9, "completed"), have_answered=frozenset([OfRun("run:now")])),
         Action.LOOK_INSIDE, False, "Best reader answers"),
        # One of an earlier session is in the Library.
        (shipped(run=run(0.99, "completed", here=False)), Action.LOOK_INSIDE, False,
         "Best reader answers"),
        (own(certainty=State.NOT_SURE), Action.USE_BEST, False, "Best reader is right 99.56%"),
        (own(certainty=State.UNCLEAR), Action.USE_BEST, False, "Your network answers"),
        # It reads digits only: no advice to a network of letters.
        (own(certainty=State.NOT_SURE, reads_digits=False), Action.LOOK_INSIDE, False,
         "98.24% of unseen pictures right"),
        # The best reader refuses by the same rule; one that is no better is of no use.
        (own(certainty=State.NOT_A_DIGIT), Action.LOOK_INSIDE, False, "98.24%"),
        (own(certainty=State.NOT_SURE, model=fakes.model(test_accuracy=0.9957)),
         Action.LOOK_INSIDE, False, "99.57%"),
        (own(certainty=State.SURE), Action.LOOK_INSIDE, False,
         "98.24% of unseen pictures right"),
        (shipped(), Action.LOOK_INSIDE, False, "Best reader answers 99.56%"),
        (own(unlearned=2), Action.LEARN, True, "2 digits to learn Mine itself stays."),
        (own(unlearned=1, learning_seconds=61.0), Action.LEARN, True, "About 1 min. Mine"),
        (own(unlearned=1, reads_digits=False), Action.LOOK_INSIDE, False, "Your network"),
        ({"unlearned": 2, "queue": WAITS, "run": run()}, Action.CANCEL, False, "after your run"),
        ({"unlearned": 2, "queue": WAITS, "run": Run(state="training", expected_seconds=40.0)},
         Action.CANCEL, False, "after your run, about 40 s left 2 digits"),
        ({"unlearned": 2, "learning": Learns(0.4)}, Action.CANCEL, False,
         "Learning, 40%"),
        # The first part compiles and loads: nothing is learned yet.
        ({"unlearned": 2, "learning": Learns()}, Action.CANCEL, False,
         "Preparing to learn 2 digits"),
        ({"learning": Learns(0.4, 21.0)}, Action.CANCEL, False, "Learning, 40% 20 s left"),
        ({"learning": LEARNED}, Action.GO_BACK, False, "Learned. MNIST"),
        ({"learning": NOT_LEARNED}, Action.DRAW_MORE, True, "Not learned."),
    ],
)  # fmt: skip
def test_each_state_has_one_step(facts, action, is_primary, words):
    state = AppState()
    state.set(**facts)
    step = next_step(state)
    assert (step.action, step.is_primary) == (action, is_primary)
    assert words in f"{step.sentence} {step.line}"


@pytest.mark.parametrize(
    ("facts", "hidden"),
    [({}, "train"), ({"run": run()}, "train"), (shipped(), "inside")],
)
def test_a_step_to_a_page_that_a_lesson_leaves_out_is_not_offered(facts, hidden):
    state = AppState()
    state.set(**facts)
    assert next_step(state)
    state.set(hidden_pages=frozenset([hidden]))
    assert next_step(state) is None


def test_those_who_follow_a_fact_hear_of_another_object_alone():
    state = AppState()
    heard = []
    state.follow(["taught", "unlearned"], lambda: heard.append(state.taught))
    state.set(taught=1, unlearned=1)
    state.set(taught=1, page="train")
    state.announce("taught")
    assert heard == [1, 1]
    with pytest.raises(AttributeError):
        state.set(no_fact=1)


@pytest.fixture
def card(tab, qtbot, monkeypatch):
    monkeypatch.setattr(QApplication, "doubleClickInterval", lambda: 0)
    tab.network.confirm(fakes.model())
    qtbot.waitUntil(lambda: bool(tab.network.state.entries))
    return tab.next_step


def test_the_button_does_what_it_says(card, tab, qtbot):
    state = tab.network.state
    with qtbot.waitSignal(card.train_requested):
        card.button.click()
    state.set(run=cut_off())
    assert "After 0 of 8 epochs" in card.accessibleDescription()
    with qtbot.waitSignal(card.run_requested):
        card.button.click()
    state.set(run=run(0.9))
    assert card.button.text() == "Let it answer"
    state.in_memory[OfRun("run:now")] = fakes.model()
    card.button.click()
    assert state.network_wanted == OfRun("run:now")
    with qtbot.waitSignal(card.run_requested):
        card.button.click()
    state.set(run=Run(), unlearned=1)
    assert card.button.accessibleName() == "Learn"
    state.set(unlearned=0, hidden_pages=frozenset(["train", "inside"]))
    assert card.isHidden()


def test_the_card_follows_the_answer_once_the_pen_is_up_and_nothing_else_moves(card, tab):
    tab.network.state.set(**own())
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


def test_no_word_of_the_card_is_cut_in_the_narrowest_panel(card, tab, qtbot):
    sentence = "98.39% of unseen pictures right, and so many more words that a line is too short"
    card.resize(332, 72)
    tab.network.state.set(learning=Learned(ResultMessage("Learned.", sentence), is_better=True))
    line = next(one for one in card.findChildren(QLabel) if one.text() == sentence)
    qtbot.waitUntil(lambda: line.height() >= line.heightForWidth(line.width()))
    # Nor does the last line touch the edge.
    below = line.mapTo(card, line.rect().bottomLeft()).y()
    assert card.height() - below >= theme.scaled(theme.Size.FIELD_GAP)
