"""The runs that were made: one folder each, with a record in JSON beside its other files.

A run's folder holds ``run.json`` (the record), ``checkpoint.npz`` (all that it takes to
continue), ``history.npz`` (its figures, once it has ended) and ``model.npz`` (its network).
Records are written atomically and read without trust; what cannot be understood is put aside
under another name and reported, never overwritten.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mnist_draw.errors import StorageError, UserError, one_line, plain_name, reason_of
from mnist_draw.i18n import _, pgettext
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Fields, Format
from mnist_draw.storage.opening import MEGABYTE
from mnist_draw.training.checkpoint import ARRAYS, MAX_EPOCHS, CheckpointError, load_checkpoint
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.history import History, read_change
from mnist_draw.training.presets import course_of, run_name
from mnist_draw.training.setting import MODEL_OF_RUN
from mnist_draw.training.settings import TrainingSettings

RECORD = "run.json"
CHECKPOINT = "checkpoint.npz"
HISTORY = "history.npz"
MODEL = MODEL_OF_RUN
FORMAT = Format("mnist_draw run", 1, MEGABYTE)
MAX_NAME_LENGTH = 200
#: The longest path of Linux, in bytes.
_MAX_PATH_LENGTH = 4096
_TIME = "%Y-%m-%d %H:%M:%S"
#: Three hundred years.
_MAX_SECONDS = 1e10
#: Figures that a record may hold: name, and the name people read.
FIGURES = ("training_loss", "validation_loss", "validation_accuracy", "test_loss", "test_accuracy")
#: The states of a run, and their words on the screen. ``running`` in a record whose program is gone
#: means that it was cut off; ``interrupted``, that the window was closed.
STATE_WORDS = {
    "running": _("can go on"),
    "interrupted": _("can go on"),
    "stopped": pgettext("run", "stopped"),
    "completed": pgettext("run", "completed"),
    "early": pgettext("run", "completed early"),
    "target": pgettext("run", "reached its target"),
    "diverged": pgettext("run", "diverged"),
    "failed": pgettext("run", "failed"),
}
#: States from which the program offers to continue.
UNFINISHED = ("running", "interrupted")


@dataclass(frozen=True)
class Run:
    """A run's record.

    The name of its ``folder`` tells runs apart; ``name`` is what the user calls it, if anything.
    ``settings`` are those that it has now, after the ``changes`` during the run. ``started`` is the
    local date and time, as ``2026-11-25 14:03:22``; older records have no seconds. ``state`` is one
    of `STATE_WORDS`. ``seconds`` are what its epochs took, without pauses; ``figures`` the last
    values by name, of `FIGURES`: losses in nats, accuracies from 0 to 1. ``checkpoint_elsewhere``
    is the file outside the folder in which the user wanted the checkpoint, if any.
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
    checkpoint_elsewhere: str = ""

    @cached_property
    def title(self) -> str:
        """The name, or where it has none its preset and what differs from it."""
        return self.name or one_line(run_name(self.settings, self.changes))

    @property
    def full_title(self) -> str:
        """The title and when it was started, for sentences."""
        if not self.started:
            return self.title
        return _("{title} ({started})", title=self.title, started=self.started)

    @property
    def started_at(self) -> float:
        """When it was started, in seconds since 1970; 0 if it does not say."""
        try:
            # Older records have no seconds.
            return time.mktime(time.strptime(f"{self.started}:00"[:19], _TIME))
        except (ValueError, OverflowError):
            return 0.0

    def describe_setting(self, name: str) -> str:
        return course_of(name, self.settings, self.changes)

    @property
    def checkpoint(self) -> Path:
        """The file to continue from; it need not exist."""
        return self.folder / CHECKPOINT

    @property
    def model(self) -> Path:
        """The file of the run's network; it need not exist."""
        return self.folder / MODEL

    def to_json(self) -> dict[str, Any]:
        elsewhere = self.checkpoint_elsewhere
        return {
            "name": self.name,
            "started": self.started,
            "state": self.state,
            "settings": self.settings.to_json(),
            "epochs_done": self.epochs_done,
            "seconds": round(self.seconds, 3),
            "figures": {name: value for name, value in self.figures.items() if np.isfinite(value)},
            "changes": [asdict(change) for change in self.changes],
            **({"checkpoint_elsewhere": elsewhere} if elsewhere else {}),
        }

    def save(self) -> None:
        """Write the record; raises `StorageError`, and then the one before is unchanged."""
        require_folder(self)
        write_atomically(self.folder / RECORD, FORMAT.pack(self.to_json(), indent=1))

    def renamed(self, name: str) -> Run:
        """Return the run with another name, which is at most 200 characters of one line."""
        return replace(self, name=plain_name(name)[:MAX_NAME_LENGTH])


