"""Networks from files that other programs have written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_networks import flat_model

from mnist_draw.library.stored_network import networks_of_shapes, open_network
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile, ModelFileError, save_model


def plain(path: Path, network: str, dtype: str = "float32") -> str:
    """Write what ``numpy.savez(*lasagne.layers.get_all_param_values(network))`` does."""
    shapes = parse_network(network).parameter_shapes()
    np.savez(path, *(np.full(shape, 0.5, dtype) for shape in shapes))
    return str(path)


@pytest.mark.parametrize("network", ["mlp", "cnn", "deep_cnn"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_shapes_say_which_network_it_is(tmp_path: Path, network: str, dtype: str) -> None:
    model = open_network(plain(tmp_path / "plain.npz", network, dtype))
    assert isinstance(model, ModelFile)
    assert model.network == network
    assert model.title == parse_network(network).title
    assert all((values == 0.5).all() for values in model.parameters)


def test_where_the_shapes_leave_the_activation_open_the_user_is_asked(tmp_path: Path) -> None:
    path = plain(tmp_path / "plain.npz", "layers:50@tanh,30@tanh")
    choices = open_network(path)
    assert isinstance(choices, list)
    assert choices[:3] == ["layers:50,30", "layers:50@leaky,30@leaky", "layers:50@tanh,30@tanh"]
    model = open_network(path, choices[2])
    assert isinstance(model, ModelFile)
    assert model.network == choices[2]


def test_the_programs_own_files_are_opened_too(tmp_path: Path) -> None:
    save_model(tmp_path / "own.npz", flat_model("layers:4", title="Own"))
    model = open_network(str(tmp_path / "own.npz"))
    assert isinstance(model, ModelFile)
    assert model.title == "Own"


@pytest.mark.parametrize("shape", [(3, 4), (784,), ()])
def test_other_parameters_are_refused_with_their_shapes(tmp_path: Path, shape: tuple[int]) -> None:
    np.savez(tmp_path / "other.npz", np.zeros(shape), np.zeros(7))
    with pytest.raises(ModelFileError, match="no network that this program has"):
        open_network(str(tmp_path / "other.npz"))
    assert networks_of_shapes(()) == []


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(b"PK no")
    with pytest.raises(ModelFileError, match="cannot be used"):
        open_network(str(tmp_path / "x.npz"))
    with pytest.raises(ModelFileError, match="no such file"):
        open_network(str(tmp_path / "absent.npz"))
