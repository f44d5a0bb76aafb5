"""Pictures to count on: MNIST's, taught, in folders, and a network's own classes."""

import numpy as np
import pytest
from made_networks import random_model
from own_classes import draw_classes
from PIL import Image

from mnist_draw.analysis.maps import build_map
from mnist_draw.analysis.network_probe import NetworkProbe
from mnist_draw.analysis.one_step import OneStep
from mnist_draw.analysis.pictures import (
    folder_pictures,
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
from mnist_draw.storage.my_digits import TaughtDigit, save_digit

NAMES = ("one", "three", "two")


def put(path, number=0):
    """Save a test digit of MNIST as a picture, dark on light and larger."""
    path.parent.mkdir(exist_ok=True, parents=True)
    paper = np.kron(255 - load_dataset().test_images[number, 0], np.ones((6, 6), np.uint8))
    Image.fromarray(paper).save(path)


def test_mnist():
    test, validation = load_test_pictures(), load_validation_pictures()
    assert len(test) == len(validation) == 10_000
    assert test.other.digest == validation.digest != test.digest == validation.other.digest


def test_taught_digits():
    with pytest.raises(DatasetError, match="taught no digits yet"):
        my_digits()
    ink = np.zeros((60, 40), np.uint8)
    ink[10:50, 18:22] = 255
    save_digit(TaughtDigit(1, ink))
    pictures = my_digits()
    assert pictures.labels.tolist() == [1]
    # In place: 20 pixels high around the middle.
    rows = np.flatnonzero(pictures.images[0, 0].max(axis=1) > 100)
    assert 20 <= rows[-1] - rows[0] + 1 <= 21


def test_folders_with_and_without_labels(tmp_path):
    put(tmp_path / "d" / "7-mine.png")
    put(tmp_path / "d" / "2" / "x.png", 1)
    pictures = folder_pictures(tmp_path / "d")
    assert sorted(pictures.labels.tolist()) == [2, 7]
    assert pictures.images.shape == (2, 1, 28, 28)
    assert pictures.name == "d"
    for number in range(3):
        put(tmp_path / "scans" / f"scan {number}.png", number)
    pictures = folder_pictures(tmp_path / "scans")
    assert pictures.labels is None
    assert len(pictures) == 3


def test_unreadable_and_unlabeled_pictures_are_left_out_in_words(tmp_path):
    put(tmp_path / "d" / "7.png")
    put(tmp_path / "d" / "scan.png")
    (tmp_path / "d" / "3-broken.png").write_bytes(b"no picture")
    Image.new("L", (50, 50), 255).save(tmp_path / "d" / "1-empty.png")
    pictures = folder_pictures(tmp_path / "d")
    assert (len(pictures), pictures.left_out) == (1, 3)
    told = " ".join(pictures.messages)
    for word in ("has no label", "3-broken.png", "1-empty.png is empty"):
        assert word in told


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("empty", "holds no pictures to look at"),
        ("none", "There is no folder"),
        ("file", "is not a folder"),
        ("broken", r"3\.png is not a picture that can be read"),
    ],
)
def test_folders_that_hold_nothing(name, message, tmp_path):
    for folder in ("empty", "broken"):
        (tmp_path / folder).mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "broken" / "3.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=message):
        folder_pictures(tmp_path / name)


def test_idx_files(tmp_path, write_folder):
    folder = write_folder(tmp_path / "fashion")
    pictures = folder_pictures(folder)
    assert (pictures.name, len(pictures), len(pictures.other)) == ("fashion test", 20, 10)
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DatasetError, match="t10k-labels"):
        folder_pictures(folder)


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


def test_another_folder_must_show_the_same(model, tmp_path):
    draw_classes(tmp_path / "more", NAMES, 4)
    assert folder_pictures(tmp_path / "more", model).name == "more test"
    draw_classes(tmp_path / "others", ("one", "two"), 4)
    with pytest.raises(DatasetError, match="other classes apart"):
        folder_pictures(tmp_path / "others", model)


def test_units_are_about_its_own_classes(model):
    probe = NetworkProbe(model)
    profiles = next(filter(None, find_profiles(probe)))
    assert profiles.means[0].shape == (3, 12)
    assert profiles.best[1].shape == (3, 6)
    assert profiles.picture(0, 3, 5).shape == (28, 28)
    assert ideal_picture(probe, 2).max() > 0
