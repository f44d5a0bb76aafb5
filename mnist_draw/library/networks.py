"""The library of trained networks: list, find, save, rename, delete and restore.

Networks have four sources: shipped, fine-tuned to the user's digits, runs, and opened files.
Fine-tuned and opened networks are model files in folders of the user; none is ever replaced by
another. The folder of the fine-tuned also holds copies of the networks that fine-tuning started
from, if no other file has them, so that Undo always finds them. A network has a key that survives
a restart: ``shipped:NAME``, ``learnt:FILE``, ``run:FOLDER`` or ``opened:FILE``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from mnist_draw.dataset.classes import with_article
from mnist_draw.errors import StorageError, UserError, did_you_mean, few_of, plain_name
from mnist_draw.i18n import _, joined
from mnist_draw.library.stored_network import (
    BEFORE,
    FINE_TUNED,
    OPENED,
    RUN,
    SHIPPED,
    SOURCES,
    SUFFIX,
    TIME,
    TITLES,
    StoredNetwork,
    fine_tuned_folder,
    load_trained,
    network_of_run,
    of_file,
    open_network,
    opened_folder,
    save_at,
    title_of,
)
from mnist_draw.networks import parse_network, title_of_model
from mnist_draw.storage import ModelFile, ModelFileError, resource_path, save_model
from mnist_draw.storage.atomic import has_content
from mnist_draw.storage.folders import data_folder
from mnist_draw.storage.models import pack_model, read_info
from mnist_draw.storage.my_digits import FOLDER as DIGITS_FOLDER
from mnist_draw.storage.npz import MAX_BYTES
from mnist_draw.storage.opening import read_file
from mnist_draw.storage.unique_paths import Deleted, deleted, move_to_bin
from mnist_draw.training import run_list
from mnist_draw.training.events import Renamed
from mnist_draw.training.record import cut_off, read_run, save_record

#: The rejection rule and what reads strokes, in the folder of the networks that ship.
RULE_FILE = "digit_or_not.npz"
GLYPHS_FILE = "glyphs.npz"
#: The folders of the user's networks.
_FOLDERS = {FINE_TUNED: fine_tuned_folder, OPENED: opened_folder}


def _shipped() -> dict[str, Path]:
    """Return the files of the networks that ship by name, the default first."""
    paths = sorted(resource_path("models").glob(f"*{SUFFIX}"))
    files = {path.stem: path for path in paths if path.name not in (RULE_FILE, GLYPHS_FILE)}
    return {name: files[name] for name in dict.fromkeys([*TITLES, *files]) if name in files}


def _own_files(source: str) -> list[Path]:
    """List the files of the fine-tuned or the opened networks; none if the folder is unreadable.

    An empty file is a name that a killed program has reserved.
    """
    try:
        paths = list(_FOLDERS[source]().iterdir())
    except (OSError, StorageError):
        return []
    return sorted(
        path
        for path in paths
        if path.suffix == SUFFIX and not path.name.startswith(".") and has_content(path)
    )


def list_shipped() -> tuple[StoredNetwork, ...]:
    return tuple(of_file(path, SHIPPED) for path in _shipped().values())


def list_fine_tuned() -> list[StoredNetwork]:
    """List the fine-tuned networks, newest first; none if the folder cannot be read."""
    return [of_file(path, FINE_TUNED) for path in reversed(_own_files(FINE_TUNED))]


def list_opened() -> list[StoredNetwork]:
    """List the opened networks, newest first."""
    return [of_file(path, OPENED) for path in reversed(_own_files(OPENED))]


def list_run_networks() -> list[StoredNetwork]:
    """List the networks of runs, newest first; none if the folder cannot be read."""
    return [stored for stored in map(network_of_run, run_list.readable_runs()) if stored.is_saved]


def list_all() -> list[StoredNetwork]:
    """List all networks: those that ship, then the user's, newest first."""
    own = [*list_fine_tuned(), *list_run_networks(), *list_opened()]
    return [*list_shipped(), *sorted(own, key=creation_time, reverse=True)]


def creation_time(stored: StoredNetwork) -> float:
    try:
        return stored.path.stat().st_mtime
    except OSError:
        return 0.0


# -- by name


def find_network(name: str, network: str = "") -> ModelFile:
    """Read the network that a user names.

    A name is a file of this program or of ``numpy.savez`` (`network` is its architecture, if the
    file does not say it), a name such as ``"best"``, a key, a run's name, ``"latest"``, or a title
    that one network alone has.
    """
    stored = None if os.path.lexists(name) else find_stored(name)
    found = open_network(name, network) if stored is None else stored.load()
    if isinstance(found, ModelFile):
        own = parse_network(found.network).text if network else ""
        # A typed name may leave the number of classes out.
        if network and parse_network(network).text not in (own, own.partition("#")[0]):
            raise ModelFileError(
                "{name} already specifies its network: {network}, not {given}. Leave {given} "
                "out, or choose another file.",
                name=name,
                network=found.network,
                given=network,
            )
        return found
    raise ModelFileError(
        "{name} holds numbers without the name of their network, which may be any of {names}. Say "
        "which.",
        name=name,
        names=", ".join(found),
    )


