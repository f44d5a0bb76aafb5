"""A floor under what the tutorial's network learns of real MNIST."""

from __future__ import annotations

import pytest

import mnist_draw as flm
from mnist_draw.training.history import History

pytestmark = pytest.mark.slow


def test_the_tutorials_network_after_three_epochs():
    """At least 96.5 % of the validation pictures.

    This is close to what the recipe gives: seeds 1 to 10 reach 96.27 to 96.72 %, 96.54 % on
    average (a loop written with NumPy alone: 96.31 to 96.88 %, 96.63 % on average). Rounding,
    which differs between processors, moves a run by up to 0.07 points. So the seed is one that is
    at home above the floor (96.67 %), and only a loss of quality takes it below.
    """
    history = History()
    flm.run_network(num_epochs=3, seed=2, history=history, verbose=False)
    assert len(history.batch_losses) == 300
    assert history.epochs[-1].validation_accuracy >= 0.965
    assert history.test_accuracy is not None
    assert history.test_accuracy >= 0.955
