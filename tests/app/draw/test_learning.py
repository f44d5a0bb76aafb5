"""Learning: its thread, the next step, the new network, the way back, and the end of the window."""

import json
import threading
from types import SimpleNamespace
from typing import Any

import full_disk
import numpy as np
import pytest
from qtpy.QtWidgets import QApplication

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.draw.recognition import Recognition, connect_network
from mnist_draw.app.kit import active_network
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.learning import Learning, Outcome, WorkQueue
from mnist_draw.app.kit.threads import running
from mnist_draw.app.kit.waiting import AFTER_LEARNING, AFTER_RUN
from mnist_draw.app.shell.window import Window
from mnist_draw.app.train.training import Training
from mnist_draw.errors import UserError
from mnist_draw.library import networks as kept
from mnist_draw.library import stored_network
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.fine_tuning import FineTuned, Score
from mnist_draw.storage import load_model
from mnist_draw.storage.my_digits import TaughtDigit, save_digit
from mnist_draw.storage.preferences import Preferences
from mnist_draw.storage.unique_paths import deleted
from mnist_draw.training.run import Run
from mnist_draw.training.run_list import new_run_folder

from .. import fakes
from ..train.conftest import Room

BEFORE = Score((1, 1), ("1", "7"), 0.6, 0.99)
BETTER = Score((1, 1), ("1", "1"), 0.9, 0.9895)


def taught(home, count=2):
    """Put digits into the folder."""
    (home / "data" / "my_digits").mkdir(parents=True, exist_ok=True)
    ink = np.zeros((300, 300), np.uint8)
    ink[50:250, 140:160] = 255
    for _ in range(count):
        save_digit(TaughtDigit(1, ink), home / "data" / "my_digits")


class Learn:
    """Learning that takes three steps and waits at its gate before the last."""

    def __init__(self, error=None):
        self.gate = threading.Event()
        self.gate.set()
        self.error = error
        self.after = BETTER
        self.calls: list[tuple[Any, Any]] = []
        self.threads: list[threading.Thread] = []

    def __call__(self, model, extra, inks=(), controls=None):
        """Yield steps, then the end unless it was stopped."""
        assert len(inks) == len(extra)
        self.calls.append((model, extra))
        self.threads.append(threading.current_thread())
        yield 0.25
        if self.error is not None:
            raise self.error
        self.gate.wait(10)
        if controls is not None and controls.stop_requested:
            return
        yield FineTuned(fakes.model(0.75, title="Knows my hand"), BEFORE, self.after)


# -- without a thread


def outcomes(model, key, learn):
    """Learn in this thread; return what was learned and what was complained of."""
    learning = Learning(learn)
    learned = list[Outcome]()
    learning.fine_tuned.connect(learned.append)
    outcome = learning.run(model, key)
    return learned, [str(outcome.message)] if outcome.kind == "failed" else []


def test_what_is_learned_is_saved_and_knows_the_network_before(own_home):
    taught(own_home)
    learn = Learn()
    (outcome,), failed = outcomes(fakes.model, "shipped:best", learn)
    assert failed == []
    assert len(learn.calls[0][1]) == 2
    assert outcome.key.startswith("learnt:")
    (path,) = (own_home / "data" / "learnt").iterdir()
    saved = load_model(path)
    assert saved.metadata["before"] == "shipped:best"
    assert float(saved.parameters[0][0, 0]) == 0.75
    assert str(outcome.message).startswith(
        "Learned: the network is now sure of your 2 digits; before, of 1.",
    )


def test_a_network_that_only_memory_has_is_saved_first(own_home):
    taught(own_home)
    trained = fakes.model(0.25, title="Just trained")
    (outcome,), _ = outcomes(trained, "", Learn())
    before = load_model(own_home / "data" / "learnt" / outcome.model.metadata["before"][7:])
    assert before.metadata["title"] == "Just trained"
    assert float(before.parameters[0][0, 0]) == 0.25
    titles = sorted(model.title.split(",")[0] for model in kept.list_fine_tuned())
    assert titles == ["Before learning", "My digits"]


