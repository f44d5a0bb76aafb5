"""Training data of one's own: what is read, how it is split, and what is refused."""

import csv
import gzip
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_classes import draw_classes
from PIL import Image

import mnist_draw
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.dataset.normalise import normalise_ink, usual_side
from mnist_draw.dataset.pictures.picture_file import load_picture
from mnist_draw.dataset.sources import picture_folders
from mnist_draw.dataset.sources.idx_files import read_idx
from mnist_draw.errors import DatasetError
from mnist_draw.library.network_data import data_path, remember_data
from mnist_draw.storage import ModelFile


def complaint(path):
    with pytest.raises(DatasetError) as caught:
        load_dataset(path)
    return str(caught.value)


def pictures(count):
    """Return pictures (count, 28, 28), each with its number in its first pixel."""
    images = np.random.RandomState(1).randint(0, 256, (count, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(count) % 256
    return images


def all_labels(data):
    return np.concatenate([data.train_labels, data.validation_labels, data.test_labels])


# -- folders of pictures


def test_long_reading_is_announced_once(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_folders, "_MANY", 20)
    draw_classes(tmp_path / "shapes", ("one", "two"), 12)
    told: list[str] = []
    for _ in range(2):
        load_dataset(tmp_path / "shapes", told.append)
    (sentence,) = told
    assert f"24 pictures in {tmp_path / 'shapes'}" in sentence


def test_a_folder_of_pictures_by_class(tmp_path):
    draw_classes(tmp_path / "shapes", ("one", "Two", "three"), 12)
    data, again = load_dataset(tmp_path / "shapes"), load_dataset(tmp_path / "shapes")
    # The same pictures are set aside every time.
    np.testing.assert_array_equal(data.test_images, again.test_images)
    np.testing.assert_array_equal(data.train_labels, again.train_labels)
    assert data.name == "shapes"
    assert data.classes == ("one", "three", "Two")
    assert not data.shows_digits
    for part in (data.train_labels, data.validation_labels, data.test_labels):
        assert set(part.tolist()) == {0, 1, 2}
    assert np.bincount(data.test_labels).tolist() == [2, 2, 2]
    assert len(all_labels(data)) == 36
    assert "6 were drawn" in " ".join(data.messages)
    # They are what is made of a picture that is to be read.
    first = normalise_ink(load_picture(tmp_path / "shapes" / "Two" / "0.png"))
    everything = np.concatenate([data.train_images, data.validation_images, data.test_images])
    assert any(np.allclose(scale(picture[0]), first, atol=1 / 256) for picture in everything)
    # Drawn class by class, but not learned so.
    assert len(set(data.first(6).train_labels.tolist())) > 1


def test_folders_for_training_and_test(tmp_path):
    draw_classes(tmp_path / "train", ("10", "9", "x"), 7)
    draw_classes(tmp_path / "test", ("10", "x"), 2)
    data = load_dataset(tmp_path)
    assert data.classes == ("9", "10", "x")
    assert data.test_labels.tolist().count(1) == 2
    assert len(data.train_labels) + len(data.validation_labels) == 21
    assert data.messages == ()
    draw_classes(tmp_path / "digits", DIGITS, 4)
    assert load_dataset(tmp_path / "digits").shows_digits


def test_what_cannot_be_read_is_left_out_and_told(tmp_path):
    draw_classes(tmp_path, ("a", "b"), 4)
    (tmp_path / "a" / "broken.png").write_bytes(b"no picture")
    Image.new("L", (20, 20), 255).save(tmp_path / "b" / "empty.png")
    (tmp_path / "b" / "notes.txt").write_text("not a picture, and not meant to be one")
    data = load_dataset(tmp_path)
    assert len(all_labels(data)) == 8
    told = " ".join(data.messages)
    assert "2 pictures" in told
    assert "broken.png" in told
    # So are folders that make no class.
    draw_classes(tmp_path / "square", ("photos",), 3)
    (tmp_path / "triangle").mkdir()
    (tmp_path / ".hidden").mkdir()
    data = load_dataset(tmp_path)
    assert data.classes == ("a", "b")
    [told] = [sentence for sentence in data.messages if "hold no pictures" in sentence]
    assert str(tmp_path / "square") in told
    assert str(tmp_path / "triangle") in told


def test_pictures_are_read_once_and_again_when_they_change(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    draw_classes(tmp_path / "data", ("a", "b"), 5)
    (tmp_path / "data" / "a" / "broken.png").write_bytes(b"no picture")
    first = load_dataset(tmp_path / "data")
    monkeypatch.setattr(picture_folders, "normalise_ink", None)
    again = load_dataset(tmp_path / "data")
    np.testing.assert_array_equal(first.train_images, again.train_images)
    assert again.messages == first.messages
    monkeypatch.undo()
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    Image.new("L", (9, 9), 255).save(tmp_path / "data" / "b" / "0.png")
    assert len(all_labels(load_dataset(tmp_path / "data"))) == 9


@pytest.mark.parametrize("content", ["", '{"format": "mnist_draw data sets", "version": 2}'])
def test_places_that_cannot_be_read_are_put_aside(tmp_path, monkeypatch, content):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    draw_classes(tmp_path / "shapes", ("a", "b"), 5)
    data = load_dataset(tmp_path / "shapes")
    remember_data(tmp_path / "shapes", data)
    (kept,) = (tmp_path / "home").rglob("data-sets.json")
    kept.write_text(content)
    remember_data(tmp_path / "shapes", data)
    (aside,) = kept.parent.glob("data-sets.json.unreadable-*")
    assert aside.read_text() == content
    assert len(json.loads(kept.read_text())["places"]) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all names are Unicode")
def test_names_that_are_no_utf8(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    place = tmp_path / os.fsdecode(b"gr\xf6\xdfe")
    draw_classes(place, ("a", "b"), 5)
    (place / "a" / "0.png").rename(place / "a" / os.fsdecode(b"gr\xfcn.png"))
    data = load_dataset(place)
    assert len(all_labels(data)) == 10
    # What it is called goes into models, reports and tables; where it lies is asked again.
    assert data.name == "gr��e"
    assert data.folder.samefile(place)
    model = ModelFile("mlp", (np.ones(1, np.float32),), {"data": data.name, "classes": ["a", "b"]})
    remember_data(place, data)
    assert data_path(model) == str(place)
    (place / "b").rename(place / os.fsdecode(b"b\xe4"))
    assert "can be shown" in complaint(place)


@pytest.mark.parametrize(
    ("names", "count", "expected"),
    [
        (("only",), 5, "(only); at least 2"),
        (("a", "b"), 2, "too few pictures: 2. Each needs at least 3"),
        (("a", "b" * 41), 4, "1 to 40 characters"),
        (("a", "b\u202e"), 4, "'b\\u202e'; a name has 1 to 40 characters"),
    ],
)
def test_folders_that_cannot_be_learned(tmp_path, names, count, expected):
    draw_classes(tmp_path, names, count)
    assert expected in complaint(tmp_path)
    assert "would be one" in complaint(tmp_path / names[0])


def test_a_folder_with_nothing(tmp_path):
    assert "holds no data" in complaint(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.png").write_bytes(b"no picture")
    said = complaint(tmp_path)
    assert "picture that can" in said
    assert "b.png" in said


# -- IDX files


def write_emnist(folder, write_idx, kind, labels):
    for part, count in (("train", 12 * labels), ("test", 2 * labels)):
        base = folder / f"emnist-{kind}-{part}"
        numbers = np.arange(count) % labels + (kind == "letters")
        write_idx(Path(f"{base}-images-idx3-ubyte.gz"), pictures(count))
        write_idx(Path(f"{base}-labels-idx1-ubyte.gz"), numbers)


def test_emnist(tmp_path, write_idx):
    write_emnist(tmp_path, write_idx, "letters", 26)
    mapping = "".join(f"{n + 1} {65 + n} {97 + n}\n" for n in range(26))
    (tmp_path / "emnist-letters-mapping.txt").write_text(mapping)
    data = load_dataset(tmp_path)
    assert "".join(data.classes) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert data.train_labels[:3].tolist() == [0, 1, 2]
    # Rows and columns are exchanged.
    np.testing.assert_array_equal(data.train_images[1, 0], pictures(2)[1].T)
    write_emnist(tmp_path, write_idx, "letters", 26)
    write_emnist(tmp_path, write_idx, "balanced", 47)
    assert "Choose one instead of the folder" in complaint(tmp_path)
    chosen = tmp_path / "emnist-balanced-train-images-idx3-ubyte.gz"
    data = load_dataset(chosen)
    assert (data.name, len(data.classes)) == ("emnist-balanced", 47)
    assert (data.classes[10], data.classes[-1]) == ("A", "t")


def test_names_that_are_well_known_or_beside_the_files(tmp_path, write_folder):
    (tmp_path / "FashionMNIST").mkdir()
    write_folder(tmp_path / "FashionMNIST" / "raw")
    for place in (tmp_path / "FashionMNIST", tmp_path / "FashionMNIST" / "raw"):
        data = load_dataset(place)
        assert data.name == "FashionMNIST"
        assert data.classes[9] == "Ankle boot"
    folder = write_folder(tmp_path / "data")
    assert load_dataset(folder).shows_digits
    (folder / "classes.txt").write_text("\n".join("abcdefghij"), encoding="utf-8")
    assert load_dataset(folder).classes == tuple("abcdefghij")
    (folder / "classes.txt").write_text("\n".join("aacdefghij"))
    assert "two classes" in complaint(folder)
    (folder / "classes.txt").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8 text" in complaint(folder)


# -- NumPy's files


def test_keras_file(tmp_path):
    images = pictures(80)
    np.savez_compressed(
        tmp_path / "mnist.npz",
        x_train=images[:60], y_train=np.arange(60, dtype=np.uint8) % 10,
        x_test=images[60:], y_test=np.arange(20, dtype=np.uint8) % 10,
    )  # fmt: skip
    for place in (tmp_path / "mnist.npz", tmp_path):
        data = load_dataset(place)
        assert data.shows_digits
        # As with MNIST itself the last training pictures validate.
        np.testing.assert_array_equal(data.train_images[:, 0], images[:50])
        np.testing.assert_array_equal(data.validation_images[:, 0], images[50:60])
        np.testing.assert_array_equal(data.test_images[:, 0], images[60:])


def test_kmnists_four_files(tmp_path):
    for part, count in (("train", 60), ("test", 20)):
        np.savez(tmp_path / f"kmnist-{part}-imgs.npz", pictures(count))
        np.savez(tmp_path / f"kmnist-{part}-labels.npz", np.arange(count, dtype=np.uint8) % 10)
    data = load_dataset(tmp_path)
    assert data.classes[:2] == ("o", "ki")
    assert len(data.test_labels) == 20
    lines = [f"{number},U+304A,{sign}" for number, sign in enumerate("おきすつなはまやれを")]
    content = "\n".join(["index,codepoint,char", *lines])
    (tmp_path / "kmnist_classmap.csv").write_text(content, encoding="utf-8")
    assert load_dataset(tmp_path).classes[0] == "お"
    (tmp_path / "kmnist-test-labels.npz").unlink()
    assert "no file kmnist-test-labels.npz" in complaint(tmp_path)


def test_parts_of_medmnist_and_floats(tmp_path):
    images = pictures(60).astype(np.float32) / 255
    arrays: dict[str, np.ndarray] = {}
    for part, some in (("train", images[:40]), ("val", images[40:50]), ("test", images[50:])):
        arrays[f"{part}_images"] = some[..., None]
        arrays[f"{part}_labels"] = (np.arange(len(some)) % 2)[:, None]
    np.savez(tmp_path / "tissue.npz", **arrays)
    (tmp_path / "classes.txt").write_text("well\nill\n")
    data = load_dataset(tmp_path / "tissue.npz")
    assert data.classes == ("well", "ill")
    assert len(data.validation_labels) == 10
    assert sorted(data.test_images[:, 0, 0, 0]) == list(range(50, 60))


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"weights": np.zeros(3)}, "its arrays are weights"),
        ({"x": np.zeros((9, 20, 20), np.uint8), "y": np.zeros(9)}, "9×20×20"),
        ({"x": np.zeros((9, 28, 28), np.uint8), "y": np.zeros((9, 3))}, "labels of the shape 9×3"),
        ({"x": np.zeros((9, 28, 28), np.uint8), "y": np.zeros(8)}, "9 pictures for 8 labels"),
        ({"x": np.zeros((9, 28, 28, 3), np.uint8), "y": np.zeros(9)}, "9×28×28×3"),
        ({"x": pictures(9), "y": np.full(9, 2**63, np.uint64)}, "labels of the shape 9"),
        ({"x": pictures(9), "y": np.full(9, np.inf)}, "labels of the shape 9"),
        ({"x": pictures(606), "y": np.arange(606) % 101}, "101 classes; at most 100"),
        ({"x": np.full((9, 784), -1.0), "y": np.zeros(9)}, "pixels from −1 to −1"),
        ({"x": np.zeros((9, 784)), "y": np.arange(9) - 4}, "the label -4"),
    ],
)
def test_arrays_that_make_no_sense(tmp_path, arrays, expected):
    np.savez(tmp_path / "data.npz", **arrays)
    assert expected in complaint(tmp_path / "data.npz")
    (tmp_path / "data.npz").write_bytes(b"PK\x03\x04 and no more")
    assert "cannot be used" in complaint(tmp_path / "data.npz")


# -- tables


def write_table(path, images, labels, head=True):
    with path.open("w", newline="") as file:
        lines = csv.writer(file)
        if head:
            lines.writerow((["label"] if labels else []) + [f"pixel{n}" for n in range(784)])
        for number, image in enumerate(images.reshape(-1, 784).tolist()):
            lines.writerow(([labels[number]] if labels else []) + image)


def test_kaggles_tables(tmp_path):
    images = pictures(72)
    write_table(tmp_path / "train.csv", images, (np.arange(72) % 10).tolist())
    write_table(tmp_path / "test.csv", images[:5], None)
    data = load_dataset(tmp_path)
    assert data.shows_digits
    told = " ".join(data.messages)
    assert "no labels" in told
    assert "set aside" in told
    by_number = {int(image[0, 0, 0]): int(label) for image, label in zip(
        np.concatenate([data.train_images, data.validation_images, data.test_images]),
        all_labels(data), strict=True)}  # fmt: skip
    assert by_number == {n: n % 10 for n in range(72)}


def test_a_table_with_words_and_one_without_a_head(tmp_path):
    images = pictures(24)
    write_table(tmp_path / "words.csv", images, ["cat", "dog"] * 12, head=False)
    data = load_dataset(tmp_path / "words.csv")
    assert data.name == "words"
    assert data.classes == ("cat", "dog")
    packed = tmp_path / "packed.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "words.csv").read_bytes()))
    np.testing.assert_array_equal(load_dataset(packed).train_images, data.train_images)


@pytest.mark.parametrize("label", ["9" * 20, "9" * 30])
def test_numbers_of_more_than_64_bits_are_names(tmp_path, label):
    write_table(tmp_path / "data.csv", pictures(24), [label, "7"] * 12)
    assert load_dataset(tmp_path / "data.csv").classes == ("7", label)


def test_a_label_in_another_column(tmp_path):
    lines = [",".join([*(f"p{n}" for n in range(784)), "Class"])]
    lines += [",".join([*(["0"] * 783), str(n), f'"{n % 2}.0"']) for n in range(24)]
    (tmp_path / "data.csv").write_text("\n\n".join(lines))
    data = load_dataset(tmp_path / "data.csv")
    last = np.concatenate([data.train_images, data.validation_images, data.test_images])[:, 0, 27]
    np.testing.assert_array_equal(last[:, 27] % 2, all_labels(data))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "has 1 column"),
        ("1," + ",".join(["0"] * 783) + ",x\n", "lines that are not a label and 784 numbers"),
        (
            ("1," + ",".join(["0"] * 784) + "\n") * 2 + "\n1,2\n",
            "lines that are not a label and 784 numbers",
        ),
        ("1," + ",".join(["300"] * 783) + ",0\n", "pixels from 0 to 300"),
        (",".join(["0"] * 784) + "\n", "784 columns; a label and 784 pixels"),
        ("label," + ",".join(f"p{n}" for n in range(784)) + "\n", "no pictures at all"),
        ("\x89PNG\0\xff", "column"),
    ],
)
def test_tables_that_make_no_sense(tmp_path, content, expected):
    (tmp_path / "data.csv").write_text(content, encoding="utf-8")
    assert expected in complaint(tmp_path / "data.csv")


