"""Where the program keeps its things on this system.

Three folders, as the system's conventions have them (on Linux below ``~/.cache``,
``~/.local/share`` and ``~/.config``). The environment variable ``MNIST_DRAW_HOME`` moves
all three into one folder: for a portable installation on a stick, and for tests.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import platformdirs

from mnist_draw.errors import StorageError, reason_of
from mnist_draw.storage.atomic import sweep

APPLICATION = "mnist_draw"
HOME_VARIABLE = "MNIST_DRAW_HOME"


def cache_folder() -> Path:
    """Return the folder for what can be made again, such as compiled code; it exists."""
    return _prepared("cache", platformdirs.user_cache_dir(APPLICATION, appauthor=False))


def data_folder() -> Path:
    """Return the folder for what must be kept, such as runs and checkpoints; it exists."""
    return _prepared("data", platformdirs.user_data_dir(APPLICATION, appauthor=False))


def config_folder() -> Path:
    """Return the folder for the user's preferences; it exists."""
    return _prepared("config", platformdirs.user_config_dir(APPLICATION, appauthor=False))


def named_path(name: str | os.PathLike[str]) -> Path:
    """Return the path that a user has typed, with ``~`` as his home."""
    path = Path(name)
    try:
        path = path.expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, RuntimeError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error).rstrip(".")
        raise StorageError(f"{path} cannot be used: {reason}.") from error
    return path


def sweep_home() -> None:
    """Remove the temporary files that killed programs left in these folders."""
    with contextlib.suppress(StorageError, OSError):
        for parent in (config_folder(), data_folder()):
            for folder, _, _ in os.walk(parent):
                sweep(Path(folder))
        # Not all of the cache: the compiled code in it takes thousands of files.
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
        reason = reason_of(error) if isinstance(error, OSError) else str(error).rstrip(".")
        raise StorageError(
            f"Could not create the folder {folder}: {reason}. "
            f"Set the environment variable {HOME_VARIABLE} to a folder that can be written."
        ) from error
    return folder
