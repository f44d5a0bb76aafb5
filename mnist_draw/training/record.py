"""The runs that were made: one folder each, with a record in JSON beside its other files.

A run's folder holds ``run.json`` (the record), ``checkpoint.npz`` (all that it takes to
continue), ``history.npz`` (its figures, once it has ended) and ``model.npz`` (its network).
Records are written atomically and read without trust; what cannot be understood is set aside
under another name and reported, never overwritten.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Fields, Format
from mnist_draw.storage.models import read_info
from mnist_draw.storage.opening import MEGABYTE, reading
from mnist_draw.training.checkpoint import ARRAYS, MAX_EPOCHS, CheckpointError, load_checkpoint
from mnist_draw.training.events import Continued, Loaded, Renamed, WeakestClass
from mnist_draw.training.failure import Divergence
from mnist_draw.training.history import History, read_change
from mnist_draw.training.run import (
    CHECKPOINT,
    FIGURES,
    HISTORY,
    MAX_NAME_LENGTH,
    RECORD,
    STATE_WORDS,
    TIME,
    Run,
    Summary,
)
from mnist_draw.training.settings import TrainingSettings

FORMAT = Format("mnist_draw run", 1, MEGABYTE)
#: The longest path of Linux, in bytes.
_MAX_PATH_LENGTH = 4096
#: Three hundred years.
_MAX_SECONDS = 1e10


def to_json(run: Run) -> dict[str, Any]:
    elsewhere = run.checkpoint_elsewhere
    return {
        "name": run.name,
        "started": run.started,
        "state": run.state if run.has_ended else "running",
        "settings": run.settings.to_json(),
        "epochs_done": run.epochs_done,
        "seconds": round(run.seconds, 3),
        "figures": run.figures,
        "changes": [asdict(change) for change in run.changes],
        **({"made_with": run.made_with} if run.made_with else {}),
        **({"checkpoint_elsewhere": elsewhere} if elsewhere else {}),
        **({"divergence": asdict(run.divergence)} if run.divergence else {}),
        **({"weakest": asdict(run.weakest)} if run.weakest else {}),
        **({"lesson": run.lesson} if run.lesson else {}),
        **({"from": run.origin} if run.origin else {}),
        **({"group": run.group} if run.group else {}),
    }


def save_record(run: Run) -> None:
    """Write the record; raises `StorageError`, and then the one before is unchanged."""
    require_folder(run)
    write_atomically(run.folder / RECORD, FORMAT.pack(to_json(run), indent=1))


def require_folder(run: Run) -> None:
    if not run.folder.is_dir():
        raise StorageError(
            "{title} is gone: it was deleted, moved or renamed in the meantime. Nothing was "
            "changed.",
            title=run.full_title,
        )


def read_run(folder: Path) -> Run:
    """Read a record; `FileNotFoundError` if there is none, `UserError` if it makes no sense."""
    path = folder / RECORD
    try:
        return parse_run(folder, FORMAT.read(path))
    except StorageError:
        raise
    except UserError as error:
        raise UserError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=reason_of(error),
        ) from error


def parse_run(folder: Path, fields: Fields) -> Run:
    """Return the run of a record; `UserError` if it makes no sense."""
    figures = fields.get_fields("figures")
    history = History()
    history.changes = [read_change(one) for one in fields.get_list("changes", MAX_EPOCHS)]
    elsewhere = ""
    if "checkpoint_elsewhere" in fields.values:
        elsewhere = fields.get_file_name("checkpoint_elsewhere", _MAX_PATH_LENGTH)
    made_with = fields.get_fields("made_with", Fields({}))
    divergence = None
    if "divergence" in fields.values:
        divergence = Divergence.read(fields.get_fields("divergence"))
    weakest = None
    if "weakest" in fields.values:
        found = fields.get_fields("weakest")
        weakest = WeakestClass(
            found.get_text("name", MAX_NAME_LENGTH),
            found.get_float("right", 0, 1),
            found.get_text("taken_for", MAX_NAME_LENGTH),
        )
    run = Run(
        folder,
        TrainingSettings.from_json(fields.get_fields("settings").values),
        started=fields.get_text("started", MAX_NAME_LENGTH),
        state=fields.get_choice("state", tuple(STATE_WORDS)),
        summary=Summary(
            fields.get_int("epochs_done", 0, MAX_EPOCHS),
            fields.get_float("seconds", 0, _MAX_SECONDS),
            {name: figures.get_float(name, 0, 1e300) for name in FIGURES if name in figures.values},
        ),
        history=history,
        checkpoint_elsewhere=elsewhere,
        made_with={name: made_with.get_text(name, MAX_NAME_LENGTH) for name in made_with.values},
        divergence=divergence,
        weakest=weakest,
        has_checkpoint=(folder / CHECKPOINT).exists(),
        lesson=fields.get_text("lesson", MAX_NAME_LENGTH, ""),
        origin=fields.get_text("from", MAX_NAME_LENGTH, ""),
        group=fields.get_text("group", MAX_NAME_LENGTH, ""),
    )
    run.apply(Renamed(fields.get_text("name", MAX_NAME_LENGTH)))
    return run


def rebuilt_run(folder: Path) -> Run | None:
    """Make a record for a folder that has none, from its checkpoint; None where that fails too."""
    try:
        checkpoint = load_checkpoint(folder / CHECKPOINT)
    except UserError:
        return None
    made = time.localtime((folder / CHECKPOINT).stat().st_mtime)
    done = checkpoint.epoch >= checkpoint.settings.epochs
    return Run(
        folder,
        checkpoint.settings,
        started=time.strftime(TIME, made),
        state="completed" if done else "stopped",
        history=checkpoint.history(),
        has_checkpoint=True,
    )


def cut_off(run: Run) -> Run:
    """Take settings and figures of a run that has not ended from its checkpoint, if newer."""
    if run.state == "running":
        # Its record is that of its start.
        with contextlib.suppress(UserError):
            checkpoint = load_checkpoint(run.checkpoint)
            if checkpoint.epoch >= run.epochs_done:
                # Epochs that were added since are in the record.
                epochs = max(checkpoint.settings.epochs, run.epochs)
                settings = checkpoint.settings.replace(epochs=epochs)
                run.apply(Continued(checkpoint.history(), checkpoint.parameters, settings))
    return run


def load_run(folder: Path) -> Run:
    """Read a run with all its figures, to show it; raises `UserError`. Not for the GUI thread."""
    run = cut_off(read_run(folder))
    history = run.history if run.has_learned else load_history(run)
    run.apply(Loaded(history, _has_model(run)))
    return run


def _has_model(run: Run) -> bool:
    """Return whether its network was saved after its last epoch."""
    try:
        epochs = read_info(run.model)[1].epochs
    except (OSError, UserError):
        return False
    # Older ones do not say.
    return epochs is None or epochs >= run.epochs_done


def save_history(folder: Path, history: History) -> None:
    arrays = dict(zip(ARRAYS, history.to_arrays(), strict=True))
    write_atomically(folder / HISTORY, npz.pack(arrays))


def read_history(path: Path) -> History:
    """Read the figures that `save_history` has written; raises `UserError`."""
    with (
        reading(path, CheckpointError, OSError, KeyError, ValueError),
        npz.open_archive(path) as archive,
    ):
        arrays = archive.read_all()
        return History.from_arrays(*(np.asarray(arrays[name], np.float64) for name in ARRAYS))


def load_history(run: Run) -> History:
    """Read a run's figures, from its history or else from its checkpoint; raises `UserError`."""
    try:
        history = read_history(run.folder / HISTORY)
        if len(history.epochs) < run.epochs_done:
            # They were saved before the run was continued, and then it was cut off.
            raise ValueError(f"{len(history.epochs)} of {run.epochs_done} epochs")
    except (ValueError, UserError):
        if not run.checkpoint.exists():
            if run.epochs_done:
                raise CheckpointError(
                    "The figures of the run {run} are lost.",
                    run=run.full_title,
                ) from None
            return History()
        history = load_checkpoint(run.checkpoint).history()
    history.changes = list(run.changes)
    history.test_loss = run.figures.get("test_loss")
    history.test_accuracy = run.figures.get("test_accuracy")
    history.is_within_first = run.state == "stopped" and not run.epochs_done
    return history
