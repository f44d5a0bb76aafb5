"""Pictures to count on: MNIST's, taught, and a network's own classes."""

import numpy as np
import pytest
from made_networks import random_model
from own_classes import draw_classes
from PIL import Image

from mnist_draw.analysis.maps import build_map
from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.analysis.pictures import (
    load_test_pictures,
    load_validation_pictures,
    my_digits,
)
from mnist_draw.analysis.results import count_results
from mnist_draw.analysis.robustness import pictures_of
from mnist_draw.analysis.unit_profiles import find_profiles, ideal_picture
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import DatasetError
from mnist_draw.library.network_data import own_data, remember_data
from mnist_draw.storage import ModelFile
from mnist_draw.storage.my_digits import TaughtDigit, my_digits_folder, save_digit

NAMES = ("one", "three", "two")


def test_mnist():
    test, validation = load_test_pictures(), load_validation_pictures()
    assert len(test) == len(validation) == 10_000
    assert test.other.digest == validation.digest != test.digest == validation.other.digest


def test_taught_digits():
    with pytest.raises(DatasetError, match="not taught any digits yet"):
        my_digits()
    ink = np.zeros((60, 40), np.uint8)
    ink[10:50, 18:22] = 255
    save_digit(TaughtDigit(1, ink))
    pictures = my_digits()
    assert pictures.labels.tolist() == [1]
    # In place: 20 pixels high around the middle.
    rows = np.flatnonzero(pictures.images[0, 0].max(axis=1) > 100)
    assert 20 <= rows[-1] - rows[0] + 1 <= 21


def test_pictures_from_elsewhere_are_measured_as_they_are_learned():
    paper = np.full((60, 40), 255, np.uint8)
    paper[10:50, 18:22] = 0
    folder = my_digits_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "3-broken.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"3-broken\.png"):
        my_digits()
    Image.fromarray(paper).save(folder / "1-scan.png")
    assert my_digits().labels.tolist() == [1]


@pytest.fixture
def model(tmp_path):
    """Return an untrained network of three classes, whose data are known here."""
    draw_classes(tmp_path / "shapes", NAMES, 8)
    remember_data(tmp_path / "shapes", load_dataset(tmp_path / "shapes"))
    return random_model("layers:12#3", data="shapes", classes=list(NAMES))


def test_its_own_data_are_found_once(model):
    data = own_data(model)
    assert data.classes == NAMES
    assert own_data(model) is data
    assert own_data(ModelFile("layers:", (np.zeros((784, 10)), np.zeros(10)))) is None
    with pytest.raises(DatasetError, match="not known here"):
        own_data(model.with_info(data="others"))


@pytest.mark.slow
def test_everything_is_counted_on_its_own_data(model):
    *_, results = count_results(model, load_test_pictures(model))
    assert results.confusion.shape == (3, 3)
    assert results.confusion.sum() == 3
    assert load_validation_pictures(model).name == "shapes validation"
    data = own_data(model)
    found = build_map(model, data.train_images, data.train_labels)
    assert found.probabilities.shape[1] == 3
    _, labels = pictures_of(model)
    np.testing.assert_array_equal(labels, data.test_labels)
    task = OneStep(model)
    assert task.step(task.minibatch(0)).p.shape == (3,)


def test_units_are_about_its_own_classes(model):
    probe = NetworkProbe(model)
    profiles = next(filter(None, find_profiles(probe)))
    assert profiles.means[0].shape == (3, 12)
    assert profiles.best[1].shape == (3, 6)
    assert profiles.picture(0, 3, 5).shape == (28, 28)
    assert ideal_picture(probe, 2).max() > 0
