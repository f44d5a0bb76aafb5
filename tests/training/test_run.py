"""What events mean in a run: its state, figures, words and messages; and what its curves say."""

import copy
from pathlib import Path

import pytest

from mnist_draw.library.entries import entry_of_run
from mnist_draw.training import events
from mnist_draw.training.history import History
from mnist_draw.training.record import load_run, save_history, save_record
from mnist_draw.training.run import RUNNING, STATE_WORDS, Run
from mnist_draw.training.settings import TrainingSettings

SETTINGS = TrainingSettings(epochs=2, learning_rate=0.01)


def batch(epoch, number, loss=0.5, accuracy=0.9, epochs=2):
    """Return a minibatch of 4, learned in 10 ms."""
    return events.BatchFinished(epoch, epochs, number, 4, loss, accuracy, 0.01)


def finished_epoch(epoch, epochs=2, loss=0.4, accuracy=0.95):
    return events.EpochFinished(epoch, epochs, 0.1, 0.5, 0.9, loss, accuracy, 5000, True, ())


def whole_epoch(epoch, epochs=2):
    batches = [batch(epoch, number, epochs=epochs) for number in (1, 2, 3, 4)]
    return [*batches, finished_epoch(epoch, epochs)]


def finished(reason, done, epochs=2):
    return events.Finished(reason, done, (), epochs)


def after(*happened, folder=Path("one")):
    """Return a run of 2 epochs of 4 minibatches that has started, after some events."""
    run = Run(folder, SETTINGS)
    started = events.Started(1, 2, 4)
    for event in (events.Requested(SETTINGS), started, *happened):
        run.apply(event)
    return run


def figures(epochs):
    """Return the figures of some epochs with one minibatch each."""
    history = History()
    for epoch in range(1, epochs + 1):
        history.add(events.BatchFinished(epoch, 20, 1, 1, 1 / epoch, 0.5, 0.01))
        history.add(events.EpochFinished(epoch, 20, 60, 0.3, 0.9, 0.2 / epoch, 0.95, 9, True, ()))
    return history


_EPOCH = whole_epoch(1)
_PARTLY = (batch(1, 1), finished_epoch(1))
_COMPILING = events.Compiling("the validation function", 1, 2)


@pytest.mark.parametrize(
    ("happened", "state", "label"),
    [
        ((events.Requested(SETTINGS),), "loading", "Getting ready"),
        ((events.Queued(),), "waiting", "Epoch 1 of 2"),
        ((_COMPILING,), "compiling", "Getting ready"),
        ((batch(1, 1), _COMPILING), "compiling", "Epoch 1 of 2"),
        ((), "training", "Epoch 1 of 2"),
        ((batch(1, 1), events.Paused()), "paused", "Paused at 1 of 2"),
        ((events.Paused(), events.EpochAdded(3)), "paused", "Paused at 1 of 3"),
        ((events.Paused(), events.Resumed()), "training", "Epoch 1 of 2"),
        ((events.Validating(),), "validating", "Epoch 1 of 2"),
        ((*_EPOCH, batch(2, 1)), "training", "Epoch 2 of 2"),
        ((events.Testing(),), "testing", "Checking 10,000 pictures"),
        ((events.StopRequested(),), "stopping", "Stopping"),
        # A requested stop stays visible until it happens.
        ((events.StopRequested(), batch(1, 1), _COMPILING), "stopping", "Stopping"),
        ((*_EPOCH, finished("completed", 1)), "completed", "Completed"),
        ((*_EPOCH, finished("early", 1)), "early", "Completed"),
        ((*_EPOCH, finished("stopped", 1)), "stopped", "Stopped in epoch 2 of 2."),
        ((batch(1, 1), finished("stopped", 0)), "stopped", "Stopped before the first epoch"),
        ((*_PARTLY, finished("stopped", 1)), "stopped", "Stopped in epoch 1 of 2."),
        ((finished("diverged", 0),), "diverged", "Stopped: the loss grew without limit"),
        ((events.Failed("No folder."),), "failed", "Not started"),
        ((*_EPOCH, events.Failed("No memory.")), "failed", "Stopped in epoch 2 of 2."),
        ((*_EPOCH, events.Interrupted()), "interrupted", "Can be continued after 1 of 2 epochs."),
        # That its network could not be saved does not change how it ended.
        ((*_EPOCH, finished("completed", 1), events.Failed("Full.")), "completed", "Completed"),
    ],
)
def test_events_lead_to_a_state_and_its_words(happened, state, label):
    run = after(*happened)
    assert (run.state, run.label) == (state, label)
    assert run.is_running == (state in RUNNING)
    assert run.has_ended == (state in STATE_WORDS)


