"""Synthetic negatives: reproducible, of every kind, and normalised as drawings are."""

from __future__ import annotations

import numpy as np
import pytest
from sign_strokes import LETTERS, SIGNS, smooth, strokes_of
from synthetic_negatives import painted, several, synthetic_negatives

from mnist_draw.dataset.mnist import load_dataset


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return load_dataset().test_images[:300, 0]


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return load_dataset().test_labels[:300]


@pytest.mark.parametrize("make", [synthetic_negatives, several])
def test_pictures_follow_from_the_seed(make, images: np.ndarray, labels: np.ndarray) -> None:
    pictures = make(60, 3, images, labels)
    assert pictures.shape == (60, 28, 28)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures, make(60, 3, images, labels))
    assert not np.array_equal(pictures, make(60, 4, images, labels))


@pytest.mark.parametrize("make", [synthetic_negatives, several])
def test_pictures_are_normalised(make, images: np.ndarray, labels: np.ndarray) -> None:
    for picture in make(80, 5, images, labels).astype(float):
        assert picture.max() > 200
        rows, columns = np.nonzero(picture > 100)
        longer = max(np.ptp(rows), np.ptp(columns)) + 1
        assert 16 <= longer <= 23


def test_every_sign_has_strokes_in_its_box() -> None:
    for name, sign in {**LETTERS, **SIGNS}.items():
        for stroke in strokes_of(sign):
            assert stroke.shape[0] >= 2, name
            assert stroke.min() > -0.2, name
            assert stroke.max() < 1.2, name


def test_smooth_curves_pass_through_their_points() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.5], [0.0, 1.0]])
    curve = smooth(points)
    for point in points:
        assert np.abs(curve - point).sum(axis=1).min() < 1e-9
    assert len(curve) > 10


def test_a_drawing_looks_like_its_strokes() -> None:
    cross = (np.array([[0.0, 0.5], [1.0, 0.5]]), np.array([[0.5, 0.0], [0.5, 1.0]]))
    picture = painted([cross], 1)[0].astype(float) / 255
    assert picture[11:17, 11:17].mean() > 0.3
    assert max(picture[:8, :8].mean(), picture[20:, 20:].mean()) < 0.15
