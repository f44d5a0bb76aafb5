"""The trained networks that are kept: those that ship, and those that learnt the user's digits.

A network that learnt is a model file in the user's folder, named after the time it was made; none
is ever replaced. Beside them lie copies of networks that learning began with where nothing else
keeps those, so that undoing always finds them. Networks are named by a key that survives a
restart: ``shipped:NAME`` or ``learnt:FILE``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.networks import parse_network
from mnist_draw.recognition.digit_or_not.rule import FILE_NAME as REFUSAL
from mnist_draw.storage import (
    ModelFile,
    ModelFileError,
    StorageError,
    load_model,
    resource_path,
    save_model,
)
from mnist_draw.storage.errors import reason_of
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.spare_names import taken_file

#: Networks that ship and what they are called, the one that reads handwriting best first: the
#: first that is there is the default. Others go by their file's name.
TITLES = {
    "best": "Best reader",
    "mlp_handwriting": "Handwriting MLP",
    "mlp": "Tutorial MLP",
}
SUFFIX = ".npz"
SHIPPED, LEARNT = "shipped", "learnt"
_TIME = "%Y-%m-%d %H.%M.%S"
_BEFORE = " before"


@dataclass(frozen=True)
class KeptModel:
    """A trained network in a file that the program looks after.

    Attributes
    ----------
    path : pathlib.Path
    learnt : bool
        Whether it lies in the user's folder; it ships with the program otherwise.
    """

    path: Path
    learnt: bool = False

    @property
    def name(self) -> str:
        """The file's name without suffix."""
        return self.path.stem

    @property
    def key(self) -> str:
        """What the network is called in the preferences."""
        return f"{LEARNT}:{self.path.name}" if self.learnt else f"{SHIPPED}:{self.name}"

    @property
    def title(self) -> str:
        """What the network is called in a menu."""
        if not self.learnt:
            return TITLES.get(self.name, self.name)
        try:
            made = time.strptime(self.name[:19], _TIME)
        except ValueError:
            return self.name
        kind = "Before learning" if _BEFORE in self.name else "My digits"
        return f"{kind}, {made.tm_mday} {time.strftime('%b %H:%M', made)}"

    def load(self) -> ModelFile:
        """Read it; raises :class:`ModelFileError` if it is damaged."""
        return load_trained(self.path)


def load_trained(path: str | os.PathLike[str]) -> ModelFile:
    """Read a model file and check that its parameters fit its network.

    Parameters
    ----------
    path : str or os.PathLike

    Raises
    ------
    ModelFileError
        The sentence names the file and what is wrong with it.
    """
    return load_model(path, shapes_of=lambda text: parse_network(text).parameter_shapes())


def list_models() -> tuple[KeptModel, ...]:
    """Return the networks that ship, the default first."""
    folder = resource_path("models")
    # The rule that tells digits from what is none lies there too, and reads no digit itself.
    paths = [path for path in folder.glob(f"*{SUFFIX}") if path.name != REFUSAL]
    return tuple(sorted(map(KeptModel, paths), key=_rank))


def default_model(tell: Callable[[str], object] = lambda sentence: None) -> ModelFile:
    """Read the network that the program starts with: the best that ships and is not damaged.

    Parameters
    ----------
    tell : callable
        Called with a sentence for the user when it is not the first.

    Raises
    ------
    ModelFileError
        When none ships with this copy of the program, or all are damaged.
    """
    damage: ModelFileError | None = None
    for kept in list_models():
        try:
            model = kept.load()
        except ModelFileError as error:
            damage = damage or error
            continue
        if damage is not None:
            tell(f"{damage} The network {model.title!r} answers instead.")
        return model
    raise damage or ModelFileError(
        f"No trained network was found in {resource_path('models')}. Train one with "
        "'mnist-draw train --output FILE.npz' and name it with --model."
    )


def _rank(model: KeptModel) -> tuple[int, str]:
    known = list(TITLES)
    return (known.index(model.name) if model.name in TITLES else len(known), model.name)


def learnt_folder() -> Path:
    """Return the folder of the networks that learnt; it need not exist."""
    return data_folder() / "learnt"


def list_learnt() -> list[KeptModel]:
    """Return the networks that learnt, the newest first; none where they cannot be listed."""
    try:
        paths = [path for path in learnt_folder().iterdir() if path.suffix == SUFFIX]
    except OSError:
        return []
    shown = [path for path in paths if not path.name.startswith(".")]
    shown.sort(key=lambda path: path.name, reverse=True)
    return [KeptModel(path, learnt=True) for path in shown]


def save_learnt(model: ModelFile, before: bool = False) -> KeptModel:
    """Keep a network.

    Parameters
    ----------
    model : ModelFile
    before : bool
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
    wanted = folder / f"{time.strftime(_TIME)}{_BEFORE if before else ''}{SUFFIX}"
    with taken_file(wanted) as path:
        save_model(path, model)
    return KeptModel(path, learnt=True)


def find_by_key(key: str) -> KeptModel:
    """Return the network of a key; that of one that learnt need not exist any more.

    Raises
    ------
    ModelFileError
        There is none.
    """
    kind, _, name = key.partition(":")
    if kind == SHIPPED:
        for model in list_models():
            if model.name == name:
                return model
    # A name alone: a key from a file that anybody may have edited leads nowhere else.
    elif kind == LEARNT and name and Path(name).name == name:
        return KeptModel(learnt_folder() / name, learnt=True)
    raise ModelFileError(f"There is no network {key!r}.")


def load_by_key(key: str) -> ModelFile:
    """Read the network of a key.

    Raises
    ------
    ModelFileError
        There is none, or its file is damaged.
    """
    return find_by_key(key).load()
