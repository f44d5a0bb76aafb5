"""Small runs of the loop, for the tests beside this file."""

from typing import TypeVar

from mnist_draw.training.events import Event, Finished
from mnist_draw.training.loop import train
from mnist_draw.training.settings import TrainingSettings

#: Two epochs of six minibatches of 100 digits, on a network of 32 hidden units with dropout.
SMALL = TrainingSettings(
    network="custom_mlp:1,32,0.2,0.5",
    batch_size=100,
    epochs=2,
    learning_rate=0.003,
)

E = TypeVar("E")


def run(settings, listener=None, **how):
    """Train to the end and return all events; the listener sees each before the loop goes on."""
    seen: list[Event] = []
    for event in train(settings, **how):
        seen.append(event)
        if listener is not None:
            listener(event)
    return seen


def of(kind, seen):
    """Return the events of one kind."""
    return [event for event in seen if isinstance(event, kind)]


def end(seen):
    """Return the last event, which tells how the run ended."""
    assert isinstance(seen[-1], Finished)
    return seen[-1]


def same(first, second):
    """Tell whether two lists of arrays hold the same bits."""
    return all(
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
        for one, other in zip(first, second, strict=True)
    )


def assert_same_run(first, second):
    """Everything but the seconds it took."""
    assert first.settings == second.settings
    assert (first.epoch, first.data) == (second.epoch, second.data)
    assert same(first.parameters, second.parameters)
    assert same(first.state, second.state)
    assert same(first.figures[:2], second.figures[:2])
    timeless = [0, 2, 3, 4, 5]
    assert same([first.figures[2][:, timeless]], [second.figures[2][:, timeless]])
    assert (first.best_epoch, first.best_loss) == (second.best_epoch, second.best_loss)
    assert same(first.best_parameters, second.best_parameters)
