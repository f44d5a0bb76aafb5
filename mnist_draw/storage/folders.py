"""The folders of the program: its three for the user, and the resources that ship with it.

The user's follow the system's conventions (on Linux below ``~/.cache``, ``~/.local/share`` and
``~/.config``). The environment variable ``MNIST_DRAW_HOME`` moves all three into one folder: for a
portable installation on a stick, and for tests.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import tempfile
from pathlib import Path

import platformdirs

from mnist_draw.errors import StorageError, reason_of
from mnist_draw.storage.atomic import sweep
from mnist_draw.storage.file_system import is_closed, is_private
from mnist_draw.storage.opening import PathName

APPLICATION = "mnist_draw"
HOME_VARIABLE = "MNIST_DRAW_HOME"


def cache_folder() -> Path:
    """Return the folder for data that can be computed again; it is created if missing."""
    return _prepared("cache", platformdirs.user_cache_dir(APPLICATION, appauthor=False))


def data_folder() -> Path:
    """Return the folder for data such as runs and checkpoints; it is created if missing."""
    return _prepared("data", platformdirs.user_data_dir(APPLICATION, appauthor=False))


def config_folder() -> Path:
    """Return the folder for the preferences; it is created if missing."""
    return _prepared("config", platformdirs.user_config_dir(APPLICATION, appauthor=False))


def home_name() -> str:
    """Return what tells this home from another one: its path, which need not exist."""
    home = os.environ.get(HOME_VARIABLE) or platformdirs.user_data_dir(APPLICATION, False)
    # The folder that the program was started in may be gone.
    with contextlib.suppress(FileNotFoundError):
        home = str(Path(home).absolute())
    return home


def make_folder(folder: Path) -> Path:
    """Create a folder, and its parents, if it is missing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fields = {"folder": folder, "reason": reason_of(error)}
        raise StorageError("The folder {folder} cannot be created: {reason}.", **fields) from error
    return folder


def temporary_folder() -> Path:
    """Make a folder among temporary files, or in the program's cache where none can be made."""
    prefix = "mnist_draw-"
    with contextlib.suppress(OSError):
        return Path(tempfile.mkdtemp(prefix=prefix))
    place = cache_folder()
    try:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    except OSError as error:
        fields = {"folder": place, "reason": reason_of(error)}
        raise StorageError("The folder {folder} cannot be created: {reason}.", **fields) from error


def private_folder(folder: Path) -> Path | None:
    """Return a subfolder that only its user can enter, created if missing; None if others can.

    It is for compiled code: what others could have written there is not run.
    """
    private = folder / "private"
    with contextlib.suppress(OSError, ValueError):
        folder.mkdir(parents=True, exist_ok=True)
        private.mkdir(mode=0o700, exist_ok=True)
        if is_closed(private) and is_private(private) and not private.is_symlink():
            return private
    return None


def named_path(name: PathName) -> Path:
    """Return a path that a user has typed, with ``~`` expanded."""
    path = Path(name)
    try:
        path = path.expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=reason_of(error),
        ) from error
    return path


def sweep_home() -> None:
    """Remove the temporary files of killed programs from these folders."""
    with contextlib.suppress(StorageError, OSError):
        for parent in (config_folder(), data_folder()):
            for folder, *_names in os.walk(parent):
                sweep(Path(folder))
        # Not the whole cache: its compiled code consists of thousands of files.
        for kind in cache_folder().iterdir():
            sweep(kind)


def _prepared(kind: str, conventional: str) -> Path:
    """Choose between the portable home and the conventional folder, and create it."""
    home = os.environ.get(HOME_VARIABLE)
    folder = Path(home) if home else Path(conventional)
    try:
        if home:
            folder = folder.expanduser().absolute() / kind
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise StorageError(
            "Could not create the folder {folder}: {reason}. Set the environment variable "
            "{variable} to a writable folder.",
            folder=folder,
            reason=reason_of(error),
            variable=HOME_VARIABLE,
        ) from error
    return folder


def resource_path(*names: str) -> Path:
    """Return the path of a shipped file or folder, in an installation or a bare clone."""
    return _resources().joinpath(*names)


def _resources() -> Path:
    # Found without importing the package.
    specification = importlib.util.find_spec("mnist_draw.resources")
    if specification is not None and specification.submodule_search_locations:
        for location in specification.submodule_search_locations:
            if Path(location).is_dir():
                return Path(location)
    return Path(__file__).resolve().parents[2] / "resources"