@pytest.mark.parametrize(
    ("happened", "words"),
    [
        ((events.RunMessage("Set aside.", "note"),), "Set aside."),
        # Before the first minibatch they are joined.
        (
            (events.RunMessage("Set aside.", "note"), events.BatchSizeChosen(90, 500, 900)),
            "Set aside. The batch size is 90",
        ),
        ((batch(1, 1), events.CheckpointFailed("Full.")), "Full."),
        ((batch(1, 1), events.CheckpointFailed("Full."), finished_epoch(1)), ""),
        ((events.CheckpointFailed("Full."), events.Checkpointed(Path(), 1)), ""),
        ((events.Failed("No memory."),), "No memory."),
        ((events.Rescued(Path("x"), "opened:x", "Saved in x."),), "Saved in x."),
        ((batch(1, 1), finished("stopped", 0)), "so nothing is kept."),
        ((*_PARTLY, finished("stopped", 1)), "from the middle of epoch 1."),
        ((*_EPOCH, batch(2, 1), finished("stopped", 1)), "weights of epoch 1 were kept."),
        ((*_EPOCH, finished("stopped", 1)), ""),
    ],
)
def test_messages(happened, words):
    message = after(*happened).message
    assert words in message.text if words else message is None


@pytest.mark.parametrize(
    ("happened", "can_continue", "can_be_tried", "network_file"),
    [
        ((), False, False, None),
        ((*_EPOCH, events.Checkpointed(Path(), 1)), False, True, None),
        ((*_EPOCH, events.Checkpointed(Path(), 1), finished("stopped", 1)), True, True, None),
        ((*_EPOCH, finished("completed", 1), events.Saved()), False, True, "one/model.npz"),
        (
            (*_EPOCH, finished("completed", 1), events.Rescued(Path("x"), "opened:x", "")),
            False,
            True,
            "x",
        ),
        # The file is of an earlier epoch.
        ((events.Saved(), *_EPOCH), False, True, None),
        (
            (
                *_EPOCH,
                events.Checkpointed(Path(), 1),
                finished("completed", 1),
                events.Saved(),
                events.Deleted(),
            ),
            False,
            True,
            None,
        ),
        ((finished("completed", 1), events.Restored(True, True)), True, True, "one/model.npz"),
    ],
)
def test_what_is_on_disk(happened, can_continue, can_be_tried, network_file):
    run = after(*happened)
    assert (run.can_continue, run.can_be_tried) == (can_continue, can_be_tried)
    assert run.network_file == (None if network_file is None else Path(network_file))


def test_training_figures_are_means_over_the_epoch_so_far():
    run = after(batch(1, 1, loss=1.0, accuracy=0.5), batch(1, 2, loss=0.5, accuracy=0.7))
    assert run.training_loss == pytest.approx(0.75)
    assert run.training_accuracy == pytest.approx(0.6)
    run = after(*_EPOCH, batch(2, 1, loss=0.25))
    assert run.training_loss == 0.25


def test_progress_and_time_left():
    idle = Run()
    assert (idle.state, idle.is_running, idle.run_part, idle.seconds_left) == (
        "idle",
        False,
        0,
        None,
    )
    run = after(batch(1, 1))
    assert (run.epoch_part, run.run_part) == (0.25, 0.125)
    # Until ten minibatches are through, it is what was expected.
    assert run.seconds_left is None
    run.apply(events.Requested(SETTINGS, 60))
    assert run.seconds_left == 60
    run = after(*_EPOCH)
    assert run.run_part == 0.5
    assert run.seconds_left == pytest.approx(0.1)
    assert (run.best.validation_accuracy, run.best.epoch) == (0.95, 1)


def test_the_time_left_is_steady():
    run = Run(settings=SETTINGS.replace(epochs=4))
    for number in range(1, 11):
        # The first one is slow.
        seconds = 9 if number == 1 else 0.1
        run.apply(events.BatchFinished(1, 4, number, 20, 0.5, 0.9, seconds))
    assert run.seconds_to_validation == pytest.approx(1)
    # An epoch has twenty, and a tenth for its validation.
    assert run.seconds_left == pytest.approx(3.5 * 2.2)
    run = Run(settings=SETTINGS.replace(epochs=4))
    for number, seconds in ((1, 3.0), (2, 30.0)):
        figures = 0.3, 0.9, 0.2, 0.9, 9.0
        run.apply(events.EpochFinished(number, 4, seconds, *figures, True, ()))
    assert run.seconds_left == pytest.approx(2 * 4)


