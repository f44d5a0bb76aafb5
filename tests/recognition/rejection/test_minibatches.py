"""What people drew, chosen and varied for the fit."""

from __future__ import annotations

import numpy as np
import pytest

from mnist_draw.recognition.rejection.drawn import Drawings
from mnist_draw.recognition.rejection.minibatches import Drawn
from mnist_draw.recognition.rejection.rule import NONE


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