def find_stored(name: str) -> StoredNetwork | None:
    """Return the network of a name; None if the name looks like a file's."""
    shipped = _shipped()
    if name in shipped:
        return of_file(shipped[name], SHIPPED)
    if name.partition(":")[0] in SOURCES:
        return find_by_key(name)
    runs = run_list.readable_runs()
    if name == run_list.LATEST:
        for stored in map(network_of_run, runs):
            if stored.is_saved:
                return stored
        raise ModelFileError("No run has a network yet.")
    names = run_list.names_of(runs)
    if name in names:
        return network_of_run(run_list.run_called(name, runs))
    titled = [stored for stored in list_all() if stored.title == name]
    if len(titled) == 1:
        return titled[0]
    if titled:
        few = few_of(stored.typed_name for stored in titled)
        raise ModelFileError(
            "Several networks are called {name}: {few}. Choose one of these.",
            name=name,
            few=few,
        )
    if not Path(name).suffix and Path(name).name == name:
        own = [f"{source}:{path.stem}" for source in _FOLDERS for path in _own_files(source)]
        known = [*shipped, run_list.LATEST, *names, *own]
        raise ModelFileError(
            "There is no file and no network {name!r}. {hint}",
            name=name,
            hint=did_you_mean(name, known, "mnist-draw models"),
        )
    return None


def find_by_key(key: str) -> StoredNetwork:
    """Return the network of a key; its file need not exist."""
    source, _colon, name = key.partition(":")
    # A file name only: a key may be from a file edited by hand.
    if name and Path(name).name == name:
        if source == SHIPPED and name in _shipped():
            return of_file(_shipped()[name], SHIPPED)
        if source in _FOLDERS:
            path = _FOLDERS[source]() / name
            # A user may type the name without its suffix.
            whole = path if path.exists() else path.with_name(f"{name}{SUFFIX}")
            return of_file(whole if whole.exists() else path, source)
        if source == RUN:
            with contextlib.suppress(OSError, UserError):
                return network_of_run(cut_off(read_run(run_list.runs_folder() / name)))
    raise ModelFileError("There is no network {key!r}.", key=key)


def file_of(name: str) -> str:
    """Return the file of the network that a user gives by path or name."""
    stored = None if os.path.lexists(name) else find_stored(name)
    return name if stored is None else str(stored.path)


def default_network(tell: Callable[[str], object]) -> tuple[StoredNetwork, ModelFile]:
    """Read the network that the program starts with: the first shipped one that is undamaged."""
    damage: ModelFileError | None = None
    for stored in list_shipped():
        try:
            model = stored.load()
        except ModelFileError as error:
            damage = damage or error
            continue
        if damage is not None:
            instead = _("The network {title!r} answers instead.", title=title_of_model(model))
            tell(joined(str(damage), instead))
        return stored, model
    raise damage or ModelFileError(
        "No trained network was found in {folder}. Train one with 'mnist-draw train "
        "--output FILE.npz' and name it with --model.",
        folder=resource_path("models"),
    )


def default_model(tell: Callable[[str], object] = lambda sentence: None) -> ModelFile:
    return default_network(tell)[1]


# -- save, rename, delete


def save_fine_tuned(model: ModelFile, before: bool = False) -> StoredNetwork:
    """Save a fine-tuned network, or the one `before` fine-tuning."""
    name = f"{time.strftime(TIME)}{BEFORE if before else ''}"
    # It is no longer the network whose name it has.
    path = save_at(model.with_info(name=""), fine_tuned_folder() / f"{name}{SUFFIX}")
    return of_file(path, FINE_TUNED)


def save_opened(model: ModelFile, name: str) -> StoredNetwork:
    """Save an opened network, under a name if it has none; the same network is saved once."""
    wanted = opened_folder() / f"{Path(name).name}{SUFFIX}"
    named = model.with_info(name=model.info.name or name)
    with contextlib.suppress(OSError, UserError):
        if read_file(wanted, MAX_BYTES) == pack_model(named):
            return of_file(wanted, OPENED)
    return of_file(save_at(named, wanted), OPENED)


def rename(stored: StoredNetwork, name: str) -> StoredNetwork:
    """Rename a network; the network of a run is renamed with its run."""
    name = plain_name(name)
    if stored.source == SHIPPED:
        raise UserError("The networks that ship keep their names.")
    if stored.source == RUN:
        try:
            run = read_run(stored.path.parent)
        except FileNotFoundError as error:
            raise UserError(
                "{title} is gone: it was deleted, moved or renamed in the meantime. Nothing "
                "was changed.",
                title=stored.title,
            ) from error
        run.apply(Renamed(name))
        save_record(run)
        return network_of_run(run)
    model = load_trained(stored.path).with_info(name=name)
    when = creation_time(stored)
    save_model(stored.path, model)
    # Another name makes no other network: it is as old as it was.
    with contextlib.suppress(OSError):
        os.utime(stored.path, (when, when))
    return of_file(stored.path, stored.source)


def delete(stored: StoredNetwork) -> Path:
    """Move a network, with its run if it has one, to the bin; return its path there."""
    if stored.source == SHIPPED:
        raise UserError("The networks that ship cannot be deleted.")
    path = stored.path.parent if stored.source == RUN else stored.path
    return move_to_bin(path, stored.title)


def list_deleted() -> list[tuple[Deleted, str]]:
    """List what `bring_back` can restore, with titles, newest first."""
    folders = {**_FOLDERS, RUN: run_list.runs_folder}
    found = [
        (one, _deleted_title(one, source))
        for source, folder in folders.items()
        for one in deleted(folder())
    ]
    digits = deleted(data_folder() / DIGITS_FOLDER)
    found += [(one, with_article(one.name[:1])) for one in digits]
    return sorted(found, key=lambda pair: pair[0].when, reverse=True)


def _deleted_title(one: Deleted, source: str) -> str:
    try:
        if source == RUN:
            return network_of_run(read_run(one.path)).title
        _text, info = read_info(one.path)
        return title_of(Path(one.name).stem, source, info)
    except (OSError, UserError):
        return one.name
