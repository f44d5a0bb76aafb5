"""The fit: its network is the rule's, and the rule that ships refuses what it was fitted on."""

from __future__ import annotations

import numpy as np
import pytest
from fit_rejection import network_of
from synthetic_negatives import several, synthetic_negatives

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.recognition.rejection import RejectionRule, shipped_rule


@pytest.fixture(scope="module")
def rule() -> RejectionRule:
    rule = shipped_rule()
    assert rule is not None
    return rule


@pytest.mark.slow
def test_synthetic_negatives_are_refused(rule: RejectionRule) -> None:
    data = load_dataset()
    images = data.test_images[:2000, 0]
    pictures = synthetic_negatives(600, 12345, images, data.test_labels[:2000])
    assert np.mean(rule.log_odds(scale(pictures[:, None]))[0] < rule.threshold) > 0.85


def test_several_digits_are_told_apart_from_one(rule: RejectionRule) -> None:
    data = load_dataset()
    pictures = several(300, 54321, data.test_images[:2000, 0], data.test_labels[:2000])
    log_odds, many = rule.log_odds(scale(pictures[:, None]))
    assert np.mean(log_odds < rule.threshold) > 0.85
    one = rule.log_odds(scale(data.test_images[:300]))[1]
    assert np.median(many) > 2 > -2 > np.median(one)


def test_scores_are_those_of_the_layers_in_lasagne() -> None:
    import lasagne

    from mnist_draw.training.functions import compile_predict

    lasagne.random.set_rng(np.random.RandomState(1))
    network = network_of(lasagne, (2, 3), 4)
    values = lasagne.layers.get_all_param_values(network)
    rng = np.random.default_rng(2)
    values = [rng.normal(0, 0.3, value.shape).astype(np.float32) for value in values]
    lasagne.layers.set_all_param_values(network, values)
    inputs = scale(load_dataset().test_images[:7])
    scores = RejectionRule(tuple(values), 0.0).scores(inputs).astype(np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = compile_predict(network)(inputs)
    assert powers / powers.sum(axis=1, keepdims=True) == pytest.approx(expected, abs=1e-4)
