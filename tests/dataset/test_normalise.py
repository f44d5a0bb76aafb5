"""The one preprocessing: near the identity on MNIST, and blind to size and place elsewhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.normalise import BOX, FULL, has_ink, ink_box, normalise_ink


def center_of_mass(picture):
    places = np.arange(28)
    total = picture.sum(dtype=np.float64)
    return float(picture.sum(axis=1) @ places / total), float(picture.sum(axis=0) @ places / total)


def a_seven(side=300, top=60, left=90, size=150):
    """Draw the two strokes of a 7 with hard edges."""
    ink = np.zeros((side, side), np.uint8)
    pen = max(1, size // 8)
    ink[top : top + pen, left : left + size * 2 // 3] = 255
    for row in range(size):
        column = left + size * 2 // 3 - pen - row // 2
        ink[top + row, column : column + pen] = 255
    return ink


def test_mnist_pictures_hardly_change():
    pictures = load_dataset().test_images[:1000, 0]
    found = np.stack([normalise_ink(picture) for picture in pictures])
    differences = np.abs(found - scale(pictures)).mean(axis=(1, 2))
    assert differences.mean() < 5e-4
    # A picture whose place is off by a whole pixel or whose box is not 20 pixels is rare.
    assert np.count_nonzero(differences > 0.005) <= 5


@pytest.mark.parametrize("size", [12, 40, 150, 299])
def test_longer_side_is_20_and_the_mass_is_in_the_middle(size):
    found = normalise_ink(a_seven(300, 0, 0, size))
    assert found.shape == (28, 28)
    assert found.dtype == np.float32
    assert found.max() == FULL
    assert found.min() >= 0
    # Interpolation between the pixels of a small drawing loses a little at its rim.
    assert center_of_mass(found) == pytest.approx((14, 14), abs=0.05 if size >= 40 else 0.2)
    top, left, bottom, right = ink_box(found)
    # Sub-pixel placement may touch one row more at either end.
    assert 20 <= bottom - top <= 22
    assert (right - left) / (bottom - top) == pytest.approx(2 / 3, abs=0.12)


@given(top=st.integers(0, 149), left=st.integers(0, 149))
@settings(max_examples=25)
def test_place_does_not_matter(top, left):
    assert np.array_equal(normalise_ink(a_seven(300, top, left)), normalise_ink(a_seven(300)))


@given(factor=st.integers(2, 5))
@settings(max_examples=4)
def test_size_does_not_matter(factor):
    ink = a_seven(120, 5, 7, 100)
    large = ink.repeat(factor, axis=0).repeat(factor, axis=1)
    assert normalise_ink(large) == pytest.approx(normalise_ink(ink), abs=1e-4)


def test_kinds_of_numbers_do_not_matter():
    ink = a_seven()
    expected = normalise_ink(ink)
    for same in (
        ink.astype(np.float32),
        ink.astype(np.float64) / 255,
        ink > 0,
        ink // 5,
        ink.astype(np.uint16) * 257,
        np.asfortranarray(ink),
        np.pad(ink, 7)[::1, ::1],
    ):
        assert normalise_ink(same) == pytest.approx(expected, abs=1e-6)


def test_thin_lines_noise_and_lopsided_ink():
    ink = np.zeros((600, 600), np.uint8)
    ink[100:500, 300:302] = 255
    found = normalise_ink(ink)
    assert found.max() == FULL
    assert np.count_nonzero(found.max(axis=0) > 0.3) in (1, 2)
    # Faint noise does not widen the box.
    ink = a_seven()
    noisy = np.maximum(ink, np.random.default_rng(0).integers(0, 12, ink.shape, dtype=np.uint8))
    assert ink_box(noisy) == ink_box(ink)
    ink = np.zeros((200, 200), np.uint8)
    ink[:10] = 255
    ink[:, 95:105] = 255
    ink[:, :1] = ink[199:] = 255
    heavy = np.pad(ink, ((400, 0), (0, 0)))
    heavy[:400, 90:110] = 255
    heavy[:40] = 255
    for picture in (ink, heavy, heavy[::-1]):
        found = normalise_ink(picture)
        top, _, bottom, _ = ink_box(found)
        assert BOX <= bottom - top <= BOX + 2


def test_faintest_ink_and_what_cannot_be_normalised():
    assert not has_ink(np.zeros((28, 28), np.uint8))
    assert not has_ink(np.full((28, 28), 8, np.uint8))
    assert has_ink(np.full((28, 28), 9, np.uint8))
    assert has_ink(np.array([[0, 1.0]]))
    assert not has_ink(np.array([[0, 0.02]]))
    assert not has_ink(np.zeros((0, 5)))
    for ink, words in (
        (np.zeros((28, 28)), "no ink"),
        (np.zeros((0, 0)), "no ink"),
        (np.ones((1, 28, 28)), "rows and columns"),
        (np.array([[1, np.nan]]), "no ink|finite"),
        (np.array([[1, np.inf]]), "finite"),
    ):
        with pytest.raises(ValueError, match=words):
            normalise_ink(ink)


@given(st.data())
@settings(max_examples=100)
def test_any_picture_with_ink_gives_a_sound_input(data):
    height, width = data.draw(st.tuples(st.integers(1, 60), st.integers(1, 60)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    ink = rng.integers(0, 256, (height, width), dtype=np.uint8)
    ink[rng.random((height, width)) > data.draw(st.floats(0, 1))] = 0
    if not has_ink(ink):
        return
    found = normalise_ink(ink)
    assert np.isfinite(found).all()
    assert found.max() == FULL
    assert found.min() >= 0
