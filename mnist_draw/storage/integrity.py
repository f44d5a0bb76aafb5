"""Trusted cache folders: compiled code runs only if this program wrote it on this computer.

An attacker could prepare cached code in a home that was received, unpacked or copied, or in a
folder that others can write to. So each folder of such code holds a seal: a file of random bytes. A
key is the hash of its content, its inode, device and time of creation, which prepared files cannot
choose: a copy of the folder has another key, and code under the old key is not found.

Folders that are not private to the user get no seal, nor do folders below them. Callers then
compile again.
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
#: Two programs may write the seal at once: the other one's is complete after a moment.
_ATTEMPTS = 20
_WAIT = 0.005
#: Digits of a trusted folder's name.
_NAME = 32
#: Several computers may share a home on a network, each with its own key.
_MAX_KEYS = 4
_SEALED = re.compile(rf"[0-9a-f]{{{_NAME}}}")


def cache_key(folder: Path) -> bytes | None:
    """Return the key of a folder, creating its seal if missing; None if it is not private."""
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
        # Cut short, or no regular file.
        path.unlink()
        _make(path)
        return _read(path)
    except (OSError, ValueError):
        return None


def trusted_cache_dir(folder: Path) -> Path | None:
    """Return the subfolder that only this computer has written; remove those with other keys."""
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
    """Whether a file or folder belongs to the user, and others cannot write to it.

    Always on Windows, where a user's folders inherit such rights.
    """
    return _is_private(path.stat())


def is_private_throughout(folder: Path) -> bool:
    """Whether all files and folders below a folder are private, and none is a link."""
    try:
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                status = Path(place, name).lstat()
                plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
                if not plain or not _is_private(status):
                    return False
    except OSError:
        return False
    return True


def close_throughout(folder: Path) -> None:
    """Withdraw the right to write from others, for all files and folders below a folder."""
    with contextlib.suppress(OSError):
        for place, folders, files in os.walk(folder):
            for name in (*folders, *files):
                _close(Path(place, name))


def _is_private(status: os.stat_result) -> bool:
    if sys.platform == "win32":
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _close(path: Path) -> None:
    """Withdraw the right to write from others, which a generous umask has given."""
    status = path.lstat()
    if (
        sys.platform != "win32"
        and not stat.S_ISLNK(status.st_mode)
        and status.st_uid == os.getuid()
        and not _is_private(status)
    ):
        path.chmod(stat.S_IMODE(status.st_mode) & ~0o022)


def _read(path: Path) -> bytes | None:
    """Return the key of a seal; None if it is missing or incomplete."""
    # Follow no link, and do not block at a pipe.
    flags = (getattr(os, name, 0) for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK"))
    try:
        descriptor = os.open(path, os.O_RDONLY | sum(flags))
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        content = os.read(descriptor, _BYTES + 1) if stat.S_ISREG(status.st_mode) else b""
        # Again: the time of writing is final only when all of it is there.
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if len(content) != _BYTES or status.st_nlink != 1 or not _is_private(status):
        return None
    place = status.st_ino, status.st_dev, status.st_ctime_ns, status.st_uid
    return hashlib.sha256(content + repr((place, _machine_id())).encode()).digest()


def _make(path: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(_BYTES))
    finally:
        os.close(descriptor)


def _machine_id() -> bytes:
    """Return the computer's id, where the system has one: inodes of a prepared disk are chosen."""
    with contextlib.suppress(OSError):
        return Path("/etc/machine-id").read_bytes()[:_BYTES]
    return b""


def _sweep(folder: Path, sealed: Path) -> None:
    """Remove all but the newest subfolders with other keys; skip a folder that is a link."""
    with contextlib.suppress(OSError):
        if folder.is_symlink():
            return
        found = (path for path in folder.iterdir() if _SEALED.fullmatch(path.name))
        others = [path for path in found if path.is_dir() and path != sealed]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        for path in others[_MAX_KEYS - 1 :]:
            shutil.rmtree(path, ignore_errors=True)
