"""Save a network among the opened ones if its own place cannot be written."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import platformdirs

from mnist_draw.errors import UserError
from mnist_draw.i18n import _, date
from mnist_draw.library.stored_network import OPENED, SUFFIX, opened_folder
from mnist_draw.storage.folders import home_name, is_private, make_folder
from mnist_draw.storage.models import ModelFile, load_model, save_model
from mnist_draw.storage.unique_paths import reserved_file

#: Names of the files that earlier versions saved outside the program's folders.
_OUTSIDE = f"mnist-draw-rescued-model*{SUFFIX}"


def save_fallback(
    model: ModelFile,
    tell: Callable[[str], object] = lambda sentence: None,
) -> Path | None:
    """Save a network among the opened ones, under a free name; None if that fails, too."""
    try:
        return save_at(model, opened_folder() / f"model{SUFFIX}")
    except UserError as error:
        tell(str(error))
        return None


def reclaim_fallbacks() -> list[str]:
    """Move networks that earlier versions saved outside this home to the opened ones.

    Those for which there is no room are left until the next start.
    """
    messages: list[str] = []
    for path in _outside_files():
        with contextlib.suppress(OSError, UserError):
            model = load_model(path)
            # The oldest versions wrote no home.
            if model.info.home not in ("", home_name()):
                continue
            made = datetime.fromtimestamp(path.stat().st_mtime)
            save_at(model.with_info(home=""), opened_folder() / path.name)
            messages.append(
                _("A network from {date} is back; the disk had been full.", date=date(made)),
            )
            path.unlink()
    return messages


def _outside_files() -> list[Path]:
    """List the files that only this user can have written in documents and temporary files."""
    found: list[Path] = []
    for folder in fallback_folders():
        # A folder may be missing, or closed to the user.
        with contextlib.suppress(OSError):
            found += [path for path in sorted(folder.glob(_OUTSIDE)) if is_private(path)]
    return found


def fallback_folders() -> list[Path]:
    """List the folders outside the program's that earlier versions wrote to."""
    return [Path(platformdirs.user_documents_dir()), Path(tempfile.gettempdir())]


def fallback_key(path: Path) -> str:
    return f"{OPENED}:{path.name}"


def describe_fallback(path: Path) -> str:
    """Tell the user where a fallback was saved, and what to do with it."""
    return _(
        "The network was saved in {path} instead and is kept there. The Library (F9) lists "
        "it, and Export there puts it where you want.",
        path=path,
    )


def save_at(model: ModelFile, wanted: Path) -> Path:
    """Save a network under a free name like the wanted one, in a folder that is made."""
    make_folder(wanted.parent)
    with reserved_file(wanted) as path:
        save_model(path, model)
    return path
