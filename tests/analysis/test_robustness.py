"""Pictures that are turned, shifted, scaled, noisy, rewritten; and what a network makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.analysis import robustness
from mnist_draw.analysis.robustness import (
    AXES,
    SETTINGS,
    Change,
    Perturbation,
    altered_one,
    count_limits,
    order_of_settings,
)
from mnist_draw.dataset.augmentation import numba_loops
from mnist_draw.dataset.mnist import scale
from mnist_draw.recognition.recogniser import Recogniser


@pytest.fixture(autouse=True)
def without_numba(monkeypatch):
    """Use the NumPy twins: of a few pictures, compiling the loops takes longer."""
    monkeypatch.setattr(numba_loops, "_installed", False)


@pytest.fixture
def perturbation(digits):
    return Perturbation(digits.test_images[:40])


def centre(image):
    grey = image.astype(float)
    across, down = np.arange(image.shape[1]), np.arange(image.shape[0])
    return (
        float(grey.sum(axis=0) @ across / grey.sum()),
        float(grey.sum(axis=1) @ down / grey.sum()),
    )


def bar():
    """Return a level bar in the middle of the picture."""
    image = np.zeros((28, 28), np.uint8)
    image[13:16, 8:21] = 255
    return image


def test_there_are_47_settings_and_five_are_shown_of_each():
    assert len(SETTINGS) == 47
    for axis in AXES:
        assert len(axis.shown) == 5
        assert set(axis.shown) <= set(axis.amounts)
        assert axis.neutral in axis.amounts
    assert sorted(order_of_settings()) == list(range(47))
    first = [SETTINGS[number] for number in order_of_settings()[:25]]
    assert set(first) == {(axis.name, amount) for axis in AXES for amount in axis.shown}


@pytest.mark.parametrize("axis", AXES, ids=lambda axis: axis.name)
def test_the_neutral_amount_is_the_identity(axis, perturbation):
    change = Change().to(axis.name, axis.neutral)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(perturbation.altered(change)[:, 0], perturbation.images)


def test_shifting_by_whole_pixels_keeps_every_grey_level():
    right, left = altered_one(bar(), [Change(shift=3), Change(shift=-3)])[:, 0]
    np.testing.assert_array_equal(right[:, 3:], bar()[:, :-3])
    np.testing.assert_array_equal(left[:, :-3], bar()[:, 3:])


def test_turning_is_clockwise():
    (turned,) = altered_one(bar(), [Change(turn=30)])[:, 0]
    left, right = turned[:, :12], turned[:, 17:]
    # y points down: the right end of a level bar sinks.
    assert centre(right)[1] > 15
    assert centre(left)[1] < 13


def test_size_and_pen():
    large, small = altered_one(bar(), [Change(size=1.3), Change(size=0.7)])[:, 0]
    wide, thin = altered_one(bar(), [Change(pen=1), Change(pen=-0.5)])[:, 0]
    ink = bar().sum()
    assert large.sum() > 1.5 * ink
    assert small.sum() < 0.6 * ink
    assert wide.sum() > 1.4 * ink
    assert thin.sum() < 0.8 * ink
    # The pen changes the width of the line, not the size of the digit.
    rows = np.flatnonzero(wide.max(axis=1) > 127)
    assert 4 <= len(rows) <= 6


def test_placing_undoes_shift_and_size(perturbation):
    moved = perturbation.altered(Change(shift=4, size=0.8))[:, 0]
    placed = perturbation.altered(Change(shift=4, size=0.8, placed=True))[:, 0]
    for image, before in zip(placed, moved, strict=True):
        assert centre(image) == pytest.approx((14, 14), abs=1)
        assert abs(centre(before)[0] - 14) > 2


def test_noise_is_the_same_each_time_and_comes_last(perturbation):
    noisy = perturbation.altered(Change(noise=0.4))
    np.testing.assert_array_equal(noisy, perturbation.altered(Change(noise=0.4)))
    assert np.abs(noisy[:, 0].astype(int) - perturbation.images).mean() > 20
    placed = perturbation.altered(Change(noise=0.4, placed=True))
    assert (placed[:, 0, 0] > 0).any()


def test_counting(digits):
    perturbation, labels = Perturbation(digits.test_images[:100]), digits.test_labels[:100]
    model = linear_model()
    steps = list(count_limits(model, perturbation, labels, False))
    last = steps[-1]
    assert not np.isnan(last).any()
    # The first point is there long before the last, and what is there stays.
    counted = [int(np.count_nonzero(~np.isnan(step))) for step in steps]
    assert counted == sorted(counted)
    assert counted[0] <= 1
    recogniser = Recogniser(model)
    for name, amount in (("turn", 0), ("shift", 4), ("noise", 0.2)):
        images = perturbation.altered(Change().to(name, amount))
        right = recogniser.predict(scale(images)).argmax(axis=1) == labels
        assert last[SETTINGS.index((name, amount))] == pytest.approx(right.mean())


def test_what_was_counted_is_kept_for_network_and_placing(digits, monkeypatch):
    perturbation, labels = Perturbation(digits.test_images[:10]), digits.test_labels[:10]

    def never(model):
        raise AssertionError("counted again")

    *_, first = count_limits(linear_model(), perturbation, labels, False)
    monkeypatch.setattr(robustness, "Recogniser", never)
    (second,) = count_limits(linear_model(), perturbation, labels, False)
    np.testing.assert_array_equal(first, second)
    with pytest.raises(AssertionError, match="again"):
        next(count_limits(linear_model(), perturbation, labels, True))
