"""Networks: named in a line of text, built by Lasagne, computed by NumPy."""

import subprocess
import sys
import tracemalloc
from gettext import NullTranslations

import lasagne
import numpy as np
import pytest
import theano
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw import i18n
from mnist_draw.errors import UserError
from mnist_draw.networks import NETWORKS, NetworkError, parse_network
from mnist_draw.networks.layer_text import figures_of, read_layers, text_of
from mnist_draw.networks.operations import (
    ACTIVATIONS,
    TOGETHER,
    Convolution,
    Dense,
    Dropout,
    MaxPooling,
    forward,
    parameter_shapes,
)
from mnist_draw.networks.specification import build_mlp
from mnist_draw.training.functions import compile_predict
from mnist_draw.training.settings import SETTINGS


def complaint(text):
    with pytest.raises(NetworkError) as caught:
        parse_network(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "canonical", "title"),
    [
        ("mlp", "mlp", "Tutorial MLP 784–500–300–10"),
        ("mlp:0.2", "mlp:0.2", "Tutorial MLP 784–500–300–10"),
        ("mlp:0", "mlp:0", "Tutorial MLP 784–500–300–10"),
        (" cnn ", "cnn", "CNN, two 5×5 convolutions"),
        ("custom_mlp", "custom_mlp:2,800,0.2,0.5", "MLP 784–800–800–10"),
        ("custom_mlp:1", "custom_mlp:1,800,0.2,0.5", "MLP 784–800–10"),
        ("custom_mlp: 3, 50 , .10", "custom_mlp:3,50,0.1,0.5", "MLP 784–50–50–50–10"),
        ("custom_mlp:0,5,0,0", "custom_mlp:0,5,0,0", "MLP 784–10"),
        ("layers: 500@rectify/.40 , 30@tanh ", "layers:500/0.4,30@tanh", "MLP 784–500–30 tanh–10"),
        ("layers:/0.20", "layers:/0.2", "MLP 784–10"),
    ],
)
def test_canonical_text_and_title(text, canonical, title):
    spec = parse_network(text)
    assert spec.text == canonical
    assert spec.title == title


def test_a_network_is_titled_in_the_language_and_told_with_its_numbers(monkeypatch):
    class Marked(NullTranslations):
        def gettext(self, message):
            return f"«{message}»"

    monkeypatch.setattr(i18n, "_translations", Marked())
    i18n.renew()
    title = parse_network("mlp:0.3").title
    assert title.startswith("«Tutorial MLP»")
    assert SETTINGS["network"].format_value("mlp:0.3") == f"{title}, «dropout 30%»"
    monkeypatch.undo()
    i18n.renew()
    assert parse_network("mlp:0.3").title.startswith("Tutorial MLP")


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


@pytest.mark.parametrize(
    "text",
    ["", "resnet", "MLP", "mlps", "cnn:1", "deep_cnn:2", "custom-mlp:2", "mlp,"],
)
def test_unknown_names_list_what_exists(text):
    said = complaint(text)
    assert f"there is no {text!r}" in said
    for name in NETWORKS:
        assert name in said


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("1,2,0,0,7", "5 numbers are too many"),
        ("two", "DEPTH is two"),
        ("2,,0.5", "WIDTH is missing"),
        ("-1", "DEPTH is -1"),
        ("2,0", "WIDTH is 0"),
        ("2,10,1", "DROP_IN is 1"),
        ("2,10,0,-0.1", "DROP_HID is -0.1"),
        ("2,10,nan", "DROP_IN is nan"),
    ],
)
def test_numbers_out_of_range(arguments, fault):
    said = complaint(f"custom_mlp:{arguments}")
    assert f"'custom_mlp:{arguments}'" in said
    assert f"built: {fault}." in said
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
    assert repr(text) in complaint(text)


# -- layers, one by one

ACTIVATION = st.sampled_from(sorted(ACTIVATIONS))
DROPOUT = st.builds(Dropout, st.floats(0, 1, exclude_min=True, exclude_max=True))
#: With padding of half their sides, convolutions keep the picture's size.
CONVOLUTION = st.builds(
    lambda filters, half, name, norm: Convolution(filters, 2 * half + 1, name, 1, half, norm),
    st.integers(1, 64),
    st.integers(1, 3),
    ACTIVATION,
    st.booleans(),
)
LAYERS = st.builds(
    lambda *parts: tuple(layer for part in parts for layer in part),
    st.lists(st.one_of(DROPOUT, CONVOLUTION), max_size=6),
    st.lists(st.builds(MaxPooling, st.integers(2, 3), st.integers(0, 2)), max_size=2),
    st.lists(
        st.one_of(DROPOUT, st.builds(Dense, st.integers(1, 10_000), ACTIVATION, st.booleans())),
        max_size=10,
    ),
)


@given(LAYERS)
def test_layers_through_their_text(layers):
    text = text_of(layers)
    assert read_layers(text) == layers
    spec = parse_network(f"layers:{text}")
    assert spec.hidden == layers
    assert parse_network(spec.text).text == spec.text


@pytest.mark.parametrize(
    ("entries", "weights", "fault"),
    [
        (["conv32x5", "norm", "pool2", "10"], [800, 64, 0, 46090], ""),
        (["256", "/0", "10"], [200960, 0, 2570], ""),
        (["pool2", "norm"], [0], "batch normalization goes directly below"),
        (["/0.5", "norm"], [0], "batch normalization goes directly below"),
        (["conv8x5", "norm", "norm"], [200, 16], "batch normalization goes directly below"),
        (["conv8x5", "/0", "norm"], [208, 0], "batch normalization goes directly below"),
        (["256", "pool2", "norm"], [200960], "pool2 needs a picture"),
    ],
)
def test_the_weights_of_each_entry_up_to_the_first_that_does_not_fit(entries, weights, fault):
    found, said = figures_of(entries)
    assert [figures.weights for figures in found] == weights
    assert said.startswith(fault)
    assert bool(said) == bool(fault)


