"""The figures of a run as an event file of TensorBoard, written by tensorboardX.

It holds one point for each epoch (``loss/training``, ``loss/validation``, ``accuracy/training``,
``accuracy/validation``, ``pictures_per_second``), one for each minibatch (``minibatch/loss``,
``minibatch/accuracy``; its step is the minibatch, counted from 1), the two figures of the test, and
the settings as text. Losses are in nats, accuracies shares from 0 to 1. The times are those of the
run. TensorBoard reads every file whose name contains ``tfevents``.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_draw.errors import MissingPackageError
from mnist_draw.training.settings import SETTINGS

if TYPE_CHECKING:
    from mnist_draw.training.runs.history import History
    from mnist_draw.training.runs.record import Run

_STARTED = "%Y-%m-%d %H:%M:%S"


def pack_events(run: Run, history: History) -> bytes:
    """Return the bytes of an event file."""
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise MissingPackageError(
            "Writing events of TensorBoard", "tensorboardX", "export"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        # One writer, so one file; none of its own is started by a full queue.
        with SummaryWriter(folder, write_to_disk=True) as writer:
            for name, value, step, moment in _points(history, _start(run)):
                writer.add_scalar(name, value, step, walltime=moment)
            writer.add_text("settings", _settings(run), 0, walltime=_start(run))
        [path] = Path(folder).glob("*tfevents*")
        return path.read_bytes()


def _points(history: History, start: float) -> Iterator[tuple[str, float, int, float]]:
    """Yield name, value, step and time of each point; times are seconds since 1970."""
    moment = start
    for figures in history.epochs:
        moment += figures.seconds
        told: dict[str, float] = {
            "loss/training": figures.training_loss,
            "loss/validation": figures.validation_loss,
            "accuracy/training": figures.training_accuracy,
            "accuracy/validation": figures.validation_accuracy,
            "pictures_per_second": figures.images_per_second,
        }
        for name, value in told.items():
            yield name, value, figures.epoch, moment
    share = (moment - start) / max(1, len(history.batch_losses))
    batches = zip(history.batch_losses, history.batch_accuracies, strict=True)
    for number, (loss, accuracy) in enumerate(batches, 1):
        yield "minibatch/loss", loss, number, start + number * share
        yield "minibatch/accuracy", accuracy, number, start + number * share
    if history.test_loss is not None:
        yield "loss/test", history.test_loss, len(history.epochs), moment
    if history.test_accuracy is not None:
        yield "accuracy/test", history.test_accuracy, len(history.epochs), moment


def _start(run: Run) -> float:
    try:
        # Older records have no seconds.
        return time.mktime(time.strptime(f"{run.started}:00"[:19], _STARTED))
    except (ValueError, OverflowError):
        return 0.0


def _settings(run: Run) -> str:
    """Return a table in Markdown, as TensorBoard shows texts."""
    values: dict[str, Any] = {setting.title: run.words(name) for name, setting in SETTINGS.items()}
    rows = [f"| {title} | {value} |" for title, value in values.items()]
    return "\n".join(["| setting | value |", "|---|---|", *rows])
