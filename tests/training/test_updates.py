"""Lasagne's update rules by name, against figures computed with NumPy."""

from __future__ import annotations

import inspect

import lasagne
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw import theano_bridge
from mnist_draw.errors import UserError
from mnist_draw.training.events import EpochFinished
from mnist_draw.training.loop import train
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import (
    SCHEDULES,
    UPDATE_RULES,
    find_update_rule,
    learning_rate_at,
    updates_of,
)


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


def steps(name, learning_rate, parameters):
    """Minimise x² + 3 y from (1, 2) for four steps; return x and y after each."""
    import theano
    import theano.tensor as T

    point = theano.shared(np.array([1.0, 2.0], np.float32))
    loss = T.sqr(point[0]) + 3 * point[1]
    updates = updates_of(UPDATE_RULES[name], loss, [point], np.float32(learning_rate), parameters)
    step = theano.function([], loss, updates=updates, mode=theano_bridge.quick_mode())
    found: list[float] = []
    for _ in range(4):
        step()
        found += point.get_value().tolist()
    return found


def expected(rule):
    """Do the same with a rule that turns gradients so far into a step."""
    point, gradients, found = np.array([1.0, 2.0]), [], []
    for _ in range(4):
        gradients.append(np.array([2 * point[0], 3.0]))
        point = point - rule(gradients)
        found += point.tolist()
    return found


def rmsprop(gradients):
    mean = np.zeros(2)
    for gradient in gradients:
        mean = 0.7 * mean + 0.3 * gradient**2
    return 0.1 * gradients[-1] / np.sqrt(mean + 1e-3)


def adam(gradients):
    mean, square = np.zeros(2), np.zeros(2)
    for gradient in gradients:
        mean = 0.8 * mean + 0.2 * gradient
        square = 0.95 * square + 0.05 * gradient**2
    count = len(gradients)
    rate = 0.1 * np.sqrt(1 - 0.95**count) / (1 - 0.8**count)
    return rate * mean / (np.sqrt(square) + 1e-3)


def momentum(gradients):
    velocity = np.zeros(2)
    for gradient in gradients:
        velocity = 0.5 * velocity + 0.1 * gradient
    return velocity


def adagrad(gradients):
    return 0.1 * gradients[-1] / np.sqrt(np.sum(np.square(gradients), axis=0) + 1e-3)


@pytest.mark.parametrize(
    ("name", "parameters", "rule"),
    [
        ("sgd", {}, lambda gradients: 0.1 * gradients[-1]),
        ("momentum", {"momentum": 0.5}, momentum),
        ("adagrad", {"epsilon": 1e-3}, adagrad),
        ("rmsprop", {"rho": 0.7, "epsilon": 1e-3}, rmsprop),
        ("adam", {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3}, adam),
    ],
)
def test_steps_are_those_of_the_rule(name, parameters, rule):
    np.testing.assert_allclose(steps(name, 0.1, parameters), expected(rule), rtol=1e-5)


@pytest.mark.parametrize("name", UPDATE_RULES)
def test_every_rule_descends(name):
    found = steps(name, 0.1, {})
    assert found[-2] < 1
    assert found[-1] < 2


def complaint(name, parameters=None):
    with pytest.raises(UserError) as caught:
        find_update_rule(name, parameters)
    return str(caught.value)


def test_unknown_rule():
    said = complaint("adamw")
    assert "no update rule 'adamw'" in said
    for rule in UPDATE_RULES.values():
        assert f"{rule.name} ({rule.meaning})" in said


def test_unknown_parameter():
    assert complaint("adam", {"rho": 0.5}) == (
        "The update rule adam has no parameter 'rho'; it has: beta1, beta2, epsilon."
    )
    assert "none beside the learning rate" in complaint("sgd", {"momentum": 0.5})


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("rmsprop", "rho", 1.0),
        ("rmsprop", "rho", -0.1),
        ("rmsprop", "rho", float("nan")),
        ("rmsprop", "epsilon", 0.0),
        ("rmsprop", "epsilon", float("inf")),
        ("adam", "beta2", 1.5),
        ("momentum", "momentum", 1.0),
    ],
)
def test_parameters_out_of_range(name, parameter, value):
    said = complaint(name, {parameter: value})
    assert f"{parameter} of {name} is {value:g}" in said
    assert ("above 0" if parameter == "epsilon" else "from 0 up to, not including, 1") in said


def test_the_edges_are_allowed():
    assert find_update_rule("momentum", {"momentum": 0.0}).name == "momentum"
    assert find_update_rule("rmsprop", {"rho": 0.999999, "epsilon": 1e-12}).name == "rmsprop"


@pytest.mark.slow
@pytest.mark.parametrize("name", UPDATE_RULES)
def test_every_rule_learns_with_its_usual_learning_rate(name):
    settings = TrainingSettings.from_json({"update": name, "epochs": 2})
    assert settings.learning_rate == UPDATE_RULES[name].learning_rate
    seen = [event for event in train(settings) if isinstance(event, EpochFinished)]
    assert seen[-1].validation_accuracy > 0.9


def test_constant():
    assert {learning_rate_at(0.3, "constant", part) for part in (0, 0.5, 0.99, 1, 7)} == {0.3}


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(0, 1), (0.499, 1), (0.5, 1 / 3), (0.749, 1 / 3), (0.75, 0.1), (1, 0.1), (2, 0.1)],
)
def test_step(progress, factor):
    assert learning_rate_at(0.6, "step", progress) == pytest.approx(0.6 * factor)


@pytest.mark.parametrize(
    ("progress", "factor"),
    [(-1, 1), (0, 1), (0.25, 0.853553), (0.5, 0.5), (0.75, 0.146447), (1, 1e-4), (3, 1e-4)],
)
def test_cosine(progress, factor):
    assert learning_rate_at(2.0, "cosine", progress) == pytest.approx(2 * factor, rel=1e-5)


@given(
    name=st.sampled_from(sorted(SCHEDULES)),
    first=st.floats(0, 1),
    second=st.floats(0, 1),
    base=st.floats(1e-6, 10),
)
def test_it_never_rises_and_never_ends(name, first, second, base):
    earlier, later = sorted((first, second))
    before, after = (learning_rate_at(base, name, part) for part in (earlier, later))
    assert base >= before >= after > 0
