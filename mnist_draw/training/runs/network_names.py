"""Where a network lies that a user calls by a name: one that ships, of a run, or one that is kept.

The names are those of `mnist_draw.recognition.network_files.find_network`, which says what kind of
network lies there.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from mnist_draw.errors import ModelFileError, StorageError, UserError, did_you_mean
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.resources import resource_path
from mnist_draw.training.runs.record import Run, read_run
from mnist_draw.training.runs.run_list import (
    LATEST,
    list_runs,
    names_of,
    run_called,
    runs_folder,
)

#: Who made a network; its key begins with it.
SOURCES = SHIPPED, LEARNT, RUN, OPENED = "shipped", "learnt", "run", "opened"
SUFFIX = ".npz"
#: Lies beside the networks that ship, and reads no digit itself: it tells digits from what is none.
RULE_FILE = "digit_or_not.npz"

#: Networks that lie outside the program's folders, where there was room, by file name.
_elsewhere: dict[str, Path] = {}

#: A network's source, and its file or its run.
Place = tuple[str, Path | Run]


def shipped_files() -> list[Path]:
    """Return the files of the networks that ship, by name."""
    paths = resource_path("models").glob(f"*{SUFFIX}")
    return sorted(path for path in paths if path.name != RULE_FILE)


def learnt_folder() -> Path:
    """Return the folder of the networks that learnt; it need not exist."""
    return data_folder() / "learnt"


def opened_folder() -> Path:
    """Return the folder of the networks that were opened; it need not exist."""
    return data_folder() / "networks"


def note_elsewhere(path: Path) -> None:
    """List a network with those that were opened, wherever it lies, until the program ends."""
    _elsewhere[path.name] = path


def list_elsewhere() -> list[Path]:
    """Return the networks of `note_elsewhere` that are still there, the newest first."""
    return [path for path in reversed(_elsewhere.values()) if path.exists()]


def is_external(key: str) -> bool:
    """Whether a key leads to a network of `note_elsewhere`: after this session it leads nowhere."""
    source, _, name = key.partition(":")
    return source == OPENED and name in _elsewhere


def place_of_key(key: str) -> Place:
    """Return where the network of a key lies; its file need not exist any more."""
    source, _, name = key.partition(":")
    # A name alone: a key from a file that anybody may have edited leads nowhere else.
    if name and Path(name).name == name:
        if source == SHIPPED:
            for path in shipped_files():
                if path.stem == name:
                    return SHIPPED, path
        elif is_external(key):
            return OPENED, _elsewhere[name]
        elif source in (LEARNT, OPENED):
            path = (learnt_folder() if source == LEARNT else opened_folder()) / name
            # Typed, a name may lack its ending.
            whole = path if path.exists() else path.with_name(f"{name}{SUFFIX}")
            return source, whole if whole.exists() else path
        elif source == RUN:
            with contextlib.suppress(OSError, UserError):
                return RUN, read_run(runs_folder() / name)
    raise ModelFileError(f"There is no network {key!r}.")


def place_of(name: str) -> Place | None:
    """Return where the network lies that goes by a name; None where it looks like a file's."""
    shipped = {path.stem: path for path in shipped_files()}
    if name in shipped:
        return SHIPPED, shipped[name]
    if name.partition(":")[0] in SOURCES:
        return place_of_key(name)
    runs = _runs()
    if name == LATEST:
        for run in runs:
            if run.model.exists():
                return RUN, run
        raise ModelFileError("There is no run with a network yet.")
    names = names_of(runs)
    if name in names:
        return RUN, run_called(name, runs)
    if not Path(name).suffix and Path(name).name == name:
        known = [*shipped, LATEST, *names, *_own_names()]
        raise ModelFileError(
            f"There is no file and no network {name!r}; "
            f"{did_you_mean(name, known, 'mnist-draw models')}"
        )
    return None


def file_of(name: str) -> str:
    """Return the file of a network that a user names by a path or a name."""
    place = None if os.path.lexists(name) else place_of(name)
    return name if place is None else str(path_of(place))


def path_of(place: Place) -> Path:
    """Return the file at a place; it need not exist any more."""
    found = place[1]
    return found.model if isinstance(found, Run) else found


def _own_names() -> list[str]:
    """Return what the networks that learnt and those that were opened are called."""
    folders = {LEARNT: learnt_folder, OPENED: opened_folder}
    with contextlib.suppress(OSError, StorageError):
        return [
            f"{source}:{path.stem}"
            for source, folder in folders.items()
            if folder().is_dir()
            for path in sorted(folder().iterdir())
            if path.suffix == SUFFIX and not path.name.startswith(".")
        ]
    return []


def _runs() -> list[Run]:
    """Return all runs, newest first; none where they cannot be listed."""
    try:
        return list_runs()[0]
    except StorageError:
        return []
