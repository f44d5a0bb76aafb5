"""The compiled functions and Lasagne's update rules, against figures computed with NumPy."""

import inspect
import re

import lasagne
import numpy as np
import pytest

from mnist_draw.dataset.mnist import scale
from mnist_draw.errors import UserError
from mnist_draw.networks import parse_network
from mnist_draw.training.events import EpochFinished
from mnist_draw.training.functions import (
    compile_predict,
    compile_train,
)
from mnist_draw.training.loop import train
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import (
    UPDATE_RULES,
    check_parameters,
    learning_rate_at,
    updates_of,
)

#: No hidden layer and no dropout: NumPy computes it in a few lines.
PLAIN = TrainingSettings(
    network="custom_mlp:0,1,0,0",
    update="sgd",
    learning_rate=0.5,
    l2=0.01,
    batch_size=100,
)
#: The rows of a minibatch of a hundred.
ALL = np.arange(100)


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
    return compile_train(network, PLAIN)


def test_a_step_of_training(network, functions, digits):
    functions.learning_rate.set_value(np.float32(0.5))
    functions.l2.set_value(np.float32(0.01))
    weights, biases = lasagne.layers.get_all_param_values(network)
    pictures, labels = digits.train_images[:100], digits.train_labels[:100].astype(np.int32)
    _, loss, accuracy, slope, bias_slope = softmax_regression(weights, biases, pictures, labels)
    found = functions.train(pictures, labels, ALL)
    # The loss told is without the penalty, and from before the step.
    assert float(found[0]) == pytest.approx(loss, rel=1e-5)
    assert float(found[1]) == pytest.approx(accuracy)
    after, biases_after = lasagne.layers.get_all_param_values(network)
    np.testing.assert_allclose(
        after,
        weights - 0.5 * (slope + 2 * 0.01 * weights),
        rtol=1e-4,
        atol=1e-6,
    )
    np.testing.assert_allclose(biases_after, biases - 0.5 * bias_slope, rtol=1e-4, atol=1e-6)


def test_rates_set_between_batches_count(network, functions, digits):
    pictures, labels = digits.train_images[:100], digits.train_labels[:100].astype(np.int32)
    before = lasagne.layers.get_all_param_values(network)
    functions.learning_rate.set_value(np.float32(0))
    functions.train(pictures, labels, ALL)
    for value, old in zip(lasagne.layers.get_all_param_values(network), before, strict=True):
        np.testing.assert_array_equal(value, old)
    functions.learning_rate.set_value(np.float32(0.25))
    functions.l2.set_value(np.float32(0))
    functions.train(pictures, labels, ALL)
    slope = softmax_regression(*before, pictures, labels)[3]
    after = lasagne.layers.get_all_param_values(network)
    np.testing.assert_allclose(after[0], before[0] - 0.25 * slope, rtol=1e-4, atol=1e-6)


def test_prediction_follows_the_parameters(network, digits):
    predict = compile_predict(network)
    values = lasagne.layers.get_all_param_values(network)
    for count in (1, 5):
        pictures, labels = digits.test_images[:count], digits.test_labels[:count]
        found = predict(scale(pictures))
        assert (found.shape, found.dtype) == ((count, 10), np.float32)
        expected = softmax_regression(*values, pictures, labels)[0]
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    pictures = scale(digits.test_images[:3])
    weights = np.zeros((784, 10), np.float32)
    for digit in (4, 7):
        lasagne.layers.set_all_param_values(
            network,
            [weights, np.eye(10, dtype=np.float32)[digit] * 50],
        )
        assert predict(pictures).argmax(axis=1).tolist() == [digit] * 3


@pytest.fixture(scope="module")
def dropping():
    """Return a network with dropout, and its functions."""
    settings = TrainingSettings(
        network="custom_mlp:1,32,0.2,0.5",
        learning_rate=1e-20,
        batch_size=100,
    )
    network = parse_network(settings.network).build()
    return network, compile_train(network, settings), settings


def test_prediction_leaves_dropout_out(dropping, digits):
    predict = compile_predict(dropping[0])
    pictures = scale(digits.test_images[:20])
    first = predict(pictures)
    np.testing.assert_array_equal(first, predict(pictures))
    np.testing.assert_allclose(first[:1], predict(pictures[:1]), rtol=1e-5)


def test_dropout_differs_from_batch_to_batch(dropping, digits):
    pictures, labels = digits.train_images[:100], digits.train_labels[:100].astype(np.int32)
    losses = {float(dropping[1].train(pictures, labels, ALL)[0]) for _ in range(5)}
    assert len(losses) == 5


def test_state_is_what_a_batch_changes_beside_the_parameters(dropping):
    """An accumulator for each parameter with rmsprop, and a random state for each dropout."""
    network, compiled, settings = dropping
    assert len(compiled.state) == 4 + 2
    params = lasagne.layers.get_all_params(network)
    shapes = [variable.get_value().shape for variable in compiled.state[:4]]
    assert shapes == [param.get_value().shape for param in params]
    # Compiled again, it has no more of it.
    assert len(compile_train(network, settings).state) == 4 + 2


