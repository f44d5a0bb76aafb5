"""A trained network in a file: its title and key, and reading it.

Beside its own model files the program reads what Lasagne's users write:
``numpy.savez(file, *lasagne.layers.get_all_param_values(network))``. Such a file says nothing of
the network; the shapes of its arrays do, but for the activation of dense layers.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import platformdirs

from mnist_draw.errors import UserError, reason_of
from mnist_draw.i18n import _, date
from mnist_draw.networks import NETWORKS, parse_network
from mnist_draw.networks.operations import ACTIVATIONS
from mnist_draw.storage import ModelFile, ModelFileError, load_model, npz
from mnist_draw.storage.file_system import is_private
from mnist_draw.storage.folders import data_folder, home_name, make_folder
from mnist_draw.storage.models import ModelInfo, read_info, save_model
from mnist_draw.storage.opening import PathName
from mnist_draw.storage.unique_paths import reserved_file
from mnist_draw.training.checkpoint import is_checkpoint, load_checkpoint
from mnist_draw.training.run import CHECKPOINT, Run

#: Where a network is from; its key begins with it.
SOURCES = SHIPPED, FINE_TUNED, RUN, OPENED = "shipped", "learnt", "run", "opened"
SUFFIX = ".npz"
#: Titles of the networks that ship, the best reader of handwriting first: the first that is there
#: is the default. Others have their file's name.
TITLES = {
    "best": _("Best reader"),
    "mlp_handwriting": _("Handwriting MLP"),
    "mlp": _("Tutorial MLP"),
}
TIME = "%Y-%m-%d %H.%M.%S"
BEFORE = " before"
#: ``numpy.savez``'s name of arrays without a name.
_PLAIN = "arr_"


def fine_tuned_folder() -> Path:
    """Return the folder of the fine-tuned networks, which need not exist."""
    return data_folder() / "learnt"


def opened_folder() -> Path:
    """Return the folder of the opened networks, which need not exist."""
    return data_folder() / "networks"


@dataclass(frozen=True)
class StoredNetwork:
    path: Path
    source: str
    title: str
    network: str = ""
    info: ModelInfo = field(default_factory=ModelInfo)

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def key(self) -> str:
        """The network's key, as in the preferences: its source and file, or folder."""
        names = {SHIPPED: self.name, RUN: self.path.parent.name}
        return f"{self.source}:{names.get(self.source, self.path.name)}"

    @property
    def is_saved(self) -> bool:
        """Whether there is a file of the network alone; a run may have only a checkpoint."""
        return self.path.name != CHECKPOINT and self.path.exists()

    @property
    def typed_name(self) -> str:
        """Its name on the command line: a shipped name, or a key."""
        return self.name if self.source == SHIPPED else self.key.removesuffix(SUFFIX)

    @property
    def kind(self) -> str:
        """``"MLP"`` or ``"CNN"``; empty if unknown."""
        try:
            return "CNN" if parse_network(self.network).convolves else "MLP"
        except UserError:
            return ""

    @property
    def label(self) -> str:
        """Its label in a menu, such as ``"Best reader · CNN · 99.56%"``."""
        kind = "" if self.kind in self.title else self.kind
        untested = self.info.test_accuracy is None and self.info.validation_accuracy is not None
        accuracy = self.info.describe_accuracy() if untested else self.info.accuracy
        return " · ".join(filter(None, (self.title, kind, accuracy)))

    def load(self) -> ModelFile:
        """Read it, under its title."""
        if self.source == RUN and not self.is_saved:
            return _from_checkpoint(self)
        return load_trained(self.path).with_info(name=self.title)


def load_trained(path: PathName) -> ModelFile:
    """Read a model file and check its parameters against its network."""
    try:
        return load_model(path, shapes_of=lambda text: parse_network(text).parameter_shapes())
    except ModelFileError as error:
        if not is_checkpoint(path):
            raise
        name = os.fspath(path)
        raise ModelFileError(
            "{name} is not a trained network but the checkpoint of a run. Continue it with "
            "mnist-draw train --resume {file}, which saves its network at the end.",
            name=name,
            file=shlex.quote(name),
        ) from error


def open_network(path: str, network: str = "") -> ModelFile | list[str]:
    """Read a trained network; return the possible architectures if the file leaves them open."""
    arrays = _plain_arrays(path)
    if not arrays:
        return load_trained(path)
    shapes = tuple(array.shape for array in arrays)
    fitting = [network] if network else networks_of_shapes(shapes)
    if not fitting:
        words = ", ".join("×".join(map(str, shape)) for shape in shapes)[:200]
        raise ModelFileError(
            "{path} holds the parameters of no network that this program has: their shapes are "
            "{shapes}. Nothing was opened.",
            path=path,
            shapes=words,
        )
    if len(fitting) > 1:
        return fitting
    # In 32-bit floats, whatever they were.
    parameters = tuple(array.astype(np.float32) for array in arrays)
    try:
        model = ModelFile(fitting[0], parameters)
        model.require_shapes(parse_network(fitting[0]).parameter_shapes())
    except ModelFileError as error:
        raise ModelFileError(
            "{path} cannot be used: {reason}.",
            path=path,
            reason=reason_of(error),
        ) from error
    return model


