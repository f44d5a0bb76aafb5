"""What people drew, chosen and varied for the fit."""

from __future__ import annotations

import numpy as np
import pytest
from rejection_minibatches import Drawn, blur, coarsen
from unipen_drawings import Drawings

from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.recognition.rejection import NONE

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    """Crosses of one busy writer, and one ring and one dot of two others."""
    cross = (np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    turns = np.linspace(0, 2 * np.pi, 40)
    ring = (0.5 + 0.5 * np.stack([np.cos(turns), np.sin(turns)], 1),)
    dot = (np.full((1, 2), 0.5),)
    busy = Drawings([cross] * 100, ["x"] * 100, ["busy"] * 100)
    others = Drawings([ring, dot], ["O", "."], ["one", "other"])
    return Drawn([busy, others], np.array([NONE] * 100 + [0, NONE]), 1)


def test_nobody_outweighs_all_others(drawn: Drawn) -> None:
    _, kinds = drawn.some(2000, np.random.default_rng(1), 0)
    # A tenth of the weight for a hundredth of the drawings, half of it for the ring.
    expected = 0.5 * np.sqrt(2) / (10 + np.sqrt(2))
    assert np.mean(kinds == 0) == pytest.approx(expected, abs=0.02)


def test_pictures_are_those_of_their_kinds(drawn: Drawn) -> None:
    pictures, kinds = drawn.some(300, np.random.default_rng(2), 1)
    assert pictures.shape == (300, 28, 28)
    assert pictures.dtype == np.uint8
    assert (pictures.max(axis=(1, 2)) > 100).all()
    hollow = pictures[:, 12:16, 12:16].max(axis=(1, 2)) < 100
    assert np.mean(hollow[kinds == 0]) > 0.8
    assert np.mean(hollow[kinds == NONE]) < 0.2


def test_variations_follow_from_the_numbers(drawn: Drawn) -> None:
    first, again = (drawn.some(50, np.random.default_rng(3), 7)[0] for _ in range(2))
    other = drawn.some(50, np.random.default_rng(3), 8)[0]
    assert np.array_equal(first, again)
    assert np.mean((first == other).all(axis=(1, 2))) < 0.1


def test_what_is_left_out_is_never_chosen() -> None:
    line = (np.array([[0.5, 0.0], [0.5, 1.0]]),)
    part = Drawings([line] * 4, ["l"] * 4, list("abcd"))
    drawn = Drawn([part], np.array([1, 2, 3, 4]), 1)
    drawn.leave_out(np.array([True, False, True, False]))
    assert set(drawn.some(100, np.random.default_rng(4), 0)[1]) == {2, 4}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return load_dataset().test_images[:300, 0]


def test_softening_keeps_ink_in_its_place(images: np.ndarray) -> None:
    softened = blur(images, HashedRandom(1, 1, np.arange(len(images))), 0.5)
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
    coarse = coarsen(images, HashedRandom(1, 1, np.arange(len(images))), shares)
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