def test_a_test_label_that_is_never_trained(tmp_path):
    write_table(tmp_path / "train.csv", pictures(30), ["a", "b"] * 15)
    write_table(tmp_path / "test.csv", pictures(3), ["a", "b", "c"])
    said = complaint(tmp_path)
    assert "test.csv" in said
    assert "(a, b)" in said


# -- how large what is drawn becomes


@pytest.mark.parametrize(("margin", "expected"), [(4, 20), (3, 22), (0, 28)])
def test_the_usual_side_of_the_ink(margin, expected):
    images = np.zeros((9, 28, 28), np.uint8)
    images[1:, margin : 28 - margin, 10:15] = 200
    assert usual_side(images) == expected
    assert usual_side(images.transpose(0, 2, 1)) == expected
    assert usual_side(load_dataset().train_images[:1000, 0]) == 20
    assert usual_side(images[:1]) == 20


# -- from Python


def test_load_data_tells_the_classes(tmp_path):
    draw_classes(tmp_path, ("x", "y"), 6)
    data = mnist_draw.load_data(tmp_path)
    X_train, y_train, *_ = data
    assert X_train.dtype == np.float32
    assert X_train.max() <= 255 / 256
    assert set(y_train.tolist()) == {0, 1}
    assert data.classes == ("x", "y")  # type: ignore[attr-defined]


