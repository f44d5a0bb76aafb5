"""The pictures of each epoch: shuffled, and varied where the settings ask for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_draw import thread_priority
from mnist_draw.arrays import Array, Integers
from mnist_draw.dataset.augmentation.augmenter import Augmenter
from mnist_draw.dataset.augmentation.numba_loops import compiles_first, stopped_by
from mnist_draw.dataset.mnist import GRAY_LEVELS, Dataset, iterate_minibatches, scale
from mnist_draw.dataset.normalise import BOX, usual_side
from mnist_draw.training.settings import TrainingSettings

#: Pictures, labels, and which of them make the minibatch.
Minibatch = tuple[Array, NDArray[np.int32], Integers]

#: Pictures that a thread varies in one go. With fewer, what is done once for all of them would
#: count, and so would filling the caches anew after each change from steps to pictures.
GROUP = 2000
#: An epoch begins with one minibatch, so that learning soon does; each group has so many times the
#: minibatches of the one before, up to `GROUP`.
GROWTH = 4
#: More threads get too little each.
MAX_THREADS = 8
#: Pictures that tell how large the ink of a data set is.
LOOKED_AT = 1000


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

    ``unwanted`` says that what is compiled for the next minibatch is not wanted any more: then
    `CompilingStoppedError` is raised in its place.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        data: Dataset,
        unwanted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._unwanted = unwanted
        self._images: Array = data.train_images
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
                levels = np.rint(images * np.float32(GRAY_LEVELS))
                images = np.clip(levels, 0, 255).astype(np.uint8)
            self._augmenter = Augmenter(recipe, images, self._styles, self._seed, self._side)

    @property
    def compiles_first(self) -> bool:
        """Whether the next minibatch waits until the augmentation is compiled."""
        return self._augmenter is not None and compiles_first()

    def minibatches(self, epoch: int, start: int = 0) -> Iterator[Minibatch]:
        """Iterate over the complete minibatches of an epoch, from 1, after the first ``start``.

        Yields pictures of the data set's type (N, 1, 28, 28), labels int32 (N,), and int64 (n,):
        which of them make the minibatch.
        """
        rng = np.random.default_rng([self._seed, epoch])
        everything = np.arange(len(self._labels))
        batches = iterate_minibatches(
            everything,
            everything,
            self._batch_size,
            shuffle=True,
            rng=rng,
        )
        chosen = (rows for rows, _ in islice(batches, start, None))
        if self._augmenter is not None:
            return self._varied(self._augmenter, epoch, chosen)
        return ((self._images, self._labels, rows) for rows in chosen)

    def _varied(
        self,
        augmenter: Augmenter,
        epoch: int,
        chosen: Iterator[Integers],
    ) -> Iterator[Minibatch]:
        """Vary some minibatches on all cores, then hand them out, while which no core is wanted.

        A thread that varied pictures beside the training step would take a core from it, and the
        step waits for the slower of its cores.
        """
        threads = min(thread_priority.usable_cores(), MAX_THREADS)
        most = max(1, GROUP * threads // self._batch_size)
        together = 1
        lower = thread_priority.lower if thread_priority.is_lowered() else None
        with ThreadPoolExecutor(threads, "pictures", lower) as pool:
            while group := list(islice(chosen, together)):
                rows = np.concatenate(group)
                pictures: Array = np.empty((len(rows), *self._images.shape[1:]), np.uint8)
                ends = np.linspace(0, len(rows), threads + 1).astype(int)
                shares = [slice(first, last) for first, last in pairwise(ends)]
                with stopped_by(self._unwanted):
                    others = [
                        pool.submit(
                            copy_context().run,
                            augmenter.batch,
                            rows[share],
                            epoch,
                            pictures[share],
                        )
                        for share in shares[1:]
                    ]
                    augmenter.batch(rows[shares[0]], epoch, pictures[shares[0]])
                    for other in others:
                        other.result()
                if self._images.dtype != np.uint8:
                    pictures = scale(pictures)
                first = 0
                for rows in group:
                    part = pictures[first : first + len(rows)]
                    yield part, self._labels[rows], np.arange(len(rows))
                    first += len(rows)
                together = min(most, GROWTH * together)