def _plain_arrays(path: str) -> tuple[npz.Array, ...]:
    """Return the arrays that ``numpy.savez`` wrote without names, in order; none of other files."""
    try:
        with npz.open_archive(path) as archive:
            arrays = archive.read_all() if f"{_PLAIN}0" in archive.sizes else {}
    except (OSError, UserError):
        # Reading it as a model file reports what is wrong.
        return ()
    names = [f"{_PLAIN}{number}" for number in range(len(arrays))]
    return tuple(arrays[name] for name in names) if set(names) == set(arrays) else ()


def networks_of_shapes(shapes: tuple[tuple[int, ...], ...]) -> list[str]:
    """Return the architectures with these parameter shapes, the likeliest first."""
    # The last bias has one value for each class.
    classes = f"#{shapes[-1][-1]}" if shapes and shapes[-1] else ""
    for name, kind in NETWORKS.items():
        if kind.in_menu and _shapes(name + classes) == shapes:
            return [parse_network(name + classes).text]
    units = [str(shape[-1]) for shape in shapes[:-2:2]]
    _, *others = ACTIVATIONS
    texts = [f"layers:{','.join(units)}"]
    if units:
        texts += [f"layers:{','.join(f'{unit}@{other}' for unit in units)}" for other in others]
    texts = [text + classes for text in texts]
    return [parse_network(text).text for text in texts if _shapes(text) == shapes]


def _shapes(network: str) -> tuple[tuple[int, ...], ...]:
    try:
        return parse_network(network).parameter_shapes()
    except UserError:
        return ()


def of_file(path: Path, source: str) -> StoredNetwork:
    """Describe a model file; a damaged one has only its file's name."""
    network, info = _read_info(path)
    return StoredNetwork(path, source, title_of(path.stem, source, info), network, info)


def _read_info(path: Path) -> tuple[str, ModelInfo]:
    try:
        return read_info(path)
    except ModelFileError:
        return "", ModelInfo()


def title_of(stem: str, source: str, info: ModelInfo) -> str:
    if source == SHIPPED:
        return TITLES.get(stem, stem)
    if info.name or source == OPENED:
        return info.name or stem
    try:
        made = time.strptime(stem[:19], TIME)
    except ValueError:
        return stem
    day = date(datetime(*made[:6]), clock=True)
    if BEFORE in stem:
        return _("Before learning, {date}", date=day)
    return _("My digits, {date}", date=day)


def network_of_run(run: Run) -> StoredNetwork:
    """Describe the network of a run, which need not exist yet; both have one title.

    A model file from before the run was continued and cut off is passed over: the network is that
    of the checkpoint then.
    """
    saved = _read_info(run.model)[1]
    is_older = saved.epochs is not None and saved.epochs < run.epochs_done
    info = ModelInfo(
        epochs=run.epochs_done,
        validation_accuracy=run.figures.get("validation_accuracy"),
        test_accuracy=run.figures.get("test_accuracy"),
        classes=saved.classes,
    )
    path = run.checkpoint if is_older else run.model
    return StoredNetwork(path, RUN, run.title, run.settings.network, info)


def _from_checkpoint(stored: StoredNetwork) -> ModelFile:
    try:
        checkpoint = load_checkpoint(stored.path.with_name(CHECKPOINT))
    except UserError as error:
        raise ModelFileError(
            "The run {title} has no network. {error}",
            title=stored.title,
            error=error,
        ) from error
    parameters = checkpoint.best_parameters or checkpoint.parameters
    return ModelFile(checkpoint.settings.network, parameters).with_info(
        name=stored.title,
        title=stored.title,
        epochs=checkpoint.epoch,
    )


# -- networks whose own place cannot be written

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
                _("A network from {date} was recovered; the disk had been full.", date=date(made)),
            )
            path.unlink()
    return messages


def _outside_files() -> list[Path]:
    """List the files that only this user can have written in documents and temporary files."""
    found: list[Path] = []
    for folder in fallback_folders():
        # A folder may be missing, or closed to the user.
        with contextlib.suppress(OSError):
            # Anybody may put a link to a file of this user into the temporary folder.
            files = [path for path in sorted(folder.glob(_OUTSIDE)) if not path.is_symlink()]
            found += [path for path in files if is_private(path)]
    return found


def fallback_folders() -> list[Path]:
    """List the folders outside the program's that earlier versions wrote to."""
    folders = [Path(platformdirs.user_documents_dir())]
    # There may be none.
    with contextlib.suppress(FileNotFoundError):
        folders.append(Path(tempfile.gettempdir()))
    return folders


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
