"""The networks that ship: found, in order, and checked like any other file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.library import networks as network_library
from mnist_draw.library.networks import default_model, list_shipped
from mnist_draw.library.stored_network import load_trained
from mnist_draw.storage import ModelFile, ModelFileError, save_model
from mnist_draw.training import network_places


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (network_library, network_places):
        monkeypatch.setattr(module, "resource_path", lambda *names: tmp_path.joinpath(*names[1:]))
    return tmp_path


def test_best_is_the_default(folder: Path) -> None:
    for name in ("other", "mlp", "best"):
        model = linear_model()
        save_model(
            folder / f"{name}.npz", ModelFile(model.network, model.parameters, {"title": name})
        )
    (folder / "README.md").write_text("no model")
    assert [model.name for model in list_shipped()] == ["best", "mlp", "other"]
    # It is called as in the list of networks, whatever its file says.
    assert default_model().title == "Best reader"


def test_no_network_ships(folder: Path) -> None:
    assert list_shipped() == ()
    with pytest.raises(ModelFileError, match="mnist-draw train"):
        default_model()


def test_a_damaged_default_gives_way_to_the_next_and_the_user_is_told(folder: Path) -> None:
    for name in ("best", "mlp_handwriting"):
        (folder / f"{name}.npz").write_bytes(b"PK damaged")
    model = linear_model()
    save_model(folder / "mlp.npz", ModelFile(model.network, model.parameters, {"title": "Third"}))
    told: list[str] = []
    assert default_model(told.append).title == "Tutorial MLP"
    assert default_model().title == "Tutorial MLP"
    (sentence,) = told
    assert "best.npz" in sentence
    assert sentence.endswith("The network 'Tutorial MLP' answers instead.")


def test_damaged_default_is_named(folder: Path) -> None:
    (folder / "mlp.npz").write_bytes(b"PK damaged")
    with pytest.raises(ModelFileError, match=r"mlp\.npz"):
        default_model()


def test_parameters_are_checked_against_the_network(tmp_path: Path) -> None:
    save_model(tmp_path / "m.npz", ModelFile("mlp", (np.ones((2, 2), np.float32),)))
    with pytest.raises(ModelFileError, match=r"m\.npz.*has 6 parameters, but 1"):
        load_trained(tmp_path / "m.npz")
