"""Digits of one's own: found, labeled, normalised, and mixed among a data set's."""

import csv
import dataclasses
import errno
import os
import stat
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.own_digits import (
    MAX_REPEATS,
    NAMES,
    SHARE,
    ExtraDigits,
    export_csv,
    export_idx,
    load_extra,
    mix,
    read_digits,
    repeats_for,
)
from mnist_draw.errors import DatasetError, UserError
from mnist_draw.storage import StorageError
from mnist_draw.storage.my_digits import TaughtDigit, save_digit


def ink(width=8):
    """Return an upright bar on a board."""
    picture = np.zeros((100, 100), np.uint8)
    picture[20:80, 40 : 40 + width] = 255
    return picture


def bar(path):
    """Stand in for the reader of pictures: half dark ink, or a complaint."""
    if "unreadable" in path.name:
        raise UserError(f"The picture {path} is damaged.")
    if "empty" in path.name:
        return np.zeros((50, 50), np.float32)
    return ink().astype(np.float32) / 510


def touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"a picture")


def test_labels_come_from_subfolders_names_and_taught_digits(tmp_path):
    save_digit(TaughtDigit(9, ink()), tmp_path)
    touch(tmp_path, "4.jpg", "7 of mine.PNG", "0/photo.png", "5/3.bmp", "notes.txt", ".hidden.png")
    touch(tmp_path, "12/4.png", "other/6.png", ".deleted/1 8.png")
    digits, told = read_digits(tmp_path, bar)
    found = {digit.path.name: digit.label for digit in digits if digit.path}
    taught = next(name for name in found if name.startswith("9-"))
    assert found == {"4.jpg": 4, "7 of mine.PNG": 7, "photo.png": 0, "3.bmp": 5, taught: 9}
    assert told == []
    assert digits[0].ink.max() == 128


def test_the_order_does_not_depend_on_the_system(tmp_path):
    touch(tmp_path, "9.png", "1.png", "B.png", "10.png", "5/b.png", "5/a.png")
    digits, _ = read_digits(tmp_path, bar)
    names = [digit.path.name for digit in digits if digit.path]
    assert names == ["1.png", "10.png", "a.png", "b.png", "9.png"]


def test_each_file_that_is_left_out_has_its_sentence(tmp_path):
    touch(tmp_path, "1-unreadable.png", "2-empty.png", "x.png", "3.png")
    extra, told = load_extra(tmp_path, bar)
    assert list(extra.labels) == [3]
    assert len(told) == 3
    wanted = {"1-unreadable.png": "is damaged", "2-empty.png": "is empty", "x.png": "has no label"}
    for name, words in wanted.items():
        (sentence,) = (sentence for sentence in told if name in sentence)
        assert words in sentence


def test_a_folder_without_digits_is_refused(tmp_path):
    touch(tmp_path, "x.png")
    for name, words in (
        ("missing", "There is no folder"),
        ("x.png", "is not a folder"),
        ("", r"holds no digit to learn.*x\.png has no label"),
    ):
        with pytest.raises(DatasetError, match=words):
            load_extra(tmp_path / name, bar)


def test_digits_are_normalised_as_drawings_are(tmp_path):
    save_digit(TaughtDigit(1, ink()), tmp_path)
    extra, _ = load_extra(tmp_path, bar)
    assert extra.images.dtype == extra.labels.dtype == np.uint8
    assert extra.images.shape == (1, 1, 28, 28)
    rows = np.flatnonzero(extra.images[0, 0].max(axis=1) > 128)
    assert 19 <= len(rows) <= 21
    assert extra.images.max() == 255


def some(digits):
    """Return digits of random pictures."""
    images = np.random.default_rng(1).integers(0, 256, (digits, 1, 28, 28)).astype(np.uint8)
    return ExtraDigits(images, (np.arange(digits) % 10).astype(np.uint8), Path("mine"))


def test_they_come_after_the_training_pictures_and_nothing_else_changes(digits):
    assert repeats_for(1, 50_000) == MAX_REPEATS
    assert repeats_for(1000, 50_000) == round(SHARE * 50)
    assert repeats_for(50_000, 600) == 1
    extra = some(3)
    mixed = mix(digits, extra)
    repeats = repeats_for(3, 600)
    assert len(mixed.train_labels) == len(mixed.train_images) == 600 + 3 * repeats
    assert np.array_equal(mixed.train_images[:600], digits.train_images)
    assert mixed.train_labels.dtype == np.uint8
    assert list(mixed.train_labels[600:606]) == [0, 1, 2, 0, 1, 2]
    assert np.array_equal(mixed.train_images[603:606], extra.images)
    assert mixed.validation_images is digits.validation_images
    assert mixed.test_labels is digits.test_labels
    # They are scaled where the others are.
    floats = dataclasses.replace(digits, train_images=scale(digits.train_images))
    mixed = mix(floats, extra)
    assert mixed.train_images.dtype == np.float32
    assert np.array_equal(mixed.train_images[600:603], scale(extra.images))


@pytest.mark.parametrize(("digits", "train", "test"), [(3, 2, 1), (5, 4, 1), (14, 12, 2)])
def test_idx_files_are_read_back_as_a_data_set(tmp_path, digits, train, test):
    extra = some(digits)
    assert export_idx(extra, tmp_path) == (train, test)
    data = load_dataset(tmp_path)
    images = np.concatenate([data.train_images, data.validation_images, data.test_images])
    labels = np.concatenate([data.train_labels, data.validation_labels, data.test_labels])
    assert len(data.test_labels) == test
    found = {(int(label), image.tobytes()) for label, image in zip(labels, images, strict=True)}
    pairs = zip(extra.labels, extra.images, strict=True)
    assert found == {(int(label), image.tobytes()) for label, image in pairs}
    assert len(labels) == digits
    again = tmp_path / "again"
    again.mkdir()
    export_idx(extra, again)
    assert all((again / name).read_bytes() == (tmp_path / name).read_bytes() for name in NAMES)


def test_no_data_set_is_made_of_two_digits_or_replaced(tmp_path):
    with pytest.raises(DatasetError, match="found: 2"):
        export_idx(some(2), tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / NAMES[3]).write_bytes(b"MNIST's own")
    with pytest.raises(DatasetError, match="nothing was written"):
        export_idx(some(9), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[3]]


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
@pytest.mark.parametrize("nth", [1, 2, 4])
def test_all_files_of_a_data_set_or_none(tmp_path, monkeypatch, call, nth):
    (tmp_path / "notes").write_text("mine")
    module = Path if call == "replace" else os
    work, calls = getattr(module, call), count(1)

    def fail(path, *rest):
        # Folders are opened and synced too; only files count.
        folder = stat.S_ISDIR(os.fstat(path).st_mode) if call == "fsync" else Path(path).is_dir()
        if not folder and next(calls) == nth:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return work(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(module, call, fail)
        with pytest.raises(StorageError, match="Nothing was written"):
            export_idx(some(9), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    export_idx(some(9), tmp_path)
    assert len(load_dataset(tmp_path).test_labels) == 1


def test_a_table_has_a_row_for_each_digit(tmp_path):
    extra = some(3)
    export_csv(extra, tmp_path / "mine.csv")
    with (tmp_path / "mine.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert (header[:2], len(header), len(rows)) == (["label", "pixel0"], 785, 3)
    assert np.array_equal(np.array(rows, int)[:, 0], extra.labels)
    assert np.array_equal(np.array(rows, int)[:, 1:], extra.images.reshape(3, -1))
    for export, place in ((export_csv, "none/mine.csv"), (export_idx, "none")):
        with pytest.raises(StorageError):
            export(extra, tmp_path / place)
