"""The runs that were made: one folder each, with a record in JSON beside its other files.

A run's folder holds ``run.json`` (the record), ``checkpoint.npz`` (all that it takes to
continue), ``history.npz`` (its figures, once it has ended) and ``model.npz`` (its network).
Records are written atomically and read without trust; what cannot be understood is put aside
under another name and reported, never overwritten.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mnist_draw.errors import UserError
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.errors import StorageError, reason_of
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.runs.checkpoint import CheckpointError, load_checkpoint
from mnist_draw.training.runs.history import EPOCH_COLUMNS, History
from mnist_draw.training.settings import TrainingSettings

RECORD, CHECKPOINT, HISTORY, MODEL = "run.json", "checkpoint.npz", "history.npz", "model.npz"
FORMAT = "mnist_draw run"
VERSION = 1
_MAX_BYTES = 1024 * 1024
_LONGEST_NAME = 200
#: Figures that a record may hold: name, and the name people read.
FIGURES = ("training_loss", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy")
#: How a run can stand. ``running`` in a record whose program is gone means that it was cut off;
#: ``interrupted``, that the window was closed.
STATES = (
    "running", "interrupted", "stopped", "completed", "early", "target", "diverged", "failed",
)  # fmt: skip
#: States from which the program offers to continue.
UNFINISHED = ("running", "interrupted")


@dataclass(frozen=True)
class Run:
    """A run's record.

    Attributes
    ----------
    folder
        Where the run is kept; its name tells runs apart.
    settings
        Those the run has now, changes during the run included.
    name
        What the user calls it; empty for its date.
    started
        Local date and time, as ``2026-11-25 14:03``.
    state
        One of `STATES`.
    epochs_done
        Complete epochs.
    seconds
        What it took in all, pauses included.
    figures
        Last values by name, of `FIGURES`: losses in nats, accuracies from 0 to 1.
    changes
        Settings changed during the run.
    """

    folder: Path
    settings: TrainingSettings
    name: str = ""
    started: str = ""
    state: str = "running"
    epochs_done: int = 0
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    changes: tuple[SettingChanged, ...] = ()

    @property
    def title(self) -> str:
        """The name, or the date where it has none."""
        return self.name or self.started

    @property
    def checkpoint(self) -> Path:
        """The file to continue from; it need not exist."""
        return self.folder / CHECKPOINT

    @property
    def model(self) -> Path:
        """The file of the run's network; it need not exist."""
        return self.folder / MODEL

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "started": self.started,
            "state": self.state,
            "settings": self.settings.to_json(),
            "epochs_done": self.epochs_done,
            "seconds": round(self.seconds, 3),
            "figures": {name: value for name, value in self.figures.items() if np.isfinite(value)},
            "changes": [asdict(change) for change in self.changes],
        }

    def save(self) -> None:
        """Write the record.

        Raises
        ------
        StorageError
            It cannot be written; the one before is unchanged.
        """
        text = json.dumps(self.to_json(), indent=1, ensure_ascii=False)
        write_atomically(self.folder / RECORD, text.encode())

    def renamed(self, name: str) -> Run:
        """Return the run with another name, which is at most 200 characters of one line."""
        return replace(self, name=" ".join(name.split())[:_LONGEST_NAME])


def now() -> str:
    """Return the local date and time as records have it."""
    return time.strftime("%Y-%m-%d %H:%M")


