"""Naming a network in a line of text."""

from __future__ import annotations

import subprocess
import sys

import lasagne
import numpy as np
import pytest
import theano
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.errors import UserError
from mnist_draw.networks import NETWORKS, NetworkError, parse_network
from mnist_draw.networks.mlp import MlpLayer, MlpLayers
from mnist_draw.networks.operations import ACTIVATIONS


def complaint(text):
    with pytest.raises(NetworkError) as caught:
        parse_network(text)
    assert isinstance(caught.value, UserError)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "mlp",
        "mlp:0.2",
        "cnn",
        "deep_cnn",
        "layers:",
        "layers:/0.2,30@tanh/0.4,20@elu",
        "custom_mlp",
        "custom_mlp:0",
        "custom_mlp:3,16,0,0",
        "custom_mlp:1,9,0.2",
    ],
)
def test_the_shapes_promised_are_those_of_the_network_built(text):
    spec = parse_network(text)
    params = lasagne.layers.get_all_params(spec.build())
    assert tuple(param.get_value(borrow=True).shape for param in params) == (
        spec.parameter_shapes()
    )


@pytest.mark.parametrize(
    ("text", "canonical", "title"),
    [
        ("mlp", "mlp", "Tutorial MLP 784–500–300–10"),
        ("mlp:0.2", "mlp:0.2", "Tutorial MLP 784–500–300–10"),
        ("mlp:0.40", "mlp", "Tutorial MLP 784–500–300–10"),
        ("mlp:0", "mlp:0", "Tutorial MLP 784–500–300–10"),
        (" cnn ", "cnn", "CNN, two 5×5 convolutions"),
        ("custom_mlp", "custom_mlp:2,800,0.2,0.5", "MLP 784–800–800–10"),
        ("custom_mlp:", "custom_mlp:2,800,0.2,0.5", "MLP 784–800–800–10"),
        ("custom_mlp:1", "custom_mlp:1,800,0.2,0.5", "MLP 784–800–10"),
        ("custom_mlp: 3, 50 , .10", "custom_mlp:3,50,0.1,0.5", "MLP 784–50–50–50–10"),
        ("custom_mlp:0,5,0,0", "custom_mlp:0,5,0,0", "MLP 784–10"),
        ("layers:500,300", "layers:500,300", "MLP 784–500–300–10"),
        ("layers: 500@rectify/.40 , 30@tanh ", "layers:500/0.4,30@tanh", "MLP 784–500–30 tanh–10"),
        ("layers:/0.20", "layers:/0.2", "MLP 784–10"),
    ],
)
def test_canonical_text_and_title(text, canonical, title):
    spec = parse_network(text)
    assert spec.text == canonical
    assert spec.title == title


@given(
    depth=st.integers(0, 10),
    width=st.integers(1, 10_000),
    drop_input=st.floats(0, 1, exclude_max=True),
    drop_hidden=st.floats(0, 1, exclude_max=True),
)
def test_the_canonical_text_means_the_same_network(depth, width, drop_input, drop_hidden):
    text = parse_network(f"custom_mlp:{depth},{width},{drop_input!r},{drop_hidden!r}").text
    assert parse_network(text).text == text
    numbers = [float(part) for part in text.partition(":")[2].split(",")]
    assert numbers == [depth, width, drop_input, drop_hidden]


def test_the_numbers_reach_the_layers():
    network = parse_network("custom_mlp:1,9,0.1234567890123,0.75").build()
    found = [layer.p for layer in lasagne.layers.get_all_layers(network) if hasattr(layer, "p")]
    assert found == [0.1234567890123, 0.75]


@pytest.mark.parametrize(
    "text", ["", "resnet", "MLP", "mlps", "cnn:1", "deep_cnn:2", "custom-mlp:2", "mlp,"]
)
def test_unknown_names_list_what_exists(text):
    said = complaint(text)
    assert f"There is no network {text!r}" in said
    for name in NETWORKS:
        assert name in said


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("1,2,0,0,7", "5 numbers are too many"),
        ("two", "DEPTH is two, no whole number"),
        ("2.5", "DEPTH is 2.5, no whole number"),
        ("2,,0.5", "WIDTH is missing, no whole number"),
        ("-1", "DEPTH is -1"),
        ("11", "DEPTH is 11"),
        ("2,0", "WIDTH is 0"),
        ("2,10001", "WIDTH is 10001"),
        ("2,10,1", "DROP_IN is 1"),
        ("2,10,0,-0.1", "DROP_HID is -0.1"),
        ("2,10,nan", "DROP_IN is nan"),
    ],
)
def test_numbers_out_of_range(arguments, fault):
    said = complaint(f"custom_mlp:{arguments}")
    assert f"The network 'custom_mlp:{arguments}' cannot be built: {fault}." in said
    assert "custom_mlp:2,800,0.2,0.5" in said


