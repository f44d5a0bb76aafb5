"""The files of networks: which one a name or key leads to, and fallbacks for a full disk.

The names are those of `mnist_draw.library.networks.find_network`. Training needs them, too: a run
may start with a network that goes by a name, and its own must be saved somewhere.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import platformdirs

from mnist_draw.errors import ModelFileError, StorageError, UserError, did_you_mean, reason_of
from mnist_draw.storage.folders import APPLICATION, data_folder, home_name, resource_path
from mnist_draw.storage.integrity import is_private
from mnist_draw.storage.models import ModelFile, load_model, read_info, save_model
from mnist_draw.storage.unique_paths import reserved_file
from mnist_draw.training.record import Run, read_run
from mnist_draw.training.run_list import LATEST, list_runs, names_of, run_called, runs_folder

#: Where a network is from; its key begins with it.
SOURCES = SHIPPED, FINE_TUNED, RUN, OPENED = "shipped", "learnt", "run", "opened"
SUFFIX = ".npz"
#: The rejection rule, in the folder of the networks that ship.
RULE_FILE = "digit_or_not.npz"

_NAME = f"rescued-model{SUFFIX}"
#: How its name begins outside the program's folders.
_OUTSIDE = f"{APPLICATION.replace('_', '-')}-rescued-model"

#: Networks saved outside the program's folders, where there was room, by file name.
_external: dict[str, Path] = {}

#: A network's source, and its file or its run.
Place = tuple[str, Path | Run]


def shipped_files() -> list[Path]:
    paths = resource_path("models").glob(f"*{SUFFIX}")
    return sorted(path for path in paths if path.name != RULE_FILE)


def fine_tuned_folder() -> Path:
    """Return the folder of the fine-tuned networks, which need not exist."""
    return data_folder() / "learnt"


def opened_folder() -> Path:
    """Return the folder of the opened networks, which need not exist."""
    return data_folder() / "networks"


def note_external(path: Path) -> None:
    """List an external network with the opened ones until the program ends."""
    _external[path.name] = path


def list_external() -> list[Path]:
    """List the external networks that still exist, newest first."""
    return [path for path in reversed(_external.values()) if path.exists()]


def is_external(key: str) -> bool:
    """Whether a key is that of an external network: it is not valid after this session."""
    source, _, name = key.partition(":")
    return source == OPENED and name in _external


def place_of_key(key: str) -> Place:
    """Return the place of the network of a key; its file need not exist."""
    source, _, name = key.partition(":")
    # A file name only: a key may be from a file edited by hand.
    if name and Path(name).name == name:
        if source == SHIPPED:
            for path in shipped_files():
                if path.stem == name:
                    return SHIPPED, path
        elif is_external(key):
            return OPENED, _external[name]
        elif source in (FINE_TUNED, OPENED):
            path = (fine_tuned_folder() if source == FINE_TUNED else opened_folder()) / name
            # A user may type the name without its suffix.
            whole = path if path.exists() else path.with_name(f"{name}{SUFFIX}")
            return source, whole if whole.exists() else path
        elif source == RUN:
            with contextlib.suppress(OSError, UserError):
                return RUN, read_run(runs_folder() / name)
    raise ModelFileError(f"There is no network {key!r}.")


def place_of(name: str) -> Place | None:
    """Return the place of the network of a name; None if the name looks like a file's."""
    shipped = {path.stem: path for path in shipped_files()}
    if name in shipped:
        return SHIPPED, shipped[name]
    if name.partition(":")[0] in SOURCES:
        return place_of_key(name)
    runs = readable_runs()
    if name == LATEST:
        for run in runs:
            if run.model.exists():
                return RUN, run
        raise ModelFileError("There is no run with a network yet.")
    names = names_of(runs)
    if name in names:
        return RUN, run_called(name, runs)
    if not Path(name).suffix and Path(name).name == name:
        own = [
            f"{source}:{path.stem}" for source in (FINE_TUNED, OPENED) for path in own_files(source)
        ]
        known = [*shipped, LATEST, *names, *own]
        raise ModelFileError(
            f"There is no file and no network {name!r}; "
            f"{did_you_mean(name, known, 'mnist-draw models')}"
        )
    return None


