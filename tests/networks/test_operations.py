"""What a network computes without dropout, in NumPy: the same as Lasagne's layers compute."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from mnist_draw.networks import NETWORKS, parse_network
from mnist_draw.networks.operations import (
    ACTIVATIONS,
    TOGETHER,
    Convolution,
    Dense,
    MaxPooling,
    forward,
    parameter_shapes,
)

EVERY_ACTIVATION = "layers:" + ",".join(f"30@{name}" for name in ACTIVATIONS)


@pytest.mark.parametrize("text", [*(kind.example for kind in NETWORKS.values()), EVERY_ACTIVATION])
def test_it_puts_out_what_lasagnes_layers_do(text):
    import lasagne

    from mnist_draw.training.functions import compile_predict

    specification = parse_network(text)
    output = specification.build()
    random = np.random.default_rng(5)
    shapes = [value.shape for value in lasagne.layers.get_all_param_values(output)]
    assert list(specification.parameter_shapes()) == shapes
    # Biases of 0, as a fresh network has them, would hide that they are added in the wrong place.
    values = [random.normal(0, 0.1, shape).astype(np.float32) for shape in shapes]
    lasagne.layers.set_all_param_values(output, values)
    pictures = random.random((3, 1, 28, 28)).astype(np.float32)
    expected = compile_predict(output)(pictures)
    found = forward(specification.operations, values, pictures)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=1e-6)


def test_what_does_not_fill_a_square_is_dropped():
    operations = (Convolution(2, 4), MaxPooling(2), Dense(3, "linear"))
    shapes = parameter_shapes(operations)
    assert shapes == ((2, 1, 4, 4), (2,), (2 * 12 * 12, 3), (3,))
    random = np.random.default_rng(6)
    values = [random.normal(size=shape).astype(np.float32) for shape in shapes]
    pictures = random.random((1, 1, 28, 28)).astype(np.float32)
    before = forward(operations, values, pictures)
    # The last row and column of the 25×25 sums are seen by the filters' last row and column alone.
    pictures[:, :, -1], pictures[:, :, :, -1] = 0, 0
    np.testing.assert_array_equal(forward(operations, values, pictures), before)


def test_sums_of_any_size_have_probabilities():
    values = [np.zeros((784, 10), np.float32), np.linspace(-900, 900, 10).astype(np.float32)]
    found = forward((Dense(10, "softmax"),), values, np.zeros((1, 1, 28, 28), np.float32))
    np.testing.assert_allclose(found.sum(), 1)
    assert found.argmax() == 9


def test_many_pictures_take_no_more_memory_than_some():
    operations = (Convolution(4, 5), MaxPooling(2), Dense(3, "linear"))
    random = np.random.default_rng(7)
    values = [
        random.normal(size=shape).astype(np.float32) for shape in parameter_shapes(operations)
    ]
    pictures = random.random((8 * TOGETHER + 1, 1, 28, 28)).astype(np.float32)
    peaks = []
    for some in (pictures[:TOGETHER], pictures):
        tracemalloc.start()
        try:
            found = forward(operations, values, some)
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    # Eight times as many pictures at once would take eight times as much.
    assert peaks[1] < 2 * peaks[0]
    singly = [forward(operations, values, picture[None]) for picture in pictures]
    np.testing.assert_allclose(found, np.concatenate(singly), rtol=1e-4, atol=1e-4)
