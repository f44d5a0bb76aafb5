"""A training run on the command line: progress while it lasts, a saved network at its end."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, TextIO

from mnist_draw import __version__, theano_bridge
from mnist_draw.dataset.mnist import Dataset, load_dataset
from mnist_draw.dataset.own_digits import ExtraDigits, load_extra
from mnist_draw.errors import UserError
from mnist_draw.recognition.finished_model import finished_model
from mnist_draw.storage import ModelFile, save_model
from mnist_draw.storage.folders import data_folder
from mnist_draw.training import events
from mnist_draw.training.control import Controls, stop_on_interrupt
from mnist_draw.training.loop import train
from mnist_draw.training.runs.checkpoint import Checkpoint
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.tutorial import describe

COMPLETED, FAILED, INTERRUPTED = 0, 1, 130
#: The bar is painted at most this often, in seconds.
_REDRAW = 0.1


def train_and_save(
    settings: TrainingSettings,
    output: Path,
    checkpoint: Path | None = None,
    resume: Checkpoint | None = None,
) -> int:
    """Train, print what happens, and save the network.

    Parameters
    ----------
    settings : TrainingSettings
        Valid.
    output : pathlib.Path
        Where to save.
    checkpoint : pathlib.Path, optional
        Written after every epoch.
    resume : Checkpoint, optional
        A run to continue.

    Returns
    -------
    int
        0 when the run was completed and saved; 1 when the loss became infinite (the last good
        weights are saved) or the network had to be saved elsewhere; 130 after Ctrl-C (what was
        learnt is saved).

    Raises
    ------
    UserError
        Before the first batch; nothing was written.
    """
    data = load_dataset(settings.data_folder)
    extra = _load_extra(settings.extra_folder)
    controls = Controls()
    progress = Progress()
    figures: dict[str, Any] = {} if extra is None else {"extra_digits": len(extra)}
    finished: events.Finished | None = None
    with stop_on_interrupt(controls):
        try:
            for event in train(
                settings,
                dataset=data,
                extra=extra,
                controls=controls,
                checkpoint=checkpoint,
                resume=resume,
            ):
                progress.show(event)
                if isinstance(event, events.EpochFinished):
                    figures["validation_accuracy"] = round(event.validation_accuracy, 6)
                elif isinstance(event, events.Tested):
                    figures["test_accuracy"] = round(event.accuracy, 6)
                    figures["test_loss"] = round(event.loss, 6)
                elif isinstance(event, events.Finished):
                    finished = event
        finally:
            progress.close()
        assert finished is not None
        return _save(settings, data, finished, figures, output)


def _load_extra(folder: str | None) -> ExtraDigits | None:
    """Read the digits to be learnt beside the data set's; say which files were left out."""
    if folder is None:
        return None
    from mnist_draw.recognition.pictures.picture_file import load_picture

    extra, told = load_extra(folder, load_picture)
    for sentence in told:
        print(f"mnist-draw: {sentence}", file=sys.stderr)
    print(f"Learning {len(extra):,} digit{'s' * (len(extra) != 1)} from {extra.folder} too.")
    return extra


def _save(
    settings: TrainingSettings,
    data: Dataset,
    finished: events.Finished,
    figures: dict[str, Any],
    output: Path,
) -> int:
    interrupted = finished.reason == "stopped"
    if finished.reason == "diverged" and finished.epochs_done == 0:
        print("mnist-draw: Nothing was learnt, so nothing was saved.", file=sys.stderr)
        return FAILED
    model = finished_model(
        settings,
        finished.parameters,
        {
            **figures,
            "epochs": finished.epochs_done,
            "data": data.name,
            "program": f"mnist_draw {__version__}",
            "engine": theano_bridge.engine(),
        },
        data.validation_images,
        data.validation_labels,
    )
    place = _save_somewhere(model, output)
    what = "What was learnt" if interrupted or finished.reason == "diverged" else "The network"
    print(f"{what} is saved in {place}. Try it: mnist-draw predict IMAGE --model {place}")
    if finished.reason == "diverged" or place != output:
        return FAILED
    return INTERRUPTED if interrupted else COMPLETED


def _save_somewhere(model: ModelFile, output: Path) -> Path:
    """Save; where that fails after all (a full disk), save among the program's own data."""
    try:
        save_model(output, model)
    except UserError as error:
        print(f"mnist-draw: {error}", file=sys.stderr)
        rescue = data_folder() / "rescued-model.npz"
        number = 1
        while rescue.exists():
            number += 1
            rescue = rescue.with_name(f"rescued-model-{number}.npz")
        save_model(rescue, model)
        return rescue
    return output


class Progress:
    """Shows events: a bar on a terminal, and the tutorial's lines everywhere.

    The bar goes to standard error and the lines to standard output, so that the lines can be
    kept in a file while the bar is watched.
    """

    def __init__(self) -> None:
        self._bar: Any = None
        self._on_terminal = sys.stderr.isatty()

    def show(self, event: events.Event) -> None:
        """Show one event."""
        if isinstance(event, events.Compiling):
            self._print(f"Compiling {event.stage} ({event.done + 1} of {event.total}) ...")
        elif isinstance(event, events.Started) and self._on_terminal:
            self._start_bar(event)
        if isinstance(event, events.BatchFinished) and self._bar is not None:
            self._bar.total = event.epochs * event.batches
            self._bar.set_description(f"Epoch {event.epoch}/{event.epochs}", refresh=False)
            self._bar.set_postfix_str(f"loss {event.loss:.4f}", refresh=False)
            self._bar.update()
        if isinstance(event, events.Diverged | events.CheckpointFailed):
            self._print(f"mnist-draw: {event.message}", sys.stderr)
            return
        for line in describe(event):
            self._print(line)

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _start_bar(self, event: events.Started) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=event.epochs * event.batches,
            initial=(event.first_epoch - 1) * event.batches,
            unit="batch",
            mininterval=_REDRAW,
            leave=False,
            dynamic_ncols=True,
            file=sys.stderr,
        )

    def _print(self, line: str, stream: TextIO | None = None) -> None:
        stream = stream or sys.stdout
        if self._bar is None:
            print(line, file=stream, flush=True)
            return
        # Takes the bar away, prints, and paints the bar again below.
        self._bar.write(line, file=stream)
        stream.flush()