def test_a_custom_mlp_is_the_same_network_as_its_layers():
    custom, layers = (
        parse_network(text) for text in ("custom_mlp:2,20,0.2,0.5", "layers:/0.2,20/0.5,20/0.5")
    )
    assert custom.layers == layers.layers


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("500,,300", "the layer '' is neither a number of units"),
        ("pol2", "the layer 'pol2' is neither a number of units"),
        ("norm", "batch normalization goes directly below"),
        ("pool2,norm", "batch normalization goes directly below"),
        ("256,conv8x3", "conv8x3 needs a picture"),
        ("conv8x5,pool2,pool2,pool2,conv8x5", "the picture is 3×3 at conv8x5: smaller than 5×5"),
        ("conv8x3p3", "conv8x3p3 needs a side and a stride"),
        ("conv0x3", "conv0x3 needs 1 to 1,024 filters"),
        ("10001", "the layer '10001' is neither a number of units"),
        ("30@relu", "there is no activation 'relu'"),
        ("30/1", "DROPOUT is 1"),
        ("30/", "DROPOUT is missing"),
        ("30/nan", "DROPOUT is nan"),
        (",".join(["9"] * 21), "21 layers are too many"),
    ],
)
def test_layers_that_cannot_be(arguments, fault):
    said = complaint(f"layers:{arguments}")
    assert f"'layers:{arguments}'" in said
    assert f"built: {fault}" in said
    assert "layers:conv32x5" in said


layers = lasagne.layers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mlp", "Dense 500, Dropout 0.4, Dense 300, Dropout 0.4, Dense 10"),
        ("mlp:0.2", "Dense 500, Dropout 0.2, Dense 300, Dropout 0.2, Dense 10"),
        ("custom_mlp", "Dropout 0.2, Dense 800, Dropout 0.5, Dense 800, Dropout 0.5, Dense 10"),
        ("custom_mlp:3,7,0.125,0", "Dropout 0.125, Dense 7, Dense 7, Dense 7, Dense 10"),
        ("custom_mlp:0,800,0", "Dense 10"),
        (
            "cnn",
            "Conv2D 32×24×24, MaxPool2D 32×12×12, Conv2D 32×8×8, MaxPool2D 32×4×4, "
            "Dropout 0.5, Dense 256, Dropout 0.5, Dense 10",
        ),
        (
            "deep_cnn",
            "Conv2D 32×24×24, MaxPool2D 32×12×12, Conv2D 64×10×10, Conv2D 128×8×8, "
            "MaxPool2D 128×4×4, Dropout 0.5, Dense 256, Dropout 0.5, Dense 10",
        ),
        ("layers:/0.2,30@rectify/0.4", "Dropout 0.2, Dense 30, Dropout 0.4, Dense 10"),
        (
            "layers:conv4x3s2p1,pool3s2,/0.5,9",
            "Conv2D 4×14×14, MaxPool2D 4×6×6, Dropout 0.5, Dense 9, Dense 10",
        ),
    ],
)
def test_layers_shapes_and_dropout(text, expected):
    specification, input_var = parse_network(text), theano.tensor.tensor4("inputs")
    network = specification.build(input_var)
    first, *found = layers.get_all_layers(network)
    assert first.output_shape == (None, 1, 28, 28)
    assert first.input_var is input_var
    assert expected == ", ".join(
        f"{type(layer).__name__.removesuffix('Layer')} "
        + str(getattr(layer, "p", "×".join(map(str, layer.output_shape[1:]))))
        for layer in found
    )
    shapes = [param.get_value(borrow=True).shape for param in layers.get_all_params(network)]
    assert list(specification.parameter_shapes()) == shapes
    *hidden, last = (layer for layer in found if hasattr(layer, "nonlinearity"))
    assert all(layer.nonlinearity is lasagne.nonlinearities.rectify for layer in hidden)
    assert last.nonlinearity is lasagne.nonlinearities.softmax


def test_weights_start_as_glorot_uniform_and_biases_at_nothing():
    values = layers.get_all_param_values(build_mlp())
    for weights, biases in zip(values[::2], values[1::2], strict=True):
        limit = np.sqrt(6 / sum(weights.shape))
        assert 0.99 * limit < np.abs(weights).max() <= limit
        assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)
        assert not biases.any()
        assert weights.dtype == biases.dtype == np.float32


EVERY_ACTIVATION = "layers:" + ",".join(f"30@{name}" for name in ACTIVATIONS)
EVERY_CONVOLUTION = "layers:" + ",".join(f"conv4x3p1@{name},norm" for name in ACTIVATIONS)
#: The bridge adds it to Lasagne 0.1 on PyTensor.
HAS_NORMALIZATION = hasattr(lasagne.layers, "batch_norm")
FURTHER = (
    EVERY_ACTIVATION,
    EVERY_CONVOLUTION + ",pool3s2,30,norm",
    "layers:conv8x5s2p2,pool2,conv8x4,norm,pool2",
)


@pytest.mark.parametrize("text", [*(kind.example for kind in NETWORKS.values()), *FURTHER])
def test_it_puts_out_what_lasagnes_layers_do(text):
    specification = parse_network(text)
    if "norm" in text and not HAS_NORMALIZATION:
        with pytest.raises(UserError, match="PyTensor"):
            specification.build()
        return
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


def test_incomplete_squares_are_dropped_and_all_sums_have_probabilities():
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