def test_a_full_disk_loses_neither_network(own_home, tmp_path, monkeypatch):
    taught(own_home)
    monkeypatch.setattr(kept, "save_at", full_disk.refuse)
    (outcome,), failed = outcomes(fakes.model, "shipped:best", Learn())
    assert failed == []
    rescued = own_home / "data" / "networks" / "model.npz"
    assert "disk is full" in outcome.message.warning
    assert f"saved in {rescued} instead" in outcome.message.warning
    assert outcome.model.metadata["before"] == "shipped:best"
    assert kept.find_by_key(outcome.key).path == rescued
    assert kept.find_by_key(outcome.key).title == title_of_model(outcome.model) == "My digits"
    saved = load_model(rescued)
    assert saved.info.before == "shipped:best"
    assert np.array_equal(saved.parameters[0], outcome.model.parameters[0])
    # Where no place is left, what was learned answers all the same.
    monkeypatch.setattr(stored_network, "save_model", full_disk.refuse)
    (outcome,), failed = outcomes(fakes.model, "shipped:best", Learn())
    assert (failed, outcome.key) == ([], "")
    assert "is not saved" in outcome.message.warning
    assert outcome.model.metadata["before"] == "shipped:best"


def test_errors_are_sentences(own_home):
    learned, (sentence,) = outcomes(fakes.model, "", Learn())
    assert learned == []
    assert "no digit" in sentence
    assert sentence.endswith("Nothing was learned.")
    taught(own_home)
    error = UserError("The loss became nan.")
    told = outcomes(fakes.model, "", Learn(error))
    assert told == ([], ["The loss became nan. Nothing was learned."])


# -- in the Draw tab


class Setup(fakes.Parts):
    """A Draw tab with a learning that obeys, and two taught digits."""

    def __init__(self, qtbot, home):
        taught(home)
        self.qtbot = qtbot
        self.learn, self.loop = Learn(), fakes.Loop()
        self.learning, self.training = Learning(self.learn), Training(self.loop)
        self.recognition = fakes.Answering(lambda: fakes.model(title="Ships"))
        explanations = fakes.Explaining(make_explainer=fakes.Explainer, rest=0.0, quiet=0.0)
        self.root = self.tab = DrawTab()
        self.step = self.tab.next_step
        connect_network(self.tab.network, self.recognition, explanations)
        self.tab.connect_services(self.recognition, explanations)
        self.learning.fine_tuned.connect(self.tab.network.use_fine_tuned)
        self.queue = WorkQueue(self.tab.network.state)
        self.tab.learn.connect_services(self.learning, self.queue)
        self.queue.serve({AFTER_RUN: self.training, AFTER_LEARNING: self.learning}, {})
        qtbot.addWidget(self.tab)
        self.tab.show()
        self.recognition.start()
        self.tab.start()

    def begin(self):
        self.wait_for_button("Learn")
        self.step.button.click()

    def wait_for_button(self, text):
        self.qtbot.waitUntil(lambda: self.step.button.text() == text)

    def wait_for_end(self):
        self.qtbot.waitUntil(lambda: not self.learning.running)

    def weight(self):
        return float(self.recognition.made[0].parameters[0][0, 0])


@pytest.fixture
def setup(qtbot, own_home, monkeypatch):
    monkeypatch.setattr(QApplication, "doubleClickInterval", lambda: 0)
    made = Setup(qtbot, own_home)
    yield made
    assert running.shut_down()


def test_learning_from_click_to_new_answers_and_back(setup, monkeypatch):
    # The stand-in for the network that ships is no file.
    monkeypatch.setattr(active_network, "_load", lambda key: fakes.model(0.5, title=key))
    setup.learn.gate.clear()
    setup.step.button.setFocus()
    setup.begin()
    setup.qtbot.waitUntil(lambda: "25%" in setup.step.accessibleDescription())
    assert setup.step.button.text() == "Stop"
    setup.learn.gate.set()
    setup.wait_for_end()
    assert setup.learn.threads[0] is not threading.main_thread()
    assert "2 digits" in setup.step.accessibleDescription()
    setup.qtbot.waitUntil(lambda: setup.weight() == 0.75)
    network = setup.tab.network
    state = network.state
    assert title_of_model(state.newest_model).startswith("My digits, ")
    setup.wait_for_button("Go back")
    setup.step.button.click()
    setup.qtbot.waitUntil(lambda: setup.weight() == 0.5)
    assert state.network_wanted.key.endswith("before.npz")
    # The fine-tuned network leaves the list, but it can be brought back.
    setup.qtbot.waitUntil(lambda: not any("My digits" in one.title for one in network.networks))
    setup.qtbot.waitUntil(lambda: len(deleted(stored_network.fine_tuned_folder())) == 1)


