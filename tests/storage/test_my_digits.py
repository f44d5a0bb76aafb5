"""Taught digits: one picture file each, with all that is known about it, and no file lost."""

from __future__ import annotations

import json
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_draw.storage import StorageError
from mnist_draw.storage.my_digits import (
    DigitError,
    TaughtDigit,
    my_digits_folder,
    pack_digit,
    read_digit,
    relabel_digit,
    save_digit,
)
from mnist_draw.storage.unique_paths import bring_back, empty_bin, move_to_bin


def digit(label: int = 3) -> TaughtDigit:
    """Return a digit with grey edges on a board of 40×30."""
    ink = np.zeros((40, 30), np.uint8)
    ink[5:35, 10:14] = 255
    ink[5:35, 14] = 77
    drawing = {"version": 1, "items": [{"points": [[1.5, 2.0, 36.0]]}]}
    return TaughtDigit(label, ink, "", "3 or 8", 0.6125, "Best – é", drawing)


def read(path: Path | None) -> TaughtDigit:
    """Read a digit that must be one."""
    assert path is not None
    found = read_digit(path)
    assert found is not None
    return found


def test_a_digit_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = save_digit(digit(), tmp_path)
    found = read(saved.path)
    assert np.array_equal(found.ink, digit().ink)
    assert found.ink.dtype == np.uint8
    assert (found.label, found.said, found.confidence) == (3, "3 or 8", 0.6125)
    assert (found.network, found.drawing) == ("Best – é", digit().drawing)
    assert found.taught == saved.taught
    assert time.strptime(found.taught, "%Y-%m-%d %H:%M:%S")
    assert found.path == saved.path


def test_any_program_shows_dark_ink_on_white(tmp_path: Path) -> None:
    saved = save_digit(digit(), tmp_path)
    assert saved.path is not None
    with Image.open(saved.path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (30, 40))
        assert image.getpixel((0, 0)) == 255
        assert image.getpixel((12, 20)) == 0
        assert json.loads(image.info["mnist_draw"])["label"] == 3


def test_the_label_begins_the_name_and_digits_of_one_second_stay_apart(tmp_path: Path) -> None:
    names = {save_digit(digit(label), tmp_path).path for label in (3, 3, 3, 7)}
    assert len(names) == 4
    assert sorted(path.name[0] for path in names if path) == ["3", "3", "3", "7"]


def test_without_a_folder_it_goes_into_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    saved = save_digit(digit())
    assert saved.path is not None
    assert saved.path.parent == my_digits_folder() == tmp_path / "data" / "my_digits"


def test_another_label_renames_the_file(tmp_path: Path) -> None:
    saved = save_digit(digit(), tmp_path)
    assert saved.path is not None
    renamed = relabel_digit(saved.path, 8)
    assert list(tmp_path.iterdir()) == [renamed]
    assert renamed.name == "8" + saved.path.name[1:]
    found = read(renamed)
    assert (found.label, found.said, found.drawing) == (8, "3 or 8", digit().drawing)
    with Image.open(renamed) as image:
        assert json.loads(image.info["mnist_draw"])["label"] == 8


def test_who_renames_a_file_relabels_the_digit(tmp_path: Path) -> None:
    saved = save_digit(digit(), tmp_path)
    assert saved.path is not None
    assert read(saved.path.rename(tmp_path / "5.png")).label == 5
    assert read((tmp_path / "5.png").rename(tmp_path / "mine.png")).label == 3


def test_a_deleted_digit_comes_back_byte_for_byte(tmp_path: Path) -> None:
    saved = save_digit(digit(), tmp_path)
    assert saved.path is not None
    content = saved.path.read_bytes()
    kept = move_to_bin(saved.path, "The digit")
    assert not saved.path.exists()
    assert bring_back(kept, "The digit") == saved.path
    assert saved.path.read_bytes() == content


