"""Arrays of pictures and labels, as files of several kinds hold them, become one kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_draw.dataset.sources.source import MAX_PICTURES, Part
from mnist_draw.errors import DatasetError

_PIXELS = 28 * 28


def as_part(images: NDArray[Any], labels: NDArray[Any], path: Path) -> Part:
    """Check pictures and labels.

    Parameters
    ----------
    images : numpy.ndarray
        28×28 pixels each, as (N, 28, 28), with an axis of one channel, or (N, 784): 0 to 255, or
        floats from 0 to 1.
    labels : numpy.ndarray
        Whole numbers, (N,) or (N, 1).
    path : pathlib.Path
        For sentences.

    Raises
    ------
    DatasetError
        They are of another kind, or do not fit each other.
    """
    labels = labels.reshape(-1) if labels.shape[1:] == (1,) else labels
    if labels.ndim != 1 or (labels.dtype.kind == "f" and not np.all(labels == np.floor(labels))):
        raise DatasetError(
            f"{path} holds labels of the shape {_words(labels.shape)} ({labels.dtype}); one whole "
            "number for each picture was expected."
        )
    pictures = _as_pictures(images, path)
    if len(pictures) != len(labels):
        raise DatasetError(
            f"{path} holds {len(pictures):,} pictures and {len(labels):,} labels; they must be as "
            "many."
        )
    if not len(labels):
        raise DatasetError(f"{path} holds no pictures at all.")
    return Part(pictures, labels.astype(np.int64), path)


def _as_pictures(images: NDArray[Any], path: Path) -> NDArray[np.uint8]:
    shape = images.shape
    plain = shape[1:] in ((28, 28), (1, 28, 28), (28, 28, 1), (_PIXELS,))
    if not plain or images.dtype.kind not in "uif":
        raise DatasetError(
            f"{path} holds pictures of the shape {_words(shape)} ({images.dtype}); grey ones of "
            "28×28 pixels were expected."
        )
    if len(images) > MAX_PICTURES:
        raise DatasetError(
            f"{path} holds {len(images):,} pictures; at most {MAX_PICTURES:,} can be learnt at "
            "once. Use a part of them."
        )
    images = images.reshape(-1, 28, 28)
    if images.dtype == np.uint8 or not len(images):
        return images.astype(np.uint8)
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 255):
        raise DatasetError(
            f"{path} holds pixels from {low:g} to {high:g}; 0 to 255, or floats from 0 to 1, were "
            "expected."
        )
    if images.dtype.kind == "f" and high <= 1:
        images = images * 255
    pixels: NDArray[np.uint8] = np.rint(images).astype(np.uint8)
    return pixels


def _words(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "()"
