"""Write a file so that a reader sees the old content or the new, never a mixture.

The content is written to a temporary file in the same folder, forced to the disk, and renamed to
the old file's name in one step: a full disk, a crash or a power cut cannot damage the only copy.
`sweep` removes the temporary files of killed programs. Locks, files that the system releases when
their program ends, keep two programs from writing the same file at once.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from mnist_draw.errors import StorageError, reason_of
from mnist_draw.i18n import N_, _
from mnist_draw.storage.file_system import holds_open_files, sync_folder
from mnist_draw.storage.opening import PathName

if TYPE_CHECKING:
    from filelock import BaseFileLock

T = TypeVar("T")

# On Windows, a file that another window reads, a virus scanner or an indexer holds open can be
# neither replaced nor renamed: that fails with "access denied" and succeeds shortly after.
_ATTEMPTS = 8
_FIRST_WAIT = 0.02
_PREFIX = ".mnist_draw-"
_SUFFIX = ".tmp"
#: Seconds after which a temporary file is abandoned: the slowest write changes it more often.
_ABANDONED = 3600.0
#: Seconds between two attempts to lock: writing a small file takes some milliseconds.
_POLL_S = 0.01


def write_atomically(path: PathName, data: bytes) -> None:
    """Write `data` to `path`, replacing what was there in one step.

    A symbolic link is followed, and the mode of an existing file is kept. Raises `StorageError` if
    the file cannot be written; what was there before is unchanged.
    """
    with open_atomically(path) as file:
        file.write(data)


@contextlib.contextmanager
def open_atomically(path: PathName) -> Iterator[BinaryIO]:
    """Give a binary file that replaces `path` if the block ends without an error."""
    target, mode = _inspect(path)
    temporary = _temporary_beside(target)

    def opener(name: str, flags: int) -> int:
        # A new file has the mode that the user's umask asks for, which the tempfile module (mode
        # 0600) would not give it. What only its owner may read is so from the first byte on.
        return os.open(name, flags, 0o666 if mode is None else mode)

    try:
        with open(temporary, "xb", opener=opener) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            temporary.chmod(mode)
        retry_while_locked(lambda: temporary.replace(target))
        sync_folder(target.parent)
    except OSError as error:
        sentence = N_("Could not write {path}: {reason}. Nothing was written.")
        if has_content(target):
            sentence = N_("Could not write {path}: {reason}. The old file is unchanged.")
        raise StorageError(sentence, path=target, reason=reason_of(error)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_tail(path: PathName, start: int, content: bytes) -> None:
    """Replace what a file holds from `start` on, which no reader may need, and make it durable."""
    target, _mode = _inspect(path)
    try:
        with open(target, "r+b", opener=_create) as file:
            file.truncate(start)
            file.seek(start)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(target.parent)
    except OSError as error:
        raise StorageError(
            "Could not write {path}: {reason}.",
            path=target,
            reason=reason_of(error),
        ) from error


def _create(name: str, flags: int) -> int:
    return os.open(name, flags | os.O_CREAT, 0o666)


def resolve_path(path: PathName) -> Path:
    """Return the absolute path with its links followed."""
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError as error:
        raise StorageError(
            "{path} leads nowhere: the folder the program was started in is gone. Change to "
            "a folder that exists, or give the full path.",
            path=os.fspath(path),
        ) from error


def check_writable(path: PathName) -> None:
    """Check now whether `write_atomically` could write to `path` after long work."""
    target, _mode = _inspect(path)
    sweep(target.parent)
    temporary = _temporary_beside(target)
    try:
        with temporary.open("xb"):
            pass
    except OSError as error:
        raise StorageError(
            "Cannot write to the folder {parent}: {reason}. Choose another place for the file.",
            parent=target.parent,
            reason=reason_of(error),
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed programs left in a folder."""
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and time.time() - status.st_mtime > _ABANDONED:
                    path.unlink()


def _inspect(path: PathName) -> tuple[Path, int | None]:
    """Follow links, refuse what must not be replaced, and return the mode of an existing file."""
    try:
        target = resolve_path(path)
        status = target.stat()
    except FileNotFoundError:
        if not target.parent.is_dir():
            raise StorageError(
                "Cannot write {target}: the folder {parent} does not exist. Create it or choose "
                "another place for the file.",
                target=target,
                parent=target.parent,
            ) from None
        return target, None
    except (OSError, ValueError) as error:
        raise StorageError(
            "Could not write {path}: {reason}.",
            path=os.fspath(path),
            reason=reason_of(error),
        ) from error
    reason = ""
    if stat.S_ISDIR(status.st_mode):
        reason = _("it is a folder")
    elif not stat.S_ISREG(status.st_mode):
        # Replacing a device such as /dev/null would remove it for the whole system.
        reason = _("it is not a regular file")
    elif not os.access(target, os.W_OK):
        reason = _("permission denied")
    if reason:
        raise StorageError("Could not write {path}: {reason}.", path=target, reason=reason)
    return target, stat.S_IMODE(status.st_mode)


def has_content(path: Path) -> bool:
    """Tell whether a file has content; an empty one only reserves a name."""
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _temporary_beside(target: Path) -> Path:
    """Name a new file in the same folder, for a rename in one step."""
    return target.parent / f"{_PREFIX}{secrets.token_hex(6)}{_SUFFIX}"


def retry_while_locked(act: Callable[[], T]) -> T:
    """Rename or remove something; on Windows, retry for 2.5 s while another program has it open."""
    wait = _FIRST_WAIT
    for _attempt in range(_ATTEMPTS - 1 if holds_open_files() else 0):
        try:
            return act()
        except PermissionError:
            time.sleep(wait)
            wait *= 2
    return act()


def lock_file(path: Path) -> Path:
    """Return the file to lock instead of `path`, which is replaced when it is written."""
    return path.with_name(f".{path.name}.lock")


def make_lock(file: Path) -> BaseFileLock:
    """Return a lock, not yet acquired, that another thread may release."""
    from filelock import FileLock

    return FileLock(file, timeout=0, thread_local=False)


def acquire_lock(lock: BaseFileLock, seconds: float = 0.0) -> bool:
    """Acquire a lock; return False only if another program holds it for so long.

    On a network drive that cannot lock, or where the folder is missing, the work needs no lock.
    """
    from filelock import Timeout

    with contextlib.suppress(OSError, NotImplementedError):
        if Path(lock.lock_file).parent.is_dir():
            try:
                lock.acquire(timeout=seconds, poll_interval=_POLL_S)
            except Timeout:
                return False
    return True


def release_lock(lock: BaseFileLock) -> None:
    """Release a lock; a network drive that cannot do that releases it with the program's end."""
    with contextlib.suppress(OSError):
        lock.release()


@contextlib.contextmanager
def held(path: PathName) -> Iterator[bool]:
    """Lock a file while the block runs; give False if another program has locked it."""
    beside = lock_file(Path(os.path.realpath(path)))
    lock = make_lock(beside)
    taken = acquire_lock(lock)
    if taken and lock.is_locked and not beside.exists():
        # The previous holder has removed the file meanwhile.
        release_lock(lock)
        taken = acquire_lock(lock)
    try:
        yield taken
    finally:
        if taken and lock.is_locked:
            # Removed before the release, so that no other program's file is; Windows has to close
            # it first.
            with contextlib.suppress(OSError):
                beside.unlink()
            release_lock(lock)
            if holds_open_files():
                with contextlib.suppress(OSError):
                    beside.unlink()
