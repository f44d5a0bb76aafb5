"""Find the test digits that a network misreads; cached for each network.

A digit that the network misreads in MNIST may be read rightly on the drawing board, a fraction of a
pixel to the side; it is no example of a mistake there. So each candidate is read again as the board
shows it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.dataset.classes import MAX_NAME_LENGTH
from mnist_draw.errors import DocumentError, StorageError, UserError
from mnist_draw.library.network_data import class_names
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.document import Fields, Format
from mnist_draw.storage.folders import cache_folder
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.opening import MEGABYTE

Picture = npt.NDArray[np.uint8]
#: Turns a picture of MNIST, uint8 of shape (28, 28), into the ink of the drawing board.
AsDrawn = Callable[[Picture], npt.NDArray[Any]]

#: Of the cached file; another way to find mistakes needs another version.
FORMAT = Format("mnist_draw mistakes", 1, MEGABYTE)


@dataclass(frozen=True)
class Mistake:
    """A test digit, by its index from 0, that the network reads as another, or as ``"4 or 9"``."""

    index: int
    label: int
    read: str


def find_mistakes(
    recogniser: Recogniser,
    images: npt.NDArray[np.uint8],
    labels: npt.NDArray[np.integer[Any]],
    as_drawn: AsDrawn,
) -> tuple[Mistake, ...]:
    """Find the test digits, uint8 (N, 1, 28, 28), misread in MNIST and on the board."""
    wrong = np.flatnonzero(recogniser.predict_images(images).argmax(axis=1) != labels)
    found = []
    for index in wrong:
        answer = recogniser.recognise_ink(as_drawn(images[index, 0]))
        if answer.digit is not None and answer.digit != labels[index]:
            found.append(Mistake(int(index), int(labels[index]), answer.text))
    return tuple(found)


def cached_mistakes(
    model: ModelFile, find: Callable[[], tuple[Mistake, ...]], count: int
) -> tuple[Mistake, ...]:
    path = cache_folder() / "mistakes" / f"{model.fingerprint}.json"
    cached = _read(path, count, len(class_names(model)))
    if cached is not None:
        return cached
    found = find()
    rows = [[mistake.index, mistake.label, mistake.read] for mistake in found]
    # A cache only saves time.
    with contextlib.suppress(OSError, StorageError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, FORMAT.pack({"mistakes": rows}))
    return found


def _read(path: Path, count: int, classes: int) -> tuple[Mistake, ...] | None:
    try:
        rows = FORMAT.read(path).get_list("mistakes", count)
        return tuple(_mistake(row, count, classes) for row in rows)
    except (OSError, UserError):
        return None


def _mistake(row: object, count: int, classes: int) -> Mistake:
    if not isinstance(row, list) or len(row) != 3:
        raise DocumentError("it holds something else than a mistake")
    fields = Fields(dict(zip(("index", "label", "read"), row, strict=True)))
    return Mistake(
        fields.get_int("index", 0, count - 1),
        fields.get_int("label", 0, classes - 1),
        fields.get_text("read", 3 * MAX_NAME_LENGTH),
    )