# -- one IDX file


PICTURES = np.arange(2 * 28 * 28, dtype=np.int64).reshape(2, 28, 28) % 256


def idx_complaint(path, dimensions=(3,)):
    with pytest.raises(DatasetError) as caught:
        read_idx(path, dimensions=dimensions)
    return str(caught.value)


def test_compression_is_seen_in_the_content(tmp_path, write_idx):
    plain, packed = (write_idx(tmp_path / name, PICTURES) for name in ("plain", "packed.gz"))
    other = plain.rename(tmp_path / "plain.gz"), packed.rename(tmp_path / "packed")
    for path in (*other, write_idx(tmp_path / "usual", PICTURES)):
        found = read_idx(path, dimensions=(3,))
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, PICTURES)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_every_number_type_in_the_machines_byte_order(tmp_path, write_idx, dtype):
    values = np.array([0, 1, 9, 100])
    found = read_idx(write_idx(tmp_path / "values", values, dtype), dimensions=(1,))
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, values)
    path = write_idx(tmp_path / "none", np.empty((0, 28, 28)), dtype)
    assert read_idx(path, dimensions=(3,)).shape == (0, 28, 28)


def test_missing_file_and_folder_in_its_place(tmp_path):
    assert f"no file {tmp_path / 'absent'}" in idx_complaint(tmp_path / "absent")
    assert f"{tmp_path} cannot be used" in idx_complaint(tmp_path)


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (b"PK\x03\x04 a zip archive", "50 4b 03 04"),
        (b"<html>not found</html>", "3c 68 74 6d"),
        (b"\0\0\x07\x03" + bytes(12), "00 00 07 03"),
    ],
)
def test_other_files(tmp_path, content, begins):
    path = tmp_path / "other"
    path.write_bytes(content)
    said = idx_complaint(path)
    assert f"{path} is not an" in said
    assert begins in said


