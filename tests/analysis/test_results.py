"""Counting right and wrong answers, and what follows from them."""

from __future__ import annotations

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.analysis import results
from mnist_draw.analysis.pictures import Pictures
from mnist_draw.analysis.results import SLICE, Results, count_results, wilson
from mnist_draw.dataset.mnist import scale
from mnist_draw.storage import cache


def results_of(answers, classes=3):
    """Return the results of (true, read, how sure)."""
    rows = np.empty((len(answers), classes), np.float32)
    for row, (_, read, sure) in zip(rows, answers, strict=True):
        row[:] = (1 - sure) / (classes - 1)
        row[read] = sure
    labels = np.array([true for true, _, _ in answers], np.uint8)
    return Results(rows, labels, 1.0, len(answers))


FEW = results_of(
    [(0, 0, 0.99), (0, 1, 0.95), (1, 1, 0.8), (1, 1, 0.4), (2, 1, 0.6), (2, 2, 0.7), (0, 1, 0.97)]
)


def test_the_confusion_matrix_has_a_row_for_each_true_class():
    assert FEW.confusion.tolist() == [[1, 2, 0], [0, 2, 0], [0, 1, 1]]
    np.testing.assert_allclose(FEW.recall, [1 / 3, 1, 1 / 2])
    np.testing.assert_allclose(FEW.precision, [1, 2 / 5, 1])
    assert FEW.accuracy == pytest.approx(4 / 7)
    assert FEW.wrong == 3
    assert FEW.weakest == 0
    assert FEW.sure_and_wrong == 2


def test_a_class_without_pictures_or_answers_has_no_share():
    results = results_of([(0, 0, 0.9), (0, 1, 0.8)])
    assert np.isnan(results.recall[1:]).all()
    assert np.isnan(results.precision[2])
    assert results.weakest == 0


def test_the_surest_mistake_comes_first():
    assert FEW.mistakes().tolist() == [6, 1, 4]
    assert FEW.pictures_of(0, 1).tolist() == [6, 1]
    # Among right answers the doubtful ones are worth a look.
    assert FEW.pictures_of(1, 1).tolist() == [3, 2]
    assert FEW.pictures_of(1, 2).tolist() == []
    assert FEW.most_taken(5) == [(0, 1, 2), (2, 1, 1)]


def test_without_labels_the_least_sure_come_first():
    results = Results(FEW.probabilities, None, 1.0, 7)
    assert results.least_sure().tolist() == [3, 4, 5, 2, 1, 6, 0]
    assert len(results.mistakes()) == 0
    assert results.reliability == ()
    assert results.weakest is None
    assert np.isnan(results.loss)


def test_the_loss_is_the_networks_own_and_confidence_is_calibrated():
    warm = Results(FEW.probabilities, FEW.labels, 2.0, 7)
    assert warm.loss == FEW.loss
    assert FEW.loss == pytest.approx(
        -np.mean(np.log([0.99, 0.025, 0.8, 0.4, 0.2, 0.7, 0.015])), rel=1e-5
    )
    assert (warm.confidence[:2] < FEW.confidence[:2]).all()


def test_each_answer_lies_in_one_range_of_confidence():
    sure = [0.0, 0.499, 0.5, 0.9, 0.949, 0.99, 1.0]
    rows = np.zeros((len(sure), 2), np.float32)
    rows[:, 0], rows[:, 1] = sure, -1
    results = Results(rows, np.zeros(len(sure), np.uint8), 1.0, len(sure))
    found = {(part.low, part.high): part.count for part in results.reliability}
    assert found == {(0, 0.5): 2, (0.5, 0.6): 1, (0.9, 0.95): 2, (0.99, 1.0): 2}


def test_wilsons_interval():
    # statsmodels.stats.proportion.proportion_confint(8, 10, method="wilson")
    assert wilson(8, 10) == pytest.approx((0.49016, 0.94332), abs=1e-5)
    assert wilson(0, 5)[0] == 0
    assert wilson(5, 5)[1] == 1
    assert wilson(990, 1000)[0] > wilson(99, 100)[0]


def test_counting_asks_the_network_itself(digits):
    pictures = Pictures(digits.test_images, digits.test_labels, "test")
    model = linear_model()
    steps = list(count_results(model, pictures))
    assert [step.counted for step in steps] == [64, 128, 192, 200]
    assert not steps[0].is_complete
    assert steps[-1].is_complete
    weights, bias = model.parameters
    scores = scale(digits.test_images).reshape(200, 784) @ weights + bias
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(steps[-1].probabilities, expected, atol=1e-5)
    assert steps[0].labels is not None
    assert len(steps[0].labels) == SLICE


def never(model):
    raise AssertionError("counted again")


def test_what_was_counted_is_kept(digits, monkeypatch):
    pictures = Pictures(digits.test_images, digits.test_labels, "test")
    for _ in range(2):
        # A count that was stopped is not stored.
        assert next(count_results(linear_model(), pictures)).counted == SLICE
    *_, first = count_results(linear_model(), pictures)
    monkeypatch.setattr(results, "Recogniser", never)
    (second,) = count_results(linear_model(), pictures)
    np.testing.assert_array_equal(first.probabilities, second.probabilities)
    assert second.confusion.tolist() == first.confusion.tolist()


@pytest.mark.parametrize(
    "arrays",
    [
        {},
        {"probabilities": np.zeros((3, 10), np.float32)},
        {"probabilities": np.zeros((200, 10), np.float64)},
        {"probabilities": np.full((200, 10), np.nan, np.float32)},
    ],
)
def test_what_is_kept_but_makes_no_sense_is_counted_anew(arrays, digits, monkeypatch):
    pictures = Pictures(digits.test_images, digits.test_labels, "test")
    with monkeypatch.context() as patch:
        patch.setattr(cache, "read", lambda *_: arrays)
        *_, last = count_results(linear_model(), pictures)
    assert last.accuracy > 0.75
