"""Pictures to ask a network about: those of a data set, or the digits that were taught."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from mnist_draw.arrays import Bytes, Floats
from mnist_draw.dataset.mnist import Dataset, load_dataset, scale
from mnist_draw.dataset.own_digits import normalised, read_digits
from mnist_draw.dataset.pictures.picture_file import load_picture
from mnist_draw.errors import DatasetError
from mnist_draw.i18n import N_, _, joined
from mnist_draw.library.network_data import own_data
from mnist_draw.storage.cache import digest_of
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.my_digits import my_digits_folder

#: Pictures asked about at once: a slice takes 2 to 40 ms, so that counting can be stopped.
SLICE = 64


@dataclass(frozen=True, eq=False)
class Pictures:
    """Labeled pictures as input of a network."""

    #: uint8 (N, 1, 28, 28): high values are ink.
    images: Bytes
    #: uint8 (N,), from 0.
    labels: Bytes
    #: Their name, such as ``"MNIST test"``.
    name: str
    #: What one of them is called: ``"Test picture {number}"``.
    one: str = N_("Picture {number}")
    #: Pictures of the same data set to compare the accuracy with.
    other: Pictures | None = None
    #: What its accuracy is called: ``"On validation"``.
    other_name: str = ""
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
        return digest_of(self.images) + digest_of(self.labels)


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
        "You have not taught any digits yet: draw one on the Draw tab and say what it is with "
        "“Wrong? It is a …”.",
    )
    folder = my_digits_folder()
    found, messages = read_digits(folder, load_picture)
    if not found:
        raise DatasetError(joined(nothing, *messages[:1]))
    digits = normalised(found, folder)
    return Pictures(
        digits.images,
        digits.labels,
        _("My digits"),
        N_("My digit {number}"),
        are_digits=True,
    )
