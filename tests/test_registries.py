"""Each entry of a registry is found by all of its consumers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_draw.cli import main
from mnist_draw.dataset.mnist import dataset_name, load_data, load_dataset
from mnist_draw.dataset.sources.formats import DATA_FORMATS, DataFormat
from mnist_draw.dataset.sources.source import Part, Source
from mnist_draw.errors import DatasetError
from mnist_draw.training.setting import Folder
from mnist_draw.training.settings import SETTINGS


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main([command, "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


def test_data_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    setting = SETTINGS["data_folder"]
    assert isinstance(setting, Folder)
    help_text = help_of("train", capsys)
    with pytest.raises(DatasetError) as refused:
        load_dataset(tmp_path)
    for known in DATA_FORMATS:
        assert known.title in help_text
        assert known.title in setting.sentence
        assert known.meaning in str(refused.value)
        assert known.name in str(load_data.__doc__)
        for pattern in known.patterns:
            assert f"{pattern} " in setting.files.replace(")", " ")
        for suffix in known.suffixes:
            assert dataset_name(tmp_path / f"letters{suffix}.gz") == "letters"


def test_a_new_data_format_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(place: Path) -> Source:
        images = np.full((12, 28, 28), 200, np.uint8)
        return Source(place, Part(images, np.arange(12) % 3, place))

    new = DataFormat(
        "dots", "files of dots", "a file of dots", read,
        is_folder=lambda folder: folder.name == "dots",
        is_file=lambda path: path.suffix == ".dots",
        suffixes=(".dots",),
    )  # fmt: skip
    monkeypatch.setattr("mnist_draw.dataset.sources.formats.DATA_FORMATS", [*DATA_FORMATS, new])
    (tmp_path / "my.dots").touch()
    (tmp_path / "dots").mkdir()
    assert load_dataset(tmp_path / "my.dots").name == "my"
    assert load_dataset(tmp_path / "dots").shows_digits
    with pytest.raises(DatasetError, match="; or a file of dots"):
        load_dataset(tmp_path)
