"""Taught digits: one picture file each, with all that is known about it, and no file lost."""

import json
import struct
import time
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from mnist_draw.cli.main import main
from mnist_draw.errors import StorageError
from mnist_draw.storage.my_digits import (
    DigitError,
    TaughtDigit,
    list_digits,
    merge_digits,
    my_digits_folder,
    pack_digit,
    pack_digits,
    read_digit,
    relabel_digit,
    save_digit,
)


def digit(label=3):
    """Return a digit with gray edges on a board of 40×30."""
    ink = np.zeros((40, 30), np.uint8)
    ink[5:35, 10:14] = 255
    ink[5:35, 14] = 77
    drawing = {"version": 1, "items": [{"points": [[1.5, 2.0, 36.0]]}]}
    return TaughtDigit(label, ink, "", "3 or 8", 0.6125, "Best – é", drawing)


def test_a_digit_is_read_back_as_it_was_saved_and_shown_by_any_program(tmp_path):
    saved = save_digit(digit(), tmp_path)
    found = read_digit(saved.path)
    assert np.array_equal(found.ink, digit().ink)
    assert found.ink.dtype == np.uint8
    assert (found.label, found.said, found.confidence) == (3, "3 or 8", 0.6125)
    assert (found.network, found.drawing) == ("Best – é", digit().drawing)
    assert found.taught == saved.taught
    assert time.strptime(found.taught, "%Y-%m-%d %H:%M:%S")
    assert found.path == saved.path
    # Dark ink on white.
    with Image.open(saved.path) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (30, 40))
        assert image.getpixel((0, 0)) == 255
        assert image.getpixel((12, 20)) == 0
        assert json.loads(image.info["mnist_draw"])["label"] == 3
    # Digits of one second stay apart.
    names = {save_digit(digit(label), tmp_path).path.name for label in (3, 3, 7)}
    assert sorted(name[0] for name in names) == ["3", "3", "7"]


def test_another_label_renames_the_file(tmp_path):
    saved = save_digit(digit(), tmp_path)
    renamed = relabel_digit(saved.path, 8)
    assert list(tmp_path.iterdir()) == [renamed]
    assert renamed.name == "8" + saved.path.name[1:]
    found = read_digit(renamed)
    assert (found.label, found.said, found.drawing) == (8, "3 or 8", digit().drawing)
    with Image.open(renamed) as image:
        assert json.loads(image.info["mnist_draw"])["label"] == 8
    # Renaming the file relabels the digit.
    assert read_digit(renamed.rename(tmp_path / "5.png")).label == 5
    assert read_digit((tmp_path / "5.png").rename(tmp_path / "mine.png")).label == 8


def test_pictures_from_elsewhere_and_what_cannot_be_done(tmp_path):
    for name in ("3.png", "3.jpg"):
        Image.new("L", (10, 10)).save(tmp_path / name)
    (tmp_path / "3.txt").write_text("three")
    for path in tmp_path.iterdir():
        assert read_digit(path) is None
    missing = tmp_path / "3-missing.png"
    with pytest.raises(DigitError, match="There is no file"):
        read_digit(missing)
    with pytest.raises(StorageError, match="It keeps its label"):
        relabel_digit(missing, 4)
    with pytest.raises(StorageError):
        save_digit(digit(), tmp_path / "no folder")


def written(folder, content, name="x.png"):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("beyond", [-2, 10])
def test_damage_is_told_and_left_alone(tmp_path, beyond):
    whole = pack_digit(digit())
    # Cut within the picture itself, or before it: the description is still there.
    place = whole.index(b"IDAT") + beyond
    path = written(tmp_path, whole[:place])
    with pytest.raises(DigitError, match=r"x\.png cannot be used"):
        read_digit(path)
    assert path.read_bytes() == whole[:place]


def told_otherwise(old, new):
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
def test_a_confidence_that_is_none_costs_no_digit(tmp_path, value):
    path = written(tmp_path, told_otherwise(b"0.6125", value))
    assert (read_digit(path).confidence, read_digit(path).said) == (0.0, "3 or 8")


def test_a_digit_whose_drawing_holds_no_numbers_can_be_labeled_anew(tmp_path):
    path = written(tmp_path, told_otherwise(b"36.0", b"NaN"), "3-mine.png")
    assert read_digit(relabel_digit(path, 8)).label == 8
    assert [entry.name for entry in tmp_path.iterdir()] == ["8-mine.png"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"version":1', b'"version":2', "newer program"),
        (b'"label":3', b'"label":33', "its label is 33"),
        (b"mnist_draw digit", b"mnist_draw digi_", "not mnist_draw digit"),
        (b'"label"', b'"label', "cannot be used"),
    ],
)
def test_a_description_that_makes_no_sense(tmp_path, old, new, words):
    path = written(tmp_path, told_otherwise(old, new))
    with pytest.raises(DigitError, match=words):
        read_digit(path)


