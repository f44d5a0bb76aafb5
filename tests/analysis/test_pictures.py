"""Where pictures to count on come from, and what is said where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mnist_draw.analysis.pictures import (
    folder_pictures,
    mnist_test,
    mnist_validation,
    my_digits,
)
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import DatasetError
from mnist_draw.storage.my_digits import TaughtDigit, save_digit


def put(path, number=0):
    """Save a test digit of MNIST as a picture, dark on light and larger."""
    path.parent.mkdir(exist_ok=True)
    paper = np.kron(255 - load_dataset().test_images[number, 0], np.ones((6, 6), np.uint8))
    Image.fromarray(paper).save(path)


def test_mnist():
    test, validation = mnist_test(), mnist_validation()
    assert len(test) == len(validation) == 10_000
    assert test.other is not None
    assert validation.other is not None
    assert test.other.digest == validation.digest != test.digest == validation.other.digest


def test_taught_digits():
    with pytest.raises(DatasetError, match="taught no digits yet"):
        my_digits()
    ink = np.zeros((60, 40), np.uint8)
    ink[10:50, 18:22] = 255
    save_digit(TaughtDigit(1, ink))
    pictures = my_digits()
    assert pictures.labels is not None
    assert pictures.labels.tolist() == [1]
    # In place: 20 pixels high around the middle.
    rows = np.flatnonzero(pictures.images[0, 0].max(axis=1) > 100)
    assert 20 <= rows[-1] - rows[0] + 1 <= 21


def test_labels_by_name_and_by_subfolder(tmp_path):
    put(tmp_path / "d" / "7-mine.png")
    (tmp_path / "d" / "2").mkdir()
    put(tmp_path / "d" / "2" / "x.png", 1)
    pictures = folder_pictures(tmp_path / "d")
    assert pictures.labels is not None
    assert sorted(pictures.labels.tolist()) == [2, 7]
    assert pictures.images.shape == (2, 1, 28, 28)
    assert pictures.name == "d"


def test_a_folder_without_labels(tmp_path):
    for number in range(3):
        put(tmp_path / "d" / f"scan {number}.png", number)
    pictures = folder_pictures(tmp_path / "d")
    assert pictures.labels is None
    assert len(pictures) == 3


def test_unreadable_and_unlabelled_pictures_are_left_out_in_words(tmp_path):
    put(tmp_path / "d" / "7.png")
    put(tmp_path / "d" / "scan.png")
    (tmp_path / "d" / "3-broken.png").write_bytes(b"no picture")
    Image.new("L", (50, 50), 255).save(tmp_path / "d" / "1-empty.png")
    pictures = folder_pictures(tmp_path / "d")
    assert len(pictures) == 1
    assert pictures.left_out == 3
    told = " ".join(pictures.messages)
    assert "1 picture does not say what it is" in told
    assert "3-broken.png is not a picture that can be read" in told
    assert "1-empty.png is empty" in told


def test_folders_that_hold_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="holds no pictures to look at"):
        folder_pictures(tmp_path / "empty")
    with pytest.raises(DatasetError, match="There is no folder"):
        folder_pictures(tmp_path / "none")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DatasetError, match="is not a folder"):
        folder_pictures(tmp_path / "file")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "3.png").write_bytes(b"no picture")
    with pytest.raises(DatasetError, match=r"3\.png is not a picture that can be read"):
        folder_pictures(tmp_path / "broken")


def test_idx_files(tmp_path, write_folder):
    folder = write_folder(tmp_path / "fashion")  # type: ignore[operator]
    pictures = folder_pictures(folder)
    assert pictures.name == "fashion test"
    assert len(pictures) == 20
    assert pictures.other is not None
    assert len(pictures.other) == 10
    (folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DatasetError, match="t10k-labels"):
        folder_pictures(folder)
