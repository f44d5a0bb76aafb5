"""Which pictures the section *Map* lays out and compares with, and how that begins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.maps import Maps
    from mnist_draw.analysis.neighbours import Neighbourhood
    from mnist_draw.dataset.mnist import Dataset
    from mnist_draw.storage.models import ModelFile


def pictures_of(model: ModelFile | None) -> tuple[Dataset, np.ndarray]:
    """Return the data of a network, and which of its test pictures are laid out."""
    from mnist_draw.analysis.maps import chosen_digits
    from mnist_draw.recognition.network_data import own_data

    data = None if model is None else own_data(model)
    return _digits() if data is None else (data, chosen_digits(len(data.test_labels)))


def _digits() -> tuple[Dataset, np.ndarray]:
    """Return MNIST, and which of its test digits are laid out."""
    from mnist_draw.analysis.maps import chosen_digits
    from mnist_draw.dataset.mnist import load_dataset

    data = load_dataset()
    return data, chosen_digits(len(data.test_labels))


def make_maps(model: ModelFile) -> Iterator[Maps]:
    """Begin to lay a network's test pictures out; not for the window's thread."""
    from mnist_draw.analysis.maps import build_maps

    data, chosen = pictures_of(model)
    return build_maps(model, data.test_images[chosen], data.test_labels[chosen])


def gather(model: ModelFile) -> Iterator[Neighbourhood]:
    """Begin to compare with a network's training pictures; not for the window's thread."""
    from mnist_draw.analysis.neighbours import gather_neighbours

    return gather_neighbours(model, pictures_of(model)[0].train_images)
