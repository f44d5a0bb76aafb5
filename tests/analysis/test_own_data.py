"""What can be said about a network of other classes than digits, on its own data."""

from __future__ import annotations

import numpy as np
import pytest
from own_classes import draw_classes

from mnist_draw.analysis.maps import build_maps
from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.analysis.pictures import own_folder, own_test, own_validation
from mnist_draw.analysis.results import count_results
from mnist_draw.analysis.robustness import test_pictures_for as pictures_to_alter
from mnist_draw.analysis.unit_profiles import ProfileSearch, ideal_picture
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import DatasetError
from mnist_draw.library.network_data import own_data, remember_data
from mnist_draw.networks import parse_network
from mnist_draw.storage import ModelFile

NAMES = ("one", "three", "two")


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Return an untrained network of three classes, whose data are known here."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    draw_classes(tmp_path / "shapes", NAMES, 8)
    remember_data(tmp_path / "shapes", load_dataset(tmp_path / "shapes"))
    random = np.random.RandomState(1)
    shapes = parse_network("layers:12#3").parameter_shapes()
    values = tuple(random.normal(0, 0.1, shape) for shape in shapes)
    return ModelFile("layers:12#3", values).with_info(data="shapes", classes=list(NAMES))


def test_its_own_data_are_found_once(model):
    data = own_data(model)
    assert data is not None
    assert data.classes == NAMES
    assert own_data(model) is data
    assert own_data(ModelFile("layers:", (np.zeros((784, 10)), np.zeros(10)))) is None


def test_data_that_are_not_known_are_told(model):
    with pytest.raises(DatasetError, match="where that lies is not known here"):
        own_data(model.with_info(data="others"))


def test_results_are_counted_on_them(model):
    *_, results = count_results(model, own_test(model))
    assert results.confusion.shape == (3, 3)
    assert results.confusion.sum() == 3
    assert own_validation(model).name == "shapes validation"


def test_another_folder_must_show_the_same(model, tmp_path):
    draw_classes(tmp_path / "more", NAMES, 4)
    assert own_folder(tmp_path / "more", model).name == "more test"
    draw_classes(tmp_path / "others", ("one", "two"), 4)
    with pytest.raises(DatasetError, match="tells 3 classes apart"):
        own_folder(tmp_path / "others", model)


def test_units_are_about_them(model):
    anatomy = NetworkProbe(model)
    search = ProfileSearch(anatomy)
    while not search.step():
        pass
    assert search.profiles is not None
    assert search.profiles.means[0].shape == (3, 12)
    assert search.profiles.best[1].shape == (3, 6)
    assert search.profiles.picture(0, 3, 5).shape == (28, 28)
    assert ideal_picture(anatomy, 2).max() > 0


def test_maps_limits_and_steps_use_them(model):
    data = own_data(model)
    assert data is not None
    *_, maps = build_maps(model, data.train_images, data.train_labels)
    assert maps.probabilities.shape[1] == 3
    *_, kept = build_maps(model, data.train_images, data.train_labels)
    assert len(kept.layers) == len(maps.layers)
    _, labels = pictures_to_alter(model)
    np.testing.assert_array_equal(labels, data.test_labels)
    task = OneStep(model)
    minibatch = task.minibatch(np.zeros((28, 28), np.float32), 2)
    figures = task.step(minibatch)
    assert figures.p.shape == (3,)