def test_an_empty_file_is_cut_short(tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(b"")
    assert "ends after 0 bytes" in idx_complaint(path)


def test_another_length_than_its_header_says(tmp_path, write_idx):
    path = write_idx(tmp_path / "images", PICTURES)
    whole = path.read_bytes() + b"\0"
    for length, words in ((15, "cut short"), (1583, "1,584 bytes"), (1585, "longer than")):
        path.write_bytes(whole[:length])
        said = idx_complaint(path)
        assert str(path) in said
        assert words in said
    # Sizes beyond any memory allocate nothing.
    path.write_bytes(b"\0\0\x0e\x03" + b"\xff" * 12)
    assert "most 629 MB" in idx_complaint(path)


def read_or_complaint(path, dimensions):
    """Return the values or the sentence."""
    try:
        return read_idx(path, dimensions=dimensions)
    except DatasetError as error:
        return str(error)


@given(place=st.integers(2, 10_000), bit=st.integers(0, 7))
@settings(max_examples=150)
def test_gzip_with_one_bit_turned(tmp_path, write_idx, place, bit):
    path = write_idx(tmp_path / "images.gz", PICTURES)
    content = bytearray(path.read_bytes())
    content[place % (len(content) - 2) + 2] ^= 1 << bit
    path.write_bytes(content)
    found = read_or_complaint(path, (3,))
    if isinstance(found, str):
        assert str(path) in found
    else:
        # A few bits of the gzip header mean nothing (time, system).
        np.testing.assert_array_equal(found, PICTURES)


@given(content=st.binary(max_size=64), start=st.sampled_from([b"", b"\0\0", b"\0\0\x08\x01"]))
@settings(max_examples=200)
def test_any_bytes_give_values_or_a_sentence(tmp_path, start, content):
    path = tmp_path / "anything"
    path.write_bytes(start + content)
    found = read_or_complaint(path, (1, 2, 3))
    assert str(path) in found if isinstance(found, str) else found.nbytes <= len(content)
