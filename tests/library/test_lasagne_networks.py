"""Networks go between Python, Lasagne and the program without a change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lasagne
import numpy as np
import pytest
import theano.tensor as T
from made_networks import flat_model

import mnist_draw
from mnist_draw.library.lasagne_networks import network_name
from mnist_draw.library.networks import find_network
from mnist_draw.library.stored_network import load_trained
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFileError, StorageError
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.settings import TrainingSettings


def values_of(network: Any) -> list[np.ndarray]:
    return lasagne.layers.get_all_param_values(network)


@pytest.mark.parametrize(
    "text",
    ["mlp", "mlp:0.2", "cnn", "deep_cnn", "layers:", "layers:/0.1,40@tanh/0.2,30@elu,20@leaky"],
)
def test_what_is_saved_comes_back(text: str, tmp_path: Path) -> None:
    network = parse_network(text).build()
    mnist_draw.save_network(tmp_path / "mine.npz", network, title="Mine")
    model = load_trained(tmp_path / "mine.npz")
    assert (model.network, model.title) == (text, "Mine")
    again = mnist_draw.load_network(tmp_path / "mine.npz")
    assert network_name(again) == text
    assert all(map(np.array_equal, values_of(network), values_of(again)))


def test_a_network_that_somebody_else_built() -> None:
    """Rows of pixels instead of pictures, the layers of Lasagne's example."""
    layer = lasagne.layers.InputLayer((None, 784))
    layer = lasagne.layers.DenseLayer(layer, 100, nonlinearity=lasagne.nonlinearities.sigmoid)
    layer = lasagne.layers.DropoutLayer(layer, 0.25)
    layer = lasagne.layers.DenseLayer(layer, 10, nonlinearity=lasagne.nonlinearities.softmax)
    assert network_name(layer) == "layers:100@sigmoid/0.25"


def other_networks() -> list[Any]:
    pictures = lasagne.layers.InputLayer((None, 1, 28, 28))
    dense, softmax = lasagne.layers.DenseLayer, lasagne.nonlinearities.softmax
    return [
        dense(pictures, 10, nonlinearity=lasagne.nonlinearities.linear),
        dense(pictures, 101, nonlinearity=softmax),
        dense(dense(pictures, 30, nonlinearity=T.cosh), 10, nonlinearity=softmax),
        dense(lasagne.layers.MaxPool2DLayer(pictures, 2), 10, nonlinearity=softmax),
        dense(lasagne.layers.InputLayer((None, 100)), 10, nonlinearity=softmax),
    ]


@pytest.mark.parametrize("network", other_networks())
def test_other_networks_are_not_saved_as_something_else(network: Any, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="has no network of these layers"):
        mnist_draw.save_network(tmp_path / "mine.npz", network)
    assert not list(tmp_path.iterdir())


def test_files_of_numpy(tmp_path: Path) -> None:
    network = parse_network("mlp").build()
    np.savez(tmp_path / "plain.npz", *values_of(network))
    again = mnist_draw.load_network(tmp_path / "plain.npz")
    assert network_name(again) == "mlp"
    assert all(map(np.array_equal, values_of(network), values_of(again)))


def test_files_of_numpy_whose_activation_is_open(tmp_path: Path) -> None:
    np.savez(tmp_path / "plain.npz", *values_of(parse_network("layers:40@tanh").build()))
    with pytest.raises(ModelFileError, match="any of layers:40, layers:40@leaky, layers:40@tanh"):
        mnist_draw.load_network(tmp_path / "plain.npz")
    network = mnist_draw.load_network(tmp_path / "plain.npz", "layers:40@tanh")
    assert network_name(network) == "layers:40@tanh"


def test_networks_that_ship_go_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_network("mlp").title == "Tutorial MLP"
    # A file of that name comes first.
    mnist_draw.save_network("mlp", parse_network("layers:5").build(), title="Mine")
    assert find_network("mlp").title == "Mine"
    with pytest.raises(ModelFileError, match="no file and no network"):
        find_network("none")


def test_only_a_network_is_replaced(tmp_path: Path) -> None:
    script = tmp_path / "mk.py"
    script.write_text("mine")
    network = parse_network("layers:5").build()
    with pytest.raises(StorageError, match=r"save_network would replace .*mk\.py.* unchanged"):
        mnist_draw.save_network(script, network)
    assert script.read_text() == "mine"
    for title in ("one", "two"):
        mnist_draw.save_network(tmp_path / "net.npz", network, title)
    assert load_trained(tmp_path / "net.npz").title == "two"


def test_a_checkpoint_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "my run.ckpt"
    settings = TrainingSettings(network="layers:4")
    parameters = flat_model("layers:4").parameters
    path.write_bytes(
        Checkpoint(settings, 0, "", parameters, (), History().to_arrays(), 0, 0.0, ()).pack()
    )
    with pytest.raises(ModelFileError) as told:
        find_network(str(path))
    assert f"{path} is no trained network but the checkpoint of a run" in str(told.value)
    assert f"mnist-draw train --resume '{path}'" in str(told.value)
    assert "damaged" not in str(told.value)
