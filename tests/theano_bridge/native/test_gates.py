"""Graphs that show every layer of a network, with a gate behind each: all in machine code."""

import lasagne
import numpy as np
import pytest
import theano
import theano.tensor as T

from mnist_draw.networks import parse_network

# PyTensor 3.3's own NumPy code inverts truth values in a way that Python 3.12 dislikes.
pytestmark = pytest.mark.filterwarnings("ignore:Bitwise inversion:DeprecationWarning")

RNG = np.random.default_rng(21)


def units(layer):
    """How many gates a layer takes: one for each unit, or for each channel."""
    return layer.output_shape[1]


def gated(network, pictures):
    """Return the gates (N, units) of hidden layers; sums and gated outputs, logits, softmax."""
    layers = lasagne.layers.get_all_layers(network)
    values, gates, outputs = pictures, [], []
    for layer in layers[1:-1]:
        if hasattr(layer, "W"):
            rectify, layer.nonlinearity = layer.nonlinearity, lasagne.nonlinearities.identity
            sums = layer.get_output_for(values)
            layer.nonlinearity = rectify
            gates.append(T.matrix())
            axes = (0, 1, *["x"] * (sums.ndim - 2))
            values = rectify(sums) * gates[-1].dimshuffle(*axes)
            outputs += [sums, values]
        else:
            values = layer.get_output_for(values, deterministic=True)
    logits = T.dot(values.flatten(2), network.W) + network.b
    return gates, [*outputs, logits, T.nnet.softmax(logits)]


def values_of(network, count):
    pictures = RNG.random((count, 1, 28, 28)).astype(np.float32)
    layers = [each for each in lasagne.layers.get_all_layers(network)[:-1] if hasattr(each, "W")]
    masks = [(RNG.random((count, units(each))) < 0.7).astype(np.float32) for each in layers]
    return [pictures, *masks]


@pytest.mark.parametrize(
    "name",
    [
        "mlp",
        "custom_mlp:3,40,0.2,0.5",
        pytest.param("cnn", marks=pytest.mark.slow),
        pytest.param("deep_cnn", marks=pytest.mark.slow),
    ],
)
def test_all_layers_behind_gates(name, both):
    network = parse_network(name).build()
    pictures = T.tensor4()
    gates, outputs = gated(network, pictures)
    both([pictures, *gates], outputs, values_of(network, 2))


def test_one_step_with_the_masks_as_inputs(both):
    network = parse_network("mlp").build()
    pictures, labels = T.tensor4(), T.ivector()
    gates, outputs = gated(network, pictures)
    losses = T.nnet.categorical_crossentropy(outputs[-1], labels)
    weights = lasagne.layers.get_all_params(network, trainable=True)
    gradients = T.grad(losses.mean(), weights)
    first, *masks = values_of(network, 500)
    classes = RNG.integers(0, 10, 500).astype(np.int32)
    example = [value[:1] for value in outputs]
    both([pictures, labels, *gates], [losses, *example, *gradients], [first, classes, *masks])


def test_a_closed_gate_shuts_its_unit(native):
    network = parse_network("mlp").build()
    pictures = T.tensor4()
    gates, outputs = gated(network, pictures)
    function = theano.function([pictures, *gates], outputs, mode=native)
    first, *masks = values_of(network, 2)
    first[1], masks = first[0], [np.ones_like(mask) for mask in masks]
    masks[0][1, 7] = 0
    _, activations, later, *_ = function(first, *masks)
    np.testing.assert_array_equal(np.delete(activations[0] - activations[1], 7), 0)
    assert activations[1, 7] == 0
    assert np.array_equal(later[0], later[1]) == (activations[0, 7] == 0)
