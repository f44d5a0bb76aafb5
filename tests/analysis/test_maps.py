"""Digits laid out by what layers put out; neighbours; t-SNE."""

import tracemalloc

import numpy as np
import pytest
from linear_network import linear_model
from made_networks import random_model

from mnist_draw.analysis import maps
from mnist_draw.analysis.maps import (
    affinities,
    build_maps,
    chosen_digits,
    gather_neighbours,
    lay_out,
    principal_directions,
    squared_distances,
    tsne,
    vote,
    vote_accuracy,
    voters_of,
)
from mnist_draw.analysis.network_probe import NetworkProbe, probabilities_of
from mnist_draw.dataset.mnist import scale
from mnist_draw.recognition.recogniser import Recogniser
from mnist_draw.storage import ModelFile, cache


@pytest.mark.parametrize(
    ("network", "names"),
    [
        ("custom_mlp:0,1,0,0", ("pixels", "answer")),
        ("custom_mlp:1,20,0,0", ("pixels", "hidden 1", "answer")),
        ("custom_mlp:3,20,0,0", ("pixels", "hidden 1", "hidden 3", "answer")),
        ("cnn", ("pixels", "convolution 1", "hidden 1", "answer")),
    ],
)
def test_layers_of_every_network(network, names, digits):
    model = random_model(network)
    layers = NetworkProbe(model)
    assert layers.output_names == names
    inputs = scale(digits.test_images[:5])
    found = layers.outputs(inputs)
    assert [len(values) for values in found] == [5] * len(names)
    np.testing.assert_array_equal(found[0], inputs.reshape(5, 784))
    recogniser = Recogniser(model)
    recogniser.temperature = 1.5
    np.testing.assert_allclose(
        probabilities_of(found[-1], 1.5),
        recogniser.predict(inputs),
        atol=1e-5,
    )
    if network == "custom_mlp:1,20,0,0":
        weights, bias = model.parameters[:2]
        expected = np.maximum(inputs.reshape(5, 784) @ weights + bias, 0)
        np.testing.assert_allclose(found[layers.last_hidden], expected, atol=1e-4)


def test_a_single_unit_is_shown_by_its_output_and_by_class(digits):
    images, labels = digits.test_images[:40], digits.test_labels[:40]
    model = random_model("custom_mlp:1,1,0,0")
    one = next(each for each in build_maps(model, images, labels).layers if each.is_single)
    x, y = one.points.T
    np.testing.assert_allclose(x, one.directions[0, 0] * (one.outputs[:, 0] - one.mean), atol=1e-2)
    # Each class has a row of its own.
    np.testing.assert_array_equal(np.rint(y), -labels.astype(float))


def test_a_direction_of_rounding_errors_does_not_fill_the_map(digits):
    images, labels = digits.test_images[:40], digits.test_labels[:40]
    *_, answer = build_maps(random_model("custom_mlp:1,1,0,0"), images, labels).layers
    assert np.linalg.matrix_rank(answer.outputs - answer.mean, tol=1e-2) == 1
    low, sides = maps.box_around(answer.points)
    x, y = ((answer.points - low) / sides).T
    assert (x.min(), x.max()) == pytest.approx((0, 1))
    np.testing.assert_allclose(y, 0.5, atol=0.02)


def test_neighbours_by_a_single_unit_are_in_the_order_of_its_outputs(digits):
    images = digits.train_images[:400]
    W, b, *rest = random_model("custom_mlp:1,1,0,0").parameters
    model = ModelFile("custom_mlp:1,1,0,0", (W, b + np.float32(9), *rest), {})
    *_, known = gather_neighbours(model, images)
    exact = scale(images).reshape(400, 784).astype(float) @ W[:, 0] + model.parameters[1][0]
    assert exact.min() > 0
    far = np.abs(exact - exact[9])
    places, distances = maps.nearest_rows(known.outputs, np.float32([exact[9]]), 18)
    np.testing.assert_allclose(far[places], np.sort(far)[:18], atol=1e-5)
    np.testing.assert_allclose(distances, far[places], atol=1e-5)


def test_principal_directions_are_those_of_the_covariance():
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 6)) * [5, 1, 3, 0.5, 0.2, 0.1] + 7
    centred = (values - values.mean(axis=0)).astype(np.float32)
    directions = principal_directions(centred)
    _, vectors = np.linalg.eigh(np.cov(values.T))
    for found, expected in zip(directions, vectors.T[::-1], strict=False):
        assert abs(found @ expected) == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(directions, principal_directions(centred))