def test_stop_leaves_the_network_and_one_of_other_classes_learns_none(setup, own_home, monkeypatch):
    setup.wait_for_button("Learn")
    setup.tab.network.confirm(fakes.model(0.6, refused=0.9))
    assert setup.step.button.text() != "Learn"
    setup.tab.network.confirm(fakes.model(0.5))
    setup.learn.gate.clear()
    monkeypatch.setattr(QApplication, "doubleClickInterval", lambda: 10_000)
    setup.begin()
    setup.qtbot.waitUntil(lambda: bool(setup.learn.calls))
    # The second press of a double click on "Learn".
    setup.step.button.click()
    assert not setup.learning.controls.stop_requested
    monkeypatch.setattr(QApplication, "doubleClickInterval", lambda: 0)
    setup.step.button.click()
    setup.learn.gate.set()
    setup.wait_for_end()
    assert setup.weight() == 0.5
    assert not (own_home / "data" / "learnt").exists()
    setup.wait_for_button("Learn")


def test_digits_are_learned_after_the_run_unless_that_is_cancelled(setup, notices):
    setup.learn.gate.clear()
    for cancels in (True, False):
        setup.loop.gate.clear()
        setup.training.start(Run(new_run_folder()))
        setup.begin()
        assert not setup.learning.running
        assert "after your run" in setup.step.accessibleDescription()
        assert setup.step.button.text() == "Cancel"
        if cancels:
            setup.step.button.click()
            assert setup.step.button.text() != "Cancel"
        setup.training.stop()
        setup.loop.gate.set()
        setup.qtbot.waitUntil(lambda: not setup.training.running)
        assert setup.learning.running is not cancels
    setup.learn.gate.set()
    setup.wait_for_end()
    assert not notices


@pytest.mark.slow
def test_a_run_starts_by_itself_after_learning(setup, notices):
    room = Room(setup.qtbot, notices, queue=setup.queue)
    setup.learn.gate.clear()
    setup.begin()
    room.start(epochs=1)
    assert not room.training.running
    assert setup.tab.network.state.queue.kind == "run"
    # What is chosen meanwhile is for the next run.
    room.tab.settings.apply("epochs", 3)
    setup.learn.gate.set()
    setup.wait_for_end()
    assert setup.tab.network.state.queue is None
    assert room.training.running
    room.wait_for_end()
    assert room.run.state.run.epochs_done == 1
    room.close()


def test_a_network_that_reads_no_better_leaves_the_one_before(setup, own_home, notices):
    setup.learn.after = BEFORE
    preferences = Preferences()
    setup.tab.teaching.restore(preferences)
    setup.tab.canvas.add_stroke([(200, 150), (350, 200)])
    setup.begin()
    setup.wait_for_end()
    assert "read as 7" in setup.step.accessibleDescription()
    assert setup.weight() == 0.5
    assert not (own_home / "data" / "learnt").exists()
    # It was tried: only another digit asks to be learned.
    state = setup.tab.network.state
    before = state.learning
    setup.qtbot.waitUntil(lambda: (state.taught, state.unlearned) == (2, 0))
    assert preferences.get("digits_learnt_until", 0.0) > 0
    # Those refused are learned once more beside it.
    folder = own_home / "data" / "my_digits"
    refused = set(folder.iterdir())
    taught(own_home, 1)
    setup.tab.teaching.recount()
    setup.qtbot.waitUntil(lambda: state.unlearned == 3)
    for path in {*folder.iterdir()} - refused:
        path.unlink()
    setup.tab.teaching.recount()
    setup.qtbot.waitUntil(lambda: state.unlearned == 0)
    state.set(learning=before)
    assert setup.step.button.text() == "Draw more"
    setup.step.button.click()
    assert not setup.tab.canvas.has_ink()
    # The advice stays while it is followed.
    step = setup.step
    assert step.accessibleDescription().startswith("Not learned")
    assert step.button.isHidden()
    setup.tab.canvas.add_stroke([(200, 150), (350, 200)])
    setup.tab.canvas.clear()
    assert not step.button.isHidden()
    assert not notices


def test_what_is_left_is_what_was_offered_until_the_steps_tell_more(setup, monkeypatch):
    """The first minibatch, which compiles, made 7 seconds a minute."""
    state = setup.tab.network.state
    moments = iter((10.0, 14.0, 15.0))
    clock = SimpleNamespace(monotonic=lambda: next(moments))
    monkeypatch.setattr("mnist_draw.app.draw.teaching.time", clock)
    state.set(learning_seconds=8.0)
    told = []
    for part in (0.125, 0.25, 0.5):
        setup.tab.learn._note_step(part)
        told.append(state.learning.seconds_left)
    assert told == pytest.approx([7.0, 6.0, 5.0 / 0.375 * 0.5])


