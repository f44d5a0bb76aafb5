"""What the page of runs shows, read from the disk; called in a thread of the background."""

from __future__ import annotations

import contextlib
from pathlib import Path

from mnist_draw.errors import UserError
from mnist_draw.recognition.run_files import in_use
from mnist_draw.storage.unique_paths import Deleted, deleted
from mnist_draw.training.runs import run_list
from mnist_draw.training.runs.record import CHECKPOINT, RECORD, Run, read_run

#: Runs, the folders of those going on, what to tell, and what can be brought back.
Listing = tuple[list[Run], set[Path], list[str], list[tuple[Deleted, str]]]
#: When the files of each run were written, and which runs are going on.
Seen = tuple[tuple[object, ...], ...]


def seen_on_disk(going_on: set[Path]) -> Seen:
    """Look for what has changed; all records are read only where something has."""
    times = []
    for folder in sorted(run_list.runs_folder().glob("*/")):
        for name in (RECORD, CHECKPOINT):
            with contextlib.suppress(OSError):
                times.append((folder.name, name, (folder / name).stat().st_mtime_ns))
    return (*times, *((folder.name, in_use(folder)) for folder in sorted(going_on)))


def read_runs(own: Path | None) -> Listing:
    """Read all runs."""
    runs, told = run_list.list_runs()
    going_on = {run.folder for run in runs if run.state == "running" and in_use(run.folder)}
    # The record of a run that goes on is that of its start.
    runs = [
        run_list.cut_off(run) if run.state == "running" and run.folder != own else run
        for run in runs
    ]
    return runs, going_on, told, [(one, _title(one)) for one in deleted(run_list.runs_folder())]


def _title(one: Deleted) -> str:
    try:
        return read_run(one.path).full_title
    except (OSError, UserError):
        return one.name
