"""Settings through a file and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_draw.errors import UserError
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.settings_file import load_settings, save_settings


def test_through_a_file(tmp_path: Path) -> None:
    settings = TrainingSettings(update="adam", update_parameters={"beta1": 0.8}, patience=3)
    save_settings(tmp_path / "class.json", settings)
    assert load_settings(tmp_path / "class.json") == settings


def test_a_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    settings = TrainingSettings(data_folder="/data/\udcff")
    save_settings(tmp_path / "class.json", settings)
    assert load_settings(tmp_path / "class.json") == settings


def test_what_is_missing_is_the_tutorials(tmp_path: Path) -> None:
    (tmp_path / "f").write_text('{"epochs": 3}', encoding="utf-8-sig")
    assert load_settings(tmp_path / "f") == TrainingSettings(epochs=3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a JSON file"),
        (b"[1]", "no names with values"),
        (b'{"epoch": 1}', "no setting 'epoch'"),
        (b'{"epochs": 0}', "number of epochs is 0"),
        (b'{"epochs": NaN}', "setting epochs is nan"),
        (
            b'{"learning_rate": 1e999}',
            "setting learning_rate is nan or too large; it must be a",
        ),
        (b'{"epochs": 1e400}', "setting epochs is nan or too large; it must be a whole number"),
        (b'{"epochs": 3,\n "seed" 4}', "line 2, column 9"),
        (b" " * 2_000_000, "larger"),
        (b"\xff\xfe{}", "not a JSON file"),
    ],
)
def test_nonsense_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words) as error:
        load_settings(path)
    assert str(path) in str(error.value)


def test_no_file_and_no_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no settings file"):
        load_settings(tmp_path / "none")
    with pytest.raises(UserError, match="Cannot write"):
        save_settings(tmp_path / "none" / "f", TrainingSettings())