def file_of(name: str) -> str:
    """Return the file of the network that a user gives by path or name."""
    place = None if os.path.lexists(name) else place_of(name)
    return name if place is None else str(path_of(place))


def path_of(place: Place) -> Path:
    found = place[1]
    return found.model if isinstance(found, Run) else found


def own_files(source: str) -> list[Path]:
    """List the files of the fine-tuned or the opened networks; none if the folder is unreadable."""
    folder = fine_tuned_folder if source == FINE_TUNED else opened_folder
    try:
        paths = list(folder().iterdir())
    except (OSError, StorageError):
        return []
    return sorted(path for path in paths if path.suffix == SUFFIX and not path.name.startswith("."))


def readable_runs() -> list[Run]:
    """List all runs, newest first; none if the folder is unreadable."""
    try:
        return list_runs()[0]
    except StorageError:
        return []


# -- fallbacks, if a network cannot be saved at its own place


def save_fallback(
    model: ModelFile, tell: Callable[[str], object] = lambda sentence: None
) -> Path | None:
    """Save a network in the first writable folder, under a free name; None if there is none.

    It tries the folder of the opened networks, the user's documents and the temporary folder. The
    network is listed with the opened ones: an external one until the program ends.
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
    """Move the fallbacks of an earlier program with this home to the opened networks.

    Those for which there is still no room stay where they are and are listed as external.
    """
    messages: list[str] = []
    for path in _fallback_files():
        try:
            model, made = load_model(path), time.localtime(path.stat().st_mtime)
        except (OSError, UserError):
            continue
        try:
            save_with_opened(model.with_info(home=""))
        except UserError as error:
            note_external(path)
            messages.append(
                f"The network in {path} was saved there for want of room, and stays there: "
                f"{error} The Library (F9) lists it."
            )
            continue
        # If its folder is read-only, there are two copies.
        with contextlib.suppress(OSError):
            path.unlink()
        day = f"{made.tm_mday} {time.strftime('%b', made)}"
        messages.append(f"A network from {day} is back; the disk had been full.")
    return messages


def list_fallbacks() -> None:
    """List the fallbacks of an earlier program as external networks."""
    for path in _fallback_files():
        note_external(path)


def _fallback_files() -> list[Path]:
    """List the fallback files of an earlier program that only this user can have written.

    Those of another home are its own; older versions wrote no home.
    """
    found: list[Path] = []
    for folder in fallback_folders():
        # A folder may be gone, or closed to the user.
        with contextlib.suppress(OSError):
            found += [
                path for path in sorted(folder.glob(f"{_OUTSIDE}*{SUFFIX}")) if is_private(path)
            ]
    return [path for path in found if _home_of(path) in ("", home_name())]


def _home_of(path: Path) -> str:
    try:
        return read_info(path)[1].home
    except (OSError, UserError):
        return ""


def fallback_key(path: Path) -> str:
    return f"{OPENED}:{path.name}"


def describe_fallback(path: Path) -> str:
    """Tell the user where a fallback was saved, and what to do with it."""
    return (
        f"The network was saved in {path} instead and is kept there. It answers; the Library (F9) "
        "lists it, and Export there puts it where you want."
    )


def fallback_folders() -> list[Path]:
    """List the folders outside the program's: the user's documents, the temporary folder."""
    documents = Path(platformdirs.user_documents_dir())
    return [*([documents] if documents.is_dir() else []), Path(tempfile.gettempdir())]


def with_fallback_title(model: ModelFile) -> ModelFile:
    """Rename a network, so that it differs from the one that its own place may hold."""
    return model.with_info(name=f"{model.title}, rescued")


def save_with_opened(model: ModelFile) -> Path:
    return save_at(model, opened_folder() / _NAME)


def save_at(model: ModelFile, wanted: Path) -> Path:
    """Save a network under a free name like the wanted one, in a folder that is made."""
    folder = wanted.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be made: {reason_of(error)}.") from error
    with reserved_file(wanted) as path:
        save_model(path, model)
    return path


def _save_outside(folder: Path, model: ModelFile) -> Path:
    with reserved_file(folder / f"{_OUTSIDE}{SUFFIX}") as path:
        save_model(path, model.with_info(home=home_name()))
    # Only a private file is reclaimed later, whatever the umask.
    with contextlib.suppress(OSError):
        path.chmod(0o600)
    note_external(path)
    return path
