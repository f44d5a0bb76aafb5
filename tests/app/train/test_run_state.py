"""What events mean in figures, words and hints."""

from pathlib import Path

import pytest

from mnist_draw.app.train.finished_card import details
from mnist_draw.app.train.run_figures import EpochBar, Figures
from mnist_draw.app.train.run_state import Continued, Failed, RunState, Saved
from mnist_draw.app.train.shown_run import ShownRun, _load
from mnist_draw.library.entries import entry_of_run
from mnist_draw.training import events
from mnist_draw.training.events import BatchFinished
from mnist_draw.training.hints import diverged, read_curves, settled_since
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.record import Run, save_history, with_figures
from mnist_draw.training.settings import TrainingSettings

from ..fakes import Loop
from .conftest import figures


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
    state.apply(batch(2, 1, loss=0.25))
    assert state.training_loss == 0.25


def test_progress_and_time_left(state):
    idle = RunState()
    assert (idle.state, idle.busy, idle.run_part, idle.seconds_left) == ("idle", False, 0.0, None)
    state.apply(batch(1, 1))
    assert (state.epoch_part, state.run_part) == (0.25, 0.125)
    assert state.seconds_left == pytest.approx(0.07)
    for number in (2, 3, 4):
        state.apply(batch(1, number))
    state.apply(events.EpochFinished(1, 2, 0.1, 0.5, 0.9, 0.4, 0.95, 5000, True, ()))
    assert state.run_part == 0.5
    assert state.seconds_left == pytest.approx(0.1)
    assert (state.best.validation_accuracy, state.best.epoch) == (0.95, 1)
    # An added epoch lengthens the run.
    state.apply(events.BatchFinished(2, 4, 1, 4, 0.5, 0.9, 0.01))
    assert state.epochs == 4
    assert state.run_part < 0.5


def test_a_continued_run_shows_its_epochs_and_the_time_left_by_their_speed():
    state = RunState(TrainingSettings(epochs=10))
    state.begin()
    state.apply(Continued(figures(2), ()))
    assert (state.run_part, state.seconds_left) == (0.2, 8 * 60)
    state.apply(events.Started(3, 10, 4, 50, 200))
    assert (state.run_part, state.seconds_left) == (0.2, 8 * 60)
    # The first minibatches are slow.
    state.apply(events.BatchFinished(3, 10, 1, 4, 0.5, 0.9, 100.0))
    assert state.seconds_left == 60 * 7.75


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
    assert state.label == "Completed"
    assert state.run_part == 1.0
    assert state.seconds_left == 0
    assert state.test_accuracy == 0.9829
    assert state.speed == state.history.epochs[-1].images_per_second
    state.apply(Saved(Path("model.npz")))


def test_a_stop_asked_for_stays_visible(state):
    state.stopping()
    state.apply(batch(1, 1))
    assert state.state == "stopping"
    state.apply(events.Testing())
    state.apply(events.Finished("stopped", 0, 17.0, ()))
    assert (state.state, state.busy) == ("stopped", False)
    # Of what is not kept there are no figures.
    assert state.label == "Stopped before the first epoch"
    assert state.training_loss is state.speed is None
    assert not state.history.batch_losses


def test_a_first_epoch_that_is_stopped_within_is_called_so(state, tmp_path):
    state.apply(batch(1, 1))
    state.apply(events.EpochFinished(1, 2, 0.1, 0.5, 0.9, 0.4, 0.95, 5000, True, ()))
    state.apply(events.Finished("stopped", 1, 17.0, ()))
    assert (state.label, state.broken_off) == ("Stopped within epoch 1.", 1)
    shown = ShownRun(state)
    shown.tell_of_broken_epoch()
    assert "from the middle of epoch 1." in shown.trouble
    # It is listed, and shown again, as no complete epoch.
    shown.run = Run(tmp_path, TrainingSettings(epochs=2))
    shown.end()
    assert entry_of_run(shown.run).what.endswith("0 of 2 epochs, stopped")
    shown.run.save()
    save_history(tmp_path, state.history)
    again = _load(shown.run)
    assert again.trouble == shown.trouble
    assert (again.state.label, again.state.validation_accuracy) == ("Stopped within epoch 1.", 0.95)
    for one in (shown, again):
        assert (one.state.epochs_done, one.state.best) == (0, None)
        assert "not tested yet, after 0 epochs in" in details(one)


