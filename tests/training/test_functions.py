"""The compiled functions, against the same figures computed with NumPy."""

from __future__ import annotations

import lasagne
import numpy as np
import pytest

from mnist_draw.dataset.mnist import scale
from mnist_draw.networks import parse_network
from mnist_draw.training.functions import (
    compile_evaluate,
    compile_predict,
    compile_train,
)
from mnist_draw.training.settings import TrainingSettings

#: No hidden layer and no dropout: NumPy computes it in a few lines.
PLAIN = TrainingSettings(
    network="custom_mlp:0,1,0,0", update="sgd", learning_rate=0.5, l2=0.01, batch_size=100
)


def softmax_regression(weights, biases, pictures, labels):
    """Return probabilities, loss, accuracy and the loss's gradients, in double precision."""
    inputs = scale(pictures).reshape(len(pictures), -1).astype(np.float64)
    scores = inputs @ weights.astype(np.float64) + biases
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    right = probabilities[np.arange(len(labels)), labels]
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    error = (probabilities - np.eye(10)[labels]) / len(labels)
    return probabilities, -np.log(right).mean(), accuracy, inputs.T @ error, error.sum(axis=0)


@pytest.fixture(scope="module")
def network():
    return parse_network(PLAIN.network).build()


@pytest.fixture(scope="module")
def functions(network):
    compiled = compile_train(network, PLAIN)
    compiled.evaluate = compile_evaluate(network)
    return compiled


def test_a_step_of_training(network, functions, digits):
    weights, biases = lasagne.layers.get_all_param_values(network)
    pictures, labels = digits.train_images[:100], digits.train_labels[:100].astype(np.int32)
    _, loss, accuracy, slope, bias_slope = softmax_regression(weights, biases, pictures, labels)
    found = functions.train(pictures, labels)
    # The loss told is without the penalty, and from before the step.
    assert float(found[0]) == pytest.approx(loss, rel=1e-5)
    assert float(found[1]) == pytest.approx(accuracy)
    after, biases_after = lasagne.layers.get_all_param_values(network)
    np.testing.assert_allclose(
        after, weights - 0.5 * (slope + 2 * 0.01 * weights), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(biases_after, biases - 0.5 * bias_slope, rtol=1e-4, atol=1e-6)


def test_rates_set_between_batches_count(network, functions, digits):
    pictures, labels = digits.train_images[:100], digits.train_labels[:100].astype(np.int32)
    before = lasagne.layers.get_all_param_values(network)
    functions.learning_rate.set_value(np.float32(0))
    functions.train(pictures, labels)
    for value, old in zip(lasagne.layers.get_all_param_values(network), before, strict=True):
        np.testing.assert_array_equal(value, old)
    functions.learning_rate.set_value(np.float32(0.25))
    functions.l2.set_value(np.float32(0))
    functions.train(pictures, labels)
    slope = softmax_regression(*before, pictures, labels)[3]
    after = lasagne.layers.get_all_param_values(network)
    np.testing.assert_allclose(after[0], before[0] - 0.25 * slope, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("count", [1, 7, 200])
def test_evaluation_of_any_number_of_pictures(network, functions, digits, count):
    before = lasagne.layers.get_all_param_values(network)
    pictures, labels = digits.test_images[:count], digits.test_labels[:count].astype(np.int32)
    _, loss, accuracy, _, _ = softmax_regression(*before, pictures, labels)
    found = functions.evaluate(pictures, labels)
    assert float(found[0]) == pytest.approx(loss, rel=1e-5)
    assert float(found[1]) == pytest.approx(accuracy)
    for value, old in zip(lasagne.layers.get_all_param_values(network), before, strict=True):
        np.testing.assert_array_equal(value, old)


@pytest.mark.parametrize("count", [1, 5])
def test_prediction(network, digits, count):
    pictures, labels = digits.test_images[:count], digits.test_labels[:count]
    found = compile_predict(network)(scale(pictures))
    expected = softmax_regression(*lasagne.layers.get_all_param_values(network), pictures, labels)
    assert found.shape == (count, 10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected[0], rtol=1e-4, atol=1e-6)


def test_prediction_follows_the_parameters(digits):
    network = parse_network(PLAIN.network).build()
    predict = compile_predict(network)
    pictures = scale(digits.test_images[:3])
    weights = np.zeros((784, 10), np.float32)
    for digit in (4, 7):
        lasagne.layers.set_all_param_values(
            network, [weights, np.eye(10, dtype=np.float32)[digit] * 50]
        )
        assert predict(pictures).argmax(axis=1).tolist() == [digit] * 3


def test_prediction_and_evaluation_leave_dropout_out(digits):
    network = parse_network("custom_mlp:1,32,0.5,0.5").build()
    predict = compile_predict(network)
    pictures = scale(digits.test_images[:20])
    first = predict(pictures)
    np.testing.assert_array_equal(first, predict(pictures))
    np.testing.assert_allclose(first[:1], predict(pictures[:1]), rtol=1e-5)


def test_dropout_differs_from_batch_to_batch(digits):
    settings = TrainingSettings(
        network="custom_mlp:1,32,0.2,0.5", learning_rate=1e-20, batch_size=100
    )
    compiled = compile_train(parse_network(settings.network).build(), settings)
    pictures, labels = digits.train_images[:100], digits.train_labels[:100].astype(np.int32)
    losses = {float(compiled.train(pictures, labels)[0]) for _ in range(5)}
    assert len(losses) == 5


def test_state_is_what_a_batch_changes_beside_the_parameters(digits):
    """An accumulator for each parameter with rmsprop, and a random state for each dropout."""
    settings = TrainingSettings(network="custom_mlp:1,32,0.2,0.5", batch_size=100)
    network = parse_network(settings.network).build()
    compiled = compile_train(network, settings)
    assert len(compiled.state) == 4 + 2
    params = lasagne.layers.get_all_params(network)
    shapes = [variable.get_value().shape for variable in compiled.state[:4]]
    assert shapes == [param.get_value().shape for param in params]


@pytest.mark.slow
def test_a_network_compiled_again_has_no_more_state():
    settings = TrainingSettings(network="custom_mlp:1,32,0.2,0.5", batch_size=100)
    network = parse_network(settings.network).build()
    counts = {len(compile_train(network, settings).state) for _ in range(3)}
    assert len(counts) == 1


def test_evaluation_must_be_compiled_first():
    compiled = compile_train(parse_network(PLAIN.network).build(), PLAIN)
    with pytest.raises(RuntimeError, match="compile_evaluate was not called"):
        compiled.evaluate(np.zeros((1, 1, 28, 28), np.uint8), np.zeros(1, np.int32))
