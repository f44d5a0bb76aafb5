"""Styles: they change the classes that they are for, and add ink where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.dataset.augmentation.hashed_random import HashedRandom
from mnist_draw.dataset.augmentation.skeleton import EXTRA, StrokeStore
from mnist_draw.dataset.augmentation.writing_styles import restyle
from mnist_draw.dataset.mnist import load_dataset

DATA = load_dataset()


def restyled(digit, count=300):
    chosen = np.flatnonzero(DATA.train_labels == digit)[:count]
    store = StrokeStore(DATA.train_images[:, 0])
    before, after = store.strokes(chosen), store.strokes(chosen)
    restyle(after, np.full(count, digit), HashedRandom(1, 1, chosen))
    return before, after


def added(strokes, values):
    """Return the values of the places for added strokes, (n, EXTRA)."""
    return np.take_along_axis(values, strokes.used[:, None] - EXTRA + np.arange(EXTRA), axis=1)


def long_strokes(strokes):
    """Tell where a stroke was added that is no tail: tails have a quarter of the places."""
    return (added(strokes, strokes.radius) > 0).sum(axis=1) > EXTRA // 4


@pytest.mark.parametrize(
    ("digit", "share"), [(0, 0.35), (1, 0.65), (2, 0.25), (3, 0), (7, 0.35), (8, 0), (9, 0.3)]
)
def test_strokes_are_added_to_the_right_digits(digit, share):
    _, after = restyled(digit)
    assert long_strokes(after).mean() == pytest.approx(share, abs=0.1)


def height(strokes):
    """Return the least and the greatest y of the points, (n,) each."""
    inside = strokes.radius > 0
    return (
        np.where(inside, strokes.y, np.inf).min(axis=1),
        np.where(inside, strokes.y, -np.inf).max(axis=1),
    )


def test_slash_crosses_the_zero():
    _, after = restyled(0)
    rows = np.flatnonzero(long_strokes(after))
    x, y = added(after, after.x)[rows], added(after, after.y)[rows]
    assert (x[:, 0] < x[:, -1]).mean() > 0.8
    assert (y[:, 0] > y[:, -1]).all()
    assert np.abs(x.mean(axis=1)).max() < 3


def test_bar_of_seven_lies_across_its_stem():
    _, after = restyled(7)
    rows = np.flatnonzero(long_strokes(after))
    top, bottom = height(after.part(rows))
    level = added(after, after.y)[rows, : EXTRA // 2].mean(axis=1)
    assert ((level - top) / (bottom - top)).min() > 0.25
    assert ((level - top) / (bottom - top)).max() < 0.75


def test_ones_are_never_torn():
    before, after = restyled(1)
    top, bottom = height(before)
    share = (before.y - top[:, None]) / (bottom - top)[:, None]
    middle = (before.radius > 0) & (np.abs(share - 0.5) < 0.25)
    torn = (middle & (after.radius == 0)).any(axis=1)
    # Trimmed ends may reach the middle of a tiny or lying 1.
    assert torn.mean() < 0.02


@pytest.mark.parametrize("digit", range(10))
def test_enough_of_every_digit_is_left(digit):
    before, after = restyled(digit)
    kept = (after.radius > 0).sum(axis=1) / (before.radius > 0).sum(axis=1)
    assert kept.min() > 0.35
    for values in vars(after).values():
        assert np.isfinite(values).all()
    assert np.abs(after.x).max() < 24
    assert np.abs(after.y).max() < 24