def test_of_an_epoch_that_failed_no_figures_remain(state):
    for number in (1, 2, 3, 4):
        state.apply(batch(1, number))
    state.apply(events.EpochFinished(1, 2, 0.1, 0.5, 0.9, 0.4, 0.95, 5000, True, ()))
    shown = state.training_loss, state.training_accuracy, state.elapsed
    state.apply(batch(2, 1))
    assert state.elapsed > shown[2]
    state.apply(Failed("The memory is full."))
    assert (state.training_loss, state.training_accuracy, state.elapsed) == shown


def test_states_and_their_words(state):
    for event, label in (
        (events.Compiling("the training function", 0, 2), "Getting ready"),
        (events.Started(1, 2, 4, 50, 200), "Epoch 1 of 2"),
        (events.Paused(1, 3), "Paused at 1 of 2"),
        (events.Resumed(1, 3), "Epoch 1 of 2"),
        (events.Validating(1), "Epoch 1 of 2"),
        (events.Testing(), "Reading 10,000 test pictures"),
        (events.Finished("diverged", 0, 1.0, ()), "Stopped: the loss grew without limit"),
        (events.Finished("stopped", 0, 1.0, ()), "Stopped before the first epoch"),
        (Failed("The batch size is 0."), "Not started"),
    ):
        state.apply(event)
        assert state.label == label
    assert (state.state, state.busy) == ("failed", False)


@pytest.mark.parametrize(
    ("reason", "label"),
    [
        ("completed", "Completed"),
        ("stopped", "Stopped after 3 of 20 epochs."),
        ("interrupted", "Can go on after 3 of 20 epochs."),
        ("running", "Can go on after 3 of 20 epochs."),
    ],
)
def test_a_run_of_before_is_as_it_was(reason, label):
    made = figures(3)
    run = with_figures(Run(Path("x"), TrainingSettings(epochs=20), state=reason), made)
    state = RunState.of_run(run, made)
    assert (state.label, state.epoch, state.busy) == (label, 3, False)
    assert state.validation_accuracy == 0.95
    assert state.elapsed == 180


@pytest.mark.parametrize(
    ("epochs", "segments"),
    [(1, 1), (60, 60), (61, 13), (300, 60), (301, 31), (3000, 60)],
)
def test_a_bar_has_a_segment_for_each_epoch_or_for_several(qtbot, epochs, segments):
    bar, state = EpochBar(), RunState()
    qtbot.addWidget(bar)
    state.epochs = epochs
    bar.show_state(state)
    assert bar.segments == segments


def test_a_longer_figure_moves_no_other(show):
    row = show(Figures(), 1300, 120)
    state = RunState()
    row.show_state(state)
    before = [figure.geometry() for figure in row.small]
    state.apply(BatchFinished(1, 1, 1, 1, 123456789.0, 0.9, 0.01))
    row.show_state(state)
    row.layout().activate()
    assert [figure.geometry() for figure in row.small] == before


# -- hints


def epochs(training, validation):
    return [
        EpochFigures(n + 1, 1.0, t, 0.9, v, 0.9, 1e4)
        for n, (t, v) in enumerate(zip(training, validation, strict=True))
    ]


SETTINGS = TrainingSettings(learning_rate=0.01)
_UNSTEADY = "rise and fall"
#: Losses with a new minimum in each of the last epochs, after one that rose.
_WAVERING = [0.0605, 0.061, 0.0604, 0.0602, 0.06]


