"""Random numbers that depend on their place alone."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.dataset.augmentation.hashed_random import HashedRandom


def test_numbers_are_even_and_unrelated():
    drawn = HashedRandom(1, 1, np.arange(20_000)).uniforms(8, 0, 1)
    assert drawn.shape == (8, 20_000)
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() < 1
    counts = np.stack([np.histogram(row, 10, (0, 1))[0] for row in drawn])
    assert np.abs(counts - 2000).max() < 250
    related = np.corrcoef(np.concatenate([drawn, np.roll(drawn, 1, axis=1)]))
    assert np.abs(related - np.eye(16)).max() < 0.04


def test_numbers_follow_from_seed_epoch_picture_and_rank():
    first = HashedRandom(5, 2, np.array([4, 9, 11]))
    again = HashedRandom(5, 2, np.array([11, 4]))
    one, other = first.uniform(0, 1), again.uniform(0, 1)
    assert np.array_equal(one[[2, 0]], other)
    assert np.array_equal(first.uniforms(3, 0, 1)[:, [2, 0]], again.uniforms(3, 0, 1))
    for seed, epoch in ((6, 2), (5, 3), (2, 5)):
        assert not np.array_equal(
            HashedRandom(seed, epoch, np.array([4, 9, 11])).uniform(0, 1), one
        )


def test_range_and_share():
    random = HashedRandom(0, 0, np.arange(10_000))
    drawn = random.uniform(-3, 5)
    assert drawn.min() >= -3
    assert drawn.max() < 5
    assert drawn.mean() == pytest.approx(1, abs=0.1)
    assert random.happens(0.2).mean() == pytest.approx(0.2, abs=0.02)
    assert not random.happens(0).any()
    assert random.happens(1).all()


def test_the_largest_seed():
    assert np.isfinite(HashedRandom(2**31 + 1, 100_000, np.array([2**31 - 1])).uniform(0, 1)).all()
