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

from mnist_draw.errors import UserError, plain_name
from mnist_draw.library.stored_network import (
    BEFORE,
    TIME,
    TITLES,
    StoredNetwork,
    load_trained,
    network_of_run,
    of_file,
    open_network,
    title_of,
)
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile, ModelFileError, resource_path, save_model
from mnist_draw.storage.models import pack_model, read_info
from mnist_draw.storage.npz import MAX_BYTES
from mnist_draw.storage.opening import read_file
from mnist_draw.storage.unique_paths import Deleted, deleted, move_to_bin
from mnist_draw.training.network_places import (
    FINE_TUNED,
    OPENED,
    RUN,
    SHIPPED,
    SUFFIX,
    Place,
    fine_tuned_folder,
    is_external,
    list_external,
    opened_folder,
    own_files,
    place_of,
    place_of_key,
    readable_runs,
    save_at,
    shipped_files,
)
from mnist_draw.training.record import Run, read_run
from mnist_draw.training.run_list import runs_folder


def list_shipped() -> tuple[StoredNetwork, ...]:
    return tuple(of_file(path, SHIPPED) for path in sorted(shipped_files(), key=_rank))


def _rank(path: Path) -> tuple[int, str]:
    known = list(TITLES)
    return (known.index(path.stem) if path.stem in TITLES else len(known), path.stem)


def list_fine_tuned() -> list[StoredNetwork]:
    """List the fine-tuned networks, newest first; none if the folder cannot be read."""
    return _list_own(FINE_TUNED)


def list_opened() -> list[StoredNetwork]:
    """List the opened networks, and those saved outside the program's folders."""
    external = [of_file(path, OPENED) for path in list_external()]
    return external + _list_own(OPENED)


def _list_own(source: str) -> list[StoredNetwork]:
    return [of_file(path, source) for path in reversed(own_files(source))]


def list_run_networks() -> list[StoredNetwork]:
    """List the networks of runs, newest first; none if the folder cannot be read."""
    return [network_of_run(run) for run in readable_runs() if run.model.exists()]


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
    file does not say it), a title such as ``"best"``, a key, a run's name, or ``"latest"``.
    """
    stored = None if os.path.lexists(name) else find_stored(name)
    found = open_network(name, network) if stored is None else stored.load()
    if isinstance(found, ModelFile):
        own = parse_network(found.network).text if network else ""
        # A typed name may leave the number of classes out.
        if network and parse_network(network).text not in (own, own.partition("#")[0]):
            raise ModelFileError(
                f"{name} names its network itself: {found.network}, not {network}. Leave "
                f"{network} out, or name another file."
            )
        return found
    raise ModelFileError(
        f"{name} holds numbers without the name of their network, which may be any of "
        f"{', '.join(found)}. Say which."
    )


def find_stored(name: str) -> StoredNetwork | None:
    place = place_of(name)
    return None if place is None else _stored(place)


def find_by_key(key: str) -> StoredNetwork:
    """Return the network of a key; its file need not exist."""
    return _stored(place_of_key(key))


def _stored(place: Place) -> StoredNetwork:
    source, found = place
    return network_of_run(found) if isinstance(found, Run) else of_file(found, source)


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
            tell(f"{damage} The network {model.title!r} answers instead.")
        return stored, model
    raise damage or ModelFileError(
        f"No trained network was found in {resource_path('models')}. Train one with "
        "'mnist-draw train --output FILE.npz' and name it with --model."
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
            run = read_run(stored.path.parent).renamed(name)
        except FileNotFoundError as error:
            raise UserError(
                f"The run of the network {stored.title} is no longer there: it was deleted, moved "
                "or renamed meanwhile. Nothing was changed."
            ) from error
        run.save()
        return network_of_run(run)
    model, when = load_trained(stored.path).with_info(name=name), creation_time(stored)
    save_model(stored.path, model)
    # Another name makes no other network: it is as old as it was.
    with contextlib.suppress(OSError):
        os.utime(stored.path, (when, when))
    return of_file(stored.path, stored.source)


def delete(stored: StoredNetwork) -> Path:
    """Move a network, with its run if it has one, to the bin; return its path there."""
    if stored.source == SHIPPED:
        raise UserError("The networks that ship cannot be deleted.")
    if is_external(stored.key):
        raise UserError(
            f"The network {stored.title} is outside the program's folders, in {stored.path}. "
            "Save it elsewhere if you want to keep it, and delete it there."
        )
    path = stored.path.parent if stored.source == RUN else stored.path
    return move_to_bin(path, f"The network {stored.title}")


def list_deleted() -> list[tuple[Deleted, str]]:
    """List what `bring_back` can restore, with titles, newest first."""
    folders = {FINE_TUNED: fine_tuned_folder(), OPENED: opened_folder(), RUN: runs_folder()}
    found = [
        (one, _deleted_title(one, source))
        for source, folder in folders.items()
        for one in deleted(folder)
    ]
    return sorted(found, key=lambda pair: pair[0].when, reverse=True)


def _deleted_title(one: Deleted, source: str) -> str:
    try:
        if source == RUN:
            return network_of_run(read_run(one.path)).title
        _, info = read_info(one.path)
        return title_of(Path(one.name).stem, source, info)
    except (OSError, UserError):
        return one.name
