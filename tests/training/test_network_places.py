"""A run starts from a network that goes by a name, in Python as on the command line."""

from __future__ import annotations

import lasagne
import numpy as np
import pytest

import mnist_draw as flm
from mnist_draw.dataset.mnist import scale
from mnist_draw.storage import ModelFileError, load_model, resource_path
from mnist_draw.training import tutorial
from mnist_draw.training.network_places import file_of
from mnist_draw.training.run_start import build_network
from mnist_draw.training.settings import TrainingSettings


def test_a_name_is_a_file_that_ships(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shipped = resource_path("models", "mlp.npz")
    assert file_of("mlp") == file_of("shipped:mlp") == str(shipped)
    assert file_of("somewhere/mine.npz") == "somewhere/mine.npz"
    # A file of that name comes first.
    (tmp_path / "mlp").touch()
    assert file_of("mlp") == "mlp"
    with pytest.raises(ModelFileError, match="no file and no network 'bset'; did you mean best"):
        file_of("bset")
    with pytest.raises(ModelFileError, match="There is no network 'opened:'"):
        file_of("opened:")


def test_weights_come_from_a_network_that_ships():
    network = build_network(TrainingSettings(start_model="mlp"))
    shipped = load_model(resource_path("models", "mlp.npz")).parameters
    values = lasagne.layers.get_all_param_values(network)
    assert all(map(np.array_equal, values, shipped))


@pytest.mark.slow
def test_the_network_that_a_run_starts_from_need_not_be_said_twice(digits, monkeypatch):
    built: list[TrainingSettings] = []

    def note(settings):
        built.append(settings)
        return build_network(settings)

    monkeypatch.setattr(tutorial, "build_network", note)
    few = tuple(
        array[:50]
        for array in (
            scale(digits.train_images),
            digits.train_labels,
            scale(digits.validation_images),
            digits.validation_labels,
            scale(digits.test_images),
            digits.test_labels,
        )
    )
    flm.run_network(few, num_epochs=1, batch_size=50, start_model="best", verbose=False)
    assert built[0].network == load_model(resource_path("models", "best.npz")).network
