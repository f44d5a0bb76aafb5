"""The formats in which the figures of a run can be saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mnist_draw.training.runs.history import History
from mnist_draw.training.runs.record import Run


@dataclass(frozen=True)
class RunFormat:
    """A kind of file that holds the figures of a run.

    Attributes
    ----------
    name : str
        On the command line and in menus.
    ending : str
        Of its files' names, with the dot.
    title : str
        In menus and dialogs.
    meaning : str
        What is in it; for help texts, without a stop.
    pack : callable
        From a run and its figures to the file's bytes. Raises `UserError`.
    """

    name: str
    ending: str
    title: str
    meaning: str
    pack: Callable[[Run, History], bytes]


def _events(run: Run, history: History) -> bytes:
    from mnist_draw.training.runs.tensorboard import pack_events

    return pack_events(run, history)


#: All formats by name.
RUN_FORMATS: dict[str, RunFormat] = {
    entry.name: entry
    for entry in (
        RunFormat(
            "csv",
            ".csv",
            "Figures of each epoch (CSV)",
            "one line for each epoch: losses, accuracies, seconds, pictures per second",
            lambda run, history: history.epochs_csv(),
        ),
        RunFormat(
            "minibatches",
            ".csv",
            "Figures of each minibatch (CSV)",
            "one line for each minibatch: loss and accuracy",
            lambda run, history: history.minibatches_csv(),
        ),
        RunFormat(
            "tensorboard",
            ".tfevents",
            "Events of TensorBoard",
            "all figures with their times; open the file's folder with tensorboard --logdir",
            _events,
        ),
    )
}
