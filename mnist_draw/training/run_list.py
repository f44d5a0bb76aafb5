"""All runs: list them, find one by its name, find the interrupted one."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mnist_draw.errors import StorageError, UserError, did_you_mean, few_of, reason_of
from mnist_draw.i18n import _, counted, joined
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.unique_paths import create_unique_folder, quarantine
from mnist_draw.training.checkpoint import CheckpointError, load_checkpoint
from mnist_draw.training.events import Failed
from mnist_draw.training.record import cut_off, read_run, rebuilt_run, save_record
from mnist_draw.training.run import RECORD, UNFINISHED, Run

#: The user's name for the newest run.
LATEST = "latest"


def runs_folder() -> Path:
    return data_folder() / "runs"


def new_run_folder() -> Path:
    """Create the folder of a new run, named after date and time."""
    return create_unique_folder(runs_folder() / time.strftime("%Y-%m-%d %H.%M.%S"))


def list_runs() -> tuple[list[Run], list[str]]:
    """List all runs, newest first, and a message for each damaged record."""
    runs: list[Run] = []
    messages: list[str] = []
    folders = _folders(runs_folder())
    for folder in folders:
        try:
            run: Run | None = read_run(folder)
        except FileNotFoundError:
            run = rebuilt_run(folder)
        except StorageError as error:
            run = None
            messages.append(joined(str(error), _("The run is not in the Library.")))
        except UserError as error:
            aside = quarantine(folder / RECORD)
            run = rebuilt_run(folder)
            listed = _("The Library shows the run from its checkpoint.")
            if run is None:
                listed = _("The run is not in the Library.")
            messages.append(joined(str(error), aside, listed))
        if run is not None:
            runs.append(run)
    runs.sort(key=lambda run: (run.started, run.folder.name), reverse=True)
    return runs, messages


def readable_runs() -> list[Run]:
    """List all runs as far as they came, newest first; none if the folder is unreadable."""
    try:
        return [cut_off(run) for run in list_runs()[0]]
    except StorageError:
        return []


def _folders(parent: Path) -> list[Path]:
    try:
        return [
            path
            for path in sorted(parent.iterdir())
            if path.is_dir() and not path.name.startswith(".")
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(
            "{path} cannot be read: {reason}.",
            path=parent,
            reason=reason_of(error),
        ) from error


def check_interrupted(in_use: Callable[[Path], bool] = lambda folder: False) -> list[str]:
    """Check the interrupted runs down to the newest that can go on; return messages.

    A damaged checkpoint is quarantined; its run then has failed and is not offered again. A run
    that was cut off before anything was learned is removed.
    """
    runs, messages = list_runs()
    found = False
    for run in runs:
        if run.state not in UNFINISHED:
            continue
        empty = _has_learned_nothing(run)
        if (found and not empty) or in_use(run.folder):
            continue
        if empty:
            shutil.rmtree(run.folder, ignore_errors=True)
            continue
        try:
            load_checkpoint(run.checkpoint)
            found = True
        except CheckpointError as error:
            if run.checkpoint.exists():
                aside = quarantine(run.checkpoint)
                messages.append(joined(_cannot_go_on(run), str(error), aside))
                with contextlib.suppress(UserError):
                    run.apply(Failed(str(error)))
                    save_record(run)
        except UserError as error:
            messages.append(joined(_cannot_go_on(run), str(error)))
    return messages


def _cannot_go_on(run: Run) -> str:
    return _("The run {run} cannot be continued.", run=run.full_title)


def _has_learned_nothing(run: Run) -> bool:
    """Whether a run has nothing but its record and an empty lock."""
    if run.epochs_done or run.checkpoint_elsewhere:
        return False
    try:
        files = [path for path in run.folder.iterdir() if path.name != RECORD]
        return not any(path.is_dir() or path.stat().st_size for path in files)
    except OSError:
        return False


def run_called(name: str, runs: Sequence[Run]) -> Run:
    """Return the run of a name among all runs, newest first."""
    wanted = name.removeprefix("run:")
    found = [run for run in runs if wanted in (run.folder.name, run.name)]
    found = found or [run for run in runs if wanted == run.title]
    if name == LATEST:
        found = list(runs[:1])
    if len(found) == 1:
        return found[0]
    if found:
        folders = few_of(run.folder.name for run in found)
        raise UserError(
            counted(
                "{count} run is called {name}: {folders}. Choose one of these. mnist-draw runs "
                "lists all.",
                "{count} runs are called {name}: {folders}. Choose one of these. mnist-draw runs "
                "lists all.",
                len(found),
                name=name,
                folders=folders,
            ),
        )
    known = [LATEST, *names_of(runs)]
    meant = did_you_mean(wanted, known, "mnist-draw runs")
    raise UserError("There is no run {name}. {meant}", name=repr(name), meant=meant)


def names_of(runs: Sequence[Run]) -> list[str]:
    """List the names of runs: of each one's folder, and the one that the user gave it."""
    return [each for run in runs for each in (run.folder.name, run.name) if each]