def require_folder(run: Run) -> None:
    if not run.folder.is_dir():
        raise StorageError(
            "The run {run} is no longer there: its folder {folder} was deleted, moved or "
            "renamed. Nothing was written.",
            run=run.full_title,
            folder=run.folder,
        )


def now() -> str:
    return time.strftime(_TIME)


def read_run(folder: Path) -> Run:
    """Read a record; `FileNotFoundError` if there is none, `UserError` if it makes no sense."""
    path = folder / RECORD
    try:
        return _parse(folder, FORMAT.read(path))
    except StorageError:
        raise
    except UserError as error:
        raise UserError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=reason_of(error),
        ) from error


def _parse(folder: Path, fields: Fields) -> Run:
    figures = fields.get_fields("figures")
    elsewhere = "checkpoint_elsewhere"
    run = Run(
        folder,
        TrainingSettings.from_json(fields.get_fields("settings").values),
        fields.get_text("name", MAX_NAME_LENGTH),
        fields.get_text("started", MAX_NAME_LENGTH),
        fields.get_choice("state", tuple(STATE_WORDS)),
        fields.get_int("epochs_done", 0, MAX_EPOCHS),
        fields.get_float("seconds", 0, _MAX_SECONDS),
        {name: figures.get_float(name, 0, 1e300) for name in FIGURES if name in figures.values},
        tuple(read_change(change) for change in fields.get_list("changes", MAX_EPOCHS)),
        fields.get_file_name(elsewhere, _MAX_PATH_LENGTH) if elsewhere in fields.values else "",
    )
    return run.renamed(run.name)


def rebuilt_run(folder: Path) -> Run | None:
    """Make a record for a folder that has none, from its checkpoint; None where that fails too."""
    try:
        checkpoint = load_checkpoint(folder / CHECKPOINT)
    except UserError:
        return None
    made = time.localtime((folder / CHECKPOINT).stat().st_mtime)
    done = checkpoint.epoch >= checkpoint.settings.epochs
    run = Run(
        folder,
        checkpoint.settings,
        started=time.strftime(_TIME, made),
        state="completed" if done else "stopped",
    )
    return with_figures(run, checkpoint.history())


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
        epochs_done=history.epochs_done,
        seconds=sum(row.seconds for row in history.epochs),
        figures={name: value for name, value in figures.items() if np.isfinite(value)},
        changes=tuple(history.changes),
    )


def save_history(folder: Path, history: History) -> None:
    arrays = dict(zip(ARRAYS, history.to_arrays(), strict=True))
    write_atomically(folder / HISTORY, npz.pack(arrays))


def read_history(path: Path) -> History:
    """Read the figures that `save_history` has written; raises `UserError`."""
    try:
        with npz.open_archive(path) as archive:
            arrays = archive.read_all()
        return History.from_arrays(*(np.asarray(arrays[name], np.float64) for name in ARRAYS))
    except (OSError, KeyError, ValueError, npz.NpzError) as error:
        raise CheckpointError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=error,
        ) from error


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
    return history
