"""Training data in NumPy's files: Keras' ``mnist.npz``, KMNIST's four files, gray MedMNIST.

A file holds all arrays under names such as ``x_train`` and ``y_train``, or one array alone, and
then its own name says which it is (``kmnist-train-imgs.npz``).
"""

from __future__ import annotations

import re
from pathlib import Path

from mnist_draw.arrays import Array
from mnist_draw.dataset.sources.source import (
    Part,
    Source,
    as_part,
    files_of,
    find_names,
    several_files,
)
from mnist_draw.errors import DatasetError
from mnist_draw.storage.npz import open_archive
from mnist_draw.storage.opening import MEGABYTE, reading

#: As the largest of the IDX files.
_MAX_BYTES = 700 * MEGABYTE
#: The names of a part's pictures and labels; ``{}`` is replaced by the part.
_PAIRS = (
    ("x_{}", "y_{}"),
    ("{}_x", "{}_y"),
    ("{}_images", "{}_labels"),
    ("images_{}", "labels_{}"),
    ("{}_imgs", "{}_labels"),
)
_WHOLE = (("x", "y"), ("images", "labels"), ("arr_0", "arr_1"))
_PARTS = {"train": ("train",), "test": ("test",), "validation": ("val", "valid", "validation")}
_SPLIT = re.compile(r"(.*?)[-_]?(train|test)[-_](imgs|images|labels)\.npz", re.IGNORECASE)


def is_file(path: Path) -> bool:
    return path.suffix.lower() == ".npz"


def read(place: Path) -> Source:
    """Read a file with a whole data set, or a folder with such a file or with KMNIST's four."""
    return _read_folder(place) if place.is_dir() else _read_file(place)


def _read_file(path: Path) -> Source:
    arrays, names = _arrays(path)
    found = {part: _pair(path, arrays, words) for part, words in _PARTS.items()}
    if found["train"] is None:
        for images, labels in _WHOLE:
            if images in arrays and labels in arrays:
                found["train"] = as_part(arrays[images], arrays[labels], path)
                break
    train = found["train"]
    if train is None:
        raise DatasetError(
            "{path} holds no training pictures: its arrays are {names}; x_train, y_train, x_test "
            "and y_test were expected. Open a trained network in the Library.",
            path=path,
            names=", ".join(names)[:200],
        )
    # Keras' file has MNIST's order.
    shuffled = found["test"] is not None
    names_of_labels = find_names(path.parent, path.stem)
    return Source(
        path,
        train,
        found["test"],
        found["validation"],
        names_of_labels,
        shuffled=shuffled,
    )


def _read_folder(folder: Path) -> Source:
    files = [path for path in files_of(folder) if is_file(path)]
    split = [(match, path) for path in files if (match := _SPLIT.fullmatch(path.name))]
    if not split:
        if len(files) != 1:
            raise several_files(folder, files)
        return _read_file(files[0])
    prefixes = sorted({match[1] for match, path in split})
    if len(prefixes) > 1:
        raise DatasetError(
            "{folder} holds several data sets ({names}). Put the files of one of them into a "
            "folder of their own.",
            folder=folder,
            names=", ".join(prefixes),
        )
    by_role = {
        (match[2].lower(), "labels" if match[3].lower() == "labels" else "images"): path
        for match, path in split
    }
    parts = {}
    for part in ("train", "test"):
        images = by_role.get((part, "images"))
        labels = by_role.get((part, "labels"))
        if images is None or labels is None:
            missing = "imgs" if images is None else "labels"
            raise DatasetError(
                "{folder} holds no file {name}.",
                folder=folder,
                name=f"{prefixes[0]}-{part}-{missing}.npz",
            )
        parts[part] = as_part(_only(images), _only(labels), labels, images)
    names = find_names(folder, prefixes[0])
    return Source(folder, parts["train"], parts["test"], names=names, shuffled=True)


def _pair(path: Path, arrays: dict[str, Array], words: tuple[str, ...]) -> Part | None:
    for word in words:
        for images, labels in _PAIRS:
            names = images.format(word), labels.format(word)
            if names[0] in arrays and names[1] in arrays:
                return as_part(arrays[names[0]], arrays[names[1]], path)
    return None


def _only(path: Path) -> Array:
    arrays, names = _arrays(path)
    if len(arrays) != 1:
        raise DatasetError(
            "{path} should hold one array and holds {count}.",
            path=path,
            count=len(names),
        )
    return next(iter(arrays.values()))


def _arrays(path: Path) -> tuple[dict[str, Array], list[str]]:
    """Read the numeric arrays of a file by their lower-case names; return all names, too."""
    with reading(path, DatasetError, OSError), open_archive(path, _MAX_BYTES) as archive:
        names = list(archive.sizes)
        arrays = {name.lower(): archive.read(name, _MAX_BYTES) for name in names}
    return {name: array for name, array in arrays.items() if array is not None}, names
