"""What differs between the file systems of Windows and the others: rights, open files, patterns."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path


def holds_open_files() -> bool:
    """Return whether a file that a program has open can be neither replaced nor removed."""
    return sys.platform == "win32"


def leaves_patterns() -> bool:
    """Return whether the shell passes ``*.png`` on as it was typed."""
    return sys.platform == "win32"


def sync_folder(folder: Path) -> None:
    """Force the new directory entry to the disk, where the system lets a program do that.

    Windows has no such call (NTFS journals the rename), and some network file systems refuse it.
    """
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def is_private(path: Path) -> bool:
    """Whether a file or folder belongs to the user, and others cannot write to it.

    Always on Windows, where a user's folders inherit such rights.
    """
    status = path.stat()
    return sys.platform == "win32" or (status.st_uid == os.getuid() and not status.st_mode & 0o022)


def is_closed(path: Path) -> bool:
    """Whether others can neither read nor enter a folder; always on Windows."""
    return sys.platform == "win32" or not path.lstat().st_mode & 0o077