def test_a_map_takes_little_more_memory_than_what_it_keeps():
    random = np.random.default_rng(0)
    values = random.normal(3, 1, (600, 4000)).astype(np.float32)
    expected = values.copy()
    # What is imported for it the first time is no part of it.
    maps._layer_map("convolution", values[:60].copy(), np.arange(60).astype(np.uint8) % 10)
    tracemalloc.start()
    try:
        made = maps._layer_map("convolution", values, np.arange(600).astype(np.uint8) % 10)
        assert tracemalloc.get_traced_memory()[1] < values.nbytes
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(made.outputs, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(made.mean, expected.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(made.points[7], made.project(expected[7]), atol=1e-3)


@pytest.mark.parametrize("shape", [(50, 2), (2, 50), (1, 20), (3, 3)])
def test_few_classes_few_pictures_and_layers_that_say_nothing_have_directions(shape):
    for values in (np.random.default_rng(1).random(shape), np.full(shape, 0.3)):
        values = values.astype(np.float32)
        directions = principal_directions(values - values.mean(axis=0))
        assert directions.shape == (2, shape[1])
        assert np.isfinite(directions).all()


def test_votes():
    assert vote(np.array([3, 5, 5, 3, 7])) == 3
    assert vote(np.array([7, 5, 5, 3, 3])) == 5
    values = np.concatenate([np.zeros((8, 2)), np.full((8, 2), 9)]).astype(np.float32)
    values += np.arange(16)[:, None] / 100
    labels = np.repeat([1, 2], 8).astype(np.uint8)
    assert vote_accuracy(values, labels) == 1
    labels[0] = 2
    assert vote_accuracy(values, labels) == pytest.approx(15 / 16)
    # Three classes that lie apart, each with two pictures: all others would outvote the second.
    values = np.repeat([[0.0], [10.0], [20.0]], 2, axis=0).astype(np.float32)
    values += np.arange(6)[:, None] / 100
    labels = np.repeat([0, 1, 2], 2).astype(np.uint8)
    assert voters_of(labels) == 1
    assert vote_accuracy(values, labels) == 1
    assert voters_of(labels[::2]) == 0
    assert np.isnan(vote_accuracy(values[::2], labels[::2]))
    assert voters_of(np.repeat(np.arange(10), 60).astype(np.uint8)) == 5


def test_maps_of_all_layers_and_layouts_are_kept(digits, monkeypatch):
    images, labels = digits.test_images[:60], digits.test_labels[:60]
    made = build_maps(linear_model(), images, labels)
    pixels = made.layers[0]
    flat = scale(images).reshape(60, 784)
    nearest, far = maps.nearest_rows(pixels.outputs, flat[7], 5)
    assert nearest[0] == 7
    assert far[0] == pytest.approx(0, abs=0.1)
    np.testing.assert_allclose(pixels.project(flat[7]), pixels.points[7], atol=1e-3)
    first, *_, points = lay_out(linear_model(), pixels, images)
    np.testing.assert_array_equal(first, pixels.points)
    assert np.abs(points - first).max() > 1
    monkeypatch.setattr(maps, "_layer_map", None)
    kept = build_maps(linear_model(), images, labels)
    assert [layer.name for layer in kept.layers] == ["pixels", "answer"]
    np.testing.assert_array_equal(kept.layers[1].points, made.layers[1].points)
    np.testing.assert_allclose(kept.probabilities, made.probabilities, atol=1e-6)
    (again,) = lay_out(linear_model(), kept.layers[0], images)
    np.testing.assert_array_equal(points, again)


def test_what_is_kept_but_makes_no_sense_is_made_anew(digits, monkeypatch):
    images, labels = digits.test_images[:40], digits.test_labels[:40]
    monkeypatch.setattr(cache, "read", lambda *_: {"answers": np.zeros((40, 10)), "x": images})
    made = build_maps(linear_model(), images, labels)
    assert len(made.layers) == 2


def test_the_digits_are_spread_over_the_test_set():
    chosen = chosen_digits(10_000)
    assert (len(chosen), len(chosen_digits(50))) == (2000, 50)
    assert chosen[-1] > 9900


def test_affinities_have_the_perplexity_asked_for():
    values = np.random.default_rng(2).normal(size=(80, 5)).astype(np.float32)
    both = affinities(squared_distances(values, values), perplexity=10)
    np.testing.assert_allclose(both, both.T)
    assert both.sum() == pytest.approx(1, abs=1e-3)
    # Half of each sum is the point's own row: about ten of its weights matter.
    rows = both / both.sum(axis=1, keepdims=True)
    effective = np.exp(-(rows * np.log(rows)).sum(axis=1))
    assert 8 < np.median(effective) < 16


def test_tsne_keeps_groups_together():
    random = np.random.default_rng(3)
    middles = random.normal(0, 10, (3, 20))
    values = np.concatenate([random.normal(middle, 1, (30, 20)) for middle in middles])
    values = values.astype(np.float32)
    directions = principal_directions(values - values.mean(axis=0))
    *_, points = tsne(values, values @ directions.T, rounds=250)
    labels = np.repeat([0, 1, 2], 30).astype(np.uint8)
    assert vote_accuracy(points, labels) == 1
    own = max(float(points[labels == n].std(axis=0).max()) for n in range(3))
    centres = np.array([points[labels == n].mean(axis=0) for n in range(3)])
    apart = squared_distances(centres, centres) ** 0.5
    assert apart[np.triu_indices(3, 1)].min() > 2 * own


def test_neighbours_are_the_nearest_by_the_last_hidden_layer(digits, monkeypatch):
    images = digits.train_images[:150]
    *_, known = gather_neighbours(linear_model(), images)
    assert known.is_complete
    assert known.counted == 150
    # Without a hidden layer the pictures themselves are compared.
    flat = scale(images).reshape(150, 784)
    places, distances = maps.nearest_rows(known.outputs, flat[9], 6)
    exact = np.linalg.norm(flat - flat[9], axis=1)
    assert places[0] == 9
    assert set(places.tolist()) == set(np.argsort(exact)[:6].tolist())
    np.testing.assert_allclose(distances[1:], exact[places[1:]], rtol=1e-2)
    (kept,) = gather_neighbours(linear_model(), images)
    np.testing.assert_array_equal(kept.outputs, known.outputs)
