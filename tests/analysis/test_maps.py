"""Digits on the plane of the last hidden layer; neighbors."""

import numpy as np
import pytest
from linear_network import linear_model
from made_networks import random_model

from mnist_draw.analysis import maps
from mnist_draw.analysis.maps import (
    build_map,
    chosen_digits,
    gather_neighbors,
    principal_directions,
)
from mnist_draw.analysis.network_probe import NetworkProbe, probabilities_of
from mnist_draw.dataset.mnist import scale
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile, cache


@pytest.mark.parametrize("network", ["custom_mlp:0,1,0,0", "custom_mlp:3,20,0,0", "cnn"])
def test_outputs_of_every_network(network, digits):
    model = random_model(network)
    inputs = scale(digits.test_images[:5])
    hidden, logits = NetworkProbe(model).outputs(inputs)
    weights, bias = model.parameters[-2:]
    np.testing.assert_allclose(
        probabilities_of(hidden @ weights + bias, 1),
        probabilities_of(logits, 1),
        atol=1e-5,
    )
    recogniser = Recogniser(model)
    recogniser.temperature = 1.5
    expected = recogniser.predict(inputs)
    np.testing.assert_allclose(probabilities_of(logits, 1.5), expected, atol=1e-5)
    if network == "custom_mlp:0,1,0,0":
        np.testing.assert_array_equal(hidden, inputs.reshape(5, 784))


def test_a_single_unit_is_shown_by_its_output_and_by_class(digits):
    images, labels = digits.test_images[:40], digits.test_labels[:40]
    one = build_map(random_model("custom_mlp:1,1,0,0"), images, labels)
    assert one.is_single
    x, y = one.points.T
    outputs, _logits = NetworkProbe(random_model("custom_mlp:1,1,0,0")).outputs(scale(images))
    np.testing.assert_allclose(x, one.directions[0, 0] * (outputs[:, 0] - one.mean), atol=1e-5)
    # Each class has a row of its own.
    np.testing.assert_array_equal(np.rint(y), -labels.astype(float))


def test_a_direction_of_rounding_errors_does_not_fill_the_map():
    line = np.linspace(0, 1, 40, dtype=np.float32)
    points = np.column_stack([line, 1e-6 * np.sin(40 * line)])
    low, sides = maps.box_around(points)
    x, y = ((points - low) / sides).T
    assert (x.min(), x.max()) == pytest.approx((0, 1))
    np.testing.assert_allclose(y, 0.5, atol=0.02)


def test_the_map_is_kept_and_a_new_picture_has_a_place_on_it(digits, monkeypatch):
    images, labels = digits.test_images[:60], digits.test_labels[:60]
    made = build_map(linear_model(), images, labels)
    flat = scale(images).reshape(60, 784)
    nearest, far = maps.nearest_rows(flat, flat[7], 5)
    assert nearest[0] == 7
    assert far[0] == pytest.approx(0, abs=0.1)
    np.testing.assert_allclose(made.project(flat[7]), made.points[7], atol=1e-3)
    monkeypatch.setattr(maps, "principal_directions", None)
    kept = build_map(linear_model(), images, labels)
    np.testing.assert_array_equal(kept.points, made.points)
    np.testing.assert_allclose(kept.probabilities, made.probabilities, atol=1e-6)


def test_a_cached_map_that_is_not_complete_is_computed_again(digits, monkeypatch):
    images, labels = digits.test_images[:40], digits.test_labels[:40]
    monkeypatch.setattr(cache, "read", lambda *_: {"logits": np.zeros((40, 10)), "x": images})
    assert len(build_map(linear_model(), images, labels).points) == 40


def test_neighbors_by_a_single_unit_are_in_the_order_of_its_outputs(digits):
    images = digits.train_images[:400]
    W, b, *rest = random_model("custom_mlp:1,1,0,0").parameters
    model = ModelFile("custom_mlp:1,1,0,0", (W, b + np.float32(9), *rest), {})
    *_, known = gather_neighbors(model, images)
    exact = scale(images).reshape(400, 784).astype(float) @ W[:, 0] + model.parameters[1][0]
    assert exact.min() > 0
    far = np.abs(exact - exact[9])
    places, distances = maps.nearest_rows(known.outputs, np.float32([exact[9]]), 18)
    np.testing.assert_allclose(far[places], np.sort(far)[:18], atol=1e-5)
    np.testing.assert_allclose(distances, far[places], atol=1e-5)


def test_principal_directions_are_those_of_the_covariance():
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 6)) * [5, 1, 3, 0.5, 0.2, 0.1] + 7
    centered = (values - values.mean(axis=0)).astype(np.float32)
    directions = principal_directions(centered)
    _, vectors = np.linalg.eigh(np.cov(values.T))
    for found, expected in zip(directions, vectors.T[::-1], strict=False):
        assert abs(found @ expected) == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(directions, principal_directions(centered))


@pytest.mark.parametrize("shape", [(50, 2), (2, 50), (1, 20), (3, 3)])
def test_few_classes_few_pictures_and_layers_that_say_nothing_have_directions(shape):
    for values in (np.random.default_rng(1).random(shape), np.full(shape, 0.3)):
        values = values.astype(np.float32)
        directions = principal_directions(values - values.mean(axis=0))
        assert directions.shape == (2, shape[1])
        assert np.isfinite(directions).all()


def test_the_digits_are_spread_over_the_test_set():
    chosen = chosen_digits(10_000)
    assert (len(chosen), len(chosen_digits(50))) == (2000, 50)
    assert chosen[-1] > 9900


def test_neighbors_are_the_nearest_by_the_last_hidden_layer(digits, monkeypatch):
    images = digits.train_images[:150]
    *_, known = gather_neighbors(linear_model(), images)
    assert known.is_complete
    assert known.counted == 150
    # Without a hidden layer the pictures themselves are compared.
    flat = scale(images).reshape(150, 784)
    places, distances = maps.nearest_rows(known.outputs, flat[9], 6)
    exact = np.linalg.norm(flat - flat[9], axis=1)
    assert places[0] == 9
    assert set(places.tolist()) == set(np.argsort(exact)[:6].tolist())
    np.testing.assert_allclose(distances[1:], exact[places[1:]], rtol=1e-2)
    (kept,) = gather_neighbors(linear_model(), images)
    np.testing.assert_array_equal(kept.outputs, known.outputs)
