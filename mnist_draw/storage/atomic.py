"""Write a file so that a reader sees the old content or the new, never a mixture.

The content goes to a temporary file in the same folder, is forced to the disk, and then
takes the place of the old file in one step. Until that step the old file is untouched:
a full disk, a crash or a power cut cannot damage the only copy.

A program that is killed leaves its temporary file behind. While a file is written it is locked, so
that `sweep` can tell what nobody writes any more.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from mnist_draw.errors import StorageError, reason_of

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")

# On Windows, a file that another window reads, a virus scanner or an indexer holds open can be
# neither replaced nor renamed: that fails with "access denied" and succeeds shortly after.
_ATTEMPTS = 8
_FIRST_WAIT = 0.02
_PREFIX, _SUFFIX = ".mnist_draw-", ".tmp"
#: Seconds after which a temporary file may be swept: between making a file and locking it, and
#: between closing and renaming it, there are some microseconds.
_YOUNG = 10.0
#: Where a file system has no locks, only what is older than a day is swept.
_OLD = 86_400.0


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write `data` to `path`, replacing what was there in one step.

    Parameters
    ----------
    path : str or os.PathLike
        A symbolic link is followed: the file that it points to is replaced. The mode of an
        existing file is kept.
    data : bytes

    Raises
    ------
    StorageError
        When the file cannot be written. What was there before is unchanged.
    """
    with open_atomically(path) as file:
        file.write(data)


@contextlib.contextmanager
def open_atomically(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Give a binary file whose content takes the place of `path` when the block ends well.

    If the block raises, the temporary file is removed and `path` stays as it was.
    """
    target, mode = _inspect(path)
    temporary = _temporary_beside(target)

    def opener(name: str, flags: int) -> int:
        # A new file has the mode that the user's umask asks for, which the tempfile module (mode
        # 0600) would not give it. What only its owner may read is so from the first byte on.
        return os.open(name, flags, 0o666 if mode is None else mode)

    try:
        with open(temporary, "xb", opener=opener) as file:
            _lock(file)
            yield file
            file.flush()
            os.fsync(file.fileno())
            # Young again: nobody sweeps it between here and its renaming.
            os.utime(temporary)
        if mode is not None:
            temporary.chmod(mode)
        retry_while_locked(lambda: temporary.replace(target))
        _sync_folder(target.parent)
    except OSError as error:
        kept = (
            "The file that was there is unchanged."
            if _holds_something(target)
            else "Nothing was written."
        )
        raise StorageError(f"Could not write {target}: {reason_of(error)}. {kept}") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def resolve_path(path: str | os.PathLike[str]) -> Path:
    """Return a path from the root on, with its links followed."""
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError as error:
        raise StorageError(
            f"{os.fspath(path)} leads nowhere: the folder that the program was started in is gone. "
            "Change to one that is there, or give the whole path."
        ) from error


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out now whether :func:`write_atomically` could write to `path` later.

    Meant for the start of long work whose result goes to `path`. It tries for real, with an
    empty temporary file that is removed again; `path` itself is not created or changed. What
    killed programs left beside it is swept.
    """
    target, _ = _inspect(path)
    sweep(target.parent)
    temporary = _temporary_beside(target)
    try:
        with temporary.open("xb"):
            pass
    except OSError as error:
        raise StorageError(
            f"Cannot write to the folder {target.parent}: {reason_of(error)}. "
            "Choose another place for the file."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the temporary files that programs left in a folder when they were killed."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                age = time.time() - path.stat().st_mtime
                if age > _YOUNG and (age > _OLD or _is_abandoned(path)):
                    path.unlink()


def _lock(file: BinaryIO) -> bool:
    """Mark a file as being written until it is closed, or its program is gone.

    Returns False where another program writes it, or where there are no locks: then `sweep` waits
    longer.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _is_abandoned(path: Path) -> bool:
    if sys.platform == "win32":
        # There, no file can be removed that a program has open.
        return True
    if not path.is_file():
        # No temporary file of ours, such as a pipe, at which opening it would wait.
        return False
    with path.open("rb") as file:
        return _lock(file)


def _inspect(path: str | os.PathLike[str]) -> tuple[Path, int | None]:
    """Resolve links, and refuse what must not be replaced; return the mode of what is there."""
    try:
        target = resolve_path(path)
        status = target.stat()
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise StorageError(
                f"Cannot write {target}: the folder {target.parent} does not exist. "
                "Create it or choose another place for the file."
            ) from None
        return target, None
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise StorageError(f"Cannot write {os.fspath(path)!r}: {reason}.") from error
    if stat.S_ISDIR(status.st_mode):
        raise StorageError(f"Cannot write {target}: it is a folder. Give the name of a file.")
    if not stat.S_ISREG(status.st_mode):
        # Replacing a device such as /dev/null would remove it for the whole system.
        raise StorageError(f"Cannot write {target}: it is not a regular file.")
    if not os.access(target, os.W_OK):
        raise StorageError(
            f"Cannot write {target}: the file is protected against writing. It is unchanged."
        )
    return target, stat.S_IMODE(status.st_mode)


def _holds_something(path: Path) -> bool:
    """Whether anybody would miss a file: one of no bytes only holds a name."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _temporary_beside(target: Path) -> Path:
    """Name a new file in the same folder: only there a rename is one step.

    The name does not contain the target's, which may already have the greatest length that
    the file system allows.
    """
    return target.parent / f"{_PREFIX}{secrets.token_hex(6)}{_SUFFIX}"


def retry_while_locked(act: Callable[[], T]) -> T:
    """Rename or remove something, on Windows again where another program has it open.

    Parameters
    ----------
    act : callable
        What is tried, without arguments.

    Returns
    -------
    object
        What it returns.

    Raises
    ------
    OSError
        It fails for another reason, or still fails after two and a half seconds.
    """
    wait = _FIRST_WAIT
    for _ in range(_ATTEMPTS - 1 if _may_be_held() else 0):
        try:
            return act()
        except PermissionError:
            time.sleep(wait)
            wait *= 2
    return act()


def _may_be_held() -> bool:
    return os.name == "nt"


def _sync_folder(folder: Path) -> None:
    """Force the new directory entry to the disk, where the system lets a program do that.

    Windows has no such call for folders (NTFS journals the rename itself), and some network
    file systems refuse it; the file itself is safe on the disk in either case.
    """
    if os.name == "nt":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
