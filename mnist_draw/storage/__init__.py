"""Every file the program writes: written atomically, versioned, validated when read."""

from __future__ import annotations

from mnist_draw.errors import ModelFileError, StorageError
from mnist_draw.storage.atomic import check_writable, open_atomically, write_atomically
from mnist_draw.storage.folders import resource_path
from mnist_draw.storage.models import ModelFile, load_model, save_model

__all__ = [
    "ModelFile",
    "ModelFileError",
    "StorageError",
    "check_writable",
    "load_model",
    "open_atomically",
    "resource_path",
    "save_model",
    "write_atomically",
]
