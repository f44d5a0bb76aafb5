"""Machine code that is kept on the disk, so that a later start need not make it again.

To compile the kernels of a network takes LLVM half a second to two seconds, to load them from a
file some milliseconds. A file is named by a hash of all that its content follows from: the text
of the kernels, the release of LLVM, the processor and its features, and how LLVM is told to
optimise. It begins with a hash of its name and its content that takes a key to make
(`mnist_draw.storage.integrity`): code from elsewhere has none. What does not fit is thrown
away and made anew.

Code from a file is run, so file and folders must be the user's alone: where others could write to
them, nothing is read and nothing kept.
"""

from __future__ import annotations

import contextlib
import hmac
import logging
import os
from pathlib import Path

from mnist_draw.errors import UserError
from mnist_draw.storage import integrity
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.opening import MEGABYTE, read_file
from mnist_draw.theano_bridge.environment import cache_folder

_logger = logging.getLogger(__name__)

#: Below the folder of compiled code.
_FOLDER = "kernels"
_SUFFIX = ".code"
_HASH_BYTES = 32
_MAX_BYTES = 16 * MEGABYTE
#: A file has 2 to 110 kB, and a network needs about 5. Above this many, the half that was not used
#: for longest goes.
MAX_FILES = 400


def load(name: str) -> bytes | None:
    """Return the machine code that is kept under a name."""
    folder = _private_folder()
    key = integrity.cache_key(cache_folder())
    if folder is None or key is None:
        return None
    path = folder / (name + _SUFFIX)
    try:
        content = read_file(path, _MAX_BYTES) if integrity.is_private(path) else b""
    except FileNotFoundError:
        return None
    except (OSError, UserError):
        content = b""
    mark, code = content[:_HASH_BYTES], content[_HASH_BYTES:]
    if not code or not hmac.compare_digest(mark, _mark(key, name, code)):
        _logger.info("The kept machine code %s is damaged or not our own; it is made anew.", path)
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    # What is in use stays when others are removed.
    with contextlib.suppress(OSError):
        os.utime(path)
    return code


def keep(name: str, code: bytes) -> None:
    """Keep machine code under a name; where that fails, it is made again the next time."""
    folder = _private_folder(make=True)
    key = integrity.cache_key(cache_folder())
    if folder is None or key is None:
        return
    try:
        path = folder / (name + _SUFFIX)
        write_atomically(path, _mark(key, name, code) + code)
        # The umask may have given others the right to write.
        path.chmod(0o600)
        _remove_old(folder)
    except (OSError, UserError) as error:
        _logger.info("Machine code is not kept: %s", error)


def _mark(key: bytes, name: str, code: bytes) -> bytes:
    return hmac.digest(key, name.encode() + code, "sha256")


def _private_folder(make: bool = False) -> Path | None:
    """Return the folder if nobody but the user can write to it."""
    folder = cache_folder() / _FOLDER
    try:
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = integrity.is_private(folder)
    except (OSError, ValueError):
        return None
    if not private:
        _logger.info("Machine code is not kept: others may write to %s.", folder)
        return None
    return folder


def _remove_old(folder: Path) -> None:
    files = list(folder.glob(f"*{_SUFFIX}"))
    if len(files) <= MAX_FILES:
        return
    used = {path: path.stat().st_mtime for path in files}
    for path in sorted(files, key=used.__getitem__)[: len(files) // 2]:
        path.unlink(missing_ok=True)
