"""Reading one IDX file: what is right is read, and each fault is told in a sentence."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_draw.dataset.sources.idx_files import read_idx
from mnist_draw.errors import DatasetError

PICTURES = np.arange(2 * 28 * 28, dtype=np.int64).reshape(2, 28, 28) % 256


def complaint(path, dimensions=(3,)):
    with pytest.raises(DatasetError) as caught:
        read_idx(path, dimensions=dimensions)
    return str(caught.value)


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_pictures_plain_and_compressed(tmp_path, write_idx, name):
    found = read_idx(write_idx(tmp_path / name, PICTURES), dimensions=(3,))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, PICTURES)


def test_compression_is_seen_in_the_content(tmp_path, write_idx):
    packed = write_idx(tmp_path / "packed.gz", PICTURES)
    for name in ("train-images-idx3-ubyte", "plain.gz"):
        path = tmp_path / name
        content = packed.read_bytes()
        path.write_bytes(content if name.startswith("train") else gzip.decompress(content))
        np.testing.assert_array_equal(read_idx(path, dimensions=(3,)), PICTURES)


@pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "i4", "f4", "f8"])
def test_every_number_type_in_the_machines_byte_order(tmp_path, write_idx, dtype):
    values = np.array([0, 1, 9, 100])
    found = read_idx(write_idx(tmp_path / "values", values, dtype), dimensions=(1,))
    assert found.dtype == np.dtype(dtype)
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, values)


def test_no_values_at_all(tmp_path, write_idx):
    path = write_idx(tmp_path / "none", np.empty((0, 28, 28)))
    assert read_idx(path, dimensions=(3,)).shape == (0, 28, 28)


def test_missing_file_and_folder_in_its_place(tmp_path):
    assert f"no file {tmp_path / 'absent'}" in complaint(tmp_path / "absent")
    assert f"{tmp_path} cannot be read" in complaint(tmp_path)


@pytest.mark.parametrize(
    ("content", "begins"),
    [
        (b"", "an empty file"),
        (b"\0\0\x08", "00 00 08"),
        (b"PK\x03\x04 a zip archive", "50 4b 03 04"),
        (b"<html>not found</html>", "3c 68 74 6d"),
        (b"\0\0\x07\x03" + bytes(12), "00 00 07 03"),
        (b"\0\x01\x08\x03" + bytes(12), "00 01 08 03"),
    ],
)
def test_other_files(tmp_path, content, begins):
    path = tmp_path / "other"
    path.write_bytes(content)
    said = complaint(path)
    assert f"{path} is not an IDX file" in said
    assert begins in said
    assert "00 00, a type code" in said
    assert "download the file again" in said


def test_pictures_and_labels_in_each_others_place(tmp_path, write_idx):
    said = complaint(write_idx(tmp_path / "labels", PICTURES), (1, 2))
    assert "3 dimensions" in said
    assert "1 or 2 were expected (one label for each picture)" in said
    said = complaint(write_idx(tmp_path / "images", np.arange(10)))
    assert "1 dimensions (unsigned bytes), where 3 were expected" in said


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (15, ("cut short", "after 15 bytes, inside its header")),
        (1583, ("cut short: 2×28×28 unsigned bytes take 1,584 bytes", "holds 1,583")),
        (1585, ("longer than its header says", "1,584", "1,585")),
    ],
)
def test_another_length_than_its_header_says(tmp_path, write_idx, length, words):
    path = write_idx(tmp_path / "images", PICTURES)
    path.write_bytes((path.read_bytes() + b"\0")[:length])
    said = complaint(path)
    assert str(path) in said
    assert all(word in said for word in words)


def test_sizes_beyond_any_memory_allocate_nothing(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(b"\0\0\x0e\x03" + b"\xff" * 12)
    assert "at most 268 MB are read" in complaint(path)


@pytest.mark.parametrize("cut", [5, 20, -5])
def test_gzip_cut_short(tmp_path, write_idx, cut):
    path = write_idx(tmp_path / "images.gz", PICTURES)
    path.write_bytes(path.read_bytes()[:cut])
    said = complaint(path)
    assert f"{path} cannot be read: it is compressed with gzip, but unpacking failed" in said


def read_or_complaint(path, dimensions):
    """Return the values or the sentence; anything else fails the test."""
    try:
        return read_idx(path, dimensions=dimensions)
    except DatasetError as error:
        return str(error)


@given(place=st.integers(2, 10_000), bit=st.integers(0, 7))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
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
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_bytes_give_values_or_a_sentence(tmp_path, start, content):
    path = tmp_path / "anything"
    path.write_bytes(start + content)
    found = read_or_complaint(path, (1, 2, 3))
    assert str(path) in found if isinstance(found, str) else found.nbytes <= len(content)
