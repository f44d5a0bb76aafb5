"""Pictures in a folder for each class, named after it; cached until a file changes.

The class folders may be in folders ``train``, ``test`` and ``validation``; otherwise pictures for
the test are drawn from all. Each picture is normalised as a drawing is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

import numpy as np

from mnist_draw.arrays import Bytes
from mnist_draw.dataset.normalise import as_bytes, has_ink, normalise_ink
from mnist_draw.dataset.picture_formats import read_titles
from mnist_draw.dataset.sources.source import (
    Part,
    Source,
    check_count,
    pictures_in,
    visible_entries,
)
from mnist_draw.errors import DatasetError, UserError
from mnist_draw.i18n import _, joined, number
from mnist_draw.storage import cache

_ROLES = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "validation": ("val", "valid", "validation"),
}
#: Threads: half of the time they wait for the disk, or work without the GIL.
_READERS = 4
#: From so many pictures on, reading takes more than some seconds.
_MANY = 5_000
#: What is told of long reading before it begins.
announce: ContextVar[Callable[[str], object]] = ContextVar(
    "announce",
    default=lambda sentence: None,
)
#: In the cache; a change of `load_picture` or `normalise_ink` needs another version.
_KIND = "pictures"
_VERSION = 1


def is_folder(folder: Path) -> bool:
    """Tell whether a folder holds pictures, or folders with pictures, one or two levels down."""
    return bool(pictures_in(folder)) or _has_classes(folder)


def _has_classes(folder: Path) -> bool:
    roots = [folder, *_role_folders(folder).values()]
    return any(pictures_in(inner) for root in roots for inner in _folders(root))


def read(folder: Path) -> Source:
    if not _has_classes(folder):
        raise DatasetError(
            "{folder} holds pictures, but no folders of pictures: all of them would be one class. "
            "Put the pictures of each class into a folder of its own, and choose the folder that "
            "holds these folders.",
            folder=folder,
        )
    roles = _role_folders(folder)
    roots = {"train": folder} if "train" not in roles else roles
    files = {
        role: [(path, folder.name) for folder in _folders(root) for path in pictures_in(folder)]
        for role, root in roots.items()
    }
    check_count(sum(map(len, files.values())), folder)
    names = in_order({name for found in files.values() for path, name in found})
    failed: list[str] = []
    parts = {role: _part(roots[role], found, names, failed) for role, found in files.items()}
    train = parts.pop("train")
    if train is None:
        none = _(
            "{folder} holds no picture that can be learned: a folder for each class, with "
            "pictures in it ({names}), was expected.",
            folder=roots["train"],
            names=read_titles(),
        )
        raise DatasetError(joined(none, *failed[:1]))
    messages = [_report_left_out(failed)] if failed else []
    messages += _report_empty_folders(roots)
    # A class without readable pictures keeps its number, so that the names stay in order.
    return Source(
        folder,
        train,
        parts.get("test"),
        parts.get("validation"),
        dict(enumerate(names)),
        messages=tuple(messages),
    )


def in_order(names: set[str]) -> list[str]:
    """Sort names of classes: numbers by value, then words."""
    return sorted(
        names,
        key=lambda name: (
            (0, int(name), "", name) if name.isdecimal() else (1, 0, name.casefold(), name)
        ),
    )


def _report_left_out(failed: list[str]) -> str:
    if len(failed) == 1:
        return joined(failed[0], _("It was left out."))
    return _(
        "{count} pictures were left out. The first: {sentence}",
        count=number(len(failed)),
        sentence=failed[0],
    )


def _report_empty_folders(roots: dict[str, Path]) -> list[str]:
    paths = (path for root in roots.values() for path in _folders(root))
    empty = [str(path) for path in paths if not pictures_in(path)]
    if not empty:
        return []
    return [
        _(
            "These folders were left out, because they hold no pictures: {names}. Pictures "
            "must be in the folder of a class itself, not in folders within it.",
            names=", ".join(empty),
        ),
    ]


def _role_folders(folder: Path) -> dict[str, Path]:
    """Return the folders ``train`` and so on, which hold no pictures themselves."""
    found = {}
    for path in _folders(folder):
        for role, words in _ROLES.items():
            if path.name.lower() in words and not pictures_in(path):
                found[role] = path
    return found if "train" in found else {}


def _folders(folder: Path) -> Iterator[Path]:
    return (path for path in visible_entries(folder) if path.is_dir())


def _part(
    root: Path,
    files: list[tuple[Path, str]],
    names: list[str],
    failed: list[str],
) -> Part | None:
    """Read a part's pictures; append a sentence to `failed` for each invalid one."""
    number_of = {name: number for number, name in enumerate(names)}
    labels = np.array([number_of[name] for path, name in files], np.int64)
    key = _key(root, files)
    stored = cache.read(_KIND, _VERSION, key) or {}
    images = stored.get("images")
    known = stored.get("known")
    if images is None or known is None:
        from concurrent.futures import ThreadPoolExecutor

        if len(files) >= _MANY:
            announce.get()(
                _(
                    "Reading {count} pictures in {folder}; this happens only once.",
                    count=number(len(files)),
                    folder=root,
                ),
            )
        with ThreadPoolExecutor(_READERS) as readers:
            found = list(readers.map(_read_picture, (path for path, name in files)))
        known = np.array([not isinstance(picture, str) for picture in found], np.bool_)
        pictures = [picture for picture in found if not isinstance(picture, str)]
        images = np.array(pictures, np.uint8).reshape(-1, 28, 28)
        cache.save(_KIND, _VERSION, key, {"images": images, "known": known})
    for place in np.flatnonzero(~known):
        # The cache has no sentence: read it again.
        failed.append(str(_read_picture(files[place][0])))
    if not len(images):
        return None
    return Part(images.astype(np.uint8), labels[known.astype(np.bool_)], root)


def _key(root: Path, files: list[tuple[Path, str]]) -> str:
    lines = [str(root)]
    for path, name in files:
        with contextlib.suppress(OSError):
            about = path.stat()
            lines.append(f"{name}/{path.name} {about.st_size} {about.st_mtime_ns}")
    return "\n".join(lines)


def _read_picture(path: Path) -> Bytes | str:
    """Return a normalised picture, or a sentence about its fault."""
    from mnist_draw.dataset.pictures.picture_file import load_picture

    try:
        ink = load_picture(path)
    except UserError as error:
        return str(error)
    if not has_ink(ink):
        return _("The picture {path} is empty.", path=path)
    return as_bytes(normalise_ink(ink))