def read_run(folder: Path) -> Run:
    """Read a run's record.

    Raises
    ------
    FileNotFoundError
        There is none.
    StorageError
        It cannot be read at the moment; it is unchanged.
    UserError
        It makes no sense; the sentence says why.
    """
    path = folder / RECORD
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise UserError(f"The record {path} is larger than any such file.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"The record {path} cannot be read: {reason_of(error)}.") from error
    try:
        return _parse(folder, json.loads(content.decode("utf-8-sig")))
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        raise UserError(f"The record {path} is incomplete ({error}).") from error
    except ValueError as error:
        raise UserError(f"The record {path} cannot be used: {error}.") from error


def _parse(folder: Path, values: Any) -> Run:
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise ValueError("it is no record of a run")
    if not isinstance(values["version"], int) or values["version"] > VERSION:
        raise ValueError(f"it was written by a newer program, version {values['version']}")
    if values["state"] not in STATES:
        raise ValueError(f"its state is {values['state']!r}")
    figures = {str(name): float(value) for name, value in values["figures"].items()}
    if not np.isfinite([*figures.values(), float(values["seconds"])]).all():
        raise ValueError("its figures are not all numbers")
    run = Run(
        folder,
        TrainingSettings.from_json(values["settings"]),
        str(values["name"]),
        str(values["started"]),
        values["state"],
        int(values["epochs_done"]),
        float(values["seconds"]),
        figures,
        tuple(SettingChanged(**change) for change in values["changes"]),
    )
    return run.renamed(run.name)


def rebuilt_run(folder: Path) -> Run | None:
    """Make a record for a folder that has none, from its checkpoint; None where that fails too."""
    try:
        checkpoint = load_checkpoint(folder / CHECKPOINT)
    except UserError:
        return None
    history = History.from_arrays(*checkpoint.figures)
    made = time.localtime((folder / CHECKPOINT).stat().st_mtime)
    done = checkpoint.epoch >= checkpoint.settings.epochs
    run = Run(
        folder,
        checkpoint.settings,
        started=time.strftime("%Y-%m-%d %H:%M", made),
        state="completed" if done else "stopped",
        changes=checkpoint.changes,
    )
    return with_figures(run, history)


def with_figures(run: Run, history: History) -> Run:
    """Return the run with what its history tells."""
    figures: dict[str, float] = {}
    if history.epochs:
        last = history.epochs[-1]
        figures = {name: getattr(last, name) for name in FIGURES[:3]}
    tested = {"test_loss": history.test_loss, "test_accuracy": history.test_accuracy}
    figures |= {name: value for name, value in tested.items() if value is not None}
    return replace(
        run,
        epochs_done=len(history.epochs),
        seconds=sum(row.seconds for row in history.epochs),
        figures={name: value for name, value in figures.items() if np.isfinite(value)},
        changes=tuple(history.changes),
    )


def save_history(folder: Path, history: History) -> None:
    """Write a run's figures beside its record.

    Raises
    ------
    StorageError
        The file cannot be written.
    """
    names = ("batch_losses", "batch_accuracies", "epochs")
    arrays = dict(zip(names, history.to_arrays(), strict=True))
    write_atomically(folder / HISTORY, npz.pack(arrays))


def load_history(run: Run) -> History:
    """Read a run's figures, from its history or else from its checkpoint.

    Raises
    ------
    UserError
        Neither file can be used; the sentence tells of the checkpoint.
    """
    try:
        arrays = npz.unpack((run.folder / HISTORY).read_bytes())
        losses, accuracies, epochs = (
            np.asarray(arrays[name], np.float64)
            for name in ("batch_losses", "batch_accuracies", "epochs")
        )
        if losses.ndim != 1 or losses.shape != accuracies.shape:
            raise ValueError("not one loss and one accuracy for each batch")
        if epochs.ndim != 2 or epochs.shape[1] != len(EPOCH_COLUMNS):
            raise ValueError("not a row for each epoch")
        history = History.from_arrays(losses, accuracies, epochs)
    except (OSError, KeyError, ValueError):
        if not run.checkpoint.exists():
            if run.epochs_done:
                raise CheckpointError(f"The figures of the run {run.title} are lost.") from None
            return History()
        checkpoint = load_checkpoint(run.checkpoint)
        history = History.from_arrays(*checkpoint.figures)
    history.changes = list(run.changes)
    history.test_loss = run.figures.get("test_loss")
    history.test_accuracy = run.figures.get("test_accuracy")
    return history
