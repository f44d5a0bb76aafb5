"""A seal on what runs as code: only what this program has written on this computer is run.

Compiled code that is kept for later starts is code that somebody could have prepared: in a home
that was received, unpacked or copied, or in a folder that others can write to. So each folder of
such code holds a small file of random bytes, the seal. A key follows from its content, from where
it lies on the disk and when it came there, which nobody can choose who prepares files: a copy of
the folder has another key, and what is kept under the old one is not found.

Nothing is sealed in a folder that is not the user's own or that others can write to, nor below
one. What works with sealed folders works without them too, and only takes longer.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
import stat
import sys
import time
from pathlib import Path

SEAL = "seal"
_BYTES = 32
#: Two programs may want to make the seal at once: the other one's is complete after a moment.
_ATTEMPTS = 20
_WAIT = 0.005
#: Digits of a folder's name.
_NAME = 32
#: A home on a network is the home of several computers, each with a key of its own.
_MAX_KEYS = 4
#: Names of folders that a key, or an earlier version of the program, gave.
_SEALED = re.compile(rf"[0-9a-f]{{{_NAME}}}")
_UNSEALED = re.compile(r"[0-9a-f]{16}|numba|compiledir_.*")


def cache_key(folder: Path) -> bytes | None:
    """Return the key to what is kept in a folder; made where it is missing.

    Parameters
    ----------
    folder : pathlib.Path
        A folder in the cache folder.

    Returns
    -------
    bytes or None
        None where the folder or the one above is not the user's alone, or there is no seal and
        none can be made.
    """
    try:
        path = folder / SEAL
        if not os.path.lexists(path):
            for each in (folder.parent, folder):
                _close(each)
        if not (is_private(folder.parent) and is_private(folder)):
            return None
        for _ in range(_ATTEMPTS):
            found = _read(path)
            if found is not None:
                return found
            with contextlib.suppress(FileExistsError):
                _make(path)
                continue
            time.sleep(_WAIT)
        # Cut short, or something else has its place: a seal of nobody.
        path.unlink()
        _make(path)
        return _read(path)
    except (OSError, ValueError):
        return None


def trusted_cache_dir(folder: Path) -> Path | None:
    """Return the folder, below another one, whose content is this computer's own; it exists.

    What has lain beside it for long under other keys is removed.
    """
    with contextlib.suppress(OSError, ValueError):
        folder.mkdir(parents=True, exist_ok=True)
        key = cache_key(folder)
        if key is None:
            return None
        sealed = folder / key.hex()[:_NAME]
        if not sealed.is_dir():
            sealed.mkdir(mode=0o700, exist_ok=True)
            _sweep(folder, sealed)
        return sealed if is_private(sealed) else None
    return None


def is_private(path: Path) -> bool:
    """Whether a file or folder is the user's own, and nobody else can write to it.

    On Windows always: there, a user's folders are closed to others by the rights they inherit.
    """
    return _is_private(path.stat())


def is_private_throughout(folder: Path) -> bool:
    """Whether `is_private` holds for all that a folder holds, and nothing in it is a link."""
    try:
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                status = Path(place, name).lstat()
                kept = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
                if not kept or not _is_private(status):
                    return False
    except OSError:
        return False
    return True


def close_throughout(folder: Path) -> None:
    """Take from others the right to write to what a folder holds, which other libraries gave."""
    with contextlib.suppress(OSError):
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                _close(Path(place, name))


def _is_private(status: os.stat_result) -> bool:
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _close(path: Path) -> None:
    """Take the right to write from others, which a generous umask has given them."""
    status = path.lstat()
    if (
        sys.platform != "win32"
        and not stat.S_ISLNK(status.st_mode)
        and status.st_uid == os.getuid()
        and not _is_private(status)
    ):
        path.chmod(stat.S_IMODE(status.st_mode) & ~0o022)


def _read(path: Path) -> bytes | None:
    """Return the key that follows from a seal; None where there is none that is whole."""
    # Not through a link, nor waiting at a pipe.
    flags = (getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"))
    try:
        descriptor = os.open(path, os.O_RDONLY | sum(flags))
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        content = os.read(descriptor, _BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
        # Again: when it was written is known only when all of it is there.
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if len(content) != _BYTES or status.st_nlink != 1 or not _is_private(status):
        return None
    place = status.st_ino, status.st_dev, status.st_ctime_ns, status.st_uid
    return hashlib.sha256(content + repr((place, _computer())).encode()).digest()


def _make(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(_BYTES))
    finally:
        os.close(descriptor)


def _computer() -> bytes:
    """Return what tells this computer from others, where the system has it.

    A whole disk that was prepared, such as a stick, has the places and times that somebody chose.
    """
    with contextlib.suppress(OSError):
        return Path("/etc/machine-id").read_bytes()[:_BYTES]
    return b""


def _sweep(folder: Path, sealed: Path) -> None:
    """Remove what was never sealed, and what was sealed with keys that are older than the others.

    Only what has a name that the program gives: the folder may be a link to another one.
    """
    with contextlib.suppress(OSError):
        if folder.is_symlink():
            return
        found = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
        others = [path for path in found if _SEALED.fullmatch(path.name) and path != sealed]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        old = [path for path in found if _UNSEALED.fullmatch(path.name)]
        for path in (*others[_MAX_KEYS - 1 :], *old):
            shutil.rmtree(path, ignore_errors=True)
