"""Loading data sets: MNIST as it ships, and any folder of IDX files."""

import contextlib
import gzip
import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.dataset import mnist
from mnist_draw.dataset.mnist import (
    dataset_name,
    iterate_minibatches,
    load_data,
    load_dataset,
    scale,
)
from mnist_draw.dataset.sources.idx_files import read_idx
from mnist_draw.errors import DatasetError
from mnist_draw.storage.folders import resource_path

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
NAMES = tuple(SHA256)


def complaint(folder):
    with pytest.raises(DatasetError) as caught:
        load_dataset(folder)
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_the_files_that_ship_are_mnist(name):
    content = gzip.decompress((resource_path("mnist") / f"{name}.gz").read_bytes())
    assert hashlib.sha256(content).hexdigest() == SHA256[name]


def test_threads_that_ask_at_once_share_one_mnist(monkeypatch):
    loaded = load_dataset()
    second = threading.Barrier(2)

    def load(*_):
        # A second thread that reads would come while the first one does.
        with contextlib.suppress(threading.BrokenBarrierError):
            second.wait(0.05)
        return replace(loaded)

    monkeypatch.setattr(mnist, "_load", load)
    mnist.shipped.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: load_dataset(), range(4)))
    assert len({id(each) for each in found}) == 1


def test_credits_and_licence_ship_beside_them():
    text = (resource_path("mnist") / "README.md").read_text(encoding="utf-8")
    for word in ("LeCun", "Cortes", "Burges", "CC BY-SA 3.0"):
        assert word in text


@pytest.mark.slow
def test_load_data_returns_what_the_tutorial_does_split_as_there():
    X_train, y_train, X_val, y_val, X_test, y_test = load_data()
    for pictures, labels, count in (
        (X_train, y_train, 50_000),
        (X_val, y_val, 10_000),
        (X_test, y_test, 10_000),
    ):
        assert pictures.shape == (count, 1, 28, 28)
        assert pictures.dtype == np.float32
        assert labels.shape == (count,)
        assert labels.dtype == np.uint8
        assert (pictures.min(), pictures.max()) == (0, np.float32(255 / 256))
        assert sorted(set(labels.tolist())) == list(range(10))
    folder = resource_path("mnist")
    images = read_idx(folder / "train-images-idx3-ubyte.gz", dimensions=(3,))
    labels = read_idx(folder / "train-labels-idx1-ubyte.gz", dimensions=(1,))
    assert (images[:-10_000:20] == X_train[::20, 0] * 256).all()
    assert (images[-10_000::20] == X_val[::20, 0] * 256).all()
    assert (labels[:-10_000] == y_train).all()
    assert (labels[-10_000:] == y_val).all()
    assert y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_mnist_is_read_once_cannot_be_changed_and_is_scaled_exactly():
    gray = np.arange(256, dtype=np.uint8).reshape(1, 1, 16, 16)
    found = scale(gray)
    assert found.dtype == np.float32
    assert (found.ravel().astype(np.float64) == np.arange(256) / 256).all()
    data = load_dataset()
    assert load_dataset() is data
    assert data.name == "MNIST"
    for values in (data.train_images, data.test_labels):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0
    few = data.first(1000)
    assert len(few.train_images) == len(few.train_labels) == 1000
    assert (few.train_labels == data.train_labels[:1000]).all()
    assert few.validation_images is data.validation_images
    assert few.test_labels is data.test_labels
    assert len(data.first(10**6).train_labels) == 50_000


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        tuple(f"{name}.gz" for name in NAMES),
        tuple(name.replace("-idx", ".idx") for name in NAMES),
        (NAMES[0], f"{NAMES[1]}.gz", NAMES[2].replace("-idx", ".idx"), f"{NAMES[3]}.gz"),
        tuple(f"fashion-mnist-{name}.gz" for name in NAMES),
        tuple(f"emnist-digits-{name.replace('t10k', 'test')}.gz" for name in NAMES),
        tuple(f"qmnist-{name.replace('t10k', 'test')}.gz" for name in NAMES),
    ],
    ids=["plain", "gzip", "dots", "mixed", "fashion", "emnist", "qmnist"],
)
def test_names_under_which_data_sets_are_published(tmp_path, write_folder, names):
    folder = write_folder(tmp_path / "data set", names)
    data = load_dataset(str(folder))
    assert data.name == "data set"
    assert data.folder == folder
    shapes = [data.train_images.shape, data.validation_images.shape, data.test_images.shape]
    assert shapes == [(count, 1, 28, 28) for count in (50, 10, 20)]
    assert data.train_labels.tolist() == [number % 10 for number in range(50)]
    assert data.validation_labels.tolist() == list(range(10))


def test_qmnists_extended_labels(tmp_path, write_folder, write_idx):
    names = ("qmnist-train-images-idx3-ubyte.gz", "x", "qmnist-test-images-idx3-ubyte.gz", "x")
    folder = write_folder(tmp_path / "qmnist", names)
    for part, count in (("train", 60), ("test", 20)):
        table = np.full((count, 8), 4000)
        table[:, 0] = (np.arange(count) * 3) % 10
        write_idx(folder / f"qmnist-{part}-labels-idx2-int.gz", table, "i4")
    (folder / "qmnist-test50k-images-idx3-ubyte.gz").write_bytes(b"another part, not looked at")
    data = load_dataset(folder)
    assert data.train_labels.dtype == np.uint8
    assert data.train_labels[:4].tolist() == [0, 3, 6, 9]


