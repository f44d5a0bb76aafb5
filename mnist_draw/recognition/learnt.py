"""The networks that have learnt the user's digits, kept in the user's files; none is replaced.

Each is a model file named after the time it was made. Beside them lie copies of networks that
learning began with where nothing else keeps those, so that undoing always finds them. Networks
are named by a key that survives a restart: ``shipped:NAME`` or ``learnt:FILE``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.recognition.network_library import SUFFIX, list_models, load_trained
from mnist_draw.storage import ModelFile, ModelFileError, StorageError, save_model
from mnist_draw.storage.errors import reason_of
from mnist_draw.storage.folders import data_folder

SHIPPED, LEARNT = "shipped", "learnt"
_TIME = "%Y-%m-%d %H.%M.%S"
_BEFORE = " before"


@dataclass(frozen=True)
class LearntModel:
    """A network in the user's folder of learnt ones.

    Attributes
    ----------
    path
        Its file.
    """

    path: Path

    @property
    def key(self) -> str:
        """What the network is called in the preferences."""
        return f"{LEARNT}:{self.path.name}"

    @property
    def title(self) -> str:
        """What the network is called in a menu."""
        name = self.path.stem
        kind = "Before learning" if _BEFORE in name else "My digits"
        try:
            made = time.strptime(name[:19], _TIME)
        except ValueError:
            return name
        return f"{kind}, {made.tm_mday} {time.strftime('%b %H:%M', made)}"

    def load(self) -> ModelFile:
        """Read it; raises :class:`ModelFileError` if it is damaged."""
        return load_trained(self.path)


def learnt_folder() -> Path:
    """Return the folder of the learnt networks; it need not exist."""
    return data_folder() / "learnt"


def list_learnt() -> list[LearntModel]:
    """Return the learnt networks, the newest first; none where the folder cannot be read."""
    try:
        paths = [path for path in learnt_folder().iterdir() if path.suffix == SUFFIX]
    except OSError:
        return []
    shown = [LearntModel(path) for path in paths if not path.name.startswith(".")]
    return sorted(shown, key=lambda model: model.path.name, reverse=True)


def save_learnt(model: ModelFile, before: bool = False) -> LearntModel:
    """Keep a network.

    Parameters
    ----------
    model
        It.
    before
        Whether it is the one that learning began with, not one that has learnt.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    folder = learnt_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be made: {reason_of(error)}.") from error
    name = time.strftime(_TIME) + (_BEFORE if before else "")
    path, number = folder / f"{name}{SUFFIX}", 1
    while path.exists():
        number += 1
        path = folder / f"{name} ({number}){SUFFIX}"
    save_model(path, model)
    return LearntModel(path)


def load_by_key(key: str) -> ModelFile:
    """Read the network of a key.

    Raises
    ------
    ModelFileError
        There is none, or its file is damaged.
    """
    kind, _, name = key.partition(":")
    if kind == SHIPPED:
        for model in list_models():
            if model.name == name:
                return model.load()
    # A name alone: a key from a file that anybody may have edited leads nowhere else.
    elif kind == LEARNT and name and Path(name).name == name:
        return LearntModel(learnt_folder() / name).load()
    raise ModelFileError(f"There is no network {key!r}.")
