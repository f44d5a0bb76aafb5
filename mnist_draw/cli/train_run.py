"""A training run on the command line: progress while it lasts, a saved network at its end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from mnist_draw import __version__, theano_bridge
from mnist_draw.cli.listed_run import ListedRun, listed_run
from mnist_draw.cli.network_place import NetworkPlace
from mnist_draw.cli.output import lenient_output, put, tell, typed
from mnist_draw.dataset.classes import class_list
from mnist_draw.dataset.mnist import Dataset, load_dataset
from mnist_draw.dataset.own_digits import ExtraDigits, load_extra
from mnist_draw.errors import UserError
from mnist_draw.library.network_data import dataset_metadata, remember_data
from mnist_draw.recognition.finished_model import finished_model
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint, load_checkpoint
from mnist_draw.training.control import Controls, stop_on_signals
from mnist_draw.training.loop import train
from mnist_draw.training.network_places import RUN
from mnist_draw.training.progress import ProgressBar, describe
from mnist_draw.training.run_start import settings_for
from mnist_draw.training.settings import TrainingSettings

COMPLETED, FAILED, INTERRUPTED = 0, 1, 130


def train_and_save(
    settings: TrainingSettings,
    place: NetworkPlace,
    checkpoint: Path | None = None,
    resume: Checkpoint | None = None,
    listed: bool = True,
    batch_size_chosen: bool = False,
) -> int:
    """Train, print what happens, and save the network.

    What cannot be printed is left out; the run goes on.
    """
    controls = Controls()
    kept = checkpoint
    progress: Progress | None = None
    try:
        with (
            lenient_output() as (out, err),
            stop_on_signals(controls),
            listed_run(settings, checkpoint, resume, listed) as run,
        ):
            kept = run.checkpoint
            progress = Progress(checkpoint is not None)
            status = _train_and_save(
                settings, place, resume, controls, run, progress, batch_size_chosen
            )
    except KeyboardInterrupt:
        tell(_broken_off(progress, kept))
        return INTERRUPTED
    if out.failure:
        tell(f"Standard output could not be written: {out.failure}.")
    unsaved = checkpoint is not None and progress.checkpoint_failed
    if status == COMPLETED and (out.failure or err.failure or unsaved):
        return FAILED
    return status


def _broken_off(progress: Progress | None, checkpoint: Path | None) -> str:
    """Say what is kept of a run that was interrupted twice, and how it goes on."""
    if progress is not None and progress.saved is not None:
        return f"Interrupted. The network is saved in {progress.saved}."
    missing = "saved" if progress is not None and progress.measured else "measured and saved"
    broken_off = f"Interrupted before the network was {missing}."
    goes_on = _goes_on(checkpoint)
    return f"{broken_off} {goes_on or 'Nothing is kept: there is no checkpoint to go on from.'}"


def _goes_on(checkpoint: Path | None) -> str:
    """Say what a checkpoint keeps and how the run goes on; nothing where there is none."""
    try:
        epoch = 0 if checkpoint is None else load_checkpoint(checkpoint).epoch
    except UserError:
        epoch = 0
    if not epoch or checkpoint is None:
        return ""
    name, resume = typed(checkpoint), "mnist-draw train --resume"
    goes_on = f"Go on with: {resume} {name}" if name else f"Go on with {resume} and that file."
    return f"What was learnt up to epoch {epoch} is kept in {checkpoint}. {goes_on}"


def _train_and_save(
    settings: TrainingSettings,
    place: NetworkPlace,
    resume: Checkpoint | None,
    controls: Controls,
    run: ListedRun,
    progress: Progress,
    batch_size_chosen: bool,
) -> int:
    data = load_dataset(settings.data_folder)
    for sentence in data.told:
        tell(sentence)
    if not data.shows_digits:
        put(f"Learning {len(data.classes)} classes: {class_list(data.classes)}.")
    remember_data(settings.data_folder, data)
    settings = settings_for(settings, data)
    run.set_dataset(data)
    extra = _load_extra(settings.extra_folder)
    if resume is not None and resume.epoch >= settings.epochs:
        put(
            f"This run was complete already: {resume.epoch} of {settings.epochs} epochs. "
            f"To train on, give it more: --epochs {resume.epoch + 10}."
        )
    figures: dict[str, Any] = {} if extra is None else {"extra_digits": len(extra)}
    finished: events.Finished | None = None
    learnt = False
    try:
        for event in train(
            settings,
            dataset=data,
            extra=extra,
            controls=controls,
            checkpoint=run.checkpoint,
            resume=resume,
            batch_size_chosen=batch_size_chosen,
        ):
            # What is said to be saved is in the record, too.
            run.add(event)
            progress.show(event)
            if isinstance(event, events.BatchSizeChosen):
                settings = settings.replace(batch_size=event.batch_size)
            elif isinstance(event, events.BatchFinished):
                learnt = True
            elif isinstance(event, events.EpochFinished):
                figures["validation_accuracy"] = round(event.validation_accuracy, 6)
            elif isinstance(event, events.Tested):
                figures["test_accuracy"] = round(event.accuracy, 6)
                figures["test_loss"] = round(event.loss, 6)
            elif isinstance(event, events.Finished):
                finished = event
    finally:
        progress.close()
    assert finished is not None
    if finished.reason == "stopped" and not learnt:
        tell("Stopped before the first minibatch. Nothing was learnt, so nothing was saved.")
        return INTERRUPTED
    return _save(settings, data, finished, figures, place, run, progress)


def _load_extra(folder: str | None) -> ExtraDigits | None:
    """Read the digits to be learnt beside the data set's; say which files were left out."""
    if folder is None:
        return None
    from mnist_draw.dataset.pictures.picture_file import load_picture

    extra, told = load_extra(folder, load_picture)
    for sentence in told:
        tell(sentence)
    put(f"Learning {len(extra):,} digit{'s' * (len(extra) != 1)} from {extra.folder} too.")
    return extra