def test_folders_named_like_files_and_one_that_fails_while_listed(
    tmp_path,
    write_folder,
    monkeypatch,
):
    names = tuple(name.replace("-idx", ".idx") for name in NAMES)
    folder = write_folder(tmp_path / "archive", names)
    for name in NAMES:
        (folder / name).mkdir()
    assert len(load_dataset(folder).train_images) == 50
    # A tilde is the home folder.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert len(load_dataset("~/archive").test_labels) == 20

    def fail(self):
        raise PermissionError(13, "Permission denied")

    folder = write_folder(tmp_path / "data")
    monkeypatch.setattr(Path, "iterdir", fail)
    assert f"{folder} cannot be read" in complaint(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(tmp_path, write_folder, name):
    assert f"{tmp_path / 'absent'} is neither a" in complaint(tmp_path / "absent")
    folder = write_folder(tmp_path / "data")
    (folder / name).unlink()
    assert f"{folder} holds no file {name} or {name}.gz" in complaint(folder)


def test_swapped_files_and_labels_of_another_file(tmp_path, write_folder):
    folder = write_folder(tmp_path / "data")
    images, labels = folder / NAMES[0], folder / NAMES[1]
    content = images.read_bytes()
    labels.replace(images)
    labels.write_bytes(content)
    said = complaint(folder)
    assert str(images) in said
    assert "swapped" in said
    images.write_bytes(content)
    (folder / NAMES[1]).write_bytes((folder / NAMES[3]).read_bytes())
    said = complaint(folder)
    assert f"{folder / NAMES[0]} holds 60 pictures for 20 labels in {folder / NAMES[1]}" in said


@pytest.mark.parametrize(("label", "dtype"), [(10, "u1"), (61, "i4"), (-1, "i2"), (3.5, "f4")])
def test_labels_that_are_no_digits(tmp_path, write_folder, write_idx, label, dtype):
    folder = write_folder(tmp_path / "data")
    labels = np.arange(20.0) % 10
    labels[7] = label
    path = write_idx(folder / NAMES[3], labels, dtype)
    said = complaint(folder)
    assert str(path) in said
    assert ("float32" if dtype == "f4" else f"the label {label};") in said


def test_too_few_pictures(tmp_path, write_folder):
    for train, test, words in ((1, 20, "too few"), (0, 20, "no pictures"), (60, 0, "no pict")):
        assert words in complaint(write_folder(tmp_path / "data", train=train, test=test))


@pytest.mark.parametrize("others", ["emnist-letters", "fashion-mnist"])
def test_several_data_sets_in_one_folder(tmp_path, write_folder, others):
    folder = tmp_path / "data"
    for prefix in ("emnist-digits", others):
        write_folder(folder, tuple(f"{prefix}-{name}" for name in NAMES))
    said = complaint(folder)
    assert "holds several files" in said
    assert "emnist-digits-" in said
    assert others in said
    # MNIST's own names need no guess.
    write_folder(folder)
    assert len(load_dataset(folder).train_images) == 50


INPUTS = np.arange(23, dtype=np.float32).reshape(23, 1)
TARGETS = np.arange(23)


def order(**how):
    batches = list(iterate_minibatches(INPUTS, TARGETS, 5, **how))
    for inputs, targets in batches:
        assert inputs.shape == (5, 1)
        assert (inputs[:, 0] == targets).all()
    return [int(target) for _, targets in batches for target in targets]


def test_minibatches():
    assert order() == list(range(20))
    inputs, _ = next(iter(iterate_minibatches(INPUTS, TARGETS, 5)))
    assert np.shares_memory(inputs, INPUTS)
    found = order(shuffle=True)
    assert len(found) == len(set(found)) == 20
    assert found != sorted(found)
    missing = {frozenset(range(23)) - frozenset(order(shuffle=True)) for _ in range(20)}
    assert len(missing) > 1
    given, seeded = [], []
    for seed in (1, 1, 2):
        given.append(order(shuffle=True, rng=np.random.default_rng(seed)))
        np.random.seed(seed)  # noqa: NPY002
        seeded.append(order(shuffle=True))
    for found in (given, seeded):
        assert found[0] == found[1] != found[2]
    for size, count in ((1, 23), (23, 1), (24, 0)):
        assert len(list(iterate_minibatches(INPUTS, TARGETS, size))) == count
    with pytest.raises(ValueError, match="23 inputs and 22 targets"):
        list(iterate_minibatches(INPUTS, TARGETS[1:], 5))
    for size in (0, -5):
        with pytest.raises(ValueError, match=f"at least 1, got {size}"):
            list(iterate_minibatches(INPUTS, TARGETS, size))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (None, "MNIST"),
        ("my digits.npz", "my digits"),
        ("FashionMNIST/raw", "FashionMNIST"),
        ("one/two/..", "one"),
        # It may be on a disk that is not there now, or one that answers late.
        ("/nowhere/letters", "letters"),
    ],
)
def test_the_name_of_a_data_set_is_found_without_a_disk(path, name, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("the disk was read")

    for read in ("stat", "lstat", "readlink"):
        monkeypatch.setattr(os, read, refuse)
    assert dataset_name(path) == name