@pytest.mark.parametrize(
    ("training", "validation", "says", "changes"),
    [
        ([], [], "never seen", ""),
        ([1.0], [0.9], "Each epoch shows", ""),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.9, 0.7, 0.6, 0.5, 0.4], "Both losses fall", ""),
        ([1.0, 0.8, 0.6, 0.5, 0.52], [0.9, 0.7, 0.6, 0.5, 0.4], "rise and fall", ""),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.5, 0.5, 0.51, 0.52, 0.53], "by heart", "augmentation"),
        ([0.5, 0.5, 0.6, 0.7, 0.8], [0.5, 0.5, 0.5, 0.5, 0.5], "has risen", "learning_rate"),
        ([0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5, 0.5], "Neither loss", "learning_rate"),
        # What is said is true of the figures: each has risen, none has a new minimum.
        ([0.03, 0.0288, 0.029, 0.0286, 0.0292], [0.062, 0.061, 0.06, 0.06, 0.058], _UNSTEADY, ""),
        ([0.03, 0.029, 0.0291, 0.0289, 0.029], _WAVERING, "Both losses fall", ""),
        ([0.03, 0.029, 0.028, 0.027, 0.026], _WAVERING, "Both losses fall", ""),
        ([0.029, 0.03, 0.03, 0.03, 0.03], _WAVERING, _UNSTEADY, ""),
    ],
)
def test_reading(training, validation, says, changes):
    hint = read_curves(epochs(training, validation), SETTINGS)
    assert says in hint.sentence
    assert hint.name == changes
    assert bool(hint.remedy) == bool(changes)
    if changes == "learning_rate":
        assert (hint.value, hint.remedy) == (0.003, "Set the rate to 0.003")


def test_after_divergence_the_usual_rate_is_advised():
    for rule, rate, advised in (("adam", 10.0, 0.001), ("sgd", 10.0, 0.1), ("adam", 0.001, 0.0001)):
        wild = TrainingSettings(update=rule, learning_rate=rate)
        told = diverged(2, wild)
        assert "without limit in epoch 2" in told.sentence
        silent = read_curves(epochs([1.0], [0.9]), wild, (0.99,))
        assert "99 % of a layer" in silent.sentence
        # A unit that is silent stays so: what helps is for a new run, whatever the rate is now.
        slow = wild.replace(learning_rate=1e-9)
        assert silent.is_afresh
        assert read_curves(epochs([1.0], [0.9]), slow, (0.99,), wild) == silent
        for hint in (told, silent):
            assert hint.value == advised
            assert hint.remedy == f"Set the rate to {advised:g}"
        # A penalty that no network bears is named before a rate that is not unusual.
        for hint in (
            diverged(2, wild.replace(l2=5.0)),
            read_curves(epochs([2.3], [2.3]), SETTINGS.replace(l2=5.0)),
        ):
            assert "L2 penalty of 5" in hint.sentence
            assert (hint.name, hint.value) == ("l2", 0.0)


def test_it_has_settled_only_where_three_epochs_changed_little():
    level = [0.9, 0.5, 0.3, 0.2, 0.2, 0.2, 0.2]
    for training, validation, settled in (
        (level, level, True),
        (level, [*level[:-1], 0.197], False),
        # Its weights may hardly move while the losses still fall.
        ([1.2, 1.19, 1.18, 1.17, 1.16], [1.2, 1.18, 1.16, 1.14, 1.12], False),
        # Level from its start, it has learnt nothing.
        ([2.3] * 5, [2.3] * 5, False),
    ):
        hint = read_curves(epochs(training, validation), SETTINGS)
        assert ("has settled" in hint.sentence) == settled
    assert settled_since(epochs(level, level)) == 4


def test_learning_by_heart_despite_augmentation_asks_for_l2():
    overfitted = epochs([1.0, 0.8, 0.6, 0.5, 0.4], [0.5, 0.5, 0.51, 0.52, 0.53])
    for l2, advised in ((0.0, 1e-4), (0.001, 0.003)):
        hint = read_curves(overfitted, SETTINGS.replace(augmentation="pen", l2=l2))
        assert (hint.name, hint.value) == ("l2", advised)


def test_many_silent_units():
    falling = epochs([1.0, 0.8], [0.9, 0.7])
    assert "50 % of a layer" in read_curves(falling, SETTINGS, (0.1, 0.5)).sentence
    assert "Each epoch" in read_curves(falling, SETTINGS, (0.1, 0.2)).sentence