def test_the_latest_minibatches_say_how_a_first_epoch_does():
    run = Run()
    assert run.latest_accuracy is None
    for number in range(1, 13):
        run.apply(events.BatchFinished(1, 2, number, 20, 0.5, 0.5 if number > 2 else 0.1, 0.01))
    assert run.latest_accuracy == pytest.approx(0.5)


def test_a_schedule_lowers_the_learning_rate_that_is_shown():
    run = Run(settings=SETTINGS.replace(schedule="cosine", learning_rate=0.01, epochs=2))
    assert run.learning_rate == 0.01
    run.apply(events.BatchFinished(2, 2, 1, 4, 0.5, 0.9, 0.01))
    assert run.learning_rate == pytest.approx(0.005)


def test_guessing_is_right_for_one_of_the_classes():
    assert Run().guessing == 0.1
    letters = SETTINGS.replace(network="mlp#26")
    assert Run(settings=letters).guessing == pytest.approx(1 / 26)


def test_planned_epochs_have_one_number():
    run = after(events.EpochAdded(3))
    assert (run.epochs, run.settings.epochs, run.run_part) == (3, 3, 0)
    # A minibatch from before the request changes nothing.
    run.apply(batch(1, 1, epochs=2))
    assert run.epochs == 3
    run.apply(batch(1, 2, epochs=4))
    assert run.epochs == 4
    # The loop has the last word: an epoch that was added too late is not trained.
    run.apply(finished("completed", 2, epochs=2))
    assert run.epochs == 2
    assert run.title.endswith("2 epochs")


def test_a_continued_run_shows_its_epochs_and_the_time_left_by_their_speed():
    settings = TrainingSettings(epochs=10)
    run = Run(Path("one"), settings)
    run.apply(events.Requested(settings))
    run.apply(events.Continued(figures(2), (), settings))
    assert (run.run_part, run.seconds_left) == (0.2, 8 * 60)
    run.apply(events.Started(3, 10, 4))
    assert (run.run_part, run.seconds_left) == (0.2, 8 * 60)
    # The first minibatches are slow.
    run.apply(events.BatchFinished(3, 10, 1, 4, 0.5, 0.9, 100.0))
    assert run.seconds_left == 60 * 7.75


def test_a_requested_copy_leaves_the_run_before_as_it_was():
    before = after(*_EPOCH, finished("completed", 1), events.Tested(0.07, 0.98))
    again = copy.copy(before)
    again.apply(events.Requested(SETTINGS.replace(epochs=3)))
    again.apply(events.Failed("It is in use elsewhere."))
    assert (before.state, before.epochs, before.test_accuracy) == ("completed", 2, 0.98)


def test_of_an_epoch_that_failed_no_figures_remain():
    run = after(*_EPOCH)
    shown = run.training_loss, run.training_accuracy, run.seconds
    run.apply(batch(2, 1))
    assert run.seconds > shown[2]
    run.apply(events.Failed("The memory is full."))
    assert (run.training_loss, run.training_accuracy, run.seconds) == shown
    assert len(run.history.batch_losses) == 4


def test_a_first_epoch_that_is_stopped_within_is_no_complete_one(tmp_path):
    run = after(*_PARTLY, finished("stopped", 1), folder=tmp_path)
    assert entry_of_run(run).what.endswith("0 of 2 epochs, stopped")
    save_record(run)
    save_history(tmp_path, run.history)
    again = load_run(tmp_path)
    assert (again.message, again.label) == (run.message, run.label)
    assert again.validation_accuracy == 0.95
    for one in (run, again):
        assert (one.epochs_done, one.best) == (0, None)


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("completed", "Completed"),
        ("stopped", "Stopped in epoch 4 of 20."),
        ("interrupted", "Can be continued after 3 of 20 epochs."),
        ("running", "Can be continued after 3 of 20 epochs."),
    ],
)
def test_a_stored_run_is_as_it_was(tmp_path, state, label):
    run = Run(tmp_path, TrainingSettings(epochs=20), state=state, history=figures(3))
    save_record(run)
    save_history(tmp_path, run.history)
    loaded = load_run(tmp_path)
    assert (loaded.label, loaded.epoch, loaded.is_running) == (label, 3, False)
    assert loaded.validation_accuracy == 0.95
    assert loaded.seconds == 180
