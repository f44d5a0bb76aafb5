"""What can go wrong with files, in words."""

from __future__ import annotations

import errno
import os

from mnist_draw.errors import UserError


class StorageError(UserError):
    """A file or folder could not be written or prepared."""


class DocumentError(UserError):
    """Something cannot be used; a phrase that fits after a colon, such as "it is a folder"."""


class ModelFileError(UserError):
    """A model file could not be read, or what it holds is not a sound network."""


def reason_of(error: OSError) -> str:
    """Say why the operating system refused, without numbers or quotes."""
    if error.errno == errno.EACCES:
        return "no permission"
    if error.errno is None:
        return str(error) or type(error).__name__
    text = error.strerror or os.strerror(error.errno)
    return text[:1].lower() + text[1:]
