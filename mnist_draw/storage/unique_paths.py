"""Unique paths: for new files, for the quarantine of damaged files, and for the bin.

The next free name after ``model.npz`` is ``model-2.npz``. Creating it reserves the name, which the
system grants to one program only. The bin is the folder ``.deleted`` beside a deleted file.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.errors import StorageError, reason_of
from mnist_draw.i18n import _, number
from mnist_draw.storage.atomic import has_content, retry_while_locked

#: Days in which a deleted file can be restored: over a weekend and a day off.
KEPT_DAYS = 7
_BIN = ".deleted"
#: Between the name of a quarantined file and the time.
ASIDE = ".unreadable-"
#: More files of one name than this are the result of an endless loop.
_MAX_COUNT = 10_000
#: Characters that a name cannot hold on one of the three systems, and the length of a name: a
#: suffix follows, and the limit is 255 bytes, of which a character takes up to four.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f"*/<>?\\|\ud800-\udfff]')
_MAX_LENGTH = 50


def file_name(title: str) -> str:
    """Return a title as the name of a file without its suffix."""
    name = _NOT_IN_NAMES.sub("-", title.replace(":", "."))
    if len(name) > _MAX_LENGTH:
        # A part of it is left out rather than cut.
        name = name[: _MAX_LENGTH + 2].rpartition(", ")[0] or name
    return name[:_MAX_LENGTH].strip(" .") or "unnamed"


def numbered(path: Path, suffix: str | None = None) -> Iterator[Path]:
    """Yield `path`, then the same with ``-2``, ``-3`` and so on before its suffix."""
    suffix = path.suffix if suffix is None else suffix
    stem = path.name.removesuffix(suffix)
    yield path
    for count in range(2, _MAX_COUNT):
        yield path.with_name(f"{stem}-{count}{suffix}")


def create_unique_file(path: Path, suffix: str | None = None) -> Path:
    """Create an empty file under the first free name, which reserves it."""
    return _create_unique(path, suffix, lambda name: name.touch(exist_ok=False))


@contextlib.contextmanager
def reserved_file(path: Path) -> Iterator[Path]:
    """Reserve the first free name; a file that is still empty after the block is removed."""
    name = create_unique_file(path)
    try:
        yield name
    finally:
        if not has_content(name):
            with contextlib.suppress(OSError):
                name.unlink()


def create_unique_folder(path: Path) -> Path:
    """Create a folder, and its parents, under the first free name."""
    return _create_unique(path, "", lambda name: name.mkdir(parents=True))


def _create_unique(path: Path, suffix: str | None, create: Callable[[Path], None]) -> Path:
    for name in numbered(path, suffix):
        try:
            create(name)
        except FileExistsError:
            if not os.path.lexists(name):
                raise StorageError(
                    "{name} cannot be created: {reason}. Nothing was written.",
                    name=name,
                    reason=_("not a directory"),
                ) from None
        except (OSError, ValueError) as error:
            reason = reason_of(error)
            raise StorageError(
                "{name} cannot be created: {reason}. Nothing was written.",
                name=name,
                reason=reason,
            ) from error
        else:
            return name
    raise StorageError(
        "{path} and {count} names like it are taken. Nothing was written.",
        path=path,
        count=number(_MAX_COUNT),
    )


def move_to_free_name(path: Path, wanted: Path, suffix: str | None = None) -> Path:
    """Rename a file or folder to the first free name; nothing is replaced."""
    if path.is_dir() or path.is_symlink():
        # No system replaces a folder that is not empty.
        free = next(name for name in numbered(wanted, suffix="") if not os.path.lexists(name))
        return retry_while_locked(lambda: path.rename(free))
    free = create_unique_file(wanted, suffix)
    try:
        return retry_while_locked(lambda: path.replace(free))
    except OSError:
        free.unlink(missing_ok=True)
        raise


def quarantine(path: Path) -> str:
    """Rename a damaged file or folder out of the way; return a sentence about that."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    wanted = path.with_name(f"{path.name}{ASIDE}{stamp}")
    try:
        aside = move_to_free_name(path, wanted, suffix="")
    except (OSError, StorageError) as error:
        return _(
            "It could not be set aside ({reason}) and may be replaced later.",
            reason=reason_of(error),
        )
    return _("It was set aside as {name}.", name=aside.name)


def move_to_bin(path: Path, title: str) -> Path:
    """Delete a file or folder; `bring_back` restores it from the path that is returned."""
    binned = path.parent / _BIN / f"{time.time_ns()} {path.name}"
    try:
        binned.parent.mkdir(exist_ok=True)
        retry_while_locked(lambda: path.rename(binned))
    except FileNotFoundError as error:
        raise StorageError(
            "{title} is gone: it was deleted, moved or renamed in the meantime. Nothing was "
            "changed.",
            title=title,
        ) from error
    except OSError as error:
        raise StorageError(
            "{title} cannot be deleted: {reason}. It is unchanged.",
            title=title,
            reason=reason_of(error),
        ) from error
    return binned


def bring_back(binned: Path) -> Path:
    """Restore a file or folder from the bin."""
    name = binned.name.partition(" ")[2]
    try:
        return move_to_free_name(binned, binned.parent.parent / name)
    except (OSError, StorageError) as error:
        if isinstance(error, FileNotFoundError) and not binned.exists():
            raise StorageError(
                "{name} can no longer be restored: that was done before, or its time has run out.",
                name=name,
            ) from error
        raise StorageError(
            "{name} cannot be restored: {reason}. It is still in {path}.",
            name=name,
            reason=reason_of(error),
            path=binned,
        ) from error


@dataclass(frozen=True)
class Deleted:
    """A file or folder in the bin: its path there, and when it was deleted (seconds since 1970)."""

    path: Path
    when: float

    @property
    def name(self) -> str:
        return self.path.name.partition(" ")[2]


def deleted(folder: Path) -> list[Deleted]:
    """List the bin of a folder, newest first."""
    try:
        paths = sorted((folder / _BIN).iterdir(), reverse=True)
    except OSError:
        return []
    times = ((path, path.name.partition(" ")[0]) for path in paths)
    return [Deleted(path, int(when) / 1e9) for path, when in times if when.isdecimal()]


def empty_bin(folder: Path) -> None:
    """Remove what was deleted more than `KEPT_DAYS` ago, as far as the system allows."""
    limit = time.time() - KEPT_DAYS * 86_400
    for one in deleted(folder):
        if one.when >= limit:
            continue
        if one.path.is_dir() and not one.path.is_symlink():
            shutil.rmtree(one.path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                one.path.unlink()
