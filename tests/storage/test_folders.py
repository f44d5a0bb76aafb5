"""Folders of the user and files of the program."""

from __future__ import annotations

import pytest

from mnist_draw.storage import StorageError, folders, resource_path
from mnist_draw.storage.folders import cache_folder, config_folder, data_folder


def test_one_variable_moves_all_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "stick"))
    found = [cache_folder(), data_folder(), config_folder()]
    assert [folder.name for folder in found] == ["cache", "data", "config"]
    assert all(folder.is_dir() and folder.parent == tmp_path / "stick" for folder in found)


def test_without_it_the_system_decides(tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_DRAW_HOME", raising=False)
    for kind, function in (("CACHE", cache_folder), ("DATA", data_folder)):
        monkeypatch.setattr(
            f"platformdirs.user_{kind.lower()}_dir",
            lambda name, appauthor, kind=kind: str(tmp_path / kind / name),
        )
        assert function() == tmp_path / kind / "mnist_draw"
        assert function().is_dir()


def test_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="MNIST_DRAW_HOME"):
        cache_folder()


def test_mnist_ships():
    assert (resource_path("mnist") / "train-images-idx3-ubyte.gz").is_file()
    assert resource_path("mnist", "README.md").is_file()


def test_bare_clone_without_installation(monkeypatch):
    monkeypatch.setattr(folders.importlib.util, "find_spec", lambda _name: None)
    assert (resource_path("mnist") / "train-images-idx3-ubyte.gz").is_file()


@pytest.mark.parametrize("name", ["../setup.cfg", "/etc/passwd", "mnist/../../setup.cfg"])
def test_names_stay_inside(name):
    with pytest.raises(ValueError, match="stay inside"):
        resource_path(name)
