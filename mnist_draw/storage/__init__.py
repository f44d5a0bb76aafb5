"""Every file the program writes: written atomically, versioned, validated when read.

Modules
-------
errors
    What can go wrong with files, in words.
atomic
    The one function that writes: a crash or a full disk leaves the old file intact.
opening
    The one door through which files come in: kind and size are known before memory is taken.
folders
    Where cached, kept and configured things live on this system.
npz
    Arrays in a zip file, byte-for-byte reproducible, read without trusting the file.
seal
    A key to compiled code, which only what was written on this computer has.
cache
    Results that take seconds, kept between two starts of the program.
models
    A trained network: its description, its parameters and what is known about it.
model_info
    What is known about a trained network, read once from its file.
document
    Versioned JSON: the one reader and writer, with fields of known type and range.
preferences
    What the user chose last; two windows add to each other's choices.
my_digits
    The digits that the user has taught, one picture file each.
shared_digits
    Taught digits in one file, for a class.
locks
    Files by which programs keep out of each other's way.
spare_names
    Names that nothing has yet, files put aside, and the bin.
resources
    The files that ship with the program.
"""

from __future__ import annotations

from mnist_draw.storage.atomic import check_writable, open_atomically, write_atomically
from mnist_draw.storage.errors import ModelFileError, StorageError
from mnist_draw.storage.models import ModelFile, load_model, save_model
from mnist_draw.storage.resources import resource_path

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
