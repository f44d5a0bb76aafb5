"""Pictures of few pixels: enlarged smoothly, whether each pixel is a block or not."""

from __future__ import annotations

import numpy as np
import pytest
from pen_drawing import board
from PIL import Image

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.normalise import normalise_ink
from mnist_draw.dataset.pictures.coarse import InkPixels, before_enlarging, without_blocks


def coarse_digit(index):
    """Return a digit of MNIST on 8 by 8 pixels, uint8."""
    image = load_dataset().test_images[index, 0, 4:24, 4:24].astype(float)
    rows = np.clip(
        np.minimum(np.arange(1, 9)[:, None] * 2.5, np.arange(1, 21))
        - np.maximum(np.arange(8)[:, None] * 2.5, np.arange(20)),
        0,
        None,
    )
    return np.rint(rows @ image @ rows.T / 2.5**2).astype(np.uint8)


@pytest.mark.parametrize("side", [1, 2, 10, 35])
def test_blocks_make_no_difference(side):
    small = coarse_digit(0)
    blocks = np.kron(small, np.ones((side, side), np.uint8))
    assert normalise_ink(InkPixels(blocks).smoothed()) == pytest.approx(
        normalise_ink(InkPixels(small).smoothed())
    )


def test_blocks_become_smooth():
    steps = []
    for index in range(20):
        blocks = np.kron(coarse_digit(index), np.ones((10, 10), np.uint8))
        pictures = [normalise_ink(ink) for ink in (InkPixels(blocks).smoothed(), blocks)]
        steps.append([np.abs(np.diff(picture, n=2, axis=1)).mean() for picture in pictures])
        # The same drawing in the same place, a little smaller: its rim is soft.
        assert np.corrcoef(pictures[0].ravel(), pictures[1].ravel())[0, 1] > 0.7
    smooth, blocky = np.mean(steps, axis=0)
    assert smooth < 0.8 * blocky


def test_what_is_not_coarse_stays_as_it_is():
    for ink in (load_dataset().test_images[3, 0], board([[(0.1, 0.2), (0.5, 0.9)]], 12, scale=280)):
        assert InkPixels(ink).smoothed() is ink
    # A picture of large pixels that was enlarged, but not of few.
    blocks = np.kron(load_dataset().test_images[3, 0], np.ones((6, 6), np.uint8))
    assert InkPixels(blocks).smoothed() is blocks


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.bool_])
def test_any_kind_of_ink(dtype):
    ink = np.zeros((9, 7), dtype)
    full = np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 1
    ink[2:7, 3] = full
    smooth = InkPixels(ink).smoothed()
    assert smooth.dtype == np.float32
    assert (smooth.min(), smooth.max()) == pytest.approx((0, 1), abs=0.05)
    assert smooth.shape[0] > smooth.shape[1]


def test_a_single_pixel_and_a_filled_picture():
    for ink in (np.full((1, 1), 255, np.uint8), np.full((30, 30), 255, np.uint8)):
        assert np.isfinite(normalise_ink(InkPixels(ink).smoothed())).all()


@pytest.mark.parametrize("index", range(10))
def test_few_pixels_are_known_however_they_were_enlarged(index):
    small, usual = coarse_digit(index), load_dataset().test_images[index, 0]
    assert InkPixels(small).are_few()
    assert not InkPixels(usual).are_few()
    for way in (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC):
        assert InkPixels(np.asarray(Image.fromarray(small).resize((280, 280), way))).are_few()
        assert not InkPixels(np.asarray(Image.fromarray(usual).resize((280, 280), way))).are_few()


def test_a_sharp_drawing_is_of_many_pixels_also_where_it_is_filled():
    down, across = np.mgrid[:280, :280] - 139.5
    disc = np.where(np.hypot(down, across) < 90, 255, 0).astype(np.uint8)
    for ink in (disc, board([[(0.1, 0.2), (0.5, 0.9)]], 40, scale=280)):
        assert not InkPixels(ink).are_few()


@pytest.mark.parametrize("side", [100, 280])
@pytest.mark.parametrize(
    "way",
    [
        Image.Resampling.NEAREST,
        Image.Resampling.BILINEAR,
        Image.Resampling.BICUBIC,
        Image.Resampling.LANCZOS,
    ],
)
def test_the_way_in_which_few_pixels_were_enlarged_makes_no_difference(way, side):
    for index in range(10):
        small = coarse_digit(index)
        enlarged = np.asarray(Image.fromarray(small).resize((side, side), way))
        read = normalise_ink(InkPixels(enlarged).smoothed())
        wanted = normalise_ink(InkPixels(small).smoothed())
        assert np.abs(read - wanted).mean() < 0.01


def test_blocks_of_two_sizes_are_found_wherever_their_edges_fall():
    small = coarse_digit(3)
    # As OpenCV enlarges: other pixels than Pillow's are the last of their block.
    rows = np.arange(100) * 8 // 100
    found = without_blocks(small[np.ix_(rows, rows)])
    assert found is not None
    np.testing.assert_array_equal(found, small)


def test_a_picture_of_many_pixels_was_not_enlarged():
    usual = load_dataset().test_images[5, 0]
    enlarged = np.asarray(Image.fromarray(usual).resize((280, 280), Image.Resampling.BICUBIC))
    assert without_blocks(enlarged) is None
    assert before_enlarging(enlarged) is None
    # Ink that nothing was enlarged to, as small as it may be.
    assert before_enlarging(np.eye(3, dtype=np.uint8)) is None


@pytest.mark.parametrize("shape", [(280, 260), (150, 140), (900, 836)])
def test_pictures_of_any_shape_are_brought_back(shape):
    small = np.pad(coarse_digit(4), ((3, 3), (2, 3)))
    enlarged = Image.fromarray(small).resize(shape[::-1], Image.Resampling.BICUBIC)
    found = before_enlarging(np.asarray(enlarged))
    assert found is not None
    assert found == pytest.approx(small / small.max(), abs=0.1)