def _save(
    settings: TrainingSettings,
    data: Dataset,
    finished: events.Finished,
    figures: dict[str, Any],
    place: NetworkPlace,
    run: ListedRun,
    progress: Progress,
) -> int:
    interrupted = finished.reason == "stopped"
    if finished.reason == "diverged" and finished.epochs_done == 0:
        tell("Nothing was learnt, so nothing was saved.")
        return FAILED
    model = finished_model(
        settings,
        finished.parameters,
        {
            **figures,
            "epochs": finished.epochs_done,
            **dataset_metadata(data),
            "program": f"mnist_draw {__version__}",
            "engine": theano_bridge.engine(),
        },
        data.validation_images,
        data.validation_labels,
    )
    run.keep(model)
    try:
        path, rescued = place.save(model)
    except UserError as error:
        kept = _goes_on(run.checkpoint) or "What was learnt is lost."
        if run.network is not None:
            kept = f"Under Runs it is kept, though, in {run.network}."
        raise UserError(f"{error} {kept}") from error
    progress.saved = path
    run.network_saved()
    what = "What was learnt" if interrupted or finished.reason == "diverged" else "The network"
    name = typed(path)
    if not name and run.network is not None:
        name = typed(f"{RUN}:{run.network.parent.name}")
    command = f" Try it: mnist-draw predict IMAGE --model {name}" if name else ""
    put(f"{what} is saved in {path}.{command}")
    if finished.reason == "diverged" or rescued:
        return FAILED
    return INTERRUPTED if interrupted else COMPLETED


class Progress:
    """Shows events: a bar on a terminal, and the tutorial's lines everywhere.

    The bar goes to standard error and the lines to standard output, so that the lines can be
    kept in a file while the bar is watched.
    """

    def __init__(self, checkpoints: bool = False) -> None:
        self._checkpoints = checkpoints
        self._bar = ProgressBar()
        self._on_terminal = sys.stderr.isatty()
        self.checkpoint_failed = self.measured = False
        self.saved: Path | None = None

    def show(self, event: events.Event) -> None:
        """Show one event."""
        if isinstance(event, events.Compiling):
            which = f" ({event.count})" if event.count else ""
            self._bar.print(f"Compiling {event.stage}{which} ...")
        if isinstance(event, events.Checkpointed | events.CheckpointFailed):
            self.checkpoint_failed = isinstance(event, events.CheckpointFailed)
        self.measured = self.measured or isinstance(event, events.Tested)
        if self._on_terminal:
            self._bar(event)
        if isinstance(event, events.Diverged | events.CheckpointFailed):
            self._bar.print(f"mnist-draw: {event.message}", sys.stderr)
            return
        if isinstance(event, events.Checkpointed) and self._checkpoints:
            self._bar.print(f"Epoch {event.epoch} is saved in {event.path}.")
        for line in describe(event):
            self._bar.print(line)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()