def test_a_restored_digit_takes_no_other_files_place(tmp_path: Path) -> None:
    saved = save_digit(digit(), tmp_path)
    assert saved.path is not None
    kept = move_to_bin(saved.path, "The digit")
    saved.path.write_bytes(b"another")
    restored = bring_back(kept, "The digit")
    assert saved.path.read_bytes() == b"another"
    assert restored.name == f"{saved.path.stem}-2.png"


def test_the_bin_forgets_only_what_is_old(tmp_path: Path) -> None:
    places = [save_digit(digit(), tmp_path).path for _ in range(2)]
    old, new = (move_to_bin(path, "The digit") for path in places if path)
    long_ago = time.time_ns() - 8 * 86_400 * 10**9
    old = old.rename(old.with_name(f"{long_ago} {places[0].name if places[0] else ''}"))
    empty_bin(tmp_path)
    assert not old.exists()
    assert new.exists()


def test_pictures_from_elsewhere_are_none_of_ours(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(tmp_path / "3.png")
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(tmp_path / "3.jpg")
    (tmp_path / "3.txt").write_text("three")
    for path in tmp_path.iterdir():
        assert read_digit(path) is None


def written(folder: Path, content: bytes, name: str = "x.png") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("beyond", [-2, 10])
def test_damage_is_told_and_left_alone(tmp_path: Path, beyond: int) -> None:
    whole = pack_digit(digit())
    # Cut within the picture itself, or before it: the description is still there.
    place = whole.index(b"IDAT") + beyond
    path = written(tmp_path, whole[:place])
    with pytest.raises(DigitError, match=r"x\.png is damaged"):
        read_digit(path)
    assert path.read_bytes() == whole[:place]


def told_otherwise(old: bytes, new: bytes) -> bytes:
    """Return a digit's file whose description was changed, with a checksum that fits."""
    whole = pack_digit(digit())
    start = whole.index(b"tEXt") - 4
    (length,) = struct.unpack(">I", whole[start : start + 4])
    body = whole[start + 4 : start + 8 + length]
    assert old in body
    body = body.replace(old, new)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return whole[:start] + chunk + whole[start + 12 + length :]


@pytest.mark.parametrize("value", [b"1" * 400, b"NaN", b"Infinity", b"-5", b'"much"', b"true"])
def test_a_confidence_that_is_none_costs_no_digit(tmp_path: Path, value: bytes) -> None:
    path = written(tmp_path, told_otherwise(b"0.6125", value))
    assert (read(path).confidence, read(path).said) == (0.0, "3 or 8")


def test_a_digit_whose_drawing_holds_no_numbers_can_be_labelled_anew(tmp_path: Path) -> None:
    path = tmp_path / "3-mine.png"
    path.write_bytes(told_otherwise(b"36.0", b"NaN"))
    assert read(relabel_digit(path, 8)).label == 8
    assert [entry.name for entry in tmp_path.iterdir()] == ["8-mine.png"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"version":1', b'"version":2', "newer program"),
        (b'"label":3', b'"label":33', "its label is 33"),
        (b"mnist_draw digit", b"mnist_draw digi_", "no mnist_draw digit"),
        (b'"label"', b'"label', "cannot be used"),
    ],
)
def test_a_description_that_makes_no_sense(
    tmp_path: Path, old: bytes, new: bytes, words: str
) -> None:
    path = written(tmp_path, told_otherwise(old, new))
    with pytest.raises(DigitError, match=words):
        read_digit(path)


def test_what_cannot_be_done_is_a_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "3-missing.png"
    with pytest.raises(DigitError, match="There is no file"):
        read_digit(missing)
    with pytest.raises(StorageError, match="It keeps its label"):
        relabel_digit(missing, 4)
    with pytest.raises(StorageError, match="no longer there"):
        move_to_bin(missing, "The digit")
    with pytest.raises(StorageError, match="is no longer among what was deleted"):
        bring_back(tmp_path / ".deleted" / "1 3.png", "The digit")
    with pytest.raises(StorageError):
        save_digit(digit(), tmp_path / "no folder")
