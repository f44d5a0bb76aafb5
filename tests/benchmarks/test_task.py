"""All candidates get the same network, arrays and weights, in their own order."""

from __future__ import annotations

import numpy as np
import pytest
from peers.gemms import Product, operands, products
from peers.layouts import channels_first, channels_last
from peers.task import Task, glorot, load, prepare

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.networks.specification import parse_network

NETWORKS = ["mlp", "cnn", "custom_mlp:3,40,0.2,0.5", "custom_mlp:0,800,0,0.5"]


@pytest.mark.parametrize("network", NETWORKS)
def test_hidden_layers_are_those_that_the_program_builds(network):
    shapes = parse_network(network).parameter_shapes()
    dense = [shape for shape in shapes if len(shape) == 2]
    assert Task(network).hidden == tuple(shape[1] for shape in dense[:-1])


def test_dropout_is_that_of_the_networks():
    shares = [(Task(name).drop_input, Task(name).drop_hidden) for name in NETWORKS]
    assert shares == [(0.0, 0.4), (0.5, 0.5), (0.2, 0.5), (0.0, 0.5)]


@pytest.mark.parametrize("pictures", ["float32", "uint8"])
def test_what_is_prepared_is_loaded(tmp_path, pictures):
    task = Task("custom_mlp:1,16,0,0", batch_size=20, threads=1, pictures=pictures)
    prepare(tmp_path, task, training_examples=100)
    loaded, arrays, weights = load(tmp_path)
    data = load_dataset()
    scale = 1 if pictures == "uint8" else np.float32(1 / 256)
    assert loaded == task
    assert arrays.train_images.dtype == pictures
    np.testing.assert_array_equal(arrays.train_images, data.train_images[:100] * scale)
    np.testing.assert_array_equal(arrays.train_labels, data.train_labels[:100])
    assert len(arrays.validation_images) == len(data.validation_images)
    assert [w.shape for w in weights] == list(parse_network(task.network).parameter_shapes())


def test_60000_pictures_are_the_whole_training_file(tmp_path):
    prepare(tmp_path, Task("custom_mlp:0,1,0,0", pictures="uint8"), training_examples=60_000)
    _, arrays, _ = load(tmp_path)
    data = load_dataset()
    assert len(arrays.train_images) == 60_000
    np.testing.assert_array_equal(arrays.train_images[50_000:], data.validation_images)
    np.testing.assert_array_equal(arrays.train_labels[50_000:], data.validation_labels)


def test_first_weights_follow_glorot_and_repeat():
    shapes = ((784, 500), (500,), (32, 32, 5, 5))
    first, again = glorot(shapes), glorot(shapes)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not first[1].any()
    for weights, bound in ((first[0], np.sqrt(6 / 1284)), (first[2], np.sqrt(6 / 1600))):
        assert 0.99 * bound < np.abs(weights).max() <= bound * (1 + 1e-6)


def test_reordered_weights_compute_the_same():
    rng = np.random.default_rng(3)
    picture = rng.normal(size=(2, 3, 3))
    filters = rng.normal(size=(4, 2, 2, 2)).astype(np.float32)
    dense = rng.normal(size=(16, 5)).astype(np.float32)

    def correlate(kernel):
        places = np.lib.stride_tricks.sliding_window_view(picture, (2, 2), axis=(1, 2))
        return np.einsum("crsij,fcij->frs", places, kernel)

    # Lasagne's own: flipped filters, results read channel by channel.
    expected = correlate(filters[:, :, ::-1, ::-1]).reshape(-1) @ dense
    first = channels_first([filters, dense])
    np.testing.assert_allclose(first[1] @ correlate(first[0]).reshape(-1), expected)
    last = channels_last([filters, dense])
    result = correlate(last[0].transpose(3, 2, 0, 1)).transpose(1, 2, 0)
    np.testing.assert_allclose(result.reshape(-1) @ last[1], expected)


def test_the_floor_of_the_mlp_is_eight_products():
    training = products(Task("mlp"), training=True)
    assert len(training) == 8
    assert products(Task("mlp"), training=False) == training[:3]
    work = sum(p.m * p.k * p.n * p.times for p in training)
    # Three products a layer, but for the gradient by the pictures.
    assert work == 500 * (3 * (784 * 500 + 500 * 300 + 300 * 10) - 784 * 500)


def test_the_floor_of_the_cnn_does_all_pictures():
    training = products(Task("cnn"), training=True)
    work = sum(p.m * p.k * p.n * p.times for p in training)
    convolutions = 2 * 576 * 25 * 32 + 3 * 64 * 800 * 32
    assert work == 500 * (convolutions + 3 * (512 * 256 + 256 * 10))


@pytest.mark.parametrize(("ta", "tb"), [(False, False), (True, False), (False, True)])
def test_operands_are_stored_as_the_product_says(ta, tb):
    a, b, c = operands(Product(3, 4, 5, ta, tb))
    assert ((a.T if ta else a) @ (b.T if tb else b)).shape == c.shape == (3, 5)
