"""Another place for a network whose own place cannot be written: full disks, missing folders."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.storage.folders import APPLICATION
from mnist_draw.storage.integrity import is_private
from mnist_draw.storage.models import ModelFile, load_model, save_model
from mnist_draw.storage.unique_paths import taken_file
from mnist_draw.training.runs.network_names import (
    OPENED,
    SUFFIX,
    note_elsewhere,
    opened_folder,
)

_NAME = f"rescued-model{SUFFIX}"
#: What its name begins with outside the program's folders.
_OUTSIDE = f"{APPLICATION.replace('_', '-')}-rescued-model"


def rescue(model: ModelFile, tell: Callable[[str], object] = lambda sentence: None) -> Path | None:
    """Save a network in the first place that can be written, under a name that is free.

    Tried are the networks that were opened, the user's documents and the temporary files. It is
    listed with the networks that were opened: outside the program's folders until the program ends.
    """
    places: list[Callable[[ModelFile], Path]] = [save_with_opened]
    places += [_Outside(folder) for folder in outer_folders()]
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
    for path in _left_outside():
        try:
            model = load_model(path)
        except UserError:
            continue
        try:
            kept = save_with_opened(model)
        except UserError as error:
            note_elsewhere(path)
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


def list_left_outside() -> None:
    """List with the networks that were opened those which an earlier program left outside."""
    for path in _left_outside():
        note_elsewhere(path)


def _left_outside() -> list[Path]:
    """Return the files that an earlier program left, and nobody else can have."""
    found: list[Path] = []
    for folder in outer_folders():
        # A folder may be gone, or closed to the user.
        with contextlib.suppress(OSError):
            found += [
                path for path in sorted(folder.glob(f"{_OUTSIDE}*{SUFFIX}")) if is_private(path)
            ]
    return found


def key_of_rescued(path: Path) -> str:
    """Return the key by which a network that was rescued is found again."""
    return f"{OPENED}:{path.name}"


def rescued_words(path: Path) -> str:
    """Say in the window where a network is that was rescued, and what to do with it."""
    return (
        f"The network was saved in {path} instead and is kept there. It answers; all networks (F9) "
        "lists it, and Save as … there puts it where you want."
    )


def outer_folders() -> list[Path]:
    """Return folders that are none of the program's: the user's documents, the temporary files."""
    documents = Path(platformdirs.user_documents_dir())
    return [*([documents] if documents.is_dir() else []), temporary_folder()]


def temporary_folder() -> Path:
    """Return the system's folder for temporary files."""
    return Path(tempfile.gettempdir())


def named_rescued(model: ModelFile) -> ModelFile:
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


class _Outside:
    """Saves in a folder that is none of the program's."""

    def __init__(self, folder: Path) -> None:
        self._wanted = folder / f"{_OUTSIDE}{SUFFIX}"

    def __call__(self, model: ModelFile) -> Path:
        with taken_file(self._wanted) as path:
            save_model(path, model)
        # Whatever the user grants others: only what is private is taken home later.
        with contextlib.suppress(OSError):
            path.chmod(0o600)
        note_elsewhere(path)
        return path
