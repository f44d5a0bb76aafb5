"""All runs: listing them, finding the one that was cut off, deleting and taking that back."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mnist_draw.errors import UserError
from mnist_draw.storage.errors import StorageError, reason_of
from mnist_draw.storage.folders import data_folder
from mnist_draw.training.runs.checkpoint import CheckpointError, load_checkpoint
from mnist_draw.training.runs.history import History
from mnist_draw.training.runs.record import (
    CHECKPOINT,
    RECORD,
    UNFINISHED,
    Run,
    read_run,
    rebuilt_run,
    with_figures,
)

_DELETED = ".deleted"
#: A deleted run can be brought back for so many days.
KEPT_DAYS = 7


def runs_folder() -> Path:
    """Return the folder of all runs; it need not exist."""
    return data_folder() / "runs"


def list_runs() -> tuple[list[Run], list[str]]:
    """Return all runs, newest first, and a sentence for each record that was put aside.

    Raises
    ------
    StorageError
        The folder of the runs cannot be read.
    """
    runs: list[Run] = []
    told: list[str] = []
    folders = _folders(runs_folder())
    for folder in folders:
        try:
            runs.append(read_run(folder))
        except FileNotFoundError:
            rebuilt = rebuilt_run(folder)
            if rebuilt is not None:
                runs.append(rebuilt)
        except StorageError as error:
            told.append(f"{error} The run is not listed.")
        except UserError as error:
            aside = put_aside(folder / RECORD)
            rebuilt = rebuilt_run(folder)
            if rebuilt is not None:
                runs.append(rebuilt)
            told.append(
                f"{error} It was put aside as {aside}; "
                + ("the run is listed from its checkpoint." if rebuilt else "the run is left out.")
            )
    runs.sort(key=lambda run: (run.started, run.folder.name), reverse=True)
    return runs, told


def _folders(parent: Path) -> list[Path]:
    try:
        return [
            path for path in sorted(parent.iterdir())
            if path.is_dir() and not path.name.startswith(".")
        ]  # fmt: skip
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"The runs in {parent} cannot be read: {reason_of(error)}.") from error


def put_aside(path: Path) -> str:
    """Rename a damaged file so that it is kept and in nobody's way; return its new name."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    try:
        path.rename(aside)
    except OSError:
        return path.name
    return aside.name


def find_interrupted(
    in_use: Callable[[Path], bool] = lambda folder: False,
) -> tuple[Run | None, list[str]]:
    """Return the newest run that was cut off or closed and can be continued, and what to tell.

    Parameters
    ----------
    in_use : callable
        Whether the run in a folder is going on in another window.

    A checkpoint that is damaged is put aside; its run then counts as failed and is not
    offered again.
    """
    runs, told = list_runs()
    for run in runs:
        if run.state not in UNFINISHED or in_use(run.folder):
            continue
        try:
            checkpoint = load_checkpoint(run.checkpoint)
        except CheckpointError as error:
            if run.checkpoint.exists():
                aside = put_aside(run.folder / CHECKPOINT)
                told.append(
                    f"The run of {run.title} cannot be continued. {error} "
                    f"The checkpoint was kept as {aside}."
                )
                replace(run, state="failed").save()
            continue
        except UserError as error:
            told.append(f"The run of {run.title} cannot be continued. {error}")
            continue
        if checkpoint.epoch >= checkpoint.settings.epochs:
            continue
        # The record is written when a run ends; the checkpoint knows how far this one came.
        history = History.from_arrays(*checkpoint.figures)
        history.changes = list(checkpoint.changes)
        return with_figures(replace(run, settings=checkpoint.settings), history), told
    return None, told


def delete_run(run: Run) -> Path:
    """Take a run out of the list; return where it is kept for `KEPT_DAYS`, for `restore_run`.

    Raises
    ------
    StorageError
        It cannot be moved; nothing was deleted.
    """
    bin_folder = run.folder.parent / _DELETED
    kept = bin_folder / f"{time.time_ns()} {run.folder.name}"
    try:
        bin_folder.mkdir(parents=True, exist_ok=True)
        run.folder.rename(kept)
        os.utime(kept)
    except OSError as error:
        raise StorageError(
            f"The run {run.title} cannot be deleted: {reason_of(error)}. It is unchanged."
        ) from error
    return kept


def restore_run(kept: Path) -> Path:
    """Bring a deleted run back; return its folder.

    Raises
    ------
    StorageError
        It cannot be moved; it stays where it is.
    """
    name = kept.name.partition(" ")[2]
    folder = kept.parent.parent / name
    number = 1
    while folder.exists():
        number += 1
        folder = folder.with_name(f"{name} ({number})")
    try:
        kept.rename(folder)
    except OSError as error:
        raise StorageError(
            f"The run {name} cannot be brought back: {reason_of(error)}. It is still in {kept}."
        ) from error
    return folder


def last_deleted() -> Path | None:
    """Return the run deleted last that can still be brought back."""
    try:
        return max((runs_folder() / _DELETED).iterdir(), default=None)
    except OSError:
        return None


def empty_bin() -> None:
    """Remove for good what was deleted more than `KEPT_DAYS` ago; what resists stays."""
    bin_folder = runs_folder() / _DELETED
    limit = time.time() - KEPT_DAYS * 86_400
    try:
        old = [path for path in bin_folder.iterdir() if path.stat().st_mtime < limit]
    except OSError:
        return
    for path in old:
        shutil.rmtree(path, ignore_errors=True)


def differences(runs: Sequence[Run]) -> list[tuple[str, list[Any]]]:
    """Return what differs between runs: each setting that is not the same in all, with values.

    Returns
    -------
    list of (str, list)
        The setting's name and its value in each run, in the order of the settings.
    """
    tables = [run.settings.to_json() for run in runs]
    rows: list[tuple[str, list[Any]]] = []
    for name in tables[0] if tables else ():
        values = [table[name] for table in tables]
        if any(value != values[0] for value in values[1:]):
            rows.append((name, values))
    return rows
