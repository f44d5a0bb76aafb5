"""One's own digits as files that others read."""

from __future__ import annotations

import csv
import os
import stat
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.dataset.own_digits_export import FORMAT, NAMES, export_csv, export_idx
from mnist_draw.errors import DatasetError
from mnist_draw.storage import StorageError


def some(digits: int) -> ExtraDigits:
    """Return digits whose pictures differ."""
    images = np.random.default_rng(1).integers(0, 256, (digits, 1, 28, 28)).astype(np.uint8)
    return ExtraDigits(images, (np.arange(digits) % 10).astype(np.uint8), Path("mine"))


@pytest.mark.parametrize(("digits", "train", "test"), [(3, 2, 1), (5, 4, 1), (14, 12, 2)])
def test_idx_files_are_read_back_as_a_data_set(
    tmp_path: Path, digits: int, train: int, test: int
) -> None:
    extra = some(digits)
    assert export_idx(extra, tmp_path) == (train, test)
    data = load_dataset(tmp_path)
    images = np.concatenate([data.train_images, data.validation_images, data.test_images])
    labels = np.concatenate([data.train_labels, data.validation_labels, data.test_labels])
    assert len(data.test_labels) == test
    found = {(int(label), image.tobytes()) for label, image in zip(labels, images, strict=True)}
    given = {
        (int(label), image.tobytes())
        for label, image in zip(extra.labels, extra.images, strict=True)
    }
    assert found == given
    assert len(labels) == digits


def test_the_same_digits_give_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        export_idx(some(9), tmp_path / name)
    for name in NAMES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_no_data_set_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / NAMES[3]).write_bytes(b"MNIST's own")
    with pytest.raises(DatasetError, match="nothing was written"):
        export_idx(some(9), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [NAMES[3]]


def test_too_few_digits_are_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="there are 2"):
        export_idx(some(2), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_all_files_of_a_data_set_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, nth: int
) -> None:
    (tmp_path / "notes").write_text("mine")
    module = Path if call == "replace" else os
    work, calls = getattr(module, call), count(1)

    def fail(path: Any, *rest: Any) -> Any:
        # Folders are opened and synced too; only files count.
        folder = stat.S_ISDIR(os.fstat(path).st_mode) if call == "fsync" else Path(path).is_dir()
        if not folder and next(calls) == nth:
            raise OSError(28, "No space left on device")
        return work(path, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(module, call, fail)
        with pytest.raises(StorageError, match="Nothing was written"):
            export_idx(some(9), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]
    export_idx(some(9), tmp_path)
    assert len(load_dataset(tmp_path).test_labels) == 1


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_an_export_that_is_killed_can_be_repeated(tmp_path: Path, nth: int) -> None:
    """Whenever it is killed, other files stay, nothing passes for a data set, and it goes again."""
    (tmp_path / "notes").write_text("mine")
    program = (
        "import os, sys\nfrom itertools import count\nfrom pathlib import Path\n"
        "import numpy as np\n"
        "from mnist_draw.dataset.own_digits import ExtraDigits\n"
        "from mnist_draw.dataset.own_digits_export import export_idx\n"
        "images = np.ones((9, 1, 28, 28), np.uint8)\n"
        "digits = ExtraDigits(images, np.zeros(9, np.uint8), Path())\n"
        "work, calls = Path.replace, count(1)\n"
        "def replace(path, target):\n"
        f"    if next(calls) == {nth}:\n        os._exit(9)\n"
        "    return work(path, target)\n"
        "Path.replace = replace\n"
        "export_idx(digits, sys.argv[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == 9
    with pytest.raises(DatasetError):
        load_dataset(tmp_path)
    export_idx(some(14), tmp_path)
    assert len(load_dataset(tmp_path).test_labels) == 2
    assert (tmp_path / "notes").read_text() == "mine"
    assert not (tmp_path / ".mnist_draw-export").exists()


def test_what_a_killed_export_did_not_write_is_not_replaced(tmp_path: Path) -> None:
    marker = tmp_path / ".mnist_draw-export"
    marker.write_bytes(FORMAT.pack({"files": {NAMES[0]: "0" * 64}}))
    (tmp_path / NAMES[0]).write_text("mine")
    with pytest.raises(DatasetError, match="holds a file"):
        export_idx(some(9), tmp_path)
    assert (tmp_path / NAMES[0]).read_text() == "mine"


def test_a_table_has_a_row_for_each_digit(tmp_path: Path) -> None:
    extra = some(3)
    export_csv(extra, tmp_path / "mine.csv")
    with (tmp_path / "mine.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:2] == ["label", "pixel0"]
    assert len(header) == 785
    assert len(rows) == 3
    assert np.array_equal(np.array(rows, int)[:, 0], extra.labels)
    assert np.array_equal(np.array(rows, int)[:, 1:], extra.images.reshape(3, -1))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        export_csv(some(3), tmp_path / "none" / "mine.csv")
    with pytest.raises(StorageError):
        export_idx(some(3), tmp_path / "none")
