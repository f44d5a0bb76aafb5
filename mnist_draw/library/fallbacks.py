"""Save a network elsewhere if its own place cannot be written, and bring it home later."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import platformdirs

from mnist_draw.errors import UserError
from mnist_draw.i18n import _, date
from mnist_draw.library.stored_network import OPENED, SUFFIX, note_external, opened_folder
from mnist_draw.networks import title_of_model
from mnist_draw.storage.folders import APPLICATION, home_name, make_folder
from mnist_draw.storage.integrity import is_private
from mnist_draw.storage.models import ModelFile, load_model, read_info, save_model
from mnist_draw.storage.unique_paths import reserved_file

_NAME = f"rescued-model{SUFFIX}"
#: How its name begins outside the program's folders.
_OUTSIDE = f"{APPLICATION.replace('_', '-')}-rescued-model"


def save_fallback(
    model: ModelFile,
    tell: Callable[[str], object] = lambda sentence: None,
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
            model = load_model(path)
            made = datetime.fromtimestamp(path.stat().st_mtime)
        except (OSError, UserError):
            continue
        try:
            save_with_opened(model.with_info(home=""))
        except UserError as error:
            note_external(path)
            messages.append(
                _(
                    "The network in {path} was saved there for want of room, and stays there: "
                    "{error} The Library (F9) lists it.",
                    path=path,
                    error=error,
                ),
            )
            continue
        # If its folder is read-only, there are two copies.
        with contextlib.suppress(OSError):
            path.unlink()
        messages.append(
            _("A network from {date} is back; the disk had been full.", date=date(made)),
        )
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
    return _(
        "The network was saved in {path} instead and is kept there. The Library (F9) lists "
        "it, and Export there puts it where you want.",
        path=path,
    )


def fallback_folders() -> list[Path]:
    """List the folders outside the program's: the user's documents, the temporary folder."""
    documents = Path(platformdirs.user_documents_dir())
    return [*([documents] if documents.is_dir() else []), Path(tempfile.gettempdir())]


def with_fallback_title(model: ModelFile) -> ModelFile:
    """Rename a network, so that it differs from the one that its own place may hold."""
    return model.with_info(name=_("{name}, rescued", name=title_of_model(model)))


def save_with_opened(model: ModelFile) -> Path:
    return save_at(model, opened_folder() / _NAME)


def save_at(model: ModelFile, wanted: Path) -> Path:
    """Save a network under a free name like the wanted one, in a folder that is made."""
    make_folder(wanted.parent)
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
