"""The files of networks: which one a name or key leads to, and fallbacks for a full disk.

The names are those of `mnist_draw.library.networks.find_network`. Training needs them, too: a run
may start with a network that goes by a name, and its own must be saved somewhere.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import platformdirs

from mnist_draw.errors import ModelFileError, StorageError, UserError, did_you_mean, reason_of
from mnist_draw.storage.folders import APPLICATION, data_folder, resource_path
from mnist_draw.storage.integrity import is_private
from mnist_draw.storage.models import ModelFile, load_model, save_model
from mnist_draw.storage.unique_paths import taken_file
from mnist_draw.training.record import Run, read_run
from mnist_draw.training.run_list import LATEST, list_runs, names_of, run_called, runs_folder

#: Who made a network; its key begins with it.
SOURCES = SHIPPED, FINE_TUNED, RUN, OPENED = "shipped", "learnt", "run", "opened"
SUFFIX = ".npz"
#: Lies beside the networks that ship, and reads no digit itself: it tells digits from what is none.
RULE_FILE = "digit_or_not.npz"

_NAME = f"rescued-model{SUFFIX}"
#: What its name begins with outside the program's folders.
_OUTSIDE = f"{APPLICATION.replace('_', '-')}-rescued-model"

#: Networks that lie outside the program's folders, where there was room, by file name.
_external: dict[str, Path] = {}

#: A network's source, and its file or its run.
Place = tuple[str, Path | Run]


def shipped_files() -> list[Path]:
    """Return the files of the networks that ship, by name."""
    paths = resource_path("models").glob(f"*{SUFFIX}")
    return sorted(path for path in paths if path.name != RULE_FILE)


def fine_tuned_folder() -> Path:
    """Return the folder of the networks that learnt; it need not exist."""
    return data_folder() / "learnt"


def opened_folder() -> Path:
    """Return the folder of the networks that were opened; it need not exist."""
    return data_folder() / "networks"


def note_external(path: Path) -> None:
    """List a network with those that were opened, wherever it lies, until the program ends."""
    _external[path.name] = path


def list_external() -> list[Path]:
    """Return the networks of `note_external` that are still there, the newest first."""
    return [path for path in reversed(_external.values()) if path.exists()]


def is_external(key: str) -> bool:
    """Whether a key leads to a network of `note_external`: after this session it leads nowhere."""
    source, _, name = key.partition(":")
    return source == OPENED and name in _external


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
            return OPENED, _external[name]
        elif source in (FINE_TUNED, OPENED):
            path = (fine_tuned_folder() if source == FINE_TUNED else opened_folder()) / name
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
    folders = {FINE_TUNED: fine_tuned_folder, OPENED: opened_folder}
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


# -- where a network is saved whose own place cannot be written


def save_fallback(
    model: ModelFile, tell: Callable[[str], object] = lambda sentence: None
) -> Path | None:
    """Save a network in the first place that can be written, under a name that is free.

    Tried are the networks that were opened, the user's documents and the temporary files. It is
    listed with the networks that were opened: outside the program's folders until the program ends.
    """
    places: list[Callable[[ModelFile], Path]] = [save_with_opened]
    places += [partial(_save_outside, folder) for folder in fallback_folders()]
    for save in places:
        try:
            return save(model)
        except UserError as error:
            tell(str(error))
    return None


def reclaim_fallbacks() -> list[str]:
    """Take home what an earlier program had to leave outside its folders.

    What finds no room yet stays where it is and is listed from there.
    """
    told: list[str] = []
    for path in _fallback_files():
        try:
            model = load_model(path)
        except UserError:
            continue
        try:
            kept = save_with_opened(model)
        except UserError as error:
            note_external(path)
            told.append(
                f"The network in {path} was saved there for want of room, and stays there: "
                f"{error} All networks (F9) lists it."
            )
            continue
        # Where its folder is closed to writing, it is there twice.
        with contextlib.suppress(OSError):
            path.unlink()
        told.append(
            f"The network that was saved in {path} for want of room is in {kept} now. All "
            "networks (F9) lists it."
        )
    return told


def list_fallbacks() -> None:
    """List with the networks that were opened those which an earlier program left outside."""
    for path in _fallback_files():
        note_external(path)


def _fallback_files() -> list[Path]:
    """Return the files that an earlier program left, and nobody else can have."""
    found: list[Path] = []
    for folder in fallback_folders():
        # A folder may be gone, or closed to the user.
        with contextlib.suppress(OSError):
            found += [
                path for path in sorted(folder.glob(f"{_OUTSIDE}*{SUFFIX}")) if is_private(path)
            ]
    return found


def fallback_key(path: Path) -> str:
    """Return the key by which a network that was rescued is found again."""
    return f"{OPENED}:{path.name}"


def describe_fallback(path: Path) -> str:
    """Say in the window where a network is that was rescued, and what to do with it."""
    return (
        f"The network was saved in {path} instead and is kept there. It answers; all networks (F9) "
        "lists it, and Save as … there puts it where you want."
    )


def fallback_folders() -> list[Path]:
    """Return folders that are none of the program's: the user's documents, the temporary files."""
    documents = Path(platformdirs.user_documents_dir())
    return [*([documents] if documents.is_dir() else []), Path(tempfile.gettempdir())]


def with_fallback_title(model: ModelFile) -> ModelFile:
    """Return a network under the name that tells it from the one that its own place may hold."""
    return model.with_info(name=f"{model.title}, rescued")


def save_with_opened(model: ModelFile) -> Path:
    """Save a network with those that were opened, under a name that is free."""
    folder = opened_folder()
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be made: {reason_of(error)}.") from error
    with taken_file(folder / _NAME) as path:
        save_model(path, model)
    return path


def _save_outside(folder: Path, model: ModelFile) -> Path:
    """Save a network in a folder that is none of the program's."""
    with taken_file(folder / f"{_OUTSIDE}{SUFFIX}") as path:
        save_model(path, model)
    # Whatever the user grants others: only what is private is reclaimed later.
    with contextlib.suppress(OSError):
        path.chmod(0o600)
    note_external(path)
    return path
