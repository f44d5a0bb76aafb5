"""Skeletons: thin, connected as the ink is, in its middle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from mnist_draw.dataset.augmentation.skeleton import (
    GRID,
    StrokeStore,
    _distances,
    _enlarge,
    _pack,
    skeletons,
    thin,
)
from mnist_draw.dataset.mnist import load_dataset

IMAGES = load_dataset().train_images[:300, 0]
EIGHT = np.ones((3, 3))


def unpack(bits):
    columns = np.arange(GRID, dtype=np.uint64)
    return (bits[:, :, None] >> columns) & np.uint64(1) > 0


def bar(top, left, bottom, right):
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, top:bottom, left:right] = 255
    return image


def test_thinning_keeps_pieces_and_holes():
    ink = _enlarge(IMAGES)
    line = unpack(thin(_pack(ink)))
    assert not (line & ~ink).any()
    for before, after in zip(ink, line, strict=True):
        assert ndimage.label(before, EIGHT)[1] == ndimage.label(after, EIGHT)[1]
        assert ndimage.label(~before)[1] == ndimage.label(~after)[1]


def test_thin_lines_are_one_pixel_wide():
    line = unpack(thin(_pack(_enlarge(IMAGES))))
    blocks = line[:, 1:, 1:] & line[:, :-1, 1:] & line[:, 1:, :-1] & line[:, :-1, :-1]
    assert blocks.sum() < 10


def test_distances_are_euclidean():
    ink = _enlarge(IMAGES)
    picture, row, column = np.nonzero(ink)
    chosen = np.random.default_rng(0).choice(len(picture), 5000, replace=False)
    picture, row, column = picture[chosen], row[chosen], column[chosen]
    expected = np.stack([ndimage.distance_transform_edt(one) for one in ink])
    found = _distances(_pack(ink), picture, row, column)
    assert found == pytest.approx(expected[picture, row, column], abs=1e-5)


def test_a_bar_gives_its_middle_line():
    found = skeletons(bar(4, 12, 24, 16))
    assert found.x == pytest.approx(13.5, abs=0.5)
    middle = np.abs(found.y - 13.5) < 6
    assert found.radius[middle] == pytest.approx(2, abs=0.3)
    assert found.length.sum() == pytest.approx(16, abs=2.5)
    ends = found.end_y != 0
    assert sorted(np.rint(found.end_y[ends])) == [-1, 1]
    assert np.abs(found.end_x[ends]).max() < 0.3


def test_no_ink_gives_no_points():
    found = skeletons(np.concatenate([np.zeros((1, 28, 28), np.uint8), bar(4, 12, 24, 16)]))
    assert (found.picture == 1).all()


def test_the_store_keeps_points_to_a_sixteenth_of_a_pixel():
    found = skeletons(IMAGES)
    store = StrokeStore(IMAGES)
    strokes = store.strokes(np.array([7, 3, 299]))
    for place, number in enumerate((7, 3, 299)):
        points = strokes.radius[place] > 0
        own = found.picture == number
        assert points.sum() == own.sum()
        assert strokes.x[place, points] + 14 == pytest.approx(found.x[own], abs=1 / 16 + 1e-5)
        assert strokes.y[place, points] + 14 == pytest.approx(found.y[own], abs=1 / 16 + 1e-5)
        assert strokes.end_x[place, points] == pytest.approx(found.end_x[own], abs=0.03)
        assert strokes.end_y[place, points] == pytest.approx(found.end_y[own], abs=0.03)


def test_the_store_keeps_some_of_too_many_points():
    comb = np.zeros((1, 28, 28), np.uint8)
    comb[0, :, ::2] = 255
    store = StrokeStore(comb)
    assert store.has_points(np.array([0]))[0]
    assert np.isfinite(store.strokes(np.array([0])).x).all()
