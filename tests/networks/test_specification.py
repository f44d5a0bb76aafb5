"""Naming a network in a line of text."""

from __future__ import annotations

import subprocess
import sys

import lasagne
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_draw.errors import UserError
from mnist_draw.networks import NETWORKS, NetworkError, parse_network


def complaint(text: str) -> str:
    with pytest.raises(NetworkError) as caught:
        parse_network(text)
    assert isinstance(caught.value, UserError)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["mlp", "cnn", "custom_mlp", "custom_mlp:0", "custom_mlp:3,16,0,0", "custom_mlp:1,9,0.2"],
)
def test_the_shapes_promised_are_those_of_the_network_built(text: str) -> None:
    spec = parse_network(text)
    params = lasagne.layers.get_all_params(spec.build())
    assert tuple(param.get_value(borrow=True).shape for param in params) == (
        spec.parameter_shapes()
    )


@pytest.mark.parametrize(
    ("text", "canonical", "title"),
    [
        ("mlp", "mlp", "Tutorial MLP 784–500–300–10"),
        (" cnn ", "cnn", "CNN, two 5×5 convolutions"),
        ("custom_mlp", "custom_mlp:2,800,0.2,0.5", "MLP 784–800–800–10"),
        ("custom_mlp:", "custom_mlp:2,800,0.2,0.5", "MLP 784–800–800–10"),
        ("custom_mlp:1", "custom_mlp:1,800,0.2,0.5", "MLP 784–800–10"),
        ("custom_mlp: 3, 50 , .10", "custom_mlp:3,50,0.1,0.5", "MLP 784–50–50–50–10"),
        ("custom_mlp:0,5,0,0", "custom_mlp:0,5,0,0", "MLP 784–10"),
    ],
)
def test_canonical_text_and_title(text: str, canonical: str, title: str) -> None:
    spec = parse_network(text)
    assert spec.text == canonical
    assert spec.title == title


@given(
    depth=st.integers(0, 10),
    width=st.integers(1, 10_000),
    drop_input=st.floats(0, 1, exclude_max=True),
    drop_hidden=st.floats(0, 1, exclude_max=True),
)
def test_the_canonical_text_means_the_same_network(
    depth: int, width: int, drop_input: float, drop_hidden: float
) -> None:
    text = parse_network(f"custom_mlp:{depth},{width},{drop_input!r},{drop_hidden!r}").text
    assert parse_network(text).text == text
    numbers = [float(part) for part in text.partition(":")[2].split(",")]
    assert numbers == [depth, width, drop_input, drop_hidden]


def test_the_numbers_reach_the_layers() -> None:
    network = parse_network("custom_mlp:1,9,0.1234567890123,0.75").build()
    found = [layer.p for layer in lasagne.layers.get_all_layers(network) if hasattr(layer, "p")]
    assert found == [0.1234567890123, 0.75]


@pytest.mark.parametrize(
    "text", ["", "resnet", "MLP", "mlps", "cnn:1", "deep_cnn:2", "custom-mlp:2", "mlp,"]
)
def test_unknown_names_list_what_exists(text: str) -> None:
    said = complaint(text)
    assert f"There is no network {text!r}" in said
    for name in NETWORKS:
        assert name in said


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ("1,2,0,0,7", "5 numbers are too many"),
        ("two", "one of them is no number"),
        ("2.5", "one of them is no number"),
        ("2,,0.5", "one of them is no number"),
        ("-1", "DEPTH is -1"),
        ("11", "DEPTH is 11"),
        ("2,0", "WIDTH is 0"),
        ("2,10001", "WIDTH is 10001"),
        ("2,10,1", "dropout is 1 and 0.5"),
        ("2,10,0,-0.1", "dropout is 0 and -0.1"),
        ("2,10,nan", "dropout is nan and 0.5"),
    ],
)
def test_numbers_out_of_range(arguments: str, fault: str) -> None:
    said = complaint(f"custom_mlp:{arguments}")
    assert f"The network 'custom_mlp:{arguments}' cannot be built: {fault}." in said
    assert "custom_mlp:2,800,0.2,0.5" in said


def test_shapes_are_known_without_loading_theano() -> None:
    code = (
        "import sys; from mnist_draw.networks import parse_network\n"
        "for text in ('mlp', 'cnn', 'custom_mlp:3,10'): parse_network(text).parameter_shapes()\n"
        "assert not {'theano', 'pytensor', 'lasagne'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("text", "canonical"), [("mlp:0.2", "mlp:0.2"), ("mlp:0.40", "mlp"), ("mlp:0", "mlp:0")]
)
def test_the_tutorial_network_with_another_dropout(text: str, canonical: str) -> None:
    specification = parse_network(text)
    assert specification.text == canonical
    assert specification.parameter_shapes() == parse_network("mlp").parameter_shapes()


@pytest.mark.parametrize("text", ["mlp:3", "mlp:-0.1", "mlp:1", "mlp:half", "mlp:nan"])
def test_a_dropout_that_cannot_be(text: str) -> None:
    said = complaint(text)
    assert repr(text) in said
    assert "from 0 up to, not including, 1" in said