# -- update rules and schedules


def test_all_of_lasagnes_rules_the_tutorials_first():
    assert next(iter(UPDATE_RULES)) == "rmsprop"
    published = {
        name
        for name in lasagne.updates.__all__
        if "loss_or_grads" in inspect.signature(getattr(lasagne.updates, name)).parameters
    }
    assert set(UPDATE_RULES) == published


@pytest.mark.parametrize("name", UPDATE_RULES)
def test_parameters_and_defaults_are_lasagnes(name):
    signature = inspect.signature(getattr(lasagne.updates, name)).parameters
    expected = {
        key: parameter.default
        for key, parameter in signature.items()
        if key not in ("loss_or_grads", "params", "learning_rate")
    }
    assert dict(UPDATE_RULES[name].parameters) == expected
    assert UPDATE_RULES[name].name == name
    assert UPDATE_RULES[name].meaning


#: Parameters other than the defaults, for the rules below.
CHOSEN: dict[str, dict[str, float]] = {
    "sgd": {},
    "momentum": {"momentum": 0.5},
    "adagrad": {"epsilon": 1e-3},
}


@pytest.fixture(scope="module")
def steps():
    """Minimise x² + 3 y from (1, 2) for four steps by each rule; return x and y after each."""
    import theano
    import theano.tensor as T

    points = {name: theano.shared(np.array([1.0, 2.0], np.float32)) for name in CHOSEN}
    updates = {}
    for name, point in points.items():
        loss = T.sqr(point[0]) + 3 * point[1]
        updates |= updates_of(UPDATE_RULES[name], loss, [point], np.float32(0.1), CHOSEN[name])
    mode = theano.Mode(linker="py", optimizer="fast_compile")
    step = theano.function([], [], updates=list(updates.items()), mode=mode)
    found = {name: [] for name in points}
    for _ in range(4):
        step()
        for name, point in points.items():
            found[name] += point.get_value().tolist()
    return found


def expected(rule):
    """Do the same with a rule that turns gradients so far into a step."""
    point, gradients, found = np.array([1.0, 2.0]), [], []
    for _ in range(4):
        gradients.append(np.array([2 * point[0], 3.0]))
        point = point - rule(gradients)
        found += point.tolist()
    return found


def momentum(gradients):
    velocity = np.zeros(2)
    for gradient in gradients:
        velocity = 0.5 * velocity + 0.1 * gradient
    return velocity


def adagrad(gradients):
    return 0.1 * gradients[-1] / np.sqrt(np.sum(np.square(gradients), axis=0) + 1e-3)


# `tests/analysis/test_step.py` compares the others with their formulas.
@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("sgd", lambda gradients: 0.1 * gradients[-1]),
        ("momentum", momentum),
        ("adagrad", adagrad),
    ],
)
def test_steps_are_those_of_the_rule(steps, name, rule):
    np.testing.assert_allclose(steps[name], expected(rule), rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        *(("rmsprop", "rho", value) for value in (1.0, -0.1, np.nan)),
        *(("rmsprop", "epsilon", value) for value in (0.0, np.inf)),
        *(("adam", "beta2", 1.5), ("momentum", "momentum", 1.0)),
    ],
)
def test_parameters_out_of_range(name, parameter, value):
    allowed = "above 0" if parameter == "epsilon" else "at least 0 and below 1"
    shown = f"{value:g}".replace("-", "−")
    with pytest.raises(
        UserError,
        match=re.escape(f"{parameter} of {name} is {shown}; it must be {allowed}"),
    ):
        check_parameters(UPDATE_RULES[name], {parameter: value})


@pytest.mark.slow
@pytest.mark.parametrize("name", UPDATE_RULES)
def test_every_rule_learns_with_its_usual_learning_rate(name):
    values = {"update": name, "epochs": 3, "network": "layers:64", "batch_size": 100}
    settings = TrainingSettings.from_json({**values, "training_examples": 10_000})
    assert settings.learning_rate == UPDATE_RULES[name].learning_rate
    seen = [event for event in train(settings) if isinstance(event, EpochFinished)]
    assert seen[-1].validation_accuracy > 0.85


@pytest.mark.parametrize(
    ("name", "progress", "factor"),
    [
        *(("constant", progress, 1) for progress in (0, 0.5, 0.99, 1, 7)),
        *(("step", progress, 1) for progress in (0, 0.499)),
        *(("step", progress, 1 / 3) for progress in (0.5, 0.749)),
        *(("step", progress, 0.1) for progress in (0.75, 1, 2)),
        *(("cosine", progress, 1) for progress in (-1, 0)),
        *(("cosine", 0.25, 0.853553), ("cosine", 0.5, 0.5), ("cosine", 0.75, 0.146447)),
        *(("cosine", progress, 1e-4) for progress in (1, 3)),
    ],
)
def test_schedules(name, progress, factor):
    assert learning_rate_at(0.6, name, progress) == pytest.approx(0.6 * factor, rel=1e-5)
