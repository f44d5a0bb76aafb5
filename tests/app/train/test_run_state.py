"""What events mean in figures, words and hints."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_draw.app.train.run_figures import FiguresRow, ProgressRow
from mnist_draw.app.train.run_state import Failed, RunState, Saved
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.training import events
from mnist_draw.training.events import BatchFinished, Compiling
from mnist_draw.training.hints import Hint, diverged, read_curves
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.settings import TrainingSettings

from ..fakes import Loop


def batch(epoch, number, loss=0.5, accuracy=0.9):
    """Return a minibatch of 4 in one of 2 epochs, learnt in 10 ms."""
    return events.BatchFinished(epoch, 2, number, 4, loss, accuracy, 0.01)


@pytest.fixture
def state():
    """Return the state of a run that has just started: 2 epochs of 4 minibatches of 50."""
    state = RunState()
    state.begin()
    state.apply(events.Started(1, 2, 4, 50, 200))
    return state


def test_training_figures_are_means_over_the_epoch_so_far(state):
    state.apply(batch(1, 1, loss=1.0, accuracy=0.5))
    state.apply(batch(1, 2, loss=0.5, accuracy=0.7))
    assert state.training_loss == pytest.approx(0.75)
    assert state.training_accuracy == pytest.approx(0.6)
    assert state.batch_loss == 0.5
    state.apply(batch(2, 1, loss=0.25))
    assert state.training_loss == 0.25


def test_progress_and_time_left(state):
    idle = RunState()
    assert (idle.state, idle.busy, idle.run_part, idle.seconds_left) == ("idle", False, 0.0, None)
    state.apply(batch(1, 1))
    assert (state.epoch_part, state.run_part) == (0.25, 0.125)
    assert state.seconds_left == pytest.approx(0.07)
    assert state.speed == pytest.approx(5000)
    state.apply(events.EpochFinished(1, 2, 0.1, 0.5, 0.9, 0.4, 0.95, 5000, True, ()))
    assert state.run_part == 0.5
    assert state.seconds_left == pytest.approx(0.1)
    assert (state.best_loss, state.best_accuracy) == (0.4, 0.95)
    # An added epoch lengthens the run.
    state.apply(events.BatchFinished(2, 4, 1, 4, 0.5, 0.9, 0.01))
    assert state.epochs == 4
    assert state.run_part < 0.5


def test_a_whole_run_ends_full_and_in_words():
    state = RunState()
    state.begin()
    seen = []
    for event in Loop()(TrainingSettings(epochs=3)):
        state.apply(event)
        if state.state not in seen[-1:]:
            seen.append(state.state)
    assert seen == [
        "compiling", *["training", "validating"] * 3, "training", "testing", "finished",
    ]  # fmt: skip
    assert state.label == "Finished · 3 epochs in 0:00"
    assert state.run_part == 1.0
    assert state.seconds_left == 0
    assert state.test_accuracy == 0.9829
    state.apply(Saved(Path("model.npz")))


def test_a_stop_asked_for_stays_visible(state):
    state.stopping()
    state.apply(batch(1, 1))
    assert state.state == "stopping"
    state.apply(events.Testing())
    state.apply(events.Finished("stopped", 0, 17.0, ()))
    assert (state.state, state.busy) == ("stopped", False)
    # Without a whole epoch it took no time worth telling.
    assert state.label == "Stopped · 0 of 2 epochs"


def test_pause_compiling_and_failure_are_told(state):
    for event, label in (
        (events.Paused(1, 3), "Paused in epoch 1 after minibatch 3 of 4"),
        (events.Paused(2, 0), "Paused between epoch 1 and epoch 2"),
        (events.Paused(1, 0), "Paused before the first minibatch"),
        (
            events.Compiling("the training function", 0, 2),
            "Compiling the training function, 1 of 2",
        ),
        (events.Compiling("the augmentation, once", 0, 1), "Compiling the augmentation, once"),
    ):
        state.apply(event)
        assert state.label == label
    state.apply(events.Resumed(1, 3))
    assert state.state == "training"
    state.apply(Failed("The batch size is 0."))
    assert (state.state, state.message, state.busy) == ("failed", "The batch size is 0.", False)


def test_a_longer_figure_moves_no_other(qtbot):
    row = FiguresRow()
    qtbot.addWidget(row)
    row.resize(900, 80)
    row.show()
    state = RunState()
    row.show_state(state)
    before = [figure.geometry() for figure in row._figures]
    state.apply(BatchFinished(1, 1, 1, 1, 123456789.0, 0.9, 0.01))
    row.show_state(state)
    row.layout().activate()
    assert [figure.geometry() for figure in row._figures] == before


def test_the_number_of_the_epoch_may_grow_and_compiling_is_no_progress(qtbot):
    row = ProgressRow()
    qtbot.addWidget(row)
    state = RunState()
    state.apply(Compiling("the validation function", 1, 2))
    row.show_state(state)
    assert row.epoch_bar.value() == row.run_bar.value() == 0
    state.epochs, state.epoch = 1000, 9
    row.show_state(state)
    width = row.epoch.width()
    state.epoch = 1000
    row.show_state(state)
    assert row.epoch.width() == width


# -- hints


def epochs(training, validation):
    return [
        EpochFigures(n + 1, 1.0, t, 0.9, v, 0.9, 1e4)
        for n, (t, v) in enumerate(zip(training, validation, strict=True))
    ]


SETTINGS = TrainingSettings(learning_rate=0.01)


@pytest.mark.parametrize(
    ("training", "validation", "says", "changes"),
    [
        ([], [], "Only the second counts", ""),
        ([1.0], [0.9], "Each epoch shows", ""),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.9, 0.7, 0.6, 0.5, 0.4], "Both losses fall", ""),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.5, 0.5, 0.51, 0.52, 0.53], "by heart", "augmentation"),
        ([0.5, 0.5, 0.6, 0.7, 0.8], [0.5, 0.5, 0.5, 0.5, 0.5], "has risen", "learning_rate"),
        ([0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5, 0.5], "Neither loss", "learning_rate"),
    ],
)
def test_reading(training, validation, says, changes):
    hint = read_curves(epochs(training, validation), SETTINGS)
    assert says in hint.sentence
    assert hint.name == changes
    assert bool(hint.remedy) == bool(changes)
    if changes == "learning_rate":
        assert (hint.value, hint.remedy) == (0.003, "Set the learning rate to 0.003")


def test_after_divergence_the_usual_rate_is_advised():
    for rule, rate, advised in (("adam", 10.0, 0.001), ("sgd", 10.0, 0.1), ("adam", 0.001, 0.0001)):
        wild = TrainingSettings(update=rule, learning_rate=rate)
        told = diverged("The loss became nan.", wild)
        assert (told.sentence, told.value) == ("The loss became nan.", advised)
        silent = read_curves(epochs([1.0], [0.9]), wild, (0.99,))
        assert silent.value == advised
        assert "do not come back" in silent.sentence
        assert f"{advised:g}." in silent.sentence


def test_learning_by_heart_despite_augmentation_asks_for_l2():
    overfitted = epochs([1.0, 0.8, 0.6, 0.5, 0.4], [0.5, 0.5, 0.51, 0.52, 0.53])
    for l2, advised in ((0.0, 1e-4), (0.001, 0.003)):
        hint = read_curves(overfitted, SETTINGS.replace(augmentation="pen", l2=l2))
        assert (hint.name, hint.value) == ("l2", advised)


def test_many_silent_units():
    falling = epochs([1.0, 0.8], [0.9, 0.7])
    assert "50 % of a layer" in read_curves(falling, SETTINGS, (0.1, 0.5)).sentence
    assert "Each epoch" in read_curves(falling, SETTINGS, (0.1, 0.2)).sentence


def test_the_button_applies_the_remedy(qtbot):
    tab = TrainTab()
    qtbot.addWidget(tab)
    for name, value in (("learning_rate", 0.5), ("l2", 0.25), ("augmentation", "warp")):
        tab.hint.show_hint(Hint("", "x", name, value))
        tab.hint.remedy.click()
        assert getattr(tab.settings.settings(), name) == value
        assert tab.hint.remedy.isHidden()
    tab.drawer.examples.show_recipe("off", None, 1)
