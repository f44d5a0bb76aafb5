"""Softened and coarse pictures: still the same drawing, in the same place."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.recognition.rejection.spoilt import blurred, coarsened


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return load_dataset().test_images[:300, 0]


def test_softening_keeps_ink_in_its_place(images: np.ndarray) -> None:
    softened = blurred(images, HashedRandom(1, 1, np.arange(len(images))), 0.5)
    changed = (softened != images).any(axis=(1, 2))
    assert changed.mean() == pytest.approx(0.5, abs=0.1)
    before, after = images[changed].astype(float), softened[changed].astype(float)
    assert (after.max(axis=(1, 2)) == 255).all()
    sharpness = [np.abs(np.diff(part, axis=2)).mean() / part.mean() for part in (after, before)]
    assert sharpness[0] < 0.9 * sharpness[1]
    rows = np.arange(28)
    for part in (before, after):
        part /= part.sum(axis=(1, 2), keepdims=True)
    assert np.abs((after.sum(axis=2) - before.sum(axis=2)) @ rows).max() < 0.2


def test_coarse_pictures_have_large_pixels_and_are_normalised(images: np.ndarray) -> None:
    shares = np.repeat([0.0, 1.0], 150)
    coarse = coarsened(images, HashedRandom(1, 1, np.arange(len(images))), shares)
    assert np.array_equal(coarse[:150], images[:150])
    before, after = images[150:].astype(float), coarse[150:].astype(float)
    assert (after.max(axis=(1, 2)) >= 254).all()
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(before, after, strict=True)]
    assert np.median(alike) > 0.75
    for picture in after:
        rows, columns = np.nonzero(picture > 20)
        assert 16 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 24
    # Fine strokes are gone: neighbouring pixels differ less.
    steps = [np.abs(np.diff(part, axis=2)).max(axis=(1, 2)).mean() for part in (after, before)]
    assert steps[0] < 0.9 * steps[1]


def test_coarse_pictures_follow_from_the_random_numbers(images: np.ndarray) -> None:
    shares = np.full(40, 0.5)
    first, again, other = (
        coarsened(images[:40], HashedRandom(1, epoch, np.arange(40)), shares) for epoch in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