@pytest.mark.process
def test_shapes_are_known_without_loading_theano():
    code = (
        "import sys; from mnist_draw.networks import parse_network\n"
        "for text in ('mlp', 'cnn', 'custom_mlp:3,10'): parse_network(text).parameter_shapes()\n"
        "assert not {'theano', 'pytensor', 'lasagne'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("text", ["mlp:3", "mlp:-0.1", "mlp:1", "mlp:half", "mlp:nan"])
def test_a_dropout_that_cannot_be(text):
    said = complaint(text)
    assert repr(text) in said
    assert "from 0 up to, not including, 1" in said


# -- layers, one by one

LAYERS = st.builds(
    MlpLayers,
    st.lists(
        st.builds(
            MlpLayer,
            st.integers(1, 10_000),
            st.sampled_from(sorted(ACTIVATIONS)),
            st.floats(0, 1, exclude_max=True),
        ),
        max_size=10,
    ).map(tuple),
    st.floats(0, 1, exclude_max=True),
)


@given(LAYERS)
def test_layers_through_their_text(layers):
    spec = parse_network(f"layers:{layers.text()}")
    assert spec.layers == layers
    assert parse_network(spec.text).text == spec.text


def test_a_custom_mlp_is_the_same_network_as_its_layers():
    custom, layers = (
        parse_network(text) for text in ("custom_mlp:2,20,0.2,0.5", "layers:/0.2,20/0.5,20/0.5")
    )
    assert custom.layers == layers.layers
    weights = []
    for spec in (custom, layers):
        lasagne.random.set_rng(np.random.RandomState(4))
        weights.append(lasagne.layers.get_all_param_values(spec.build()))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_units_activations_and_dropout_reach_the_layers():
    text = "layers:/0.1,9,8@leaky/0.2,7@tanh,6@sigmoid,5@elu/0.3"
    found = lasagne.layers.get_all_layers(parse_network(text).build())
    dense = [layer for layer in found if isinstance(layer, lasagne.layers.DenseLayer)]
    assert [layer.num_units for layer in dense] == [9, 8, 7, 6, 5, 10]
    assert [layer.p for layer in found if hasattr(layer, "p")] == [0.1, 0.2, 0.3]
    inputs = np.array([-2.0, -0.5, 0.0, 3.0], np.float32)
    expected = [
        np.maximum(inputs, 0),
        np.where(inputs < 0, 0.01 * inputs, inputs),
        np.tanh(inputs),
        1 / (1 + np.exp(-inputs)),
        np.where(inputs < 0, np.expm1(inputs), inputs),
    ]
    for layer, values in zip(dense, expected, strict=False):
        outputs = layer.nonlinearity(theano.shared(inputs)).eval()
        np.testing.assert_allclose(outputs, values, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("500,,300", "the layer '' begins with no number of units from 1 to 10,000"),
        ("0", "the layer '0' begins with no number of units from 1 to 10,000"),
        ("10001", "the layer '10001' begins with no number of units from 1 to 10,000"),
        ("5.5", "the layer '5.5' begins with no number of units from 1 to 10,000"),
        ("30@relu", "there is no activation 'relu'"),
        ("30@", "there is no activation ''"),
        ("30/1", "a dropout is 1"),
        ("30/", "a dropout is missing, no number"),
        ("30/nan", "a dropout is nan"),
        (",".join(["9"] * 11), "11 hidden layers are too many"),
    ],
)
def test_layers_that_cannot_be(arguments, fault):
    said = complaint(f"layers:{arguments}")
    assert f"The network 'layers:{arguments}' cannot be built: {fault}." in said
    assert "UNITS[@ACTIVATION][/DROPOUT]" in said
    assert "sigmoid" in said
