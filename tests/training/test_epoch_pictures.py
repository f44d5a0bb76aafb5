"""The pictures of an epoch: the same for the same seed, whatever the minibatches."""

import dataclasses
import threading

import numpy as np
import pytest

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.training.epoch_pictures import EpochPictures
from mnist_draw.training.settings import TrainingSettings

# The loops that vary pictures are compiled first.
pytestmark = pytest.mark.slow

DATA = load_dataset().first(1100)


def epoch(number, data=DATA, **settings):
    chosen = TrainingSettings(**{"augmentation": "pen", "batch_size": 200, **settings})
    return gathered(EpochPictures(chosen, data).minibatches(number))


def gathered(minibatches):
    return [(pictures[rows], labels[rows]) for pictures, labels, rows in minibatches]


def test_shapes_and_incomplete_minibatches():
    for batch_size, count in ((200, 5), (7, 157), (1100, 1), (600, 1)):
        found = epoch(1, batch_size=batch_size)
        assert len(found) == count
        for pictures, labels in found:
            assert pictures.shape == (batch_size, 1, 28, 28)
            assert pictures.dtype == np.uint8
            assert labels.shape == (batch_size,)
            assert labels.dtype == np.int32


def test_pictures_depend_on_epoch_and_seed_alone():
    varied, plain = epoch(3), epoch(3, augmentation="off")
    for (_, labels), (_, expected) in zip(varied, plain, strict=True):
        assert np.array_equal(labels, expected)
    assert np.array_equal(plain[0][0], DATA.train_images[_order(3)[:200]])
    large, small = epoch(2, batch_size=1000), epoch(2, batch_size=50)
    assert np.array_equal(large[0][0], np.concatenate([pictures for pictures, _ in small[:20]]))
    first = epoch(1)[0][0]
    assert np.array_equal(first, epoch(1)[0][0])
    assert not np.array_equal(first, epoch(2)[0][0])
    assert not np.array_equal(first, epoch(1, seed=2)[0][0])


def test_scaled_pictures_are_varied_as_bytes_are():
    floats = dataclasses.replace(DATA, train_images=scale(DATA.train_images))
    for (found, _), (expected, _) in zip(epoch(1, floats), epoch(1), strict=True):
        assert found.dtype == np.float32
        assert np.array_equal(found, scale(expected))


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_no_thread_is_left_when_an_epoch_is_broken_off(taken):
    minibatches = EpochPictures(
        TrainingSettings(augmentation="warp", batch_size=10),
        DATA,
    ).minibatches(1)
    for _ in range(taken):
        next(minibatches)
    minibatches.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("pictures")]


def _order(number):
    order = np.arange(1100)
    np.random.default_rng([TrainingSettings().seed, number]).shuffle(order)
    return order


def test_another_recipe_from_the_middle_of_an_epoch():
    chosen = TrainingSettings(augmentation="warp", batch_size=200)
    pictures = EpochPictures(chosen, DATA)
    (first, *_) = gathered(pictures.minibatches(1))
    assert np.array_equal(first[0], epoch(1, augmentation="warp")[0][0])
    pictures.augment("pen")
    for recipe in ("pen", "off"):
        pictures.augment(recipe)
        rest = gathered(pictures.minibatches(1, start=1))
        expected = epoch(1, augmentation=recipe)[1:]
        assert len(rest) == 4
        for found, wanted in zip(rest, expected, strict=True):
            assert np.array_equal(found[0], wanted[0])
            assert np.array_equal(found[1], wanted[1])
