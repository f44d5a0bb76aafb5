"""The trained networks that are kept, whoever made them: listed, found again, renamed, deleted.

Networks come from four sources: those that ship, those that have learnt the user's digits, those
of runs, and those of files that were opened. Networks that learnt and those that were opened are
model files in folders of the user's; none is ever replaced by another. Beside those that learnt
lie copies of networks that learning began with where nothing else keeps those, so that undoing
always finds them. Networks are named by a key that survives a restart: ``shipped:NAME``,
``learnt:FILE``, ``run:FOLDER`` or ``opened:FILE``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from mnist_draw.errors import UserError, plain_name, reason_of
from mnist_draw.recognition.stored_network import (
    BEFORE,
    TIME,
    TITLES,
    StoredNetwork,
    load_trained,
    network_of_run,
    of_file,
    title_of,
)
from mnist_draw.storage import (
    ModelFile,
    ModelFileError,
    StorageError,
    resource_path,
    save_model,
)
from mnist_draw.storage.models import pack_model, read_info
from mnist_draw.storage.npz import MAX_BYTES
from mnist_draw.storage.opening import read_file
from mnist_draw.storage.unique_paths import Deleted, deleted, move_to_bin, taken_file
from mnist_draw.training.runs.network_names import (
    LEARNT,
    OPENED,
    RUN,
    SHIPPED,
    SUFFIX,
    is_external,
    learnt_folder,
    list_elsewhere,
    opened_folder,
    place_of_key,
    shipped_files,
)
from mnist_draw.training.runs.record import Run, read_run
from mnist_draw.training.runs.run_list import list_runs, runs_folder


def list_models() -> tuple[StoredNetwork, ...]:
    """Return the networks that ship, the default first."""
    return tuple(of_file(path, SHIPPED) for path in sorted(shipped_files(), key=_rank))


def _rank(path: Path) -> tuple[int, str]:
    known = list(TITLES)
    return (known.index(path.stem) if path.stem in TITLES else len(known), path.stem)


def list_learnt() -> list[StoredNetwork]:
    """Return the networks that learnt, the newest first; none where they cannot be listed."""
    return _list_folder(learnt_folder, LEARNT)


def list_opened() -> list[StoredNetwork]:
    """Return the networks that were opened, and those that had to be saved elsewhere."""
    elsewhere = [of_file(path, OPENED) for path in list_elsewhere()]
    return elsewhere + _list_folder(opened_folder, OPENED)


def _list_folder(folder: Callable[[], Path], source: str) -> list[StoredNetwork]:
    try:
        paths = [path for path in folder().iterdir() if path.suffix == SUFFIX]
    except (OSError, StorageError):
        return []
    shown = sorted((path for path in paths if not path.name.startswith(".")), reverse=True)
    return [of_file(path, source) for path in shown]


def list_of_runs() -> list[StoredNetwork]:
    """Return the networks of runs, the newest first; none where they cannot be listed."""
    try:
        runs, _ = list_runs()
    except StorageError:
        return []
    return [network_of_run(run) for run in runs if run.model.exists()]


def list_all() -> list[StoredNetwork]:
    """Return all networks: those that ship, then the user's, the newest first."""
    own = [*list_learnt(), *list_of_runs(), *list_opened()]
    return [*list_models(), *sorted(own, key=made, reverse=True)]


def made(kept: StoredNetwork) -> float:
    """Return when a network was made, in seconds since 1970; 0 for one that is gone."""
    try:
        return kept.path.stat().st_mtime
    except OSError:
        return 0.0


# -- by key


def find_by_key(key: str) -> StoredNetwork:
    """Return the network of a key; its file need not exist any more."""
    source, place = place_of_key(key)
    return network_of_run(place) if isinstance(place, Run) else of_file(place, source)


def load_by_key(key: str) -> ModelFile:
    """Read the network of a key."""
    return find_by_key(key).load()


def default_network(tell: Callable[[str], object]) -> tuple[StoredNetwork, ModelFile]:
    """Read the network that the program starts with: the best that ships and is not damaged."""
    damage: ModelFileError | None = None
    for kept in list_models():
        try:
            model = kept.load()
        except ModelFileError as error:
            damage = damage or error
            continue
        if damage is not None:
            tell(f"{damage} The network {model.title!r} answers instead.")
        return kept, model
    raise damage or ModelFileError(
        f"No trained network was found in {resource_path('models')}. Train one with "
        "'mnist-draw train --output FILE.npz' and name it with --model."
    )


def default_model(tell: Callable[[str], object] = lambda sentence: None) -> ModelFile:
    """Read the network that the program starts with; see `default_network`."""
    return default_network(tell)[1]


# -- what the user does with them


def save_learnt(model: ModelFile, before: bool = False) -> StoredNetwork:
    """Keep a network."""
    name = f"{time.strftime(TIME)}{BEFORE if before else ''}"
    # It is no longer the network whose name it has.
    return _keep(model.with_info(name=""), learnt_folder() / f"{name}{SUFFIX}", LEARNT)


def keep_opened(model: ModelFile, name: str) -> StoredNetwork:
    """Keep a network that was opened, under a name; the same file is kept once."""
    wanted = opened_folder() / f"{Path(name).name}{SUFFIX}"
    named = model.with_info(name=name)
    with contextlib.suppress(OSError, UserError):
        if read_file(wanted, MAX_BYTES) == pack_model(named):
            return of_file(wanted, OPENED)
    return _keep(named, wanted, OPENED)


def _keep(model: ModelFile, wanted: Path, source: str) -> StoredNetwork:
    folder = wanted.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be made: {reason_of(error)}.") from error
    with taken_file(wanted) as path:
        save_model(path, model)
    return of_file(path, source)


def rename(kept: StoredNetwork, name: str) -> StoredNetwork:
    """Give a network another name; that of a run is the run's."""
    name = plain_name(name)
    if kept.source == SHIPPED:
        raise UserError("The networks that ship keep their names.")
    if kept.source == RUN:
        try:
            run = read_run(kept.path.parent).renamed(name)
        except FileNotFoundError as error:
            raise UserError(
                f"The run of the network {kept.title} is no longer there: it was deleted, moved or "
                "renamed meanwhile. Nothing was changed."
            ) from error
        run.save()
        return network_of_run(run)
    model, when = load_trained(kept.path).with_info(name=name), made(kept)
    save_model(kept.path, model)
    # Another name makes no other network: it is as old as it was.
    with contextlib.suppress(OSError):
        os.utime(kept.path, (when, when))
    return of_file(kept.path, kept.source)


def delete(kept: StoredNetwork) -> Path:
    """Put a network into the bin, with its run if it has one; return where it is kept there."""
    if kept.source == SHIPPED:
        raise UserError("The networks that ship cannot be deleted.")
    if is_external(kept.key):
        raise UserError(
            f"The network {kept.title} lies outside the program's folders, in {kept.path}. Save it "
            "elsewhere if you want to keep it, and delete it there."
        )
    path = kept.path.parent if kept.source == RUN else kept.path
    return move_to_bin(path, f"The network {kept.title}")


def list_deleted() -> list[tuple[Deleted, str]]:
    """Return what can be brought back with `bring_back`, and its title, the newest first."""
    folders = {LEARNT: learnt_folder(), OPENED: opened_folder(), RUN: runs_folder()}
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
