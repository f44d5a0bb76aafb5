"""A run whose settings change while it trains."""

from mnist_draw.recognition.run_session import RunSession
from mnist_draw.training import events


def train_with_changes(settings, folder, batch):
    """Change rate and L2 after a minibatch and an epoch; return the last parameters."""
    folder.mkdir()
    session = RunSession(settings, folder)
    session.begin()
    session.load()
    for event in session.events():
        if isinstance(event, events.BatchFinished) and (event.epoch, event.batch) == (1, batch):
            session.controls.change("learning_rate", 0.003)
        if isinstance(event, events.EpochFinished) and event.epoch == 1:
            session.controls.change("l2", 0.001)
    session.end()
    return event.parameters
