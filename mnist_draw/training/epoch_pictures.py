"""The pictures of each epoch: shuffled, and varied where the settings ask for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.augmentation.augmenter import Augmenter
from mnist_draw.dataset.minibatches import iterate_minibatches
from mnist_draw.dataset.mnist import GREY_LEVELS, Dataset, scale
from mnist_draw.dataset.normalise import BOX, usual_side
from mnist_draw.dataset.prefetch import prefetch
from mnist_draw.training.settings import TrainingSettings

#: Pictures, labels, and which of them make the minibatch.
Minibatch = tuple[NDArray[Any], NDArray[np.int32], NDArray[np.int64]]

#: Pictures that are varied in one go: with fewer, the steps between them would count.
GROUP = 1000
#: Pictures that tell how large the ink of a data set is.
LOOKED_AT = 1000
#: Threads that vary pictures while the network trains; the first epoch, in which all skeletons
#: are sought, keeps two of them busy.
THREADS = min(2, os.cpu_count() or 1)


def digits_shown(data: Dataset) -> NDArray[np.int32]:
    """Return the digit on each training picture, for styles of writing; -1 for what is none."""
    labels = data.train_labels.astype(np.int32)
    return labels if data.shows_digits else np.full_like(labels, -1)


def side_of_ink(data: Dataset) -> int:
    """Return how long the longer side of the ink is in a data set's pictures, in pixels."""
    if data.shows_digits or data.train_images.dtype != np.uint8:
        return BOX
    return usual_side(data.train_images[:LOOKED_AT, 0])


class EpochPictures:
    """Minibatches that follow from settings and epoch alone, so that a run can be continued.

    Parameters
    ----------
    settings : TrainingSettings
        Of these: batch size, seed and augmentation.
    data : Dataset
        Its training pictures, as bytes or as float32 that is already scaled.
    """

    def __init__(self, settings: TrainingSettings, data: Dataset) -> None:
        self._images: NDArray[Any] = data.train_images
        self._labels = data.train_labels.astype(np.int32)
        self._styles = digits_shown(data)
        self._side = side_of_ink(data)
        self._batch_size = settings.batch_size
        self._seed = settings.seed
        self._augmenter: Augmenter | None = None
        self.augment(settings.augmentation)

    def augment(self, recipe: str) -> None:
        """Vary pictures by another recipe, in the minibatches that are asked for next."""
        self._augmenter = None
        if recipe != "off":
            images = self._images
            if images.dtype != np.uint8:
                levels = np.rint(images * np.float32(GREY_LEVELS))
                images = np.clip(levels, 0, 255).astype(np.uint8)
            self._augmenter = Augmenter(recipe, images, self._styles, self._seed, self._side)

    def minibatches(self, epoch: int, start: int = 0) -> Iterator[Minibatch]:
        """Iterate over one epoch; incomplete minibatches are left out.

        Parameters
        ----------
        epoch : int
            From 1.
        start : int
            So many of its minibatches are passed over.

        Yields
        ------
        pictures, labels, rows : tuple of ndarray
            Pictures of the data set's type (N, 1, 28, 28), labels int32 (N,), and int64 (n,):
            which of them make the minibatch.
        """
        rng = np.random.default_rng([self._seed, epoch])
        everything = np.arange(len(self._labels))
        batches = iterate_minibatches(
            everything, everything, self._batch_size, shuffle=True, rng=rng
        )
        chosen = (rows for rows, _ in islice(batches, start, None))
        if self._augmenter is not None:
            return self._varied(self._augmenter, epoch, chosen)
        return ((self._images, self._labels, rows) for rows in chosen)

    def _varied(
        self, augmenter: Augmenter, epoch: int, chosen: Iterator[NDArray[np.int64]]
    ) -> Iterator[Minibatch]:
        together = max(1, GROUP // self._batch_size)
        groups = iter(lambda: list(islice(chosen, together)), [])

        def vary(group: list[NDArray[np.int64]]) -> list[Minibatch]:
            pictures: NDArray[Any] = augmenter.batch(np.concatenate(group), epoch)
            if self._images.dtype != np.uint8:
                pictures = scale(pictures)
            parts = np.split(pictures, len(group))
            return [
                (part, self._labels[rows], np.arange(len(rows)))
                for part, rows in zip(parts, group, strict=True)
            ]

        for group in prefetch(vary, groups, ahead=2 * THREADS, threads=THREADS):
            yield from group
