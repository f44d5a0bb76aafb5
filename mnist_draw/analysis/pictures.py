"""Pictures to ask a network about: MNIST's, the digits that were taught, those of any folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from mnist_draw.arrays import Array, Bytes, Floats
from mnist_draw.dataset.mnist import Dataset, load_dataset, scale
from mnist_draw.dataset.normalise import as_bytes, has_ink, normalise_ink
from mnist_draw.dataset.own_digits import find_pictures
from mnist_draw.dataset.picture_formats import read_titles
from mnist_draw.dataset.pictures.picture_file import load_picture
from mnist_draw.dataset.sources.source import visible_entries
from mnist_draw.errors import DatasetError, UserError, strip_control_chars
from mnist_draw.i18n import N_, _, counted, joined
from mnist_draw.library.network_data import own_data, require_classes
from mnist_draw.storage.cache import digest_of
from mnist_draw.storage.folders import named_path
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.my_digits import label_of_name, my_digits_folder, read_digit
from mnist_draw.storage.opening import PathName

#: Pictures asked about at once: a slice takes 2 to 40 ms, so that counting can be stopped.
SLICE = 64
#: At most so many sentences report pictures that were left out.
_MAX_MESSAGES = 20


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures as input of a network, with or without labels."""

    #: uint8 (N, 1, 28, 28): high values are ink.
    images: Bytes
    #: uint8 (N,), from 0; None if unknown.
    labels: Bytes | None
    #: Their name, such as ``"MNIST test"``.
    name: str
    #: What one of them is called: ``"Test picture {number}"``.
    one: str = N_("Picture {number}")
    #: Pictures of the same data set to compare the accuracy with.
    other: Pictures | None = None
    #: What its accuracy is called: ``"On validation"``.
    other_name: str = ""
    #: A sentence for each picture that was left out, the first of them.
    messages: tuple[str, ...] = field(default=())
    #: How many were left out.
    left_out: int = 0
    #: Whether they are known to be digits, as MNIST's are.
    are_digits: bool = False

    def __len__(self) -> int:
        return len(self.images)

    def title(self, place: int) -> str:
        """Name one of them; its number is not grouped: it is part of the name."""
        return _(self.one, number=place)

    @cached_property
    def digest(self) -> str:
        """What tells these pictures and labels from all others."""
        labels = "" if self.labels is None else digest_of(self.labels)
        return digest_of(self.images) + labels


def in_slices(images: Bytes, size: int = SLICE) -> Iterator[tuple[slice, Floats]]:
    """Yield slices of pictures, uint8 (N, 1, 28, 28), and these as a network gets them."""
    for start in range(0, len(images), size):
        some = slice(start, min(start + size, len(images)))
        yield some, scale(images[some])


def _test_of(data: Dataset, are_digits: bool = False) -> Pictures:
    """Return the test pictures of a data set, with its validation pictures to compare."""
    validation = Pictures(
        data.validation_images,
        data.validation_labels,
        _("{data} validation", data=data.name),
        N_("Validation picture {number}"),
        are_digits=are_digits,
    )
    return Pictures(
        data.test_images,
        data.test_labels,
        _("{data} test", data=data.name),
        N_("Test picture {number}"),
        validation,
        _("On validation"),
        are_digits=are_digits,
    )


def load_test_pictures(model: ModelFile | None = None) -> Pictures:
    """Return MNIST's 10,000 test pictures, or those of a network with classes of its own."""
    own = None if model is None else own_data(model)
    return _test_of(own or load_dataset(), are_digits=own is None)


def load_validation_pictures(model: ModelFile | None = None) -> Pictures:
    """Return the pictures that runs are validated on; errors as `load_test_pictures`."""
    test = load_test_pictures(model)
    assert test.other is not None
    return replace(test.other, other=test, other_name=_("On test"))


def my_digits() -> Pictures:
    """Return the digits that were taught, normalised as every drawing is."""
    nothing = _(
        "You have taught no digits yet: draw one on the Draw tab and say what it is with "
        "“Wrong? It is a …”.",
    )
    mine = _pictures_in(my_digits_folder(), nothing, _("My digits"), N_("My digit {number}"))
    return replace(mine, are_digits=True)


def folder_pictures(folder: PathName, model: ModelFile | None = None) -> Pictures:
    """Return the pictures of a folder: the test pictures of IDX files, or else picture files.

    A subfolder 0 to 9 or the first digit of a file's name labels a picture. If only some have a
    label, the others are left out. For a network of other classes it is a folder with training data
    of these.
    """
    if model is not None and model.info.classes:
        data = load_dataset(folder)
        require_classes(model, data)
        return _test_of(data)
    place = named_path(folder)
    if _has_idx(place):
        return _test_of(load_dataset(place))
    nothing = _(
        "The folder {folder} holds no pictures to look at: no IDX files under MNIST's names, and "
        "no {formats} files with ink on them.",
        folder=place,
        formats=read_titles(),
    )
    whole = place
    with contextlib.suppress(FileNotFoundError):  # the working folder is gone
        whole = place.resolve()
    name = strip_control_chars(whole.name or str(whole))
    return _pictures_in(place, nothing, name, N_("Picture {number}"))


def _has_idx(folder: Path) -> bool:
    return any(
        "-ubyte" in path.name or "-idx2-int" in path.name for path in visible_entries(folder)
    )


def _read_folder(folder: Path) -> tuple[list[Array], list[int | None], list[str]]:
    """Read and normalise one picture after the other: a large one is not kept."""
    images: list[Array] = []
    labels: list[int | None] = []
    messages = []
    for path, label in find_pictures(folder):
        try:
            digit = read_digit(path)
            ink = load_picture(path) if digit is None else digit.ink
        except UserError as error:
            messages.append(joined(str(error), _("It was left out.")))
            continue
        if label is None:
            label = label_of_name(path) if digit is None else digit.label
        if has_ink(ink):
            images.append(as_bytes(normalise_ink(ink)))
            labels.append(label)
        else:
            empty = _("The picture {path} is empty.", path=path)
            messages.append(joined(empty, _("It was left out.")))
    return images, labels, messages


def _pictures_in(folder: Path, nothing: str, name: str, one: str) -> Pictures:
    """Return a folder's pictures; ``nothing`` says that there are none."""
    images, labels, messages = _read_folder(folder)
    if not images:
        raise DatasetError(joined(nothing, *messages[:1]))
    known = [place for place, label in enumerate(labels) if label is not None]
    missing = len(labels) - len(known) if known else 0
    left_out = len(messages) + missing
    if missing:
        unlabeled = counted(
            "{count} picture has no label: it is not in a folder 0 to 9, and its name does "
            "not begin with a digit. It was left out.",
            "{count} pictures have no label: they are not in a folder 0 to 9, and their "
            "names do not begin with a digit. They were left out.",
            missing,
        )
        messages = [unlabeled, *messages]
        images = [images[n] for n in known]
        labels = [labels[n] for n in known]
    return Pictures(
        np.stack(images)[:, None],
        np.array(labels, np.uint8) if known else None,
        name,
        one,
        messages=tuple(messages[:_MAX_MESSAGES]),
        left_out=left_out,
    )