def test_the_outcome_is_told_once_where_it_is_seen(setup, notices):
    setup.learn.gate.clear()
    setup.begin()
    step = setup.step
    setup.qtbot.waitUntil(lambda: "25%" in step.accessibleDescription())
    assert step.button.text() == "Stop"
    setup.learn.gate.set()
    setup.wait_for_end()
    assert step.accessibleDescription().startswith(
        "Learned: the network is now sure of your 2 digits",
    )
    assert step.button.text() == "Go back"
    assert not notices
    # On another tab a message tells it.
    setup.tab.hide()
    setup.tab.learn.learn()
    setup.wait_for_end()
    assert notices[-1].sentence.startswith("Learned")
    assert notices[-1].button == "Go back"


def test_another_start_begins_with_the_network_used_last(own_home, notices):
    weights = [np.ones((784, 10), np.float32), np.ones(10, np.float32)]
    model = kept.ModelFile("custom_mlp:0,1,0,0", weights, {"title": "Mine"})
    key = kept.save_fine_tuned(model).key
    preferences = Preferences()
    preferences.set("network", key)
    assert title_of_model(ActiveNetwork(preferences).load_first()).startswith("My digits, ")
    assert not notices
    preferences.set("network", "learnt:gone.npz")
    gone = ActiveNetwork(preferences)
    model = gone.load_first()
    assert model.network == "deep_cnn"
    gone.confirm(model)
    assert preferences.get("network", "") == ""
    assert "answers instead" in notices[0].sentence
    assert ActiveNetwork().load_first().network == "deep_cnn"


class WindowSetup(Setup):
    """A window that learns two digits and waits before the last step."""

    def __init__(self, qtbot, home):
        taught(home)
        self.qtbot = qtbot
        self.learn = Learn()
        self.learn.gate.clear()
        self.root = self.window = self.make_window()
        self.step = self.window.draw_tab.next_step
        self.learning = self.window.learning

    def make_window(self):
        """Return a window that is ready to answer; a second one is as after a restart."""
        recognition = Recognition(lambda: fakes.model(title="Ships"), None, fakes.Recogniser)
        window = Window(Preferences(), recognition, Training(fakes.Loop()), Learning(self.learn))
        window.draw_tab.pictures.reader.make_recogniser = fakes.Recogniser
        self.qtbot.addWidget(window)
        with self.qtbot.waitSignal(recognition.ready):
            window.show()
            window.start()
        return window


@pytest.fixture
def in_window(qtbot, own_home):
    made = WindowSetup(qtbot, own_home)
    yield made
    made.learn.gate.set()
    made.window.close()
    assert running.shut_down()


@pytest.mark.window
def test_closing_while_learning(in_window):
    window = in_window.window
    in_window.begin()
    # On Draw it is told by the next step.
    work, step = window.header.network.work, in_window.step
    in_window.qtbot.waitUntil(lambda: "25%" in step.accessibleDescription())
    assert work.isHidden()
    window.navigation.tabs.setCurrentWidget(window.train_tab)
    in_window.qtbot.waitUntil(lambda: work.isVisible() and work.text() == "Learning, 25%")
    window.close()
    assert window.isVisible()
    assert "your digits" in window.toast.label.text()
    in_window.learn.gate.set()
    in_window.qtbot.waitUntil(lambda: not window.isVisible())
    assert running.shut_down()
    assert [one for one in kept.list_fine_tuned() if one.info.before]


@pytest.mark.window
@pytest.mark.parametrize("asked", [True, False])
def test_nobody_has_to_wait_for_learning(in_window, asked):
    in_window.begin()
    if asked:
        in_window.window.close()
        assert in_window.window.isVisible()
    else:
        in_window.window.shutdown.close_without_prompt()
    in_window.window.close()
    in_window.qtbot.waitUntil(lambda: not in_window.window.isVisible())
    in_window.window.learning.stop()
    in_window.learn.gate.set()
    assert running.shut_down()


@pytest.mark.slow
@pytest.mark.window
def test_the_choice_is_remembered(in_window, own_home, qtbot):
    in_window.learn.gate.set()
    in_window.begin()
    in_window.wait_for_end()
    # It may not have answered yet.
    key = in_window.window.state.network_wanted.key
    assert key
    in_window.window.close()
    stored = json.loads((own_home / "config" / "preferences.json").read_text())["values"]
    assert stored["network"] == key
    again = in_window.make_window()
    assert again.state.answering_key == key
    again.close()
    assert running.shut_down()
