"""Taught digits that go from one to another."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.cli.main import main
from mnist_draw.errors import StorageError
from mnist_draw.storage.my_digits import TaughtDigit, my_digits_folder, save_digit
from mnist_draw.storage.shared_digits import list_digits, merge_digits, pack_digits


def teach(folder: Path, label: int, shade: int) -> TaughtDigit:
    folder.mkdir(exist_ok=True)
    ink = np.full((20, 12), shade, np.uint8)
    return save_digit(TaughtDigit(label, ink, "2026-11-25 10:15:00", drawing={"a": 1}), folder)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Return a file with a 3 and a 7 of Anna's."""
    teach(tmp_path / "anna", 3, 200)
    teach(tmp_path / "anna", 7, 100)
    file = tmp_path / "anna.zip"
    pack_digits(file, list_digits(tmp_path / "anna"))
    return file


def test_digits_arrive_whole(shared: Path, tmp_path: Path) -> None:
    ben = tmp_path / "ben"
    teach(ben, 5, 50)
    assert merge_digits(shared, ben).added == 2
    digits = list_digits(ben)
    assert [digit.label for digit in digits] == [3, 5, 7]
    assert (digits[0].ink == 200).all()
    assert digits[0].drawing == {"a": 1}
    assert digits[0].taught == "2026-11-25 10:15:00"


def test_each_is_kept_once(shared: Path, tmp_path: Path) -> None:
    ben = tmp_path / "ben"
    ben.mkdir()
    merge_digits(shared, ben)
    again = merge_digits(shared, ben)
    assert (again.added, again.known) == (0, 2)
    assert len(list_digits(ben)) == 2


def test_nothing_leaves_the_folder_and_what_is_no_digit_is_told(
    shared: Path, tmp_path: Path
) -> None:
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
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.zip"
    file.write_bytes(content)
    with pytest.raises(StorageError, match="cannot be used"):
        merge_digits(file, tmp_path)
    with pytest.raises(StorageError, match="There is no file"):
        merge_digits(tmp_path / "none.zip", tmp_path)


def test_the_command(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "home"))
    assert main(["digits", "export", str(tmp_path / "mine.zip")]) == 1
    assert "No digits were taught yet" in capsys.readouterr().err
    assert main(["digits", "import", str(shared)]) == main(["digits"]) == 0
    said = capsys.readouterr().out
    assert "2 new digits" in said
    assert "  3: 1\n  7: 1" in said
    assert main(["digits", "export", str(tmp_path / "mine.zip")]) == 0
    assert merge_digits(tmp_path / "mine.zip").known == 2


def test_export_replaces_nothing_unless_asked(
    tmp_path: Path,
    own_home_with_digits: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    notes = tmp_path / "notes.zip"
    notes.write_bytes(b"mine")
    assert main(["digits", "export", str(notes)]) == 1
    assert "exists and is unchanged" in capsys.readouterr().err
    assert notes.read_bytes() == b"mine"
    for name in ("net.npz", "digits"):
        assert main(["digits", "export", str(tmp_path / name), "--overwrite"]) == 2
        assert "ends in .zip" in capsys.readouterr().err
        assert not (tmp_path / name).exists()
    assert main(["digits", "export", str(notes), "--overwrite"]) == 0
    assert "1 digit is in" in capsys.readouterr().out
    assert zipfile.is_zipfile(notes)
    # Its own file is not replaced unasked either: it may hold the digits of others.
    assert main(["digits", "export", str(notes)]) == 1


@pytest.fixture
def own_home_with_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    monkeypatch.setenv("MNIST_DRAW_HOME", str(home))
    home.mkdir()
    teach(my_digits_folder(), 4, 90)
    return home


def test_a_file_without_digits_is_said_to_have_none(
    tmp_path: Path, own_home_with_digits: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as archive:
        archive.mkdir("folder")
    assert main(["digits", "import", str(other)]) == 1
    out, err = capsys.readouterr()
    assert (out, "holds no digit that can be taken in" in err) == ("", True)
    # Its folder is not complained about.
    assert "is no digit of this program" not in err
    assert main(["digits"]) == 0
    assert "1 digit was taught." in capsys.readouterr().out