def teach(folder, label, shade):
    folder.mkdir(exist_ok=True)
    ink = np.full((20, 12), shade, np.uint8)
    return save_digit(TaughtDigit(label, ink, "2026-11-25 10:15:00", drawing={"a": 1}), folder)


@pytest.fixture
def shared(tmp_path):
    """Return a file with a 3 and a 7 of Anna's."""
    teach(tmp_path / "anna", 3, 200)
    teach(tmp_path / "anna", 7, 100)
    file = tmp_path / "anna.zip"
    pack_digits(file, list_digits(tmp_path / "anna"))
    return file


def test_digits_arrive_whole(shared, tmp_path):
    ben = tmp_path / "ben"
    teach(ben, 5, 50)
    assert merge_digits(shared, ben).added == 2
    digits = list_digits(ben)
    assert [digit.label for digit in digits] == [3, 5, 7]
    assert (digits[0].ink == 200).all()
    assert digits[0].drawing == {"a": 1}
    assert digits[0].taught == "2026-11-25 10:15:00"
    # Each is stored once.
    again = merge_digits(shared, ben)
    assert (again.added, again.known) == (0, 2)
    assert len(list_digits(ben)) == 3


def test_nothing_leaves_the_folder_and_what_is_no_digit_is_told(shared, tmp_path):
    ben = tmp_path / "deep" / "ben"
    ben.mkdir(parents=True)
    digit = next((tmp_path / "anna").glob("3*"))
    with zipfile.ZipFile(shared, "a") as archive:
        archive.write(digit, "../../4-outside.png")
        archive.writestr("notes.txt", "hello")
        archive.writestr("5-broken.png", digit.read_bytes()[:-40])
    merged = merge_digits(shared, ben)
    assert merged.added == 3
    assert [digit.label for digit in list_digits(ben)] == [3, 4, 7]
    assert len(list(tmp_path.rglob("4-*"))) == 1
    assert "notes.txt" in merged.refused[0]
    assert "5-broken.png" in merged.refused[1]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"no archive"])
def test_other_files_are_refused(tmp_path, content):
    file = tmp_path / "other.zip"
    file.write_bytes(content)
    with pytest.raises(StorageError, match="cannot be used"):
        merge_digits(file, tmp_path)
    with pytest.raises(StorageError, match="There is no file"):
        merge_digits(tmp_path / "none.zip", tmp_path)


def test_the_command(shared, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    assert main(["digits", "export", str(tmp_path / "mine.zip")]) == 1
    assert "digits have been taught" in capsys.readouterr().err
    assert main(["digits", "import", str(shared)]) == main(["digits"]) == 0
    said = capsys.readouterr().out
    assert ": 2; already kept: 0" in said
    assert "  3: 1\n  7: 1" in said
    assert main(["digits", "export", str(tmp_path / "mine.zip")]) == 0
    assert merge_digits(tmp_path / "mine.zip").known == 2


def test_export_replaces_nothing_unless_asked(tmp_path, own_home_with_digits, capsys):
    notes = tmp_path / "notes.zip"
    notes.write_bytes(b"mine")
    assert main(["digits", "export", str(notes)]) == 1
    assert "and is unchanged" in capsys.readouterr().err
    assert notes.read_bytes() == b"mine"
    for name in ("net.npz", "digits"):
        assert main(["digits", "export", str(tmp_path / name), "--overwrite"]) == 2
        assert "does not end in .zip" in capsys.readouterr().err
        assert not (tmp_path / name).exists()
    assert main(["digits", "export", str(notes), "--overwrite"]) == 0
    assert "1 digit" in capsys.readouterr().out
    assert zipfile.is_zipfile(notes)
    # Its own file is not replaced unasked either: it may hold the digits of others.
    assert main(["digits", "export", str(notes)]) == 1


@pytest.fixture
def own_home_with_digits(tmp_path, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("MNIST_DRAW_HOME", str(home))
    home.mkdir()
    teach(my_digits_folder(), 4, 90)
    return home


def test_a_file_without_digits_is_said_to_have_none(tmp_path, own_home_with_digits, capsys):
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.mkdir("folder")
    assert main(["digits", "import", str(other)]) == 1
    out, err = capsys.readouterr()
    assert (out, "holds no digit" in err) == ("", True)
    # Its folder is not complained about.
    assert "is not a digit" not in err
    assert main(["digits"]) == 0
    assert "1 digit" in capsys.readouterr().out
