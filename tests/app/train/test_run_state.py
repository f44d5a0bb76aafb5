"""What events mean in figures and words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_draw.app.train.run_state import Failed, RunState, Saved
from mnist_draw.training import events
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
    state.take(events.Started(1, 2, 4, 50, 200))
    return state


def test_idle_knows_nothing():
    state = RunState()
    assert (state.state, state.busy, state.run_part, state.seconds_left) == (
        "idle", False, 0.0, None,
    )  # fmt: skip


def test_training_figures_are_means_over_the_epoch_so_far(state):
    state.take(batch(1, 1, loss=1.0, accuracy=0.5))
    state.take(batch(1, 2, loss=0.5, accuracy=0.7))
    assert state.training_loss == pytest.approx(0.75)
    assert state.training_accuracy == pytest.approx(0.6)
    assert state.batch_loss == 0.5
    state.take(batch(2, 1, loss=0.25))
    assert state.training_loss == 0.25


def test_progress_and_time_left(state):
    state.take(batch(1, 1))
    assert (state.epoch_part, state.run_part) == (0.25, 0.125)
    assert state.seconds_left == pytest.approx(0.07)
    assert state.speed == pytest.approx(5000)
    state.take(events.EpochFinished(1, 2, 0.1, 0.5, 0.9, 0.4, 0.95, 5000, True, ()))
    assert state.run_part == 0.5
    assert state.seconds_left == pytest.approx(0.1)
    assert (state.best_loss, state.best_accuracy) == (0.4, 0.95)


def test_an_added_epoch_lengthens_the_run(state):
    state.take(batch(1, 4))
    before = state.run_part
    state.take(events.BatchFinished(2, 4, 1, 4, 0.5, 0.9, 0.01))
    assert state.epochs == 4
    assert state.run_part < before


def test_a_whole_run_ends_full_and_in_words():
    state = RunState()
    state.begin()
    seen = []
    for event in Loop()(TrainingSettings(epochs=3)):
        state.take(event)
        if state.state not in seen[-1:]:
            seen.append(state.state)
    assert seen == [
        "compiling", *["training", "validating"] * 3, "training", "testing", "finished",
    ]  # fmt: skip
    assert state.label == "Finished · 3 epochs in 0:00"
    assert state.run_part == 1.0
    assert state.seconds_left == 0
    assert state.test_accuracy == 0.9829
    state.take(Saved(Path("model.npz")))


def test_a_stop_asked_for_stays_visible(state):
    state.stopping()
    state.take(batch(1, 1))
    assert state.state == "stopping"
    state.take(events.Testing())
    state.take(events.Finished("stopped", 0, 1.0, ()))
    assert (state.state, state.busy) == ("stopped", False)


def test_pause_names_the_place(state):
    state.take(events.Paused(1, 3))
    assert state.label == "Paused in epoch 1 after minibatch 3 of 4"
    state.take(events.Paused(2, 0))
    assert state.label == "Paused between epoch 1 and epoch 2"
    state.take(events.Paused(1, 0))
    assert state.label == "Paused before the first minibatch"
    state.take(events.Resumed(1, 3))
    assert state.state == "training"


def test_compiling_names_the_function():
    state = RunState()
    state.begin()
    state.take(events.Compiling("the training function", 0, 2))
    assert state.label == "Compiling the training function, 1 of 2"
    state.take(events.Compiling("the augmentation, once", 0, 1))
    assert state.label == "Compiling the augmentation, once"


def test_failure_keeps_the_sentence(state):
    state.take(Failed("The batch size is 0."))
    assert (state.state, state.message, state.busy) == ("failed", "The batch size is 0.", False)


def test_a_run_without_a_whole_epoch_took_no_time_worth_telling(state):
    state.take(batch(1, 1))
    state.take(events.Finished("stopped", 0, 17.0, ()))
    assert state.label == "Stopped · 0 of 2 epochs"
