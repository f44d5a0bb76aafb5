"""Names that nothing has yet: for new files, for files that cannot be used, and for a bin.

The next free name is ``model-2.npz`` after ``model.npz``; a folder's number stands at the end of
its name. A name is taken by making the file or folder, which the system does for one program
only: two programs that look for a name at once get two.

What is deleted goes into the folder ``.deleted`` beside it and can be brought back for
`KEPT_DAYS` days.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.errors import StorageError, reason_of
from mnist_draw.storage.atomic import retry_while_locked

#: Days in which what was deleted can be brought back: over a weekend and a day off.
KEPT_DAYS = 7
_BIN = ".deleted"
#: What stands behind the name of a file that was put aside, before the time.
ASIDE = ".unreadable-"
#: More than this of one name is no use of the program, but something that never ends.
_MAX_COUNT = 10_000
#: What a name on one of the three systems cannot hold, and how long a name may be: endings follow,
#: and a system counts 255 bytes, of which a character takes up to four.
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f-\x9f"*/<>?\\|\ud800-\udfff]')
_LONGEST = 50


def file_name(title: str) -> str:
    """Return what a file can be called, without its ending, whose content has a title."""
    name = _NOT_IN_NAMES.sub("-", title.replace(":", "."))
    return name[:_LONGEST].strip(" .") or "unnamed"


def numbered(path: Path, suffix: str | None = None) -> Iterator[Path]:
    """Yield `path`, then the same with ``-2``, ``-3`` and so on before its suffix."""
    suffix = path.suffix if suffix is None else suffix
    stem = path.name.removesuffix(suffix)
    yield path
    for number in range(2, _MAX_COUNT):
        yield path.with_name(f"{stem}-{number}{suffix}")


def create_unique_file(path: Path, suffix: str | None = None) -> Path:
    """Make an empty file under the first free name, so that nobody else gets that name."""
    for name in numbered(path, suffix):
        try:
            name.touch(exist_ok=False)
        except FileExistsError:
            continue
        except (OSError, ValueError) as error:
            raise _cannot_make(name, error) from error
        return name
    raise StorageError(f"{path} and {_MAX_COUNT:,} names like it are taken. Nothing was written.")


@contextlib.contextmanager
def taken_file(path: Path) -> Iterator[Path]:
    """Hold the first free name while the block runs; an empty file that is left is removed."""
    name = create_unique_file(path)
    try:
        yield name
    finally:
        with contextlib.suppress(OSError):
            if name.stat().st_size == 0:
                name.unlink()


def take_folder(path: Path) -> Path:
    """Make a folder, and those above it, under the first free name."""
    for name in numbered(path, suffix=""):
        try:
            name.mkdir(parents=True)
        except FileExistsError:
            if not name.exists():
                raise StorageError(f"{name} cannot be made: a file is in the way.") from None
        except (OSError, ValueError) as error:
            raise _cannot_make(name, error) from error
        else:
            return name
    raise StorageError(f"{path} and {_MAX_COUNT:,} names like it are taken. Nothing was made.")


def move_to_free_name(path: Path, wanted: Path, suffix: str | None = None) -> Path:
    """Rename a file or folder to the first free name; nothing is replaced."""
    if path.is_dir() or path.is_symlink():
        # Onto a folder that holds anything, no system renames a folder.
        free = next(name for name in numbered(wanted, suffix="") if not os.path.lexists(name))
        return retry_while_locked(lambda: path.rename(free))
    free = create_unique_file(wanted, suffix)
    try:
        return retry_while_locked(lambda: path.replace(free))
    except OSError:
        free.unlink(missing_ok=True)
        raise


def quarantine(path: Path) -> str:
    """Rename what cannot be used, so that it is kept and in nobody's way."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    wanted = path.with_name(f"{path.name}{ASIDE}{stamp}")
    try:
        aside = move_to_free_name(path, wanted, suffix="")
    except OSError as error:
        return f"It could not be put aside ({reason_of(error)}) and may be replaced later."
    except StorageError as error:
        return f"It could not be put aside and may be replaced later. {error}"
    return f"It was put aside as {aside.name}."


def move_to_bin(path: Path, what: str) -> Path:
    """Delete a file or folder so that it can be brought back."""
    kept = path.parent / _BIN / f"{time.time_ns()} {path.name}"
    try:
        kept.parent.mkdir(exist_ok=True)
        retry_while_locked(lambda: path.rename(kept))
    except FileNotFoundError as error:
        raise StorageError(
            f"{what} is no longer there: it was deleted, moved or renamed meanwhile. Nothing was "
            "changed."
        ) from error
    except OSError as error:
        raise StorageError(
            f"{what} cannot be deleted: {reason_of(error)}. It is unchanged."
        ) from error
    # The name counts its days; when it was made stays known.
    return kept


def bring_back(kept: Path, what: str) -> Path:
    """Take out of the bin what :func:`move_to_bin` has put there."""
    name = kept.name.partition(" ")[2]
    try:
        return move_to_free_name(kept, kept.parent.parent / name)
    except (OSError, StorageError) as error:
        if isinstance(error, FileNotFoundError) and not kept.exists():
            raise StorageError(
                f"{what} {name} is no longer among what was deleted: it was brought back before, "
                "or its days were over."
            ) from error
        reason = reason_of(error) if isinstance(error, OSError) else str(error).rstrip(".")
        raise StorageError(
            f"{what} {name} cannot be brought back: {reason}. It is still in {kept}."
        ) from error


@dataclass(frozen=True)
class Deleted:
    """What can be brought back.

    Attributes
    ----------
    path : pathlib.Path
        Where it is kept, for :func:`bring_back`.
    when : float
        When it was deleted, in seconds since 1970.
    """

    path: Path
    when: float

    @property
    def name(self) -> str:
        """The name that it had."""
        return self.path.name.partition(" ")[2]


def deleted(folder: Path) -> list[Deleted]:
    """Return what was deleted from a folder and can still be brought back, the newest first."""
    try:
        paths = sorted((folder / _BIN).iterdir(), reverse=True)
    except OSError:
        return []
    times = ((path, path.name.partition(" ")[0]) for path in paths)
    return [Deleted(path, int(when) / 1e9) for path, when in times if when.isdecimal()]


def empty_bin(folder: Path) -> None:
    """Remove for good what was deleted more than `KEPT_DAYS` ago; what resists stays."""
    limit = time.time() - KEPT_DAYS * 86_400
    for one in deleted(folder):
        if one.when >= limit:
            continue
        if one.path.is_dir() and not one.path.is_symlink():
            shutil.rmtree(one.path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                one.path.unlink()


def _cannot_make(path: Path, error: OSError | ValueError) -> StorageError:
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    return StorageError(f"{path} cannot be made: {reason}. Nothing was written.")
