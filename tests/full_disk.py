"""A disk that is full."""

import errno
import os

from mnist_draw.errors import reason_of
from mnist_draw.storage import StorageError


def refuse(path="it", *_, **__):
    """Stand in for what writes a file."""
    raise StorageError(f"Could not write {path}: {reason_of(OSError(errno.ENOSPC, ''))}.")


def refuse_bytes(*_):
    """Stand in for the system's call."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
