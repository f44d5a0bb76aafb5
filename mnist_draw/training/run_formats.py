"""The formats in which the figures of a run can be saved."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mnist_draw.errors import MissingPackageError
from mnist_draw.i18n import _
from mnist_draw.training.history import EPOCH_COLUMNS, History, figures_table
from mnist_draw.training.run import Run
from mnist_draw.training.updates import learning_rate_at


@dataclass(frozen=True)
class FileFormat:
    """A kind of file that holds the figures of a run, or a network.

    `name` is for the command line, `title` for menus and dialogs, `meaning` (what can be done with
    it, without a stop) for help texts. `pack` makes the file's bytes of a `Run` and its
    `History`, or of a `ModelFile`; it may raise `UserError`.
    """

    name: str
    ending: str
    title: str
    meaning: str
    pack: Callable[..., bytes]
    #: Whether the window's menus have it; the command line writes all.
    in_menus: bool = True


#: Of a table of epochs.
_COLUMNS = (*EPOCH_COLUMNS, "learning_rate", "test_loss", "test_accuracy")


def learning_rates(run: Run, history: History) -> list[float]:
    """Return the learning rate of each epoch's last minibatch.

    A schedule is followed as the plan is now: epochs that were added later lengthen it.
    """
    changes = [change for change in history.changes if change.name == "learning_rate"]
    rates = []
    for figures in history.epochs:
        later = (float(change.before) for change in changes if change.epoch > figures.epoch)
        base = next(later, run.settings.learning_rate)
        done = figures.epoch - 1 / history.batches
        rates.append(learning_rate_at(base, run.settings.schedule, done / run.epochs))
    return rates


def pack_epochs(run: Run, history: History) -> bytes:
    """Return one line for each epoch; the figures of the test stand in the last one."""
    return figures_table(_COLUMNS, _epoch_rows(run, history))


def pack_runs(runs: Iterable[tuple[Run, History]]) -> bytes:
    """Return the lines of several runs, each with the run's folder, title and seed."""
    rows = [
        [run.folder.name, run.title, run.settings.seed, *row]
        for run, history in runs
        for row in _epoch_rows(run, history)
    ]
    return figures_table(("run", "title", "seed", *_COLUMNS), rows)


def _epoch_rows(run: Run, history: History) -> list[list[object]]:
    rates = learning_rates(run, history)
    rows: list[list[object]] = [
        [*vars(figures).values(), rate, None, None]
        for figures, rate in zip(history.epochs, rates, strict=True)
    ]
    if rows:
        rows[-1][-2:] = [history.test_loss, history.test_accuracy]
    return rows


def pack_events(run: Run, history: History) -> bytes:
    """Return an event file of TensorBoard, written by tensorboardX.

    It holds one point for each epoch (``loss/training``, ``loss/validation``,
    ``accuracy/training``, ``accuracy/validation``, ``learning_rate``, ``pictures_per_second``), one
    for each minibatch (``minibatch/loss``, ``minibatch/accuracy``; its step is the minibatch, from
    1), the two figures of the test, and the settings as text. Losses are in nats, accuracies shares
    from 0 to 1. The times are those of the run. TensorBoard reads every file whose name contains
    ``tfevents``.
    """
    try:
        from tensorboardX import summary
        from tensorboardX.proto.event_pb2 import Event
    except ImportError as error:
        raise MissingPackageError("TensorBoard", "tensorboardX", "export") from error
    # Without its `SummaryWriter`: that needs a file, and waits forever for its thread if this file
    # cannot be written.
    events = [Event(wall_time=time.time(), file_version="brain.Event:2")]
    for name, value, step, moment in points(run, history):
        events.append(Event(summary=summary.scalar(name, value), step=step, wall_time=moment))
    settings = summary.text("settings", settings_table(run))
    events.append(Event(summary=settings, step=0, wall_time=run.started_at))
    return b"".join(_tf_record(event.SerializeToString()) for event in events)


def _tf_record(data: bytes) -> bytes:
    """Return data as a record of TensorFlow: length, checksum, data, checksum.

    https://www.tensorflow.org/tutorials/load_data/tfrecord
    """
    from tensorboardX.record_writer import masked_crc32c

    length = struct.pack("<Q", len(data))
    checksums = [struct.pack("<I", masked_crc32c(part)) for part in (length, data)]
    return length + checksums[0] + data + checksums[1]


def points(run: Run, history: History) -> Iterator[tuple[str, float, int, float]]:
    """Yield name, value, step and time of each point; times are seconds since 1970."""
    start = run.started_at
    moment = start
    for figures, rate in zip(history.epochs, learning_rates(run, history), strict=True):
        moment += figures.seconds
        scalars: dict[str, float] = {
            "loss/training": figures.training_loss,
            "loss/validation": figures.validation_loss,
            "accuracy/training": figures.training_accuracy,
            "accuracy/validation": figures.validation_accuracy,
            "learning_rate": rate,
            "pictures_per_second": figures.images_per_second,
        }
        for name, value in scalars.items():
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


def settings_table(run: Run) -> str:
    """Return a table in Markdown, as TensorBoard shows texts, by the names of a settings file."""
    values = run.settings.to_json()
    for change in reversed(run.changes):
        values[change.name] = f"{change.before} → {values[change.name]}"
    rows = [f"| {name} | {value} |" for name, value in values.items()]
    return "\n".join(["| setting | value |", "|---|---|", *rows])


#: All formats by name.
RUN_FORMATS: dict[str, FileFormat] = {
    entry.name: entry
    for entry in (
        FileFormat(
            "csv",
            ".csv",
            _("Figures of each epoch (CSV)"),
            _("one line for each epoch: losses, accuracies, seconds, learning rate, and the test"),
            pack_epochs,
        ),
        FileFormat(
            "minibatches",
            ".csv",
            _("Figures of each minibatch (CSV)"),
            _("one line for each minibatch: loss and accuracy"),
            lambda run, history: history.minibatches_csv(),
            in_menus=False,
        ),
        FileFormat(
            "tensorboard",
            ".tfevents",
            _("Events of TensorBoard"),
            _("all figures with their times; open the file's folder with tensorboard --logdir"),
            pack_events,
            in_menus=False,
        ),
    )
}
